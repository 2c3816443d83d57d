"""Periods on the calendar."""

from __future__ import annotations

from datetime import date

import pytest

from crm_core.analytics.days import Period, months_before


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2024, 3, 31), 1, date(2024, 2, 29)),
        (date(2024, 1, 15), 1, date(2023, 12, 15)),
        (date(2024, 12, 10), 24, date(2022, 12, 10)),
        (date(2023, 12, 1), -1, date(2024, 1, 1)),
    ],
)
def test_months_before_keep_the_day_where_the_month_has_it(day: date, months: int, expected: date) -> None:
    assert months_before(day, months) == expected


def test_the_period_before_has_as_many_months_or_days() -> None:
    assert Period(date(2024, 1, 1), date(2024, 4, 1)).before() == Period(date(2023, 10, 1), date(2024, 1, 1))
    assert Period(date(2024, 3, 10), date(2025, 3, 10)).before() == Period(date(2023, 3, 10), date(2024, 3, 10))
    assert Period(date(2024, 1, 8), date(2024, 1, 15)).before() == Period(date(2024, 1, 1), date(2024, 1, 8))
    assert Period(date(2024, 1, 31), date(2024, 4, 1)).before() == Period(date(2023, 12, 1), date(2024, 1, 31))


def test_months_are_whole_and_cover_the_period() -> None:
    months = Period(date(2023, 12, 10), date(2024, 2, 1)).months()
    assert [month.start for month in months] == [date(2023, 12, 1), date(2024, 1, 1)]
    assert months[-1].end == date(2024, 2, 1)
