"""What do lists of customers tell of their satisfaction: the last score, its band, open cases, and the risk of escalation?

Grain: customer with a response or a case before as_of.
"""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd

from crm_core.analytics import rfm
from crm_core.analytics.satisfaction import risk
from crm_core.analytics.satisfaction.follow_up import Followed
from crm_core.analytics.satisfaction.measures import BANDS, LABELS, Measure, estimate
from crm_core.analytics.satisfaction.responses import BOTTOM, MIDDLE, TOP, band, counts, measures, responses, scale
from crm_core.analytics.service.cases import cases, knows_open
from crm_core.workspace import Workspace

#: What lists gain, where the data has it.
LISTED = ("last_score", "satisfaction", "open_cases", "risk")


def main_measure(ws: Workspace, as_of: date) -> Measure | None:
    """The measure with the most responses: the one whose last score stands in lists. None without any."""
    known = measures(ws, as_of)
    return max(known.items(), key=lambda pair: pair[1])[0] if known else None


def has_any(ws: Workspace) -> bool:
    return risk.has_customers(ws)


def satisfaction(ws: Workspace, as_of: date, followed: Followed = ()) -> ir.Table:
    """Columns: customer_id, then those of LISTED that the data tells: last_score (of the main measure), satisfaction (the name of its band), open_cases
    (0 where a customer has none), risk (missing where there is none)."""
    return ws.keep(f"satisfaction of customers {as_of} {followed!r}", lambda: _together(ws, as_of, followed))


def _together(ws: Workspace, as_of: date, followed: Followed) -> ir.Table:
    parts = [risk.at_risk(ws, as_of, followed).drop("public_reach")]
    measure = main_measure(ws, as_of)
    if measure is not None and ws.has("surveys", "customer_id"):
        parts.append(_last_scores(ws, measure, as_of))
    if ws.has("cases", "customer_id") and knows_open(ws):
        rows = cases(ws, as_of).filter(lambda t: t.customer_id.notnull())
        parts.append(rows.group_by("customer_id").aggregate(open_cases=rows.is_open.fill_null(False).sum()))
    joined = parts[0]
    for part in parts[1:]:
        both = joined.outer_join(part, "customer_id")
        joined = both.mutate(customer_id=ibis.coalesce(both.customer_id, both.customer_id_right)).drop("customer_id_right")
    joined = joined.mutate(open_cases=joined.open_cases.fill_null(0)) if "open_cases" in joined.columns else joined
    return joined.select("customer_id", *(name for name in LISTED if name in joined.columns))


def _last_scores(ws: Workspace, measure: Measure, as_of: date) -> ir.Table:
    rows = responses(ws, measure, as_of).filter(lambda t: t.customer_id.notnull())
    last = rows.group_by("customer_id").aggregate(last_score=rows.score.argmax(rows.key))
    place = band(last.last_score, measure, scale(ws, measure, as_of))
    names = BANDS[measure]
    return last.mutate(satisfaction=ibis.cases((place == TOP, names[0]), (place == MIDDLE, names[1]), (place == BOTTOM, names[2])))


def with_satisfaction(ws: Workspace, as_of: date, table: ir.Table, followed: Followed = ()) -> ir.Table:
    """A list with customer_id and the columns of LISTED that it does not have yet; as it is where the data tells nothing of satisfaction."""
    if not has_any(ws):
        return table
    told = satisfaction(ws, as_of, followed)
    missing = [name for name in told.columns if name != "customer_id" and name not in table.columns]
    if not missing:
        return table
    joined = table.left_join(told.select("customer_id", *missing), "customer_id").drop("customer_id_right")
    return joined.mutate(open_cases=joined.open_cases.fill_null(0)) if "open_cases" in missing else joined


def one(ws: Workspace, as_of: date, customer_id: str, followed: Followed = ()) -> tuple[str, ...]:
    """What is known of one customer's satisfaction, in words; nothing where the data tells nothing."""
    if not has_any(ws):
        return ()
    table = satisfaction(ws, as_of, followed)
    rows = ws.execute(table.filter(table.customer_id == customer_id))
    if rows.empty:
        return ("no response and no case",)
    row, measure = rows.iloc[0], main_measure(ws, as_of)
    words = []
    if measure is not None and pd.notna(row.get("last_score")):
        band_of_one = row["satisfaction"].lower().removesuffix("s")  # a promoter; other bands are called by what somebody is
        words.append(f"last {LABELS[measure]} score {row['last_score']:g} ({band_of_one})")
    if "open_cases" in row and pd.notna(row["open_cases"]):
        count = int(row["open_cases"])
        words.append(f"{count} open case{'' if count == 1 else 's'}")
    return (*words, f"at risk: {row['risk']}") if isinstance(row.get("risk"), str) else tuple(words)


def by_segment(
    ws: Workspace,
    as_of: date,
    settings: rfm.RfmSettings = rfm.RfmSettings(),
    followed: Followed = (),
    shown: ir.Table | None = None,
) -> pd.DataFrame:
    """How satisfied each segment is, by the last score of its customers. Columns: segment, then where the data tells it: answers (n), the main
    measure under its own name (nps in points, csat a share, ces a mean), open_cases, at_risk (customers). No rows where it tells nothing."""
    if not has_any(ws):
        return pd.DataFrame({"segment": []})
    members = rfm.customers_shown(ws, as_of, settings, shown).select("customer_id", "segment")
    joined = members.inner_join(satisfaction(ws, as_of, followed), "customer_id")
    sums = {"at_risk": joined.risk.count()} | ({"open_cases": joined.open_cases.sum()} if "open_cases" in joined.columns else {})
    found = ws.execute(joined.group_by("segment").aggregate(**sums))
    measure = main_measure(ws, as_of)
    if measure is None or "last_score" not in joined.columns:
        return found
    scores = ws.execute(
        joined.filter(joined.last_score.notnull()).group_by("segment", score=joined.last_score).aggregate(n=lambda t: t.count())
    )
    lines = []
    for segment, part in scores.groupby("segment"):
        one = estimate(measure, counts(part, measure, scale(ws, measure, as_of)))
        lines.append((segment, one.n, one.value))
    return pd.DataFrame(lines, columns=["segment", "answers", measure]).merge(found, on="segment", how="outer")
