"""The holdout: every figure once more, customer by customer, with pandas."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.analytics.clv import holdout
from crm_core.analytics.clv.customers import Histories
from crm_core.analytics.clv.holdout import Fitted, Holdout, Result, Rows
from crm_core.analytics.clv.models import BgNbd, MbgNbd
from crm_core.analytics.clv.units import Unit, days_per
from crm_core.workspace import Workspace
from tests.crm_core.analytics.clv import by_definition
from tests.crm_core.analytics.clv.stories import AS_OF, shop
from tests.workspaces import lines, open_workspace

CUT = AS_OF - timedelta(days=101)
MODEL, OTHER = BgNbd(0.8, 6.0, 0.5, 2.5), MbgNbd(0.9, 7.0, 0.3, 2.0)


@pytest.fixture(scope="module")
def tested(drawn: Workspace) -> Holdout:
    return holdout.judge(drawn, CUT, AS_OF, {"bg_nbd": fitted(MODEL), "mbg_nbd": fitted(OTHER)}, "weeks")


@pytest.fixture(scope="module")
def known() -> pd.DataFrame:
    """Customers at the cut: frequency, recency, T in weeks, and purchase days until AS_OF, actual."""
    rows = shop(500, seed=7)
    frame = by_definition.histories(rows, CUT)
    frame[["recency", "T"]] /= 7
    later = by_definition.by_day(rows, AS_OF).query("is_purchase and day >= @cut", local_dict={"cut": pd.Timestamp(CUT)})
    return frame.assign(actual=later.groupby("customer_id").size().reindex(frame.index, fill_value=0))


def fitted(model: BgNbd) -> Fitted:
    return Fitted(model.LABEL, model, True, "")


def of(tested: Holdout, rule: str) -> Result:
    found = tested.of(rule)
    assert found is not None
    return found


def predicted(known: pd.DataFrame, weeks: float) -> pd.Series:
    history = (known["frequency"], known["recency"], known["T"])
    return pd.Series(MODEL.conditional_expected_number_of_purchases_up_to_time(weeks, *history), known.index)


def test_errors_are_those_of_single_customers(tested: Holdout, known: pd.DataFrame):
    result, off = of(tested, "bg_nbd"), predicted(known, 101 / 7) - known["actual"]
    assert tested.customers == len(known)
    assert result.rmse == pytest.approx(np.sqrt((off**2).mean()))
    assert result.mae == pytest.approx(off.abs().mean())
    assert result.bias == pytest.approx(off.mean())
    assert (result.predicted, result.actual) == (pytest.approx((off + known["actual"]).sum()), known["actual"].sum())
    assert result.error_of_total == pytest.approx(off.sum() / known["actual"].sum())


def test_coverage_and_log_score_are_those_of_single_distributions(tested: Holdout, known: pd.DataFrame):
    history = (known["frequency"], known["recency"], known["T"])
    chances = np.array([MODEL.conditional_probability_of_n_purchases_up_to_time(n, 101 / 7, *history) for n in range(150)]).T
    scores, covered, within, meant = [], [], [], []
    for own, actual in zip(chances, known["actual"], strict=True):
        until = np.cumsum(own)
        below = until[actual] - own[actual]
        high, low = (np.clip((u - below) / own[actual], 0, 1) for u in (0.95, 0.05))
        first, last = np.argmax(until >= 0.05), np.argmax(until >= 0.95)
        scores.append(np.log(own[actual]))
        covered.append(high - low)
        within.append(first <= actual <= last)
        meant.append(own[first : last + 1].sum())
    result = of(tested, "bg_nbd")
    assert result.log_score == pytest.approx(np.mean(scores))
    assert result.coverage == pytest.approx(np.mean(covered))
    assert result.raw_coverage == pytest.approx(np.mean(within))
    assert result.raw_expected == pytest.approx(np.mean(meant))


def test_the_model_that_customers_were_drawn_by_is_covered(tested: Holdout):
    result = of(tested, "bg_nbd")
    assert result.coverage == pytest.approx(0.9, abs=0.03)
    assert result.raw_coverage == pytest.approx(result.raw_expected, abs=0.03)


def test_weeks_add_up(tested: Holdout, known: pd.DataFrame):
    result = of(tested, "bg_nbd")
    assert len(result.weekly) == len(tested.actual_weekly) == 15  # 101 days: the last one has three
    ends = [*range(7, 101, 7), 101]
    assert np.cumsum(result.weekly) == pytest.approx([predicted(known, end / 7).sum() for end in ends])
    days = by_definition.by_day(shop(500, seed=7), AS_OF).query("is_purchase")
    days = days[(days["day"] >= pd.Timestamp(CUT)) & days["customer_id"].isin(known.index)]
    weeks = (days["day"] - pd.Timestamp(CUT)).dt.days // 7
    assert list(tested.actual_weekly) == weeks.value_counts().reindex(range(15), fill_value=0).tolist()


@pytest.mark.parametrize("unit", ["days", "weeks"])
def test_naive_rules_are_their_definitions(drawn: Workspace, known: pd.DataFrame, unit: Unit):
    rows = shop(500, seed=7)
    tested = holdout.judge(drawn, CUT, AS_OF, {}, unit)
    for rule, frame in (
        ("same_rate", by_definition.same_rate(rows, CUT, 101)),
        ("last_period", by_definition.last_period(rows, CUT, 101)),
    ):
        result, off = of(tested, rule), frame.reindex(known.index) - known["actual"]
        assert (result.rmse, result.mae) == (pytest.approx(np.sqrt((off**2).mean())), pytest.approx(off.abs().mean()))
        assert result.predicted == pytest.approx(frame.sum())
    assert {one.rule for one in tested.results} == {"same_rate", "last_period"}


def test_naive_rules_of_four_customers_by_hand(tmp_path: Path):
    """Ten days known, five looked ahead; the last period is the last five days."""
    rows = lines(
        ("a", "1", "2024-01-01", 5), ("a", "2", "2024-01-04", 5), ("a", "3", "2024-01-08", 5), ("a", "4", "2024-01-12", 5),
        ("b", "5", "2024-01-06", 5), ("b", "6", "2024-01-10", 5),
        ("c", "7", "2024-01-10", 5), ("c", "8", "2024-01-11", 5), ("c", "9", "2024-01-13", 5),
        ("d", "10", "2024-01-03", 5),
    )  # fmt: skip
    with open_workspace(tmp_path / "w.duckdb", order_lines=rows) as ws:
        tested = holdout.judge(ws, date(2024, 1, 11), date(2024, 1, 16), {}, "days")
    actual = np.array([1, 0, 2, 0])
    for rule, found in (("same_rate", [2 / 9 * 5, 1 / 4 * 5, 0, 0]), ("last_period", [1, 1, 0, 0])):
        assert of(tested, rule).rmse == pytest.approx(np.sqrt(np.mean((np.array(found) - actual) ** 2)))
        assert of(tested, rule).predicted == pytest.approx(np.sum(found))
    assert of(tested, "same_rate").log_score == -np.inf  # c was given no chance


def test_a_last_period_longer_than_the_data_is_scaled_up(tmp_path: Path):
    rows = lines(("a", "1", "2024-01-01", 5), ("a", "2", "2024-01-04", 5), ("a", "3", "2024-01-08", 5), ("b", "4", "2024-01-29", 5))
    with open_workspace(tmp_path / "w.duckdb", order_lines=rows) as ws:
        tested = holdout.judge(ws, date(2024, 1, 11), date(2024, 1, 31), {}, "weeks")
    assert of(tested, "last_period").predicted == pytest.approx(2 * 20 / 10)


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(1, 20), st.integers(0, 9)), min_size=1, max_size=60))
def test_groups_never_split_equal_predictions(rows: list[tuple[int, int, int]]):
    guess, often, actual = (np.array(one, dtype=float) for one in zip(*rows, strict=True))
    found = holdout._groups(guess / 7, Rows(Histories(np.zeros(len(guess), dtype=np.int64), often, "weeks"), actual, actual))
    kinds = [(one, often[guess == one].sum()) for one in np.unique(guess)]
    ends = np.cumsum([size for _, size in kinds])
    assert set(np.cumsum([one.customers for one in found])) <= set(ends)
    assert len(found) <= 10
    assert sum(one.customers * one.predicted for one in found) == pytest.approx(often @ guess / 7)
    assert sum(one.customers * one.actual for one in found) == pytest.approx(often @ actual)
    assert [one.predicted for one in found] == sorted(one.predicted for one in found)
    small = max(size for _, size in kinds) <= often.sum() / 10
    assert len(found) == 10 or not small


def test_different_predictions_are_grouped_in_tenths():
    often = np.full(50, 2.0)
    found = holdout._groups(np.arange(50.0), Rows(Histories(np.zeros(50, dtype=np.int64), often, "weeks"), often, often))
    assert [one.customers for one in found] == [10] * 10
    assert [one.predicted for one in found] == [5 * tenth + 2 for tenth in range(10)]


@pytest.mark.parametrize(
    ("scores", "winner"),
    [
        ({"a": (1.0, -2.0), "b": (1.009, -1.0), "c": (1.02, -0.5)}, "b"),
        ({"a": (1.0, -1.0), "b": (1.009, -2.0)}, "a"),
        ({"a": (1.0, -np.inf), "b": (1.005, -np.inf)}, "a"),
        ({"a": (1.0, -np.inf), "b": (1.005, -9.0)}, "b"),
        ({"a": (0.0, -1.0), "b": (0.0, -0.5)}, "b"),
    ],
)
def test_the_lowest_error_wins_and_the_log_score_tells_close_ones_apart(
    tested: Holdout, scores: dict[str, tuple[float, float]], winner: str
):
    base = of(tested, "bg_nbd")
    results = [dataclasses.replace(base, rule=rule, rmse=rmse, log_score=score) for rule, (rmse, score) in scores.items()]
    assert holdout._winner(results) == winner
    assert holdout._winner(results[::-1]) == winner


def test_the_winner_is_the_best_of_all_rules(tested: Holdout):
    assert tested.winner in {"bg_nbd", "mbg_nbd"}
    assert len(tested.results) == 4
    assert tested.of("nobody") is None
    assert tested.days == 101


@pytest.mark.parametrize(("months", "back"), [(1, 30), (12, 100), (3, 91)])
def test_the_cut_lies_a_horizon_back_and_at_most_a_third(months: float, back: int):
    assert holdout.cut_day(date(2023, 1, 1), date(2023, 1, 1) + timedelta(days=300), months) == date(2023, 1, 1) + timedelta(
        days=300 - back
    )


def test_days_and_weeks_are_judged_alike(drawn: Workspace, tested: Holdout):
    r, alpha, a, b = MODEL.params.values()
    in_days = holdout.judge(drawn, CUT, AS_OF, {"bg_nbd": fitted(BgNbd(r, 7 * alpha, a, b))}, "days")
    one, other = of(in_days, "bg_nbd"), of(tested, "bg_nbd")
    for figure in ("rmse", "log_score", "coverage", "raw_coverage", "raw_expected"):
        assert getattr(one, figure) == pytest.approx(getattr(other, figure))
    assert one.weekly == pytest.approx(other.weekly)


def test_of_many_rows_a_sample_judges_distributions(drawn: Workspace, tested: Holdout, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(holdout, "SAMPLE", 250)
    sampled = of(holdout.judge(drawn, CUT, AS_OF, {"bg_nbd": fitted(MODEL)}, "weeks"), "bg_nbd")
    whole = of(tested, "bg_nbd")
    assert sampled.rmse == whole.rmse
    assert sampled.log_score != whole.log_score
    assert sampled.log_score == pytest.approx(whole.log_score, abs=0.1)
    assert sampled.coverage == pytest.approx(whole.coverage, abs=0.04)


def test_what_nobody_was_given_a_chance_for_is_still_judged():
    """A count far beyond what is tabulated, and one that has no probability at all."""
    keys = Histories(np.array([5 << 42 | 30 << 21 | 40, 0], dtype=np.int64), np.ones(2), "days")
    data = Rows(keys, np.zeros(2), np.array([holdout.MOST + 500.0, 0.0]))
    score, coverage, within, _ = holdout._distributions(MODEL, data, 10 / days_per("days"), None)
    assert np.isfinite(coverage)
    assert score < -100
    assert within == 0.5
