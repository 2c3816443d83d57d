"""Satisfaction: figures counted by hand, every tab, what is missing said, and the same on the command line."""

from __future__ import annotations

import shlex
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from crm_core.analytics.satisfaction.measures import BANDS
from crm_core.cli import main
from crm_core.store.workspaces import Entry, Workspaces
from tests.apptest import open_page, texts
from tests.pages import shop_with_service
from tests.workspaces import write
from ui.frame import View
from ui.sections import measured, satisfaction_terms
from ui.sections.satisfaction import Asked
from ui.sections.satisfaction_tabs import TABS
from ui.state import Session, Url


def opened(tab: str, **query: str | list[str]) -> AppTest:
    app = open_page("satisfaction", **query)
    app.session_state[Url.SATISFACTION_TAB] = tab
    return app.run()


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label.replace("\\", ""): metric.value.replace("\\", "") for metric in app.metric}


def said(app: AppTest) -> str:
    return texts(app).replace("\\", "")


def counted(app: AppTest) -> pd.Series:
    """The last NPS score of each customer in the twelve months before the day looked from."""
    view: View = app.session_state[Session.VIEW]
    rows = shop_with_service.surveys()
    day = pd.to_datetime(rows["responded_at"])
    within = (day >= pd.Timestamp(view.start)) & (day < pd.Timestamp(view.end)) & (rows["measure"] == "nps")
    return rows[within].sort_values("responded_at").groupby("customer_id")["score"].last()


def test_without_surveys_it_says_so_and_leads_to_the_data_page(shop: Entry) -> None:
    app = open_page("satisfaction")
    assert not app.exception
    assert "needs the table “Surveys”" in app.info[0].value


def test_the_figures_are_counted(served: Entry) -> None:
    app = open_page("satisfaction")
    scores = counted(app)
    top, bottom = (scores >= 9).mean(), (scores <= 6).mean()
    assert not app.exception
    assert metrics(app)["NPS"] == f"{100 * (top - bottom):+.1f}"
    assert metrics(app)["Promoters"] == f"{100 * top:.1f} %"
    assert metrics(app)["Detractors"] == f"{100 * bottom:.1f} %"
    assert metrics(app)["Mean score"] == f"{scores.mean():.2f}"
    assert f"from {len(scores)} responses" in said(app)


@pytest.mark.parametrize("tab", list(TABS))
def test_every_tab_draws(served: Entry, tab: str) -> None:
    app = opened(tab)
    assert not app.exception
    assert not app.error


def test_a_filter_leaves_the_answers_of_the_customers_shown(served: Entry) -> None:
    app = open_page("satisfaction", in_country="Chile")
    rows = shop_with_service.customers()
    chosen = counted(app)[counted(app).index.isin(rows.loc[rows["country"] == "Chile", "customer_id"])]
    assert f"from {len(chosen)} responses" in said(app)


def test_the_split_names_each_group_with_its_n(served: Entry) -> None:
    app = opened("By group")
    table = next(one.value for one in app.dataframe if "verdict" in one.value.columns)
    assert dict(zip(table["group"], table["n"], strict=True)) == {
        name: int(sum(int(customer[1:]) % 2 == place for customer in counted(app).index)) for place, name in enumerate(("Shop", "Web"))
    }


def test_a_link_restores_the_tab_and_the_split(served: Entry) -> None:
    app = open_page("satisfaction", satisfaction_tab="By group", satisfaction_split="Country")
    assert app.session_state[Url.SATISFACTION_SPLIT] == "country"
    assert any("verdict" in one.value.columns for one in app.dataframe)


def test_nobody_shown_is_said_and_is_no_error(served: Entry) -> None:
    for tab in TABS:
        app = opened(tab, segment="Hibernating", in_country="Chile", period="Own dates", dates=["2023-12-01", "2023-12-02"])
        assert not app.exception
        assert not app.error
    assert "Nobody of the customers shown gave a score of NPS" in said(app)
    assert "Promoters" not in metrics(app)
    assert "Click a bar" not in said(app)


def test_one_response_is_one_and_draws_no_empty_chart_of_terms(workspaces: Workspaces) -> None:
    candidate = workspaces.candidate("none")
    write(candidate, name="One", surveys=shop_with_service.surveys()[:1])
    workspaces.accept("none", candidate, "One", "named")
    app = opened("In their words")
    assert "from 1 response between" in said(app)
    assert not app.get("plotly_chart")


def test_a_click_is_promised_only_where_it_lists_somebody(served: Entry, workspaces: Workspaces) -> None:
    assert "Click a bar to list" in said(opened("Over time"))
    assert "Click a mark to list" in said(opened("By group"))
    candidate = workspaces.candidate("nounknown")
    rows = pd.concat([shop_with_service.surveys()] * 4, ignore_index=True).assign(customer_id=None)
    write(candidate, name="Unknown", surveys=rows.assign(response_id=rows.index.astype(str), row_no=rows.index + 1))
    workspaces.accept("nounknown", candidate, "Unknown", "named")
    told = said(opened("Over time", data="Unknown"))
    assert "Click a bar to list" not in told
    assert "Each month counts every response in it" in told
    assert "Click a mark to list" not in said(opened("By group", data="Unknown"))


