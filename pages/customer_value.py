"""What will our customers be worth?"""

from __future__ import annotations

import streamlit as st

from ui import frame, guards, page, tables

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
    from ui.sections import (
        forecast,
        forecast_customer,
        forecast_tabs,
        forecast_terms,
    )  # now: their libraries would delay the start of all pages
    from ui.sections.audience import arriving

    top = st.container()
    asked = forecast_terms.choose(view)
    with top, st.spinner("Fitting the models and testing them …"):
        page.head(forecast.summary(view, asked))
    picked = forecast_tabs.draw(view, asked)
    if picked is None:
        st.header("The customers")
        rows, args = forecast.listed(view, asked)
        picked = tables.customer_table(
            view, "customer_value", rows=rows, args=args, sort="clv", title="Customer value", audience=arriving.always(arriving.BUYERS)
        )
    forecast_customer.panel(view, asked, picked, "value_customer")
    page.how_to_read(*EXPLANATION, command=page.command(view, "clv", *asked.options), is_for_all=view.is_filtered)
