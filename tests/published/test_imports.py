"""Real files, imported by suggestion alone: rows, periods and totals as published or counted independently."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crm_core.mapping.build import build
from crm_core.mapping.overrides import override
from crm_core.mapping.suggest import suggest
from crm_core.sources.files import stage
from crm_core.sources.staging import Staging
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
        (["servicenow/incident_event_log.zip"], {"cases": 24_918}, ("2016-02-29", "2017-02-17"), None),
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


@pytest.mark.parametrize("seed", [None, 5])
def test_the_last_event_of_an_incident_tells_its_state_whatever_the_order_of_the_rows(
    real_data: Find, tmp_path: Path, seed: int | None
) -> None:
    file = real_data("servicenow/incident_event_log.zip")
    if seed is not None:
        rows = pd.read_csv(file, dtype="string", keep_default_na=False).drop(columns="category.1")
        moments = rows.groupby(["number", "sys_updated_at"]).ngroup()  # events of one minute keep their order: nothing else tells it
        places = np.random.default_rng(seed).permutation(moments.max() + 1)[moments]
        rows.iloc[np.argsort(places, kind="stable")].to_csv(file := tmp_path / "shuffled.csv", index=False)
    with imported(tmp_path / "w.duckdb", file) as ws:
        cases = ws.table("cases")
        row = ws.execute(
            cases.aggregate(
                cases=cases.count(),
                in_time=cases.is_within_sla.mean(),
                reopened=(cases.count_reopened > 0).sum(),
                open=cases.resolved_at.isnull().sum(),
            )
        )
    assert (row["cases"][0], row["reopened"][0], row["open"][0]) == (24_918, 275, 0)
    assert round(100 * float(row["in_time"][0]), 2) == 63.42


def test_ratings_of_support_tickets_become_responses(real_data: Find, tmp_path: Path) -> None:
    with Staging(tmp_path) as staging:
        stage(staging, real_data("support_tickets/customer_support_tickets.csv"))
        suggestion = suggest(staging)
        question = next(problem for problem in suggestion.problems if problem.severity == "question")
        assert question.option == "--map opened_at=First Response Time"
        mapping = override(staging, suggestion.mapping, ["opened_at=First Response Time"])
        receipt = build(staging, mapping, tmp_path / "w.duckdb", name="tickets", imported_at=datetime(2026, 1, 1))
    assert receipt.rows_read == receipt.rows_used + receipt.rows_rejected == 8_469
    assert receipt.period == ("2023-05-31", "2023-06-02")
    with Workspace.open(tmp_path / "w.duckdb") as ws:
        surveys = ws.table("surveys")
        row = ws.execute(
            surveys.aggregate(rows=surveys.count(), mean=surveys.score.mean(), low=surveys.scale_min.min(), high=surveys.scale_max.max())
        )
        assert set(ws.execute(surveys.measure.name("measure").as_table().distinct())["measure"]) == {"csat"}
    assert (int(row["rows"][0]), float(row["low"][0]), float(row["high"][0])) == (1_405, 1.0, 5.0)


def test_nps_of_the_bank_is_the_same_in_both_date_formats(real_data: Find, tmp_path: Path) -> None:
    found = []
    for name in ("NPStimeseries", "NPStimeseries_2digit_year"):
        with imported(tmp_path / f"{name}.duckdb", real_data(f"nps_bank/{name}.csv")) as ws:
            surveys = ws.table("surveys")
            promoters, detractors = (surveys.score >= 9).mean(), (surveys.score <= 6).mean()
            nps = surveys.aggregate(nps=(promoters - detractors) * 100)
            found.append((round(float(ws.execute(nps)["nps"][0]), 2), ws.first_day, ws.last_day))
    assert found[0] == found[1] == (11.80, date(2021, 1, 1), date(2021, 12, 30))
