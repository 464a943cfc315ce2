// A session is taken up where its earlier decisions need not, or cannot, be made again: before a stop or a
// restart that is in the journal, or before one that is to come. Events and reports are counted, nobody is
// called, and what was asked is known from the reports.

import Contracts

struct BlindRebuild {
    /// What the strategy must have handled.
    var event: UInt64
    var report: UInt64
    /// Its last command there.
    var command: UInt64
    /// Every command up to this one was answered.
    private var answeredThrough: UInt64 = 0
    private var answeredBeyond: Set<UInt64> = []

    init(event: UInt64, report: UInt64, command: UInt64) {
        (self.event, self.report, self.command) = (event, report, command)
    }

    mutating func handled(_ report: Report) {
        guard report.command > answeredThrough else { return }
        answeredBeyond.insert(report.command)
        while answeredBeyond.remove(answeredThrough + 1) != nil { answeredThrough += 1 }
    }

    func isReached(by strategy: HostedStrategy) -> Bool {
        strategy.lastEvent >= event && strategy.lastReport >= report
    }

    /// Commands that no report has answered.
    var unanswered: [UInt64] {
        guard answeredThrough < command else { return [] }
        return (answeredThrough + 1...command).filter { !answeredBeyond.contains($0) }
    }
}
