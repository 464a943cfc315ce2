// The gateway's stream as one process sees it: events arrive late, out of order or not at all; the hole is
// repaired by asking again. What the real subscriber and its window guarantee, without sockets.

import Contracts
import TradingCore

final class SimulatedFeed {
    private(set) var window: EventWindow
    /// Counts the times that the feed began again.
    private(set) var restarts = 0
    /// By `seq` − 1, with the symbol numbers of this process.
    private let events: [MarketEvent]
    private var arrived: [Bool]
    private let repairs: Bool

    init(
        _ events: [MarketEvent], symbols: SymbolTable, as table: SymbolTable, capacity: UInt64, repairs: Bool
    ) {
        self.events = events.map { event in
            var own = event
            if event.symbol != .none { own.symbol = symbols.index(of: table.name(of: event.symbol))! }
            return own
        }
        arrived = Array(repeating: false, count: events.count + 1)
        window = EventWindow(startingAt: 1, capacity: capacity)
        self.repairs = repairs
    }

    func arrive(_ range: ClosedRange<UInt64>) {
        for seq in range where seq >= window.next { arrived[Int(seq)] = true }
        while !repairs, window.next < range.upperBound, !window.isFull {
            window.append(arrived[Int(window.next)] ? events[Int(window.next) - 1] : .nothing(window.next))
        }
        append()
    }

    private func append() {
        while window.next <= events.count, arrived[Int(window.next)], !window.isFull {
            window.append(events[Int(window.next) - 1])
        }
    }

    /// As `MarketFeed.require`.
    func require(_ seq: UInt64?) {
        guard let seq, seq < window.first else { return }
        start(at: seq)
    }

    /// As `MarketFeed.start`: what had arrived is asked for again.
    func start(at seq: UInt64) {
        restarts += 1
        window.restart(at: seq)
        arrived = Array(repeating: false, count: arrived.count)
    }

    /// As `MarketFeed.makeRoom`.
    func makeRoom(keeping oldest: UInt64?) {
        guard window.isFull else { return }
        window.drop(before: oldest ?? window.next)
        append()
    }
}

extension MarketEvent {
    /// What moves nothing.
    fileprivate static func nothing(_ seq: UInt64) -> MarketEvent {
        var event = MarketEvent(kind: .clock, symbol: .none, timestamp: Timestamp(microseconds: 0))
        event.seq = seq
        return event
    }
}
