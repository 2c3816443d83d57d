"""A workspace is read-only, cut off from other files, and bounded in what it keeps."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import ibis
import pandas as pd
import pytest

from crm_core import workspace
from crm_core.errors import AnalysisError, WorkspaceError
from crm_core.schema import FORMAT
from crm_core.workspace import Workspace
from tests.workspaces import lines, open_workspace, six_customers, write


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    customers = pd.DataFrame({"customer_id": ["a"], "country": ["Iran"], "city": [None], "attr_1": ["gold"]}).astype("object")
    path = write(
        tmp_path / "it's here.duckdb",
        order_lines=six_customers(),
        customers=customers,
        labels={"attr_1": "Plan", "attr_2": "Empty"},
        currency="EUR",
    )
    with Workspace.open(path) as opened:
        yield opened


def count_kept(ws: Workspace) -> int:
    """Tables in the memory of the workspace."""
    return len(ws.engine.backend.list_tables())


def test_it_tells_what_the_import_wrote(ws: Workspace) -> None:
    assert (ws.name, ws.currency, ws.sources) == ("Test shop", "EUR", ("test.csv",))
    assert (ws.first_day, ws.last_day, ws.as_of) == (date(2023, 12, 1), date(2024, 6, 30), date(2024, 7, 1))
    assert ws.receipt.currency == "EUR"


def test_it_knows_which_fields_hold_values(ws: Workspace) -> None:
    assert ws.has("order_lines")
    assert ws.has("order_lines", "quantity")
    assert not ws.has("order_lines", "cost_amount")
    assert not ws.has("surveys")
    assert ws.split_fields() == {"country": "Country", "attr_1": "Plan"}


def test_a_table_the_data_does_not_feed_is_named_with_a_way_out(ws: Workspace) -> None:
    with pytest.raises(AnalysisError, match="No surveys in the data") as caught:
        ws.table("surveys")
    assert "Data page" in caught.value.hint


@pytest.mark.parametrize("statement", ["DELETE FROM ws.main.order_lines", "DROP TABLE ws.main.customers", "CREATE TABLE ws.main.x (a INT)"])
def test_nothing_changes_the_file(ws: Workspace, statement: str) -> None:
    with pytest.raises(duckdb.Error, match="read-only"):
        ws.engine.raw.execute(statement)


def test_no_other_file_can_be_read_or_written(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    for statement in (
        f"SELECT * FROM read_csv('{tmp_path}/secret.csv')",
        f"ATTACH '{tmp_path}/other.duckdb'",
        f"COPY (SELECT 1) TO '{tmp_path}/out.csv'",
        "SET enable_external_access = true",
    ):
        with pytest.raises(duckdb.Error):
            ws.engine.raw.execute(statement)


def test_two_can_read_the_same_file(ws: Workspace) -> None:
    with Workspace.open(ws.path) as other:
        assert other.execute(other.table("order_lines").count()) == ws.execute(ws.table("order_lines").count()) == 16


def test_a_kept_table_is_computed_once(ws: Workspace) -> None:
    built = []

    def build():  # type: ignore[no-untyped-def]
        built.append(1)
        return ws.table("order_lines").group_by("customer_id").aggregate(sales=lambda t: t.net_amount.sum())

    assert ws.execute(ws.keep("sales", build).count()) == ws.execute(ws.keep("sales", build).count()) == 7
    assert len(built) == 1


def test_a_kept_table_has_the_types_and_rows_of_its_expression(ws: Workspace) -> None:
    """The engine alone would add whole numbers up to larger ones; tables from memory and texts with quotes are kept as well."""
    table = ws.table("order_lines")
    said = ibis.memtable({"customer_id": ["a", "b"], 'it\'s "said"': ["'", None]})
    expr = table.group_by("customer_id").aggregate(whole=table.line_no.sum(), net=table.net_amount.sum()).inner_join(said, "customer_id")
    kept = ws.keep("typed", lambda: expr)
    assert kept.schema() == expr.schema()
    assert {str(name): str(kind) for name, kind, *_ in ws.engine.raw.execute("DESCRIBE kept_1").fetchall()}["whole"] == "BIGINT"
    pd.testing.assert_frame_equal(*(ws.execute(one.order_by("customer_id")) for one in (kept, expr)))


def test_what_was_used_longest_ago_is_dropped_first(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace, "KEPT_TABLES", 2)
    for key in ("one", "two", "one", "three"):
        ws.keep(key, lambda: ws.table("order_lines"))
    gc.collect()
    assert list(ws._kept) == ["one", "three"]
    ws.keep("four", lambda: ws.table("order_lines"))
    assert count_kept(ws) <= 3


def test_many_rows_are_not_kept_for_long(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ws.engine, "most_rows", 40)
    for key in ("one", "two", "three"):
        ws.keep(key, lambda: ws.table("order_lines"))
    assert list(ws._kept) == ["two", "three"]


def test_a_table_in_use_survives_being_dropped(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace, "KEPT_TABLES", 1)
    used = ws.keep("used", lambda: ws.table("order_lines")).count()
    for key in ("one", "two", "three"):
        ws.keep(key, lambda: ws.table("customers"))
    assert ws.execute(used) == 16


def test_threads_share_a_workspace(ws: Workspace) -> None:
    found: list[int] = []

    def ask(number: int) -> None:
        for turn in range(5):
            kept = ws.keep(f"{(number + turn) % 3}", lambda: ws.table("order_lines").filter(lambda t: t.net_amount > 0))
            found.append(int(ws.execute(kept.count())))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [14] * 30


def test_batches_hold_all_rows_while_others_ask(ws: Workspace) -> None:
    batches = ws.batches(ws.table("order_lines").order_by("line_no"), rows=5)
    first = next(batches)
    assert ws.execute(ws.table("customers").count()) == 1
    assert first.num_rows + sum(batch.num_rows for batch in batches) == 16


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="missing"):
        Workspace.open(tmp_path / "nothing.duckdb")


@pytest.mark.parametrize("content", [b"", b"hello", b"\x00" * 5000])
def test_a_file_that_is_no_workspace_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.duckdb"
    path.write_bytes(content)
    with pytest.raises(WorkspaceError, match="cannot be opened"):
        Workspace.open(path)
    assert path.read_bytes() == content


def test_a_database_without_a_description_is_refused(tmp_path: Path) -> None:
    duckdb.connect(str(tmp_path / "other.duckdb")).execute("CREATE TABLE _meta (key VARCHAR, value VARCHAR)")
    with pytest.raises(WorkspaceError, match="damaged"):
        Workspace.open(tmp_path / "other.duckdb")


def test_without_dates_there_is_no_day_to_look_from(tmp_path: Path) -> None:
    with (
        open_workspace(tmp_path / "w.duckdb", customers=pd.DataFrame({"customer_id": ["a"]})) as ws,
        pytest.raises(AnalysisError, match="no dates"),
    ):
        _ = ws.as_of


def test_rejected_rows_come_page_by_page(tmp_path: Path) -> None:
    path = write(tmp_path / "w.duckdb", order_lines=lines(("a", "1", "2024-01-01", 1)))
    with duckdb.connect(str(path)) as con:
        con.execute("INSERT INTO _rejected SELECT 'f.csv', i, 'no date', 'Day', '?', '{}' FROM range(5) AS r(i)")
    with Workspace.open(path) as ws:
        assert ws.rejected(limit=2, offset=3)["row"].tolist() == [3, 4]


def test_it_gives_everything_back_when_nobody_refers_to_it(tmp_path: Path) -> None:
    path = write(tmp_path / "shop.duckdb", order_lines=six_customers())
    ws = Workspace.open(path)
    lines_of_it = ws.table("order_lines")
    assert ws.execute(lines_of_it.count()) > 0
    scratch = _scratch(ws)
    assert scratch.exists()
    del ws, lines_of_it
    gc.collect()
    assert not scratch.exists()


def _scratch(ws: Workspace) -> Path:
    """The temporary folder of its engine."""
    row = ws.engine.raw.execute("SELECT current_setting('temp_directory')").fetchone()
    assert row is not None
    return Path(row[0])


def described(path: Path, change: str) -> Path:
    """The workspace file with its description changed by a statement on column `value`."""
    with duckdb.connect(str(path)) as con:
        con.execute(f"UPDATE _meta SET value = {change} WHERE key = 'workspace'")
    return path


def test_a_file_of_another_version_is_refused_by_that_reason(tmp_path: Path) -> None:
    path = described(write(tmp_path / "w.duckdb", order_lines=six_customers()), f"""replace(value, '"format": {FORMAT}', '"format": 0')""")
    with pytest.raises(WorkspaceError, match="another version"):
        Workspace.open(path)


@pytest.mark.parametrize("change", ["'[]'", "'7'", "'{}'", 'replace(value, \'"fields": {\', \'"fields": [], "x": {\')', "NULL"])
def test_a_description_that_makes_no_sense_is_told_in_words(tmp_path: Path, change: str) -> None:
    with pytest.raises(WorkspaceError):
        Workspace.open(described(write(tmp_path / "w.duckdb", order_lines=six_customers()), change))


def test_damage_found_while_reading_is_told_in_words(tmp_path: Path) -> None:
    rows = pd.concat([six_customers().assign(customer_id=f"customer {number * 7919}") for number in range(3_000)])
    path = write(tmp_path / "w.duckdb", order_lines=rows)
    content = bytearray(path.read_bytes())
    for place in range(len(content) // 4, len(content) // 2, 512):
        content[place] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(WorkspaceError, match="damaged"), Workspace.open(path) as ws:
        ws.execute(ws.table("order_lines"))
