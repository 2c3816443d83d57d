"""Movement between two days, by the cut points of the earlier one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import ibis
import pytest

from crm_core.analytics.migration import NOT_BEFORE, NOT_SINCE, migrate, moving
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace
from tests.workspaces import lines, open_workspace

EARLIER, LATER = date(2024, 1, 1), date(2025, 1, 1)


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    rows = lines(
        ("loyal", "1", "2023-06-01", 10), ("loyal", "2", "2023-12-31", 10), ("loyal", "3", "2024-06-01", 10), ("loyal", "4", "2024-12-31", 10),
        ("gone", "5", "2023-12-31", 5), ("gone", "6", "2022-06-01", 5),
        ("new", "7", "2024-12-31", 7),
        ("slower", "8", "2023-12-31", 10), ("slower", "9", "2024-01-02", 3),
    )  # fmt: skip
    with open_workspace(tmp_path / "w.duckdb", order_lines=rows) as opened:
        yield opened


def test_every_customer_of_either_look_back_is_in_one_cell(ws: Workspace) -> None:
    found = migrate(ws, EARLIER, LATER, 365)
    assert found.matrix.values.tolist() == [
        ["Potential loyalists", "Potential loyalists", 1, 20.0],
        ["New customers", "Hibernating", 1, 3.0],
        ["New customers", NOT_SINCE, 1, 0.0],
        [NOT_BEFORE, "New customers", 1, 7.0],
    ]
    assert (found.customers, found.stayed) == (4, 1)


def test_what_those_gone_returned_in_the_later_look_back_is_netted(tmp_path: Path) -> None:
    rows = lines(("a", "1", "2023-12-31", 10), ("a", "2", "2024-02-01", -4), ("b", "3", "2023-12-31", 10))
    with open_workspace(tmp_path / "w.duckdb", order_lines=rows) as ws:
        assert migrate(ws, EARLIER, LATER, 365).matrix.values.tolist() == [["New customers", NOT_SINCE, 2, -4.0]]


def test_both_days_are_scored_by_the_cut_points_of_the_earlier(ws: Workspace) -> None:
    """On 1 January 2024 everybody had ordered the day before, so only a day's recency is worth R 5."""
    assert migrate(ws, EARLIER, LATER, 365).cuts.r == {5: 1, 4: 1, 3: 1, 2: 1}


def test_a_look_back_longer_than_the_data_is_said(ws: Workspace) -> None:
    assert migrate(ws, EARLIER, LATER, 365).is_covered
    assert not migrate(ws, EARLIER, LATER, 3650).is_covered


def test_the_customers_of_a_cell_can_be_listed(ws: Workspace) -> None:
    found = migrate(ws, EARLIER, LATER, 365)
    assert ws.execute(moving(ws, found, "New customers", NOT_SINCE))["customer_id"].tolist() == ["gone"]


def test_filters_choose_who_is_shown(ws: Workspace) -> None:
    assert migrate(ws, EARLIER, LATER, 365, shown=ibis.memtable({"customer_id": ["new"]})).customers == 1


def test_days_must_follow_each_other_and_hold_purchases(ws: Workspace) -> None:
    for earlier in (LATER, EARLIER):
        with pytest.raises(AnalysisError, match="do not follow"):
            migrate(ws, earlier, EARLIER)
    with pytest.raises(AnalysisError, match="No purchases"):
        migrate(ws, date(2020, 1, 1), LATER)
