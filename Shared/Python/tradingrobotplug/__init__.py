"""Strategies in Python for TradingRobotPlug: standard library only, Python 3.9 or newer.

    from tradingrobotplug import TradingStrategyPlugin, TradeSignal

    class MyStrategy(TradingStrategyPlugin):
        def initialize(self, config): ...
        def on_market_data(self, market_data): return TradeSignal("IBM", "buy", 100, market_data.price)

A strategy decides from what it is given and nothing else: the platform runs it again after a crash and
expects the same decisions. `print` goes to the strategy's log.
"""

from .amounts import UNITS, from_e8, to_e8
from .context import Context, OrderRefused, WorkingOrder
from .data import MarketData, OrderUpdate, Trade, TradeSignal
from .plugin import BaseStrategy, Parameter, TradingStrategyPlugin

__version__ = "1.0.0"
__all__ = [
    "BaseStrategy", "Context", "MarketData", "OrderRefused", "OrderUpdate", "Parameter", "Trade",
    "TradeSignal", "TradingStrategyPlugin", "UNITS", "WorkingOrder", "from_e8", "to_e8",
]
