"""One customer: the figures, why they are in their segment, what would move them, and their orders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from crm_core.access import Action
from crm_core.analytics.explain import CustomerExplanation, explain
from crm_core.analytics.listing import history
from crm_core.analytics.satisfaction import customers as satisfaction
from crm_core.charts import overview as charts
from ui import cache, page, tables
from ui.frame import day
from ui.guards import escape
from ui.numbers import amount, count
from ui.page import Tile

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from ui.frame import View

HINT = "Select a row (the box at its left) to see why this customer is here, and what would move them."


def panel(view: View, customer_id: str | None, key: str) -> None:
    """The panel of that customer; a hint where none is selected. Raises AnalysisError for one without a purchase."""
    if customer_id is None:
        if view.user.may(Action.SEE_CUSTOMERS):
            st.caption(HINT)
        return
    found = cache.answer(view, explain, view.as_of, view.settings, customer_id)
    st.header(f"Customer {escape(customer_id)}: {escape(found.segment)}")
    page.tiles(_tiles(found, view.ws.currency))
    satisfied(view, customer_id)
    reasons, moves = st.columns(2, gap="large")
    with reasons:
        _sentences("Why is this customer here?", found.reasons)
    with moves:
        _sentences("What would move them?", found.moves or ("Nothing: every score is at its best.",))
    _orders(view, customer_id, key)


def satisfied(view: View, customer_id: str) -> None:
    """The last score, open cases and the risk of the customer in a line, where the data tells them."""
    told = cache.answer(view, satisfaction.one, view.as_of, customer_id, view.followed)
    if told:
        st.markdown("**Satisfaction:** " + escape("; ".join(told)))


def _tiles(found: CustomerExplanation, currency: str) -> list[Tile]:
    label = f"Net sales ({currency})" if currency else "Net sales"
    return [
        Tile("Last order", day(found.last_purchase_on), help=f"{found.days_since_last_order:,} days before the day looked from."),
        Tile("Orders", count(found.count_orders)),
        Tile(label, amount(found.net_sales)),
        Tile("R · F · M", f"{found.r_score} · {found.f_score} · {found.m_score}", help="Scores from 1 (worst) to 5 (best)."),
    ]


def _sentences(title: str, sentences: tuple[str, ...]) -> None:
    st.markdown(f"**{title}**")
    st.markdown("\n".join(f"- {escape(sentence)}" for sentence in sentences))


def _orders(view: View, customer_id: str, key: str) -> None:
    orders = cache.answer(view, history, view.as_of, customer_id)
    page.chart(cache.made(view, _history, customer_id), f"{key}_history", f"Orders of customer {customer_id} over time")
    with st.expander("The one order" if len(orders) == 1 else f"The {len(orders):,} orders"):
        filled = orders.dropna(axis="columns", how="all")
        tables.result_table(filled, f"{key}_orders", title="Orders of a customer", currency=view.ws.currency)


def _history(view: View, customer_id: str) -> go.Figure:
    return charts.history(cache.answer(view, history, view.as_of, customer_id), view.ws.currency)
