"""Key customers: figures by hand, undefined totals, classes, and what is left without the best."""

from __future__ import annotations

import base64
import json
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from crm_core.analytics.clv import forecast
from crm_core.cli import main
from crm_core.store.workspaces import Entry, Workspaces
from tests.apptest import open_page, texts
from tests.workspaces import lines, write
from ui.state import Session


@pytest.fixture
def put_lines(workspaces: Workspaces) -> Callable[..., Entry]:
    """Puts these order lines into a workspace of their own."""

    def put(*rows: tuple[str, str, str, float]) -> Entry:
        candidate = workspaces.candidate("nlines")
        write(candidate, name="Lines", order_lines=lines(*rows))
        return workspaces.accept("nlines", candidate, "Lines", "named")

    return put


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label.replace("\\", ""): metric.value for metric in app.metric}


def test_without_data_it_leads_to_the_data_page() -> None:
    assert open_page("key-customers").title[0].value == "No data yet"


def test_the_figures_are_those_of_the_definitions(shop: Entry) -> None:
    """Values 200, 100, 100, 40, -5, -10: total 425, of which the best two of six hold 300; 80 % is 340, reached by the third."""
    app = open_page("key-customers")
    assert not app.exception
    found = metrics(app)
    assert found["Held by the best 20 %"] == "70.6 %"
    assert found["Vital few"] == "50.0 %"
    assert found["Class A customers"] == "3"
    assert found["Below zero"] == "2"
    assert "EUR 425" in app.markdown[0].value


def test_customers_below_zero_are_told(shop: Entry) -> None:
    assert "2 customers are below zero and lose EUR 15; before them the curve reaches 103.5 %" in texts(open_page("key-customers")).replace(
        "\\", ""
    )


def test_customers_who_all_came_in_the_period_have_nothing_to_compare_with(shop: Entry) -> None:
    app = open_page("key-customers", in_country=["Chile"], period="Last 3 months")
    assert not app.exception
    assert metrics(app)["Below zero"] == "1"
    assert not any(metric.delta for metric in app.metric)
    assert "Changes are against" not in texts(app)


def test_with_a_total_below_zero_shares_are_undefined(put_lines: Callable[..., Entry]) -> None:
    put_lines(("a", "1", "2024-01-01", 10.0), ("b", "2", "2024-01-02", -50.0), ("c", "3", "2024-01-03", 5.0))
    app = open_page("key-customers")
    assert not app.exception
    assert "shares are undefined" in app.markdown[0].value
    assert metrics(app)["Vital few"] == "not provided"


def test_a_high_whale_curve_is_told_on_positive_value_too(put_lines: Callable[..., Entry]) -> None:
    put_lines(("a", "1", "2024-01-01", 100.0), ("b", "2", "2024-01-02", -50.0), ("c", "3", "2024-01-03", 5.0))
    assert "On positive value alone" in texts(open_page("key-customers"))


def test_without_the_best_two_the_rest_is_told(shop: Entry) -> None:
    app = open_page("key-customers")
    app.number_input(key="without_best").set_value(2).run()
    assert "Without the best 2, EUR 300 (70.6 %) would be gone." in texts(app).replace("\\", "")


def test_classes_choose_the_customers_listed(shop: Entry) -> None:
    app = open_page("key-customers")
    assert "6 customers" in [element.value for element in app.caption]
    app.pills(key="pareto_classes").select("A").run()
    assert "3 customers" in [element.value for element in app.caption]


def test_gross_profit_can_be_chosen_only_with_costs(shop: Entry, forty: Entry) -> None:
    offered = [
        open_page("key-customers", data=data).segmented_control(key="pareto_value").options for data in ("Six shop", "Shop of forty")
    ]
    assert offered == [["Net sales", "Forecast value"], ["Net sales", "Gross profit", "Forecast value"]]
    app = open_page("key-customers", data="Shop of forty")
    sales = app.markdown[0].value
    app.segmented_control(key="pareto_value").select("gross_profit").run()
    assert not app.exception
    assert "gross profit" in app.markdown[0].value
    assert app.markdown[0].value != sales
    assert app.code[-1].value.endswith("--value gross_profit")


