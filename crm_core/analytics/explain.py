"""Why is this customer in this segment, and what would move them?

Grain: one customer. Every sentence is computed from the cut points of the day looked from, held fixed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from math import ceil, floor

import ibis

from crm_core.analytics.orders import totals
from crm_core.analytics.scores import CutPoints, RfmSettings, cut_points
from crm_core.analytics.segment_words import count, day_in_words, money_in_words
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace


@dataclass(frozen=True)
class CustomerExplanation:
    """The figures of a customer, `reasons` (one sentence a score, then the segment) and `moves` (what would change them)."""

    customer_id: str
    days_since_last_order: int
    last_purchase_on: date
    count_orders: int
    net_sales: float
    r_score: int
    f_score: int
    m_score: int
    segment: str
    reasons: tuple[str, ...]
    moves: tuple[str, ...]


@dataclass(frozen=True)
class _Standing:
    """What the sentences are made of."""

    as_of: date
    last: date
    orders: int
    net_sales: Decimal
    cuts: CutPoints
    settings: RfmSettings
    currency: str

    @property
    def days(self) -> int:
        return (self.as_of - self.last).days

    @property
    def scores(self) -> tuple[int, int, int]:
        return self.cuts.r_score(self.days), self.cuts.f_score(self.orders), self.cuts.m_score(self.net_sales)

    def segment(self, r_score: int, f_score: int) -> str:
        return self.settings.segments.of(r_score, f_score).name


def explain(ws: Workspace, as_of: date, settings: RfmSettings, customer_id: str) -> CustomerExplanation:
    """Raises AnalysisError for a customer without a purchase before as_of."""
    table = totals(ws, as_of)
    row = ws.execute(table.filter(table.customer_id == ibis.literal(customer_id, type="string"), table.count_orders > 0))
    if row.empty:
        raise AnalysisError(
            "This customer is in no segment", "There is no purchase of theirs before the day looked from.", "Choose a later day."
        )
    found = row.iloc[0]
    last = found["last_purchase_on"]
    standing = _Standing(
        as_of,
        date(last.year, last.month, last.day),
        int(found["count_orders"]),
        Decimal(found["net_sales"]),
        cut_points(ws, as_of, settings),
        settings,
        ws.currency,
    )
    r_score, f_score, m_score = standing.scores
    return CustomerExplanation(
        customer_id,
        standing.days,
        standing.last,
        standing.orders,
        float(standing.net_sales),
        r_score,
        f_score,
        m_score,
        standing.segment(r_score, f_score),
        reasons=(_recency(standing), _frequency(standing), _money(standing), _place(standing)),
        moves=tuple(move for move in (*_next_order(standing), *_silence(standing), *_spending(standing)) if move),
    )


def _recency(one: _Standing) -> str:
    score = one.scores[0]
    fact = f"R {score}: the last order was on {day_in_words(one.last)}, {count(one.days, 'day')} before {day_in_words(one.as_of)}"
    if one.settings.cuts_r:
        return f"{fact}; the limits are typed in."
    if score == 1:
        return f"{fact}; at least 80 % of customers ordered more recently."
    return f"{fact}; less than {20 * (6 - score)} % of customers ordered more recently."


def _frequency(one: _Standing) -> str:
    score = one.scores[1]
    fact = f"F {score}: {count(one.orders, 'order')}"
    if one.settings.cuts_f:
        return f"{fact}; the limits are typed in."
    if one.settings.f_rule == "quintiles":
        return (
            f"{fact}, more than at least {20 * (score - 1)} % of customers."
            if score > 1
            else f"{fact}; less than 20 % of customers have fewer."
        )
    if one.orders == 1:
        return f"{fact}; one-time buyers score 1."
    if score == 2:
        return f"{fact}; less than 25 % of repeat customers have fewer."
    return f"{fact}, more than at least {25 * (score - 2)} % of repeat customers."


def _money(one: _Standing) -> str:
    score = one.scores[2]
    fact = f"M {score}: net sales of {money_in_words(one.net_sales, one.currency)}"
    if one.settings.cuts_m:
        return f"{fact}; the limits are typed in."
    return (
        f"{fact}, more than at least {20 * (score - 1)} % of customers."
        if score > 1
        else f"{fact}; less than 20 % of customers spent less."
    )


def _place(one: _Standing) -> str:
    r_score, f_score, _ = one.scores
    return f"R {r_score} and F {f_score} make {one.segment(r_score, f_score)}."


def _next_order(one: _Standing) -> list[str]:
    """What one more order on the day looked from would change and, where it does not lift F, how many orders would."""
    r_score, f_score, _ = one.scores
    new_r, new_f = one.cuts.r_score(0), one.cuts.f_score(one.orders + 1)
    lifted = [f"{name} from {old} to {new}" for name, old, new in (("F", f_score, new_f), ("R", r_score, new_r)) if new > old]
    sentences = []
    if lifted:
        sentences.append(f"One more order on {day_in_words(one.as_of)} would lift {' and '.join(lifted)}{_change(one, new_r, new_f)}.")
    needed = next((cut for score in range(f_score + 1, 6) if (cut := one.cuts.f[score]) is not None), None)
    if new_f == f_score and needed is not None:
        missing = ceil(needed - one.orders)
        target = one.cuts.f_score(float(one.orders + missing))
        sentences.append(f"{count(missing, 'more order')} would lift F from {f_score} to {target}{_change(one, new_r, target)}.")
    return sentences


def _change(one: _Standing, r_score: int, f_score: int) -> str:
    now, then = one.segment(*one.scores[:2]), one.segment(r_score, f_score)
    return f": from {now} to {then}" if then != now else f", and leave the customer in {now}"


def _silence(one: _Standing) -> list[str]:
    """When R falls without an order, and when the segment changes if that is later."""
    r_score, f_score, _ = one.scores
    now = one.segment(r_score, f_score)
    sentences: list[str] = []
    while r_score > 1 and (falls_on := _falls_on(one, r_score)) is not None:
        lower = one.cuts.r_score((falls_on - one.last).days)
        then = one.segment(lower, f_score)
        until = f"Without an order until {day_in_words(falls_on)}"
        if then != now:
            return [*sentences, f"{until}, R falls to {lower} and the customer from {now} to {then}."]
        if not sentences:
            sentences.append(f"{until}, R falls from {r_score} to {lower}; the segment stays {now}.")
        r_score = lower
    return sentences


def _falls_on(one: _Standing, r_score: int) -> date | None:
    """The day on which that R score is lost without an order; None where the calendar ends before it."""
    days = floor(one.cuts.r[r_score] or 0) + 1  # a score that a customer holds has a cut point
    return one.last + timedelta(days=days) if days <= (date.max - one.last).days else None


def _spending(one: _Standing) -> list[str]:
    score = one.scores[2]
    target = next((cut for better in range(score + 1, 6) if (cut := one.cuts.m[better]) is not None), None)
    if target is None:
        return []
    missing = Decimal(target) - one.net_sales
    enough = missing.quantize(Decimal(1) if missing >= 100 else Decimal("0.01"), ROUND_CEILING)  # as it is shown, and it does lift
    lifted = one.cuts.m_score(one.net_sales + enough)
    return [f"Another {money_in_words(enough, one.currency)} of net sales would lift M from {score} to {lifted}."]
