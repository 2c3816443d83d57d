"""Rows as an Excel workbook, sheet by sheet, with text typed as text."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

import pandas as pd

EXCEL_MAX_ROWS = 1_048_575  # beside the header
EXCEL_FIRST_YEAR = 1900  # earlier days are no dates to Excel


def workbook(header: list[str], rows: Iterable[tuple[Any, ...]], title: str) -> bytes:
    """Header and rows as .xlsx: text cells are typed as text, whatever they hold."""
    import xlsxwriter

    target = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(target, options) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        formats = {
            date: book.add_format({"num_format": "yyyy-mm-dd"}),
            datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
            Decimal: book.add_format({"num_format": "#,##0.00"}),
        }
        for number, chunk in enumerate(_chunks(iter(rows)), start=1):
            sheet = book.add_worksheet(_sheet_name(title, number))
            sheet.freeze_panes(1, 0)
            sheet.set_column(0, len(header) - 1, 18)
            for column, label in enumerate(header):
                sheet.write_string(0, column, label, bold)
            for line, row in enumerate(chunk, start=1):
                for column, value in enumerate(row):
                    _write_cell(sheet, line, column, value, formats)
    return target.getvalue()


def _chunks(rows: Iterator[tuple[Any, ...]]) -> Iterator[Iterator[tuple[Any, ...]]]:
    """The rows in portions that fit a sheet; the first one also where there are none."""
    from itertools import chain, islice

    yield islice(rows, EXCEL_MAX_ROWS)
    for first in rows:
        yield chain([first], islice(rows, EXCEL_MAX_ROWS - 1))


def _sheet_name(title: str, number: int) -> str:
    """Excel allows 31 characters and none of []:*?/\\ in the name of a sheet."""
    clean = "".join(" " if char in "[]:*?/\\'" else char for char in title).strip() or "Table"
    return clean[:31] if number == 1 else f"{clean[:27]} {number}"


def _write_cell(sheet: Any, line: int, column: int, value: Any, formats: Mapping[type, Any]) -> None:
    if pd.isna(value):
        return
    if isinstance(value, bool):
        sheet.write_boolean(line, column, value)
    elif isinstance(value, date) and value.year < EXCEL_FIRST_YEAR:
        sheet.write_string(line, column, value.isoformat())
    elif isinstance(value, datetime):  # before date, which it is too
        sheet.write_datetime(line, column, value.replace(tzinfo=None), formats[datetime])
    elif isinstance(value, date):
        sheet.write_datetime(line, column, value, formats[date])
    elif isinstance(value, Decimal):
        sheet.write_number(line, column, float(value), formats[Decimal])
    elif pd.api.types.is_number(value) and math.isfinite(cast("float", value)):
        sheet.write_number(line, column, value)
    else:
        sheet.write_string(line, column, str(value))