def test_by_forecast_value_the_figures_are_those_of_the_forecast(forty: Entry, tmp_path: Path) -> None:
    """Shares of the values of `forecast.customers`, best first, counted by numpy."""
    app = open_page("key-customers")
    app.segmented_control(key="pareto_value").select("clv").run()
    assert not app.exception
    ws, as_of = app.session_state[Session.VIEW].ws, app.session_state[Session.VIEW].as_of
    each = ws.execute(forecast.customers(ws, forecast.choose(ws, as_of))).set_index("customer_id")["clv"].sort_values(ascending=False)
    reached = np.cumsum(each.to_numpy()) / each.sum()
    vital_few = 1 + int((reached < 0.8).sum())
    found = metrics(app)
    assert found["Held by the best 20 %"] == f"{100 * reached[7]:.1f} %"
    assert found["Vital few"] == f"{100 * vital_few / 40:.1f} %"
    assert found["Class A customers"] == str(vital_few)
    assert f"EUR {each.sum():,.0f} of forecast value of the 12 months from 26 Dec 2023" in app.markdown[0].value
    listed = app.dataframe[-1].value.set_index("customer_id")
    assert listed["clv"].to_dict() == pytest.approx(each[:25].to_dict(), abs=1e-4)
    assert main([*shlex.split(app.code[-1].value)[3:], "--out", str(tmp_path / "out.json")]) == 0
    assert json.loads((tmp_path / "out.json").read_text())["top20_share"] == pytest.approx(reached[7])


def test_a_forecast_is_not_shown_over_time_and_the_rest_of_the_page_stays(forty: Entry) -> None:
    app = open_page("key-customers")
    app.segmented_control(key="pareto_value").select("clv").run()
    app.session_state["pareto_tabs"] = "Is it getting more so?"
    app.run()
    assert "Each point would take a forecast of its own" in texts(app)
    assert {"What if the best left?", "The customers"} <= {header.value for header in app.header}
    assert app.code


def test_gross_profit_says_on_how_many_costs_it_rests(workspaces: Workspaces, forty: Entry) -> None:
    candidate = workspaces.candidate("nlines")
    rows = lines(("a", "1", "2024-01-01", 10.0), ("a", "2", "2024-01-02", 10.0), ("b", "3", "2024-01-03", 5.0))
    write(candidate, name="Lines", order_lines=rows.assign(cost_amount=[4, None, 1]))
    workspaces.accept("nlines", candidate, "Lines", "named")
    for data, is_said in (("Lines", True), ("Shop of forty", False)):
        app = open_page("key-customers", data=data)
        assert "Costs are known" not in texts(app)
        app.segmented_control(key="pareto_value").select("gross_profit").run()
        assert ("Costs are known for 2 of 3 lines" in texts(app)) == is_said


def test_the_curve_starts_at_nothing_and_ends_at_all(shop: Entry) -> None:
    curve = json.loads(open_page("key-customers").get("plotly_chart")[0].proto.spec)["data"][0]
    customers, value = (np.frombuffer(base64.b64decode(curve[axis]["bdata"]), curve[axis]["dtype"]) for axis in ("x", "y"))
    assert (customers[0], value[0]) == (0, 0)
    assert (customers[-1], value[-1]) == pytest.approx((1, 1))


def test_concentration_over_time_has_a_line_a_figure(forty: Entry) -> None:
    app = open_page("key-customers")
    app.session_state["pareto_tabs"] = "Is it getting more so?"
    app.run()
    assert not app.exception
    assert len(json.loads(app.get("plotly_chart")[0].proto.spec)["data"]) == 3


def test_customers_with_returns_only_are_listed(put_lines: Callable[..., Entry]) -> None:
    put_lines(("a", "1", "2024-01-01", -10.0), ("b", "2", "2024-01-02", -50.0))
    app = open_page("key-customers")
    assert not app.exception
    assert not app.error
    assert "The 2 customers bring" in app.markdown[0].value
    assert "2 customers" in texts(app)
