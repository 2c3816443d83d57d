"""The grid, the mix and the movement show the numbers of their frames and say what a click selects."""

from __future__ import annotations

from itertools import pairwise, product

import pandas as pd
import pytest

from crm_core.analytics.segment_table import SEGMENTS
from crm_core.charts import segments, shares, theme

ORDER = SEGMENTS.names
GRID = pd.DataFrame(
    [(r, f, SEGMENTS.of(r, f).name, 10 * r + f, 100.0 * r - f) for r, f in product(range(1, 6), repeat=2)],
    columns=["r_score", "f_score", "segment", "customers", "net_sales"],
)
MOVES = pd.DataFrame(
    [("Champions", "Champions", 5, 50.0), ("Champions", "No order since", 2, 0.0), ("No order before", "Champions", 3, -4.0)],
    columns=["from_segment", "to_segment", "customers", "net_sales"],
)


@pytest.mark.parametrize("value", ["customers", "net_sales"])
def test_each_cell_of_the_grid_has_its_number(value: str) -> None:
    heat = segments.grid(GRID, value).data[0].z
    for row in GRID.itertuples():
        assert heat[row.r_score - 1][row.f_score - 1] == getattr(row, value)


def test_a_cell_of_the_grid_selects_its_scores() -> None:
    points = segments.grid(GRID).data[1]
    for x, y, selects in zip(points.x, points.y, points.customdata, strict=True):
        segment, r_score, f_score = selects
        assert (r_score, f_score) == (y + 1, x + 1)
        assert segment == SEGMENTS.of(r_score, f_score).name


def test_a_cell_of_the_grid_names_its_segment() -> None:
    points = segments.grid(GRID).data[1]
    texts = [text.replace("<br>", " ") for text in points.text]
    assert all(selects[0] in text for text, selects in zip(texts, points.customdata, strict=True))


def test_a_segment_s_name_is_no_markup() -> None:
    named = GRID.assign(segment="<b>Best</b>")
    points = segments.grid(named).data[1]
    assert all("<b>Best" not in text for text in [*points.text, *points.hovertext])
    assert points.customdata[0][0] == "<b>Best</b>"


def test_a_grid_of_nobody_is_a_sentence() -> None:
    assert segments.grid(GRID.assign(customers=0)).layout.annotations[0].text == theme.NOBODY


def test_bars_show_both_shares_in_the_order_of_the_table() -> None:
    frame = pd.DataFrame(
        {
            "segment": ["Hibernating", "Champions"],
            "customers": [30, 10],
            "customer_share": [0.75, 0.25],
            "net_sales": [20.0, 80.0],
            "sales_share": [0.2, 0.8],
        }
    )
    sales, customers = shares.bars(frame, "segment", ORDER).data
    assert list(customers.y) == ["Hibernating", "Champions"]  # plotly draws from below
    assert list(customers.x) == [0.75, 0.25]
    assert list(sales.x) == [0.2, 0.8]
    assert list(customers.customdata[1][:2]) == ["Champions", 10.0]


def test_bars_say_nothing_by_colour_alone() -> None:
    frame = pd.DataFrame({"segment": ["Champions"], "customers": [1], "customer_share": [1.0], "net_sales": [1.0], "sales_share": [1.0]})
    sales, customers = shares.bars(frame, "segment", ORDER).data
    assert sales.marker.pattern.shape != customers.marker.pattern.shape


def test_undefined_shares_of_sales_are_left_blank() -> None:
    frame = pd.DataFrame(
        {"segment": ["Champions"], "customers": [1], "customer_share": [1.0], "net_sales": [-1.0], "sales_share": [float("nan")]}
    )
    assert list(shares.bars(frame, "segment", ORDER).data[0].text) == [""]


def test_the_parts_of_each_value_add_up_to_one() -> None:
    frame = pd.DataFrame(
        [("Iran", "Champions", 3), ("Iran", "Hibernating", 1), ("", "Hibernating", 2)], columns=["value", "segment", "customers"]
    )
    drawn = segments.split(frame, ORDER, "Country")
    sums: dict[str, float] = {}
    for trace in drawn.data:
        for name, part in zip(trace.y, trace.x, strict=True):
            sums[name] = sums.get(name, 0.0) + part
    assert sums == {"Iran · 4": 1.0, "unknown · 2": 1.0}


