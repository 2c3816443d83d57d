"""Survey responses in place; a row with several scores, and a case with a rating, become responses too.

Grain: response. Its `row_no` tells the responses of one day apart and rises with the time of the day, then with the id.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from crm_core.mapping.carrying_out import rejects
from crm_core.mapping.carrying_out.canonical import columns_of
from crm_core.mapping.carrying_out.lookups import Lookups, with_person
from crm_core.mapping.carrying_out.responses import OF_CASES
from crm_core.mapping.carrying_out.scores import UNKNOWN, Scores
from crm_core.mapping.in_place import scores
from crm_core.mapping.in_place.model import Plan
from crm_core.mapping.in_place.reading import read, united
from crm_core.mapping.in_place.values import as_type
from crm_core.schema import SCORE_FIELDS, SURVEYS

#: Ratings that cases hold come after the responses of their day.
AFTER_RESPONSES = 2**31


def numbered(rows: ir.Table, moment: ir.TimestampValue, *order: str) -> ir.IntegerValue:
    """A number from 0 for the rows of each day, in the order of the moment and then of these columns."""
    return ibis.row_number().over(group_by=moment.date(), order_by=[moment, *(rows[name] for name in order)])


def named_by_day(moment: ir.TimestampValue, number: ir.IntegerValue) -> ir.StringValue:
    """What a row without an id is called: its day and its number in it."""
    return ibis.coalesce(moment.date().cast("string"), ibis.literal("no day")) + " " + (number + 1).cast("string")


def surveys(plan: Plan, found: Lookups, decided: Scores) -> ir.Table:
    """Scores of responses with source_no, field, is_usable and `reason`; one a row, or one for each score a row has."""
    names = scores.fields_of(plan, "surveys")
    rows = with_person(read(plan, "surveys"), found.people)
    order = ("response_id", "customer_id", "order_id", "source_no", *names, "touchpoint", "comment")
    rows = rows.mutate(row_no=numbered(rows, rows.responded_at, *order).cast("int64"))
    by_day = named_by_day(rows.responded_at, rows.row_no)
    rows = rows.mutate(response_id=ibis.coalesce(rows.response_id, by_day) if plan.feeds("response_id", "surveys") else by_day)
    return united([_part(plan, rows, name, decided) for name in names])


def attributes(plan: Plan) -> list[str]:
    """Stored names of what responses themselves are split by: columns that a survey table takes along."""
    return [name for name, label in plan.labels.items() if any(label in one.mapping.attributes for one in plan.of("surveys"))]


def wide_sources(plan: Plan) -> list[int]:
    """Numbers of the sources with several columns of scores."""
    return [one.number for one in plan.of("surveys") if sum(name in one.mapping.fields for name in SCORE_FIELDS) > 1]


def _part(plan: Plan, every: ir.Table, name: str, decided: Scores) -> ir.Table:
    rows = scores.part(plan, every, "surveys", name, decided.measures)
    has_own = name == "score" and (plan.feeds("scale_min", "surveys") or plan.feeds("scale_max", "surveys"))
    rows = scores.with_scale(rows, name, decided, has_own)
    response_id: ir.Value = rows.response_id
    if wide := wide_sources(plan):
        response_id = rows.source_no.isin(wide).ifelse(response_id + f" {name.removesuffix('_score')}", response_id)
    reason = rejects.first_that_holds(
        (rows.responded_at.isnull() & rows.given_responded_at, "date_unreadable"),
        (rows.responded_at.isnull(), "date_missing"),
        (rows.given == UNKNOWN, "measure_unknown"),
        (rows.score.isnull() & rows.given_score, "score_unreadable"),
        (rows.score.isnull(), "score_missing"),
        (rows.is_outside, "score_outside"),
    )
    kept = [*(column for column in columns_of("surveys") if column != "response_id"), *attributes(plan)]
    return rows.select(*kept, "source_no", "field", response_id=response_id, reason=reason, is_usable=reason.isnull())


def of_cases(cases: ir.Table, decided: Scores) -> ir.Table:
    """Ratings that cases hold, as responses with `is_outside`: `cases` has one usable row a case."""
    rated = cases.filter(cases.csat_score.notnull())
    rated = rated.mutate(
        score=rated.csat_score,
        field=ibis.literal("csat_score"),
        given=ibis.literal("csat"),
        top=ibis.literal(scores.NOT_GIVEN, "decimal(18, 4)"),
    )
    rows = scores.with_scale(rated, "csat_score", decided, has_own=False)
    moment = ibis.coalesce(rows.resolved_at, rows.first_response_at, rows.opened_at)
    values: dict[str, ir.Value] = {
        "response_id": "case " + rows.case_id,
        "responded_at": moment,
        "touchpoint": ibis.coalesce(rows.channel, OF_CASES),
        "comment": ibis.null("string"),
        "row_no": numbered(rows, moment, "case_id").cast("int64") + AFTER_RESPONSES,
    }
    kept = ("customer_id", "order_id", "measure", "score", "scale_min", "scale_max", "source_no", "is_outside")
    return rows.select(*kept, **values)


def stored(plan: Plan, *parts: ir.Table) -> ir.Table:
    """Usable responses of all kinds, in the columns of the schema and with their attributes."""
    types = {field.name: field.type for field in SURVEYS.stored()} | dict.fromkeys(attributes(plan), "string")
    return united(
        [
            part.select(**{name: as_type(part[name], kind) if name in part.columns else ibis.null(kind) for name, kind in types.items()})
            for part in parts
        ]
    )


def by_row(plan: Plan, answers: ir.Table) -> ir.Table:
    """source_no and reason of each row of the survey tables: one of several scores that can be used is enough."""
    if not wide_sources(plan):
        return answers
    is_empty = (answers.reason == "score_missing").cast("int64")
    place = answers.field.cases(*((name, place) for place, name in enumerate(SCORE_FIELDS)), else_=len(SCORE_FIELDS))
    ranked = answers.mutate(rank=is_empty * 100 + place, day=answers.responded_at.date())
    judged = ranked.group_by("source_no", "day", "row_no").aggregate(
        is_used=ranked.is_usable.any(), first_reason=ranked.reason.argmin(ranked["rank"])
    )
    return judged.select("source_no", reason=judged.is_used.ifelse(ibis.null("string"), judged.first_reason))
