"""Column names in any spelling and language say the same concepts."""

from __future__ import annotations

import pytest

from crm_core.mapping.meaning.names import meaning, plain, same, words
from crm_core.mapping.meaning.vocabulary import COMPOUNDS, LEADING, NOISE, WORDS


@pytest.mark.parametrize(
    "name",
    [
        "CustomerID",
        "customer_id",
        "customerid",
        "Customer Id",
        "Kundennummer",
        "KundenNr",
        "Код клиента",
        "شماره‌ی مشتری",
        "شناسه مشتری",
        "كد مشتري",
        "N° client",
        "Código de cliente",
        "Uid",
        "Numer klienta",
        "Klantnummer",
        "Müşteri No",
        "رقم العميل",
        "KUNNR",
        "cust_cd",
        "Loyalty card",
    ],
)
def test_customer_ids_are_understood_in_every_spelling(name: str) -> None:
    assert meaning(name).concepts == {"customer", "id"}


@pytest.mark.parametrize(
    ("name", "concepts"),
    [
        ("InvoiceNo", {"order", "id"}),
        ("StockCode", {"product", "id"}),
        ("Bestelldatum", {"order", "date"}),
        ("PU HT", {"unit", "price"}),
        ("Цена за шт.", {"unit", "price"}),
        ("فی", {"unit", "price"}),
        ("شماره سبد", {"order", "id"}),
        ("sold_at", {"order", "date"}),
        ("E-Mail Address", {"email"}),
        ("Кол-во", {"count"}),
        ("Data zamówienia", {"date", "order"}),
        ("Cena jednostkowa", {"price", "unit"}),
        ("Wartość sprzedaży", {"amount", "sales"}),
        ("Цена за единицу", {"price", "unit"}),
        ("order_delivered_customer_date", {"order", "delivered", "customer", "date"}),
        ("تاریخ سفارش", {"date", "order"}),
        ("Order #", {"order", "id"}),
        ("№ заказа", {"order", "id"}),
        ("Подкатегория", {"sub"}),
    ],
)
def test_names_stand_for_concepts(name: str, concepts: set[str]) -> None:
    assert meaning(name).concepts == concepts


def test_a_number_before_a_thing_counts_it_and_behind_names_it() -> None:
    assert "count" in meaning("numItems").concepts
    assert "count" in meaning("number_of_cds").concepts
    assert meaning("order number").concepts == {"order", "id"}


def test_unknown_words_are_counted_and_small_words_are_not() -> None:
    assert meaning("retail_disc").unknown == 1
    assert meaning("Date of the order").unknown == 0


def test_a_joined_word_is_cut_only_into_known_words() -> None:
    assert meaning("unitprice").concepts == {"unit", "price"}
    assert meaning("pricelessness").concepts == frozenset()


def test_words_are_split_at_signs_and_capitals() -> None:
    assert words("orderItem_ID2") == ("order", "item", "id")
    assert words("URLOfShop") == ("url", "of", "shop")


def test_letters_of_one_sound_are_one_letter() -> None:
    assert plain("كيلو") == plain("کیلو")
    assert plain("Ещё") == "еще"
    assert plain("Größe") == "grosse"
    assert plain("Prénom") == "prenom"


def test_spellings_of_one_name_are_the_same_and_others_are_not() -> None:
    assert same("Order ID", "order_id")
    assert same("2021", "2021")
    assert not same("2021", "2022")
    assert not same("order", "orders date")


def test_no_word_means_two_concepts() -> None:
    seen: dict[str, str] = {}
    for concept, line in WORDS.items():
        for word in line.split():
            assert seen.setdefault(plain(word), concept) == concept, word


def test_compounds_and_leading_words_use_known_concepts() -> None:
    for concepts in [*COMPOUNDS.values(), *LEADING.values()]:
        assert set(concepts.split()) <= WORDS.keys()


def test_small_words_are_no_concepts() -> None:
    known = {plain(word) for line in WORDS.values() for word in line.split()}
    assert not known & NOISE


def test_a_name_of_a_hundred_thousand_letters_takes_no_time() -> None:
    assert meaning("customer" + "x" * 100_000).concepts == frozenset()
