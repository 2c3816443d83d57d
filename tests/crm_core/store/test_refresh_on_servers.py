"""Databases that stop, drop the connection, answer late or change, on real servers: a clear message, a retry that works, nothing half-written."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from crm_core.errors import CrmError, SourceError
from crm_core.mapping.build import build
from crm_core.mapping.suggest import suggest
from crm_core.sources.databases import browse
from crm_core.sources.databases import session as databases
from crm_core.sources.databases.connections import Connection, Connections
from crm_core.sources.databases.selection import Selection
from crm_core.sources.databases.stage import stage
from crm_core.sources.staging import Progress, Staging
from crm_core.store.home import Home
from crm_core.store.refresh import refresh
from crm_core.store.workspaces import Entry, Workspaces
from crm_core.workspace import Workspace

NOW = datetime(2026, 1, 2, tzinfo=UTC)
PASSWORD = "THE_PASSWORD"  # noqa: S105  (a variable's name)
#: Rows of the table of sales; of the one that is still being read when its server stops.
ROWS, MANY = 50_000, 1_500_000
SALES = {
    "postgres": """CREATE TABLE {name} AS SELECT 'c' || n % 5000 AS customer_id, 'o' || n AS order_id,
        timestamp '2024-01-01' + n * interval '1 minute' AS ordered_at, (n % 1000)::numeric(12, 2) + 0.25 AS net_amount FROM generate_series(1, {rows}) n""",
    "mariadb": """CREATE TABLE {name} AS SELECT concat('c', seq % 5000) AS customer_id, concat('o', seq) AS order_id,
        timestampadd(MINUTE, seq, '2024-01-01') AS ordered_at, cast(seq % 1000 + 0.25 AS decimal(12, 2)) AS net_amount FROM seq_1_to_{rows}""",
}
KINDS = list(SALES)


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A server of the kind that the test is run with, which it may stop; it holds a table of sales."""
    kind: str = request.param
    request.getfixturevalue(kind)  # skips with the reason where it is not installed
    from tests.servers.mariadb import MariaDBServer
    from tests.servers.postgres import PostgresServer

    with PostgresServer() if kind == "postgres" else MariaDBServer() as made:
        made.kind = kind
        made.create_database("shop")
        made.execute(SALES[kind].format(name="sales", rows=ROWS), "shop")
        yield made


def make_long(server: Any) -> None:
    """So many sales that reading them takes a while."""
    server.execute("DROP TABLE sales", "shop")
    server.execute(SALES[server.kind].format(name="sales", rows=MANY), "shop")


@pytest.fixture
def store(tmp_path: Path) -> Workspaces:
    return Workspaces(Home(tmp_path / "home").prepare())


def connection_to(place: Any, password: str, **more: Any) -> Connections:
    connection = Connection("shop", place.url(database="shop"), f"env:{PASSWORD}", label="Web shop", **more)
    return Connections((connection,), environment={PASSWORD: password})


def read(staging: Staging, connections: Connections, progress: Progress = lambda share, sentence: None) -> Any:
    with databases.open(connections.find("shop"), connections.environment) as session:
        return stage(staging, session, Selection("shop", "sales"), progress=progress, newest_column="ordered_at")


def imported(store: Workspaces, connections: Connections) -> Entry:
    workspace_id, name = store.place("Shop")
    candidate = store.candidate(workspace_id)
    with Staging(store.home.staging) as staging:
        read(staging, connections)
        build(staging, suggest(staging).mapping, candidate, name=name, imported_at=NOW)
    return store.accept(workspace_id, candidate, name, "named")


def count_lines(entry: Entry) -> int:
    with Workspace.open(entry.path) as ws:
        return int(ws.execute(ws.table("order_lines").count()))


def once_under_way(act: Callable[[], object]) -> Progress:
    """A progress that acts when the first rows have come."""
    done: list[int] = []

    def tell(share: float, sentence: str) -> None:
        if not done and " 0 " not in sentence and "rows" in sentence:
            done.append(1)
            act()

    return tell


