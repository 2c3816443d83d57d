"""Imports for tests: rows put straight into the staging area, a mapping by hand, and what the workspace file then holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from crm_core.mapping.build import build
from crm_core.mapping.model import Grain, ImportOptions, Mapping, TableMapping
from crm_core.mapping.receipt import Receipt
from crm_core.sources.staging import Staging
from tests.crm_core.mapping import cells

IMPORTED_AT = datetime(2026, 1, 2, 3, 4, 5)

#: A flat file of sales as tests write it: column -> field.
SALES = {"who": "customer_id", "no": "order_id", "day": "ordered_at", "pieces": "quantity", "price": "unit_price"}


@dataclass(frozen=True)
class Given:
    """One source table: its name, what a row is, its columns with their cells, and which column feeds which field."""

    name: str
    grain: Grain
    columns: dict[str, Sequence[Any]]
    fields: dict[str, str]  # column -> field
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Imported:
    """What an import left: the receipt it returned and the rows of the file it wrote."""

    receipt: Receipt
    path: Path

    def rows(self, table: str, *columns: str) -> list[tuple[Any, ...]]:
        """Rows of a table in the order of the file; a column may be cast ("opened_at::date")."""
        chosen = ", ".join('"' + column.replace("::", '"::', 1) + ("" if "::" in column else '"') for column in columns) or "*"
        with duckdb.connect(str(self.path), read_only=True) as con:
            return con.execute(f"SELECT {chosen} FROM {table}").fetchall()

    def meta(self, key: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(dict(self.rows("_meta"))[key])
        return found

    def codes(self) -> list[str]:
        return [problem.code for problem in self.receipt.problems]


def sales(name: str, *rows: Sequence[Any], columns: dict[str, str] | None = None, attributes: tuple[str, ...] = ()) -> Given:
    """A table of sales by rows, with the columns of SALES unless others are given; columns without a field follow as attributes."""
    fields = SALES if columns is None else columns
    names = [*fields, *attributes]
    return Given(name, "order_lines", by_column(names, rows), fields, attributes)


def by_column(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, Sequence[Any]]:
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


def carry_out(folder: Path, *tables: Given, **options: Any) -> Imported:
    """Import the tables with these options into a workspace file below `folder`."""
    with Staging(folder) as staging:
        target = folder / "workspace.duckdb"
        receipt = build(staging, stage(staging, tables, options), target, name="Shop", imported_at=IMPORTED_AT)
        return Imported(receipt, target)


def stage(staging: Staging, tables: Sequence[Given], options: dict[str, Any] | None = None) -> Mapping:
    """Put the tables into the staging area; returns the mapping that the tests mean."""
    for table in tables:
        cells.put_columns(staging, table.columns, name=table.name)
        staging.fingerprints[table.name] = str(hash(str(table.columns)))
    mapped = [TableMapping(one.name, one.grain, {field: column for column, field in one.fields.items()}, one.attributes) for one in tables]
    return Mapping(tuple(mapped), ImportOptions(**(options or {})))
