"""Cases (complaints, requests) as a canonical table; a log of events has many rows a case.

Grain: case. Its state is the last known value of each field in the order of the events (`updated_at`, then place in the file); it was
opened when its earliest row says. A day without a time of day may be the day of opening: then it counts as that moment.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from crm_core.mapping.carrying_out import rejects
from crm_core.mapping.carrying_out.lookups import Lookups, with_person
from crm_core.mapping.carrying_out.reading import Plan, read
from crm_core.mapping.values import case_statuses
from crm_core.mapping.values.text import is_given
from crm_core.schema import CASES

EVENTS, STATES = "case_events", "case_states"
#: Different status words that are looked at.
MOST_WORDS = 1000
#: Moments of a case after its opening, and the years before it from which on one is no moment but a sign for "not yet" (1900-01-01).
ENDS, LONG_BEFORE = ("first_response_at", "resolved_at", "closed_at", "due_at"), 10
_WORDS = tuple(field.name for field in CASES.fields if field.kind == "category")
_COUNTS = tuple(field.name for field in CASES.fields if field.kind == "integer")
#: Last known of each: all fields but those that tell when and of which case an event is.
_LAST = (
    *(field.name for field in CASES.fields if field.name not in ("case_id", "opened_at", "updated_at")),
    "csat_top",
)


def _make_events(plan: Plan, found: Lookups) -> ir.Table:
    """All rows of cases, with a case id for each; made ready in the staging area, since several questions are asked of them."""
    rows = with_person(read(plan, "cases"), found.people)
    words = {name: is_given(rows[name]).ifelse(rows[name], ibis.null("string")) for name in _WORDS}
    rows = rows.mutate(
        **words,
        **{name: _since(rows[name], ibis.coalesce(rows.opened_at, rows.updated_at)) for name in ENDS},
        case_id=ibis.coalesce(rows.case_id, "row " + rows.position.cast("string")),
        csat_top=ibis.coalesce(rows.top_csat_score, ibis.literal(-1).cast("decimal(18, 4)")),
        is_dated=is_given(rows.raw_opened_at) | is_given(rows.raw_updated_at),
    ).select("source_no", "row_no", "position", "case_id", "opened_at", "updated_at", "is_dated", *_LAST)
    return _made(plan, EVENTS, rows)


def _made(plan: Plan, name: str, rows: ir.Table) -> ir.Table:
    plan.staging.raw.execute(f"CREATE OR REPLACE TABLE {name} AS {plan.staging.con.compile(rows)}")
    return plan.staging.con.table(name)


def states(plan: Plan, found: Lookups) -> ir.Table:
    """One row a case with its last state, source_no of its last row, is_usable and `reason`; made ready in the staging area."""
    rows = _make_events(plan, found)
    ended = sorted(case_statuses.closed_words(status_words(plan)))
    return _made(plan, STATES, _judged(_marked(plan, _completed(_last_state(plan, rows, ended), ended))))


def useless(plan: Plan, cases: ir.Table) -> ir.Table:
    """The rows of cases that cannot be used: source_no, row_no and the reason of their case."""
    bad = cases.filter(~cases.is_usable).select(bad_id="case_id", reason="reason")
    rows = plan.staging.con.table(EVENTS)
    return rows.inner_join(bad, rows.case_id == bad.bad_id).select("source_no", "row_no", "reason")


def status_words(plan: Plan) -> list[str]:
    """The status words of cases, as they stand in the data, in the order of the alphabet; once `states` has been asked for."""
    if not plan.feeds("status", "cases"):
        return []
    words = plan.staging.con.table(EVENTS).select("status").drop_null().distinct().order_by("status").limit(MOST_WORDS)
    return [str(word) for word in plan.staging.con.to_pyarrow(words)["status"].to_pylist()]


def mark_sources(plan: Plan) -> list[int]:
    """Numbers of the sources that mark escalated cases and leave the cells of others empty, so that an empty one means no."""
    if not plan.feeds("is_escalated", "cases"):
        return []
    rows = plan.staging.con.table(EVENTS)
    told = rows.group_by("source_no").aggregate(
        is_mark=rows.is_escalated.all() & rows.is_escalated.isnull().any()  # of what is given
    )
    return [int(number) for number in plan.staging.con.to_pyarrow(told.filter(told.is_mark).select("source_no"))["source_no"].to_pylist()]


def _marked(plan: Plan, cases: ir.Table) -> ir.Table:
    numbers = mark_sources(plan)
    if not numbers:
        return cases
    is_no = cases.is_escalated.isnull() & cases.source_no.isin(numbers)
    return cases.mutate(is_escalated=is_no.ifelse(False, cases.is_escalated))


def _last_state(plan: Plan, rows: ir.Table, ended: list[str]) -> ir.Table:
    """One row a case. Rows that all are cases of their own stay as they are."""
    rows = rows.mutate(ended_at=_ended_at(plan, rows, ended))
    kept = [*_LAST, "ended_at", "is_dated", "source_no"]
    opened = ibis.coalesce(rows.opened_at, rows.updated_at)
    counts = plan.staging.con.to_pyarrow(rows.aggregate(rows=rows.count(), cases=rows.case_id.nunique())).to_pylist()[0]
    if counts["rows"] == counts["cases"]:
        return rows.select("case_id", "position", *kept, opened_at=opened)
    rows = rows.mutate(opened_at=opened, event_no=_event_no(plan, rows))
    last = {name: rows[name].argmax(rows.event_no, where=rows[name].notnull()) for name in _LAST} | {
        "source_no": rows.source_no.argmax(rows.event_no)
    }
    return rows.group_by("case_id").aggregate(
        **last, position=rows.position.min(), opened_at=rows.opened_at.min(), ended_at=rows.ended_at.max(), is_dated=rows.is_dated.any()
    )


def _event_no(plan: Plan, rows: ir.Table) -> ir.IntegerValue:
    """The place of a row among those of its case, in time where events have one."""
    if not plan.feeds("updated_at", "cases"):
        return rows.position
    in_time = [rows.updated_at.asc(nulls_first=True), rows.position]
    return ibis.row_number().over(group_by="case_id", order_by=in_time)


def _ended_at(plan: Plan, rows: ir.Table, ended: list[str]) -> ir.TimestampValue:
    """Where only the status says that a case has ended: the time of an event of such a status."""
    lacking = [source.number for source in plan.of("cases") if not {"resolved_at", "closed_at"} & source.mapping.fields.keys()]
    is_ended = rows.status.isin(ended) & rows.source_no.isin(lacking) if ended and lacking else ibis.literal(False)
    return is_ended.ifelse(rows.updated_at, ibis.null("timestamp(6)"))


def _completed(cases: ir.Table, ended: list[str]) -> ir.Table:
    """Resolved when closed where no time of resolving is known, or when the last status of an ended case was given."""
    by_status = (cases.status.isin(ended) if ended else ibis.literal(False)).ifelse(cases.ended_at, ibis.null("timestamp(6)"))
    resolved = ibis.coalesce(cases.resolved_at, cases.closed_at, by_status)
    return cases.mutate(
        resolved_at=_not_before(resolved, cases.opened_at), first_response_at=_not_before(cases.first_response_at, cases.opened_at)
    )


def is_sign(moment: ir.TimestampValue, opened: ir.TimestampValue) -> ir.BooleanValue:
    """True of a moment that was never meant: nothing ends decades before it begins."""
    return (moment.year() < opened.year() - LONG_BEFORE).fill_null(False)


def _since(moment: ir.TimestampValue, opened: ir.TimestampValue) -> ir.TimestampValue:
    return is_sign(moment, opened).ifelse(ibis.null("timestamp(6)"), moment)


def _not_before(moment: ir.TimestampValue, start: ir.TimestampValue) -> ir.TimestampValue:
    """The moment; a mere day that is that of the start is the start, since its midnight would lie before it."""
    is_same_day = (moment == moment.truncate("D")) & (moment.date() == start.date())
    return is_same_day.fill_null(False).ifelse(ibis.greatest(moment, start), moment)


def _judged(cases: ir.Table) -> ir.Table:
    """Whether each case can be true."""
    is_negative = ibis.or_(*((cases[name] < 0).fill_null(False) for name in _COUNTS))
    reason = rejects.first_that_holds(
        (cases.opened_at.isnull() & cases.is_dated, "date_unreadable"),
        (cases.opened_at.isnull(), "date_missing"),
        ((cases.first_response_at < cases.opened_at).fill_null(False), "answered_too_early"),
        ((cases.resolved_at < cases.opened_at).fill_null(False), "resolved_too_early"),
        (is_negative, "count_negative"),
    )
    return cases.mutate(reason=reason, is_usable=reason.isnull())
