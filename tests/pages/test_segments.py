"""Segments: figures by hand, movement, split, own names, and one customer."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from crm_core.analytics.segment_table import SEGMENTS, SegmentTable
from crm_core.store.workspaces import Entry, Workspaces
from tests.apptest import open_page, switch, texts
from tests.workspaces import lines, write
from ui.state import Session, Url


def opened(tab: str, **query: str | list[str]) -> AppTest:
    """The page with that tab in front."""
    app = open_page("segments", **query)
    app.session_state["segment_tabs"] = tab
    return app.run()


def charts(app: AppTest) -> list[dict[str, object]]:
    return [json.loads(element.proto.spec) for element in app.get("plotly_chart")]


def test_without_data_it_leads_to_the_data_page() -> None:
    assert open_page("segments").title[0].value == "No data yet"


def test_the_answer_names_the_best_segment(shop: Entry) -> None:
    app = open_page("segments")
    assert not app.exception
    assert "of the 5 customers who bought before 1 Jul 2024" in texts(app).replace("\\", "")


def test_without_a_purchase_before_the_period_there_is_nothing_to_compare_with(workspaces: Workspaces) -> None:
    """The data begins with a return."""
    candidate = workspaces.candidate("nlines")
    write(
        candidate, name="Lines", order_lines=lines(("a", "1", "2023-01-01", -5), ("a", "2", "2024-01-01", 10), ("b", "3", "2024-02-01", 10))
    )
    workspaces.accept("nlines", candidate, "Lines", "named")
    app = open_page("segments")
    assert not app.exception
    assert app.metric[0].value == "2"
    assert "Changes are against" not in texts(app)


def test_one_customer_who_moved_is_singular(shop: Entry) -> None:
    said = texts(opened("Movement", in_country=["Chile"], in_attr_1=["basic"]))
    assert "Of 1 customer with a purchase in one of the two periods" in said


def test_few_customers_are_called_uncertain(shop: Entry, forty: Entry) -> None:
    assert "Only 5 customers" in texts(open_page("segments", data="Six shop"))
    assert "uncertain" not in texts(open_page("segments", data="Shop of forty"))


def test_the_list_holds_everybody_with_a_purchase(shop: Entry) -> None:
    assert "5 customers" in [element.value for element in open_page("segments").caption]


def test_the_rules_are_in_the_data_s_own_units(shop: Entry) -> None:
    app = open_page("segments")
    assert "days before 1 Jul 2024" in texts(app).replace("\\", "")


def test_own_cut_points_move_the_segments(shop: Entry) -> None:
    usual, own = (opened("Segments now", **query) for query in ({}, {"cuts_r": "70, 80, 90, 95"}))
    assert charts(usual)[0] != charts(own)[0]


def test_the_grid_shows_customers_or_sales(shop: Entry) -> None:
    app = opened("Segments now")
    counted = charts(app)[0]
    app.segmented_control(key="grid_value").select("net_sales").run()
    assert charts(app)[0] != counted


@pytest.mark.parametrize("tab", ["Segments now", "Movement", "Split by attribute", "Own segments"])
def test_every_tab_opens(forty: Entry, tab: str) -> None:
    app = opened(tab)
    assert not app.exception
    assert not app.error


def test_movement_counts_everybody_of_both_periods(forty: Entry) -> None:
    app = opened("Movement")
    assert "Of 40 customers with a purchase in one of the two periods" in texts(app).replace("\\", "")


def test_days_in_the_wrong_order_are_told_in_words(forty: Entry) -> None:
    app = opened("Movement")
    later = app.date_input(key="movement_later")
    later.set_value(app.date_input(key="movement_earlier").value).run()
    assert "do not follow each other" in app.error[0].value


def test_without_attributes_the_split_says_what_is_missing(bare: Entry) -> None:
    assert "needs the table “Customers”" in opened("Split by attribute").info[0].value


def test_own_names_hold_on_every_page_of_the_session(shop: Entry) -> None:
    renamed = SegmentTable(tuple(replace(segment, name=f"{segment.name} $x$") for segment in SEGMENTS.segments))
    app = open_page("segments")
    app.session_state[Session.SEGMENT_TABLE] = renamed
    assert "loyalists \\$x\\$ are 40" in app.run().markdown[0].value
    assert set(app.sidebar.multiselect(key=Url.SEGMENTS).options) == set(renamed.names)
    assert set(switch(app, "key-customers").sidebar.multiselect(key=Url.SEGMENTS).options) == set(renamed.names)


def test_a_filter_on_segments_chooses_who_is_shown(shop: Entry) -> None:
    app = open_page("segments", segment=["Hibernating"])
    shown = int(app.metric[0].value)
    assert 0 < shown < 5
    assert f"{shown} customer{'' if shown == 1 else 's'}" in [element.value for element in app.caption]


def test_it_tells_the_command_with_the_same_numbers(shop: Entry) -> None:
    assert open_page("segments").code[-1].value == "python -m crm_core segments 'workspace:Six shop' --as-of 2024-07-01"
