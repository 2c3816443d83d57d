"""The segments as they are now, and how they mix within the values of an attribute."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from crm_core.analytics import chosen, rfm
from crm_core.analytics.satisfaction import customers
from crm_core.charts import segments as charts
from crm_core.charts import shares
from crm_core.errors import AnalysisError
from ui import cache, guards, page, tables
from ui.sections import customer
from ui.sections.audience import arriving

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from ui.frame import View

SHOWN = {"customers": "Customers", "net_sales": "Net sales"}


def found(view: View) -> pd.DataFrame:
    """One row a segment; see rfm.segments."""
    return cache.answer(view, rfm.segments, view.as_of, view.settings, shown=True)


def grid(view: View, as_of: date | None = None) -> pd.DataFrame:
    """One row a cell of R and F; see rfm.grid."""
    return cache.answer(view, rfm.grid, as_of or view.as_of, view.settings, shown=True)


def grid_before(view: View) -> pd.DataFrame | None:
    """The grid at the start of the period; None where it cannot be compared with, also since nobody had bought by then."""
    try:
        return grid(view, view.start) if view.has_before else None
    except AnalysisError:
        return None


def now(view: View) -> None:
    """Grid and bars, the customers of what is clicked in them, and the rules."""
    value = st.segmented_control("Show in the grid", SHOWN, format_func=SHOWN.__getitem__, default="customers", key="grid_value")
    value = value or "customers"
    left, right = st.columns([3, 2], gap="large")
    with left:
        alt = f"{SHOWN[value]} by R and F score, with the segment of each cell"
        cells = page.clickable(cache.made(view, _grid, value), "segment_grid", alt)
    with right:
        bars = page.clickable(cache.made(view, _bars), "segment_bars", "Share of customers and of net sales by segment")
    rules = tuple((("r_score", r), ("f_score", f)) for _, r, f in cells) + tuple((("segment", name),) for name, *_ in bars)
    _customers(view, "segments", tuple(dict.fromkeys(rules)))
    st.header("The segments in this data's own units")
    tables.result_table(cache.made(view, _rules), "segment_rules", title="Segments", currency=view.ws.currency)


def _grid(view: View, value: str) -> go.Figure:
    return charts.grid(grid(view), value, view.ws.currency)


def _bars(view: View) -> go.Figure:
    return shares.bars(found(view), "segment", view.settings.segments.names, view.ws.currency)


def _rules(view: View) -> pd.DataFrame:
    """The segments with their rules and moves first, and how satisfied they are last."""
    table, first = found(view), ["segment", "rule", "move"]
    table = table[[*first, *(column for column in table.columns if column not in first)]]
    told = cache.answer(view, customers.by_segment, view.as_of, view.settings, view.followed, shown=True)
    return table.merge(told.rename(columns={"csat": "csat_share"}), on="segment", how="left") if len(told.columns) > 1 else table


def split(view: View) -> None:
    """How the segments mix within the values of an attribute, and the customers of what is clicked."""
    fields = view.ws.split_fields()
    if not fields:
        guards.has(view, "customers", "country", what="Splitting the segments by an attribute, such as the country,")
        return
    field = st.selectbox("Split by", fields, format_func=fields.__getitem__, key="split_field")
    marks = page.clickable(cache.made(view, _mix, field), "segment_split", f"Segments within each value of {fields[field]}")
    _customers(view, "split", tuple(dict.fromkeys((("segment", segment), (field, value)) for segment, value, *_ in marks)))
    with st.expander("The numbers behind the chart"):
        names = {"value": fields[field]}
        tables.result_table(_split(view, field), "split", title="Segments by attribute", names=names, currency=view.ws.currency)


def _split(view: View, field: str) -> pd.DataFrame:
    return cache.answer(view, rfm.split, view.as_of, view.settings, field, shown=True)


def _mix(view: View, field: str) -> go.Figure:
    return charts.split(_split(view, field), view.settings.segments.names, view.ws.split_fields()[field])


def _customers(view: View, key: str, rules: tuple[chosen.Rule, ...]) -> None:
    """The list of the customers that a click chose (everybody without one), and the panel of the one selected in it."""
    st.header("The chosen customers" if rules else "All customers shown")
    st.caption("Click a mark in a chart to choose its customers; a double click beside the marks chooses all again.")
    picked = tables.customer_table(
        view, f"{key}_customers", rows=chosen.customers, args=(view.as_of, view.settings, rules), audience=arriving.of_rules(rules)
    )
    customer.panel(view, picked, f"{key}_customer")
