"""The crossing of two simple moving averages: the rule of the built-in sma-crossover, in whole units.

The same data and parameters give the same trades as the Swift strategy, byte for byte.
"""

from tradingrobotplug import Parameter, TradingStrategyPlugin, to_e8


class Crossover(TradingStrategyPlugin):
    """Long while a fast simple moving average is above a slow one, short or flat while below."""

    version = "1.0.0"
    parameters = {
        "fast": Parameter(10, minimum=1, maximum=100_000, description="prices in the fast average"),
        "slow": Parameter(50, minimum=2, maximum=100_000, description="prices in the slow average"),
        "quantity": Parameter(100.0, minimum=0.00000001, maximum=1_000_000_000, description="size of a position"),
        "direction": Parameter("both", choices=["both", "long"], description="whether it also goes short"),
    }

    def initialize(self, config):
        self.fast, self.slow = config["fast"], config["slow"]
        if self.fast >= self.slow:
            raise ValueError(f"fast ({self.fast}) must be less than slow ({self.slow})")
        self.quantity = to_e8(config["quantity"])
        self.goes_short = config["direction"] == "both"
        self.prices = {symbol: [] for symbol in config["symbols"]}
        self.sums = {symbol: [0, 0] for symbol in config["symbols"]}

    def on_market_data(self, data):
        prices, sums = self.prices[data.symbol], self.sums[data.symbol]
        prices.append(data.price_e8)
        for place, length in enumerate((self.fast, self.slow)):
            sums[place] += data.price_e8
            if len(prices) > length:
                sums[place] -= prices[-1 - length]
        if len(prices) < self.slow:
            return
        if len(prices) > 4 * self.slow:
            del prices[:-self.slow]
        crossing = sums[0] * self.slow - sums[1] * self.fast
        if crossing == 0 or self.context.open_orders(data.symbol):
            return
        position = self.context.position_e8(data.symbol)
        if crossing > 0 and position <= 0:
            self.context.submit(data.symbol, "buy", quantity_e8=self.quantity - position)
        elif crossing < 0 and self.goes_short and position >= 0:
            self.context.submit(data.symbol, "sell", quantity_e8=self.quantity + position)
        elif crossing < 0 and not self.goes_short and position > 0:
            self.context.submit(data.symbol, "sell", quantity_e8=position)
