"""Did following up help?

Grain: customer followed up. The last score before is compared with the first one after; scores drift to the mean by themselves, so the yardstick is
how the scores of customers went who gave the same first score and got no follow-up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import nan, sqrt

import ibis
import ibis.expr.types as ir
import pandas as pd

from crm_core.analytics.satisfaction.measures import TOO_FEW, Measure
from crm_core.analytics.satisfaction.responses import responses
from crm_core.workspace import Workspace


@dataclass(frozen=True)
class FollowUp:
    """A customer whom somebody followed up on that day."""

    customer_id: str
    followed_on: date


Followed = tuple[FollowUp, ...]
COLUMNS = ("customer_id", "followed_on", "first_score", "next_score", "change", "answered_on")


@dataclass(frozen=True)
class Effect:
    """`table`: one row a customer, with the latest follow-up, see COLUMNS (next_score, change and answered_on missing while there is no answer
    after it; first_score where there was none before).

    `mean_change` is that of the `n` customers with both scores; `control_change` the mean change of `n_control` pairs of answers of customers
    without a follow-up, weighted to the same first scores; `effect` their difference with its 95 % interval, missing below ten on either side, and where
    no two of those pairs began with the same score.
    """

    table: pd.DataFrame
    n: int
    n_control: int
    mean_change: float
    control_change: float
    effect: float
    low: float
    high: float


def table_of(ws: Workspace, followed: Sequence[FollowUp]) -> ir.Table:
    """The follow-ups as a table: customer_id, followed_on (the latest of each customer)."""
    latest: dict[str, date] = {}
    for one in followed:
        latest[one.customer_id] = max(one.followed_on, latest.get(one.customer_id, one.followed_on))
    key = f"followed {sorted(latest.items())!r}"
    frame = pd.DataFrame({"customer_id": list(latest), "followed_on": pd.to_datetime(list(latest.values()))})
    schema = ibis.schema({"customer_id": "string", "followed_on": "timestamp"})
    return ws.keep(key, lambda: ibis.memtable(frame, schema=schema).mutate(followed_on=ibis._.followed_on.date()))


def effect(ws: Workspace, measure: Measure, as_of: date, followed: Followed) -> Effect:
    """See Effect."""
    marked, rows = table_of(ws, followed), responses(ws, measure, as_of).filter(lambda t: t.customer_id.notnull())
    table = _before_and_after(ws, marked, rows)
    both = table.dropna(subset=["first_score", "next_score"])
    pairs = _pairs(ws, rows, marked)
    return _judged(table, both, pairs)


def _before_and_after(ws: Workspace, marked: ir.Table, rows: ir.Table) -> pd.DataFrame:
    joined = rows.inner_join(marked, "customer_id")
    is_before = joined.responded_at.date() <= joined.followed_on
    told = joined.group_by("customer_id").aggregate(
        first_score=joined.score.argmax(joined.key, where=is_before),
        next_score=joined.score.argmin(joined.key, where=~is_before),
        answered_on=joined.responded_at.min(where=~is_before).date(),
    )
    found = ws.execute(marked.left_join(told, "customer_id").drop("customer_id_right"))
    found["change"] = found["next_score"] - found["first_score"]
    return found.sort_values(["followed_on", "customer_id"], ascending=[False, True], ignore_index=True)[list(COLUMNS)]


def _pairs(ws: Workspace, rows: ir.Table, marked: ir.Table) -> pd.DataFrame:
    """Consecutive answers of customers without a follow-up: first_score, n, total and squares of the changes."""
    others = rows.anti_join(marked, "customer_id")
    window = ibis.window(group_by="customer_id", order_by="key")
    pairs = others.mutate(next_score=others.score.lead().over(window)).filter(lambda t: t.next_score.notnull())
    change = pairs.next_score - pairs.score
    return ws.execute(
        pairs.group_by(first_score=pairs.score).aggregate(n=pairs.count(), total=change.sum(), squares=(change * change).sum())
    )


def _judged(table: pd.DataFrame, both: pd.DataFrame, pairs: pd.DataFrame) -> Effect:
    known = pairs.set_index("first_score")
    used = both[both["first_score"].isin(known.index)]
    n, mean_change = len(used), float(used["change"].mean()) if len(used) else nan
    if not n:
        return Effect(table, 0, 0, nan, nan, nan, nan, nan)
    weights = used["first_score"].value_counts(normalize=True)
    control = known.loc[weights.index]
    means = control["total"] / control["n"]
    expected = float((weights * means).sum())
    n_control = int(control["n"].sum())
    free = n_control - len(control)
    if n < TOO_FEW or n_control < TOO_FEW or not free:
        return Effect(table, n, n_control, mean_change, expected, nan, nan, nan)
    residuals = used["change"].to_numpy(dtype=float) - means.loc[used["first_score"]].to_numpy(dtype=float)
    within = max(0.0, float((control["squares"] - control["n"] * means**2).sum())) / free
    half = _half_width(float(residuals.var(ddof=1)) / n, n - 1, within * float((weights**2 / control["n"]).sum()), free)
    gap = mean_change - expected
    return Effect(table, n, n_control, mean_change, expected, gap, gap - half, gap + half)


def _half_width(one: float, free: int, other: float, other_free: int) -> float:
    """Of the 95 % interval of a difference of means with these squared errors, by Welch and Satterthwaite. The control's error is pooled over the
    first scores: a score that a single pair of answers began with has no spread of its own, which does not make it certain."""
    if one + other == 0:
        return 0.0
    from scipy import special

    freedom = (one + other) ** 2 / (one**2 / free + other**2 / other_free)
    return float(-special.stdtrit(freedom, 0.025)) * sqrt(one + other)
