// base^exponent in plain arithmetic: TradingCore imports no mathematics library, and the same bits come out
// on every machine.
//
// Accurate to about 1e-15 × (1 + |exponent × ln base|), which is far below what a metric shows.

/// - Precondition: the base is positive and finite.
func power(_ base: Double, _ exponent: Double) -> Double {
    precondition(base > 0 && base.isFinite, "a power has a positive base")
    return exponential(exponent * logarithm(base))
}

private let naturalLogOfTwo = 0.693147180559945309417232121458

/// ln x = k ln 2 + ln m with m from √½ to √2, and ln m = 2 artanh((m − 1) / (m + 1)) as a series.
func logarithm(_ value: Double) -> Double {
    var exponent = Double(value.exponent)
    var fraction = value.significand
    if fraction > 1.4142135623730951 {
        fraction /= 2
        exponent += 1
    }
    let ratio = (fraction - 1) / (fraction + 1)
    let square = ratio * ratio
    // |ratio| ≤ 0.172, so the term after the last is below 1e-17 of the sum.
    var sum = 0.0
    for odd in stride(from: 21.0, through: 1, by: -2) { sum = sum * square + 1 / odd }
    return exponent * naturalLogOfTwo + 2 * ratio * sum
}

/// e^x = 2^k e^r with |r| ≤ ½ ln 2, and e^r as a series.
func exponential(_ value: Double) -> Double {
    guard value < 710 else { return .infinity }
    guard value > -745 else { return 0 }
    let twos = (value / naturalLogOfTwo).rounded()
    // ln 2 in two parts, so that what is taken away is exact.
    let rest = (value - twos * 0.693147180369123816490) - twos * 1.90821492927058770002e-10
    var sum = 1.0
    for step in stride(from: 16.0, through: 1, by: -1) { sum = 1 + rest / step * sum }
    return Double(sign: .plus, exponent: Int(twos) / 2, significand: sum)
        * Double(sign: .plus, exponent: Int(twos) - Int(twos) / 2, significand: 1)
}
