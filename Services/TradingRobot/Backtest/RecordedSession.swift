// What the simulator's journal holds of its sessions, for running them again and for comparing.

import Contracts
import Messaging
import StrategyHost

/// What came to one session when it was recorded, beside market data.
struct RecordedSession {
    /// Inputs from outside, by number.
    var inputs: [Command] = []
    /// The last event of the stream taken before each halt.
    var halts: [UInt64] = []
    /// The records of all commands, inputs too, where they are taken from the journal instead of being decided
    /// again.
    var decisions: [[UInt8]] = []

    /// The decisions as commands; new symbols are made.
    func commands(_ symbols: inout SymbolTable) throws -> [Command] {
        var commands: [Command] = []
        for record in decisions {
            let value = try record.withUnsafeBytes { json in
                try EventHead.read(json).type.equals("input") ? try JSONValue(parsing: json) : nil
            }
            if let value {
                commands.append(try InputCodec.read(value).command)
            } else {
                commands.append(
                    try record.withUnsafeBytes { try CommandCodec.decode($0, symbols: &symbols) }.command)
            }
        }
        return commands
    }
}

/// What the journal says of all sessions.
struct RecordedOrders {
    private(set) var sessions: [SessionTerms] = []
    /// Canonical lines by strategy, in the order of the journal.
    private(set) var trades: [String: [String]] = [:]
    /// What came from outside, by strategy.
    private(set) var outside: [String: RecordedSession] = [:]
    /// Strategies that have handled the end of the data.
    private(set) var finished: Set<String> = []
    private let directory: String

    init(directory: String) throws {
        self.directory = directory
        let reader = try JournalReader(directory: directory)
        guard reader.lastSeq > 0 else { return }
        var recorded = self
        var writer = JSONWriter(capacity: 1024)
        try reader.read(from: reader.firstSeq, through: reader.lastSeq) { _, json in
            try recorded.take(json, &writer)
            return true
        }
        self = recorded
    }

    private mutating func take(_ json: UnsafeRawBufferPointer, _ writer: inout JSONWriter) throws {
        let type = try EventHead.read(json).type
        if type.equals("trade") {
            let trade = try TradeEvent.decode(json).trade
            writer.reset()
            trade.writeCanonical(into: &writer)
            trades[trade.strategyID, default: []].append(writer.string)
        } else if type.equals("session") {
            sessions.append(try SessionTerms(try JSONValue(parsing: json)))
        } else if type.equals("session_end") {
            finished.insert(try JSONValue(parsing: json).string("strategy_id"))
        } else if type.equals("input") {
            let (strategy, command) = try InputCodec.read(try JSONValue(parsing: json))
            outside[strategy, default: RecordedSession()].inputs.append(command)
        } else if type.equals("halt") {
            let halt = try HaltRecord(try JSONValue(parsing: json))
            outside[halt.strategyID, default: RecordedSession()].halts.append(halt.event)
        }
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
}
