"""Each role on each page: what a viewer never gets, what an analyst and an administrator do, and who is turned away."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import app as dashboard
from crm_core.access import LOCAL
from crm_core.store.notes import Notes
from crm_core.store.workspaces import Entry, Workspaces, private_id
from tests.apptest import ROOT, claims, open_page, texts
from tests.pages.conftest import put
from tests.pages.shop_of_forty import order_lines
from tests.pages.shop_with_service import cases, surveys
from tests.workspaces import write
from ui.load import WAYS
from ui.sections.roles import EVERYBODY_ELSE
from ui.state import Session

ROLES = """
ask = "Dana Ray"
[users]
"vi@example.com" = "viewer"
"Ana@Example.com" = "analyst"
"ad@example.com" = "administrator"
"""
VIEWER, ANALYST, ADMINISTRATOR = (claims(f"{name}@example.com") for name in ("vi", "ana", "ad"))
#: Every page that app.py registers in one of its tables, and the Data page.
TABLES = [value for name, value in vars(dashboard).items() if name.isupper() and isinstance(value, tuple)]
PAGES = ["" if path == "overview" else path for table in TABLES for _, _, path, _ in table] + ["data"]
#: What names a person or something of one: the ids, names and addresses of the shop, and what its customers wrote.
PERSONAL = re.compile(r"zq\d\d-id|Quill Person|quill\d\d@|zq\d\d-(?:order|case|answer)|\+98 912|said zebra")


@pytest.fixture(autouse=True)
def roles(home: Path) -> Path:
    home.mkdir(exist_ok=True)
    path = home / "roles.toml"
    path.write_text(ROLES)
    return path


@pytest.fixture
def quill(workspaces: Workspaces) -> Entry:
    """A named workspace whose customers, orders, answers and cases have names that nothing else has."""
    candidate = workspaces.candidate("nquill")
    frames = {"order_lines": order_lines(), "surveys": surveys(), "cases": cases()}
    for frame in frames.values():
        for column, kind in (("customer_id", "id"), ("order_id", "order"), ("case_id", "case"), ("response_id", "answer")):
            if column in frame:
                frame[column] = [None if pd.isna(one) else f"zq{re.sub('[^0-9]', '', str(one)):0>2}-{kind}" for one in frame[column]]
    frames["surveys"]["comment"] = frames["surveys"]["comment"] + " said zebra"
    who = range(40)
    frames["customers"] = pd.DataFrame(
        {
            "customer_id": [f"zq{one:02}-id" for one in who],
            "name": [f"Quill Person {one}" for one in who],
            "email": [f"quill{one:02}@private.example" for one in who],
            "phone": [f"+98 912 {one:03}" for one in who],
            "country": [("Iran", "Chile")[one % 2] for one in who],
        }
    )
    write(candidate, name="Quill", currency="EUR", **frames)
    entry = workspaces.accept("nquill", candidate, "Quill", "named")
    Notes(entry.path).mark(["zq07-id"], pd.Timestamp("2023-12-01").date(), "called", pd.Timestamp("2023-12-01", tz="UTC").to_pydatetime())
    return entry


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[], Any]]:
    """What the download buttons of the pages would give, by key."""
    offered: dict[str, Callable[[], Any]] = {}

    def button(label: str, data: Any, *others: Any, key: str = "", **options: Any) -> bool:
        offered[key] = data if callable(data) else lambda: data
        return False

    monkeypatch.setattr(st, "download_button", button)
    return offered


def sent(app: AppTest) -> str:
    """All that the browser gets of the page, elements, options and charts included."""

    def below(node: Any) -> Iterator[str]:
        proto = getattr(node, "proto", None)
        if proto is not None:
            yield proto.SerializeToString().decode("utf-8", "replace")
        for child in getattr(node, "children", {}).values():
            yield from below(child)

    return "\n".join(below(app._tree))


def tabs(app: AppTest) -> dict[str, list[str]]:
    """Key -> labels of the rows of tabs on the page that are drawn when they are opened."""
    found: dict[str, list[str]] = {}

    def below(node: Any) -> None:
        proto = getattr(node, "proto", None)
        if hasattr(proto, "tab_container") and proto.tab_container.id:
            key = proto.tab_container.id.partition("-")[2].partition("-")[2]
            found[key] = [child.label for child in node.children.values()]
        for child in getattr(node, "children", {}).values():
            below(child)

    below(app._tree)
    return found


def each_tab(app: AppTest) -> Iterator[tuple[str, AppTest]]:
    """The page as it opens, then with each of its tabs in front."""
    yield "", app
    for key, labels in tabs(app).items():
        for label in labels[1:]:
            app.session_state[key] = label
            yield label, app.run()


def test_every_page_is_walked() -> None:
    assert {f"{path or 'overview'}.py".replace("-", "_") for path in PAGES} == {path.name for path in (ROOT / "pages").glob("[a-z]*.py")}


@pytest.mark.parametrize("path", PAGES)
def test_a_viewer_never_gets_a_person(path: str, quill: Entry, files: dict[str, Callable[[], Any]]) -> None:
    """After an analyst has looked at the same page: what is kept of his is not the viewer's."""
    open_page(path, signed_in=ANALYST)
    files.clear()
    for label, app in each_tab(open_page(path, signed_in=VIEWER)):
        assert not app.exception, label
        assert not re.search("not for your role|Something went wrong", texts(app)), label
        assert PERSONAL.findall(sent(app)) == [], label
    told = {key: make() for key, make in files.items()}
    assert [
        key for key, data in told.items() if PERSONAL.search(str(data) if isinstance(data, str) else data.decode("utf-8", "replace"))
    ] == []


