"""Segments in the data's own units, also for tables and cut points that a user typed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from crm_core.analytics.scores import CutPoints
from crm_core.analytics.segment_table import SEGMENTS, cells
from crm_core.analytics.segment_words import IMPOSSIBLE, money_in_words, percent_in_words, rule

AS_OF = date(2011, 12, 10)
CUTS = CutPoints(100, r={5: 11, 4: 45, 3: 45, 2: 90}, f={2: 2, 3: 3, 4: 5, 5: Decimal("7.5")}, m=dict.fromkeys((2, 3, 4, 5)))
LIKE = SEGMENTS.segments[0]


@pytest.mark.parametrize(
    ("r_scores", "f_scores", "words"),
    [
        ((4,), (2, 3), "2–4 orders, the last one 12 to 45 days before 10 Dec 2011"),
        ((5,), (1,), "1 order, the last one at most 11 days before 10 Dec 2011"),
        ((1,), (5,), "8 or more orders, the last one 91 or more days before 10 Dec 2011"),
        ((2,), (4,), "5–7 orders, the last one 46 to 90 days before 10 Dec 2011"),
        ((1, 2, 3, 4, 5), (1, 3), "1 order or 3–4 orders, the last one 0 or more days before 10 Dec 2011"),
        ((3,), (1,), IMPOSSIBLE),  # R 4 and R 3 end at the same day
    ],
)
def test_ranges_are_read_from_the_cut_points(r_scores: tuple[int, ...], f_scores: tuple[int, ...], words: str) -> None:
    assert rule(replace(LIKE, cells=cells(r_scores, f_scores)), CUTS, AS_OF) == words


def test_cells_that_form_no_rectangle_are_joined_by_or() -> None:
    odd = replace(LIKE, cells=cells((5,), (1,)) | cells((1,), (2,)))
    assert rule(odd, CUTS, AS_OF) == (
        "2 orders, the last one 91 or more days before 10 Dec 2011; or 1 order, the last one at most 11 days before 10 Dec 2011"
    )


@pytest.mark.parametrize(
    ("amount", "words"), [(Decimal("1234567.8900"), "EUR 1,234,568"), (Decimal("12.5"), "EUR 12.50"), (7.0, "EUR 7"), (-5, "EUR -5")]
)
def test_amounts_have_decimals_only_where_they_matter(amount: Decimal | float, words: str) -> None:
    assert money_in_words(amount, "EUR") == words


@pytest.mark.parametrize(
    ("share", "words"), [(0, "0.0 %"), (0.0004, "under 0.1 %"), (0.0006, "0.1 %"), (0.004, "0.4 %"), (0.621, "62.1 %")]
)
def test_what_is_not_nothing_is_never_shown_as_nothing(share: float, words: str) -> None:
    assert percent_in_words(share) == words
