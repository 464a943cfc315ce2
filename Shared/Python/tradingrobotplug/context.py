"""What a strategy may do and see besides the event that it is given. What it says of orders and account comes
from the reports that the strategy has handled, and from nothing else."""

from typing import Any, Dict, List, Optional

from .amounts import from_e8, to_e8

_SIDES = ("buy", "sell")
_TYPES = ("market", "limit", "stop")
_TIMES = ("gtc", "ioc")


class OrderRefused(Exception):
    """The order was not sent. What the market refuses comes back as a report instead."""


class WorkingOrder:
    """An order that is unanswered or working."""

    __slots__ = ("order", "symbol", "side", "order_type", "quantity_e8", "filled_e8", "remaining_e8", "price_e8",
                 "stop_price_e8", "is_working")

    def __init__(self, order, symbol, side, order_type, quantity_e8, price_e8, stop_price_e8):
        self.order, self.symbol, self.side, self.order_type = order, symbol, side, order_type
        self.quantity_e8, self.filled_e8, self.remaining_e8 = quantity_e8, 0, quantity_e8
        self.price_e8, self.stop_price_e8 = price_e8, stop_price_e8
        self.is_working = False

    @property
    def price(self) -> float:
        return from_e8(self.price_e8)

    @property
    def quantity(self) -> float:
        return from_e8(self.quantity_e8)

    @property
    def remaining(self) -> float:
        return from_e8(self.remaining_e8)


