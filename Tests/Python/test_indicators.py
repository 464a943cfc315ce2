"""StrategyKit's indicators against TA-Lib on real daily and minute bars; those that TA-Lib lacks against
their formulas in numpy. The Swift side is the executable `indicator-values`."""
import pathlib
import subprocess
import unittest
import zipfile

import stack

try:
    import numpy
    import talib
except ImportError:
    numpy = talib = None

PROGRAM = stack.EXECUTABLES / "indicator-values"
LEAN = stack.DATA / "lean" / "equity" / "usa"
TOLERANCE = 1e-9


def bars(path: pathlib.Path):
    """high, low, close, volume of the rows of one or more LEAN bar zips."""
    rows = []
    for file in [path] if path.is_file() else sorted(path.glob("*_trade.zip")):
        with zipfile.ZipFile(file) as archive:
            for line in archive.read(archive.namelist()[0]).decode().splitlines():
                fields = line.split(",")
                rows.append([int(text) / 10_000 for text in fields[2:5]] + [float(fields[5])])
    return numpy.array(rows).T


def calculated(high, low, close, volume):
    """name -> one value a bar of `indicator-values`, NaN where it is not warm."""
    rows = zip(high.tolist(), low.tolist(), close.tolist(), volume.tolist())
    text = "".join("%r,%r,%r,%r\n" % row for row in rows)
    outcome = subprocess.run([PROGRAM], input=text, capture_output=True, text=True, check=True, timeout=120)
    lines = outcome.stdout.splitlines()
    assert len(lines) == len(close), f"{len(lines)} lines for {len(close)} bars"
    found = {}
    for place, line in enumerate(lines):
        for name, value in (item.split("=") for item in line.split()):
            found.setdefault(name, numpy.full(len(close), numpy.nan))[place] = float(value)
    return found


def sliding(series, length, reduce):
    windows = numpy.lib.stride_tricks.sliding_window_view(series, length)
    return numpy.concatenate([numpy.full(length - 1, numpy.nan), reduce(windows, axis=1)])


def expected(high, low, close, volume):
    upper, middle, lower = talib.BBANDS(close, 20, 2, 2)
    macd, signal, histogram = talib.MACD(close, 12, 26, 9)
    k, d = talib.STOCH(high, low, close, 14, 3, 0, 3, 0)
    typical = (high + low + close) / 3
    known = {
        "sma": talib.SMA(close, 20), "ema": talib.EMA(close, 20), "wma": talib.WMA(close, 20),
        "rsi": talib.RSI(close, 14), "macd": macd, "macd_signal": signal, "macd_histogram": histogram,
        "bollinger_upper": upper, "bollinger_middle": middle, "bollinger_lower": lower,
        "stddev": talib.STDDEV(close, 20), "roc": talib.ROC(close, 10),
        "linearreg": talib.LINEARREG(close, 14), "linearreg_slope": talib.LINEARREG_SLOPE(close, 14),
        "min": talib.MIN(close, 20), "max": talib.MAX(close, 20), "atr": talib.ATR(high, low, close, 14),
        "adx": talib.ADX(high, low, close, 14), "plus_di": talib.PLUS_DI(high, low, close, 14),
        "minus_di": talib.MINUS_DI(high, low, close, 14), "stoch_k": k, "stoch_d": d,
        "cci": talib.CCI(high, low, close, 20), "obv": talib.OBV(close, volume),
        "vwap": numpy.cumsum(typical * volume) / numpy.cumsum(volume),
        "donchian_upper": sliding(high, 20, numpy.max), "donchian_lower": sliding(low, 20, numpy.min),
        "keltner_middle": talib.EMA(close, 20),
    }
    known["donchian_middle"] = (known["donchian_upper"] + known["donchian_lower"]) / 2
    width = 2 * talib.ATR(high, low, close, 10)
    known["keltner_upper"] = known["keltner_middle"] + width
    known["keltner_lower"] = known["keltner_middle"] - width
    return known


def largest_difference(found, wanted):
    """Relative to the value, at least to 1; infinite where one is warm and the other not."""
    if (numpy.isnan(found) != numpy.isnan(wanted)).any():
        return numpy.inf
    warm = ~numpy.isnan(wanted)
    return (numpy.abs(found - wanted)[warm] / numpy.maximum(1, numpy.abs(wanted[warm]))).max()


@unittest.skipUnless(talib, "SKIP talib: the package TA-Lib is not installed")
@unittest.skipUnless(PROGRAM.exists(), stack.NO_EXECUTABLES)
class IndicatorTest(unittest.TestCase):
    def compare(self, folder: str, at_least: int):
        if not (LEAN / folder).exists():
            self.skipTest(stack.NO_DATA)
        series = bars(LEAN / folder)
        self.assertGreaterEqual(series.shape[1], at_least)
        found, wanted = calculated(*series), expected(*series)
        self.assertEqual(sorted(found), sorted(wanted))
        for name in sorted(wanted):
            with self.subTest(indicator=name, bars=folder):
                # Directional indicators of TA-Lib begin before its ADX, ours with it.
                if name in ("plus_di", "minus_di"):
                    wanted[name][numpy.isnan(wanted["adx"])] = numpy.nan
                self.assertLessEqual(largest_difference(found[name], wanted[name]), TOLERANCE)

    def test_daily_bars_of_spy(self):
        self.compare("daily/spy.zip", 2_000)

    def test_daily_bars_of_aapl(self):
        self.compare("daily/aapl.zip", 2_000)

    def test_minute_bars_of_spy(self):
        self.compare("minute/spy", 1_000)

    def test_the_comparison_finds_a_small_difference(self):
        values = numpy.array([numpy.nan, 100.0, 200.0])
        self.assertEqual(largest_difference(values, values), 0)
        self.assertGreater(largest_difference(values * (1 + 3e-9), values), TOLERANCE)
        self.assertEqual(largest_difference(numpy.array([1.0, 100.0, 200.0]), values), numpy.inf)


if __name__ == "__main__":
    unittest.main()
