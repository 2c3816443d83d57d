"""Numbers as pages write them: with separators, their unit, and words where there is no number."""

from __future__ import annotations

UNDEFINED = "not provided"


def amount(value: float | None, currency: str = "") -> str:
    """GBP 8,310,477; two decimals below 100."""
    if value is None or value != value:
        return UNDEFINED
    digits = 0 if abs(value) >= 100 or value == int(value) else 2
    return f"{currency} {value:,.{digits}f}".strip()


def count(value: float | None) -> str:
    """4,339"""
    return UNDEFINED if value is None or value != value else f"{value:,.0f}"


def share(value: float | None, digits: int = 1) -> str:
    """A share of 0.738 as 73.8 %."""
    return UNDEFINED if value is None or value != value else f"{100 * value:.{digits}f} %"


def short(value: float | None) -> str:
    """An amount that fits a tile: 950, 12.3k, 8.31M."""
    if value is None or value != value:
        return UNDEFINED
    for size, suffix in ((1e9, "B"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if suffix == 'k' else size):,.3g}{suffix}" if abs(value) < 999.5e9 else f"{value / 1e9:,.0f}B"
    return amount(value)
