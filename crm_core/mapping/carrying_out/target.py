"""The workspace file that an import makes: written beside its place under a working name, then renamed in one step.

While it is being made it is attached to the staging connection as `made`, so that rows go from staged text to canonical
tables without leaving the engine. Leaving the context without `finish` removes it.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType

import ibis.expr.types as ir

from crm_core.sources.staging import Staging

CATALOG = "made"


class Target:
    """A workspace file in the making; a context manager that leaves a whole file or none."""

    def __init__(self, staging: Staging, path: Path) -> None:
        self.staging = staging
        self.path = path
        self._unfinished = path.with_name(path.name + ".unfinished")

    def __enter__(self) -> Target:
        self._remove()
        quoted = str(self._unfinished.resolve()).replace("'", "''")
        self.staging.raw.execute(f"ATTACH '{quoted}' AS {CATALOG} (STORAGE_VERSION 'latest')")  # stores text a third faster
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._detach()
        self._remove()

    def create(self, name: str, rows: ir.Table) -> ir.Table:
        """Store rows as a table of the workspace and return it as an expression."""
        self.staging.raw.execute(f"CREATE TABLE {CATALOG}.main.{name} AS {self.staging.con.compile(rows)}")
        return self.table(name)

    def delete_incomplete(self, name: str, needed: tuple[str, ...]) -> int:
        """Remove stored rows that lack one of these columns; returns how many."""
        lacks = " OR ".join(f"{column} IS NULL" for column in needed)
        row = self.staging.raw.execute(f"DELETE FROM {CATALOG}.main.{name} WHERE {lacks}").fetchone()
        return int(row[0]) if row else 0

    def table(self, name: str) -> ir.Table:
        return self.staging.con.table(name, database=(CATALOG, "main"))

    def finish(self) -> None:
        """Write everything to disk and move the file to its place."""
        self.staging.raw.execute(f"CHECKPOINT {CATALOG}")
        self._detach()
        os.replace(self._unfinished, self.path)

    def _detach(self) -> None:
        self.staging.raw.execute(f"DETACH DATABASE IF EXISTS {CATALOG}")

    def _remove(self) -> None:
        for leftover in (self._unfinished, Path(f"{self._unfinished}.wal")):
            leftover.unlink(missing_ok=True)
