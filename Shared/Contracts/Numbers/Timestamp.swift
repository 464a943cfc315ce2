/// A moment: whole microseconds since 1970-01-01 00:00 UTC. On the wire seconds with six decimals.
public struct Timestamp: Comparable, Hashable, Sendable, CustomStringConvertible {
    public var microseconds: Int64

    @inlinable
    public init(microseconds: Int64) { self.microseconds = microseconds }
    /// Whole seconds since 1970.
    @inlinable
    public init(seconds: Int64) { microseconds = seconds * 1_000_000 }

    @inlinable
    public static func < (left: Self, right: Self) -> Bool { left.microseconds < right.microseconds }
    @inlinable
    public func advanced(byMicroseconds duration: Int64) -> Timestamp {
        Timestamp(microseconds: microseconds + duration)
    }

    /// The wire form: `1381239000.123000`.
    public var description: String {
        let magnitude = microseconds.magnitude
        let (seconds, rest) = magnitude.quotientAndRemainder(dividingBy: 1_000_000)
        let digits = String(rest)
        let sign = microseconds < 0 ? "-" : ""
        return sign + "\(seconds)." + String(repeating: "0", count: 6 - digits.count) + digits
    }
}
