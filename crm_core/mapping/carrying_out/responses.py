"""Survey responses as a canonical table; a row with several scores, and a case with a rating, become responses too.

Grain: response. It takes its customer from the order where it names an order and no customer.
"""

from __future__ import annotations

from functools import reduce

import ibis
import ibis.expr.types as ir

from crm_core.mapping.carrying_out import rejects, scores
from crm_core.mapping.carrying_out.canonical import columns_of
from crm_core.mapping.carrying_out.lookups import Lookups, with_person
from crm_core.mapping.carrying_out.reading import Plan
from crm_core.mapping.carrying_out.scores import UNKNOWN, Scores
from crm_core.mapping.values.text import is_given
from crm_core.schema import SCORE_FIELDS, SURVEYS

#: Touchpoint of a rating that a case file holds, where the case has no channel.
OF_CASES = "Customer service"


def surveys(plan: Plan, found: Lookups, decided: Scores) -> ir.Table:
    """Scores of responses with source_no, row_no, field, is_usable and `reason`; one a row, or one for each score a row has."""
    parts = [_part(plan, found, name, decided) for name in scores.fields_of(plan, "surveys")]
    return reduce(lambda left, right: ibis.union(left, right, distinct=False), parts)


def attributes(plan: Plan) -> list[str]:
    """Stored names of what responses themselves are split by: columns that a survey file takes along."""
    return [name for name, label in plan.labels.items() if any(label in source.mapping.attributes for source in plan.of("surveys"))]


def wide_sources(plan: Plan) -> list[int]:
    """Numbers of the sources with several columns of scores."""
    return [source.number for source in plan.of("surveys") if sum(name in source.mapping.fields for name in SCORE_FIELDS) > 1]


def _part(plan: Plan, found: Lookups, name: str, decided: Scores) -> ir.Table:
    rows = scores.with_scale(plan, scores.part(plan, "surveys", name, decided.measures))
    rows = with_person(rows, found.people)
    response_id = ibis.coalesce(rows.response_id, "row " + rows.position.cast("string"))
    if wide := wide_sources(plan):
        suffix = " " + name.removesuffix("_score")
        response_id = rows.source_no.isin(wide).ifelse(response_id + suffix, response_id)
    is_unknown = rows.given == UNKNOWN
    reason = rejects.first_that_holds(
        (rows.responded_at.isnull() & is_given(rows.raw_responded_at), "date_unreadable"),
        (rows.responded_at.isnull(), "date_missing"),
        (is_unknown, "measure_unknown"),
        (rows.score.isnull() & is_given(rows.raw_score), "score_unreadable"),
        (rows.score.isnull(), "score_missing"),
        (rows.is_outside, "score_outside"),
    )
    kept = [*(column for column in columns_of("surveys") if column not in ("response_id", "row_no")), *attributes(plan)]
    return rows.select(*kept, "source_no", "row_no", "position", "field", response_id=response_id, reason=reason, is_usable=reason.isnull())


def useless(rows: ir.Table) -> ir.Table:
    """Rows none of whose scores can be used: source_no, row_no and the reason of the first filled one, as mostly only one is filled."""
    is_empty = (rows.reason == "score_missing").cast("int64")
    place = rows.field.cases(*((name, place) for place, name in enumerate(SCORE_FIELDS)), else_=len(SCORE_FIELDS))
    counted = rows.mutate(rank=is_empty * 100 + place).group_by("source_no", "row_no")
    judged = counted.aggregate(is_used=ibis._.is_usable.any(), reason=ibis._.reason.argmin(ibis._.rank))
    return judged.filter(~judged.is_used).drop("is_used")


def of_cases(plan: Plan, cases: ir.Table) -> ir.Table:
    """Ratings that cases hold, as responses with `is_outside`: `cases` has one usable row a case, as `cases.states` gives it."""
    rated = cases.filter(cases.csat_score.notnull())
    rated = rated.mutate(score=rated.csat_score, field=ibis.literal("csat_score"), given=ibis.literal("csat"), top=rated.csat_top)
    rows = scores.with_scale(plan, rated)
    values: dict[str, ir.Value] = {
        "response_id": "case " + rows.case_id,
        "responded_at": ibis.coalesce(rows.resolved_at, rows.first_response_at, rows.opened_at),
        "touchpoint": ibis.coalesce(rows.channel, OF_CASES),
        "comment": ibis.null("string"),
    }
    kept = ("customer_id", "order_id", "measure", "score", "scale_min", "scale_max", "source_no", "position", "is_outside")
    return rows.select(*kept, **values)


def stored(plan: Plan, *parts: ir.Table) -> ir.Table:
    """Usable responses of all kinds, in the columns of the schema and with their attributes; their `row_no` goes on from file to file."""
    types = {field.name: field.type for field in SURVEYS.stored()} | dict.fromkeys(attributes(plan), "string")
    placed = [part.mutate(row_no=part.position) for part in parts]
    typed = [
        part.select(**{name: part[name].cast(kind) if name in part.columns else ibis.null(kind) for name, kind in types.items()})
        for part in placed
    ]
    return reduce(lambda left, right: ibis.union(left, right, distinct=False), typed)


def with_customer_of_order(rows: ir.Table, orders: ir.Table | None) -> ir.Table:
    """Responses or cases that name an order and no customer take the order's."""
    if orders is None:
        return rows
    owned = orders.filter(orders.customer_id.notnull())
    owners = owned.group_by(owned_order_id="order_id").aggregate(owner=owned.customer_id.min(), other=owned.customer_id.max())
    owners = owners.filter(owners.owner == owners.other).drop("other")  # an id that two customers share does not tell whose it is
    joined = rows.left_join(owners, rows.order_id == owners.owned_order_id)
    return joined.mutate(customer_id=ibis.coalesce(joined.customer_id, joined.owner)).drop("owner", "owned_order_id")
