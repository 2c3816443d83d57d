"""PostgreSQL: every analysis runs in the server; what is kept are temporary tables of one connection.

Exact amounts stay exact on their way out, frames go in by COPY, and kept tables are counted (ANALYZE), since the planner takes an uncounted
one for a thousand rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import ibis
import ibis.backends.postgres
import ibis.expr.types as ir
import psycopg
import pyarrow as pa
from ibis.expr.operations import InMemoryTable
from psycopg import sql
from psycopg.adapt import Loader
from psycopg.types.datetime import DateLoader, TimestampLoader, TimestamptzLoader

from crm_core.engines.base import Engine, no_place, typed
from crm_core.engines.postgres_sql import UNICODE, Compiler
from crm_core.errors import WorkspaceError

MONEY_OF = """SELECT attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relname = %s AND nspname = %s AND atttypid = 'money'::regtype AND NOT attisdropped"""
HINT_LATER = "Try again; what was worked out so far is worked out anew."


class _Backend(ibis.backends.postgres.Backend):
    """Ibis's own, with answers equal to the embedded engine's, and frames that go in by COPY: its INSERTs take minutes for a hundred thousand rows."""

    compiler = Compiler()

    def _register_in_memory_table(self, op: InMemoryTable) -> None:
        columns = ", ".join(one.sql("postgres") for one in op.schema.to_sqlglot_column_defs("postgres"))
        name = sql.Identifier(op.name)
        with self.con.cursor() as cursor, self.con.transaction():
            cursor.execute(sql.SQL("CREATE TEMPORARY TABLE {} ({})").format(name, sql.SQL(columns)))
            with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(name)) as rows:
                for row in zip(*(column.to_pylist() for column in op.data.to_pyarrow(op.schema).columns), strict=True):
                    rows.write_row(row)
            cursor.execute(sql.SQL("ANALYZE {}").format(name))

    def _make_memtable_finalizer(self, name: str) -> Callable[..., None]:
        """Drops the table of a frame that nobody refers to any more; with the connection it is gone anyway, and a view may still need it."""

        def drop() -> None:
            if not self.con.closed:
                with suppress(psycopg.Error):
                    self.con.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(name)))

        return drop


class Postgres(Engine):
    """One connection to a PostgreSQL database. `connect` are psycopg's arguments (host, port, dbname, user, password ...)."""

    label = "PostgreSQL"

    def __init__(self, connect: dict[str, Any], write_schema: str = "") -> None:
        self._connect = connect
        self._views: dict[str, ir.Table] = {}  # to be made again with the next connection
        self._count_cursors = 0
        super().__init__(_open(connect), write_schema)

    def source(self, name: str, schema: str = "") -> ir.Table:
        """A table, its amounts of the type money as numbers: the type knows no arithmetic, and Ibis takes it for a decimal."""
        rows = super().source(name, schema)
        found = self.backend.con.execute(MONEY_OF, [name, schema or self.backend.current_database]).fetchall()
        return rows.mutate(**{column: rows[column].cast("decimal(20, 4)") for (column,) in found}) if found else rows

    def arrow(self, table: ir.Table) -> pa.Table:
        self.backend._run_pre_execute_hooks(table)
        statement, schema = self.backend.compile(table), table.schema().to_pyarrow()
        with self.backend.con.cursor() as cursor:
            rows = cursor.execute(statement).fetchall()
        columns = list(zip(*rows, strict=True)) or [()] * len(schema)
        return pa.table([_column(values, field.type) for values, field in zip(columns, schema, strict=True)], schema=schema)

    def batches(self, expr: ir.Table, rows: int) -> Iterator[pa.RecordBatch]:
        """By a cursor in the server, so that neither side holds all rows in memory; it outlives its statement, since others come between."""
        self.backend._run_pre_execute_hooks(expr)
        statement, schema = self.backend.compile(expr), expr.schema().to_pyarrow()
        self._count_cursors += 1
        with self.backend.con.cursor(name=f"rows_out_{self._count_cursors}", withhold=True) as cursor:
            cursor.execute(statement)
            while found := cursor.fetchmany(rows):
                columns = zip(*found, strict=True)
                yield pa.RecordBatch.from_arrays(
                    [_column(values, field.type) for values, field in zip(columns, schema, strict=True)], schema=schema
                )

    def keep(self, name: str, expr: ir.Table) -> tuple[ir.Table, int]:
        self.backend._run_pre_execute_hooks(expr)
        rows = typed(expr, self.backend.compiler.to_sqlglot(expr), "postgres").sql("postgres", copy=False)
        with self.backend.con.cursor() as cursor, self.backend.con.transaction():
            count = cursor.execute(f"CREATE TEMPORARY TABLE {name} AS {rows}").rowcount
            cursor.execute(f"ANALYZE {name}")
        return self.known(name, expr), count

    def view(self, name: str, expr: ir.Table) -> ir.Table:
        self.backend._run_pre_execute_hooks(expr)
        rows = typed(expr, self.backend.compiler.to_sqlglot(expr), "postgres").sql("postgres", copy=False)
        self.backend.con.execute(f"CREATE OR REPLACE TEMPORARY VIEW {name} AS {rows}")
        self._views[name] = expr
        return self.known(name, expr)

    def drop(self, name: str) -> None:
        with self.in_words(), self.backend.con.cursor() as cursor:
            cursor.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(name)))

    def write_table(self, name: str, expr: ir.Table) -> str:
        place = self._place(name)
        self.backend._run_pre_execute_hooks(expr)
        rows = typed(expr, self.backend.compiler.to_sqlglot(expr), "postgres").sql("postgres", copy=False)
        with (
            self.backend.con.cursor() as cursor,
            self.backend.con.transaction(),
        ):  # whoever reads sees the former table or the whole new one
            cursor.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(place))
            cursor.execute(sql.SQL("CREATE TABLE {} AS ").format(place) + sql.SQL(rows))
        return f"{self.write_schema}.{name}"

    def _place(self, name: str) -> sql.Identifier:
        if not self.write_schema:
            raise no_place(self.label)
        return sql.Identifier(self.write_schema, name)

    def interrupt(self) -> None:
        with suppress(psycopg.Error):  # a connection that is gone has nothing to stop
            self.backend.con.cancel_safe(timeout=5)

    @contextmanager
    def in_words(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            self.is_broken = bool(self.backend.con.closed)
            raise _in_words(error, self.is_broken) from None  # its own text may hold a statement with customers' data

    def reconnect(self) -> None:
        """The same backend, which expressions name as their own, with another connection."""
        try:
            self.backend.con.close()
            self.backend.con = _connected(self._connect)
            self.backend._memtables.clear()
            for name, expr in self._views.items():
                self.view(name, expr)
        except psycopg.Error as error:
            raise _in_words(error, is_gone=True) from None
        self.is_broken = False

    def close(self) -> None:
        self.backend.con.close()


def _open(connect: dict[str, Any]) -> _Backend:
    backend = _Backend.from_connection(_connected(connect))
    knows_unicode = backend.con.execute("SELECT 1 FROM pg_catalog.pg_collation WHERE collname = %s", [UNICODE]).fetchone()
    backend.compiler = Compiler(UNICODE if knows_unicode else "")
    return backend


def _connected(connect: dict[str, Any]) -> psycopg.Connection[Any]:
    connection = psycopg.connect(**{"connect_timeout": 10, "application_name": "crm dashboard", **connect}, autocommit=True)
    connection.execute("SET max_parallel_workers_per_gather = 2")
    connection.execute("SET timezone = 'UTC'")
    for kind, loader in ENDLESS.items():
        connection.adapters.register_loader(kind, loader)
    return connection


def _or_nothing(usual: type[Loader]) -> type[Loader]:
    """Reads as psycopg does; what Python has no moment for (infinity, years BC) is missing."""

    class OrNothing(usual):  # type: ignore[misc, valid-type]
        def load(self, data: Any) -> Any:
            try:
                return super().load(data)
            except psycopg.DataError:
                return None

    return OrNothing


ENDLESS = {"date": _or_nothing(DateLoader), "timestamp": _or_nothing(TimestampLoader), "timestamptz": _or_nothing(TimestamptzLoader)}


def _column(values: Any, kind: pa.DataType) -> pa.Array:
    """Numbers of PostgreSQL's own width in the type that Ibis expects of them."""
    if pa.types.is_decimal(kind):
        if any(isinstance(value, str) for value in values):
            raise WorkspaceError(
                "A column is of the type money", "PostgreSQL writes it in the words of its locale.", "Write it as COLUMN::numeric."
            )
        values = [None if value is not None and not value.is_finite() else value for value in values]
        return pa.array(values).cast(kind) if any(value is not None for value in values) else pa.nulls(len(values), kind)
    if pa.types.is_floating(kind):
        return pa.array([None if value is None else float(value) for value in values], kind)
    if pa.types.is_integer(kind):
        return pa.array([None if value is None else int(value) for value in values], kind)
    return pa.array(values, kind)


def _in_words(error: psycopg.Error, is_gone: bool) -> WorkspaceError:
    if is_gone or isinstance(error, psycopg.OperationalError):
        return WorkspaceError("The database does not answer", "The connection to PostgreSQL was lost or refused.", HINT_LATER)
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return WorkspaceError(
            "The database refuses it",
            "The user of this connection lacks a right.",
            "It needs SELECT on the tables and TEMPORARY on the database.",
        )
    if isinstance(error, psycopg.errors.UndefinedTable | psycopg.errors.UndefinedColumn):
        return WorkspaceError(
            "A table has changed",
            "A table or column that this data rests on is no longer there.",
            "Connect the data anew on the Data page.",
        )
    if isinstance(error, psycopg.errors.QueryCanceled):
        return WorkspaceError(
            "The question took too long", "The database stopped it at its time limit.", "Look at less data, or ask for a longer limit."
        )
    name = type(error).__name__
    return WorkspaceError(
        "The database cannot answer", f"PostgreSQL says: {name}.", "Try again; if it stays, tell whoever runs the database."
    )
