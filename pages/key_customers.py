"""How much of the value do a few customers hold, and who are they?"""

from __future__ import annotations

import streamlit as st

from crm_core.analytics import pareto
from ui import answers, cache, frame, guards, page, tiles
from ui.page import Summary
from ui.sections import concentration

EXPLANATION = """All customers with a line before the day looked from whose value is known, largest value first. **Top-20 share**: value held by the best
20 % of customers. **Vital few**: the smallest share of customers that holds 80 % of the value. **Gini**: 0 where all customers are alike,
1 where one holds everything. **Classes**: A while the share of value before the customer is below 80 %, B below 95 %, C the rest, by all
customers. Where customers have a value below zero, the curve rises above 100 % and falls back (the whale curve): what lies above 100 %
is lost on the last customers."""


def render() -> None:
    view = frame.view()
    st.title("Who are our key customers?")
    if not guards.has(view, "order_lines", what="Finding key customers"):
        return
    top = st.container()
    value = concentration.choose_value(view)
    with top:
        page.head(cache.made(view, _summary, value))
    left, right = st.columns([3, 2], gap="large")
    with left:
        best = concentration.curve(view, value)
    with right, guards.guard():
        concentration.without_best(view, value)
    concentration.customers(view, value, best)
    options = [] if value == "net_sales" else [f"--value {value}"]
    page.how_to_read(EXPLANATION, command=page.command(view, "pareto", *options), is_for_all=view.is_filtered)


def _summary(view: frame.View, value: pareto.Value) -> Summary:
    found, before = concentration.summary(view, value), concentration.summary_before(view, value)
    changes = answers.against(view.start, view.first_day, view.as_of) if before else ""
    answer = answers.key_customers(found, concentration.VALUES[value], view.as_of, view.ws.currency)
    caveats = (answers.below_zero(found, view.ws.currency), concentration.on_how_many_costs(view, value), changes)
    return Summary(answer, " ".join(filter(None, caveats)), tuple(tiles.pareto(found, before)))
