"""Sizes of control groups: against published numbers, the definitions once more, and tests of groups drawn by lot."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from crm_core.analytics.campaign.sizes import (
    LEAST_CONTROLS,
    controls_for_gain,
    controls_for_lift,
    controls_for_verdict,
    share_for_gain,
    share_for_lift,
    smallest_gain,
    smallest_lift,
)
from crm_core.errors import AnalysisError

Z, Z_POWER = stats.norm.ppf(0.975), stats.norm.ppf(0.8)


def by_definition(p0: float, p1: float, ratio: Any) -> Any:
    """n_c as the definitions have it, quantiles by scipy; for one ratio or for many."""
    pooled = (p0 + ratio * p1) / (1 + ratio)
    top = Z * np.sqrt(np.maximum(0, pooled * (1 - pooled)) * (1 + 1 / ratio)) + Z_POWER * np.sqrt(p0 * (1 - p0) + p1 * (1 - p1) / ratio)
    return top**2 / (p1 - p0) ** 2


def test_published_sizes_of_equal_groups() -> None:
    """0.60 against 0.70: 356 (Fleiss's 376 less his correction for continuity); 0.05 against 0.10: 435; 0.10 against 0.12: 3,841."""
    assert controls_for_lift(0.6, 0.1, 1) == 356
    assert controls_for_lift(0.05, 0.05, 1) == 435
    assert controls_for_lift(0.10, 0.02, 1) == 3841


def test_cohens_medium_effect_needs_63_a_group() -> None:
    """64 by Cohen (1988), table 2.4.1, with Student's t; the normal approximation has one less."""
    assert controls_for_gain(1.0, 0.5, 1) == 63


@given(st.floats(0.001, 0.9), st.floats(0.001, 0.09), st.floats(0.1, 50))
def test_sizes_follow_the_definitions(response: float, lift: float, ratio: float) -> None:
    assert controls_for_lift(response, lift, ratio) == max(1, ceil(by_definition(response, response + lift, ratio) - 1e-9))


@pytest.mark.parametrize(("response", "lift", "ratio"), [(0.05, 0.02, 9.0), (0.2, 0.05, 4.0), (0.1, -0.04, 2.0)])
def test_groups_of_that_size_show_the_lift_in_four_of_five_campaigns(response: float, lift: float, ratio: float) -> None:
    rng, draws = np.random.default_rng(11), 40_000
    n_control = controls_for_lift(response, lift, ratio)
    n_treated = round(n_control * ratio)
    control, treated = rng.binomial(n_control, response, draws), rng.binomial(n_treated, response + lift, draws)
    pooled = (control + treated) / (n_control + n_treated)
    error = np.sqrt(pooled * (1 - pooled) * (1 / n_control + 1 / n_treated))
    is_shown = np.abs(treated / n_treated - control / n_control) > 1.959964 * error
    assert is_shown.mean() == pytest.approx(0.80, abs=0.025)


def test_groups_of_that_size_show_the_gain_in_four_of_five_campaigns() -> None:
    rng, draws, deviation, gain, ratio = np.random.default_rng(12), 4_000, 30.0, 6.0, 4
    n = controls_for_gain(deviation, gain, ratio)
    control, treated = rng.normal(20, deviation, (draws, n)), rng.normal(20 + gain, deviation, (draws, n * ratio))
    assert (stats.ttest_ind(treated, control, axis=1, equal_var=False).pvalue < 0.05).mean() == pytest.approx(0.80, abs=0.02)


@given(st.floats(0.001, 0.8), st.integers(30, 100_000), st.integers(30, 1_000_000))
def test_the_smallest_lift_inverts_the_size(response: float, n_control: int, n_treated: int) -> None:
    lift = smallest_lift(response, n_control, n_treated)
    if lift is None:
        assert by_definition(response, 1.0, n_treated / n_control) > n_control
    else:
        assert by_definition(response, response + lift, n_treated / n_control) == pytest.approx(n_control, rel=1e-6)


@given(st.floats(0.1, 1e4), st.integers(2, 100_000), st.integers(2, 100_000))
def test_the_smallest_gain_inverts_the_size(deviation: float, n_control: int, n_treated: int) -> None:
    gain = smallest_gain(deviation, n_control, n_treated)
    assert controls_for_gain(deviation, gain, n_treated / n_control) in (n_control, n_control + 1)


def test_a_handful_of_controls_shows_no_lift() -> None:
    assert smallest_lift(0.9, 5, 100) is None
    assert smallest_lift(1.0, 1000, 1000) is None


def first(sizes: np.ndarray, needed: np.ndarray) -> int | None:
    return next(iter(sizes[needed <= sizes + 1e-9].tolist()), None)


@settings(max_examples=60)
@given(st.integers(2, 3000), st.floats(0.0, 0.95), st.floats(-0.3, 0.5).filter(lambda lift: abs(lift) > 0.005))
def test_the_smallest_group_of_an_audience_is_the_first_of_all_that_shows_the_lift(customers: int, response: float, lift: float) -> None:
    if not 0 <= response + lift <= 1:
        return
    sizes = np.arange(1, customers)
    found = share_for_lift(customers, response, lift)
    assert found.n_control == first(sizes, by_definition(response, response + lift, (customers - sizes) / sizes))
    assert found.share == (found.n_control / customers if found.n_control else None)
    assert bool(found.why_none) == (found.n_control is None)


@settings(max_examples=60)
@given(st.integers(2, 3000), st.floats(1, 100), st.floats(0.5, 50))
def test_the_same_holds_for_money(customers: int, deviation: float, gain: float) -> None:
    sizes = np.arange(1, customers)
    needed = ((Z + Z_POWER) * deviation / gain) ** 2 * (1 + sizes / (customers - sizes))
    assert share_for_gain(customers, 0.1, deviation, gain).n_control == first(sizes, needed)


def test_a_verdict_asks_for_controls_whatever_is_to_be_shown() -> None:
    assert controls_for_verdict(0.5) == LEAST_CONTROLS
    assert controls_for_verdict(0.05) == 600
    assert controls_for_verdict(0.0) is None
    assert share_for_lift(10_000, 0.05, 0.05).for_verdict == 600


def test_what_cannot_be_is_refused_with_all_problems() -> None:
    with pytest.raises(AnalysisError) as raised:
        controls_for_lift(1.2, 0.0, -1)
    assert len(raised.value.problems) == 3
    for ask in (
        lambda: controls_for_lift(0.9, 0.2, 1),
        lambda: controls_for_gain(float("nan"), 1, 1),
        lambda: smallest_lift(0.1, 0, 10),
        lambda: smallest_gain(0.0, 10, 10),
        lambda: share_for_lift(1, 0.1, 0.1),
        lambda: share_for_gain(100, -0.1, 1.0, 1.0),
        lambda: controls_for_verdict(2.0),
        lambda: controls_for_lift(0.1, 1e-200, 1),
        lambda: controls_for_gain(1.0, 1e-200, 1),
    ):
        with pytest.raises(AnalysisError):
            ask()
