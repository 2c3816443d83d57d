"""Rows come into the staging area whole or not at all, with progress, little memory and a way to cancel."""

# ruff: noqa: E501 (statements and lists of them read best unbroken)

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import date, datetime
from decimal import Decimal

import pytest

from crm_core.errors import SourceError
from crm_core.mapping.build import build
from crm_core.mapping.suggest import suggest
from crm_core.sources import files
from crm_core.sources.databases import rows
from crm_core.sources.databases import stage as staging_of_rows
from crm_core.sources.databases.selection import Join, Origin, Selection
from crm_core.sources.databases.stage import stage

SERIES = {
    "postgres": "SELECT i FROM generate_series(1, {0}) AS g(i)",
    "mariadb": "SELECT seq AS i FROM seq_1_to_{0}",
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {0}) SELECT i FROM n",
}


@pytest.fixture(params=["postgres", "mariadb", "sqlite"])
def on_each(request):
    """Opens a session on an empty database of each kind; {series:N} in its statements are the numbers 1 to N."""

    def make(statements="", **more):
        for count in ("10", "60000", "300000"):
            statements = statements.replace("{series:" + count + "}", SERIES[request.param].format(count))
        return request.getfixturevalue(f"on_{request.param}")(statements, **more)

    return make


class Stop(Exception):
    """What a user's Cancel raises."""


