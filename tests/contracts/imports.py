"""Source tables in MariaDB and SQLite, and a workspace file imported from there as a user would."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from crm_core.mapping.build import build
from crm_core.mapping.suggest import suggest
from crm_core.sources.databases import session
from crm_core.sources.databases.connections import Connection
from crm_core.sources.databases.selection import Selection
from crm_core.sources.databases.stage import stage
from crm_core.sources.staging import Staging

if TYPE_CHECKING:
    from tests.servers.mariadb import MariaDBServer

Tables = Mapping[str, pa.Table]
NOW = datetime(2026, 1, 5)
#: Arrow's type -> that of a column in MariaDB; SQLite reads the same words, and keeps what it likes.
COLUMN_TYPES = {
    "string": "LONGTEXT", "bool": "BOOLEAN", "int64": "BIGINT", "int32": "INTEGER", "double": "DOUBLE", "timestamp[us]": "DATETIME(6)", "date32[day]": "DATE",
    "timestamp[ns]": "DATETIME(6)", "timestamp[ms]": "DATETIME(6)",
}  # fmt: skip


def columns(rows: pa.Table) -> str:
    return ", ".join(f"{field.name} {_type(field.type)}" for field in rows.schema)


def _type(kind: pa.DataType) -> str:
    return f"DECIMAL({kind.precision}, {kind.scale})" if pa.types.is_decimal(kind) else COLUMN_TYPES[str(kind)]


def into_mariadb(server: MariaDBServer, database: str, tables: Tables) -> tuple[Connection, dict[str, str]]:
    server.create_database(database)
    with server.connect(database) as connection, connection.cursor() as cursor:
        for name, rows in tables.items():
            cursor.execute(f"CREATE TABLE {name} ({columns(rows)})")
            places = ", ".join(["%s"] * rows.num_columns)
            cursor.executemany(
                f"INSERT INTO {name} VALUES ({places})", list(zip(*(column.to_pylist() for column in rows.columns), strict=True))
            )
    reader = server.create_reader("contracts", database)
    return Connection("shop", server.url(reader.user, database), "env:SECRET"), {"SECRET": reader.password}


def into_sqlite(path: Path, tables: Tables) -> tuple[Connection, dict[str, str]]:
    with sqlite3.connect(path) as connection:
        for name, rows in tables.items():
            connection.execute(f"CREATE TABLE {name} ({columns(rows)})")
            values = zip(*([_for_sqlite(one) for one in column.to_pylist()] for column in rows.columns), strict=True)
            connection.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * rows.num_columns)})", values)
    connection.close()
    return Connection("shop", f"sqlite:///{path}"), {}


def _for_sqlite(value: Any) -> Any:
    """As programs write what SQLite has no type for."""
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def imported(connection: Connection, environment: Mapping[str, str], tables: Tables, target: Path) -> Path:
    """All tables, with the mapping that is suggested."""
    with Staging(target.parent) as staging:
        with session.open(connection, environment) as opened:
            for name in tables:
                stage(staging, opened, Selection(connection.name, name), name)
        build(staging, suggest(staging).mapping, target, name="Sample", imported_at=NOW)
    return target
