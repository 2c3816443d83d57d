"""How concentrated the value is: the curve, how it moved over time, what the best are worth, and the list of customers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import streamlit as st

from crm_core.analytics import chosen, pareto
from crm_core.analytics.audience import clicked
from crm_core.analytics.audience import conditions as c
from crm_core.charts import pareto as charts
from crm_core.errors import AnalysisError
from ui import cache, page, tables
from ui.guards import escape, guard
from ui.numbers import amount, count_customers, count_of, share
from ui.sections import customer

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from ui.frame import View

VALUES = pareto.VALUE_LABELS
CLASSES = ("A", "B", "C")
VALUE_HELP = "Forecast value: what customers are expected to buy in the next 12 months; see the page “Customer value”."


def choose_value(view: View) -> pareto.Value:
    """Net sales, the forecast value of the next 12 months and, where the data has costs, gross profit."""
    offered = [value for value in VALUES if value != "gross_profit" or view.ws.has("order_lines", "cost_amount")]
    value = st.segmented_control("Value", offered, format_func=VALUES.__getitem__, default="net_sales", key="pareto_value", help=VALUE_HELP)
    return value or "net_sales"


def summary(view: View, value: pareto.Value, as_of: date | None = None) -> pareto.ParetoSummary:
    """The concentration at the day looked from, or another."""
    return cache.answer(view, pareto.summary, as_of or view.as_of, value, shown=True)


def summary_before(view: View, value: pareto.Value) -> pareto.ParetoSummary | None:
    """The concentration at the start of the period; None where it cannot be compared with, also since none of those shown was there yet."""
    try:
        return summary(view, value, view.start) if view.has_before else None
    except AnalysisError:
        return None


def on_how_many_costs(view: View, value: pareto.Value) -> str:
    """The caveat of gross profit where costs are missing, or nothing."""
    if value != "gross_profit":
        return ""
    known, lines = cache.answer(view, pareto.lines_with_cost, view.as_of, shown=True)
    return f"Costs are known for {known:,} of {lines:,} lines; the others are in no gross profit." if known < lines else ""


def curve(view: View, value: pareto.Value) -> int:
    """The curve, or how it moved over time; returns how many of the best customers a clicked point reaches (0: none is clicked)."""
    now, moved = st.tabs(["How concentrated is it?", "Is it getting more so?"], key="pareto_tabs", on_change="rerun")
    if moved.open:
        with moved, guard():
            _over_time(view, value)
        return 0
    with now:
        alt = "Cumulative share of customers, best first, against their share of value"
        points = page.clickable(cache.made(view, _curve, value), "pareto_curve", alt)
    return max((round(float(reached) * summary(view, value).customers) for reached, *_ in points), default=0)


def _curve(view: View, value: pareto.Value) -> go.Figure:
    found = summary(view, value)
    points = cache.answer(view, pareto.curve, view.as_of, value, shown=True)
    return charts.curve(points, VALUES[value], found.top20_share, found.vital_few_share)


def _over_time(view: View, value: pareto.Value) -> None:
    found = _history(view, value)
    page.chart(cache.made(view, _lines, value), "pareto_over_time", "Top-20 share, vital few and Gini over time")
    if not found.empty:
        st.caption(f"All customers; each point looks back {count_of(int(found['look_back_days'].iloc[0]), 'day')}.")
        with st.expander("The numbers behind the chart"):
            tables.result_table(found, "pareto_over_time_rows", title="Concentration over time", currency=view.ws.currency)


def _history(view: View, value: pareto.Value) -> pd.DataFrame:
    return cache.answer(view, pareto.over_time, view.as_of, value)


def _lines(view: View, value: pareto.Value) -> go.Figure:
    return charts.over_time(_history(view, value))


def without_best(view: View, value: pareto.Value) -> None:
    """What would be gone with the best, how many others make up for them, and who they are."""
    st.header("What if the best left?")
    best = int(st.number_input("How many of the best customers", 1, 1000, 10, key="without_best"))
    left = cache.answer(view, pareto.without_best, view.as_of, value, best, shown=True)
    gone, currency = len(left.best), view.ws.currency
    part = f" ({share(left.share)})" if left.share is not None else ""
    st.markdown(f"**{escape(f'Without the best {gone:,}, {amount(left.value_of_best, currency)}{part} would be gone.')}**")
    if left.customers_to_replace is not None:
        st.markdown(
            escape(f"It takes {count_customers(left.customers_to_replace)} of the average value of the others to make up for them.")
        )
    if left.after is not None:
        st.markdown(escape(f"Of the {left.after.customers:,} others, the best 20 % would hold {share(left.after.top20_share)}."))
    with st.expander(f"The best {gone:,}"):
        tables.result_table(left.best, "without_best_rows", title="The best customers", names={"value": VALUES[value]}, currency=currency)


def customers(view: View, value: pareto.Value, best: int) -> None:
    """The list: all, the `best` up to a clicked point of the curve (0: none is clicked), or some classes."""
    st.header(f"The best {count_customers(best)}" if best else "The customers")
    st.caption("Click a point of the curve to choose the customers up to there.")
    classes = st.pills("Classes", CLASSES, selection_mode="multi", key="pareto_classes")
    where = (("value_class", tuple(classes)),) if classes else ()
    args = (view.as_of, view.settings, value, best or None)
    picked = tables.customer_table(
        view,
        f"key_customers_{value}",
        where=where,
        rows=chosen.by_value,
        args=args,
        sort=value,
        title="Key customers",
        audience=_condition(value, best, tuple(classes)),
    )
    customer.panel(view, picked, "key_customer")


def _condition(value: pareto.Value, best: int, classes: tuple[str, ...]) -> Callable[[View], c.Condition]:
    """The listed customers, as an audience has them. Among those whom the filters show, the best are those down to the rank of the last of them."""

    def condition(view: View) -> c.Condition:
        found: c.Condition = c.Known(c.Column("value_class" if value == "net_sales" else f"{value}_class"))
        if best:
            rank = cache.answer(view, chosen.last_rank, view.as_of, value, best, shown=True)
            found = c.Compare(c.Column(f"{value}_rank"), "<=", Decimal(rank))
        if classes:
            listed = clicked.one_of(c.Column("value_class" if value == "net_sales" else f"{value}_class"), classes)
            found = c.both(found, listed) if best else listed
        return found

    return condition
