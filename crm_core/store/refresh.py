"""Brings a workspace up to date from where its rows came from: in full, or with only the rows that came since.

Whatever fails on the way leaves the former data in place, and the former data stays for one undo. Canonical tables are made anew from all rows,
so that a refresh by newer rows gives what a full one gives, as long as rows arrive no later than the days that are read again.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import duckdb

from crm_core.errors import MappingError, Problem, SourceError, WorkspaceError
from crm_core.mapping import former
from crm_core.mapping.build import build
from crm_core.mapping.carrying_out.rows_read import SCHEMA
from crm_core.mapping.former import Former
from crm_core.mapping.meaning.formats import with_formats
from crm_core.mapping.model import Mapping
from crm_core.mapping.receipt import Receipt
from crm_core.mapping.validate import validate
from crm_core.sources.databases import session as databases
from crm_core.sources.databases.connections import Connections
from crm_core.sources.databases.selection import Newest, Origin
from crm_core.sources.databases.session import Session
from crm_core.sources.databases.stage import stage
from crm_core.sources.staging import Progress, SourceColumn, StagedTable, Staging, no_progress, partly
from crm_core.store.workspaces import Entry, Workspaces

BLOCKING = ("error", "question")
HINT_FULL = "Refresh in full: choose “all rows”, or the command refresh with --full."


@dataclass(frozen=True)
class Refreshed:
    """The workspace with its new data, the receipt, and how many rows each table gained (all of them where it was read in full)."""

    entry: Entry
    receipt: Receipt
    rows_read: dict[str, int]
    is_full: bool


def can_refresh(known: Former) -> bool:
    """Did any of its rows come from a database, to be read again?"""
    return bool(known.origins) and not known.is_in_place


def reads_newer(known: Former) -> bool:
    """Can any of its tables be refreshed by newer rows alone?"""
    return any(origin.column for origin in known.origins.values())


def refresh(
    store: Workspaces, entry: Entry, connections: Connections, now: datetime, *, is_full: bool = False, progress: Progress = no_progress
) -> Refreshed:
    """Reads anew what the workspace was made of and accepts it.

    Raises WorkspaceError where it came from files alone, SourceError for what a database says, MappingError where its tables no longer fit the
    decisions; the workspace is then as it was. A `progress` that raises cancels.
    """
    known = former.read(entry.path)
    if not can_refresh(known):
        why = "Its tables are looked at where they lie, so they are always fresh." if known.is_in_place else "Its rows came from files."
        raise WorkspaceError("There is nothing to refresh", why, "Load new files on the Data page." if not known.is_in_place else "")
    candidate = store.candidate(entry.id)
    try:
        with Staging(store.home.staging) as staging:
            rows = _stage_all(staging, entry, known, connections, is_full, partly(progress, 0.0, 0.7))
            mapping, remarks = _fitted(staging, known)
            receipt = build(
                staging, mapping, candidate, name=entry.name, imported_at=now, progress=partly(progress, 0.7, 1.0), remarks=remarks
            )
        return Refreshed(store.accept(entry.id, candidate), receipt, rows, is_full or not reads_newer(known))
    except BaseException:
        store.discard(candidate)
        raise


def _stage_all(
    staging: Staging, entry: Entry, known: Former, connections: Connections, is_full: bool, progress: Progress
) -> dict[str, int]:
    """All tables in their former order; gives by table how many rows were read for it."""
    found: dict[str, int] = {}
    with ExitStack() as opened, _former_rows(staging, entry, known, is_full):
        sessions: dict[str, Session] = {}
        for place, table in enumerate(known.tables):
            step = partly(progress, place / len(known.tables), (place + 1) / len(known.tables))
            origin = known.origins.get(table.name)
            if origin is None:
                _take_over(staging, table)
                continue
            name = origin.selection.connection
            if name not in sessions:
                sessions[name] = opened.enter_context(
                    databases.open(_connection(connections, name), connections.environment, connections.access)
                )
            found[table.name] = _stage_one(staging, sessions[name], table, origin, is_full, step)
    return found


def _connection(connections: Connections, name: str) -> Any:
    return connections.for_url(name) if "://" in name else connections.find(name)


def _former_rows(staging: Staging, entry: Entry, known: Former, is_full: bool) -> ExitStack:
    """The former data, attached for as long as its rows are needed: those of files, and those that newer ones come after."""
    stack = ExitStack()
    if all(table.name in known.origins for table in known.tables) and (is_full or not reads_newer(known)):
        return stack
    quoted = str(entry.path.resolve()).replace("'", "''")
    staging.raw.execute(f"ATTACH '{quoted}' AS former (READ_ONLY)")
    stack.callback(staging.raw.execute, "DETACH former")
    return stack


def _take_over(staging: Staging, table: StagedTable) -> None:
    """A file's rows, as they were kept."""
    ref = staging.next_ref()
    staging.raw.execute(f"CREATE TABLE {ref} AS SELECT * FROM former.{SCHEMA}.{table.ref} ORDER BY rowid")
    staging.replace(table.name, [replace(table, ref=ref, file=table.name, bad_lines=0)])
    staging.fingerprints[table.name] = f"{table.rows} rows of {table.name}, kept"


