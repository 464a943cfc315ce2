"""The package as the platform uses it: a file, started as a process, asked line by line."""

import copy
import json
import os
import pathlib
import pickle
import subprocess
import sys
import tempfile
import textwrap
import unittest
from decimal import Decimal

HERE = pathlib.Path(__file__).resolve().parent
PACKAGE = HERE.parent
sys.path.insert(0, str(PACKAGE))

from tradingrobotplug import MarketData, to_e8  # noqa: E402

SCHEMA = json.loads((PACKAGE / "plugin-protocol.schema.json").read_text())

# As the project's first description of a plugin has it.
ORIGINAL = """
from typing import Dict, Optional
from tradingrobotplug import MarketData, TradeSignal, TradingStrategyPlugin

class MyStrategy(TradingStrategyPlugin):
    def initialize(self, config: Dict) -> None:
        self.limit = config.get("limit", 100.0)
        print("initialized with", sorted(config))

    def on_market_data(self, market_data: MarketData) -> Optional[TradeSignal]:
        if market_data.price < self.limit and market_data.volume >= 0 and market_data.ask is not None:
            return TradeSignal(
                symbol=market_data.symbol, side="buy", quantity=0.1 + 0.2, price=market_data.price,
                timestamp=market_data.timestamp)
        return None

    def on_trade_executed(self, trade) -> None:
        print("executed", trade.symbol, trade.price, trade.trade_id)

    def cleanup(self) -> None:
        print("cleaned up")
"""

DICTIONARY = """
from tradingrobotplug import BaseStrategy

class Simple(BaseStrategy):
    parameters = {"size": 5}
    def on_market_data(self, market_data: dict):
        if market_data["price"] > 100:
            return {"side": "sell", "quantity": self.config["size"], "order_type": "limit", "price": 101.5}
        return None
"""


def event(seq, price, **more):
    units = to_e8(price)
    return dict({"seq": seq, "symbol": "IBM", "kind": "quote", "timestamp": float(seq), "price": price,
                 "price_e8": units, "volume": 0, "volume_e8": 0, "bid": price, "bid_e8": units, "ask": price,
                 "ask_e8": units, "bid_size": 1, "bid_size_e8": to_e8(1), "ask_size": 1, "ask_size_e8": to_e8(1)},
                **more)


