"""What behaviour can be grouped by: the features of a customer, and the words for having much or little of one.

Grain: customer with at least one purchase before as_of. Rules are data: a feature is one entry of FEATURES and one expression below.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir

from crm_core.analytics.orders import lines, orders
from crm_core.workspace import Workspace


@dataclass(frozen=True)
class Feature:
    """A number of each customer; `words` say far below, below, above and far above what is usual among the customers."""

    name: str
    label: str
    words: tuple[str, str, str, str]


FEATURES: dict[str, Feature] = {
    feature.name: feature
    for feature in (
        Feature("days_since_last_order", "Days since the last order", ("very recent", "recent", "lapsed", "long lapsed")),
        Feature("count_orders", "Orders", ("very rare", "rare", "frequent", "very frequent")),
        Feature("average_order_value", "Average order value", ("very small orders", "small orders", "large orders", "very large orders")),
        Feature("days_as_customer", "Days since the first order", ("just won", "rather new", "long-standing", "with us longest")),
        Feature("days_between_orders", "Days between orders", ("very short gaps", "short gaps", "long gaps", "very long gaps")),
        Feature("returned_share", "Share of sales returned", ("no returns", "few returns", "some returns", "many returns")),
    )
}

DEFAULT_FEATURES = ("days_since_last_order", "count_orders", "average_order_value", "days_as_customer")


def features(ws: Workspace, as_of: date, names: tuple[str, ...]) -> ir.Table:
    """Columns: customer_id, net_sales (decimal), and the features of these names (float64, never missing, zero or more).

    `days_between_orders` of a customer with one order is the gap so far, to as_of. `returned_share` is the value of
    return lines over the value of all others, between 0 and 1.
    """
    measured = _measured(ws, as_of)
    if "returned_share" in names:
        measured = measured.left_join(_returned(ws, as_of), "customer_id").drop("customer_id_right")
    return measured.select("customer_id", "net_sales", **{name: measured[name].cast("float64").fill_null(0.0) for name in names})


def _measured(ws: Workspace, as_of: date) -> ir.Table:
    formed = orders(ws, as_of)
    buyers = formed.group_by("customer_id").aggregate(
        net_sales=formed.net_value.sum(),
        count_orders=formed.is_purchase.sum(),
        purchase_value=formed.net_value.sum(where=formed.is_purchase),
        first_on=formed.ordered_on.min(where=formed.is_purchase),
        last_on=formed.ordered_on.max(where=formed.is_purchase),
    )
    buyers = buyers.filter(buyers.count_orders > 0)
    since_first, since_last = (ibis.literal(as_of).delta(day, unit="day") for day in (buyers.first_on, buyers.last_on))
    gaps = buyers.count_orders - 1
    return buyers.select(
        "customer_id",
        "net_sales",
        "count_orders",
        days_since_last_order=since_last,
        days_as_customer=since_first,
        average_order_value=buyers.purchase_value.cast("float64") / buyers.count_orders,
        days_between_orders=ibis.ifelse(gaps > 0, (since_first - since_last) / gaps, since_last.cast("float64")),
    )


def _returned(ws: Workspace, as_of: date) -> ir.Table:
    sold = lines(ws, as_of)
    is_return = (sold.net_amount < 0) | (sold.quantity < 0).fill_null(False)
    sums = sold.group_by("customer_id").aggregate(
        returned=sold.net_amount.sum(where=is_return).cast("float64"), kept=sold.net_amount.sum(where=~is_return).cast("float64")
    )
    share = ibis.ifelse(sums.kept > 0, -sums.returned / sums.kept, 0.0)
    return sums.select("customer_id", returned_share=share.fill_null(0.0).clip(lower=0.0, upper=1.0))
