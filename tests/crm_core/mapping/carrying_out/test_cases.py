"""Cases: logs of events, times that cannot be true, and ratings that a case file holds."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.crm_core.mapping.imports import Given, Imported, carry_out, sales

FIELDS = {
    "no": "case_id",
    "opened": "opened_at",
    "event": "updated_at",
    "state": "status",
    "reply": "first_response_at",
    "done": "resolved_at",
    "closed": "closed_at",
    "reopened": "count_reopened",
    "rating": "csat_score",
    "by": "channel",
    "who": "customer_id",
    "sale": "order_id",
}


def cases(*rows: dict[str, Any], without: Sequence[str] = ()) -> Given:
    """Rows by column; columns that no row has are left out."""
    used = [name for name in FIELDS if any(name in row for row in rows) and name not in without]
    return Given("c.csv", "cases", {name: [row.get(name) for row in rows] for name in used}, {name: FIELDS[name] for name in used})


def case(no: str = "A", opened: str | None = "2021-05-01 10:00", **further: Any) -> dict[str, Any]:
    return {"no": no, "opened": opened, **further}


def reasons(done: Imported) -> list[tuple[int, str]]:
    return sorted(done.rows("_rejected", "row", "reason"))


LOG = [
    case(event="2021-05-01 10:00", state="New", reopened="0", by="Phone"),
    case(event="2021-05-02 09:00", state="Active", reopened="0", reply="2021-05-01 12:00"),
    case(event="2021-05-03 09:00", state="Resolved", reopened="0", by="E-mail"),
    case(event="2021-05-04 09:00", state="Active", reopened="1"),
    case(event="2021-05-05 09:00", state="Closed", reopened="1", opened="2021-05-01 10:05"),
    case("B", event="2021-05-01 10:00", state="Resolved"),
    case("B", event="2021-05-02 10:00", state="Reopened"),
]


@pytest.mark.parametrize("seed", [None, 1, 2, 3])
def test_a_case_has_the_last_known_value_of_each_field_whatever_the_order_of_the_rows(tmp_path: Path, seed: int | None) -> None:
    rows = list(LOG)
    if seed is not None:
        random.Random(seed).shuffle(rows)
    done = carry_out(tmp_path, cases(*rows))
    found = sorted(done.rows("cases", "case_id", "opened_at::text", "status", "channel", "count_reopened", "resolved_at::text"))
    assert found == [
        ("A", "2021-05-01 10:00:00", "Closed", "E-mail", 1, "2021-05-05 09:00:00"),
        ("B", "2021-05-01 10:00:00", "Reopened", None, None, None),
    ]
    assert (done.receipt.rows_used, done.receipt.counts["cases"]) == (7, 2)


def test_without_a_day_of_its_own_a_case_was_opened_with_its_first_event(tmp_path: Path) -> None:
    done = carry_out(tmp_path, cases(*LOG, without=("opened",)))
    assert sorted(done.rows("cases", "case_id", "opened_at::text")) == [("A", "2021-05-01 10:00:00"), ("B", "2021-05-01 10:00:00")]


def test_a_closed_case_counts_as_resolved_then_where_nothing_else_is_known(tmp_path: Path) -> None:
    rows = [case(done="2021-05-02", closed="2021-05-09"), case("B", closed="2021-05-09"), case("C", state="Closed")]
    found = carry_out(tmp_path, cases(*rows)).rows("cases", "case_id", "resolved_at::date::text", "status")
    assert found == [("A", "2021-05-02", None), ("B", "2021-05-09", None), ("C", None, "Closed")]


def test_a_status_tells_no_time_where_a_column_for_it_exists(tmp_path: Path) -> None:
    rows = [case(event="2021-05-03", state="Closed", done=None), case("B", event="2021-05-03", state="Closed", done="2021-05-02")]
    assert carry_out(tmp_path, cases(*rows)).rows("cases", "resolved_at::date::text") == [(None,), ("2021-05-02",)]


def test_what_cannot_be_true_is_listed_with_its_reason(tmp_path: Path) -> None:
    rows = [
        case("A", reply="2021-04-30"),
        case("B", done="2021-04-30"),
        case("C", reopened="-1"),
        case("D", opened=None),
        case("E", opened="then"),
        case("F", reply="2021-05-03 08:00", done="2021-05-02 08:00"),
        case("G", opened="2031-05-01 10:00"),
    ]
    done = carry_out(tmp_path, cases(*rows))
    assert reasons(done) == [
        (1, "answered before it was opened"),
        (2, "resolved before it was opened"),
        (3, "a count is below zero"),
        (4, "no date"),
        (5, "the date cannot be read, or is no plausible one"),
    ]
    assert done.rows("cases", "case_id") == [("F",), ("G",)]
    assert {"resolved_before_response", "dates_to_come"} <= set(done.codes())


def test_a_mere_day_of_opening_is_not_before_it(tmp_path: Path) -> None:
    done = carry_out(tmp_path, cases(case(reply="2021-05-01", done="2021-05-01")))
    assert done.rows("cases", "first_response_at::text", "resolved_at::text") == [("2021-05-01 10:00:00", "2021-05-01 10:00:00")]


def test_all_rows_of_a_case_that_cannot_be_true_are_listed(tmp_path: Path) -> None:
    rows = [case(event="2021-05-01"), case(event="2021-05-02", done="2021-04-01"), case("B", event="2021-05-02")]
    done = carry_out(tmp_path, cases(*rows))
    assert [row for row, _ in reasons(done)] == [1, 2]
    assert done.rows("cases", "case_id") == [("B",)]


def test_words_for_a_status_that_nobody_knows_are_told(tmp_path: Path) -> None:
    done = carry_out(tmp_path, cases(case(state="frobnicated"), case("B", state="closed")))
    assert [one.example for one in done.receipt.problems if one.code == "case_status_unknown"] == ["frobnicated"]


@pytest.mark.parametrize("sign", ["1900-01-01", "1970-01-01 00:00:00"])
def test_an_end_decades_before_the_opening_was_never_meant(tmp_path: Path, sign: str) -> None:
    done = carry_out(tmp_path, cases(case(done=sign, reply="2021-05-02"), case("B", done="2021-05-03")))
    assert done.rows("cases", "case_id", "resolved_at::date::text") == [("A", None), ("B", "2021-05-03")]
    finding = next(one for one in done.receipt.problems if one.code == "moment_not_meant")
    assert (finding.column, finding.rows, finding.example) == ("done", 1, sign)


def flagged(name: str, field: str, *told: str | None) -> Given:
    columns = {"no": [f"c{at}" for at in range(len(told))], "opened": ["2021-05-01"] * len(told), name: list(told)}
    return Given("c.csv", "cases", columns, {"no": "case_id", "opened": "opened_at", name: field})


def test_a_yes_in_a_column_of_missed_times_is_no_time_kept(tmp_path: Path) -> None:
    done = carry_out(tmp_path, flagged("SLA breached", "is_within_sla", "Yes", "No", None))
    assert done.rows("cases", "is_within_sla") == [(False,), (True,), (None,)]
    assert "turned round" in done.receipt.choices["c.csv › Within SLA"]


def test_an_empty_cell_means_no_where_a_column_only_marks(tmp_path: Path) -> None:
    done = carry_out(tmp_path, flagged("Escalated", "is_escalated", "X", None, ""))
    assert done.rows("cases", "is_escalated") == [(True,), (False,), (False,)]
    assert "blank_means_no" in done.codes()
    both = carry_out(tmp_path, flagged("Escalated", "is_escalated", "yes", "no", ""))
    assert both.rows("cases", "is_escalated") == [(True,), (False,), (None,)]
    assert "blank_means_no" not in both.codes()


def test_whether_a_case_was_reopened_is_how_often_at_least(tmp_path: Path) -> None:
    done = carry_out(tmp_path, flagged("Reopened", "count_reopened", "Yes", "no", "2", None))
    assert done.rows("cases", "count_reopened") == [(1,), (0,), (2,), (None,)]


# -- ratings -----------------------------------------------------------------------------------------------------------


def test_a_rating_of_a_case_becomes_a_response(tmp_path: Path) -> None:
    rows = [
        case("A", rating="5", by="Chat", who="Ann", done="2021-05-04 10:00", reply="2021-05-02 10:00"),
        case("B", rating="2", who="Bob", reply="2021-05-02 10:00"),
        case("C", rating="3", who="Cas"),
        case("D", who="Dan"),
    ]
    done = carry_out(tmp_path, cases(*rows))
    found = done.rows("surveys", "response_id", "customer_id", "responded_at::date::text", "measure", "score", "scale_max", "touchpoint")
    assert found == [
        ("case A", "Ann", "2021-05-04", "csat", 5, 5, "Chat"),
        ("case B", "Bob", "2021-05-02", "csat", 2, 5, "Customer service"),
        ("case C", "Cas", "2021-05-01", "csat", 3, 5, "Customer service"),
    ]
    assert done.receipt.counts == {"surveys": 3, "cases": 4, "customers": 4}
    assert "csat on 1 to 5" in done.receipt.choices["c.csv › Score measures"]


def test_only_the_last_rating_of_a_case_counts(tmp_path: Path) -> None:
    rows = [case(event="2021-05-02", rating="1"), case(event="2021-05-03", rating="4"), case(event="2021-05-01", rating="5")]
    assert carry_out(tmp_path, cases(*rows)).rows("surveys", "response_id", "score") == [("case A", 4)]


def test_ratings_stand_beside_the_responses_of_a_survey_and_find_their_customer(tmp_path: Path) -> None:
    survey = Given("s.csv", "surveys", {"at": ["2021-05-01"], "score": ["9"]}, {"at": "responded_at", "score": "score"})
    sold = sales("sales.csv", ("Ann", "7", "2021-01-01", "1", "2"))
    done = carry_out(tmp_path, sold, survey, cases(case(rating="very good", sale="7")))
    assert sorted(done.rows("surveys", "response_id", "customer_id", "measure", "score")) == [
        ("case A", "Ann", "csat", 5),
        ("row 1", None, "nps", 9),
    ]


def test_a_stray_rating_is_told_and_its_case_used(tmp_path: Path) -> None:
    rows = [case(f"c{at}", rating=str(1 + at % 5)) for at in range(100)] + [case("x", rating="77")]
    done = carry_out(tmp_path, cases(*rows))
    assert (done.receipt.counts["cases"], done.receipt.counts["surveys"]) == (101, 100)
    finding = next(one for one in done.receipt.problems if one.code == "scores_outside")
    assert (finding.column, finding.rows) == ("rating", 1)


# -- the period without sales ------------------------------------------------------------------------------------------


def test_without_sales_the_data_reaches_to_the_latest_moment_before_the_import(tmp_path: Path) -> None:
    rows = [case(done="2021-06-02"), case("B", reply="2021-06-03 09:00"), case("C", done="2031-01-01")]
    done = carry_out(tmp_path, cases(*rows))
    assert done.receipt.period == ("2021-05-01", "2021-06-03")
    assert (done.meta("workspace")["first_day"], done.meta("workspace")["last_day"]) == ("2021-05-01", "2021-06-03")


def test_days_to_come_count_where_there_are_no_others(tmp_path: Path) -> None:
    assert carry_out(tmp_path, cases(case(opened="2031-05-01"))).receipt.period == ("2031-05-01", "2031-05-01")
