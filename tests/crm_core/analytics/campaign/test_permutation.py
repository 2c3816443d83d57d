"""The permutation test: against all permutations there are, and what it says where nothing happened."""

from __future__ import annotations

from itertools import combinations, product
from math import comb

import numpy as np
import pytest
from scipy import stats

from crm_core.analytics.campaign.permutation import permute

#: Two strata of 7 and 6 customers, with 3 and 2 controls. The last customers of each have no value.
VALUES = (np.array([10.0, 25.0, 7.0, -3.0, 7.0]), np.array([40.0, 12.0, 5.0]))
CONTROLS = ((0, 3), (1,))  # beside them one control and one control without a value
N, N_CONTROLS = (7, 6), (3, 2)


def enumerated(strata: tuple[int, ...]) -> float:
    """The share of all ways to draw the controls that parts the groups at least as far."""
    sums = []
    for stratum in strata:
        everybody = np.concatenate([VALUES[stratum], np.zeros(N[stratum] - len(VALUES[stratum]))])
        expected = everybody.sum() * N_CONTROLS[stratum] / N[stratum]
        sums.append([everybody[list(one)].sum() - expected for one in combinations(range(N[stratum]), N_CONTROLS[stratum])])
    found = sum(
        VALUES[stratum][list(CONTROLS[stratum])].sum() - VALUES[stratum].sum() * N_CONTROLS[stratum] / N[stratum] for stratum in strata
    )
    drawn = np.array([sum(one) for one in product(*sums)])
    assert len(drawn) == np.prod([comb(N[stratum], N_CONTROLS[stratum]) for stratum in strata])
    return float((np.abs(drawn) >= abs(found) - 1e-9).mean())


def of_both(draws: int = 20_000, seed: int = 1):  # type: ignore[no-untyped-def]
    is_control = np.concatenate([np.isin(np.arange(len(values)), own) for values, own in zip(VALUES, CONTROLS, strict=True)])
    stratum = np.repeat([0, 1], [len(one) for one in VALUES])
    values, controls = np.concatenate(VALUES), np.array(N_CONTROLS)
    return permute([values, (values > 0).astype(float)], is_control, stratum, np.array(N) - controls, controls, seed, draws)


def test_draws_come_near_all_permutations() -> None:
    found = of_both()
    assert found.p[0] == pytest.approx(enumerated((0, 1)), abs=0.012)
    assert found.p_by_stratum[0, 0] == pytest.approx(enumerated((0,)), abs=0.012)
    assert found.p_by_stratum[1, 0] == pytest.approx(enumerated((1,)), abs=0.012)


def test_shares_of_one_stratum_have_fishers_p() -> None:
    """All permutations of zeros and ones: 40 buyers of 400, 12 of them among 200 controls."""
    is_control = np.arange(40) < 12
    found = permute([np.ones(40)], is_control, np.zeros(40, dtype=int), np.array([200]), np.array([200]), 3, 40_000)
    assert found.p[0] == pytest.approx(stats.fisher_exact([[12, 188], [28, 172]]).pvalue, abs=0.003)
    assert found.surplus == (8.0,)


def test_the_seed_is_all_there_is_to_the_draws() -> None:
    assert of_both(500, seed=4).p == of_both(500, seed=4).p
    assert of_both(500, seed=4).p != of_both(500, seed=5).p


def test_where_nothing_happened_every_p_is_as_likely() -> None:
    rng, found = np.random.default_rng(8), []
    for seed in range(300):
        values = rng.lognormal(3, 1.2, 60)
        everybody = [rng.permutation(np.repeat([True, False], [30, 120])) for _ in range(2)]
        is_control = np.concatenate([one[:30] for one in everybody])
        counts = np.array([120, 120]), np.array([30, 30])
        found.append(permute([values], is_control, np.repeat([0, 1], 30), *counts, seed, 199).p[0])
    assert stats.kstest(found, "uniform").pvalue > 0.01
    assert np.mean(np.array(found) <= 0.05) == pytest.approx(0.05, abs=0.04)


def test_what_happened_is_seen() -> None:
    rng = np.random.default_rng(2)
    values, is_control = rng.lognormal(3, 0.5, 200), np.arange(200) < 60
    values[~is_control] *= 1.5
    found = permute([values], is_control, np.zeros(200, dtype=int), np.array([500]), np.array([500]), 1, 999)
    assert found.p == (0.001,)
    assert found.surplus[0] > 0


def test_a_stratum_without_choice_says_nothing() -> None:
    """One stratum has controls only, one nobody else; both are left out, whatever their values."""
    values, is_control = np.array([5.0, 1000.0, 3.0, 4.0]), np.array([True, True, False, True])
    found = permute([values], is_control, np.array([0, 0, 1, 2]), np.array([0, 9, 0]), np.array([2, 0, 1]), 1, 99)
    assert found.p == (1.0,)
    assert found.surplus == (0.0,)
    assert np.isnan(found.p_by_stratum).all()


def test_a_stratum_that_differs_by_itself_is_not_taken_for_an_effect() -> None:
    """Large spenders are in the stratum with the larger share of controls."""
    values = np.concatenate([np.full(50, 100.0), np.full(50, 10.0)])
    is_control = np.tile([True, False], 50)
    is_control[50:] = np.arange(50) < 5
    found = permute([values], is_control, np.repeat([0, 1], 50), np.array([25, 45]), np.array([25, 5]), 1, 99)
    assert found.p == (1.0,)


def test_nobody_who_did_anything() -> None:
    nothing = np.zeros(0)
    found = permute([nothing], nothing.astype(bool), nothing.astype(int), np.array([10]), np.array([10]), 1, 99)
    assert found.p == (1.0,)
