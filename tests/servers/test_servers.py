"""The test servers themselves: they answer, can be stopped, and the proxy spoils the network as it says."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pymysql
import pytest

from tests.servers.mariadb import MariaDBServer
from tests.servers.postgres import PostgresServer
from tests.servers.processes import Login, NotInstalled, find_program
from tests.servers.proxy import Proxy
from tests.servers.spark import SparkCluster

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def _connect(server: PostgresServer | Proxy, login: Login | PostgresServer, **options: object) -> psycopg.Connection:
    return psycopg.connect(
        host=server.host, port=server.port, user=login.user, password=login.password, dbname="postgres", connect_timeout=20, **options
    )


def test_postgres_lets_its_reader_only_read(postgres: PostgresServer) -> None:
    postgres.execute("DROP TABLE IF EXISTS before, after; CREATE TABLE before (n int); INSERT INTO before VALUES (1), (2)")
    reader = postgres.create_reader()
    postgres.execute("CREATE TABLE after (n int); INSERT INTO after VALUES (3)")
    with _connect(postgres, reader, autocommit=True) as connection:
        assert connection.execute("SELECT sum(n) FROM (TABLE before UNION TABLE after) AS both_tables").fetchone() == (6,)
        connection.execute("CREATE TEMP TABLE own AS SELECT 1 AS n")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("INSERT INTO before VALUES (4)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE public.forbidden (n int)")


def test_postgres_url_has_no_password_and_none_gets_in_without(postgres: PostgresServer) -> None:
    assert postgres.url(user="reader", database="shop") == f"postgresql+psycopg://reader@127.0.0.1:{postgres.port}/shop"
    with pytest.raises(psycopg.OperationalError, match="password"):
        _connect(postgres, Login(postgres.user, "wrong"))


def test_postgres_killed_in_the_middle_keeps_what_was_committed(postgres_of_its_own: PostgresServer) -> None:
    server = postgres_of_its_own
    server.execute("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)")
    with _connect(server, server) as connection:
        connection.execute("INSERT INTO kept VALUES (8)")
        server.stop("immediate")
        assert not server.runs
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    server.start()
    assert server.execute("SELECT n FROM kept") == [(7,)]


def test_mariadb_lets_its_reader_only_read_and_survives_a_kill(mariadb: MariaDBServer) -> None:
    mariadb.execute("CREATE OR REPLACE TABLE kept (n int); INSERT INTO kept VALUES (7)")
    reader = mariadb.create_reader()
    mariadb.restart("immediate")
    way = {"host": mariadb.host, "port": mariadb.port, "user": reader.user, "password": reader.password, "database": mariadb.database}
    with pymysql.connect(**way) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT n FROM kept")
        assert cursor.fetchall() == ((7,),)
        with pytest.raises(pymysql.OperationalError, match="denied"):
            cursor.execute("INSERT INTO kept VALUES (8)")
    with pytest.raises(pymysql.OperationalError, match="denied"):
        pymysql.connect(**way | {"password": "wrong"})
    assert mariadb.password not in mariadb.url()


def test_proxy_delays_the_first_or_every_packet(postgres: PostgresServer, proxied: Callable[..., Proxy]) -> None:
    proxy = proxied(postgres)
    assert proxy.url() == postgres.url().replace(str(postgres.port), str(proxy.port))
    with _connect(proxy, postgres, autocommit=True) as connection:
        assert _seconds(lambda: connection.execute("SELECT 1")) < 0.5
        proxy.delay_seconds = 0.5
        assert _seconds(lambda: connection.execute("SELECT 1")) < 0.5, "the first packets have long gone"
        proxy.delays = "every"
        assert _seconds(lambda: connection.execute("SELECT 1")) >= 1.0, "there and back"
        seconds = _seconds(lambda: connection.execute("SELECT repeat('x', 1000) FROM generate_series(1, 3000)").fetchall())
        assert 1.0 <= seconds < 3.0, "a long answer comes later, but no slower"


def test_proxy_cuts_refuses_and_resumes(postgres: PostgresServer, proxied: Callable[..., Proxy]) -> None:
    proxy = proxied(postgres)
    connection = _connect(proxy, postgres)
    assert proxy.cut() == 1
    with connection, pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    proxy.refuse()
    with pytest.raises(psycopg.OperationalError, match="refused"):
        _connect(proxy, postgres)
    proxy.resume()
    _connect(proxy, postgres).close()


def test_proxy_cuts_in_the_middle_of_an_answer(postgres: PostgresServer, proxied: Callable[..., Proxy]) -> None:
    proxy = proxied(postgres)
    with _connect(proxy, postgres, autocommit=True) as connection:
        before = proxy.bytes_to_client
        proxy.cut_after(1_000_000)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT repeat('x', 1000) FROM generate_series(1, 3000)")
        assert proxy.bytes_to_client - before == 1_000_000
    _connect(proxy, postgres).close()


def test_servers_of_a_killed_test_run_end(tmp_path: Path) -> None:
    try:
        find_program("initdb", list(Path("/usr/lib/postgresql").glob("*/bin")))
    except NotInstalled as missing:
        pytest.skip(str(missing))
    script = """
import time
from tests.servers.postgres import PostgresServer
with PostgresServer() as server:
    print(server._folder.path, server._program.process.pid, flush=True)
    time.sleep(60)
"""
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen([sys.executable, "-c", script], cwd=root, stdout=subprocess.PIPE, text=True) as run:
        folder, process = run.stdout.readline().split()
        assert _runs(int(process))
        run.kill()
    deadline = time.monotonic() + 10
    while (_runs(int(process)) or Path(folder).exists()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(int(process))
    assert not Path(folder).exists()


def test_spark_works_on_executors_of_both_workers_by_either_way(spark_cluster: SparkCluster) -> None:
    assert len(spark_cluster.workers()) == 2
    with spark_cluster.connect_session() as session:
        assert session.range(1000, numPartitions=4).selectExpr("sum(id) AS total").toArrow()["total"].to_pylist() == [499_500]
        assert _workers_that_worked(session) == {"worker-1", "worker-2"}
    with spark_cluster.classic_session() as session:
        assert session.range(1000, numPartitions=4).selectExpr("sum(id)").collect()[0][0] == 499_500
        assert session.conf.get("spark.sql.shuffle.partitions") == "4"
        assert _workers_that_worked(session) == {"worker-1", "worker-2"}
    assert {app["name"] for app in spark_cluster.state()["activeapps"]} >= {"Spark Connect"}


def _workers_that_worked(session: SparkSession) -> set[str]:
    """By the folder in which Python ran: below WORKER/APP/EXECUTOR for an executor, another for the driver."""
    from pyspark.sql.functions import udf

    def folder(_: int) -> str:
        import os

        return os.getcwd()

    rows = session.range(8, numPartitions=4).select(udf(folder)("id").alias("folder")).collect()
    return {next((part for part in Path(row["folder"]).parts if part.startswith("worker-")), "driver") for row in rows}


def _seconds(work: Callable[[], object]) -> float:
    start = time.monotonic()
    work()
    return time.monotonic() - start


def _runs(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"  # ended, and not yet fetched by the system
