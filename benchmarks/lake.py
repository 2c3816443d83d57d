"""A company of any size as a folder of Parquet, as its own systems would leave it: several files a table, lines in order of time.

The same on every machine for the same number, made by DuckDB alone and kept in benchmarks/.cache. Customers are a tenth of the lines; their numbers
of orders have a heavy tail (exponent 2: one of ten million has some thousands), they begin at any day of three years and stay for a while. Orders have 1 to 4
lines; one line in forty is a return. Surveys are a fiftieth of the lines.
"""

from __future__ import annotations

import shutil
from datetime import date, datetime
from pathlib import Path

import duckdb

from benchmarks.measure import CACHE
from crm_core.schema import ORDER_LINES, TABLES
from crm_core.workspace import Meta

VERSION = 1  # a change of what is made asks for new files
FIRST, DAYS = date(2022, 1, 1), 1096
LINES_A_FILE = 5_000_000
FEWEST_FILES = 4
FED = {
    "order_lines": ("customer_id", "order_id", "line_no", "line_at", "quantity", "net_amount", "is_void"),
    "surveys": ("response_id", "customer_id", "responded_at", "measure", "score", "scale_min", "scale_max", "row_no"),
}

#: Each customer's orders, the first on the day she came: number of orders by Lomax's law, their days drawn evenly over her stay.
ORDERS = """
    CREATE TABLE orders AS
    WITH drawn AS (
        SELECT i AS customer,
            1 + floor(3.5 * (1 / sqrt(1 - {u1}) - 1))::BIGINT AS count_orders,
            floor({u2} * 94694400)::BIGINT AS came,
            -ln(1 - {u3}) * 34560000 AS stay
        FROM range($customers) AS made(i)
    )
    SELECT customer, (came + CASE WHEN n = 0 THEN 0 ELSE (hash(customer * 65536 + n) % 1000000 / 1e6) * least(stay, 94694400 - came) END)::BIGINT AS second,
        (hash(customer * 65536 + n + 7) % 1000000 / 1e6) AS luck, 10 + (hash(customer * 3 + 1) % 90) AS taste
    FROM (SELECT customer, came, stay, unnest(range(least(count_orders, 60000))) AS n FROM drawn)
"""
LINES = """
    SELECT customer_id, order_id, line_no, line_at, product_id, product, category, quantity::DECIMAL(18, 4) AS quantity, unit_price,
        (quantity * taste * (50 + luck_of_line) / 100)::DECIMAL(18, 2)::DECIMAL(18, 4) AS net_amount,
        list_amount, discount_amount, cost_amount, delivery_amount, false AS is_void
    FROM (
        SELECT 'C' || lpad(customer::VARCHAR, 10, '0') AS customer_id, 'O' || lpad(number::VARCHAR, 11, '0') AS order_id, line AS line_no,
            TIMESTAMP '2022-01-01' + to_seconds(second) AS line_at, taste, hash(number * 8 + line) % 200 AS luck_of_line,
            CASE WHEN hash(number * 9 + line) % 40 = 0 THEN -1 ELSE 1 + hash(number * 11 + line) % 3 END AS quantity,
            NULL::VARCHAR AS product_id, NULL::VARCHAR AS product, NULL::VARCHAR AS category, NULL::DECIMAL(18, 4) AS unit_price,
            NULL::DECIMAL(18, 4) AS list_amount, NULL::DECIMAL(18, 4) AS discount_amount, NULL::DECIMAL(18, 4) AS cost_amount,
            NULL::DECIMAL(18, 4) AS delivery_amount
        FROM (
            SELECT *, rowid AS number, unnest(range(1, 2 + (luck * 4)::BIGINT % 4)) AS line
            FROM orders WHERE second >= $since AND second < $until
        )
    )
"""
SURVEYS = """
    SELECT i::VARCHAR AS response_id, 'C' || lpad((hash(i * 5) % $customers)::VARCHAR, 10, '0') AS customer_id, NULL::VARCHAR AS order_id,
        TIMESTAMP '2022-01-01' + to_seconds((hash(i * 7) % 94694400)::BIGINT) AS responded_at, 'nps' AS measure,
        greatest(0, 10 - (hash(i * 11) % 6) * (hash(i * 13) % 3))::DECIMAL(18, 4) AS score, 0::DECIMAL(18, 4) AS scale_min,
        10::DECIMAL(18, 4) AS scale_max, NULL::VARCHAR AS touchpoint, NULL::VARCHAR AS comment, i AS row_no
    FROM range($first, $end) AS made(i)
"""


