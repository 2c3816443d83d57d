"""What is in a database: schemas, tables and views, columns, keys, and the first rows of one. Every question has the connection's timeout."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine.reflection import Inspector
from sqlalchemy.exc import NoSuchTableError, SAWarning

from crm_core.errors import SourceError
from crm_core.sources.databases.selection import Join, Selection
from crm_core.sources.databases.session import Session
from crm_core.sources.layout import unique_names

#: Schemas of the servers' own.
SYSTEM = frozenset(("information_schema", "pg_catalog", "pg_toast", "mysql", "performance_schema", "sys"))
MOST_PREVIEWED = 1000
MOST_NAMED = 40
LONGEST_CELL = 500


@dataclass(frozen=True)
class TableInfo:
    """`rows` is about how many, from the server's statistics; None where they do not say."""

    schema: str | None
    name: str
    kind: str  # "table" or "view"
    rows: int | None = None

    @property
    def title(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name


@dataclass(frozen=True)
class ColumnInfo:
    """`type` is the database's own word for it."""

    name: str
    type: str
    is_nullable: bool


@dataclass(frozen=True)
class Keys:
    """The primary key of a table, and for each foreign key the table it leads to with the pairs of columns."""

    primary: tuple[str, ...]
    foreign: tuple[Join, ...]


def schemas(session: Session) -> list[str | None]:
    """Names of schemas that are shown; [None] for databases without any (SQLite)."""
    if session.connection.schemas:
        return list(session.connection.schemas)
    if session.dialect == "sqlite":
        return [None]
    with _inspected(session) as inspector:
        found: list[str | None] = [one for one in inspector.get_schema_names() if one.lower() not in SYSTEM and not one.startswith("pg_")]
        default = inspector.default_schema_name
    return sorted(found, key=lambda one: (one != default, one or ""))


def tables(session: Session, schema: str | None = None) -> list[TableInfo]:
    """Tables and views of a schema, of the default one where none is named; sorted by name."""
    with _inspected(session) as inspector:
        schema = schema or _default_schema(session, inspector)
        names = [(one, "table") for one in inspector.get_table_names(schema=schema)]
        names += [(one, "view") for one in inspector.get_view_names(schema=schema)]
        if session.dialect == "postgresql":
            names += [(one, "view") for one in inspector.get_materialized_view_names(schema=schema)]
    rows = _row_counts(session, schema)
    return [TableInfo(schema, name, kind, rows.get(name)) for name, kind in sorted(set(names))]


def find(session: Session, text: str) -> tuple[str | None, str]:
    """Schema and name of the table that “[schema.]table” means; names with dots in them are found too. Raises SourceError that tells what there is."""
    shown = tables(session)
    for one in shown:
        if one.name == text:
            return one.schema, one.name
    for place in (number for number, letter in enumerate(text) if letter == "."):
        schema, name = text[:place], text[place + 1 :]
        if any(one.name == name for one in tables(session, schema)):
            return schema, name
    names = ", ".join(one.name for one in shown[:MOST_NAMED]) or "none"
    more = f" and {len(shown) - MOST_NAMED:,} more" if len(shown) > MOST_NAMED else ""
    raise SourceError(
        "There is no such table", f"“{session.title}” has no table or view “{text}”. There are: {names}{more}.", "Check the spelling."
    )


def nothing_chosen(session: Session) -> SourceError:
    """What to say to one who named a database and nothing in it: which tables there are."""
    names = [one.title for schema in schemas(session) for one in tables(session, schema)]
    there = ", ".join(names[:MOST_NAMED]) + (f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else "")
    return SourceError(
        "No table is named",
        f"“{session.title}” has: {there or 'no tables'}.",
        "Add --table NAME, more than once for several, or --query SELECT.",
    )


def columns(session: Session, table: str, schema: str | None = None) -> list[ColumnInfo]:
    """The columns of a table or view, in their order. Raises SourceError where there is no such table."""
    with _inspected(session) as inspector, _no_such(session, table, schema), warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # of types that it does not know: they are read as text
        found = inspector.get_columns(table, schema=schema)
    return [ColumnInfo(_name(session, one["name"]), _type_word(one["type"], session), bool(one.get("nullable", True))) for one in found]


def keys(session: Session, table: str, schema: str | None = None) -> Keys:
    """Primary and foreign keys, for suggesting joins."""
    with _inspected(session) as inspector, _no_such(session, table, schema):
        primary = inspector.get_pk_constraint(table, schema=schema).get("constrained_columns") or ()
        foreign = inspector.get_foreign_keys(table, schema=schema)
    joins = [
        Join(one["referred_table"], tuple(zip(one["constrained_columns"], one["referred_columns"], strict=True)), one["referred_schema"])
        for one in foreign
        if one["constrained_columns"] and len(one["constrained_columns"]) == len(one["referred_columns"])
    ]
    return Keys(tuple(primary), tuple(joins))


def preview(session: Session, selection: Selection, rows: int = 20) -> pd.DataFrame:
    """The first rows as text under unique names, for a look: long cells are cut. Raises SourceError, also after the connection's timeout."""
    from crm_core.sources.databases import queries
    from crm_core.sources.databases.tables import tabled

    most = max(1, min(rows, MOST_PREVIEWED))
    options: Any = {"no_parameters": True}
    names: list[str] = []
    if selection.query:
        statement: Any = queries.text(session, queries.limited(queries.parsed(session, selection.query), most))
    else:
        table = tabled(session, replace(selection, newer_than=None))
        statement, names = table.statement.limit(most), [one.name for one in table.columns]
    with session.reading() as connection:
        run = connection.execute(statement) if names else connection.exec_driver_sql(statement, execution_options=options)
        names = names or list(unique_names([*map(str, run.keys())]))
        found = run.fetchmany(most)
    return pd.DataFrame([[_cell(value) for value in row] for row in found], columns=names, dtype=object)


def _cell(value: Any) -> str | None:
    if value is None:
        return None
    text = "\\x" + bytes(value).hex() if isinstance(value, bytes | bytearray | memoryview) else str(value)
    return text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - 1] + "…"


