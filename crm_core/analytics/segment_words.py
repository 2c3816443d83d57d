"""Segments and scores in words, in the data's own units: "2–4 orders, the last one 12 to 45 days before 10 Dec 2011"."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from math import ceil, floor

from crm_core.analytics.scores import CutPoints
from crm_core.analytics.segment_table import Segment

IMPOSSIBLE = "no customer of this data"


def day_in_words(day: date) -> str:
    """10 Dec 2011, on every platform."""
    return f"{day.day} {day:%b %Y}"


def count(number: int, noun: str) -> str:
    """1 order, 2 orders."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def rule(segment: Segment, cuts: CutPoints, as_of: date) -> str:
    """Who is in the segment: ranges of orders and of days before as_of; where the cells form no rectangle, joined by "or"."""
    blocks: dict[tuple[int, ...], list[int]] = {}
    for r_score in segment.r_scores():
        blocks.setdefault(segment.f_scores(r_score), []).append(r_score)
    parts = [
        f"{orders}, {days} before {day_in_words(as_of)}"
        for f_scores, r_scores in blocks.items()
        for orders in [_joined([orders_in_words(cuts, low, high) for low, high in _runs(f_scores)])]
        for days in [_joined([days_in_words(cuts, low, high) for low, high in _runs(tuple(r_scores))])]
        if orders and days
    ]
    return "; or ".join(parts) or IMPOSSIBLE


def _joined(parts: list[str]) -> str:
    return " or ".join(part for part in parts if part)


def _runs(scores: tuple[int, ...]) -> list[tuple[int, int]]:
    """Neighbouring scores as (lowest, highest): (1, 2, 4) gives (1, 2), (4, 4)."""
    runs: list[tuple[int, int]] = []
    for score in scores:
        if runs and runs[-1][1] == score - 1:
            runs[-1] = (runs[-1][0], score)
        else:
            runs.append((score, score))
    return runs


def orders_in_words(cuts: CutPoints, low: int, high: int) -> str:
    """The numbers of orders with an F score from low to high; "" where no number of orders has one."""
    least = 1 if low == 1 else cuts.f[low]
    above = None if high == 5 else cuts.f[high + 1]
    if least is None or (above is not None and above <= least):
        return ""
    first = ceil(Decimal(least))
    if above is None:
        return f"{first:,} or more orders"
    last = ceil(Decimal(above)) - 1
    if first == last:
        return count(first, "order")
    return f"{first:,}–{last:,} orders" if first <= last else ""


def days_in_words(cuts: CutPoints, low: int, high: int) -> str:
    """The days since the last order with an R score from low to high; "" where no number of days has one."""
    most = None if low == 1 else cuts.r[low]
    below = None if high == 5 else cuts.r[high + 1]
    first = 0 if below is None else floor(Decimal(below)) + 1
    if most is None:
        return f"the last one {first:,} or more days" if low == 1 else ""
    last = floor(Decimal(most))
    if first > last:
        return ""
    if first == last:
        return f"the last one {count(first, 'day')}"
    return f"the last one at most {count(last, 'day')}" if high == 5 else f"the last one {first:,} to {last:,} days"


def money_in_words(amount: Decimal | float, currency: str = "") -> str:
    """Amounts as sentences show them: no decimals from 100 on, the currency in front."""
    number = float(amount)
    digits = 0 if abs(number) >= 100 or number == round(number) else 2
    return f"{currency} {number:,.{digits}f}".strip()


def percent_in_words(share: float) -> str:
    """A share as sentences show it: "62.1 %"; what is not nothing is never shown as nothing."""
    return "under 0.1 %" if 0 < share < 0.0005 else f"{100 * share:.1f} %"
