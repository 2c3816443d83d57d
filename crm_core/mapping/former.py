"""What a workspace file remembers of how it was made: from where, by which decisions, and (for refreshes by newer rows) of which rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from crm_core.errors import WorkspaceError
from crm_core.mapping.model import Mapping
from crm_core.sources.databases.selection import Origin
from crm_core.sources.staging import ReadOptions, SourceColumn, StagedTable

HINT = "Import the data again from the Data page, or with the command import."


@dataclass(frozen=True)
class Former:
    """`tables` are the sources as they were staged; `origins` those of them that a database gave, by name. `is_in_place`: the rows stay there."""

    mapping: Mapping
    tables: tuple[StagedTable, ...]
    origins: dict[str, Origin]
    is_in_place: bool = False

    @property
    def connections(self) -> tuple[str, ...]:
        """Names of the connections that the rows come from, each once."""
        return tuple(dict.fromkeys(origin.selection.connection for origin in self.origins.values()))


def read(path: Path) -> Former:
    """Raises WorkspaceError where the file does not say, since another version of this program wrote it, or is damaged."""
    try:
        with duckdb.connect(str(path), read_only=True) as con:
            notes = {str(key): json.loads(value) for key, value in con.execute("SELECT key, value FROM _meta").fetchall()}
        return from_notes(notes.get)
    except (duckdb.Error, ValueError, KeyError, TypeError) as error:
        raise WorkspaceError("This data cannot be refreshed", "It does not tell how it was made.", HINT) from error


def from_notes(note: Callable[[str], Any]) -> Former:
    """The same from the notes of a file that is open already: `note(key)` gives what JSON tells, None for what the file lacks."""
    made = note("made") or {}
    return Former(
        mapping=Mapping.from_dict(note("mapping")),
        tables=tuple(_staged(one) for one in made.get("tables", ())),
        origins={name: Origin.from_dict(one) for name, one in made.get("origins", {}).items()},
        is_in_place=bool(made.get("in_place")),
    )


def _staged(data: dict[str, Any]) -> StagedTable:
    options = ReadOptions(**{**data["options"], "sheets": tuple(data["options"]["sheets"])})
    columns = tuple(SourceColumn(**one) for one in data["columns"])
    return StagedTable(**{**data, "columns": columns, "options": options})