def is_untouched(staging: Staging) -> bool:
    """Neither a table nor a part of one is left behind."""
    names = {str(row[0]) for row in staging.raw.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    return names == {"bad_lines"} and not staging.tables and not staging.origins


@pytest.mark.parametrize("server", KINDS, indirect=True)
def test_a_server_that_stops_in_the_middle_is_told_and_tried_again(server: Any, tmp_path: Path) -> None:
    connections = connection_to(server, server.password)
    make_long(server)
    with Staging(tmp_path) as staging:
        with pytest.raises(SourceError) as caught:
            read(staging, connections, once_under_way(server.stop))
        assert caught.value.hint
        assert server.password not in caught.value.text()
        assert is_untouched(staging)
        with pytest.raises(SourceError):  # still down
            read(staging, connections)
        server.start()
        assert read(staging, connections).rows == MANY


@pytest.mark.parametrize("server", KINDS, indirect=True)
def test_a_connection_that_drops_is_told_and_tried_again(server: Any, proxied: Callable[..., Any], tmp_path: Path) -> None:
    line = proxied(server)
    connections = connection_to(line, server.password)
    with Staging(tmp_path) as staging:
        line.cut_after(200_000)
        with pytest.raises(SourceError) as caught:
            read(staging, connections)
        assert "Web shop" in caught.value.text()
        assert is_untouched(staging)
        assert read(staging, connections).rows == ROWS


@pytest.mark.parametrize("server", KINDS, indirect=True)
def test_three_seconds_of_latency_are_waited_for(server: Any, proxied: Callable[..., Any], tmp_path: Path) -> None:
    connections = connection_to(proxied(server, delay_seconds=1.5), server.password)  # there and back: three seconds
    started = time.monotonic()
    with Staging(tmp_path) as staging, ExitStack() as stack:
        session = stack.enter_context(databases.open(connections.find("shop"), connections.environment))
        assert [table.name for table in browse.tables(session, "public" if server.kind == "postgres" else "shop")] == ["sales"]
        assert len(browse.preview(session, Selection("shop", "sales"))) == 20
        assert read(staging, connections).rows == ROWS
    assert time.monotonic() - started > 3


@pytest.mark.parametrize("server", KINDS, indirect=True)
def test_a_preview_that_takes_too_long_is_stopped_on_the_server(server: Any) -> None:
    connections = connection_to(server, server.password, timeout_seconds=1)
    long = "SELECT count(*) AS n FROM sales a, sales b, sales c"
    started = time.monotonic()
    with databases.open(connections.find("shop"), connections.environment) as session, pytest.raises(SourceError, match="long"):
        browse.preview(session, Selection("shop", query=long))
    assert time.monotonic() - started < 20
    running = {
        "postgres": "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%sales c%' AND pid <> pg_backend_pid()",
        "mariadb": "SELECT count(*) FROM information_schema.processlist WHERE info LIKE '%sales c%' AND id <> connection_id()",
    }
    assert server.execute(running[server.kind])[0][0] == 0


@pytest.mark.parametrize("server", KINDS, indirect=True)
def test_a_refresh_of_a_server_that_is_down_leaves_the_data_and_works_later(server: Any, store: Workspaces) -> None:
    connections = connection_to(server, server.password)
    entry = imported(store, connections)
    files = sorted(one.name for one in entry.path.parent.iterdir())
    server.stop()
    with pytest.raises(SourceError):
        refresh(store, entry, connections, NOW)
    assert sorted(one.name for one in entry.path.parent.iterdir()) == files
    assert count_lines(store.find("Shop")) == ROWS
    server.start()
    server.execute("INSERT INTO sales VALUES ('new', 'new', '2025-06-01 00:00:00', 1.5)", "shop")
    found = refresh(store, entry, connections, NOW)
    assert found.rows_read == {"sales": 1}
    assert count_lines(found.entry) == ROWS + 1


@pytest.mark.parametrize("server", KINDS, indirect=True)
def test_a_server_that_stops_during_a_refresh_leaves_the_data(server: Any, store: Workspaces) -> None:
    connections = connection_to(server, server.password)
    entry = imported(store, connections)
    make_long(server)
    with pytest.raises(SourceError):
        refresh(store, entry, connections, NOW, is_full=True, progress=once_under_way(server.stop))
    assert count_lines(store.find("Shop")) == ROWS
    assert not list(store.home.staging.iterdir())


@pytest.mark.parametrize("server", KINDS, indirect=True)
def test_a_renamed_table_is_named(server: Any, store: Workspaces) -> None:
    connections = connection_to(server, server.password)
    entry = imported(store, connections)
    server.execute("ALTER TABLE sales RENAME TO sold", "shop")
    with pytest.raises(SourceError, match="sales") as caught:
        refresh(store, entry, connections, NOW)
    assert caught.value.hint
    assert count_lines(store.find("Shop")) == ROWS


@pytest.mark.parametrize("server", KINDS, indirect=True)
def test_a_retyped_column_is_told_by_newer_rows_and_read_anew_in_full(server: Any, store: Workspaces) -> None:
    connections = connection_to(server, server.password)
    entry = imported(store, connections)
    change = "ALTER COLUMN net_amount TYPE text USING net_amount::text" if server.kind == "postgres" else "MODIFY net_amount varchar(20)"
    server.execute(f"ALTER TABLE sales {change}", "shop")
    server.execute("INSERT INTO sales VALUES ('new', 'new', '2025-06-01 00:00:00', '1.50')", "shop")
    with pytest.raises(CrmError, match="net_amount") as caught:
        refresh(store, entry, connections, NOW)
    assert "full" in caught.value.hint
    found = refresh(store, entry, connections, NOW, is_full=True)
    assert count_lines(found.entry) == ROWS + 1
    assert [one.column for one in found.receipt.problems if one.code == "column_retyped"] == ["net_amount"]


@pytest.mark.parametrize("server", ["postgres"], indirect=True)
def test_newer_rows_are_told_by_times_with_a_zone(server: Any, store: Workspaces) -> None:
    server.execute("ALTER TABLE sales ALTER COLUMN ordered_at TYPE timestamptz USING ordered_at AT TIME ZONE 'UTC'", "shop")
    connections = connection_to(server, server.password)
    entry = imported(store, connections)
    server.execute("INSERT INTO sales VALUES ('new', 'new', '2025-06-01 01:00:00+03:30', 1.5)", "shop")
    found = refresh(store, entry, connections, NOW)
    assert found.rows_read == {"sales": 1}
    with Workspace.open(found.entry.path) as ws:
        assert ws.last_day == date(2025, 5, 31)  # by the clock of UTC
