"""Cut points as people type them, and choices that are not trusted."""

from __future__ import annotations

import pytest

from crm_core.analytics.scores import parse_cuts
from ui.filters import _known


@pytest.mark.parametrize("text", ["30, 60, 90, 180", "30 60 90 180", "30;60;90;180", " 30,60 , 90,180 "])
def test_four_rising_numbers_are_cut_points(text: str) -> None:
    assert parse_cuts(text) == (30, 60, 90, 180)


def test_no_text_means_no_cut_points() -> None:
    assert parse_cuts("  ") is None


@pytest.mark.parametrize("text", ["30, 60, 90", "1, 2, 3, 4, 5", "1, 2, 2, 3", "4, 3, 2, 1", "1, 2, nan, 4"])
def test_cut_points_that_do_not_rise_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Four numbers"):
        parse_cuts(text)


@pytest.mark.parametrize("text", ["a, b, c, d", "30 days, 60, 90, 180", "=1+1"])
def test_words_are_no_cut_points(text: str) -> None:
    with pytest.raises(ValueError, match="type numbers"):
        parse_cuts(text)


@pytest.mark.parametrize("text", ["1, 2, 3, 1e15", "1, 2, 3, inf", "-1e308, 0, 1, 2", "1, 2.00001, 3, 4"])
def test_numbers_that_no_amount_can_reach_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="digits"):
        parse_cuts(text)


def test_a_choice_that_the_data_does_not_have_is_dropped() -> None:
    assert _known(["Mars", "Iran", "Chile"], ["Chile", "Germany", "Iran"]) == ("Chile", "Iran")
