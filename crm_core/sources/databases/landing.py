"""Batches of rows become a staging table, whose columns grow with what they turn out to hold."""

from __future__ import annotations

import re

import duckdb
import pyarrow as pa

from crm_core.sources.databases import values
from crm_core.sources.databases.rows import ReadColumn
from crm_core.sources.staging import SourceColumn, Staging


class Landing:
    """The staging table while it fills.

    Each batch is its own transaction: one for all would hold all rows in memory until its end, and DuckDB 1.5 cannot change a table that
    has rows of the same transaction.
    """

    def __init__(self, staging: Staging, ref: str, columns: tuple[ReadColumn, ...]) -> None:
        self.staging, self.raw, self.ref, self.columns = staging, staging.raw, ref, columns
        self.kinds: list[pa.DataType] = [pa.null()] * len(columns)  # of columns without a declared type
        self.is_made = False

    def add(self, batch: pa.RecordBatch) -> None:
        """Stores a batch, after its columns were made what holds its values too."""
        self.raw.register("rows_read", pa.Table.from_batches([batch]))
        try:
            if not self.is_made:
                self._make()
            self._widen(batch.schema.types)
            stored = ", ".join(self._stored(number, name) for number, name in enumerate(batch.schema.names))
            self.raw.execute(f"INSERT INTO {self.ref} SELECT {stored} FROM rows_read")
        finally:
            self.raw.unregister("rows_read")

    def finish(self) -> tuple[SourceColumn, ...]:
        """The table as it stays, its columns in our types."""
        if not self.is_made:
            self._make()
        for number, column in enumerate(self.columns):
            _settle(self.raw, self.ref, f"c{number}", column.hint)
        described = self.raw.execute(f"DESCRIBE {self.ref}").fetchall()
        return tuple(
            SourceColumn(column.name, f"c{number}", values.column_type(row[1]))
            for number, (column, row) in enumerate(zip(self.columns, described, strict=True))
        )

    def _make(self) -> None:
        columns = ", ".join(f"c{number} {one.type or 'VARCHAR'}" for number, one in enumerate(self.columns))
        self.raw.execute(f"CREATE TABLE {self.ref} ({columns})")
        self.is_made = True

    def _widen(self, kinds: list[pa.DataType]) -> None:
        for number, (column, old, new) in enumerate(zip(self.columns, self.kinds, kinds, strict=True)):
            kind = values.common(old, new)
            if column.type or kind == old:
                continue
            if values.stored_type(kind) != "VARCHAR" or not pa.types.is_null(old):
                self.raw.execute(f"ALTER TABLE {self.ref} ALTER c{number} TYPE {values.stored_type(kind)}")
            self.kinds[number] = kind

    def _stored(self, number: int, name: str) -> str:
        column = self.columns[number]
        expression = column.stored.format(f'"{name}"')
        is_text = (column.type or values.stored_type(self.kinds[number])) == "VARCHAR"
        return f"nullif({expression}::VARCHAR, '')" if is_text else expression


def _settle(raw: duckdb.DuckDBPyConnection, ref: str, column: str, hint: str) -> None:
    """Brings a column to its declared type where all its values allow."""
    row = raw.execute(f"SELECT typeof(any_value({column})) FROM {ref}").fetchone()
    stored = str(row[0]) if row else ""
    if hint == "numeric":
        _settle_numeric(raw, ref, column)
    elif hint in ("boolean", "bit") and stored == "BIGINT":
        if _all(raw, ref, column, f"{column} IN (0, 1)"):
            raw.execute(f"ALTER TABLE {ref} ALTER {column} TYPE BOOLEAN")
    elif hint == "timestamp" and stored == "VARCHAR":
        for kind, shape in (("DATE", r"\d{4}-\d\d-\d\d"), ("TIMESTAMP", r"\d{4}-\d\d-\d\d.*")):
            if _all(raw, ref, column, f"regexp_full_match({column}, '{shape}') AND TRY_CAST({column} AS {kind}) IS NOT NULL"):
                raw.execute(f"ALTER TABLE {ref} ALTER {column} TYPE {kind}")
                return
    elif (sizes := re.fullmatch(r"decimal\((\d+),(\d+)\)", hint)) and stored in ("DOUBLE", "BIGINT"):
        kind = f"DECIMAL({sizes[1]}, {sizes[2]})"
        if int(sizes[1]) <= values.MOST_DIGITS and _all(raw, ref, column, f"TRY_CAST({column} AS {kind})::DOUBLE = {column}::DOUBLE"):
            raw.execute(f"ALTER TABLE {ref} ALTER {column} TYPE {kind}")


def _settle_numeric(raw: duckdb.DuckDBPyConnection, ref: str, column: str) -> None:
    """Digits as text become the decimal that holds all of them, or floating point where none does."""
    row = raw.execute(
        f"""SELECT max(length(split_part(ltrim({column}, '-'), '.', 1))), max(length(split_part({column}, '.', 2))) FROM {ref}"""
    ).fetchone()
    whole, scale = (int(one or 0) for one in (row or (0, 0)))
    kind = f"DECIMAL({max(whole + scale, 1)}, {scale})" if whole + scale <= values.MOST_DIGITS else "DOUBLE"
    raw.execute(f"ALTER TABLE {ref} ALTER {column} TYPE {kind}")


def _all(raw: duckdb.DuckDBPyConnection, ref: str, column: str, condition: str) -> bool:
    row = raw.execute(f"SELECT count(*) FROM {ref} WHERE {column} IS NOT NULL AND NOT coalesce({condition}, false)").fetchone()
    return row is not None and row[0] == 0
