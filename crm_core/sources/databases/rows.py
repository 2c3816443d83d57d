"""The rows of a selection as Arrow batches, a few megabytes at a time, whatever the size of the table.

PostgreSQL is read by ADBC (see postgres.py), other databases by SQLAlchemy from a cursor on the server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from crm_core.sources.databases import queries, values
from crm_core.sources.databases.selection import Selection
from crm_core.sources.databases.session import Session
from crm_core.sources.databases.tables import tabled
from crm_core.sources.layout import unique_names

FIRST_ROWS, FEWEST_ROWS, MOST_ROWS = 2_000, 20, 20_000
BATCH_BYTES = 8 << 20


@dataclass(frozen=True)
class ReadColumn:
    """`stored` brings the batches' column {0} into the staging table as DuckDB's type `type`; without a type it is what the values are.

    `hint` is what the column was declared as where values alone do not tell: "boolean", "date", "timestamp", "bits", "decimal(12,2)", "numeric".
    """

    name: str
    hint: str = ""
    type: str = ""
    stored: str = "{0}"


@dataclass(frozen=True)
class Rows:
    """`batches` have as many columns as `columns`, in their order; they are taken once, before the context ends."""

    columns: tuple[ReadColumn, ...]
    batches: Iterator[pa.RecordBatch] = field(repr=False)
    read_by: str = ""


@contextmanager
def read(session: Session, selection: Selection) -> Iterator[Rows]:
    """The selection's rows. Raises SourceError, also while batches are taken."""
    from crm_core.sources.databases import postgres

    reader = postgres.read if postgres.is_possible(session) else _read_by_cursor
    with reader(session, selection) as rows:
        yield rows


@contextmanager
def _read_by_cursor(session: Session, selection: Selection) -> Iterator[Rows]:
    if selection.query:
        sql, names, hints = queries.text(session, queries.newer(queries.parsed(session, selection.query), selection)), [], []
    else:
        table = tabled(session, selection)
        sql, names = "", [one.name for one in table.columns]
        hints = [_declared(one.type) if session.dialect == "sqlite" else "" for one in table.columns]
    options: Any = {"stream_results": True, "max_row_buffer": 1000, "no_parameters": True}
    with session.reading(limited=False) as connection:
        if sql:
            result = connection.exec_driver_sql(sql, execution_options=options)
            names = list(unique_names([*map(str, result.keys())]))
        else:
            result = connection.execute(table.statement, execution_options={**options, "no_parameters": False})
        if session.dialect in ("mysql", "mariadb"):
            hints = _mysql_hints(result)
        hints = hints or [""] * len(names)
        columns = tuple(ReadColumn(name, hint) for name, hint in zip(names, hints, strict=True))
        is_whole = False
        try:
            yield Rows(columns, _batches(session, result, hints), "SQLAlchemy")
            is_whole = True
        finally:
            if not is_whole and session.dialect in ("mysql", "mariadb"):
                session.interrupt()  # closing the cursor reads what is still sent: without this, all the rest
            unread: Any = getattr(result.cursor, "_result", None)
            with suppress(Exception):
                result.close()
            if getattr(unread, "unbuffered_active", False):
                unread.unbuffered_active = False  # else pymysql, when its object goes, reads on what a lost connection will never send


def _batches(session: Session, result: sa.CursorResult[Any], hints: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The rows in batches of a few megabytes, so also a table of long texts is read with little memory."""
    count = FIRST_ROWS
    names = [f"c{number}" for number in range(len(hints))]
    while True:
        with session.words():
            found = result.fetchmany(count)
        if not found:
            return
        columns = [values.array(_prepared(column, hint)) for column, hint in zip(zip(*found, strict=True), hints, strict=True)]
        batch = pa.RecordBatch.from_arrays(columns, names)
        yield batch
        a_row = max(batch.nbytes / len(found), 1)
        count = max(FEWEST_ROWS, min(MOST_ROWS, int(BATCH_BYTES / a_row), count * 4))


def _prepared(column: Sequence[Any], hint: str) -> Sequence[Any]:
    """Values of types that only their declaration explains; text in a column of dates of MySQL is a date that is none (0000-00-00)."""
    if hint in ("mysql date", "mysql timestamp"):
        return [None if isinstance(one, str) else one for one in column]
    if hint == "bit":
        return [None if one is None else int.from_bytes(one, "big") if isinstance(one, bytes) else one for one in column]
    if hint.startswith("bits"):
        width = int(hint.removeprefix("bits"))
        return [
            None if one is None else format(int.from_bytes(one, "big"), f"0{width}b") if isinstance(one, bytes) else one for one in column
        ]
    return column


def _mysql_hints(result: sa.CursorResult[Any]) -> list[str]:
    """What MySQL's protocol says of each column."""
    from pymysql.constants import FIELD_TYPE as KIND

    found = []
    for _, kind, _, size, *_ in result.cursor.description:
        if kind == KIND.TINY and size == 1:
            found.append("boolean")
        elif kind in (KIND.DATE, KIND.NEWDATE):
            found.append("mysql date")
        elif kind in (KIND.DATETIME, KIND.TIMESTAMP):
            found.append("mysql timestamp")
        elif kind == KIND.BIT:
            found.append("bit" if size == 1 else f"bits{size}")
        else:
            found.append("")
    return found


def _declared(word: str) -> str:
    """The hint in a type that SQLite's columns may be declared as, and hold values of another."""
    word = word.upper()
    if decimal := re.match(r"(DECIMAL|NUMERIC)\((\d+), ?(\d+)\)", word):
        return f"decimal({decimal[2]},{decimal[3]})"
    kinds = (("BOOL", "boolean"), ("TIMESTAMP", "timestamp"), ("DATETIME", "timestamp"), ("DATE", "timestamp"))
    return next((hint for beginning, hint in kinds if word.startswith(beginning)), "")
