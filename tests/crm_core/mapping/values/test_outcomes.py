"""What the words for outcomes of contacts mean, in all languages we know."""

from __future__ import annotations

import pytest

from crm_core.mapping.model import fields_for
from crm_core.mapping.values import outcomes
from crm_core.mapping.values.outcomes import MARKS, OTHER, OUTCOMES, PHRASES


def test_every_phrase_means_what_its_line_says() -> None:
    for meant, line in PHRASES.items():
        for phrase in line.split("; "):
            assert outcomes.known_outcome(phrase) == meant, phrase
            assert outcomes.known_outcome(f" {phrase.upper()} ") == meant, phrase
    assert set(PHRASES) == set(OUTCOMES)


def test_other_known_words_are_none_of_the_five_and_no_surprise() -> None:
    for phrase in OTHER.split("; "):
        assert outcomes.known_outcome(phrase) is None, phrase
        assert outcomes.is_known(phrase), phrase


def test_each_outcome_has_a_field_that_marks_it() -> None:
    assert {name: name.removesuffix("_mark") for name in fields_for("contacts") if name.endswith("_mark")} == MARKS


def test_an_outcome_means_itself() -> None:
    assert outcomes.translated(OUTCOMES) == {one: one for one in OUTCOMES}


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("Unsubscribed (global)", "opted_out"),
        ("Hard-Bounce", "bounced"),
        ("EMAIL_OPENED", "opened"),
        ("Email was not opened", None),
        ("soft bounce: mailbox full", None),
        ("Delivered, then opened", "opened"),
        ("Not delivered to inbox", "bounced"),
        ("Больше не звонить клиенту", "opted_out"),
        ("wurde nicht zugestellt", "bounced"),
        ("پیام باز شده است", "opened"),
        ("frobnicated", None),
        ("", None),
    ],
)
def test_words_around_a_phrase_do_not_hide_it(word: str, outcome: str | None) -> None:
    assert outcomes.known_outcome(word) == outcome


def test_only_words_that_nobody_knows_are_warned_about() -> None:
    told = outcomes.unknown_words(["sent", "frobnicated", "no answer", " "], "what")
    assert [(one.severity, one.column, one.example) for one in told] == [("warning", "what", "frobnicated")]
