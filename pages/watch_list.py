"""Who is about to turn against us, before it goes public?"""

from __future__ import annotations

import streamlit as st

from ui import frame, guards, page
from ui.state import Url

EXPLANATION = (
    """**At risk** is a customer with an unsolved case (or one reopened in the last 12 months) after two or more contacts, or whose last response, of
the last 12 months, is among the worst and was not followed up. Ranked by **value at stake × (1 + log₁₀(1 + public reach))**: a reach of 9 people doubles,
one of 999 quadruples the weight.""",
    """Who is marked as followed up leaves the list until something new happens. **Did it help?** is judged against customers with the same first score
who got no follow-up.""",
)
WITHOUT_CASES = "Without cases that name customers, the watch list"
TABS = ("Watch list", "Followed up")


def render() -> None:
    view = frame.view()
    st.title("Who is about to turn against us, before it goes public?")
    if not view.ws.has("cases", "customer_id") and not guards.has(view, "surveys", "customer_id", what=WITHOUT_CASES):
        return
    from ui.sections import watching  # now: their libraries would delay the start of all pages

    top = st.container()
    value = watching.choose_value(view)
    with top, st.spinner("Looking for customers at risk …"):
        page.head(watching.summary(view, value))
    watch, done = st.tabs(TABS, key=Url.WATCH_TAB, on_change="rerun", bind="query-params")
    if watch.open:
        with watch, guards.guard():
            watching.listed(view, value)
    if done.open:
        with done, guards.guard():
            watching.followed(view)
    options = ["--value clv"] if value == "clv" else []
    page.how_to_read(*EXPLANATION, command=page.command(view, "watch", *options), is_for_all=view.is_filtered)
