"""Remembered mappings: how a user mapped a table of this shape the last time.

The shape of a table is a hash of its column names (normalised, in any order), so next month's export finds the decisions
on this month's. Column names and decisions are kept, never a value of a file: an example date in the evidence of a format is dropped.
One row a shape, replaced when a user decides anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import unicodedata
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Environment
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from crm_core.errors import WorkspaceError
from crm_core.mapping.model import DateFormat, Mapping, TableMapping, fields_for
from crm_core.sources.staging import StagedTable, Staging
from crm_core.store.home import Home
from crm_core.store.saved.database import Database
from crm_core.store.saved.models import RememberedMapping
from crm_core.store.saved.opening import open_saved


class RememberedMappings:
    """The store of remembered mappings; every method is one transaction and raises WorkspaceError where the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def remember(self, staging: Staging, mapping: Mapping, now: datetime) -> None:
        """Keeps the decisions on every table of an accepted import."""
        with _in_words(), self._database.writing() as session:
            for table in mapping.tables:
                decisions = json.dumps(_forget_values(table), ensure_ascii=False)
                session.merge(RememberedMapping(shape=shape_of(staging.staged(table.source)), decisions=decisions, saved_at=now))

    def recall(self, staging: Staging) -> Mapping | None:
        """Former decisions on the tables that are staged, in terms of their present names; None where no shape is known."""
        with _in_words(), self._database.reading() as session:
            rows = [(table, session.get(RememberedMapping, shape_of(table))) for table in staging.tables]
            found = [(table, row.decisions) for table, row in rows if row is not None]
        tables = tuple(kept for table, decisions in found if (kept := _read(decisions, table)))
        return Mapping(tables) if tables else None


def open_mappings(home: Home, environment: Environment[str, str] = os.environ) -> RememberedMappings:
    """Those of the store (see saved/opening.py). Raises WorkspaceError where there is none."""
    with _in_words():
        return RememberedMappings(open_saved(home, environment).database)


def shape_of(table: StagedTable) -> str:
    """Hash of the table's normalised column names, whatever their order."""
    names = sorted(normalise(column.name) for column in table.columns)
    return hashlib.sha256("\x1f".join(names).encode()).hexdigest()


def normalise(name: str) -> str:
    """A column name without case, blanks and marks: "Order ID", "order_id" and "OrderId" are one."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", name).casefold() if letter.isalnum()) or name


def _forget_values(table: TableMapping) -> dict[str, Any]:
    """The decisions without what could hold a value of the file."""
    dates = {column: replace(style, evidence="") for column, style in table.dates.items()}
    return Mapping((replace(table, dates=dates),)).as_dict()["tables"][0]


def _read(decisions: str, table: StagedTable) -> TableMapping | None:
    """The kept decisions on the table; None where another version of this program wrote them, or they are damaged."""
    try:
        kept = _renamed(json.loads(decisions), table)
        known = fields_for(kept.grain)
        return replace(kept, fields={field: column for field, column in kept.fields.items() if field in known})
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _renamed(decisions: dict[str, Any], table: StagedTable) -> TableMapping:
    """The kept decisions with the source's and the columns' present spelling."""
    kept = Mapping.from_dict({"tables": [decisions], "options": {}}).tables[0]
    names = {normalise(column.name): column.name for column in table.columns}

    def present(columns: Iterable[str]) -> dict[str, str]:
        return {column: names[normalise(column)] for column in columns if normalise(column) in names}

    return TableMapping(
        source=table.name,
        grain=kept.grain,
        fields={field: name for field, column in kept.fields.items() for name in present([column]).values()},
        attributes=tuple(present(kept.attributes).values()),
        numbers={name: kept.numbers[column] for column, name in present(kept.numbers).items()},
        dates={name: _as_remembered(kept.dates[column]) for column, name in present(kept.dates).items()},
        scale=kept.scale,
    )


def _as_remembered(style: DateFormat) -> DateFormat:
    return replace(style, evidence="as chosen for a file of the same shape before", is_ambiguous=False)


@contextmanager
def _in_words() -> Iterator[None]:
    """What the store says, in the words of an import, which does not need it."""
    try:
        yield
    except WorkspaceError as error:
        raise WorkspaceError(
            "Remembered mappings cannot be read", f"{error.title}. {error.message}", f"The import works without them. {error.hint}"
        ) from error
