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
