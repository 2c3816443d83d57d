"""Value, interval, variance and slopes of single histories: against distributions computed in full, customers drawn, and differences."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special

from crm_core.analytics.clv.models import BgNbd, MbgNbd, Nbd, ParetoNbd, PurchaseModel, SameRate
from crm_core.analytics.clv.scoring import Outlook, Valuation
from crm_core.analytics.clv.spend import GammaGamma, everybody_alike
from crm_core.analytics.clv.units import Unit
from tests.crm_core.analytics.clv import stories
from tests.crm_core.analytics.clv.stories import Floats, counted_in_days

SPEND = GammaGamma(6.25, 3.74, 15.44)
MEAN = 35.0
STORIES: dict[str, PurchaseModel] = {
    "bg_nbd": BgNbd(0.243, 4.414, 0.793, 2.426),
    "mbg_nbd": MbgNbd(0.525, 6.183, 0.891, 1.614),
    "pareto_nbd": ParetoNbd(0.553, 10.578, 0.606, 11.669),
}
MODELS = {**{model.LABEL: model for model in STORIES.values()}, "BG/NBD a + b < 1": BgNbd(0.25, 4.0, 0.3, 0.4), "NBD": Nbd(0.7, 20.0)}
by_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
#: Days of 0 to 90 purchases: of today, of long ago, silent for a day and for a year.
X, T_X, T = [0, 0, 1, 1, 2, 4, 9, 30, 90, 3], [0, 0, 3, 200, 100, 300, 120, 350, 499, 5], [0, 400, 10, 210, 480, 301, 500, 360, 500, 370]
ROWS = counted_in_days(X, T_X, T)


@pytest.fixture(autouse=True)
def _loud() -> Iterator[None]:
    with warnings.catch_warnings(), np.errstate(over="raise", invalid="raise", divide="raise"):
        warnings.simplefilter("error")
        yield


def outlook(model: PurchaseModel, months: int = 12, spend: GammaGamma = SPEND, mean: float = MEAN) -> Outlook:
    return Outlook(Valuation(model, spend, ROWS, mean), months)


def quantile(model: PurchaseModel, spend: GammaGamma, row: int, t: float, level: float) -> float:
    """Of spend / γ′ in the next t, from all probabilities of counts and the distribution of spend given each."""
    history = (ROWS.x[row], ROWS.t_x[row], ROWS.T[row])
    p, q, _ = spend.params.values()
    n = np.arange(1, 1_500)
    chances = np.array(model.conditional_probability_alive(*history) * model.alive(ROWS.x[[row]], ROWS.T[[row]]).pmf(t, n[-1])[0, 1:])
    none = 1 - chances.sum()
    if none >= level:
        return 0.0
    above = optimize.brentq(
        lambda ln: none + chances @ special.betainc(p * n, q + p * history[0], special.expit(ln)) - level, -30, 30, xtol=1e-12
    )
    return float(np.exp(above))


@pytest.mark.parametrize(
    ("model", "months"), [*((model, 12) for model in MODELS.values()), (MODELS["BG/NBD"], 1)], ids=[*MODELS.keys(), "a month"]
)
def test_bounds_are_the_quantiles_of_the_whole_distribution(model: PurchaseModel, months: int):
    found = outlook(model, months)
    for bounds, level in zip(found.bounds, (0.05, 0.95), strict=True):
        wanted = [quantile(model, SPEND, row, found.times[-1], level) for row in range(len(X))]
        assert bounds == pytest.approx(wanted, rel=0.01)
        assert [one == 0 for one in bounds] == [one == 0 for one in wanted]


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("days", [(0, 0, 400), (1, 200, 210), (4, 180, 301)], ids=["bought once", "bought again", "bought often"])
def test_bounds_hold_90_percent_of_drawn_customers(name: str, days: tuple[int, int, int]):
    model, rng, own = STORIES[name], np.random.default_rng(days[0]), 28.0
    one = counted_in_days(*([figure] for figure in days))
    factors = Outlook(Valuation(model, SPEND, one, MEAN), 6).factors(0.0).iloc[0]
    history = (one.x[0], one.t_x[0], one.T[0])
    _, count = stories.drawn_futures(name, tuple(model.params.values()), history, 365.25 / 14, rng, 150_000)  # type: ignore[arg-type]
    worth = stories.drawn_spend((6.25, 3.74, 15.44), history[0], own, count, rng)
    scale = 15.44 + history[0] * own
    assert np.mean(worth <= factors["high"] * scale) == pytest.approx(max(0.95, np.mean(worth == 0)), abs=0.004)
    if factors["low"] > 0:
        assert np.mean(worth < factors["low"] * scale) == pytest.approx(0.05, abs=0.004)
    else:
        assert np.mean(worth == 0) >= 0.045
    assert factors["value"] * scale == pytest.approx(worth.mean(), rel=0.04)
    assert factors["expected_purchases"] == pytest.approx(count.mean(), rel=0.03)
    assert factors["variance"] * scale**2 == pytest.approx(worth.var(), rel=0.25)


@by_model
def test_the_variance_is_that_of_the_whole_distribution(model: PurchaseModel):
    found = outlook(model, 3)
    n = np.arange(601)
    chances = found.valuation.p_alive[:, None] * model.alive(ROWS.x, ROWS.T).pmf(found.times[-1], n[-1])
    tail = 3.74 + 6.25 * ROWS.x[:, None]
    first, second = 6.25 * n / (tail - 1), 6.25 * n * (6.25 * n + 1) / ((tail - 1) * (tail - 2))
    variance = (chances * second).sum(axis=1) - (chances * first).sum(axis=1) ** 2
    assert found.factors(0.0)["variance"].to_numpy() == pytest.approx(variance, rel=0.02)


@by_model
def test_months_are_discounted_from_their_ends(model: PurchaseModel):
    found, history = outlook(model, 3), (ROWS.x, ROWS.t_x, ROWS.T)
    until = [np.zeros(len(X))]
    until += [model.conditional_expected_number_of_purchases_up_to_time(month * 365.25 / 84, *history) for month in range(1, 4)]
    level = [(until[month] - until[month - 1]) / 1.2 ** (month / 12) for month in range(1, 4)]
    spend = SPEND.conditional_expected_average_profit(ROWS.x, np.full(len(X), 30.0)) / (15.44 + ROWS.x * 30)
    factors, plain = found.factors(0.2), found.factors(0.0)
    assert factors["value"].to_numpy() == pytest.approx(np.sum(level, axis=0) * spend)
    assert factors["expected_purchases"].to_numpy() == pytest.approx(until[-1])
    assert factors["spend_factor"].to_numpy() == pytest.approx(spend)
    ratio = np.sum(level, axis=0) / until[-1]
    for column in ("low", "high"):
        assert factors[column].to_numpy() == pytest.approx(plain[column].to_numpy() * ratio)
    assert factors["variance"].to_numpy() == pytest.approx(plain["variance"].to_numpy() * ratio**2)


def value(model: PurchaseModel, spend: GammaGamma, rate: float) -> Floats:
    found = outlook(model, 3, spend)
    return found.valuation.p_alive * found.discounted(rate)[found.valuation.pairs[2]] * found.valuation.spend_factor


@by_model
def test_slopes_are_those_of_finite_differences(model: PurchaseModel):
    for rate in (0.0, 0.3):
        factors = outlook(model, 3).factors(rate)
        for name, step in zip(model.NAMES, np.eye(len(model.NAMES)) * 1e-4, strict=True):
            above, below = (value(model.at(model.logs + move), SPEND, rate) for move in (step, -step))
            assert factors[f"slope_{name}"].to_numpy() == pytest.approx(np.log(above / below) / 2e-4, abs=0.01)
        for place, name in enumerate(("p", "q")):
            step = np.eye(3)[place] * 1e-4
            above, below = (value(model, GammaGamma(*np.exp(SPEND.logs + move)), rate) for move in (step, -step))
            assert factors[f"slope_{name}"].to_numpy() == pytest.approx(np.log(above / below) / 2e-4, abs=1e-5)


def test_where_spend_has_no_variance_none_is_given():
    factors = outlook(STORIES["bg_nbd"], 1, GammaGamma(0.5, 1.6, 30.0)).factors(0.0)
    assert factors["is_heavy"].tolist() == [x == 0 for x in ROWS.x]  # 1.6 + 0.5 x is above 2 from x = 1 on
    assert (factors["variance"] > 0).tolist() == [x > 0 for x in ROWS.x]


def test_where_spend_has_no_mean_that_of_all_purchases_stands_in():
    factors = outlook(STORIES["bg_nbd"], 1, GammaGamma(0.5, 0.8, 30.0), mean=99.0).factors(0.0)
    assert factors["spend_factor"].to_numpy()[:2] * 30.0 == pytest.approx([99, 99])
    assert factors["spend_factor"].to_numpy()[2] == pytest.approx(0.5 / (0.5 + 0.8 - 1))


#: Of up to 1,200 purchases in 1,300 days.
EXTREME = counted_in_days([0, 0, 1, 1_200, 700, 221], [0, 0, 3, 1_290, 720, 724], [0, 2_000, 2_000, 1_300, 728, 725])


@pytest.mark.parametrize(
    ("model", "spend"),
    [
        *((model, SPEND) for model in MODELS.values()),
        (BgNbd(0.2, 4.0, 1.0, 2.0), GammaGamma(1.0, 0.7, 5.0)),
        (ParetoNbd(0.5, 10.0, 1.0, 10.0), everybody_alike(30.0, 40.0)),
        (SameRate(), everybody_alike(30.0, 0.0)),
    ],
    ids=lambda one: f"{one.LABEL} {list(one.params.values())}",
)
def test_extreme_histories_get_numbers(model: PurchaseModel, spend: GammaGamma):
    months = 120 if isinstance(model, Nbd) else 2  # of the others ten years take long
    factors = Outlook(Valuation(model, spend, EXTREME, MEAN), months).factors(0.1)
    assert np.all(np.isfinite(factors.to_numpy(dtype=float)))
    assert np.all((factors["low"] <= factors["high"]) & (factors["low"] >= 0) & (factors["variance"] >= 0))
    assert np.all((factors["p_alive"] >= 0) & (factors["p_alive"] <= 1))


@settings(max_examples=5)
@given(
    st.sampled_from(list(MODELS.values())),
    st.lists(st.tuples(st.integers(0, 60), st.floats(0, 1), st.integers(0, 700)), min_size=1, max_size=8),
    st.integers(1, 2),
    st.floats(0, 1),
)
def test_bounds_are_in_order_and_a_customer_is_valued_alone_as_among_others(
    model: PurchaseModel, customers: list[tuple[int, float, int]], months: int, rate: float
):
    rows = [(min(x, T), T) for x, _, T in customers]
    t_x = [max(x, int(share * T)) if x else 0 for (x, T), (_, share, _) in zip(rows, customers, strict=True)]
    histories = counted_in_days([x for x, _ in rows], t_x, [T for _, T in rows])
    factors = Outlook(Valuation(model, SPEND, histories, MEAN), months).factors(rate)
    assert np.all((factors["low"] >= 0) & (factors["low"] <= factors["high"]))
    assert np.all((factors["p_alive"] >= 0) & (factors["p_alive"] <= 1))
    alone = Outlook(Valuation(model, SPEND, counted_in_days([rows[0][0]], t_x[:1], [rows[0][1]]), MEAN), months).factors(rate).iloc[0]
    among = factors.set_index("history").loc[[alone["history"]]].iloc[0]
    for column in ("value", "expected_purchases", "p_alive"):
        assert alone[column] == pytest.approx(among[column])
    for column in ("low", "high"):
        assert alone[column] == pytest.approx(among[column], rel=0.02, abs=1e-9)


@pytest.mark.parametrize("name", STORIES)
def test_days_and_weeks_give_the_same_forecast(name: str):
    r, alpha, first, second = STORIES[name].params.values()
    in_days = type(STORIES[name])(r, 7 * alpha, first, 7 * second if name == "pareto_nbd" else second)
    found = {}
    for unit, model in (("weeks", STORIES[name]), ("days", in_days)):
        histories = counted_in_days(X, T_X, T, unit=unit)  # type: ignore[arg-type]
        found[unit] = Outlook(Valuation(model, SPEND, histories, MEAN), 2).factors(0.1)
    for column in found["weeks"].columns.drop("is_heavy"):
        assert found["days"][column].to_numpy() == pytest.approx(found["weeks"][column].to_numpy(), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("unit", ["days", "weeks"])
def test_a_rule_expects_its_rate(unit: Unit):
    factors = Outlook(Valuation(SameRate(), SPEND, counted_in_days(X, T_X, T, unit=unit), MEAN), 12).factors(0.0)
    frame = {(x, t): x / t * 365.25 if t else 0.0 for x, t in zip(X, T, strict=True)}
    histories = counted_in_days(X, T_X, T, unit="days")
    wanted = [frame[int(x), int(t)] for x, t in zip(histories.x, histories.T, strict=True)]
    assert factors["expected_purchases"].to_numpy() == pytest.approx(wanted)
