"""Accepting is atomic, undo works once, and a private workspace is its owner's alone."""

from __future__ import annotations

import json
import os
import shutil
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crm_core.errors import WorkspaceError
from crm_core.store.home import Home, find_home
from crm_core.store.workspaces import PRIVATE_NAME, Entry, Workspaces, private_id

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Workspaces:
    return Workspaces(Home(tmp_path / "crm").prepare())


def put(store: Workspaces, workspace_id: str, content: str, **kind: str) -> Entry:
    """Accepts a data file with that content."""
    candidate = store.candidate(workspace_id)
    candidate.write_text(content)
    return store.accept(workspace_id, candidate, **kind)  # type: ignore[arg-type]


def test_what_was_accepted_is_current(store: Workspaces) -> None:
    assert put(store, private_id("token"), "first").path.read_text() == "first"


def test_a_file_that_is_not_accepted_is_seen_by_nobody(store: Workspaces) -> None:
    put(store, private_id("token"), "first")
    store.candidate(private_id("token")).write_text("second")
    entry = store.private("token")
    assert entry is not None
    assert entry.path.read_text() == "first"


def test_a_failing_accept_leaves_the_former_data(store: Workspaces, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, private_id("token"), "first")

    def fail(*_: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr(os, "replace", fail)
        with pytest.raises(OSError, match="disk full"):
            put(store, private_id("token"), "second")
    entry = store.private("token")
    assert entry is not None
    assert entry.path.read_text() == "first"


def test_accepting_what_is_gone_is_refused(store: Workspaces) -> None:
    with pytest.raises(WorkspaceError, match="Nothing to accept"):
        store.accept(private_id("token"), store.candidate(private_id("token")))


def test_a_file_of_another_workspace_cannot_be_accepted(store: Workspaces) -> None:
    candidate = store.candidate(private_id("hers"))
    candidate.write_text("hers")
    with pytest.raises(WorkspaceError, match="Nothing to accept"):
        store.accept(private_id("mine"), candidate)


def test_undo_brings_the_former_data_back_once(store: Workspaces) -> None:
    own = private_id("token")
    put(store, own, "first")
    assert put(store, own, "second").can_undo
    back = store.undo(own)
    assert back.path.read_text() == "first"
    assert not back.can_undo
    with pytest.raises(WorkspaceError, match="Nothing to undo"):
        store.undo(own)


def test_after_undo_new_data_can_be_undone_again(store: Workspaces) -> None:
    own = private_id("token")
    for content in ("first", "second"):
        put(store, own, content)
    store.undo(own)
    put(store, own, "third")
    assert store.undo(own).path.read_text() == "first"


def test_only_current_and_former_data_stay_on_disk(store: Workspaces) -> None:
    for content in ("first", "second", "third"):
        entry = put(store, private_id("token"), content)
    assert sorted(file.read_text() for file in entry.path.parent.glob("*.duckdb")) == ["second", "third"]


def test_accepting_leaves_a_file_that_another_import_is_building(store: Workspaces) -> None:
    other = store.candidate(private_id("token"))
    other.write_text("being built")
    put(store, private_id("token"), "first")
    assert other.exists()


def test_first_data_cannot_be_undone(store: Workspaces) -> None:
    assert not put(store, private_id("token"), "first").can_undo


def test_private_data_is_not_listed_and_needs_its_token(store: Workspaces) -> None:
    put(store, private_id("token"), "secret")
    assert store.named() == []
    assert store.private("other token") is None


def test_the_disk_does_not_tell_the_owner_token(store: Workspaces) -> None:
    put(store, private_id("my-owner-token"), "secret")
    everything = " ".join(f"{file} {file.read_text()}" for file in store.home.root.rglob("*") if file.is_file())
    assert "my-owner-token" not in everything


def test_saving_under_a_name_shows_it_to_everybody(store: Workspaces) -> None:
    put(store, private_id("token"), "mine")
    saved = store.save_as("token", "  Web   shop ")
    assert (saved.name, saved.kind, saved.path.read_text()) == ("Web shop", "named", "mine")
    assert [entry.name for entry in store.named()] == ["Web shop"]
    assert store.private("token") is None


def test_saving_keeps_the_undo(store: Workspaces) -> None:
    for content in ("first", "second"):
        put(store, private_id("token"), content)
    assert store.undo(store.save_as("token", "Shop").id).path.read_text() == "first"


@pytest.mark.parametrize("name", ["", "   ", "x" * 61])
def test_names_have_a_sensible_length(store: Workspaces, name: str) -> None:
    put(store, private_id("token"), "mine")
    with pytest.raises(WorkspaceError, match="cannot be used"):
        store.save_as("token", name)


@pytest.mark.parametrize("name", ["Web shop", "WEB SHOP", PRIVATE_NAME])
def test_names_are_given_once(store: Workspaces, name: str) -> None:
    put(store, "n1", "theirs", name="Web shop", kind="named")
    put(store, private_id("token"), "mine")
    with pytest.raises(WorkspaceError, match="taken"):
        store.save_as("token", name)


def test_a_name_never_becomes_a_path(store: Workspaces) -> None:
    put(store, private_id("token"), "mine")
    saved = store.save_as("token", "../../etc/passwd")
    assert saved.name == "../../etc/passwd"
    assert saved.path.parent.parent == store.home.workspaces


def test_the_sample_comes_first_then_names_in_order(store: Workspaces) -> None:
    put(store, "n1", "", name="beta", kind="named")
    put(store, "n2", "", name="Alpha", kind="named")
    put(store, "sample", "", name="Sample company", kind="sample")
    assert [entry.name for entry in store.named()] == ["Sample company", "Alpha", "beta"]


def test_erasing_leaves_nothing(store: Workspaces) -> None:
    entry = put(store, private_id("token"), "mine")
    store.erase(entry.id)
    assert store.private("token") is None
    assert not entry.path.parent.exists()


def test_cleaning_erases_unused_private_data_only(store: Workspaces) -> None:
    put(store, private_id("old"), "old")
    put(store, private_id("used"), "used")
    put(store, "n1", "named", name="Shop", kind="named")
    for folder in store.home.workspaces.iterdir():
        os.utime(folder, (0, 0))
    store.touch("used", NOW)
    assert store.clean(NOW, timedelta(days=1)) == 1
    assert store.private("old") is None
    assert store.private("used") is not None
    assert len(store.named()) == 1


def test_cleaning_removes_what_broken_imports_left(store: Workspaces) -> None:
    kept = put(store, "n1", "named", name="Shop", kind="named")
    left = store.candidate("n1")
    left.write_text("half built")
    os.utime(left, (0, 0))
    os.utime(kept.path, (0, 0))
    store.clean(NOW, timedelta(days=1))
    assert not left.exists()
    assert kept.path.exists()


def test_discarding_never_takes_data_in_use(store: Workspaces) -> None:
    entry = put(store, private_id("token"), "mine")
    store.discard(entry.path)
    assert entry.path.exists()


def test_a_damaged_pointer_is_reported(store: Workspaces) -> None:
    entry = put(store, "n1", "", name="Shop", kind="named")
    (entry.path.parent / "pointer.json").write_text("{")
    with pytest.raises(WorkspaceError, match="damaged"):
        store.named()


def test_data_that_accepts_replace_while_it_is_looked_up_is_found(store: Workspaces, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, "n1", "1", name="Shop", kind="named")
    read = store._pointer
    before = [read("n1")]
    put(store, "n1", "2")
    put(store, "n1", "3")  # the file of "1" is gone now
    monkeypatch.setattr(store, "_pointer", lambda workspace_id: before.pop() if before else read(workspace_id))
    entry = store.get("n1")
    assert entry is not None
    assert entry.path.read_text() == "3"


def test_accepts_at_the_same_time_do_not_mix(store: Workspaces) -> None:
    def accept(number: int) -> str:
        return put(store, "n1", str(number), name="Shop", kind="named").id

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(accept, range(24)))
    folder = store.home.workspaces / "n1"
    pointer = json.loads((folder / "pointer.json").read_text())
    assert {file.name for file in folder.glob("*.duckdb")} == {pointer["current"], pointer["previous"]}


