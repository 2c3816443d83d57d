"""The watch list: who is on it and why, marking a customer, what became of those followed up, taking a mark back, and the command."""

from __future__ import annotations

import math
import shlex
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from crm_core.cli import main
from crm_core.store.notes import Notes
from crm_core.store.workspaces import Entry, Workspaces
from tests.apptest import open_page, texts
from tests.pages import shop_with_service
from tests.workspaces import write
from ui.state import Url


def said(app: AppTest) -> str:
    return texts(app).replace("\\", "")


def on_the_list() -> set[str]:
    """By the rules: an open case after two contacts or a reopened one after two, or a last NPS of up to 6."""
    cases, answers = shop_with_service.cases(), shop_with_service.surveys()
    is_open = (cases["status"] == "open") | (cases["count_reopened"] > 0)
    troubled = set(cases.loc[is_open & (cases["count_contacts"] >= 2), "customer_id"])
    last = answers[answers["measure"] == "nps"].sort_values("responded_at").groupby("customer_id")["score"].last()
    return troubled | set(last.index[last <= 6])


def test_it_needs_cases_or_surveys(shop: Entry) -> None:
    app = open_page("watch-list")
    assert not app.exception
    assert "needs the table “Surveys”" in app.info[0].value


def test_where_nobody_is_named_it_says_what_is_missing_and_is_no_error(workspaces: Workspaces) -> None:
    candidate = workspaces.candidate("nonames")
    write(candidate, name="No names", surveys=shop_with_service.surveys().assign(customer_id=None))
    workspaces.accept("nonames", candidate, "No names", "named")
    app = open_page("watch-list")
    assert not app.error
    assert "needs “Customer id”" in app.info[0].value


def test_everybody_at_risk_is_on_it_and_nobody_else(served: Entry, tmp_path: Path) -> None:
    app, out = open_page("watch-list"), tmp_path / "watch.csv"
    assert not app.exception
    assert not app.error
    assert f"{len(on_the_list())} customers are at risk" in said(app)
    assert main(["watch", "workspace:Served shop", "--out", str(out)]) == 0
    assert set(pd.read_csv(out)["customer_id"]) == on_the_list()


def test_the_page_names_the_command_that_gives_the_list_ranked(served: Entry, tmp_path: Path) -> None:
    words = shlex.split(next(code.value for code in open_page("watch-list").code if "watch" in code.value))
    out = tmp_path / "watch.csv"
    assert main([*words[3:], "--out", str(out)]) == 0
    ranked = pd.read_csv(out)
    assert set(ranked["customer_id"]) == on_the_list()
    assert list(ranked["priority"]) == sorted(ranked["priority"], reverse=True)
    assert ranked["priority"].iloc[0] > ranked["priority"].iloc[-1]


def test_public_reach_weighs_the_value_and_asks_for_an_answer_in_public(workspaces: Workspaces, tmp_path: Path) -> None:
    """c15 was contacted twice here: reach 5,000 weighs 1 + log10(5001) times."""
    rows = shop_with_service.cases()
    rows.loc[rows["customer_id"] == "c15", "count_contacts"] = 2
    candidate = workspaces.candidate("nreach")
    write(candidate, name="Reach", order_lines=shop_with_service.order_lines(), cases=rows)
    workspaces.accept("nreach", candidate, "Reach", "named")
    out = tmp_path / "watch.csv"
    assert main(["watch", "workspace:Reach", "--out", str(out)]) == 0
    row = pd.read_csv(out).set_index("customer_id").loc["c15"]
    assert row["priority"] == pytest.approx(row["value_at_stake"] * (1 + math.log10(5001)))
    assert row["next_step"].startswith("Answer where it was said")


