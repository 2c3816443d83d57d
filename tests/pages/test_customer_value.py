"""Customer value: figures that are sums of the forecast, what sliders and filters change, every tab, one customer, and the same on the command line."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from crm_core.analytics.clv import forecast, report, risk
from crm_core.analytics.clv.forecast import Terms
from crm_core.analytics.clv.person import person
from crm_core.cli import main
from crm_core.store.workspaces import PRIVATE_NAME, Entry, Workspaces, private_id
from tests import buyers as drawn
from tests.apptest import open_page, switch, texts
from tests.pages import shop_of_forty
from tests.workspaces import lines, write
from ui import tables
from ui.frame import View
from ui.sections.forecast_tabs import TABS
from ui.state import Session, Url

A_MONTH_IN_WEEKS = 365.25 / 12 / 7
#: x and T in days of the six customers of whom five bought something.
HISTORIES = ((2, 90), (1, 172), (0, 9), (0, 59), (3, 212))


def opened(tab: str, **query: str | list[str]) -> AppTest:
    """The page with that tab in front."""
    app = open_page("customer-value", **query)
    app.session_state["value_tabs"] = tab
    return app.run()


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label.replace("\\", ""): metric.value.replace("\\", "") for metric in app.metric}


def answer(app: AppTest) -> str:
    return app.markdown[0].value.replace("\\", "").strip("*")


def rows(app: AppTest, terms: Terms = Terms()) -> pd.DataFrame:
    """The forecast of each customer of the data that the page looks at, by the usual settings."""
    view: View = app.session_state[Session.VIEW]
    choice = forecast.choose(view.ws, view.as_of)
    return view.ws.execute(forecast.customers(view.ws, choice, terms)).set_index("customer_id").sort_index()


def frames(app: AppTest, column: str) -> list[pd.DataFrame]:
    """The tables with that column."""
    return [element.value for element in app.dataframe if column in element.value.columns]


def charts(app: AppTest) -> list[dict[str, object]]:
    return [json.loads(element.proto.spec) for element in app.get("plotly_chart")]


# -- the answer --------------------------------------------------------------------------------------------------------


def test_without_data_it_leads_to_the_data_page() -> None:
    assert open_page("customer-value").title[0].value == "No data yet"


def test_the_figures_are_sums_of_the_forecast(buyers: Entry) -> None:
    app = open_page("customer-value")
    assert not app.exception
    assert not app.error
    each = rows(app)
    value, best = each["clv"].sum(), each["clv"].nlargest(90).sum()
    assert metrics(app) == {
        "Value, 12 months": f"EUR {value / 1000:.1f}k",
        "A customer": f"EUR {value / 450:.2f}",
        "Probably active": f"{each['p_alive'].sum():.0f}",
        "Purchases expected": f"{each['expected_purchases'].sum():,.0f}",
        "Held by the best 20 %": f"{100 * best / value:.1f} %",
    }
    said = answer(app)
    assert said.startswith(f"Today’s 450 customers will bring about EUR {value:,.0f} of sales in the next 12 months (90 % interval EUR ")
    assert f"about {each['p_alive'].sum():.0f} of them are probably still active, and the best 20 % hold {100 * best / value:.1f} %" in said
    assert "BG/NBD came closest to what customers did" in texts(app)


def test_terms_come_from_the_url(buyers: Entry) -> None:
    """By the definition: the purchases of each month by the model, discounted from its end, times spend, times margin."""
    app = open_page("customer-value", horizon="6", margin="30", discount="10")
    view: View = app.session_state[Session.VIEW]
    each, model = rows(app), forecast.choose(view.ws, view.as_of).model
    history = (each["frequency"], each["recency"], each["T"])
    until = [np.zeros(450)]
    until += [model.conditional_expected_number_of_purchases_up_to_time(k * A_MONTH_IN_WEEKS, *history) for k in range(1, 7)]
    discounted = sum((until[k] - until[k - 1]) / 1.1 ** (k / 12) for k in range(1, 7))
    value = 0.3 * (discounted * each["expected_spend"]).sum()
    assert metrics(app)["Value, 6 months"] == f"EUR {value:,.0f}"
    assert metrics(app)["Purchases expected"] == f"{until[6].sum():,.0f}"
    assert f"EUR {value:,.0f} of profit at a margin of 30.0 % in the next 6 months" in answer(app)
    shown = frames(app, "clv")[0].set_index("customer_id")["clv"]
    assert shown.to_dict() == pytest.approx(rows(app, Terms(6, 0.3, 0.1))["clv"].nlargest(25).to_dict())


def test_sliders_change_the_value_as_they_should(buyers: Entry) -> None:
    app = open_page("customer-value")
    value = rows(app)["clv"].sum()
    app.slider(key=Url.MARGIN).set_value(-30).run()
    assert f"will cost about EUR {0.3 * value:,.0f} at a margin of -30.0 %" in answer(app)
    assert metrics(app)["Held by the best 20 %"] == "undefined"
    app.slider(key=Url.MARGIN).set_value(100).run()
    app.slider(key=Url.DISCOUNT).set_value(20).run()
    assert (
        metrics(app)["Value, 12 months"]
        == f"EUR {rows(app, Terms(discount_rate=0.2))['clv'].sum() / 1000:.1f}k"
        != f"EUR {value / 1000:.1f}k"
    )
    app.slider(key=Url.DISCOUNT).set_value(0).run()
    app.slider(key=Url.HORIZON).set_value(24).run()
    assert metrics(app)["Value, 24 months"] == f"EUR {rows(app, Terms(24))['clv'].sum() / 1000:.1f}k"
    assert "the horizon of 24 months is longer than the 730 days of data" in texts(app)


def test_nonsense_in_the_url_does_no_harm(shop: Entry) -> None:
    usual = open_page("customer-value")
    app = open_page(
        "customer-value", horizon="99", margin="-500", discount="abc", model="no such", unit="years", engine="steam", costs="maybe"
    )
    assert not app.exception
    assert not app.error
    assert answer(app) == answer(usual)
    assert [slider.value for slider in app.slider] == [12, 100, 0]


def test_a_rule_can_be_chosen_by_the_url(shop: Entry) -> None:
    """Everybody goes on at the rate so far, x / T."""
    app = open_page("customer-value", model="Same rate", unit="Days")
    rates = sum(x / T for x, T in HISTORIES)
    assert metrics(app)["Purchases expected"] == f"{365.25 * rates:,.0f}"
    assert metrics(app)["Probably active"] == "not provided"
    assert "Chosen by you" in texts(app)
    assert app.code[-1].value.endswith("--horizon-months 12 --model same_rate --unit days")


def test_filters_only_choose_who_is_shown(buyers: Entry) -> None:
    """The reason, which tells of the models and their test, stays the same."""
    app, everybody = open_page("customer-value", in_country=["Iran"]), open_page("customer-value")
    iran = rows(everybody).loc[[f"c{who:03}" for who in range(0, 450, 3)], "clv"]
    assert answer(app).startswith(f"Today’s 150 customers will bring about EUR {iran.sum():,.0f} of sales")
    assert "150 customers" in [caption.value.split(",")[0] for caption in app.caption]
    assert app.caption[1].value == everybody.caption[1].value
    assert "The same for all customers, by the usual rules" in texts(app)
    assert "The same numbers without a browser" in texts(everybody)


def test_a_filter_that_leaves_nobody_is_told(shop: Entry) -> None:
    """Of f, who only returned something, no country is known."""
    app = open_page("customer-value", in_country=["(unknown)"])
    assert not app.exception
    assert not app.error
    assert answer(app) == "No customers to show with these filters."


# -- other data --------------------------------------------------------------------------------------------------------


def test_few_customers_have_a_labelled_fallback(shop: Entry) -> None:
    """By hand: 6 repeat purchases in 542 days of customers, whose median T is 90; rates are (x + 90 · 6 / 542) / (T + 90)."""
    app = open_page("customer-value")
    rates = sum((x + 90 * 6 / 542) / (T + 90) for x, T in HISTORIES)
    assert metrics(app)["Purchases expected"] == f"{365.25 * rates:,.0f}"
    assert metrics(app)["Probably active"] == "not provided"
    said = texts(app).replace("\\", "")
    for sentence in ("Only 5 customers", "Only 3 of the customers bought again; a model needs 100", "Who is still active is not provided"):
        assert sentence in said
    assert frames(app, "clv")[0]["p_alive"].isna().all()


def test_every_tab_opens_on_few_customers_too(shop: Entry) -> None:
    for tab in TABS:
        app = opened(tab)
        assert not app.exception
        errors = [error.value for error in app.error]
        assert len(errors) == (tab == "Value at risk"), tab
    assert "Seasons: the data holds fewer than twelve whole months" in texts(app).replace("\\", "")


def test_without_p_alive_no_value_is_at_risk(shop: Entry) -> None:
    app = opened("Value at risk")
    assert "says of nobody whether they are still active" in app.error[0].value


def test_margin_comes_from_costs_where_there_are_some(forty: Entry, buyers: Entry) -> None:
    """Costs are 60 % of each amount."""
    app = open_page("customer-value", data="Shop of forty")
    sales = rows(app)["clv"].sum()
    app.toggle(key=Url.COSTS).set_value(True).run()
    assert f"EUR {0.4 * sales:,.0f} of profit at a margin of 40.0 %" in answer(app)
    assert app.slider(key=Url.MARGIN).disabled
    assert "--margin costs" in app.code[-1].value
    assert answer(open_page("customer-value", data="Shop of forty", costs="true")) == answer(app)
    without = open_page("customer-value", data="Buyers", costs="true")
    assert not without.toggle
    assert "of sales in the next 12 months" in answer(without)


def test_returns_alone_are_no_customers_to_value(workspaces: Workspaces) -> None:
    candidate = workspaces.candidate("nreturns")
    write(candidate, name="Returns", order_lines=lines(("a", "1", "2024-01-01", -5.0)))
    workspaces.accept("nreturns", candidate, "Returns", "named")
    app = open_page("customer-value")
    assert not app.exception
    assert app.title[0].value == "What will our customers be worth?"
    assert "There is no purchase before the day looked from" in app.error[0].value


def test_a_private_upload_is_valued_for_its_session_alone(workspaces: Workspaces, shop: Entry) -> None:
    candidate = workspaces.candidate(private_id("hers"))
    write(candidate, name=PRIVATE_NAME, order_lines=shop_of_forty.order_lines())
    private = workspaces.accept(private_id("hers"), candidate, PRIVATE_NAME, "private")
    hers = open_page("customer-value", owner="hers", horizon="6")
    assert answer(hers).startswith("Today’s 40 customers")
    assert set(hers.query_params) == {"horizon"}
    for attempt in ({}, {"data": PRIVATE_NAME}, {"data": private.id}, {"data": "hers"}):
        his = open_page("customer-value", **attempt)
        assert answer(his).startswith("Today’s 5 customers")
        assert set(frames(his, "clv")[0]["customer_id"]) == set("abcde")
        assert PRIVATE_NAME not in his.sidebar.selectbox(key=Url.WORKSPACE).options


# -- tabs --------------------------------------------------------------------------------------------------------------


def test_value_spreads_over_everybody(buyers: Entry) -> None:
    app = opened("Value and purchases")
    assert frames(app, "from")[0]["customers"].sum() == 450
    weeks = frames(app, "Week from")[0]
    horizon = 12 * A_MONTH_IN_WEEKS
    ahead = weeks.loc[weeks["actual"].isna(), "Expected"].to_numpy()
    expected = ahead[:-1].sum() + ahead[-1] * (horizon - len(ahead) + 1)  # the last week runs beyond the horizon
    assert expected == pytest.approx(rows(app)["expected_purchases"].sum(), rel=2e-3)


def test_value_by_group_has_a_row_a_group(buyers: Entry) -> None:
    app = opened("By group")
    assert not app.exception
    app.selectbox(key="value_groups").select("attr_1").run()
    table = frames(app, "group")[0].set_index("group")
    plans = drawn.customers().set_index("customer_id")["attr_1"]
    assert table["value"].to_dict() == pytest.approx(rows(app)["clv"].groupby(plans).sum().to_dict())
    assert "&lt;b&gt;pro" in str(charts(app)[0]["data"])
    assert "<b>pro" not in str(charts(app)[0]["data"])


def test_who_is_still_active_is_shown_by_frequency_and_recency(buyers: Entry) -> None:
    app = opened("Who is still active")
    assert not app.exception
    assert len(charts(app)) == 2
    table, view = frames(app, "recency_days")[0], app.session_state[Session.VIEW]
    model = forecast.choose(view.ws, view.as_of).model
    chance = model.conditional_probability_alive(table["frequency"], np.minimum(table["recency_days"], 729) / 7, 729 / 7)
    assert table["p_alive"].to_numpy() == pytest.approx(100 * chance)  # as percent
    assert table["customers"].sum() == (rows(app)["frequency"] > 0).sum()


def test_value_at_risk_is_told_and_listed(buyers: Entry) -> None:
    app = opened("Value at risk", margin="50")
    view: View = app.session_state[Session.VIEW]
    table = view.ws.execute(risk.at_risk(view.ws, view.as_of, terms=Terms(margin=0.5))).set_index("customer_id")
    said = texts(app).replace("\\", "")
    assert f"{len(table)} customers are slipping away, which puts EUR {table['risk_value'].sum():,.0f} at risk" in said
    assert f"{(table['p_alive'] < 0.5).sum()} of them have more likely left than not" in said
    listed = frames(app, "risk_value")[0]
    assert listed["customer_id"].tolist() == table["risk_value"].nlargest(25).index.tolist()
    assert any(caption.value.startswith(f"{len(table)} customers") for caption in app.caption)


def test_the_quality_shows_the_winner_of_the_test(buyers: Entry) -> None:
    app = opened("Can we believe it?")
    assert not app.exception
    assert not app.error
    test = frames(app, "rmse")[0].set_index("label")
    assert test.index[test["note"] == "winner"].tolist() == ["BG/NBD"]
    assert test["rmse"].idxmin() == "BG/NBD"
    parameters = frames(app, "parameter")[0].set_index("parameter")["estimate"].astype(float)
    view: View = app.session_state[Session.VIEW]
    assert parameters[["r", "alpha", "a", "b"]].to_dict() == pytest.approx(forecast.choose(view.ws, view.as_of).model.params, rel=1e-5)
    assert "Seasons: no calendar month" in texts(app).replace("\\", "")
    filtered = opened("Can we believe it?", in_country=["Iran"], horizon="3", margin="10")
    pd.testing.assert_frame_equal(frames(filtered, "rmse")[0], frames(app, "rmse")[0])


def test_the_check_by_another_library_stays_until_the_forecast_changes(buyers: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lifetimes itself says is tested with the analysis."""
    found = pd.DataFrame({"figure": ["r"], "own": [0.5], "lifetimes": [0.51], "difference": [0.02]})
    monkeypatch.setattr(report, "cross_check", lambda *args: found)
    app = opened("Can we believe it?")
    assert not frames(app, "lifetimes")
    app.button(key="forecast_cross_check").click().run()
    assert "The two differ: look at the log-likelihood, the higher one is the better fit; the largest difference is 2.000 %" in texts(
        app
    ).replace("\\", "")
    assert frames(app.run(), "lifetimes")
    app.slider(key=Url.HORIZON).set_value(6).run()
    assert not frames(app, "lifetimes")


