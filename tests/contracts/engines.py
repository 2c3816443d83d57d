"""A company's canonical tables in another engine, and a workspace over them there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
from psycopg import sql

from crm_core.engines.postgres import Postgres
from crm_core.workspace import Workspace
from tests.contracts.companies import Company

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from tests.servers.postgres import PostgresServer

SQL_TYPES = {
    "string": "text",
    "bool": "boolean",
    "int64": "bigint",
    "timestamp[us]": "timestamp",
    "date32[day]": "date",
    "int32": "integer",
}


def into_postgres(company: Company, server: PostgresServer, name: str = "") -> dict[str, Any]:
    """The tables in a database of their own, which sorts as English does; gives what a reader connects with."""
    name = name or f"company_{company.name}"
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
    server.execute(
        sql.SQL("CREATE DATABASE {} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C.UTF-8'").format(
            sql.Identifier(name)
        )
    )
    with server.connect(name) as connection:
        for table, rows in company.tables.items():
            copy_in(connection, table, rows)
    reader = server.create_reader("contracts", name)
    return {"host": server.host, "port": server.port, "dbname": name, "user": reader.user, "password": reader.password}


def copy_in(connection: psycopg.Connection[Any], table: str, rows: pa.Table) -> None:
    columns = [sql.SQL("{} {}").format(sql.Identifier(field.name), sql.SQL(sql_type(field.type))) for field in rows.schema]
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE TABLE {} ({})").format(sql.Identifier(table), sql.SQL(", ").join(columns)))
        with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as copy:
            for row in zip(*(column.to_pylist() for column in rows.columns), strict=True):
                copy.write_row(row)


def sql_type(kind: pa.DataType) -> str:
    return f"numeric({kind.precision}, {kind.scale})" if pa.types.is_decimal(kind) else SQL_TYPES[str(kind)]


def on_postgres(company: Company, connect: dict[str, Any]) -> Workspace:
    engine = Postgres(connect)
    return over(company, engine, {table: table for table in company.tables})


def on_spark(company: Company, session: SparkSession, folder: Path) -> Workspace:
    """The tables as Parquet in a folder that driver and workers share, and views over it."""
    from crm_core.engines.spark import Spark

    names = {table: f"{company.name}_{table}" for table in company.tables}
    for table, rows in company.tables.items():
        place = folder / f"{names[table]}.parquet"
        if not place.exists():
            pq.write_table(rows, place)
        session.read.parquet(str(place)).createOrReplaceTempView(names[table])
    return over(company, Spark(session), names)


def views(session: SparkSession) -> set[str]:
    """The names of the session's own views and of all tables."""
    return {row.tableName for row in session.sql("SHOW TABLES").collect()}


def over(company: Company, engine: Any, names: dict[str, str]) -> Workspace:
    """A workspace over tables of these names, which says of itself what the embedded one does."""
    with Workspace.open(company.path) as ws:
        meta, receipt = ws.meta, ws.receipt
    return Workspace(company.path, engine, meta, {table: engine.source(name) for table, name in names.items()}, receipt)