@contextmanager
def _inspected(session: Session) -> Iterator[Inspector]:
    with session.reading() as connection:
        yield sa.inspect(connection)


@contextmanager
def _no_such(session: Session, table: str, schema: str | None) -> Iterator[None]:
    is_missing = False
    try:
        yield
    except NoSuchTableError:
        is_missing = True
    if is_missing:
        raise no_such_table(session, table, schema)


def no_such_table(session: Session, table: str, schema: str | None) -> SourceError:
    name = f"{schema}.{table}" if schema else table
    return SourceError(
        "There is no such table",
        f"“{session.title}” has no table or view “{name}”, or this user may not see it. It may have been renamed or removed.",
        "Choose the table again.",
    )


def _default_schema(session: Session, inspector: Inspector) -> str | None:
    if session.connection.schemas:
        return session.connection.schemas[0]
    return inspector.default_schema_name if session.dialect != "sqlite" else None


def _row_counts(session: Session, schema: str | None) -> dict[str, int]:
    """About how many rows each table has; empty where the server keeps no such statistics, or none that this user may see."""
    statement = ROW_COUNTS.get(session.dialect)
    if statement is None:
        return {}
    with session.reading() as connection:
        found = connection.execute(sa.text(statement), {"schema": schema}).fetchall()
    return {name: int(rows) for name, rows in found if rows is not None and rows >= 0}


_MYSQL_COUNTS = "SELECT table_name, table_rows FROM information_schema.tables WHERE table_schema = coalesce(:schema, database())"
ROW_COUNTS = {
    "postgresql": """SELECT c.relname, CASE WHEN c.relkind = 'p' THEN
            (SELECT sum(greatest(p.reltuples, 0))::bigint FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhrelid WHERE i.inhparent = c.oid)
            ELSE c.reltuples::bigint END
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = :schema AND c.relkind IN ('r', 'p', 'm', 'f')""",
    "mysql": _MYSQL_COUNTS,
    "mariadb": _MYSQL_COUNTS,
}


def about_rows(session: Session, table: str, schema: str | None) -> int | None:
    """About how many rows one table has, for showing progress."""
    with _inspected(session) as inspector:
        schema = schema or _default_schema(session, inspector)
    return _row_counts(session, schema).get(table)


def _name(session: Session, name: str) -> str:
    """SQLAlchemy 2.1 reads MySQL's columns out of a CREATE TABLE, and leaves a ` in a name doubled."""
    return name.replace("``", "`") if session.dialect in ("mysql", "mariadb") else str(name)


def _type_word(kind: Any, session: Session) -> str:
    try:
        return str(kind.compile(dialect=session.engine.dialect))
    except Exception:  # types that SQLAlchemy does not know have no words
        return "unknown"
