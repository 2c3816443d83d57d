"""Intervals, differences and verdicts against scipy and against the definitions; how often intervals hold the truth, by all outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from crm_core.analytics.satisfaction.measures import Counts, Measure, difference, estimate, holm
from tests.crm_core.analytics.satisfaction import by_definition

tens = st.lists(st.integers(0, 10), min_size=1, max_size=60)
fives = st.lists(st.integers(1, 5), min_size=1, max_size=60)
sevens = st.lists(st.integers(1, 7), min_size=2, max_size=60)
p_values = st.lists(st.one_of(st.floats(0, 1), st.sampled_from([0.001, 0.01, 0.0125, 0.02, 0.04])), max_size=12)

BANDS = {"nps": (9, 6), "csat": (4, 2), "ces": (5.5, 2.5)}


def counts(measure: Measure, scores: Sequence[float]) -> Counts:
    top, bottom = BANDS[measure]
    total, squares = float(sum(scores)), float(sum(score**2 for score in scores))
    return Counts(len(scores), sum(score >= top for score in scores), sum(score <= bottom for score in scores), total, squares)


def told(measure: Measure, scores: Sequence[float]) -> tuple[float, float, float]:
    found = estimate(measure, counts(measure, scores))
    return found.value, found.low, found.high


def test_nps_by_hand() -> None:
    """5 promoters, 3 passives, 2 detractors: 5.75, 4.5 and 2.75 of 13 with those added."""
    found = estimate("nps", Counts(10, 5, 2))
    assert (found.value, found.n, found.share_top, found.share_bottom) == (30, 10, 0.5, 0.2)
    centre, variance = 3 / 13, 8.5 / 13 - (3 / 13) ** 2
    half = 1.96 * (variance / 13) ** 0.5
    assert (found.low, found.high) == pytest.approx((100 * (centre - half), 100 * (centre + half)), abs=0.01)


@given(tens)
def test_nps_and_its_interval_follow_the_definition(scores: list[int]) -> None:
    assert told("nps", scores) == pytest.approx(by_definition.nps(scores), abs=1e-4)


def test_between_groups_that_all_gave_the_same_score_there_is_no_difference() -> None:
    """Sums of equal scores give means that differ in the last digit, and no score varies that could hide it."""
    score = 1 + 0.06 * 6

    def alike(n: int) -> Counts:
        return Counts(n, 0, n, score * n, score**2 * n)

    assert alike(1660).mean != alike(1932).mean
    found = difference("ces", alike(1660), alike(1932))
    assert (found.point, found.low, found.high, found.p, found.is_significant) == (0, 0, 0, 1, False)
    assert difference("ces", alike(1660), Counts(1660, 0, 1660, 1660 * 1.37, 1660 * 1.37**2)).is_significant


@given(fives)
def test_csat_is_the_share_of_the_top_two_boxes_with_the_interval_of_wilson(scores: list[int]) -> None:
    assert told("csat", scores) == pytest.approx(by_definition.csat(scores), abs=1e-9)


@given(sevens)
def test_ces_is_a_mean_with_the_interval_of_student(scores: list[int]) -> None:
    assert told("ces", scores) == pytest.approx(by_definition.ces(scores), abs=1e-6)


@pytest.mark.parametrize("top", [0, 5])
def test_the_interval_of_nps_ends_at_a_hundred(top: int) -> None:
    found = estimate("nps", Counts(5, top, 5 - top))
    assert (found.low == -100) == (top == 0)
    assert (found.high == 100) == (top == 5)


@pytest.mark.parametrize("measure", ["nps", "csat", "ces"])
def test_of_nothing_nothing_is_told(measure: Measure) -> None:
    found = estimate(measure, Counts(0, 0, 0, 0.0, 0.0))
    assert found.n == 0
    assert all(isnan(value) for value in (found.value, found.low, found.high, found.share_top, found.share_bottom))
    gap = difference(measure, Counts(0, 0, 0, 0.0, 0.0), counts(measure, [5] * 20))
    assert all(isnan(value) for value in (gap.point, gap.low, gap.high, gap.p))
    assert not gap.has_verdict


def test_one_response_has_a_value_and_a_mean_of_one_no_interval() -> None:
    assert told("ces", [6])[0] == 6
    assert all(isnan(bound) for bound in told("ces", [6])[1:])
    assert not any(isnan(bound) for measure in ("nps", "csat") for bound in told(measure, [5]))
    assert isnan(difference("ces", counts("ces", [6]), counts("ces", [1, 7] * 10)).p)


def test_below_thirty_a_figure_is_uncertain() -> None:
    assert estimate("nps", Counts(29, 20, 0)).is_uncertain
    assert not estimate("nps", Counts(30, 20, 0)).is_uncertain


@pytest.mark.parametrize("measure", ["nps", "csat", "ces"])
def test_below_ten_there_is_no_verdict(measure: Measure) -> None:
    best, worst = [10, 9] if measure == "nps" else [5, 4], [1, 2]
    few = difference(measure, counts(measure, best * 5), counts(measure, (worst * 5)[:9]))
    assert few.p < 0.001
    assert not few.has_verdict
    assert not few.is_significant
    assert difference(measure, counts(measure, best * 5), counts(measure, worst * 5)).is_significant


@given(tens, tens)
def test_a_difference_of_nps_follows_the_definition(one: list[int], other: list[int]) -> None:
    found = difference("nps", counts("nps", one), counts("nps", other))
    assert (found.point, found.low, found.high, found.p) == pytest.approx(by_definition.nps_difference(one, other), abs=1e-4)


@given(fives, fives)
def test_a_difference_of_csat_is_by_newcombe(one: list[int], other: list[int]) -> None:
    """Method 10: from the bounds of both shares by Wilson. At the level of the p-value a bound is just 0."""
    found = difference("csat", counts("csat", one), counts("csat", other))
    hits = [sum(score >= 4 for score in scores) for scores in (one, other)]

    def bounds(level: float) -> tuple[float, float]:
        a, b = (stats.binomtest(k, len(s)).proportion_ci(level, method="wilson") for k, s in zip(hits, (one, other), strict=True))
        p, q = hits[0] / len(one), hits[1] / len(other)
        return p - q - ((p - a.low) ** 2 + (b.high - q) ** 2) ** 0.5, p - q + ((a.high - p) ** 2 + (q - b.low) ** 2) ** 0.5

    assert (found.low, found.high) == pytest.approx(bounds(0.95), abs=1e-9)
    if found.point and 1e-12 < found.p < 1 - 1e-6:
        assert min(abs(bound) for bound in bounds(1 - found.p)) == pytest.approx(0, abs=1e-6)
    elif not found.point:
        assert found.p == 1


@given(sevens, sevens)
def test_a_difference_of_ces_is_by_welch(one: list[int], other: list[int]) -> None:
    found = difference("ces", counts("ces", one), counts("ces", other))
    assert found.point == pytest.approx(np.mean(one) - np.mean(other))
    if len(set(one)) == len(set(other)) == 1:
        assert (found.low, found.high, found.p) == (found.point, found.point, float(one[0] == other[0]))
        return
    summary = [(np.mean(scores), np.std(scores, ddof=1), len(scores)) for scores in (one, other)]
    assert found.p == pytest.approx(stats.ttest_ind_from_stats(*summary[0], *summary[1], equal_var=False).pvalue, abs=1e-7)
    wanted = stats.ttest_ind(one, other, equal_var=False).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high), abs=1e-5)


@given(tens, tens)
def test_a_difference_is_significant_where_its_interval_leaves_out_zero(one: list[int], other: list[int]) -> None:
    """For all measures alike, the scores taken as those of each."""
    for measure in BANDS:
        found = difference(measure, counts(measure, one), counts(measure, other))  # type: ignore[arg-type]
        if not isnan(found.p) and abs(found.p - 0.05) > 1e-6:
            assert (found.p < 0.05) == (found.low > 0 or found.high < 0)


def test_what_is_left_without_a_part() -> None:
    whole, part = counts("csat", [1, 2, 5, 5, 4]), counts("csat", [5, 1])
    assert whole.without(part) == counts("csat", [2, 5, 4])


def test_holm_by_hand() -> None:
    """0.005 < 0.05 / 4 and 0.01 < 0.05 / 3, but 0.03 > 0.05 / 2; so the largest, though below 0.05, is not tried any more."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == [True, False, False, True]
    assert holm([0.01, nan, 0.03]) == [True, False, True]
    assert holm([0.04, nan, 0.04]) == [False, False, False]
    assert holm([0.04, nan]) == [True, False]
    assert holm([]) == []


