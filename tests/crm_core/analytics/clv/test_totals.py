"""What customers are worth together: sums, and their intervals against drawing every customer."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import partial
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest

from crm_core.analytics.clv import forecast, totals
from crm_core.analytics.clv.forecast import Choice, Settings, Terms, choose
from crm_core.analytics.clv.holdout import Holdout
from crm_core.analytics.clv.spend import GammaGamma
from crm_core.workspace import Workspace
from tests.crm_core.analytics.clv import stories
from tests.crm_core.analytics.clv.stories import AS_OF, Floats, shop
from tests.workspaces import open_workspace

TERMS = Terms(12, 0.5, 0.1)


@pytest.fixture(scope="module")
def chosen(drawn: Workspace) -> Choice:
    """Without a holdout, so that no error of it widens an interval."""
    return replace(choose(drawn, AS_OF, Settings("bg_nbd")), _test=lambda: None)


@pytest.fixture
def _sure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parameters are known: chance alone is left."""
    monkeypatch.setattr(Choice, "covariance", lambda choice: np.zeros((len(choice.model.NAMES) + 3,) * 2))


def scored(ws: Workspace, choice: Choice, terms: Terms = TERMS) -> pd.DataFrame:
    return ws.execute(forecast.customers(ws, choice, terms)).set_index("customer_id").sort_index()


def drawn_values(table: pd.DataFrame, choice: Choice, terms: Terms, draws: int) -> Floats:
    """What each customer buys and spends in the horizon, drawn event by event; shape (draws, customers)."""
    rng = np.random.default_rng(17)
    r, alpha, a, b = choice.model.params.values()
    p, q, gamma = choice.valuation.spend.params.values()
    shape = (draws, len(table))
    x, T, alive = (np.broadcast_to(table[column].to_numpy(), shape).ravel() for column in ("frequency", "T", "p_alive"))
    own = np.broadcast_to((gamma + (table["frequency"] * table["monetary_value"]).fillna(0)).to_numpy(), shape).ravel()
    count = stories.bought("bg_nbd", terms.months * 365.25 / 84, rng.gamma(r + x) / (alpha + T), rng.beta(a, b + x), rng)
    count *= rng.random(len(x)) < alive
    spent = np.where(count > 0, rng.gamma(np.maximum(p * count, 1e-9)) / rng.gamma(q + p * x) * own, 0.0).reshape(shape)
    scale = table["clv"] / (table["expected_purchases"] * table["expected_spend"])  # margin and discount
    return spent * scale.to_numpy()


def test_figures_are_sums_over_customers(drawn: Workspace, chosen: Choice):
    table, found = scored(drawn, chosen), totals.total(drawn, chosen, TERMS)
    assert found["customers"] == len(table) == 501
    assert found["value"] == pytest.approx(table["clv"].sum())
    assert found["purchases"] == pytest.approx(table["expected_purchases"].sum())
    assert found["active"] == pytest.approx(table["p_alive"].sum())
    assert found["low"] > table["clv_low"].sum()  # never the sum of customers' bounds
    assert found["high"] < table["clv_high"].sum()


@pytest.mark.usefixtures("_sure")
def test_the_interval_of_a_total_is_that_of_drawn_totals(drawn: Workspace, chosen: Choice):
    found = totals.total(drawn, chosen, TERMS)
    sums = drawn_values(scored(drawn, chosen), chosen, TERMS, 1_500).sum(axis=1)
    assert found["value"] == pytest.approx(sums.mean(), abs=4 * sums.std() / np.sqrt(len(sums)))
    assert (found["high"] - found["low"]) / 2 == pytest.approx(1.645 * sums.std(), rel=0.08)
    assert found["high"] - found["value"] == pytest.approx(found["value"] - found["low"])


