// Names that travel in topics, file names and ids. Everything is checked at the edge, once; inside, a
// validated name is never checked again.

/// Why a name was refused, as one sentence.
public struct InvalidName: Error, Equatable, CustomStringConvertible {
    public var description: String
    public init(_ description: String) { self.description = description }
}

/// The two kinds of names and their limits.
public enum NameRule: Sendable {
    /// Strategy, source and plugin ids: 1–40 of `[A-Za-z0-9._-]`.
    case identifier
    /// Order and trade ids, derived from the above: 1–64 of `[A-Za-z0-9._:-]`.
    case derived
    /// Symbols: 1–32 of `[A-Za-z0-9._-]`.
    case symbol

    @inlinable
    public var maximumLength: Int {
        switch self {
        case .identifier: 40
        case .derived: 64
        case .symbol: 32
        }
    }

    /// Whether these bytes are a name under this rule.
    @inlinable
    public func accepts(_ bytes: some Sequence<UInt8>) -> Bool {
        var count = 0
        for byte in bytes {
            count += 1
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2e, 0x5f, 0x2d: break
            case 0x3a where self == .derived: break
            default: return false
            }
        }
        return count >= 1 && count <= maximumLength
    }

    /// The name itself, or a sentence that says what is allowed.
    public func validated(_ name: String, as what: String) throws(InvalidName) -> String {
        guard accepts(name.utf8) else {
            throw InvalidName(
                "\(what) \"\(name)\" is not allowed: use 1 to \(maximumLength) of A-Z a-z 0-9 . _ -")
        }
        return name
    }
}

/// A symbol resolved to a dense number within one process, so that hot loops index arrays.
public struct SymbolIndex: Hashable, Sendable, Comparable {
    public var rawValue: Int32
    @inlinable
    public init(_ rawValue: Int32) { self.rawValue = rawValue }
    /// What events without a symbol (clock, end) carry.
    @inlinable
    public static var none: SymbolIndex { SymbolIndex(-1) }
    @inlinable
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
