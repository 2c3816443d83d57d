"""Real files, imported by suggestion alone: rows, periods and totals as published or counted independently."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from crm_core.workspace import Workspace
from tests.published.conftest import imported

Find = Callable[[str], Path]


@pytest.mark.parametrize(
    ("files", "counts", "period", "net_sales"),
    [
        (["persian_shop/orders.csv"], {"order_lines": 40_537, "customers": 14_964}, ("2019-03-21", "2019-07-22"), None),
        (["yandex/ecommerce_dataset.csv"], {"order_lines": 6_737}, ("2018-10-01", "2019-10-31"), None),
        (["yandex/business_metrics_analysis_orders_log.csv"], {"order_lines": 50_415}, ("2017-06-01", "2018-06-01"), None),
        (
            ["superstore/superstore.xls"],
            {"order_lines": 9_994, "orders": 5_009, "customers": 793},
            ("2014-01-03", "2017-12-30"),
            "2297200.8603",
        ),
        (["cdnow/CDNOW_sample.txt"], {"order_lines": 6_919, "customers": 2_357}, ("1997-01-01", "1998-06-30"), "244091.9400"),
        (["servicenow/incident_event_log.zip"], {"cases": 24_918}, ("2016-02-29", "2017-02-16"), None),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_rows_period_and_sales(
    real_data: Find, tmp_path: Path, files: list[str], counts: dict[str, int], period: tuple[str, str], net_sales: str | None
) -> None:
    with imported(tmp_path / "w.duckdb", *map(real_data, files)) as ws:
        receipt = ws.receipt
    assert {name: receipt.counts[name] for name in counts} == counts
    assert receipt.period == period
    assert receipt.rows_rejected == 0
    assert net_sales in (None, receipt.net_sales)


def test_online_retail_is_accounted_for_row_by_row(online_retail: Workspace) -> None:
    receipt = online_retail.receipt
    source = receipt.sources[0]
    assert (source.rows_read, source.rows_used, source.duplicates) == (541_909, 541_909, 5_268)
    assert (receipt.lines_not_attributed, receipt.counts["customers"]) == (135_080, 4_372)
    assert Decimal(receipt.net_sales) - Decimal(receipt.amount_not_attributed) == Decimal("8300065.814")
    assert online_retail.last_day == date(2011, 12, 9)


def test_olist_in_five_files_is_joined_by_its_keys(real_data: Find, tmp_path: Path) -> None:
    names = ("orders", "order_items", "customers", "order_reviews", "products")
    with imported(tmp_path / "w.duckdb", *(real_data(f"olist/olist_{name}_dataset.csv") for name in names)) as ws:
        surveys = ws.table("surveys")
        scores = ws.execute(
            surveys.aggregate(mean=surveys.score.mean(), happy=(surveys.score >= 4).mean(), known=surveys.customer_id.count())
        )
        receipt = ws.receipt
        assert ws.has("order_lines", "category")
        assert ws.has("customers", "city")
    assert (receipt.counts["order_lines"], receipt.counts["orders"], receipt.counts["surveys"]) == (26_109, 22_870, 6_866)
    assert round(float(scores["mean"][0]), 4) == 4.0776
    assert round(float(scores["happy"][0]), 4) == 0.7680
    assert receipt.lines_not_attributed == 0
    assert receipt.status_words["canceled"] == "cancelled"


def test_nps_of_the_bank_is_the_same_in_both_date_formats(real_data: Find, tmp_path: Path) -> None:
    found = []
    for name in ("NPStimeseries", "NPStimeseries_2digit_year"):
        with imported(tmp_path / f"{name}.duckdb", real_data(f"nps_bank/{name}.csv")) as ws:
            surveys = ws.table("surveys")
            promoters, detractors = (surveys.score >= 9).mean(), (surveys.score <= 6).mean()
            nps = surveys.aggregate(nps=(promoters - detractors) * 100)
            found.append((round(float(ws.execute(nps)["nps"][0]), 2), ws.first_day, ws.last_day))
    assert found[0] == found[1] == (11.80, date(2021, 1, 1), date(2021, 12, 30))
