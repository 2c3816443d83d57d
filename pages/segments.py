"""Who are our customers, and what should we do next?"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from crm_core.analytics import chosen, rfm
from crm_core.charts import segments as charts
from crm_core.charts import shares
from ui import answers, cache, customer, frame, guards, movement, page, segment_settings, tables, tiles
from ui.guards import escape

SHOWN = {"customers": "Customers", "net_sales": "Net sales"}
DEFINITION = """Each customer with a purchase gets scores from 1 (worst) to 5 (best), by all customers at the day looked from;
filters only choose who is shown. **R**: how recently (R 4: at most 40 % of customers ordered more recently). **F**: how often (one purchase
scores 1; repeat customers score 2 to 5 by quarters). **M**: net sales (M 4: spent more than at least 60 %). Equal values get equal
scores. R and F make the segment."""


def render() -> None:
    view = frame.view()
    if not guards.has(view, "order_lines", what="Segments"):
        return
    found = cache.answer(view, rfm.segments, view.as_of, view.settings, shown=True)
    grid = cache.answer(view, rfm.grid, view.as_of, view.settings, shown=True)
    page.head(
        "Who are our customers, and what should we do next?", answers.segments(found, view.ws.currency, view.as_of), _caveat(view, found)
    )
    page.tiles(tiles.segments(grid, _before(view), view.ws.currency))
    now, moved, split, own = st.tabs(
        ["Segments now", "Movement", "Split by attribute", "Own segments"], key="segment_tabs", on_change="rerun"
    )
    if now.open:
        with now:
            _now(view, found, grid)
    if moved.open:
        with moved, guards.guard():
            movement.tab(view)
    if split.open:
        with split:
            _split(view)
    if own.open:
        with own:
            segment_settings.editor()
    rules = "\n".join(f"- **{escape(name)}**: {escape(rule)}" for name, rule in zip(found["segment"], found["rule"], strict=True))
    page.how_to_read(DEFINITION, rules, command=page.command(view, "segments"))


def _caveat(view: frame.View, found: pd.DataFrame) -> str:
    few = answers.few(int(found["customers"].sum()))
    since = f"Changes are against {frame.day(view.start)}, with the same rules." if _before(view) is not None else ""
    return f"{few} {since}".strip()


def _before(view: frame.View) -> pd.DataFrame | None:
    """The grid as it stood when the period began; None where there was nothing yet, or where today's segments choose who is shown."""
    if view.filters.segments or view.ws.first_day is None or view.start <= view.ws.first_day:
        return None
    return cache.answer(view, rfm.grid, view.start, view.settings, shown=True)


def _now(view: frame.View, found: pd.DataFrame, grid: pd.DataFrame) -> None:
    """Grid and bars, the customers of what is clicked in them, and the rules."""
    order, currency = view.settings.segments.names, view.ws.currency
    value = (
        st.segmented_control("Show in the grid", SHOWN, format_func=SHOWN.__getitem__, default="customers", key="grid_value") or "customers"
    )
    left, right = st.columns([3, 2], gap="large")
    with left:
        drawn = charts.grid(grid, value, currency)
        cells = page.clickable(drawn, "segment_grid", f"{SHOWN[value]} by R and F score, with the segment of each cell")
    with right:
        bars = page.clickable(
            shares.bars(found, "segment", order, currency), "segment_bars", "Share of customers and of net sales by segment"
        )
    rules = tuple((("r_score", r), ("f_score", f)) for _, r, f in cells) + tuple((("segment", name),) for name, *_ in bars)
    _customers(view, "segments", tuple(dict.fromkeys(rules)))
    st.subheader("The segments in this data's own units")
    first = ["segment", "rule", "move"]
    ordered = found[[*first, *(column for column in found.columns if column not in first)]]
    tables.result_table(ordered, "segment_rules", title="Segments", currency=currency)


def _split(view: frame.View) -> None:
    """How the segments mix within the values of an attribute, and the customers of what is clicked."""
    fields = view.ws.split_fields()
    if not fields:
        guards.has(view, "customers", "country", what="Splitting the segments by an attribute, such as the country,")
        return
    field = st.selectbox("Split by", fields, format_func=fields.__getitem__, key="split_field")
    found = cache.answer(view, rfm.split, view.as_of, view.settings, field, shown=True)
    drawn = charts.split(found, view.settings.segments.names, fields[field])
    marks = page.clickable(drawn, "segment_split", f"Segments within each value of {fields[field]}")
    _customers(view, "split", tuple(dict.fromkeys((("segment", segment), (field, value)) for segment, value, *_ in marks)))
    with st.expander("The numbers behind the chart"):
        tables.result_table(found, "split", title="Segments by attribute", names={"value": fields[field]}, currency=view.ws.currency)


def _customers(view: frame.View, key: str, rules: tuple[chosen.Rule, ...]) -> None:
    """The list of the customers that a click chose (everybody without one), and the panel of the one selected in it."""
    st.subheader("The chosen customers" if rules else "All customers shown")
    st.caption("Click a mark in a chart to choose its customers; a double click beside the marks chooses all again.")
    picked = tables.customer_table(view, f"{key}_customers", rows=chosen.customers, args=(view.as_of, view.settings, rules))
    customer.panel(view, picked, f"{key}_customer")