def test_folders_belong_to_their_owner_alone(tmp_path: Path) -> None:
    home = find_home({"CRM_HOME": str(tmp_path / "new")})
    modes = {stat.S_IMODE(folder.stat().st_mode) for folder in (home.root, home.workspaces, home.locks, home.staging, home.inbox)}
    assert modes == {0o700}


def test_a_home_that_cannot_be_made_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError) as told:
        find_home({"CRM_HOME": str(tmp_path / "file" / "below")})
    assert "CRM_HOME" in told.value.hint


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "7",
        '{"name": "Shop"}',
        '{"name": "Shop", "kind": "named", "current": 5}',
        '{"name": "S", "kind": "named", "current": "../../x"}',
    ],
)
def test_a_damaged_pointer_keeps_nobody_from_the_others(store: Workspaces, content: str) -> None:
    broken = put(store, "n1", "broken", name="Broken", kind="named")
    put(store, "n2", "whole", name="Whole", kind="named")
    pointer = broken.path.parent / "pointer.json"
    pointer.write_text(content)
    for left in (pointer, broken.path, broken.path.parent):
        os.utime(left, (0, 0))
    assert [entry.name for entry in store.usable()] == ["Whole"]
    assert store.damaged() == ["n1"]
    assert store.find("whole").id == "n2"
    assert store.clean(NOW, timedelta(days=1)) == 0
    assert broken.path.exists()  # what it named is not known, so nothing of it is thrown away
    store.erase("n1")
    assert store.damaged() == []


