"""What a strategy is given and what it returns. Every amount is there twice: `price` is a float, `price_e8`
the same in whole units of 1e-8, exactly."""

from typing import Any, Dict, Optional

from .amounts import to_e8


class _Record:
    """Fields of a message as attributes; `record["price"]` and `dict(record)` work too."""

    __slots__ = ("fields",)

    def __init__(self, fields: Dict[str, Any]):
        object.__setattr__(self, "fields", fields)

    def __getattr__(self, name):
        if name == "fields":  # asked for by copy and pickle before it is there
            raise AttributeError(name)
        try:
            return self.fields[name]
        except KeyError:
            if name in _AMOUNTS_BY_CLASS.get(type(self).__name__, ()):  # an absent side, a quote without a bar
                return None
            raise AttributeError(f"{type(self).__name__} has no field {name!r}") from None

    def __getitem__(self, name):
        return self.fields[name]

    def get(self, name, default=None):
        return self.fields.get(name, default)

    def keys(self):
        return self.fields.keys()

    def to_dict(self) -> Dict[str, Any]:
        return dict(self.fields)

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.fields.items())})"


class MarketData(_Record):
    """A market event: `symbol, timestamp, price, volume, bid, ask, bid_size, ask_size` with `…_e8` forms, `seq`,
    `kind` (quote, trade, bar); of a bar `interval, open_time, open, high, low, close`. An absent side is None.
    In a test of one's own: `MarketData("IBM", 1381239000.123, 181.82, 100, bid=181.8, ask=181.84)`."""

    __slots__ = ()

    def __init__(self, symbol, timestamp=None, price=None, volume=0, **others):
        if isinstance(symbol, dict):
            object.__setattr__(self, "fields", symbol)
            return
        fields = {"symbol": symbol, "timestamp": timestamp, "price": price, "volume": volume, **others}
        for name in ("price", "volume", "bid", "ask", "bid_size", "ask_size"):
            if fields.get(name) is not None:
                fields.setdefault(name + "_e8", to_e8(fields[name]))
        object.__setattr__(self, "fields", fields)


class Trade(_Record):
    """An execution: the fields of the trade event, flat."""

    __slots__ = ()


class OrderUpdate(_Record):
    """What the simulator says of an order: `order, status, filled, remaining, is_working, reason, …`."""

    __slots__ = ()


_OPTIONAL = ("bid", "ask", "bid_size", "ask_size", "open", "high", "low", "close")
_AMOUNTS_BY_CLASS = {
    "MarketData": frozenset(_OPTIONAL + tuple(name + "_e8" for name in _OPTIONAL)
                            + ("interval", "open_time", "exchange", "conditions")),
    "OrderUpdate": frozenset(("reason", "reason_code")),
}


def market_data(event: Dict[str, Any], new=MarketData.__new__, put=MarketData.fields.__set__) -> MarketData:
    """The event as an object; what is called for every one."""
    data = new(MarketData)
    put(data, event)
    return data


class TradeSignal:
    """A decision: a market order, or a limit order with `order_type="limit"` at `price`."""

    def __init__(self, symbol: Optional[str] = None, side: str = "buy", quantity: Any = 0, price: Any = None,
                 timestamp: Any = None, order_type: str = "market", time_in_force: str = "gtc",
                 stop_price: Any = None, **others: Any):
        self.symbol = symbol
        self.side = side
        self.quantity = quantity
        self.price = price
        self.timestamp = timestamp
        self.order_type = order_type
        self.time_in_force = time_in_force
        self.stop_price = stop_price
        #: Notes of the strategy's own; they decide nothing.
        self.others = others

    def __repr__(self):
        return f"TradeSignal({self.symbol!r}, {self.side!r}, {self.quantity!r}, {self.price!r})"
