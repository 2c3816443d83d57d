"""How many meet a condition, what are they worth, and what sets them apart from all customers?

Grain: one record; a profile has one row a value of a field. Shares of customers are exact counts, no estimates.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, sqrt

import ibis.expr.types as ir
import pandas as pd

from crm_core.analytics.audience import conditions as c
from crm_core.analytics.audience.everybody import Basis, everybody
from crm_core.analytics.audience.members import IS_MEMBER, judged, members
from crm_core.analytics.distribution import MONEY
from crm_core.analytics.orders import lines
from crm_core.workspace import Workspace

#: Values of a field that a profile tells, the most frequent first.
MOST_VALUES = 25


@dataclass(frozen=True)
class Picture:
    """`customers` of `everybody` meet the condition. net_sales, count_orders (purchases) and purchase_value (net value of the purchases) are
    those of their whole history; `sales_share` is of all customers' net sales, None where these are zero or less. `buyers` have a purchase."""

    customers: int
    everybody: int
    buyers: int
    net_sales: float
    net_sales_of_everybody: float
    count_orders: int
    purchase_value: float

    @property
    def customer_share(self) -> float:
        return self.customers / self.everybody if self.everybody else 0.0

    @property
    def sales_share(self) -> float | None:
        return self.net_sales / self.net_sales_of_everybody if self.net_sales_of_everybody > 0 else None

    @property
    def sales_a_customer(self) -> float | None:
        return self.net_sales / self.customers if self.customers else None

    @property
    def average_order_value(self) -> float | None:
        """Value of the purchases / purchases; None without any."""
        return self.purchase_value / self.count_orders if self.count_orders else None


def picture(ws: Workspace, condition: c.Condition, basis: Basis) -> Picture:
    """See Picture. Raises AnalysisError for a field that the data does not have."""
    table = judged(ws, condition, basis)
    inside = table[IS_MEMBER]
    row = ws.execute(
        table.aggregate(
            customers=inside.sum().fill_null(0),
            buyers=(inside & (table.count_orders > 0)).sum().fill_null(0),
            net_sales=table.net_sales.sum(where=inside).fill_null(0).cast(MONEY),
            count_orders=table.count_orders.sum(where=inside).fill_null(0),
            purchase_value=table.purchase_value.sum(where=inside).fill_null(0).cast(MONEY),
        )
    ).iloc[0]
    whole = ws.remember(f"totals of everybody {basis.as_of}", lambda: _whole(ws, basis))
    return Picture(
        customers=int(row["customers"]),
        everybody=whole[0],
        buyers=int(row["buyers"]),
        net_sales=float(row["net_sales"]),
        net_sales_of_everybody=whole[1],
        count_orders=int(row["count_orders"]),
        purchase_value=float(row["purchase_value"]),
    )


def _whole(ws: Workspace, basis: Basis) -> tuple[int, float]:
    everyone = everybody(ws, basis)
    row = ws.execute(everyone.aggregate(n=everyone.count(), sales=everyone.net_sales.sum().fill_null(0).cast(MONEY))).iloc[0]
    return int(row["n"]), float(row["sales"])


PROFILE_COLUMNS = ("field", "value", "customers", "share", "share_of_all", "difference", "index", "distance")


def profile(ws: Workspace, condition: c.Condition, basis: Basis) -> pd.DataFrame:
    """What sets the audience apart, the farthest from all customers first. Grain: value of a field of a few values.

    Columns PROFILE_COLUMNS: field (its label), value ("" where unknown), customers (of the audience), share and share_of_all (0 to 1),
    difference (of the shares), index (100 × share / share_of_all), distance (Cohen's h of the shares, 1988). Empty where nobody meets the condition.
    """
    table = judged(ws, condition, basis)
    found = [_by_value(ws, told, column).assign(field=label) for label, column, told in _profiled(ws, table)]
    told = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=["value", "customers", "all", "field"])
    return _compared(told)


def _profiled(ws: Workspace, table: ir.Table) -> list[tuple[str, str, ir.Table]]:
    """Label, column and table of every field of a few values."""
    found: list[tuple[str, str, ir.Table]] = []
    if ws.has("order_lines"):
        found += [("Segment", "segment", table), ("Class by net sales", "value_class", table)]
    splits = ws.split_fields()
    if splits:
        told = table.left_join(ws.table("customers").select("customer_id", *splits), "customer_id")
        found += [(label, column, told) for column, label in splits.items()]
    return found


