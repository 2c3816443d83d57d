"""A large company for benchmarks: order lines of any number, the same on every machine, kept in benchmarks/.cache.

Orders come in order of time with 1 to 7 lines each; every twentieth has no customer; customers are drawn with a long tail, about 7 % of the lines'
number; 2.5 % of lines are returns.
"""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

from benchmarks.measure import CACHE
from crm_core.mapping.receipt import Receipt
from crm_core.schema import FORMAT, ORDER_LINES

VERSION = 2  # a change of what is made asks for a new file
FED = [
    "customer_id",
    "order_id",
    "line_no",
    "line_at",
    "product_id",
    "product",
    "category",
    "quantity",
    "unit_price",
    "net_amount",
    "cost_amount",
    "is_void",
]

LINES = """
    WITH orders AS (
        SELECT
            i AS number,
            CASE WHEN hash(i) % 20 > 0 THEN 'C' || lpad((($lines * 0.1) * pow(hash(i * 7) % 1000000 / 1e6, 2))::BIGINT::VARCHAR, 8, '0') END AS customer,
            TIMESTAMP '2022-01-01' + to_seconds((94608000.0 * i / ($lines / 4))::BIGINT) AS moment,
            unnest(range(1, (2 + hash(i * 3) % 7)::BIGINT)) AS line
        FROM range($lines // 4) AS made(i)
    ), drawn AS (
        SELECT *, hash(number * 8 + line) AS h, (1 + hash(number * 17 + line) % 5000) / 100 AS price,
            CASE WHEN hash(number * 9 + line) % 40 = 0 THEN -1 ELSE 1 + hash(number * 11 + line) % 5 END AS units
        FROM orders
    )
    SELECT customer, 'O' || lpad(number::VARCHAR, 9, '0'), line, moment, 'P' || (h % 5000), 'Product ' || (h % 5000), 'Category ' || (h % 20),
        units, price, units * price, units * price * 0.6, false
    FROM drawn
"""


def workspace(lines: int) -> Path:
    """A workspace file of about that many lines."""
    path = CACHE / f"company-{VERSION}-{FORMAT}-{lines}.duckdb"
    if not path.exists():
        CACHE.mkdir(exist_ok=True)
        unfinished = path.with_suffix(".unfinished")
        unfinished.unlink(missing_ok=True)
        with duckdb.connect(str(unfinished)) as con:
            _fill(con, lines)
        unfinished.rename(path)
    return path


def _fill(con: duckdb.DuckDBPyConnection, lines: int) -> None:
    columns = ", ".join(f"{field.name} {'VARCHAR' if field.type == 'string' else field.type}" for field in ORDER_LINES.stored())
    con.execute(f"CREATE TABLE order_lines ({columns})")
    con.execute(f"INSERT INTO order_lines ({', '.join(FED)}) {LINES}", {"lines": lines})
    first, last = con.execute("SELECT min(line_at)::DATE::VARCHAR, max(line_at)::DATE::VARCHAR FROM order_lines").fetchone() or ("", "")
    meta = {
        "format": FORMAT, "name": "Benchmark", "imported_at": "2025-01-01T00:00:00", "fingerprint": f"company {VERSION} {lines}", "sources": ["company"],
        "labels": {}, "currency": "EUR", "first_day": first, "last_day": last, "fields": {"order_lines": FED},
    }  # fmt: skip
    receipt = Receipt((), {}, (first, last), 0, 0, "0.0000", 0, "0.0000", 0, 0, "0.0000", "EUR", {}, {}, {})
    con.execute("CREATE TABLE _meta (key VARCHAR, value VARCHAR)")
    con.execute("INSERT INTO _meta VALUES ('workspace', ?), ('receipt', ?)", [json.dumps(meta), json.dumps(receipt.as_dict())])
    con.execute('CREATE TABLE _rejected (source VARCHAR, "row" BIGINT, reason VARCHAR, "column" VARCHAR, value VARCHAR, record VARCHAR)')


def parquet(lines: int) -> Path:
    """The columns that RFM and Pareto need, for pandas: amounts as whole ten-thousandths, which it sums exactly and fast."""
    path = CACHE / f"company-{VERSION}-{lines}.parquet"
    if not path.exists():
        unfinished = path.with_suffix(".unfinished-parquet")
        with duckdb.connect(str(workspace(lines)), read_only=True) as con:
            rows = con.sql(
                "SELECT customer_id, order_id, line_at, (net_amount * 10000)::BIGINT AS net_amount, (quantity * 10000)::BIGINT AS quantity FROM order_lines"
            )
            rows.write_parquet(str(unfinished), compression="zstd")
        unfinished.rename(path)
    return path
