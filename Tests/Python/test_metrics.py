"""Our metrics against empyrical-reloaded and quantstats, on real daily bars and on random ledgers, and against
formulas written out here where no library has the figure. Differences of convention are listed in
Shared/TradingCore/Performance/README.md. SEED=N begins the random ledgers elsewhere; FULL=1 makes 10,000 of them.
"""
import datetime
import decimal
import fractions
import io
import json
import math
import os
import pathlib
import tempfile
import unittest
import zipfile

import random_ledger
import stack

try:
    import empyrical
    import pandas
    import quantstats
    LIBRARIES = True
except ImportError:
    LIBRARIES = False

NO_LIBRARIES = "SKIP metrics: empyrical-reloaded and quantstats are not installed; see requirements-metrics.txt"
LEDGERS = 10_000 if stack.IS_FULL else 400
TOLERANCE = 1e-9
DAY = 86_400
LEAN = stack.DATA / "lean"


def libraries(equity, start, days, year):
    """Figures of the libraries by our names: a list for each, one of every library that has it."""
    units = [start] + equity
    index = pandas.DatetimeIndex([pandas.Timestamp(day * DAY, unit="s") for day in days])
    # The difference of whole units is exact; that of floats would be noise where an account hardly moves.
    returns = pandas.Series([(b - a) / a for a, b in zip(units, units[1:])], index=index)
    e, q = empyrical, quantstats.stats
    return {
        "total_return": [e.cum_returns_final(returns), q.comp(returns)],
        "cagr": [e.cagr(returns, annualization=year), q.cagr(returns, periods=year)],
        "volatility": [e.annual_volatility(returns, annualization=year), q.volatility(returns, periods=year)],
        "sharpe": [e.sharpe_ratio(returns, annualization=year), q.sharpe(returns, periods=year)],
        "sortino": [e.sortino_ratio(returns, annualization=year), q.sortino(returns, periods=year)],
        # quantstats divides by a drawdown of zero.
        "calmar": [e.calmar_ratio(returns, annualization=year)]
        + ([q.calmar(returns, periods=year)] if q.max_drawdown(returns) < 0 else []),
        "daily_max_drawdown": [-e.max_drawdown(returns), -q.max_drawdown(returns)],
        "value_at_risk_95": [e.value_at_risk(returns)],
        "conditional_value_at_risk_95": [e.conditional_value_at_risk(returns)],
        "cagr_calendar": [
            (units[-1] / units[0]) ** (365.25 / (days[-1] - days[0] + 1)) - 1],
    }, returns


def events_of(lines):
    """Trades and marks with their amounts in whole units of 1e-8."""
    def unit(number):
        value = decimal.Decimal(number) * random_ledger.UNIT
        return int(value)

    events = [json.loads(line, parse_float=unit, parse_int=unit) for line in lines]
    return ([event for event in events if event["type"] == "trade"],
            [event for event in events if event["type"] == "equity"])


