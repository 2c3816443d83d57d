"""Models of purchases: against sums over all rates, against the papers, at the edges, and fits of drawn customers."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from crm_core.analytics.clv import models
from crm_core.analytics.clv.models import MODELS, BgNbd, LastPeriod, MbgNbd, Nbd, ParetoNbd, PurchaseModel, SameRate
from crm_core.errors import AnalysisError
from tests.crm_core.analytics.clv import stories
from tests.crm_core.analytics.clv.stories import Floats, Params

PARAMS: dict[str, list[Params]] = {
    "bg_nbd": [(0.243, 4.414, 0.793, 2.426), (0.25, 4.0, 0.3, 0.4), (0.25, 4.0, 1.0, 2.5)],
    "mbg_nbd": [(0.525, 6.183, 0.891, 1.614), (0.25, 4.0, 0.3, 0.4), (0.5, 4.0, 1.0, 2.0)],
    "pareto_nbd": [(0.553, 10.578, 0.606, 11.669), (0.5, 3.0, 1.0, 20.0), (2.0, 30.0, 0.7, 5.0)],
}
EVERY = [pytest.param(name, params, id=f"{name} {params}") for name, found in PARAMS.items() for params in found]
HISTORIES = [
    (0, 0.0, 0.0), (0, 0.0, 39.0), (1, 36.0, 37.0), (2, 10.0, 10.0), (3, 10.0, 30.0), (26, 30.86, 31.0), (221, 103.43, 103.57), (1500, 296.0, 300.0),
]  # fmt: skip
FITTED = [BgNbd(0.243, 4.414, 0.793, 2.426), MbgNbd(0.525, 6.183, 0.891, 1.614), ParetoNbd(0.553, 10.578, 0.606, 11.669)]
ALL = [*FITTED, Nbd(0.25, 4.4)]
by_label = pytest.mark.parametrize("model", ALL, ids=lambda one: one.LABEL)


@pytest.fixture(autouse=True)
def _loud() -> Iterator[None]:
    """Nothing here may warn, overflow or divide by zero."""
    with warnings.catch_warnings(), np.errstate(over="raise", invalid="raise", divide="raise"):
        warnings.simplefilter("error")
        yield


def drawn(name: str, params: Params, size: int = 4_000, seed: int = 5) -> tuple[Floats, Floats, Floats]:
    return stories.drawn_histories(name, params, 80.0, np.random.default_rng(seed), size)


@pytest.mark.parametrize(("name", "params"), EVERY)
def test_likelihood_p_alive_and_expectation_are_sums_over_all_rates(name: str, params: Params):
    model = MODELS[name](*params)
    for history in HISTORIES:
        likelihood, p_alive, expected = stories.integrated(name, params, *history, t=52.0)
        assert model.log_likelihood(*history) == pytest.approx(likelihood, rel=1e-10, abs=1e-10)
        assert model.conditional_probability_alive(*history) == pytest.approx(p_alive, rel=1e-9)
        assert model.conditional_expected_number_of_purchases_up_to_time(52.0, *history) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("t", [0.1, 5.0, 52.0, 500.0])
@pytest.mark.parametrize(("r", "alpha", "a", "b"), [*PARAMS["bg_nbd"][:2], (2.0, 10.0, 1.5, 8.0)])
def test_bg_nbd_expects_what_the_paper_says(t: float, r: float, alpha: float, a: float, b: float):
    """Fader, Hardie & Lee (2005), equations 9 and 10."""
    model = BgNbd(r, alpha, a, b)
    new = (a + b - 1) / (a - 1) * (1 - (alpha / (alpha + t)) ** r * special.hyp2f1(r, b, a + b - 1, t / (alpha + t)))
    assert model.expected_number_of_purchases_up_to_time(t) == pytest.approx(new)
    x, t_x, T = 3.0, 12.0, 30.0
    left = (alpha + T) / (alpha + T + t)
    above = (a + b + x - 1) / (a - 1) * (1 - left ** (r + x) * special.hyp2f1(r + x, b + x, a + b + x - 1, t / (alpha + T + t)))
    known = above / (1 + a / (b + x - 1) * ((alpha + T) / (alpha + t_x)) ** (r + x))
    assert model.conditional_expected_number_of_purchases_up_to_time(t, x, t_x, T) == pytest.approx(known)


@pytest.mark.parametrize(("model", "story"), [(model, name) for model, name in zip(FITTED, MODELS, strict=True)], ids=list(MODELS))
def test_counts_of_new_customers_are_those_drawn(model: PurchaseModel, story: str):
    rng = np.random.default_rng(11)
    rate, drop = stories.drawn_rates(story, tuple(model.params.values()), rng, 400_000)  # type: ignore[arg-type]
    stays = rng.random(len(rate)) >= drop * stories.FLIPS.get(story, 0)
    count = stays * stories.bought(story, 39.0, rate, drop, rng)
    for n in range(5):
        share = model.probability_of_n_purchases_up_to_time(39.0, n)
        assert share == pytest.approx(np.mean(count == n), abs=4.5 * np.sqrt(share / len(count)))
    assert model.expected_number_of_purchases_up_to_time(39.0) == pytest.approx(count.mean(), abs=4.5 * count.std() / np.sqrt(len(count)))


@pytest.mark.parametrize(("model", "story"), [(model, name) for model, name in zip(FITTED, MODELS, strict=True)], ids=list(MODELS))
@pytest.mark.parametrize("history", [(0, 0.0, 20.0), (2, 9.0, 30.0)], ids=str)
def test_counts_of_known_customers_are_those_drawn(model: PurchaseModel, story: str, history: tuple[float, float, float]):
    is_alive, count = stories.drawn_futures(story, tuple(model.params.values()), history, 39.0, np.random.default_rng(3), 200_000)  # type: ignore[arg-type]
    assert model.conditional_probability_alive(*history) == pytest.approx(is_alive.mean(), abs=0.006)
    for n in range(4):
        share = float(model.conditional_probability_of_n_purchases_up_to_time(n, 39.0, *history)[0])
        assert share == pytest.approx(np.mean(count == n), abs=0.006)


@by_label
@given(data=st.data())
@settings(max_examples=15)
def test_gradients_are_those_of_finite_differences(model: PurchaseModel, data: st.DataObject):
    x = data.draw(st.lists(st.integers(0, 30), min_size=1, max_size=6))
    T = [data.draw(st.floats(1.0, 200.0)) for _ in x]
    t_x = [one * data.draw(st.floats(0.01, 1.0)) if often else 0.0 for often, one in zip(x, T, strict=True)]
    rows = models.Rows(np.array(x, dtype=float), np.array(t_x), np.array(T), np.full(len(x), 1 / len(x)))
    logs = model.logs + np.array(data.draw(st.tuples(*[st.floats(-1.0, 1.0)] * len(model.NAMES))))
    model.penalty = 0.01
    _, gradient = model._penalised(rows, logs)
    for place, step in enumerate(np.eye(len(logs)) * 1e-5):
        difference = (model._penalised(rows, logs + step)[0] - model._penalised(rows, logs - step)[0]) / 2e-5
        assert gradient[place] == pytest.approx(difference, rel=1e-5, abs=1e-6)
    model.penalty = 0.0


@by_label
@pytest.mark.parametrize("t", [0.0, 1e-9, 52.0, 5_000.0])
def test_extreme_customers_get_numbers(model: PurchaseModel, t: float):
    x, t_x, T = (np.array(one, dtype=float) for one in zip(*HISTORIES, (5000, 100.0, 100.0), (1, 1e-9, 5_000.0), (0, 0, 1e6), strict=True))
    p_alive = model.conditional_probability_alive(x, t_x, T)
    expected = model.conditional_expected_number_of_purchases_up_to_time(t, x, t_x, T)
    none = model.conditional_probability_of_n_purchases_up_to_time(0, t, x, t_x, T)
    assert np.all((p_alive >= 0) & (p_alive <= 1) & (none >= 0) & (none <= 1 + 1e-12) & (expected >= 0))
    assert np.all(np.isfinite(model.log_likelihood(x, t_x, T)) & np.isfinite(expected))
    if t == 0:
        assert (expected.max(), none) == (0, pytest.approx(np.ones(len(x))))


@given(
    st.sampled_from(ALL),
    st.integers(0, 300),
    st.floats(0, 1),
    st.floats(0.2, 400),
    st.floats(0.0, 300.0),
    st.lists(st.floats(-3.0, 3.0), min_size=4, max_size=4),
)
def test_p_alive_lies_between_0_and_1_and_expectations_grow(
    model: PurchaseModel, x: int, share: float, T: float, t: float, moved: list[float]
):
    model = model.at(model.logs + np.array(moved[: len(model.NAMES)]))
    history = (x, max(share, 1e-3) * T if x else 0.0, T)
    p_alive = model.conditional_probability_alive(*history)[0]
    assert 0 <= p_alive <= 1
    sooner, later = (model.conditional_expected_number_of_purchases_up_to_time(time, *history)[0] for time in (t, t + 1))
    assert 0 <= sooner <= later
    assert model.conditional_probability_alive(x, history[1], T + 1)[0] <= p_alive


def test_a_single_purchase_keeps_bg_nbd_customers_alive_for_ever():
    assert BgNbd(0.2, 4.0, 0.8, 2.5).conditional_probability_alive(0, 0, 1e6) == 1
    assert MbgNbd(0.2, 4.0, 0.8, 2.5).conditional_probability_alive(0, 0, 1e6) < 0.25


def test_nobody_leaves_the_nbd_and_it_adds_up_to_rates():
    model = Nbd(0.7, 20.0)
    assert model.conditional_probability_alive([0, 9], [0, 1], [900, 900]).tolist() == [1, 1]
    assert model.conditional_expected_number_of_purchases_up_to_time(5.0, [0, 9], [0, 1], [10, 10]) == pytest.approx([3.5 / 30, 48.5 / 30])


@pytest.mark.parametrize("rule", [SameRate(), LastPeriod()], ids=lambda one: one.LABEL)
def test_rules_go_on_at_the_rate_seen(rule: SameRate):
    found = rule.conditional_expected_number_of_purchases_up_to_time(13.0, [0, 0, 2, 5], [0, 0, 1, 3], [0, 26, 26, 10])
    assert found == pytest.approx([0, 0, 1, 6.5])


# -- fits --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_a_fit_finds_the_parameters_that_customers_were_drawn_by(name: str):
    truth = PARAMS[name][0]
    found = MODELS[name]().fit(*drawn(name, truth, 20_000))
    assert (found.is_converged, found.is_identified, found.why_not) == (True, True, "")
    for (parameter, value), true in zip(found.params.items(), truth, strict=True):
        error = found.standard_errors[parameter]
        assert error is not None
        assert abs(value - true) < 3.5 * error
        assert error < 0.5 * true


@pytest.mark.parametrize("name", MODELS)
def test_standard_errors_are_those_of_the_curvature_at_the_top(name: str):
    data = drawn(name, PARAMS[name][0])
    found = MODELS[name]().fit(*data)
    at, width = found.logs, 1e-3

    def likelihood(logs: Floats) -> float:
        return float(found.at(logs).log_likelihood(*data).sum())

    steps = np.eye(4) * width
    bend = np.array(
        [
            [
                (likelihood(at + i + j) - likelihood(at + i - j) - likelihood(at - i + j) + likelihood(at - i - j)) / (4 * width**2)
                for j in steps
            ]
            for i in steps
        ]
    )
    errors = np.exp(at) * np.sqrt(np.diag(np.linalg.inv(-bend)))
    assert list(found.standard_errors.values()) == pytest.approx(errors, rel=1e-3)
    assert found.top is not None
    assert found.top.log_likelihood * len(data[0]) == pytest.approx(likelihood(at), rel=1e-12)


customers = st.lists(st.tuples(st.integers(0, 30), st.floats(0.01, 1.0), st.floats(1.0, 200.0), st.integers(1, 4)), min_size=1, max_size=8)


@by_label
@given(customers, st.randoms(use_true_random=False))
@settings(max_examples=15)
def test_likelihoods_do_not_depend_on_order_repeats_or_the_unit(
    model: PurchaseModel, rows: list[tuple[int, float, float, int]], random: Random
):
    x, share, T, often = (np.array(one, dtype=float) for one in zip(*rows, strict=True))
    t_x, order = np.where(x > 0, share * T, 0.0), random.sample(range(len(x)), len(x))
    params = np.array(list(model.params.values()))
    times = np.array([name in {"alpha", "beta"} for name in model.NAMES])
    weighted = type(model)().adopt(list(params), x[order], t_x[order], T[order], often[order])
    repeated = type(model)().adopt(list(params), *(np.repeat(one, often.astype(int)) for one in (x, t_x, T)))
    in_days = type(model)().adopt(list(params * np.where(times, 7, 1)), x, 7 * t_x, 7 * T, often)
    assert weighted.top is not None
    assert repeated.top is not None
    assert in_days.top is not None
    assert weighted.top.log_likelihood == pytest.approx(repeated.top.log_likelihood)
    per_day = np.log(7) * (often @ x) / often.sum()  # a density by the day is a seventh of that by the week, at each purchase
    assert in_days.top.log_likelihood == pytest.approx(weighted.top.log_likelihood - per_day)
    history = (x, t_x, T)
    assert in_days.conditional_probability_alive(x, 7 * t_x, 7 * T) == pytest.approx(model.conditional_probability_alive(*history))
    expected = model.conditional_expected_number_of_purchases_up_to_time(26.0, *history)
    assert in_days.conditional_expected_number_of_purchases_up_to_time(182.0, x, 7 * t_x, 7 * T) == pytest.approx(expected)


@pytest.mark.parametrize("name", MODELS)
def test_order_of_rows_and_weights_for_repeats_do_not_matter(name: str):
    x, t_x, T = drawn(name, PARAMS[name][0], 600)
    often = np.random.default_rng(1).integers(1, 4, len(x))
    repeated = MODELS[name]().fit(*(np.repeat(one, often) for one in (x, t_x, T)))
    turned = MODELS[name]().fit(x[::-1], t_x[::-1], T[::-1], often[::-1])
    assert list(turned.params.values()) == pytest.approx(list(repeated.params.values()), rel=1e-5)
    assert list(turned.standard_errors.values()) == pytest.approx(list(repeated.standard_errors.values()), rel=1e-4)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", MODELS)
def test_days_and_weeks_give_the_same_forecast(name: str):
    x, t_x, T = drawn(name, PARAMS[name][0], 3_000)
    weeks, days = MODELS[name]().fit(x, t_x, T), MODELS[name]().fit(x, 7 * t_x, 7 * T)
    by_time = np.array([1, 7, 1, 7 if name == "pareto_nbd" else 1])
    assert np.array(list(days.params.values())) == pytest.approx(by_time * list(weeks.params.values()), rel=1e-5)
    expected = weeks.conditional_expected_number_of_purchases_up_to_time(26.0, x, t_x, T)
    assert days.conditional_expected_number_of_purchases_up_to_time(182.0, x, 7 * t_x, 7 * T) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_of_many_rows_a_sample_leads_to_the_same_top(name: str, monkeypatch: pytest.MonkeyPatch):
    data = drawn(name, PARAMS[name][0], 6_000)  # of which 3,000 are the sample
    whole = MODELS[name]().fit(*data)
    monkeypatch.setattr(models, "SAMPLE", 3_000)
    sampled = MODELS[name]().fit(*data)
    assert whole.top is not None
    assert sampled.top is not None
    assert sampled.is_identified
    assert sampled.top.evaluations < 0.8 * whole.top.evaluations  # of all rows
    assert list(sampled.params.values()) == pytest.approx(list(whole.params.values()), rel=1e-5)
    assert list(sampled.standard_errors.values()) == pytest.approx(list(whole.standard_errors.values()), rel=1e-2)  # type: ignore[arg-type]


def test_a_sample_that_misleads_is_left_for_the_whole_search(monkeypatch: pytest.MonkeyPatch):
    """Nearly all customers bought once, and so did all of the sample, of whom a top does not exist."""
    x, t_x, T = drawn("bg_nbd", PARAMS["bg_nbd"][0], 3_000)
    weights = np.where(x == 0, 50.0, 1.0)
    whole = BgNbd().fit(x, t_x, T, weights)
    monkeypatch.setattr(models, "SAMPLE", 5)
    found = BgNbd().fit(x, t_x, T, weights)
    assert found.params == whole.params
    assert found.is_identified


NO_FIT = {
    "all bought once": (np.zeros(200), np.zeros(200), np.arange(200) / 7),
    "all alike": (np.full(200, 2.0), np.full(200, 20.0), np.full(200, 40.0)),
    "one customer": (np.array([3.0]), np.array([20.0]), np.array([40.0])),
    "all of today": (np.zeros(5), np.zeros(5), np.zeros(5)),
    "a thousand a day": (np.array([1e6]), np.array([5.0]), np.array([5.0])),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("data", NO_FIT.values(), ids=NO_FIT.keys())
def test_a_fit_that_cannot_be_says_why(name: str, data: tuple[Floats, Floats, Floats]):
    found = MODELS[name]().fit(*data)
    assert not found.is_identified
    assert found.why_not
    assert set(found.standard_errors.values()) == {None}
    expected = found.conditional_expected_number_of_purchases_up_to_time(52.0, *data)
    assert np.all(np.isfinite(expected) & (expected >= 0))


def test_loss_that_nobody_shows_is_not_identifiable():
    """Everybody bought on the last day."""
    T = 1 + np.arange(300) % 50
    for model in (BgNbd(), MbgNbd(), ParetoNbd()):
        found = model.fit(np.arange(300) % 6 + 1, T, T)
        assert found.is_converged
        assert not found.is_identified
        assert found.why_not
        assert found.conditional_probability_alive(3, 40, 41) > 0.99


@pytest.mark.parametrize(
    "row",
    [(-1, 0, 5), (1, -1, 5), (1, 6, 5), (0, 2, 5), (1, float("nan"), 5), (float("inf"), 1, 5), ([], [], [])],
    ids=["negative", "recency negative", "recency beyond T", "recency without purchase", "not a number", "infinite", "none"],
)
def test_rows_that_no_customer_can_have_are_refused(row: tuple[float, float, float]):
    with pytest.raises(AnalysisError, match="no customers"):
        BgNbd().fit(*row)


def test_a_penalty_draws_parameters_down():
    data = drawn("bg_nbd", PARAMS["bg_nbd"][0], 500)
    free, held = BgNbd().fit(*data), BgNbd().fit(*data, penalty=0.05)
    assert sum(one**2 for one in held.params.values()) < 0.5 * sum(one**2 for one in free.params.values())


def test_parameters_are_counted():
    with pytest.raises(ValueError, match="r, alpha, a, b"):
        BgNbd(0.2, 4.0)