@pytest.mark.parametrize("path", ["segments"])
def test_a_note_takes_the_place_of_a_list(path: str, quill: Entry) -> None:
    viewer, analyst = open_page(path, signed_in=VIEWER), open_page(path, signed_in=ANALYST)
    assert "Customer lists are for analysts." in texts(viewer)
    assert "Customer lists are for analysts." not in texts(analyst)
    assert PERSONAL.search(sent(analyst))
    assert viewer.metric
    assert [one.value for one in viewer.metric] == [one.value for one in analyst.metric]


def test_a_viewer_takes_figures_away(quill: Entry, files: dict[str, Callable[[], Any]]) -> None:
    open_page("segments", signed_in=VIEWER)
    assert b"Champions" in files["segment_rules_csv"]()


def test_comments_are_for_analysts(quill: Entry) -> None:
    for who, sees in ((ANALYST, True), (VIEWER, False)):
        app = open_page("satisfaction", signed_in=who, satisfaction_tab="In their words")
        app.session_state["satisfaction_tab"] = "In their words"
        assert ("said zebra" in sent(app.run())) is sees


def test_the_same_file_is_refused_once_the_role_is_gone(quill: Entry, roles: Path, files: dict[str, Callable[[], Any]]) -> None:
    """The button stands in a page that was drawn before."""
    open_page("segments", signed_in=ANALYST)
    key = next(key for key in files if key.endswith("customers_csv"))
    assert PERSONAL.search(files[key]().decode())
    roles.write_text(ROLES.replace('"analyst"', '"viewer"'))
    with pytest.raises(Exception, match="Files with customers are for analysts"):
        files[key]()


def test_a_removed_role_ends_at_the_next_click(quill: Entry, roles: Path) -> None:
    app = open_page(signed_in=ANALYST)
    assert app.metric
    roles.write_text(ROLES.replace('"Ana@Example.com" = "analyst"', ""))
    app.run()
    assert not app.metric
    assert "You have no access here yet" in texts(app)
    assert "Ask Dana Ray for one" in texts(app)


@pytest.mark.parametrize("path", ["", "watch-list"])
def test_nobody_sees_a_page_without_signing_in(path: str, quill: Entry) -> None:
    app = open_page(path, signed_in={"is_logged_in": False})
    assert [button.label for button in app.button] == ["Sign in"]
    assert "Please sign in" in texts(app)
    assert not PERSONAL.search(sent(app))
    assert "Quill" not in sent(app)
    assert not app.sidebar.children


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        ({"exp": int(time.time()) - 1}, "Your sign-in has ended"),
        ({"email_verified": False}, "has not checked that ad@example.com is yours"),
        ({"email": "nobody@example.com"}, "You are signed in as nobody@example.com, which has no role"),
    ],
)
def test_who_is_turned_away_reads_why(claim: dict[str, Any], words: str, quill: Entry, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "ui.who"):
        app = open_page("segments", signed_in=ADMINISTRATOR | claim | {"tokens": {"id": "eyJ-secret"}, "at_hash": "secret"})
    assert words in texts(app).replace("\\", "").replace("\u2060", "")
    assert [button.label for button in app.button] == ["Sign in again", "Sign out"]
    assert not app.metric
    assert "sign-in refused" in caplog.text
    assert "secret" not in caplog.text


