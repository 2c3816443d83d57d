"""Scores 1 to 5 for recency, frequency and money, by cut points.

Grain: customer with at least one purchase. Cut points are a few numbers found by exact order statistics in whole numbers: from counts
per distinct value for days and orders, from counts per bin of values for money. Equal values get equal scores, whatever
the data. Source: definitions of the dashboard, after Hughes (1994), Strategic Database Marketing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any, Literal

import ibis
import ibis.expr.types as ir

from crm_core.analytics.distribution import MONEY
from crm_core.analytics.orders import totals
from crm_core.analytics.ranks import least_above
from crm_core.analytics.segment_table import SCORES, SEGMENTS, SegmentTable
from crm_core.errors import AnalysisError, Problem
from crm_core.workspace import Workspace

CUT_SCORES = (2, 3, 4, 5)
#: Typed cut points are amounts like those of the data: below this in size, with at most so many decimals.
CUT_LIMIT, CUT_DECIMALS = 10**15, 4


@dataclass(frozen=True)
class RfmSettings:
    """How to score. `f_rule` "repeat" scores repeat customers among themselves, "quintiles" scores F by the rule of M.

    Typed cut points replace the rule of one score: for R the most days that still get 5, 4, 3 and 2; for F and M
    the least orders and net sales that get 2, 3, 4 and 5. All ascend. Raises AnalysisError where they do not.
    """

    f_rule: Literal["repeat", "quintiles"] = "repeat"
    cuts_r: tuple[float, ...] | None = None
    cuts_f: tuple[float, ...] | None = None
    cuts_m: tuple[float, ...] | None = None
    segments: SegmentTable = SEGMENTS

    def __post_init__(self) -> None:
        typed = {"R": self.cuts_r, "F": self.cuts_f, "M": self.cuts_m}
        problems = [
            Problem("cut_points", "error", _cut_problem(name, cuts)) for name, cuts in typed.items() if cuts and _cut_problem(name, cuts)
        ]
        if problems:
            raise AnalysisError("The cut points cannot be used", "Four ascending numbers are needed for a score.", problems=problems)


def _cut_problem(name: str, cuts: Sequence[float]) -> str:
    if len(cuts) != len(CUT_SCORES):
        return f"{name} has {len(cuts)} cut points, and four are needed"
    if not all(math.isfinite(cut) for cut in cuts):
        return f"{name} has a cut point that is no number"
    if any(later <= earlier for earlier, later in pairwise(cuts)):
        return f"The cut points of {name} do not ascend"
    if not all(fits(cut) for cut in cuts):
        return f"{name} has a cut point with more than 15 digits before the point or {CUT_DECIMALS} after it"
    return ""


def fits(cut: float) -> bool:
    """Can the engine compare amounts with this number exactly?"""
    return abs(cut) < CUT_LIMIT and round(Decimal(str(cut)), CUT_DECIMALS) == Decimal(str(cut))


def parse_cuts(text: str) -> tuple[float, ...] | None:
    """Four rising numbers out of "30, 60 90;180"; None for an empty text. Raises ValueError in a user's words otherwise."""
    words = text.replace(",", " ").replace(";", " ").split()
    if not words:
        return None
    try:
        cuts = tuple(float(word) for word in words)
    except ValueError:
        raise ValueError("Please type numbers, such as 30, 60, 90, 180.") from None
    if len(cuts) != 4 or not all(earlier < later for earlier, later in pairwise(cuts)):
        raise ValueError("Four numbers are needed, each larger than the one before.")
    if not all(map(fits, cuts)):
        raise ValueError("Numbers can have up to 15 digits before the point and 4 after it.")
    return cuts


@dataclass(frozen=True)
class CutPoints:
    """The worst value that got at least a score, by score 2 to 5; None where nobody reached it.

    `r`: most whole days since the last order. `f`: least orders. `m`: least net sales. Held fixed, they score values not seen before.
    """

    customers: int
    r: dict[int, int | Decimal | None]
    f: dict[int, int | Decimal | None]
    m: dict[int, int | Decimal | None]

    def r_score(self, days: float) -> int:
        return max((score for score in CUT_SCORES if (cut := self.r[score]) is not None and days <= cut), default=1)

    def f_score(self, orders: float) -> int:
        return max((score for score in CUT_SCORES if (cut := self.f[score]) is not None and orders >= cut), default=1)

    def m_score(self, net_sales: Decimal) -> int:
        return max((score for score in CUT_SCORES if (cut := self.m[score]) is not None and net_sales >= cut), default=1)


def measured(totals: ir.Table, as_of: date) -> ir.Table:
    """Grain: customer with a purchase. Columns: customer_id, days_since_last_order (whole days to as_of), count_orders, net_sales."""
    buyers = totals.filter(totals.count_orders > 0)
    return buyers.select(
        "customer_id",
        days_since_last_order=ibis.literal(as_of).delta(buyers.last_purchase_on, unit="day"),
        count_orders=buyers.count_orders,
        net_sales=buyers.net_sales.cast(MONEY),
    )


