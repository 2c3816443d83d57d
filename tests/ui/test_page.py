"""The parts of pages show what users wrote as text."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest


def draw(value: str) -> None:
    from ui import page

    page.tiles([page.Tile("Net sales", value)])


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("GBP 8.31M", "GBP 8.31M"),
        ("-12.5 %", "-12.5 %"),
        ("R · F", "R · F"),
        ("US$ 1", "US\\$ 1"),
        ("![I](HTTP://A/I.PNG) 7", "\\!\\[I\\]\\(HTTP\\:\u2060//A/I\\.PNG\\) 7"),
        (":RED[X] 7", "\\:RED\\[X\\] 7"),
        ("WWW.A.EXAMPLE 7", "WWW\u2060\\.A\\.EXAMPLE 7"),
    ],
)
def test_the_value_of_a_tile_is_no_markup_whatever_the_currency_is_called(value: str, sent: str) -> None:
    assert AppTest.from_function(draw, kwargs={"value": value}).run().metric[0].value == sent
