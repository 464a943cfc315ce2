"""Python strategies in the platform itself: the project's original interface as it was written, numpy inside the
memory limit, and every question of the platform against the JSON Schema of the protocol."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import textwrap
import unittest

import stack

SCHEMA = stack.ROOT / "Shared" / "Python" / "plugin-protocol.schema.json"

# The file as the project's first description has it: no import of ours, only the class.
ORIGINAL = """
class MyStrategy(TradingStrategyPlugin):
    def initialize(self, config: Dict) -> bool:
        self.size = config.get("size", 10)
        self.executed = 0
        print("initialized for", config["symbols"])
        return True

    def on_market_data(self, market_data: MarketData) -> Optional[TradeSignal]:
        if market_data.ask is None or market_data.bid_size is None:
            return None
        wanted = "buy" if int(market_data.timestamp) % 2 else "sell"
        if self.context.open_orders(market_data.symbol):
            return None
        return TradeSignal(symbol=market_data.symbol, side=wanted, quantity=self.size,
                           price=market_data.price, timestamp=market_data.timestamp)

    def on_trade_executed(self, trade) -> None:
        self.executed += 1

    def cleanup(self) -> None:
        print("executed", self.executed)
"""

# The same rule with dictionaries.
DICTIONARY = """
from tradingrobotplug import BaseStrategy

class Mine(BaseStrategy):
    def on_market_data(self, market_data: dict):
        if market_data.get("ask") is None or market_data.get("bid_size") is None:
            return None
        if self.context.open_orders(market_data["symbol"]):
            return None
        return {"symbol": market_data["symbol"], "side": "buy" if int(market_data["timestamp"]) % 2 else "sell",
                "quantity": 10, "price": market_data["price"], "timestamp": market_data["timestamp"]}
"""

NUMPY = """
import numpy
from tradingrobotplug import TradeSignal, TradingStrategyPlugin

class Regression(TradingStrategyPlugin):
    requires = {"modules": ["numpy"], "platform": "0.1.0"}

    def initialize(self, config):
        self.prices = []
        print("numpy", numpy.__version__, float(numpy.linalg.norm(numpy.ones((300, 300)) @ numpy.ones((300, 300)))))

    def on_market_data(self, data):
        self.prices.append(data.price)
        if len(self.prices) < 50 or self.context.open_orders(data.symbol):
            return None
        slope = numpy.polyfit(numpy.arange(50), numpy.array(self.prices[-50:]), 1)[0]
        position = self.context.position(data.symbol)
        if slope > 0 and position <= 0:
            return TradeSignal(data.symbol, "buy", numpy.float64(10), data.price, data.timestamp)
        if slope < 0 and position >= 0:
            return TradeSignal(data.symbol, "sell", numpy.int64(10), data.price, data.timestamp)
        return None
"""

# Holds every question against the schema, in front of the package's own reader.
CHECKED = """
import json
import jsonschema
import tradingrobotplug.host as host
from tradingrobotplug import TradingStrategyPlugin

schema = json.load(open("SCHEMA"))
checker = jsonschema.Draft202012Validator({"$ref": "#/$defs/question", "$defs": schema["$defs"]})
kinds = set()

def checked(line, decode=host._decode):
    question, end = decode(line)
    checker.validate(question)
    kinds.add(question["type"])
    kinds.update(event["kind"] for event in question.get("events", ()))
    return question, end

host._decode = checked

class Busy(TradingStrategyPlugin):
    seen = 0
    warm_up = {"events": 30}

    def on_market_data(self, data):
        self.seen += 1
        if self.seen % 9 == 0:
            self.context.set_timer(0.5)
        if self.context.is_warm(data.symbol) and self.context.open_orders() < 2:
            self.context.submit(data.symbol, ("buy", "sell")[self.seen % 2], 10, "limit", price=round(data.price, 2))

    def on_timer(self, timer):
        if self.context.working_orders:
            self.context.cancel(self.context.working_orders[0].order)

    def snapshot(self):
        return self.seen

    def restore(self, state):
        self.seen = state

    def cleanup(self):
        print("asked:", *sorted(kinds))
