"""What was saved on a workspace goes with its data, whoever moves or erases it."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest

from crm_core.errors import WorkspaceError
from crm_core.store.home import Home
from crm_core.store.saved.belongings import Belongings
from crm_core.store.saved.opening import Saved
from crm_core.store.workspaces import Entry, Workspaces, private_id
from tests.crm_core.store.saved.conftest import on_each
from tests.crm_core.store.saved.test_exports import MADE, audience, table

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def workspaces(place: Home, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Workspaces:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return Workspaces(place)


def put(workspaces: Workspaces, workspace_id: str, **kind: str) -> Entry:
    candidate = workspaces.candidate(workspace_id)
    candidate.write_text("data")
    return workspaces.accept(workspace_id, candidate, **kind)  # type: ignore[arg-type]


def counts(saved: Saved) -> list[int]:
    tables = ("audiences", "audience_versions", "exports", "export_parts")
    return [saved.database.command(f"SELECT count(*) FROM {name}")[0][0] for name in tables]


@on_each
def test_erasing_data_erases_what_was_saved_on_it_and_nothing_else(saved: Saved, workspaces: Workspaces) -> None:
    put(workspaces, "n1", name="One", kind="named")
    owner, other = audience(saved, workspace="n1"), audience(saved, workspace="n2")
    gone = audience(saved, "Deleted", workspace="n1")
    saved.audiences.delete(gone, 1, who="", now=NOW)
    for one in (owner, other):
        saved.exports.keep(one, 1, MADE, table())
    workspaces.erase("n1")
    assert counts(saved) == [1, 1, 1, 1]
    assert [one.id for one in saved.audiences.all("n2")] == [other]


@on_each
def test_audiences_go_along_when_an_upload_gets_a_name(saved: Saved, workspaces: Workspaces) -> None:
    own = private_id("token")
    put(workspaces, own)
    owner = audience(saved, workspace=own)
    named = workspaces.save_as("token", "Shop")
    assert [one.id for one in saved.audiences.all(named.id)] == [owner]
    put(workspaces, own)
    assert saved.audiences.all(own) == ()


def test_new_data_and_undoing_it_keep_what_was_saved(saved: Saved, workspaces: Workspaces) -> None:
    put(workspaces, "n1", name="One", kind="named")
    owner = audience(saved, workspace="n1")
    workspaces.undo(put(workspaces, "n1").id)
    assert [one.id for one in saved.audiences.all("n1")] == [owner]


def test_a_store_that_fails_leaves_data_and_audiences_where_they_are(
    saved: Saved, workspaces: Workspaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = private_id("token")
    put(workspaces, own)
    owner = audience(saved, workspace=own)

    def fail(*_: object) -> None:
        raise WorkspaceError("The store is busy")

    with monkeypatch.context() as broken:
        broken.setattr(Belongings, "move", fail)
        broken.setattr(Belongings, "erase", fail)
        with pytest.raises(WorkspaceError, match="busy"):
            workspaces.save_as("token", "Shop")
        with pytest.raises(WorkspaceError, match="busy"):
            workspaces.erase(own)
        assert workspaces.private("token") is not None
        assert workspaces.named() == []
        folder = workspaces.home.workspaces / own
        os.utime(folder, (0, 0))
        assert workspaces.clean(NOW, timedelta(days=1)) == 0  # it stays for the next time, and the others start
    assert [one.id for one in saved.audiences.all(own)] == [owner]
    assert workspaces.clean(NOW, timedelta(days=1)) == 1
    assert counts(saved) == [0, 0, 0, 0]


def test_cleaning_removes_audiences_deleted_long_ago(saved: Saved, workspaces: Workspaces) -> None:
    owner = audience(saved)
    saved.audiences.delete(owner, 1, who="", now=NOW)
    workspaces.clean(NOW + timedelta(days=29), timedelta(days=1))
    assert len(saved.audiences.deleted("w")) == 1
    workspaces.clean(NOW + timedelta(days=31), timedelta(days=1))
    assert counts(saved) == [0, 0, 0, 0]


def test_where_nobody_saved_anything_no_store_is_made(tmp_path_factory: pytest.TempPathFactory) -> None:
    workspaces = Workspaces(Home(tmp_path_factory.mktemp("crm")).prepare())
    put(workspaces, "n1", name="One", kind="named")
    workspaces.erase("n1")
    workspaces.clean(NOW, timedelta(days=1))
    assert not workspaces.home.database.exists()


def test_data_put_in_place_for_good_leaves_no_way_back(place: Home) -> None:
    workspaces = Workspaces(place)
    put(workspaces, "n1", name="One", kind="named")
    entry = put(workspaces, "n1", source="of a sample")
    candidate = workspaces.candidate("n1")
    candidate.write_text("new")
    found = workspaces.accept_for_good(entry, candidate)
    assert (found.path, found.can_undo, found.name) == (candidate, False, "One")
    assert workspaces.source("n1") == "of a sample"
    assert [file.name for file in candidate.parent.glob("*.duckdb")] == [candidate.name]
    with pytest.raises(WorkspaceError, match="changed meanwhile"):
        workspaces.accept_for_good(entry, workspaces.candidate("n1"))


def test_work_for_the_company_sees_private_uploads_and_no_damaged_ones(place: Home) -> None:
    workspaces = Workspaces(place)
    put(workspaces, "n1", name="One", kind="named")
    put(workspaces, private_id("token"))
    put(workspaces, "n2", name="Two", kind="named")
    (workspaces.home.workspaces / "n2" / "pointer.json").write_text("{")
    assert [entry.id for entry in workspaces.everything()] == ["n1", private_id("token")]
