// A version of a strategy that sees what the acting one has handled, in the same order, without its orders
// being taken. It may lag behind: a version in a process of its own answers when it can.

import Contracts

struct Watcher {
    private enum Item {
        case event(MarketEvent)
        case report(Report)
    }

    /// Things it may lag behind before the session waits for it.
    static let maximumLag = 4_096

    /// What it is shown.
    enum View {
        case everything
        /// A fresh instance learns of its orders and trades.
        case reports
        /// It will get the state of another version.
        case nothing
    }

    let strategy: HostedStrategy
    private let view: View
    private var items: [Item] = []
    private var head = 0

    init(_ strategy: HostedStrategy, view: View = .everything) {
        self.strategy = strategy
        self.view = view
    }

    var lag: Int { items.count - head }
    /// Whether it has handled everything that it was given.
    var isIdle: Bool { lag == 0 && !strategy.isPending && strategy.heldEvent == nil }

    mutating func take(_ event: MarketEvent) { if view == .everything { items.append(.event(event)) } }
    mutating func take(_ report: Report) { if view != .nothing { items.append(.report(report)) } }

    /// Goes on as far as it can without waiting.
    mutating func pump() throws(StrategyFailure) {
        while true {
            if strategy.process != nil {
                try strategy.proceed()
                if strategy.isPending { return }
            }
            guard head < items.count else {
                guard strategy.heldEvent != nil else { return }
                try strategy.sendHeld()
                continue
            }
            switch items[head] {
            case .event(let event):
                guard event.kind == .clock || strategy.takesMore else {
                    try strategy.sendHeld()
                    continue
                }
                drop()
                if event.kind == .clock {
                    strategy.advanceClock(to: event.timestamp)
                } else {
                    try strategy.handle(event)
                }
            case .report(let report):
                guard strategy.heldEvent == nil else {
                    try strategy.sendHeld()
                    continue
                }
                drop()
                if view == .reports { strategy.passOver(to: report.after) }
                try strategy.handle(report)
            }
        }
    }

    private mutating func drop() {
        head += 1
        if head == items.count {
            items.removeAll(keepingCapacity: true)
            head = 0
        }
    }
}
