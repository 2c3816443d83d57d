"""The groups that customers form by behaviour: choices, the groups in words and charts, and the customers of what is clicked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from crm_core.analytics import chosen, clusters
from crm_core.analytics.cluster_features import DEFAULT_FEATURES, FEATURES
from crm_core.charts import clusters as charts
from crm_core.charts import shares
from ui import cache, page, tables
from ui.guards import escape
from ui.sections import customer
from ui.sections.audience import arriving

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from ui.frame import View

LABELS = {name: feature.label for name, feature in FEATURES.items()}
TABS = ("Groups", "Map of customers", "Against segments")
SEED_HELP = (
    "Another seed draws another sample, where there are many customers, and starts the search elsewhere; stable groups stay the same."
)
AS_SUGGESTED = 0  # not None: that is a drop-down without a choice, which could be cleared and would say nothing


def choose() -> clusters.ClusterSettings:
    """Number of clusters, features and seed."""
    left, middle, right = st.columns([2, 5, 1])
    counts = [AS_SUGGESTED, *range(2, clusters.COUNT_MOST + 1)]
    wanted = left.selectbox("Number of clusters", counts, format_func=_spoken, key="cluster_count", persist_state="session")
    features = middle.multiselect(
        "Behaviour compared", LABELS, DEFAULT_FEATURES, format_func=LABELS.__getitem__, key="cluster_features", persist_state="session"
    )
    seed = right.number_input("Seed", 0, 9999, 0, key="cluster_seed", help=SEED_HELP, persist_state="session")
    return clusters.ClusterSettings(wanted or None, int(seed), tuple(name for name in LABELS if name in features))


def _spoken(count: int) -> str:
    return "As suggested" if count == AS_SUGGESTED else str(count)


def found(view: View, grouping: clusters.ClusterSettings) -> clusters.Clusters:
    return cache.answer(view, clusters.cluster, view.as_of, grouping, shown=True)


def tabs(view: View, grouping: clusters.ClusterSettings) -> tuple[chosen.Rule, ...]:
    """The groups in words and charts; returns the rules of what was clicked."""
    st.markdown(cache.made(view, _words, grouping))
    groups, scatter, crossed = st.tabs(TABS, key="cluster_tabs", on_change="rerun")
    marks: list[chosen.Rule] = []
    if groups.open:
        with groups:
            marks = _groups(view, grouping)
    if scatter.open:
        with scatter:
            points = page.clickable(cache.made(view, _map, grouping), "cluster_map", "Customers by their behaviour")
            marks = [(("customer_id", customer_id),) for _, customer_id, *_ in points]
    if crossed.open:
        with crossed:
            cells = page.clickable(cache.made(view, _cross, grouping), "cluster_cross", "Clusters by segments")
            marks = [(("cluster", number), ("segment", segment)) for number, segment in cells]
            rows = _crossed(view, grouping)
            tables.result_table(rows, "cluster_cross_rows", title="Clusters and segments", currency=view.ws.currency)
    return tuple(dict.fromkeys(marks))


def customers(view: View, grouping: clusters.ClusterSettings, rules: tuple[chosen.Rule, ...]) -> None:
    """The customers that a click chose (everybody without one), and the panel of the one selected."""
    st.header("The chosen customers" if rules else "All customers shown")
    args = (view.as_of, view.settings, grouping, rules)
    picked = tables.customer_table(
        view, "clusters", rows=chosen.clustered, args=args, title="Customers by cluster", audience=arriving.of_rules(rules, grouping)
    )
    customer.panel(view, picked, "clusters_customer")


def _words(view: View, grouping: clusters.ClusterSettings) -> str:
    """Each group described, as a numbered list."""
    return "\n".join(f"{number}. {escape(words[0].upper() + words[1:])}" for number, words in found(view, grouping).words.items())


def _table(view: View, grouping: clusters.ClusterSettings) -> pd.DataFrame:
    """One row a group. The whole result has a frame of points as well, so this one is kept beside it."""
    return found(view, grouping).profile


def _groups(view: View, grouping: clusters.ClusterSettings) -> list[chosen.Rule]:
    """Shares, medians and silhouettes of the groups."""
    left, right = st.columns(2, gap="large")
    with left:
        bars = page.clickable(cache.made(view, _bars, grouping), "cluster_bars", "Share of customers and sales by cluster")
    with right:
        cells = page.clickable(cache.made(view, _profile, grouping), "cluster_profile", "Medians of each cluster")
    with st.expander("How many clusters?"):
        page.chart(cache.made(view, _silhouettes, grouping), "cluster_silhouettes", "Silhouette by number of clusters")
    names = LABELS | {"name": "In words"}
    rows = cache.made(view, _table, grouping)
    tables.result_table(rows, "cluster_profile_rows", title="Clusters", names=names, currency=view.ws.currency)
    return [(("cluster", int(number)),) for number, *_ in [*bars, *cells]]


def _bars(view: View, grouping: clusters.ClusterSettings) -> go.Figure:
    profile = found(view, grouping).profile
    named = profile.assign(cluster=[str(number) for number in profile["cluster"]])
    return shares.bars(named, "cluster", list(named["cluster"]), view.ws.currency, "Cluster")


def _profile(view: View, grouping: clusters.ClusterSettings) -> go.Figure:
    return charts.profile(found(view, grouping).profile, LABELS)


def _silhouettes(view: View, grouping: clusters.ClusterSettings) -> go.Figure:
    result = found(view, grouping)
    return charts.silhouettes(result.silhouettes, result.count, result.suggested)


def _map(view: View, grouping: clusters.ClusterSettings) -> go.Figure:
    result = found(view, grouping)
    names = dict(zip(result.profile["cluster"].astype(int), result.profile["name"], strict=True))
    return charts.scatter(result.scatter, names, result.axes, LABELS)


def _crossed(view: View, grouping: clusters.ClusterSettings) -> pd.DataFrame:
    return cache.answer(view, clusters.cross_table, view.as_of, grouping, view.settings, shown=True)


def _cross(view: View, grouping: clusters.ClusterSettings) -> go.Figure:
    return charts.cross(_crossed(view, grouping), view.settings.segments.names, view.ws.currency)
