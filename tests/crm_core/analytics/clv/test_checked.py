"""The library lifetimes and we: the same parameters, and the same predictions by them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from crm_core.analytics.clv import checked, customers
from crm_core.analytics.clv.checked import fit_purchases, fit_spend
from crm_core.analytics.clv.customers import Histories
from crm_core.analytics.clv.forecast import Settings, choose
from crm_core.analytics.clv.models import MODELS, PurchaseModel
from crm_core.analytics.clv.spend import GammaGamma
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace
from tests.crm_core.analytics.clv import stories
from tests.crm_core.analytics.clv.stories import AS_OF

pytestmark = pytest.mark.filterwarnings("ignore::Warning:lifetimes", "ignore:The 'mode.chained_assignment'")

PARAMS: dict[str, stories.Params] = {
    "bg_nbd": (0.8, 6.0, 0.9, 2.5),
    "mbg_nbd": (0.8, 6.0, 0.5, 2.5),
    "pareto_nbd": (0.6, 8.0, 0.6, 12.0),
}
SPEND = (6.25, 3.74, 15.44)


def drawn_histories(name: str, seed: int) -> Histories:
    """In whole days, each customer a row of its own or shared."""
    x, t_x, T = stories.drawn_histories(name, PARAMS[name], 80.0, np.random.default_rng(seed), 800)
    in_days = [(int(often), int(7 * last) + 1 if often else 0, int(7 * age) + 2) for often, last, age in zip(x, t_x, T, strict=True)]
    shared = pd.Series(in_days).value_counts()
    return stories.counted_in_days(*map(list, zip(*shared.index, strict=True)), customers=shared.to_list())  # type: ignore[arg-type]


def theirs(name: str, params: list[float]) -> object:
    """Their model with these parameters."""
    fitter = checked._fitters()[name]()
    fitter.params_ = pd.Series(params, index=MODELS[name].NAMES)
    fitter.predict = fitter.conditional_expected_number_of_purchases_up_to_time
    return fitter


@pytest.mark.parametrize(("name", "seed"), [("bg_nbd", 1), ("bg_nbd", 2), ("mbg_nbd", 1), ("mbg_nbd", 2), ("pareto_nbd", 2)])
def test_both_find_the_same_top(name: str, seed: int):
    histories = drawn_histories(name, seed)
    own, other = fit_purchases(name, histories), fit_purchases(name, histories, "lifetimes")
    assert own.is_identified
    assert fit_purchases(name, histories, "lifetimes").params == other.params
    assert list(other.params.values()) == pytest.approx(list(own.params.values()), rel=0.02)
    assert list(other.standard_errors.values()) == pytest.approx(list(own.standard_errors.values()), rel=0.05)  # type: ignore[arg-type]
    assert own.top is not None
    assert other.top is not None
    assert other.top.log_likelihood <= own.top.log_likelihood + 1e-12  # ours is the top
    assert other.top.log_likelihood == pytest.approx(own.top.log_likelihood, abs=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_both_predict_the_same_of_a_customer(name: str):
    model: PurchaseModel = MODELS[name](*PARAMS[name])
    other = theirs(name, list(PARAMS[name]))
    x, t_x, T = (np.array(one, dtype=float) for one in ([0, 1, 2, 7, 20], [0, 5, 30, 38, 60], [40, 30, 30.5, 40, 61]))
    for t in (1.0, 39.0):
        expected = other.conditional_expected_number_of_purchases_up_to_time(t, x, t_x, T)  # type: ignore[attr-defined]
        assert model.conditional_expected_number_of_purchases_up_to_time(t, x, t_x, T) == pytest.approx(np.asarray(expected), rel=1e-8)
        assert model.expected_number_of_purchases_up_to_time(t) == pytest.approx(other.expected_number_of_purchases_up_to_time(t))  # type: ignore[attr-defined]
    alive = other.conditional_probability_alive(x, t_x, T)  # type: ignore[attr-defined]
    assert model.conditional_probability_alive(x, t_x, T) == pytest.approx(np.asarray(alive), rel=1e-8)


def test_both_count_purchases_of_new_customers_alike():
    for name in ("bg_nbd", "mbg_nbd"):
        other = theirs(name, list(PARAMS[name]))
        for n in (0, 1, 4):
            chance = other.probability_of_n_purchases_up_to_time(39.0, n)  # type: ignore[attr-defined]
            assert MODELS[name](*PARAMS[name]).probability_of_n_purchases_up_to_time(39.0, n) == pytest.approx(float(chance), rel=1e-8)


def test_both_fit_and_expect_the_same_spend():
    rng = np.random.default_rng(8)
    x = 1.0 + rng.poisson(2.0, 1_500)
    mean = rng.gamma(SPEND[0] * x) / rng.gamma(SPEND[1], 1 / SPEND[2], len(x)) / x
    own, other = fit_spend(x, mean), fit_spend(x, mean, "lifetimes")
    assert own is not None
    assert other is not None
    assert list(other.params.values()) == pytest.approx(list(own.params.values()), rel=0.02)
    from lifetimes import GammaGammaFitter

    fitter = GammaGammaFitter()
    fitter.params_ = pd.Series(SPEND, index=["p", "q", "v"])
    expected = fitter.conditional_expected_average_profit(pd.Series(x), pd.Series(mean))
    assert GammaGamma(*SPEND).conditional_expected_average_profit(x, mean) == pytest.approx(expected.to_numpy())
    assert fit_spend(np.array([]), np.array([])) is None


@pytest.mark.parametrize(("freq", "month"), [("W", 4.345), ("D", 30.0)])
def test_their_lifetime_value_is_ours_once_the_month_is_theirs(freq: str, month: float):
    """Of data in weeks, their default "D" makes months of 30 weeks."""
    from lifetimes.utils import _customer_lifetime_value

    history = [pd.Series(one, dtype=float) for one in ([0, 1, 7], [0, 20, 38], [40, 30, 40])]
    worth = pd.Series([35.0, 20.0, 50.0])
    found = _customer_lifetime_value(theirs("bg_nbd", list(PARAMS["bg_nbd"])), *history, worth, 12, 0.01, freq=freq)
    model = MODELS["bg_nbd"](*PARAMS["bg_nbd"])
    until = [model.conditional_expected_number_of_purchases_up_to_time(k * month, *history) for k in range(13)]
    ours = worth * sum((until[k] - until[k - 1]) / 1.01**k for k in range(1, 13))
    assert ours.to_numpy() == pytest.approx(found.to_numpy(), rel=1e-8)


def test_a_forecast_by_their_fit_is_ours(drawn: Workspace):
    own, other = (choose(drawn, AS_OF, Settings("bg_nbd", engine)) for engine in ("own", "lifetimes"))  # type: ignore[arg-type]
    assert list(other.model.params.values()) == pytest.approx(list(own.model.params.values()), rel=1e-3)


def test_where_lifetimes_gives_up_words_are_left_and_nothing_on_standard_output(faithful: Workspace, capsys: pytest.CaptureFixture[str]):
    histories = customers.counted(faithful, customers.histories(faithful, AS_OF), "weeks")
    with pytest.raises(AnalysisError, match="lifetimes cannot fit"):
        fit_purchases("bg_nbd", histories, "lifetimes")
    assert capsys.readouterr().out == ""
