"""The two forms of a strategy: with objects (`TradingStrategyPlugin`), and with dictionaries (`BaseStrategy`)."""

from typing import Any, Dict, List, Optional, Sequence

from .context import Context
from .data import MarketData, OrderUpdate, TradeSignal


class Parameter:
    """A parameter that can be configured: its type follows from the default, or from `choices`.

        parameters = {"fast": Parameter(10, minimum=1, maximum=1000, description="prices in the fast average")}
    """

    def __init__(self, default: Any, minimum: Any = None, maximum: Any = None,
                 choices: Optional[Sequence[str]] = None, description: str = ""):
        self.default, self.minimum, self.maximum = default, minimum, maximum
        self.choices, self.description = choices, description

    def schema(self) -> Dict[str, Any]:
        """Its JSON Schema."""
        if isinstance(self.default, bool):
            kind = "boolean"
        elif isinstance(self.default, int):
            kind = "integer"
        elif isinstance(self.default, float):
            kind = "number"
        else:
            kind = "string"
        schema: Dict[str, Any] = {"type": kind, "default": self.default}
        for name, value in (("minimum", self.minimum), ("maximum", self.maximum)):
            if value is not None:
                schema[name] = value
        if self.choices is not None:
            schema["enum"] = list(self.choices)
        if self.description:
            schema["description"] = self.description
        return schema


class _Strategy:
    """What both forms share: who they are, as class attributes."""

    #: 1 to 40 of A-Z a-z 0-9 . _ -; the file's name without .py where it is not given.
    id: str = ""
    name: str = ""
    version: str = "1.0.0"
    description: str = ""
    #: Name to `Parameter` or plain default.
    parameters: Dict[str, Any] = {}
    #: Seconds of the bars it asks for, of symbols with ticks too.
    intervals: List[int] = []
    #: What it sees before its orders are taken: `{"events": 50}`, `{"events": "slow"}` or `{"seconds": 3600}`.
    warm_up: Dict[str, Any] = {}
    #: Modules and the platform version that it needs: `{"modules": ["numpy"]}`.
    requires: Dict[str, Any] = {}
    #: Orders, timers and the account; there from before `initialize`.
    context: Context

    def snapshot(self) -> Any:
        """The whole state between two events, for a restart that need not begin at the session's start: bytes, or
        anything that `pickle` takes; None where there is none now. Written together with `restore`."""
        return None

    def restore(self, state: Any) -> None:
        """Takes what `snapshot` gave, in a new instance, in the place of `initialize`, whose argument is
        `self.context.config`. Orders and timers stand in the context as they stood; none is taken here."""
        raise NotImplementedError("restore must be written with snapshot")


class TradingStrategyPlugin(_Strategy):
    """A strategy with objects. Only `on_market_data` must be written."""

    def initialize(self, config: Dict) -> None:
        """Once, before the first event. `config` holds every parameter, `strategy_id` and `symbols`."""

    def on_market_data(self, market_data: MarketData) -> Optional[TradeSignal]:
        """For every event of the strategy's symbols: a signal, a list of signals, or nothing."""
        raise NotImplementedError("on_market_data must be written")

    def on_trade_executed(self, trade) -> None:
        """For each execution of one of the strategy's orders."""

    def on_order(self, update: OrderUpdate) -> None:
        """For each report of an order, after its executions."""

    def on_timer(self, timer: int) -> None:
        """A timer of `context.set_timer` is due."""

    def cleanup(self) -> None:
        """Once, at the end; not when the process is killed."""


class BaseStrategy(_Strategy):
    """A strategy with dictionaries, made with its configuration."""

    def __init__(self, config: Dict[str, Any]):
        self.config = config

    def on_market_data(self, market_data: Dict[str, Any]) -> Optional[Dict[str, Any]]:
        """For every event: `{"side": "buy", "quantity": 100, …}`, a list of such, or None."""
        raise NotImplementedError("on_market_data must be written")

    def on_trade_executed(self, trade: Dict[str, Any]) -> None:
        """For each execution of one of the strategy's orders."""
