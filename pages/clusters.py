"""Which groups do customers form by how they behave, without rules given beforehand?"""

from __future__ import annotations

import streamlit as st

from crm_core.analytics.clusters import ClusterSettings
from ui import answers, cache, frame, guards, page, tiles
from ui.page import Summary
from ui.sections import clusters

EXPLANATION = (
    """Customers with a purchase are grouped by k-means: features on a log scale, ln(1 + x), standardised. The suggested number has the
highest silhouette (Rousseeuw 1987): how much nearer customers are to their own group than to the next, on average; 1 is clear,
0 is no groups.""",
    """Groups are numbered by the average net sales of their customers, best first, and the words compare a group with what is usual
among all customers. The same data and seed give the same groups. Clusters rest on all customers; filters only choose who is shown.""",
    """Clusters describe how customers behave now, and their borders move with the data. For rules that stay, use the Segments page.""",
)


def render() -> None:
    view = frame.view()
    st.title("Which groups do customers form by behaviour?")
    if not guards.has(view, "order_lines", what="Finding clusters"):
        return
    top = st.container()
    grouping = clusters.choose()
    with st.spinner("Grouping the customers …"):
        said = cache.made(view, _summary, grouping)
    with top:
        page.head(said)
    clusters.customers(view, grouping, clusters.tabs(view, grouping))
    page.how_to_read(*EXPLANATION)


def _summary(view: frame.View, grouping: ClusterSettings) -> Summary:
    found = clusters.found(view, grouping)
    when = f"All purchases before {frame.day(view.as_of)}."
    return Summary(answers.clusters(found), when, tuple(tiles.clusters(found, view.ws.currency)))
