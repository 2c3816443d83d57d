"""Small workspaces for tests, written straight into a file in the format that an import writes.

`write(path, order_lines=frame, customers=frame)` takes frames with any of the canonical columns; what is missing is NULL.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

import duckdb
import pandas as pd

from crm_core.mapping.receipt import Receipt
from crm_core.schema import ATTRIBUTE_PREFIX, TABLES
from crm_core.workspace import Workspace

DAY = "line_at"


def write(path: Path, *, name: str = "Test shop", labels: dict[str, str] | None = None, currency: str = "", **tables: pd.DataFrame) -> Path:
    """A workspace file at `path` with these canonical tables."""
    with duckdb.connect(str(path)) as con:
        fields = {table: _write_table(con, table, frame) for table, frame in tables.items()}
        first, last = _period(con) if "order_lines" in tables else (None, None)
        meta = {
            "format": 1,
            "name": name,
            "imported_at": datetime(2026, 1, 2, 3, 4, 5).isoformat(),
            "fingerprint": f"test {path}",
            "sources": ["test.csv"],
            "labels": labels or {},
            "currency": currency,
            "first_day": first.isoformat() if first else None,
            "last_day": last.isoformat() if last else None,
            "fields": fields,
        }
        con.execute("CREATE TABLE _meta (key VARCHAR, value VARCHAR)")
        con.execute("INSERT INTO _meta VALUES ('workspace', ?), ('receipt', ?)", [json.dumps(meta), json.dumps(empty_receipt(currency).as_dict())])
        con.execute('CREATE TABLE _rejected (source VARCHAR, "row" BIGINT, reason VARCHAR, "column" VARCHAR, value VARCHAR, record VARCHAR)')
    return path


def open_workspace(path: Path, **tables: pd.DataFrame) -> Workspace:
    """`write`, then open."""
    return Workspace.open(write(path, **tables))  # type: ignore[arg-type]


def empty_receipt(currency: str = "") -> Receipt:
    """A receipt of nothing, for workspaces that no import made."""
    return Receipt((), {}, ("", ""), 0, 0, "0.0000", 0, "0.0000", 0, 0, "0.0000", currency, {}, {}, {})


def lines(*rows: tuple[str | None, str, str, float | str] | tuple[str | None, str, str, float | str, float]) -> pd.DataFrame:
    """Order lines from (customer, order, day, net amount[, quantity])."""
    columns = ["customer_id", "order_id", DAY, "net_amount", "quantity"]
    return pd.DataFrame([(*row, None) if len(row) == 4 else row for row in rows], columns=columns)


def _write_table(con: duckdb.DuckDBPyConnection, table: str, frame: pd.DataFrame) -> list[str]:
    """Create and fill one canonical table; returns the columns that hold at least one value."""
    columns = {field.name: field.type.replace("timestamp", "TIMESTAMP").replace("string", "VARCHAR") for field in TABLES[table].stored()}
    columns |= {column: "VARCHAR" for column in frame.columns if column.startswith(ATTRIBUTE_PREFIX)}
    if table == "order_lines":
        defaults = {"line_no": range(1, len(frame) + 1), "is_void": False}
        frame = frame.assign(**{column: value for column, value in defaults.items() if column not in frame.columns})
    con.execute(f"CREATE TABLE {table} ({', '.join(f'{column} {kind}' for column, kind in columns.items())})")
    names = [column for column in columns if column in frame.columns]
    con.register("frame", frame[names].astype("string"))
    con.execute(f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(names)} FROM frame")
    con.unregister("frame")
    return [column for column in names if frame[column].notna().any()]


def _period(con: duckdb.DuckDBPyConnection) -> tuple[date | None, date | None]:
    found = con.execute(f"SELECT min({DAY})::DATE, max({DAY})::DATE FROM order_lines WHERE NOT is_void").fetchone()
    assert found is not None
    return found[0], found[1]
