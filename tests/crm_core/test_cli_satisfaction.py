"""The commands `satisfaction`, `service` and `watch`: columns and figures by hand, every kind of file, and their refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from crm_core.cli import BAD_INPUT, main

ANSWERS = """customer,when,NPS
a,2021-01-05,10
a,2021-01-20,3
b,2021-01-07,9
c,2021-02-11,9
,2021-02-12,0
,2021-02-13,10
"""
CASES = """ticket,client,opened at,first response at,resolved at,priority,reopened,contacts
1,a,2021-03-01 08:00,2021-03-01 09:00,2021-03-01 18:00,high,0,1
2,b,2021-03-01 08:00,2021-03-01 11:00,2021-03-02 08:00,low,1,3
3,c,2021-03-02 08:00,2021-03-02 08:30,,low,0,2
4,d,2021-03-04 08:00,2021-03-04 20:00,2021-03-04 21:00,high,0,1
"""


@pytest.fixture
def answers(tmp_path: Path) -> str:
    path = tmp_path / "answers.csv"
    path.write_text(ANSWERS, encoding="utf-8")
    return str(path)


@pytest.fixture
def tickets(tmp_path: Path) -> str:
    path = tmp_path / "tickets.csv"
    path.write_text(CASES, encoding="utf-8")
    return str(path)


def rows(tmp_path: Path, *arguments: str) -> pd.DataFrame:
    out = tmp_path / "out.csv"
    assert main([*arguments, "--out", str(out)]) == 0
    return pd.read_csv(out)


def record(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert main(list(arguments)) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_satisfaction_gives_a_row_a_month(answers: str, tmp_path: Path) -> None:
    """January: a's last answer 3 and b's 9. February: c's 9, and two of nobody."""
    found = rows(tmp_path, "satisfaction", answers)
    assert list(found.columns) == ["period", "measure", "n", "value", "low", "high", "share_top", "share_bottom"]
    assert found["period"].tolist() == ["2021-01", "2021-02"]
    assert found["n"].tolist() == [2, 3]
    assert found["value"].round(4).tolist() == [0.0, 33.3333]
    assert found["share_bottom"].round(4).tolist() == [0.5, 0.3333]


@pytest.mark.parametrize(("by", "periods", "n"), [("quarter", ["2021-Q1"], [5]), ("all", ["all"], [5])])
def test_satisfaction_takes_other_periods(answers: str, tmp_path: Path, by: str, periods: list[str], n: list[int]) -> None:
    found = rows(tmp_path, "satisfaction", answers, "--by", by)
    assert found["period"].tolist() == periods
    assert found["n"].tolist() == n


@pytest.mark.parametrize(("ending", "read"), [(".csv", pd.read_csv), (".parquet", pd.read_parquet), (".json", pd.read_json)])
def test_satisfaction_fits_every_kind_of_file(answers: str, tmp_path: Path, ending: str, read: Callable[[Path], pd.DataFrame]) -> None:
    assert main(["satisfaction", answers, "--by", "all", "--out", str(tmp_path / f"out{ending}")]) == 0
    assert read(tmp_path / f"out{ending}")["value"].round(4).tolist() == [20.0]


def test_satisfaction_cuts_the_day_looked_from(answers: str, tmp_path: Path) -> None:
    assert rows(tmp_path, "satisfaction", answers, "--as-of", "2021-01-20", "--by", "all")["value"].tolist() == [100.0]


def test_a_scale_can_be_declared(tmp_path: Path) -> None:
    path = tmp_path / "effort.csv"
    path.write_text("when,effort\n2021-01-01,1\n2021-01-02,2\n2021-01-03,3\n", encoding="utf-8")
    assert rows(tmp_path, "satisfaction", str(path), "--by", "all", "--scale", "ces 7-1")["value"].tolist() == [6.0]


def test_of_several_measures_one_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "both.csv"
    path.write_text("when,kind,score,low,high\n2021-01-01,nps,9,0,10\n2021-01-02,csat,5,1,5\n", encoding="utf-8")
    mapped = ["--map", "measure=kind", "--map", "scale_min=low", "--map", "scale_max=high"]
    assert main(["satisfaction", str(path), *mapped]) == BAD_INPUT
    assert "--measure nps or --measure csat" in capsys.readouterr().err
    assert rows(tmp_path, "satisfaction", str(path), *mapped, "--measure", "csat", "--by", "all")["value"].tolist() == [1.0]


def test_without_responses_satisfaction_says_so(tickets: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["satisfaction", tickets]) == BAD_INPUT
    assert "No survey responses" in capsys.readouterr().err


def test_service_gives_the_figures(tickets: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As of 2021-03-05 case 3 has waited 64 hours; solved after 10, 24 and 13: half by 13, and three of four by 24."""
    found = record(capsys, "service", tickets)
    assert (found["cases"], found["open"]) == (4, 1)
    assert found["first_response_hours_median"] == 1.0
    assert found["resolution_hours_median"] == 13.0
    assert found["resolution_hours_p90"] is None
    assert found["within_sla_share"] is None
    assert found["reopened_share"] == 0.25


def test_service_judges_by_limits_for_priorities_and_all(tickets: str, capsys: pytest.CaptureFixture[str]) -> None:
    """high within 12: 10 yes, 13 no; the others within 30: 24 yes, and case 3 is past it."""
    assert record(capsys, "service", tickets, "--sla", "high=12", "--sla", "*=30")["within_sla_share"] == 0.5


def test_service_can_begin_later(tickets: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert record(capsys, "service", tickets, "--since", "2021-03-02")["cases"] == 2


def test_a_wrong_limit_is_named(tickets: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["service", tickets, "--sla", "urgent=soon"]) == BAD_INPUT
    assert "urgent=soon" in capsys.readouterr().err


def test_watch_lists_who_is_at_risk_with_the_reason(tickets: str, answers: str, tmp_path: Path) -> None:
    found = rows(tmp_path, "watch", tickets, answers).set_index("customer_id")
    assert set(found.index) == {"a", "b", "c"}
    assert found.loc["a", "risk"] == "low score"
    assert found.loc["b", "reason"].startswith("3 contacts (case 2), reopened")
    assert found.loc["c", "reason"].startswith("2 contacts (case 3), open for 2 days")


def test_the_sample_company_has_all_three(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    found = record(capsys, "service", "sample")
    assert found["cases"] > 1500  # type: ignore[operator]
    assert len(rows(tmp_path, "satisfaction", "sample", "--measure", "nps", "--by", "quarter")) == 12
