"""What clocks in a zone show at an instant: the one thing that Ibis has no word for, so each engine is asked in its own.

Names and types are all that Ibis needs; the engine does the work.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
from ibis.common.exceptions import IbisError

_ZONE_FIRST = (("string", "timestamp('UTC')"), "timestamp")
_INSTANT_FIRST = (("timestamp('UTC')", "string"), "timestamp")


@ibis.udf.scalar.builtin(name="timezone", signature=_ZONE_FIRST)
def _timezone(zone, instant):  # type: ignore[no-untyped-def]
    """DuckDB, PostgreSQL."""


@ibis.udf.scalar.builtin(name="from_utc_timestamp", signature=_INSTANT_FIRST)
def _from_utc_timestamp(instant, zone):  # type: ignore[no-untyped-def]
    """Spark, whose session is at UTC."""


@ibis.udf.scalar.builtin(name="datetime", signature=_INSTANT_FIRST)
def _datetime(instant, zone):  # type: ignore[no-untyped-def]
    """BigQuery."""


@ibis.udf.scalar.builtin(name="convert_timezone", signature=(("string", "timestamp('UTC')"), "timestamp('UTC')"))
def _convert_timezone(zone, instant):  # type: ignore[no-untyped-def]
    """Snowflake."""


@ibis.udf.scalar.builtin(name="at_timezone", signature=(("timestamp('UTC')", "string"), "timestamp('UTC')"))
def _at_timezone(instant, zone):  # type: ignore[no-untyped-def]
    """Trino."""


def local_time(instant: ir.TimestampValue, zone: str) -> ir.TimestampValue | None:
    """The local time without a zone; None where we do not know how to ask the engine."""
    engine, utc = engine_of(instant), instant.cast("timestamp('UTC')")
    if engine in ("duckdb", "postgres"):
        return _timezone(zone, utc)
    if engine == "bigquery":
        return _datetime(utc, zone)
    if engine == "snowflake":
        return _convert_timezone(zone, utc).cast("timestamp")
    if engine == "trino":
        return _at_timezone(utc, zone).cast("timestamp")
    if zone == "UTC":
        return instant.cast("timestamp")
    return _from_utc_timestamp(utc, zone) if engine == "pyspark" else None


def engine_of(expr: ir.Expr) -> str:
    """The engine's name as Ibis has it, "" where the tables are only described."""
    try:
        return str(expr.get_backend().name)
    except IbisError:
        return ""
