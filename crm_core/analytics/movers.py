"""What moved most between two periods?

Grain: value of a category, product, channel or attribute of customers. Lines count by their day, orders (for the channel) by theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd

from crm_core.analytics.days import Period
from crm_core.analytics.orders import lines, midnight, orders
from crm_core.schema import TABLES
from crm_core.workspace import Workspace

COLUMNS = ["field", "label", "value", "net_sales", "net_sales_before", "change"]
LINE_FIELDS = ("category", "product")


def movers(
    ws: Workspace, period: Period, before: Period, shown: ir.Table | None = None, most: int = 5, as_of: date | None = None
) -> pd.DataFrame:
    """The `most` biggest changes of net sales by each field that the data holds, biggest first; unknown values are left out.

    Seen from as_of, by default the period's end.
    Columns: field, label (of the field), value, net_sales, net_sales_before, change.
    """
    found = [
        ws.execute(_biggest(table, most)).assign(field=field, label=label)
        for field, label, table in _fields(ws, period, before, shown, as_of or period.end)
    ]
    if not found:
        return pd.DataFrame(columns=COLUMNS)
    together = pd.concat(found, ignore_index=True)
    order = together["change"].abs().sort_values(ascending=False, kind="stable").index
    return together.loc[order, COLUMNS].reset_index(drop=True)


def _fields(ws: Workspace, period: Period, before: Period, shown: ir.Table | None, as_of: date) -> Iterator[tuple[str, str, ir.Table]]:
    """Each field with its label and a table of value, net_sales, net_sales_before."""
    both = lines(ws, min(period.end, as_of), before.start)
    sold = both if shown is None else both.semi_join(shown, "customer_id")
    for field in LINE_FIELDS:
        if ws.has("order_lines", field):
            label = TABLES["order_lines"].field(field).label
            yield field, label, _two_sums(sold, sold[field], sold.net_amount, sold.line_at >= midnight(period.start))
    if ws.has("orders", "channel"):
        yield "channel", TABLES["orders"].field("channel").label, _by_channel(ws, period, before, shown, as_of)
    if splits := ws.split_fields():
        by_customer = _two_sums(sold, sold.customer_id, sold.net_amount, sold.line_at >= midnight(period.start))
        known = by_customer.join(ws.table("customers"), by_customer.value == ws.table("customers").customer_id)
        for field, label in splits.items():
            yield field, label, _added_up(known, known[field])


def _two_sums(rows: ir.Table, value: ir.StringColumn, amount: ir.DecimalColumn, is_now: ir.BooleanColumn) -> ir.Table:
    return rows.group_by(value=value).aggregate(
        net_sales=amount.sum(where=is_now).fill_null(0), net_sales_before=amount.sum(where=~is_now).fill_null(0)
    )


def _added_up(rows: ir.Table, value: ir.StringColumn) -> ir.Table:
    return (
        rows.group_by(new_value=value)
        .aggregate(net_sales=rows.net_sales.sum(), net_sales_before=rows.net_sales_before.sum())
        .rename(value="new_value")
    )


def _by_channel(ws: Workspace, period: Period, before: Period, shown: ir.Table | None, as_of: date) -> ir.Table:
    channels = ws.table("orders").select("customer_id", "order_id", "channel")
    formed = orders(ws, as_of)
    formed = formed if shown is None else formed.semi_join(shown, "customer_id")
    sold = formed.join(channels, ["customer_id", "order_id"]).select("channel", "ordered_on", "net_value")
    if shown is None:
        nobodys = channels.filter(channels.customer_id.isnull()).drop("customer_id")
        sold = sold.union(_of_nobody(ws, as_of).join(nobodys, "order_id").select("channel", "ordered_on", "net_value"))
    both = sold.filter(sold.ordered_on >= before.start, sold.ordered_on < period.end)
    return _two_sums(both, both.channel, both.net_value, both.ordered_on >= _day(period.start))


def _of_nobody(ws: Workspace, as_of: date) -> ir.Table:
    """Grain: order without a customer, which counts in the company's sales. Columns: order_id, ordered_on, net_value."""
    sold = lines(ws, as_of).filter(lambda t: t.customer_id.isnull())
    return sold.group_by("order_id").aggregate(ordered_on=sold.line_at.max().date(), net_value=sold.net_amount.sum())


def _day(day: date) -> ir.DateScalar:
    return ibis.literal(day, type="date")


def _biggest(table: ir.Table, most: int) -> ir.Table:
    known = table.filter(table.value.notnull())
    changes = known.mutate(change=known.net_sales - known.net_sales_before)
    amounts = {name: changes[name].cast("float64") for name in ("net_sales", "net_sales_before", "change")}
    return changes.order_by(changes.change.abs().desc(), "value").limit(most).mutate(**amounts)