def _stage_one(staging: Staging, session: Session, table: StagedTable, origin: Origin, is_full: bool, progress: Progress) -> int:
    """Reads one table of a database anew; gives how many rows were read."""
    since = None if is_full or not origin.column else _since(staging, table, origin)
    if since is None:
        read = stage(
            staging, session, origin.selection, table.name, progress, newest_column=origin.column, overlap_days=origin.overlap_days
        )
        return read.rows
    newer = origin.selection.since(origin.column, since)
    read = stage(staging, session, newer, table.name, progress, newest_column=origin.column, overlap_days=origin.overlap_days)
    _put_before(staging, table, read, origin, since)
    return read.rows


def _since(staging: Staging, table: StagedTable, origin: Origin) -> Newest | None:
    """The value above which rows are read again: the newest one, less the days of late arrivals. None where nothing tells."""
    ref = table.column(origin.column).ref
    newest = staging.raw.execute(f"SELECT max({ref}) AS newest FROM former.{SCHEMA}.{table.ref}").to_arrow_table()["newest"][0].as_py()
    if isinstance(newest, date):  # a datetime is one
        return newest - timedelta(days=origin.overlap_days)
    return newest


def _put_before(staging: Staging, table: StagedTable, read: StagedTable, origin: Origin, since: Newest) -> None:
    """The former rows up to `since`, then those read now; raises SourceError where the columns have changed."""
    now = {column.name: column for column in read.columns}
    names = [one.name for one in table.columns]
    changed = [name for name in names if name not in now] + [name for name in now if name not in names]
    if read.rows:  # no rows tell no types
        changed += [one.name for one in table.columns if one.name in now and now[one.name].type != one.type]
    if changed:
        raise SourceError(
            "A table has changed",
            f"“{table.name}” has other columns, or other types of columns, than before: {', '.join(changed)}.",
            HINT_FULL,
        )
    ref, by = staging.next_ref(), table.column(origin.column).ref
    former_columns = ", ".join(column.ref for column in table.columns)
    new_columns = ", ".join(now[name].ref for name in names)
    try:
        staging.raw.execute(
            f"CREATE TABLE {ref} AS SELECT {former_columns} FROM (SELECT *, rowid AS place FROM former.{SCHEMA}.{table.ref} WHERE {by} <= ? ORDER BY place)",
            [since],
        )
        if read.rows:
            staging.raw.execute(f"INSERT INTO {ref} SELECT {new_columns} FROM {read.ref} ORDER BY rowid")
    except duckdb.Error as error:
        raise SourceError("A table has changed", f"The rows of “{table.name}” no longer fit those read before.", HINT_FULL) from error
    merged = replace(read, ref=ref, columns=table.columns, rows=staging.count(ref))
    kept, fingerprint = staging.origins[table.name], staging.fingerprints[table.name]
    staging.replace(table.name, [merged])
    staging.origins[table.name] = kept
    staging.fingerprints[table.name] = f"{fingerprint} and {merged.rows - read.rows} rows up to {since}"


def _fitted(staging: Staging, known: Former) -> tuple[Mapping, list[Problem]]:
    """The former decisions, and remarks on columns of another type, of which is decided anew how they write their values.

    Raises MappingError with all that no longer fits.
    """
    retyped = {(table.name, column.name): (before, column.type) for table, column, before in _retyped(staging, known)}
    tables = [
        replace(
            table,
            numbers={name: how for name, how in table.numbers.items() if (table.source, name) not in retyped},
            dates={name: how for name, how in table.dates.items() if (table.source, name) not in retyped},
        )
        for table in known.mapping.tables
    ]
    problems = [
        one
        for one in validate(staging, replace(known.mapping, tables=tuple(tables)))
        if one.severity in BLOCKING and one.code != "format_missing"
    ]
    mapping = known.mapping
    if not problems:
        mapping = replace(mapping, tables=with_formats(staging, tables, mapping.options).tables)
        problems = [one for one in validate(staging, mapping) if one.severity in BLOCKING]
    if problems:
        raise MappingError(
            "The tables have changed",
            "The former decisions no longer fit them, so nothing was replaced.",
            "Load the tables again on the Data page.",
            problems,
        )
    used = {(table.source, name) for table in mapping.tables for name in (*table.fields.values(), *table.attributes)}
    return mapping, [
        Problem("column_retyped", "warning", f"The column was {before} and is {now} now", table=table, column=column)
        for (table, column), (before, now) in retyped.items()
        if (table, column) in used
    ]


def _retyped(staging: Staging, known: Former) -> list[tuple[StagedTable, SourceColumn, str]]:
    """Columns that had another type before: their table, themselves as they are now, and the former type."""
    before = {table.name: {column.name: column.type for column in table.columns} for table in known.tables}
    return [
        (table, column, was)
        for table in staging.tables
        for column in table.columns
        if (was := before.get(table.name, {}).get(column.name, column.type)) != column.type
    ]
