"""Whom do we address, with what, and did it work?"""

from __future__ import annotations

import streamlit as st

from ui import frame, guards, page
from ui.state import Url

TABS = ("Who they are", "What to expect", "Whom to leave out", "Customers", "Take away", "Did it work?", "Saved")


def render() -> None:
    view = frame.view()
    st.title("Whom do we address, with what, and did it work?")
    if not view.ws.has("order_lines", "customer_id") and not guards.has(view, "customers", what="Building an audience"):
        return
    from ui.sections.audience import (  # now: they take a while
        asked,
        build,
        choices,
        expecting,
        keeping,
        portrait,
        respecting,
        results,
        shelf,
        taking,
    )

    saved = keeping.opened(view)
    top, head = keeping.bar(view, saved), st.container()
    terms = choices.gathered(view, saved)
    condition = build.build(view, asked.basis(view, terms), saved)
    terms = choices.draw(view, saved, terms)
    if condition is None:
        return
    one = asked.asked(view, condition, terms, saved)
    with head:
        keeping.conflict(one)
        page.head(portrait.summary(one))
    with top:
        keeping.saving(one)
    sections = (portrait.tab, expecting.tab, respecting.tab, taking.customers, taking.tab, results.tab, shelf.tab)
    for tab, draw in zip(st.tabs(TABS, key=Url.AUDIENCE_TAB, on_change="rerun", bind="query-params"), sections, strict=True):
        if tab.open:
            with tab, guards.guard():
                draw(one)
    page.how_to_read(*portrait.EXPLANATION, command=taking.command(one))
