"""Numbers as pages write them: with separators, their unit, and words where there is no number."""

from __future__ import annotations

import math

NOT_PROVIDED = "not provided"


def amount(value: float | None, currency: str = "") -> str:
    """GBP 8,310,477; two decimals below 100."""
    if value is None or math.isnan(value):
        return NOT_PROVIDED
    value = 0.0 if abs(value) < 0.005 else value
    digits = 0 if abs(value) >= 100 or value == int(value) else 2
    return f"{currency} {value:,.{digits}f}".strip()


def count(value: float | None) -> str:
    """4,339"""
    return NOT_PROVIDED if value is None or math.isnan(value) else f"{value:,.0f}"


def count_of(number: float, noun: str) -> str:
    """1 row, 4,339 rows"""
    return f"{count(number)} {noun}{'' if number == 1 else 's'}"


def count_customers(number: float) -> str:
    """1 customer, 4,339 customers"""
    return count_of(number, "customer")


def share(value: float | None, digits: int = 1) -> str:
    """A share of 0.738 as 73.8 %."""
    return NOT_PROVIDED if value is None or math.isnan(value) else f"{100 * value:.{digits}f} %"


def short(value: float | None, currency: str = "") -> str:
    """An amount that fits a tile: GBP 950, GBP 12.3k, GBP 8.31M."""
    if value is None or math.isnan(value):
        return NOT_PROVIDED
    for least, size, suffix in ((1e9, 1e9, "B"), (1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if abs(value) >= least:
            return f"{currency} {_three_digits(value / size)}{suffix}".strip()
    return amount(value, currency)


def _three_digits(value: float) -> str:
    """9.37, 41.2, 950, 1,204"""
    return f"{value:,.{max(0, 2 - int(math.log10(abs(value))))}f}"