"""


@unittest.skipUnless(stack.are_built(), stack.NO_EXECUTABLES)
class PluginTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.place = pathlib.Path(self.folder.name)
        (self.place / "data.csv").write_text(stack.made_rows(1500, seed=3))

    def robot(self, *arguments):
        # This interpreter, which has the packages that the tests need.
        return subprocess.run(
            [stack.EXECUTABLES / "trading-robot", *arguments], capture_output=True, text=True, timeout=300,
            stdin=subprocess.DEVNULL, env=dict(os.environ, TRADING_ROBOT_PYTHON=sys.executable))

    def write(self, name, source):
        (self.place / f"{name}.py").write_text(textwrap.dedent(source))

    def backtest(self, plugin, *flags):
        done = self.robot("backtest", "--data", str(self.place / "data.csv"), "--plugins", self.folder.name,
                          "--ledger", "-", "--strategy", f"s={plugin}:ACME", *flags)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout, done.stderr

    def test_the_original_interface_runs_as_it_was_written(self):
        self.write("original", ORIGINAL)
        self.write("dictionary", DICTIONARY)
        ledger, log = self.backtest("original")
        trades = ledger.splitlines()
        self.assertGreater(len(trades), 50)
        self.assertIn("s: initialized for ['ACME']", log)
        self.assertIn(f"s: executed {len(trades)}", log)
        self.assertEqual(self.backtest("dictionary")[0], ledger, "both forms make one ledger")

    def test_numpy_works_within_the_memory_limit(self):
        try:
            import numpy  # noqa: F401
        except ImportError:
            self.skipTest("SKIP numpy: it is not installed")
        self.write("regression", NUMPY)
        ledger, log = self.backtest("regression")
        self.assertGreater(len(ledger.splitlines()), 10)
        self.assertIn("s: numpy ", log)
        checked = self.robot("plugins", "check", str(self.place / "regression.py"))
        self.assertEqual(checked.returncode, 0, checked.stdout)

    def test_every_question_is_of_the_schema(self):
        try:
            import jsonschema  # noqa: F401
        except ImportError:
            self.skipTest("SKIP jsonschema: it is not installed")
        # Beside the plugin, where it may read it.
        (self.place / "schema.json").write_text(SCHEMA.read_text())
        self.write("checked", CHECKED.replace("SCHEMA", str(self.place / "schema.json")))
        _, log = self.backtest("checked")
        said = next(line for line in log.splitlines() if line.startswith("s: asked:")).split()
        for kind in ("initialize", "events", "report", "timer", "cleanup", "quote", "trade"):
            self.assertIn(kind, said)
        # The check begins it from its snapshot, too.
        checked = self.robot("plugins", "check", str(self.place / "checked.py"))
        self.assertEqual(checked.returncode, 0, checked.stdout)
        self.assertIn("begun from its snapshot", checked.stdout)

    def test_the_schema_refuses_what_is_not_of_the_protocol(self):
        try:
            import jsonschema
        except ImportError:
            self.skipTest("SKIP jsonschema: it is not installed")
        schema = json.loads(SCHEMA.read_text())
        question = jsonschema.Draft202012Validator({"$ref": "#/$defs/question", "$defs": schema["$defs"]})
        answer = jsonschema.Draft202012Validator(schema)
        for line in ({"type": "events", "id": 1, "events": []}, {"type": "timer", "id": 1}, {"type": "hullo"},
                     {"type": "restore", "id": 1, "config": {}, "cash": 1, "cash_e8": 1, "state": ""}):
            self.assertFalse(question.is_valid(line), line)
        for line in ({"type": "done"}, {"type": "done", "id": 1, "more": 2}, {"type": "log", "level": "loud", "text": ""}):
            self.assertFalse(answer.is_valid(line), line)
        self.assertTrue(answer.is_valid({"type": "done", "id": 1, "state": "AQID"}))


if __name__ == "__main__":
    unittest.main()
