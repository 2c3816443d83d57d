"""Which groups do customers form by how they behave, without rules given beforehand?"""

from __future__ import annotations

import streamlit as st

from crm_core.analytics import chosen, clusters
from crm_core.analytics.cluster_features import DEFAULT_FEATURES, FEATURES
from crm_core.charts import clusters as charts
from crm_core.charts import shares
from ui import answers, cache, customer, frame, guards, page, tables
from ui.guards import escape
from ui.numbers import amount, count, share
from ui.page import Tile

LABELS = {name: feature.label for name, feature in FEATURES.items()}
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
    if not guards.has(view, "order_lines", what="Clusters"):
        return
    title = st.container()
    grouping = _choose()
    with st.spinner("Grouping the customers …"):
        found = cache.answer(view, clusters.cluster, view.as_of, grouping, shown=True)
    with title:
        page.head("Which groups do customers form by behaviour?", answers.clusters(found), f"All purchases before {frame.day(view.as_of)}.")
        page.tiles(_tiles(found, view.ws.currency))
    rules = _charts(view, found, grouping)
    st.subheader("The chosen customers" if rules else "All customers shown")
    arguments = (view.as_of, view.settings, grouping, rules)
    picked = tables.customer_table(view, "clusters", rows=chosen.clustered, args=arguments, title="Customers by cluster")
    customer.panel(view, picked, "clusters_customer")
    page.how_to_read(*EXPLANATION)


def _choose() -> clusters.ClusterSettings:
    """Number of clusters, features and seed."""
    left, middle, right = st.columns([2, 5, 1])
    counts = [None, *range(2, clusters.COUNT_MOST + 1)]
    wanted = left.selectbox(
        "Number of clusters", counts, format_func=lambda number: "As suggested" if number is None else str(number), key="cluster_count"
    )
    features = middle.multiselect(
        "Behaviour compared", list(LABELS), DEFAULT_FEATURES, format_func=LABELS.__getitem__, key="cluster_features"
    )
    seed = right.number_input(
        "Seed", 0, 9999, 0, key="cluster_seed", help="Another seed starts the search elsewhere; stable groups stay the same."
    )
    return clusters.ClusterSettings(wanted, int(seed), tuple(name for name in LABELS if name in features))


def _tiles(found: clusters.Clusters, currency: str) -> list[Tile]:
    best = found.profile.iloc[int(found.profile["average_sales"].fillna(0).argmax())]
    silhouette = dict(zip(found.silhouettes["count"], found.silhouettes["silhouette"], strict=True)).get(found.count)
    suggested = "as suggested" if found.count == found.suggested else f"{found.suggested} are suggested"
    return [
        Tile("Clusters", str(found.count), help=suggested),
        Tile("Silhouette", "not provided" if silhouette is None else f"{silhouette:.2f}", help="1: clear groups, 0: none."),
        Tile(
            "Customers",
            count(found.profile["customers"].sum()),
            help=f"The groups were found on {found.sample_customers:,} of all customers.",
        ),
        Tile("Best cluster's customers", share(best["customer_share"]), help=best["name"]),
        Tile("… average sales", amount(best["average_sales"], currency)),
    ]


def _charts(view: frame.View, found: clusters.Clusters, grouping: clusters.ClusterSettings) -> tuple[chosen.Rule, ...]:
    """The groups in words and charts; returns the rules of what was clicked."""
    names = dict(zip(found.profile["cluster"].astype(int), found.profile["name"], strict=True))
    st.markdown("\n".join(f"{number}. {escape(words[0].upper() + words[1:])}" for number, words in found.words.items()))
    groups, map_tab, cross_tab = st.tabs(["Groups", "Map of customers", "Against segments"], key="cluster_tabs", on_change="rerun")
    marks: list[tuple[tuple[str, str | int], ...]] = []
    if groups.open:
        with groups:
            marks = _groups(view, found)
    if map_tab.open:
        with map_tab:
            points = page.clickable(charts.scatter(found.scatter, names, found.axes, LABELS), "cluster_map", "Customers by their behaviour")
            marks = [(("customer_id", customer_id),) for _, customer_id, *_ in points]
    if cross_tab.open:
        with cross_tab:
            crossed = cache.answer(view, clusters.cross_table, view.as_of, grouping, view.settings, shown=True)
            drawn = charts.cross(crossed, view.settings.segments.names, view.ws.currency)
            marks = [
                (("cluster", number), ("segment", segment))
                for number, segment in page.clickable(drawn, "cluster_cross", "Clusters by segments")
            ]
            tables.result_table(crossed, "cluster_cross_rows", title="Clusters and segments", currency=view.ws.currency)
    return tuple(dict.fromkeys(marks))


def _groups(view: frame.View, found: clusters.Clusters) -> list[chosen.Rule]:
    """Shares, medians and silhouettes of the groups."""
    left, right = st.columns(2, gap="large")
    named = found.profile.assign(cluster=[f"{number}" for number in found.profile["cluster"]])
    with left:
        bars = page.clickable(
            shares.bars(named, "cluster", list(named["cluster"]), view.ws.currency, "Cluster"),
            "cluster_bars",
            "Share of customers and sales by cluster",
        )
    with right:
        cells = page.clickable(charts.profile(found.profile, LABELS), "cluster_profile", "Medians of each cluster")
    with st.expander("How many clusters?"):
        page.chart(
            charts.silhouettes(found.silhouettes, found.count, found.suggested), "cluster_silhouettes", "Silhouette by number of clusters"
        )
    tables.result_table(
        found.profile, "cluster_profile_rows", title="Clusters", names=LABELS | {"name": "In words"}, currency=view.ws.currency
    )
    return [(("cluster", int(number)),) for number, *_ in [*bars, *cells]]
