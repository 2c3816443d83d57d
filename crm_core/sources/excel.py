"""Workbooks (.xlsx, .xls, .ods): every sheet with rows is a table.

Cells are streamed twice: once to learn what each column holds, once into the engine. A column whose cells are all numbers, dates or
yes/no keeps that type; any other is text, its whole numbers written without ".0" (an invoice number 536365 stays "536365").
"""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

from crm_core.errors import SourceError
from crm_core.sources import archive, layout, trial
from crm_core.sources.layout import Layout
from crm_core.sources.staging import ColumnType, Progress, ReadOptions, SourceColumn, StagedTable, Staging, Task, partly

SAMPLE_ROWS = 500
BATCH_ROWS = 50_000
#: Whole numbers up to here are exact in Excel's floating point.
LARGEST_EXACT = 2**53

#: A str ("" where empty), bool, int, float, date, datetime, time or timedelta.
Cell = Any
CellType = Literal["text", "integer", "number", "timestamp", "boolean"]

#: What cells are -> our type and how the engine stores them.
ARROW: dict[CellType, tuple[ColumnType, pa.DataType]] = {
    "text": ("text", pa.string()),
    "integer": ("number", pa.int64()),
    "number": ("number", pa.float64()),
    "timestamp": ("timestamp", pa.timestamp("us")),
    "boolean": ("boolean", pa.bool_()),
}


def sheets(path: Path, name: str) -> list[str]:
    """Names of the worksheets, in the order of the workbook. Raises SourceError where it cannot be opened."""
    with _open(path, name) as book:
        return _worksheets(book)


def read(task: Task) -> list[StagedTable]:
    """One staged table a sheet (of those chosen), called "title › sheet". Raises SourceError where none has rows."""
    path, title, progress = task.path, task.title, task.progress
    if zipfile.is_zipfile(path):
        archive.check_workbook(path, title, partly(progress, 0.0, 0.2))
    _try(path, title, partly(progress, 0.2, 0.4))
    progress = partly(progress, 0.4, 1.0)
    with _open(path, title) as book:
        wanted = _wanted(_worksheets(book), task.options.sheets, title)
        tables = []
        for number, sheet_name in enumerate(wanted):
            part = partly(progress, number / len(wanted), (number + 1) / len(wanted))
            part(0.0, f"Reading sheet {sheet_name} of {title}")
            table = _read_sheet(replace(task, title=f"{title} › {sheet_name}", progress=part), _sheet(book, sheet_name, title))
            if table:
                tables.append(table)
    if not tables:
        raise SourceError(
            "The workbook has no rows", f"No sheet of “{title}” holds a table with rows.", "Check that the data is in this file."
        )
    return tables


def _try(path: Path, name: str, progress: Progress) -> None:
    """Refuses a workbook that would take this process down with it."""
    verdict = trial.verdict(path, progress, f"Opening {name}")
    if verdict == "damaged":
        raise _damaged(name)
    if verdict == "too large":
        raise SourceError(
            "The workbook is too large",
            f"Opening “{name}” would take more than {trial.MOST_BYTES >> 30} GB of memory or {trial.MOST_SECONDS // 60} minutes."
            " It may hold a stray cell far below or to the right of the table.",
            "Delete the empty rows and columns around the table, or save its sheet as CSV and load that.",
        )


def _open(path: Path, name: str) -> Any:
    """The opened workbook, a context manager."""
    import python_calamine

    try:
        return python_calamine.CalamineWorkbook.from_path(str(path))
    except python_calamine.PasswordError as error:
        raise SourceError(
            "The workbook is protected", f"“{name}” opens with a password only.", "Save a copy without a password."
        ) from error
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise _damaged(name) from error


def _damaged(name: str) -> SourceError:
    return SourceError(
        "The workbook cannot be read",
        f"“{name}” looks like an Excel file but is damaged, or it is another Office document.",
        "Open it in Excel or LibreOffice and save it again as .xlsx.",
    )


def _sheet(book: Any, sheet: str, title: str) -> Any:
    import python_calamine

    try:
        return book.get_sheet_by_name(sheet)
    except (python_calamine.CalamineError, ValueError) as error:
        raise _damaged(f"{title} › {sheet}") from error


def _worksheets(book: Any) -> list[str]:
    import python_calamine

    return [one.name for one in book.sheets_metadata if one.typ == python_calamine.SheetTypeEnum.WorkSheet]


def _wanted(existing: Sequence[str], chosen: Sequence[str], title: str) -> list[str]:
    missing = [name for name in chosen if name not in existing]
    if missing:
        raise SourceError("No such sheet", f"“{title}” has no sheet “{missing[0]}”.", f"Its sheets are: {', '.join(existing)}.")
    return list(chosen or existing)


