"""How is the business doing, and what is worth looking at?"""

from __future__ import annotations

import streamlit as st

from crm_core.analytics.overview import Sales
from ui import answers, cache, frame, guards, page, tiles
from ui.guards import escape
from ui.page import Summary
from ui.sections import sales

CHANGES = "A change in % compares with the period of the same length just before; a change of a share is in percentage points."
MONTHS = "A paler, hatched month is not whole: the period or the data covers only a part of it."


def render() -> None:
    view = frame.view()
    st.title("How is the business doing?")
    if not guards.has(view, "order_lines", what="The overview"):
        return
    said = cache.made(view, _summary)
    page.answer(said)
    figures = st.container()
    sales.months(view)  # before the figures: the library of charts is the most that the browser has to load
    with figures:
        page.tiles(said.tiles)
    left, right = st.columns([3, 2], gap="large")
    with left:
        sales.movers(view)
    with right:
        sales.leads(view)
    command = page.command(view, "overview", f"--start {view.start}", f"--end {view.end}")
    page.how_to_read(*said.explanation, command=command, is_for_all=view.is_filtered)


def _summary(view: frame.View) -> Summary:
    found, currency = sales.found(view), view.ws.currency
    figures = "\n".join(f"- **{escape(figure.label)}**: {escape(figure.help)} n = {figure.n:,}." for figure in found.figures)
    return Summary(answers.overview(found, currency), _caveat(found), tuple(tiles.overview(found, currency)), (figures, CHANGES, MONTHS))


def _caveat(found: Sales) -> str:
    if found.is_comparable:
        first, last = frame.day(found.before.start), frame.day(found.before.last_day)
        return f"Changes are against {first}{'' if first == last else f' to {last}'}."
    return f"No changes are shown: the data does not reach back to {frame.day(found.before.start)}, when the period before began."
