"""Who are our customers, and what should we do next?"""

from __future__ import annotations

import streamlit as st

from ui import answers, cache, frame, guards, page, segment_settings, tiles
from ui.guards import escape
from ui.page import Summary
from ui.sections import movement, segments

TABS = ("Segments now", "Movement", "Split by attribute", "Own segments")
DEFINITION = """Each customer with a purchase gets scores from 1 (worst) to 5 (best), by all customers at the day looked from;
filters only choose who is shown. **R**: how recently (R 4: at most 40 % of customers ordered more recently). **F**: how often (one purchase
scores 1; repeat customers score 2 to 5 by quarters). **M**: net sales (M 4: spent more than at least 60 %). Equal values get equal
scores. R and F make the segment."""


def render() -> None:
    view = frame.view()
    st.title("Who are our customers, and what should we do next?")
    if not guards.has(view, "order_lines", what="Finding segments"):
        return
    said = cache.made(view, _summary)
    page.head(said)
    now, moved, split, own = st.tabs(TABS, key="segment_tabs", on_change="rerun")
    if now.open:
        with now:
            segments.now(view)
    if moved.open:
        with moved, guards.guard():
            movement.tab(view)
    if split.open:
        with split:
            segments.split(view)
    if own.open:
        with own:
            segment_settings.editor()
    page.how_to_read(*said.explanation, command=page.command(view, "segments"), is_for_all=view.is_filtered or view.has_own_rules)


def _summary(view: frame.View) -> Summary:
    found, grid, before = segments.found(view), segments.grid(view), segments.grid_before(view)
    few = answers.few(int(found["customers"].sum()))
    since = answers.against(view.start, view.first_day, view.as_of, ", with the same rules") if before is not None else ""
    rules = "\n".join(f"- **{escape(name)}**: {escape(rule)}" for name, rule in zip(found["segment"], found["rule"], strict=True))
    return Summary(
        answers.segments(found, view.ws.currency, view.as_of),
        f"{few} {since}".strip(),
        tuple(tiles.segments(grid, before, view.ws.currency)),
        (DEFINITION, rules),
    )
