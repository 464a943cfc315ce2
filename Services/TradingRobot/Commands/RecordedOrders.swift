// What the simulator's journal says of its sessions.

import Contracts
import Messaging
import ServiceKit
import StrategyHost
import TradingCore

struct RecordedOrders {
    /// Sessions that begin in what is kept.
    private(set) var sessions: [SessionTerms] = []
    /// Sessions that go on from snapshots, with what lies between these.
    private(set) var bases: [SessionBasis]
    /// Canonical lines by strategy, in the order of the journal.
    private(set) var trades: [String: [RecordedTrade]] = [:]
    /// What came from outside, by strategy.
    private(set) var outside: [String: RecordedSession] = [:]
    /// Strategies that have handled the end of the data.
    private(set) var finished: Set<String> = []
    /// Strategies of which nothing can be proven, because their beginning was pruned.
    private(set) var unproven: [String]
    private var directory: String

    init(directory: String, basis: VerifyBasis) throws {
        self.directory = directory
        unproven = basis.unproven
        bases = basis.sessions
        let reader = try JournalReader(directory: directory)
        guard reader.lastSeq > 0 else { return }
        var recorded = self
        for base in bases where base.session.journal.isEnded {
            recorded.finished.insert(base.terms.strategyID)
        }
        var symbols = basis.symbols
        var writer = JSONWriter(capacity: 1024)
        try reader.read(from: reader.firstSeq, through: reader.lastSeq) { _, json in
            let type = try EventHead.read(json).type
            if try recorded.takeOutside(json, type) { return true }
            if type.equals("trade") {
                let trade = try TradeEvent.decode(json).trade
                writer.reset()
                trade.writeCanonical(into: &writer)
                recorded.trades[trade.strategyID, default: []].append(
                    RecordedTrade(trade.strategySeq, writer.string))
            } else if type.equals("session") {
                let terms = try SessionTerms(try JSONValue(parsing: json))
                let id = terms.strategyID
                let isBegun = recorded.bases.contains { $0.terms.strategyID == id }
                if !isBegun, !basis.unproven.contains(id) { recorded.sessions.append(terms) }
            } else if type.equals("session_end") {
                recorded.finished.insert(try JSONValue(parsing: json).string("strategy_id"))
            } else if !recorded.bases.isEmpty {
                try recorded.takeBetween(json, type, &symbols)
            }
            return true
        }
        recorded.leaveOutUnproven()
        self = recorded
    }

    /// A version that has watched from the session's start cannot be made from a snapshot.
    private mutating func leaveOutUnproven() {
        for base in bases {
            let id = base.terms.strategyID
            guard outside[id]?.inputs.contains(where: { $0.input?.needsBeginning == true }) ?? false else {
                continue
            }
            unproven.append(id)
        }
        bases.removeAll { unproven.contains($0.terms.strategyID) }
    }

    /// Whether the record is of an input or a halt.
    private mutating func takeOutside(
        _ json: UnsafeRawBufferPointer, _ type: Contracts.JSONText
    ) throws -> Bool {
        if type.equals("input") {
            let (strategy, command) = try InputCodec.read(try JSONValue(parsing: json))
            outside[strategy, default: RecordedSession()].inputs.append(command)
        } else if type.equals("halt") {
            let halt = try HaltRecord(try JSONValue(parsing: json))
            outside[halt.strategyID, default: RecordedSession()].halts.append(halt.event)
        } else {
            return false
        }
        return true
    }

    /// The records of all commands of these strategies: the journal is read once more.
    func decisions(of strategies: Set<String>) throws -> [String: RecordedSession] {
        var found = outside.filter { strategies.contains($0.key) }
        let reader = try JournalReader(directory: directory)
        try reader.read(from: reader.firstSeq, through: reader.lastSeq) { _, json in
            let type = try EventHead.read(json).type
            guard type.equals("command") || type.equals("input") else { return true }
            let strategy = try JSONValue(parsing: json).string("strategy_id")
            if strategies.contains(strategy) {
                found[strategy, default: RecordedSession()].decisions.append(Array(json))
            }
            return true
        }
        return found
    }

    /// Keeps what lies between the two snapshots of a session.
    private mutating func takeBetween(
        _ json: UnsafeRawBufferPointer, _ type: Contracts.JSONText, _ symbols: inout SymbolTable
    ) throws {
        if type.equals("command") {
            let (strategy, command) = try CommandCodec.decode(json, symbols: &symbols)
            guard let index = bases.firstIndex(where: { $0.terms.strategyID == strategy }) else { return }
            let (there, here) = bases[index].commands
            guard command.number > bases[index].between.commands.last, command.number <= max(there, here)
            else { return }
            bases[index].between.commands.append(command.digest)
            if command.number > here { bases[index].between.missing.append(command) }
        } else if type.equals("order") {
            let order = try OrderEvent.decode(json).order
            guard let index = bases.firstIndex(where: { $0.terms.strategyID == order.strategyID }) else {
                return
            }
            let (there, here) = bases[index].reports
            guard order.report > there, order.report <= here else { return }
            bases[index].between.reports.append(try order.report(symbols: &symbols))
        }
    }
}
