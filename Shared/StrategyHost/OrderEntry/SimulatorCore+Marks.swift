// Marks of the accounts in the simulator's journal: each once, in order with the trades, and compared when a
// rerun makes them again.

import Contracts
import TradingCore

extension SimulatorCore {
    /// Journals the marks that lie before the execution with this number.
    func journalMarks(_ index: Int, before strategySeq: UInt64 = .max) throws(Reason) {
        for mark in sessions[index].served.takeMarks(before: strategySeq) {
            let session = sessions[index]
            let event = mark.event(strategy: session.id) { session.topics(of: $0).name }
            guard mark.number > session.journal.marks else {
                if session.journal.markDigests[mark.number] != event.digest {
                    throw differs(index, "mark", mark.number)
                }
                sessions[index].journal.markDigests.forget(through: mark.number)
                continue
            }
            sessions[index].journal.marks = mark.number
            sessions[index].journal.markDigests = NumberedValues(after: mark.number)
            counts.marks += 1
            _ = journal.append(topic: session.equityTopic) { writer, header, stamp in
                event.encode(header: header, stamp: stamp, into: &writer)
            }
        }
    }
}
