"""How recently, how often and for how much did each customer buy, and which segment does that make?

Grain: customer with at least one purchase before as_of. Scores and segments always rest on all customers; `shown` (one column,
customer_id) only chooses who is counted in a result. Source: definitions of the dashboard, after Hughes (1994).
"""

from __future__ import annotations

from datetime import date
from itertools import product

import ibis.expr.types as ir
import pandas as pd

from crm_core.analytics.distribution import MONEY
from crm_core.analytics.explain import CustomerExplanation, explain
from crm_core.analytics.orders import totals
from crm_core.analytics.ranks import median
from crm_core.analytics.scores import CutPoints, RfmSettings, cut_points, measured, scored
from crm_core.analytics.segment_table import SCORES
from crm_core.analytics.segment_words import rule
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace

#: Customers from which on medians are found by counts.
MANY = 2_000_000

__all__ = [
    "CustomerExplanation",
    "CutPoints",
    "RfmSettings",
    "customers",
    "customers_shown",
    "cut_points",
    "explain",
    "grid",
    "segments",
    "split",
]


def customers(ws: Workspace, as_of: date, settings: RfmSettings = RfmSettings()) -> ir.Table:
    """Grain: customer with a purchase before as_of. Columns: customer_id, days_since_last_order, count_orders, net_sales,
    r_score, f_score, m_score (1 worst to 5 best), segment. Raises AnalysisError without any purchase.
    """
    cuts = cut_points(ws, as_of, settings)
    return ws.keep(f"rfm {as_of} {settings!r}", lambda: scored(measured(totals(ws, as_of), as_of), cuts, settings.segments))


def segments(ws: Workspace, as_of: date, settings: RfmSettings = RfmSettings(), shown: ir.Table | None = None) -> pd.DataFrame:
    """One row a segment, in the order of the segment table, also where nobody is in it.

    Columns: segment, customers, customer_share, net_sales, sales_share (shares of those shown; missing where their sales are zero or less), median_days,
    median_orders, median_net_sales (missing without customers), rule (in the data's own units), move.
    """
    counted = _by_segment(ws, customers_shown(ws, as_of, settings, shown), cut_points(ws, as_of, settings).customers).set_index("segment")
    result = counted.reindex(settings.segments.names).rename_axis("segment").reset_index()
    result["customers"] = result["customers"].fillna(0).astype("int64")
    result["net_sales"] = result["net_sales"].fillna(0.0)
    result.insert(2, "customer_share", _shares(result["customers"]))
    result.insert(4, "sales_share", _shares(result["net_sales"]))
    cuts, most_orders = cut_points(ws, as_of, settings), result.pop("most_orders").fillna(0)
    result["rule"] = [rule(segment, cuts, as_of) for segment in settings.segments.segments]
    result["move"] = [segment.move_at(int(most)) for segment, most in zip(settings.segments.segments, most_orders, strict=True)]
    return result


def customers_shown(ws: Workspace, as_of: date, settings: RfmSettings, shown: ir.Table | None) -> ir.Table:
    """The scored customers among those shown (None: everybody)."""
    scored_customers = customers(ws, as_of, settings)
    return scored_customers if shown is None else scored_customers.semi_join(shown, "customer_id")


def _by_segment(ws: Workspace, customers: ir.Table, everybody: int) -> pd.DataFrame:
    sums = {
        "customers": customers.count(),
        "net_sales": customers.net_sales.sum().cast("float64"),
        "most_orders": customers.count_orders.max(),
    }
    if everybody <= MANY:
        sums |= {
            "median_days": customers.days_since_last_order.median().cast("float64"),
            "median_orders": customers.count_orders.median().cast("float64"),
            "median_net_sales": customers.net_sales.cast("float64").median(),
        }
    counted = ws.execute(customers.group_by("segment").aggregate(**sums))
    return counted if everybody <= MANY else counted.assign(**_medians(ws, customers, counted["segment"]))


def _medians(ws: Workspace, customers: ir.Table, segments: pd.Series) -> dict[str, list[float]]:
    """By counts: an engine's own median keeps every value in memory, or every different one."""
    columns = {"median_days": "days_since_last_order", "median_orders": "count_orders", "median_net_sales": "net_sales"}
    return {
        name: [float(median(ws, customers.filter(customers.segment == segment)[column].cast(MONEY)) or 0) for segment in segments]
        for name, column in columns.items()
    }


def _shares(values: pd.Series) -> pd.Series:
    """Each value's share of the sum; missing where the sum is zero or less, since it has no meaning then."""
    total = values.sum()
    return values / total if total > 0 else pd.Series(float("nan"), index=values.index)


def grid(ws: Workspace, as_of: date, settings: RfmSettings = RfmSettings(), shown: ir.Table | None = None) -> pd.DataFrame:
    """One row a cell of the RF grid, all 25. Columns: r_score, f_score, segment, customers, net_sales."""
    shown_customers = customers_shown(ws, as_of, settings, shown)
    counted = ws.execute(
        shown_customers.group_by("r_score", "f_score").aggregate(
            customers=shown_customers.count(), net_sales=shown_customers.net_sales.sum().cast("float64")
        )
    )
    cells = pd.DataFrame(
        [(r, f, settings.segments.of(r, f).name) for r, f in product(reversed(SCORES), SCORES)], columns=["r_score", "f_score", "segment"]
    )
    result = cells.merge(counted, on=["r_score", "f_score"], how="left")
    return result.fillna({"customers": 0, "net_sales": 0.0}).astype({"customers": "int64"})


def split(
    ws: Workspace, as_of: date, settings: RfmSettings = RfmSettings(), field: str = "country", shown: ir.Table | None = None
) -> pd.DataFrame:
    """Segments by the values of a column of customers. Columns: value ("" where unknown), segment, customers, net_sales; largest value first.

    Raises AnalysisError if the data does not hold that column.
    """
    if field not in ws.split_fields():
        raise AnalysisError("Nothing to split by", "The customers have no such column.", "Take it along as an attribute on the Data page.")
    attributes = ws.table("customers").select("customer_id", value=lambda t: t[field].fill_null(""))
    joined = customers_shown(ws, as_of, settings, shown).left_join(attributes, "customer_id")
    named = joined.mutate(value=joined.value.fill_null(""))
    counted = named.group_by("value", "segment").aggregate(customers=named.count(), net_sales=named.net_sales.sum().cast("float64"))
    result = ws.execute(counted)
    order = result.groupby("value")["customers"].transform("sum")
    return (
        result.assign(order=order)
        .sort_values(["order", "value", "segment"], ascending=[False, True, True])
        .drop(columns="order")
        .reset_index(drop=True)
    )
