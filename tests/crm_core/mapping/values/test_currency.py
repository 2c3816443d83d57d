"""Amounts in several currencies are added up only by rates that the user gave, exactly."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from crm_core.errors import DataError
from tests.crm_core.mapping.imports import carry_out, sales

COLUMNS = {"who": "customer_id", "day": "ordered_at", "net": "net_amount", "money": "currency"}
EURO = ("Ann", "2021-01-01", "10.10", "EUR")
DOLLAR = ("Ben", "2021-01-02", "3.33", "usd")
POUND = ("Ben", "2021-01-03", "1", "£")


def test_one_currency_needs_no_rate(tmp_path: Path) -> None:
    done = carry_out(tmp_path, sales("s.csv", EURO, EURO, columns=COLUMNS))
    assert (done.receipt.currency, done.receipt.currencies, done.receipt.net_sales) == ("EUR", {"EUR": 2}, "20.2000")


def test_several_currencies_without_rates_are_refused_and_each_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="more than one currency") as refused:
        carry_out(tmp_path, sales("s.csv", EURO, DOLLAR, POUND, columns=COLUMNS), currency="EUR")
    assert {(problem.example, problem.rows) for problem in refused.value.problems} == {("USD", 1), ("GBP", 1)}


@pytest.mark.parametrize("rate", ["", "0", "-1", "much", "NaN"])
def test_a_rate_that_is_no_rate_is_missing(tmp_path: Path, rate: str) -> None:
    with pytest.raises(DataError):
        carry_out(tmp_path, sales("s.csv", EURO, DOLLAR, columns=COLUMNS), currency="EUR", rates={"USD": rate})


def test_rates_convert_exactly(tmp_path: Path) -> None:
    done = carry_out(tmp_path, sales("s.csv", EURO, DOLLAR, POUND, columns=COLUMNS), currency="EUR", rates={"USD": "0.91", "GBP": "1.17"})
    assert done.rows("order_lines", "net_amount") == [(Decimal("10.10"),), (Decimal("3.33") * Decimal("0.91"),), (Decimal("1.17"),)]
    assert (done.receipt.currency, done.receipt.currencies) == ("EUR", {"EUR": 1, "USD": 1, "GBP": 1})


def test_the_one_currency_without_a_rate_is_that_of_the_analysis(tmp_path: Path) -> None:
    done = carry_out(tmp_path, sales("s.csv", EURO, DOLLAR, columns=COLUMNS), rates={"USD": "0.5"})
    assert done.receipt.currency == "EUR"


def test_a_line_without_currency_among_several_is_rejected(tmp_path: Path) -> None:
    done = carry_out(
        tmp_path, sales("s.csv", EURO, DOLLAR, ("Ann", "2021-01-05", "9", None), columns=COLUMNS), currency="EUR", rates={"USD": "2"}
    )
    assert done.rows("_rejected", "row", "reason") == [(3, "no currency, though the data has several")]
    assert done.receipt.net_sales == "16.7600"
