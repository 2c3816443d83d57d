"""DuckDB in this process, whatever it reads from: kept tables lie in its memory and spill to a folder of their own above the limit."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import ibis.expr.types as ir
import pyarrow as pa

from crm_core.engines.base import Engine, typed
from crm_core.errors import WorkspaceError

KEPT_ROWS = 30_000_000


class Duck(Engine):
    """DuckDB with what `connect(raw connection, folder to spill to)` makes of it: an Ibis backend."""

    label = "DuckDB"
    most_rows = KEPT_ROWS

    def __init__(self, connect: Callable[[duckdb.DuckDBPyConnection, Path], Any], write_folder: str = "") -> None:
        self.raw = duckdb.connect(":memory:")
        scratch = Path(tempfile.mkdtemp(prefix="workspace-"))
        self._let_go = weakref.finalize(self, _discard, self.raw, scratch)  # by close(), or when nobody refers to it any more
        try:
            super().__init__(connect(self.raw, scratch), write_folder=write_folder)
        except BaseException:
            self.close()
            raise

    def execute(self, expr: ir.Expr) -> Any:
        return self.backend.execute(expr)

    def batches(self, expr: ir.Table, rows: int) -> Iterator[pa.RecordBatch]:
        cursor = self.raw.cursor()
        return cursor.execute(str(self.backend.compile(expr))).to_arrow_reader(rows)

    def keep(self, name: str, expr: ir.Table) -> tuple[ir.Table, int]:
        row = self.raw.execute(self._create(name, expr)).fetchone()
        return self.known(name, expr), int(row[0]) if row else 0

    def view(self, name: str, expr: ir.Table) -> ir.Table:
        self.backend._run_pre_execute_hooks(expr)
        rows = typed(expr, self.backend.compiler.to_sqlglot(expr), "duckdb").sql("duckdb", copy=False)
        self.raw.execute(f"CREATE OR REPLACE TEMPORARY VIEW {name} AS {rows}")
        return self.known(name, expr)

    def interrupt(self) -> None:
        self.raw.interrupt()

    def _create(self, name: str, expr: ir.Table) -> str:
        """One statement that makes the table with the types that Ibis knows it by. Its own `create_table` makes an empty one and inserts the rows,
        which takes a third longer.
        """
        self.backend._run_pre_execute_hooks(expr)
        return (
            typed(expr, self.backend.compiler.to_sqlglot(expr), "duckdb").ctas(name, dialect="duckdb", copy=False).sql("duckdb", copy=False)
        )

    @contextmanager
    def in_words(self) -> Iterator[None]:
        """Turns what the engine raises on damaged files, or for lack of memory, into words."""
        try:
            yield
        except (duckdb.OutOfMemoryException, duckdb.IOException, duckdb.FatalException, duckdb.SerializationException) as error:
            if isinstance(error, duckdb.OutOfMemoryException | duckdb.IOException) and "orrupt" not in str(error):
                raise WorkspaceError(
                    "The question is too large",
                    "It needs more memory or disk space than there is.",
                    "Try again later, or look at less data.",
                ) from error
            raise self.damaged() from error

    def damaged(self) -> WorkspaceError:
        """What to say where a file that it reads is damaged."""
        return WorkspaceError("The data cannot be read", "A file of it is damaged.", "Tell whoever runs this dashboard.")

    def close(self) -> None:
        self._let_go()


def _discard(raw: duckdb.DuckDBPyConnection, scratch: Path) -> None:
    raw.close()
    shutil.rmtree(scratch, ignore_errors=True)
