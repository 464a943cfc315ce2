// What the platform knows of a strategy at one position, as plain values: with the strategy's own bytes it is
// a snapshot, from which the strategy goes on as if it had handled everything before.
//
// Guarantees: a strategy begun from a snapshot sees the same account, orders, timers, warm-up and market data
// as the one that gave it, and numbers its commands and timers on from there.

import CStrategyABI
import Contracts

/// What the platform knows of one of a strategy's symbols.
package struct HostedSymbol {
    /// Signed, in units of 1e-8.
    package var position: Int64 = 0
    /// In units of 1e-8; 0 while unknown.
    package var priceIncrement: Int64 = 0
    package var sizeIncrement: Int64 = 0
    /// The latest market data.
    package var latest = tr_market_data()
    package var hasPrice = false
    /// Whether a quote or a trade was ever seen.
    package var hasTicks = false

    package init() {}
}

/// Everything but the strategy's own state. Symbols are in the order of its slots.
package struct HostedState {
    /// The last event, report and command that it holds.
    package var event: UInt64 = 0
    package var report: UInt64 = 0
    package var command: UInt64 = 0
    /// The largest market time of the session so far.
    package var time: Int64 = 0
    /// The time of what was handled last.
    package var now: Int64 = 0
    package var cash: Money
    package var symbols: [HostedSymbol] = []
    package var orders = OpenOrders()
    package var timers = TimerQueue()
    package var warming: Warming

    package init(cash: Money, warming: Warming) {
        self.cash = cash
        self.warming = warming
    }
}

/// A strategy at one position.
package struct HostedSnapshot {
    package var host: HostedState
    /// What its `snapshot` gave; only `restore` of the same plugin understands it.
    package var state: [UInt8]

    package init(host: HostedState, state: [UInt8]) {
        self.host = host
        self.state = state
    }
}

/// What became of a wanted snapshot.
package enum StateAnswer {
    /// The strategy gives none now.
    case nothing
    case taken(HostedSnapshot)
}

extension HostedStrategy {
    /// Whether the plugin can give snapshots at all. A process says so with its hello.
    package var givesSnapshots: Bool { instance.givesSnapshots }

    /// Wants a snapshot: of a strategy in this process it is taken at once, of one in a process of its own as
    /// soon as nothing is held or pending. It is there with `takeState`.
    package func wantState() throws(StrategyFailure) {
        guard failure == nil else { return }
        guard let process else {
            answer = instance.snapshot().map { .taken(HostedSnapshot(host: hostedState, state: $0)) }
            answer = answer ?? .nothing
            return
        }
        wantsState = true
        answer = nil
        askForState()
        if process.waits { try finishWhenWaiting() }
    }

    /// Whether `takeState` has something.
    package var hasStateAnswer: Bool { answer != nil }

    /// The answer to `wantState`, once; nil while there is none.
    package func takeState() -> StateAnswer? {
        defer { answer = nil }
        return answer
    }

    /// Asks the process, if a snapshot is wanted and this is a place for one.
    func askForState() {
        guard wantsState, let process, process.isReady, held.isEmpty else { return }
        wantsState = false
        guard process.givesSnapshots else {
            answer = .nothing
            return
        }
        process.sendSnapshot()
    }

    /// The process has answered.
    func took(_ bytes: [UInt8]?) {
        answer = bytes.map { .taken(HostedSnapshot(host: hostedState, state: $0)) } ?? .nothing
    }

    /// What the platform knows at this position.
    package var hostedState: HostedState {
        precondition(held.isEmpty, "what is held was not handled, and shows in the market data already")
        var host = HostedState(cash: view.cash, warming: warming)
        host.event = lastEvent
        host.report = lastReport
        host.command = lastCommand
        host.time = state.pointee.time
        host.now = state.pointee.now
        host.symbols = view.symbols
        host.orders = open
        host.timers = timers
        return host
    }

    /// Stands where `host` says; for a strategy that has handled nothing.
    func stand(on host: HostedState) {
        precondition(host.symbols.count == symbols.count, "a snapshot is of the same symbols")
        state.pointee.lastEvent = host.event
        state.pointee.lastReport = host.report
        state.pointee.lastCommand = host.command
        state.pointee.time = host.time
        state.pointee.now = host.now
        state.pointee.nextDue = host.timers.nextDue
        state.pointee.isBusy = !host.orders.isEmpty
        state.pointee.isCold = state.pointee.isCold && !host.warming.isDone(at: host.now, event: host.event)
        timers = host.timers
        open = host.orders
        warming = host.warming
        warmingAhead = host.warming
        view.restore(host.symbols, cash: host.cash, openOrders: host.orders)
    }
}
