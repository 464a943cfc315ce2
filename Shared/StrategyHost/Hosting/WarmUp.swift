// What a strategy sees before its orders are taken.
//
// It is part of the session's terms, so it is journalled with the session's first record, and counted in
// events and session time alone: a backtest, a live run and a rebuild after a crash all begin to trade at
// the same event. While a strategy warms up it is called as always; an order that it places is not taken
// and gets no number.
//
// Events are counted for each symbol: its orders are taken from the N-th event on that the strategy is
// handed of it. Time counts from the session's first event. A strategy that is to begin at a later event is
// given a session that begins early enough, and orders only from that event on (`orders_from`).

import Contracts
import TradingCore

package enum WarmUp: Equatable, Sendable {
    case none
    /// So many events of a symbol before orders on it are taken, the last one included.
    case events(Int64)
    /// So much session time.
    case seconds(Int64)

    /// As it stands in the session's terms: "events=50", "seconds=3600", or nothing.
    package var text: String {
        switch self {
        case .none: ""
        case .events(let count): "events=\(count)"
        case .seconds(let count): "seconds=\(count)"
        }
    }

    /// From the session's terms; nil when it is none of the three forms.
    package init?(text: String) {
        if text.isEmpty {
            self = .none
            return
        }
        let parts = text.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, let count = Int64(parts[1]), Self.bounds.contains(count) else { return nil }
        switch parts[0] {
        case "events": self = .events(count)
        case "seconds": self = .seconds(count)
        default: return nil
        }
    }

    /// What a warm-up may ask for: up to ten million events, or about four months.
    static let bounds: ClosedRange<Int64> = 0...10_000_000
}

/// What a plugin's metadata say of it: a number, or the parameter that holds it.
package struct WarmUpDeclaration: Equatable, Sendable {
    package enum Unit: String, Sendable { case events, seconds }
    package enum Amount: Equatable, Sendable {
        case number(Int64)
        case parameter(String)
    }

    package var unit: Unit
    package var amount: Amount

    /// With the parameter's value, which the metadata have promised to be a whole number within the bounds.
    package func warmUp(_ values: ParameterValues) -> WarmUp {
        let count: Int64
        switch amount {
        case .number(let number): count = number
        case .parameter(let name):
            guard case .integer(let value)? = values[name] else {
                preconditionFailure("the warm-up names a parameter that is a whole number")
            }
            count = value
        }
        guard count > 0 else { return .none }
        return unit == .events ? .events(count) : .seconds(count)
    }

    /// Reads the value of `warm_up`: `{"events":50}`, `{"events":"slow"}`, or the same with `seconds`.
    static func read(
        _ json: String, _ parameters: [ParameterDeclaration]
    ) throws(MetadataError) -> WarmUpDeclaration {
        let refusal = MetadataError(
            "warm_up is {\"events\":N} or {\"seconds\":N}, N from 0 to \(WarmUp.bounds.upperBound) or the "
                + "name of a whole-number parameter within these bounds, not \(json)")
        guard case .object(let members)? = try? JSONValue(parsing: json), members.count == 1,
            let unit = Unit(rawValue: members[0].name)
        else { throw refusal }
        if let number = members[0].value.asInteger, WarmUp.bounds.contains(number) {
            return WarmUpDeclaration(unit: unit, amount: .number(number))
        }
        guard let name = members[0].value.asString,
            case .integer(let allowed)? = parameters.first(where: { $0.name == name })?.kind,
            WarmUp.bounds.contains(allowed.lowerBound), WarmUp.bounds.contains(allowed.upperBound)
        else { throw refusal }
        return WarmUpDeclaration(unit: unit, amount: .parameter(name))
    }
}

/// How far a strategy has warmed up. Plain integers, so that a snapshot can hold it.
package struct Warming: Equatable, Sendable {
    /// Events still to come, by slot.
    package private(set) var missing: [Int64]
    /// Session time from which orders are taken; nil while no event was handled.
    package private(set) var warmAt: Int64?
    /// The first event whose orders are taken, warm or not before.
    private let from: UInt64
    private let microseconds: Int64

    package init(_ warmUp: WarmUp, slots: Int, ordersFrom from: UInt64 = 0) {
        self.from = from
        switch warmUp {
        case .none: (missing, warmAt, microseconds) = (Array(repeating: 0, count: slots), .min, 0)
        case .events(let count):
            (missing, warmAt, microseconds) = (Array(repeating: count, count: slots), .min, 0)
        case .seconds(let seconds):
            (missing, warmAt, microseconds) = (Array(repeating: 0, count: slots), nil, seconds * 1_000_000)
        }
    }

    /// As it stood at a position.
    package init(_ warmUp: WarmUp, missing: [Int64], warmAt: Int64?, ordersFrom from: UInt64 = 0) {
        self.init(warmUp, slots: missing.count, ordersFrom: from)
        self.missing = missing
        self.warmAt = warmAt
    }

    /// The first event's time begins the count.
    mutating func begin(at time: Int64) {
        guard warmAt == nil else { return }
        warmAt = time.addingReportingOverflow(microseconds).overflow ? .max : time + microseconds
    }

    /// An event of the slot is about to be handed over.
    mutating func count(_ slot: Int) { if missing[slot] > 0 { missing[slot] -= 1 } }

    /// Whether orders of the slot are taken at this event and its time.
    func isWarm(_ slot: Int, at time: Int64, event: UInt64) -> Bool {
        guard let warmAt, event >= from else { return false }
        return time >= warmAt && missing[slot] <= 0
    }

    /// Whether nothing is left to count.
    func isDone(at time: Int64, event: UInt64) -> Bool {
        guard let warmAt, event >= from else { return false }
        return time >= warmAt && missing.allSatisfy { $0 <= 0 }
    }
}

extension Warming {
    func write(into state: inout StateWriter) {
        state.put(each: missing) { $1.put($0) }
        state.put(warmAt != nil)
        state.put(warmAt ?? 0)
    }

    /// - Parameters: as the session's terms have them.
    init(_ warmUp: WarmUp, ordersFrom: UInt64, from state: inout StateReader) throws(StateError) {
        let missing = try state.take { (state) throws(StateError) in try state.take(Int64.self) }
        let isSet: Bool = try state.take()
        let time: Int64 = try state.take()
        self.init(warmUp, missing: missing, warmAt: isSet ? time : nil, ordersFrom: ordersFrom)
    }
}
