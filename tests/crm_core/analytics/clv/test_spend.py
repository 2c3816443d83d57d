"""The model of spend: against sums over all levels of spend, against drawn customers, and where it has no mean or no fit."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from crm_core.analytics.clv import spend
from crm_core.analytics.clv.spend import GammaGamma, everybody_alike
from crm_core.errors import AnalysisError
from tests.crm_core.analytics.clv.stories import Floats

CDNOW = (6.25, 3.74, 15.44)


@pytest.fixture(autouse=True)
def _loud() -> Iterator[None]:
    with warnings.catch_warnings(), np.errstate(over="raise", invalid="raise", divide="raise"):
        warnings.simplefilter("error")
        yield


def integrated(params: tuple[float, float, float], x: float, mean: float) -> tuple[float, float]:
    """Log-likelihood of a mean value, and the value then expected of a purchase, added up over the log of the level."""
    p, q, gamma = params
    u = np.linspace(np.log(q / gamma) - 60, np.log(q / gamma) + 30, 20_000)
    level = np.exp(u)
    prior = q * np.log(gamma) - special.gammaln(q) + q * u - gamma * level
    likely = p * x * (u + np.log(x)) + (p * x - 1) * np.log(mean) - special.gammaln(p * x) - level * x * mean
    logs = prior + likely + np.log(u[1] - u[0])
    total = special.logsumexp(logs)
    return float(total), float(np.exp(special.logsumexp(logs, b=p / level) - total))


def drawn(params: tuple[float, float, float], size: int, seed: int = 4) -> tuple[Floats, Floats]:
    """Frequency and mean value of customers."""
    p, q, gamma = params
    rng = np.random.default_rng(seed)
    x = 1.0 + rng.poisson(2.0, size)
    return x, rng.gamma(p * x) / rng.gamma(q, 1 / gamma, size) / x


@pytest.mark.parametrize("params", [CDNOW, (0.8, 0.7, 5.0), (40.0, 2.5, 1_000.0)], ids=str)
@pytest.mark.parametrize(("x", "mean"), [(1, 35.0), (3, 0.04), (20, 900.0)])
def test_likelihood_and_mean_are_sums_over_all_levels(params: tuple[float, float, float], x: int, mean: float):
    likelihood, expected = integrated(params, x, mean)
    found = GammaGamma().adopt(params, [x], [mean])
    assert found.top is not None
    assert found.top.log_likelihood == pytest.approx(likelihood, rel=1e-9)
    assert found.conditional_expected_average_profit([x], [mean]) == pytest.approx([expected], rel=1e-9)


@given(
    st.lists(st.tuples(st.integers(1, 50), st.floats(0.01, 1_000.0)), min_size=1, max_size=5),
    st.tuples(st.floats(-1, 3), st.floats(-1, 3), st.floats(-2, 6)),
)
@settings(max_examples=25)
def test_gradients_are_those_of_finite_differences(rows: list[tuple[int, float]], logs: tuple[float, float, float]):
    x, mean = (np.array(one, dtype=float) for one in zip(*rows, strict=True))
    data, _ = spend._Spend.of(x, mean, None, 0.01)
    _, gradient = data.log_likelihood(np.array(logs))
    for place, step in enumerate(np.eye(3) * 1e-5):
        difference = (data.log_likelihood(np.array(logs) + step)[0] - data.log_likelihood(np.array(logs) - step)[0]) / 2e-5
        assert gradient[place] == pytest.approx(difference, rel=1e-4, abs=1e-4)


def test_a_fit_finds_the_parameters_that_customers_were_drawn_by():
    found = GammaGamma().fit(*drawn(CDNOW, 10_000))
    assert found.is_identified
    for (name, value), true in zip(found.params.items(), CDNOW, strict=True):
        error = found.standard_errors[name]
        assert error is not None
        assert abs(value - true) < 3.5 * error
        assert error < 0.2 * true


def test_order_weights_and_currency_do_not_matter():
    x, mean = drawn(CDNOW, 800)
    often = np.random.default_rng(1).integers(1, 4, len(x))
    repeated = GammaGamma().fit(np.repeat(x, often), np.repeat(mean, often))
    assert list(GammaGamma().fit(x[::-1], mean[::-1], often[::-1]).params.values()) == pytest.approx(
        list(repeated.params.values()), rel=1e-5
    )
    dear = GammaGamma().fit(np.repeat(x, often), 1e6 * np.repeat(mean, often))
    assert list(dear.params.values()) == pytest.approx(np.array([1, 1, 1e6]) * list(repeated.params.values()), rel=1e-4)


def test_of_many_rows_a_sample_leads_to_the_same_top(monkeypatch: pytest.MonkeyPatch):
    x, mean = drawn(CDNOW, 6_000)
    whole = GammaGamma().fit(x, mean)
    monkeypatch.setattr(spend, "SAMPLE", 3_000)
    sampled = GammaGamma().fit(x, mean)
    assert whole.top is not None
    assert sampled.top is not None
    assert sampled.top.evaluations < 0.8 * whole.top.evaluations
    assert list(sampled.params.values()) == pytest.approx(list(whole.params.values()), rel=1e-5)
    assert list(sampled.standard_errors.values()) == pytest.approx(list(whole.standard_errors.values()), rel=1e-2)  # type: ignore[arg-type]


def test_the_mean_without_a_repeat_purchase_is_that_of_everybody():
    p, q, gamma = CDNOW
    assert GammaGamma(*CDNOW).conditional_expected_average_profit([0], [float("nan")]) == pytest.approx([p * gamma / (q - 1)])


def test_where_spend_has_no_mean_none_is_given():
    found = GammaGamma(0.4, 0.5, 5.0).conditional_expected_average_profit([0, 1, 2], [0.0, 10.0, 10.0])
    assert np.isnan(found).tolist() == [True, True, False]
    assert found[2] == pytest.approx(0.4 * 25 / 0.3)


@pytest.mark.parametrize(
    ("x", "mean"),
    [([1.0], [3.0]), ([1.0] * 50, [3.0] * 50), ([1.0, 2.0], [3.0, 4.0]), ([5_000.0, 1.0], [1e9, 1e-4])],
    ids=["one", "all alike", "two", "a cent and a billion"],
)
def test_a_fit_that_cannot_be_says_why(x: list[float], mean: list[float]):
    found = GammaGamma().fit(x, mean)
    assert not found.is_identified
    assert found.top is not None
    assert found.top.reason
    assert set(found.standard_errors.values()) == {None}
    assert np.all(np.isfinite(found.conditional_expected_average_profit(x, mean)))


@pytest.mark.parametrize(("x", "mean"), [([], []), ([0], [5.0]), ([1], [0.0]), ([1], [-3.0]), ([1], [float("inf")])], ids=str)
def test_customers_without_a_repeat_purchase_of_a_positive_value_are_refused(x: list[float], mean: list[float]):
    with pytest.raises(AnalysisError, match="cannot be modelled"):
        GammaGamma().fit(x, mean)


def test_everybody_alike_has_the_mean_and_the_deviation_of_the_purchases():
    model = everybody_alike(40.0, 30.0)
    p, q, gamma = model.params.values()
    assert model.conditional_expected_average_profit([0, 9], [0.0, 900.0]) == pytest.approx([40, 40], rel=1e-3)
    values = np.random.default_rng(0).gamma(p, gamma / q, 100_000)
    assert (values.mean(), values.std()) == (pytest.approx(40, rel=0.01), pytest.approx(30, rel=0.02))
    for mean, deviation in ((0.0, 0.0), (10.0, 0.0), (1.0, 1e9)):
        assert np.isfinite(everybody_alike(mean, deviation).conditional_expected_average_profit([0, 3], [0.0, 1.0])).all()
