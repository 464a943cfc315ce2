// What all indicators have in common.
//
// An indicator is a value: it takes prices or bars one by one and has a value once it is warm, nil before.
// Each takes constant time a price, whatever its length, and allocates only when it is made; where that is
// not quite so its header says it. Sums over a window are made anew once a length (`MovingMoments`), so
// nothing drifts in a strategy that runs for months.
//
// Indicators calculate in `Double`: they are what a strategy looks at, never an amount. A strategy that must
// decide alike in every language compares integers instead, as `SimpleMovingAverage.compare(with:)` does.

import Contracts

/// An indicator of one series of prices.
public protocol PriceIndicator: Sendable {
    associatedtype Value: Sendable
    /// Nil until enough prices were seen.
    var value: Value? { get }
    /// Takes the next price.
    mutating func push(_ price: Double)
}

extension PriceIndicator {
    /// Takes the next price.
    public mutating func push(_ price: Price) { push(price.approximate) }
}

/// An indicator that needs the range or the volume of a bar.
public protocol BarIndicator: Sendable {
    associatedtype Value: Sendable
    /// Nil until enough bars were seen.
    var value: Value? { get }
    /// Takes the next bar.
    mutating func push(_ bar: IndicatorBar)
}

extension BarIndicator {
    /// Takes the next bar as the platform hands it over.
    public mutating func push(_ bar: MarketData) { push(IndicatorBar(bar)) }
}

/// A bar as indicators see it.
public struct IndicatorBar: Sendable, Equatable {
    public var high: Double
    public var low: Double
    public var close: Double
    public var volume: Double

    public init(high: Double, low: Double, close: Double, volume: Double = 0) {
        self.high = high
        self.low = low
        self.close = close
        self.volume = volume
    }

    /// Of a bar its prices; of a quote or trade its price as high, low and close.
    public init(_ data: MarketData) {
        let isBar = data.kind == .bar
        close = data.price.approximate
        high = isBar ? data.high.approximate : close
        low = isBar ? data.low.approximate : close
        volume = Double(data.volume.units) / Double(unitsPerOne)
    }

    /// (high + low + close) / 3.
    public var typicalPrice: Double { (high + low + close) / 3 }
}

extension Price {
    /// The nearest `Double`, for indicators.
    public var approximate: Double { Double(units) / Double(unitsPerOne) }
}
