"""Service: figures counted by hand, every tab, time limits that are kept, and the same on the command line."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from crm_core.analytics.satisfaction.measures import Difference
from crm_core.analytics.service import slowness
from crm_core.analytics.service.sla import Agreement, Limit
from crm_core.cli import main
from crm_core.store.notes import Notes
from crm_core.store.workspaces import Entry, Workspaces
from tests.apptest import open_page, texts
from tests.pages import shop_with_service
from tests.workspaces import write
from ui.sections import service
from ui.state import Url

TABS = ("Speed", "Open cases", "By group", "Rising topics", "What slowness costs", "Time limits")


def opened(tab: str) -> AppTest:
    app = open_page("service")
    app.session_state[Url.SERVICE_TAB] = tab
    return app.run()


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label.replace("\\", ""): metric.value.replace("\\", "") for metric in app.metric}


def test_without_cases_it_says_so(shop: Entry) -> None:
    app = open_page("service")
    assert not app.exception
    assert "needs the table “Cases”" in app.info[0].value


def test_the_figures_are_counted(served: Entry) -> None:
    """Solved after 2 n hours, due after 40: in time up to n = 20, and the five open ones are all past it."""
    found = metrics(open_page("service"))
    in_time = sum(number <= 20 and number % 8 != 7 for number in range(40))
    assert found["Cases"] == "40"
    assert found["Open now"] == "5"
    assert found["Within agreed time"] == f"{100 * in_time / 40:.1f} %"
    assert found["Reopened"] == "10.0 %"
    assert found["First response, median"] == "19.0 h"  # the twentieth of 0 to 39
    assert "Escalated" not in found


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_draws(served: Entry, tab: str) -> None:
    app = opened(tab)
    assert not app.exception
    assert not app.error


def test_what_the_data_does_not_tell_is_named_and_not_zero(workspaces: Workspaces) -> None:
    candidate = workspaces.candidate("nbarely")
    write(candidate, name="Barely", cases=shop_with_service.cases()[["case_id", "opened_at", "topic"]])
    workspaces.accept("nbarely", candidate, "Barely", "named")
    app = open_page("service")
    assert not app.exception
    assert not app.error
    assert set(metrics(app)) == {"Cases"}
    assert "Not provided by this data: open now; first response, median" in texts(app).replace("\\", "")


def test_a_link_restores_the_tab(served: Entry) -> None:
    app = open_page("service", service_tab="Rising topics", topic_days="90")
    assert app.session_state[Url.TOPIC_DAYS] == 90
    assert "Two counts by the exact conditional test" in texts(app)


def test_nobody_shown_is_said_and_is_no_error(served: Entry) -> None:
    for tab in TABS:
        app = open_page("service", service_tab=tab, period="Own dates", dates=["2022-01-01", "2022-01-02"], in_country="Chile")
        assert not app.exception
        assert not app.error
    assert "No case of the customers shown was opened in the period" in texts(app).replace("\\", "")
    assert "Not provided by this data" not in texts(app)


def test_what_slowness_costs_is_said_in_words() -> None:
    """A gap with its sign, and 47.8 points lower; not "differs by -47.8 points"."""
    gap = Difference(-47.8, -53.3, -41.2, p=0.001, n=100)
    found = slowness.Cost(pd.DataFrame(), pd.DataFrame(), gap, -12.8)
    assert service._cost_answer(found, "nps") == (
        "NPS is 47.8 points lower after late cases than after cases solved in time (95 % interval of the difference -53.3 to -41.2 points);"
        " if all were solved in time, NPS after cases could be 12.8 points higher."
    )


def test_limits_without_hours_are_not_kept(served: Entry) -> None:
    app = opened("Time limits")
    app.button(key="limits_keep").click().run()
    assert "nothing to keep" in app.warning[0].value
    assert Notes(served.path).agreement().limits == ()


def test_time_limits_are_kept_and_judge_cases_without_a_due_date(workspaces: Workspaces) -> None:
    candidate = workspaces.candidate("nlimits")
    path = write(candidate, name="Limits", cases=shop_with_service.cases().drop(columns="due_at"))
    entry = workspaces.accept("nlimits", path, "Limits", "named")
    assert "Within agreed time" not in metrics(open_page("service"))
    Notes(entry.path).agree(Agreement((Limit(20.0, "high"),)))
    judged = [number for number in range(0, 40, 2) if number % 11 != 10]  # those of the last day are open and in time yet
    in_time = sum(2 * number <= 20 for number in judged)
    assert metrics(open_page("service"))["Within agreed time"] == f"{100 * in_time / len(judged):.1f} %"


def test_the_command_gives_the_numbers_of_the_page(served: Entry, tmp_path: Path) -> None:
    app, out = open_page("service"), tmp_path / "service.json"
    words = shlex.split(next(code.value for code in app.code if "service" in code.value))
    assert main([*words[3:], "--out", str(out)]) == 0
    found = json.loads(out.read_text(encoding="utf-8"))
    assert (found["cases"], found["open"], found["first_response_hours_median"]) == (40, 5, 19.0)
    assert found["escalated_share"] is None