def cut_points(ws: Workspace, as_of: date, settings: RfmSettings = RfmSettings()) -> CutPoints:
    """The cut points of all customers at as_of, or those typed. Raises AnalysisError without any purchase."""
    return ws.remember(f"cut points {as_of} {settings!r}", lambda: find_cut_points(ws, measured(totals(ws, as_of), as_of), settings))


def find_cut_points(ws: Workspace, measured: ir.Table, settings: RfmSettings) -> CutPoints:
    """Cut points of any table with days_since_last_order, count_orders and net_sales."""
    days = _counts(ws, measured, "days_since_last_order")
    orders = _counts(ws, measured, "count_orders")
    customers = sum(count for _, count in days)
    if not customers:
        hint = (
            "Choose a later day. If there is none, see on the Data page whether the amounts were read right: returns alone are no purchase."
        )
        raise AnalysisError("No purchases", "There is no purchase before the day looked from.", hint)
    return CutPoints(
        customers,
        r=_typed(settings.cuts_r, descending=True) or _cuts_of_days(days, customers),
        f=_typed(settings.cuts_f) or _cuts_of_orders(orders, settings.f_rule),
        m=_typed(settings.cuts_m) or _cuts_of_money(ws, measured),
    )


def _counts(ws: Workspace, measured: ir.Table, column: str) -> list[tuple[int, int]]:
    """How many customers have each value, ascending: as many rows as there are days or numbers of orders."""
    counted = ws.execute(measured.group_by(value=measured[column]).aggregate(customers=lambda t: t.count()).order_by("value"))
    return [(int(value), int(count)) for value, count in zip(counted["value"], counted["customers"], strict=True)]


def _typed(cuts: tuple[float, ...] | None, descending: bool = False) -> dict[int, int | Decimal | None] | None:
    if not cuts:
        return None
    return {score: Decimal(str(cut)) for score, cut in zip(CUT_SCORES, reversed(cuts) if descending else cuts, strict=True)}


def _cuts_of_days(days: list[tuple[int, int]], customers: int) -> dict[int, int | Decimal | None]:
    """R = 5 − floor(5 × share with a strictly more recent purchase)."""
    cuts: dict[int, int | Decimal | None] = dict.fromkeys(CUT_SCORES)
    more_recent = 0
    for value, count in days:
        for score in CUT_SCORES:
            if score <= 5 - 5 * more_recent // customers:
                cuts[score] = value
        more_recent += count
    return cuts


def _cuts_of_orders(orders: list[tuple[int, int]], rule: str) -> dict[int, int | Decimal | None]:
    """F = 1 for one purchase, else 2 + floor(4 × share of repeat customers with strictly fewer); or by the rule of M."""
    if rule == "quintiles":
        return _lowest_values(orders, first_score=1, steps=5)
    cuts = _lowest_values([(value, count) for value, count in orders if value > 1], first_score=2, steps=4)
    return cuts | {2: 2}


def _lowest_values(counts: list[tuple[int, int]], first_score: int, steps: int) -> dict[int, int | Decimal | None]:
    """Least value with a score of first_score + floor(steps × share with a strictly lower value), for each score."""
    cuts: dict[int, int | Decimal | None] = dict.fromkeys(CUT_SCORES)
    everybody, lower = sum(count for _, count in counts), 0
    for value, count in counts:
        for score in CUT_SCORES:
            if cuts[score] is None and score <= first_score + steps * lower // everybody:
                cuts[score] = value
        lower += count
    return cuts


def _cuts_of_money(ws: Workspace, measured: ir.Table) -> dict[int, int | Decimal | None]:
    """M = 1 + floor(5 × share with strictly lower net sales).

    M ≥ s where at least k = ⌈(s − 1)·n / 5⌉ customers are strictly lower, so above the k-th smallest value.
    """
    shares = {score: Fraction(score - 1, 5) for score in CUT_SCORES}
    above = least_above(ws, measured.net_sales, shares.values())
    return {score: above[share] for score, share in shares.items()}


def _money(value: Any) -> ir.DecimalScalar:
    return ibis.literal(Decimal(value), type=MONEY)


def scored(measured: ir.Table, cuts: CutPoints, segments: SegmentTable) -> ir.Table:
    """The measured customers with their scores by these cut points, and their segment."""
    with_scores = measured.mutate(
        r_score=_score(measured.days_since_last_order, cuts.r, at_most=True),
        f_score=_score(measured.count_orders, cuts.f),
        m_score=_score(measured.net_sales, cuts.m),
    )
    cell = with_scores.r_score * 10 + with_scores.f_score
    names = [(10 * r + f, segments.of(r, f).name) for r in SCORES for f in SCORES]
    return with_scores.mutate(segment=cell.cases(*names))


def _score(value: ir.NumericColumn, cuts: dict[int, int | Decimal | None], at_most: bool = False) -> ir.IntegerValue:
    """1, and 1 more for each cut point that the value reaches."""
    score: Any = ibis.literal(1, type="int8")
    for cut in cuts.values():
        if cut is not None:
            bound = _money(cut) if isinstance(cut, Decimal) else ibis.literal(cut)
            score = score + (value <= bound if at_most else value >= bound).cast("int8")
    return score.cast("int8")
