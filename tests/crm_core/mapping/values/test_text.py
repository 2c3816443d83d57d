"""Ids lose nothing, words compare equal, and nothing is taken for something."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.mapping.values import text
from crm_core.sources.staging import Staging
from tests.crm_core.mapping import cells


@pytest.fixture(scope="module")
def staging() -> Iterator[Staging]:
    with Staging() as area:
        yield area


@pytest.mark.parametrize(
    ("cell", "sql_type", "id_text"),
    [
        ("00042", "VARCHAR", "00042"),
        ("  C536365\u00a0", "VARCHAR", "C536365"),
        ("10329302124590727494", "VARCHAR", "10329302124590727494"),
        ("5.94773E+23", "VARCHAR", "5.94773E+23"),
        ("17850.0", "VARCHAR", "17850.0"),
        ("۱۲۳", "VARCHAR", "۱۲۳"),
        (17850.0, "DOUBLE", "17850"),
        (-3.0, "DOUBLE", "-3"),
        (1e20, "DOUBLE", "100000000000000000000"),
        (12.5, "DOUBLE", "12.5"),
        (31198570044, "BIGINT", "31198570044"),
        (Decimal("10329302124590727494"), "UBIGINT", "10329302124590727494"),
        (Decimal("12345678901234567890123456789"), "HUGEINT", "12345678901234567890123456789"),
        (Decimal("17850.00"), "DECIMAL(10, 2)", "17850"),
    ],
)
def test_ids_are_text_and_lose_nothing(staging: Staging, cell: Any, sql_type: str, id_text: str) -> None:
    cells.put(staging, [cell], sql_type)
    assert cells.read(staging, text.read_id) == [id_text]


@pytest.mark.parametrize("cell", ["", "  ", "\u00a0", "nan", "NaN", "NULL", "null", "None", "N/A", "?", "-"])
def test_empty_ids_and_words_for_nothing_are_null(staging: Staging, cell: str) -> None:
    cells.put(staging, [cell])
    assert cells.read(staging, text.read_id) == [None]
    assert cells.read(staging, text.is_given) == [False]


def test_missing_numbers_are_not_given(staging: Staging) -> None:
    cells.put(staging, [1.5, None, float("nan")], "DOUBLE")
    assert cells.read(staging, text.is_given) == [True, False, False]
    assert cells.read(staging, text.read_id) == ["1.5", None, None]


@pytest.mark.parametrize(
    ("column", "is_whole"), [(["17850.0", None, "13047.00", ""], True), (["17850.0", "13047"], False), ([None, ""], False)]
)
def test_a_float_column_written_as_text_is_told_by_all_its_values(staging: Staging, column: list[str | None], is_whole: bool) -> None:
    cells.put(staging, column)
    assert staging.con.execute(text.is_whole_float(staging.table("table").c0)) == is_whole


def test_ids_of_a_float_column_written_as_text_lose_their_ending(staging: Staging) -> None:
    cells.put(staging, ["17850.0", " 13047.00", "nan", "A1.0"])
    assert cells.read(staging, lambda column: text.read_id(column, is_whole=True)) == ["17850", "13047", None, "A1.0"]


def test_ids_that_a_spreadsheet_rounded_are_found(staging: Staging) -> None:
    cells.put(staging, ["5.94773E+23", "6e+15", "5,9E+23", "5E2", "12E5A", "594773", None])
    assert cells.read(staging, text.damaged_ids) == [True, True, True, False, False, False, False]
    cells.put(staging, [5.94773e23, 17850.0, None], "DOUBLE")
    assert cells.read(staging, text.damaged_ids) == [True, False, False]


@pytest.mark.parametrize("cell", ["تهران كيش", "تهران\u00a0کیش", " تهران کیش\u200c", "\u200fتهران کیش\ufeff", "تهران کيش"])
def test_the_same_word_compares_equal_whatever_keyboard_wrote_it(staging: Staging, cell: str) -> None:
    cells.put(staging, [cell])
    assert cells.read(staging, text.read_text) == ["تهران کیش"]


def test_words_keep_their_inner_half_spaces_and_case(staging: Staging) -> None:
    cells.put(staging, ["می\u200cخواهم", "  São Paulo ", "", None, "None"])
    assert cells.read(staging, text.read_text) == ["می\u200cخواهم", "São Paulo", None, None, "None"]


@pytest.mark.parametrize(
    ("words", "flag"),
    [
        (["yes", "Y", "TRUE", "1", "1.0", "да", "بله", "بلي", "Sim", "sí", "ja", "oui"], True),
        (["no", "N", "False", "0", "нет", "خیر", "خير", "não", "nein", "non"], False),
        (["maybe", "", "2", None], None),
    ],
)
def test_flags_are_read_in_several_languages(staging: Staging, words: list[str], flag: bool | None) -> None:
    cells.put(staging, words)
    assert cells.read(staging, text.read_flag) == [flag] * len(words)


def test_flags_of_number_and_boolean_columns(staging: Staging) -> None:
    cells.put(staging, [1, 0, None, 2], "BIGINT")
    assert cells.read(staging, text.read_flag) == [True, False, None, None]
    cells.put(staging, [True, False], "BOOLEAN")
    assert cells.read(staging, text.read_flag) == [True, False]


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), max_size=12), min_size=1, max_size=20))
def test_ids_change_in_nothing_but_blanks_at_their_ends(staging: Staging, ids: list[str]) -> None:
    cells.put(staging, ids)
    for given_id, read_id in zip(ids, cells.read(staging, text.read_id), strict=True):
        assert read_id in given_id if read_id is not None else given_id.strip(text.BLANKS).lower() in text.NULL_WORDS
