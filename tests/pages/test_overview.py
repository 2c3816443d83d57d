"""The overview: figures that can be checked by hand, what the data cannot tell, and no page without data."""

from __future__ import annotations

import json
import shlex

import pytest
from streamlit.testing.v1 import AppTest

from crm_core.cli import main
from crm_core.store.workspaces import Entry
from tests.apptest import open_page, texts


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label.replace("\\", ""): metric.value for metric in app.metric}


def test_without_data_it_leads_to_the_data_page() -> None:
    app = open_page("")
    assert not app.exception
    assert app.title[0].value == "No data yet"


def test_the_answer_names_value_customers_and_period(shop: Entry) -> None:
    app = open_page("")
    assert not app.exception
    answer = app.markdown[0].value.replace("\\", "")
    assert "EUR 500 of net sales and 5 customers between 1 Jul 2023 and 30 Jun 2024" in answer


def test_the_figures_are_those_of_the_period(shop: Entry) -> None:
    found = metrics(open_page("", period="Last month"))
    assert found["Net sales"] == "EUR 260"  # a 50, b 40, c 100, f -5, nobody 75
    assert found["Customers"] == "3"
    assert found["New customers"] == "1"
    assert found["Repeat share"] == "66.7 %"
    assert found["Average order"] == "EUR 63.33"


def test_gross_profit_appears_only_with_costs(shop: Entry, forty: Entry) -> None:
    assert "Gross profit" not in metrics(open_page("", data="Six shop"))
    assert "Gross profit" in metrics(open_page("", data="Shop of forty"))


def test_changes_are_told_only_where_the_data_reaches_back(shop: Entry) -> None:
    assert "does not reach back" in texts(open_page(""))
    app = open_page("", period="Last month")
    assert "Changes are against 1 May 2024 to 31 May 2024" in texts(app).replace("\\", "")
    assert app.metric[0].delta


def test_filters_choose_whose_sales_are_shown(shop: Entry) -> None:
    assert metrics(open_page("", in_country=["Chile"]))["Net sales"] == "EUR 90"  # c 100, d 20 - 30


def test_a_period_of_one_day_is_that_day(shop: Entry) -> None:
    """Two equal dates stand once in an address."""
    said = texts(open_page("", period="Own dates", dates=["2024-06-21"])).replace("\\", "")
    assert "EUR 140 of net sales and 2 customers on 21 Jun 2024" in said  # b 40, c 100
    assert "Changes are against 20 Jun 2024." in said


def test_one_customer_is_singular(shop: Entry) -> None:
    assert "and 1 customer between" in texts(open_page("", in_country=["Chile"], in_attr_1=["basic"]))


def test_a_period_without_sales_says_so(shop: Entry) -> None:
    app = open_page("", in_country=["Chile"], period="Own dates", dates=["2023-12-02", "2023-12-05"])
    assert not app.exception
    assert metrics(app)["Average order"] == "not provided"


def test_what_is_worth_looking_at_links_to_its_page(shop: Entry) -> None:
    app = open_page("")
    assert any("bring" in element.value for element in app.markdown)
    assert len(app.get("page_link")) >= 2


def test_a_period_in_the_past_limits_sales_and_not_what_is_worth_looking_at(shop: Entry) -> None:
    app = open_page("", period="Own dates", dates=["2024-01-01", "2024-02-01"])
    assert metrics(app)["Net sales"] == "EUR 80"  # b 60, e 10 and 10
    assert "The best 20 % of 6 customers bring" in texts(app).replace("\\", "")


def test_it_tells_the_command_with_the_same_numbers(shop: Entry, capsys: pytest.CaptureFixture[str]) -> None:
    command = open_page("", period="Last month").code[-1].value
    assert command == "python -m crm_core overview 'workspace:Six shop' --as-of 2024-07-01 --start 2024-06-01 --end 2024-07-01"
    assert main(shlex.split(command)[3:]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["net_sales"]["value"], found["customers"]["value"], found["new_customers"]["value"]) == (260, 3, 1)
    assert "for all customers" in texts(open_page("", in_country=["Chile"]))


def test_the_numbers_behind_the_charts_are_sent_only_when_they_are_opened(shop: Entry) -> None:
    app = open_page("")
    assert "The numbers by month" in [fold.label for fold in app.expander]
    assert not app.dataframe
