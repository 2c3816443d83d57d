"""Rows that another engine gave, as Arrow, in the staging area: typed as they come, like those of Parquet."""

from __future__ import annotations

import pyarrow as pa

from crm_core.errors import SourceError
from crm_core.sources.parquet import typed_columns
from crm_core.sources.staging import StagedTable, Staging


def stage(staging: Staging, rows: pa.Table, title: str, reading: dict[str, str]) -> StagedTable:
    """The rows as staging table `title`, in the place of one of that name. Raises SourceError where there are none."""
    if not rows.num_rows:
        raise SourceError("The table has no rows", f"“{title}” has {rows.num_columns} columns and no row.", "Choose another table.")
    ref = staging.next_ref()
    staging.raw.register("rows_given", rows)
    try:
        columns, expressions = typed_columns(staging.raw.execute("DESCRIBE rows_given").fetchall())
        refs = ", ".join(column.ref for column in columns)
        staging.raw.execute(f"CREATE TABLE {ref} AS SELECT {expressions} FROM rows_given AS p({refs})")
    finally:
        staging.raw.unregister("rows_given")
    table = StagedTable(title, title, ref, columns, rows.num_rows, reading)
    staging.replace(title, [table])
    return table
