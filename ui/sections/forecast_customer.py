"""One customer's forecast: how likely still active, over time and ahead, the next purchase, the value with its interval, and what the
model does not know."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import streamlit as st

from crm_core.access import Action
from crm_core.analytics.clv import person
from crm_core.analytics.listing import history
from crm_core.charts import value as charts
from ui import cache, page, tables
from ui.frame import day
from ui.guards import escape, guard
from ui.numbers import amount, count_of, share
from ui.page import Tile
from ui.sections import customer

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from ui.frame import View
    from ui.sections.forecast_terms import Asked

HINT = "Select a row to see the customer: purchases, P(alive) over time, the next purchase and the value."


def panel(view: View, asked: Asked, customer_id: str | None, key: str) -> None:
    """The panel of that customer; a hint where none is selected."""
    if customer_id is None:
        if view.user.may(Action.SEE_CUSTOMERS):
            st.caption(HINT)
        return
    with guard():
        _panel(view, asked, customer_id, key)


def _panel(view: View, asked: Asked, customer_id: str, key: str) -> None:
    found: person.Person = cache.answer(view, person.person, view.as_of, customer_id, asked.settings, asked.terms)
    st.header(f"Customer {escape(customer_id)}")
    st.markdown(f"**{escape(_answer(view, asked, found))}**")
    page.tiles(_tiles(view, asked, found))
    customer.satisfied(view, customer_id)
    page.chart(
        cache.made(view, _alive, asked, customer_id), f"{key}_alive", f"P(alive) of customer {customer_id} over time, with purchases"
    )
    st.markdown("**What the model does not know**")
    st.markdown("\n".join(f"- {escape(sentence)}" for sentence in found.unknown))
    orders = cache.answer(view, history, view.as_of, customer_id)
    with st.expander("The one order" if len(orders) == 1 else f"The {len(orders):,} orders"):
        filled = orders.dropna(axis="columns", how="all")
        tables.result_table(filled, f"{key}_orders", title="Orders of a customer", currency=view.ws.currency)


def _answer(view: View, asked: Asked, found: person.Person) -> str:
    months = count_of(asked.terms.months, "month")
    text = f"{share(found.buys_again, 0)} likely to buy again within {months}"
    if found.p_alive is not None:
        text = f"{share(found.p_alive, 0)} likely still active, and {text}"
    if found.next_days is None:
        return f"{text}."
    when = view.as_of + timedelta(days=found.next_days)
    active = "if active, " if found.p_alive is not None else ""
    return f"{text}; {active}the next purchase comes with even odds by {day(when)} ({count_of(found.next_days, 'day')} from the day looked from)."


def _tiles(view: View, asked: Asked, found: person.Person) -> list[Tile]:
    currency = view.ws.currency
    bounds = f"90 %: {amount(found.low, currency)} to {amount(found.high, currency)}."
    gap = f"{found.usual_gap_days:,.0f} days" if found.usual_gap_days is not None else "no second purchase"
    return [
        Tile(f"Value, {asked.terms.months} months", amount(found.value, currency), help=bounds),
        Tile("90 % interval", f"{amount(found.low)} – {amount(found.high)}", help="Holds chance, not the uncertainty of the parameters."),
        Tile(
            "Purchases expected",
            f"{found.expected_purchases:,.2f}",
            help=f"Each worth {amount(found.expected_spend, currency)} on average.",
        ),
        Tile("Last purchase", day(found.last_on), help=f"The first on {day(found.first_on)}; {count_of(found.purchases, 'purchase day')}."),
        Tile("Usual gap", gap, help="Mean days between purchases so far."),
    ]


def _alive(view: View, asked: Asked, customer_id: str) -> go.Figure:
    points = cache.answer(view, person.alive_over_time, view.as_of, customer_id, asked.settings)
    orders = cache.answer(view, history, view.as_of, customer_id)
    bought = sorted(set(orders.loc[orders["is_purchase"], "ordered_on"]))
    return charts.alive(points, bought, view.as_of)
