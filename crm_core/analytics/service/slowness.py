"""What do slow answers cost in satisfaction?

Grain: band of waiting time. Every response counts, with the customer's latest case solved in the days before it; the faster cases are the
yardstick. It goes together; the wait need not be the cause.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd

from crm_core.analytics.satisfaction.measures import TOO_FEW, Counts, Difference, Measure, difference, estimate
from crm_core.analytics.satisfaction.responses import counts, responses, scale
from crm_core.analytics.service.cases import SECONDS_AN_HOUR, cases
from crm_core.analytics.service.sla import NO_AGREEMENT, Agreement
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace

#: A response so many days after a solution is taken to be about it too.
DAYS_AFTER = 30
#: Waiting times by the hours that cases take: band, hours up to.
WAITS: tuple[tuple[str, float | None], ...] = (
    ("up to 4 hours", 4),
    ("4–24 hours", 24),
    ("1–3 days", 72),
    ("3–7 days", 168),
    ("more than 7 days", None),
)
IN_TIME, LATE = "solved in time", "solved late"
COLUMNS = ("wait", "n", "value", "low", "high", "share_bottom")


@dataclass(frozen=True)
class Cost:
    """`waits`: a row a band of waiting time that has responses, see COLUMNS. `agreed`: the same for cases solved in the agreed time and late ones,
    empty where no time is agreed. `gap`: late less in time, None where nothing is agreed or one of them has too few
    responses; `lost` is that times the share of responses after late cases: what the average would gain."""

    waits: pd.DataFrame
    agreed: pd.DataFrame
    gap: Difference | None
    lost: float | None


def cost(
    ws: Workspace,
    measure: Measure,
    as_of: date,
    since: date | None = None,
    agreement: Agreement = NO_AGREEMENT,
    shown: ir.Table | None = None,
) -> Cost:
    """See Cost. Raises AnalysisError where no response can be linked to a case with a known solution."""
    linked = _linked(ws, measure, as_of, since, agreement, shown)
    by_wait = ws.execute(linked.group_by(wait=_band(linked), score=linked.score).aggregate(n=lambda t: t.count()))
    if by_wait.empty:
        raise AnalysisError(
            "Scores and cases are not linked",
            f"No response follows a solved case of the same customer within {DAYS_AFTER} days.",
            "Add surveys and cases with customer ids of the same people.",
        )
    by_time = ws.execute(
        linked.filter(linked.is_within.notnull())
        .mutate(wait=ibis.ifelse(linked.is_within, IN_TIME, LATE))
        .group_by("wait", "score")
        .aggregate(n=lambda t: t.count())
    )
    on = scale(ws, measure, as_of)
    waits = {name: counts(by_wait[by_wait["wait"] == name], measure, on) for name, _ in WAITS}
    agreed = {name: counts(by_time[by_time["wait"] == name], measure, on) for name in (IN_TIME, LATE)} if len(by_time) else {}
    late, fast = agreed.get(LATE), agreed.get(IN_TIME)
    has_gap = late is not None and fast is not None and min(late.n, fast.n) >= TOO_FEW
    gap = difference(measure, late, fast) if has_gap and late and fast else None
    lost = gap.point * late.n / (late.n + fast.n) if gap and late and fast else None
    return Cost(_frame(waits, measure), _frame(agreed, measure), gap, lost)


def _linked(ws: Workspace, measure: Measure, as_of: date, since: date | None, agreement: Agreement, shown: ir.Table | None) -> ir.Table:
    """Grain: response with its case: score, resolution_seconds, is_within."""
    rows = responses(ws, measure, as_of, since, shown).filter(lambda t: t.customer_id.notnull())
    solved = cases(ws, as_of, None, agreement).filter(lambda t: t.resolution_seconds.notnull() & t.customer_id.notnull())
    told = solved.select("customer_id", "case_id", "resolved_at", "resolution_seconds", "is_within")
    pairs = rows.select("customer_id", "key", "score", "responded_at").inner_join(told, "customer_id")
    near = pairs.filter(pairs.resolved_at <= pairs.responded_at, pairs.resolved_at >= pairs.responded_at - ibis.interval(days=DAYS_AFTER))
    latest_first = ibis.window(group_by="key", order_by=[near.resolved_at.desc(), near.case_id])
    placed = near.mutate(place=ibis.row_number().over(latest_first))
    return placed.filter(placed.place == 0).select("key", "score", "resolution_seconds", "is_within")


def _band(linked: ir.Table) -> ir.StringValue:
    steps = [(linked.resolution_seconds <= hours * SECONDS_AN_HOUR, name) for name, hours in WAITS if hours is not None]
    return ibis.cases(*steps, else_=WAITS[-1][0])


def _frame(found: dict[str, Counts], measure: Measure) -> pd.DataFrame:
    rows = []
    for name, one in found.items():
        if one.n:
            told = estimate(measure, one)
            rows.append((name, told.n, told.value, told.low, told.high, told.share_bottom))
    return pd.DataFrame(rows, columns=list(COLUMNS))
