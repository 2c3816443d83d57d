"""How a case stood on a day: open or solved, in time or late."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import ibis
import numpy as np
import pandas as pd
import pytest

from crm_core.analytics.service.cases import cases, closed_words, knows_open
from crm_core.analytics.service.sla import NO_AGREEMENT, Agreement, Limit, parse
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace
from tests.crm_core.analytics.conftest import Make
from tests.crm_core.analytics.service.desk import desk
from tests.workspaces import lines

AS_OF = date(2024, 7, 1)
SOLVED: dict[str, object] = {"opened_at": "2024-06-01 10:00", "first_response_at": "2024-06-02 11:00", "resolved_at": "2024-06-04 10:00"}
OPEN: dict[str, object] = {"opened_at": "2024-06-28 12:00"}


def told(ws: Workspace, as_of: date = AS_OF, agreement: Agreement = NO_AGREEMENT, **how: object) -> pd.DataFrame:
    return ws.execute(cases(ws, as_of, agreement=agreement, **how)).set_index("case_id").sort_index()  # type: ignore[arg-type]


def truth(frame: pd.DataFrame, column: str) -> list[bool | None]:
    return [None if pd.isna(value) else bool(value) for value in frame[column]]


def test_a_case_is_open_until_it_is_solved(made: Make) -> None:
    ws = made(cases=desk(SOLVED, OPEN))
    assert truth(told(ws), "is_open") == [False, True]
    assert truth(told(ws, date(2024, 6, 5)), "is_open") == [False]
    assert truth(told(ws, date(2024, 6, 4)), "is_open") == [True]
    assert told(ws, date(2024, 6, 1)).empty


def test_what_comes_later_has_not_happened_yet(made: Make) -> None:
    ws = made(cases=desk(SOLVED | {"status": "solved"}))
    early = told(ws, date(2024, 6, 2)).loc["1"]
    assert early[["first_response_at", "resolved_at", "first_seconds", "resolution_seconds"]].isna().all()
    assert early["age_seconds"] == 14 * 3600
    assert early["is_open"]
    middle = told(ws, date(2024, 6, 3)).loc["1"]
    assert middle["first_seconds"] == 25 * 3600
    assert pd.isna(middle["resolution_seconds"])
    assert told(ws).loc["1", "resolution_seconds"] == 72 * 3600


def test_a_status_closes_a_case_whose_solution_has_no_time(made: Make) -> None:
    ws = made(
        cases=desk(OPEN | {"status": "Closed"}, OPEN | {"status": "In progress"}, OPEN | {"status": None}, SOLVED | {"status": "open"})
    )
    assert closed_words(ws) == ("Closed",)
    assert truth(told(ws), "is_open") == [False, True, True, False]


def test_only_what_tells_of_solutions_tells_what_is_open(made: Make) -> None:
    nothing = made(cases=desk(OPEN))
    assert not knows_open(nothing)
    assert truth(told(nothing), "is_open") == [None]
    assert not knows_open(made(cases=desk(OPEN | {"status": "Q7"})))
    waiting = made(cases=desk(OPEN | {"status": "open"}, OPEN | {"status": "Q7"}))  # an export of open cases
    assert truth(told(waiting), "is_open") == [True, True]
    closed = made(cases=desk(OPEN | {"status": "closed"}))
    assert truth(told(closed), "is_open") == [False]


def test_a_case_is_within_its_time_by_the_day_it_was_due(made: Make) -> None:
    """Solved just then is in time."""
    ws = made(cases=desk(SOLVED | {"due_at": "2024-06-04 10:00"}, SOLVED | {"due_at": "2024-06-04 09:59:59"}, SOLVED))
    assert truth(told(ws), "is_within") == [True, False, None]
    assert truth(told(ws), "is_late") == [False, False, False]


def test_an_open_case_past_its_time_has_missed_it_and_others_are_left_out(made: Make) -> None:
    ws = made(cases=desk(OPEN | {"due_at": "2024-06-30"}, OPEN | {"due_at": "2024-07-01"}, OPEN | {"due_at": "2024-07-05"}, OPEN, SOLVED))
    assert truth(told(ws), "is_within") == [False, None, None, None, None]
    assert truth(told(ws), "is_late") == [True, False, False, False, False]


def test_seen_earlier_a_late_solution_was_late_already(made: Make) -> None:
    ws = made(cases=desk(SOLVED | {"due_at": "2024-06-02"}))
    assert truth(told(ws, date(2024, 6, 2)), "is_within") == [None]
    assert truth(told(ws, date(2024, 6, 3)), "is_within") == [False]
    assert truth(told(ws, date(2024, 6, 3)), "is_late") == [True]


def test_what_the_data_says_of_a_solved_case_holds(made: Make) -> None:
    ws = made(
        cases=desk(SOLVED | {"due_at": "2024-06-03", "is_within_sla": True}, SOLVED | {"due_at": "2024-06-05", "is_within_sla": False})
    )
    assert truth(told(ws), "is_within") == [True, False]


def test_of_an_open_case_only_a_miss_can_be_said(made: Make) -> None:
    ws = made(cases=desk(OPEN | {"is_within_sla": True}, OPEN | {"is_within_sla": False}, SOLVED))
    assert truth(told(ws), "is_within") == [None, False, None]
    unknown = made(cases=desk(OPEN | {"is_within_sla": True}))  # nothing tells what is open
    assert truth(told(unknown), "is_within") == [True]


def test_before_the_solution_its_outcome_is_not_known(made: Make) -> None:
    ws = made(cases=desk(SOLVED | {"is_within_sla": False}, SOLVED | {"is_within_sla": False, "due_at": "2024-06-02"}))
    assert truth(told(ws, date(2024, 6, 3)), "is_within") == [None, False]
    assert truth(told(ws), "is_within") == [False, False]


@pytest.fixture
def classes(made: Make) -> Workspace:
    """Customers a, b, c of classes A, B, C and x without a purchase; each has an urgent and a normal case of three days."""
    bought = lines(("a", "1", "2024-05-01", 90), ("b", "2", "2024-05-01", 8), ("c", "3", "2024-05-01", 2))
    rows = [
        SOLVED | {"case_id": f"{name}{priority[0]}", "customer_id": name, "priority": priority}
        for name in "abcx"
        for priority in ("Urgent", "normal")
    ]
    return made(order_lines=bought, cases=desk(*rows))


def test_cases_have_the_class_of_their_customer(classes: Workspace) -> None:
    found = told(classes)["value_class"]
    assert {name: found[name] for name in ("aU", "bU", "cn")} == {"aU": "A", "bU": "B", "cn": "C"}
    assert pd.isna(found["xU"])


def test_the_time_is_agreed_by_class_before_priority(classes: Workspace) -> None:
    """72 hours each: A has 100, urgent 50, urgent of B 200, all others 72."""
    found = told(classes, agreement=parse(["*=72", "urgent=50", "A=100", "urgent/B=200"]))
    hours = (pd.to_datetime(found["due_at"]) - pd.to_datetime(found["opened_at"])).dt.total_seconds() / 3600
    assert hours.to_dict() == {"aU": 100, "an": 100, "bU": 200, "bn": 72, "cU": 50, "cn": 72, "xU": 50, "xn": 72}
    assert dict(zip(found.index, truth(found, "is_within"), strict=True)) == {name: name not in ("cU", "xU") for name in found.index}


def test_where_no_limit_fits_no_time_is_agreed(classes: Workspace) -> None:
    found = told(classes, agreement=parse(["urgent/A=1"]))
    assert found["due_at"].notna().sum() == 1
    assert truth(found, "is_within").count(None) == 7


def test_what_the_case_says_goes_before_the_agreement(made: Make) -> None:
    ws = made(cases=desk(SOLVED | {"due_at": "2024-06-03"}, SOLVED))
    assert truth(told(ws, agreement=Agreement((Limit(72),))), "is_within") == [False, True]
    assert truth(told(ws, agreement=Agreement((Limit(71.9),))), "is_within") == [False, False]


def test_an_agreed_time_runs_by_the_calendar(made: Make) -> None:
    ws = made(cases=desk(OPEN, SOLVED))  # opened 60 hours before 1 July
    for hours, late in ((59, True), (60, False), (61, False)):
        assert truth(told(ws, agreement=Agreement((Limit(hours),))), "is_late")[0] is late


def test_cases_of_a_period_and_of_the_customers_shown(made: Make) -> None:
    ws = made(cases=desk(SOLVED, OPEN, OPEN | {"customer_id": "b"}, OPEN | {"customer_id": None}))
    assert list(told(ws, since=date(2024, 6, 28)).index) == ["2", "3", "4"]
    assert list(told(ws, shown=ibis.memtable({"customer_id": ["b"]})).index) == ["3"]


@pytest.mark.parametrize("seed", range(3))
def test_cases_stand_as_the_rules_say_gone_through_one_by_one(made: Make, seed: int) -> None:
    rng = np.random.default_rng(seed)

    def later(start: datetime, chance: float) -> datetime | None:
        return start + timedelta(hours=int(rng.integers(24 * 30))) if rng.random() < chance else None

    rows = []
    for place in range(150):
        opened = datetime(2024, 5, 15) + timedelta(hours=int(rng.integers(24 * 60)))
        solved, due = later(opened, 0.6), later(opened, 0.7)
        status = "closed" if rng.random() < (0.8 if solved else 0.2) else "open"
        flag = None if rng.random() < 0.7 else bool(rng.random() < 0.5)
        rows.append(
            {"case_id": f"{place:03}", "opened_at": opened, "resolved_at": solved, "due_at": due, "status": status, "is_within_sla": flag}
        )
    ws = made(cases=desk(*rows))
    for day in (date(2024, 6, 10), AS_OF):
        now, found = datetime.combine(day, datetime.min.time()), told(ws, day)
        seen = [row for row in rows if row["opened_at"] < now]
        assert list(found.index) == [row["case_id"] for row in seen]
        for row in seen:
            solved, due, flag = row["resolved_at"], row["due_at"], row["is_within_sla"]
            is_open = solved >= now if solved else row["status"] == "open"
            is_overdue = is_open and due is not None and due < now
            if solved and solved >= now:
                flag = None
            if is_open and flag:
                flag = None
            within = flag if flag is not None else False if is_overdue else solved <= due if solved and solved < now and due else None
            one = found.loc[row["case_id"]]
            assert (bool(one["is_open"]), bool(one["is_late"])) == (is_open, is_open and within is False)
            assert (None if pd.isna(one["is_within"]) else bool(one["is_within"])) == within


def test_without_cases_there_is_nothing_to_serve(six: Workspace) -> None:
    with pytest.raises(AnalysisError, match="No cases"):
        cases(six, AS_OF)
