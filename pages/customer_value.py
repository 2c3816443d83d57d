"""What will our customers be worth?"""

from __future__ import annotations

import streamlit as st

from crm_core.analytics.clv import report
from ui import answers, cache, frame, guards, page, tables, tiles
from ui.page import Summary
from ui.sections import at_risk, forecast, forecast_customer, forecast_quality, forecast_terms
from ui.sections.forecast_terms import Asked

TABS = ("Value and purchases", "By group", "Who is still active", "Value at risk", "Can we believe it?")
EXPLANATION = (
    """**Forecast value** (customer lifetime value over the horizon): purchases expected × the value expected of a purchase × margin,
later months worth less at the discount rate, less what usually comes back later. **P(alive)**: how likely a customer will ever buy again,
from how often and how lately they bought. A customer bought on *purchase days*; **frequency** counts those after the first, **recency**
is the time from the first to the last, **T** that from the first to the day looked from.""",
    """**Intervals** are 90 %. A customer's holds chance (how many purchases, how large), not the uncertainty of the model's parameters. A
total's holds both, and is at least as wide as the model was wrong in the test. The intervals of customers must not be added up.""",
    """Models rest on all customers; filters only choose who is shown. Sliders fit nothing anew. The test holds back up to 12 months, at
    most a third of the data.""",
)


def render() -> None:
    view = frame.view()
    st.title("What will our customers be worth?")
    if not guards.has(view, "order_lines", what="Forecasting value"):
        return
    top = st.container()
    asked = forecast_terms.choose(view)
    with top, st.spinner("Fitting the models and testing them …"):
        page.head(cache.made(view, _summary, asked))
    picked, place = _tabs(view, asked), "value_customer"
    if picked is None:
        st.header("The customers")
        args = (view.as_of, asked.settings, asked.terms, view.settings)
        picked = tables.customer_table(view, "customer_value", rows=report.listed, args=args, sort="clv", title="Customer value")
    forecast_customer.panel(view, asked, picked, place)
    page.how_to_read(*EXPLANATION, command=page.command(view, "clv", *asked.options), is_for_all=view.is_filtered)


def _tabs(view: frame.View, asked: Asked) -> str | None:
    """The charts; returns the customer selected among those at risk."""
    value, groups, active, risk, quality = st.tabs(TABS, key="value_tabs", on_change="rerun")
    for tab, draw in ((value, forecast.value), (groups, forecast.groups), (active, forecast.matrices), (quality, forecast_quality.tab)):
        if tab.open:
            with tab, guards.guard():
                draw(view, asked)
    if risk.open:
        with risk, guards.guard():
            return at_risk.tab(view, asked)
    return None


def _summary(view: frame.View, asked: Asked) -> Summary:
    found = forecast.headline(view, asked)
    answer = answers.customer_value(found, asked.terms.months, view.ws.currency)
    return Summary(
        answer,
        answers.forecast_caveats(found, asked.terms.months),
        tuple(tiles.customer_value(found, asked.terms.months, view.ws.currency)),
    )
