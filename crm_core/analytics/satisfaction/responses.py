"""Which responses count, and how many gave each score?

Grain: response. A customer's last response of a period counts once (of two on one day, the later row of the files); without customer ids
every response counts. Figures are made of how many responses gave each score, which is small however many responses there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import get_args

import ibis
import ibis.expr.types as ir
import pandas as pd

from crm_core.analytics.orders import midnight
from crm_core.analytics.satisfaction.measures import LABELS, Counts, Measure
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace

MEASURES: tuple[Measure, ...] = get_args(Measure)

#: NPS is defined on this scale only.
NPS_SCALE = (0, 10)
PROMOTER, DETRACTOR = 9, 6
#: The best and worst boxes of any other scale: from this share of its range on, and up to that.
TOP_FROM, BOTTOM_TO = 0.75, 0.25
TOP, MIDDLE, BOTTOM = 1, 0, -1
#: Rows of a day, for a key that orders responses by day and row.
ROWS_A_DAY = 2**32


@dataclass(frozen=True)
class Scale:
    """The scale of a measure: that of most of its responses; others are brought to it."""

    lowest: float
    highest: float

    @property
    def text(self) -> str:
        return f"{self.lowest:g}–{self.highest:g}"


NPS = Scale(*NPS_SCALE)


def measures(ws: Workspace, as_of: date) -> dict[Measure, int]:
    """The measures that have responses before as_of, in their usual order, with how many. Empty without surveys."""
    return {name: n for name in MEASURES if (n := _counted(ws, as_of).get(name, 0))}


def has_attitude(ws: Workspace, as_of: date) -> bool:
    """Are there answers on how we stand against the competitor?"""
    return bool(_counted(ws, as_of).get("attitude"))


def _counted(ws: Workspace, as_of: date) -> dict[str, int]:
    """Measure -> usable responses before as_of."""
    known = _by_scale(ws, as_of) if ws.has("surveys") else {}
    return {name: sum(n for on, n in found.items() if name != "nps" or on == NPS) for name, found in known.items()}


def all_scales(ws: Workspace, as_of: date) -> dict[str, tuple[Scale, ...]]:
    """Measure, also the attitude -> the scales of its responses, that of most of those before as_of first."""
    return {name: tuple(found) for name, found in _by_scale(ws, as_of).items()}


def _by_scale(ws: Workspace, as_of: date) -> dict[str, dict[Scale, int]]:
    """Measure -> scale -> responses before as_of, the scale of most of them first."""

    def find() -> dict[str, dict[Scale, int]]:
        table = ws.table("surveys")
        rows = ws.execute(
            table.group_by("measure", "scale_min", "scale_max").aggregate(n=table.count(where=table.responded_at < midnight(as_of)))
        )
        rows = rows.sort_values(["n", "scale_min", "scale_max"], ascending=[False, True, True])
        found: dict[str, dict[Scale, int]] = {}
        for measure, low, high, n in zip(rows["measure"], rows["scale_min"], rows["scale_max"], rows["n"], strict=True):
            found.setdefault(str(measure), {})[Scale(float(low), float(high))] = int(n)
        return found

    return ws.remember(f"scales {as_of}", find)


def _scales(ws: Workspace, measure: str, as_of: date) -> tuple[Scale, ...]:
    return all_scales(ws, as_of).get(measure, ())


def _usable(ws: Workspace, measure: str, as_of: date) -> ir.Table:
    """Responses of the measure before the day looked from; NPS on its own scale only. What holds of all is not asked of each."""
    table, known = ws.table("surveys"), all_scales(ws, as_of)
    rows = table.filter(table.responded_at < midnight(as_of))
    rows = rows if set(known) == {measure} else rows.filter(rows.measure == measure)
    return rows if measure != "nps" or known.get("nps") == (NPS,) else rows.filter(is_on_its_scale(rows))


def is_on_its_scale(table: ir.Table) -> ir.BooleanValue:
    """NPS is told on one scale only, other measures on any."""
    is_nps = (table.measure == "nps").fill_null(False)
    fits = (table.scale_min == NPS_SCALE[0]) & (table.scale_max == NPS_SCALE[1])
    return ~is_nps | fits.fill_null(False)


def choose(ws: Workspace, as_of: date, measure: str | None) -> Measure:
    """The measure asked for, or the only one. Raises AnalysisError where there is none, another one, or several and none is named."""
    known = measures(ws, as_of)
    if not known:
        raise AnalysisError(
            "No survey responses",
            "The data has no scores of NPS, CSAT or CES before the day looked from.",
            "Add a file with survey responses.",
        )
    if measure is None and len(known) == 1:
        return next(iter(known))
    there = ", ".join(f"{LABELS[name]} ({n:,} response{'' if n == 1 else 's'})" for name, n in known.items())
    if measure is None:
        raise AnalysisError("Several measures", f"The data has {there}.", f"Choose one: --measure {' or --measure '.join(known)}.")
    if measure not in known:
        raise AnalysisError(f"No {measure.upper()}", f"The data has {there}.", "Choose another measure.")
    return measure


def attributes(ws: Workspace) -> dict[str, str]:
    """Columns that the responses themselves carry along, with the user's names."""
    return {field: label for field, label in ws.labels.items() if ws.has("surveys", field)}


