"""The embedded engine: DuckDB in this process, over one workspace file that it can only read.

The file is attached read-only to an in-memory database, so nothing an analysis does can change it, and results worth keeping (orders,
scores) live in that memory.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir

from crm_core.engines.duck import Duck
from crm_core.errors import WorkspaceError

HINT_DAMAGED = "Import the data again, or undo the last import."


class Embedded(Duck):
    """DuckDB over the workspace file at `path`."""

    def __init__(self, path: Path, memory_limit: str) -> None:
        self.path = path
        super().__init__(lambda raw, scratch: _connect(raw, path, scratch, memory_limit))

    def table(self, name: str) -> ir.Table:
        """A table of the file."""
        return self.backend.table(name, database=("ws", "main"))

    def note(self, key: str) -> str | None:
        """What the file says of itself under that key; None where it says nothing."""
        row = self.raw.execute("SELECT value FROM ws.main._meta WHERE key = ?", [key]).fetchone()
        return None if row is None else str(row[0])

    def damaged(self) -> WorkspaceError:
        return WorkspaceError("The workspace cannot be read", f"{self.path.name} is damaged.", HINT_DAMAGED)


def _connect(raw: duckdb.DuckDBPyConnection, path: Path, scratch: Path, memory_limit: str) -> Any:
    """The Ibis backend over the file, cut off from every other file. Ibis sets the time zone, so it comes before the lock."""
    backend = ibis.duckdb.from_connection(raw)
    quoted = str(path.resolve()).replace("'", "''")
    raw.execute(f"ATTACH '{quoted}' AS ws (READ_ONLY)")
    raw.execute("SET temp_directory = ?", [str(scratch)])
    raw.execute("SET memory_limit = ?", [memory_limit])
    raw.execute("SET preserve_insertion_order = false")
    raw.execute("SET python_enable_replacements = false")
    raw.execute("SET enable_external_access = false")
    raw.execute("SET lock_configuration = true")
    return backend
