"""The plugin's side of the protocol: lines of JSON, one answer to each question (PROTOCOL.md)."""

import base64
import io
import json
import os
import pickle
import sys
import traceback
from typing import Any, Dict, List, Optional

from .context import Context
from .data import OrderUpdate, Trade, TradeSignal, market_data
from .loader import LoadError, gives_snapshots, load, metadata
from .plugin import BaseStrategy

PROTOCOL = 1
#: Bytes of a state, at most: they fit into a line as text.
STATE_BYTES = 700_000
_decode = json.JSONDecoder().raw_decode
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True).encode


class Host:
    """Reads questions, calls the strategy, writes answers. One at a time, in order."""

    def __init__(self, path: str, questions: io.BufferedReader, answers: int):
        self._path = path
        self._questions = questions
        self._answers = answers
        self._class: Optional[type] = None
        self._strategy: Any = None
        self._context: Optional[Context] = None
        self._is_plain = False
        self._on_order = None

    def serve(self) -> int:
        """Until the input ends; returns the exit code."""
        for line in self._questions:
            question = _decode(line.decode())[0]
            kind = question["type"]
            try:
                if kind == "events":
                    answer = self._events(question)
                elif kind == "report":
                    answer = self._report(question)
                elif kind == "timer":
                    answer = self._timer(question)
                elif kind == "hello":
                    answer = self._hello(question)
                elif kind == "initialize":
                    answer = self._initialize(question)
                elif kind == "restore":
                    answer = self._restore(question)
                elif kind == "snapshot":
                    answer = self._snapshot(question)
                elif kind == "cleanup":
                    self._cleanup()
                    answer = self._done(question)
                else:
                    raise LoadError("protocol_violation", f"unknown question {kind!r}")
            except LoadError as error:
                self._say({"type": "failed", "code": error.code, "reason": str(error)})
                return 1
            except BaseException as error:
                sys.stderr.write(traceback.format_exc())
                sys.stderr.flush()
                where = traceback.extract_tb(error.__traceback__)
                inside = [frame for frame in where if os.path.dirname(frame.filename) != os.path.dirname(__file__)]
                place = f" ({os.path.basename(inside[-1].filename)}:{inside[-1].lineno})" if inside else ""
                self._say({"type": "failed", "code": "exception",
                           "reason": f"{type(error).__name__}: {error}{place}"})
                return 1
            os.write(self._answers, answer)
            if kind == "cleanup":
                break
        return 0

    def _say(self, message: Dict[str, Any]) -> None:
        os.write(self._answers, (_encode(message) + "\n").encode())

    def _done(self, question, handled: Optional[int] = None) -> bytes:
        counted = "" if handled is None else f',"handled":{handled}'
        actions = self._context.actions
        if not actions:
            return b'{"type":"done","id":%d%s}\n' % (question["id"], counted.encode())
        text = _encode(actions)
        self._context.actions = []
        return f'{{"type":"done","id":{question["id"]}{counted},"actions":{text}}}\n'.encode()

    # Questions

    def _hello(self, question) -> bytes:
        self._class = load(self._path)
        about = metadata(self._class, self._path)
        answer = {"type": "hello", "protocol": PROTOCOL, "batch": question.get("batch", 1), "metadata": about}
        if gives_snapshots(self._class):
            answer["snapshots"] = True
        return (_encode(answer) + "\n").encode()

    def _initialize(self, question) -> bytes:
        self._make(question)
        return self._done(question)

    def _restore(self, question) -> bytes:
        """As `initialize`, but that no order is taken, and the strategy goes on where its state was taken."""
        self._make(question, question["standing"])
        state = base64.b64decode(question["state"])
        self._strategy.restore(state[1:] if state[:1] == b"b" else pickle.loads(state[1:]))
        self._context._stand(question["standing"]["session_time"], question)
        self._context._takes_orders = True
        return self._done(question)

    def _snapshot(self, question) -> bytes:
        self._context._takes_orders = False
        state = self._strategy.snapshot()
        self._context._takes_orders = True
        if state is None:
            return self._done(question)
        data = b"b" + bytes(state) if isinstance(state, (bytes, bytearray)) else b"p" + pickle.dumps(state, 4)
        if len(data) > STATE_BYTES:
            self._log("warning", f"its state of {len(data)} bytes is too large, {STATE_BYTES} are taken")
            return self._done(question)
        return b'{"type":"done","id":%d,"state":"%s"}\n' % (question["id"], base64.b64encode(data))

    def _make(self, question, standing=None) -> None:
        config = question["config"]
        self._context = Context(config["strategy"], config["symbols"], question["cash_e8"], self._log)
        if standing is not None:
            self._context._take_standing(standing)
            self._context._takes_orders = False
        given = dict(config["parameters"], strategy_id=config["strategy"], symbols=config["symbols"])
        self._context.config = given
        self._is_plain = issubclass(self._class, BaseStrategy)
        # The context is there before any code of the strategy runs, whatever its __init__ calls.
        self._strategy = self._class.__new__(self._class)
        self._strategy.context = self._context
        if self._is_plain:
            self._strategy.__init__(given)
        else:
            self._strategy.__init__()
        starts = getattr(self._strategy, "initialize", None) if standing is None else None
        if starts is not None and starts(given) is False:
            raise LoadError("failed", "initialize returned False")
        self._on_order = getattr(self._strategy, "on_order", None)

    def _events(self, question) -> bytes:
        context, call, is_plain = self._context, self._strategy.on_market_data, self._is_plain
        handled = 0
        context._count(question)
        for event in question["events"]:
            handled += 1
            if event["kind"] == "instrument":
                context._take_instrument(event)
                continue
            context._stand(event.get("session_time", event["timestamp"]), event)
            signal = call(event if is_plain else market_data(event))
            if signal is not None:
                self._send(signal, event)
            if context.actions:
                break
        return self._done(question, handled)

    def _report(self, question) -> bytes:
        order, trades = question["order"], question["trades"]
        self._context._count(question)
        self._context._stand(order["timestamp"], question)
        self._context._take_report(order, trades)
        executed = getattr(self._strategy, "on_trade_executed", None)
        for trade in trades if executed is not None else ():
            executed(trade if self._is_plain else Trade(trade))
        if self._on_order is not None:
            self._on_order(order if self._is_plain else OrderUpdate(order))
        return self._done(question)

    def _timer(self, question) -> bytes:
        self._context._count(question)
        self._context._stand(question["session_time"], question)
        self._context._timer_fired()
        self._strategy.on_timer(question["timer"])
        return self._done(question)

    def _cleanup(self) -> None:
        self._context._takes_orders = False
        ends = getattr(self._strategy, "cleanup", None)
        if ends is not None:
            ends()

    # Signals

    def _send(self, signal, event) -> None:
        signals: List[Any] = signal if isinstance(signal, (list, tuple)) else [signal]
        for each in signals:
            fields = each if isinstance(each, dict) else vars(each) if isinstance(each, TradeSignal) else None
            if fields is None:
                fields = {name: getattr(each, name) for name in _SIGNAL_FIELDS if hasattr(each, name)}
                if "quantity" not in fields:
                    raise TypeError(f"on_market_data returned {each!r}; return a TradeSignal, a dict or None")
            side = fields.get("side") or fields.get("action")
            if side is None or str(side).lower() == "hold":
                continue
            symbol = fields.get("symbol") or event["symbol"]
            if symbol in self._context._cold:
                continue
            self._context.submit(
                symbol, str(side).lower(), fields.get("quantity"),
                order_type=fields.get("order_type") or "market", price=fields.get("price"),
                stop_price=fields.get("stop_price"), time_in_force=fields.get("time_in_force") or "gtc",
                quantity_e8=fields.get("quantity_e8"))

    def _log(self, level: str, text: str) -> None:
        self._say({"type": "log", "level": level, "text": text})


_SIGNAL_FIELDS = ("symbol", "side", "action", "quantity", "price", "order_type", "time_in_force", "stop_price")


def main(arguments: List[str]) -> int:
    """Serves the plugin file named by the one argument."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python3 -m tradingrobotplug FILE.py\n")
        return 2
    # Standard output is the protocol's: what is printed goes to standard error, from C code too.
    answers = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    questions = os.fdopen(os.dup(0), "rb", 1 << 16)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return Host(arguments[0], questions, answers).serve()
