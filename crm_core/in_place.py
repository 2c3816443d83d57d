"""Analyses where the company's tables lie: from a connection and a choice of tables to a workspace that holds none of their rows.

The workspace file keeps the decisions and the receipt; each opening connects anew, looks at the tables as they are now and makes the canonical
tables expressions over them (see mapping/in_place).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping as Environment
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from crm_core.engines.base import Engine
from crm_core.engines.connect import connect
from crm_core.errors import SourceError
from crm_core.mapping.carrying_out.meta import how_made, write
from crm_core.mapping.carrying_out.rejects import create_table
from crm_core.mapping.carrying_out.target import Target
from crm_core.mapping.former import Former
from crm_core.mapping.in_place.model import InPlace, Source
from crm_core.mapping.in_place.tables import canonical, reopened
from crm_core.mapping.model import Mapping
from crm_core.mapping.receipt import Receipt
from crm_core.schema import FORMAT
from crm_core.sources import arrow
from crm_core.sources.databases import statements
from crm_core.sources.databases.connections import Access, Connection, Connections, load
from crm_core.sources.databases.selection import Origin, Selection
from crm_core.sources.staging import Progress, StagedTable, Staging, no_progress

#: Rows of each table that are looked at to suggest what its columns mean.
SAMPLE_ROWS = 10_000
#: Beginning of the names of canonical tables on the engine: the company may have tables of these names itself.
VIEWS = "crm_canonical_"
#: What users' own queries may do where the administrator says nothing.
USUAL = Access()


@dataclass(frozen=True)
class Opened:
    """The engine with the canonical tables on it, as they are now; `state` changes when they do."""

    engine: Engine
    found: InPlace
    state: str


def rows_of(engine: Engine, selection: Selection, access: Access = USUAL) -> ir.Table:
    """What is selected, as an expression over the company's tables. Raises SourceError or WorkspaceError where it is not there, or not allowed."""
    with engine.in_words():
        if selection.query:
            return _plain(engine.query(statements.checked(selection.query, engine.dialect, access)))
        rows = _source(engine, selection.table, selection.schema, access)
        for join in selection.joins:
            other = _source(engine, join.table, join.schema or selection.schema, access)
            keys = {right for _, right in join.on}
            named = other.select(
                **{f"key {number}": other[right] for number, (_, right) in enumerate(join.on)},
                **{f"{join.table}.{name}": other[name] for name in other.columns if name not in keys},
            )
            on = [rows[left] == named[f"key {number}"] for number, (left, _) in enumerate(join.on)]
            rows = rows.left_join(named, on).drop(*(f"key {number}" for number in range(len(join.on))))
        return _plain(rows if selection.columns is None else rows.select(*selection.columns))


def _plain(rows: ir.Table) -> ir.Table:
    """The columns that a field can take, ids and the like of a type of their own as text; lists, shapes, bytes and what Ibis does not know are left out."""
    usual, as_text = (dt.Numeric, dt.Boolean, dt.String, dt.Date, dt.Timestamp), (dt.UUID, dt.JSON, dt.INET, dt.MACADDR, dt.Time)
    if all(isinstance(kind, usual) and not isinstance(kind, as_text) for kind in rows.schema().types):
        return rows
    kept = {
        name: rows[name].cast("string") if isinstance(kind, as_text) else rows[name]
        for name, kind in rows.schema().items()
        if isinstance(kind, (*usual, *as_text))
    }
    if not kept:
        raise SourceError("The table has no columns", "None of its columns holds numbers, texts or dates.", "Choose another table.")
    return rows.select(**kept)


def _source(engine: Engine, table: str, schema: str | None, access: Access) -> ir.Table:
    """One of the company's tables; the server's own, with its sessions, rights and passwords, are nobody's data."""
    statements.check_place(table, schema, access)
    if statements.is_a_file(table, schema, engine.dialect) and table not in engine.backend.list_tables():
        raise statements.refused(f"the file “{table}” in place of a table")
    return engine.source(table, schema or "")