def test_who_is_followed_up_leaves_the_list_until_something_happens(served: Entry) -> None:
    gone = sorted(on_the_list())[0]
    Notes(served.path).mark([gone], date(2024, 1, 1), "called, sent a voucher", datetime(2026, 1, 1, tzinfo=UTC))
    app = open_page("watch-list")
    assert f"{len(on_the_list()) - 1} customers are at risk" in said(app)
    assert "1 customer is marked as followed up" in said(app)


def test_those_followed_up_are_listed_with_their_scores_and_can_be_taken_back(served: Entry) -> None:
    Notes(served.path).mark(["c01"], date(2023, 1, 1), "=1+1", datetime(2026, 1, 1, tzinfo=UTC))
    app = open_page("watch-list")
    app.session_state[Url.WATCH_TAB] = "Followed up"
    app.run()
    table = next(one.value for one in app.dataframe if "first_score" in one.value.columns)
    row = table.iloc[0]
    assert (row["customer_id"], row["first_score"], row["next_score"], row["change"]) == ("c01", 1, 4, 3)
    app.multiselect(key="marks_back").set_value(app.multiselect(key="marks_back").options[:1]).run()
    app.button(key="marks_take_back").click().run()
    assert not app.exception
    assert Notes(served.path).marked() == ()


def test_what_the_data_cannot_tell_is_not_counted_as_none(workspaces: Workspaces) -> None:
    """Without surveys nobody has no low score: the page keeps silent of it; so of value and reach."""
    candidate = workspaces.candidate("ncases")
    write(candidate, name="Cases", cases=shop_with_service.cases().drop(columns="public_reach"))
    workspaces.accept("ncases", candidate, "Cases", "named")
    app = open_page("watch-list")
    assert not app.error
    assert {metric.label for metric in app.metric} == {"At risk", "Open or reopened case"}
    assert "low last score" not in said(app)
    assert {"value_at_stake", "priority", "public_reach"}.isdisjoint(app.dataframe[0].value.columns)


def test_marks_are_listed_where_no_scores_tell_whether_it_helped(workspaces: Workspaces) -> None:
    candidate = workspaces.candidate("nmarks")
    write(candidate, name="Marks", cases=shop_with_service.cases())
    entry = workspaces.accept("nmarks", candidate, "Marks", "named")
    Notes(entry.path).mark(["c07"], date(2024, 1, 1), "called", datetime(2026, 1, 1, tzinfo=UTC))
    app = open_page("watch-list", watch_tab="Followed up")
    assert "1 customer marked; without survey scores nothing tells whether it helped" in said(app)
    assert app.dataframe[0].value.iloc[0][["customer_id", "note"]].tolist() == ["c07", "called"]


def test_a_selected_row_does_not_become_the_next_customers(served: Entry) -> None:
    """A selection is of a place: with one customer less, or sorted anew, the list begins without any."""
    before = open_page("watch-list").dataframe[0].proto.id
    assert open_page("watch-list").dataframe[0].proto.id == before
    Notes(served.path).mark([sorted(on_the_list())[0]], date(2024, 1, 1), "", datetime(2026, 1, 1, tzinfo=UTC))
    assert open_page("watch-list").dataframe[0].proto.id != before


def test_without_sales_the_list_stands_with_no_value(workspaces: Workspaces) -> None:
    candidate = workspaces.candidate("nocash")
    write(candidate, name="No cash", cases=shop_with_service.cases(), surveys=shop_with_service.surveys())
    workspaces.accept("nocash", candidate, "No cash", "named")
    app = open_page("watch-list")
    assert not app.exception
    assert not app.error
    assert f"{len(on_the_list())} customers are at risk" in said(app)


def test_an_empty_list_says_so(workspaces: Workspaces) -> None:
    rows = shop_with_service.surveys()
    candidate = workspaces.candidate("nhappy")
    write(candidate, name="Happy", surveys=rows[rows["score"] >= 9])
    workspaces.accept("nhappy", candidate, "Happy", "named")
    app = open_page("watch-list")
    assert not app.exception
    assert not app.error
    assert "Nobody is at risk" in said(app)
