"""Calendar arithmetic of periods: whole months back, and the period before one of the same length."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta


def months_before(day: date, months: int) -> date:
    """The same day of the month, `months` earlier (or later if negative); the month's last day where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@dataclass(frozen=True)
class Period:
    """From `start` to `end`, the last day excluded."""

    start: date
    end: date

    def before(self) -> Period:
        """The period before, of the same length: in whole months where the period has whole months, else in days."""
        months = (self.end.year - self.start.year) * 12 + self.end.month - self.start.month
        if months > 0 and months_before(self.end, months) == self.start:
            return Period(months_before(self.start, months), self.start)
        return Period(self.start - (self.end - self.start), self.start)

    def months(self) -> list[Period]:
        """The calendar months it touches, whole ones."""
        first = self.start.replace(day=1)
        found = []
        while first < self.end:
            found.append(Period(first, months_before(first, -1)))
            first = found[-1].end
        return found

    def covers(self, other: Period) -> bool:
        return self.start <= other.start and other.end <= self.end

    @property
    def last_day(self) -> date:
        return self.end - timedelta(days=1)
