"""An independent oracle: the canonical ledger of `sma-crossover` over one day of LEAN equity ticks.

It shares no code with the platform and is written from its rules alone, in decimal arithmetic: one symbol, no
latency, no slippage, displayed sizes, an account in USD; half to even at 1e-8.
"""
import argparse
import datetime
import heapq
import pathlib
import zipfile
from decimal import ROUND_FLOOR, Decimal, getcontext

getcontext().prec = 80
UNIT, FINE, ZERO = Decimal("1e-8"), Decimal("1e-24"), Decimal(0)


def text(amount: Decimal) -> str:
    """The shortest decimal, never -0."""
    return format(amount.normalize() if amount else ZERO, "f")


def midnight(day: str) -> int:
    """Local midnight in New York in microseconds since 1970, by the rule of 2007 and later."""
    date = datetime.datetime.strptime(day, "%Y%m%d").date()
    march, november = datetime.date(date.year, 3, 14), datetime.date(date.year, 11, 7)
    begin, end = (last - datetime.timedelta((last.weekday() + 1) % 7) for last in (march, november))
    return ((date - datetime.date(1970, 1, 1)).days * 24 + (4 if begin < date <= end else 5)) * 3_600_000_000


def rows(path: pathlib.Path, hours: str):
    """(time, quote 0 before trade 1, row, fields) of one file, without suspicious rows."""
    start, kind = midnight(path.name[:8]), int(path.name.endswith("_trade.zip"))
    with zipfile.ZipFile(path) as archive:
        lines = archive.read(archive.namelist()[0]).decode().splitlines()
    for number, fields in enumerate(line.split(",") for line in lines):
        if fields[-1] == "0" and (hours == "all" or 34_200_000 <= int(fields[0]) < 57_600_000):
            yield start + int(fields[0]) * 1000, kind, number, fields


