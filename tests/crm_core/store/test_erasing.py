"""One person is erased from all that is kept, nobody else is touched, and the company's sales stay what they were."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from crm_core.cli import BAD_INPUT, main
from crm_core.errors import WorkspaceError
from crm_core.mapping.build import build
from crm_core.mapping.overrides import override
from crm_core.mapping.suggest import suggest
from crm_core.sources.databases import session as databases
from crm_core.sources.databases.connections import load
from crm_core.sources.databases.selection import Selection
from crm_core.sources.databases.stage import stage as stage_table
from crm_core.sources.files import stage
from crm_core.sources.staging import Staging
from crm_core.store.erasing import erase_person
from crm_core.store.home import Home
from crm_core.store.notes import FILE, Notes
from crm_core.store.refresh import refresh
from crm_core.store.saved.audiences import Definition
from crm_core.store.saved.opening import open_saved
from crm_core.store.workspaces import Entry, Workspaces, private_id
from crm_core.workspace import Workspace
from tests.crm_core.store.saved.test_exports import MADE, table
from tests.workspaces import lines, write

NOW = datetime(2026, 1, 2, tzinfo=UTC)
HER, HERS = "KD-77041", ("KD-77041", "INV-9001", "INV-9002", "mina@example.com", "Mina Erasmus", "0171-5550199")
CUSTOMERS = """customer_id,name,email,phone,recruiter
KD-77041,Mina Erasmus,mina@example.com,0171-5550199,
KD-1,Ann Other,ann@example.com,0171-5550100,KD-77041
KD-2,Bob Third,bob@example.com,0171-5550111,KD-1
"""
ORDERS = """order_id,customer_id,order_date,amount,product,remark
INV-9001,KD-77041,2024-01-05,100.50,Tea,leave with Mina Erasmus
INV-9002,KD-77041,2024-02-05,-20.25,Tea,
INV-1,KD-1,2024-01-06,10.00,Tea,
INV-2,KD-2,2024-03-01,30.00,Pot,
INV-9003,KD-77041,not a day,5.00,Pot,mina@example.com
INV-3,KD-2,no day either,6.00,Pot,
"""
SURVEYS = """response_id,customer_id,order_id,responded_at,nps_score,comment
r1,KD-77041,,2024-02-10,3,Mina Erasmus is angry
r2,,INV-9001,2024-02-11,9,mine too
r3,KD-1,,2024-02-12,10,fine
"""
CASES = """case_id,customer_id,opened_at,status,topic
k1,KD-77041,2024-02-10 10:00,open,mina@example.com
k2,KD-2,2024-02-11 10:00,open,broken
"""
CONTACTS = """contact_id,email,sent_at,channel,outcome
m1,mina@example.com,2024-03-01,email,opened
m2,ann@example.com,2024-03-01,email,bounced
"""
FILES = {"contacts.csv": CONTACTS, "customers.csv": CUSTOMERS, "orders.csv": ORDERS, "surveys.csv": SURVEYS, "cases.csv": CASES}
NEWER = "order_id,customer_id,order_date,amount\nINV-5,KD-5,2024-05-05,5\n"


@pytest.fixture
def store(home: Path) -> Workspaces:
    return Workspaces(Home(home).prepare())


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A data file made of all of the shop's files, of some of them, or of others; each is imported once."""
    folder = tmp_path_factory.mktemp("built")

    def make(*names: str, **others: str) -> Path:
        contents = {name: FILES[name] for name in names or () if name in FILES} | others or FILES
        target = folder / f"{'-'.join(contents)}-{abs(hash(tuple(contents.values())))}.duckdb"
        if not target.exists():
            read(contents, target)
        return target

    return make


def read(contents: dict[str, str], target: Path) -> None:
    """Imports texts as files; which column holds the day is said, since some rows hold none."""
    with Staging(target.parent) as staging:
        for name, text in contents.items():
            (target.parent / name).write_text(text)
            stage(staging, target.parent / name)
        mapping = suggest(staging).mapping
        with_days = [one.source for one in mapping.tables if one.grain == "order_lines"]
        mapping = override(staging, mapping, [f"ordered_at={source}:order_date" for source in with_days])
        if "customers.csv" in contents:
            mapping = mapping.with_table(replace(mapping.table("customers.csv"), attributes=("recruiter",)))
        build(staging, mapping, target, name="Shop", imported_at=NOW)


