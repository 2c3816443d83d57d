"""The user's own segments cover the grid, or are refused in words."""

from __future__ import annotations

import pytest

from crm_core.analytics.segment_table import SEGMENTS
from crm_core.errors import AnalysisError
from ui.segment_settings import _cells, _edited, _names


def test_unchanged_tables_give_the_same_cells() -> None:
    assert _edited(SEGMENTS, _names(SEGMENTS), _cells(SEGMENTS)) == SEGMENTS


def test_a_move_of_one_s_own_holds_for_all() -> None:
    names = _names(SEGMENTS)
    names.loc[2, "Usual move"] = "Call them"
    changed = _edited(SEGMENTS, names, _cells(SEGMENTS)).named("Potential loyalists")
    assert changed.move_at(2) == changed.move_at(9) == "Call them"


def test_a_segment_can_be_renamed() -> None:
    names = _names(SEGMENTS)
    names.loc[0, "Segment"] = " VIPs "
    assert _edited(SEGMENTS, names, _cells(SEGMENTS)).of(5, 5).name == "VIPs"


def test_a_cell_can_be_given_to_another_segment() -> None:
    cells = _cells(SEGMENTS)
    cells.loc["R 3", "F 5"] = 1
    assert _edited(SEGMENTS, _names(SEGMENTS), cells).of(3, 5).name == "Champions"


def test_a_segment_without_a_cell_is_left_out() -> None:
    cells = _cells(SEGMENTS).replace(4, 5)
    assert "New customers" not in _edited(SEGMENTS, _names(SEGMENTS), cells).names


@pytest.mark.parametrize("name", ["", "  ", None, "Champions"])
def test_names_that_are_missing_or_doubled_are_refused(name: str | None) -> None:
    names = _names(SEGMENTS)
    names.loc[1, "Segment"] = name
    with pytest.raises(AnalysisError, match="do not fit the grid"):
        _edited(SEGMENTS, names, _cells(SEGMENTS))
