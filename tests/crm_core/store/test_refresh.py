"""A refresh gives what a whole import gives, reads only what it must, and leaves the former data where anything fails."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crm_core.errors import CrmError, DataError, MappingError, SourceError, WorkspaceError
from crm_core.mapping import former
from crm_core.mapping.build import build
from crm_core.mapping.suggest import suggest
from crm_core.sources.databases import session as databases
from crm_core.sources.databases.connections import Connections, load
from crm_core.sources.databases.selection import Selection
from crm_core.sources.databases.stage import stage
from crm_core.sources.files import stage as stage_file
from crm_core.sources.staging import Staging
from crm_core.store.home import Home
from crm_core.store.refresh import can_refresh, reads_newer, refresh
from crm_core.store.workspaces import Entry, Workspaces
from crm_core.workspace import Workspace

NOW = datetime(2026, 1, 2, tzinfo=UTC)
FIRST = [
    ("a", "1", "2024-01-05 10:00:00", "10.50"),
    ("b", "2", "2024-01-20 11:00:00", "20.00"),
    ("a", "3", "2024-02-01 12:00:00", "30.25"),
]
LATER = [("c", "4", "2024-02-10 09:00:00", "5.00"), ("b", "5", "2024-01-30 09:00:00", "7.00")]  # the second one arrived late


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A shop's database with three sales."""
    path = tmp_path / "shop.sqlite"
    with sqlite3.connect(path) as con:
        con.execute("CREATE TABLE sales (customer_id TEXT, order_id TEXT, ordered_at TIMESTAMP, net_amount NUMERIC(12, 2))")
    add(path, FIRST)
    return path


@pytest.fixture
def store(tmp_path: Path) -> Workspaces:
    return Workspaces(Home(tmp_path / "home").prepare())


@pytest.fixture
def connections(tmp_path: Path, shop: Path, store: Workspaces) -> Connections:
    (store.home.root / "connections.toml").write_text(f'[connections.shop]\nurl = "sqlite:///{shop}"\n')
    return load(store.home.root, {})


def add(shop: Path, rows: list[tuple[str, ...]]) -> None:
    with sqlite3.connect(shop) as con:
        con.executemany("INSERT INTO sales VALUES (?, ?, ?, ?)", rows)


def imported(store: Workspaces, connections: Connections, column: str = "", days: int = 0, beside: Path | None = None) -> Entry:
    """The shop's sales, and a file beside them, as a named workspace."""
    workspace_id, name = store.place("Shop")
    candidate = store.candidate(workspace_id)
    with Staging(store.home.staging) as staging:
        with databases.open(connections.find("shop"), {}) as session:
            stage(staging, session, Selection("shop", "sales"), newest_column=column, overlap_days=days)
        if beside is not None:
            stage_file(staging, beside)
        build(staging, suggest(staging).mapping, candidate, name=name, imported_at=NOW)
    return store.accept(workspace_id, candidate, name, "named")


def lines(entry: Entry) -> list[tuple[object, ...]]:
    with Workspace.open(entry.path) as ws:
        table = ws.table("order_lines")
        return list(
            ws.execute(table.select("customer_id", "order_id", "line_at", "net_amount").order_by("order_id")).itertuples(
                index=False, name=None
            )
        )


@pytest.mark.parametrize(("column", "days"), [("", 0), ("ordered_at", 30)])
def test_a_refresh_gives_what_a_whole_import_gives(
    shop: Path, store: Workspaces, connections: Connections, tmp_path: Path, column: str, days: int
) -> None:
    entry = imported(store, connections, column, days)
    add(shop, LATER)
    found = refresh(store, entry, connections, NOW)
    anew = imported(Workspaces(Home(tmp_path / "other").prepare()), connections)
    assert lines(found.entry) == lines(anew)
    assert len(lines(found.entry)) == 5
    assert found.receipt.rows_read == 5


