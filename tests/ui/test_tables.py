"""Long tables come a page at a time; equal questions have equal keys."""

from __future__ import annotations

import pandas as pd
import pytest

from crm_core.analytics import listing, rfm
from crm_core.analytics.clv import forecast
from crm_core.analytics.movers import COLUMNS
from crm_core.store.workspaces import Entry, Workspaces
from tests.apptest import open_page
from tests.workspaces import lines, write
from ui.cache import _spell
from ui.downloads import slug
from ui.labels import labels
from ui.state import Session
from ui.tables import column_config, in_percent


def test_the_list_counts_and_searches_in_the_engine(shop: Entry) -> None:
    app = open_page("segments")
    before = next(caption.value for caption in app.caption if " customer" in caption.value and caption.value[0].isdigit())
    app.text_input(key="segments_customers_search").input("ada").run()
    after = next(caption.value for caption in app.caption if " customer" in caption.value and caption.value[0].isdigit())
    assert before != after
    assert after.startswith("1 customer")


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Key customers", "key_customers"),
        ("../../etc", "etc"),
        ("مشتری", "مشتری"),
        ("Süß & Чай", "süß_чай"),
        ("a=b;rm", "a_b_rm"),
        ("…", "table"),
        ("x" * 99, "x" * 60),
    ],
)
def test_a_file_name_is_letters_digits_and_underscores(title: str, name: str) -> None:
    assert slug(title) == name


def test_shares_are_percent_and_money_names_its_currency() -> None:
    frame = pd.DataFrame({"net_sales": [1.5], "sales_share": [0.5], "customers": [3], "segment": ["x"]})
    config = column_config(frame, {"net_sales": "Net sales"}, "EUR")
    assert config["net_sales"]["label"] == "Net sales (EUR)"
    assert config["sales_share"]["type_config"]["format"] == "%.1f %%"
    assert in_percent(frame)["sales_share"].tolist() == [50.0]
    assert frame["sales_share"].tolist() == [0.5]  # as downloads have it
    assert config["customers"]["type_config"]["format"] == "localized"


def test_each_amount_of_what_moved_names_its_currency() -> None:
    names = labels(None, COLUMNS)
    config = column_config(pd.DataFrame([("country", "Country", "Iran", 5.0, 3.0, 2.0)], columns=COLUMNS), names, "EUR")
    assert [config[name]["label"] for name in COLUMNS[1:]] == [
        "Attribute",
        "Value",
        "Net sales (EUR)",
        "Net sales before (EUR)",
        "Change (EUR)",
    ]


def test_keys_tell_functions_and_settings_apart() -> None:
    keys = {_spell((rfm.segments, 1)), _spell((rfm.grid, 1)), _spell((rfm.segments, 2)), _spell((listing.listing, rfm.RfmSettings()))}
    assert len(keys) == 4
    assert _spell((rfm.segments, rfm.RfmSettings())) == _spell((rfm.segments, rfm.RfmSettings()))


def test_chances_are_percent_though_their_name_does_not_say_so() -> None:
    frame = pd.DataFrame({"p_alive": [0.25], "p_alive_before": [0.5]})
    assert in_percent(frame).iloc[0].tolist() == [25.0, 50.0]
    formats = {one["type_config"]["format"] for one in column_config(frame, labels(None, frame.columns), "EUR").values()}
    assert formats == {"%.1f %%"}


def test_estimates_have_as_many_digits_as_they_mean_and_no_currency() -> None:
    """ "purchases" would end like no amount, "bias" has a sign."""
    frame = pd.DataFrame({"expected_purchases": [1.23456], "purchases": [3.14], "active": [1234.5], "bias": [0.1], "log_score": [-1.5]})
    config = column_config(frame, labels(None, frame.columns), "EUR")
    assert {name: one["type_config"]["format"] for name, one in config.items()} == {
        "expected_purchases": "%,.2f",
        "purchases": "%,.1f",
        "active": "%,.0f",
        "bias": "%+.3f",
        "log_score": "%.3f",
    }
    assert not any("EUR" in one["label"] for one in config.values())


@pytest.mark.parametrize("column", ["clv", "clv_low", "clv_high", "risk_value", "active_value", "expected_spend", "monetary_value"])
def test_amounts_of_the_forecast_name_their_currency(column: str) -> None:
    config = column_config(pd.DataFrame({column: [1.0]}), labels(None, [column]), "EUR")[column]
    assert config["label"].endswith(" (EUR)")
    assert config["type_config"]["format"] == "%,.2f"


def test_lists_of_customers_have_the_forecast_before_the_attributes(buyers: Entry) -> None:
    for page in ("segments", "clusters", "key-customers"):
        app = open_page(page)
        assert not app.exception
        listed = next(element.value for element in app.dataframe if "segment" in element.value and "customer_id" in element.value)
        assert listed.columns[-4:].tolist() == ["clv", "p_alive", "country", "attr_1"]
        view = app.session_state[Session.VIEW]
        known = view.ws.execute(forecast.customers(view.ws, forecast.choose(view.ws, view.as_of))).set_index("customer_id")
        known = known.loc[listed["customer_id"]]
        assert listed["clv"].tolist() == pytest.approx(known["clv"].tolist())
        assert listed["p_alive"].tolist() == pytest.approx((100 * known["p_alive"]).tolist())  # as percent


def test_a_list_can_be_sorted_by_the_forecast(shop: Entry) -> None:
    """f, who only returned something, has none and stands last."""
    app = open_page("key-customers")
    app.selectbox(key="key_customers_net_sales_sort").select("clv").run()
    listed = app.dataframe[-1].value
    assert listed["clv"].dropna().is_monotonic_decreasing
    assert (listed["customer_id"].iloc[-1], listed["clv"].isna().sum()) == ("f", 1)
    assert listed["clv"].iloc[0] > listed["clv"].iloc[4]


def test_a_list_of_returns_alone_has_no_forecast(workspaces: Workspaces) -> None:
    candidate = workspaces.candidate("nreturns")
    write(candidate, name="Returns", order_lines=lines(("a", "1", "2024-01-01", -5.0)))
    workspaces.accept("nreturns", candidate, "Returns", "named")
    app = open_page("key-customers")
    assert not app.exception
    assert "clv" not in app.dataframe[-1].value.columns
