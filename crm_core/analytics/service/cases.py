"""How did each case stand on the day looked from?

Grain: case opened before as_of. What happened on that day or later has not happened yet.
"""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir

from crm_core.analytics import pareto
from crm_core.analytics.orders import midnight
from crm_core.analytics.service.sla import ANY, NO_AGREEMENT, Agreement
from crm_core.errors import CrmError
from crm_core.mapping.values import case_statuses
from crm_core.workspace import Workspace

SECONDS_AN_HOUR = 3600
NO_CLASS = "(no class)"
_AS_THEY_ARE = (
    *("case_id", "customer_id", "order_id", "topic", "channel", "priority", "status", "opened_at", "count_contacts", "count_reopened"),
    *("is_escalated", "public_reach", "value_class"),
)


def cases(
    ws: Workspace, as_of: date, since: date | None = None, agreement: Agreement = NO_AGREEMENT, shown: ir.Table | None = None
) -> ir.Table:
    """Columns: case_id, customer_id, order_id, topic, channel, priority, status, opened_at, first_response_at, resolved_at, due_at, is_open
    (missing where nothing tells), is_within (solved in the agreed time; an open case past it is not, other open ones and those without an
    agreement are missing), is_late (open and past its time), first_seconds, resolution_seconds (missing while it lasts), age_seconds (from
    opening to as_of), count_contacts, count_reopened, is_reopened, is_escalated, public_reach, value_class (missing without sales).

    Raises AnalysisError where the data has no cases.
    """
    table, now = ws.table("cases"), midnight(as_of)
    rows = table.filter(table.opened_at < now)
    rows = rows if since is None else rows.filter(rows.opened_at >= midnight(since))
    rows = _with_class(ws, rows if shown is None else rows.semi_join(shown, "customer_id"), as_of)
    answered, solved, due = _before(rows.first_response_at, now), _before(rows.resolved_at, now), _due(rows, agreement)
    is_known_open = (rows.resolved_at >= now).fill_null(False)
    is_open = _is_open(ws, rows, is_known_open)
    is_overdue = (is_open & (due < now)).fill_null(False)
    in_time = ibis.ifelse(is_overdue, ibis.literal(False), solved <= due)
    is_within = ibis.coalesce(_told_within(rows, is_open, is_known_open), in_time) if ws.has("cases", "is_within_sla") else in_time
    return rows.select(
        *_AS_THEY_ARE,
        first_response_at=answered,
        resolved_at=solved,
        due_at=due,
        is_open=is_open,
        is_late=(is_open & ~is_within).fill_null(False),
        is_within=is_within,
        is_reopened=rows.count_reopened > 0,
        first_seconds=_seconds(rows.opened_at, answered),
        resolution_seconds=_seconds(rows.opened_at, solved),
        age_seconds=_seconds(rows.opened_at, now),
    )


def knows_open(ws: Workspace) -> bool:
    """Does the data tell which cases are solved, by a time or by a status that we understand?"""
    return ws.has("cases", "resolved_at") or any(case_statuses.known_meaning(word) for word in status_words(ws))


def closed_words(ws: Workspace) -> tuple[str, ...]:
    """The status words of this data that mean solved or closed."""
    return tuple(word for word in status_words(ws) if case_statuses.is_closed(word))


def status_words(ws: Workspace) -> tuple[str, ...]:
    """All status words of this data."""
    if not ws.has("cases", "status"):
        return ()
    spoken = ws.table("cases").select("status").distinct()
    return ws.remember("case statuses", lambda: tuple(map(str, ws.execute(spoken)["status"].dropna())))


def _before(moment: ir.TimestampValue, now: ir.TimestampValue) -> ir.TimestampValue:
    """What happens later has not happened yet."""
    return ibis.ifelse(moment < now, moment, ibis.null("timestamp"))


def _is_open(ws: Workspace, rows: ir.Table, is_known_open: ir.BooleanValue) -> ir.BooleanValue:
    """Not solved by then: by the time of the solution; without one by the status, which tells how it ended."""
    if not knows_open(ws):
        return ibis.null("boolean")
    closed = closed_words(ws)
    is_closed = rows.status.isin(closed).fill_null(False) if closed else ibis.literal(False)
    return is_known_open | (rows.resolved_at.isnull() & ~is_closed)


def _due(rows: ir.Table, agreement: Agreement) -> ir.TimestampValue:
    """As the case says, else its opening and the limit of the agreement."""
    if not agreement.limits:
        return rows.due_at
    return ibis.coalesce(rows.due_at, rows.opened_at + limit_seconds(rows, agreement).as_interval("s"))


def limit_seconds(rows: ir.Table, agreement: Agreement) -> ir.IntegerValue:
    """The agreed seconds of each case, missing where no limit fits."""
    branches = [(_fits(rows, one.priority, one.value_class), round(one.hours * SECONDS_AN_HOUR)) for one in agreement.ordered]
    return ibis.cases(*branches, else_=ibis.null("int64")).cast("int64")


def _fits(rows: ir.Table, priority: str, value_class: str) -> ir.BooleanValue:
    fits = ibis.literal(True)
    if priority != ANY:
        fits = fits & (rows.priority.lower() == priority.lower()).fill_null(False)
    if value_class != ANY:
        fits = fits & (rows.value_class == value_class).fill_null(False)
    return fits


def _told_within(rows: ir.Table, is_open: ir.BooleanValue, is_known_open: ir.BooleanValue) -> ir.BooleanValue:
    """What the data says: nothing of an open case but that it is late, and nothing before the solution."""
    is_too_early = is_known_open | (is_open & rows.is_within_sla).fill_null(False)
    return ibis.ifelse(is_too_early, ibis.null("boolean"), rows.is_within_sla)


def _seconds(start: ir.TimestampValue, end: ir.TimestampValue) -> ir.IntegerValue:
    return end.delta(start, unit="second")


def _with_class(ws: Workspace, rows: ir.Table, as_of: date) -> ir.Table:
    """The class A, B or C of the customer by net sales; missing where there are no sales."""
    if not ws.has("order_lines") or not ws.has("cases", "customer_id"):
        return rows.mutate(value_class=ibis.null("string"))
    try:
        known = pareto.classes(ws, as_of, "net_sales").select("customer_id", "value_class")
    except CrmError:
        return rows.mutate(value_class=ibis.null("string"))
    return rows.left_join(known, "customer_id").drop("customer_id_right")
