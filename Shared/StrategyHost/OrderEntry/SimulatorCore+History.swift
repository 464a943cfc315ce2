// What a session made long ago, read back from the journal: reports that a rebuilt strategy lacks, and the
// commands that it makes again, which are compared with the journalled ones like any other.
//
// Costs: a reading begins at the landmark before what is looked for, and goes on where the last one left off,
// so a rebuild from the session's start reads the journal once.

import Contracts
import TradingCore

/// Thrown by `SimulatorJournal.read` for records that were pruned.
package struct RecordNotKept: Error {
    package init() {}
}

/// The journal no longer holds what a strategy needs to be rebuilt.
struct HistoryGone: Error {
    let reason: Reason

    init(_ id: String, first: UInt64) {
        reason = Reason(
            code: "history_gone",
            sentence: "\(id) cannot be rebuilt: the journal of its orders begins with record \(first), and "
                + "older ones are needed; restore the older segments, or add the strategy under another id")
    }
}

extension Reason {
    /// Market data that a session needs are no longer kept.
    static func historyGone(_ id: String, needs seq: UInt64, keptFrom first: UInt64) -> Reason {
        Reason(
            code: "history_gone",
            sentence: "\(id) needs market data from event \(seq) on, and they are kept from \(first) on: "
                + "restore the older segments, or add it under another id with a later start")
    }
}

extension SimulatorCore {
    /// Records of others that are read over on the way to the next: to look for it costs about as many.
    private static let near: UInt64 = 128

    /// The order events in these records, ascending.
    func keptReports(_ seqs: [UInt64], _ index: Int) throws -> [OrderEvent] {
        var orders: [OrderEvent] = []
        orders.reserveCapacity(seqs.count)
        while orders.count < seqs.count {
            let first = seqs[orders.count]
            try readKept(sessions[index].id, from: first) { seq, json in
                guard seq == seqs[orders.count] else { return true }
                guard let order = try Self.orderEvent(json, EventHead.read(json).type) else {
                    throw Reason(code: "journal_damaged", sentence: "record \(seq) is no report")
                }
                orders.append(order)
                return orders.count < seqs.count && seqs[orders.count] - seq <= Self.near
            }
            guard orders.count == seqs.count || seqs[orders.count] > first else {
                throw Reason(code: "journal_short", sentence: "record \(first) was written and is not there")
            }
        }
        return orders
    }

    /// Commands read back at a time.
    private static let stretch = 1_024

    /// The order events of reports that memory no longer knows, in order.
    func oldReports(_ range: ClosedRange<UInt64>, _ index: Int) throws -> [OrderEvent] {
        let id = sessions[index].id
        var place = sessions[index].journal.landmarks.place(ofReport: range.lowerBound)
        if let left = sessions[index].oldReports, left.next == range.lowerBound { place = left.seq }
        var found: [OrderEvent] = []
        try readKept(id, from: place) { seq, json in
            guard let order = try Self.orderEvent(json, EventHead.read(json).type) else { return true }
            guard order.strategyID == id, order.report >= range.lowerBound else { return true }
            found.append(order)
            place = seq + 1
            return order.report < range.upperBound
        }
        guard found.map(\.report) == Array(range) else { throw HistoryGone(id, first: journal.firstSeq) }
        sessions[index].oldReports = (range.upperBound + 1, place)
        return found
    }

    /// Holds a command that was made again against the journal.
    func compareOld(_ command: Command, _ index: Int, _ peer: CommandPeer, _ symbols: SymbolTable) {
        do {
            let known = try oldCommands(from: command.number, index, symbols)
            guard command.number <= known.last, known[command.number] == command.digest else {
                return stop(index, peer, difference(command, index, symbols))
            }
        } catch let gone as HistoryGone {
            turnAway(index, peer, gone.reason)
        } catch {
            historyFailure = error
        }
    }

    /// Digests of old commands, this one the first or among them.
    private func oldCommands(
        from number: UInt64, _ index: Int, _ symbols: SymbolTable
    ) throws -> NumberedValues {
        let read = sessions[index].oldCommands
        if let read, number > read.values.base, number <= read.values.last { return read.values }
        let id = sessions[index].id
        var place = sessions[index].journal.landmarks.place(ofCommand: number)
        if let read, read.values.last + 1 == number { place = read.seq }
        var values = NumberedValues(after: number - 1)
        let last = min(sessions[index].served.forgotten, number + UInt64(Self.stretch))
        var table = symbols
        try readKept(id, from: place) { seq, json in
            let type = try EventHead.read(json).type
            guard let (strategy, command) = try Self.command(json, type, &table), strategy == id,
                command.number > values.last
            else { return true }
            values.append(command.digest)
            place = seq + 1
            return command.number < last
        }
        guard values.last == last else { throw HistoryGone(id, first: journal.firstSeq) }
        sessions[index].oldCommands = (values, place)
        return values
    }

    /// What the journal holds of a command; nil where that is no longer kept.
    ///
    /// - Parameter seq: of its record; nil when memory no longer knows it.
    func commandRecord(_ number: UInt64, seq: UInt64?, _ index: Int) -> JSONValue? {
        let id = sessions[index].id
        let place = seq ?? sessions[index].journal.landmarks.place(ofCommand: number)
        var found: JSONValue?
        try? readKept(id, from: place) { _, json in
            let type = try EventHead.read(json).type
            guard type.equals("command") || type.equals("input") else { return true }
            let record = try JSONValue(parsing: json)
            guard try record.string("strategy_id") == id, try record.unsigned("number") == number else {
                return true
            }
            found = record
            return false
        }
        return found
    }

    private func readKept(
        _ id: String, from seq: UInt64, _ body: (UInt64, UnsafeRawBufferPointer) throws -> Bool
    ) throws {
        guard seq >= journal.firstSeq else { throw HistoryGone(id, first: journal.firstSeq) }
        do {
            try journal.read(from: seq, body)
        } catch is RecordNotKept {
            throw HistoryGone(id, first: journal.firstSeq)
        }
    }

    /// Refuses a session that would begin with market data that are no longer kept.
    func checkKept(_ seq: UInt64, _ id: String) throws(Reason) {
        guard seq < marketDataFirst else { return }
        throw .historyGone(id, needs: seq, keptFrom: marketDataFirst)
    }

    /// Why the session cannot go on with the market data that are kept; nil when it can.
    func missingData(_ index: Int) -> Reason? {
        do throws(Reason) { try checkKept(sessions[index].served.next, sessions[index].id) } catch {
            return error
        }
        return nil
    }

    /// Where the market data feed begins after a restart: with what is rerun, else not long before the
    /// session that is furthest; one that stands further back asks for its place when it goes on.
    package var firstNeeded: UInt64 {
        if let first = sessions.lazy.filter(\.served.isRerunning).map(\.served.next).min() { return first }
        guard let last = sessions.map(\.served.next).max(), let first = sessions.map(\.served.next).min()
        else {
            return 1
        }
        let reach = EventWindow.capacity / 2
        return max(first, last > reach ? last - reach : 1)
    }

    /// The runner's strategy cannot be served; another one may know more of it.
    func turnAway(_ index: Int, _ peer: CommandPeer, _ reason: Reason) {
        sessions[index].peer = nil
        sessions[index].served.detach()
        answer(peer, .refused(strategy: sessions[index].id, attachID: 0, reason))
    }
}
