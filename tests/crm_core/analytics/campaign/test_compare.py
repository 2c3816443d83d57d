"""Differences of the two groups: how often their intervals hold the truth where spend is uneven."""

from __future__ import annotations

from math import exp

import numpy as np
import pytest

from crm_core.analytics.campaign.compare import cap_of, gap, net_gap, response_gap

CAMPAIGNS, N_TREATED, N_CONTROLS = 600, 9000, 1000


def coverage(response: float, lift: float, sigma: float, *, of_everybody: bool = False) -> float:
    """How often the 95 % interval of simulated campaigns holds the true difference: log-normal spend, `lift` more responses.

    `of_everybody`: capped at the 99th percentile of all customers, those with nothing included.
    """
    rng = np.random.default_rng(5)
    truth = lift * exp(3 + sigma**2 / 2)
    held = 0
    for _ in range(CAMPAIGNS):
        treated = rng.lognormal(3, sigma, rng.binomial(N_TREATED, response + lift))
        controls = rng.lognormal(3, sigma, rng.binomial(N_CONTROLS, response))
        spent = np.concatenate([treated, controls])
        zeros = np.zeros(N_TREATED + N_CONTROLS - len(spent))
        found = gap(treated, N_TREATED, controls, N_CONTROLS, cap_of(np.concatenate([spent, zeros]) if of_everybody else spent))
        held += found.low <= truth <= found.high
    return held / CAMPAIGNS


@pytest.mark.parametrize(("response", "lift", "sigma"), [(0.05, 0.0, 1.0), (0.05, 0.01, 1.0), (0.2, 0.02, 1.0), (0.2, 0.02, 1.5)])
def test_the_interval_holds_the_truth_where_spend_is_uneven(response: float, lift: float, sigma: float) -> None:
    assert 0.92 <= coverage(response, lift, sigma) <= 0.98


def test_capped_by_all_customers_it_would_miss_the_truth_where_few_buy() -> None:
    """Of 0.8 % buyers the 99th percentile of everybody is nothing."""
    assert coverage(0.008, 0.004, 1.0, of_everybody=True) < 0.1
    assert coverage(0.008, 0.004, 1.0) > 0.8


def test_a_cap_takes_off_what_is_above_it() -> None:
    found = gap(np.array([10.0, 1000.0]), 4, np.array([20.0]), 2, 100.0)
    assert (found.point, found.capped, found.cap) == (252.5 - 10, 27.5 - 10, 100.0)


def test_costs_come_off_after_the_cap() -> None:
    found = net_gap(np.array([10.0, 1000.0, -5.0]), np.array([True, True, False]), 4, np.array([20.0]), 2, cap=100.0, cost_a_response=2.0)
    assert (found.point, found.capped) == ((1005 - 4) / 4 - 10, (105 - 4) / 4 - 10)


def test_groups_without_a_buyer_are_equal() -> None:
    nothing = np.zeros(0)
    found = gap(nothing, 5, nothing, 5, cap_of(nothing))
    assert (found.point, found.capped, found.excludes_zero) == (0, 0, False)
    assert np.isnan(found.cap)
    assert response_gap(0, 5, 0, 5).point == 0