def left_over(staging):
    """Tables of the staging area that no staged table owns."""
    names = {row[0] for row in staging.raw.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    return names - {"bad_lines"} - {one.ref for one in staging.tables}


def test_reading_tells_where_it_came_from(on_postgres, staging):
    opened = on_postgres("CREATE TABLE sales (id int); INSERT INTO sales VALUES (1)")
    table = stage(staging, opened, Selection("shop", "sales", "public"), newest_column="id", overlap_days=3)
    assert (table.name, table.file, table.rows) == ("public.sales", "public.sales", 1)
    assert table.reading == {"Database": "Web shop", "Table": "public.sales", "Read by": "ADBC (binary COPY)"}
    assert staging.origins == {"public.sales": Origin(Selection("shop", "sales", "public"), "id", 3)}
    query = stage(staging, opened, Selection("shop", query="SELECT id FROM sales"), "mine")
    assert query.reading["Query"] == "SELECT id FROM sales"
    assert list(staging.fingerprints) == ["public.sales", "mine"]


@pytest.mark.parametrize("value", [datetime(2024, 1, 2, 3, 4, 5), date(2024, 1, 2), 7, 1.5, "x", Decimal("1.20"), None])
def test_origin_survives_json(value):
    selection = Selection("shop", "t", None, "", ("a", "b"), (Join("c", (("a", "b"),), "s"),)).since("a", value)
    origin = Origin(selection, "a", 3)
    assert Origin.from_dict(json.loads(json.dumps(origin.as_dict()))) == origin


def test_progress_counts_rows(on_postgres, staging):
    opened = on_postgres("CREATE TABLE sales AS SELECT i, repeat('x', 200) AS word FROM generate_series(1, 300000) AS g(i); ANALYZE sales")
    told = []
    stage(staging, opened, Selection("shop", "sales", "public"), progress=lambda share, sentence: told.append((share, sentence)))
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert told[-1] == (1.0, "public.sales is read")
    assert "Reading public.sales: 300,000 of about 300,000 rows" in [sentence for _, sentence in told]
    assert len({sentence for _, sentence in told}) > 3


def test_cancelled_in_the_middle_everything_is_as_before(on_each, staging):
    opened = on_each("CREATE TABLE sales AS {series:300000}; CREATE TABLE old AS SELECT 1 AS a")
    stage(staging, opened, Selection("shop", "old"), "sales")
    before = (list(staging.tables), dict(staging.fingerprints), dict(staging.origins))
    calls = []

    def cancel(share, sentence):
        calls.append(sentence)
        if ": 0" not in sentence:
            raise Stop

    with pytest.raises(Stop):
        stage(staging, opened, Selection("shop", "sales"), progress=cancel)
    assert (list(staging.tables), dict(staging.fingerprints), dict(staging.origins)) == before
    assert left_over(staging) == set()
    assert stage(staging, opened, Selection("shop", "sales")).rows == 300000  # and the session goes on


def test_cancelling_stops_the_statement_on_the_server(on_postgres, postgres, on_mariadb, mariadb, staging):
    slow = "SELECT count(*) FROM generate_series(1, 2000000000) AS g(i)"
    running = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%2000000000%' AND pid <> pg_backend_pid()"
    _cancelled(staging, on_postgres(), slow)
    assert _soon(lambda: postgres.execute(running)[0][0] == 0)
    slow = "SELECT count(*) FROM seq_1_to_100000000 a CROSS JOIN seq_1_to_100000000 b"
    running = "SELECT count(*) FROM information_schema.processlist WHERE info LIKE '%seq_1_to_100000000%' AND id <> connection_id()"
    _cancelled(staging, on_mariadb(), slow)
    assert _soon(lambda: mariadb.execute(running)[0][0] == 0)


def _cancelled(staging, opened, query):
    asked = []

    def cancel(share, sentence):
        asked.append(sentence)
        if len(asked) > 3:
            raise Stop

    with pytest.raises(Stop):
        stage(staging, opened, Selection("shop", query=query), progress=cancel)


def _soon(holds):
    for _ in range(50):
        if holds():
            return True
        time.sleep(0.1)
    return False


def test_failed_reading_leaves_what_was_there(on_each, staging):
    opened = on_each("CREATE TABLE sales AS SELECT 1 AS id; CREATE TABLE empty (id int)")
    good = stage(staging, opened, Selection("shop", "sales"), "sales")
    for selection in (Selection("shop", "nowhere"), Selection("shop", "empty"), Selection("shop", query="SELECT nothing FROM sales"),
                      Selection("shop", "sales", columns=("nothing",)), Selection("shop", query="DELETE FROM sales")):  # fmt: skip
        with pytest.raises(SourceError):
            stage(staging, opened, selection, "sales")
    assert staging.tables == [good]
    assert left_over(staging) == set()


def test_empty_table_is_refused_unless_only_new_rows_were_asked_for(on_each, staging):
    opened = on_each("CREATE TABLE sales AS SELECT 1 AS id; CREATE TABLE empty (id int)")
    with pytest.raises(SourceError, match="no rows"):
        stage(staging, opened, Selection("shop", "empty"))
    assert stage(staging, opened, Selection("shop", "sales").since("id", 5)).rows == 0


def test_only_newer_rows_and_those_of_which_nobody_knows(on_each, staging, columns_of):
    opened = on_each(
        "CREATE TABLE sales (id int, at timestamp NULL, word varchar(20)); INSERT INTO sales VALUES (1, '2024-01-01 10:00:00', 'a'), (2, '2024-01-02 10:00:00', 'b'), (3, NULL, NULL)"
    )
    for selection in (Selection("shop", "sales"), Selection("shop", query="SELECT * FROM sales")):
        for column, value in (("at", datetime(2024, 1, 1, 10)), ("at", date(2024, 1, 2)), ("id", 1), ("word", "a")):
            newer = selection.since(column, value)
            assert columns_of(stage(staging, opened, newer))["id"][1] == [2, 3]
            known = Selection(**{**newer.__dict__, "with_nulls": False})
            assert columns_of(stage(staging, opened, known))["id"][1] == ([2] if column != "id" else [2, 3])


def test_equal_content_has_equal_fingerprints_in_any_order(on_each, staging):
    opened = on_each("CREATE TABLE a AS {series:10}; CREATE TABLE b AS SELECT 1 AS i")
    prints = []
    for query in (
        "SELECT i, 'x' AS w FROM a ORDER BY i",
        "SELECT i, 'x' AS w FROM a ORDER BY i DESC",
        "SELECT i, 'y' AS w FROM a",
        "SELECT i, 'x' AS v FROM a",
    ):
        stage(staging, opened, Selection("shop", query=query), "t")
        prints.append(staging.fingerprints["t"])
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


def test_tables_of_one_session_are_seen_at_one_moment(on_postgres, postgres, staging):
    opened = on_postgres("CREATE TABLE a AS SELECT 1 AS id; CREATE TABLE b AS SELECT 1 AS id")
    stage(staging, opened, Selection("shop", "a", "public"))
    postgres.execute("INSERT INTO b VALUES (2)", "rows")
    assert stage(staging, opened, Selection("shop", "b", "public")).rows == 1


def test_connection_lost_in_the_middle(on_postgres, postgres, staging):
    opened = on_postgres("CREATE TABLE sales AS SELECT i, repeat('x', 500) AS word FROM generate_series(1, 300000) AS g(i)")
    ended = []

    def end(share, sentence):
        if ": 0" not in sentence and not ended:
            ended.append(1)
            postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'rows' AND pid <> pg_backend_pid()")

    with pytest.raises(SourceError, match="connection was lost"):
        stage(staging, opened, Selection("shop", "sales", "public"), progress=end)
    assert staging.tables == []
    assert left_over(staging) == set()
    assert stage(staging, opened, Selection("shop", "sales", "public")).rows == 300000


def test_long_texts_come_in_small_batches(on_sqlite):
    opened = on_sqlite(
        "CREATE TABLE t AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000) SELECT i, hex(zeroblob(10000)) AS w FROM n"
    )
    with rows.read(opened, Selection("shop", "t")) as found:
        sizes = [batch.nbytes for batch in found.batches]
    assert sum(sizes) > 180_000_000
    assert max(sizes[1:]) < 2 * rows.BATCH_BYTES


def test_progress_that_fails_stops_the_reading_thread(on_postgres, staging):
    import threading

    with pytest.raises(Stop):
        _raise_at_once(staging, on_postgres("CREATE TABLE sales AS SELECT * FROM generate_series(1, 300000) AS g(i)"))
    assert [one for one in threading.enumerate() if one.name == staging_of_rows.THREAD] == []


def _raise_at_once(staging, opened):
    def stop(share, sentence):
        raise Stop

    stage(staging, opened, Selection("shop", "sales"), progress=stop)


MEMORY = """
import os, resource, sys
from pathlib import Path
from crm_core.sources.databases import session
from crm_core.sources.databases.connections import Connection
from crm_core.sources.databases.selection import Selection
from crm_core.sources.databases.stage import stage
from crm_core.sources.staging import Staging
with session.open(Connection("shop", sys.argv[1], "env:P"), os.environ) as opened, Staging(Path(sys.argv[2]), memory_limit="80MB") as staging:
    stage(staging, opened, Selection("shop", query="SELECT * FROM sales LIMIT 1000"), "first")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rows = stage(staging, opened, Selection("shop", "sales", "public"), "all").rows
    print(rows, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_memory_does_not_grow_with_the_rows(postgres, tmp_path):
    """Above what one small reading takes, the engine's own limit (80 MB here) included."""
    postgres.create_database("rows")
    postgres.execute(
        """CREATE TABLE sales AS SELECT i AS id, 'C' || i % 4000 AS customer, timestamp '2020-01-01' + i * interval '1 minute' AS at, (i % 999)::numeric(12, 2) AS amount,
        'Product number ' || i % 500 AS product, i % 3 = 0 AS returned FROM generate_series(1, 1000000) AS g(i)""", "rows",
    )  # fmt: skip
    run = subprocess.run(
        [sys.executable, "-c", MEMORY, postgres.url(database="rows"), str(tmp_path)],
        capture_output=True,
        text=True,
        env={"P": postgres.password, "PYTHONPATH": "."},
    )
    assert run.returncode == 0, run.stderr
    count, grown = map(int, run.stdout.split())
    assert count == 1000000
    assert grown < 150


def test_database_and_parquet_file_build_the_same_workspace(on_postgres, tmp_path, staging):
    """Down to the canonical tables: types from the database mean what the same types in a file mean."""
    opened = on_postgres(
        """CREATE TABLE sales AS SELECT 'C' || i % 40 AS customer_id, i AS order_id, timestamp '2023-01-01' + i * interval '7 hours' AS order_date,
        (i % 97)::numeric(12, 2) + 0.25 AS amount, 'Product ' || i % 9 AS product FROM generate_series(1, 2000) AS g(i)"""
    )
    stage(staging, opened, Selection("shop", "sales", "public"), "sales")
    staging.raw.execute(
        f"COPY (SELECT c0 AS customer_id, c1 AS order_id, c2 AS order_date, c3 AS amount, c4 AS product FROM {staging.staged('sales').ref}) TO '{tmp_path}/sales.parquet'"
    )
    built = []
    for name in ("database", "file"):
        if name == "file":
            staging.replace("sales", [])
            files.stage(staging, tmp_path / "sales.parquet")
        target = tmp_path / f"{name}.duckdb"
        build(staging, suggest(staging).mapping, target, name=name, imported_at=datetime(2024, 1, 1))
        built.append(target)
    staging.raw.execute(f"ATTACH '{built[0]}' AS a (READ_ONLY); ATTACH '{built[1]}' AS b (READ_ONLY)")
    for table in ("customers", "orders", "order_lines"):
        assert staging.raw.execute(f"SELECT count(*) FROM a.{table}").fetchone()[0] > 0
        assert (
            staging.raw.execute(f"(FROM a.{table} EXCEPT FROM b.{table}) UNION ALL (FROM b.{table} EXCEPT FROM a.{table})").fetchall() == []
        )
