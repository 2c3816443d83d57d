"""Which forecast is believed and why, and what it says of each customer."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from crm_core.analytics.clv import forecast
from crm_core.analytics.clv.forecast import COLUMNS, Choice, Settings, Terms, choose
from crm_core.analytics.clv.models import MODELS, BgNbd, PurchaseModel
from crm_core.analytics.clv.spend import GammaGamma
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace
from tests.crm_core.analytics.clv import by_definition
from tests.crm_core.analytics.clv.stories import AS_OF, shop
from tests.workspaces import DAY, lines, open_workspace

YEAR = 365.25
BG = Settings("bg_nbd")


@pytest.fixture(scope="module")
def chosen(drawn: Workspace) -> Choice:
    return choose(drawn, AS_OF, BG)


def scored(ws: Workspace, choice: Choice, terms: Terms = Terms()) -> pd.DataFrame:
    return ws.execute(forecast.customers(ws, choice, terms)).set_index("customer_id").sort_index()


def opened(path: Path, rows: pd.DataFrame) -> Workspace:
    return open_workspace(path / "w.duckdb", order_lines=rows)


# -- one customer ------------------------------------------------------------------------------------------------------


def test_one_row_a_customer_by_the_definitions(drawn: Workspace, chosen: Choice):
    table = scored(drawn, chosen)
    assert list(forecast.customers(drawn, chosen).columns) == list(COLUMNS)
    wanted = by_definition.histories(shop(500, seed=7), AS_OF).sort_index()
    wanted[["recency", "T"]] /= 7
    pd.testing.assert_frame_equal(table[list(wanted.columns)], wanted, check_dtype=False, check_names=False)
    assert table["p_alive"].between(0, 1).all()
    assert (table["clv_low"] <= table["clv_high"]).all()


def test_value_is_margin_times_spend_times_discounted_purchases(drawn: Workspace, chosen: Choice):
    table = scored(drawn, chosen, Terms(6, 0.4, 0.15))
    history = (table["frequency"], table["recency"], table["T"])
    until = [0.0]
    until += [chosen.model.conditional_expected_number_of_purchases_up_to_time(k * YEAR / 84, *history) for k in range(1, 7)]
    discounted = sum((until[k] - until[k - 1]) / 1.15 ** (k / 12) for k in range(1, 7))
    p, q, gamma = chosen.valuation.spend.params.values()
    repeat = table["frequency"] > 0
    spend = p * (gamma + (table["frequency"] * table["monetary_value"]).fillna(0)) / (p * table["frequency"] + q - 1)
    assert table["expected_spend"].to_numpy() == pytest.approx(spend.to_numpy())
    assert table["expected_spend"][~repeat].to_numpy() == pytest.approx(np.full((~repeat).sum(), p * gamma / (q - 1)))
    assert table["p_alive"].to_numpy() == pytest.approx(chosen.model.conditional_probability_alive(*history))
    assert table["expected_purchases"].to_numpy() == pytest.approx(until[-1])
    assert table["clv"].to_numpy() == pytest.approx(0.4 * spend.to_numpy() * discounted)


def test_a_negative_margin_swaps_the_bounds(drawn: Workspace, chosen: Choice):
    plus, minus = scored(drawn, chosen, Terms(margin=0.25)), scored(drawn, chosen, Terms(margin=-0.25))
    for one, other in (("clv", "clv"), ("clv_low", "clv_high"), ("clv_high", "clv_low")):
        assert minus[one].to_numpy() == pytest.approx(-plus[other].to_numpy())
    assert (minus["clv_low"] <= minus["clv_high"]).all()


def test_the_margin_comes_from_the_costs_of_the_last_twelve_months(tmp_path: Path):
    rows = shop(30, seed=1, days=300).assign(cost_amount=lambda t: (0.7 * t["net_amount"]).round(4))
    old = lines(("c00000", "old", "2022-06-01", 100.0)).assign(cost_amount=1.0)
    unknown = lines(("c00000", "unknown", "2023-12-01", 1_000.0)).assign(cost_amount=None)
    with opened(tmp_path, pd.concat([rows, old, unknown], ignore_index=True)) as ws:
        choice = choose(ws, AS_OF)
        assert forecast.margin(ws, AS_OF, Terms(margin=None)) == pytest.approx(0.3, abs=1e-4)
        assert forecast.margin(ws, AS_OF, Terms(margin=0.9)) == 0.9
        ratio = scored(ws, choice, Terms(margin=None))["clv"] / scored(ws, choice)["clv"]
        assert ratio.to_numpy() == pytest.approx(np.full(len(ratio), 0.3), abs=1e-4)


def test_without_costs_there_is_no_margin_to_take(drawn: Workspace, chosen: Choice):
    with pytest.raises(AnalysisError, match="no costs"):
        scored(drawn, chosen, Terms(margin=None))


def test_later_returns_lower_the_value(tmp_path: Path):
    rows = shop(30, seed=1, days=300)
    sold = rows["net_amount"].astype(float).sum()
    back = lines(("gone", "r", "2023-12-30", -round(0.2 * sold, 2), -1))
    with opened(tmp_path, rows) as ws:
        plain = scored(ws, choose(ws, AS_OF))
    (tmp_path / "w.duckdb").unlink()
    with opened(tmp_path, pd.concat([rows, back], ignore_index=True)) as ws:
        choice = choose(ws, AS_OF)
        assert choice.spending.lost_share == pytest.approx(0.2, abs=1e-4)
        lower = scored(ws, choice)
    for column in ("clv", "clv_low", "clv_high"):
        assert lower[column].to_numpy() == pytest.approx((1 - choice.spending.lost_share) * plain[column].to_numpy())
    assert lower["expected_spend"].to_numpy() == pytest.approx(plain["expected_spend"].to_numpy())


def test_days_and_weeks_give_the_same_forecast(drawn: Workspace, chosen: Choice):
    in_days = choose(drawn, AS_OF, Settings("bg_nbd", unit="days"))
    assert in_days.model.params["alpha"] == pytest.approx(7 * chosen.model.params["alpha"], rel=1e-5)
    days, weeks = scored(drawn, in_days), scored(drawn, chosen)
    for column in ("p_alive", "expected_purchases", "expected_spend", "clv", "clv_high"):
        assert days[column].to_numpy() == pytest.approx(weeks[column].to_numpy(), rel=1e-4, abs=1e-9)
    assert days["T"].to_numpy() == pytest.approx(7 * weeks["T"].to_numpy())


@pytest.mark.parametrize("seed", [1, 2])
def test_order_of_lines_and_names_of_customers_do_not_matter(drawn: Workspace, chosen: Choice, tmp_path: Path, seed: int):
    names = sorted(shop(500, seed=7)["customer_id"].unique())
    turned = dict(zip(names, names[::-1], strict=True))
    mixed = shop(500, seed=7).sample(frac=1, random_state=seed).assign(customer_id=lambda t: t["customer_id"].map(turned))
    with opened(tmp_path, mixed) as ws:
        again = scored(ws, choose(ws, AS_OF, BG)).rename(index=turned).sort_index()
    table = scored(drawn, chosen)
    for column in COLUMNS[1:]:
        assert again[column].to_numpy() == pytest.approx(table[column].to_numpy(), rel=1e-5, abs=1e-9, nan_ok=True)


# -- which forecast ----------------------------------------------------------------------------------------------------


def test_auto_takes_the_winner_of_the_holdout_fitted_to_all(drawn: Workspace):
    choice = choose(drawn, AS_OF)
    assert choice.holdout is not None
    assert choice.rule == choice.holdout.winner
    assert choice.holdout.cut == AS_OF - timedelta(days=round(500 / 3))
    assert {one.rule for one in choice.holdout.results} == {*MODELS, "same_rate", "last_period"}
    wanted = by_definition.histories(shop(500, seed=7), AS_OF)
    alone = MODELS[choice.rule]().fit(wanted["frequency"], wanted["recency"] / 7, wanted["T"] / 7)
    assert list(choice.model.params.values()) == pytest.approx(list(alone.params.values()), rel=1e-4)
    assert choice.label in choice.reason
    assert choose(drawn, AS_OF) is choice


@pytest.mark.parametrize("name", MODELS)
def test_a_model_asked_for_is_taken(drawn: Workspace, name: str):
    choice = choose(drawn, AS_OF, Settings(name))
    assert (choice.rule, choice.reason, choice.has_p_alive) == (name, "Chosen by you.", True)
    assert list(choice.fits) == [name]


@pytest.mark.parametrize(
    ("rule", "wanted"), [("same_rate", by_definition.same_rate), ("last_period", by_definition.last_period)], ids=["rate", "period"]
)
def test_a_rule_asked_for_forecasts_by_its_definition(drawn: Workspace, rule: str, wanted: object):
    choice = choose(drawn, AS_OF, Settings(rule))
    table = scored(drawn, choice, Terms(6))
    observed = choice.window_days if rule == "last_period" else 0
    frame = wanted(shop(500, seed=7), AS_OF, observed or YEAR / 2).sort_index()  # type: ignore[operator]
    frame *= YEAR / 2 / observed if observed else 1
    assert table["expected_purchases"].to_numpy() == pytest.approx(frame.to_numpy(), abs=1e-6)
    assert table["p_alive"].isna().all()
    assert not choice.has_p_alive


@pytest.mark.parametrize("wrong", [Settings("best"), Settings("nbd"), Settings(engine="theirs")])  # type: ignore[arg-type]
def test_models_and_engines_that_there_are_not_are_refused(drawn: Workspace, wrong: Settings):
    with pytest.raises(AnalysisError, match=wrong.model if wrong.model != "auto" else "theirs"):
        choose(drawn, AS_OF, wrong)


def test_what_came_after_can_be_the_test(drawn: Workspace):
    cut = AS_OF - timedelta(days=60)
    choice = choose(drawn, cut, Settings("bg_nbd", until=AS_OF))
    assert choice.holdout is not None
    assert (choice.holdout.cut, choice.holdout.until) == (cut, AS_OF)
    assert choice.holdout.customers == choice.valuation.histories.total
    assert choice.holdout.results[0].predicted == pytest.approx(scored(drawn, choice, Terms(2))["expected_purchases"].sum(), rel=0.05)


def test_the_correlation_is_spearmans(drawn: Workspace, chosen: Choice):
    repeat = by_definition.histories(shop(500, seed=7), AS_OF).query("monetary_value > 0")
    assert chosen.correlation == pytest.approx(stats.spearmanr(repeat["frequency"], repeat["monetary_value"]).statistic)
    assert chosen.repeat_customers == len(repeat)


# -- where no model can be believed ------------------------------------------------------------------------------------


@pytest.mark.parametrize("customers", [40, 41])
def test_under_a_hundred_repeat_customers_the_own_rate_and_that_of_all_are_mixed(tmp_path: Path, customers: int):
    rows = shop(customers, seed=4)
    with opened(tmp_path, rows) as ws:
        choice = choose(ws, AS_OF)
        assert choice.holdout is None
        table = scored(ws, choice)
    known = by_definition.histories(rows, AS_OF).sort_index()
    rate, middle = known["frequency"].sum() / known["T"].sum(), known["T"].median()
    wanted = (known["frequency"] + rate * middle) / (known["T"] + middle) * YEAR
    assert table["expected_purchases"].to_numpy() == pytest.approx(wanted.to_numpy())
    assert choice.rule == "fallback"
    assert "a model needs 100" in choice.reason
    assert str(int((known["frequency"] > 0).sum())) in choice.reason
    assert table["p_alive"].isna().all()
    assert not choice.has_p_alive


def test_a_standard_error_above_a_fifth_is_too_wide(tmp_path: Path):
    """What five years hold cannot be told from 160 customers in three hundred days."""
    with opened(tmp_path, shop(160, seed=3, days=300)) as ws:
        near, far = (choose(ws, AS_OF, Settings("bg_nbd", holdout_months=months)) for months in (1, 60))
    assert near.rule == "bg_nbd"
    assert far.rule == "fallback"
    assert "standard error" in far.reason
    assert not far.has_p_alive
    assert list(far.fits) == ["bg_nbd"]
    model = near.model
    assert model.top is not None
    assert model.top.covariance is not None
    known = near.valuation.histories

    def total(logs: np.ndarray) -> float:  # type: ignore[type-arg]
        found = model.at(logs).conditional_expected_number_of_purchases_up_to_time(5 * YEAR / 7, known.x, known.t_x, known.T)
        return float(known.customers @ found)

    slopes = np.array([(total(model.logs + step) - total(model.logs - step)) / 2e-4 for step in np.eye(4) * 1e-4])
    error = np.sqrt(slopes @ model.top.covariance @ slopes) / total(model.logs)
    assert error > 0.2
    assert f"{error:.0%}" in far.reason


def test_a_fit_without_an_end_is_not_believed(drawn: Workspace, monkeypatch: pytest.MonkeyPatch):
    def unfinished(name: str, histories: object, engine: str) -> PurchaseModel:
        model = BgNbd().fit([0, 2], [0, 5], [9, 9])
        assert model.top is not None
        model.top = replace(model.top, is_converged=False, covariance=None, reason="the search did not come to an end")
        return model

    monkeypatch.setattr(forecast, "fit_purchases", unfinished)
    choice = choose(drawn, AS_OF, Settings("bg_nbd", holdout_months=0.1))
    assert choice.rule == "fallback"
    assert "the search did not come to an end" in choice.reason
    assert not choice.has_p_alive


@pytest.mark.parametrize("name", ["bg_nbd", "pareto_nbd"])
def test_where_nobody_is_seen_to_leave_the_nbd_forecasts(faithful: Workspace, name: str):
    choice = choose(faithful, AS_OF, Settings(name))
    assert (choice.rule, choice.has_p_alive) == ("nbd", False)
    assert "not identifiable" in choice.reason
    table = scored(faithful, choice)
    assert table["p_alive"].isna().all()
    r, alpha = choice.model.params.values()
    wanted = (r + table["frequency"]) / (alpha + table["T"]) * YEAR / 7
    assert table["expected_purchases"].to_numpy() == pytest.approx(wanted.to_numpy())
    assert choice.holdout is not None
    assert choice.holdout.results[0].reason


def test_where_nothing_was_bought_there_is_nothing_to_forecast(tmp_path: Path):
    with opened(tmp_path, lines(("a", "1", "2024-01-01", -10))) as ws, pytest.raises(AnalysisError, match="No purchases"):
        choose(ws, ws.as_of)


DAILY = lines(*((f"c{who}", f"{who}-{day}", str(date(2021, 1, 1) + timedelta(days=day)), 5) for who in range(3) for day in range(1_100)))
ODD = {
    "one purchase": lines(("a", "1", "2024-01-01", 10)),
    "a single day": lines(*((f"c{who}", str(who), "2024-01-01", 10 + who % 3) for who in range(300))),
    "all alike": lines(*((f"c{who}", f"{who}-{month}", f"2024-0{month}-01", 10) for who in range(120) for month in (1, 2, 3))),
    "for nothing": lines(*(("a", str(day), f"2024-01-0{day}", 0) for day in range(1, 5))),
    "every day for three years": DAILY,
}


@pytest.mark.parametrize(
    ("name", "model"), [*((name, "auto") for name in ODD), ("a single day", "same_rate"), ("every day for three years", "last_period")]
)
def test_odd_data_gets_a_forecast_of_numbers(tmp_path: Path, name: str, model: str):
    with opened(tmp_path, ODD[name]) as ws:
        choice = choose(ws, ws.as_of, Settings(model))
        table = scored(ws, choice, Terms(12, 0.5, 0.1))
    assert choice.reason
    numbers = table[["expected_purchases", "expected_spend", "clv", "clv_low", "clv_high"]]
    assert np.isfinite(numbers.to_numpy(dtype=float)).all()
    assert (numbers >= 0).all(axis=None)
    assert (table["clv_low"] <= table["clv_high"]).all()


def test_where_spend_has_no_mean_customers_get_that_of_all_purchases(tmp_path: Path):
    rows = shop(400, seed=6, days=300, spend=(0.35, 0.55, 4.0))
    with opened(tmp_path, rows) as ws:
        choice = choose(ws, AS_OF, BG)
        table = scored(ws, choice)
    p, q, _ = choice.valuation.spend.params.values()
    assert q <= 1
    assert any("no mean" in note for note in choice.notes)
    days = by_definition.by_day(rows, AS_OF)
    has_mean = p * table["frequency"] + q > 1
    assert has_mean.any()
    assert not has_mean[table["frequency"] == 1].any()
    assert table["expected_spend"][~has_mean].to_numpy() == pytest.approx(np.full((~has_mean).sum(), days["value"].mean()))
    assert (table["clv"] / table["expected_purchases"])[~has_mean].to_numpy() == pytest.approx(
        np.full((~has_mean).sum(), days["value"].mean())
    )
    own = GammaGamma(*choice.valuation.spend.params.values())
    wanted = own.conditional_expected_average_profit(table["frequency"][has_mean], table["monetary_value"][has_mean])
    assert table["expected_spend"][has_mean].to_numpy() == pytest.approx(wanted)


def test_spend_that_cannot_be_modelled_is_taken_to_be_alike(tmp_path: Path):
    rows = shop(140, seed=3, days=300).assign(net_amount=10.0)
    with opened(tmp_path, rows) as ws:
        choice = choose(ws, AS_OF, BG)
        table = scored(ws, choice)
    assert choice.spend_fit is None
    assert any("alike" in note for note in choice.notes)
    mean = by_definition.by_day(rows, AS_OF)["value"].mean()  # two orders of a day are worth 20
    assert table["expected_spend"].to_numpy() == pytest.approx(np.full(len(table), mean), rel=1e-5)


def test_days_of_nobody_known_are_not_forecast(drawn: Workspace):
    """Customers of later days are no customers yet."""
    early = AS_OF - timedelta(days=300)
    rows = shop(500, seed=7)
    known = rows.loc[pd.to_datetime(rows[DAY]) < pd.Timestamp(early), "customer_id"].nunique()
    assert len(scored(drawn, choose(drawn, early, BG))) == known
