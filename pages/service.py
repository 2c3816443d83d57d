"""How well do we serve customers who need something?"""

from __future__ import annotations

import streamlit as st

from ui import frame, guards, page
from ui.state import Url

EXPLANATION = (
    """**First response** and **solution**: calendar hours from opening, medians and 90th percentiles by Kaplan–Meier, so that cases still waiting
count as waiting and do not make us look fast. **Within the agreed time**: as the data says, else solved by the due date, else by the time limits
noted under “Time limits”; an open case past its time has missed it, other open ones are left out.""",
    """Shares have 95 % intervals by Wilson; changes against the period before by Newcombe. Cases belong to the period in which they were opened.""",
)
TABS = ("Speed", "Open cases", "By group", "Rising topics", "What slowness costs", "Time limits")


def render() -> None:
    view = frame.view()
    st.title("How well do we serve customers who need something?")
    if not guards.has(view, "cases", what="Looking at service"):
        return
    from ui.sections import service, service_limits  # now: their libraries would delay the start of all pages

    with st.spinner("Counting the cases …"):
        page.head(service.summary(view))
    content = (service.speed, service.waiting, service.by_group, service.rising, service.cost, service_limits.editor)
    for tab, draw in zip(st.tabs(TABS, key=Url.SERVICE_TAB, on_change="rerun", bind="query-params"), content, strict=True):
        if tab.open:
            with tab, guards.guard():
                draw(view)
    is_other = view.is_filtered or bool(view.agreement and view.is_private)
    page.how_to_read(*EXPLANATION, command=page.command(view, "service", f"--since {view.start}"), is_for_all=is_other)
