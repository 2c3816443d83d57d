"""Rows of PostgreSQL by ADBC, which decodes the server's own binary COPY into Arrow outside of Python.

ADBC has Arrow types for some of PostgreSQL's; all others are made text by the server. What Python and DuckDB cannot hold (dates BC,
infinity, numbers that are none) becomes empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlglot import exp

from crm_core.sources.databases import queries
from crm_core.sources.databases.rows import ReadColumn, Rows
from crm_core.sources.databases.selection import Selection
from crm_core.sources.databases.session import READ_ONLY, Session
from crm_core.sources.databases.tables import missing_column, tabled
from crm_core.sources.layout import unique_names

#: SQL of a statement as text, without % doubled for a driver's parameters.
PLAIN = postgresql.dialect(paramstyle="named")


@dataclass(frozen=True)
class Kind:
    """How a type travels: `asked` of the server for column {0}, then `stored` from what arrives, as DuckDB's `type`."""

    asked: str
    type: str
    stored: str = "{0}"
    hint: str = ""


_DAYS = "CASE WHEN {{0}} BETWEEN '0001-01-01' AND '9999-12-31{end}' THEN {{0}} END"
KINDS: dict[int, Kind] = {
    16: Kind("{0}", "BOOLEAN"),
    20: Kind("{0}", "BIGINT"),
    21: Kind("{0}", "BIGINT"),
    23: Kind("{0}", "BIGINT"),
    26: Kind("{0}::bigint", "BIGINT"),
    700: Kind("nullif({0}, 'NaN')", "DOUBLE", "{0}::VARCHAR::DOUBLE"),  # the shortest number that means this float
    701: Kind("nullif({0}, 'NaN')", "DOUBLE"),
    1082: Kind(_DAYS.format(end=""), "DATE"),
    1114: Kind(_DAYS.format(end=" 23:59:59.999999"), "TIMESTAMP"),
    1184: Kind(_DAYS.format(end=" 23:59:59.999999"), "TIMESTAMP WITH TIME ZONE"),
    869: Kind("abbrev({0})", "VARCHAR"),
    25: Kind("{0}", "VARCHAR"),
    1043: Kind("{0}", "VARCHAR"),
}
NUMERIC = 1700
ANY_NUMERIC = Kind("CASE WHEN {0} NOT IN ('NaN', 'Infinity', '-Infinity') THEN {0}::text END", "VARCHAR", hint="numeric")
ANYTHING = Kind("{0}::text", "VARCHAR")


def is_possible(session: Session) -> bool:
    """ADBC is installed, and psycopg describes the columns for it."""
    return (
        session.dialect == "postgresql" and session.engine.dialect.driver == "psycopg" and find_spec("adbc_driver_postgresql") is not None
    )


@contextmanager
def read(session: Session, selection: Selection) -> Iterator[Rows]:
    """The selection's rows, read in the one transaction in which this session reads all its tables."""
    inner, names = _inner(session, selection)
    described = _described(session, inner)
    names = names or list(unique_names([one.name for one in described]))
    kinds = [_kind(one) for one in described]
    refs = ", ".join(f"c{number}" for number in range(len(kinds)))
    asked = ", ".join(f"{kind.asked.format(f'q.c{number}')} AS c{number}" for number, kind in enumerate(kinds))
    statement = f"SELECT {asked} FROM ({inner}) AS q({refs}){_newer(session, selection, names)}"
    columns = tuple(ReadColumn(name, kind.hint, kind.type, kind.stored) for name, kind in zip(names, kinds, strict=True))
    with session.words():
        connection = _connection(session)
        cursor = connection.cursor()
    session.interrupting.append(connection.adbc_cancel)
    try:
        with session.words():
            cursor.execute(statement)
            reader = cursor.fetch_record_batch()
        yield Rows(columns, _batches(session, reader), "ADBC (binary COPY)")
    except BaseException:
        _close(session)
        raise
    finally:
        session.interrupting.clear()
        with suppress(Exception):
            cursor.close()


def _batches(session: Session, reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    while True:
        with session.words():
            try:
                batch = reader.read_next_batch()
            except StopIteration:
                return
        yield batch


def _inner(session: Session, selection: Selection) -> tuple[str, list[str]]:
    """The selection as plain SQL, and the names of its columns where it is a table."""
    if selection.query:
        return queries.text(session, queries.parsed(session, selection.query)), []
    table = tabled(session, selection)
    compiled = table.statement.compile(dialect=PLAIN, compile_kwargs={"literal_binds": True})
    return str(compiled), [one.name for one in table.columns]


def _newer(session: Session, selection: Selection, names: list[str]) -> str:
    """A table's statement has its own condition; that of a query stands around it."""
    if not selection.query or selection.newer_than is None:
        return ""
    name, value = selection.newer_than
    if name not in names:
        raise missing_column(session, name, names)
    condition = queries.newer_condition(exp.column(f"c{names.index(name)}", "q"), value, selection.with_nulls)
    return f" WHERE {condition.sql(dialect='postgres')}"


def _described(session: Session, inner: str) -> list[Any]:
    """The server's description of the columns."""
    with session.reading() as connection:
        statement = f"SELECT * FROM ({inner}) AS q LIMIT 0"
        result: sa.CursorResult[Any] = connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
        return list(result.cursor.description or ())


def _kind(column: Any) -> Kind:
    if column.type_code != NUMERIC:
        return KINDS.get(column.type_code, ANYTHING)
    precision, scale = column.precision, column.scale
    if precision is None or scale is None or not 0 <= scale <= precision <= 38:
        return ANY_NUMERIC
    return Kind("nullif({0}, 'NaN')", f"DECIMAL({precision}, {scale})", f"{{0}}::VARCHAR::DECIMAL({precision}, {scale})")


def _connection(session: Session) -> Any:
    """One connection of ADBC a session, so that all tables are seen as they were at one moment."""
    from adbc_driver_postgresql import dbapi
    from psycopg.conninfo import make_conninfo

    if session.adbc is None:
        arguments = {key: value for key, value in session.driver_arguments().items() if key not in ("context", "autocommit", "row_factory")}
        connection = dbapi.connect(make_conninfo(**arguments), autocommit=True)
        session.adbc = connection
        session.closing.append(lambda: _close(session))
        with connection.cursor() as cursor:
            for statement in READ_ONLY["postgresql"]:
                cursor.execute(statement)
        connection.adbc_connection.set_autocommit(False)
    return session.adbc


def _close(session: Session) -> None:
    connection, session.adbc = session.adbc, None
    if connection is not None:
        with suppress(Exception):
            connection.close()
