"""How satisfied are our customers, and what goes with it?"""

from __future__ import annotations

import streamlit as st

from ui import frame, guards, page

EXPLANATION = (
    """**NPS** (0–10 only): share of scores 9–10 less share of scores 0–6, in points. **CSAT**: share of the top two boxes (4–5 of 5; on other
scales the scores from a quarter below the best on). **CES**: mean score on its scale, 7 is easy. A customer’s last response of a period
counts once; without customer ids every response counts.""",
    """**Intervals** are 95 %: NPS by Rocks’ adjusted Wald (around an adjusted value, so of a few alike answers it may lie beside the plain
one), CSAT by Wilson, CES by Student’s t. Two figures are called different only where 0 lies outside the interval of their difference, with several
comparisons by Holm’s rule. Fewer than 30 responses are uncertain, fewer than 10 get no verdict.""",
)


def render() -> None:
    view = frame.view()
    st.title("How satisfied are our customers?")
    if not guards.has(view, "surveys", what="Measuring satisfaction"):
        return
    from ui.sections import satisfaction, satisfaction_tabs  # now: their libraries would delay the start of all pages

    top = st.container()
    asked = satisfaction.choose(view)
    with top, st.spinner("Counting the responses …"):
        page.head(satisfaction.summary(view, asked))
    satisfaction_tabs.draw(view, asked)
    page.how_to_read(*EXPLANATION, command=page.command(view, "satisfaction", *asked.options), is_for_all=view.is_filtered)
