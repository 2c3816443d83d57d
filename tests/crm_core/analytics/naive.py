"""The definitions, computed once more the slow way: customer against customer, with fractions. Nothing here is shared with the code tested."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from math import floor

#: customer, order, moment, net amount, quantity, whether void
Line = tuple[str | None, str, datetime, Decimal, int | None, bool]


def totals(lines: list[Line], as_of: date) -> dict[str, tuple[Decimal, int, date | None, date | None]]:
    """Net sales, purchases, days of the first and the last purchase, of each customer with a line."""
    formed: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        customer, order, at, _, _, is_void = line
        if customer is not None and not is_void and at.date() < as_of:
            formed.setdefault((customer, order), []).append(line)
    found = {}
    for customer in {customer for customer, _ in formed}:
        own = [lines for (owner, _), lines in formed.items() if owner == customer]
        days = [max(line[2] for line in lines).date() for lines in own if _is_purchase(lines)]
        found[customer] = (sum(line[3] for lines in own for line in lines), len(days), min(days, default=None), max(days, default=None))
    return found


def _is_purchase(lines: list[Line]) -> bool:
    quantities = [line[4] for line in lines if line[4] is not None]
    return sum(line[3] for line in lines) >= 0 and (not quantities or sum(quantities) > 0)


def r_scores(days: list[int]) -> list[int]:
    n = len(days)
    return [5 - floor(5 * Fraction(sum(other < own for other in days), n)) for own in days]


def quintile_scores(values: list[Decimal] | list[int]) -> list[int]:
    n = len(values)
    return [1 + floor(5 * Fraction(sum(other < own for other in values), n)) for own in values]


def f_scores(orders: list[int]) -> list[int]:
    repeat = [count for count in orders if count > 1]
    return [1 if own == 1 else 2 + floor(4 * Fraction(sum(other < own for other in repeat), len(repeat))) for own in orders]


def ranked(values: dict[str, Decimal]) -> list[str]:
    """Ids by value, largest first, ties in byte order of the id."""
    return sorted(values, key=lambda one: (-values[one], one.encode()))


def classes(values: dict[str, Decimal]) -> dict[str, str | None]:
    total, reached, found = Fraction(sum(values.values())), Fraction(0), {}
    for one in ranked(values):
        if total <= 0:
            found[one] = None
            continue
        found[one] = "A" if reached < total * Fraction(8, 10) else "B" if reached < total * Fraction(95, 100) else "C"
        reached += Fraction(values[one])
    return found


def top20_share(values: dict[str, Decimal]) -> Fraction:
    best = ranked(values)[: -(-len(values) // 5)]
    return Fraction(sum(values[one] for one in best)) / Fraction(sum(values.values()))


def vital_few(values: dict[str, Decimal]) -> int:
    """How many customers hold at least 80 % of the value."""
    total, reached = Fraction(sum(values.values())), Fraction(0)
    for count, one in enumerate(ranked(values), start=1):
        reached += Fraction(values[one])
        if reached >= total * Fraction(8, 10):
            return count
    raise AssertionError("all customers together hold everything")


def gini(values: dict[str, Decimal]) -> Fraction:
    """By the mean absolute difference of all pairs, not by ranks."""
    kept = [Fraction(value) for value in values.values() if value >= 0]
    differences = sum(abs(one - other) for one in kept for other in kept)
    return differences / (2 * len(kept) * sum(kept))
