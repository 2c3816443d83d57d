"""Survey responses and cases (complaints, requests) as canonical tables.

Grains: response; case. Both take their customer from the order where they name an order and no customer.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from crm_core.mapping.carrying_out import rejects
from crm_core.mapping.carrying_out.lookups import Lookups, with_person
from crm_core.mapping.carrying_out.reading import Plan, read
from crm_core.mapping.values.scales import Scale, scales
from crm_core.mapping.values.text import is_given


def surveys(plan: Plan, found: Lookups) -> ir.Table:
    """Responses with source_no, row_no, is_usable and `reason`."""
    rows = with_person(read(plan, "surveys"), found.people)
    rows = rows.mutate(response_id=ibis.coalesce(rows.response_id, "row " + rows.position.cast("string")))
    rows = _with_scale(rows, scales(plan))
    outside = ((rows.score < rows.scale_min) | (rows.score > rows.scale_max)).fill_null(False)
    return rows.mutate(
        is_usable=rows.responded_at.notnull() & rows.score.notnull() & ~outside,
        reason=rejects.first_that_holds(
            (rows.responded_at.isnull() & is_given(rows.raw_responded_at), "date_unreadable"),
            (rows.responded_at.isnull(), "date_missing"),
            (rows.score.isnull() & is_given(rows.raw_score), "score_unreadable"),
            (rows.score.isnull(), "score_missing"),
            (outside, "score_outside"),
        ),
    )


def _with_scale(rows: ir.Table, known: dict[int, Scale]) -> ir.Table:
    """Measure and scale: as the row says, else as the values of its source's score column say."""
    measure = rows.source_no.cases(*((number, scale.measure) for number, scale in known.items()), else_=ibis.null("string"))
    lowest = rows.source_no.cases(*((number, scale.lowest) for number, scale in known.items()), else_=None)
    highest = rows.source_no.cases(*((number, scale.highest) for number, scale in known.items()), else_=None)
    return rows.mutate(
        measure=ibis.coalesce(rows.measure.lower(), measure),
        scale_min=ibis.coalesce(rows.scale_min, lowest.cast("decimal(18, 4)")),
        scale_max=ibis.coalesce(rows.scale_max, highest.cast("decimal(18, 4)")),
    )


def cases(plan: Plan, found: Lookups) -> ir.Table:
    """Cases with source_no, row_no, position, is_usable and `reason`; several rows of one case are still several."""
    rows = with_person(read(plan, "cases"), found.people)
    rows = rows.mutate(case_id=ibis.coalesce(rows.case_id, "row " + rows.position.cast("string")))
    too_early = (rows.resolved_at < rows.opened_at).fill_null(False)
    return rows.mutate(
        is_usable=rows.opened_at.notnull() & ~too_early,
        reason=rejects.first_that_holds(
            (rows.opened_at.isnull() & is_given(rows.raw_opened_at), "date_unreadable"),
            (rows.opened_at.isnull(), "date_missing"),
            (too_early, "resolved_too_early"),
        ),
    )


def last_of_each_case(rows: ir.Table) -> ir.Table:
    """A log of events has many rows a case: the last one tells its state."""
    last = rows.group_by("case_id").aggregate(position=rows.position.max())
    return rows.semi_join(last, "position")


def with_customer_of_order(rows: ir.Table, orders: ir.Table | None) -> ir.Table:
    if orders is None:
        return rows
    owners = orders.filter(orders.customer_id.notnull()).group_by(owned_order_id="order_id").aggregate(owner=orders.customer_id.min())
    joined = rows.left_join(owners, rows.order_id == owners.owned_order_id)
    return joined.mutate(customer_id=ibis.coalesce(joined.customer_id, joined.owner)).drop("owner", "owned_order_id")