def test_only_newer_rows_and_late_ones_are_read(shop: Path, store: Workspaces, connections: Connections) -> None:
    entry = imported(store, connections, "ordered_at", 7)
    add(shop, LATER)
    found = refresh(store, entry, connections, NOW)
    assert found.rows_read == {"sales": 3}  # the newest one again, and the two that came
    assert not found.is_full


def test_rows_that_arrive_later_than_that_are_seen_in_full_only(shop: Path, store: Workspaces, connections: Connections) -> None:
    entry = imported(store, connections, "ordered_at", 1)
    add(shop, LATER)
    entry = refresh(store, entry, connections, NOW).entry
    assert [line[1] for line in lines(entry)] == ["1", "2", "3", "4"]
    found = refresh(store, entry, connections, NOW, is_full=True)
    assert [line[1] for line in lines(found.entry)] == ["1", "2", "3", "4", "5"]
    assert found.rows_read == {"sales": 5}


def test_rows_without_a_date_are_read_again_each_time(shop: Path, store: Workspaces, connections: Connections) -> None:
    add(shop, [("d", "9", None, "1.00")])  # type: ignore[list-item]
    entry = imported(store, connections, "ordered_at", 0)
    with sqlite3.connect(shop) as con:
        con.execute("UPDATE sales SET ordered_at = '2024-02-02 00:00:00' WHERE order_id = '9'")
    found = refresh(store, entry, connections, NOW)
    assert [line[1] for line in lines(found.entry)] == ["1", "2", "3", "9"]
    assert found.receipt.rows_rejected == 0


def test_nothing_new_changes_nothing(store: Workspaces, connections: Connections) -> None:
    entry = imported(store, connections, "ordered_at")
    before = lines(entry)
    found = refresh(store, entry, connections, NOW)
    assert lines(found.entry) == before
    assert found.rows_read == {"sales": 0}


def test_refreshing_again_and_again_loses_nothing(shop: Path, store: Workspaces, connections: Connections) -> None:
    entry = imported(store, connections, "ordered_at")
    for number in range(3):
        add(shop, [("a", f"n{number}", f"2024-03-0{number + 1} 00:00:00", "1.00")])
        entry = refresh(store, entry, connections, NOW).entry
    assert [line[1] for line in lines(entry)] == ["1", "2", "3", "n0", "n1", "n2"]


