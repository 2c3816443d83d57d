"""How fast are cases answered and solved, how many are open and for how long, how many within the agreed time, and is it getting better?

Grain: a group of cases by the day they were opened. Times are calendar hours; medians and 90th percentiles by Kaplan–Meier, cases that are still
waiting counted as waiting. Each figure rests on the cases that tell it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import isnan, nan
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd

from crm_core.analytics import survival
from crm_core.analytics.intervals import Interval, newcombe, wilson
from crm_core.analytics.orders import midnight
from crm_core.analytics.service.cases import NO_CLASS, SECONDS_AN_HOUR, cases, knows_open, limit_seconds
from crm_core.analytics.service.sla import NO_AGREEMENT, Agreement
from crm_core.workspace import Workspace

MEDIAN, SLOWEST = 0.5, 0.9
#: Open cases by age: days from, days to.
AGES: tuple[tuple[int, int | None], ...] = ((0, 1), (1, 3), (3, 7), (7, 14), (14, 30), (30, 90), (90, None))
GROUPS = {"priority": "Priority", "value_class": "Customer class", "topic": "Topic", "channel": "Contact channel"}
MOST_GROUPS = 30
KINDS = ("first", "resolution")
#: Columns of cases that figures are made of.
_NEEDED = ("opened_at", "is_open", "is_within", "is_escalated", "count_reopened")
_SUMS = ("cases", "open", "late", "judged", "within", "told_reopened", "reopened", "told_escalated", "escalated")


@dataclass(frozen=True)
class Service:
    """Hours are None where not provided or where too many still wait; shares are intervals (95 %, Wilson), None where no case tells."""

    cases: int
    open: int | None
    late: int | None
    first_median: float | None
    first_p90: float | None
    resolution_median: float | None
    resolution_p90: float | None
    within: Interval | None
    judged: int
    reopened: Interval | None
    escalated: Interval | None
    counts: tuple[tuple[str, int], ...]

    def count(self, name: str) -> int:
        return dict(self.counts)[name]

    def record(self) -> dict[str, Any]:
        """What the command line prints."""
        return {
            "cases": self.cases,
            "open": self.open,
            "first_response_hours_median": self.first_median,
            "first_response_hours_p90": self.first_p90,
            "resolution_hours_median": self.resolution_median,
            "resolution_hours_p90": self.resolution_p90,
            "within_sla_share": self.within.point if self.within else None,
            "reopened_share": self.reopened.point if self.reopened else None,
            "escalated_share": self.escalated.point if self.escalated else None,
        }


def service(
    ws: Workspace, as_of: date, since: date | None = None, agreement: Agreement = NO_AGREEMENT, shown: ir.Table | None = None
) -> Service:
    """The cases opened before as_of (and from `since` on). Raises AnalysisError where the data has no cases."""
    rows = _rows(ws, as_of, since, agreement, shown)
    sums = ws.execute(rows.aggregate(**_sums(rows))).fillna(0).iloc[0]
    first, resolution = (_hours(_waits(ws, rows, kind)) for kind in KINDS)
    return _service(ws, sums, first, resolution)


def open_cases(
    ws: Workspace, as_of: date, agreement: Agreement = NO_AGREEMENT, shown: ir.Table | None = None
) -> tuple[int | None, int | None]:
    """How many cases of any age are open, and how many of these are past the agreed time; None where the data does not tell."""
    if not knows_open(ws):
        return None, None
    sums = _sums_by_month(ws, as_of, agreement, shown)[["open", "late", "judged"]].sum()
    return int(sums["open"]), int(sums["late"]) if sums["judged"] else None


def _rows(ws: Workspace, as_of: date, since: date | None, agreement: Agreement, shown: ir.Table | None, *texts: str) -> ir.Table:
    """What the figures are made of, kept: one row a case with numbers, and only those texts that are needed, which weigh more. A part of the
    time is cut out of all cases where these are kept already.
    """
    wanted = (*texts, *(() if shown is None else ("customer_id",)))
    key = f"cases {as_of} {agreement!r} {wanted}"
    if since is None or ws.kept(key) is not None:
        rows = ws.keep(key, lambda: _slim(cases(ws, as_of, None, agreement), wanted))
        rows = rows if since is None else rows.filter(rows.opened_at >= midnight(since))
    else:
        rows = ws.keep(f"{key} since {since}", lambda: _slim(cases(ws, as_of, since, agreement), wanted))
    return rows if shown is None else rows.semi_join(shown, "customer_id")


def _slim(rows: ir.Table, texts: tuple[str, ...]) -> ir.Table:
    """With `month`, that of opening as a number (year × 12 + month − 1, smaller and quicker than a moment), and for each of KINDS `…_ended`: did it
    come, and `…_wait`: seconds until then, or until as_of; missing where that is not known: of a case solved at an unknown time, or without a first
    response that nobody waits for any more.
    """
    waits: dict[str, ir.Value] = {"month": (rows.opened_at.year() * 12 + (rows.opened_at.month() - 1)).cast("int16")}
    for kind in KINDS:
        seconds = rows[f"{kind}_seconds"]
        still = ibis.ifelse(rows.is_open.fill_null(True), rows.age_seconds, ibis.null("int64"))
        waits |= {f"{kind}_ended": seconds.notnull(), f"{kind}_wait": ibis.coalesce(seconds, still)}
    return rows.select(*_NEEDED, *texts, **waits)


def _sums(rows: ir.Table) -> dict[str, ir.Scalar]:
    return {
        "cases": rows.count(),
        "open": rows.count(where=rows.is_open),
        "late": rows.count(where=_is_late(rows)),
        "judged": rows.is_within.count(),
        "within": rows.count(where=rows.is_within),
        "told_reopened": rows.count_reopened.count(),
        "reopened": rows.count(where=rows.count_reopened > 0),
        "told_escalated": rows.is_escalated.count(),
        "escalated": rows.count(where=rows.is_escalated),
    }


def _is_late(rows: ir.Table) -> ir.BooleanValue:
    """Open and past the agreed time."""
    return rows.is_open & ~rows.is_within


def _age(rows: ir.Table, as_of: date) -> ir.IntegerValue:
    """Seconds from opening to the day looked from."""
    return midnight(as_of).delta(rows.opened_at, unit="second")


def _waits(ws: Workspace, rows: ir.Table, kind: str, *by: str) -> pd.DataFrame:
    """Counts per distinct waiting time: by…, wait (seconds), ended, censored. Empty where the data does not tell that time at all."""
    field = "first_response_at" if kind == "first" else "resolved_at"
    if not ws.has("cases", field):
        return pd.DataFrame(columns=[*by, "wait", "ended", "censored"])
    told = rows.filter(rows[f"{kind}_wait"].notnull())
    counted = ws.execute(
        told.group_by(*by, wait=told[f"{kind}_wait"]).aggregate(ended=told.count(where=told[f"{kind}_ended"]), n=told.count())
    )
    return counted.assign(censored=counted["n"] - counted["ended"])


Hours = tuple[float | None, float | None]


def _hours(waits: pd.DataFrame) -> Hours:
    """Median and 90th percentile."""
    median, slowest = (None if one is None else one / SECONDS_AN_HOUR for one in survival.quantiles(waits, (MEDIAN, SLOWEST)))
    return median, slowest


def _hours_by_group(waits: pd.DataFrame) -> dict[object, Hours]:
    found = survival.by_group(waits, (MEDIAN, SLOWEST)) / SECONDS_AN_HOUR
    return {name: (_or_none(row[MEDIAN]), _or_none(row[SLOWEST])) for name, row in found.iterrows()}


def _or_none(value: float) -> float | None:
    return None if isnan(value) else float(value)


def _service(ws: Workspace, sums: Any, first: Hours, resolution: Hours) -> Service:
    counts = {name: int(sums[name]) for name in _SUMS}
    (first_median, first_p90), (median, p90) = first, resolution
    knows = knows_open(ws)
    return Service(
        cases=counts["cases"],
        open=counts["open"] if knows else None,
        late=counts["late"] if knows and counts["judged"] else None,
        first_median=first_median,
        first_p90=first_p90,
        resolution_median=median,
        resolution_p90=p90,
        within=_share(counts["within"], counts["judged"]),
        judged=counts["judged"],
        reopened=_share(counts["reopened"], counts["told_reopened"]),
        escalated=_share(counts["escalated"], counts["told_escalated"]),
        counts=tuple(counts.items()),
    )


def _share(hits: int, n: int) -> Interval | None:
    return wilson(hits, n) if n else None


def change(now: Service, before: Service, hits: str = "within", of: str = "judged") -> Interval | None:
    """The difference of a share between two periods (95 %, Newcombe), None where one of them has no case that tells."""
    if not now.count(of) or not before.count(of):
        return None
    return newcombe(now.count(hits), now.count(of), before.count(hits), before.count(of))


COLUMNS = (
    "cases",
    "open",
    "first_hours_median",
    "first_hours_p90",
    "resolution_hours_median",
    "resolution_hours_p90",
    "judged",
    "within_share",
    "within_low",
    "within_high",
    "reopened_share",
    "escalated_share",
)


def by_group(
    ws: Workspace, as_of: date, since: date | None, by: str, agreement: Agreement = NO_AGREEMENT, shown: ir.Table | None = None
) -> pd.DataFrame:
    """One row a value of a column of GROUPS, the one with the most cases first: group ("" where unknown), then COLUMNS; by customer class also
    own_limit_share, the share solved within the class's own limit where the agreement has one.
    """
    held = ("priority",) if by == "value_class" and agreement.classes else ()  # limits of a class may be of a priority
    rows = _rows(ws, as_of, since, agreement, shown, by, *held)
    missing = NO_CLASS if by == "value_class" else ""
    rows = rows.mutate(group=rows[by].fill_null(missing))
    found = _grouped(ws, rows).sort_values(["cases", "group"], ascending=[False, True]).head(MOST_GROUPS).reset_index(drop=True)
    if by == "value_class" and agreement.classes:
        found = found.merge(_against_own(ws, rows, as_of, agreement), on="group", how="left")
    return found


def _grouped(ws: Workspace, rows: ir.Table, sums: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row a value of `group`; its sums are asked for where they are not known."""
    sums = _sums_by(ws, rows, "group") if sums is None else sums
    first, resolution = (_hours_by_group(_waits(ws, rows, kind, "group")) for kind in KINDS)
    unknown: Hours = (None, None)
    found = [
        (row["group"], _service(ws, row, first.get(row["group"], unknown), resolution.get(row["group"], unknown)))
        for _, row in sums.iterrows()
    ]
    return pd.DataFrame([(name, *_line(one)) for name, one in found], columns=["group", *COLUMNS])


