// Sessions from the simulator's own journal: what was promised before a crash, to be made again and compared.

import Contracts
import TradingCore

extension SimulatorCore {
    /// Takes one record of the journal, in the order of the journal, before anything else is done.
    ///
    /// - Throws: `JSONError`, `JSONValueError` or `Reason` when the record cannot be understood.
    package func restore(
        record json: UnsafeRawBufferPointer, seq: UInt64, symbols: inout SymbolTable
    ) throws {
        let type = try EventHead.read(json).type
        if let (strategy, command) = try Self.command(json, type, &symbols) {
            try takeNext("command", command.number, of: strategy, after: \.served.driver.lastCommand) {
                $0.journal.note(event: command.afterEvent)
                $0.journal.commandSeqs.append(seq)
                $0.served.restore(command)
            }
        } else if let order = try Self.orderEvent(json, type) {
            try restore(order, try order.report(symbols: &symbols), seq: seq)
        } else if type.equals("halt") {
            let halt = try HaltRecord(try JSONValue(parsing: json))
            withSession(halt.strategyID) { session in
                session.journal.note(event: halt.event)
                session.journal.halts += 1
                session.journal.lastHalt = halt
                session.served.restoreHalt(after: halt.event)
            }
        } else if type.equals("trade") {
            let trade = try TradeEvent.decode(json).trade
            let symbol = try symbols.intern(trade.symbol)
            try takeNext("trade", trade.strategySeq, of: trade.strategyID, after: \.journal.executions) {
                session in
                session.journal.executions += 1
                session.journal.executionDigests.append(trade.execution(symbol: symbol)?.digest ?? 0)
            }
        } else if type.equals("equity") {
            let mark = try EquityEvent.decode(json).equity
            try takeNext("mark", mark.number, of: mark.strategyID, after: \.journal.marks) { session in
                session.journal.marks += 1
                session.journal.markDigests.append(mark.digest)
                session.served.restore(marks: session.journal.marks)
            }
        } else if type.equals("session") {
            _ = try addSession(try SessionTerms(try JSONValue(parsing: json)), symbols: &symbols)
        } else if type.equals("session_end") {
            withSession(try JSONValue(parsing: json).string("strategy_id")) { $0.journal.isEnded = true }
        } else if type.equals("fence") {
            let value = try JSONValue(parsing: json)
            let fence = try value.unsigned("fence")
            let owner = try? value.string("owner")
            withSession(try value.string("strategy_id")) { session in
                session.served.restore(reports: 0, fence: fence)
                session.owner = owner ?? ""
            }
        }
    }

    /// What a record says as an order event, of an order or of an input; nil when it is another one.
    static func orderEvent(
        _ json: UnsafeRawBufferPointer, _ type: Contracts.JSONText
    ) throws -> OrderEvent? {
        if type.equals("order") { return try OrderEvent.decode(json).order }
        return type.equals("input_report") ? try InputReportCodec.read(try JSONValue(parsing: json)) : nil
    }

    /// The command of a record, an input too; nil when it is another one.
    package static func command(
        _ json: UnsafeRawBufferPointer, _ type: Contracts.JSONText, _ symbols: inout SymbolTable
    ) throws -> (strategy: String, command: Command)? {
        if type.equals("command") { return try CommandCodec.decode(json, symbols: &symbols) }
        return type.equals("input") ? try InputCodec.read(try JSONValue(parsing: json)) : nil
    }

    private func restore(_ order: OrderEvent, _ report: Report, seq: UInt64) throws(Reason) {
        try takeNext("report", report.number, of: order.strategyID, after: \.journal.reportSeqs.last) {
            session in
            session.journal.note(event: order.after)
            session.journal.reportSeqs.append(seq)
            session.journal.reportDigests.append(report.digest)
            session.served.restore(reports: report.number, fence: order.fence)
        }
    }

    /// Takes a numbered record of a session, which must be the next of its kind: what was stored before it
    /// may not be what it was written after.
    private func takeNext(
        _ what: String, _ number: UInt64, of strategy: String, after last: (SimulatedStrategy) -> UInt64,
        _ take: (inout SimulatedStrategy) -> Void
    ) throws(Reason) {
        guard let index = indexes[strategy] else { return }
        let last = last(sessions[index])
        guard number == last + 1 else {
            throw Reason(
                code: "journal_out_of_order",
                sentence: "\(what) \(number) of \(strategy) follows \(what) \(last): the journal and the "
                    + "snapshot before it do not belong together; move the newest snapshot aside")
        }
        take(&sessions[index])
    }

    /// The last market event that the journal proves to have been there.
    package var restoredEvent: UInt64 { sessions.lazy.map(\.journal.lastEvent).max() ?? 0 }

    /// The epoch of the market data that the sessions were made of; nil without sessions.
    package var restoredMarketDataEpoch: String? { sessions.last?.terms.marketDataEpoch }
}