def test_a_file_that_was_read_beside_the_database_stays(shop: Path, store: Workspaces, connections: Connections, tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    file.write_text("customer_id,country\na,Iran\nb,Peru\n")
    entry = imported(store, connections, "ordered_at", 30, file)
    file.unlink()
    add(shop, LATER)
    found = refresh(store, entry, connections, NOW)
    with Workspace.open(found.entry.path) as ws:
        customers = ws.execute(ws.table("customers").order_by("customer_id"))
    assert dict(zip(customers["customer_id"], customers["country"].fillna("?"), strict=True)) == {"a": "Iran", "b": "Peru", "c": "?"}


def test_a_file_beside_tables_that_are_read_whole_is_kept_as_well(
    store: Workspaces, connections: Connections, shop: Path, tmp_path: Path
) -> None:
    file = tmp_path / "customers.csv"
    file.write_text("customer_id,country\na,Iran\nb,Peru\n")
    entry = imported(store, connections, beside=file)
    file.unlink()
    add(shop, LATER)
    found = refresh(store, entry, connections, NOW)
    assert len(lines(found.entry)) == 5
    with Workspace.open(found.entry.path) as ws:
        assert ws.execute(ws.table("customers").country.count()) == 2


def _drop(con: sqlite3.Connection) -> None:
    con.execute("DROP TABLE sales")


def _rename_column(con: sqlite3.Connection) -> None:
    con.execute("ALTER TABLE sales RENAME COLUMN net_amount TO amount_of_money")


def _empty(con: sqlite3.Connection) -> None:
    con.execute("DELETE FROM sales")


def _retype(con: sqlite3.Connection) -> None:
    con.execute("ALTER TABLE sales DROP COLUMN net_amount")
    con.execute("ALTER TABLE sales ADD COLUMN net_amount TEXT DEFAULT 'twelve'")
    con.execute("INSERT INTO sales (customer_id, order_id, ordered_at) VALUES ('z', 'z', '2025-01-01 00:00:00')")


@pytest.mark.parametrize("column", ["", "ordered_at"])
@pytest.mark.parametrize("change", [_drop, _rename_column, _empty, _retype])
def test_whatever_changes_a_refresh_that_fails_leaves_the_former_data(
    shop: Path, store: Workspaces, connections: Connections, change: Callable[[sqlite3.Connection], None], column: str
) -> None:
    entry = imported(store, connections, column)
    before, files = lines(entry), sorted(one.name for one in entry.path.parent.iterdir())
    with sqlite3.connect(shop) as con:
        change(con)
    if column and change is _empty:
        return  # nothing newer is no failure: see above
    with pytest.raises((SourceError, MappingError, DataError)) as caught:
        refresh(store, entry, connections, NOW)
    assert caught.value.title
    assert caught.value.hint or caught.value.problems
    assert lines(store.find("Shop")) == before
    assert sorted(one.name for one in entry.path.parent.iterdir()) == files  # nothing half-written


def test_one_that_is_cancelled_leaves_the_former_data(shop: Path, store: Workspaces, connections: Connections) -> None:
    entry = imported(store, connections)
    add(shop, LATER)

    def stop(share: float, sentence: str) -> None:
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        refresh(store, entry, connections, NOW, progress=stop)
    assert len(lines(store.find("Shop"))) == 3


def test_a_column_of_another_type_is_read_by_its_values_and_told(shop: Path, store: Workspaces, connections: Connections) -> None:
    entry = imported(store, connections)
    with sqlite3.connect(shop) as con:
        con.execute("ALTER TABLE sales DROP COLUMN net_amount")
        con.execute("ALTER TABLE sales ADD COLUMN net_amount TEXT DEFAULT '1.234,50'")
    found = refresh(store, entry, connections, NOW)
    assert {str(line[3]) for line in lines(found.entry)} == {"1234.5000"}
    assert [one.column for one in found.receipt.problems if one.code == "column_retyped"] == ["net_amount"]


def test_the_former_data_can_be_had_back_once(shop: Path, store: Workspaces, connections: Connections) -> None:
    entry = imported(store, connections)
    add(shop, LATER)
    refresh(store, entry, connections, NOW)
    assert len(lines(store.undo(entry.id))) == 3


def test_data_of_files_alone_has_nothing_to_refresh(store: Workspaces, connections: Connections, tmp_path: Path) -> None:
    file = tmp_path / "sales.csv"
    file.write_text("customer_id,order_id,ordered_at,net_amount\na,1,2024-01-05,10.5\n")
    workspace_id, name = store.place("Files")
    candidate = store.candidate(workspace_id)
    with Staging(store.home.staging) as staging:
        stage_file(staging, file)
        build(staging, suggest(staging).mapping, candidate, name=name, imported_at=NOW)
    entry = store.accept(workspace_id, candidate, name, "named")
    assert not can_refresh(former.read(entry.path))
    with pytest.raises(WorkspaceError, match="files"):
        refresh(store, entry, connections, NOW)


def test_a_connection_that_is_gone_is_named(store: Workspaces, connections: Connections) -> None:
    entry = imported(store, connections)
    with pytest.raises(CrmError, match="shop"):
        refresh(store, entry, Connections(), NOW)


def test_what_is_kept_tells_no_secret_and_no_rows_where_none_are_needed(store: Workspaces, connections: Connections) -> None:
    entry = imported(store, connections)
    known = former.read(entry.path)
    assert not reads_newer(known)
    assert json.dumps(known.origins["sales"].as_dict()).count("shop") == 1
    import duckdb

    with duckdb.connect(str(entry.path), read_only=True) as con:
        assert con.execute("SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'read'").fetchone() == (0,)