def _sums_by(ws: Workspace, rows: ir.Table, by: str) -> pd.DataFrame:
    """One row a value of `by`: group, then _SUMS."""
    return ws.execute(rows.group_by(group=rows[by]).aggregate(**_sums(rows))).fillna(dict.fromkeys(_SUMS, 0))


def _sums_by_month(ws: Workspace, as_of: date, agreement: Agreement, shown: ir.Table | None) -> pd.DataFrame:
    """Of all cases, by the month in which they were opened: what is open now and the course over time are made of it."""

    def find() -> pd.DataFrame:
        return _sums_by(ws, _rows(ws, as_of, None, agreement, shown), "month")

    return find() if shown is not None else ws.remember(f"sums of cases by month {as_of} {agreement!r}", find)


def _line(one: Service) -> tuple[Any, ...]:
    within = one.within or Interval(nan, nan, nan)
    hours = (one.first_median, one.first_p90, one.resolution_median, one.resolution_p90)
    return (
        one.cases,
        nan if one.open is None else one.open,
        *(nan if hour is None else hour for hour in hours),
        one.judged,
        within.point,
        within.low,
        within.high,
        one.reopened.point if one.reopened else nan,
        one.escalated.point if one.escalated else nan,
    )


def _against_own(ws: Workspace, rows: ir.Table, as_of: date, agreement: Agreement) -> pd.DataFrame:
    """Cases of classes with a limit of their own against that limit, whatever time the case itself names."""
    own = Agreement(tuple(one for one in agreement.limits if one.value_class))
    limit = limit_seconds(rows, own)
    solved = ibis.ifelse(rows.resolution_ended, rows.resolution_wait <= limit, ibis.null("boolean"))
    is_over = (rows.is_open & (_age(rows, as_of) > limit)).fill_null(False)
    kept = ibis.ifelse(limit.isnull(), ibis.null("boolean"), ibis.ifelse(is_over, ibis.literal(False), solved))
    judged = rows.mutate(kept=kept)
    return ws.execute(judged.group_by("group").aggregate(own_limit_share=judged.kept.cast("float64").mean()))


