"""What lists and pages of a customer tell of satisfaction."""

from __future__ import annotations

from datetime import date, datetime

import ibis
import pandas as pd
import pytest

from crm_core.analytics import rfm
from crm_core.analytics.satisfaction.customers import by_segment, has_any, main_measure, one, satisfaction, with_satisfaction
from crm_core.analytics.satisfaction.follow_up import FollowUp
from crm_core.analytics.satisfaction.risk import BOTH, OPEN_CASE
from crm_core.workspace import Workspace
from tests.crm_core.analytics.conftest import Make
from tests.crm_core.analytics.satisfaction import by_definition
from tests.crm_core.analytics.satisfaction.by_definition import Answer, frame
from tests.crm_core.analytics.service.desk import desk
from tests.workspaces import lines

AS_OF = date(2024, 7, 1)


@pytest.fixture
def shop(made: Make) -> Workspace:
    """a was content once and is not now, with an open case; b is content; c has an open and a solved case and no response; d has neither."""
    nps = frame([Answer("a", datetime(2024, 5, 1), 10), Answer("a", datetime(2024, 6, 1), 3), Answer("b", datetime(2024, 6, 1), 9)])
    csat = frame([Answer("b", datetime(2024, 6, 2), 3)], "csat", (1, 5)).assign(row_no=4)
    open_case = {"opened_at": "2024-06-20", "status": "open", "count_contacts": 2}
    cases = desk(open_case, open_case | {"customer_id": "c"}, {"customer_id": "c", "opened_at": "2024-05-01", "resolved_at": "2024-05-02"})
    bought = lines(*((name, name, f"2024-0{month}-05", 5) for month, name in enumerate("abcd", start=1)))
    return made(order_lines=bought, surveys=pd.concat([nps, csat]), cases=cases)


def test_the_main_measure_is_the_one_with_most_responses(shop: Workspace, six: Workspace) -> None:
    assert main_measure(shop, AS_OF) == "nps"
    assert main_measure(shop, date(2024, 1, 1)) is None
    assert main_measure(six, AS_OF) is None


def test_customers_have_a_last_score_open_cases_and_a_risk(shop: Workspace) -> None:
    found = shop.execute(satisfaction(shop, AS_OF)).set_index("customer_id").sort_index()
    assert list(found.columns) == ["last_score", "satisfaction", "open_cases", "risk"]
    assert list(found.index) == ["a", "b", "c"]
    assert found["last_score"].tolist()[:2] == [3, 9]
    assert found["satisfaction"].tolist()[:2] == ["Detractors", "Promoters"]
    assert found["open_cases"].tolist() == [1, 0, 1]
    assert found["risk"].tolist()[0] == BOTH
    assert found["risk"].tolist()[2] == OPEN_CASE
    assert pd.isna(found.loc["b", "risk"])
    assert pd.isna(found.loc["c", "last_score"])


def test_lists_gain_the_columns_they_lack(shop: Workspace) -> None:
    four = ibis.memtable({"customer_id": ["a", "b", "c", "d"], "risk": ["mine"] * 4})
    found = shop.execute(with_satisfaction(shop, AS_OF, four)).set_index("customer_id")
    assert list(found.columns) == ["risk", "last_score", "satisfaction", "open_cases"]
    assert len(found) == 4
    assert set(found["risk"]) == {"mine"}
    assert found["open_cases"].to_dict() == {"a": 1, "b": 0, "c": 1, "d": 0}


def test_without_answers_and_cases_lists_stay_as_they_are(six: Workspace) -> None:
    table = ibis.memtable({"customer_id": ["a"]})
    assert not has_any(six)
    assert with_satisfaction(six, AS_OF, table) is table
    assert one(six, AS_OF, "a") == ()
    assert by_segment(six, AS_OF).empty


def test_one_customer_is_told_in_words(shop: Workspace) -> None:
    assert one(shop, AS_OF, "a") == ("last NPS score 3 (detractor)", "1 open case", f"at risk: {BOTH}")
    assert one(shop, AS_OF, "b") == ("last NPS score 9 (promoter)", "0 open cases")
    assert one(shop, AS_OF, "c") == ("1 open case", f"at risk: {OPEN_CASE}")
    assert one(shop, AS_OF, "d") == ("no response and no case",)
    assert one(shop, AS_OF, "a", (FollowUp("a", date(2024, 6, 30)),)) == ("last NPS score 3 (detractor)", "1 open case")


def test_the_past_knows_nothing_of_later_answers(shop: Workspace) -> None:
    assert one(shop, date(2024, 6, 1), "a") == ("last NPS score 10 (promoter)", "0 open cases")


def test_where_cases_are_not_told_open_none_are_counted(made: Make) -> None:
    ws = made(cases=desk({"opened_at": "2024-06-20", "count_contacts": 3}))
    assert "open_cases" not in satisfaction(ws, AS_OF).columns
    assert ws.execute(with_satisfaction(ws, AS_OF, ibis.memtable({"customer_id": ["a"]}))).columns.tolist() == ["customer_id", "risk"]


def test_segments_are_as_satisfied_as_their_customers_last_said(made: Make) -> None:
    names = [f"c{place:02}" for place in range(40)]
    bought = [
        (name, f"{name}{order}", f"2024-0{1 + place % 6}-05", 5) for place, name in enumerate(names) for order in range(1 + place % 3)
    ]
    answers = [Answer(name, datetime(2024, 6, 1 + day), (place * 7 + day) % 11) for place, name in enumerate(names[:30]) for day in (0, 1)]
    open_case = {"opened_at": "2024-06-20", "status": "open", "count_contacts": 2}
    ws = made(order_lines=lines(*bought), surveys=frame(answers), cases=desk(*(open_case | {"customer_id": name} for name in names[25:35])))
    found = by_segment(ws, AS_OF).set_index("segment")
    segments = ws.execute(rfm.customers(ws, AS_OF)).set_index("customer_id")["segment"]
    last = {one.customer: one.score for one in by_definition.counting(answers)}
    assert len(found) > 2
    for segment, row in found.iterrows():
        own = segments.index[segments == segment]
        scores = [last[name] for name in own if name in last]
        assert row["answers"] == len(scores)
        assert row["nps"] == pytest.approx(by_definition.nps(scores)[0])
        assert row["open_cases"] == sum(name in names[25:35] for name in own)
        assert row["at_risk"] == sum(name in names[25:35] or last.get(name, 10) <= 6 for name in own)
    shown = ibis.memtable({"customer_id": names[:2]})
    assert by_segment(ws, AS_OF, shown=shown)["answers"].sum() == 2
