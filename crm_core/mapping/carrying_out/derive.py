"""What lines do not say themselves: customer and date from the order, order ids by day, net amount, cost, void orders.

Grain: line of an order, used or not; `reason` tells why a line cannot be used. All of it is one expression
over staged text, so each use reads only the columns it needs.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from crm_core.mapping.carrying_out import lookups, rejects
from crm_core.mapping.carrying_out.lookups import Lookups
from crm_core.mapping.carrying_out.reading import Plan, read
from crm_core.mapping.values import currency
from crm_core.mapping.values.currency import Currencies
from crm_core.mapping.values.text import is_given

MONEY = "decimal(18, 4)"

#: Without a date and an amount (which a line has not where its currency has no rate) a line is of no use.
NEEDED = ("line_at", "net_amount")

#: The product of two factors below this has at most ten digits before the point.
SMALL = 100_000


def joined(plan: Plan, found: Lookups) -> ir.Table:
    """All lines with what people, orders and products tell of them, before any decision."""
    rows = lookups.with_person(read(plan, "order_lines"), found.people)
    rows = lookups.with_order(rows, found.orders if needs_orders(plan) else None)
    rows = lookups.with_product(rows, found.products)
    return rows.mutate(
        customer_id=ibis.coalesce(rows.customer_id, rows.order_customer_id),
        status=ibis.coalesce(rows.status, rows.order_status),
        currency=ibis.coalesce(rows.currency, rows.order_currency),
        line_at=ibis.coalesce(rows.line_at, rows.ordered_at, rows.order_ordered_at),
        order_is_sought=ibis.literal(needs_orders(plan)),
    )


def needs_orders(plan: Plan) -> bool:
    """Only lines that lack something which orders tell are looked up."""
    lines, told = plan.of("order_lines"), [name for name in lookups.FROM_ORDER if plan.feeds(name, "orders")]
    have = [set(source.mapping.fields) | ({"ordered_at"} if "line_at" in source.mapping.fields else set()) for source in lines]
    return any(name not in fields for name in told for fields in have)


def lines(plan: Plan, rows: ir.Table, currencies: Currencies, void_words: ir.Table | None) -> ir.Table:
    """Lines as they are stored, from `joined` rows, with source_no, row_no, position and `reason`."""
    rows = currency.convert(rows, currencies)
    quantity = rows.quantity if plan.feeds("quantity", "order_lines") else None
    net = ibis.coalesce(rows.net_amount, _product(quantity, rows.unit_price))
    rows = rows.mutate(
        order_id=ibis.coalesce(rows.order_id, rows.line_at.date().cast("string")),
        line_no=ibis.coalesce(rows.line_no, rows.position),
        net_amount=net,
        cost_amount=ibis.coalesce(
            rows.cost_amount, _product(quantity, rows.unit_cost), (net.cast("decimal(19, 4)") - rows.profit_amount).try_cast(MONEY)
        ),
        is_void=_is_void(rows, void_words),
    )
    return rows.mutate(reason=_reason(rows))


def is_usable(lines: ir.Table) -> ir.BooleanValue:
    """True for a line, derived or stored, that has what it needs."""
    return ibis.and_(*(lines[name].notnull() for name in NEEDED))


def _product(count: ir.Value | None, each: ir.Value) -> ir.Value:
    """Exact product; `each` itself where the data has no quantities, NULL where the product is too large to store.

    Small factors take a way without 128-bit division, a dozen times quicker. Ibis takes a product for a decimal(18, 4); the engine makes it a
    decimal(18, 8) or, of wider factors, a decimal(38, 8).
    """
    if count is None:
        return each
    is_small = (count.abs() < SMALL) & (each.abs() < SMALL)
    quick = (count * each).cast("decimal(18, 8)").cast(MONEY)
    wide = (count.cast("decimal(20, 4)") * each).cast("decimal(38, 8)").try_cast(MONEY)
    return ibis.cases((is_small, quick), else_=wide)


def _is_void(rows: ir.Table, void_words: ir.Table | None) -> ir.BooleanValue:
    return ibis.literal(False) if void_words is None else rows.status.isin(void_words.word).fill_null(False)


def _reason(rows: ir.Table) -> ir.StringValue:
    no_date, no_amount = rows.line_at.isnull(), rows.net_amount.isnull()
    has_date = is_given(rows.raw_line_at) | is_given(rows.raw_ordered_at)
    has_amount = is_given(rows.raw_net_amount) | is_given(rows.raw_unit_price)
    return rejects.first_that_holds(
        (no_date & has_date, "date_unreadable"),
        (no_date & rows.is_order_found, "order_without_date"),
        (no_date & rows.order_is_sought, "order_not_found"),
        (no_date, "date_missing"),
        (rows.is_without_currency, "currency_missing"),
        (no_amount & rows.unit_price.notnull() & rows.quantity.notnull(), "amount_too_large"),
        (no_amount & rows.unit_price.notnull() & is_given(rows.raw_quantity), "quantity_unreadable"),
        (no_amount & rows.unit_price.notnull(), "quantity_missing"),
        (no_amount & has_amount, "amount_unreadable"),
        (no_amount, "amount_missing"),
    )