class Session:
    def __init__(self, options):
        self.options, self.cash, self.position, self.cost = options, options.cash, ZERO, ZERO
        # Bid, ask and last trade: [price, size, what is left of it (None: no limit)].
        self.bid, self.ask, self.last = [None] * 3, [None] * 3, [None] * 3
        self.windows, self.sums, self.symbol = ([], []), [ZERO, ZERO], options.folder.resolve().name.upper()
        self.price, self.order, self.command, self.trades, self.fills = None, None, 0, 0, 0

    def take(self, time, kind, _, fields):
        """One row: what stands is matched first, then the strategy decides and its order meets the quote."""
        if kind == 0:
            before = self.bid[:2], self.ask[:2]
            for side, price, size in ((self.bid, *fields[1:3]), (self.ask, *fields[3:5])):
                if int(price) > 0:
                    side[:2] = Decimal(price) / 10000, Decimal(size)
            # What changed is shown anew; a row that changes nothing shows both sides anew.
            for side, old in zip((self.bid, self.ask), before):
                if side[:2] != old or before == (self.bid[:2], self.ask[:2]):
                    side[2] = side[1] or None
            self.price = self.mark() if self.bid[0] and self.ask[0] else self.price
        else:
            self.price, size = Decimal(fields[1]) / 10000, Decimal(fields[2])
            self.last = [self.price, size, size or None]
        yield from self.fill(time)
        if self.price is not None:
            yield from self.decide(time)

    def mark(self) -> Decimal:
        if self.bid[0] and self.ask[0]:
            return ((self.bid[0] + self.ask[0]) / 2).quantize(UNIT, ROUND_FLOOR)
        return self.last[0] or self.bid[0] or self.ask[0]

    def touch(self, sign):
        """What a market order takes from; None when there is nothing or the book is crossed."""
        if not self.bid[0] and not self.ask[0]:
            return self.last
        is_crossed = self.bid[0] and self.ask[0] and self.bid[0] > self.ask[0]
        side = self.ask if sign > 0 else self.bid
        return side if side[0] and not is_crossed else None

    def decide(self, time):
        """Where the averages cross, a market order takes the position to the other side."""
        options = self.options
        for index, (window, length) in enumerate(zip(self.windows, (options.fast, options.slow))):
            window.append(self.price)
            self.sums[index] += self.price - (window.pop(0) if len(window) > length else ZERO)
        difference = self.sums[0] * options.slow - self.sums[1] * options.fast
        sign = (difference > 0) - (difference < 0)
        quantity = abs(self.position) + (options.quantity if sign > 0 or options.direction == "both" else 0)
        is_wanted = len(self.windows[1]) == options.slow and sign * self.position <= 0 and not self.order
        if is_wanted and sign and quantity:
            self.command, self.fills = self.command + 1, 0
            if self.accepts(sign, quantity):
                self.order = sign, quantity, self.mark()
                yield from self.fill(time)

    def accepts(self, sign, quantity) -> bool:
        after, worst = self.position + sign * quantity, (self.touch(sign) or [self.mark()])[0]
        cost, means = quantity * worst + self.fee(quantity), self.cash
        if sign < 0:
            cost, means = -after * worst, self.cash + self.position * self.mark()
        return quantity % 1 == 0 and (sign * after <= 0 or cost <= means)

    def fee(self, quantity) -> Decimal:
        return ZERO if self.options.fee == "none" else max(Decimal(1), quantity * Decimal("0.005"))

    def fill(self, time):
        sign, remaining, reference = self.order or (1, ZERO, ZERO)
        touch = self.touch(sign) or [None, None, ZERO]
        quantity = remaining if touch[2] is None else min(remaining, touch[2])
        touch[2] = None if touch[2] is None else touch[2] - quantity
        self.order = (sign, remaining - quantity, reference) if remaining > quantity else None
        closing = max(ZERO, min(quantity, -sign * self.position))
        share = (self.fee(quantity) * closing / max(quantity, UNIT)).quantize(UNIT)
        for part, cost in ((closing, share), (quantity - closing, self.fee(quantity) - share)):
            if part:
                yield self.trade(time, sign, part, touch[0], reference, cost)

    def trade(self, time, sign, quantity, price, reference, fee) -> str:
        held, realized, event = abs(self.position), ZERO, "update" if self.position else "open"
        if sign * self.position < 0:
            removed = (self.cost * quantity / held).quantize(FINE)
            realized = ((removed - price * quantity) * sign).quantize(UNIT)
            event = "close" if quantity == held else "update"
        self.cost += price * quantity if sign * self.position >= 0 else -removed
        self.position += sign * quantity
        self.cash -= sign * price * quantity + fee
        self.trades, self.fills = self.trades + 1, self.fills + 1
        average = (self.cost / abs(self.position)).quantize(UNIT) if self.position else ZERO
        name, side = f"{self.options.id}:{self.command}", "buy" if sign > 0 else "sell"
        return (
            f'{{"type":"trade","version":1,"trade_id":"{name}:{self.fills}","order_id":"{name}",'
            f'"strategy_id":"{self.options.id}","strategy_seq":{self.trades},"event_type":"{event}",'
            f'"symbol":"{self.symbol}","side":"{side}","quantity":{text(quantity)},"price":{text(price)},'
            f'"reference_price":{text(reference)},"slippage":{text((price - reference) * sign)},'
            f'"fee":{text(fee)},"liquidity":"taker","timestamp":{time // 1_000_000}.{time % 1_000_000:06},'
            f'"performance_data":{{"position":{text(self.position)},"average_price":{text(average)},'
            f'"realized_pnl":{text(realized)},"cash":{text(self.cash)}}}}}\n')


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path, help="LEAN folder of one symbol, as equity/usa/tick/ibm")
    standard = dict(id="sma-ibm", direction="both", fee="per-share", hours="regular", fast=10, slow=50,
                    quantity=Decimal(100), cash=Decimal(100_000))
    for name, value in standard.items():
        parser.add_argument(f"--{name}", type=type(value), default=value)
    session = Session(parser.parse_args())
    files = (rows(path, session.options.hours) for path in sorted(session.options.folder.glob("*.zip")))
    for event in heapq.merge(*files):
        print(*session.take(*event), sep="", end="")