def test_the_interval_holds_the_uncertainty_of_the_parameters(drawn: Workspace, chosen: Choice):
    table, covariance = scored(drawn, chosen), chosen.covariance()
    history = (table["frequency"], table["recency"], table["T"])
    logs = np.concatenate([chosen.model.logs, chosen.valuation.spend.logs])
    weight = table["clv"] / (table["expected_purchases"] * table["expected_spend"])

    def value(logs: Floats) -> float:
        """Discounts hardly depend on the parameters, and are kept."""
        until = chosen.model.at(logs[:4]).conditional_expected_number_of_purchases_up_to_time(365.25 / 7, *history)
        spend = GammaGamma(*np.exp(logs[4:])).conditional_expected_average_profit(table["frequency"], table["monetary_value"].fillna(0))
        return float((until * spend * weight).sum())

    slopes = np.array([(value(logs + step) - value(logs - step)) / 2e-4 for step in np.eye(7) * 1e-4])
    variance = drawn.execute(forecast.scored(drawn, chosen, TERMS).variance.sum())
    found = totals.total(drawn, chosen, TERMS)
    assert covariance.shape == (7, 7)
    assert slopes @ covariance @ slopes > 0.2 * variance
    assert (found["high"] - found["low"]) / 2 == pytest.approx(1.645 * np.sqrt(variance + slopes @ covariance @ slopes), rel=0.02)


@pytest.mark.usefixtures("_sure")
@pytest.mark.parametrize("customers", [1, 20, 99])
def test_sums_of_few_customers_are_drawn(drawn: Workspace, chosen: Choice, customers: int):
    everybody = scored(drawn, chosen)
    table = everybody.sort_values("clv").iloc[-customers - 30 : -30].sort_index()
    found = totals.total(drawn, chosen, TERMS, ibis.memtable({"customer_id": table.index.to_list()}))
    sums = drawn_values(table, chosen, TERMS, 4_000).sum(axis=1)
    assert found["customers"] == customers
    assert found["value"] == pytest.approx(table["clv"].sum())
    near = 0.25 * sums.std()
    assert (found["low"], found["high"]) == (
        pytest.approx(np.quantile(sums, 0.05), abs=near),
        pytest.approx(np.quantile(sums, 0.95), abs=near),
    )
    assert found["high"] - found["value"] != pytest.approx(found["value"] - found["low"], rel=0.01)  # not taken to be normal
    again = totals.total(drawn, chosen, TERMS, ibis.memtable({"customer_id": table.index.to_list()}))
    assert again.to_dict() == found.to_dict()


@pytest.mark.usefixtures("_sure")
def test_one_customer_alone_has_the_interval_of_the_list(drawn: Workspace, chosen: Choice):
    one = scored(drawn, chosen).sort_values("clv").iloc[[-5]]
    found = totals.total(drawn, chosen, TERMS, ibis.memtable({"customer_id": one.index.to_list()}))
    near = 0.1 * (one["clv_high"].iloc[0] - one["clv_low"].iloc[0])
    assert found["low"] == pytest.approx(one["clv_low"].iloc[0], abs=near)
    assert found["high"] == pytest.approx(one["clv_high"].iloc[0], abs=near)


def ranked_shop(path: Path, customers: int) -> Workspace:
    """Spend without a variance (q is below 2); the ids are in the order of net sales, smallest first."""
    rows = shop(customers, seed=12, days=300, spend=(4.0, 1.6, 20.0))
    ranks = rows.groupby("customer_id")["net_amount"].sum().rank(method="first").astype(int)
    return open_workspace(path / "w.duckdb", order_lines=rows.assign(customer_id=rows["customer_id"].map(ranks).map("{:05d}".format)))


