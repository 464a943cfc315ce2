// `journal.keep`: now and then the journals of the data folder are pruned as `journal prune` does, on a
// thread of its own. Both journals at once, because what is needed of one follows from the other; where the
// market data lie elsewhere, nothing is deleted and the log says so once.

import Contracts
import Foundation
import Logging
import Messaging
import ServiceKit

/// Confined to the bus thread.
///
/// @unchecked: the pruning thread gets copies of what it needs, and hands itself back through the bus.
final class JournalKeeper: @unchecked Sendable {
    /// How often old segments are looked for.
    static let interval = Duration.seconds(60)

    private let bus: Bus
    private let folder: String
    private let database: String
    private let keep: Duration
    private let log: Logger
    private let queue = DispatchQueue(label: "journal keeper")
    private var isBusy = false
    private var said: String?

    /// - Parameter keep: how long; zero keeps everything, and nothing is ever looked for.
    init(bus: Bus, folder: String, database: String, keep: Duration, log: Logger) {
        self.bus = bus
        self.folder = folder
        self.database = database
        self.keep = keep
        self.log = log
        guard keep > .zero else { return }
        bus.timer(every: Self.interval) { [weak self] in self?.look() }
    }

    private func look() {
        guard !isBusy else { return }
        isBusy = true
        let (folder, database) = (folder, database)
        let limit = Timestamp(microseconds: wallClock().microseconds - Int64(keep / .microseconds(1)))
        queue.async { [self] in
            let outcome = Result {
                let plan = try PrunePlan(dataDirectory: folder, database: database, bound: .time(limit))
                try plan.carryOut()
                return plan
            }
            bus.post { [self] in self.ended(outcome) }
        }
    }

    private func ended(_ outcome: Result<PrunePlan, any Error>) {
        isBusy = false
        switch outcome {
        case .success(let plan):
            said = nil
            for journal in [plan.marketData, plan.orders] where !journal.removed.isEmpty {
                log.info(
                    "old segments were deleted",
                    metadata: [
                        "journal": "\(journal.directory)", "segments": "\(journal.removed.count)",
                        "kept_from": "\(journal.keptFrom)",
                    ])
            }
        case .failure(let error):
            let text = sentence(for: error)
            if text != said { log.warning("the journals cannot be pruned: \(text)") }
            said = text
        }
    }
}
