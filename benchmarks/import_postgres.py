"""Import of 5 million rows from PostgreSQL into a finished workspace, against `COPY ... TO STDOUT` to a file and DuckDB's read of that file.

Both sides end with a closed file that another process can open, and must first give equal rows. The peer is psql, which writes the file faster than
any driver we tried, and `read_csv` with the types given, so that it needs not find them out. Limit: 2 times the peer.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import ibis.backends.duckdb  # noqa: F401 (Ibis loads it with the first connection; imports are not what is measured)

from benchmarks.import_speed import LINES, SALES, SUMS
from benchmarks.measure import CACHE, Side, holds, measure
from crm_core.mapping.build import build
from crm_core.mapping.suggest import suggest
from crm_core.sources.databases import session
from crm_core.sources.databases.connections import Connection
from crm_core.sources.databases.selection import Selection
from crm_core.sources.databases.stage import stage
from crm_core.sources.staging import Staging

SLOWER_THAN_PEER = 2.0
PASSWORD, PROGRAMS = "IMPORT_POSTGRES_PASSWORD", "IMPORT_POSTGRES_PROGRAMS"
TABLE = """CREATE TABLE sales (customer_id text, order_id bigint, ordered_at timestamp, product_id text, quantity integer, unit_price numeric(12, 2));"""
TYPES = {
    "customer_id": "VARCHAR",
    "order_id": "BIGINT",
    "ordered_at": "TIMESTAMP",
    "product_id": "VARCHAR",
    "quantity": "INTEGER",
    "unit_price": "DECIMAL(12, 2)",
}


@contextmanager
def served(lines: int) -> Iterator[str]:
    """The URL of a private server with a table of so many sales; its password is in the environment."""
    from tests.servers.postgres import PostgresServer

    with PostgresServer() as server, tempfile.TemporaryDirectory(dir=CACHE) as folder:
        file = Path(folder) / "sales.csv"
        with duckdb.connect() as con:
            con.sql(SALES, params={"lines": lines}).write_csv(str(file), header=False)
        with server.connect() as connection, connection.cursor() as cursor, file.open("rb") as rows:
            cursor.execute(TABLE)
            with cursor.copy("COPY sales FROM STDIN (FORMAT csv)") as copy:
                while block := rows.read(1 << 20):
                    copy.write(block)
            cursor.execute("ANALYZE sales")
            connection.commit()
        os.environ[PASSWORD] = os.environ["PGPASSWORD"] = server.password
        os.environ[PROGRAMS] = str(server._programs)
        yield server.url()


def copy_and_read(url: str) -> None:
    """The peer."""
    _in_folder(lambda folder: _copied(url, folder).close())


def import_whole(url: str) -> None:
    """Our side: read into the staging area, suggest, build."""
    _in_folder(lambda folder: _imported(url, folder))


def _in_folder(work: Callable[[Path], Any]) -> Any:
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        return work(Path(folder))


def _copied(url: str, folder: Path) -> duckdb.DuckDBPyConnection:
    file = folder / "sales.csv"
    with file.open("wb") as out:
        psql = Path(os.environ[PROGRAMS]) / "psql"
        subprocess.run([psql, url.replace("+psycopg", ""), "-qXc", "COPY sales TO STDOUT (FORMAT csv)"], check=True, stdout=out)
    con = duckdb.connect(str(folder / "peer.duckdb"))
    con.execute("CREATE TABLE lines AS FROM read_csv($path, header = false, columns = $types)", {"path": str(file), "types": TYPES})
    return con


def _imported(url: str, folder: Path) -> Path:
    target = folder / "workspace.duckdb"
    connection = Connection("shop", url, f"env:{PASSWORD}")
    with Staging(folder) as staging, session.open(connection, os.environ) as opened:
        stage(staging, opened, Selection("shop", "sales", "public"))
        build(staging, suggest(staging).mapping, target, name="Benchmark", imported_at=datetime(2025, 1, 1))
    return target


def equal(url: str) -> bool:
    """Do both sides hold the same rows, as far as counts and exact sums tell?"""

    def both(folder: Path) -> tuple[Any, Any]:
        with _copied(url, folder) as con:
            peer = con.sql(SUMS.format(moment="ordered_at", table="lines")).fetchone()
        with duckdb.connect(str(_imported(url, folder)), read_only=True) as con:
            return peer, con.sql(SUMS.format(moment="line_at", table="order_lines")).fetchone()

    peer, ours = _in_folder(both)
    print(f"equal rows: {peer == ours}: {ours[0]:,} lines, {ours[1]:,} customers, {ours[2]:,} orders, {ours[-1]:,.2f} net")
    return bool(peer == ours)


def main(lines: int = LINES, runs: int = 5) -> int:
    """Print the measurements and the ratio; 1 if the limit is missed or the sides differ."""
    CACHE.mkdir(exist_ok=True)
    with served(lines) as url:
        if not equal(url):
            return 1
        sides = [
            Side("COPY to a file, DuckDB's read of it", "benchmarks.import_postgres:copy_and_read", (url,)),
            Side("import: read, suggest, build", "benchmarks.import_postgres:import_whole", (url,)),
        ]
        peer, ours = measure(sides, runs)
    return 0 if holds("import ÷ COPY and read", ours.seconds / peer.seconds, SLOWER_THAN_PEER) else 1


if __name__ == "__main__":
    raise SystemExit(main())
