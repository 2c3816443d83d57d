"""What a workspace asks of an engine, and how any engine that Ibis speaks answers; the others say what they do better.

An engine runs expressions, keeps the rows of one in a table of its own for as long as it is connected, and writes results where the company's
administrator allowed it. It never changes the tables that it reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any, Self, TypeVar

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa
import sqlglot as sg
from ibis.common.exceptions import TableNotFound
from ibis.expr.operations import DatabaseTable
from ibis.formats.pandas import PandasData

from crm_core.errors import CrmError, WorkspaceError

T = TypeVar("T")
#: How often one who waits is told so, and how often an engine is told to stop until it does.
SECONDS = 0.5
#: Engines fold nested queries by themselves; to have Ibis fold them takes twice as long as all the rest of its translation.
ibis.options.sql.fuse_selects = False

HINT_CHANGED = "Connect the data anew on the Data page, or ask whoever runs the database."
#: Capitals whose small letters are not one letter for one, or depend on where they stand, and what the embedded engine makes of them.
CAPITALS = {"İ": "i", "Σ": "σ"}
#: Where results may be written, by an administrator's word.
HINT_WRITE = "Whoever runs this dashboard can name a place for the connection (write_schema, write_folder; see README)."


class Engine:
    """One engine, by its Ibis backend. One statement runs at a time: the workspace sees to that.

    `most_rows`: rows of kept tables that it may hold together, None where that is not for us to say. `is_broken`: its connection is gone,
    with all that was kept; `reconnect` makes a new one.
    """

    label = "the engine"
    most_rows: int | None = None

    def __init__(self, backend: Any, write_schema: str = "", write_folder: str = "", label: str = "") -> None:
        self.backend = backend
        self.label = label or self.label
        self.write_schema = write_schema
        self.write_folder = write_folder
        self.is_broken = False

    @property
    def dialect(self) -> str:
        """The name of its SQL, as Ibis has it: duckdb, postgres, pyspark ..."""
        return str(self.backend.name)

    def source(self, name: str, schema: str = "") -> ir.Table:
        """One of the company's tables. Raises WorkspaceError where it is gone."""
        try:
            return self.backend.table(name, database=schema or None)
        except TableNotFound:
            raise WorkspaceError("A table has changed", f"There is no table “{name}” any more.", HINT_CHANGED) from None

    def query(self, statement: str) -> ir.Table:
        """What a SELECT gives that has been checked to be one."""
        return self.backend.sql(statement)

    def execute(self, expr: ir.Expr) -> Any:
        """Run an expression: a table gives a pandas DataFrame, a column a Series, a value a scalar; the same types on every engine."""
        table = expr.as_table()
        found = self.arrow(table)
        return expr.__pandas_result__(PandasData.convert_table(_frame(found), table.schema()))

    def arrow(self, table: ir.Table) -> pa.Table:
        """The rows of a small result, in the types of the expression."""
        return self.backend.to_pyarrow(table)

    def batches(self, expr: ir.Table, rows: int) -> Iterator[pa.RecordBatch]:
        """The rows of an expression piece by piece, for results that should not stand in memory whole."""
        yield from self.backend.to_pyarrow_batches(expr, chunk_size=rows)

    def keep(self, name: str, expr: ir.Table) -> tuple[ir.Table, int]:
        """Work the expression out into a table of that name that lives as long as the connection; gives it, and its number of rows."""
        made = self.backend.create_table(name, expr, temp=True)
        return self.known(name, expr), int(self.execute(made.count()))

    def known(self, name: str, expr: ir.Table) -> ir.Table:
        """A table that has the columns of the expression, without asking the engine."""
        return DatabaseTable(name=name, schema=expr.schema(), source=self.backend).to_expr()

    def view(self, name: str, expr: ir.Table) -> ir.Table:  # noqa: ARG002  (others have views)
        """The expression under a name of ours, worked out whenever it is read: what is built on it is said in few words."""
        return expr

    def drop(self, name: str) -> None:
        """Remove a table that `keep` made."""
        self.backend.drop_table(name, force=True)

    def write_table(self, name: str, expr: ir.Table) -> str:
        """Write the rows as table `name` in the schema that the administrator gave for it, in the place of a former one; gives its full name.

        Raises WorkspaceError where there is no such schema.
        """
        if not self.write_schema:
            raise no_place(self.label)
        self.backend.create_table(name, expr, database=self.write_schema, overwrite=True)
        return f"{self.write_schema}.{name}"

    def write_parquet(self, name: str, expr: ir.Table) -> str:  # noqa: ARG002  (others can)
        """Write the rows as Parquet `name` in the folder that the administrator gave for it, by the engine itself; gives the whole place.

        Raises WorkspaceError where the engine cannot, or may not.
        """
        raise WorkspaceError(
            "No Parquet from here", f"{self.label} cannot write Parquet by itself.", "Write a table instead: --out-table NAME."
        )

    @contextmanager
    def in_words(self) -> Iterator[None]:
        """Turns what the engine raises into words; of drivers that are not known here never their own, which may hold a statement with customers' data."""
        try:
            yield
        except CrmError:
            raise
        except Exception as error:
            hint = "Try again; if it stays, tell whoever runs it."
            raise WorkspaceError("The engine cannot answer", f"{self.label} says: {type(error).__name__}.", hint) from None

    def beside(self, work: Callable[[], T], tell: Callable[[], object]) -> T:
        """Does work of the engine beside the caller's thread, which tells meanwhile that it waits; if telling raises, the engine stops."""
        with ThreadPoolExecutor(1) as worker:
            running = worker.submit(self.stoppable, work)
            while wait([running], SECONDS).not_done:
                try:
                    tell()
                except BaseException:
                    while not running.done():
                        self.interrupt()  # again and again: a statement may only be about to start
                        wait([running], SECONDS)
                    raise
            return running.result()

    def stoppable(self, work: Callable[[], T]) -> T:
        """Does the work so that `interrupt` stops this and nothing of others."""
        return work()

    def interrupt(self) -> None:
        """Stops the statement that runs, from any thread; where an engine cannot be told, it comes to its end."""

    def reconnect(self) -> None:
        """Connect anew; kept tables are gone."""
        self.backend.reconnect()
        self.is_broken = False

    def close(self) -> None:
        self.backend.disconnect()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def no_place(label: str) -> WorkspaceError:
    """What to say where an engine may write no tables."""
    return WorkspaceError("No place for tables", f"This connection to {label} may only read.", HINT_WRITE)


def _frame(found: pa.Table) -> pd.DataFrame:
    """The rows in pandas' plain types: a column with missing values keeps whole numbers whole."""
    return pd.DataFrame(
        {
            name: column.to_pylist() if column.null_count or pa.types.is_nested(column.type) else column.to_pandas()
            for name, column in zip(found.column_names, found.columns, strict=True)
        }
    )


def typed(expr: ir.Table, rows: Any, dialect: str) -> Any:
    """The rows of a translated expression with the types that Ibis knows its columns by: engines alone may add whole numbers up to larger ones."""
    columns = expr.schema().to_sqlglot_column_defs(dialect)
    cast = [sg.cast(sg.column(one.name, quoted=True), one.kind).as_(one.name, quoted=True) for one in columns]
    return sg.select(*cast, copy=False).from_(rows.subquery("rows_of", copy=False), copy=False)
