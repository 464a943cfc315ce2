"""Looks at every price and never trades: what is measured is the way there and back."""

from tradingrobotplug import TradingStrategyPlugin


class Quiet(TradingStrategyPlugin):
    """Keeps the highest price."""

    def initialize(self, config):
        self.highest = 0

    def on_market_data(self, data):
        if data.price_e8 > self.highest:
            self.highest = data.price_e8
