"""Ledgers made at random, in whole units of 1e-8 and fractions, with the figures that trades alone give: each
formula written out, independent of ours."""
from __future__ import annotations

import fractions
import json
import math
import random
import statistics

UNIT = 100_000_000


def units(text: str) -> int:
    value = fractions.Fraction(text) * UNIT
    assert value.denominator == 1
    return value.numerator


def half_even(value: fractions.Fraction) -> int:
    return round(value)  # Python rounds a Fraction half to even


def decimal(amount: int) -> str:
    whole, rest = divmod(abs(amount), UNIT)
    text = f"{whole}.{rest:08}".rstrip("0").rstrip(".")
    return "-" + text if amount < 0 else text



class Ledger:
    def __init__(self, name: str, cash: str, year: int = 252):
        self.name, self.year = name, year
        self.start = self.cash = units(cash)
        self.lines: list[str] = []
        self.position: dict[str, int] = {}
        self.cost: dict[str, fractions.Fraction] = {}
        self.price: dict[str, int] = {}
        self.trades = self.marks = 0
        self.moments: list[tuple[float, int]] = []  # time, equity
        self.fees = self.slippage = self.traded = self.realized = 0
        self.open: dict[str, dict] = {}
        self.trips: list[dict] = []
        self.held = self.observed = 0.0
        self.last: float | None = None

    def line(self, fields: str) -> None:
        self.lines.append("{" + fields + "}")

    def pass_time(self, time: float) -> None:
        if self.last is not None:
            self.observed += time - self.last
            if any(self.position.values()):
                self.held += time - self.last
        self.last = time

    def trade(self, side: str, quantity: str, price: str, fee: str, time: float, symbol: str = "X",
              slippage: str = "0") -> None:
        """One execution that does not cross zero."""
        self.pass_time(time)
        sign = 1 if side == "buy" else -1
        amount, at, paid = units(quantity), units(price), units(fee)
        before = self.position.get(symbol, 0)
        value = half_even(fractions.Fraction(at * amount, UNIT))
        self.cash -= sign * value + paid
        after = before + sign * amount
        cost, realized = self.cost.get(symbol, fractions.Fraction(0)), 0
        opens = before == 0 or (before > 0) == (sign > 0)
        if opens:
            cost += fractions.Fraction(at * amount, UNIT)
            kind = "open" if before == 0 else "update"
        else:
            assert abs(after) < abs(before) and (after == 0 or (after > 0) == (before > 0))
            removed = cost * amount / abs(before)
            gained = fractions.Fraction(at * amount, UNIT) - removed
            realized = half_even(gained if before > 0 else -gained)
            cost -= removed
            kind = "close" if after == 0 else "update"
        self.position[symbol], self.cost[symbol], self.price[symbol] = after, cost, at
        self.trades += 1
        self.fees += paid
        self.realized += realized
        self.traded += value
        self.slippage += half_even(fractions.Fraction(units(slippage) * amount, UNIT))
        self.trip(symbol, sign, value, paid, opens, after, at, time)
        average = half_even(cost * UNIT / abs(after)) if after else 0
        self.line(
            f'"type":"trade","version":1,"trade_id":"{self.name}:{self.trades}:1",'
            f'"order_id":"{self.name}:{self.trades}","strategy_id":"{self.name}",'
            f'"strategy_seq":{self.trades},"event_type":"{kind}","symbol":"{symbol}","side":"{side}",'
            f'"quantity":{decimal(amount)},"price":{decimal(at)},"reference_price":{decimal(at)},'
            f'"slippage":{decimal(units(slippage))},"fee":{decimal(paid)},"liquidity":"taker",'
            f'"timestamp":{time:.6f},"performance_data":{{"position":{decimal(after)},'
            f'"average_price":{decimal(average)},"realized_pnl":{decimal(realized)},'
            f'"cash":{decimal(self.cash)}}}')
        self.moments.append((time, self.equity()))

    def trip(self, symbol, sign, value, fee, opens, after, price, time) -> None:
        trip = self.open.setdefault(
            symbol, {"start": time, "flow": 0, "fees": 0, "put": 0, "low": 0, "high": 0})
        trip["flow"] -= sign * value
        trip["fees"] += fee
        trip["put"] += value if opens else 0
        self.see(symbol, price)
        if after == 0:
            trip["end"] = time
            self.trips.append(self.open.pop(symbol))

    def see(self, symbol: str, price: int) -> None:
        trip = self.open.get(symbol)
        if trip:
            profit = trip["flow"] + half_even(fractions.Fraction(price * self.position[symbol], UNIT))
            trip["low"], trip["high"] = min(trip["low"], profit), max(trip["high"], profit)

    def equity(self) -> int:
        return self.cash + sum(
            half_even(fractions.Fraction(self.price[symbol] * amount, UNIT))
            for symbol, amount in self.position.items())

    def mark(self, prices: dict[str, str], time: float) -> None:
        self.pass_time(time)
        self.marks += 1
        held = {symbol: amount for symbol, amount in self.position.items() if amount}
        for symbol in held:
            if symbol in prices:
                self.price[symbol] = units(prices[symbol])
            self.see(symbol, self.price[symbol])
        positions = ",".join(
            f'{{"symbol":"{symbol}","position":{decimal(amount)},"price":{decimal(self.price[symbol])}}}'
            for symbol, amount in held.items())
        self.line(
            f'"type":"equity","version":1,"strategy_id":"{self.name}","number":{self.marks},'
            f'"strategy_seq":{self.trades},"timestamp":{time:.6f},"equity":{decimal(self.equity())},'
            f'"cash":{decimal(self.cash)},"currency":"USD","periods_per_year":{self.year},'
            f'"positions":[{positions}]')
        self.moments.append((time, self.equity()))

    def figures(self) -> dict[str, float | None]:
        """Figures of trades, round trips and every moment."""
        profits = [(trip["flow"] - trip["fees"]) / UNIT for trip in self.trips]
        won, lost = [p for p in profits if p > 0], [p for p in profits if p < 0]
        spread = len(profits) > 1 and max(profits) > min(profits)
        some = bool(profits)
        lasted = [trip["end"] - trip["start"] for trip in self.trips]
        peak, fall = self.start, 0.0
        for _, equity in self.moments:
            peak = max(peak, equity)
            fall = max(fall, (peak - equity) / peak if peak > 0 else 0)
        by_day = {math.floor(time / 86_400): equity for time, equity in self.moments}
        mean_equity = statistics.fmean(by_day.values()) / UNIT
        return {
            "trades": self.trades, "fees": self.fees / UNIT, "realized_pnl": self.realized / UNIT,
            "slippage": self.slippage / UNIT, "traded_value": self.traded / UNIT,
            "turnover": self.traded / UNIT / mean_equity if mean_equity > 0 else None,
            "exposure": self.held / self.observed if self.observed > 0 else None,
            "max_drawdown": fall, "round_trips": len(profits),
            "win_rate": len(won) / len(profits) if some else None,
            "profit_factor": sum(won) / -sum(lost) if lost else None,
            "expectancy": statistics.fmean(profits) if some else None,
            "average_trade_return":
                statistics.fmean(p * UNIT / t["put"] for p, t in zip(profits, self.trips)) if some else None,
            "system_quality":
                math.sqrt(len(profits)) * statistics.fmean(profits) / statistics.stdev(profits)
                if spread else None,
            "mae": statistics.fmean(-t["low"] / UNIT for t in self.trips) if some else None,
            "mae_worst": max(-t["low"] / UNIT for t in self.trips) if some else None,
            "mfe": statistics.fmean(t["high"] / UNIT for t in self.trips) if some else None,
            "mfe_best": max(t["high"] / UNIT for t in self.trips) if some else None,
            "holding_time": statistics.fmean(lasted) if some else None,
            "holding_time_longest": max(lasted) if some else None,
            "longest_winning_streak": self.streak(profits, 1), "longest_losing_streak": self.streak(profits, -1),
        }

    @staticmethod
    def streak(profits: list[float], sign: int) -> int:
        longest = run = 0
        for profit in profits:
            run = run + 1 if profit * sign > 0 else 0
            longest = max(longest, run)
        return longest