def stage_samples(
    staging: Staging,
    engine: Engine,
    selections: Sequence[Selection],
    access: Access = USUAL,
    progress: Progress = no_progress,
    titles: Sequence[str] = (),
) -> list[StagedTable]:
    """The first rows of each table, from which is suggested what its columns mean; the user calls them `titles`, else by their own."""
    staged = []
    for number, selection in enumerate(selections):
        title = titles[number] if titles else selection.title
        progress(number / len(selections), f"Looking at {title}")
        rows = rows_of(engine, selection, access).limit(SAMPLE_ROWS)
        with engine.in_words():
            found = engine.arrow(rows)
        read = {"Query" if selection.query else "Table": selection.query or selection.title}
        staged.append(arrow.stage(staging, found, title, {**read, "Looked at": f"the first {found.num_rows:,} rows"}))
        staging.origins[title] = Origin(selection)
    return staged


def prepare(
    staging: Staging,
    mapping: Mapping,
    engine: Engine,
    target: Path,
    *,
    name: str,
    now: datetime,
    access: Access = USUAL,
    progress: Progress = no_progress,
) -> Receipt:
    """Writes the workspace file `target` for the tables that `staging` has samples of, and returns the receipt of all their rows.

    Raises MappingError or DataError as an import does, and what `progress` raises, which stops the engine; then there is no file.
    """
    origins = dict(staging.origins)
    sources = _sources(engine, origins, access)
    with engine.in_words():
        found = engine.beside(
            lambda: canonical(sources, mapping, engine, engine.execute(ibis.today())),
            lambda: progress(0.0, f"{engine.label} goes through all rows…"),
        )
    workspace = {
        "format": FORMAT,
        "name": name,
        "imported_at": now.isoformat(),
        "fingerprint": _hash([mapping.as_dict(), {title: origin.as_dict() for title, origin in origins.items()}, FORMAT]),
        "sources": list(origins),
        "labels": found.labels,
        "currency": found.currency,
        "first_day": found.first_day.isoformat() if found.first_day else None,
        "last_day": found.last_day.isoformat() if found.last_day else None,
        "fields": {table: sorted(fields) for table, fields in found.fields.items()},
        "in_place": True,
    }
    with Target(staging, target) as made:
        create_table(made)
        write(staging.raw, workspace, mapping, found.receipt, how_made(staging, in_place=True))
        made.finish()
    return found.receipt


def open_engine(connection: Connection, environment: Environment[str, str] = os.environ) -> Engine:
    """The engine of a connection that analyses may run inside. Raises SourceError."""
    return connect(connection, environment)


def connections(environment: Environment[str, str] = os.environ) -> Connections:
    """The administrator's connections. Raises SourceError for a configuration with faults."""
    home = environment.get("CRM_HOME") or "~/.crm-dashboard"
    return load(Path(os.path.expanduser(home)).resolve(), environment)


def open_tables(known: Former, before: InPlace, environment: Environment[str, str] = os.environ) -> Opened:
    """The tables that a workspace file names, on their engine, as they are now; `before` is what its file says of them.

    Raises SourceError or WorkspaceError where they cannot be reached or have changed.
    """
    (name,) = known.connections or ("",)
    reachable = connections(environment)
    connection = reachable.find(name)
    engine = open_engine(connection, environment)
    try:
        sources = _sources(engine, known.origins, reachable.access_to(connection))
        with engine.in_words():
            found = reopened(sources, known.mapping, engine, before, engine.execute(ibis.today()))
        with engine.in_words():
            tables = {table: engine.view(f"{VIEWS}{table}", rows) for table, rows in found.tables.items()}
    except BaseException:
        engine.close()
        raise
    found = replace(found, tables=tables)
    return Opened(engine, found, _hash([found.receipt.counts, str(found.first_day), str(found.last_day)]))


def _sources(engine: Engine, origins: dict[str, Origin], access: Access) -> list[Source]:
    return [Source(title, rows_of(engine, origin.selection, access)) for title, origin in origins.items()]


def _hash(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True, default=str).encode()).hexdigest()
