// On-balance volume: begins with the first bar's volume; then the volume of a bar that closes higher is
// added, of one that closes lower subtracted. Source: Joseph Granville (1963), begun as TA-Lib's OBV.

/// Volume summed up by the direction of the close.
public struct OnBalanceVolume: BarIndicator {
    public private(set) var value: Double?
    private var lastClose = 0.0

    public init() {}

    public mutating func push(_ bar: IndicatorBar) {
        let total = value ?? bar.volume
        if value == nil || bar.close == lastClose {
            value = total
        } else {
            value = bar.close > lastClose ? total + bar.volume : total - bar.volume
        }
        lastClose = bar.close
    }
}
