// The gateway's stream as one process sees it: events arrive late, out of order, twice or not at all; the
// hole is repaired by asking again. What the real subscriber and its window guarantee, without sockets.

import Contracts
import TradingCore

final class SimulatedFeed {
    private(set) var window: EventWindow
    /// Counts the times that the feed began again.
    private(set) var restarts = 0
    /// The symbol numbers of this process, by those of the gateway.
    private let symbols: [SymbolIndex]
    /// What came before its turn.
    private var held: [UInt64: MarketEvent] = [:]
    private let repairs: Bool

    init(symbols: SymbolTable, as table: SymbolTable, capacity: UInt64, repairs: Bool) {
        self.symbols = table.names.map { symbols.index(of: $0)! }
        window = EventWindow(startingAt: 1, capacity: capacity)
        self.repairs = repairs
    }

    func arrive(_ events: [MarketEvent]) {
        for event in events where event.seq >= window.next { held[event.seq] = event }
        if !repairs, let last = events.last?.seq {
            while window.next < last, !window.isFull {
                window.append(held.removeValue(forKey: window.next).map(own) ?? .nothing(window.next))
            }
        }
        append()
    }

    private func own(_ event: MarketEvent) -> MarketEvent {
        var own = event
        if event.symbol != .none { own.symbol = symbols[Int(event.symbol.rawValue)] }
        return own
    }

    private func append() {
        while !window.isFull, let event = held.removeValue(forKey: window.next) { window.append(own(event)) }
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
        held = [:]
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
