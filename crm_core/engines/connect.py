"""From a named connection to the engine that works on its tables where they lie.

PostgreSQL, Spark (a master, or Spark Connect) and DuckDB over Parquet have modules of their own; Trino, Snowflake, BigQuery and ClickHouse are
what Ibis makes of their URLs.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from crm_core.engines.base import Engine
from crm_core.errors import SourceError
from crm_core.sources.databases import secrets

if TYPE_CHECKING:
    from crm_core.sources.databases.connections import Connection

#: Dialect -> what Ibis needs to be installed.
IBIS_EXTRAS = {"trino": "trino", "snowflake": "snowflake", "bigquery": "bigquery", "clickhouse": "clickhouse", "databricks": "databricks"}
HINT = "See README, “Connect a database”, for what to install and the lines of the configuration."


def works_in_place(connection: Connection) -> bool:
    """Is there an engine that could work on the tables of this connection, and does the administrator let it?"""
    return connection.in_place and connection.dialect in ENGINES


def connect(connection: Connection, environment: Mapping[str, str]) -> Engine:
    """The engine, connected. Raises SourceError where the connection is not meant for this, a driver is missing or the place does not answer."""
    if connection.dialect not in ENGINES:
        raise SourceError(
            "This database is for imports",
            f"Analyses cannot run inside “{connection.title}” ({connection.dialect}).",
            "Import its tables instead.",
        )
    if not connection.in_place:
        raise SourceError(
            "This connection is for imports",
            f"Analyses may not run inside “{connection.title}”.",
            "Import its tables, or have an administrator write in_place = true.",
        )
    password = secrets.resolve(connection.password, environment) if connection.password else ""
    options = {key: _option(value, environment) for key, value in connection.options.items()}
    try:
        return ENGINES[connection.dialect](connection, password, options)
    except ImportError as error:
        package = f'"ibis-framework[{IBIS_EXTRAS.get(connection.dialect, connection.dialect)}]"'
        package = '"pyspark[connect]>=4.0,<4.1"' if connection.dialect in ("spark", "sc", "local") else package
        raise SourceError(
            "A driver is missing", f"“{connection.title}” needs a package that is not installed.", f"pip install {package}. {HINT}"
        ) from error
    except SourceError:
        raise
    except Exception:  # drivers of any kind, whose words may hold the password
        raise SourceError(
            "The place does not answer",
            f"No connection to “{connection.title}” could be made.",
            "Check that it runs, its host, user and password.",
        ) from None


def _option(value: Any, environment: Mapping[str, str]) -> Any:
    return secrets.resolve(value, environment) if secrets.is_reference(value) else value


def _postgres(connection: Connection, password: str, options: dict[str, Any]) -> Engine:
    from crm_core.engines.postgres import Postgres

    parts = urlsplit(connection.url)
    given = {"host": parts.hostname, "port": parts.port, "user": unquote(parts.username or ""), "dbname": unquote(parts.path.lstrip("/"))}
    given |= {"password": password} | dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    return Postgres({key: value for key, value in given.items() if value} | options, connection.write_schema)


def _lake(connection: Connection, password: str, options: dict[str, Any]) -> Engine:  # noqa: ARG001  (all engines are made alike)
    from crm_core.engines.lake import Lake

    place = connection.url.removeprefix("parquet://")
    if not place.startswith("/"):  # parquet://s3/bucket/lake
        kind, _, rest = place.partition("/")
        place = f"{kind}://{rest}"
    return Lake(place, connection.write_folder, **options)


def _spark(connection: Connection, password: str, options: dict[str, Any]) -> Engine:
    """A session of its own, so that what one workspace keeps is no other's."""
    make = _connect_session if connection.dialect == "sc" else _classic_session

    def session() -> Any:
        return make(connection, password, options)

    from crm_core.engines.spark import Spark

    return Spark(session(), connection.write_schema, connection.write_folder, owns=connection.dialect == "sc", again=session)


def _classic_session(connection: Connection, password: str, options: dict[str, Any]) -> Any:  # noqa: ARG001  (sessions are made alike)
    os.environ.pop("SPARK_CONNECT_MODE_ENABLED", None)  # left by a session of Spark Connect in this process
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(connection.url).appName("crm dashboard")
    for key, value in options.items():
        builder = builder.config(key, value)
    return builder.getOrCreate().newSession()


def _connect_session(connection: Connection, password: str, options: dict[str, Any]) -> Any:
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")  # its handlers else end a classic driver that this process starts later
    from pyspark.sql.connect.session import SparkSession

    server, _, given = connection.url.partition("/;")
    parameters = [*filter(None, given.split(";")), *([f"token={quote(password, safe='')}"] if password else [])]
    session = SparkSession.builder.remote(f"{server.rstrip('/')}/;{';'.join(parameters)}").create()
    for key, value in options.items():
        session.conf.set(key, value)
    return session


def _any(connection: Connection, password: str, options: dict[str, Any]) -> Engine:
    import ibis

    parts = urlsplit(connection.url)
    user = parts.netloc.rpartition("@")[0]
    url = connection.url if not password else connection.url.replace(f"{user}@", f"{user}:{quote(password, safe='')}@", 1)
    return Engine(ibis.connect(url, **options), connection.write_schema, connection.write_folder, label=connection.dialect.capitalize())


#: Dialect of a connection -> how its engine is made.
ENGINES = {
    "postgresql": _postgres,
    "parquet": _lake,
    "spark": _spark,
    "sc": _spark,
    "trino": _any,
    "snowflake": _any,
    "bigquery": _any,
    "clickhouse": _any,
}
