"""Where a table begins, and what its columns are called."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.sources import layout


def grid(text):
    return [line.split(",") for line in text.split()]


@pytest.mark.parametrize(
    ("text", "has_header"),
    [
        ("id,name,amount 1,a,2 2,b,3", True),
        ("00004,19970101,2,29.33 00021,19970118,2,29.73", False),
        ("country,capital France,Paris Spain,Madrid", True),
        ("France,Paris Spain,Madrid France,Lyon", False),
        ("نام,شهر علی,تهران رضا,شیراز", True),
        ("клиент,город Иванов,Москва Петров,Москва", True),
        ("a@x.com,2020-01-01 b@x.com,2020-01-02", False),
        ("1,2,3", False),
        ("id,name", True),
    ],
)
def test_a_header_is_told_from_values(text, has_header):
    assert layout.find(grid(text)).has_header is has_header


def test_names_are_unique_tidy_and_never_empty():
    assert layout.unique_names(["id", "category", " category\n", "", "category (2)"]) == (
        "id",
        "category",
        "category (3)",
        "Column 4",
        "category (2)",
    )


@given(st.lists(st.sampled_from(["a", "b", "a (2)", "", "Column 2", " a"]), max_size=12))
def test_any_names_become_unique(names):
    unique = layout.unique_names(names)
    assert len(set(unique)) == len(unique) == len(names)
    assert all(unique)


def test_row_names_without_a_header_shift_the_others():
    assert layout.find(grid("id,name 1,17,a 2,18,b 3,19,c")).names == ("Column 1", "id", "name")


def test_an_empty_cell_at_the_end_of_each_line_gets_no_name():
    found = layout.find([["id", "name"], ["1", "a", ""], ["2", "b", ""]])
    assert (found.names, found.named) == (("id", "name", "Column 3"), (True, True, False))


@pytest.mark.parametrize("cell", ["1" * 20_000 + "x", "@." * 600 + " ", "1-" + "a" * 20_000])
def test_a_cell_made_to_slow_the_look_down_is_no_value(cell):
    started = time.monotonic()
    assert not layout.is_value(cell)
    assert time.monotonic() - started < 0.5
