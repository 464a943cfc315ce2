import Testing

@testable import Contracts

struct FixedPointTests {
    @Test(
        "The canonical decimal is the shortest one",
        arguments: [
            (0, "0"), (1, "0.00000001"), (-1, "-0.00000001"), (100_000_000, "1"), (18_182_000_000, "181.82"),
            (-150_000_000, "-1.5"), (Int64.max, "92233720368.54775807"),
            (-Int64.max, "-92233720368.54775807"),
            (1_000_000_000, "10"), (10_000_000, "0.1"), (Int64.min, "-92233720368.54775808"),
        ] as [(Int64, String)])
    func canonical(_ units: Int64, _ text: String) { #expect(canonicalDecimal(units) == text) }

    @Test(
        "A quotient is rounded half to even",
        arguments: [
            (5, 10, 0), (15, 10, 2), (25, 10, 2), (35, 10, 4), (-5, 10, 0), (-15, 10, -2), (-25, 10, -2),
            (6, 10, 1),
            (-6, 10, -1), (4, 10, 0), (7, 3, 2), (8, 3, 3), (-7, 3, -2), (1, 3, 0), (3, 1, 3), (1, 2, 0),
            (3, 2, 2),
        ] as [(Int128, Int128, Int64)])
    func halfToEven(_ dividend: Int128, _ divisor: Int128, _ quotient: Int64) throws {
        #expect(try divideHalfToEven(dividend, by: divisor) == quotient)
    }

    @Test("Rounding agrees with its definition for random numbers of every size")
    func halfToEvenProperty() throws {
        var random = Seeded(5)
        for _ in 0..<20_000 {
            let divisor = Int128(random.next() >> UInt64.random(in: 0..<63, using: &random)) + 1
            let dividend = Int128(Int64(bitPattern: random.next())) * Int128(random.next() >> 40)
            guard let quotient = try? divideHalfToEven(dividend, by: divisor) else { continue }
            let twice = (dividend - Int128(quotient) * divisor).magnitude * 2
            #expect(twice <= divisor.magnitude)
            if twice == divisor.magnitude { #expect(quotient % 2 == 0) }
        }
    }

    @Test("Price times quantity is exact where it can be and refuses what leaves the range")
    func product() throws {
        #expect(
            try Price(units: 18_182_000_000).times(Quantity(whole: 100)) == Money(units: 1_818_200_000_000))
        #expect(try Price(units: 1).times(Quantity(units: 50_000_000)) == Money(units: 0))
        #expect(try Price(units: 3).times(Quantity(units: 50_000_000)) == Money(units: 2))
        #expect(throws: AmountOutOfRange()) { try Price(whole: 1_000_000).times(Quantity(whole: 1_000_000)) }
        #expect(throws: AmountOutOfRange()) { try Price(units: .max).adding(Price(units: 1)) }
        #expect(throws: AmountOutOfRange()) { try Price(units: -.max).subtracting(Price(units: 1)) }
        #expect(try Price(units: -.max).adding(Price(units: 1)).units == -.max + 1)
    }

    @Test("A time is shown with six decimals, before 1970 too")
    func times() {
        #expect(Timestamp(microseconds: 1_381_239_000_123_000).description == "1381239000.123000")
        #expect(Timestamp(microseconds: -1).description == "-0.000001")
        #expect(Timestamp(seconds: 5).advanced(byMicroseconds: 10).description == "5.000010")
    }
}
