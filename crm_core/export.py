"""What leaves the dashboard: tables as CSV and Excel for people, as Parquet and JSON for programs.

Spreadsheets execute a cell that begins like a formula, so text that does is made harmless in CSV (a leading apostrophe) and
typed as text in Excel. Parquet and JSON are data formats and hold the values raw.
Everything streams in batches out of the engine; a million rows are never a data frame.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, cast

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa

from crm_core.errors import CrmError
from crm_core.workspace import Workspace

#: A spreadsheet reads a cell that starts with one of these as a formula or a command, some also the full-width forms (OWASP, "CSV Injection").
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
FORMULA_PATTERN = r"^[=+\-@\t\r\n\x00＝＋－＠]"  # the same for the engine

BATCH_ROWS = 50_000
EXCEL_MAX_ROWS = 1_048_575  # beside the header
EXCEL_FIRST_YEAR = 1900  # earlier days are no dates to Excel
ENDINGS = (".csv", ".parquet", ".json")
BOM = b"\xef\xbb\xbf"  # by it Excel knows UTF-8

Labels = Mapping[str, str]


def harmless(text: str) -> str:
    """The text as a cell that no spreadsheet runs: with an apostrophe in front where it begins like a formula."""
    return "'" + text if text.startswith(FORMULA_STARTS) else text


def to_csv(ws: Workspace, table: ir.Table, labels: Labels | None = None, *, bom: bool = True) -> bytes:
    """The rows of `table` as CSV for people: UTF-8, header of labels (or column names), formulas made harmless."""
    target = io.BytesIO()
    write_csv(ws, table, target, labels, bom=bom)
    return target.getvalue()


def write_csv(ws: Workspace, table: ir.Table, target: BinaryIO, labels: Labels | None = None, *, bom: bool = True) -> None:
    """Like `to_csv`, into an open binary file, a batch at a time."""
    from pyarrow.csv import CSVWriter

    safe = _harmless_columns(table)
    header = [harmless((labels or {}).get(name, name)) for name in safe.columns]
    schema = pa.schema([field.with_name(label) for field, label in zip(safe.schema().to_pyarrow(), header, strict=True)])
    target.write(BOM if bom else b"")
    with CSVWriter(target, schema) as writer:
        for batch in ws.batches(safe, BATCH_ROWS):
            writer.write_batch(_as(schema, batch))


def to_excel(ws: Workspace, table: ir.Table, title: str, labels: Labels | None = None) -> bytes:
    """The rows of `table` as an Excel workbook; over 1,048,575 rows go on in further sheets."""
    header = [(labels or {}).get(name, name) for name in table.columns]
    rows = (row for batch in ws.batches(table, BATCH_ROWS) for row in zip(*(column.to_pylist() for column in batch.columns), strict=True))
    return _workbook(header, rows, title)


def frame_to_csv(frame: pd.DataFrame, labels: Labels | None = None) -> bytes:
    """A small frame as CSV for people (BOM, harmless)."""
    safe = frame.rename(columns=dict(labels or {}))
    safe = safe.rename(columns={name: harmless(str(name)) for name in safe.columns})
    for position in range(safe.shape[1]):
        values = safe.iloc[:, position]
        if not pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_datetime64_any_dtype(values):
            safe.isetitem(position, [harmless(value) if isinstance(value, str) else value for value in values])
    return BOM + safe.to_csv(index=False, lineterminator="\r\n").encode("utf-8")  # by which a \r in a text is quoted, and begins no row


def frame_to_excel(frame: pd.DataFrame, title: str, labels: Labels | None = None) -> bytes:
    """A small frame as an Excel workbook with one sheet."""
    header = [str((labels or {}).get(name, name)) for name in frame.columns]
    return _workbook(header, frame.itertuples(index=False, name=None), title)


def write_table(ws: Workspace, table: ir.Table, path: Path) -> None:
    """The rows of `table` to a file by its ending: .csv (harmless, no byte-order mark), .parquet or .json (raw). Raises CrmError as `check_ending` does."""
    writers = dict(zip(ENDINGS, (_file_csv, _file_parquet, _file_json), strict=True))
    check_ending(path, ENDINGS)
    with whole(path) as unfinished:
        writers[path.suffix.lower()](ws, table, unfinished)


def write_frame(frame: pd.DataFrame, path: Path) -> None:
    """A small frame to a file by its ending: .csv (harmless), .parquet or .json (a list of records). Raises CrmError as `check_ending` does."""
    check_ending(path, ENDINGS)
    with whole(path) as unfinished:
        if path.suffix.lower() == ".parquet":
            frame.to_parquet(unfinished, index=False)
        elif path.suffix.lower() == ".json":
            records = [{str(name): json_value(value) for name, value in row.items()} for row in frame.to_dict("records")]
            unfinished.write_text(json.dumps(records, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        else:
            with unfinished.open("wb") as file:
                write_frame_csv(frame, file)


def write_frame_csv(frame: pd.DataFrame, target: BinaryIO) -> None:
    """A small frame as CSV for programs and people: no byte-order mark, formulas made harmless."""
    target.write(frame_to_csv(frame).removeprefix(BOM))


def write_record(record: Mapping[str, Any], path: Path) -> None:
    """One result of several figures to a file by its ending: .json, or .csv and .parquet of one row. Raises CrmError as `check_ending` does."""
    check_ending(path, ENDINGS)
    with whole(path) as unfinished:
        if path.suffix.lower() == ".json":
            unfinished.write_text(json_text(record), encoding="utf-8")
        elif path.suffix.lower() == ".csv":
            unfinished.write_bytes(frame_to_csv(pd.DataFrame([record])).removeprefix(BOM))
        else:
            pd.DataFrame([record]).to_parquet(unfinished, index=False)


def check_ending(path: Path, endings: Sequence[str]) -> None:
    """Raises CrmError where the file's name has none of the endings."""
    if path.suffix.lower() not in endings:
        raise CrmError(
            "Unknown kind of output file",
            f"“{path.name}” ends in none of {', '.join(endings)}.",
            "Give a file name with one of these endings.",
        )


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A place to write the file to; it takes the place of `path` when all is written, and goes where that fails."""
    unfinished = path.with_name(path.name + ".part")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def json_text(data: Mapping[str, Any]) -> str:
    """Data as JSON for people and programs."""
    return json.dumps(data, ensure_ascii=False, indent=2, default=json_value) + "\n"


def _file_csv(ws: Workspace, table: ir.Table, path: Path) -> None:
    with path.open("wb") as target:
        write_csv(ws, table, target, bom=False)


def _file_parquet(ws: Workspace, table: ir.Table, path: Path) -> None:
    from pyarrow import parquet

    schema = table.schema().to_pyarrow()
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in ws.batches(table, BATCH_ROWS):
            writer.write_batch(_as(schema, batch))


def _file_json(ws: Workspace, table: ir.Table, path: Path) -> None:
    with path.open("w", encoding="utf-8") as target:
        separator = "[\n"
        for batch in ws.batches(table, BATCH_ROWS):
            for row in batch.to_pylist():
                target.write(separator + _json_row(row))
                separator = ",\n"
        target.write("[]\n" if separator == "[\n" else "\n]\n")


def _json_row(row: Mapping[str, Any]) -> str:
    """A row as a JSON object, amounts with all their digits (a floating point number holds 15 of them)."""
    cells = {
        key: f"{value:f}" if isinstance(value, Decimal) else json.dumps(json_value(value), ensure_ascii=False) for key, value in row.items()
    }
    return "{" + ", ".join(f"{json.dumps(key, ensure_ascii=False)}: {cell}" for key, cell in cells.items()) + "}"


def json_value(value: Any) -> Any:
    """A value of the engine as JSON knows it: amounts as floating point numbers, days and moments in ISO form."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value


def _harmless_columns(table: ir.Table) -> ir.Table:
    """The table with every text column made harmless inside the engine."""
    texts = [name for name in table.columns if table[name].type().is_string()]
    safe = {}
    for name in texts:
        column = table[name]
        safe[name] = column.re_search(FORMULA_PATTERN).ifelse(ibis.literal("'") + column, column)
    return table.mutate(**safe) if safe else table


def _as(schema: pa.Schema, batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with the schema's names and types (engines differ in the precision of moments and sums)."""
    return pa.RecordBatch.from_arrays([column.cast(field.type) for column, field in zip(batch.columns, schema, strict=True)], schema=schema)


def _workbook(header: list[str], rows: Iterable[tuple[Any, ...]], title: str) -> bytes:
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
