// What keeps a session from trading while it goes on seeing the market: inputs from outside and the halt.
//
// Guarantees: whatever begins to hold cancels every working order at once; while it holds every command is
// rejected, with a report. A pause and a halt are lifted by `resume`, a stop by another version that acts.

import Contracts

package struct Suspension: OptionSet, Sendable, Equatable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// An operator paused the strategy.
    package static let paused = Suspension(rawValue: 1)
    /// The kill switch.
    package static let halted = Suspension(rawValue: 2)
    /// The strategy failed and is not called any more.
    package static let stopped = Suspension(rawValue: 4)

    /// Why a command is rejected; nil when nothing holds the session up.
    var reason: Reason? {
        if contains(.halted) { return Self.reason(.halted) }
        if contains(.stopped) { return Self.reason(.stopped) }
        return contains(.paused) ? Self.reason(.paused) : nil
    }

    static func reason(_ one: Suspension) -> Reason {
        switch one {
        case .halted: Reason(code: "halted", sentence: "trading was halted by an operator")
        case .stopped: Reason(code: "stopped", sentence: "the strategy failed and was stopped")
        default: Reason(code: "paused", sentence: "the strategy is paused by an operator")
        }
    }
}

extension SessionBook {
    /// Applies an input from outside: its report first, then what it cancels.
    mutating func apply(_ input: StrategyInput, _ moment: Moment, into reports: inout [Report]) {
        lastReport += 1
        reports.append(
            .onInput(
                number: lastReport, command: moment.command, after: moment.after, timestamp: moment.time))
        switch input.kind {
        case .pause: suspend(.paused, moment, into: &reports)
        case .stop: suspend(.stopped, moment, into: &reports)
        case .resume: suspension.subtract([.paused, .halted])
        case .set, .swap, .revert: suspension.remove(.stopped)
        case .restart:
            suspension.remove(.stopped)
            let reason = Reason(
                code: "restarted", sentence: "the strategy begins afresh and does not know this order")
            cancelAll(reason, moment, into: &reports)
        }
    }

    /// The kill switch: cancels every working order and rejects what comes later.
    package mutating func halt(at time: Timestamp, after: UInt64, into reports: inout [Report]) {
        suspend(.halted, Moment(time: time, after: after, command: 0), into: &reports)
    }

    private mutating func suspend(_ one: Suspension, _ moment: Moment, into reports: inout [Report]) {
        suspension.insert(one)
        cancelAll(Suspension.reason(one), moment, into: &reports)
    }

    /// Cancels every working order, in the order of their numbers.
    private mutating func cancelAll(_ reason: Reason, _ moment: Moment, into reports: inout [Report]) {
        for index in orders.indices { end(index, reason: reason, moment, into: &reports) }
        removeEnded()
    }
}
