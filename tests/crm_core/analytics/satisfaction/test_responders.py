"""A click on scores or groups lists just the customers that were counted in them."""

from __future__ import annotations

from datetime import date, datetime

import ibis
import pandas as pd
import pytest

from crm_core.analytics.satisfaction.responders import responders
from crm_core.analytics.satisfaction.split import split
from crm_core.analytics.scores import RfmSettings
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace
from tests.crm_core.analytics.conftest import Make
from tests.crm_core.analytics.satisfaction.by_definition import Answer, frame
from tests.workspaces import lines

START, END, RULES = date(2024, 1, 1), date(2024, 7, 1), RfmSettings()


@pytest.fixture
def shop(made: Make) -> Workspace:
    """a answers twice, the last time by phone; c in no touchpoint; d has bought nothing; e answered before START."""
    answers = [
        Answer("a", datetime(2024, 2, 1), 0),
        Answer("a", datetime(2024, 3, 1), 10),
        Answer("b", datetime(2024, 2, 1), 3),
        Answer("c", datetime(2024, 2, 1), 3),
        Answer("d", datetime(2024, 2, 1), 3),
        Answer("e", datetime(2023, 2, 1), 3),
        Answer(None, datetime(2024, 2, 1), 3),
    ]
    places = ["Web", "Phone", "Web", None, "Web", "Web", "Web"]
    bought = lines(*((name, name, "2024-01-05", 5) for name in "abce")).assign(category=["Hats", "Shoes", "Hats", "Hats"])
    surveys = frame(answers, touchpoint=places, order_id=["a", "a", "b", "x", "d", "e", None])
    return made(order_lines=bought, surveys=surveys, customers=pd.DataFrame({"customer_id": ["a"], "name": ["Ann"]}))


def names(ws: Workspace, *arguments: object, **how: object) -> list[str]:
    return sorted(ws.execute(responders(ws, "nps", START, END, RULES, *arguments, **how))["customer_id"])  # type: ignore[arg-type]


def test_scores_list_who_gave_them_last(shop: Workspace) -> None:
    assert names(shop) == ["a", "b", "c"]
    assert names(shop, (3.0,)) == ["b", "c"]
    assert names(shop, (0.0,)) == []
    assert names(shop, (10.0, 3.0)) == ["a", "b", "c"]


def test_groups_list_who_is_counted_in_them(shop: Workspace) -> None:
    assert names(shop, (), "touchpoint", ("Web",)) == ["b"]
    assert names(shop, (), "touchpoint", ("",)) == ["c"]
    assert names(shop, (), "category", ("Hats",)) == ["a"]
    assert names(shop, (3.0,), "touchpoint", ("Phone", "Web")) == ["b"]
    groups = split(shop, "nps", START, END, "touchpoint").set_index("group")["n"]
    assert groups["Web"] == 3  # b, d, who bought nothing, and nobody


def test_the_response_stands_after_the_name(shop: Workspace) -> None:
    found = shop.execute(responders(shop, "nps", START, END, RULES))
    assert list(found.columns)[:5] == ["customer_id", "name", "score", "answered_on", "touchpoint"]
    assert "comment" not in found.columns
    row = found.set_index("customer_id").loc["a"]
    assert (row["name"], row["score"], row["touchpoint"]) == ("Ann", 10, "Phone")
    assert pd.Timestamp(row["answered_on"]) == pd.Timestamp("2024-03-01")


def test_only_the_customers_shown_are_listed(shop: Workspace) -> None:
    assert names(shop, shown=ibis.memtable({"customer_id": ["b", "d"]})) == ["b"]


def test_without_customers_or_sales_there_is_no_list(made: Make, six: Workspace) -> None:
    for ws in (made(surveys=frame([Answer("a", datetime(2024, 2, 1), 3)])), six):
        with pytest.raises(AnalysisError, match="No list of customers"):
            responders(ws, "nps", START, END, RULES)
