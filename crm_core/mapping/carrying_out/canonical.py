"""The canonical tables of sales: lines and orders, in the columns of schema.py.

Grains: line of an order; order of a customer. What several rows say of one order is settled here: the earliest date given, and of each
other field the first value in the order of the files.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from crm_core.mapping.carrying_out.lookups import Lookups, with_person
from crm_core.mapping.carrying_out.reading import Plan, read
from crm_core.schema import ORDERS, TABLES

#: What a row may tell of its order, beside key and date.
OF_ORDER = tuple(field.name for field in ORDERS.stored() if field.name not in (*ORDERS.key, "ordered_at"))

#: The engine's name for the type "timestamp" of the schema.
MOMENT = "timestamp(6)"


def columns_of(table: str) -> list[str]:
    return [field.name for field in TABLES[table].stored()]


def order_lines(lines: ir.Table) -> ir.Table:
    """Usable lines as they are stored, in the order of the files."""
    return lines.select(*columns_of("order_lines"))


def orders(plan: Plan, found: Lookups, lines: ir.Table | None, stored: ir.Table | None) -> ir.Table:
    """One row an order of a customer, of lines and of the orders files.

    `lines` are the usable lines; `stored`, the stored ones, are quicker and enough where lines tell nothing of orders but key and date.
    """
    tells = any(plan.feeds(name, "order_lines") for name in OF_ORDER)
    of_lines = None if lines is None or stored is None else _of_lines(lines if tells else stored, tells)
    given = given_orders(plan, found)
    if given is None and of_lines is not None:
        return of_lines.mutate(ordered_at=of_lines.line_at).select(*columns_of("orders"))
    return _merge(with_customer(given, of_lines), of_lines)


def given_orders(plan: Plan, found: Lookups) -> ir.Table | None:
    """Usable rows of the orders files with the person's id; None where there are no such files."""
    if not plan.of("orders"):
        return None
    rows = with_person(read(plan, "orders"), found.people)
    return rows.filter(rows.order_id.notnull())


def _of_lines(rows: ir.Table, tells: bool) -> ir.Table:
    """customer_id, order_id, line_at (of the first line) and the fields of the order."""
    values = {name: _first(rows, name) if tells else ibis.null(ORDERS.field(name).type) for name in OF_ORDER}
    return rows.group_by("customer_id", "order_id").aggregate(line_at=rows.line_at.min(), **values)


def with_customer(given: ir.Table, of_lines: ir.Table | None) -> ir.Table:
    """Orders that name no customer take the one of their lines."""
    if of_lines is None:
        return given
    owners = of_lines.group_by(owned_order_id="order_id").aggregate(owner=of_lines.customer_id.min())
    joined = given.left_join(owners, given.order_id == owners.owned_order_id)
    return joined.mutate(customer_id=ibis.coalesce(joined.customer_id, joined.owner)).drop("owner", "owned_order_id")


def _merge(given: ir.Table, of_lines: ir.Table | None) -> ir.Table:
    """Orders of files and of lines as one table; a date given for the order comes before that of its lines."""
    names = ["customer_id", "order_id", "ordered_at", "line_at", "position", *OF_ORDER]
    parts = [given.mutate(line_at=ibis.null(MOMENT)).select(names)]
    if of_lines is not None:
        last = ibis.literal(2**62, "int64")  # what lines say of the order comes after what the orders file says
        parts.append(of_lines.mutate(ordered_at=ibis.null(MOMENT), line_at=of_lines.line_at, position=last).select(names))
    rows = parts[0] if len(parts) == 1 else ibis.union(*parts, distinct=False)
    values = {name: _first(rows, name) for name in OF_ORDER}
    merged = rows.group_by("customer_id", "order_id").aggregate(
        ordered_at=ibis.coalesce(rows.ordered_at.min(), rows.line_at.min()), **values
    )
    return merged.select(*columns_of("orders"))


def _first(rows: ir.Table, name: str) -> ir.Value:
    """The first value that is given, in the order of the files."""
    return rows[name].argmin(rows.position, where=rows[name].notnull())