def test_roles_that_cannot_be_read_let_nobody_in_and_tell_no_path(quill: Entry, roles: Path, caplog: pytest.LogCaptureFixture) -> None:
    roles.write_text(ROLES.replace('"viewer"', '"boss"'))
    app = open_page(signed_in=ADMINISTRATOR)
    assert "Nobody can be let in at the moment" in texts(app)
    assert str(roles) not in sent(app)
    assert "line 4, users.vi@example.com has to be one of" in caplog.text


def test_who_signed_in_stands_in_the_sidebar(quill: Entry) -> None:
    app = open_page(signed_in=VIEWER)
    assert "Some Body" in texts(app)
    assert "Role: viewer" in texts(app)
    assert "Sign out" in [button.label for button in app.sidebar.button]


def test_without_sign_in_the_local_user_is_administrator_and_nothing_asks(quill: Entry) -> None:
    app = open_page()
    assert app.session_state[Session.USER] == LOCAL
    assert "Sign out" not in [button.label for button in app.button]
    assert PERSONAL.search(sent(open_page("segments")))


def test_another_person_in_the_same_session_begins_with_nothing(quill: Entry, workspaces: Workspaces) -> None:
    put(workspaces, private_id("token"), "Mine alone")
    app = open_page(owner="token", signed_in=ANALYST)
    assert "Mine alone" in sent(app)
    app.user = dict(ADMINISTRATOR)
    app.run()
    assert "Mine alone" not in sent(app)
    assert app.session_state[Session.OWNER] != "token"
    assert workspaces.private("token") is None


def test_signing_out_erases_the_private_upload(quill: Entry, workspaces: Workspaces) -> None:
    put(workspaces, private_id("token"), "Mine alone")
    app = open_page(owner="token", signed_in=ANALYST)
    app.button(key="sign_out").click().run()
    assert workspaces.private("token") is None
    assert Session.OWNER not in app.session_state


def test_what_each_role_does_with_the_company_s_data(quill: Entry) -> None:
    ways = {"viewer": [], "analyst": ["Upload files", "Try an example"], "administrator": list(WAYS)}
    for who in (VIEWER, ANALYST, ADMINISTRATOR):
        app = open_page("data", signed_in=who)
        role = app.session_state[Session.USER].role.label
        assert ("erase" in [button.key for button in app.button]) is (role == "administrator")
        assert (EVERYBODY_ELSE in sent(app)) is (role == "administrator")
        app.session_state["section"] = "Load data"
        app.run()
        assert [list(control.options) for control in app.segmented_control if control.key == "load_from"] == [ways[role]] * bool(ways[role])
        assert ("Loading data is for analysts." in texts(app)) is (role == "viewer")
        assert bool(app.get("file_uploader")) is (role != "viewer")


@pytest.mark.parametrize("way", ["From the server's folder", "From a database"])
def test_a_way_that_is_not_offered_is_refused_as_well(way: str, quill: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.load.ADMINISTRATORS_WAYS", ())
    app = open_page("data", signed_in=ANALYST)
    app.session_state["section"], app.session_state["load_from"] = "Load data", way
    assert "The company's data is for administrators." in texts(app.run()).replace("\\", "")


def test_an_analyst_erases_her_own_upload_and_names_none(workspaces: Workspaces) -> None:
    put(workspaces, private_id("token"), "Mine alone")
    app = open_page("data", "token", ANALYST)
    keys = [button.key for button in app.button]
    assert "erase" in keys
    assert not [field for field in app.text_input if field.key == "save_name"]
    assert "Save under a name" in texts(app)


def test_limits_of_named_data_are_an_administrator_s(quill: Entry) -> None:
    for who, may in ((ANALYST, False), (ADMINISTRATOR, True)):
        app = open_page("service", signed_in=who)
        app.session_state["service_tab"] = "Time limits"
        assert ("limits_keep" in [button.key for button in app.run().button]) is may