def put(store: Workspaces, path: Path, name: str = "Shop", workspace_id: str = "") -> Entry:
    """The data file as a workspace, or in the place of one."""
    workspace_id, name = (workspace_id, name) if workspace_id else store.place(name)
    candidate = store.candidate(workspace_id)
    shutil.copy(path, candidate)
    return store.accept(workspace_id, candidate, name, "private" if workspace_id.startswith("p") else "named")


def cells(path: Path) -> set[str]:
    """All that stands in a data file, as text."""
    found: set[str] = set()
    with duckdb.connect(str(path), read_only=True) as con:
        names = con.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
        for schema, name in names:
            for row in con.execute(f'SELECT * FROM {schema}."{name}"').fetchall():
                found |= {str(value) for value in row}
    return found


def holders(home: Path, texts: tuple[str, ...] = HERS) -> list[str]:
    """Where any of these texts stands: in the bytes of a file, or in a table of a data file (which compresses its texts)."""
    found = []
    for file in (one for one in home.rglob("*") if one.is_file()):
        within = "\n".join(cells(file)) if file.suffix == ".duckdb" else ""
        content = file.read_bytes()
        found += [f"{file.name}: {text}" for text in texts if text.encode() in content or text in within]
    return found


def rows(path: Path, name: str) -> pd.DataFrame:
    with Workspace.open(path) as ws:
        frame: pd.DataFrame = ws.execute(ws.table(name))
    return frame


def figures(path: Path) -> tuple[Decimal, int, int, object]:
    """Net sales, lines and orders of the company, and its days."""
    with Workspace.open(path) as ws:
        sold, orders = ws.table("order_lines"), ws.table("orders")
        total = ws.execute(sold.net_amount.sum())
        return Decimal(total), ws.execute(sold.count()), ws.execute(orders.count()), (ws.first_day, ws.last_day)


def test_nothing_of_the_person_is_left_in_any_file(store: Workspaces, built: Callable[..., Path]) -> None:
    put(store, built("orders.csv"))
    entry = put(store, built())
    private = put(store, built(), workspace_id=private_id("token"))
    Notes(entry.path).mark([HER, "KD-1"], date(2024, 6, 1), f"called {HER}", NOW)
    with open_saved(store.home) as saved:
        one = saved.audiences.create(entry.id, "Picked", Definition(f"customer_id in ('{HER}', 'KD-1')", {"ids": [HER]}), who="", now=NOW)
        kept = saved.exports.keep(one.id, 1, MADE, table([(HER, "treatment", ""), ("KD-1", "control", "")]))
    left = store.candidate(entry.id)
    shutil.copy(entry.path, left)
    stray = store.home.staging / "staging-broken"
    stray.mkdir()
    (stray / "copy0").write_text(ORDERS)
    before = [figures(one.path) for one in (entry, private)]
    assert len({holder.split(":")[0] for holder in holders(store.home.root)}) >= 7

    erased = erase_person(store, f" {HER} ")

    assert holders(store.home.root) == []
    assert not left.exists()
    assert not stray.exists()
    now = [store.get(one.id) for one in (entry, private)]
    assert [figures(one.path) for one in now if one is not None] == before
    assert [one is not None and one.can_undo for one in now] == [False, False]
    assert [(mark.customer_id, mark.note) for mark in Notes(entry.path).marked()] == [("KD-1", "called (erased)")]
    with open_saved(store.home) as saved:
        assert saved.audiences.get(one.id).definition == Definition("customer_id in ('(erased)', 'KD-1')", {"ids": ["(erased)"]})
        assert saved.exports.members(kept.id)["customer_id"].to_pylist() == ["KD-1"]
    shop = next(one for one in erased.record()["workspaces"] if one["workspace"] == "Shop")
    assert shop == {
        "workspace": "Shop",
        "removed": {"customers": 1, "surveys": 2, "cases": 1, "contacts": 1},
        "not_attributed": {"orders": 2, "order_lines": 2},
        "rejected_rows_emptied": 1,
        "rows_as_read_removed": 0,
        "rows_as_read_emptied": 0,
        "follow_ups_removed": 2,
        "undo_removed": True,
    }
    assert {one["workspace"] for one in erased.record()["workspaces"]} == {"Shop", "a private upload"}
    assert (erased.saved.exports, erased.saved.definitions, erased.imports_discarded, erased.failed) == (1, 3, 2, ())


