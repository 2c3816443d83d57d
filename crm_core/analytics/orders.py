"""What counts: lines, orders and totals per customer, as seen on a day.

Lines of the day `as_of` and later are cut first, then orders are formed. Lines of cancelled or unpaid orders are void and
appear nowhere. Every other analysis starts from these tables, so that they agree with each other.
"""

from __future__ import annotations

from datetime import date, datetime, time

import ibis
import ibis.expr.types as ir

from crm_core.workspace import Workspace


def midnight(day: date) -> ir.TimestampScalar:
    """The first moment of a day, to compare with a line's moment."""
    return ibis.literal(datetime.combine(day, time.min), type="timestamp")


def lines(ws: Workspace, as_of: date, since: date | None = None) -> ir.Table:
    """Grain: line. Accepted lines before as_of (and from `since` on), also those without a customer. Columns of `order_lines`.

    Raises AnalysisError where the data has no sales.
    """
    table = ws.table("order_lines")
    accepted = table.filter((~table.is_void).fill_null(True), table.line_at < midnight(as_of))
    return accepted if since is None else accepted.filter(accepted.line_at >= midnight(since))


def orders(ws: Workspace, as_of: date, since: date | None = None) -> ir.Table:
    """Grain: order of a customer. Columns: customer_id, order_id, ordered_on (day of its last line), net_value (returns negative),
    quantity (missing where none is given), is_purchase.
    """
    return ws.keep(f"orders {since} {as_of}", lambda: form(lines(ws, as_of, since)))


def form(lines: ir.Table) -> ir.Table:
    """The orders that these lines make; lines without a customer make none."""
    attributed = lines.filter(lines.customer_id.notnull())
    formed = attributed.group_by("customer_id", "order_id").aggregate(
        ordered_on=attributed.line_at.max().date(),
        net_value=attributed.net_amount.sum(),
        quantity=attributed.quantity.sum(),
    )
    return formed.mutate(is_purchase=is_purchase(formed))


def is_purchase(orders: ir.Table) -> ir.BooleanValue:
    """A net value of zero or more and, where quantities are given, a positive net quantity."""
    return (orders.net_value >= 0) & (orders.quantity.isnull() | (orders.quantity > 0))


def totals(ws: Workspace, as_of: date, since: date | None = None) -> ir.Table:
    """Grain: customer with a line before as_of (and from `since` on). Columns: customer_id, net_sales, count_orders (purchases),
    first_purchase_on, last_purchase_on (both missing without a purchase).
    """

    def build() -> ir.Table:
        """In a server orders are not kept for this alone: they are many, a temporary table of them costs as much as to form them, and they can
        pass by on their way to the totals. DuckDB in this process does one after the other, since both at once may need more memory than it has.
        """
        kept = ws.kept(f"orders {since} {as_of}") if ws.engine.most_rows is None else orders(ws, as_of, since)
        return sum_up(form(lines(ws, as_of, since)) if kept is None else kept)

    return ws.keep(f"totals {since} {as_of}", build)


def sum_up(orders: ir.Table) -> ir.Table:
    """The totals per customer of these orders."""
    return orders.group_by("customer_id").aggregate(
        net_sales=orders.net_value.sum(),
        count_orders=orders.is_purchase.sum(),
        first_purchase_on=orders.ordered_on.min(where=orders.is_purchase),
        last_purchase_on=orders.ordered_on.max(where=orders.is_purchase),
    )


def has_purchases(ws: Workspace, as_of: date) -> bool:
    """Did anybody buy before as_of? False where there are returns only, which make customers and no scores, and where the data has no sales."""
    if not ws.has("order_lines"):
        return False
    buyers = totals(ws, as_of)
    return ws.remember(f"has purchases {as_of}", lambda: bool(ws.execute(buyers.filter(buyers.count_orders > 0).limit(1).count())))
