"""Histories of customers: by hand, and against the definitions in pandas."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.analytics.clv import customers
from crm_core.analytics.clv.customers import Histories, counted, counts, histories
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace
from tests.crm_core.analytics.clv import by_definition
from tests.crm_core.analytics.clv.stories import AS_OF, shop
from tests.workspaces import SIX_AS_OF, lines, open_workspace, six_customers

LOOKED = date(2024, 7, 1)
#: a buys on three days, twice on one of them, and gives back on that and on another; b bought yesterday; c only gave back; d's order is void.
FEW = lines(
    ("a", "1", "2024-01-01", 100, 1),
    ("a", "2", "2024-02-01 09:00:00", 50, 1),
    ("a", "3", "2024-02-01 17:00:00", 30, 1),
    ("a", "4", "2024-02-01 18:00:00", -10, -1),
    ("a", "5", "2024-03-01", -20, -1),
    ("a", "6", "2024-06-30", 40, 1),
    ("a", "7", "2024-07-01", 999, 1),
    ("b", "8", "2024-06-30", 7, 1),
    ("c", "9", "2024-05-01", -5, -1),
    ("d", "10", "2024-05-01", 70, 1),
    (None, "11", "2024-05-01", 80, 1),
).assign(is_void=[False] * 9 + [True, False])


def found(ws: Workspace, as_of: date) -> pd.DataFrame:
    return ws.execute(customers.histories(ws, as_of)).set_index("customer_id").sort_index()


def test_histories_by_hand(tmp_path: Path):
    with open_workspace(tmp_path / "w.duckdb", order_lines=FEW) as ws:
        table = found(ws, LOOKED)
        assert table.index.tolist() == ["a", "b"]
        assert table.loc["a", ["frequency", "recency", "T", "monetary_value"]].tolist() == [2, 181, 181, 55]
        assert table.loc["b", ["frequency", "recency", "T"]].tolist() == [0, 0, 0]
        assert pd.isna(table.loc["b", "monetary_value"])


def test_returns_on_other_days_are_lost_of_the_last_twelve_months(tmp_path: Path):
    with open_workspace(tmp_path / "w.duckdb", order_lines=FEW) as ws:
        spending = customers.spending(ws, LOOKED)
        days = [100, 70, 40, 7]  # the return of 1 February is netted that day
        assert spending.lost_share == pytest.approx((20 + 5) / sum(days))
        assert (spending.mean, spending.deviation) == (pytest.approx(np.mean(days)), pytest.approx(np.std(days)))
        assert customers.spending(ws, date(2025, 3, 1)).lost_share == pytest.approx(25 / (40 + 999 + 7))  # returns of 1 March are in it yet
        assert customers.spending(ws, date(2025, 3, 2)).lost_share == pytest.approx(5 / (40 + 999 + 7))


@pytest.mark.parametrize(("back", "share"), [(-30, 0.3), (-500, 1.0)])
def test_no_more_than_everything_is_lost(tmp_path: Path, back: float, share: float):
    rows = lines(("a", "1", "2024-05-01", 100, 1), ("a", "2", "2024-05-03", back, -1))
    with open_workspace(tmp_path / "w.duckdb", order_lines=rows) as ws:
        assert customers.spending(ws, LOOKED).lost_share == share
        assert customers.spending(ws, date(2026, 1, 1)).lost_share == 0  # nothing was bought in the last twelve months


def test_without_a_purchase_there_are_no_histories(tmp_path: Path):
    with open_workspace(tmp_path / "w.duckdb", order_lines=lines(("a", "1", "2024-05-01", -5, -1), ("b", "2", "2024-08-01", 5, 1))) as ws:
        for ask in (customers.histories, customers.spending):
            with pytest.raises(AnalysisError, match="No purchases"):
                ask(ws, LOOKED)
        assert len(found(ws, date(2024, 8, 2))) == 1


orders = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.integers(0, 6),
        st.integers(0, 40),
        st.sampled_from([-20, -5, 0, 5, 20.5]),
        st.sampled_from([-1, 0, 1, 2, None]),
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=20)
@given(orders)
def test_histories_follow_the_definitions(tmp_path_factory: pytest.TempPathFactory, made: list[tuple[str, int, int, float, int | None]]):
    rows = lines(*((who, f"{who}{order}", str(date(2024, 1, 1) + timedelta(days=day)), *rest) for who, order, day, *rest in made))  # type: ignore[arg-type]
    as_of = date(2024, 1, 31)
    wanted = by_definition.histories(rows, as_of)
    with open_workspace(tmp_path_factory.mktemp("w") / "w.duckdb", order_lines=rows) as ws:
        if wanted.empty:
            with pytest.raises(AnalysisError):
                customers.histories(ws, as_of)
            return
        table = found(ws, as_of)[list(wanted.columns)]
        pd.testing.assert_frame_equal(table, wanted.sort_index(), check_dtype=False, check_names=False)
        for days in (5, 29):
            recent = ws.execute(customers.recent_histories(ws, as_of, days)).set_index("customer_id").sort_index()
            inside = by_definition.bought_between(rows, as_of - timedelta(days=days), as_of)
            assert recent["basis_frequency"].to_dict() == inside.to_dict()
            one = Histories(recent["history"].to_numpy(), np.ones(len(recent)), "days")
            assert (one.x.tolist(), set(one.t_x), set(one.T)) == (recent["basis_frequency"].tolist(), {0}, {days})


def test_customers_who_share_a_history_are_counted_once(drawn: Workspace):
    table = customers.histories(drawn, AS_OF)
    wanted = by_definition.histories(shop(500, seed=7), AS_OF).groupby(["frequency", "recency", "T"]).size()
    for unit, days in (("days", 1), ("weeks", 7)):
        histories = counted(drawn, table, unit)  # type: ignore[arg-type]
        shared = zip(histories.x, np.round(histories.t_x * days), np.round(histories.T * days), strict=True)
        assert dict(zip(shared, histories.customers, strict=True)) == wanted.to_dict()
        assert histories.total == 501
        assert histories.repeat_customers == wanted[wanted.index.get_level_values(0) > 0].sum()


def test_spend_is_modelled_where_repeat_purchases_are_worth_something(tmp_path: Path):
    rows = lines(
        ("a", "1", "2024-01-01", 5), ("a", "2", "2024-02-01", 8), ("a", "3", "2024-03-01", 4),
        ("b", "4", "2024-01-01", 5), ("b", "5", "2024-02-01", 0),
        ("c", "6", "2024-01-01", 5),
        ("d", "7", "2024-01-01", 5), ("d", "8", "2024-02-01", 3), ("d", "9", "2024-02-01", -9),
    )  # fmt: skip
    with open_workspace(tmp_path / "w.duckdb", order_lines=rows) as ws:
        frequency, value = customers.spend(ws, customers.histories(ws, LOOKED))
        assert (frequency.tolist(), value.tolist()) == ([2], [6])
        assert found(ws, LOOKED).loc["d", "monetary_value"] == -6  # bought for 3 and gave back for 9, on one day


def test_counts_for_a_fit_alone_are_those_of_the_histories(tmp_path: Path) -> None:
    with open_workspace(tmp_path / "w.duckdb", order_lines=six_customers()) as ws:
        alone = counts(ws, SIX_AS_OF, "days")
        kept = counted(ws, histories(ws, SIX_AS_OF), "days")
        again = counts(ws, SIX_AS_OF, "days")
    for other in (kept, again):
        assert (alone.keys.tolist(), alone.customers.tolist()) == (other.keys.tolist(), other.customers.tolist())
    assert alone.total == 5
