"""RFM inside PostgreSQL, where 5 million lines lie, against hand-written SQL of the same answer on the same server.

The answer is a table with a row a customer (scores and segment) that stays in the server, and the ten segments with their sums and medians. Both sides
must first give equal rows. The SQL is the fastest we found: totals straight from the lines, cut points by counts per distinct value and PostgreSQL's own
percentiles, and no window over customers. Both sides get the same memory for sorting and hashing. Limit: 1.3 times the SQL.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import psycopg

from benchmarks import lake
from benchmarks.measure import Side, holds, measure
from crm_core.analytics import rfm
from crm_core.engines.postgres import Postgres
from crm_core.schema import TABLES
from crm_core.workspace import Workspace

LINES = 5_000_000
SLOWER_THAN_SQL = 1.3
WORK_MEM = "256MB"
PLACE = "IN_PLACE_POSTGRES"
TYPES = {"string": "text", "timestamp": "timestamp", "int64": "bigint"}
SCORED = ["customer_id", "days_since_last_order", "count_orders", "net_sales", "r_score", "f_score", "m_score", "segment"]
SEGMENTS = ["segment", "customers", "net_sales", "median_days", "median_orders", "median_net_sales"]

IS_PURCHASE = "value >= 0 AND (units > 0 OR units IS NULL)"
TOTALS = f"""
    CREATE TEMPORARY TABLE buyers AS
    SELECT * FROM (
        SELECT customer_id, sum(value) AS net_sales, count(*) FILTER (WHERE {IS_PURCHASE}) AS count_orders,
            %(as_of)s::date - max(day) FILTER (WHERE {IS_PURCHASE}) AS days_since_last_order
        FROM (
            SELECT customer_id, order_id, max(line_at)::date AS day, sum(net_amount) AS value, sum(quantity) AS units
            FROM order_lines WHERE customer_id IS NOT NULL AND NOT is_void AND line_at < %(as_of)s GROUP BY customer_id, order_id
        ) AS orders
        GROUP BY customer_id
    ) AS totals
    WHERE count_orders > 0
"""
SCORES = """
    CREATE TEMPORARY TABLE scored AS
    WITH days AS (
        SELECT days_since_last_order, 5 - floor(5 * (sum(count(*)) OVER (ORDER BY days_since_last_order) - count(*)) / sum(count(*)) OVER ())::int AS r
        FROM buyers GROUP BY 1
    ), repeats AS (
        SELECT count_orders, 2 + floor(4 * (sum(count(*)) OVER (ORDER BY count_orders) - count(*)) / sum(count(*)) OVER ())::int AS f
        FROM buyers WHERE count_orders > 1 GROUP BY 1
    ), cuts AS (SELECT percentile_disc(ARRAY[0.2, 0.4, 0.6, 0.8]) WITHIN GROUP (ORDER BY net_sales) AS q FROM buyers)
    SELECT *, CASE WHEN r = 5 AND f >= 4 THEN 'Champions' WHEN r >= 3 AND f >= 4 THEN 'Loyal customers' WHEN r >= 4 AND f >= 2 THEN 'Potential loyalists'
        WHEN r = 5 THEN 'New customers' WHEN r = 4 THEN 'Promising' WHEN r = 3 AND f = 3 THEN 'Need attention' WHEN r = 3 THEN 'About to sleep'
        WHEN f = 5 THEN 'Can''t lose them' WHEN f >= 3 THEN 'At risk' ELSE 'Hibernating' END AS segment
    FROM (
        SELECT customer_id, days_since_last_order, count_orders, net_sales, r, coalesce(f, 1) AS f,
            1 + (net_sales > q[1])::int + (net_sales > q[2])::int + (net_sales > q[3])::int + (net_sales > q[4])::int AS m
        FROM buyers JOIN days USING (days_since_last_order) LEFT JOIN repeats USING (count_orders) CROSS JOIN cuts
    ) AS graded
"""
SUMS = """
    SELECT segment, count(*) AS customers, sum(net_sales)::float8 AS net_sales,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY days_since_last_order) AS median_days,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY count_orders) AS median_orders,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY net_sales::float8) AS median_net_sales
    FROM scored GROUP BY segment
