"""Cases (complaints, requests) in place; a log of events has many rows a case.

Grain: case. Its state is the last known value of each field in the order of the events; it was opened when its earliest row says.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from crm_core.mapping.carrying_out import rejects
from crm_core.mapping.carrying_out.cases import ENDS, MOST_WORDS, is_sign
from crm_core.mapping.carrying_out.lookups import Lookups, with_person
from crm_core.mapping.in_place.model import Plan
from crm_core.mapping.in_place.reading import read
from crm_core.mapping.in_place.responses import named_by_day, numbered
from crm_core.mapping.values import case_statuses
from crm_core.mapping.values.text import NULL_WORDS
from crm_core.schema import CASES

_WORDS = tuple(field.name for field in CASES.fields if field.kind == "category")
_COUNTS = tuple(field.name for field in CASES.fields if field.kind == "integer")
#: Last known of each: all fields but those that tell when and of which case an event is.
_LAST = tuple(field.name for field in CASES.fields if field.name not in ("case_id", "opened_at", "updated_at"))


@dataclass(frozen=True)
class Cases:
    """`events` are all rows with the id of their case; `states` one row a case, with source_no of its last row, is_usable and `reason`."""

    events: ir.Table
    states: ir.Table
    status_words: list[str]
    marks: list[int]  # sources that mark escalated cases and leave the cells of others empty


def cases(plan: Plan, found: Lookups) -> Cases:
    """The states of all cases; two small questions: the status words, and whether a case has several rows."""
    events = _events(plan, found)
    words = _status_words(plan, events)
    ended = sorted(case_statuses.closed_words(words))
    fed = [(one, one.mapping.fields["is_escalated"]) for one in plan.of("cases") if "is_escalated" in one.mapping.fields]
    marks = [one.number for one, column in fed if one.look.of(column).is_mark]
    states = _completed(_last_state(plan, events, ended), ended)
    if marks:
        is_no = states.is_escalated.isnull() & states.source_no.isin(marks)
        states = states.mutate(is_escalated=is_no.ifelse(False, states.is_escalated))
    return Cases(events, _judged(states), words, marks)


def _events(plan: Plan, found: Lookups) -> ir.Table:
    rows = with_person(read(plan, "cases"), found.people)
    words = {name: _given(rows[name]) for name in _WORDS if plan.feeds(name, "cases")}
    begun = ibis.coalesce(rows.opened_at, rows.updated_at)
    ends = {name: is_sign(rows[name], begun).ifelse(ibis.null("timestamp"), rows[name]) for name in ENDS if plan.feeds(name, "cases")}
    rows = rows.mutate(**words, **ends, is_dated=rows.given_opened_at | rows.given_updated_at, begun=begun)
    named = rows.case_id if plan.feeds("case_id", "cases") else None
    by_day = named_by_day(rows.begun, numbered(rows, rows.begun, "customer_id", "order_id", "source_no", *_told(plan)))
    rows = rows.mutate(case_id=by_day if named is None else ibis.coalesce(named, by_day))
    return rows.select("source_no", "case_id", "opened_at", "updated_at", "is_dated", *_LAST)


def _told(plan: Plan) -> list[str]:
    return [name for name in _LAST if plan.feeds(name, "cases") and name not in ("customer_id", "order_id")]


def _given(word: ir.StringValue) -> ir.StringValue:
    return word.lower().isin(NULL_WORDS).ifelse(ibis.null("string"), word)


def _status_words(plan: Plan, events: ir.Table) -> list[str]:
    """The status words of cases, as they stand in the data, in the order of the alphabet."""
    if not plan.feeds("status", "cases"):
        return []
    words = events.select("status").drop_null().distinct().limit(MOST_WORDS)
    return sorted(str(row["status"]) for row in plan.ask(words))


def _last_state(plan: Plan, events: ir.Table, ended: list[str]) -> ir.Table:
    """One row a case. Rows that all are cases of their own stay as they are."""
    rows = events.mutate(ended_at=_ended_at(plan, events, ended), opened_at=ibis.coalesce(events.opened_at, events.updated_at))
    if not plan.feeds("case_id", "cases") or not _has_several(plan, events):
        return rows
    told = [*_told(plan), *(name for name in ("customer_id", "order_id") if plan.feeds(name, "cases"))]
    order = [rows.updated_at.asc(nulls_first=True), rows.opened_at, *(rows[name] for name in told), rows.source_no]
    rows = rows.mutate(event_no=ibis.row_number().over(group_by="case_id", order_by=order))
    last = {
        name: rows[name].argmax(rows.event_no, where=rows[name].notnull()) if name in told else ibis.null(CASES.field(name).type)
        for name in _LAST
    }
    return rows.group_by("case_id").aggregate(
        **last,
        source_no=rows.source_no.argmax(rows.event_no),
        opened_at=rows.opened_at.min(),
        ended_at=rows.ended_at.max(),
        is_dated=rows.is_dated.any(),
    )


def _has_several(plan: Plan, events: ir.Table) -> bool:
    groups = events.group_by("case_id").aggregate(count_rows=events.count())
    return bool(plan.ask(groups.filter(groups.count_rows > 1).limit(1).aggregate(found=ibis._.count()))[0]["found"])


def _ended_at(plan: Plan, events: ir.Table, ended: list[str]) -> ir.TimestampValue:
    """Where only the status says that a case has ended: the time of an event of such a status."""
    lacking = [one.number for one in plan.of("cases") if not {"resolved_at", "closed_at"} & one.mapping.fields.keys()]
    if not (ended and lacking and plan.feeds("updated_at", "cases")):
        return ibis.null("timestamp")
    is_ended = events.status.isin(ended) & events.source_no.isin(lacking)
    return is_ended.ifelse(events.updated_at, ibis.null("timestamp"))


def _completed(states: ir.Table, ended: list[str]) -> ir.Table:
    """Resolved when closed where no time of resolving is known, or when the last status of an ended case was given."""
    by_status = states.status.isin(ended).ifelse(states.ended_at, ibis.null("timestamp")) if ended else ibis.null("timestamp")
    resolved = ibis.coalesce(states.resolved_at, states.closed_at, by_status)
    return states.mutate(
        resolved_at=_not_before(resolved, states.opened_at), first_response_at=_not_before(states.first_response_at, states.opened_at)
    )


def _not_before(moment: ir.TimestampValue, start: ir.TimestampValue) -> ir.TimestampValue:
    """The moment; a mere day that is that of the start is the start, since its midnight would lie before it."""
    is_same_day = (moment == moment.truncate("D")) & (moment.date() == start.date())
    return is_same_day.fill_null(False).ifelse(ibis.greatest(moment, start), moment)


def _judged(states: ir.Table) -> ir.Table:
    """Whether each case can be true."""
    is_negative = ibis.or_(*((states[name] < 0).fill_null(False) for name in _COUNTS))
    reason = rejects.first_that_holds(
        (states.opened_at.isnull() & states.is_dated, "date_unreadable"),
        (states.opened_at.isnull(), "date_missing"),
        ((states.first_response_at < states.opened_at).fill_null(False), "answered_too_early"),
        ((states.resolved_at < states.opened_at).fill_null(False), "resolved_too_early"),
        (is_negative, "count_negative"),
    )
    return states.mutate(reason=reason, is_usable=reason.isnull())


def by_event(found: Cases) -> ir.Table:
    """source_no and reason of each row of the case tables: that of its case."""
    bad = found.states.filter(~found.states.is_usable).select(bad_id="case_id", reason="reason")
    joined = found.events.left_join(bad, found.events.case_id == bad.bad_id)
    return joined.select("source_no", "reason")
