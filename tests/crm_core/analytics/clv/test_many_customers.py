"""Where there are very many customers, histories that are nearly equal share a row: it is said, and it changes little."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from crm_core.analytics.clv import customers, forecast
from crm_core.analytics.clv.checked import fit_spend
from crm_core.analytics.clv.forecast import Settings, choose
from crm_core.analytics.clv.spend import rank_correlation
from crm_core.workspace import Workspace
from tests.crm_core.analytics.clv.stories import AS_OF, shop
from tests.workspaces import open_workspace

BG = Settings("bg_nbd")


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return open_workspace(tmp_path / "w.duckdb", order_lines=shop(3000, seed=5))


def drawn_coarse(path: Path, monkeypatch: pytest.MonkeyPatch, most: int) -> Workspace:
    monkeypatch.setattr(customers, "MOST_HISTORIES", most)
    monkeypatch.setattr(customers, "MOST_SPENDERS", most)
    return open_workspace(path / "coarse.duckdb", order_lines=shop(3000, seed=5))


def test_few_histories_are_told_apart_by_the_day(ws: Workspace) -> None:
    assert customers.days_taken_together(ws, AS_OF) == 1
    assert not any("taken together" in note for note in choose(ws, AS_OF, BG).notes)


@pytest.mark.parametrize(("most", "span"), [(2300, 7), (50, 28)])
def test_many_are_taken_together_as_little_as_is_needed_and_it_is_said(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, span: int
) -> None:
    fine = customers.counted(ws, customers.histories(ws, AS_OF), "weeks")
    coarse = drawn_coarse(tmp_path, monkeypatch, most)
    found = customers.counted(coarse, customers.histories(coarse, AS_OF), "weeks")
    assert customers.days_taken_together(coarse, AS_OF) == span
    assert len(found.keys) < len(fine.keys) * 0.9
    assert found.total == fine.total
    assert any(f"within {span} days" in note for note in choose(coarse, AS_OF, BG).notes)


@pytest.mark.parametrize(("most", "share"), [(2300, 0.01), (50, 0.03)])
def test_what_is_expected_changes_little(ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, share: float) -> None:
    def total(of: Workspace) -> float:
        return float(of.execute(forecast.customers(of, choose(of, AS_OF, BG)).clv.sum()))

    exact = total(ws)
    assert total(drawn_coarse(tmp_path, monkeypatch, most)) == pytest.approx(exact, rel=share)


def test_spend_by_counts_is_spend_by_customers(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    table = customers.histories(ws, AS_OF)
    each = customers.spend_counts(ws, table, 10)
    monkeypatch.setattr(customers, "MOST_SPENDERS", 1)
    counted = customers.spend_counts(ws, table, 10)
    assert len(counted[0]) < len(each[0])
    assert counted[2].sum() == len(each[0])
    assert (counted[1] * counted[2]).sum() == pytest.approx(each[1].sum())
    one, other = fit_spend(each[0], each[1]), fit_spend(counted[0], counted[1], customers=counted[2])
    assert one is not None
    assert other is not None
    assert np.array(list(other.params.values())) == pytest.approx(np.array(list(one.params.values())), rel=0.02)


def test_the_correlation_of_counts_is_that_of_customers() -> None:
    rng = np.random.default_rng(1)
    x, value = rng.integers(1, 5, 300).astype(float), rng.integers(1, 6, 300).astype(float)
    pairs, counts = np.unique(np.column_stack([x, value]), axis=0, return_counts=True)
    from scipy import stats

    expected = stats.spearmanr(x, value).statistic
    assert rank_correlation(x, value, np.ones(300)) == pytest.approx(expected)
    assert rank_correlation(pairs[:, 0], pairs[:, 1], counts.astype(float)) == pytest.approx(expected)
