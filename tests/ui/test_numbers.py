"""Numbers on pages: separators, units, and words where there is no number."""

from __future__ import annotations

import pytest

from ui import numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [(8_310_477.05, "GBP 8,310,477"), (12.5, "GBP 12.50"), (99.999, "GBP 100.00"), (7, "GBP 7"), (-1234, "GBP -1,234"), (0, "GBP 0")],
)
def test_amounts_have_separators_and_currency(value: float, text: str) -> None:
    assert numbers.amount(value, "GBP") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(950, "950"), (9_999, "9,999"), (12_345, "12.3k"), (582_005, "582k"), (8_310_477, "8.31M"), (1.2e9, "1.20B"), (-45_678, "-45.7k")],
)
def test_tiles_have_short_amounts(value: float, text: str) -> None:
    assert numbers.short(value) == text


def test_shares_are_percent() -> None:
    assert numbers.share(0.738471) == "73.8 %"


@pytest.mark.parametrize("write", [numbers.amount, numbers.count, numbers.share, numbers.short])
@pytest.mark.parametrize("value", [None, float("nan")])
def test_what_is_missing_is_not_zero(write: object, value: float | None) -> None:
    assert write(value) == "not provided"  # type: ignore[operator]


def test_one_customer_is_no_plural() -> None:
    assert [numbers.count_customers(one) for one in (0, 1, 4339)] == ["0 customers", "1 customer", "4,339 customers"]
