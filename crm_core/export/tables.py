"""Tables and small frames as CSV and Excel for people, as Parquet and JSON for programs. Everything streams in batches out of the engine."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa

from crm_core.export.cells import FORMULA_PATTERN, harmless, json_row, json_text, json_value
from crm_core.export.excel import workbook
from crm_core.export.files import ENDINGS, check_ending, whole
from crm_core.workspace import Workspace

BATCH_ROWS = 50_000
BOM = b"\xef\xbb\xbf"  # by it Excel knows UTF-8

Labels = Mapping[str, str]


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
    return workbook(header, rows, title)


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
    return workbook(header, frame.itertuples(index=False, name=None), title)


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
                target.write(separator + json_row(row))
                separator = ",\n"
        target.write("[]\n" if separator == "[\n" else "\n]\n")


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
