"""Quantiles against Kaplan–Meier by fractions, one person at a time."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.analytics.survival import by_group, quantiles

POINTS = (0.1, 0.5, 0.75, 0.9, 1.0)
#: wait, ended, censored
waits = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=12).filter(
    lambda rows: any(ended + censored for _, ended, censored in rows)
)


def frame(rows: list[tuple[int, int, int]]) -> pd.DataFrame:
    return pd.DataFrame([row for row in rows if row[1] + row[2]], columns=["wait", "ended", "censored"])


def naive(rows: list[tuple[int, int, int]], point: Fraction) -> float | None:
    """The first time at which at most 1 − point survive; who is censored at a time still waits then."""
    people = [(wait, True) for wait, ended, _ in rows for _ in range(ended)]
    people += [(wait, False) for wait, _, censored in rows for _ in range(censored)]
    alive = Fraction(1)
    for time in sorted({wait for wait, _ in people}):
        waiting = sum(wait >= time for wait, _ in people)
        alive *= 1 - Fraction(sum(wait == time and has_ended for wait, has_ended in people), waiting)
        if alive <= 1 - point:
            return time
    return None


@given(waits)
def test_quantiles_follow_kaplan_and_meier(rows: list[tuple[int, int, int]]) -> None:
    found = quantiles(frame(rows), POINTS)
    assert found == tuple(naive(rows, Fraction(str(point))) for point in POINTS)


def test_by_hand() -> None:
    """Of six, one ends at 1 (5/6), one at 2 while one is censored there (4/5 · 5/6 = 2/3), one at 4 (2/3 · 2/3), one at 5 (half of it)."""
    rows = frame([(1, 1, 0), (2, 1, 1), (4, 1, 0), (5, 1, 0), (9, 0, 1)])
    assert quantiles(rows, (0.1, 0.3, 0.5, 0.9)) == (1, 2, 4, None)


def test_the_order_of_rows_and_how_they_are_cut_do_not_matter() -> None:
    whole = frame([(1, 2, 1), (3, 2, 0), (5, 1, 2)])
    parts = frame([(5, 1, 0), (3, 1, 0), (1, 2, 0), (5, 0, 2), (3, 1, 0), (1, 0, 1)])
    assert quantiles(whole, POINTS) == quantiles(parts, POINTS)


def test_where_nobody_has_ended_there_is_no_median() -> None:
    assert quantiles(frame([(1, 0, 3), (7, 0, 2)]), (0.5, 0.9)) == (None, None)
    assert quantiles(frame([]), (0.5,)) == (None,)


def test_without_censoring_the_median_is_the_one_in_the_middle() -> None:
    rng = np.random.default_rng(3)
    times = rng.integers(0, 1_000, 501)
    rows = pd.DataFrame({"wait": times, "ended": 1, "censored": 0})
    assert quantiles(rows, (0.5,)) == (float(np.median(times)),)


@given(st.lists(waits, min_size=2, max_size=5))
def test_groups_are_told_like_each_alone(groups: list[list[tuple[int, int, int]]]) -> None:
    parts = [frame(rows).assign(group=f"g{place}") for place, rows in enumerate(groups)]
    found = by_group(pd.concat(parts).sample(frac=1, random_state=1), POINTS)
    assert list(found.index) == [f"g{place}" for place in range(len(groups))]
    for place, part in enumerate(parts):
        told = tuple(None if pd.isna(value) else value for value in found.loc[f"g{place}"])
        assert told == quantiles(part, POINTS)


def test_a_group_that_has_all_ended_leaves_the_next_as_it_is() -> None:
    rows = pd.concat([frame([(1, 1, 0), (2, 3, 0)]).assign(group="a"), frame([(1, 1, 0), (3, 1, 0), (6, 0, 2)]).assign(group="b")])
    found = by_group(rows, (0.5, 0.9))
    assert found.loc["a"].tolist() == [2, 2]
    assert found.loc["b", 0.5] == 3
    assert pd.isna(found.loc["b", 0.9])


@pytest.mark.parametrize(
    ("told", "point", "wanted"),
    [
        ([(1, 1, 0), (2, 0, 1)], 0.5, 1),
        ([(1, 9, 0), (2, 0, 1)], 0.9, 1),
        ([(1, 5, 0), (2, 4, 0), (3, 0, 1)], 0.9, 2),
        ([(1, 1, 0), (2, 3, 0), (3, 1, 0), (4, 0, 5)], 0.5, 3),
    ],
)
def test_bounds_are_reached_exactly_however_many_groups_there_are(told: list[tuple[int, int, int]], point: float, wanted: int) -> None:
    """3,000 groups of which just that share has ended, each after one of which all have."""
    count = 3_000
    all_ended = frame([(1, 2, 0)] * count).assign(group=np.arange(count) * 2)
    others = frame(told * count).assign(group=np.repeat(np.arange(count) * 2 + 1, len(told)))
    found = by_group(pd.concat([all_ended, others]), (point,))[point]
    assert (found.iloc[0::2] == 1).all()
    assert (found.iloc[1::2] == wanted).all()
