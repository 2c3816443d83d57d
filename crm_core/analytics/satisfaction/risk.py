"""Who is at risk of turning against us?

Grain: customer with an unresolved or reopened case after two or more contacts, or whose last score is among the worst and was not followed up. Only who
and why: what there is to tell of each stands in `watch`.
"""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import ibis.expr.types as ir

from crm_core.analytics.orders import midnight
from crm_core.analytics.satisfaction.follow_up import Followed, table_of
from crm_core.analytics.satisfaction.responses import BOTTOM_TO, DETRACTOR, MEASURES, NPS, ROWS_A_DAY, all_scales, edges, is_on_its_scale
from crm_core.analytics.service.cases import cases
from crm_core.analytics.service.sla import NO_AGREEMENT, Agreement
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace

#: From so many contacts on an unsolved case is a risk.
CONTACTS = 2
#: A low score, and a reopened case that is solved by now, are a risk for so many days.
DAYS_BACK = 365
OPEN_CASE, LOW_SCORE, BOTH = RISKS = ("open or reopened case", "low score", "case and low score")


def has_customers(ws: Workspace) -> bool:
    """Can anybody be watched: do cases or surveys name customers?"""
    return ws.has("cases", "customer_id") or ws.has("surveys", "customer_id")


def at_risk(ws: Workspace, as_of: date, followed: Followed = ()) -> ir.Table:
    """Columns: customer_id, risk (OPEN_CASE, LOW_SCORE or BOTH), public_reach (the largest of their cases, missing where not given).

    Raises AnalysisError where the data has neither cases nor surveys with customers.
    """
    refuse_nobody(ws)
    return ws.keep(f"at risk {as_of} {followed!r}", lambda: _together(ws, as_of, followed))


def refuse_nobody(ws: Workspace) -> None:
    """Raises AnalysisError where neither cases nor surveys name customers."""
    if not has_customers(ws):
        raise AnalysisError(
            "Nobody to watch", "Neither cases nor survey responses name a customer.", "Add cases or surveys with a customer id or order id."
        )


def _together(ws: Workspace, as_of: date, followed: Followed) -> ir.Table:
    rows, low = troubling_cases(ws, as_of, followed), low_scores(ws, as_of, followed)
    if rows is None or low is None:
        return _of_one_kind(rows, low)
    troubled = rows.group_by("customer_id").aggregate(public_reach=rows.public_reach.max())
    both = troubled.outer_join(low.select("customer_id"), "customer_id")
    risk = ibis.cases((both.customer_id.isnull(), LOW_SCORE), (both.customer_id_right.isnull(), OPEN_CASE), else_=BOTH)
    return both.select("public_reach", risk=risk, customer_id=ibis.coalesce(both.customer_id, both.customer_id_right))


def _of_one_kind(rows: ir.Table | None, low: ir.Table | None) -> ir.Table:
    """Where only cases or only responses name customers."""
    if rows is not None:
        return rows.group_by("customer_id").aggregate(public_reach=rows.public_reach.max()).mutate(risk=ibis.literal(OPEN_CASE))
    assert low is not None  # noqa: S101 (has_customers said so)
    return low.select("customer_id", public_reach=ibis.null("int64"), risk=ibis.literal(LOW_SCORE))


def troubling_cases(ws: Workspace, as_of: date, followed: Followed = (), agreement: Agreement = NO_AGREEMENT) -> ir.Table | None:
    """Unsolved or lately reopened cases of customers after several contacts, as `cases` gives them; None where no case names a customer."""
    if not ws.has("cases", "customer_id"):
        return None
    rows = cases(ws, as_of, agreement=agreement).filter(lambda t: t.customer_id.notnull())
    last_day = ibis.coalesce(rows.resolved_at, rows.opened_at)
    is_open = rows.is_open.fill_null(False)
    was_reopened = rows.is_reopened.fill_null(False) & (last_day >= midnight(as_of - timedelta(days=DAYS_BACK)))
    several = (rows.count_contacts >= CONTACTS) | (rows.count_contacts.isnull() & rows.is_reopened)
    return _not_followed(ws, rows.filter(is_open | was_reopened, several.fill_null(False)), rows.opened_at.date(), followed)


def low_scores(ws: Workspace, as_of: date, followed: Followed = ()) -> ir.Table | None:
    """customer_id and key (see `key_of`) of customers whose last response, of any measure, is in the worst band; None where no response names a
    customer."""
    if not ws.has("surveys", "customer_id"):
        return None
    table = ws.table("surveys")
    since = midnight(as_of - timedelta(days=DAYS_BACK))
    within = (table.responded_at < midnight(as_of)) & (table.responded_at >= since)
    rows = of_measures(ws, table.filter(within, table.customer_id.notnull()), as_of)
    packed = key_of(rows) * 2 + is_low(ws, rows, as_of).cast("int64")  # one number tells the last response and how it is
    last = rows.group_by("customer_id").aggregate(packed=packed.max())
    bad = last.filter(last.packed % 2 == 1)
    low = bad.select("customer_id", key=bad.packed // 2)
    day = (ibis.literal(date(1970, 1, 1)) + (low.key // ROWS_A_DAY).as_interval("D")).cast("date")
    return _not_followed(ws, low, day, followed)


def key_of(rows: ir.Table) -> ir.IntegerValue:
    """Rises with the day of the response and, within a day, with the row."""
    return rows.responded_at.date().epoch_days() * ROWS_A_DAY + rows.row_no.fill_null(0)


def of_measures(ws: Workspace, rows: ir.Table, as_of: date) -> ir.Table:
    """Without answers on the competitor, and NPS off its scale; most data has neither, and need not be asked row by row."""
    known = all_scales(ws, as_of)
    if set(known) <= set(MEASURES) and known.get("nps", (NPS,)) == (NPS,):
        return rows
    return rows.filter(rows.measure.isin(MEASURES), is_on_its_scale(rows))


def is_low(ws: Workspace, rows: ir.Table, as_of: date) -> ir.BooleanValue:
    """Is the response in the worst band of its own scale?"""
    known = all_scales(ws, as_of)
    if len(known) == 1 and len(scales := next(iter(known.values()))) == 1:  # one measure on one scale: one edge
        return (rows.score <= edges(next(iter(known)), scales[0])[1]).fill_null(False)
    edge = rows.scale_min + (rows.scale_max - rows.scale_min) * BOTTOM_TO
    return ibis.ifelse(rows.measure == "nps", rows.score <= DETRACTOR, rows.score <= edge).fill_null(False)


def _not_followed(ws: Workspace, rows: ir.Table, day: ir.DateValue, followed: Followed) -> ir.Table:
    """Without what happened up to the day on which its customer was followed up."""
    if not followed:
        return rows
    marked = table_of(ws, followed)
    joined = rows.mutate(_happened=day).left_join(marked, "customer_id")
    return joined.filter(joined.followed_on.isnull() | (joined._happened > joined.followed_on)).drop(
        "customer_id_right", "followed_on", "_happened"
    )
