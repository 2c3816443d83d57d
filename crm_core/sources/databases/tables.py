"""A selection's table, with those joined to it by keys, as one SELECT in which SQLAlchemy quotes every name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import sqlalchemy as sa

from crm_core.errors import SourceError
from crm_core.sources.databases import browse, statements
from crm_core.sources.databases.browse import ColumnInfo
from crm_core.sources.databases.selection import Join, Selection
from crm_core.sources.databases.session import Session
from crm_core.sources.layout import unique_names


@dataclass(frozen=True)
class Tabled:
    """`statement` gives columns c0, c1 ...; `columns` are theirs in that order, by the names that the user sees."""

    statement: sa.Select[Any]
    columns: tuple[ColumnInfo, ...]


@dataclass(frozen=True)
class _Column:
    info: ColumnInfo  # by the name that the user sees
    element: sa.ColumnElement[Any]
    raw: str  # its name in the database


def tabled(session: Session, selection: Selection) -> Tabled:
    """Raises SourceError for a table or column that is not there."""
    main, found = _table(session, selection.table, selection.schema, 0)
    source: sa.FromClause = main
    for number, join in enumerate(selection.joins, 1):
        other, others = _table(session, join.table, join.schema or selection.schema, number)
        source = source.outerjoin(other, _condition(session, join, found, others))
        keys = {right for _, right in join.on}  # the same values as on the left, or nothing
        found += [replace(one, info=replace(one.info, name=f"{join.table}.{one.info.name}")) for one in others if one.raw not in keys]
    names = unique_names([one.info.name for one in found])
    found = [replace(one, info=replace(one.info, name=name)) for name, one in zip(names, found, strict=True)]
    wanted = found if selection.columns is None else [_named(session, found, name) for name in selection.columns]
    if not wanted:
        raise SourceError("The table has no columns", f"“{selection.title}” has nothing that could be read.", "Choose another table.")
    statement = sa.select(*[one.element.label(f"c{number}") for number, one in enumerate(wanted)]).select_from(source)
    if selection.newer_than is not None:
        column = _named(session, found, selection.newer_than[0]).element
        statement = statement.where(_newer(session, column, selection))
    return Tabled(statement, tuple(one.info for one in wanted))


def missing_column(session: Session, name: str, names: list[str]) -> SourceError:
    return SourceError(
        "There is no such column",
        f"What is read from “{session.title}” has no column “{name}”. It has: {', '.join(names[:30])}.",
        "Choose the columns again: it may have been renamed or removed.",
    )


def _table(session: Session, table: str, schema: str | None, number: int) -> tuple[sa.FromClause, list[_Column]]:
    statements.check_place(table, schema, session.access)
    infos = browse.columns(session, table, schema)
    made = sa.table(table, *[sa.column(one.name) for one in infos], schema=schema).alias(f"t{number}")
    return made, [_Column(info, made.c[info.name], info.name) for info in infos]


def _condition(session: Session, join: Join, lefts: list[_Column], rights: list[_Column]) -> sa.ColumnElement[bool]:
    return sa.and_(*[_named(session, lefts, left).element == _named(session, rights, right).element for left, right in join.on])


def _named(session: Session, columns: list[_Column], name: str) -> _Column:
    for one in columns:
        if name in (one.info.name, one.raw):
            return one
    raise missing_column(session, name, [one.info.name for one in columns])


def _newer(session: Session, column: sa.ColumnElement[Any], selection: Selection) -> sa.ColumnElement[bool]:
    """Rows newer than what was read before, and those of which nobody knows."""
    assert selection.newer_than is not None  # noqa: S101 asked by the caller
    value = selection.newer_than[1]
    is_text = session.dialect == "sqlite" and isinstance(value, date)  # SQLite keeps times as text
    condition = column > sa.literal(str(value) if is_text else value)
    return sa.or_(condition, column.is_(None)) if selection.with_nulls else condition
