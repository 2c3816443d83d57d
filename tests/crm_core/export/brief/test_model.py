"""Texts are cut to their room, keep what words are made of, and know the way they run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.export.brief.model import ROOMS, about, direction, fitted, shortened
from tests.crm_core.export.brief.briefs import ENDLESS, EVERYDAY, PERSIAN


@given(st.text(), st.integers(2, 40))
def test_a_shortened_text_has_its_length_and_stays_as_it_is(text: str, length: int):
    once = shortened(text, length)
    assert len(once) <= length
    assert shortened(once, length) == once


def test_a_text_that_fits_is_kept_and_others_end_in_an_ellipsis():
    assert shortened("  two\nwords ", 9) == "two words"
    assert shortened("two words", 8) == "two wor…"


def test_joiners_and_fixed_spaces_stay_and_other_invisible_letters_go():
    assert shortened("می‌خواهیم 50\u00a0000\u202f€ \u202eabc\0", 40) == "می‌خواهیم 50\u00a0000\u202f€ abc"


@pytest.mark.parametrize(
    ("text", "way"), [("abc", "ltr"), ("12 چای", "rtl"), ("«At risk» چای", "ltr"), ("۱۲", "ltr"), ("", "ltr"), ("שלום a", "rtl")]
)
def test_a_text_runs_as_its_first_letter_does(text: str, way: str):
    assert direction(text) == way


def test_a_right_to_left_name_does_not_turn_the_day_behind_it():
    assert "زهرا\u200e · 20 March 2024" in about(PERSIAN)
    assert "\u200e" not in about(EVERYDAY)


def test_rules_left_off_keep_their_sum():
    for room in ROOMS:
        rules = fitted(ENDLESS, room).rules
        assert len(rules) == room.items
        assert sum(count for _, count in rules) == sum(count for _, count in ENDLESS.rules)


def test_an_everyday_brief_is_shown_whole():
    assert fitted(EVERYDAY, ROOMS[0]) == EVERYDAY
