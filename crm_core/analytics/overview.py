"""How is the business doing, what moved, and what is worth looking at?

Grain: one period, against the period before of the same length. Sales count lines by their day, also those without a customer; customers
and orders count purchases by the order's day, with orders formed from all lines before as_of (the period's end unless given): the period limits
sales figures and nothing else. A figure the data cannot give is None, not zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

import ibis.expr.types as ir
import pandas as pd

from crm_core.analytics.days import Period
from crm_core.analytics.leads import Lead, find_leads
from crm_core.analytics.movers import COLUMNS, movers
from crm_core.analytics.orders import lines, orders, totals
from crm_core.analytics.scores import RfmSettings
from crm_core.analytics.segment_words import percent_in_words
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace

Unit = Literal["money", "count", "share"]


@dataclass(frozen=True)
class Figure:
    """One figure with its value in the period before; None where the data cannot give it. `n` is the number it rests on."""

    key: str
    label: str
    value: float | None
    previous: float | None
    unit: Unit
    n: int
    help: str

    @property
    def change(self) -> float | None:
        """Relative change, for a share in absolute terms; None where there is nothing to compare with."""
        if self.value is None or self.previous is None:
            return None
        if self.unit == "share":
            return self.value - self.previous
        return self.value / self.previous - 1 if self.previous > 0 else None


@dataclass(frozen=True)
class PeriodFigures:
    """What one period adds up to. `new_customers` and `repeat_customers` are None where the data does not reach back before the period."""

    net_sales: float
    not_attributed: float
    count_lines: int
    gross_profit: float | None
    lines_with_cost: int
    customers: int
    new_customers: int | None
    purchases: int
    purchase_value: float

    @property
    def repeat_customers(self) -> int | None:
        return None if self.new_customers is None else self.customers - self.new_customers

    @property
    def repeat_share(self) -> float | None:
        return self.repeat_customers / self.customers if self.repeat_customers is not None and self.customers else None

    @property
    def average_order_value(self) -> float | None:
        return self.purchase_value / self.purchases if self.purchases else None


@dataclass(frozen=True)
class Sales:
    """What the period brought. `earlier` is None where the data does not reach back to the start of the period before.

    `monthly` has a row a calendar month of the period that the data reaches: month (its first day), net_sales, gross_profit, customers, new_customers,
    repeat_share, average_order_value, is_partial (the period or the data covers only a part of it).
    """

    period: Period
    before: Period
    now: PeriodFigures
    earlier: PeriodFigures | None
    monthly: pd.DataFrame

    @property
    def is_comparable(self) -> bool:
        return self.earlier is not None

    @property
    def figures(self) -> tuple[Figure, ...]:
        return _figures(self.now, self.earlier)

    def figure(self, key: str) -> Figure:
        return next(figure for figure in self.figures if figure.key == key)


@dataclass(frozen=True)
class Overview(Sales):
    """The sales with what moved most (see movers.py) and what is worth looking at."""

    movers: pd.DataFrame
    leads: tuple[Lead, ...]


def overview(
    ws: Workspace,
    start: date,
    end: date,
    shown: ir.Table | None = None,
    settings: RfmSettings = RfmSettings(),
    as_of: date | None = None,
) -> Overview:
    """The overview of start to end (excluded), seen from as_of (by default the end). With `shown`, of these customers only.

    Raises AnalysisError where the period holds no data.
    """
    sold = sales(ws, start, end, shown, as_of)
    leads = find_leads(ws, as_of or end, sold.now, sold.earlier, settings, shown)
    return Overview(sold.period, sold.before, sold.now, sold.earlier, sold.monthly, moved(ws, start, end, shown, as_of), leads)


def sales(ws: Workspace, start: date, end: date, shown: ir.Table | None = None, as_of: date | None = None) -> Sales:
    """The part of the overview that is quick to tell. Raises AnalysisError where the period holds no data."""
    period, data = Period(start, end), data_period(ws)
    if start >= end or start >= data.end or end <= data.start:
        raise AnalysisError(
            "No sales in this period", f"The data has sales from {data.start} to {data.last_day}.", "Choose another period."
        )
    before = period.before()
    now = period_figures(ws, period, as_of or end, shown)
    earlier = period_figures(ws, before, as_of or end, shown) if data.start <= before.start else None
    return Sales(period, before, now, earlier, monthly(ws, period, shown, as_of))


def moved(ws: Workspace, start: date, end: date, shown: ir.Table | None = None, as_of: date | None = None) -> pd.DataFrame:
    """What moved most against the period before (see movers.py); no rows where the data does not reach back to its start."""
    period = Period(start, end)
    if data_period(ws).start > period.before().start:
        return pd.DataFrame(columns=COLUMNS)
    return movers(ws, period, period.before(), shown, as_of=as_of)


def data_period(ws: Workspace) -> Period:
    """From the first to the last day with data. Raises AnalysisError where the data has no dates."""
    return Period(ws.first_day or ws.as_of, ws.as_of)


def period_figures(ws: Workspace, period: Period, as_of: date, shown: ir.Table | None) -> PeriodFigures:
    """The figures of one period, seen from as_of."""
    sold = _lines_in(ws, period, as_of, shown)
    sales = ws.execute(sold.aggregate(**_sales(sold))).iloc[0]
    bought = _buyers_in(ws, period, as_of, shown)
    buyers = bought.group_by("customer_id").aggregate(
        purchases=bought.count(), value=bought.net_value.sum(), is_new=bought.first_purchase_on.min() >= period.start
    )
    counts = ws.execute(
        buyers.aggregate(
            customers=buyers.count(),
            new=buyers.is_new.sum().fill_null(0),
            purchases=buyers.purchases.sum().fill_null(0),
            value=buyers.value.sum().cast("float64").fill_null(0),
        )
    ).iloc[0]
    reaches_back = data_period(ws).start < period.start
    return PeriodFigures(
        net_sales=float(sales["net_sales"]),
        not_attributed=float(sales["not_attributed"]),
        count_lines=int(sales["count_lines"]),
        gross_profit=float(sales["gross_profit"]) if sales["lines_with_cost"] else None,
        lines_with_cost=int(sales["lines_with_cost"]),
        customers=int(counts["customers"]),
        new_customers=int(counts["new"]) if reaches_back else None,
        purchases=int(counts["purchases"]),
        purchase_value=float(counts["value"]),
    )


def _lines_in(ws: Workspace, period: Period, as_of: date, shown: ir.Table | None) -> ir.Table:
    """The lines of the period before as_of, of everybody and of nobody, or of the customers shown."""
    table = lines(ws, min(period.end, as_of), period.start)
    return table if shown is None else table.semi_join(shown, "customer_id")


def _sales(lines: ir.Table) -> dict[str, ir.Value]:
    return {
        "net_sales": _sum(lines.net_amount),
        "not_attributed": _sum(lines.net_amount, lines.customer_id.isnull()),
        "count_lines": lines.count(),
        "gross_profit": _sum(lines.net_amount - lines.cost_amount),
        "lines_with_cost": lines.cost_amount.count(),
    }


def _sum(amounts: ir.DecimalValue, where: ir.BooleanValue | None = None) -> ir.FloatingValue:
    """Exact until the sum is made."""
    return amounts.sum(where=where).cast("float64").fill_null(0.0)


def _buyers_in(ws: Workspace, period: Period, as_of: date, shown: ir.Table | None) -> ir.Table:
    """Grain: purchase of the period. Columns: customer_id, ordered_on, net_value, first_purchase_on (of the customer)."""
    table = orders(ws, as_of)
    table = table if shown is None else table.semi_join(shown, "customer_id")
    within = table.is_purchase & (table.ordered_on >= period.start) & (table.ordered_on < period.end)
    purchases = table.filter(within).select("customer_id", "ordered_on", "net_value")
    firsts = totals(ws, as_of).select("customer_id", "first_purchase_on")
    return purchases.join(firsts, "customer_id")


def monthly(ws: Workspace, period: Period, shown: ir.Table | None, as_of: date | None = None) -> pd.DataFrame:
    """A row a calendar month; see Overview. Months before the first and after the last day of the data are left out."""
    data, seen_from = data_period(ws), as_of or period.end
    reached = Period(max(period.start, data.start), min(period.end, data.end))
    frame = pd.DataFrame({"month": [month.start for month in reached.months()]})
    frame["is_partial"] = [not reached.covers(month) for month in reached.months()]
    for counted in (_monthly_sales(ws, period, seen_from, shown), _monthly_buyers(ws, period, seen_from, shown)):
        frame = frame.merge(counted.assign(month=[day.date() for day in pd.to_datetime(counted["month"])]), on="month", how="left")
    counts = ["net_sales", "customers", "new_customers", "purchases", "purchase_value"]
    frame[counts] = frame[counts].fillna(0)
    frame["gross_profit"] = frame["gross_profit"].where(frame["lines_with_cost"] > 0)
    frame["average_order_value"] = frame["purchase_value"] / frame["purchases"].where(frame["purchases"] > 0)
    is_known = pd.Series([month > data.start for month in frame["month"]])
    frame["repeat_share"] = (1 - frame["new_customers"] / frame["customers"].where(frame["customers"] > 0)).where(is_known)
    frame["new_customers"] = frame["new_customers"].where(is_known)
    return frame[["month", "net_sales", "gross_profit", "customers", "new_customers", "repeat_share", "average_order_value", "is_partial"]]


def _monthly_sales(ws: Workspace, period: Period, as_of: date, shown: ir.Table | None) -> pd.DataFrame:
    sold = _lines_in(ws, period, as_of, shown)
    counted = sold.group_by(month=sold.line_at.date().truncate("M")).aggregate(**_sales(sold))
    return ws.execute(counted.select("month", "net_sales", "gross_profit", "lines_with_cost"))


def _monthly_buyers(ws: Workspace, period: Period, as_of: date, shown: ir.Table | None) -> pd.DataFrame:
    bought = _buyers_in(ws, period, as_of, shown)
    by_customer = bought.group_by("customer_id", month=bought.ordered_on.truncate("M")).aggregate(
        purchases=bought.count(), value=bought.net_value.sum(), first=bought.first_purchase_on.min()
    )
    return ws.execute(
        by_customer.group_by("month").aggregate(
            customers=by_customer.count(),
            new_customers=((by_customer["first"].truncate("M") == by_customer.month) & (by_customer["first"] >= period.start)).sum(),
            purchases=by_customer.purchases.sum(),
            purchase_value=by_customer.value.sum().cast("float64"),
        )
    )


def _figures(now: PeriodFigures, earlier: PeriodFigures | None) -> tuple[Figure, ...]:
    def figure(key: str, label: str, field: str, unit: Unit, n: int, text: str) -> Figure:
        return Figure(key, label, getattr(now, field), getattr(earlier, field) if earlier else None, unit, n, text)

    since = "" if now.new_customers is not None else " The data does not reach back before the period, so this cannot be told."
    attributed = (
        f", of which {percent_in_words(now.not_attributed / now.net_sales)} without a customer"
        if now.not_attributed and now.net_sales > 0
        else ""
    )
    found = [
        figure(
            "net_sales",
            "Net sales",
            "net_sales",
            "money",
            now.count_lines,
            f"After discounts, returns netted, without delivery{attributed}.",
        ),
        figure("customers", "Customers", "customers", "count", now.purchases, "Customers with a purchase in the period."),
        figure(
            "new_customers",
            "New customers",
            "new_customers",
            "count",
            now.customers,
            f"Customers whose first purchase fell in the period.{since}",
        ),
        figure("repeat_share", "Repeat share", "repeat_share", "share", now.customers, f"Buyers who had bought before the period.{since}"),
        figure(
            "average_order_value",
            "Average order value",
            "average_order_value",
            "money",
            now.purchases,
            "Value of the purchases per purchase.",
        ),
    ]
    if now.gross_profit is not None:
        covered = (
            "" if now.lines_with_cost == now.count_lines else f" Costs are known for {now.lines_with_cost:,} of {now.count_lines:,} lines."
        )
        found.append(
            figure("gross_profit", "Gross profit", "gross_profit", "money", now.lines_with_cost, f"Net sales less costs.{covered}")
        )
    return tuple(found)
