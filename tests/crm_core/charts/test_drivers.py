"""The map and the bars of drivers: numbers of the result, labels that do not overlap, users' words as text."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from crm_core.analytics.satisfaction.drivers import COLUMNS, Drivers
from crm_core.analytics.satisfaction.measures import Counts, estimate
from crm_core.charts import drivers, theme

NAN = float("nan")
TABLE = pd.DataFrame(
    [
        ("Delivery: late", "delivery", "late", 275, 0.63, 0.2, -56.0, 41.5, 35.4, 47.6, 1e-9, True, "fix first"),
        ("Plan: <b>Club", "attr_1", "<b>Club", 300, 0.1, 0.3, 40.0, -12.0, -18.0, -6.0, 1e-4, True, "leave as is"),
        ("City: تهران", "city", "تهران", 90, 0.25, 0.25, 9.0, 1.0, -5.0, 7.0, 0.7, False, "watch"),
    ],
    columns=list(COLUMNS),
)


def result(table: pd.DataFrame, important_from: float = 20.0) -> Drivers:
    overall = estimate("nps", Counts(1000, 400, 300))
    lateness = pd.DataFrame(columns=["step", "n", "share_low", "performance"])
    return Drivers("nps", 1000, 1000, 300, overall, 0.7, 0.65, 0.75, 0.1, False, important_from, table, lateness, None)


def test_a_driver_stands_by_its_performance_and_the_size_of_its_importance() -> None:
    points = drivers.quadrants(result(TABLE), "nps").data
    assert [(list(one.x), list(one.y)) for one in points] == [([9.0], [1.0]), ([-56.0], [41.5]), ([40.0], [12.0])]
    assert [one.customdata[0][:2] for one in points] == [["city", "تهران"], ["delivery", "late"], ["attr_1", "<b>Club"]]


def test_kinds_of_drivers_differ_by_their_mark_and_weak_ones_are_grey_and_small() -> None:
    weak, more, fewer = drivers.quadrants(result(TABLE), "nps").data
    assert len({one.marker.symbol for one in (weak, more, fewer)}) == 3
    assert weak.marker.color == theme.QUIET
    assert weak.marker.size < more.marker.size


def test_lines_divide_the_map_at_the_measure_and_at_what_is_important() -> None:
    upright, flat = drivers.quadrants(result(TABLE), "nps").layout.shapes
    assert (upright.x0, upright.x1) == (10.0, 10.0)
    assert (flat.y0, flat.y1) == (20.0, 20.0)


def test_where_nothing_is_clear_nothing_is_to_be_fixed_first() -> None:
    figure = drivers.quadrants(result(TABLE.assign(is_clear=False), NAN), "nps")
    assert len(figure.layout.shapes) == 1
    assert {"WATCH", "LEAVE AS IS"} <= {note.text for note in figure.layout.annotations}
    assert "FIX FIRST" not in {note.text for note in figure.layout.annotations}


def test_a_driver_tells_all_that_is_known_of_it() -> None:
    told = drivers.quadrants(result(TABLE), "nps").data[2].customdata[0][2]
    assert told.startswith("<b>Plan: &lt;b&gt;Club</b> · 300 responses<br>12.0 points fewer low scores (95 %: −18.0 to −6.0)")
    assert "10.0 % low with it, 30.0 % without" in told
    assert "NPS +40.0 with it<br>leave as is" in told


def test_names_are_text() -> None:
    notes = {note.text for note in drivers.quadrants(result(TABLE), "nps").layout.annotations}
    assert "Plan: &lt;b&gt;Club" in notes
    assert drivers.importance(TABLE).data[0].y[0] == theme.safe("City: تهران")


@pytest.mark.parametrize("seed", range(20))
def test_labels_overlap_neither_each_other_nor_marks(seed: int) -> None:
    random = np.random.default_rng(seed)
    many = pd.concat([TABLE[:1]] * 30, ignore_index=True)
    many = many.assign(label=[f"Driver number {one}" for one in range(30)], performance=random.normal(0, 20, 30))
    many = many.assign(importance=random.normal(0, 10, 30), is_clear=random.random(30) < 0.5)
    figure = drivers.quadrants(result(many), "nps")
    named = [note for note in figure.layout.annotations if note.text.startswith("Driver")]
    assert 1 <= len(named) <= drivers.NAMED
    boxes = [box(note, figure.layout) for note in named]
    assert not any(abs(a - c) < drivers.WIDE - 0.01 and abs(b - d) < drivers.HIGH - 0.01 for (a, b), (c, d) in combinations(boxes, 2))


def box(note: object, layout: object) -> tuple[float, float]:
    """The middle of a label, in shares of the map."""
    across, upwards = layout.xaxis.range, layout.yaxis.range  # type: ignore[attr-defined]
    x, y = ((value - low) / (high - low) for value, (low, high) in ((note.x, across), (note.y, upwards)))  # type: ignore[attr-defined]
    right = {"left": 1, "right": -1, "center": 0}[note.xanchor]  # type: ignore[attr-defined]
    up = {"bottom": 1, "top": -1, "middle": 0}[note.yanchor]  # type: ignore[attr-defined]
    return x + right * (drivers.WIDE / 2 + 0.015), y + up * 0.7 * drivers.HIGH


def test_bars_show_importance_with_its_interval_the_strongest_on_top() -> None:
    (bar,) = drivers.importance(TABLE).data
    assert list(bar.x) == [1.0, -12.0, 41.5]
    assert [x + more for x, more in zip(bar.x, bar.error_x.array, strict=True)] == pytest.approx([7.0, -6.0, 47.6])
    assert [x - less for x, less in zip(bar.x, bar.error_x.arrayminus, strict=True)] == pytest.approx([-5.0, -18.0, 35.4])
    assert list(bar.marker.pattern.shape) == ["", "/", ""]
    assert bar.marker.color[0] == theme.PALE
    assert bar.customdata[1][:2] == ["attr_1", "<b>Club"]


def test_at_most_so_many_bars() -> None:
    many = pd.concat([TABLE[2:]] * 40, ignore_index=True)
    (bar,) = drivers.importance(pd.concat([many, TABLE[:1]], ignore_index=True)).data
    assert len(bar.x) == drivers.BARS
    assert bar.x[-1] == 41.5


def test_no_drivers_are_a_sentence() -> None:
    for figure in (drivers.quadrants(result(TABLE[:0]), "nps"), drivers.importance(TABLE[:0])):
        assert figure.layout.annotations[0].text.replace("<br>", " ") == drivers.NOTHING


def test_the_line_of_importance_strikes_no_label_through() -> None:
    notes = {note.text: note for note in drivers.quadrants(result(TABLE, important_from=41.5), "nps").layout.annotations}
    assert notes["Delivery: late"].yanchor != "middle"
    assert {note.text: note for note in drivers.quadrants(result(TABLE), "nps").layout.annotations}["Delivery: late"].yanchor == "middle"
