// A strategy that warms up sees everything and trades nothing, by events and time alone.

import CStrategyABI
import Contracts
import Testing

@testable import StrategyHost

@Suite struct WarmUpTests {
    /// A strategy that tries to buy on every event, and the answers that it got.
    private func answers(_ warmUp: WarmUp, _ events: [MarketEvent]) throws -> [Int64] {
        let script = ScriptedStrategy()
        var answers: [Int64] = []
        script.onData = { host, data in
            answers.append(host.buy(slot: data.symbol))
            return 0
        }
        let strategy = try HostedStrategy(
            id: "s1", instance: script, symbols: [SymbolIndex(3), SymbolIndex(5)], names: ["A", "B"],
            parameters: ParameterValues(), cash: Money(whole: 1_000), warmUp: warmUp)
        for event in events { try strategy.handle(event) }
        #expect(script.calls.count == events.count, "it is handed everything")
        #expect(strategy.taken().count == answers.count { $0 > 0 })
        return answers
    }

    @Test("orders on a symbol are taken from its N-th event on")
    func events() throws {
        let cold = Int64(TR_WARMING_UP)
        let stream = [3, 3, 5, 3, 5, 5, 3].enumerated().map { index, symbol in
            quote(UInt64(index + 1), at: Int64(index), symbol: Int32(symbol))
        }
        #expect(try answers(.events(3), stream) == [cold, cold, cold, 1, cold, 2, 3])
        #expect(try answers(.events(1), stream) == [1, 2, 3, 4, 5, 6, 7])
        #expect(try answers(.none, stream) == [1, 2, 3, 4, 5, 6, 7])
    }

    @Test("time counts from the session's first event")
    func time() throws {
        let cold = Int64(TR_WARMING_UP)
        let stream = [500_000, 1_000_000, 2_499_999, 2_500_000, 2_400_000].enumerated().map { index, time in
            quote(UInt64(index + 1), at: Int64(time))
        }
        #expect(try answers(.seconds(2), stream) == [cold, cold, cold, 1, 2])
    }

    @Test("nothing is taken before the first event")
    func beforeTheFirstEvent() throws {
        for (warmUp, taken) in [(WarmUp.none, true), (.events(1), false), (.seconds(1), false)] {
            let strategy = try HostedStrategy(
                id: "s1", instance: ScriptedStrategy(), symbols: [SymbolIndex(3)], names: ["A"],
                parameters: ParameterValues(), cash: Money(whole: 1_000), warmUp: warmUp)
            #expect((strategy.buy() > 0) == taken)
        }
    }

    @Test("metadata name a number or a parameter, and anything else is refused with what is allowed")
    func metadata() throws {
        func read(_ warmUp: String) throws(MetadataError) -> WarmUpDeclaration? {
            try PluginMetadata(
                json: #"{"id":"a","version":"1","warm_up":\#(warmUp),"parameters":{"properties":{"#
                    + #""slow":{"type":"integer","default":7,"minimum":1,"maximum":100},"#
                    + #""open":{"type":"integer","default":7},"#
                    + #""gap":{"type":"number","default":1,"minimum":0,"maximum":2}}}}"#
            ).warmUp
        }
        #expect(try read(#"{"events":50}"#) == WarmUpDeclaration(unit: .events, amount: .number(50)))
        #expect(try read(#"{"seconds":"slow"}"#)?.warmUp(values(9)) == .seconds(9))
        #expect(try read(#"{"events":0}"#)?.warmUp(values(9)) == WarmUp.none)
        let wrong = [
            #"{"events":-1}"#, #"{"events":1.5}"#, #"{"events":"gap"}"#, #"{"events":"open"}"#,
            #"{"events":"fast"}"#, #"{"ticks":3}"#, #"{"events":3,"seconds":3}"#, "7", "{}",
        ]
        for json in wrong {
            let error = #expect(throws: MetadataError.self) { try read(json) }
            #expect(error?.description.contains("0 to 10000000") == true)
        }
    }

    private func values(_ slow: Int64) throws -> ParameterValues {
        let declaration = ParameterDeclaration(
            name: "slow", kind: .integer(1...100), defaultValue: .integer(7), description: "")
        return try ParameterValues(["slow=\(slow)"], for: [declaration])
    }

    @Test("the session's terms hold it and compare it")
    func terms() throws {
        for warmUp in [WarmUp.none, .events(50), .seconds(3_600)] {
            #expect(WarmUp(text: warmUp.text) == warmUp)
            let terms = self.terms(warmUp)
            var writer = JSONWriter()
            writer.beginObject()
            terms.writeFields(into: &writer)
            writer.endObject()
            #expect(try SessionTerms(JSONValue(parsing: writer.string)) == terms)
            #expect(writer.string.contains("warm_up") == (warmUp != .none))
        }
        #expect(WarmUp(text: "events=-1") == nil && WarmUp(text: "ticks=3") == nil)
        let difference = terms(.events(50)).firstDifference(to: terms(.events(60)))
        #expect(difference == "warm_up: events=50, events=60")
    }

    private func terms(_ warmUp: WarmUp) -> SessionTerms {
        SessionTerms(
            strategyID: "s", pluginID: "p", pluginVersion: "1", pluginSHA256: "", symbols: ["A"],
            parameters: [], simulation: [], warmUp: warmUp.text)
    }
}