@given(p_values)
def test_holm_agrees_with_adjusted_p_values(found: list[float]) -> None:
    assert holm(found) == by_definition.significant(found)


def distributions(classes: int, count: int = 80, seed: int = 11) -> np.ndarray:
    """Drawn evenly among all distributions of that many classes."""
    return np.random.default_rng(seed).dirichlet(np.ones(classes), count)


def coverage_of_nps(n: int) -> np.ndarray:
    """For each distribution the probability of the outcomes whose interval holds its NPS, over all outcomes."""
    outcomes = np.array([(top, bottom, n - top - bottom) for top, bottom in product(range(n + 1), repeat=2) if top + bottom <= n])
    found = [estimate("nps", Counts(n, int(top), int(bottom))) for top, bottom, _ in outcomes]
    low, high = np.array([one.low for one in found]), np.array([one.high for one in found])
    covered = []
    for chances in distributions(3):
        truth = 100 * (chances[0] - chances[1])
        covered.append(stats.multinomial.pmf(outcomes, n, chances)[(low <= truth) & (truth <= high)].sum())
    return np.array(covered)


def coverage_of_csat(n: int) -> np.ndarray:
    """The top two of five boxes together are binomial."""
    found = [estimate("csat", Counts(n, hits, 0)) for hits in range(n + 1)]
    low, high = np.array([one.low for one in found]), np.array([one.high for one in found])
    truths = distributions(5)[:, 3:].sum(axis=1)
    return np.array([stats.binom.pmf(np.arange(n + 1), n, truth)[(low <= truth) & (truth <= high)].sum() for truth in truths])


@pytest.mark.parametrize("n", [30, 100])
@pytest.mark.parametrize("coverage", [coverage_of_nps, coverage_of_csat])
def test_intervals_hold_the_truth_as_often_as_they_say(coverage, n: int) -> None:  # type: ignore[no-untyped-def]
    found = coverage(n)
    assert 0.94 <= found.mean() <= 0.965
    assert found.min() >= 0.92


def test_intervals_of_ces_hold_the_truth_as_often_as_they_say() -> None:
    """By simulation: 80 distributions of scores from 1 to 7, 2,000 samples of 100 each."""
    rng, scores, covered = np.random.default_rng(5), np.arange(1, 8), []
    for chances in distributions(7):
        drawn = rng.multinomial(100, chances, 2_000)
        found = [estimate("ces", Counts(100, 0, 0, float(one @ scores), float(one @ scores**2))) for one in drawn]
        covered.append(np.mean([one.low <= chances @ scores <= one.high for one in found]))
    assert 0.94 <= np.mean(covered) <= 0.965
    assert min(covered) >= 0.92
