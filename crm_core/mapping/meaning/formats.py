"""How the used columns write their dates and numbers, decided once for each column and settled among tables of one kind.

A column of days up to 12 leaves open which comes first; its twin in another month's file, or another date column of the same
file, usually tells. Only what stays open is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from crm_core.errors import Problem
from crm_core.mapping.model import DateFormat, ImportOptions, Mapping, NumberFormat, TableMapping, fields_for
from crm_core.mapping.values import date_styles, numbers
from crm_core.sources.staging import Staging

DATE_KINDS, NUMBER_KINDS = ("date", "timestamp"), ("amount", "quantity", "score", "integer")


NO_CHOICES = ImportOptions()


@dataclass(frozen=True)
class Formatted:
    tables: tuple[TableMapping, ...]
    problems: tuple[Problem, ...] = ()


def with_formats(
    staging: Staging, tables: Sequence[TableMapping], options: ImportOptions = NO_CHOICES, remembered: Mapping | None = None
) -> Formatted:
    """The tables with a format for each used column of dates or numbers; formats that are there already stay.

    Problems: a question for each column whose day and month cannot be told apart, an error for one that holds no dates or numbers.
    """
    decided = [_decided(staging, table, options) for table in tables]
    settled = tuple(_settled(table, [*decided, *(remembered.tables if remembered else ())]) for table in decided)
    return Formatted(settled, tuple(problem for table in settled for problem in ambiguous_dates(table)))


def columns_of(table: TableMapping, kinds: tuple[str, ...]) -> dict[str, str]:
    """Field -> column, of the fields of those kinds."""
    known = fields_for(table.grain)
    return {name: column for name, column in table.fields.items() if name in known and known[name].kind in kinds}


def ambiguous_dates(table: TableMapping) -> list[Problem]:
    """A question for each used column whose values read as day/month and as month/day alike, or are written now so, now so."""
    return [
        _day_or_month(table, column)
        for column in columns_of(table, DATE_KINDS).values()
        if column in table.dates and table.dates[column].is_ambiguous
    ]


def _decided(staging: Staging, table: TableMapping, options: ImportOptions) -> TableMapping:
    found_dates: dict[str, DateFormat] = {}
    for column in columns_of(table, DATE_KINDS).values():
        fmt = table.dates.get(column) or date_styles.decide(staging, table.source, column)
        found_dates[column] = date_styles.with_order(fmt, options.date_order) if options.date_order else fmt
    found_numbers: dict[str, NumberFormat] = {
        column: table.numbers.get(column) or numbers.decide(staging, table.source, column)
        for column in columns_of(table, NUMBER_KINDS).values()
    }
    return replace(table, dates=found_dates, numbers=found_numbers)


def _settled(table: TableMapping, tables: Sequence[TableMapping]) -> TableMapping:
    """Ambiguous columns take the order that the same column of another table has, or another date column of this one."""
    settled = {
        column: _told(column, fmt, table, tables) if fmt.is_ambiguous and not fmt.is_mixed else fmt for column, fmt in table.dates.items()
    }
    return replace(table, dates=settled)


def _told(column: str, fmt: DateFormat, table: TableMapping, tables: Sequence[TableMapping]) -> DateFormat:
    elsewhere = [(other.source, one) for other in tables for name, one in other.dates.items() if name == column]
    beside = [(name, one) for name, one in table.dates.items() if name != column]
    for where, one in elsewhere + beside:
        if not one.is_ambiguous and one.style in ("dmy", "mdy"):
            return replace(
                date_styles.with_order(fmt, one.style), evidence=f"as in {where}: {one.evidence}" if where != table.source else one.evidence
            )
    return fmt


def _day_or_month(table: TableMapping, column: str) -> Problem:
    fmt, option = table.dates[column], "--date-order dmy or --date-order mdy"
    if date_styles.is_year_of_two_digits_first(fmt):
        message = f"“{column}” could be of either calendar ({fmt.evidence})"
        return Problem("date_order", "question", message, "Export the dates with years of four digits.", table.source, column)
    if fmt.is_mixed:
        is_of_two_orders = fmt.evidence.startswith(date_styles.CONTRADICTORY)
        what = "mixes day/month and month/day" if is_of_two_orders else "is not written in one clear way"
        message = f"“{column}” {what} ({fmt.evidence})"
        hint = "Export the dates in one way, best as 2024-12-31. Or say which to read: the others are left out or read wrongly."
        return Problem("date_order", "question", message, hint, table.source, column, option=option)
    message = f"“{column}” reads as day/month and as month/day alike, and no value decides"
    return Problem("date_order", "question", message, "Say which comes first.", table.source, column, option=option)
