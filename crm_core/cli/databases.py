"""Databases as sources of a command: their tables read into the staging area, or looked at where they lie."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from crm_core.errors import SourceError
from crm_core.mapping.model import Mapping
from crm_core.mapping.receipt import Receipt
from crm_core.sources.staging import Progress, Staging

if TYPE_CHECKING:
    from crm_core.engines.base import Engine
    from crm_core.sources.databases.browse import ColumnInfo
    from crm_core.sources.databases.connections import Connection, Connections
    from crm_core.sources.databases.selection import Selection

CONNECTION_PREFIX = "connection:"


def is_database(source: str) -> bool:
    return source.startswith(CONNECTION_PREFIX) or "://" in source


def stage_tables(staging: Staging, sources: Sequence[str], options: argparse.Namespace, progress: Progress) -> None:
    """Reads the tables and queries that the options name from the one database among the sources; nothing where there is none."""
    newer_by = getattr(options, "newer_by", None) or ""
    if len(sources) > 1 or (not sources and (options.table or options.query or newer_by)):
        what = "Several databases are named." if sources else "--table, --query and --newer-by are for databases, and none is named."
        raise SourceError("One database is needed", what, "Name one, as connection:NAME or dialect://user@host/database.")
    if not sources:
        return
    from crm_core.sources.databases import browse, session
    from crm_core.sources.databases.stage import check_newest, stage

    known, connection, name = _connection(sources[0])
    column, days = newer_by, getattr(options, "late_days", 0)
    with session.open(connection, os.environ, known.access) as opened:
        if not options.table and not options.query:
            raise browse.nothing_chosen(opened)
        tables = [browse.find(opened, text) for text in options.table]
        chosen = list(_selections(name, list(zip(options.table, tables, strict=True)), options.query))
        having = {title for title, one in chosen if column and (one.query or _has(browse.columns(opened, one.table, one.schema), column))}
        if column and not having:
            raise SourceError("There is no such column", f"No table that is read has a column “{column}”.", "Name another for --newer-by.")
        for title, selection in chosen:
            table = stage(staging, opened, selection, title, progress, newest_column=column if title in having else "", overlap_days=days)
            if title in having:
                check_newest(table, column)


def _has(columns: Sequence[ColumnInfo], name: str) -> bool:
    return any(one.name == name for one in columns)


def build_in_place(
    options: argparse.Namespace,
    staging: Staging,
    target: Path,
    name: str,
    progress: Progress,
    decide: Callable[[Staging, argparse.Namespace], tuple[Mapping, object]],
) -> Receipt:
    """A workspace file over the tables that the options name, whose rows stay in their database."""
    from crm_core import in_place

    if len(options.sources) != 1 or not options.sources[0].startswith(CONNECTION_PREFIX):
        raise SourceError(
            "One connection is needed",
            "In place, all tables lie in one database that an administrator has named.",
            "Write connection:NAME.",
        )
    if getattr(options, "newer_by", None):
        raise SourceError("There is nothing to refresh", "In place, the rows are always those that are there now.", "Leave out --newer-by.")
    known, connection, named = _connection(options.sources[0])
    access = known.access_to(connection)
    with in_place.open_engine(connection) as engine:
        tables = [(text, _split(engine, text)) for text in options.table]
        if not tables and not options.query:
            raise SourceError(
                "No table is named", "In place needs to know which tables are meant.", "Add --table [SCHEMA.]TABLE, or --query SELECT."
            )
        chosen = [selection for _, selection in _selections(named, tables, options.query)]
        in_place.stage_samples(staging, engine, chosen, access, progress)
        mapping, _ = decide(staging, options)
        return in_place.prepare(staging, mapping, engine, target, name=name, now=datetime.now(UTC), access=access, progress=progress)


def _connection(source: str) -> tuple[Connections, Connection, str]:
    """All that is configured, the connection that the source means, and how a selection calls it."""
    from crm_core.sources.databases.connections import load
    from crm_core.store.home import find_home

    known = load(find_home().root, os.environ)
    name = source.removeprefix(CONNECTION_PREFIX)
    return known, known.find(name) if name != source else known.for_url(source), name


def _split(engine: Engine, text: str) -> tuple[str | None, str]:
    """Schema and table; a name with a dot in it is a table's where there is one of that name."""
    schema, dot, table = text.rpartition(".")
    return (schema, table) if dot and text not in engine.backend.list_tables() else (None, text)


def _selections(
    connection: str, tables: Sequence[tuple[str, tuple[str | None, str]]], queries: Sequence[str]
) -> Iterator[tuple[str, Selection]]:
    """What is read, with its title."""
    from crm_core.sources.databases.selection import Selection

    for text, (schema, table) in tables:
        yield text, Selection(connection, table, schema)
    for number, text in enumerate(queries, 1):
        yield f"query {number}" if number > 1 else "query", Selection(connection, query=text)
