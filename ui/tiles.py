"""The row of figures of each page: values with their change against the day or period before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ui.numbers import NOT_PROVIDED, amount, count, share, short
from ui.page import NO_CHANGE, Tile

if TYPE_CHECKING:
    import pandas as pd

    from crm_core.analytics.clusters import Clusters
    from crm_core.analytics.clv.report import Headline
    from crm_core.analytics.overview import Figure, Sales
    from crm_core.analytics.pareto import ParetoSummary


#: Where the label of a figure is too long for six tiles in a row.
SHORT_LABELS = {"average_order_value": "Average order"}


def overview(found: Sales, currency: str) -> list[Tile]:
    """A tile a figure, with the whole months of the period as its trend."""
    return [_figure(figure, found.monthly, currency) for figure in found.figures]


def _figure(figure: Figure, monthly: pd.DataFrame, currency: str) -> Tile:
    trend = tuple(monthly.loc[~monthly["is_partial"], figure.key].dropna().astype(float))
    change = None if figure.change is None else _told(f"{100 * figure.change:+.1f}", " points" if figure.unit == "share" else " %")
    label = SHORT_LABELS.get(figure.key, figure.label)
    if figure.unit == "money":
        exact = f" Exactly {amount(figure.value, currency)}." if figure.value is not None else ""
        return Tile(label, short(figure.value, currency), change, trend, f"{figure.help}{exact} n = {figure.n:,}.")
    written = share(figure.value) if figure.unit == "share" else count(figure.value)
    return Tile(label, written, change, trend, f"{figure.help} n = {figure.n:,}.")


@dataclass(frozen=True)
class _Group:
    """Customers and net sales of some cells of the grid; `sales_share` is None where all sales are zero or less."""

    customers: int
    net_sales: float
    sales_share: float | None


def _group(grid: pd.DataFrame, r_scores: range, f_scores: range) -> _Group:
    inside = grid[grid["r_score"].isin(r_scores) & grid["f_score"].isin(f_scores)]
    total = float(grid["net_sales"].sum())
    sales = float(inside["net_sales"].sum())
    return _Group(int(inside["customers"].sum()), sales, sales / total if total > 0 else None)


def segments(grid: pd.DataFrame, before: pd.DataFrame | None, currency: str) -> list[Tile]:
    """Everybody, those who buy often and lately, and those who bought often and went quiet; `before` is the grid of the earlier day."""
    groups = [(range(1, 6), range(1, 6)), (range(3, 6), range(4, 6)), (range(1, 3), range(3, 6))]
    now = [_group(grid, *scores) for scores in groups]
    then = [_group(before, *scores) for scores in groups] if before is not None else [None] * len(groups)
    (everybody, regular, quiet), (once, regular_once, quiet_once) = now, then
    return [
        Tile("Customers", count(everybody.customers), _more(everybody, once, "customers"), help="With at least one purchase."),
        Tile("Regular buyers", count(regular.customers), _more(regular, regular_once, "customers"), help=REGULAR_HELP),
        Tile("Regulars’ share of sales", share(regular.sales_share), _points(regular, regular_once, "sales_share"), help=SALES_HELP),
        Tile("Gone quiet", count(quiet.customers), _more(quiet, quiet_once, "customers"), help=QUIET_HELP, more_is="bad"),
        Tile(
            "Net sales gone quiet",
            short(quiet.net_sales, currency),
            _percent(quiet, quiet_once, "net_sales"),
            help=SALES_HELP,
            more_is="bad",
        ),
    ]


REGULAR_HELP = "They buy often, and bought lately: R 3–5 and F 4–5."
QUIET_HELP = "They bought often, and not for long: R 1–2 and F 3–5."
SALES_HELP = "Net sales of all their orders so far, returns netted."


def pareto(found: ParetoSummary, before: ParetoSummary | None) -> list[Tile]:
    """How concentrated the value is, and how many customers are in class A and below zero."""
    gini = "undefined" if found.gini is None else f"{found.gini:.3f}"
    classes = (
        "Classes are undefined."
        if found.class_a is None
        else f"Class B has {count(found.class_b)}, class C {count(found.class_c)} customers."
    )
    few = f"{count(found.vital_few_customers)} customers hold 80 % of the value."
    return [
        Tile("Held by the best 20 %", share(found.top20_share), _points(found, before, "top20_share"), help=TOP_HELP, more_is="neutral"),
        Tile("Vital few", share(found.vital_few_share), _points(found, before, "vital_few_share"), help=few, more_is="neutral"),
        Tile("Gini", gini, _difference(found, before, "gini"), help=GINI_HELP, more_is="neutral"),
        Tile("Class A customers", count(found.class_a), _more(found, before, "class_a"), help=classes, more_is="neutral"),
        Tile("Below zero", count(found.customers_below_zero), _more(found, before, "customers_below_zero"), help=BELOW_HELP, more_is="bad"),
    ]


def clusters(found: Clusters, currency: str) -> list[Tile]:
    """How many groups, how clear they are, and the customers of the group that is worth most a head."""
    best = found.profile.iloc[int(found.profile["average_sales"].fillna(0).argmax())]
    silhouette = dict(zip(found.silhouettes["count"], found.silhouettes["silhouette"], strict=True)).get(found.count)
    suggested = "As suggested." if found.count == found.suggested else f"{found.suggested} are suggested."
    sample = f"The groups were found on {found.sample_customers:,} of all customers."
    return [
        Tile("Clusters", str(found.count), help=suggested),
        Tile("Silhouette", NOT_PROVIDED if silhouette is None else f"{silhouette:.2f}", help="1: clear groups, 0: none."),
        Tile("Customers", count(found.profile["customers"].sum()), help=sample),
        Tile("Customers in the best", share(best["customer_share"]), help=f"The cluster with the highest average: {best['name']}."),
        Tile("Average in the best", amount(best["average_sales"], currency), help="Net sales per customer of that cluster."),
    ]


def customer_value(found: Headline, months: int, currency: str) -> list[Tile]:
    """The total and a head, how many are active, purchases, and how concentrated the value is."""
    bounds = f"90 % interval: {amount(found.low, currency)} to {amount(found.high, currency)}. Exactly {amount(found.value, currency)}."
    head = found.value / found.customers if found.customers else None
    active = found.active / found.customers if found.active is not None and found.customers else None
    of_all = (
        f"{share(active)} of {count(found.customers)} customers: the sum of P(alive)."
        if active is not None
        else "The rule that forecasts does not say."
    )
    return [
        Tile(f"Value, {months} months", short(found.value, currency), help=bounds),
        Tile("A customer", amount(head, currency), help="The average over the customers shown."),
        Tile("Probably active", count(found.active), help=of_all),
        Tile("Purchases expected", count(found.purchases), help=f"Purchase days of today’s customers in the next {months} months."),
        Tile(
            "Held by the best 20 %", "undefined" if found.best_share is None else share(found.best_share), help=HELD_HELP, more_is="neutral"
        ),
    ]


HELD_HELP = "The share of the forecast value that the best 20 % of customers hold; undefined where the total is zero or less."


TOP_HELP = "The value share of the best 20 % of customers, their count rounded up."
GINI_HELP = "0: all customers alike; 1: one customer holds everything. Customers below zero are left out."
BELOW_HELP = "Customers who returned (or cost) more than they brought."


def _both(now: object, then: object | None, name: str) -> tuple[float, float] | None:
    """The value now and then, or None where one of them is missing."""
    value, earlier = getattr(now, name), getattr(then, name, None)
    return None if value is None or earlier is None else (value, earlier)


def _more(now: object, then: object | None, name: str) -> str | None:
    values = _both(now, then, name)
    return values and _told(f"{values[0] - values[1]:+,.0f}")


def _points(now: object, then: object | None, name: str) -> str | None:
    values = _both(now, then, name)
    return values and _told(f"{100 * (values[0] - values[1]):+.1f}", " points")


def _difference(now: object, then: object | None, name: str) -> str | None:
    values = _both(now, then, name)
    return values and _told(f"{values[0] - values[1]:+.3f}")


def _percent(now: object, then: object | None, name: str) -> str | None:
    """The relative change; in multiples where it is tenfold or more, and nothing where the earlier value is zero or less."""
    values = _both(now, then, name)
    if values is None or values[1] <= 0:
        return None
    change = values[0] / values[1] - 1
    return _told(f"{100 * change:+.1f}", " %") if change < 9 else f"× {values[0] / values[1]:,.0f}"


def _told(change: str, unit: str = "") -> str:
    """A change as written, or that there is none to be seen."""
    return f"{change}{unit}" if change.strip("+-0.,") else NO_CHANGE
