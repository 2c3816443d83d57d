"""The list of customers: a page at a time, sorted and searched by the engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import ibis
import pandas as pd
import pytest

from crm_core.analytics.listing import arranged, count, history, listing, page
from crm_core.errors import AnalysisError
from crm_core.export import to_csv
from crm_core.workspace import Workspace
from tests.workspaces import SIX_AS_OF, lines, open_workspace, six_customers


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    customers = pd.DataFrame(
        {"customer_id": list("abcdef"), "name": ["Ann 100%", "Bea", "سارا", None, "ANNA_1", "Füsun"], "attr_1": list("xyxyxy")}
    )
    with open_workspace(
        tmp_path_factory.mktemp("w") / "w.duckdb", order_lines=six_customers(), customers=customers, labels={"attr_1": "Plan"}
    ) as opened:
        yield opened


def test_everybody_with_a_line_is_listed_once(ws: Workspace) -> None:
    table = listing(ws, SIX_AS_OF)
    assert table.columns == (
        "customer_id", "name", "net_sales", "value_class", "days_since_last_order", "count_orders", "r_score", "f_score", "m_score", "segment", "attr_1",
    )  # fmt: skip
    rows = page(ws, table)
    assert rows["customer_id"].tolist() == list("abcdef")
    assert rows["segment"].isna().tolist() == [False] * 5 + [True]


def test_a_page_continues_the_one_before(ws: Workspace) -> None:
    table = listing(ws, SIX_AS_OF)
    pages = [page(ws, table, "net_sales", True, limit=2, offset=offset)["customer_id"].tolist() for offset in (0, 2, 4, 6)]
    assert pages == [["a", "b"], ["c", "e"], ["f", "d"], []]


def test_a_download_has_the_order_of_the_page(ws: Workspace) -> None:
    written = to_csv(ws, arranged(listing(ws, SIX_AS_OF), "net_sales").select("customer_id")).decode("utf-8-sig")
    assert [line.strip('"') for line in written.splitlines()[1:]] == ["a", "b", "c", "e", "f", "d"]


def test_missing_values_stand_last_whatever_the_direction(ws: Workspace) -> None:
    table = listing(ws, SIX_AS_OF)
    assert page(ws, table, "count_orders", True)["customer_id"].tolist() == list("eabcdf")
    assert page(ws, table, "count_orders", False)["customer_id"].tolist() == list("cdbaef")


def test_every_column_sorts_both_ways(ws: Workspace):
    table = listing(ws, SIX_AS_OF)
    for column in table.columns:
        up, down = (page(ws, table, column, descending)[column].dropna().tolist() for descending in (False, True))
        assert (up, down) == (sorted(up), sorted(up, reverse=True))
    assert page(ws, table, "customer_id", True)["customer_id"].tolist() == list("fedcba")


@pytest.mark.parametrize(
    ("text", "expected"), [("ann", ["a", "e"]), ("%", ["a"]), ("_", ["e"]), ("سا", ["c"]), (" FÜS ", ["f"]), ("' OR 1=1", []), ("D", ["d"])]
)
def test_search_takes_the_text_literally(ws: Workspace, text: str, expected: list[str]) -> None:
    table = listing(ws, SIX_AS_OF)
    assert page(ws, table, text=text)["customer_id"].tolist() == expected
    assert count(ws, table, text) == len(expected)


def test_only_columns_of_the_list_sort_it(ws: Workspace) -> None:
    with pytest.raises(AnalysisError, match="cannot be sorted"):
        page(ws, listing(ws, SIX_AS_OF), "net_sales; DROP TABLE x")


def test_filters_limit_the_list(ws: Workspace) -> None:
    assert count(ws, listing(ws, SIX_AS_OF, shown=ibis.memtable({"customer_id": ["a", "zz"]}))) == 1


def test_with_returns_only_there_are_customers_and_no_scores(tmp_path: Path) -> None:
    with open_workspace(tmp_path / "w.duckdb", order_lines=lines(("a", "1", "2024-01-01", -1), ("b", "2", "2024-01-01", -2))) as ws:
        rows = page(ws, listing(ws, ws.as_of), "net_sales")
    assert rows["customer_id"].tolist() == ["a", "b"]
    assert rows[["value_class", "count_orders", "segment"]].isna().all(axis=None)


def test_orders_of_one_day_stand_in_order_of_their_number(tmp_path: Path) -> None:
    numbers = [f"{number * 7 % 30:02d}" for number in range(30)]
    with open_workspace(tmp_path / "w.duckdb", order_lines=lines(*(("a", number, "2024-01-01", 1) for number in numbers))) as ws:
        assert history(ws, ws.as_of, "a")["order_id"].tolist() == sorted(numbers)


def test_the_history_shows_orders_latest_first(ws: Workspace) -> None:
    found = history(ws, SIX_AS_OF, "d")
    assert found["order_id"].tolist() == ["8", "7"]
    assert found["net_value"].tolist() == [-30, 20]
    assert found["is_purchase"].tolist() == [False, True]
    assert history(ws, SIX_AS_OF, "nobody").empty
