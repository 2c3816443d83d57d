"""The climb to the top of a likelihood: hills of known shape, and hills that have no top."""

from __future__ import annotations

import numpy as np
import pytest

from crm_core.analytics.clv.maximum import Floats, LogLikelihood, Maximum, described, maximise, standard_errors

TOP, BEND = np.array([0.3, -1.2]), np.array([[2.0, 0.6], [0.6, 1.0]])
START = [np.zeros(2)]
NAMES = ("first", "second")


def hill(top: Floats = TOP, bend: Floats = BEND) -> LogLikelihood:
    def of(logs: Floats) -> tuple[float, Floats]:
        away = logs - top
        return -5 - float(away @ bend @ away) / 2, -bend @ away

    return of


def along_the_first(slope: float, bend: float = 0.0) -> LogLikelihood:
    """Rises or falls along the first direction, bends along the second."""

    def of(logs: Floats) -> tuple[float, Floats]:
        return slope * logs[0] - logs[1] ** 2 / 2 - bend * logs[0] ** 2 / 2, np.array([slope - bend * logs[0], -logs[1]])

    return of


def test_the_top_of_a_hill_and_its_covariance():
    found = maximise(hill(), START, NAMES, customers=200.0)
    assert found.logs == pytest.approx(TOP, abs=1e-6)
    assert found.log_likelihood == pytest.approx(-5)
    assert found.covariance == pytest.approx(np.linalg.inv(BEND) / 200)
    assert (found.is_converged, found.is_identified, found.reason, found.starts) == (True, True, "", 1)
    errors = standard_errors(NAMES, np.exp(found.logs), found)
    assert list(errors.values()) == pytest.approx(np.exp(TOP) * np.sqrt(np.diag(np.linalg.inv(BEND)) / 200))


def test_a_hill_without_a_top_runs_to_the_bound():
    found = maximise(along_the_first(0.5), START, NAMES, 200.0)
    assert found.is_converged
    assert not found.is_identified
    assert found.reason == "first ran to the bound"
    assert standard_errors(NAMES, np.ones(2), found) == {"first": None, "second": None}


def test_a_ridge_does_not_bend():
    found = maximise(along_the_first(0.0), START, NAMES, 200.0)
    assert (found.is_identified, found.reason) == (False, "the likelihood does not bend along first")


def test_a_top_so_flat_that_the_parameter_could_be_anything():
    for bend, is_identified in ((0.9 / (4 * 200), False), (1.1 / (4 * 200), True)):  # a standard error of 2 on the log scale between them
        found = maximise(along_the_first(0.0, bend), START, NAMES, 200.0)
        assert found.is_identified == is_identified
        assert found.reason == ("" if is_identified else "first could be anything")


def test_a_start_that_fails_is_followed_by_another():
    def of(logs: Floats) -> tuple[float, Floats]:
        """A plain without a slope, but for a hill far out."""
        height = np.exp(-((logs - 5) ** 2).sum() / 2)
        return float(height), -height * (logs - 5)

    found = maximise(of, [np.full(2, -10.0), np.full(2, 4.5)], NAMES, 200.0)
    assert found.starts == 2
    assert found.is_identified
    assert found.logs == pytest.approx([5, 5], abs=1e-5)
    assert not maximise(of, [np.full(2, -10.0)], NAMES, 200.0).is_identified


def test_a_likelihood_that_is_no_number_ends_in_words():
    found = maximise(lambda logs: (float("nan"), np.full(2, np.nan)), START, NAMES, 200.0)
    assert (found.is_converged, found.is_identified) == (False, False)
    assert found.reason


def test_a_search_that_does_not_end_says_so():
    found = maximise(lambda logs: (float(np.sin(1e4 * logs).sum()), np.full(2, 0.3)), START, NAMES, 200.0)
    assert (found.is_converged, found.covariance) == (False, None)
    assert found.reason == "the search did not come to an end"


def counting(of: LogLikelihood, calls: list[Floats]) -> LogLikelihood:
    def counted(logs: Floats) -> tuple[float, Floats]:
        calls.append(logs)
        return of(logs)

    return counted


def test_the_top_of_a_sample_leads_to_that_of_all():
    calls: list[Floats] = []
    found = maximise(counting(hill(), calls), START, NAMES, 200.0, sample=hill(TOP + 0.1, 1.2 * BEND))
    assert found.logs == pytest.approx(TOP, abs=1e-6)
    assert found.covariance == pytest.approx(np.linalg.inv(BEND) / 200, rel=1e-3)
    assert found.evaluations == len(calls)
    assert np.max(np.abs(np.array(calls) - TOP)) < 0.2  # all of them near the top


@pytest.mark.parametrize(
    "sample", [along_the_first(0.5), hill(TOP + 5, BEND / 50), hill(bend=100 * BEND)], ids=["no top", "leads astray", "too steep"]
)
def test_a_sample_that_does_not_lead_there_is_left(sample: LogLikelihood):
    found = maximise(hill(), START, NAMES, 200.0, sample=sample)
    assert found.logs == pytest.approx(TOP, abs=1e-6)
    assert found.is_identified


def test_a_top_that_others_found_is_described():
    found = described(hill(), TOP, NAMES, 200.0)
    assert isinstance(found, Maximum)
    assert found.is_identified
    assert found.covariance == pytest.approx(np.linalg.inv(BEND) / 200)
    assert not described(along_the_first(0.5), TOP, NAMES, 200.0).is_identified
