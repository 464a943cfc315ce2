// What the comparison with TA-Lib in Tests/Python does not show: windows against a plain calculation, no
// drift, and nothing before the last price that an indicator needs.

import Testing

@testable import StrategyKit

@Suite struct IndicatorTests {
    /// A seeded walk; the same in every run.
    private static func walk(_ count: Int, from start: Double) -> [Double] {
        var state: UInt64 = 42
        var price = start
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            price += Double(Int64(state >> 33) % 201 - 100) / 100
            return price
        }
    }

    @Test("moving extremes are those of the window", arguments: [1, 2, 3, 20])
    func extremes(length: Int) {
        let prices = Self.walk(2_000, from: 500)
        var lowest = RollingMinimum(length: length)
        var highest = RollingMaximum(length: length)
        for (index, price) in prices.enumerated() {
            lowest.push(price)
            highest.push(price)
            let window = prices[max(0, index + 1 - length)...index]
            #expect(lowest.value == (window.count < length ? nil : window.min()))
            #expect(highest.value == (window.count < length ? nil : window.max()))
        }
    }

    @Test("a million prices leave no drift in the sums")
    func drift() throws {
        let prices = Self.walk(1_000_000, from: 1_000_000)
        var moments = MovingMoments(length: 50)
        for price in prices { moments.push(price) }
        var anew = MovingMoments(length: 50)
        for price in prices.suffix(50) { anew.push(price) }
        #expect(abs(moments.mean - anew.mean) < 1e-9)
        #expect(abs(moments.variance - anew.variance) < 1e-9)
        #expect(abs(moments.weightedMean - anew.weightedMean) < 1e-9)
        #expect(abs(moments.slope - anew.slope) < 1e-9)
    }

    @Test("indicators have a value with the last price that they need and not before")
    func warmth() {
        let prices = Self.walk(40, from: 100)
        #expect(warmAfter(ExponentialMovingAverage(length: 9), prices) == 9)
        #expect(warmAfter(WeightedMovingAverage(length: 9), prices) == 9)
        #expect(warmAfter(RelativeStrengthIndex(length: 9), prices) == 10)
        #expect(warmAfter(MovingAverageConvergenceDivergence(), prices) == 34)
        #expect(warmAfter(BollingerBands(length: 9), prices) == 9)
        #expect(warmAfter(StandardDeviation(length: 9), prices) == 9)
        #expect(warmAfter(RateOfChange(length: 9), prices) == 10)
        #expect(warmAfter(LinearRegression(length: 9), prices) == 9)
        #expect(warmAfter(AverageTrueRange(length: 9), bars: prices) == 10)
        #expect(warmAfter(AverageDirectionalIndex(length: 9), bars: prices) == 18)
        #expect(warmAfter(StochasticOscillator(length: 9), bars: prices) == 13)
        #expect(warmAfter(CommodityChannelIndex(length: 9), bars: prices) == 9)
        #expect(warmAfter(OnBalanceVolume(), bars: prices) == 1)
        #expect(warmAfter(VolumeWeightedAveragePrice(), bars: prices) == 1)
        #expect(warmAfter(DonchianChannel(length: 9), bars: prices) == 9)
        #expect(warmAfter(KeltnerChannel(length: 9, rangeLength: 9), bars: prices) == 10)
    }

    @Test("a flat market divides by nothing")
    func flat() {
        let prices = Array(repeating: 100.0, count: 40)
        #expect(after(RelativeStrengthIndex(), prices) == 0)
        #expect(after(StandardDeviation(length: 9), prices) == 0)
        #expect(after(BollingerBands(length: 9), prices)?.upper == 100)
        #expect(after(LinearRegression(), prices)?.slope == 0)
        var index = CommodityChannelIndex()
        var stochastic = StochasticOscillator()
        var direction = AverageDirectionalIndex()
        for price in prices {
            let bar = IndicatorBar(high: price, low: price, close: price)
            index.push(bar)
            stochastic.push(bar)
            direction.push(bar)
        }
        #expect(index.value == 0)
        #expect(stochastic.value == .init(k: 0, d: 0))
        #expect(direction.value == .init(average: 0, plus: 0, minus: 0))
    }

    private func after<Indicator: PriceIndicator>(
        _ indicator: Indicator, _ prices: [Double]
    ) -> Indicator.Value? {
        var indicator = indicator
        for price in prices { indicator.push(price) }
        return indicator.value
    }

    private func warmAfter<Indicator: PriceIndicator>(_ indicator: Indicator, _ prices: [Double]) -> Int? {
        var indicator = indicator
        for (index, price) in prices.enumerated() {
            indicator.push(price)
            if indicator.value != nil { return index + 1 }
        }
        return nil
    }

    private func warmAfter<Indicator: BarIndicator>(_ indicator: Indicator, bars prices: [Double]) -> Int? {
        var indicator = indicator
        for (index, price) in prices.enumerated() {
            indicator.push(IndicatorBar(high: price + 1, low: price - 1, close: price, volume: 10))
            if indicator.value != nil { return index + 1 }
        }
        return nil
    }
}
