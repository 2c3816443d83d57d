"""Clusters: suggested and chosen numbers, too few customers, and every tab."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from crm_core.store.workspaces import Entry
from tests.apptest import open_page, switch, texts
from ui.sections import clusters


def count(app: AppTest) -> str:
    return next(metric.value for metric in app.metric if metric.label == "Clusters")


def test_without_data_it_leads_to_the_data_page() -> None:
    assert open_page("clusters").title[0].value == "No data yet"


def test_too_few_customers_are_told_in_words(shop: Entry) -> None:
    app = open_page("clusters")
    assert not app.exception
    assert app.title[0].value == "Which groups do customers form by behaviour?"
    assert "Too few customers to form clusters" in app.error[0].value


def test_customers_fall_into_groups(forty: Entry) -> None:
    app = open_page("clusters")
    assert not app.exception
    assert f"40 customers fall into {count(app)} groups by behaviour" in texts(app)


def test_the_number_of_clusters_can_be_changed(forty: Entry) -> None:
    app = open_page("clusters")
    assert app.selectbox(key="cluster_count").value == clusters.AS_SUGGESTED
    app.selectbox(key="cluster_count").select(5).run()
    assert count(app) == "5"


def test_the_chosen_number_survives_a_look_at_another_page(forty: Entry) -> None:
    app = open_page("clusters")
    app.selectbox(key="cluster_count").select(5).run()
    switch(app, "segments")
    assert count(switch(app, "clusters")) == "5"


def test_one_feature_is_too_few(forty: Entry) -> None:
    app = open_page("clusters")
    app.multiselect(key="cluster_features").set_value(["count_orders"]).run()
    assert not app.exception
    assert "two features" in app.error[0].value


def test_without_a_click_everybody_with_a_purchase_is_listed(forty: Entry) -> None:
    assert any(element.value.startswith("40 customers") for element in open_page("clusters").caption)


@pytest.mark.parametrize("tab", ["Groups", "Map of customers", "Against segments"])
def test_every_tab_opens(forty: Entry, tab: str) -> None:
    app = open_page("clusters")
    app.session_state["cluster_tabs"] = tab
    app.run()
    assert not app.exception
    assert not app.error
    assert app.get("plotly_chart")


def test_filters_choose_who_is_shown_and_move_no_cluster(forty: Entry) -> None:
    everybody, some = open_page("clusters"), open_page("clusters", in_country=["Iran"])
    assert count(everybody) == count(some)
    assert "14 customers fall into" in texts(some)