def daily(trades, marks):
    """Starting cash, days and equity at the last trade or mark of each, in whole units of 1e-8."""
    events = sorted(
        [((t["strategy_seq"], 0), t) for t in trades] + [((m["strategy_seq"], m["number"]), m) for m in marks],
        key=lambda pair: pair[0])
    held, price, start, by_day = {}, {}, None, {}
    for _, event in events:
        if event["type"] == "trade":
            value = worth_of(event["price"], event["quantity"]) * (1 if event["side"] == "buy" else -1)
            cash = event["performance_data"]["cash"]
            start = cash + value + event["fee"] if start is None else start
            held[event["symbol"]] = event["performance_data"]["position"]
            price[event["symbol"]] = event["price"]
        else:
            start = event["equity"] if start is None else start
            cash = event["cash"]
            for holding in event["positions"]:
                price[holding["symbol"]] = holding["price"]
        worth = cash + sum(worth_of(price[symbol], amount) for symbol, amount in held.items() if amount)
        assert event["type"] == "trade" or worth == event["equity"], "the mark is the account at its prices"
        by_day[event["timestamp"] // random_ledger.UNIT // DAY] = worth
    return start, list(by_day), list(by_day.values())


def worth_of(price, quantity):
    return random_ledger.half_even(fractions.Fraction(price * quantity, random_ledger.UNIT))


@unittest.skipUnless(LIBRARIES, NO_LIBRARIES)
@unittest.skipUnless(stack.are_built(), stack.NO_EXECUTABLES)
def rounding(returns):
    """What is uncertain of the libraries' largest fall, as a share of it: they multiply returns, and of a fall of a
    millionth the last digits of the product are a billionth."""
    wealth = (1 + returns).cumprod()
    fall = float((1 - wealth / wealth.cummax().clip(lower=1)).max())
    return len(returns) * 2.3e-16 / fall if fall > 0 else 0.0


class MetricsTest(unittest.TestCase):
    def near(self, ours, theirs, what, noise=0.0):
        allowed = max(TOLERANCE, noise) * max(1, abs(theirs))
        self.assertLessEqual(abs(ours - theirs), allowed, f"{what}: {ours} for {theirs}")

    def check(self, name, ours, theirs, returns, what):
        if ours is None:
            # Absent, where the libraries have NaN, infinity, zero, or the noise of equal returns.
            spread = returns.max() - returns.min()
            nothing = len(returns) < 2 or spread < 1e-12 or not (returns < 0).any() or not math.isfinite(theirs)
            self.assertTrue(nothing, f"{what}: {name} is absent for {theirs}")
        elif math.isfinite(theirs):
            self.near(ours, theirs, f"{what}: {name}", rounding(returns) if name == "calmar" else 0.0)
        else:
            self.fail(f"{what}: {name} is {ours} for {theirs}")

    def compare(self, figures, trades, marks, what):
        start, days, equity = daily(trades, marks)
        self.near(figures["end_equity"], equity[-1] / random_ledger.UNIT, f"{what}: end_equity")
        self.assertEqual(figures["days"], len(days), what)
        if len(days) < 2 or min([start] + equity[:-1]) <= 0:
            self.assertIsNone(figures["sharpe"], what)
            return 0
        expected, returns = libraries(equity, start, days, figures["periods_per_year"])
        for name, values in expected.items():
            for theirs in values:
                self.check(name, figures[name], float(theirs), returns, what)
        return len(expected)

    def metrics(self, folder, *lines):
        """The report on ledgers given as lines."""
        path = pathlib.Path(folder) / "ledger.jsonl"
        path.write_text("\n".join(line for group in lines for line in group) + "\n")
        outcome = stack.robot("metrics", "--json", str(path))
        self.assertEqual(outcome.returncode, 0, outcome.stderr)
        return json.loads(outcome.stdout)

    def test_random_ledgers(self):
        seed, compared = int(os.environ.get("SEED", "20261")), 0
        for first in range(0, LEDGERS, 500):
            made = [random_ledger.make(f"r{seed + n}", seed + n) for n in range(first, min(first + 500, LEDGERS))]
            with tempfile.TemporaryDirectory() as folder:
                report = self.metrics(folder, *(ledger.lines for ledger in made))
            by_id = {figures["id"]: figures for figures in report["strategies"]}
            self.assertEqual(len(by_id), len(made))
            for ledger in made:
                what = f"SEED={ledger.name[1:]}"
                compared += self.compare(by_id[ledger.name], *events_of(ledger.lines), what)
                for name, expected in ledger.figures().items():
                    ours = by_id[ledger.name][name]
                    self.assertEqual(ours is None, expected is None, f"{what}: {name} {ours} {expected}")
                    if expected is not None:
                        self.near(ours, expected, f"{what}: {name}")
        self.assertGreater(compared, LEDGERS * 5, "the random ledgers have too few days to prove anything")

    @unittest.skipUnless(LEAN.exists(), stack.NO_DATA)
    def test_holding_real_daily_bars(self):
        """Bought at the first close and held: the returns of the bars themselves."""
        files = sorted(LEAN.glob("*/*/daily/*.zip"))
        self.assertGreater(len(files), 1)
        for path in files:
            with zipfile.ZipFile(path) as archive:
                rows = io.TextIOWrapper(archive.open(archive.namelist()[0])).read().splitlines()
            scale = 10_000 if "equity" in path.parts else 1
            bars = [(row.split(",")[0], float(row.split(",")[4])) for row in rows]
            closes = [(day[:8], f"{close / scale:.8f}".rstrip("0").rstrip(".")) for day, close in bars]
            with self.subTest(file=str(path.relative_to(LEAN))), tempfile.TemporaryDirectory() as folder:
                ledger = random_ledger.Ledger("held", cash="1000000000", year=252)
                for number, (day, close) in enumerate(closes):
                    date = datetime.datetime.strptime(day, "%Y%m%d").replace(tzinfo=datetime.timezone.utc)
                    if number == 0:
                        ledger.trade("buy", "1000", close, "1", date.timestamp() + 60)
                    ledger.mark({"X": close}, date.timestamp() + 70)
                report = self.metrics(folder, ledger.lines)
                compared = self.compare(report["strategies"][0], *events_of(ledger.lines), path.name)
                self.assertGreater(compared, 0)

    @unittest.skipUnless(LEAN.exists(), stack.NO_DATA)
    def test_backtest_on_real_daily_bars(self):
        for symbol, fast, slow in [("SPY", 20, 50), ("AAPL", 5, 15)]:
            data = LEAN / "equity" / "usa" / "daily" / f"{symbol.lower()}.zip"
            with self.subTest(symbol=symbol), tempfile.TemporaryDirectory() as root:
                folder = pathlib.Path(root)
                outcome = stack.robot(
                    "backtest", "--data", str(data), "--json", "--ledger", str(folder / "trades"),
                    "--equity", str(folder / "marks"), "--strategy",
                    f"sma=sma-crossover:{symbol}:fast={fast},slow={slow}")
                self.assertEqual(outcome.returncode, 0, outcome.stderr)
                figures = json.loads(outcome.stdout)["strategies"][0]
                lines = [(folder / name).read_text().splitlines() for name in ("trades", "marks")]
                self.assertGreater(len(lines[0]), 50)
                self.assertGreater(self.compare(figures, *events_of(lines[0] + lines[1]), symbol), 0)
                again = stack.robot("metrics", "--json", str(folder / "trades"), str(folder / "marks"))
                self.assertEqual(json.loads(again.stdout)["strategies"], [figures])


if __name__ == "__main__":
    unittest.main()
