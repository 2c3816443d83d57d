"""Silhouettes, profile, map and cross table of clusters show their frames and say what a click selects."""

from __future__ import annotations

import pandas as pd

from crm_core.charts import clusters, theme

SILHOUETTES = pd.DataFrame({"count": [2, 3, 4], "silhouette": [0.3, 0.5, 0.2]})
LABELS = {"count_orders": "Orders", "days_since_last_order": "Days since the last order"}
PROFILE = pd.DataFrame(
    {
        "cluster": [1, 2],
        "name": ["frequent", "<b>rare"],
        "customers": [3, 5],
        "count_orders": [9.0, 1.0],
        "days_since_last_order": [4.0, 4.0],
    }
)
POINTS = pd.DataFrame(
    {
        "customer_id": ["a", "<b>b"],
        "x": [0.1, 0.2],
        "y": [1.0, 2.0],
        "cluster": [1, 2],
        "count_orders": [9, 1],
        "days_since_last_order": [3, 70],
    }
)


def test_the_suggested_and_the_used_number_are_named() -> None:
    drawn = clusters.silhouettes(SILHOUETTES, count=4, suggested=3)
    assert list(drawn.data[0].y) == [0.3, 0.5, 0.2]
    assert {(note.x, note.text) for note in drawn.layout.annotations} == {(3, "suggested"), (4, "in use")}


def test_a_number_that_was_not_tried_is_not_named() -> None:
    assert {note.x for note in clusters.silhouettes(SILHOUETTES, count=9, suggested=3).layout.annotations} == {3}


def test_a_point_of_the_map_selects_its_customer() -> None:
    drawn = clusters.scatter(POINTS, {1: "frequent", 2: "rare"}, ("across", "up"), LABELS)
    assert [list(trace.customdata[0][:3]) for trace in drawn.data] == [[1, "a", "a"], [2, "<b>b", "&lt;b&gt;b"]]
    assert len({trace.marker.symbol for trace in drawn.data}) == 2


def test_long_names_of_axes_are_broken_for_narrow_screens() -> None:
    drawn = clusters.scatter(POINTS, {1: "frequent", 2: "rare"}, ("orders ↑ and days since the last order ↓ (39% of it)", "up"), LABELS)
    assert drawn.layout.xaxis.title.text == "orders ↑<br>and days since the last order ↓<br>(39% of it)"


def test_the_profile_shows_medians_and_selects_clusters() -> None:
    points = clusters.profile(PROFILE, LABELS).data[1]
    shown = {(selects[0], x): text for x, selects, text in zip(points.x, points.customdata, points.text, strict=True)}
    assert shown == {(1, 0): "9", (2, 0): "1", (1, 1): "4", (2, 1): "4"}
    assert all("<b>rare" not in text for text in points.hovertext)


def test_the_best_cluster_is_on_top_of_the_profile() -> None:
    assert list(clusters.profile(PROFILE, LABELS).layout.yaxis.ticktext) == ["2", "1"]


def test_the_cross_table_shows_every_pair() -> None:
    frame = pd.DataFrame([(1, "Champions", 4, 10.0), (2, "Champions", 0, 0.0)], columns=["cluster", "segment", "customers", "net_sales"])
    heat, points = clusters.cross(frame, ("Champions", "Hibernating")).data
    assert {tuple(selects): heat.z[y][x] for x, y, selects in zip(points.x, points.y, points.customdata, strict=True)} == {
        (1, "Champions"): 4.0,
        (2, "Champions"): 0.0,
    }


def test_nobody_is_a_sentence() -> None:
    empty = [
        clusters.scatter(POINTS[:0], {}, ("", ""), LABELS),
        clusters.profile(PROFILE.assign(customers=0), LABELS),
        clusters.cross(pd.DataFrame({"cluster": [1], "segment": ["x"], "customers": [0], "net_sales": [0.0]}), ("x",)),
    ]
    assert {drawn.layout.annotations[0].text for drawn in empty} == {theme.NOBODY}
