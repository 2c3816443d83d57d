"""Any database of before becomes one of this version, whoever opens it and how many at once; one of a later version is left alone."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from crm_core.errors import WorkspaceError
from crm_core.store.home import Home
from crm_core.store.mappings import open_mappings
from crm_core.store.saved.migrating import HEAD, SCRIPTS
from crm_core.store.saved.models import Base
from crm_core.store.saved.opening import Saved, open_saved
from tests.crm_core.store.saved.conftest import Environment, on_each_new

#: What this program made before its databases had versions.
BEFORE = """CREATE TABLE remembered_mappings (
    shape VARCHAR(64) NOT NULL, decisions TEXT NOT NULL, saved_at DATETIME NOT NULL, PRIMARY KEY (shape));
INSERT INTO remembered_mappings VALUES ('abc', '{}', '2025-01-01 00:00:00.000000');"""


def tables_of(saved: Saved) -> list[str]:
    with saved.database.reading() as session:
        return [name for name in Base.metadata.tables if session.connection().dialect.has_table(session.connection(), name)]


@on_each_new
def test_models_and_migrations_agree(new_place: Home, new_environment: Environment) -> None:
    with open_saved(new_place, new_environment) as saved:
        assert tables_of(saved) == list(Base.metadata.tables)
        with saved.database.reading() as session:
            context = MigrationContext.configure(session.connection(), opts={"compare_type": True, "compare_server_default": True})
            assert compare_metadata(context, Base.metadata) == []


def test_the_latest_step_is_the_one_the_program_knows() -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_a_file_of_before_there_were_versions_keeps_what_it_holds(new_place: Home) -> None:
    with sqlite3.connect(new_place.database) as con:
        con.executescript(BEFORE)
    con.close()
    with open_saved(new_place, {}) as saved:
        assert tables_of(saved) == list(Base.metadata.tables)
        assert saved.database.command("SELECT shape, decisions FROM remembered_mappings") == [("abc", "{}")]
        context_version = saved.database.command("SELECT version_num FROM alembic_version")
        assert context_version == [(HEAD,)]


@on_each_new
def test_a_database_of_before_is_brought_up_to_date_on_either_system(new_place: Home, new_environment: Environment) -> None:
    with open_saved(new_place, new_environment) as saved:
        others = [name for name in (*reversed(Base.metadata.sorted_tables),) if name.name != "remembered_mappings"]
        with saved.database.changing() as connection:
            for table in others:
                table.drop(connection)
            connection.exec_driver_sql("DROP TABLE alembic_version")
            connection.exec_driver_sql("INSERT INTO remembered_mappings VALUES ('abc', '{}', '2025-01-01 00:00:00+00')")
    with open_saved(new_place, new_environment) as saved:
        assert tables_of(saved) == list(Base.metadata.tables)
        assert saved.database.command("SELECT shape FROM remembered_mappings") == [("abc",)]


@on_each_new
def test_a_database_of_a_newer_version_is_refused_and_left_as_it_is(new_place: Home, new_environment: Environment) -> None:
    with open_saved(new_place, new_environment) as saved, saved.database.changing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(WorkspaceError, match="newer version") as told:
        open_saved(new_place, new_environment)
    assert "newer version" in told.value.hint
    with pytest.raises(WorkspaceError, match="newer version"):
        open_mappings(new_place, new_environment)


@on_each_new
def test_many_threads_open_a_new_database_at_once(new_place: Home, new_environment: Environment) -> None:
    with ThreadPoolExecutor(6) as pool:
        opened = list(pool.map(lambda _: open_saved(new_place, new_environment), range(6)))
    assert all(tables_of(one) == list(Base.metadata.tables) for one in opened)
    for one in opened:
        one.close()


def test_several_processes_open_a_new_database_at_once(new_place: Home) -> None:
    script = (
        "import sys; from pathlib import Path; from crm_core.store.home import Home; from crm_core.store.saved.opening import open_saved\n"
        "print('ready', flush=True); sys.stdin.readline(); print(open_saved(Home(Path(sys.argv[1])), {}).audiences.all('w'))"
    )
    command = [sys.executable, "-c", script, str(new_place.root)]
    runs = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [run.stdout is not None and run.stdout.readline() for run in runs] == ["ready\n"] * 2
    for run in runs:
        assert run.stdin is not None
        run.stdin.write("\n")
        run.stdin.flush()
    assert [run.communicate(timeout=60)[0] for run in runs] == ["()\n"] * 2
    assert [run.returncode for run in runs] == [0] * 2


def test_a_step_that_fails_leaves_the_database_as_it_was(new_place: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with sqlite3.connect(new_place.database) as con:
        con.executescript(BEFORE + "CREATE TABLE export_parts (n INTEGER);")  # in the way of the last table of a step
    con.close()
    with pytest.raises(WorkspaceError, match="cannot be read or kept"):
        open_saved(new_place, {})
    with sqlite3.connect(new_place.database) as con:
        names = {name for (name,) in con.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    con.close()
    assert names == {"remembered_mappings", "export_parts"}


def test_the_file_is_its_owners_alone_and_keeps_a_log(new_place: Home) -> None:
    new_place.database.touch(mode=0o644)
    new_place.database.chmod(0o644)
    with open_saved(new_place, {}) as saved:
        assert stat.S_IMODE(new_place.database.stat().st_mode) == 0o600
        assert saved.database.command("PRAGMA journal_mode") == [("wal",)]
        assert saved.database.command("PRAGMA foreign_keys") == [(1,)]
        assert saved.database.command("PRAGMA secure_delete") == [(1,)]


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "mysql+pymysql://u:secret@h/d", "nonsense", "sqlite:////no/such/folder/x"]
)
def test_what_cannot_hold_the_store_is_refused_in_words_without_its_address(new_place: Home, url: str) -> None:
    with pytest.raises(WorkspaceError) as told:
        open_saved(new_place, {"CRM_STORE_URL": url})
    assert "secret" not in told.value.text()
    assert told.value.hint


@pytest.mark.parametrize("name", ["50%20", "a#b", 'it\'s "here" ü'])
def test_the_store_lies_in_the_home_whatever_its_name(tmp_path: Path, name: str) -> None:
    home = Home(tmp_path / name).prepare()
    with open_saved(home, {}) as saved:
        assert tables_of(saved) == list(Base.metadata.tables)
    assert home.database.is_file()


def test_a_damaged_file_is_told_in_words(new_place: Home) -> None:
    new_place.database.write_bytes(b"no data base" * 1000)
    with pytest.raises(WorkspaceError, match="cannot be read or kept"):
        open_saved(new_place, {})


def test_a_server_that_is_down_is_told_in_words(new_place: Home) -> None:
    with pytest.raises(WorkspaceError, match="cannot be read or kept"):
        open_saved(new_place, {"CRM_STORE_URL": "postgresql://u:secret@127.0.0.1:1/d"})
