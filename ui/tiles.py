"""The row of figures of each page: values with their change against the day or period before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ui.numbers import amount, count, share, short
from ui.page import Tile

if TYPE_CHECKING:
    import pandas as pd

    from crm_core.analytics.overview import Figure, Overview
    from crm_core.analytics.pareto import ParetoSummary

WRITTEN = {"money": short, "count": count, "share": share}


def overview(found: Overview, currency: str) -> list[Tile]:
    """A tile a figure, with the whole months of the period as its trend."""
    return [_figure(figure, found.monthly, currency) for figure in found.figures]


def _figure(figure: Figure, monthly: pd.DataFrame, currency: str) -> Tile:
    is_money = figure.unit == "money"
    trend = monthly.loc[~monthly["is_partial"], figure.key].dropna()
    exact = f" Exactly {amount(figure.value, currency)}." if is_money and figure.value is not None else ""
    label = f"{figure.label} ({currency})" if is_money and currency else figure.label
    change = None if figure.change is None else f"{100 * figure.change:+.1f} {'points' if figure.unit == 'share' else '%'}"
    return Tile(label, WRITTEN[figure.unit](figure.value), change, tuple(trend.astype(float)), f"{figure.help}{exact} n = {figure.n:,}.")


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
    everybody, regular, quiet = now
    unit = f" ({currency})" if currency else ""
    return [
        Tile(
            "Customers",
            count(everybody.customers),
            _more(everybody.customers, then[0] and then[0].customers),
            help="With at least one purchase.",
        ),
        Tile(
            "Buy often and lately",
            count(regular.customers),
            _more(regular.customers, then[1] and then[1].customers),
            help="R 3–5 and F 4–5.",
        ),
        Tile(
            "… their share of sales",
            share(regular.sales_share),
            _points(regular.sales_share, then[1] and then[1].sales_share),
            help=SALES_HELP,
        ),
        Tile(
            "Bought often, gone quiet",
            count(quiet.customers),
            _more(quiet.customers, then[2] and then[2].customers),
            help="R 1–2 and F 3–5.",
        ),
        Tile(f"… their net sales{unit}", short(quiet.net_sales), _percent(quiet.net_sales, then[2] and then[2].net_sales), help=SALES_HELP),
    ]


SALES_HELP = "Net sales of all their orders so far, returns netted."


def pareto(found: ParetoSummary, before: ParetoSummary | None) -> list[Tile]:
    """How concentrated the value is, and how many customers are in each class."""
    top, few, gini = found.top20_share, found.vital_few_share, found.gini
    classes = "classes A / B / C are undefined" if found.class_a is None else f"B {count(found.class_b)}, C {count(found.class_c)}"
    return [
        Tile(
            "Held by the best 20 %", share(top), _points(top, before and before.top20_share), help="The count of customers is rounded up."
        ),
        Tile(
            "Vital few",
            share(few),
            _points(few, before and before.vital_few_share),
            help=f"{count(found.vital_few_customers)} customers hold 80 %.",
        ),
        Tile("Gini", f"{gini:.3f}" if gini is not None else "undefined", _difference(gini, before and before.gini), help=GINI_HELP),
        Tile("Class A customers", count(found.class_a), _more(found.class_a, before and before.class_a), help=f"Beside them {classes}."),
        Tile(
            "Below zero",
            count(found.customers_below_zero),
            _more(found.customers_below_zero, before and before.customers_below_zero),
            help=BELOW_HELP,
        ),
    ]


GINI_HELP = "0: all customers alike; 1: one customer holds everything. Customers below zero are left out."
BELOW_HELP = "Customers who returned (or cost) more than they brought."


def _more(now: int | None, then: int | None) -> str | None:
    return None if now is None or then is None else f"{now - then:+,}"


def _points(now: float | None, then: float | None) -> str | None:
    return None if now is None or then is None else f"{100 * (now - then):+.1f} points"


def _percent(now: float, then: float | None) -> str | None:
    return None if then is None or then <= 0 else f"{100 * (now / then - 1):+.1f} %"


def _difference(now: float | None, then: float | None) -> str | None:
    return None if now is None or then is None else f"{now - then:+.3f}"
