"""Scores, segments and concentration of real shops, against figures computed independently by the definitions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from crm_core.analytics import pareto, rfm
from crm_core.analytics.overview import overview
from crm_core.workspace import Workspace
from tests.published.conftest import imported

Find = Callable[[str], Path]


def segment_counts(ws: Workspace) -> dict[str, int]:
    found = rfm.segments(ws, ws.as_of)
    return {name: count for name, count in zip(found["segment"], found["customers"], strict=True) if count}


def score_counts(ws: Workspace, score: str) -> list[int]:
    """Customers with score 1, 2, 3, 4, 5."""
    table = rfm.customers(ws, ws.as_of)
    counted = ws.execute(table.group_by(score=table[score]).aggregate(customers=table.count()).order_by("score"))
    return counted["customers"].tolist()


def concentration(ws: Workspace) -> tuple[int, float | None, float | None, float | None, tuple[int | None, ...]]:
    found = pareto.summary(ws, ws.as_of)
    shares = (found.top20_share, found.vital_few_share, found.gini)
    return found.customers, *(round(share, 6) if share else share for share in shares), (found.class_a, found.class_b, found.class_c)


def test_online_retail_segments(online_retail: Workspace) -> None:
    assert online_retail.as_of == date(2011, 12, 10)
    assert segment_counts(online_retail) == {
        "Hibernating": 1335, "Potential loyalists": 681, "Champions": 507, "Loyal customers": 501, "About to sleep": 478,
        "At risk": 357, "Need attention": 208, "Promising": 170, "New customers": 67, "Can't lose them": 35,
    }  # fmt: skip
    assert score_counts(online_retail, "r_score") == [861, 866, 863, 881, 868]
    assert score_counts(online_retail, "f_score") == [1494, 835, 895, 415, 700]
    assert score_counts(online_retail, "m_score") == [868, 868, 868, 868, 867]


#: The same sales as another shop's export: columns in another order under other names, dates moved by 1,000 days and written otherwise.
RUSSIAN = """SELECT Country AS "Страна", strftime(InvoiceDate + INTERVAL 1000 DAY, '%d.%m.%Y %H:%M') AS "Дата заказа", Quantity AS "Количество",
    replace(UnitPrice::VARCHAR, '.', ',') AS "Цена", StockCode AS "Артикул", CustomerID::BIGINT AS "Код клиента", Description AS "Наименование",
    InvoiceNo AS "Номер заказа" FROM read_parquet($path)"""
#: As the shop itself gave it away: month first, without leading zeros.
AMERICAN = "SELECT * REPLACE (strftime(InvoiceDate, '%-m/%-d/%Y %-H:%M') AS InvoiceDate) FROM read_parquet($path)"


@pytest.mark.parametrize("query", [AMERICAN, RUSSIAN], ids=["American", "Russian"])
def test_online_retail_as_csv_gives_the_same_segments(online_retail: Workspace, real_data: Find, tmp_path: Path, query: str) -> None:
    with duckdb.connect() as con:
        rows = con.sql(query, params={"path": str(real_data("online_retail/online_retail.parquet"))})
        rows.write_csv(str(tmp_path / "sales.csv"), sep=";" if query == RUSSIAN else ",")
    with imported(tmp_path / "w.duckdb", tmp_path / "sales.csv") as ws:
        assert segment_counts(ws) == segment_counts(online_retail)
        assert concentration(ws) == concentration(online_retail)


def test_a_fifth_of_online_retail_as_a_workbook_gives_the_same_segments(real_data: Find, tmp_path: Path) -> None:
    """All of it takes a minute to write."""
    fifth = "SELECT * FROM read_parquet($path) WHERE CustomerID::BIGINT % 5 = 0"
    with duckdb.connect() as con:
        table = con.sql(fifth, params={"path": str(real_data("online_retail/online_retail.parquet"))}).to_arrow_table()
    pq.write_table(table, tmp_path / "sales.parquet")
    with xlsxwriter.Workbook(tmp_path / "sales.xlsx", {"constant_memory": True, "default_date_format": "yyyy-mm-dd hh:mm"}) as book:
        sheet = book.add_worksheet("Online Retail")
        sheet.write_row(0, 0, table.column_names)
        for number, row in enumerate(zip(*(column.to_pylist() for column in table.columns), strict=True), start=1):
            sheet.write_row(number, 0, row)
    with imported(tmp_path / "p.duckdb", tmp_path / "sales.parquet") as one, imported(tmp_path / "w.duckdb", tmp_path / "sales.xlsx") as ws:
        assert sum(segment_counts(one).values()) > 800
        assert segment_counts(ws) == segment_counts(one)
        assert concentration(ws) == concentration(one)


def test_online_retail_customers(online_retail: Workspace) -> None:
    table = rfm.customers(online_retail, online_retail.as_of)
    sums = online_retail.execute(table.aggregate(customers=table.count(), net_sales=table.net_sales.sum()))
    assert sums.iloc[0].tolist() == [4339, Decimal("8310477.0540")]


def test_online_retail_concentration(online_retail: Workspace) -> None:
    assert concentration(online_retail) == (4372, 0.738471, 0.267841, 0.703789, (1171, 1436, 1765))
    found = pareto.summary(online_retail, online_retail.as_of)
    assert (found.total, found.customers_below_zero) == (pytest.approx(8_300_065.814), 41)


def test_online_retail_sales_include_those_without_a_customer(online_retail: Workspace) -> None:
    found = overview(online_retail, date(2010, 12, 1), date(2011, 12, 10))
    assert found.figure("net_sales").value == pytest.approx(9_747_747.934)
    assert found.figure("customers").value == 4339
    assert found.monthly["net_sales"].sum() == pytest.approx(9_747_747.934)
    assert found.monthly["is_partial"].tolist() == [False] * 12 + [True]


def test_cdnow_segments(cdnow: Workspace) -> None:
    assert segment_counts(cdnow) == {
        "Hibernating": 9191, "About to sleep": 4472, "Potential loyalists": 4307, "Champions": 3431, "Loyal customers": 1813,
        "Need attention": 260, "At risk": 94, "Can't lose them": 2,
    }  # fmt: skip


def test_cdnow_concentration(cdnow: Workspace) -> None:
    assert concentration(cdnow) == (23570, 0.677774, 0.326474, 0.634571, (7695, 8044, 7831))


def test_complete_journey_best_customers(complete_journey: Workspace) -> None:
    assert score_counts(complete_journey, "r_score")[-1] == 497
    assert segment_counts(complete_journey)["Champions"] == 378
