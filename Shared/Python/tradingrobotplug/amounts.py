"""Amounts are whole units of 1e-8 on their way to the ledger; a float becomes one through its shortest
decimal form, rounded half to even at 1e-8."""

from decimal import ROUND_HALF_EVEN, Context, Decimal

#: Units of one: 1.0 is 100_000_000 units.
UNITS = 100_000_000
_LIMIT = 2**63 - 1
_context = Context(prec=60, rounding=ROUND_HALF_EVEN)


def to_e8(amount) -> int:
    """The amount in whole units of 1e-8. Takes int, float, Decimal, a decimal text, and numpy's numbers."""
    if isinstance(amount, bool):
        raise TypeError("an amount is a number, not True or False")
    if isinstance(amount, int):
        units = amount * UNITS
    else:
        if not isinstance(amount, (float, Decimal, str)):
            amount = amount.item() if hasattr(amount, "item") else float(amount)
        number = amount if isinstance(amount, Decimal) else Decimal(str(amount))
        if not number.is_finite():
            raise ValueError(f"{amount} is not an amount")
        if number and number.adjusted() > 12:
            raise ValueError(f"{amount} is outside of the range of an amount, 92 billion")
        units = int(number.scaleb(8, _context).to_integral_value(ROUND_HALF_EVEN, _context))
    if not -_LIMIT <= units <= _LIMIT:
        raise ValueError(f"{amount} is outside of the range of an amount, 92 billion")
    return units


def from_e8(units: int) -> float:
    """The nearest float; for indicators and for showing, not for sums of money."""
    return units / UNITS
