"""Audience under attack: what links, damage, other people's texts and a second person at once may not do."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from crm_core.analytics.segment_table import SEGMENTS, SegmentTable
from crm_core.cli import main
from crm_core.store.home import find_home
from crm_core.store.saved.audiences import Audience, Definition
from crm_core.store.saved.opening import Saved, open_saved
from crm_core.store.workspaces import Entry, Workspaces, private_id
from tests.apptest import claims, open_page, texts
from tests.pages import shop_with_campaign as campaign
from tests.pages.conftest import put
from tests.pages.shop_with_campaign import before
from tests.pages.shop_with_campaign import put as put_campaign
from tests.pages.test_roles import sent
from ui.state import Session, Url

NOW = datetime(2024, 8, 1, 12, tzinfo=UTC)
ROLES = '[users]\n"vi@example.com" = "viewer"\n"ana@example.com" = "analyst"\n'
PICTURE = "![x](http://evil.example/x.png)"


@pytest.fixture
def saved(home: Path) -> Iterator[Saved]:
    with open_saved(find_home({"CRM_HOME": str(home)}), {}) as store:
        yield store


def keep(saved: Saved, entry: Entry, where: str = "net_sales > 0", name: str = "Mine", terms: dict[str, Any] | None = None) -> Audience:
    return saved.audiences.create(entry.id, name, Definition(where, terms or {}), who="boss@example.com", now=NOW)


def said(app: AppTest) -> str:
    assert not app.exception, app.exception[0].message
    return texts(app).replace("\\", "").replace("\u2060", "")


def click(app: AppTest, key: str) -> AppTest:
    return next(one for one in app.button if one.key == key).click().run()


def test_a_condition_that_no_longer_fits_tells_a_viewer_no_person(shop: Entry, saved: Saved, home: Path) -> None:
    (home / "roles.toml").write_text(ROLES)
    kept = keep(saved, shop, 'customer_id in ("zz1", "zz2") and name = "Dora" and gone = 1')
    viewer = open_page("audience", signed_in=claims("vi@example.com"), audience=kept.id)
    assert "no longer fit the data" in said(viewer)
    assert not any(one in sent(viewer) for one in ("Dora", "zz1", "zz2"))
    assert "There is no field “gone”" in said(open_page("audience", signed_in=claims("ana@example.com"), audience=kept.id))


def test_a_role_that_is_gone_saves_nothing_more(shop: Entry, saved: Saved, home: Path) -> None:
    """The buttons stand in a page that was drawn before."""
    (home / "roles.toml").write_text(ROLES)
    kept = keep(saved, shop)
    app = open_page("audience", signed_in=claims("ana@example.com"), audience=kept.id)
    (home / "roles.toml").write_text(ROLES.replace('"analyst"', '"viewer"'))
    click(app, "audience_delete")
    assert "This is not for your role" in app.toast[0].value
    assert saved.audiences.get(kept.id).version == 1


def test_one_that_was_deleted_meanwhile_is_told_and_the_page_goes_on(shop: Entry, saved: Saved) -> None:
    kept = keep(saved, shop)
    app = open_page("audience")
    saved.audiences.delete(kept.id, 1, who="boss@example.com", now=NOW)
    app.selectbox(key="audience_choice").set_value(kept.id).run()
    assert "“Mine” was deleted by boss@example.com" in said(app)
    assert app.metric


@pytest.mark.parametrize("is_deleted", [False, True])
def test_a_link_tells_nothing_of_somebody_s_private_upload(is_deleted: bool, shop: Entry, saved: Saved, workspaces: Workspaces) -> None:
    kept = keep(saved, put(workspaces, private_id("hers"), "Hers alone"), 'name = "Dora"', "Secret plan")
    if is_deleted:
        saved.audiences.delete(kept.id, 1, who="boss@example.com", now=NOW)
    app = open_page("audience", audience=kept.id)
    assert not any(one in sent(app).replace("\u2060", "") for one in ("Dora", "Secret plan", "boss"))
    assert app.metric[0].value.startswith("6")


def test_a_name_is_no_picture_where_it_is_told(shop: Entry, saved: Saved) -> None:
    app = click(open_page("audience", audience=keep(saved, shop, name=PICTURE).id), "audience_delete")
    assert "![" not in app.toast[0].value
    assert PICTURE in app.toast[0].value.replace("\\", "").replace("\u2060", "")


@pytest.mark.parametrize(
    "terms", [{"expectation": 3}, {"columns": 5}, {"scoring": {"cuts_r": [4, 3, 2, 1]}}, {"scoring": {"segments": [{"name": "x"}]}}]
)
def test_damaged_terms_close_that_audience_only(terms: dict[str, Any], shop: Entry, saved: Saved) -> None:
    other = keep(saved, shop, name="Whole")
    app = open_page("audience", audience=keep(saved, shop, terms=terms).id)
    assert "cannot be" in said(app)
    assert app.metric
    app.selectbox(key="audience_choice").set_value(other.id).run()
    assert app.metric[0].value.startswith("4")


@pytest.mark.parametrize("terms", [{"days": 5_000}, {"control_share": 0.95}, {"seed": 2**31 - 1}])
def test_terms_beyond_what_the_page_offers_are_brought_within(terms: dict[str, Any], shop: Entry, saved: Saved) -> None:
    app = open_page("audience", audience=keep(saved, shop, terms=terms).id)
    assert "Something went wrong" not in said(app)
    assert app.metric[0].value.startswith("4")


def command(app: AppTest) -> str:
    return "\n".join(one.value for one in app.code if "crm_core audience" in one.value)


def test_the_command_has_the_cut_points_to_the_last_digit(shop: Entry) -> None:
    app = open_page("audience", where="m_score = 5", cuts_m="-10.25,20.5,30,123456.7891")
    assert "--cuts-m=-10.25,20.5,30,123456.7891" in command(app)
    assert main(shlex.split(command(app))[3:]) == 0


def test_segments_of_one_s_own_have_no_command_before_they_are_saved(shop: Entry) -> None:
    app = open_page("audience", where="segment is known")
    assert command(app)
    app.session_state[Session.SEGMENT_TABLE] = SegmentTable(tuple(replace(one, name=f"{one.name} x") for one in SEGMENTS.segments))
    assert app.run().metric
    assert command(app) == ""


@pytest.mark.parametrize("link", [{"seed": "9" * 40}, {"control": "91"}, {"seed": "nan"}, {"control": "-5"}])
def test_a_number_of_a_link_that_is_none_is_left_alone(link: dict[str, str], shop: Entry) -> None:
    app = open_page("audience", **link)
    assert "Something went wrong" not in said(app)
    assert (app.number_input(key=Url.CONTROL).value, app.number_input(key=Url.SEED).value) == (10, 1)


def test_files_of_an_export_outlive_its_conditions_and_tell_whom_the_data_lost(
    workspaces: Workspaces, saved: Saved, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The orders come anew without the first ten customers, and without the attribute by which they were chosen."""
    made = campaign.keep(put_campaign(workspaces, before()).id, where="gone is known")
    put_campaign(workspaces, before().iloc[10:])
    files: dict[str, Callable[[], bytes]] = {}
    monkeypatch.setattr(st, "download_button", lambda _label, data, *_others, key="", **_options: files.update({key: data}))
    app = open_page("audience", audience=made.audience_id)
    app.session_state[Url.WHERE] = "net_sales > 0"
    app.session_state[Url.AUDIENCE_TAB] = "Take away"
    app.run()
    assert "10 customers of them are no longer in the data, so not in these files." in said(app)
    assert "There is no brief: the conditions of this export no longer fit the data." in said(app)
    assert len(files["export_file"]().decode().splitlines()) == 1 + campaign.NUMBER - 10
