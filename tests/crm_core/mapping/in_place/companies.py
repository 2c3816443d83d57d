"""A company's own tables for tests: what was staged for an import, as typed tables of an engine; and the same data imported, to compare with."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa
from psycopg import sql

from crm_core.engines.base import Engine
from crm_core.engines.postgres import Postgres
from crm_core.mapping.build import build
from crm_core.mapping.in_place.model import InPlace, Source
from crm_core.mapping.in_place.tables import canonical
from crm_core.mapping.meaning.formats import DATE_KINDS, NUMBER_KINDS, columns_of, with_formats
from crm_core.mapping.model import DateFormat, Mapping, NumberFormat, TableMapping
from crm_core.mapping.receipt import Receipt
from crm_core.mapping.suggest import suggest
from crm_core.mapping.values import dates, numbers
from crm_core.schema import TABLES
from crm_core.sources.files import stage
from crm_core.sources.staging import Staging
from tests.crm_core.mapping import imports
from tests.crm_core.mapping.imports import IMPORTED_AT, Given
from tests.servers.postgres import PostgresServer

#: Columns that an import numbers by the place of the row in its file.
BY_PLACE = {"order_lines": {"line_no"}, "surveys": {"row_no"}}


@dataclass(frozen=True)
class Company:
    """Typed tables with the mapping that reads them, the workspace file that an import of the same rows made, and its receipt."""

    tables: dict[str, pa.Table]
    mapping: Mapping
    imported: Path
    receipt: Receipt


def of_files(folder: Path, *files: Path) -> Company:
    """The files with every decision as suggested."""
    with Staging(folder) as staging:
        for file in files:
            stage(staging, file)
        return _company(staging, suggest(staging).mapping, folder / "imported.duckdb")


def of_tables(folder: Path, *tables: Given, scales: dict[str, str] | None = None, **options: Any) -> Company:
    """Tables by hand; columns of dates and numbers that are texts become typed ones."""
    with Staging(folder) as staging:
        mapping = imports.stage(staging, tables, options)
        for name, scale in (scales or {}).items():
            mapping = mapping.with_table(replace(mapping.table(name), scale=scale))
        return _company(staging, mapping, folder / "imported.duckdb")


def _company(staging: Staging, mapping: Mapping, target: Path) -> Company:
    complete = replace(mapping, tables=with_formats(staging, mapping.tables, mapping.options).tables)
    receipt = build(staging, complete, target, name="Shop", imported_at=IMPORTED_AT)
    used = [one for one in complete.tables if one.grain != "ignore"]
    tables = {one.source: _typed(staging, one, mapping.options.timezone) for one in used}
    return Company(tables, replace(complete, tables=tuple(_of_typed(one) for one in used)), target, receipt)


def _typed(staging: Staging, table: TableMapping, timezone: str) -> pa.Table:
    rows, staged = staging.table(table.source), staging.staged(table.source)
    days, figures = columns_of(table, DATE_KINDS).values(), columns_of(table, NUMBER_KINDS).values()
    found: dict[str, ir.Value] = {}
    for column in staged.columns:
        cells = rows[column.ref]
        if isinstance(cells, ir.StringValue) and column.name in days:
            cells = dates.read(cells, table.dates[column.name], timezone)
        elif isinstance(cells, ir.StringValue) and column.name in figures:
            cells = numbers.read(cells, table.numbers[column.name])
        found[column.name] = cells
    return staging.con.to_pyarrow(rows.select(**found))


def _of_typed(table: TableMapping) -> TableMapping:
    return replace(table, dates=dict.fromkeys(table.dates, DateFormat("native")), numbers=dict.fromkeys(table.numbers, NumberFormat()))


# -- engines -------------------------------------------------------------------------------------------------------------


class Counting:
    """An engine that notes the questions put to it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.questions: list[str] = []

    def execute(self, expr: ir.Expr) -> Any:
        self.questions.append(str(self.engine.backend.compile(expr)))
        return self.engine.execute(expr)


@dataclass(frozen=True)
class Opened:
    """A company opened where its tables lie."""

    engine: Engine
    asked: Counting
    sources: list[Source]
    found: InPlace

    def rows(self, name: str, *columns: str) -> list[tuple[Any, ...]]:
        """Rows of a canonical table in the order of these columns."""
        table = self.found.tables[name]
        chosen = self.engine.arrow(table.select(*(columns or table.columns)))
        rows = list(zip(*(column.to_pylist() for column in chosen.columns), strict=True))
        return sorted(rows, key=lambda row: tuple((cell is not None, str(cell)) for cell in row))


def in_duckdb(company: Company, today: date | None = None) -> Opened:
    engine = Engine(ibis.duckdb.connect())
    for name, rows in company.tables.items():
        engine.backend.create_table(name, rows)
    return opened(engine, company, today)


