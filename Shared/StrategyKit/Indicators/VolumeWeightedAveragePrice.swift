// Volume-weighted average price since the start or the last `reset`:
//
//     VWAP = sum of typical price · volume / sum of volume.
//
// Nil while no volume was traded. Call `reset` where a new session begins. Source: Berkowitz, Logue and
// Noser, The Total Cost of Transactions on the NYSE (1988), on bars by their typical price.

/// The average price of what was traded.
public struct VolumeWeightedAveragePrice: BarIndicator {
    private var amount = 0.0
    private var volume = 0.0

    public init() {}

    public var value: Double? { volume > 0 ? amount / volume : nil }

    public mutating func push(_ bar: IndicatorBar) {
        amount += bar.typicalPrice * bar.volume
        volume += bar.volume
    }

    /// Begins anew, as at the open.
    public mutating func reset() { self = VolumeWeightedAveragePrice() }
}
