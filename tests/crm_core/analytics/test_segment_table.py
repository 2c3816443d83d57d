"""The segment table as data: it covers the grid, and so must any that replaces it."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from crm_core.analytics.segment_table import SCORES, SEGMENTS, SegmentTable
from crm_core.errors import AnalysisError

#: The table of the definitions: rows are R 5 to 1, columns F 1 to 5.
GRID = {
    5: ["New customers", "Potential loyalists", "Potential loyalists", "Champions", "Champions"],
    4: ["Promising", "Potential loyalists", "Potential loyalists", "Loyal customers", "Loyal customers"],
    3: ["About to sleep", "About to sleep", "Need attention", "Loyal customers", "Loyal customers"],
    2: ["Hibernating", "Hibernating", "At risk", "At risk", "Can't lose them"],
    1: ["Hibernating", "Hibernating", "At risk", "At risk", "Can't lose them"],
}


@pytest.mark.parametrize(("r", "f"), list(product(SCORES, SCORES)))
def test_each_cell_has_the_segment_of_the_definitions(r: int, f: int) -> None:
    assert SEGMENTS.of(r, f).name == GRID[r][f - 1]
    assert sum((r, f) in segment.cells for segment in SEGMENTS.segments) == 1


def test_every_segment_has_a_move() -> None:
    assert all(segment.move for segment in SEGMENTS.segments)
    assert len(SEGMENTS.names) == 10


def test_the_second_and_third_purchase_is_advised_only_to_those_with_few() -> None:
    loyalists = SEGMENTS.named("Potential loyalists")
    assert "second and third" in loyalists.move_at(3)
    assert "second and third" not in loyalists.move_at(4)


def test_a_table_that_leaves_a_cell_out_is_refused() -> None:
    with pytest.raises(AnalysisError) as caught:
        SegmentTable(SEGMENTS.segments[1:])
    assert [problem.message for problem in caught.value.problems] == ["R 5, F 4 belongs to no segment", "R 5, F 5 belongs to no segment"]


def test_all_problems_of_a_table_are_named_at_once() -> None:
    double = replace(SEGMENTS.segments[1], name="Champions", cells=SEGMENTS.segments[1].cells | {(5, 5), (6, 1)})
    with pytest.raises(AnalysisError) as caught:
        SegmentTable((SEGMENTS.segments[0], double, *SEGMENTS.segments[2:]))
    assert [problem.message for problem in caught.value.problems] == [
        "R 5, F 5 belongs to several segments",
        "R 6, F 1 is not on the grid",
        "The name “Champions” stands twice",
    ]