def make(name: str, seed: int) -> Ledger:
    """Some days of trading in one to three symbols."""
    choice = random.Random(seed)
    ledger = Ledger(name, cash=choice.choice(["1000", "100000", "12345.678", "5000000"]),
                    year=choice.choice([252, 365]))
    symbols = {f"S{n}": choice.randrange(500, 40_000) for n in range(choice.randrange(1, 4))}
    time = 1_600_000_000 + choice.randrange(10 * 86_400)
    for _ in range(choice.choice([2, 5, 30, 90, 250])):
        time += choice.choice([1, 1, 1, 1, 3]) * 86_400
        for _ in range(choice.choice([0, 0, 1, 2, 6])):
            moment = time - time % 86_400 + choice.randrange(86_000)
            moment = max(moment, math.ceil(ledger.last or 0))
            symbol = choice.choice(list(symbols))
            symbols[symbol] = max(1, symbols[symbol] + round(choice.gauss(0, symbols[symbol] * 0.02)))
            price = f"{symbols[symbol] / 100:.2f}"
            step(ledger, choice, symbol, price, symbols[symbol], moment)
        for symbol in symbols:
            symbols[symbol] = max(1, symbols[symbol] + round(choice.gauss(0, symbols[symbol] * 0.01)))
        if choice.random() < 0.9:
            ledger.mark({symbol: f"{cents / 100:.2f}" for symbol, cents in symbols.items()},
                        max(time - time % 86_400 + 86_390, ledger.last or 0))
    if not ledger.lines:
        ledger.mark({}, time)
    return ledger


def step(ledger: Ledger, choice: random.Random, symbol: str, price: str, cents: int, time: float) -> None:
    """An execution or none: small beside the account, so that it mostly stays above zero."""
    held = ledger.position.get(symbol, 0)
    fee, slippage = choice.choice(["0", "1", "0.35"]), choice.choice(["0", "0.01", "-0.005"])
    if held and choice.random() < 0.6:
        amount = abs(held) if choice.random() < 0.7 else choice.randrange(1, abs(held) + 1)
        ledger.trade("sell" if held > 0 else "buy", decimal(amount), price, fee, time, symbol, slippage)
        return
    most = max(1, ledger.start // UNIT * 20 // cents)
    amount = choice.choice([str(choice.randrange(1, most + 1)), decimal(choice.randrange(1, most * UNIT + 1))])
    side = ("buy" if held > 0 else "sell") if held else choice.choice(["buy", "sell"])
    ledger.trade(side, amount, price, fee, time, symbol, slippage)


if __name__ == "__main__":
    print("\n".join(make("r1", 1).lines))
    print(json.dumps(make("r1", 1).figures(), indent=1))
