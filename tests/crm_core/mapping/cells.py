"""Staged columns for tests: cells put straight into a staging table, and read back by an expression."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa

from crm_core.sources.staging import ColumnType, SourceColumn, StagedTable, Staging


def put(staging: Staging, cells: Sequence[Any], sql_type: str = "VARCHAR", column_type: ColumnType = "text", name: str = "table") -> str:
    """A source table `name` with one column "value"; a table of that name is replaced."""
    return put_columns(staging, {"value": cells}, {"value": (sql_type, column_type)}, name)


def put_columns(
    staging: Staging, columns: dict[str, Sequence[Any]], types: dict[str, tuple[str, ColumnType]] | None = None, name: str = "table"
) -> str:
    """A source table with these columns, text unless `types` says otherwise."""
    staging.tables = [one for one in staging.tables if one.name != name]
    refs = [f"c{number}" for number in range(len(columns))]
    kinds = [(types or {}).get(one, ("VARCHAR", "text")) for one in columns]
    staging.raw.register("given", pa.table({ref: list(cells) for ref, cells in zip(refs, columns.values(), strict=True)}))
    casts = ", ".join(f"CAST({ref} AS {sql_type}) AS {ref}" for ref, (sql_type, _) in zip(refs, kinds, strict=True))
    ref = staging.next_ref()
    staging.raw.execute(f"CREATE OR REPLACE TABLE {ref} AS SELECT {casts} FROM given")
    staging.raw.unregister("given")
    described = tuple(SourceColumn(one, column, kind) for one, column, (_, kind) in zip(columns, refs, kinds, strict=True))
    staging.tables.append(StagedTable(name, name, ref, described, len(next(iter(columns.values())))))
    return name


def read(staging: Staging, how: Callable[[ir.Value], ir.Value], name: str = "table") -> list[Any]:
    """The first column of the table, read by `how`, in the order of the rows."""
    rows = staging.table(name)
    return staging.con.to_pyarrow(rows.select(value=how(rows.c0)))["value"].to_pylist()
