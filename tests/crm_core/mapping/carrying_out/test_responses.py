"""Survey responses and cases: measures and scales, customers through orders, and rows that cannot be true."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.crm_core.mapping.imports import Given, carry_out, sales

SURVEY = {"id": "response_id", "at": "responded_at", "score": "score"}


def _survey(scores: list[str | None], column: str = "score", name: str = "survey.csv") -> Given:
    count = len(scores)
    columns = {"id": [f"{name} {number}" for number in range(count)], "at": ["2021-05-01"] * count, column: scores}
    return Given(name, "surveys", columns, {"id": "response_id", "at": "responded_at", column: "score"})


@pytest.mark.parametrize(
    ("column", "scores", "expected"),
    [
        ("score", ["0", "7", "10"], ("nps", 0, 10)),
        ("score", ["1", "4", "5"], ("csat", 1, 5)),
        ("score", ["1", "7"], ("csat", 1, 7)),
        ("score", ["3", "88"], ("csat", 0, 100)),
        ("NPS", ["1", "5"], ("nps", 0, 10)),
        ("effort", ["2", "5"], ("ces", 1, 5)),
        ("effort", ["2", "7"], ("ces", 1, 7)),
    ],
)
def test_measure_and_scale_come_of_the_name_and_the_values(
    tmp_path: Path, column: str, scores: list[str | None], expected: tuple[str, int, int]
) -> None:
    done = carry_out(tmp_path, _survey(scores, column))
    assert set(done.rows("surveys", "measure", "scale_min", "scale_max")) == {expected}


def test_files_of_one_survey_are_on_one_scale(tmp_path: Path) -> None:
    done = carry_out(tmp_path, _survey(["1", "4"], name="may.csv"), _survey(["9"], name="june.csv"))
    assert set(done.rows("surveys", "measure")) == {("nps",)}


def test_a_response_without_date_or_score_or_outside_its_scale_is_rejected(tmp_path: Path) -> None:
    columns = {
        "at": ["2021-05-01", None, "then", "2021-05-01", "2021-05-01", "2021-05-01"],
        "score": ["4", "5", "5", None, "blue", "9"],
        "top": ["5"] * 6,
    }
    done = carry_out(tmp_path, Given("s.csv", "surveys", columns, {"at": "responded_at", "score": "score", "top": "scale_max"}))
    assert done.rows("surveys", "response_id", "score") == [("row 1", Decimal(4))]
    reasons = dict(done.rows("_rejected", "row", "reason"))
    assert reasons == {
        2: "no date",
        3: "the date cannot be read, or is no plausible one",
        4: "no score",
        5: "the score cannot be read",
        6: "the score is outside its scale",
    }
    assert done.receipt.rows_read == done.receipt.rows_used + done.receipt.rows_rejected


def test_a_response_finds_its_customer_through_the_order(tmp_path: Path) -> None:
    survey = Given(
        "s.csv",
        "surveys",
        {"at": ["2021-05-01", "2021-05-02"], "score": ["4", "5"], "order": ["7", "8"]},
        {"at": "responded_at", "score": "score", "order": "order_id"},
    )
    done = carry_out(tmp_path, sales("sales.csv", ("Ann", "7", "2021-01-01", "1", "2")), survey)
    assert done.rows("surveys", "order_id", "customer_id") == [("7", "Ann"), ("8", None)]


def test_an_order_id_of_two_customers_does_not_tell_whose_response_it_is(tmp_path: Path) -> None:
    survey = Given(
        "s.csv",
        "surveys",
        {"at": ["2021-05-01"], "score": ["4"], "order": ["7"]},
        {"at": "responded_at", "score": "score", "order": "order_id"},
    )
    sold = sales("sales.csv", ("Ann", "7", "2021-01-01", "1", "2"), ("Ben", "7", "2021-02-01", "1", "2"))
    assert carry_out(tmp_path, sold, survey).rows("surveys", "order_id", "customer_id") == [("7", None)]


def test_response_ids_that_repeat_are_reported_and_kept(tmp_path: Path) -> None:
    survey = Given("s.csv", "surveys", {"id": ["a", "a", "b"], "at": ["2021-05-01"] * 3, "score": ["4", "5", "5"]}, SURVEY)
    done = carry_out(tmp_path, survey)
    assert len(done.rows("surveys")) == 3
    found = next(problem for problem in done.receipt.problems if problem.code == "response_id_repeated")
    assert found.rows == 2
    assert "several rows: 1;" in found.message


def test_a_log_of_events_becomes_one_case_in_its_last_state(tmp_path: Path) -> None:
    columns = {"no": ["A", "A", "B"], "opened": ["2021-05-01"] * 3, "state": ["new", "closed", "new"]}
    done = carry_out(tmp_path, Given("log.csv", "cases", columns, {"no": "case_id", "opened": "opened_at", "state": "status"}))
    assert sorted(done.rows("cases", "case_id", "status")) == [("A", "closed"), ("B", "new")]
    assert done.receipt.rows_used == 3


def test_a_case_resolved_before_it_was_opened_is_rejected(tmp_path: Path) -> None:
    columns = {"no": ["A", "B", "C"], "opened": ["2021-05-01", "2021-05-01", None], "done": ["2021-05-02", "2021-04-02", "2021-05-02"]}
    done = carry_out(tmp_path, Given("c.csv", "cases", columns, {"no": "case_id", "opened": "opened_at", "done": "resolved_at"}))
    assert done.rows("cases", "case_id") == [("A",)]
    assert done.rows("_rejected", "row", "reason") == [(3, "no date"), (2, "resolved before it was opened")]
    assert done.receipt.period == ("2021-05-01", "2021-05-02")
