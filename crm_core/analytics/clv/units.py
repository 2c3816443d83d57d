"""One time unit for a model: months of a horizon and days of the data are converted into it here, and nowhere else."""

from __future__ import annotations

from typing import Literal

Unit = Literal["days", "weeks"]
UNITS: dict[Unit, int] = {"days": 1, "weeks": 7}

DAYS_A_MONTH = 365.25 / 12


def days_per(unit: Unit) -> int:
    """Days in one unit."""
    return UNITS[unit]


def months_in(unit: Unit, months: float) -> float:
    """So many months in the unit; a month is 365.25 / 12 days."""
    return months * DAYS_A_MONTH / UNITS[unit]