class PluginTest(unittest.TestCase):
    def ask(self, source, *questions, name="plugin.py"):
        """Every answer of a plugin to hello and these questions, and what it printed."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, name)
            pathlib.Path(path).write_text(textwrap.dedent(source))
            lines = [{"type": "hello", "protocol": 1, "batch": 64}, *questions]
            done = subprocess.run(
                [sys.executable, "-m", "tradingrobotplug", path], text=True, capture_output=True, timeout=300,
                input="".join(json.dumps(line) + "\n" for line in lines),
                env=dict(os.environ, PYTHONPATH=str(PACKAGE), PYTHONDONTWRITEBYTECODE="1"))
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        try:
            import jsonschema
        except ImportError:
            pass
        else:
            for answer in answers:
                jsonschema.validate(answer, SCHEMA)
        return answers, done.stderr

    def initialize(self, **parameters):
        return {"type": "initialize", "id": 1, "cash": 1000, "cash_e8": to_e8(1000),
                "config": {"strategy": "s", "symbols": ["IBM"], "parameters": parameters}}

    def test_original_interface(self):
        trade = {"trade_id": "s:1:1", "symbol": "IBM", "price": 99.5, "position_e8": 30000000, "cash_e8": 1}
        order = {"report": 1, "command": 1, "order": 1, "symbol": "IBM", "timestamp": 2.0, "is_working": False}
        answers, printed = self.ask(
            ORIGINAL, self.initialize(),
            {"type": "events", "id": 2, "events": [event(1, 101.0), event(2, 99.5), event(3, 98.0)]},
            {"type": "report", "id": 3, "order": order, "trades": [trade]}, {"type": "cleanup", "id": 4})
        self.assertEqual(answers[0]["metadata"]["id"], "plugin")
        self.assertEqual(answers[2]["handled"], 2)
        self.assertEqual(answers[2]["actions"], [{
            "action": "submit", "symbol": "IBM", "side": "buy", "order_type": "market", "time_in_force": "gtc",
            "quantity_e8": 30000000}])
        self.assertEqual([answer["id"] for answer in answers[1:]], [1, 2, 3, 4])
        self.assertIn("initialized with ['strategy_id', 'symbols']", printed)
        self.assertIn("executed IBM 99.5 s:1:1", printed)
        self.assertIn("cleaned up", printed)

    def test_dictionary_form(self):
        answers, _ = self.ask(
            DICTIONARY, self.initialize(size=7), {"type": "events", "id": 2, "events": [event(1, 100.5)]})
        self.assertEqual(answers[2]["actions"][0]["side"], "sell")
        self.assertEqual(answers[2]["actions"][0]["quantity_e8"], to_e8(7))
        self.assertEqual(answers[2]["actions"][0]["price_e8"], to_e8("101.5"))
        self.assertEqual(answers[0]["metadata"]["parameters"]["properties"]["size"],
                         {"type": "integer", "default": 5})

    def test_prints_never_reach_the_protocol(self):
        source = """
            import os, sys
            from tradingrobotplug import TradingStrategyPlugin
            print("at import")
            class Loud(TradingStrategyPlugin):
                def on_market_data(self, data):
                    print("by print"); sys.stdout.write("by write\\n"); os.write(1, b"by descriptor\\n")
                    os.system("echo by a child")
                    assert sys.stdin.read() == ""
            """
        answers, printed = self.ask(
            source, self.initialize(), {"type": "events", "id": 2, "events": [event(1, 1.0)]})
        self.assertEqual([answer["type"] for answer in answers], ["hello", "done", "done"])
        for part in ("at import", "by print", "by write", "by descriptor", "by a child"):
            self.assertIn(part, printed)

    def test_context(self):
        source = """
            from tradingrobotplug import OrderRefused, TradingStrategyPlugin
            class Busy(TradingStrategyPlugin):
                def on_market_data(self, data):
                    c = self.context
                    number = c.submit("IBM", "buy", 2, "limit", price=9.5)
                    assert (number, c.open_orders("IBM"), c.unanswered, c.cash) == (1, 1, 1, 1000.0)
                    assert c.replace(1, price=9.25) == 2 and c.cancel(1) == 3
                    assert c.set_timer(1.5) == 1
                    for wrong in (lambda: c.cancel(7), lambda: c.buy("XYZ", 1), lambda: c.submit("IBM", "up", 1)):
                        try:
                            wrong()
                        except OrderRefused:
                            continue
                        raise AssertionError("it was taken")
                def on_timer(self, timer):
                    self.context.log(f"timer {timer} at {self.context.time}")
                def on_order(self, update):
                    assert update.reason is None
                    self.context.log(f"position {self.context.position('IBM')}, cash {self.context.cash}")
            """
        order = {"report": 1, "command": 1, "order": 1, "symbol": "IBM", "timestamp": 2.0, "is_working": False}
        trade = {"symbol": "IBM", "position_e8": to_e8(2), "cash_e8": to_e8(981)}
        answers, _ = self.ask(
            source, self.initialize(), {"type": "events", "id": 2, "events": [event(1, 1.0), event(2, 1.0)]},
            {"type": "report", "id": 3, "order": order, "trades": [trade]},
            {"type": "timer", "id": 4, "timer": 1, "due": 3.0, "seq": 2, "session_time": 3.5})
        self.assertEqual(answers[2]["handled"], 1)
        self.assertEqual([action["action"] for action in answers[2]["actions"]],
                         ["submit", "replace", "cancel", "timer"])
        self.assertEqual(answers[2]["actions"][1]["price_e8"], to_e8("9.25"))
        self.assertEqual([answer["text"] for answer in answers if answer["type"] == "log"],
                         ["position 2.0, cash 981.0", "timer 1 at 3.5"])

    def test_a_strategy_that_fails_says_where(self):
        source = """
            from tradingrobotplug import TradingStrategyPlugin
            class Bad(TradingStrategyPlugin):
                def on_market_data(self, data):
                    return 1 / 0
            """
        answers, printed = self.ask(
            source, self.initialize(), {"type": "events", "id": 2, "events": [event(1, 1.0)]})
        self.assertEqual(answers[-1], {"type": "failed", "code": "exception",
                                       "reason": "ZeroDivisionError: division by zero (plugin.py:5)"})
        self.assertIn("Traceback", printed)

    def test_what_is_required_and_missing_is_named(self):
        source = """
            from tradingrobotplug import BaseStrategy
            class Needs(BaseStrategy):
                requires = {"modules": ["no_such_module"]}
                def on_market_data(self, data): pass
            """
        answers, _ = self.ask(source)
        self.assertEqual(answers[0]["code"], "missing_requirement")
        self.assertIn("no_such_module", answers[0]["reason"])

    def test_a_file_without_imports_is_the_original_interface_too(self):
        source = ORIGINAL.split("TradingStrategyPlugin\n", 1)[1]
        self.assertNotIn("import", source)
        answers, _ = self.ask(source, self.initialize(), {"type": "events", "id": 2, "events": [event(1, 99.5)]})
        self.assertEqual(answers[2]["actions"][0]["quantity_e8"], 30000000)

    def test_snapshot_and_restore(self):
        source = """
            from tradingrobotplug import OrderRefused, TradingStrategyPlugin
            class Keeper(TradingStrategyPlugin):
                def initialize(self, config):
                    self.seen = {1: (2, 3.5)}
                def on_market_data(self, data):
                    self.seen[data.seq] = data.price
                    self.context.buy("IBM", len(self.seen))
                def snapshot(self):
                    return self.seen
                def restore(self, state):
                    self.seen = state
                    c = self.context
                    assert c.config["strategy_id"] == "s" and c.position("IBM") == 7.0 and c.cash == 900.0
                    assert [order.order for order in c.working_orders] == [4] and c.open_orders() == 2
                    assert c.unanswered == 1 and c.price_increment_e8("IBM") == 1_000_000
                    for act in (lambda: c.buy("IBM", 1), lambda: c.cancel(4), lambda: c.set_timer(1)):
                        try:
                            act()
                        except OrderRefused:
                            continue
                        raise AssertionError("it was taken")
            """
        first, _ = self.ask(
            source, self.initialize(), {"type": "events", "id": 2, "events": [event(5, 101.0)]},
            {"type": "snapshot", "id": 3})
        self.assertIs(first[0]["snapshots"], True)
        order = {"order": 4, "symbol": "IBM", "side": "buy", "order_type": "limit", "time_in_force": "gtc",
                 "is_working": True, "quantity_e8": 5, "price_e8": 6, "stop_price_e8": 0, "filled_e8": 0,
                 "remaining_e8": 5}
        standing = {"seq": 5, "report": 3, "command": 6, "timer": 2, "session_time": 5.0,
                    "symbols": [{"symbol": "IBM", "position_e8": to_e8(7), "price_increment_e8": 1_000_000,
                                 "size_increment_e8": to_e8(1)}],
                    "orders": [order, dict(order, order=6, is_working=False)], "unanswered": [6],
                    "timers": [{"timer": 2, "due": 9.0}]}
        restore = dict(self.initialize(), type="restore", cash=900, cash_e8=to_e8(900), standing=standing,
                       state=first[3]["state"])
        second, _ = self.ask(source, restore, {"type": "events", "id": 2, "events": [event(6, 102.0)]})
        self.assertEqual([answer["type"] for answer in second], ["hello", "done", "done"])
        self.assertEqual(second[2]["actions"][0]["quantity_e8"], to_e8(3), "its state is whole")

    def test_without_both_calls_there_are_no_snapshots(self):
        source = """
            from tradingrobotplug import BaseStrategy
            class Half(BaseStrategy):
                def on_market_data(self, data): pass
                def snapshot(self): return b""
            """
        answers, _ = self.ask(source)
        self.assertNotIn("snapshots", answers[0])

    def test_a_state_that_is_too_large_is_none(self):
        source = """
            from tradingrobotplug import BaseStrategy
            class Fat(BaseStrategy):
                def on_market_data(self, data): pass
                def snapshot(self): return bytes(800_000)
                def restore(self, state): pass
            """
        answers, _ = self.ask(source, self.initialize(), {"type": "snapshot", "id": 2})
        self.assertEqual([answer["type"] for answer in answers], ["hello", "done", "log", "done"])
        self.assertNotIn("state", answers[3])

    def test_market_data_made_by_hand(self):
        data = MarketData("IBM", 1381239000.5, 181.82, 100, bid=181.8)
        self.assertEqual((data.symbol, data.timestamp, data.price, data.volume), ("IBM", 1381239000.5, 181.82, 100))
        self.assertEqual((data.price_e8, data.bid_e8, data.ask, data.ask_e8), (18182000000, 18180000000, None, None))
        with self.assertRaises(AttributeError):
            data.nothing
        # A strategy may keep what it was given, and a snapshot holds it.
        for again in (copy.deepcopy(data), pickle.loads(pickle.dumps(data, 4))):
            self.assertEqual(again.to_dict(), data.to_dict())

    def test_amounts(self):
        table = [(1, 10**8), (0.1 + 0.2, 30000000), (1e-8, 1), (2.5e-8, 2), (1.5e-8, 2), ("181.82", 18182000000),
                 (Decimal("-0.000000015"), -2), (5e-9, 0), (92233720368.0, 92233720368 * 10**8), (1e-300, 0)]
        for amount, units in table:
            self.assertEqual(to_e8(amount), units, amount)
        for wrong in (float("nan"), float("inf"), 1e12, 10**30, 1e300):
            with self.assertRaises(ValueError):
                to_e8(wrong)
        with self.assertRaises(TypeError):
            to_e8(True)


if __name__ == "__main__":
    unittest.main()
