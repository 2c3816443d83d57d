"""Numbers are read as the column writes them, exactly, or not at all."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.mapping.model import NumberFormat
from crm_core.mapping.values import numbers
from crm_core.sources.staging import Staging
from tests.crm_core.mapping import cells


@pytest.fixture(scope="module")
def staging() -> Iterator[Staging]:
    with Staging() as area:
        yield area


def found(staging: Staging, texts: Sequence[str | None]) -> tuple[NumberFormat, list[Decimal | None]]:
    """The format decided for a column of these texts, and what it reads."""
    cells.put(staging, texts)
    fmt = numbers.decide(staging, "table", "value")
    return fmt, cells.read(staging, lambda column: numbers.read(column, fmt))


def values(staging: Staging, texts: Sequence[str | None]) -> list[Decimal | None]:
    return found(staging, texts)[1]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["1.234,56", "12,5", "1.234.567"], ["1234.56", "12.5", "1234567"]),
        (["1,234.56", "12.5", "1,234,567"], ["1234.56", "12.5", "1234567"]),
        (["1 234,56", "1\u00a0234", "1\u202f234,5"], ["1234.56", "1234", "1234.5"]),
        (["1'234.50", "1’234.50"], ["1234.5", "1234.5"]),
        (["1,23,456.00", "12,34,567"], ["123456", "1234567"]),
        (["۱۲٬۳۴۵", "۱۲٫۵", "٣٫٢٥"], ["12345", "12.5", "3.25"]),
        (["۱۲،۳۴۵", "۵"], ["12345", "5"]),
        (["12,-", "5,50"], ["12", "5.5"]),
        (["1.5E+3", "1e-3", "2"], ["1500", "0.001", "2"]),
        (["0,5", "1,5E+3"], ["0.5", "1500"]),
        (["2 шт.", "3 pcs", "۴ عدد"], ["2", "3", "4"]),
    ],
)
def test_marks_are_told_from_the_values_of_the_column(staging: Staging, texts: list[str], expected: list[str]) -> None:
    assert values(staging, texts) == [Decimal(one) for one in expected]


@pytest.mark.parametrize(
    "text",
    ["-5.5", "−5.5", "5.5-", "(5.5)", "$-5.5", "-$5.5", "$(5.5)", "(5.5 EUR)", "-5.5 €", "5.5- kr", "- 5.5"],
)
def test_every_way_to_write_a_negative_amount_is_negative(staging: Staging, text: str) -> None:
    assert values(staging, [text, "1.25"]) == [Decimal("-5.5"), Decimal("1.25")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("€ 5.50", "EUR"),
        ("5.50 €", "EUR"),
        ("$5.50", "USD"),
        ("£5.50", "GBP"),
        ("5.50 ₽", "RUB"),
        ("5.50 руб.", "RUB"),
        ("5.50 р.", "RUB"),
        ("5.50 ریال", "IRR"),
        ("5.50 تومان", "IRT"),
        ("5.50 ﷼", "IRR"),
        ("R$ 5.50", "BRL"),
        ("5.50 kr", "SEK"),
        ("5.50 zł", "PLN"),
        ("5.50 TL", "TRY"),
        ("EUR 5.50", "EUR"),
        ("5.50usd", "USD"),
        ("5.50", None),
    ],
)
def test_currencies_are_understood_and_named(staging: Staging, text: str, code: str | None) -> None:
    assert values(staging, [text, "1.25"])[0] == Decimal("5.5")
    assert cells.read(staging, numbers.currency) == [code, None]


@pytest.mark.parametrize(
    "text",
    ["20%", "12 kg", "abc", "12-05-2020", "1.2.3", "", "   ", "?", "nan", "inf", "1,2,3", "(5", "5)", "--5", "100000000000000", "1e14"],
)
def test_what_is_no_amount_is_unreadable(staging: Staging, text: str) -> None:
    assert values(staging, [text, "1.25", "1,234.50"])[0] is None


def test_a_value_against_the_way_of_the_column_is_unreadable_not_a_thousandfold(staging: Staging) -> None:
    fmt, read = found(staging, ["1.234,56", "99,90", "12,5", "12.50"])
    assert read == [Decimal("1234.56"), Decimal("99.9"), Decimal("12.5"), None]
    assert "1 of the values" in fmt.evidence


def test_one_telling_value_decides_for_all_rows(staging: Staging) -> None:
    doubtful = [f"{number}.{number + 100}" for number in range(1, 800)]
    assert found(staging, [*doubtful, "5,50"])[0].decimal == ","
    assert found(staging, [*doubtful, "5.5"])[0].decimal == "."


@pytest.mark.parametrize(
    ("texts", "first"),
    [
        (["1.234", "999"], "1234"),
        (["1.234", "5000"], "1.234"),
        (["1.234", "0.500"], "1.234"),
        (["1,234", "999"], "1234"),
        (["1,234", "5000"], "1.234"),
    ],
)
def test_a_mark_before_three_digits_is_taken_for_what_is_plausible(staging: Staging, texts: list[str], first: str) -> None:
    assert values(staging, texts)[0] == Decimal(first)


def test_a_doubtful_mark_is_said(staging: Staging) -> None:
    assert "“,” is taken for the thousands mark" in found(staging, ["1,234", "999"])[0].describe()


def test_bare_numbers_take_the_fast_way_and_stay_exact(staging: Staging) -> None:
    fmt, read = found(staging, ["0.1", "-99999999999999.9999", "3", None])
    assert fmt.is_plain
    assert read == [Decimal("0.1"), Decimal("-99999999999999.9999"), Decimal(3), None]


def test_number_columns_of_the_source_are_exact_to_four_decimals(staging: Staging) -> None:
    cells.put(staging, [2.675, 1e300, None, -0.1], "DOUBLE", "number")
    assert cells.read(staging, lambda column: numbers.read(column, NumberFormat())) == [Decimal("2.675"), None, None, Decimal("-0.1")]


amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=2)


def written(amount: Decimal, decimal: str, thousands: str, negative: str, sign: str) -> str:
    digits = f"{abs(amount):,.2f}".replace(",", "\0").replace(".", decimal).replace("\0", thousands)
    dressed = f"{digits}{sign}"
    if amount >= 0:
        return dressed
    return {"leading": f"-{dressed}", "trailing": f"{dressed}-", "parentheses": f"({dressed})"}[negative]


@given(
    st.lists(amounts, min_size=1, max_size=30),
    st.sampled_from([(".", ","), (",", "."), (",", " "), (".", "'"), (".", ""), (",", ""), (",", "\u202f")]),
    st.sampled_from(["leading", "trailing", "parentheses"]),
    st.sampled_from(["", " €", " руб.", " تومان"]),
    st.booleans(),
)
def test_amounts_written_in_any_way_come_back_exactly(
    staging: Staging, column: list[Decimal], marks: tuple[str, str], negative: str, sign: str, eastern: bool
) -> None:
    texts = [written(amount, *marks, negative, sign) for amount in column]
    digits = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
    assert values(staging, [text.translate(digits) for text in texts] if eastern else texts) == column


@pytest.mark.parametrize("marks", [(".", ","), (",", "."), (",", " "), (".", "'"), (".", ""), (",", "")])
def test_the_quick_way_and_the_long_one_read_the_same(staging: Staging, marks: tuple[str, str]) -> None:
    fmt = NumberFormat(*marks, is_plain=False)  # type: ignore[arg-type]
    bodies = ["0", "7.5", "1234.50", "1,234.50", "12,345,678", "0,123", "12,34", "1.23456", "99999999999999.99995", "5."]
    swapped = [body.translate(str.maketrans({".": fmt.decimal, ",": fmt.thousands})) for body in bodies]
    cells.put(staging, [form.format(body) for body in bodies + swapped for form in ("{}", "-{}", "${}", "$ -{}", "-${}", "{} €", "({})")])
    long_way = cells.read(staging, lambda column: numbers._read_other(column, fmt))
    assert cells.read(staging, lambda column: numbers.read(column, fmt)) == long_way


@pytest.mark.parametrize("text", ["1" + " " * 2_000 + "x", "9" * 20_000 + "!"])
def test_a_text_made_to_slow_the_look_down_is_no_number(text: str) -> None:
    started = time.monotonic()
    assert numbers.guess([text])[1] == 0
    assert time.monotonic() - started < 0.5
