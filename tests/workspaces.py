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
from crm_core.schema import ATTRIBUTE_PREFIX, FORMAT, TABLES
from crm_core.workspace import Workspace

DAY = "line_at"
#: Tables that give a workspace its period, the first of them that is there, and their days.
DAYS = {"order_lines": DAY, "surveys": "responded_at", "cases": "opened_at"}


def write(path: Path, *, name: str = "Test shop", labels: dict[str, str] | None = None, currency: str = "", **tables: pd.DataFrame) -> Path:
    """A workspace file at `path` with these canonical tables."""
    with duckdb.connect(str(path)) as con:
        fields = {table: _write_table(con, table, frame) for table, frame in tables.items()}
        first, last = next((_period(con, table, day) for table, day in DAYS.items() if table in tables), (None, None))
        meta = {
            "format": FORMAT,
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
        con.execute(
            "INSERT INTO _meta VALUES ('workspace', ?), ('receipt', ?)", [json.dumps(meta), json.dumps(empty_receipt(currency).as_dict())]
        )
        con.execute(
            'CREATE TABLE _rejected (source VARCHAR, "row" BIGINT, reason VARCHAR, "column" VARCHAR, value VARCHAR, record VARCHAR)'
        )
    return path


def open_workspace(path: Path, *, labels: dict[str, str] | None = None, **tables: pd.DataFrame) -> Workspace:
    """A workspace with these canonical tables, opened."""
    return Workspace.open(write(path, labels=labels, **tables))


def empty_receipt(currency: str = "") -> Receipt:
    """A receipt of nothing, for workspaces that no import made."""
    return Receipt((), {}, ("", ""), 0, 0, "0.0000", 0, "0.0000", 0, 0, "0.0000", currency, {}, {}, {})


def lines(*rows: tuple[str | None, str, str, float | str] | tuple[str | None, str, str, float | str, float]) -> pd.DataFrame:
    """Order lines from (customer, order, day, net amount[, quantity])."""
    columns = ["customer_id", "order_id", DAY, "net_amount", "quantity"]
    return pd.DataFrame([(*row, None) if len(row) == 4 else row for row in rows], columns=columns)


#: Six customers whose figures can be checked by hand, seen from SIX_AS_OF: see `six_customers`.
SIX_AS_OF = date(2024, 7, 1)


def six_customers() -> pd.DataFrame:
    """Order lines of six customers, one line without a customer and a void one.

    Values a 200, b 100, c 100, d 20 − 30 = −10, e 4 × 10 = 40, f −5 (a return only, so no purchase); last purchases 1, 10, 10, 60 and 100 days ago.
    """
    frame = lines(
        ("a", "1", "2024-04-01", 100, 1),
        ("a", "2", "2024-05-01", 50, 1),
        ("a", "3", "2024-06-30 18:30:00", "20.5", 1),
        ("a", "3", "2024-06-30 18:30:00", "29.5", 2),
        ("b", "4", "2024-01-10", 60, 1),
        ("b", "5", "2024-06-21", 40, 1),
        ("c", "6", "2024-06-21", 100, 5),
        ("d", "7", "2024-05-02", 20, 1),
        ("d", "8", "2024-05-20", -30, -1),
        ("e", "9", "2023-12-01", 10, 1),
        ("e", "10", "2024-01-01", 10, 1),
        ("e", "11", "2024-02-01", 10, 1),
        ("e", "1", "2024-03-23", 10, 1),
        ("f", "12", "2024-06-01", -5, -1),
        (None, "13", "2024-06-15", 75, 1),
        ("a", "14", "2024-06-29", 999, 1),
    )
    return frame.assign(is_void=[False] * 15 + [True])


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


def _period(con: duckdb.DuckDBPyConnection, table: str, day: str) -> tuple[date | None, date | None]:
    is_valid = "NOT is_void" if table == "order_lines" else "true"
    found = con.execute(f"SELECT min({day})::DATE, max({day})::DATE FROM {table} WHERE {is_valid}").fetchone()
    assert found is not None
    return found[0], found[1]
