// All sessions of a simulator at one place of its journal: what a restart goes on from.
//
// Guarantees: taken only when everything that the sessions made is journalled, so sessions and `seq` belong
// together: what the journal holds behind `seq` is rerun on top, made again and compared as from the start.
// Taken never while a session is rerun. Nothing of the process is in it (symbol numbers, connections).

import Contracts
import TradingCore

/// One session as it was stored.
package struct StoredSession {
    package let terms: SessionTerms
    /// Numbers of its symbols in the table that the snapshot was read with.
    package let symbols: [SymbolIndex]
    package var served: ServedSession
    package let journal: JournalledSession
    /// Who held the fence.
    package let owner: String
}

package struct SimulatorSnapshot {
    /// Of the journal of orders.
    package let epoch: String
    /// Last record of that journal that is in it.
    package let seq: UInt64
    package var sessions: [StoredSession]

    /// From the bytes of `SimulatorCore.snapshot`.
    ///
    /// - Throws: why they are no snapshot of this program's format.
    package init(
        _ bytes: [UInt8], symbols: inout SymbolTable, reportWindow: UInt64 = ServedSession.reportWindow
    ) throws(SnapshotFrame.Refusal) {
        var state = StateReader(try SnapshotFrame.unwrap(bytes))
        do throws(StateError) {
            epoch = try state.take(String.self)
            seq = try state.take()
            var sessions: [StoredSession] = []
            for _ in 0..<(try state.takeCount()) {
                sessions.append(try StoredSession(from: &state, symbols: &symbols, reportWindow))
            }
            guard state.isAtEnd else { throw StateError() }
            self.sessions = sessions
        } catch {
            throw SnapshotFrame.Refusal("is damaged: it cannot be read")
        }
    }

    /// The epoch of the market data that the sessions were made of; nil without sessions.
    package var marketDataEpoch: String? { sessions.last?.terms.marketDataEpoch }
}

extension StoredSession {
    init(
        from state: inout StateReader, symbols table: inout SymbolTable, _ reportWindow: UInt64
    ) throws(StateError) {
        let text: String = try state.take()
        guard let terms = try? SessionTerms(try JSONValue(parsing: text)),
            let (settings, symbols) = try? terms.resolve(&table)
        else { throw StateError() }
        self.terms = terms
        self.symbols = symbols
        served = try ServedSession(
            settings: settings, symbols: symbols, start: terms.start, reportWindow: reportWindow, from: &state
        )
        var journal = JournalledSession()
        let driver = served.driver
        journal.reportSeqs = NumberedValues(after: driver.lastReport)
        journal.reportDigests = NumberedValues(after: driver.lastReport)
        journal.commandSeqs = NumberedValues(after: driver.lastCommand)
        journal.executions = driver.book.lastExecution
        journal.executionDigests = NumberedValues(after: driver.book.lastExecution)
        journal.markDigests = try NumberedValues(from: &state)
        journal.marks = journal.markDigests.last
        served.restore(marks: journal.marks)
        journal.isEnded = try state.take()
        journal.halts = driver.halts
        let halt: String = try state.take()
        if !halt.isEmpty {
            guard let json = try? JSONValue(parsing: halt), let read = try? HaltRecord(json) else {
                throw StateError()
            }
            journal.lastHalt = read
        }
        journal.landmarks = try JournalLandmarks(from: &state)
        journal.note(event: driver.cursor)
        owner = try state.take(String.self)
        guard journal.markDigests.base == driver.lastMark else { throw StateError() }
        self.journal = journal
    }
}

extension SimulatedStrategy {
    func write(into state: inout StateWriter) {
        var text = JSONWriter(capacity: 1_024)
        text.beginObject()
        terms.writeFields(into: &text)
        text.endObject()
        state.put(text.string)
        served.write(into: &state)
        journal.markDigests.write(into: &state)
        state.put(journal.isEnded)
        text.reset()
        journal.lastHalt?.write(into: &text)
        state.put(text.string)
        journal.landmarks.write(into: &state)
        state.put(owner)
    }
}

extension SimulatorCore {
    /// Whether nothing from outside has come to any session.
    package var isUntouched: Bool { sessions.allSatisfy(\.served.isUntouched) }

    /// The sessions as bytes; nil while one of them is rerun. To be called right after a flush, before
    /// anything else is received, with the last `seq` that was flushed.
    ///
    /// What then stands in the journal before the last such call is no longer kept in memory.
    package func snapshot(epoch: String, seq: UInt64) -> [UInt8]? {
        guard !sessions.contains(where: \.served.isRerunning) else { return nil }
        for index in sessions.indices { setLandmark(index, seq) }
        var state = StateWriter()
        state.put(epoch)
        state.put(seq)
        state.put(each: sessions) { $0.write(into: &$1) }
        return SnapshotFrame.wrap(state.bytes)
    }

    private func setLandmark(_ index: Int, _ seq: UInt64) {
        let driver = sessions[index].served.driver
        if let last = sessions[index].journal.landmarks.all.last {
            sessions[index].journal.reportSeqs.forget(through: last.report)
            sessions[index].journal.commandSeqs.forget(through: last.command)
            sessions[index].served.forget(commands: last.command)
        }
        sessions[index].journal.landmarks.add(
            .init(
                seq: seq, event: sessions[index].served.next, report: driver.lastReport,
                command: driver.lastCommand))
    }

    /// Takes the sessions of a snapshot, before any record of the journal behind it.
    package func restore(_ snapshot: SimulatorSnapshot) {
        precondition(sessions.isEmpty, "a snapshot is restored before anything else")
        for stored in snapshot.sessions {
            let index = add(stored.terms, stored.served, symbols: stored.symbols)
            sessions[index].journal = stored.journal
            sessions[index].owner = stored.owner
        }
    }
}

extension SymbolTable {
    /// The numbers of these symbols, in their order; new ones are made.
    package mutating func intern(all names: [String]) throws -> [SymbolIndex] {
        var symbols: [SymbolIndex] = []
        for name in names { symbols.append(try intern(name)) }
        return symbols
    }
}

extension SessionTerms {
    /// What a session is made with; throws a sentence when the terms cannot be.
    package func resolve(
        _ symbols: inout SymbolTable
    ) throws(Reason) -> (settings: SessionSettings, symbols: [SymbolIndex]) {
        let settings: SessionSettings
        do {
            settings = try SessionSettings(fields: simulation.map { ($0.name, $0.value) })
        } catch {
            throw Reason(code: "invalid_settings", sentence: "\(error)")
        }
        var own: [SymbolIndex] = []
        for name in self.symbols {
            guard let symbol = try? symbols.intern(name) else {
                throw Reason(code: "invalid_symbol", sentence: "\"\(name)\" is not a symbol")
            }
            own.append(symbol)
        }
        guard !own.isEmpty, NameRule.identifier.accepts(strategyID.utf8) else {
            throw Reason(code: "invalid_session", sentence: "a session needs an id and at least one symbol")
        }
        return (settings, own)
    }
}
