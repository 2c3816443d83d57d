"""Parquet files: DuckDB reads them straight into the staging table; their types become text, number, timestamp, date or boolean.

One row of the file is one row of the table. Nested values (lists, structs) become JSON text, decimals keep their digits.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from crm_core.errors import SourceError
from crm_core.sources.layout import unique_names
from crm_core.sources.staging import ColumnType, SourceColumn, StagedTable, Staging, Task

#: DuckDB type (its beginning) -> our type and how to bring it there from column {0}.
TYPES: tuple[tuple[str, ColumnType, str], ...] = (
    (r".*\[\d*\]$|STRUCT|MAP|UNION", "text", "to_json({0})::VARCHAR"),
    (r"VARCHAR$|ENUM", "text", "nullif({0}::VARCHAR, '')"),
    (r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$|DECIMAL|DOUBLE$", "number", "{0}"),
    (r"FLOAT$", "number", "{0}::VARCHAR::DOUBLE"),  # the shortest number that means this float: 17.85, not 17.850000381
    (r"TIMESTAMP WITH TIME ZONE$", "timestamp", "{0}"),
    (r"TIMESTAMP", "timestamp", "{0}::TIMESTAMP"),
    (r"DATE$", "date", "{0}"),
    (r"BOOLEAN$", "boolean", "{0}"),
    (r"", "text", "nullif({0}::VARCHAR, '')"),
)


def read(task: Task) -> list[StagedTable]:
    """The file as one staged table. Raises SourceError where it is damaged or has no rows."""
    staging, path, title = task.staging, task.path, task.title
    ref = staging.next_ref()
    try:
        columns, expressions = _columns(staging, path)
        refs = ", ".join(column.ref for column in columns)
        rows_of_file = f"SELECT {expressions} FROM read_parquet(?, binary_as_string = true) AS p({refs})"
        staging.create(ref, rows_of_file, [str(path)], task.progress, f"Reading {title}")
    except duckdb.Error as error:
        raise SourceError(
            "The Parquet file is damaged",
            f"“{title}” cannot be read to its end, as after an interrupted download.",
            "Export or download it again.",
        ) from error
    rows = staging.count(ref)
    if not rows:
        raise SourceError(
            "The table has no rows",
            f"“{title}” has {len(columns)} columns and no row.",
            "Check the export: it may have been filtered to nothing.",
        )
    return [StagedTable(title, task.file, ref, columns, rows, {"File": "Parquet, types as stored in it"}, task.options)]


def _columns(staging: Staging, path: Path) -> tuple[tuple[SourceColumn, ...], str]:
    return typed_columns(staging.raw.execute("DESCRIBE SELECT * FROM read_parquet(?, binary_as_string = true)", [str(path)]).fetchall())


def typed_columns(described: Sequence[tuple[Any, ...]]) -> tuple[tuple[SourceColumn, ...], str]:
    """The columns of a relation that DuckDB described, and the expressions that make them of it, called p(c0, c1 ...)."""
    names = unique_names([row[0] for row in described])
    columns, expressions = [], []
    for number, (name, row) in enumerate(zip(names, described, strict=True)):
        our_type, reader = next((type_, reader) for pattern, type_, reader in TYPES if re.match(pattern, row[1]))
        columns.append(SourceColumn(name, f"c{number}", our_type))
        expressions.append(f"{reader.format(f'p.c{number}')} AS c{number}")
    return tuple(columns), ", ".join(expressions)
