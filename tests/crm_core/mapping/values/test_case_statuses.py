"""What status words of cases mean, in all languages we know."""

from __future__ import annotations

import pytest

from crm_core.mapping.values import case_statuses
from crm_core.mapping.values.case_statuses import MEANINGS, PHRASES


def test_every_phrase_means_what_its_line_says() -> None:
    twice = {"close", "finalizado"}  # English and French, Portuguese and Spanish: either way the case has ended
    for meant, line in PHRASES.items():
        for phrase in line.split("; "):
            if phrase not in twice:
                assert case_statuses.meaning(phrase) == meant, phrase
                assert case_statuses.meaning(phrase.upper()) == meant, phrase
    assert set(PHRASES) == set(MEANINGS)


@pytest.mark.parametrize(
    ("word", "is_closed"),
    [
        ("Closed", True),
        ("Resolved", True),
        ("Closed - solved", True),
        ("Closed with explanation", True),
        ("CANCELLED", True),
        ("Geschlossen", True),
        ("Résolu", True),
        ("Cerrado", True),
        ("Concluído", True),
        ("Решён", True),
        ("حل‌شده", True),
        ("بسته", True),
        ("Open", False),
        ("In progress", False),
        ("Pending Customer Response", False),
        ("Awaiting User Info", False),
        ("Reopened", False),
        ("unresolved", False),
        ("не решено", False),
        ("در انتظار پاسخ", False),
        ("En cours", False),
        ("-100", False),
    ],
)
def test_ended_cases_are_told_from_open_ones(word: str, is_closed: bool) -> None:
    assert case_statuses.is_closed(word) is is_closed


def test_closed_words_of_a_column_stay_as_they_stand_there() -> None:
    assert case_statuses.closed_words(["New", "Closed", "gelöst", "?"]) == {"Closed", "gelöst"}


def test_unknown_words_are_named() -> None:
    problems = case_statuses.unknown_words(["open", "frobnicated", ""], "cases.csv", "State")
    assert [(one.code, one.example, one.column) for one in problems] == [("case_status_unknown", "frobnicated", "State")]