def _by_value(ws: Workspace, table: ir.Table, column: str) -> pd.DataFrame:
    """Columns: value, customers, all (customers of everybody); the most frequent values, and what the whole of each side is."""
    counted = table.group_by(value=table[column].fill_null("")).aggregate(customers=table[IS_MEMBER].sum(), all=table.count())
    rows = ws.execute(counted)
    whole_inside, whole = int(rows["customers"].sum()), int(rows["all"].sum())
    kept = rows.sort_values(["all", "value"], ascending=[False, True]).head(MOST_VALUES)
    return kept.assign(inside=whole_inside, whole=whole)


def _compared(told: pd.DataFrame) -> pd.DataFrame:
    told = told[told.get("inside", pd.Series(dtype="int64")) > 0] if len(told) else told
    if told.empty:
        return pd.DataFrame(columns=list(PROFILE_COLUMNS))
    share, of_all = told["customers"] / told["inside"], told["all"] / told["whole"]
    found = told.assign(share=share, share_of_all=of_all, difference=share - of_all, index=100 * share / of_all)
    found["distance"] = [2 * asin(sqrt(one)) - 2 * asin(sqrt(other)) for one, other in zip(share, of_all, strict=True)]
    order = found["distance"].abs().sort_values(ascending=False, kind="stable").index
    return found.loc[order, list(PROFILE_COLUMNS)].reset_index(drop=True).astype({"customers": "int64"})


def averages(ws: Workspace, condition: c.Condition, basis: Basis) -> pd.DataFrame:
    """Figures a customer of both sides. Columns: figure (label), audience, all; missing where nobody has one."""
    table = judged(ws, condition, basis)
    figures = {
        "Net sales a customer": table.net_sales.cast("float64"),
        "Orders a customer": table.count_orders.cast("float64"),
        "Days since the last order": table.days_since_last_order.cast("float64"),
    }
    sums = {f"audience {name}": value.mean(where=table[IS_MEMBER]) for name, value in figures.items()}
    row = ws.execute(table.aggregate(**sums, **{f"all {name}": value.mean() for name, value in figures.items()})).iloc[0]
    return pd.DataFrame([(name, row[f"audience {name}"], row[f"all {name}"]) for name in figures], columns=["figure", "audience", "all"])


def bought(ws: Workspace, condition: c.Condition, basis: Basis, column: str = "category", most: int = MOST_VALUES) -> pd.DataFrame:
    """What the audience buys against what all customers buy, by share of net sales before as_of, the farthest apart first, of equals what it
    buys most. `column` is one of the lines that names what was sold. What it buys most of all is always among the rows.

    Columns: value ("" where unknown), net_sales (of the audience), share, share_of_all, difference. Empty where either side's sales are zero or less.
    """
    sold = lines(ws, basis.as_of).filter(lambda t: t.customer_id.notnull())
    named = sold.mutate(value=sold[column].fill_null(""))
    inside = named.semi_join(members(ws, condition, basis), "customer_id")
    sums = [ws.execute(rows.group_by("value").aggregate(net_sales=rows.net_amount.sum().cast("float64"))) for rows in (inside, named)]
    joined = sums[1].rename(columns={"net_sales": "all"}).merge(sums[0], on="value", how="left").fillna({"net_sales": 0.0})
    if joined["net_sales"].sum() <= 0 or joined["all"].sum() <= 0:
        return pd.DataFrame(columns=["value", "net_sales", "share", "share_of_all", "difference"])
    joined["share"], joined["share_of_all"] = joined["net_sales"] / joined["net_sales"].sum(), joined["all"] / joined["all"].sum()
    joined["difference"] = joined["share"] - joined["share_of_all"]
    keys = joined.assign(apart=-joined["difference"].abs().round(12), rank=-joined["share"].round(12))  # the engine gives them in no order
    order = keys.sort_values(["apart", "rank", "value"]).index
    largest = keys.sort_values(["rank", "value"]).index[0]
    chosen = order[:most] if largest in order[:most] else [*order[: most - 1], largest]
    return joined.loc[chosen, ["value", "net_sales", "share", "share_of_all", "difference"]].reset_index(drop=True)