def test_two_imports_at_once_cannot_take_the_same_name(store: Workspaces) -> None:
    (first, name), (second, _) = store.place("Shop"), store.place("Shop")
    put(store, first, "first", name=name, kind="named")
    with pytest.raises(WorkspaceError, match="taken"):
        put(store, second, "second", name=name, kind="named")
    assert [entry.path.read_text() for entry in store.named()] == ["first"]


def test_two_sessions_at_once_cannot_save_under_the_same_name(store: Workspaces) -> None:
    owners = [f"owner {number}" for number in range(8)]
    for owner in owners:
        put(store, private_id(owner), owner)

    def save(owner: str) -> bool:
        try:
            store.save_as(owner, "Shop")
        except WorkspaceError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(save, owners)) == 1
    assert len(store.named()) == 1


def test_the_name_of_the_sample_company_is_kept_for_it(store: Workspaces) -> None:
    with pytest.raises(WorkspaceError, match="taken"):
        store.place("sample COMPANY")


def test_an_erase_that_fails_says_so_and_shows_nobody_half_a_workspace(store: Workspaces, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = put(store, "n1", "content", name="Shop", kind="named")

    def fail(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as broken:
        broken.setattr("shutil.rmtree", fail)
        with pytest.raises(WorkspaceError, match="not erased"):
            store.erase(entry.id)
    assert store.named() == []
    store.erase(entry.id)
    assert not entry.path.exists()


def test_a_failing_accept_leaves_no_draft(store: Workspaces, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="disk full"):
            put(store, "n1", "first", name="Shop", kind="named")
    assert not list((store.home.workspaces / "n1").glob("*.tmp"))


def test_discarding_the_only_candidate_leaves_no_folder(store: Workspaces) -> None:
    candidate = store.candidate("n1")
    candidate.write_text("")
    store.discard(candidate)
    assert list(store.home.workspaces.iterdir()) == []


def test_a_folder_without_data_is_cleaned_away(store: Workspaces) -> None:
    folder = store.candidate("n1").parent
    os.utime(folder, (0, 0))
    store.clean(NOW, timedelta(days=1))
    assert not folder.exists()


def test_a_lock_that_cannot_be_written_is_told_in_words(store: Workspaces) -> None:
    put(store, "n1", "first", name="Shop", kind="named")
    shutil.rmtree(store.home.locks)
    store.home.locks.write_text("")
    with pytest.raises(WorkspaceError, match="cannot be written"):
        store.erase("n1")


@pytest.mark.parametrize("name", ["what?", "~nobody-of-that-name/x?"])
def test_a_home_that_the_engine_cannot_use_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(WorkspaceError, match="question mark"):
        find_home({"CRM_HOME": str(tmp_path / name)})


def test_a_home_of_nobody_is_no_stack_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_home({"CRM_HOME": "~nobody-of-that-name/x"}).root.is_dir()