def in_postgres(company: Company, server: PostgresServer, today: date | None = None) -> Opened:
    database = server.create_database("company")
    with server.connect(database) as connection:
        for name, rows in company.tables.items():
            _load(connection, name, rows)
    return opened(connect(server, database), company, today)


def connect(server: PostgresServer, database: str) -> Postgres:
    login = {"user": server.user, "password": server.password}
    return Postgres({"host": server.host, "port": server.port, "dbname": database, **login})


def opened(engine: Engine, company: Company, today: date | None = None) -> Opened:
    """The tables of the company, which lie in the engine already."""
    asked, sources = Counting(engine), [Source(name, engine.backend.table(name)) for name in company.tables]
    return Opened(engine, asked, sources, canonical(sources, company.mapping, asked, today or IMPORTED_AT.date()))


def _load(connection: Any, name: str, rows: pa.Table) -> None:
    columns = [sql.SQL("{} {}").format(sql.Identifier(one.name), sql.SQL(_postgres_type(one.type))) for one in rows.schema]
    connection.execute(sql.SQL("CREATE TABLE {} ({})").format(sql.Identifier(name), sql.SQL(", ").join(columns)))
    with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(name))) as copy:
        for batch in rows.to_batches(max_chunksize=50_000):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                copy.write_row([cell.replace("\x00", "") if isinstance(cell, str) else cell for cell in row])


def _postgres_type(kind: pa.DataType) -> str:
    if pa.types.is_decimal(kind):
        return f"numeric({kind.precision}, {kind.scale})"
    if pa.types.is_timestamp(kind):
        return "timestamptz" if kind.tz else "timestamp"
    known = {
        pa.types.is_integer: "bigint",
        pa.types.is_floating: "double precision",
        pa.types.is_boolean: "boolean",
        pa.types.is_date: "date",
    }
    return next((name for holds, name in known.items() if holds(kind)), "text")


# -- comparing ----------------------------------------------------------------------------------------------------------------


def differences(company: Company, opened: Opened, but: dict[str, set[str]] | None = None) -> dict[str, tuple[list[Any], list[Any]]]:
    """By table: rows only of the tables in place, and rows only of the import; compared in all columns but those numbered by place and `but`."""
    return {
        name: pair
        for name in opened.found.tables
        if any(pair := _difference(company, opened, name, {*BY_PLACE.get(name, ()), *(but or {}).get(name, ())}))
    }


def _difference(company: Company, opened: Opened, name: str, left_out: set[str]) -> tuple[list[Any], list[Any]]:
    found = opened.engine.arrow(opened.found.tables[name])
    columns = ", ".join(f'"{column}"' for column in found.column_names if column not in left_out)
    with duckdb.connect() as con:
        con.execute("ATTACH '" + str(company.imported) + "' AS imported (READ_ONLY)")
        con.register("found", found)
        theirs, ours = f"SELECT {columns} FROM imported.{name}", f"SELECT {columns} FROM found"
        return con.execute(f"{ours} EXCEPT ALL {theirs}").fetchall(), con.execute(f"{theirs} EXCEPT ALL {ours}").fetchall()


def same_receipt(company: Company, opened: Opened) -> bool:
    """Do the two receipts agree on all figures? The import alone looks for repeats and tells how files were read."""
    names = ("counts", "period", "customers", "lines_not_attributed", "amount_not_attributed", "lines_returned", "amount_returned")
    names += ("orders_void", "lines_void", "net_sales", "currency", "currencies", "status_words")
    ours, theirs = opened.found.receipt, company.receipt
    pairs = [(getattr(ours, name), getattr(theirs, name)) for name in names]
    pairs += [
        ((one.rows_read, one.rows_used, one.rejected_by_reason), (other.rows_read, other.rows_used, other.rejected_by_reason))
        for one, other in zip(ours.sources, theirs.sources, strict=True)
    ]
    unequal = [(one, other) for one, other in pairs if one != other]
    assert unequal == []
    return True


def types_of(opened: Opened) -> bool:
    """Have all tables exactly the columns and types of the schema, and attributes besides?"""
    for name, rows in opened.found.tables.items():
        known = {field.name: ibis.dtype(field.type) for field in TABLES[name].stored()}
        more = {column: ibis.dtype("string") for column in rows.columns if column.startswith("attr_")}
        assert dict(rows.schema().items()) == known | more, name
    return True


def filled(company: Company) -> dict[str, frozenset[str]]:
    """The columns that hold values in the import, but for those numbered by place."""
    with duckdb.connect(str(company.imported), read_only=True) as con:
        row = con.execute("SELECT value FROM _meta WHERE key = 'workspace'").fetchone()
    assert row is not None
    return {name: frozenset(fields) - BY_PLACE.get(name, set()) for name, fields in json.loads(row[0])["fields"].items()}
