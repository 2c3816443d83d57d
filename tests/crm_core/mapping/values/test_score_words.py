"""Scores in words and marks, in every spelling."""

from __future__ import annotations

from decimal import Decimal

import pytest

from crm_core.mapping.values import score_words
from crm_core.mapping.values.score_words import WORD_LISTS, WordList


@pytest.mark.parametrize("known", WORD_LISTS, ids=lambda one: one.name)
def test_every_wording_says_its_score_and_only_one(known: WordList) -> None:
    said: dict[str, int] = {}
    for score, line in known.phrases.items():
        for phrase in line.split("; "):
            assert said.setdefault(phrase, score) == score, phrase
            for text in (phrase, phrase.upper(), f"  {phrase} "):
                found = score_words.read(text, known)
                assert found is not None, text
                assert found.score == score, text
        assert known.lowest <= score <= known.highest


@pytest.mark.parametrize("known", WORD_LISTS, ids=lambda one: one.name)
def test_a_list_is_known_by_its_own_words(known: WordList) -> None:
    texts = [phrase for line in known.phrases.values() for phrase in line.split("; ")]
    assert score_words.list_of(texts) is known


@pytest.mark.parametrize(
    ("text", "score", "highest"),
    [
        ("★★★★☆", 4, 5),
        ("⭐⭐⭐", 3, None),
        ("★★", 2, None),
        ("4/5", 4, 5),
        ("4 out of 5", 4, 5),
        ("4 of 5 stars", 4, 5),
        ("4,5 / 5", "4.5", 5),
        ("4 von 5", 4, 5),
        ("4 sur 5", 4, 5),
        ("4 из 5", 4, 5),
        ("۴ از ۵", 4, 5),
        ("٤/٥", 4, 5),
        ("80 %", 80, 100),
        ("80%", 80, 100),
        ("۸۰٪", 80, 100),
        ("4 stars", 4, None),
        ("1 star", 1, None),
        ("5 Sterne", 5, None),
        ("4 звезды", 4, None),
        ("۵ ستاره", 5, None),
        ("5 - Very satisfied", 5, None),
        ("5: excellent", 5, None),
        ("1 (worst)", 1, None),
        ("Very satisfied (5)", 5, None),
    ],
)
def test_marks_are_read(text: str, score: object, highest: int | None) -> None:
    found = score_words.read(text)
    assert found is not None
    assert (found.score, found.highest) == (Decimal(str(score)), highest)


@pytest.mark.parametrize("text", ["", "blue", "12 May 2021", "2021-05-01", "good", "x" * 200, "4/5/2021", "/", "☺"])
def test_other_texts_are_no_scores(text: str) -> None:
    assert score_words.read(text) is None


def test_the_share_that_can_be_read() -> None:
    assert score_words.share(("Good", "Poor", "excellent", "who knows")) == 0.75
    assert score_words.share(()) == 0.0


@pytest.mark.parametrize("text", ["недоволен", "не доволен", "Не  доволен"])
def test_a_russian_not_may_stand_apart(text: str) -> None:
    found = score_words.read(text, score_words.list_of(["очень доволен", "доволен", text]))
    assert found is not None
    assert found.score == 2


@pytest.mark.parametrize(
    ("labels", "is_reversed"),
    [
        ([(1, "Very satisfied"), (3, "Neutral"), (5, "Very dissatisfied")], True),
        ([(5, "Very satisfied"), (1, "Very dissatisfied")], False),
        ([(1, "sehr gut"), (2, "gut"), (6, "ungenügend")], True),
        ([(1, "excellent")], True),
        ([(1, "very poor")], False),
        ([(10, "excellent")], False),
        ([(1, "blue"), (2, "green")], False),
        ([], False),
    ],
)
def test_labels_tell_whether_low_is_good(labels: list[tuple[int, str]], is_reversed: bool) -> None:
    assert score_words.is_reversed(labels) is is_reversed


@pytest.mark.parametrize(
    ("texts", "scores"),
    [
        (
            ["Extremely satisfied", "Very satisfied", "Somewhat satisfied", "Not so satisfied", "Not at all satisfied"],
            [5, 4, 3, 2, 1],
        ),
        (["sehr zufrieden", "eher zufrieden", "eher unzufrieden"], [5, 4, 2]),
        (["Muito satisfeita", "Neutro", "Insatisfeita"], [5, 3, 2]),
        (["راضی هستم", "خیلی راضی", "نظری ندارم", "راضی نیستم"], [4, 5, 3, 2]),
        (["yes", "No"], [1, 0]),
        (["да", "нет"], [1, 0]),
    ],
)
def test_answers_of_usual_surveys_are_understood(texts: list[str], scores: list[int]) -> None:
    known = score_words.list_of(texts)
    assert [found and found.score for found in (score_words.read(text, known) for text in texts)] == scores


def test_words_of_no_answer_speak_not_against_a_column_of_scores() -> None:
    assert score_words.share(("8", "10", "Don't know", "keine Angabe", "prefer not to say")) == 1.0
    assert score_words.share(("good", "bad", "offered", "unoffered")) == 1.0
    assert score_words.share(("offered", "unoffered")) == 0.0
