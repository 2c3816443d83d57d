"""The summary of a forecast: everything in it is the forecast's, as JSON knows it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from crm_core.analytics.clv import forecast, totals
from crm_core.analytics.clv.forecast import Choice, Settings, Terms, choose
from crm_core.analytics.clv.models import Nbd
from crm_core.analytics.clv.summary import summary, verdict
from crm_core.workspace import Workspace
from tests.crm_core.analytics.clv.stories import AS_OF

TERMS = Terms(12, 0.5, 0.1)


@pytest.fixture(scope="module")
def chosen(drawn: Workspace) -> Choice:
    return choose(drawn, AS_OF)


def test_it_is_json_and_tells_what_was_chosen(drawn: Workspace, chosen: Choice):
    found = summary(drawn, chosen, TERMS)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert (found["model"], found["reason"], found["unit"], found["as_of"]) == (chosen.rule, chosen.reason, "weeks", "2024-01-01")
    assert found["customers"] == 501
    assert found["convergence"]["is_identified"] is True
    assert found["convergence"]["reason"] == ""


def test_parameters_have_their_standard_errors(drawn: Workspace, chosen: Choice):
    found = summary(drawn, chosen, TERMS)["parameters"]
    assert chosen.spend_fit is not None
    assert list(found) == [*chosen.model.NAMES, "p", "q", "gamma"]
    for model in (chosen.model, chosen.spend_fit):
        for name, value in model.params.items():
            assert found[name] == {"estimate": value, "standard_error": model.standard_errors[name]}
            assert found[name]["standard_error"] > 0


def test_log_likelihoods_are_those_of_all_customers(drawn: Workspace, chosen: Choice):
    table = drawn.execute(forecast.customers(drawn, chosen))
    found = summary(drawn, chosen, TERMS)
    assert found["log_likelihood"] == pytest.approx(chosen.model.log_likelihood(table["frequency"], table["recency"], table["T"]).sum())
    assert chosen.spend_fit is not None
    assert chosen.spend_fit.top is not None
    assert found["spend_log_likelihood"] == pytest.approx(chosen.spend_fit.top.log_likelihood * (table["monetary_value"] > 0).sum())


def test_totals_are_those_of_all_customers(drawn: Workspace, chosen: Choice):
    found, row = summary(drawn, chosen, TERMS)["totals"], totals.total(drawn, chosen, TERMS)
    for name in ("value", "low", "high", "purchases"):
        assert found[name] == row[name]
    assert found["active_customers"] == row["active"]
    assert (found["horizon_months"], found["margin"], found["discount_rate"], found["later_returns_share"]) == (12, 0.5, 0.1, 0)


@pytest.mark.parametrize(("months", "is_extrapolated"), [(16, False), (17, True)])
def test_a_horizon_longer_than_the_data_is_extrapolated(drawn: Workspace, chosen: Choice, months: int, is_extrapolated: bool):
    assert chosen.observed_days == 500  # 16.4 months
    assert summary(drawn, chosen, Terms(months))["totals"]["is_extrapolated"] == is_extrapolated


def test_the_holdout_is_told_for_every_rule(drawn: Workspace, chosen: Choice):
    assert chosen.holdout is not None
    found = summary(drawn, chosen, TERMS)["holdout"]
    assert (found["winner"], found["customers"]) == (chosen.holdout.winner, chosen.holdout.customers)
    assert list(found["models"]) == [one.rule for one in chosen.holdout.results]
    for one in chosen.holdout.results:
        told = found["models"][one.rule]
        for figure in ("rmse", "bias", "mae", "predicted", "actual", "error_of_total", "coverage", "raw_coverage"):
            assert told[figure] == getattr(one, figure)
        assert told["log_score"] == (one.log_score if np.isfinite(one.log_score) else None)
        assert sum(group["customers"] for group in told["calibration"]) == chosen.holdout.customers
        assert sum(told["weekly"]) == pytest.approx(one.predicted)
    assert found["models"]["same_rate"]["log_score"] is None  # it gave some customers no chance


def test_where_the_loss_is_not_identifiable_errors_and_active_customers_are_not_provided(faithful: Workspace):
    choice = choose(faithful, AS_OF, Settings("pareto_nbd"))
    found = summary(faithful, choice)
    assert found["model"] == "nbd"
    assert found["convergence"]["is_identified"] is False
    for said in (found["reason"], found["convergence"]["reason"], found["holdout"]["models"]["pareto_nbd"]["reason"]):
        assert "not identifiable" in said
    assert [found["parameters"][name]["standard_error"] for name in Nbd.NAMES] == [None, None]
    assert found["totals"]["active_customers"] is None
    assert json.dumps(found, allow_nan=False)


def test_a_rule_has_no_parameters_and_no_likelihood(drawn: Workspace):
    found = summary(drawn, choose(drawn, AS_OF, Settings("same_rate")))
    assert list(found["parameters"]) == ["p", "q", "gamma"]
    assert found["log_likelihood"] is None
    assert found["convergence"]["model"] is None


def test_without_a_holdout_there_is_none(drawn: Workspace, chosen: Choice):
    assert summary(drawn, replace(chosen, _test=lambda: None))["holdout"] is None


@pytest.mark.parametrize(
    ("correlation", "said"),
    [
        (None, "not provided"), (0.0, "assumption holds"), (-0.09, "assumption holds"), (0.1, "weak"), (-0.29, "weak"),
        (0.3, "assumption broken"), (-0.9, "assumption broken"),
    ],
)  # fmt: skip
def test_the_correlation_of_spend_and_frequency_is_judged(correlation: float | None, said: str):
    assert verdict(correlation) == said