def test_everybody_else_stays_as_she_was(store: Workspaces, built: Callable[..., Path]) -> None:
    entry = put(store, built())
    before = {name: rows(entry.path, name) for name in ("customers", "orders", "order_lines", "surveys", "cases", "contacts")}
    erase_person(store, HER)
    path = store.find("Shop").path
    for name, frame in before.items():
        now = rows(path, name)
        others = frame[frame.customer_id.isin(["KD-1", "KD-2"])]
        if name == "customers":  # who brought her was the person erased
            others = others.assign(attr_1=others.attr_1.where(others.attr_1 != HER, None))
        pd.testing.assert_frame_equal(now[now.customer_id.notna()].reset_index(drop=True), others.reset_index(drop=True))
        hers = frame[frame.customer_id == HER].drop(columns=["customer_id", *(["order_id"] if "order_id" in frame else [])])
        if name in ("orders", "order_lines"):
            nobodys = now[now.customer_id.isna()]
            pd.testing.assert_frame_equal(nobodys[hers.columns].reset_index(drop=True), hers.reset_index(drop=True))
            assert nobodys.order_id.nunique() == 2
            assert nobodys.order_id.str.startswith("(erased) ").all()


def test_orders_and_their_lines_stay_together(store: Workspaces, built: Callable[..., Path]) -> None:
    put(store, built())
    erase_person(store, HER)
    path = store.find("Shop").path
    assert set(rows(path, "order_lines").order_id) == set(rows(path, "orders").order_id)


def test_the_file_says_what_it_now_holds(store: Workspaces, built: Callable[..., Path]) -> None:
    entry = put(store, built())
    with Workspace.open(entry.path) as ws:
        before, fingerprint = ws.receipt, ws.fingerprint
    erase_person(store, HER)
    erase_person(store, "KD-1")
    with Workspace.open(store.find("Shop").path) as ws:
        after = ws.receipt
        assert ws.fingerprint != fingerprint
        assert ws.has("surveys") is False  # nobody's answer is left
        assert ws.has("customers", "email")
        assert len(ws.rejected(10)) == before.rows_rejected == 2
        assert sorted(ws.rejected(10).record.map(lambda text: len(json.loads(text)))) == [0, 6]
    assert (before.customers, before.lines_not_attributed, before.amount_not_attributed) == (3, 0, "0.0000")
    assert (after.customers, after.lines_not_attributed, after.amount_not_attributed) == (1, 3, "90.2500")
    assert (after.counts["customers"], after.counts["cases"], after.counts["order_lines"]) == (1, 1, before.counts["order_lines"])
    assert (after.net_sales, after.rows_read, after.rows_used) == (before.net_sales, before.rows_read, before.rows_used)
    told = [one for one in after.problems if one.code == "person_erased"]
    assert [one.rows for one in told] == [9 + 5]


def test_the_orders_of_a_day_without_ids_are_not_taken_for_those_of_others(store: Workspaces, built: Callable[..., Path]) -> None:
    text = "customer_id,order_date,amount\nKD-77041,2024-01-05,10\nKD-1,2024-01-05,20\n,2024-01-05,5\nKD-1,2024-13-99,1\nKD-77041,2024-01-06,1\n"
    entry = put(store, built(**{"sales.csv": text}))
    assert set(rows(entry.path, "orders").order_id) == {"2024-01-05", "2024-01-06"}
    erase_person(store, HER)
    now = rows(store.find("Shop").path, "orders")
    assert now[now.customer_id == "KD-1"].order_id.tolist() == ["2024-01-05"]
    assert sum(now.order_id == "2024-01-05") == 2  # of KD-1 and of nobody
    with Workspace.open(store.find("Shop").path) as ws:
        assert ws.rejected(10).value.tolist() == ["2024-13-99"]


