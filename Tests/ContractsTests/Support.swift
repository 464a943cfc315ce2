import Testing

@testable import Contracts

/// A seeded generator, the same on every machine (splitmix64).
struct Seeded: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// Amounts of every size: mostly everyday ones, some with all decimals, some at the ends of the range.
    mutating func units() -> Int64 {
        switch Int.random(in: 0..<10, using: &self) {
        case 0: Int64.random(in: -Int64.max...Int64.max, using: &self)
        case 1: [0, 1, -1, Int64.max, -Int64.max, 100_000_000, 99_999_999].randomElement(using: &self) ?? 0
        case 2: Int64.random(in: -1_000_000_000...1_000_000_000, using: &self)
        default: Int64.random(in: -4_000_000...4_000_000, using: &self) * 1_000_000
        }
    }

    mutating func size() -> Int64 { abs(units()) }

    mutating func time() -> Timestamp {
        Timestamp(microseconds: Int64.random(in: -1_000_000_000...4_000_000_000_000_000, using: &self))
    }

    mutating func number() -> UInt64 { next() >> UInt64.random(in: 1..<64, using: &self) }

    mutating func name(_ length: ClosedRange<Int>) -> String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
        return String(
            (0..<Int.random(in: length, using: &self)).map { _ in letters.randomElement(using: &self) ?? "a" }
        )
    }

    /// Text with everything that must be escaped, and what must not.
    mutating func text() -> String {
        let pieces = [
            "a", "\"", "\\", "/", "\n", "\u{0}", "\u{1f}", "\u{7f}", "é", "€", "😀", "\u{2028}", " ", "\t",
        ]
        return (0..<Int.random(in: 0...12, using: &self)).map { _ in pieces.randomElement(using: &self) ?? ""
        }
        .joined()
    }

    mutating func equity() -> EquityEvent {
        let holdings = (0..<Int.random(in: 0...3, using: &self)).map { _ in
            EquityEvent.Holding(
                symbol: name(1...32), position: Quantity(units: units()), price: Price(units: units()))
        }
        return EquityEvent(
            strategyID: name(1...40), number: number(), strategySeq: number(), timestamp: time(),
            equity: Money(units: units()), cash: Money(units: units()), currency: "USD",
            periodsPerYear: Bool.random(using: &self) ? 252 : 365, holdings: holdings)
    }

    mutating func stamp() -> EventStamp {
        EventStamp(seq: number(), prev: number(), publishedAt: time())
    }
}

func header() throws -> EnvelopeHeader { try EnvelopeHeader(source: "simulator", epoch: "k3v9q2") }

func withBytes<R>(_ text: String, _ body: (UnsafeRawBufferPointer) throws(JSONError) -> R) throws(JSONError)
    -> R
{
    try withBytes(Array(text.utf8), body)
}

func withBytes<R>(_ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(JSONError) -> R) throws(JSONError)
    -> R
{
    try bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) in try body(UnsafeRawBufferPointer(buffer))
    }
}

/// The error that reading throws, or nil.
func refusal<R>(_ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(JSONError) -> R) -> JSONError? {
    do {
        _ = try withBytes(bytes, body)
        return nil
    } catch {
        return error
    }
}

/// What a writer makes of a body.
func written(_ body: (inout JSONWriter) -> Void) -> String {
    var writer = JSONWriter(capacity: 64)
    body(&writer)
    return writer.string
}

/// The same object as another writer may produce it: keys in another order, white space, unknown fields,
/// escapes.
func disguised(_ json: String, _ random: inout Seeded) throws -> String {
    func write(_ value: JSONValue) -> String {
        let space = [" ", "", "\n\t", "\r\n "].randomElement(using: &random) ?? ""
        switch value {
        case .object(var members):
            if members.first?.name == "type" || members.first?.name == "position" {
                members.append(.init("x_unknown", .object([.init("deep", [1, .string("\u{1}😀"), .null])])))
                members.append(.init("future\"field", .number("-1.5E-7")))
            }
            members.shuffle(using: &random)
            let fields = members.map { member in
                var name = ""
                for scalar in member.name.unicodeScalars {
                    let isEscaped = Int.random(in: 0..<20, using: &random) == 0 || scalar == "\""
                    let code = String(scalar.value, radix: 16)
                    name +=
                        isEscaped
                        ? "\\u" + String(repeating: "0", count: 4 - code.count) + code : String(scalar)
                }
                return "\(space)\"\(name)\"\(space):\(space)\(write(member.value))"
            }
            return "{\(fields.joined(separator: "\(space),"))\(space)}"
        case .array(let elements):
            return "[\(space)\(elements.map(write).joined(separator: "\(space),\(space)"))\(space)]"
        case .number(let digits) where !digits.contains(where: { "eE".contains($0) }):
            // More zeros behind a fraction, or an exponent, change nothing.
            switch Int.random(in: 0..<6, using: &random) {
            case 0 where digits.contains("."): return digits + "00"
            case 1: return digits + "e0"
            case 2: return digits + "E+00"
            default: return digits
            }
        default: return value.text
        }
    }
    return write(try JSONValue(parsing: json))
}

extension JSONValue: ExpressibleByArrayLiteral {
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
}
