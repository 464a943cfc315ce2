// What `plugins new --language python` writes: one file with the strategy, its configuration, its test.

/// A new strategy in Python.
struct PythonTemplate {
    /// The plugin's id.
    var name: String
    /// The folder of the platform's executables.
    var programs: String

    private var type: String { typeName(name) }

    var files: [NewFile] {
        [
            NewFile(path: "\(name).py", text: strategy),
            NewFile(path: "test_\(name.replacing("-", with: "_")).py", text: test),
            NewFile(path: "\(name).yaml", text: newConfiguration(name, plugins: ".")),
        ]
    }

    private var strategy: String {
        """
        \"""\(name): long while the price is above its exponential moving average, flat while it is below.\"""

        from tradingrobotplug import Parameter, TradeSignal, TradingStrategyPlugin


        class \(type)(TradingStrategyPlugin):
            \"""Long while the price is above its exponential moving average.\"""

            version = "0.1.0"
            parameters = {
                "length": Parameter(20, minimum=1, maximum=10_000, description="prices in the average"),
                "quantity": Parameter(100.0, minimum=0.00000001, maximum=1_000_000, description="to buy"),
            }
            # The average is complete after so many prices; before, no order is taken.
            warm_up = {"events": "length"}

            def initialize(self, config):
                \"""Once, before the first event.\"""
                self.length = config["length"]
                self.quantity = config["quantity"]
                self.counts = {symbol: 0 for symbol in config["symbols"]}
                self.averages = {symbol: 0.0 for symbol in config["symbols"]}

            def on_market_data(self, market_data):
                \"""Every quote, trade or bar of the strategy's symbols. A signal becomes an order.\"""
                symbol, price = market_data.symbol, market_data.price
                self.counts[symbol] += 1
                weight = max(1 / self.counts[symbol], 2 / (self.length + 1))
                self.averages[symbol] += (price - self.averages[symbol]) * weight
                if self.context.open_orders(symbol):
                    return None
                position = self.context.position(symbol)
                if price > self.averages[symbol] and position == 0:
                    return TradeSignal(symbol, "buy", self.quantity, price, market_data.timestamp)
                if price < self.averages[symbol] and position > 0:
                    return TradeSignal(symbol, "sell", position, price, market_data.timestamp)
                return None

            def on_trade_executed(self, trade):
                \"""Every execution of the strategy's orders.\"""
                print(f"{trade.side} {trade.quantity} {trade.symbol} at {trade.price}")

            def cleanup(self):
                \"""Once, at the end.\"""

        """
    }

    private var test: String {
        """
        \"""Runs \(name) over two thousand made-up quotes in the platform's own backtester.\"""

        import os
        import pathlib
        import subprocess
        import unittest

        FOLDER = pathlib.Path(__file__).resolve().parent
        # The folder of `trading-robot`: TRADING_ROBOT_BIN, or the one that wrote this file.
        PROGRAMS = pathlib.Path(os.environ.get("TRADING_ROBOT_BIN", "\(programs)"))


        def backtest(*arguments):
            \"""The standard output of a backtest.\"""
            command = [PROGRAMS / "trading-robot", "backtest", "--config", "\(name).yaml", "--events", "2000"]
            result = subprocess.run([*command, *arguments], cwd=FOLDER, stdout=subprocess.PIPE, check=True)
            return result.stdout


        class \(type)Test(unittest.TestCase):
            def test_it_trades_and_the_same_each_time(self):
                ledger = backtest("--ledger", "-")
                self.assertGreaterEqual(len(ledger.splitlines()), 10)
                self.assertEqual(backtest("--ledger", "-"), ledger)


        if __name__ == "__main__":
            unittest.main()

        """
    }
}
