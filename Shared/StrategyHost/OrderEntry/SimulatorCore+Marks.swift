// Marks of the accounts in the simulator's journal: each once, in order with the trades, and compared when a
// rerun makes them again. And the end of a session.

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

    /// Says in the journal that the session has gone through the end of the data: from then on `verify`
    /// expects every trade.
    func noteEnd(_ index: Int) {
        guard sessions[index].served.isDone, !sessions[index].journal.isEnded else { return }
        sessions[index].journal.isEnded = true
        let id = sessions[index].id
        _ = journal.append(topic: journal.topic(Topic.session(id))) { writer, header, stamp in
            header.begin("session_end", stamp, into: &writer)
            writer.field("strategy_id", id)
            writer.endObject()
        }
    }
}