def test_without_sales_money_says_what_it_needs_and_is_no_error(workspaces: Workspaces) -> None:
    candidate = workspaces.candidate("nosales")
    write(candidate, name="No sales", surveys=shop_with_service.surveys())
    workspaces.accept("nosales", candidate, "No sales", "named")
    app = opened("Satisfaction and money")
    assert not app.error
    assert "Comparing scores with purchases needs" in app.info[0].value


def test_those_of_a_band_are_called_by_a_noun() -> None:
    """Not "0.2 % of satisfied bought again"."""
    assert set(measured.WHO) == set(BANDS)
    for names in measured.WHO.values():
        assert all(name.startswith(("the ", "those ")) or name in ("promoters", "passives", "detractors") for name in names)


def test_terms_set_promoters_and_detractors_apart(workspaces: Workspaces) -> None:
    rows = shop_with_service.surveys().assign(customer_id=None)
    candidate = workspaces.candidate("nwords")
    write(candidate, name="Words", surveys=rows[rows["measure"] == "nps"])
    workspaces.accept("nwords", candidate, "Words", "named")
    app = opened("In their words", period="All time")
    told = said(app)
    assert any("parcel arrived late again" in one.proto.body for one in app.get("html"))
    assert "late" in told.split("detractors write of")[1].split(";")[0]


def test_comments_are_shown_letter_by_letter_in_the_direction_of_their_script(workspaces: Workspaces) -> None:
    rows = shop_with_service.surveys().assign(customer_id=None, comment="<img src=x> دیر رسید!")
    candidate = workspaces.candidate("nmarkup")
    write(candidate, name="Markup", surveys=rows[rows["measure"] == "nps"])
    workspaces.accept("nmarkup", candidate, "Markup", "named")
    bodies = [one.proto.body for one in opened("In their words").get("html") if "دیر" in one.proto.body]
    assert bodies
    assert all('dir="auto"' in body and "&lt;img src=x&gt;" in body and "<img" not in body for body in bodies)


def test_the_file_of_comments_holds_more_than_the_page(served: Entry) -> None:
    app = opened("In their words")
    view: View = app.session_state[Session.VIEW]
    shown = next(one.value for one in app.dataframe if "comment" in one.value.columns)
    whole = satisfaction_terms._latest(view, Asked("nps", "month"), None, None)
    assert (len(shown), len(whole)) == (satisfaction_terms.SIZE, 40)
    assert set(whole["band"]) == {"Promoters", "Passives", "Detractors"}


def test_too_few_comments_get_no_verdict(served: Entry) -> None:
    assert "comments of the best band" in said(opened("In their words"))


def test_the_loyalty_tab_is_there_only_where_somebody_was_asked(workspaces: Workspaces) -> None:
    rows = shop_with_service.surveys()
    candidate = workspaces.candidate("nplain")
    write(candidate, name="Plain", surveys=rows[rows["measure"] == "nps"])
    workspaces.accept("nplain", candidate, "Plain", "named")
    assert "Loyalty in word and deed" not in [tab.label for tab in open_page("satisfaction").tabs]


def test_responses_without_customers_still_give_the_figures(workspaces: Workspaces) -> None:
    rows = shop_with_service.surveys().assign(customer_id=None)
    candidate = workspaces.candidate("nobody")
    write(candidate, name="Nobody", surveys=rows[rows["measure"] == "nps"])
    workspaces.accept("nobody", candidate, "Nobody", "named")
    app = open_page("satisfaction")
    assert not app.exception
    assert not app.error
    assert "from 40 responses" in said(app)
    assert "name no customers" in said(app)


def test_the_command_gives_the_numbers_of_the_page(served: Entry, tmp_path: Path) -> None:
    app = open_page("satisfaction")
    out = tmp_path / "nps.csv"
    words = shlex.split(next(code.value for code in app.code if "satisfaction" in code.value))
    assert main([*words[3:], "--out", str(out)]) == 0
    monthly = pd.read_csv(out)
    rows = shop_with_service.surveys()
    assert list(monthly["n"]) == list(rows[rows["measure"] == "nps"].groupby(rows["responded_at"].str[:7])["customer_id"].nunique())


def test_lists_of_customers_tell_the_last_score_open_cases_and_risk(served: Entry) -> None:
    table = next(one.value for one in open_page("segments").dataframe if "risk" in one.value.columns)
    row = table.set_index("customer_id").loc["c15"]
    assert row["last_score"] == (15 + 3) % 11
    assert row["satisfaction"] == "Passives"
    assert row["open_cases"] == 1


def test_segments_tell_how_satisfied_they_are(served: Entry) -> None:
    rules = next(one.value for one in open_page("segments").dataframe if "rule" in one.value.columns)
    assert {"nps", "answers", "open_cases", "at_risk"} <= set(rules.columns)
    assert rules["answers"].sum() == 40