def test_a_short_id_empties_only_rejected_rows_whose_customer_it_is(store: Workspaces, built: Callable[..., Path]) -> None:
    text = "customer_id,order_id,order_date,amount\n12,1,2024-01-05,10\n13,12,no day,12\n12,14,no day,9\n13,3,2024-01-06,1\n"
    put(store, built(**{"sales.csv": text}))
    erase_person(store, "12")
    with Workspace.open(store.find("Shop").path) as ws:
        assert [json.loads(text) for text in ws.rejected(10).record] == [
            {"customer_id": "13", "order_id": "12", "order_date": "no day", "amount": "12"},
            {},
        ]


@pytest.fixture
def shop(tmp_path: Path, store: Workspaces) -> Path:
    """A shop's database: orders name customers by a key of the order, as some shops do."""
    path = tmp_path / "shop.sqlite"
    with sqlite3.connect(path) as con:
        con.execute("CREATE TABLE sales (buyer TEXT, invoice INTEGER, at TIMESTAMP, amount NUMERIC(12, 2), address TEXT)")
        bought = [("key-a", 9001, "2024-01-05 10:00:00", "100.50", "12 Mina Road"), ("key-b", 9002, "2024-01-06 10:00:00", "20.25", None)]
        bought += [
            ("key-c", 1, "2024-01-07 10:00:00", "30.00", "1 High Street"),
            ("key-a", 9003, "2024-01-08 10:00:00", "1.00", "12 Mina Road"),
        ]
        con.executemany("INSERT INTO sales VALUES (?, ?, ?, ?, ?)", bought)
    con.close()
    (store.home.root / "connections.toml").write_text(f'[connections.shop]\nurl = "sqlite:///{path}"\n')
    return path


def imported(store: Workspaces, tmp_path: Path) -> Entry:
    """The shop's sales, refreshed by newer rows, and a file of customers beside them."""
    people = tmp_path / "people.csv"
    people.write_text("person,key,full name\nKD-77041,key-a,Mina Erasmus\nKD-77041,key-b,Mina Erasmus\nKD-1,key-c,Ann Other\n")
    workspace_id, name = store.place("Shop")
    candidate = store.candidate(workspace_id)
    fields = ["customer_id=sales:buyer", "order_id=sales:invoice", "line_at=sales:at", "net_amount=sales:amount"]
    fields += ["customer_id=people.csv:person", "customer_key=people.csv:key", "name=people.csv:full name"]
    with Staging(store.home.staging) as staging:
        with databases.open(load(store.home.root, {}).find("shop"), {}) as session:
            stage_table(staging, session, Selection("shop", "sales"), newest_column="at")
        stage(staging, people)
        build(staging, override(staging, suggest(staging).mapping, fields), candidate, name=name, imported_at=NOW)
    return store.accept(workspace_id, candidate, name, "named")


def test_rows_kept_for_refreshes_lose_the_person_and_give_the_same_sales(store: Workspaces, shop: Path, tmp_path: Path) -> None:
    entry = imported(store, tmp_path)
    assert rows(entry.path, "orders").customer_id.tolist().count(HER) == 3
    before = figures(entry.path)
    texts = (HER, "Mina", "key-a", "key-b", "9001", "9002", "9003")
    assert holders(entry.path.parent, texts)

    erased = erase_person(store, HER)

    entry = store.find("Shop")
    assert holders(entry.path.parent, texts) == []
    assert (erased.workspaces[0].held.read_removed, erased.workspaces[0].held.read_emptied) == (2, 3)
    assert "1 High Street" in cells(entry.path)
    assert figures(entry.path) == before
    with sqlite3.connect(shop) as con:  # removed at the source as well, where a new sale has come in
        con.execute("DELETE FROM sales WHERE buyer IN ('key-a', 'key-b')")
        con.execute("INSERT INTO sales VALUES ('key-c', 2, '2024-02-01 10:00:00', 7, '1 High Street')")
    con.close()
    found = refresh(store, entry, load(store.home.root, {}), NOW)
    total, count_lines, count_orders, _ = figures(found.entry.path)
    assert (total, count_lines, count_orders) == (before[0] + 7, before[1] + 1, before[2] + 1)
    assert set(rows(found.entry.path, "orders").customer_id.dropna()) == {"KD-1"}
    assert holders(found.entry.path.parent, texts) == []