def test_a_part_of_a_value_selects_segment_and_value() -> None:
    frame = pd.DataFrame([("Iran", "Champions", 3), ("", "Champions", 2)], columns=["value", "segment", "customers"])
    selected = [tuple(mark[:2]) for mark in segments.split(frame, ORDER, "Country").data[0].customdata]
    assert selected == [("Champions", ""), ("Champions", "Iran")]


def test_the_axis_of_shares_reaches_beyond_its_last_label() -> None:
    frame = pd.DataFrame([("Iran", "Champions", 3)], columns=["value", "segment", "customers"])
    assert segments.split(frame, ORDER, "Country").layout.xaxis.range[1] > 1


def test_only_the_largest_values_are_drawn() -> None:
    frame = pd.DataFrame([(f"v{number}", "Champions", number + 1) for number in range(40)], columns=["value", "segment", "customers"])
    drawn = segments.split(frame, ORDER, "City", most=5)
    assert list(drawn.data[0].y) == ["v35 · 36", "v36 · 37", "v37 · 38", "v38 · 39", "v39 · 40"]


def test_a_cell_of_the_matrix_selects_who_moved() -> None:
    heat, points = segments.matrix(MOVES, ORDER).data
    froms = ["No order before", "Champions"]  # from below
    tos = ["Champions", "No order since"]
    found = {tuple(selects): heat.z[y][x] for x, y, selects in zip(points.x, points.y, points.customdata, strict=True)}
    assert found == {(row.from_segment, row.to_segment): row.customers for row in MOVES.itertuples()}
    assert all((froms[y], tos[x]) == tuple(selects) for x, y, selects in zip(points.x, points.y, points.customdata, strict=True))


def test_the_flow_carries_every_customer() -> None:
    sankey = segments.flow(MOVES, ORDER).data[0]
    assert list(sankey.link.value) == [5.0, 2.0, 3.0]
    names = list(sankey.node.label)
    assert [(names[one], names[other]) for one, other in zip(sankey.link.source, sankey.link.target, strict=True)] == [
        ("Champions", "Champions"),
        ("Champions", "No order since"),
        ("No order before", "Champions"),
    ]


def test_a_flow_of_sales_leaves_out_what_has_no_width() -> None:
    assert list(segments.flow(MOVES, ORDER, "net_sales").data[0].link.value) == [50.0]


def test_the_segments_of_a_flow_do_not_overlap() -> None:
    moves = pd.DataFrame(
        [(name, name, 1 if place else 1000, 1.0) for place, name in enumerate(ORDER)],
        columns=["from_segment", "to_segment", "customers", "net_sales"],
    )
    drawn = segments.flow(moves, ORDER)
    heights = drawn.data[0].node.y[: len(ORDER)]
    gaps = [later - earlier for earlier, later in pairwise(heights)]
    assert min(gaps) * segments.FLOW_HEIGHT >= segments.FLOW_GAP
    names = [note for note in drawn.layout.annotations if note.x == 0]
    assert [note.text for note in names] == list(ORDER)
    is_above = [note.y >= 1 - middle - 0.001 for note, middle in zip(names, heights, strict=True)]  # the last middle is moved in by so much
    assert all(is_above)


def test_no_movement_is_a_sentence() -> None:
    for drawn in (segments.matrix(MOVES[:0], ORDER), segments.flow(MOVES[:0], ORDER)):
        assert drawn.layout.annotations[0].text == segments.NO_MOVES


def test_the_label_of_the_longest_bar_has_room() -> None:
    frame = pd.DataFrame({"segment": ["Champions"], "customers": [1], "customer_share": [1.0], "net_sales": [5.0], "sales_share": [1.0]})
    low, high = shares.bars(frame, "segment", ["Champions"]).layout.xaxis.range
    assert low == 0
    assert high > 1.1
