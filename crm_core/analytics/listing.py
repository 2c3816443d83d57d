"""The customers as a list: one row a customer with all that pages, downloads and the command line show.

Grain: customer with a line before as_of. Nobody sees all rows at once: `page` brings one page, sorted and searched by the engine.
"""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd

from crm_core.analytics import pareto, rfm
from crm_core.analytics.distribution import MONEY
from crm_core.analytics.orders import has_purchases, orders
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace

#: Columns that a search looks into.
SEARCHED = ("customer_id", "name")
SCORE_TYPES = {
    "days_since_last_order": "int64",
    "count_orders": "int64",
    "r_score": "int8",
    "f_score": "int8",
    "m_score": "int8",
    "segment": "string",
}


def listing(
    ws: Workspace,
    as_of: date,
    settings: rfm.RfmSettings = rfm.RfmSettings(),
    shown: ir.Table | None = None,
    value: pareto.Value = "net_sales",
) -> ir.Table:
    """Columns: customer_id, name (where the data has names), net_sales, gross_profit (where chosen as value), value_class, the scores
    and segment (missing for customers without a purchase), then the split fields of the data.
    """
    classes = pareto.classes(ws, as_of, value).rename({value: "value"})
    kept = tuple(SCORE_TYPES) if value == "net_sales" else (*SCORE_TYPES, "net_sales")
    if has_purchases(ws, as_of):
        scores = rfm.customers(ws, as_of, settings)
        table = classes.left_join(scores.select("customer_id", *kept), "customer_id").drop("customer_id_right")
    else:
        table = classes.mutate(**{name: ibis.null(SCORE_TYPES.get(name, MONEY)) for name in kept})
    if shown is not None:
        table = table.semi_join(shown, "customer_id")
    details = [*(["name"] if ws.has("customers", "name") else []), *ws.split_fields()]
    if not details:
        return table
    known = ws.table("customers").select("customer_id", *details)
    joined = table.left_join(known, "customer_id").drop("customer_id_right")
    first = [column for column in ("customer_id", "name") if column in joined.columns]
    return joined.select(*first, *(column for column in joined.columns if column not in first))


def search(expr: ir.Table, text: str) -> ir.Table:
    """The rows whose id or name contains the text, whatever its case; the text is taken literally."""
    if not text.strip():
        return expr
    return expr.filter(ibis.or_(*(has_text(expr[column], text.strip()).fill_null(False) for column in SEARCHED if column in expr.columns)))


def has_text(column: ir.StringValue, text: str, *, at_start: bool = False) -> ir.BooleanValue:
    """Whether the column contains the text, or begins with it, whatever its case; missing where the column is."""
    needle = text.replace("İ", "i").lower().replace("ς", "σ")  # small letters as the engine writes them
    # a Greek word ends in another small sigma than its capitals tell
    small = column.lower().replace("ς", "σ") if "σ" in needle else column.lower()
    return small.startswith(needle) if at_start else small.contains(needle)


def page(
    ws: Workspace, expr: ir.Table, sort: str = "", descending: bool = True, text: str = "", limit: int = 50, offset: int = 0
) -> pd.DataFrame:
    """One page of a list with a column customer_id; equal values stand in order of the id, missing ones last.

    Raises AnalysisError for a column that the list does not have.
    """
    return _plain(ws.execute(arranged(expr, sort, descending, text).limit(limit, offset=offset)))


def arranged(expr: ir.Table, sort: str = "", descending: bool = True, text: str = "") -> ir.Table:
    """The rows that the search finds in the order of the page, for a download to follow it. Raises AnalysisError as `page` does."""
    if sort and sort not in expr.columns:
        raise AnalysisError("The list cannot be sorted", "It has no such column.", f"Sort by one of: {', '.join(expr.columns)}.")
    rows = search(expr, text)
    keys = [rows[sort].desc(nulls_first=False) if descending else rows[sort].asc(nulls_first=False)] if sort else []
    return rows.order_by(*keys, *(["customer_id"] if sort != "customer_id" else []))


def count(ws: Workspace, expr: ir.Table, text: str = "") -> int:
    """How many rows the list has, or the search finds."""
    return int(ws.execute(search(expr, text).count()))


def history(ws: Workspace, as_of: date, customer_id: str, most: int = 1_000) -> pd.DataFrame:
    """A customer's orders, the latest first. Columns: ordered_on, order_id, net_value, quantity, is_purchase."""
    table = orders(ws, as_of)
    own = table.filter(table.customer_id == customer_id).drop("customer_id")
    rows = own.select("ordered_on", "order_id", "net_value", "quantity", "is_purchase")
    return _plain(ws.execute(rows.order_by(ibis.desc("ordered_on"), "order_id").limit(most)))


def _plain(rows: pd.DataFrame) -> pd.DataFrame:
    """Amounts as floating point, for a page to show; exports read the exact ones from the expression."""
    amounts = [name for name in ("net_sales", "gross_profit", "net_value", "quantity") if name in rows.columns]
    return rows.astype(dict.fromkeys(amounts, "float64"))