def test_who_is_only_in_the_former_data_is_erased_there(store: Workspaces, built: Callable[..., Path]) -> None:
    put(store, built("orders.csv"))
    entry = put(store, built(**{"newer.csv": NEWER}))
    assert entry.can_undo
    erased = erase_person(store, HER)
    assert (erased.workspaces[0].is_undo_removed, erased.workspaces[0].held.is_any) == (True, False)
    assert holders(store.home.root) == []
    assert not store.find("Shop").can_undo


def test_data_without_the_person_keeps_its_file_and_its_undo(store: Workspaces, built: Callable[..., Path]) -> None:
    put(store, built(), "Hers")
    for _ in range(2):
        other = put(store, built(**{"newer.csv": NEWER}), "Others")
    erased = erase_person(store, HER)
    assert [one.name for one in erased.workspaces] == ["Hers"]
    assert store.find("Others") == other
    assert other.can_undo


def test_only_the_workspace_asked_for_is_touched(store: Workspaces, built: Callable[..., Path]) -> None:
    first, second = put(store, built(), "First"), put(store, built(), "Second")
    with open_saved(store.home) as saved:
        for entry in (first, second):
            saved.audiences.create(entry.id, "Picked", Definition(f"customer_id = '{HER}'"), who="", now=NOW)
    erased = erase_person(store, HER, [first])
    assert [one.name for one in erased.workspaces] == ["First"]
    assert store.find("Second") == second
    with open_saved(store.home) as saved:
        assert saved.audiences.all(first.id)[0].definition.where == "customer_id = '(erased)'"
        assert saved.audiences.all(second.id)[0].definition.where == f"customer_id = '{HER}'"


def test_conditions_that_ask_for_her_name_are_told_of(store: Workspaces, built: Callable[..., Path]) -> None:
    """Another customer may be called the same, so they stay."""
    entry = put(store, built())
    with open_saved(store.home) as saved:
        for name, where in (("Hers", 'not (name = "Mina Erasmus")'), ("No one's", 'name contains "Mina"'), ("Ann's", "name = 'Ann Other'")):
            saved.audiences.create(entry.id, name, Definition(where), who="", now=NOW)
    told = "1 saved conditions that ask for the person's name, versions and exports included: change or delete their audiences"
    assert told in erase_person(store, HER, is_dry_run=True).not_reached
    assert told in erase_person(store, HER, [entry]).not_reached
    with open_saved(store.home) as saved:
        assert {one.definition.where for one in saved.audiences.all(entry.id)} >= {'not (name = "Mina Erasmus")'}


def test_a_dry_run_says_what_would_go_and_changes_nothing(store: Workspaces, built: Callable[..., Path]) -> None:
    put(store, built("orders.csv"))
    entry = put(store, built())
    Notes(entry.path).mark([HER], date(2024, 6, 1), "", NOW)
    with open_saved(store.home) as saved:
        one = saved.audiences.create(entry.id, "Picked", Definition("x"), who="", now=NOW)
        saved.exports.keep(one.id, 1, MADE, table([(HER, "treatment", "")]))
    shutil.copy(entry.path, store.candidate(entry.id))
    (store.home.staging / "staging-broken").mkdir()
    before = {file: file.read_bytes() for file in store.home.root.rglob("*") if file.is_file() and "locks" not in file.parts}
    planned = erase_person(store, HER, is_dry_run=True)
    assert {file: file.read_bytes() for file in before if file.exists()} == before
    done = erase_person(store, HER)
    assert {**planned.record(), "dry_run": False} == done.record()


def test_an_import_that_is_under_way_is_left_alone_and_told(store: Workspaces, built: Callable[..., Path]) -> None:
    put(store, built())
    script = "import sys; from pathlib import Path; from crm_core.sources.staging import Staging\nwith Staging(Path(sys.argv[1])):\n print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(store.home.staging)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        run.stdout.readline()
        with Staging(store.home.staging) as mine:
            erased = erase_person(store, HER)
            assert mine.folder.is_dir()
        assert len(list(store.home.staging.iterdir())) == 1
        run.communicate("\n", timeout=20)
    assert any("under way" in one for one in erased.not_reached)