def _read_sheet(task: Task, sheet: Any) -> StagedTable | None:
    """The sheet's table; None where it has no rows below its header."""
    sample = [[as_text(cell) or "" for cell in row] for row in islice(sheet.iter_rows(), SAMPLE_ROWS)]
    if not any(any(row) for row in sample):
        return None
    found = layout.find(sample, task.options.skip_rows, task.options.has_header)
    types, empty_rows = _types(islice(sheet.iter_rows(), found.data_from, None), found.width)
    if not any(types):
        return None
    kept = [number for number in range(found.width) if found.named[number] or types[number]]
    fields = [(number, *ARROW[types[number] or "text"]) for number in kept]
    columns = tuple(SourceColumn(found.names[number], f"c{number}", type_) for number, type_, _ in fields)
    schema = pa.schema([pa.field(f"c{number}", arrow) for number, _, arrow in fields])
    values = ([row[number] for number in kept] for row in islice(sheet.iter_rows(), found.data_from, None))
    ref = task.staging.next_ref()
    rows = 0
    for rows in _insert(task.staging, ref, schema, values):
        task.progress(min(rows / max(sheet.height, 1), 1.0), f"Reading {task.title}")
    words = _in_words(sheet, found, empty_rows, found.width - len(kept))
    read_as = ReadOptions(has_header=found.has_header, skip_rows=found.skip, sheets=task.options.sheets)
    return StagedTable(task.title, task.file, ref, columns, rows, words, read_as)


def _types(rows: Iterable[Sequence[Cell]], width: int) -> tuple[list[CellType | None], int]:
    """What the cells of each column are (None: all empty), and the number of empty rows between others."""
    types: list[CellType | None] = [None] * width
    open_columns = list(range(width))
    empty = pending = 0
    for row in rows:
        if not any(cell != "" for cell in row):
            pending += 1
            continue
        empty, pending = empty + pending, 0
        changed = False
        for number in open_columns:
            cell = row[number]
            if cell != "":
                types[number] = _wider(types[number], _cell_type(cell))
                changed = changed or types[number] == "text"
        if changed:  # a column that holds text is text whatever follows
            open_columns = [number for number in range(width) if types[number] != "text"]
    return types, empty


def _cell_type(cell: Cell) -> CellType:
    if isinstance(cell, str):
        return "text"
    if isinstance(cell, bool):
        return "boolean"
    if isinstance(cell, (int, float)):
        return "integer" if abs(cell) <= LARGEST_EXACT and cell == int(cell) else "number"
    return "timestamp" if isinstance(cell, dt.date) else "text"


def _wider(known: CellType | None, new: CellType) -> CellType:
    """The type that holds both: whole and broken numbers are numbers, any other two are text."""
    if known is None or known == new:
        return new
    return "number" if {known, new} == {"integer", "number"} else "text"


def _insert(staging: Staging, ref: str, schema: pa.Schema, rows: Iterator[Sequence[Cell]]) -> Iterator[int]:
    """Writes the rows that are not empty into the new table `ref`, a batch at a time and in their order; gives their number so far."""
    staging.raw.register("sheet_rows", schema.empty_table())
    staging.raw.execute(f"CREATE TABLE {ref} AS FROM sheet_rows")
    written = 0
    while batch := list(islice(rows, BATCH_ROWS)):
        filled = [row for row in batch if any(cell != "" for cell in row)]
        arrays = [pa.array([_value(row[number], field.type) for row in filled], field.type) for number, field in enumerate(schema)]
        staging.raw.register("sheet_rows", pa.Table.from_arrays(arrays, schema=schema))
        staging.raw.execute(f"INSERT INTO {ref} FROM sheet_rows")
        written += len(filled)
        yield written
    staging.raw.unregister("sheet_rows")


def _value(cell: Cell, arrow: pa.DataType) -> Cell:
    """The cell as its column stores it; None for an empty one."""
    if isinstance(cell, str) and not cell:
        return None
    if arrow == pa.string():
        return as_text(cell)
    if arrow == pa.int64():
        return int(cell)
    if arrow == pa.timestamp("us") and not isinstance(cell, dt.datetime):
        return dt.datetime(cell.year, cell.month, cell.day)
    return cell


def as_text(cell: Cell) -> str | None:
    """A cell as it reads on the screen, but with all digits; None for an empty one."""
    if isinstance(cell, str):
        return cell or None
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if abs(cell) <= LARGEST_EXACT and cell == int(cell) else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(" ")
    if isinstance(cell, dt.timedelta):
        minutes, seconds = divmod(round(cell.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return cell.isoformat() if isinstance(cell, (dt.date, dt.time)) else str(cell)


def _in_words(sheet: Any, found: Layout, empty_rows: int, empty_columns: int) -> dict[str, str]:
    words = {
        "Sheet": sheet.name,
        "Header": f"row {found.skip + 1} ({found.evidence})" if found.has_header else f"none ({found.evidence})",
    }
    if found.skip:
        words["Rows above the table"] = f"{found.skip:,} left out"
    if empty_rows:
        words["Empty rows"] = f"{empty_rows:,} left out"
    if empty_columns:
        words["Empty columns without a name"] = f"{empty_columns:,} left out"
    return words
