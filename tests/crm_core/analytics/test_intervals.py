"""Intervals against published examples."""

from __future__ import annotations

import pytest

from crm_core.analytics.intervals import Interval, newcombe, wilson


def test_wilson_meets_the_published_example() -> None:
    """Newcombe (1998), Statistics in Medicine 17, 857–872, table I: 81 of 263 and 15 of 148."""
    assert (round(wilson(81, 263).low, 4), round(wilson(81, 263).high, 4)) == (0.2553, 0.3662)
    assert (round(wilson(15, 148).low, 4), round(wilson(15, 148).high, 4)) == (0.0624, 0.1605)


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((10, 10, 0, 10), 0.6075, 1.0),
        ((0, 10, 0, 10), -0.2775, 0.2775),
    ],
)
def test_newcombe_meets_the_published_examples(counts: tuple[int, int, int, int], low: float, high: float) -> None:
    """Newcombe (1998), Statistics in Medicine 17, 873–890, table II, method 10."""
    found = newcombe(*counts)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_a_difference_counts_where_zero_lies_outside() -> None:
    assert newcombe(56, 70, 48, 80).excludes_zero
    assert not newcombe(5, 10, 4, 10).excludes_zero
    assert Interval(-0.2, -0.3, -0.1).excludes_zero
    assert not Interval(0.1, 0.0, 0.2).excludes_zero
    assert not Interval(-0.1, -0.2, 0.0).excludes_zero