def test_one_workspace_that_fails_keeps_nobody_from_the_others(store: Workspaces, built: Callable[..., Path]) -> None:
    put(store, built(), "Whole")
    broken = put(store, built(), "Broken")
    broken.path.write_bytes(b"no data base" * 1000)
    lost = put(store, built(), "Lost")
    (lost.path.parent / "pointer.json").write_text("{")
    erased = erase_person(store, HER)
    assert [one.name for one in erased.workspaces] == ["Whole"]
    assert sorted(one.table for one in erased.failed) == sorted(["Broken", lost.id])


def test_a_failure_halfway_leaves_the_former_data(store: Workspaces, built: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    entry = put(store, built())
    with monkeypatch.context() as broken:

        def fail(*_: object) -> None:
            raise WorkspaceError("No", "The disk is full.")

        broken.setattr("crm_core.mapping.erasing.rewrite._write_notes", fail)
        assert [one.message for one in erase_person(store, HER).failed] == ["No. The disk is full"]
    assert store.find("Shop") == entry
    assert sorted(one.name for one in entry.path.parent.iterdir()) == sorted([entry.path.name, "pointer.json"])
    erase_person(store, HER)
    assert holders(store.home.root) == []


def test_tables_in_a_company_database_are_told_of(store: Workspaces, built: Callable[..., Path]) -> None:
    put(store, built())
    entry = put(store, built("orders.csv"), "Lake")
    with duckdb.connect(str(entry.path)) as con:
        made = json.loads(con.execute("SELECT value FROM _meta WHERE key = 'made'").fetchall()[0][0])
        con.execute("UPDATE _meta SET value = ? WHERE key = 'made'", [json.dumps({**made, "in_place": True})])
    assert "“Lake”: its rows lie in the company's database" in erase_person(store, HER).not_reached


def test_a_file_of_another_make_is_written_anew_too(store: Workspaces) -> None:
    candidate = store.candidate("n1")
    write(candidate, order_lines=lines((HER, "1", "2024-01-01", 5), ("b", "2", "2024-01-02", 6)))
    with duckdb.connect(str(candidate)) as con:
        con.execute("CREATE TABLE \"of a later version\" AS SELECT 'kept' AS word")
    store.accept("n1", candidate, "Shop", "named")
    erase_person(store, HER)
    assert "kept" in cells(store.find("Shop").path)
    assert rows(store.find("Shop").path, "order_lines").net_amount.sum() == 11


def test_the_command_prints_its_receipt_and_knows_no_stranger(
    store: Workspaces, built: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    put(store, built())
    for stranger in ("KD-99999", "KD", "kd-77041", " "):
        assert main(["erase-person", stranger]) == BAD_INPUT
        assert "No such customer" in capsys.readouterr().err
    assert main(["erase-person", HER, "--dry-run"]) == 0
    assert json.loads(capsys.readouterr().out)["dry_run"] is True
    assert main(["erase-person", HER, "--workspace", "nowhere"]) == BAD_INPUT
    assert "No such workspace" in capsys.readouterr().err
    assert main(["erase-person", HER, "--workspace", "shop"]) == 0
    told = capsys.readouterr().out
    assert json.loads(told)["workspaces"][0]["removed"]["customers"] == 1
    assert HER not in told  # a receipt can be filed
    assert main(["erase-person", HER]) == BAD_INPUT


def test_a_command_that_could_not_do_all_says_so(store: Workspaces, built: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    put(store, built())
    broken = put(store, built(), "Broken")
    broken.path.write_bytes(b"no data base" * 1000)
    assert main(["erase-person", HER]) == BAD_INPUT
    said = capsys.readouterr()
    assert json.loads(said.out)["workspaces"][0]["workspace"] == "Shop"
    assert "not erased everywhere" in said.err
    assert "Broken" in said.err


def test_the_notes_file_keeps_no_bytes_of_whom_it_forgot(tmp_path: Path) -> None:
    notes = Notes(tmp_path / "data.duckdb")
    assert notes.forget(HER) == 0
    assert not (tmp_path / FILE).exists()
    notes.mark([HER, HER, "b"], date(2024, 6, 1), "a long note about Mina", NOW)
    assert notes.count(HER) == 2
    assert notes.forget(HER) == 2
    assert HER.encode() not in (tmp_path / FILE).read_bytes()
    assert [one.customer_id for one in notes.marked()] == ["b"]