class Context:
    """Orders, timers and the account of one strategy."""

    def __init__(self, strategy: str, symbols: List[str], cash_e8: int, log):
        self.strategy_id = strategy
        self.symbols = symbols
        #: Every parameter, `strategy_id` and `symbols`: what `initialize` is given.
        self.config: Dict[str, Any] = {}
        #: Session time of what is being handled, in seconds.
        self.time = 0.0
        self.cash_e8 = cash_e8
        self.actions: List[Dict[str, Any]] = []
        self._log = log
        self._positions = {symbol: 0 for symbol in symbols}
        self._increments = {symbol: (0, 0) for symbol in symbols}
        self._orders: Dict[int, WorkingOrder] = {}
        self._unanswered: set = set()
        self._commands = 0
        self._timers = 0
        self._set_timers = 0
        self._cold: frozenset = frozenset()
        self._takes_orders = True

    # Account

    @property
    def cash(self) -> float:
        return from_e8(self.cash_e8)

    def position_e8(self, symbol: Optional[str] = None) -> int:
        """Signed, in units of 1e-8."""
        return self._positions[symbol or self.symbols[0]]

    def position(self, symbol: Optional[str] = None) -> float:
        return from_e8(self.position_e8(symbol))

    def open_orders(self, symbol: Optional[str] = None) -> int:
        """Orders of a symbol that are unanswered or working; of all symbols without one."""
        return sum(1 for order in self._orders.values() if symbol is None or order.symbol == symbol)

    @property
    def unanswered(self) -> int:
        """Commands that no report has answered yet."""
        return len(self._unanswered)

    @property
    def working_orders(self) -> List[WorkingOrder]:
        """The working orders by their numbers."""
        return [order for _, order in sorted(self._orders.items()) if order.is_working]

    def price_increment_e8(self, symbol: str) -> int:
        """0 while unknown."""
        return self._increments[symbol][0]

    def size_increment_e8(self, symbol: str) -> int:
        return self._increments[symbol][1]

    # Orders. Each returns the number of its command; that of a submit is the number of the order.

    def submit(self, symbol: str, side: str, quantity=None, order_type: str = "market", price=None,
               stop_price=None, time_in_force: str = "gtc", *, quantity_e8: Optional[int] = None,
               price_e8: Optional[int] = None, stop_price_e8: Optional[int] = None) -> int:
        side, order_type, time_in_force = str(side).lower(), str(order_type).lower(), str(time_in_force).lower()
        if symbol not in self._positions:
            raise OrderRefused(f"{symbol} is not one of the strategy's symbols: {', '.join(self.symbols)}")
        self._need_orders()
        if symbol in self._cold:
            raise OrderRefused(f"orders on {symbol} are not taken yet: the strategy warms up")
        for value, words, what in ((side, _SIDES, "side"), (order_type, _TYPES, "order_type"),
                                   (time_in_force, _TIMES, "time_in_force")):
            if value not in words:
                raise OrderRefused(f"{what} is {value!r}; use {' or '.join(words)}")
        units = _units(quantity, quantity_e8)
        price, stop = _units(price, price_e8), _units(stop_price, stop_price_e8)
        if order_type != "limit":
            price = 0  # a note of the strategy's, which decides nothing
        self._commands += 1
        number = self._commands
        action = {"action": "submit", "symbol": symbol, "side": side, "order_type": order_type,
                  "time_in_force": time_in_force, "quantity_e8": units}
        if price:
            action["price_e8"] = price
        if stop:
            action["stop_price_e8"] = stop
        self.actions.append(action)
        self._orders[number] = WorkingOrder(number, symbol, side, order_type, units, price, stop)
        self._unanswered.add(number)
        return number

    def buy(self, symbol: str, quantity, **terms) -> int:
        return self.submit(symbol, "buy", quantity, **terms)

    def sell(self, symbol: str, quantity, **terms) -> int:
        return self.submit(symbol, "sell", quantity, **terms)

    def replace(self, order: int, quantity=None, price=None, stop_price=None) -> int:
        """Changes an order; `quantity` is the whole new one, what is filled included. None leaves a value."""
        terms = {"quantity_e8": _units(quantity, None), "price_e8": _units(price, None),
                 "stop_price_e8": _units(stop_price, None)}
        return self._change({"action": "replace", "order": order, **{k: v for k, v in terms.items() if v}})

    def cancel(self, order: int) -> int:
        return self._change({"action": "cancel", "order": order})

    def _need_orders(self) -> None:
        if not self._takes_orders:
            raise OrderRefused("no order is taken in restore, snapshot and cleanup")

    def _change(self, action) -> int:
        self._need_orders()
        if action["order"] not in self._orders:
            raise OrderRefused(f"order {action['order']} is neither unanswered nor working")
        self._commands += 1
        self._unanswered.add(self._commands)
        self.actions.append(action)
        return self._commands

    def set_timer(self, seconds: float) -> int:
        """Calls `on_timer` when session time has moved on by so much; returns the timer's number."""
        self._need_orders()
        if self._set_timers >= 1024:
            raise OrderRefused("1024 timers are set")
        self._timers += 1
        self._set_timers += 1
        self.actions.append({"action": "timer", "delay_us": round(seconds * 1_000_000)})
        return self._timers

    def log(self, text: str, level: str = "info") -> None:
        """Writes a line to the strategy's log; levels are debug, info, warning, error."""
        self._log(str(level), str(text))

    def is_warm(self, symbol: Optional[str] = None) -> bool:
        """Whether orders on a symbol are taken, as far as the warm-up goes."""
        return (symbol or self.symbols[0]) not in self._cold

    # What the host says

    def _stand(self, time, message) -> None:
        self.time = time
        cold = message.get("warming_up")
        self._cold = frozenset(cold) if cold else _NONE

    def _count(self, message) -> None:
        """Commands are counted on from here: an operator's input, or another version's command, came between."""
        if "last_command" in message:
            self._commands = message["last_command"]

    def _take_instrument(self, event) -> None:
        self._increments[event["symbol"]] = (event["price_increment_e8"], event["size_increment_e8"])

    def _take_report(self, order, trades) -> None:
        self._unanswered.discard(order["command"])
        known = self._orders.get(order["order"])
        if known is None and order["is_working"]:
            # Placed by another version of the strategy.
            known = self._orders[order["order"]] = WorkingOrder(
                order["order"], order["symbol"], order["side"], order["order_type"], order["quantity_e8"],
                order["price_e8"], order["stop_price_e8"])
        if known is not None:
            if not order["is_working"]:
                del self._orders[order["order"]]
            else:
                known.is_working = True
                known.quantity_e8, known.filled_e8 = order["quantity_e8"], order["filled_e8"]
                known.remaining_e8, known.price_e8 = order["remaining_e8"], order["price_e8"]
                known.stop_price_e8 = order["stop_price_e8"]
        for trade in trades:
            self._positions[trade["symbol"]] = trade["position_e8"]
            self.cash_e8 = trade["cash_e8"]

    def _take_standing(self, standing) -> None:
        """Where a strategy stands that is begun from its state."""
        self.time = standing["session_time"]
        self._commands, self._timers = standing["command"], standing["timer"]
        self._set_timers = len(standing["timers"])
        self._unanswered = set(standing["unanswered"])
        for symbol in standing["symbols"]:
            self._positions[symbol["symbol"]] = symbol["position_e8"]
            self._take_instrument(symbol)
        for order in standing["orders"]:
            known = WorkingOrder(order["order"], order["symbol"], order["side"], order["order_type"],
                                 order["quantity_e8"], order["price_e8"], order["stop_price_e8"])
            known.filled_e8, known.remaining_e8 = order["filled_e8"], order["remaining_e8"]
            known.is_working = order["is_working"]
            self._orders[order["order"]] = known

    def _timer_fired(self) -> None:
        self._set_timers -= 1


_NONE: frozenset = frozenset()


def _units(amount, units: Optional[int]) -> int:
    if units is not None:
        if not isinstance(units, int) or isinstance(units, bool):
            raise TypeError("whole units of 1e-8 are an int")
        return units
    return 0 if amount is None else to_e8(amount)
