"""Sales by month, what moved most, and what is worth looking at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from crm_core.analytics import overview
from crm_core.analytics.days import Period, months_before
from crm_core.charts import overview as charts
from ui import cache, links, page, tables
from ui.guards import escape

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from ui.frame import View

#: Page of a lead -> url path and label of the link.
LINKS = {"segments": ("segments", "Segments"), "key_customers": ("key-customers", "Key customers"), "data": ("data", "Data")}


def found(view: View) -> overview.Overview:
    return cache.answer(view, overview.overview, view.start, view.end, settings=view.settings, shown=True)


def months(view: View, shown: overview.Overview) -> None:
    """Net sales by month beside the same month of the year before."""
    st.header("Sales by month")
    page.chart(cache.made(view, _months), "overview_months", "Net sales by month, with the same month of the year before")
    with st.expander("The numbers by month"):
        tables.result_table(shown.monthly, "overview_months", title="Sales by month", currency=view.ws.currency)


def _months(view: View) -> go.Figure:
    shown = found(view)
    earlier = Period(months_before(shown.period.start, 12), months_before(shown.period.end, 12))
    before = cache.answer(view, overview.monthly, earlier, shown=True)
    return charts.monthly(shown.monthly, before, view.ws.currency)


def movers(view: View, shown: overview.Overview) -> None:
    """Which values of products, countries and other attributes changed most."""
    st.header("What moved most")
    page.chart(cache.made(view, _movers), "overview_movers", "The biggest changes of net sales against the period before")
    moved = shown.movers
    if not moved.empty:
        with st.expander("All movers"):
            tables.result_table(moved.drop(columns="field"), "overview_movers", title="What moved most", currency=view.ws.currency)


def _movers(view: View) -> go.Figure:
    return charts.movers(found(view).movers, view.ws.currency)


def leads(shown: overview.Overview) -> None:
    """Computed sentences, each with a link to the page that shows more."""
    st.header("Worth looking at")
    if not shown.leads:
        st.write("Nothing stands out in this period.")
    for lead in shown.leads:
        path, label = LINKS[lead.page]
        with st.container(border=True):
            st.markdown(escape(lead.sentence))
            links.link(path, f"See {label}")
