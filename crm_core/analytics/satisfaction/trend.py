"""How did the measure go, month by month or quarter by quarter, and what is it now?

Grain: period. Each period counts a customer's last response within it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import nan
from typing import Literal

import ibis.expr.types as ir
import pandas as pd

from crm_core.analytics.days import Period
from crm_core.analytics.orders import midnight, orders
from crm_core.analytics.satisfaction.measures import Difference, Estimate, Measure, difference, estimate
from crm_core.analytics.satisfaction.responses import Scale, counts, is_on_its_scale, responses, scale, score_counts
from crm_core.workspace import Workspace

By = Literal["month", "quarter", "all"]
UNITS: dict[By, str] = {"month": "M", "quarter": "Q"}
MONTHS: dict[By, int] = {"month": 1, "quarter": 3}
COLUMNS = ("period", "measure", "n", "value", "low", "high", "share_top", "share_bottom")


@dataclass(frozen=True)
class Now:
    """The measure in a period and in the one before; `change` is missing (n = 0) where one of them has no response.

    `scores`: a row a score with score, n, share. `mean` is that of the scores. `buyers` and `answered` are the customers with a purchase in the
    period, and those of them who gave a response in it; None without sales or without customers.
    """

    period: Period
    scale: Scale
    estimate: Estimate
    before: Estimate
    change: Difference
    mean: float
    scores: pd.DataFrame
    buyers: int | None
    answered: int | None

    @property
    def response_share(self) -> float | None:
        return self.answered / self.buyers if self.buyers and self.answered is not None else None


def trend(ws: Workspace, measure: Measure, as_of: date, by: By = "month", shown: ir.Table | None = None) -> pd.DataFrame:
    """One row a period with responses, the earliest first. Columns as COLUMNS: period (2021-03, 2021-Q1, all), measure, n, value (NPS in
    points, CSAT a share, CES a mean), low, high (95 %), share_top, share_bottom.
    """
    rows, on = responses(ws, measure, as_of, shown=shown), scale(ws, measure, as_of)
    if by == "all":
        return _frame([("all", estimate(measure, counts(score_counts(ws, rows), measure, on)))], measure)
    found = score_counts(ws, rows, UNITS[by])
    periods = [
        (label(pd.Timestamp(str(start)), by), estimate(measure, counts(part, measure, on)))
        for start, part in found.groupby("period", sort=True)
    ]
    return _frame(periods, measure)


def last_step(ws: Workspace, measure: Measure, as_of: date, by: By = "month", shown: ir.Table | None = None) -> Difference | None:
    """The last period with responses less the one before it; None where there is only one."""
    if by == "all":
        return None
    on, found = scale(ws, measure, as_of), score_counts(ws, responses(ws, measure, as_of, shown=shown), UNITS[by])
    last = [counts(part, measure, on) for _, part in found.groupby("period", sort=True)][-2:]
    return difference(measure, last[1], last[0]) if len(last) == 2 else None


def label(start: pd.Timestamp, by: By) -> str:
    """2021-03 or 2021-Q1."""
    return f"{start.year}-Q{start.quarter}" if by == "quarter" else f"{start:%Y-%m}"


def _frame(periods: list[tuple[str, Estimate]], measure: Measure) -> pd.DataFrame:
    rows = [(name, measure, one.n, one.value, one.low, one.high, one.share_top, one.share_bottom) for name, one in periods if one.n]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"n": "int64"} | dict.fromkeys(COLUMNS[3:], "float64"))


def now(ws: Workspace, measure: Measure, start: date, end: date, shown: ir.Table | None = None) -> Now:
    """The measure from start to end (excluded), against the period before of the same length."""
    period, on = Period(start, end), scale(ws, measure, end)
    scores = _scores(ws, measure, period, on, shown)
    here, before = (counts(frame, measure, on) for frame in (scores, _scores(ws, measure, period.before(), on, shown)))
    buyers, answered = _answered(ws, measure, period, shown)
    return Now(
        period=period,
        scale=on,
        estimate=estimate(measure, here),
        before=estimate(measure, before),
        change=difference(measure, here, before),
        mean=here.mean,
        scores=scores.assign(share=scores["n"] / here.n if here.n else nan),
        buyers=buyers,
        answered=answered,
    )


def _scores(ws: Workspace, measure: Measure, period: Period, on: Scale, shown: ir.Table | None) -> pd.DataFrame:
    return score_counts(ws, responses(ws, measure, period.end, period.start, shown, on))


def _answered(ws: Workspace, measure: Measure, period: Period, shown: ir.Table | None) -> tuple[int | None, int | None]:
    """Customers with a purchase in the period, and those of them who answered in it."""
    if not ws.has("order_lines") or not ws.has("surveys", "customer_id"):
        return None, None
    bought = orders(ws, period.end)
    bought = bought if shown is None else bought.semi_join(shown, "customer_id")
    buyers = bought.filter(bought.is_purchase, bought.ordered_on >= period.start).select("customer_id").distinct()
    table = ws.table("surveys")
    within = (table.responded_at >= midnight(period.start)) & (table.responded_at < midnight(period.end))
    given = table.filter(within, table.measure == measure, is_on_its_scale(table))
    answered = buyers.semi_join(given, "customer_id")
    return int(ws.execute(buyers.count())), int(ws.execute(answered.count()))
