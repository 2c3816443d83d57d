"""A click chooses exactly the customers of the mark."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import ibis.expr.types as ir
import pandas as pd
import pytest

from crm_core.analytics import chosen, clusters, migration, rfm
from crm_core.workspace import Workspace
from tests.workspaces import lines, open_workspace, six_customers

AS_OF = date(2024, 7, 1)
SETTINGS = rfm.RfmSettings()


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    customers = pd.DataFrame({"customer_id": list("abcdef"), "country": ["Iran", "Iran", None, "Chile", "Chile", "Iran"]})
    opened = open_workspace(tmp_path / "shop.duckdb", order_lines=six_customers(), customers=customers)
    yield opened
    opened.close()


def ids(ws: Workspace, table: ir.Table) -> list[str]:
    return sorted(ws.execute(table)["customer_id"])


def test_without_a_click_everybody_with_a_purchase_is_listed(ws: Workspace) -> None:
    assert ids(ws, chosen.customers(ws, AS_OF, SETTINGS)) == ["a", "b", "c", "d", "e"]


def test_each_cell_of_the_grid_holds_as_many_as_it_says(ws: Workspace) -> None:
    for cell in rfm.grid(ws, AS_OF, SETTINGS).itertuples():
        rule = (("r_score", int(cell.r_score)), ("f_score", int(cell.f_score)))
        assert len(ids(ws, chosen.customers(ws, AS_OF, SETTINGS, (rule,)))) == cell.customers


def test_two_marks_choose_the_customers_of_both(ws: Workspace) -> None:
    segments = ws.execute(rfm.customers(ws, AS_OF, SETTINGS)).set_index("customer_id")["segment"]
    rules = tuple((("segment", segments[customer]),) for customer in ("a", "e"))
    expected = sorted(segments.index[segments.isin({segments["a"], segments["e"]})])
    assert ids(ws, chosen.customers(ws, AS_OF, SETTINGS, rules)) == expected


def test_the_mark_of_the_unknown_value_chooses_customers_without_one(ws: Workspace) -> None:
    assert ids(ws, chosen.customers(ws, AS_OF, SETTINGS, ((("country", ""),),))) == ["c"]


def test_filters_hold_for_a_click_too(ws: Workspace) -> None:
    iran = ws.table("customers").filter(lambda t: t.country == "Iran").select("customer_id")
    assert ids(ws, chosen.customers(ws, AS_OF, SETTINGS, shown=iran)) == ["a", "b"]


def test_the_best_by_value_are_chosen_with_ties_in_order_of_the_id(ws: Workspace) -> None:
    assert ids(ws, chosen.by_value(ws, AS_OF, SETTINGS, "net_sales", 2)) == ["a", "b"]
    assert len(ids(ws, chosen.by_value(ws, AS_OF, SETTINGS, "net_sales"))) == 6


def test_the_best_of_those_shown_are_chosen(ws: Workspace) -> None:
    shown = ws.table("customers").filter(lambda t: t.country == "Chile").select("customer_id")
    assert ids(ws, chosen.by_value(ws, AS_OF, SETTINGS, "net_sales", 1, shown=shown)) == ["e"]


def test_each_cell_of_the_movement_holds_as_many_as_it_says(ws: Workspace) -> None:
    found = migration.migrate(ws, date(2024, 4, 1), AS_OF, 91, SETTINGS)
    for cell in found.matrix.itertuples():
        pair = (str(cell.from_segment), str(cell.to_segment))
        assert len(ids(ws, chosen.moved(ws, found, SETTINGS, (pair,)))) == cell.customers


def test_a_cluster_chooses_its_customers(tmp_path: Path) -> None:
    many = [
        (f"c{number}", f"o{number}-{time}", f"2024-0{1 + time % 6}-{1 + number:02}", 10 + number * number)
        for number in range(24)
        for time in range(1 + number % 4)
    ]
    ws = open_workspace(tmp_path / "many.duckdb", order_lines=lines(*many))
    grouping = clusters.ClusterSettings(count=3)
    profile = clusters.cluster(ws, AS_OF, grouping).profile
    for row in profile.itertuples():
        table = chosen.clustered(ws, AS_OF, SETTINGS, grouping, ((("cluster", int(row.cluster)),),))
        assert len(ids(ws, table)) == row.customers
    ws.close()
