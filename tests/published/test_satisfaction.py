"""Satisfaction and service on real data: published and independently computed figures, from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from crm_core.analytics.satisfaction import responses, trend
from crm_core.cli import main
from tests.published.conftest import imported

Find = Callable[[str], Path]


def rows(out: Path, *arguments: str) -> pd.DataFrame:
    assert main([*arguments, "--out", str(out)]) == 0
    return pd.read_csv(out)


@pytest.mark.parametrize("name", ["NPStimeseries", "NPStimeseries_2digit_year"])
def test_nps_of_the_bank(real_data: Find, tmp_path: Path, name: str) -> None:
    file = str(real_data(f"nps_bank/{name}.csv"))
    assert rows(tmp_path / "a.csv", "satisfaction", file, "--by", "all")["value"].round(2).tolist() == [11.80]
    quarters = rows(tmp_path / "q.csv", "satisfaction", file, "--by", "quarter")
    assert quarters["period"].tolist() == ["2021-Q1", "2021-Q2", "2021-Q3", "2021-Q4"]
    assert quarters["value"].round(2).tolist() == [14.12, 11.52, 9.90, 11.80]


def test_the_bank_again_with_its_headers_renamed_columns_shuffled_and_dates_moved(real_data: Find, tmp_path: Path) -> None:
    frame = pd.read_csv(real_data("nps_bank/NPStimeseries.csv"), dtype=str)
    moved = pd.to_datetime(frame["Survey date"], format="%d-%m-%Y") + pd.DateOffset(years=2)
    other = pd.DataFrame(
        {"region": frame["Market"], "likelihood to recommend": frame["NPS"], "answered": moved.dt.strftime("%Y/%m/%d"), "no": frame["ID"]}
    )
    other.sample(frac=1, random_state=1).to_csv(tmp_path / "other.csv", index=False)
    found = rows(tmp_path / "q.csv", "satisfaction", str(tmp_path / "other.csv"), "--by", "quarter")
    assert found["period"].tolist() == ["2023-Q1", "2023-Q2", "2023-Q3", "2023-Q4"]
    assert found["value"].round(2).tolist() == [14.12, 11.52, 9.90, 11.80]


def test_olist_reviews(real_data: Find, tmp_path: Path) -> None:
    """Without the orders nobody is known, so every review counts."""
    with imported(tmp_path / "olist.duckdb", real_data("olist/olist_order_reviews_dataset.csv")) as ws:
        found = trend.now(ws, "csat", ws.first_day, ws.as_of)
        assert responses.measures(ws, ws.as_of) == {"csat": 6_866}
    assert (round(found.mean, 4), round(found.estimate.value, 4)) == (4.0776, 0.7680)


def test_service_of_the_incident_log(real_data: Find, tmp_path: Path) -> None:
    out = tmp_path / "service.json"
    assert main(["service", str(real_data("servicenow/incident_event_log.zip")), "--out", str(out)]) == 0
    found = json.loads(out.read_text(encoding="utf-8"))
    assert found["cases"] == 24_918
    assert round(found["within_sla_share"], 4) == 0.6342
    assert round(found["reopened_share"] * 24_918) == 275
    assert found["first_response_hours_median"] is None


def test_complaints_to_banks_tell_who_was_answered_in_time(real_data: Find, tmp_path: Path) -> None:
    out = tmp_path / "service.json"
    assert main(["service", str(real_data("cfpb/consumer_complaints_2015_q1.csv")), "--out", str(out)]) == 0
    found = json.loads(out.read_text(encoding="utf-8"))
    assert (found["cases"], round(found["within_sla_share"], 4)) == (28_156, round(27_444 / 28_156, 4))
    assert found["open"] is None