@pytest.mark.usefixtures("_sure")
@pytest.mark.parametrize("customers", [500, 2_800], ids=["all drawn", "a sample drawn"])
def test_where_spend_has_no_variance_sums_are_drawn(tmp_path: Path, customers: int):
    with ranked_shop(tmp_path, customers) as ws:
        choice = replace(choose(ws, AS_OF, Settings("bg_nbd")), _test=lambda: None)
        assert choice.rule == "bg_nbd"
        assert choice.valuation.spend.params["q"] < 2
        found = totals.total(ws, choice, TERMS)
        sums = drawn_values(scored(ws, choice), choice, TERMS, 600_000 // customers).sum(axis=1)
    low, high = np.quantile(sums, [0.05, 0.95])
    assert found["value"] - found["low"] == pytest.approx(found["value"] - low, rel=0.25)
    assert found["high"] - found["value"] == pytest.approx(high - found["value"], rel=0.25)


@pytest.mark.parametrize("drawn_at_most", [4, 40, 2_000])
def test_who_is_drawn_follows_from_values_and_ids_alone(
    drawn: Workspace, chosen: Choice, monkeypatch: pytest.MonkeyPatch, drawn_at_most: int
):
    monkeypatch.setattr(totals, "DRAWN", drawn_at_most)
    large, others = totals._chosen(drawn, forecast.scored(drawn, chosen, TERMS))
    table = scored(drawn, chosen).reset_index()
    by_value = table.assign(size=-table["clv"].abs()).sort_values(["size", "customer_id"])["customer_id"].tolist()
    rest = sorted(by_value[drawn_at_most // 2 :], key=lambda one: hashlib.md5(one.encode(), usedforsecurity=False).hexdigest())
    assert large["customer_id"].tolist() == by_value[: drawn_at_most // 2]
    assert others["customer_id"].tolist() == rest[: drawn_at_most - len(large)]
    assert len(large) + len(others) == min(drawn_at_most, len(table))


def test_an_interval_is_at_least_as_wide_as_the_holdout_was_wrong(drawn: Workspace, chosen: Choice):
    tested = choose(drawn, AS_OF, Settings("bg_nbd")).holdout
    assert tested is not None
    narrow, value = totals.total(drawn, chosen, TERMS), totals.total(drawn, chosen, TERMS)["value"]
    for wrong in (-0.6, 0.6, 0.001):
        results = tuple(replace(one, predicted=(1 + wrong) * one.actual) if one.rule == "bg_nbd" else one for one in tested.results)
        choice = replace(chosen, _test=partial(replace, tested, results=results))
        found = totals.total(drawn, choice, TERMS)
        assert totals.holdout_error(choice) == pytest.approx(abs(wrong))
        assert found["low"] == pytest.approx(min(narrow["low"], (1 - abs(wrong)) * value))
        assert found["high"] == pytest.approx(max(narrow["high"], (1 + abs(wrong)) * value))


def test_the_nbd_is_judged_by_the_model_in_whose_place_it_is(faithful: Workspace):
    choice = choose(faithful, AS_OF, Settings("pareto_nbd"))
    assert choice.rule == "nbd"
    assert isinstance(choice.holdout, Holdout)
    judged = choice.holdout.of("pareto_nbd")
    assert judged is not None
    assert judged.error_of_total is not None
    assert totals.holdout_error(choice) == abs(judged.error_of_total) > 0


def test_a_negative_margin_mirrors_the_interval(drawn: Workspace, chosen: Choice):
    plus, minus = (totals.total(drawn, chosen, Terms(12, margin)) for margin in (0.3, -0.3))
    assert (minus["value"], minus["low"], minus["high"]) == pytest.approx((-plus["value"], -plus["high"], -plus["low"]))


def test_groups_add_up_to_the_total(drawn: Workspace, chosen: Choice):
    table = scored(drawn, chosen)
    kinds = table["frequency"].clip(upper=3).map({0: "none", 1: "one", 2: "two", 3: "more"})
    groups = ibis.memtable({"customer_id": table.index[:-50].to_list(), "group": kinds[:-50].to_list()})
    found = totals.by(drawn, chosen, TERMS, groups)
    assert found["value"].is_monotonic_decreasing
    by_group = found.set_index(found["group"].fillna("nobody's"))
    for name in ("none", "one", "two", "more"):
        own = table[:-50][kinds[:-50] == name]
        assert by_group.loc[name, ["customers", "value"]].tolist() == pytest.approx([len(own), own["clv"].sum()])
    assert by_group.loc["nobody's", ["customers", "value"]].tolist() == pytest.approx([50, table["clv"][-50:].sum()])
    assert ((found["low"] <= found["value"]) & (found["value"] <= found["high"])).all()
    assert len(totals.by(drawn, chosen, TERMS, groups, most=2)) == 2
    few = totals.by(drawn, chosen, TERMS, groups, ibis.memtable({"customer_id": table.index[:10].to_list()}))
    assert few["customers"].sum() == 10


def test_nobody_is_worth_nothing(drawn: Workspace, chosen: Choice):
    nobody = totals.total(drawn, chosen, TERMS, ibis.memtable({"customer_id": ["nobody"]}))
    assert nobody[["customers", "purchases", "value", "low", "high"]].tolist() == [0, 0, 0, 0, 0]
