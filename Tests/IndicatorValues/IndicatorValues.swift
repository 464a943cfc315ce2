// Every indicator over the bars on standard input, for `Tests/Python/test_indicators.py`: a line
// "high,low,close,volume" in, a line "name=value …" out. An indicator that is not warm yet is left out.

import StrategyKit

/// Every indicator once, with the lengths that the test in Python knows.
struct Panel {
    var simple = SimpleMovingAverage(length: 20)
    var exponential = ExponentialMovingAverage(length: 20)
    var weighted = WeightedMovingAverage(length: 20)
    var strength = RelativeStrengthIndex(length: 14)
    var convergence = MovingAverageConvergenceDivergence(fast: 12, slow: 26, signal: 9)
    var bollinger = BollingerBands(length: 20, deviations: 2)
    var deviation = StandardDeviation(length: 20)
    var change = RateOfChange(length: 10)
    var regression = LinearRegression(length: 14)
    var lowest = RollingMinimum(length: 20)
    var highest = RollingMaximum(length: 20)
    var range = AverageTrueRange(length: 14)
    var direction = AverageDirectionalIndex(length: 14)
    var stochastic = StochasticOscillator(length: 14, smoothing: 3, signal: 3)
    var channelIndex = CommodityChannelIndex(length: 20)
    var balance = OnBalanceVolume()
    var average = VolumeWeightedAveragePrice()
    var donchian = DonchianChannel(length: 20)
    var keltner = KeltnerChannel(length: 20, rangeLength: 10, ranges: 2)

    mutating func push(_ bar: IndicatorBar) {
        simple.push(Price(units: Int64((bar.close * 1e8).rounded())))
        exponential.push(bar.close)
        weighted.push(bar.close)
        strength.push(bar.close)
        convergence.push(bar.close)
        bollinger.push(bar.close)
        deviation.push(bar.close)
        change.push(bar.close)
        regression.push(bar.close)
        lowest.push(bar.close)
        highest.push(bar.close)
        range.push(bar)
        direction.push(bar)
        stochastic.push(bar)
        channelIndex.push(bar)
        balance.push(bar)
        average.push(bar)
        donchian.push(bar)
        keltner.push(bar)
    }

    var line: String {
        let values: [(String, Double?)] = [
            ("sma", simple.value), ("ema", exponential.value), ("wma", weighted.value),
            ("rsi", strength.value), ("macd", convergence.value?.line),
            ("macd_signal", convergence.value?.signal), ("macd_histogram", convergence.value?.histogram),
            ("bollinger_upper", bollinger.value?.upper), ("bollinger_middle", bollinger.value?.middle),
            ("bollinger_lower", bollinger.value?.lower), ("stddev", deviation.value), ("roc", change.value),
            ("linearreg", regression.value?.end), ("linearreg_slope", regression.value?.slope),
            ("min", lowest.value), ("max", highest.value), ("atr", range.value),
            ("adx", direction.value?.average), ("plus_di", direction.value?.plus),
            ("minus_di", direction.value?.minus), ("stoch_k", stochastic.value?.k),
            ("stoch_d", stochastic.value?.d), ("cci", channelIndex.value), ("obv", balance.value),
            ("vwap", average.value), ("donchian_upper", donchian.value?.upper),
            ("donchian_lower", donchian.value?.lower), ("donchian_middle", donchian.value?.middle),
            ("keltner_upper", keltner.value?.upper), ("keltner_middle", keltner.value?.middle),
            ("keltner_lower", keltner.value?.lower),
        ]
        return values.compactMap { name, value in value.map { "\(name)=\($0)" } }.joined(separator: " ")
    }
}

@main
enum IndicatorValues {
    static func main() {
        var panel = Panel()
        while let line = readLine() {
            let fields = line.split(separator: ",").compactMap { Double($0) }
            precondition(fields.count == 4, "a line is high,low,close,volume: \(line)")
            panel.push(IndicatorBar(high: fields[0], low: fields[1], close: fields[2], volume: fields[3]))
            print(panel.line)
        }
    }
}