def trend(ws: Workspace, as_of: date, agreement: Agreement = NO_AGREEMENT, shown: ir.Table | None = None) -> pd.DataFrame:
    """One row a month in which cases were opened, the earliest first: group (its first day), then COLUMNS."""
    rows = _rows(ws, as_of, None, agreement, shown)
    sums = _sums_by_month(ws, as_of, agreement, shown)
    found = _grouped(ws, rows.rename(group="month"), sums).sort_values("group", ignore_index=True)
    return found.assign(group=pd.to_datetime({"year": found["group"] // 12, "month": found["group"] % 12 + 1, "day": 1}))


def ages(ws: Workspace, as_of: date, agreement: Agreement = NO_AGREEMENT, shown: ir.Table | None = None) -> pd.DataFrame:
    """Open cases by age, a row a step of AGES: days_from, days_to (missing at the end), cases, late (past the agreed time)."""
    rows = _rows(ws, as_of, None, agreement, shown)
    waiting = rows.filter(rows.is_open.fill_null(False))
    steps = [(_age(waiting, as_of) < days * 24 * SECONDS_AN_HOUR, place) for place, (_, days) in enumerate(AGES) if days is not None]
    step = ibis.cases(*steps, else_=len(AGES) - 1)
    counted = ws.execute(
        waiting.group_by(step=step).aggregate(cases=waiting.count(), late=waiting.count(where=_is_late(waiting)))
    ).set_index("step")
    found = counted.reindex(range(len(AGES))).fillna(0).astype("int64").reset_index(drop=True)
    found.insert(0, "days_from", [low for low, _ in AGES])
    found.insert(1, "days_to", [high for _, high in AGES])
    return found


def groups(ws: Workspace) -> dict[str, str]:
    """What cases can be split by in this data."""
    has_class = ws.has("order_lines") and ws.has("cases", "customer_id")
    return {name: text for name, text in GROUPS.items() if (has_class if name == "value_class" else ws.has("cases", name))}
