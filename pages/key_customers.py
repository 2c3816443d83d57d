"""How much of the value do a few customers hold, and who are they?"""

from __future__ import annotations

import streamlit as st

from crm_core.analytics import chosen, pareto
from crm_core.charts import pareto as charts
from ui import answers, cache, customer, frame, guards, page, tables, tiles
from ui.guards import escape
from ui.numbers import amount, share

VALUES: dict[pareto.Value, str] = {"net_sales": "Net sales", "gross_profit": "Gross profit"}
CLASSES = ("A", "B", "C")
EXPLANATION = """All customers with a line before the day looked from, largest value first. **Top-20 share**: value held by the best
20 % of customers. **Vital few**: the smallest share of customers that holds 80 % of the value. **Gini**: 0 where all customers are alike,
1 where one holds everything. **Classes**: A while the share of value before the customer is below 80 %, B below 95 %, C the rest, by all
customers. Where customers have a value below zero, the curve rises above 100 % and falls back (the whale curve): what lies above 100 %
is lost on the last customers."""


def render() -> None:
    view = frame.view()
    if not guards.has(view, "order_lines", what="Key customers"):
        return
    top = st.container()
    value = _choose_value(view)
    label, currency = VALUES[value], view.ws.currency
    found = cache.answer(view, pareto.summary, view.as_of, value, shown=True)
    before = _before(view, value)
    changes = f"Changes are against {frame.day(view.start)}." if before else ""
    with top:
        answer = answers.key_customers(found, label, view.as_of, currency)
        page.head("Who are our key customers?", answer, f"{answers.below_zero(found, currency)} {changes}".strip())
    page.tiles(tiles.pareto(found, before))
    left, right = st.columns([3, 2], gap="large")
    with left:
        points = _concentration(view, value, found)
    with right, guards.guard():
        _without_best(view, value)
    _customers(view, value, max((round(float(reached) * found.customers) for reached, *_ in points), default=0))
    page.how_to_read(EXPLANATION, command=page.command(view, "pareto", *(["--value gross_profit"] if value == "gross_profit" else [])))


def _choose_value(view: frame.View) -> pareto.Value:
    """Gross profit can be chosen where the data has costs."""
    if not view.ws.has("order_lines", "cost_amount"):
        return "net_sales"
    chosen_value = st.segmented_control("Value", list(VALUES), format_func=VALUES.__getitem__, default="net_sales", key="pareto_value")
    return chosen_value or "net_sales"


def _before(view: frame.View, value: pareto.Value) -> pareto.ParetoSummary | None:
    """The summary as it stood when the period began; None where there was nothing yet, or where today's segments choose who is shown."""
    if view.filters.segments or view.ws.first_day is None or view.start <= view.ws.first_day:
        return None
    return cache.answer(view, pareto.summary, view.start, value, shown=True)


def _concentration(view: frame.View, value: pareto.Value, found: pareto.ParetoSummary) -> list[list[float]]:
    """The curve, or how it moved over time; returns the share of customers up to each clicked point."""
    now, over_time = st.tabs(["How concentrated is it?", "Is it getting more so?"], key="pareto_tabs", on_change="rerun")
    if over_time.open:
        with over_time:
            _over_time(view, value)
        return []
    with now:
        points = cache.answer(view, pareto.curve, view.as_of, value, shown=True)
        drawn = charts.curve(points, VALUES[value], found.top20_share, found.vital_few_share)
        return page.clickable(drawn, "pareto_curve", "Cumulative share of customers, best first, against their share of value")


def _without_best(view: frame.View, value: pareto.Value) -> None:
    st.subheader("What if the best left?")
    best = int(st.number_input("How many of the best customers", 1, 1000, 10, key="without_best"))
    left = cache.answer(view, pareto.without_best, view.as_of, value, best, shown=True)
    gone, currency = len(left.best), view.ws.currency
    part = f" ({share(left.share)})" if left.share is not None else ""
    st.markdown(f"**{escape(f'Without the best {gone:,}, {amount(left.value_of_best, currency)}{part} would be gone.')}**")
    if left.customers_to_replace is not None:
        st.markdown(escape(f"It takes {left.customers_to_replace:,} customers of the average value of the others to make up for them."))
    if left.after is not None:
        st.markdown(escape(f"Of the {left.after.customers:,} others, the best 20 % would hold {share(left.after.top20_share)}."))
    with st.expander(f"The best {gone:,}"):
        tables.result_table(left.best, "without_best_rows", title="The best customers", names={"value": VALUES[value]}, currency=currency)


def _customers(view: frame.View, value: pareto.Value, best: int) -> None:
    """The list: all, the `best` up to a clicked point of the curve (0: none is clicked), or some classes."""
    st.subheader(f"The best {best:,} customers" if best else "The customers")
    st.caption("Click a point of the curve to choose the customers up to there.")
    classes = st.pills("Classes", CLASSES, selection_mode="multi", key="pareto_classes")
    where = (("value_class", tuple(classes)),) if classes else ()
    args = (view.as_of, view.settings, value, best or None)
    picked = tables.customer_table(
        view, f"key_customers_{value}", where=where, rows=chosen.by_value, args=args, sort=value, title="Key customers"
    )
    customer.panel(view, picked, "key_customer")


def _over_time(view: frame.View, value: pareto.Value) -> None:
    found = cache.answer(view, pareto.over_time, view.as_of, value)
    page.chart(charts.over_time(found), "pareto_over_time", "Top-20 share, vital few and Gini over time")
    if not found.empty:
        st.caption(f"All customers; each point looks back {int(found['look_back_days'].iloc[0]):,} days.")
        with st.expander("The numbers behind the chart"):
            tables.result_table(found, "pareto_over_time_rows", title="Concentration over time", currency=view.ws.currency)
