"""Status words of orders in the languages of shop exports."""

from __future__ import annotations

import pytest

from crm_core.mapping.values.statuses import MEANINGS, PHRASES, VOID, is_void, known_meaning, meaning, read_words


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("delivered", "completed"),
        ("canceled", "cancelled"),
        ("wc-cancelled", "cancelled"),
        ("Отменён", "cancelled"),
        ("لغو شده", "cancelled"),
        ("كنسل شده", "cancelled"),
        ("Pending payment", "unpaid"),
        ("not paid", "unpaid"),
        ("paid", "completed"),
        ("partially_refunded", "returned"),
        ("Zurückgegeben", "returned"),
        ("en cours de préparation", "open"),
        ("Shipped - Delivered to Buyer", "completed"),
        ("Заказ отменен клиентом", "cancelled"),
        ("unfulfilled", "open"),
    ],
)
def test_status_words_are_understood(word: str, meant: str) -> None:
    assert meaning(word) == meant


def test_an_unknown_word_is_open_and_reported() -> None:
    read, problems = read_words(["delivered", "zzz", " "])
    assert read == {"delivered": "completed", "zzz": "open"}
    assert [(one.code, one.severity, one.example) for one in problems] == [("status_unknown", "warning", "zzz")]


def test_the_user_decides_over_our_words() -> None:
    assert meaning("Delivered", {"delivered": "cancelled"}) == "cancelled"
    assert known_meaning("zzz", {"ZZZ": "returned"}) == "returned"


def test_only_cancelled_and_unpaid_orders_are_void() -> None:
    assert {"cancelled", "unpaid"} == VOID
    assert is_void("storniert")
    assert not is_void("returned")


def test_every_phrase_has_one_meaning() -> None:
    assert set(PHRASES) == set(MEANINGS)
    for meant, line in PHRASES.items():
        for phrase in line.split("; "):
            assert meaning(phrase) == meant, phrase
