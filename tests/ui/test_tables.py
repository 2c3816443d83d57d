"""Long tables come a page at a time; equal questions have equal keys."""

from __future__ import annotations

import pandas as pd
import pytest

from crm_core.analytics import listing, rfm
from crm_core.analytics.movers import COLUMNS
from crm_core.store.workspaces import Entry
from tests.apptest import open_page
from ui.cache import _spell
from ui.downloads import slug
from ui.labels import labels
from ui.tables import column_config, in_percent


def test_the_list_counts_and_searches_in_the_engine(shop: Entry) -> None:
    app = open_page("segments")
    before = next(caption.value for caption in app.caption if " customer" in caption.value and caption.value[0].isdigit())
    app.text_input(key="segments_customers_search").input("ada").run()
    after = next(caption.value for caption in app.caption if " customer" in caption.value and caption.value[0].isdigit())
    assert before != after
    assert after.startswith("1 customer")


@pytest.mark.parametrize(
    ("title", "name"), [("Key customers", "key_customers"), ("../../etc", "etc"), ("مشتری", "table"), ("a=b;rm", "a_b_rm")]
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
