"""Which customers gave these scores, or belong to these groups of responses?

Grain: customer with a counting response in the period, with the columns of `listing.listing`.
"""

from __future__ import annotations

from datetime import date

import ibis.expr.types as ir

from crm_core.analytics.listing import listing
from crm_core.analytics.rfm import RfmSettings
from crm_core.analytics.satisfaction.measures import Measure
from crm_core.analytics.satisfaction.responses import counting, responses
from crm_core.analytics.satisfaction.split import grouped
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace


def responders(
    ws: Workspace,
    measure: Measure,
    start: date,
    end: date,
    settings: RfmSettings,
    scores: tuple[float, ...] = (),
    by: str = "",
    groups: tuple[str, ...] = (),
    shown: ir.Table | None = None,
) -> ir.Table:
    """The customers whose score is one of `scores` (any without) and whose response is in one of the `groups` of the split `by` (any without); with columns
    score, answered_on, touchpoint and comment of the response after the id.

    Raises AnalysisError where no response names a customer whose purchases are known.
    """
    if not ws.has("surveys", "customer_id") or not ws.has("order_lines"):
        raise AnalysisError(
            "No list of customers",
            "The responses name no customer whose purchases are known.",
            "Add sales, and surveys with a customer id.",
        )
    rows = counting(responses(ws, measure, end, start, shown)).filter(lambda t: t.customer_id.notnull())
    if scores:
        rows = rows.filter(rows.score.isin(scores))
    if groups:
        members = grouped(ws, rows, by, end, settings)
        rows = rows.semi_join(members.filter(members.group.fill_null("").isin(groups)), "key")
    told = rows.select("customer_id", "score", "touchpoint", "comment", answered_on=rows.responded_at.date())
    kept = [
        name for name in ("score", "answered_on", "touchpoint", "comment") if name in ("score", "answered_on") or ws.has("surveys", name)
    ]
    joined = listing(ws, end, settings, shown).inner_join(told.select("customer_id", *kept), "customer_id")
    first = [name for name in ("customer_id", "name", *kept) if name in joined.columns]
    return joined.select(*first, *(name for name in joined.columns if name not in first))