"""


# -- the server ------------------------------------------------------------------------------------------------------------


@contextmanager
def served(lines: int) -> Iterator[dict[str, Any]]:
    """A private server with the canonical tables of so many lines; gives what to connect with."""
    from tests.servers.postgres import PostgresServer

    with PostgresServer() as server:
        server.execute(f"ALTER ROLE {server.user} SET work_mem = '{WORK_MEM}'")
        with server.connect() as connection:
            for table in lake.FED:
                _load(connection, lines, table)
                connection.execute(f"VACUUM ANALYZE {table}")  # type: ignore[arg-type]
        yield {"host": server.host, "port": server.port, "user": server.user, "password": server.password, "dbname": server.database}


def _load(connection: psycopg.Connection[Any], lines: int, table: str) -> None:
    fields = [f"{field.name} {TYPES.get(field.type, field.type)}" for field in TABLES[table].stored()]
    connection.execute(f"CREATE TABLE {table} ({', '.join(fields)})")  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as con, connection.cursor() as cursor:
        names = ", ".join(field.name for field in TABLES[table].stored())
        for number, part in enumerate(sorted((lake.folder(lines) / table).glob("*.parquet"))):
            text = Path(folder) / f"{number}.csv"
            con.execute(f"COPY (SELECT {names} FROM '{part}') TO '{text}' (FORMAT csv, HEADER false)")
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN (FORMAT csv)") as copy, text.open("rb") as read:  # type: ignore[arg-type]
                while piece := read.read(1 << 20):
                    copy.write(piece)
            text.unlink()


def _connect() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(os.environ[PLACE])
    return found


# -- the sides, each on a connection of its own that is there before the clock starts ------------------------------------------


def _workspace(lines: int) -> Workspace:
    engine = Postgres(_connect())
    return Workspace(lake.folder(lines), engine, lake.meta(lines), tables={"order_lines": engine.source("order_lines")})


def ours(lines: str) -> Callable[[], tuple[pd.DataFrame, Callable[[], pd.DataFrame]]]:
    """The segments, and a function that brings the rows that stay in the server."""
    ws = _workspace(int(lines))
    as_of = ws.as_of

    def run() -> tuple[pd.DataFrame, Callable[[], pd.DataFrame]]:
        scored = rfm.customers(ws, as_of)
        return rfm.segments(ws, as_of)[SEGMENTS], lambda: ws.execute(scored)[SCORED]

    return run


def by_hand(lines: str) -> Callable[[], tuple[pd.DataFrame, Callable[[], pd.DataFrame]]]:
    """The same by three statements."""
    connection = psycopg.connect(**_connect(), autocommit=True)
    as_of = lake.meta(int(lines)).last_day
    assert as_of is not None
    given = {"as_of": as_of + timedelta(days=1)}

    def run() -> tuple[pd.DataFrame, Callable[[], pd.DataFrame]]:
        connection.execute(TOTALS, given)
        connection.execute(SCORES)
        segments = pd.DataFrame(connection.execute(SUMS).fetchall(), columns=SEGMENTS)
        rows = "SELECT customer_id, days_since_last_order, count_orders, net_sales, r, f, m, segment FROM scored"
        return segments, lambda: pd.DataFrame(connection.execute(rows).fetchall(), columns=SCORED)

    return run


def prove_equal(lines: int) -> None:
    """Raises AssertionError unless both sides give the same rows and segments."""
    (segments, rows), (their_segments, their_rows) = (side(str(lines))() for side in (ours, by_hand))
    for one, other, key in ((rows(), their_rows(), "customer_id"), (segments, their_segments, "segment")):
        pd.testing.assert_frame_equal(_comparable(one, key), _comparable(other, key), check_dtype=False)


def _comparable(frame: pd.DataFrame, key: str) -> pd.DataFrame:
    numbers = [name for name in frame.columns if name not in ("customer_id", "segment")]
    frame = frame[frame["customers"] > 0] if "customers" in frame else frame
    return frame.astype(dict.fromkeys(numbers, "float64")).astype({"segment": "object"}).sort_values(key, ignore_index=True)


def main(lines: int = LINES, runs: int = 5) -> int:
    """Print the measurements and the ratio; 1 if it is missed."""
    lake.folder(lines)
    with served(lines) as place:
        os.environ[PLACE] = json.dumps(place)
        prove_equal(lines)
        here = f"benchmarks.{Path(__file__).stem}"
        mine, theirs = measure(
            [Side("RFM in PostgreSQL", f"{here}:ours", (str(lines),)), Side("SQL by hand", f"{here}:by_hand", (str(lines),))], runs
        )
    return 0 if holds("time, of the SQL by hand", mine.seconds / theirs.seconds, SLOWER_THAN_SQL) else 1


if __name__ == "__main__":
    raise SystemExit(main())
