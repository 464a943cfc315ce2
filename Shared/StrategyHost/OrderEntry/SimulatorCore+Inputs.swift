// Inputs from outside in the simulator: journalled with the commands, acknowledged by reports; the halt; and
// what a runner is told of both.

import Contracts
import TradingCore

extension SimulatorCore {
    /// Puts a command that was taken into the journal.
    func journalCommand(_ command: Command, _ index: Int) {
        let id = sessions[index].id
        let seq: UInt64
        if command.input != nil {
            seq = journal.append(topic: sessions[index].inputTopic) { writer, header, stamp in
                InputCodec.encode(command, strategy: id, header: header, stamp: stamp, into: &writer)
            }
        } else {
            let symbol = sessions[index].topics(of: command.symbol).name
            seq = journal.append(topic: sessions[index].commandTopic) { writer, header, stamp in
                CommandCodec.encode(
                    command, strategy: id, symbol: symbol, header: header, stamp: stamp, into: &writer)
            }
        }
        sessions[index].journal.commandSeqs.append(seq)
    }

    func journalInputReport(_ report: Report, _ index: Int) throws(Reason) {
        let order = OrderEvent(
            report, strategy: sessions[index].id, fence: sessions[index].served.fence, symbol: "")
        if report.number <= sessions[index].journal.reportSeqs.last {
            try compare(report, index)
        } else {
            let seq = journal.append(topic: sessions[index].inputTopic) { writer, header, stamp in
                InputReportCodec.encode(order, header: header, stamp: stamp, into: &writer)
            }
            sessions[index].journal.reportSeqs.append(seq)
            counts.inputs += 1
        }
        if sessions[index].peer != nil { sessions[index].fresh.append(order) }
    }

    // MARK: halt

    /// Somebody wants a strategy to be halted. It acts when the session has caught up with its strategy; the
    /// same wish twice is one.
    func wantHalt(_ index: Int?, _ wish: HaltWish, from peer: CommandPeer) {
        guard let index else { return }
        if let last = sessions[index].journal.lastHalt,
            last.id == wish.id || sessions[index].served.driver.book.suspension.contains(.halted)
        {
            answer(
                peer,
                .standing(standing(index, haltID: wish.id, haltEvent: last.event)))
            return
        }
        guard sessions[index].haltWish == nil else { return }
        sessions[index].haltWish = wish
        sessions[index].served.wantsHalt = true
        refuseLateHalt(index)
    }

    /// Answers a wish that came too late: no event is left in which an order could fill.
    func refuseLateHalt(_ index: Int) {
        guard sessions[index].served.isDone, let wish = sessions[index].haltWish else { return }
        sessions[index].haltWish = nil
        sessions[index].served.wantsHalt = false
        guard let peer = sessions[index].peer else { return }
        answer(peer, .standing(standing(index, haltID: wish.id, haltEvent: 0)))
    }

    /// Journals a halt that was just made, before its reports; whether there was one.
    func journalHalt(_ index: Int) -> Bool {
        guard sessions[index].served.driver.halts > sessions[index].journal.halts else { return false }
        let driver = sessions[index].served.driver
        let wish = sessions[index].haltWish ?? HaltWish(id: "", reason: "")
        let halt = HaltRecord(
            strategyID: sessions[index].id, id: wish.id, reason: wish.reason, event: driver.cursor)
        _ = journal.append(topic: sessions[index].inputTopic) { writer, header, stamp in
            halt.encode(header: header, stamp: stamp, into: &writer)
        }
        sessions[index].haltWish = nil
        sessions[index].journal.halts = driver.halts
        sessions[index].journal.lastHalt = halt
        counts.halts += 1
        return true
    }

    // MARK: answers

    /// Tells the runner what holds the session up, when that has changed.
    func sendStanding(_ index: Int, _ peer: CommandPeer) {
        let suspension = sessions[index].served.driver.book.suspension
        guard sessions[index].sentStanding != nil || sessions[index].journal.halts > 0 || !suspension.isEmpty
        else { return }
        let halt = sessions[index].journal.lastHalt
        let now = standing(index, haltID: halt?.id ?? "", haltEvent: halt?.event ?? 0)
        guard now != sessions[index].sentStanding else { return }
        sessions[index].sentStanding = now
        answer(peer, .standing(now))
    }

    private func standing(_ index: Int, haltID: String, haltEvent: UInt64) -> SessionStanding {
        let suspension = sessions[index].served.driver.book.suspension
        return SessionStanding(
            strategy: sessions[index].id, isPaused: suspension.contains(.paused),
            isHalted: suspension.contains(.halted), isStopped: suspension.contains(.stopped),
            haltID: haltID, haltEvent: haltEvent)
    }

    /// Why a command that differs from the journalled one stops the session: what was expected, what came.
    func difference(_ command: Command, _ index: Int, _ symbols: SymbolTable) -> Reason {
        let id = sessions[index].id
        let known = sessions[index].journal.commandSeqs
        var expected = "not there, though the session has passed that place"
        if command.number > 0, command.number <= known.last {
            let record = command.number > known.base ? known[command.number] : nil
            expected = commandRecord(command.number, seq: record, index).map(Self.words) ?? "another one"
        }
        return Reason(
            code: "not_deterministic",
            sentence: "\(id) does not decide the same from the same data: command \(command.number) in the "
                + "journal is \(expected), and now it is \(Self.words(command, symbols))")
    }

    private static func words(_ command: Command, _ symbols: SymbolTable) -> String {
        let place = "after event \(command.afterEvent) and report \(command.afterReport)"
        if let input = command.input { return "the input \(input.kind.wireName) \(place)" }
        let terms = "\(command.quantity) \(symbols.name(of: command.symbol)) \(command.type.wireName)"
        return "\(command.action.wireName) \(command.order) \(command.side.wireName) \(terms) at "
            + "\(command.price) \(place)"
    }

    /// As above, of a record.
    private static func words(_ json: JSONValue) -> String {
        func text(_ name: String) -> String { json[name].map { $0.asString ?? $0.text } ?? "?" }
        let place = "after event \(text("after_event")) and report \(text("after_report"))"
        if json["kind"] != nil { return "the input \(text("kind")) \(place)" }
        return "\(text("action")) \(text("order")) \(text("side")) \(text("quantity")) \(text("symbol")) "
            + "\(text("order_type")) at \(text("price")) \(place)"
    }
}
