// One strategy in several versions, one of which acts: the others watch, and one takes over where the other
// stands. Numbers, orders and positions are the strategy's and go on; what a version made of what it saw is
// its own.

import CStrategyABI
import Contracts

extension HostedStrategy {
    /// A strategy that is not called: it counts events and reports for a session whose strategy failed, or
    /// whose earlier decisions need not be made again.
    package static func vacant(
        id: String, symbols: [SymbolIndex], names: [String]
    ) -> HostedStrategy {
        do {
            return try HostedStrategy(
                id: id, instance: VacantInstance(), symbols: symbols, names: names,
                parameters: ParameterValues(), cash: .zero)
        } catch { preconditionFailure("a strategy that is not called does not fail") }
    }

    /// As above, in the place of another version.
    package static func vacant(like other: HostedStrategy) -> HostedStrategy {
        vacant(id: other.id, symbols: other.symbols, names: other.symbolNames)
    }

    /// Whether it is one that is not called.
    package var isVacant: Bool { instance is VacantInstance }

    /// Makes a command of an input from outside, at the position where the strategy stands.
    package func make(_ input: StrategyInput) {
        var command = Command(action: .input, number: lastCommand + 1, order: 0, symbol: .none)
        command.input = input
        enqueue(command)
        open.sent(command: command.number)
        state.pointee.isBusy = true
        process?.count(from: command.number)
    }

    /// Goes on where another version stands, whose last command was this one; what it asked later was never
    /// sent. Call it when neither has a question open.
    package func takeOver(from other: HostedStrategy, command: UInt64) {
        precondition(process == nil || (!isPending && held.isEmpty), "it has handled what it was handed")
        let (mine, theirs) = (state, other.state)
        mine.pointee.lastEvent = theirs.pointee.lastEvent
        mine.pointee.lastReport = theirs.pointee.lastReport
        mine.pointee.now = theirs.pointee.now
        mine.pointee.time = theirs.pointee.time
        open = other.open
        stand(at: command)
        view.countOpenOrders(open.orders)
        isWatching = false
        takesOrders = true
    }

    /// Commands up to this one were made by others, and these of them are unanswered.
    package func assume(command: UInt64, unanswered: [UInt64]) {
        open.expect(unanswered)
        stand(at: command)
    }

    private func stand(at command: UInt64) {
        open.forget(beyond: command)
        state.pointee.lastCommand = command
        state.pointee.isBusy = !open.isEmpty
        state.pointee.hasCommands = false
        commands.removeAll()
        process?.count(from: command)
    }

    /// Begins with the state of another version instead of having watched; false when the instance does not
    /// take it.
    package func begin(with snapshot: [UInt8], of other: HostedStrategy) -> Bool {
        guard process == nil, instance.restore(snapshot) == 0 else { return false }
        view.copy(from: other.view)
        timers = other.timers
        state.pointee.nextDue = timers.nextDue
        warming = other.warming
        state.pointee.isCold = other.state.pointee.isCold
        return true
    }

    /// The state of the instance; nil when it has no snapshots.
    package func instanceSnapshot() -> [UInt8]? { process == nil ? instance.snapshot() : nil }

    /// Stands after this event without having been handed it: it is told reports only.
    func passOver(to event: UInt64) { state.pointee.lastEvent = event }
}

/// Calls that do nothing.
private final class VacantInstance: StrategyInstance {
    var barIntervals: [UInt32] { [] }
    func create(in host: HostedStrategy) -> Int32 { 0 }
    func initialize() -> Int32 { 0 }
    func onMarketData(_ data: UnsafePointer<tr_market_data>) -> Int32 { 0 }
    func onTrade(_ trade: UnsafePointer<tr_trade>) -> Int32 { 0 }
    func onOrder(_ update: UnsafePointer<tr_order_update>) -> Int32 { 0 }
    func onTimer(_ timer: UInt64, due: Int64) -> Int32 { 0 }
    func cleanup() -> Int32 { 0 }
    func destroy() {}
    func snapshot() -> [UInt8]? { nil }
    func restore(_ state: [UInt8]) -> Int32 { 1 }
}
