"""Scores, segments, grid and split on customers that can be checked by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pandas as pd
import pytest

from crm_core.analytics import rfm
from crm_core.analytics.segment_table import SEGMENTS, SegmentTable
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace
from tests.workspaces import SIX_AS_OF, lines, open_workspace


def by_customer(ws: Workspace, as_of: date, settings: rfm.RfmSettings = rfm.RfmSettings()) -> pd.DataFrame:
    return ws.execute(rfm.customers(ws, as_of, settings)).set_index("customer_id").sort_index()


def some(*ids: str) -> ir.Table:
    return ibis.memtable({"customer_id": list(ids)})


def test_six_customers_by_hand(six: Workspace) -> None:
    found = by_customer(six, SIX_AS_OF)
    assert list(found.itertuples(name=None)) == [
        ("a", 1, 3, Decimal("200.0000"), 5, 3, 5, "Potential loyalists"),
        ("b", 10, 2, Decimal("100.0000"), 4, 2, 3, "Potential loyalists"),
        ("c", 10, 1, Decimal("100.0000"), 4, 1, 3, "Promising"),
        ("d", 60, 1, Decimal("-10.0000"), 2, 1, 1, "Hibernating"),
        ("e", 100, 4, Decimal("40.0000"), 1, 4, 2, "At risk"),
    ]


def test_a_customer_with_returns_only_has_no_score(six: Workspace) -> None:
    assert "f" not in by_customer(six, SIX_AS_OF).index


def test_lines_of_the_day_looked_from_and_later_are_cut_first(six: Workspace) -> None:
    found = by_customer(six, date(2024, 6, 21))
    assert found.loc["b", ["days_since_last_order", "count_orders", "net_sales"]].tolist() == [163, 1, Decimal("60.0000")]
    assert "c" not in found.index


def test_an_order_id_shared_by_two_customers_is_two_orders(six: Workspace) -> None:
    found = by_customer(six, SIX_AS_OF)
    assert found["count_orders"].to_dict() == {"a": 3, "b": 2, "c": 1, "d": 1, "e": 4}


def test_an_order_is_a_purchase_by_its_net_value_and_quantity(tmp_path: Path) -> None:
    rows = lines(
        ("zero value", "1", "2024-01-01", 0, 1),
        ("returned whole", "1", "2024-01-01", 10, 1),
        ("returned whole", "1", "2024-01-05", -10, -1),
        ("no quantity", "1", "2024-01-01", 10),
        ("refund", "1", "2024-01-01", -1, 3),
        ("sent for free", "1", "2024-01-01", 0, 0),
    )
    with open_workspace(tmp_path / "w.duckdb", order_lines=rows) as ws:
        assert by_customer(ws, ws.as_of).index.tolist() == ["no quantity", "zero value"]


def test_a_line_of_which_nothing_says_that_it_is_void_counts(tmp_path: Path) -> None:
    rows = lines(("a", "1", "2024-01-01", 10), ("b", "2", "2024-01-01", 10)).assign(is_void=[None, False])
    with open_workspace(tmp_path / "w.duckdb", order_lines=rows) as ws:
        assert by_customer(ws, ws.as_of).index.tolist() == ["a", "b"]


def test_an_order_has_the_day_of_its_last_line(tmp_path: Path) -> None:
    rows = lines(("a", "1", "2024-01-01", 10, 2), ("a", "1", "2024-01-20", -5, -1), ("b", "2", "2024-01-31", 1, 1))
    with open_workspace(tmp_path / "w.duckdb", order_lines=rows) as ws:
        assert by_customer(ws, ws.as_of)["days_since_last_order"].to_dict() == {"a": 12, "b": 1}


def test_segments_count_everybody_once(six: Workspace) -> None:
    found = rfm.segments(six, SIX_AS_OF)
    assert found["segment"].tolist() == list(SEGMENTS.names)
    counted = dict(zip(found["segment"], found["customers"], strict=True))
    assert {name: count for name, count in counted.items() if count} == {
        "Potential loyalists": 2,
        "Promising": 1,
        "At risk": 1,
        "Hibernating": 1,
    }
    assert found["customer_share"].sum() == pytest.approx(1)
    assert found["net_sales"].tolist() == [0, 0, 300, 0, 100, 0, 0, 0, 40, -10]
    loyalists = found.set_index("segment").loc["Potential loyalists"]
    assert loyalists[["sales_share", "median_days", "median_orders", "median_net_sales"]].tolist() == [300 / 430, 5.5, 2.5, 150]
    assert "second and third" in loyalists["move"]


def test_a_segment_is_described_by_medians(six: Workspace) -> None:
    """Days 1, 10, 10, 60, 100; orders 3, 2, 1, 1, 4; net sales 200, 100, 100, -10, 40."""
    rules = rfm.RfmSettings(cuts_r=(1000, 2000, 3000, 4000), cuts_f=(20, 30, 40, 50))
    everybody = rfm.segments(six, SIX_AS_OF, rules).set_index("segment").loc["New customers"]
    assert everybody[["customers", "median_days", "median_orders", "median_net_sales"]].tolist() == [5, 10, 2, 100]


def test_the_move_for_few_orders_needs_that_nobody_has_more(six: Workspace) -> None:
    """With these limits `e`, who ordered four times, is a potential loyalist beside `a`, `b` and others with fewer."""
    rules = rfm.RfmSettings(cuts_r=(1000, 2000, 3000, 4000), cuts_f=(1, 30, 40, 50))
    loyalists = rfm.segments(six, SIX_AS_OF, rules).set_index("segment").loc["Potential loyalists"]
    assert loyalists["customers"] == 5
    assert "second and third" not in loyalists["move"]


def test_of_sales_that_sum_to_zero_nobody_has_a_share(tmp_path: Path) -> None:
    rows = lines(("a", "1", "2024-01-01", 10), ("b", "2", "2024-03-01", 10), ("b", "3", "2024-03-02", -20))
    with open_workspace(tmp_path / "w.duckdb", order_lines=rows) as ws:
        found = rfm.segments(ws, ws.as_of)
        assert found["sales_share"].isna().all()
        assert found["customer_share"].max() == 0.5
        assert rfm.segments(ws, ws.as_of, shown=some("nobody"))[["customer_share", "sales_share"]].isna().all(axis=None)


def test_segments_are_explained_in_the_units_of_the_data(six: Workspace) -> None:
    rules = rfm.segments(six, SIX_AS_OF).set_index("segment")["rule"]
    assert rules["Potential loyalists"] == "2–3 orders, the last one at most 10 days before 1 Jul 2024"
    assert rules["New customers"] == "1 order, the last one at most 1 day before 1 Jul 2024"
    assert rules["Promising"] == "1 order, the last one 2 to 10 days before 1 Jul 2024"
    assert rules["Hibernating"] == "1–2 orders, the last one 11 or more days before 1 Jul 2024"
    assert rules["At risk"] == "3 or more orders, the last one 11 or more days before 1 Jul 2024"
    assert rules["Can't lose them"] == rules["Need attention"] == "no customer of this data"


def test_every_customer_fits_the_rule_of_its_segment(six: Workspace) -> None:
    """The words are made from cut points; the scores from comparisons in the engine."""
    cuts = rfm.cut_points(six, SIX_AS_OF)
    for row in by_customer(six, SIX_AS_OF).itertuples():
        scores = cuts.r_score(row.days_since_last_order), cuts.f_score(row.count_orders), cuts.m_score(row.net_sales)
        assert scores == (row.r_score, row.f_score, row.m_score)


def test_filters_choose_who_is_shown_and_change_no_score(six: Workspace) -> None:
    found = rfm.segments(six, SIX_AS_OF, shown=some("a", "e", "nobody")).set_index("segment")
    assert found["customers"].to_dict() == {name: int(name in ("Potential loyalists", "At risk")) for name in SEGMENTS.names}
    assert found.loc["At risk", "customer_share"] == 0.5
    assert found.loc["At risk", "sales_share"] == 40 / 240


def test_the_grid_has_all_cells_and_every_customer(six: Workspace) -> None:
    grid = rfm.grid(six, SIX_AS_OF)
    assert len(grid) == 25
    occupied = grid[grid["customers"] > 0]
    assert list(zip(occupied["r_score"], occupied["f_score"], occupied["net_sales"], strict=True)) == [
        (5, 3, 200), (4, 1, 100), (4, 2, 100), (2, 1, -10), (1, 4, 40),
    ]  # fmt: skip


def test_split_by_an_attribute_keeps_those_without_a_value(tmp_path: Path) -> None:
    customers = pd.DataFrame({"customer_id": ["a", "b"], "country": ["Iran", None], "attr_1": ["x", "y"]})
    rows = lines(("a", "1", "2024-01-01", 10), ("b", "2", "2024-01-01", 5), ("c", "3", "2024-01-01", 1))
    with open_workspace(tmp_path / "w.duckdb", order_lines=rows, customers=customers) as ws:
        found = rfm.split(ws, ws.as_of, field="country")
        assert found[["value", "customers", "net_sales"]].values.tolist() == [["", 2, 6.0], ["Iran", 1, 10.0]]
        assert rfm.split(ws, ws.as_of, field="country", shown=some("a", "c"))["customers"].tolist() == [1, 1]
        with pytest.raises(AnalysisError, match="Nothing to split by"):
            rfm.split(ws, ws.as_of, field="region")


def test_a_table_of_segments_can_be_replaced(six: Workspace) -> None:
    mine = SegmentTable((replace(SEGMENTS.segments[0], name="Stars; DROP TABLE x --"), *SEGMENTS.segments[1:]))
    settings = rfm.RfmSettings(cuts_f=(2, 3, 3.5, 4), cuts_r=(100, 200, 300, 400), segments=mine)
    assert by_customer(six, SIX_AS_OF, settings).loc["e", "segment"] == "Stars; DROP TABLE x --"
    assert rfm.segments(six, SIX_AS_OF, settings)["customers"].tolist()[0] == 1


def test_without_purchases_the_reason_is_said(six: Workspace) -> None:
    with pytest.raises(AnalysisError, match="No purchases"):
        rfm.customers(six, date(2020, 1, 1))
