"""Import of a CSV of 5 million order lines, from the file to the finished workspace: against DuckDB's own `read_csv` of it into a table of a file.

Both sides end with a closed file that another process can open, and must first give equal rows. Limits: 3 times the peer as anybody writes it, and
a peak of memory of 1.5 GB. For information also the ratio to a peer told not to tidy the pieces its reader leaves, which is the fastest we found.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import ibis.backends.duckdb  # noqa: F401 (Ibis loads it with the first connection; imports are not what is measured)

from benchmarks.measure import CACHE, Side, holds, measure
from crm_core.mapping.build import build
from crm_core.mapping.suggest import suggest
from crm_core.sources.files import stage
from crm_core.sources.staging import Staging

LINES = 5_000_000
SLOWER_THAN_PEER = 3.0
PEAK_GB = 1.5
VERSION = 1  # a change of what is made asks for a new file

#: Two or three lines an order, customers with a long tail, in order of time.
SALES = """
    SELECT 'C' || lpad((400000 * pow(hash(number * 7) % 1000000 / 1e6, 2))::BIGINT::VARCHAR, 6, '0') AS customer_id, 1000000 + number AS order_id,
        TIMESTAMP '2021-01-01' + to_seconds((126230400.0 * number / $lines * 2.5)::BIGINT) AS ordered_at,
        'P' || lpad((hash(line) % 5000)::VARCHAR, 5, '0') AS product_id,
        1 + hash(line * 3) % 5 AS quantity, (50 + hash(line * 5) % 20000) / 100 AS unit_price
    FROM (SELECT i AS line, i * 2 // 5 AS number FROM range($lines) AS made(i)) ORDER BY line
"""
#: What must be equal on both sides, of a table with these columns.
SUMS = """
    SELECT count(*), count(DISTINCT customer_id), count(DISTINCT order_id), count(DISTINCT product_id), min(moment), max(moment), sum(epoch(moment)),
        sum(quantity::DECIMAL(18, 4)), sum((quantity * unit_price::DECIMAL(18, 2))::DECIMAL(18, 4))
    FROM (SELECT *, {moment} AS moment FROM {table})
"""


def csv(lines: int) -> Path:
    """The file of that many lines, made once."""
    path = CACHE / f"sales-{VERSION}-{lines}.csv"
    if not path.exists():
        CACHE.mkdir(exist_ok=True)
        unfinished = path.with_suffix(".unfinished")
        with duckdb.connect() as con:
            con.sql(SALES, params={"lines": lines}).write_csv(str(unfinished))
        unfinished.rename(path)
    return path


def read_plainly(path: str) -> None:
    """The peer as anybody would write it."""
    _in_folder(lambda folder: _read(path, folder / "peer.duckdb").close())


def read_without_tidying(path: str) -> None:
    """The peer that does not rewrite the small pieces its reader leaves."""
    _in_folder(lambda folder: _read(path, folder / "peer.duckdb", "SET max_vacuum_tasks = 0").close())


def import_whole(path: str) -> None:
    """Our side: stage, suggest, build."""
    _in_folder(lambda folder: _import(path, folder))


def _in_folder(work: Callable[[Path], Any]) -> Any:
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        return work(Path(folder))


def _read(path: str, target: Path, setting: str = "") -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(str(target))
    con.execute(setting or "SELECT 1")
    con.execute("CREATE TABLE lines AS FROM read_csv($path)", {"path": path})
    return con


def _import(path: str, folder: Path) -> Path:
    target = folder / "workspace.duckdb"
    with Staging(folder) as staging:
        stage(staging, Path(path))
        build(staging, suggest(staging).mapping, target, name="Benchmark", imported_at=datetime(2025, 1, 1))
    return target


def equal(path: str) -> bool:
    """Do both sides hold the same rows, as far as counts and exact sums tell?"""

    def both(folder: Path) -> tuple[Any, Any]:
        with _read(path, folder / "peer.duckdb") as con:
            peer = con.sql(SUMS.format(moment="ordered_at", table="lines")).fetchone()
        with duckdb.connect(str(_import(path, folder)), read_only=True) as con:
            return peer, con.sql(SUMS.format(moment="line_at", table="order_lines")).fetchone()

    peer, ours = _in_folder(both)
    print(f"equal rows: {peer == ours}: {ours[0]:,} lines, {ours[1]:,} customers, {ours[2]:,} orders, {ours[-1]:,.2f} net")
    return bool(peer == ours)


def main(lines: int = LINES, runs: int = 5) -> int:
    """Print the measurements and ratios; 1 if a limit is missed or the sides differ."""
    path = str(csv(lines))
    if not equal(path):
        return 1
    names = ("read_plainly", "read_without_tidying", "import_whole")
    labels = ("DuckDB read_csv", "DuckDB read_csv, pieces left small", "import: stage, suggest, build")
    sides = [Side(label, f"benchmarks.import_speed:{name}", (path,)) for label, name in zip(labels, names, strict=True)]
    plain, tuned, ours = measure(sides, runs)
    print(f"{'import ÷ read_csv, pieces left small':<48} {ours.seconds / tuned.seconds:8.2f} (for information)")
    verdicts = [
        holds("import ÷ DuckDB's read_csv", ours.seconds / plain.seconds, SLOWER_THAN_PEER),
        holds("peak of memory, GB", ours.peak_mb / 1024, PEAK_GB),
    ]
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    raise SystemExit(main())
