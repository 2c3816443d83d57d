"""Orders and who placed them: what lines and orders tables tell of one order, brought together.

Grain: order of a customer. The earliest date given for it counts, else that of its first line; of each other field the least value that
the orders tables give, else the least of its lines.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from crm_core.mapping.carrying_out.canonical import OF_ORDER, columns_of, with_customer
from crm_core.mapping.carrying_out.lookups import Lookups, with_person
from crm_core.mapping.in_place.model import Plan
from crm_core.mapping.in_place.reading import read, united
from crm_core.schema import ORDERS


def given_orders(plan: Plan, found: Lookups) -> ir.Table | None:
    """Usable rows of the orders tables with the person's id; None where there are no such tables."""
    if not plan.of("orders"):
        return None
    rows = with_person(read(plan, "orders"), found.people)
    return rows.filter(rows.order_id.notnull())


def orders(plan: Plan, found: Lookups, lines: ir.Table | None) -> ir.Table:
    """One row an order of a customer, of usable `lines` and of the orders tables, in the columns of the schema."""
    given = given_orders(plan, found)
    of_lines = None if lines is None else _of_lines(plan, lines)
    if given is None:
        assert of_lines is not None  # noqa: S101 (the caller has lines or orders)
        return of_lines.mutate(ordered_at=of_lines.line_at).select(*columns_of("orders"))
    return _merged(with_customer(given, of_lines), of_lines)


def _of_lines(plan: Plan, rows: ir.Table) -> ir.Table:
    """customer_id, order_id, line_at (of the first line) and the fields of the order."""
    tells = any(plan.feeds(name, "order_lines") for name in OF_ORDER)
    told = [name for name in OF_ORDER if tells and (plan.feeds(name, "order_lines") or _is_completed(plan, name))]
    values = {name: rows[name].min() if name in told else ibis.null(ORDERS.field(name).type) for name in OF_ORDER}
    return rows.group_by("customer_id", "order_id").aggregate(line_at=rows.line_at.min(), **values)


def _is_completed(plan: Plan, name: str) -> bool:
    """Status and currency of a line may be those of its order."""
    return name in ("status", "currency") and plan.feeds(name, "orders")


def _merged(given: ir.Table, of_lines: ir.Table | None) -> ir.Table:
    names = ["customer_id", "order_id", "ordered_at", "line_at", *OF_ORDER]
    mine = given.mutate(line_at=ibis.null("timestamp")).select(names)
    theirs = [] if of_lines is None else [of_lines.mutate(ordered_at=ibis.null("timestamp")).select(names)]
    rows = united([part.mutate(is_given=ibis.literal(is_given)) for part, is_given in ((mine, True), *((one, False) for one in theirs))])
    values = {name: ibis.coalesce(rows[name].min(where=rows.is_given), rows[name].min(where=~rows.is_given)) for name in OF_ORDER}
    merged = rows.group_by("customer_id", "order_id").aggregate(
        ordered_at=ibis.coalesce(rows.ordered_at.min(), rows.line_at.min()), **values
    )
    return merged.select(*columns_of("orders"))