def scale(ws: Workspace, measure: str, as_of: date) -> Scale:
    """The scale of most responses of the measure before as_of. Raises AnalysisError without any."""
    known = _scales(ws, measure, as_of)
    if not known:
        raise AnalysisError("No such responses", f"The data has no responses of {measure}.", "Choose another measure.")
    return NPS if measure == "nps" else known[0]


def responses(
    ws: Workspace, measure: str, as_of: date, since: date | None = None, shown: ir.Table | None = None, on: Scale | None = None
) -> ir.Table:
    """Grain: response of the measure before as_of (and from `since` on), of the customers shown.

    Columns: customer_id, order_id, responded_at, score (on that scale, or the measure’s), touchpoint, comment, the attributes of responses, key (rises
    with day and row).
    """
    rows = _usable(ws, measure, as_of)
    rows = rows if since is None else rows.filter(rows.responded_at >= midnight(since))
    rows = rows if shown is None else rows.semi_join(shown, "customer_id")
    return rows.select(
        "customer_id",
        "order_id",
        "responded_at",
        "touchpoint",
        "comment",
        *attributes(ws),
        score=_brought(ws, rows, measure, on or scale(ws, measure, as_of), as_of),
        key=rows.responded_at.date().epoch_days() * ROWS_A_DAY + rows.row_no.fill_null(0),
    )


def _brought(ws: Workspace, rows: ir.Table, measure: str, main: Scale, as_of: date) -> ir.FloatingValue:
    """The score, brought to the main scale where its own is another one."""
    score = rows.score.cast("float64")
    if measure == "nps" or _scales(ws, measure, as_of) == (main,):
        return score
    is_other = (rows.scale_min != main.lowest) | (rows.scale_max != main.highest)
    low, high = rows.scale_min.cast("float64"), rows.scale_max.cast("float64")
    brought = main.lowest + (score - low) / (high - low).nullif(0.0) * (main.highest - main.lowest)
    return ibis.ifelse(is_other.fill_null(False), brought, score)


def edges(measure: str, on: Scale) -> tuple[float, float]:
    """Scores from the first on are in the best band, scores up to the second in the worst."""
    if measure == "nps":
        return PROMOTER, DETRACTOR
    span = on.highest - on.lowest
    return on.lowest + TOP_FROM * span, on.lowest + BOTTOM_TO * span


def band(score: ir.NumericValue, measure: str, on: Scale) -> ir.IntegerValue:
    """TOP, MIDDLE or BOTTOM."""
    top, bottom = edges(measure, on)
    return ibis.cases((score >= top, TOP), (score <= bottom, BOTTOM), else_=MIDDLE).cast("int8")


def counting(rows: ir.Table, *by: str) -> ir.Table:
    """The responses that count: each customer's last one (within each group of `by`), and all without a customer."""
    known, unknown = rows.filter(rows.customer_id.notnull()), rows.filter(rows.customer_id.isnull())
    last = known.group_by("customer_id", *by).aggregate(key=known.key.max())
    return known.semi_join(last, "key").union(unknown, distinct=False)


def score_counts(ws: Workspace, rows: ir.Table, period: str | None = None) -> pd.DataFrame:
    """How many counting responses gave each score. Columns: period (its first moment, with `period` "M" or "Q"), score, n."""
    by = {} if period is None else {"period": rows.responded_at.truncate(period)}
    # without a customer, each response stands for itself
    alone = {"alone": ibis.ifelse(rows.customer_id.isnull(), rows.key, 0)} if _has_unnamed(ws) else {}
    last = rows.group_by("customer_id", **alone, **by).aggregate(score=rows.score.argmax(rows.key))
    return ws.execute(last.group_by(*by, "score").aggregate(n=last.count()).order_by(*by, "score"))


def _has_unnamed(ws: Workspace) -> bool:
    """Are there responses without a customer?"""

    def find() -> bool:
        table = ws.table("surveys")
        return bool(ws.execute(table.count() > table.customer_id.count()))

    return ws.remember("has unnamed responses", find)


def counts(frame: pd.DataFrame, measure: str, on: Scale) -> Counts:
    """The sums over a frame of score and n."""
    top, bottom = edges(measure, on)
    score, n = frame["score"].to_numpy(dtype=float), frame["n"].to_numpy(dtype="int64")
    return Counts(
        int(n.sum()), int(n[score >= top].sum()), int(n[score <= bottom].sum()), float((score * n).sum()), float((score**2 * n).sum())
    )
