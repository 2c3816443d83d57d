"""The frame: which data, from which day, who is shown; in the URL what may be shared, and nothing of a private upload."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from crm_core.store.workspaces import PRIVATE_NAME, Entry, Workspaces, private_id
from tests.apptest import open_page, switch, texts
from tests.workspaces import six_customers, write
from ui.frame import View
from ui.state import Session, Url


def view(app: AppTest) -> View:
    found = app.session_state[Session.VIEW]
    assert isinstance(found, View)
    return found


def test_without_data_every_page_leads_to_the_data_page() -> None:
    for path in ("", "segments", "clusters", "key-customers", "customer-value"):
        app = open_page(path)
        assert not app.exception
        assert app.title[0].value == "No data yet"


def test_every_page_says_how_fresh_its_data_is(shop: Entry) -> None:
    line = open_page("segments").caption[0].value
    for part in ("Six shop", "data up to 30 Jun 2024", "imported", "test", "seen from 1 Jul 2024"):
        assert part in line.replace("\\", "")


def test_the_day_is_the_data_s_own_unless_chosen(shop: Entry) -> None:
    assert view(open_page("data")).as_of == date(2024, 7, 1)
    assert view(open_page("data", as_of="2024-06-01")).as_of == date(2024, 6, 1)


@pytest.mark.parametrize("day", ["2031-01-01", "1999-01-01", "yesterday"])
def test_a_day_outside_the_data_is_ignored(shop: Entry, day: str) -> None:
    assert view(open_page("data", as_of=day)).as_of == date(2024, 7, 1)


def test_filters_come_from_the_url(shop: Entry) -> None:
    filters = view(open_page("data", in_country=["Iran"], segment=["Champions"], period="Last 3 months")).filters
    assert filters.splits == (("country", ("Iran",)),)
    assert filters.segments == ("Champions",)
    assert (filters.period_start, filters.period_end) == (date(2024, 4, 1), date(2024, 7, 1))


def test_values_that_the_data_does_not_have_are_dropped(shop: Entry) -> None:
    filters = view(open_page("data", in_country=["Mars"], segment=["Aliens"], period="Last century")).filters
    assert filters.splits == ()
    assert filters.segments == ()
    assert filters.period_start == date(2023, 7, 1)


def test_a_link_to_data_that_is_not_here_says_so_and_brings_no_filters(shop: Entry) -> None:
    app = open_page("segments", data="Nope", as_of="2024-06-01", in_country=["Iran"], segment=["Champions"])
    assert "no data named “Nope”" in app.warning[0].value
    found = view(app)
    assert (found.name, found.as_of, found.is_filtered) == ("Six shop", date(2024, 7, 1), False)
    assert not app.run().warning


def test_own_dates_are_a_period(shop: Entry) -> None:
    chosen = view(open_page("data", period="Own dates", dates=["2024-02-01", "2024-02-29"]))
    assert (chosen.start, chosen.end) == (date(2024, 2, 1), date(2024, 3, 1))


def test_filters_stay_on_another_page(shop: Entry) -> None:
    app = open_page("data")
    app.multiselect(key="in_country").select("Chile").run()
    assert view(switch(app, "segments")).filters.splits == (("country", ("Chile",)),)


def test_the_filters_of_attributes_have_the_user_s_labels(shop: Entry) -> None:
    labels = [element.label for element in open_page("data").sidebar.multiselect]
    assert labels == ["Segments", "Country", "Plan"]


def test_labels_of_attributes_are_text_and_no_markup(workspaces: Workspaces) -> None:
    candidate = workspaces.candidate("n1")
    customers = pd.DataFrame({"customer_id": ["a", "b"], "attr_1": ["x", "y"]})
    write(candidate, labels={"attr_1": "![i](http://a.example/i.png)"}, order_lines=six_customers(), customers=customers)
    workspaces.accept("n1", candidate, "Shop", "named")
    assert open_page("data").sidebar.multiselect[1].label == "\\!\\[i\\]\\(http\\:\u2060//a\\.example/i\\.png\\)"


def test_unknown_values_can_be_chosen(shop: Entry) -> None:
    assert view(open_page("data", in_country=["(unknown)"])).filters.splits == (("country", ("",)),)


def test_cut_points_come_from_the_url(shop: Entry) -> None:
    settings = view(open_page("data", cuts_r="10, 20, 30, 40", frequency="All customers in fifths")).settings
    assert settings.cuts_r == (10, 20, 30, 40)
    assert settings.f_rule == "quintiles"


def test_cut_points_that_make_no_sense_are_told_and_not_used(shop: Entry) -> None:
    app = open_page("data", cuts_r="40, 30")
    assert view(app).settings.cuts_r is None
    assert "Four numbers" in texts(app)


def test_a_link_opens_the_named_workspace(put_shop: Callable[[str, str], Entry]) -> None:
    put_shop("n1", "First shop")
    put_shop("n2", "Second shop")
    assert view(open_page("data", data="Second shop")).name == "Second shop"


def test_a_private_upload_is_seen_by_its_session_alone(put_shop: Callable[[str, str], Entry], shop: Entry) -> None:
    private = put_shop(private_id("hers"), "")
    assert view(open_page("data", owner="hers")).entry.id == private.id
    for attempt in ({}, {"data": PRIVATE_NAME}, {"data": private.id}, {"data": "hers"}):
        his = open_page("data", **attempt)
        assert view(his).name == "Six shop"
        assert PRIVATE_NAME not in his.sidebar.selectbox(key=Url.WORKSPACE).options


def test_a_private_upload_is_never_in_the_url(put_shop: Callable[[str, str], Entry], shop: Entry) -> None:
    put_shop(private_id("hers"), "")
    app = open_page("data", owner="hers")
    assert view(app).is_private
    assert Url.WORKSPACE not in app.query_params


def test_days_chosen_for_other_data_are_forgotten(put_shop: Callable[[str, str], Entry], workspaces: Workspaces) -> None:
    put_shop("n1", "Shop")
    app = open_page("data", as_of="2024-06-01")
    assert view(app).as_of == date(2024, 6, 1)
    put_shop("n1", "Shop")
    assert view(app.run()).as_of == date(2024, 7, 1)


def test_a_workspace_that_was_erased_meanwhile_is_no_stack_trace(shop: Entry, workspaces: Workspaces) -> None:
    app = open_page("data")
    workspaces.erase(shop.id)
    app.run()
    assert not app.exception
    assert "No data yet" in texts(app)


def test_data_that_someone_erased_meanwhile_is_not_replaced_in_silence(
    put_shop: Callable[[str, str], Entry], workspaces: Workspaces
) -> None:
    put_shop("n1", "First shop")
    put_shop("n2", "Second shop")
    app = open_page("segments", data="Second shop", in_country=["Iran"])
    assert not app.warning
    workspaces.erase("n2")
    app.run()
    assert "no data named “Second shop”" in app.warning[0].value
    assert (view(app).name, view(app).is_filtered) == ("First shop", False)
    assert not app.run().warning


def test_a_damaged_file_is_told_in_words(shop: Entry) -> None:
    shop.path.write_bytes(b"not a workspace")
    app = open_page("segments")
    assert not app.exception
    assert "The workspace cannot be opened" in app.error[0].value.replace("\\", "")


def test_the_default_page_answers_to_its_name_too(shop: Entry) -> None:
    assert open_page("overview").title[0].value == open_page("").title[0].value == "How is the business doing?"
