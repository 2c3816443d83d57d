"""Sales by month, what moved most, and what is worth looking at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from crm_core.analytics import overview
from crm_core.analytics.days import Period, months_before
from crm_core.analytics.leads import find_leads
from crm_core.charts import overview as charts
from ui import cache, links, page, tables
from ui.guards import escape

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from crm_core.analytics.leads import Lead
    from ui.frame import View

#: Page of a lead -> url path and label of the link.
LINKS = {"segments": ("segments", "Segments"), "key_customers": ("key-customers", "Key customers"), "data": ("data", "Data")}


def found(view: View) -> overview.Sales:
    return cache.answer(view, overview.sales, view.start, view.end, as_of=view.as_of, shown=True)


def months(view: View) -> None:
    """Net sales by month beside the same month of the year before."""
    st.header("Sales by month")
    page.chart(cache.made(view, _months), "overview_months", "Net sales by month, with the same month of the year before")
    numbers = st.expander("The numbers by month", key="overview_months_numbers", on_change="rerun")
    if numbers.open:
        with numbers:
            tables.result_table(found(view).monthly, "overview_months", title="Sales by month", currency=view.ws.currency)


def _months(view: View) -> go.Figure:
    shown = found(view)
    earlier = Period(months_before(shown.period.start, 12), months_before(shown.period.end, 12))
    before = cache.answer(view, overview.monthly, earlier, as_of=view.as_of, shown=True)
    return charts.monthly(shown.monthly, before, view.ws.currency)


def movers(view: View) -> None:
    """Which values of products, countries and other attributes changed most."""
    st.header("What moved most")
    page.chart(cache.made(view, _movers), "overview_movers", "The biggest changes of net sales against the period before")
    moved = _moved(view)
    if moved.empty:
        return
    everything = st.expander("All movers", key="overview_movers_numbers", on_change="rerun")
    if everything.open:
        with everything:
            tables.result_table(moved.drop(columns="field"), "overview_movers", title="What moved most", currency=view.ws.currency)


def _moved(view: View) -> pd.DataFrame:
    return cache.answer(view, overview.moved, view.start, view.end, as_of=view.as_of, shown=True)


def _movers(view: View) -> go.Figure:
    return charts.movers(_moved(view), view.ws.currency)


def leads(view: View) -> None:
    """Computed sentences, each with a link to the page that shows more."""
    st.header("Worth looking at")
    found_leads = cache.made(view, _leads)
    if not found_leads:
        st.write("Nothing stands out in this period.")
    for lead in found_leads:
        path, label = LINKS[lead.page]
        with st.container(border=True):
            st.markdown(escape(lead.sentence))
            links.link(path, f"See {label}")


def _leads(view: View) -> tuple[Lead, ...]:
    sold = found(view)
    return find_leads(view.ws, view.as_of, sold.now, sold.earlier, view.settings, view.shown())