def test_every_tab_opens_and_keeps_the_terms(buyers: Entry) -> None:
    app = open_page("customer-value", horizon="3")
    for tab in TABS:
        app.session_state["value_tabs"] = tab
        app.run()
        assert not app.exception, tab
        assert not app.error, tab
        assert "Value, 3 months" in metrics(app)
    assert len(TABS) == 5


# -- one customer ------------------------------------------------------------------------------------------------------


def test_a_selected_customer_is_told_in_full(buyers: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page("customer-value", horizon="6")
    assert "Select a row to see the customer" in texts(app)
    monkeypatch.setattr(tables, "customer_table", lambda *args, **options: "c064")
    app.run()
    assert not app.exception
    assert not app.error
    view: View = app.session_state[Session.VIEW]
    found = person(view.ws, view.as_of, "c064", terms=Terms(6))
    assert "Customer c064" in [header.value for header in app.header]
    said = f"{100 * rows(app)['p_alive']['c064']:.0f} % likely still active, and {100 * found.buys_again:.0f} % likely to buy again within 6 months"
    assert said in texts(app).replace("\\", "")
    assert app.metric[5].value == f"EUR {rows(app, Terms(6))['clv']['c064']:,.2f}"
    bought = drawn.purchase_days(drawn.order_lines()).query("customer_id == 'c064'")["day"]
    marks = next(trace for trace in charts(app)[-1]["data"] if trace["name"] == "purchase")
    assert [day[:10] for day in marks["x"]] == [f"{day:%Y-%m-%d}" for day in bought]


def test_what_the_model_does_not_know_of_a_customer_is_said(buyers: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    """A customer with a single purchase."""
    once = drawn.purchase_days(drawn.order_lines()).groupby("customer_id").size().loc[lambda sizes: sizes == 1].index[0]
    monkeypatch.setattr(tables, "customer_table", lambda *args, **options: once)
    said = texts(open_page("customer-value")).replace("\\", "")
    assert "100 % likely still active" in said
    assert "BG/NBD lets nobody leave before a second purchase, so P(alive) is 1 here" in said


def test_by_the_fallback_nobody_is_said_to_be_active(shop: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "customer_table", lambda *args, **options: "b")
    app = open_page("customer-value")
    assert not app.error
    said = texts(app).replace("\\", "")
    assert "likely to buy again within 12 months" in said
    assert "likely still active" not in said
    assert "whether this customer is still active is not provided" in said


def test_a_customer_without_a_purchase_is_no_stack_trace(shop: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "customer_table", lambda *args, **options: "f")
    app = open_page("customer-value")
    assert not app.exception
    assert "no purchase before the day looked from" in app.error[0].value


# -- elsewhere ---------------------------------------------------------------------------------------------------------


def test_the_command_gives_the_same_numbers(buyers: Entry, tmp_path: Path) -> None:
    app = open_page("customer-value", horizon="6", margin="30", discount="10")
    command = shlex.split(app.code[-1].value)
    assert command[:5] == ["python", "-m", "crm_core", "clv", "workspace:Buyers"]
    assert main([*command[3:], "--out", str(tmp_path / "out.csv")]) == 0
    table = pd.read_csv(tmp_path / "out.csv").set_index("customer_id")
    assert metrics(app)["Value, 6 months"] == f"EUR {table['clv'].sum():,.0f}"
    listed = frames(app, "clv")[0].set_index("customer_id")
    assert listed["clv"].to_dict() == pytest.approx(table["clv"].nlargest(25).to_dict())
    assert metrics(app)["Probably active"] == f"{table['p_alive'].sum():.0f}"


def test_terms_survive_a_look_at_another_page(shop: Entry) -> None:
    app = open_page("customer-value", horizon="6", margin="30")
    assert not switch(app, "key-customers").exception
    assert "at a margin of 30.0 % in the next 6 months" in answer(switch(app, "customer-value"))