def folder(lines: int) -> Path:
    """A folder with a folder of Parquet for each table, of about so many lines; made where it is not there."""
    place = CACHE / f"lake-{VERSION}-{lines}"
    if not place.exists():
        CACHE.mkdir(exist_ok=True)
        unfinished = place.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        for table in FED:
            (unfinished / table).mkdir(parents=True)
        _fill(unfinished, lines)
        unfinished.rename(place)
    return place


def _fill(place: Path, lines: int) -> None:
    files, customers = max(FEWEST_FILES, lines // LINES_A_FILE), max(lines // 10, 1)
    with duckdb.connect(str(place / "orders.duckdb")) as con:
        con.execute("SET memory_limit = '2GB'")
        con.execute("SET preserve_insertion_order = false")
        drawn = {f"u{k}": f"(hash(i * {k * 2 + 15} + {k}) % 1000000007 / 1000000007.0)" for k in (1, 2, 3)}
        con.execute(ORDERS.format(**drawn), {"customers": customers})
        last = con.execute("SELECT max(second) + 1 FROM orders").fetchone()
        assert last is not None
        for number in range(files):
            since, until = (round(last[0] * step / files) for step in (number, number + 1))
            _write(con, LINES, {"since": since, "until": until}, place / "order_lines" / f"part-{number:03d}.parquet")
        surveys = lines // 50
        for number in range(FEWEST_FILES):
            first, end = (surveys * step // FEWEST_FILES for step in (number, number + 1))
            span = {"first": first, "end": end, "customers": customers}
            _write(con, SURVEYS, span, place / "surveys" / f"part-{number:03d}.parquet")
    (place / "orders.duckdb").unlink()


def _write(con: duckdb.DuckDBPyConnection, rows: str, given: dict[str, int], file: Path) -> None:
    con.execute(f"COPY ({rows}) TO '{file}' (FORMAT parquet, COMPRESSION zstd)", given)


def meta(lines: int) -> Meta:
    """What a workspace over these tables says of itself."""
    first, last = _period(lines)
    return Meta(
        name="A large company",
        imported_at=datetime(2025, 1, 1),
        fingerprint=f"lake {VERSION} {lines}",
        sources=("lake",),
        labels={},
        currency="EUR",
        first_day=first,
        last_day=last,
        fields={table: frozenset(columns) for table, columns in FED.items()},
    )


def _period(lines: int) -> tuple[date, date]:
    """The days of the first and of the last line, which the files' own statistics tell."""
    with duckdb.connect() as con:
        row = con.execute(f"SELECT min(line_at)::DATE, max(line_at)::DATE FROM '{folder(lines)}/order_lines/*.parquet'").fetchone()
    assert row is not None
    return row[0], row[1]


def columns(table: str) -> list[str]:
    """The canonical columns of a table, which the files have all."""
    return [field.name for field in (ORDER_LINES if table == "order_lines" else TABLES[table]).stored()]


def rows(lines: int) -> dict[str, int]:
    """How many rows there are, by table, and how many customers have lines."""
    place = folder(lines)
    with duckdb.connect() as con:
        con.execute("SET memory_limit = '1GB'")
        found = {table: con.execute(f"SELECT count(*) FROM '{place}/{table}/*.parquet'").fetchone() for table in FED}
    return {table: int(row[0]) for table, row in found.items() if row}
