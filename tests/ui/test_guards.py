"""Errors as pages show them: in words, with all problems, and nothing of the machinery."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from ui.guards import NO_WIDTH, escape


def failing_page(kind: str) -> None:
    import streamlit as st

    from crm_core.errors import DataError, Problem
    from ui import guards

    st.write("before")
    with guards.guard():
        if kind == "known":
            unreadable = Problem("b", "error", "dates unreadable", "Say the order", "shop.csv", "Date", 7, "31.02.")
            problems = [Problem("a", "warning", "some are odd", rows=3), unreadable]
            raise DataError("Nothing to import", "No row is left.", "Choose other columns.", problems)
        if kind == "long":
            guards.show_problems([Problem("c", "info", "some customers have more than one country " * 2, "Keep one of them", rows=3)])
        if kind == "unexpected":
            raise ZeroDivisionError("secret internals")
        if kind == "stop":
            st.stop()
    st.write("after")


def run(kind: str) -> AppTest:
    return AppTest.from_function(failing_page, args=(kind,)).run()


def test_a_known_error_tells_what_is_wrong_and_what_to_do() -> None:
    app = run("known")
    assert "Nothing to import" in app.error[0].value
    assert "Choose other columns" in app.info[0].value
    assert [element.value for element in app.markdown] == ["before", "after"]


def test_all_problems_stand_in_one_table_the_gravest_first() -> None:
    table = run("known").dataframe[0].value
    assert list(table["What"]) == ["dates unreadable", "some are odd"]
    assert table.loc[0, ["Table", "Column", "Rows", "Example", "Way out"]].tolist() == ["shop.csv", "Date", 7, "31.02.", "Say the order"]


def test_what_is_wrong_and_what_to_do_come_first_and_can_be_read_whole() -> None:
    """Streamlit breaks the lines of a cell only in rows of more than 64 pixels."""
    element = run("long").dataframe[0]
    assert list(element.value.columns)[1:3] == ["What", "Way out"]
    assert element.proto.row_height > 64


def test_an_unexpected_error_has_an_id_and_no_details(caplog: pytest.LogCaptureFixture) -> None:
    app = run("unexpected")
    shown = app.error[0].value
    error_id = shown.rsplit(" ", 1)[1].rstrip(".")
    assert "secret" not in shown
    assert not app.exception
    assert f"error {error_id}" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_a_page_that_stops_itself_is_no_error() -> None:
    app = run("stop")
    assert not app.error
    assert [element.value for element in app.markdown] == ["before"]


@pytest.mark.parametrize("text", ["<b>x</b>", "[a](http://x)", "![i](http://x/i.png)", ":material/home:", "$x^2$", "`code`", "# head"])
def test_what_users_wrote_is_text_and_no_markup(text: str) -> None:
    escaped = escape(text)
    assert escaped.replace("\\", "").replace(NO_WIDTH, "") == text
    assert all(escaped[place - 1] == "\\" for place, letter in enumerate(escaped) if letter in "<[!:$`#")


@pytest.mark.parametrize(
    "text", ["https://a.example", "HTTP://A.example", "www.a.example", "a@b.example", ":material/home:", ":streamlit:"]
)
def test_what_is_looked_for_after_markdown_is_broken_up(text: str) -> None:
    """The browser's tests show that it helps; here, that each is broken where its pattern needs it whole."""
    assert NO_WIDTH in escape(text)


@pytest.mark.parametrize(
    ("text", "shown"), [("a\n===", "a ==="), ("a\r\n\n    b", "a b"), ("\u202egnp.exe", "gnp.exe"), ("a\u2028b", "a b"), ("&lt;", "&lt;")]
)
def test_what_users_wrote_stays_on_its_line_and_in_its_direction(text: str, shown: str) -> None:
    assert escape(text).replace("\\", "") == shown
