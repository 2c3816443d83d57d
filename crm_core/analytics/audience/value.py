"""What is a customer of an audience worth ahead, and what do customers of its kind do when nobody asks them to?

Grain: one record an audience; who the contact rules leave out is no part of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from math import isfinite

import ibis

from crm_core.analytics.audience import conditions as c
from crm_core.analytics.audience import respect
from crm_core.analytics.audience.everybody import Basis
from crm_core.analytics.audience.fields import told_by
from crm_core.analytics.audience.respect import Rules
from crm_core.analytics.orders import has_purchases, lines, orders
from crm_core.workspace import Workspace


@dataclass(frozen=True)
class ForecastValue:
    """`customers` of `chosen` have a forecast (a purchase before the day looked from); `value_a_customer` is the mean of theirs: sales of the next 12 months
    by the dashboard's usual forecast, neither margin nor discounting in it."""

    chosen: int
    customers: int
    value_a_customer: float


@dataclass(frozen=True)
class Before:
    """What those did from `since` on, for `days` days, who met the conditions on `since`: of `customers` so many `buyers` (with a purchase); `sales` is the
    mean of their net sales in these days, `deviation` the standard deviation of these (of a sample; None for fewer than two customers)."""

    since: date
    days: int
    customers: int
    buyers: int
    sales: float
    deviation: float | None

    @property
    def response(self) -> float:
        """The share that bought."""
        return self.buyers / self.customers


def forecast_value(ws: Workspace, condition: c.Condition, basis: Basis, rules: Rules | None = None) -> ForecastValue | None:
    """See ForecastValue; None where nobody of the audience ever bought. Raises AnalysisError for a field that the data does not have."""
    if not has_purchases(ws, basis.as_of):
        return None
    audience = respect.left(ws, condition, basis, rules)
    ahead = told_by(ws, basis, "forecast").select("customer_id", "clv")
    told = audience.select("customer_id").left_join(ahead, "customer_id")
    row = ws.execute(told.aggregate(chosen=told.count(), customers=told.clv.count(), value=told.clv.cast("float64").mean())).iloc[0]
    return ForecastValue(int(row["chosen"]), int(row["customers"]), float(row["value"])) if row["customers"] else None


def before(ws: Workspace, condition: c.Condition, basis: Basis, rules: Rules | None, days: int) -> Before | None:
    """See Before: the conditions are asked as of `days` days before the day looked from, so that those chosen for not having bought lately are not
    all told to buy nothing. Attributes are those of now.

    None where the data has no sales or does not reach back so far, where nobody met the conditions then, and where these look at a later day.
    Raises AnalysisError for a field that the data does not have.
    """
    since = basis.as_of - timedelta(days=days)
    if ws.first_day is None or since <= ws.first_day or not ws.has("order_lines") or _looks_after(condition, since):
        return None
    then = respect.left(ws, condition, basis.at(since), rules).select("customer_id")
    formed = orders(ws, basis.as_of)
    bought = (
        formed.filter(formed.is_purchase, formed.ordered_on >= ibis.literal(since)).select("customer_id").distinct().mutate(has_bought=True)
    )
    sold = (
        lines(ws, basis.as_of, since)
        .filter(lambda t: t.customer_id.notnull())
        .group_by("customer_id")
        .aggregate(sales=ibis._.net_amount.sum())
    )
    told = then.left_join(bought, "customer_id").drop("customer_id_right").left_join(sold, "customer_id")
    sales = told.sales.cast("float64").fill_null(0.0)
    whole = told.aggregate(customers=told.count(), buyers=told.has_bought.count(), sales=sales.mean(), deviation=sales.std(how="sample"))
    row = ws.execute(whole).iloc[0]
    if not row["customers"]:
        return None
    deviation = float(row["deviation"]) if row["customers"] > 1 else float("nan")
    return Before(since, days, int(row["customers"]), int(row["buyers"]), float(row["sales"]), deviation if isfinite(deviation) else None)


def count_controls(customers: int, share: float) -> int:
    """How many of so many customers a control group of this share has; as `campaign.assign` draws it, halves rounded up."""
    return int((Decimal(str(share)) * customers).to_integral_value(ROUND_HALF_UP))


def _looks_after(condition: c.Condition, day: date) -> bool:
    """Does the condition ask how something stood on a later day?"""
    days = [term.at for term in c.terms(condition) if isinstance(term, c.Column) and term.at]
    days += [leaf.later for leaf in c.leaves(condition) if isinstance(leaf, c.Moved)]
    return any(one > day for one in days)
