"""An audience is kept as it was saved, in versions, and no edit is lost when two people save at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crm_core.errors import CrmError, WorkspaceError
from crm_core.store.home import Home
from crm_core.store.saved.audiences import Audience, AudienceChanged, AudienceGone, Audiences, Definition
from crm_core.store.saved.opening import Saved, open_saved
from crm_core.store.saved.values import LONGEST_CONDITION, LONGEST_NOTE
from tests.crm_core.store.saved.conftest import on_each

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
LAPSED = Definition("segment = 'At risk' and country = \"ایران\"", {"control": 0.1, "seed": 2**63, "columns": ["name", "e-mail"]})
OTHER = Definition("net_sales > 500")


def create(audiences: Audiences, name: str = "Lapsed", definition: Definition = LAPSED, workspace: str = "w", who: str = "ann") -> Audience:
    return audiences.create(workspace, name, definition, note="why", who=who, now=NOW)


@on_each
def test_what_was_saved_is_opened_as_it_was(saved: Saved, place: Home, environment: dict[str, str]) -> None:
    made = create(saved.audiences, "  Lapsed\n tea   buyers ")
    with open_saved(place, environment) as again:
        found = again.audiences.get(made.id)
    assert found == made
    assert (found.name, found.owner, found.note, found.version, found.saved_by) == ("Lapsed tea buyers", "ann", "why", 1, "ann")
    assert (found.definition, found.definition.terms["seed"], found.saved_at, found.is_deleted) == (LAPSED, 2**63, NOW, False)


def test_the_address_of_an_audience_cannot_be_guessed(saved: Saved) -> None:
    ids = {create(saved.audiences, str(number)).id for number in range(20)}
    assert len(ids) == 20
    assert all(len(one) >= 20 and one.replace("-", "").replace("_", "").isalnum() for one in ids)


@on_each
def test_each_workspace_has_its_own_the_one_saved_last_first(saved: Saved) -> None:
    first, second = create(saved.audiences, "First"), create(saved.audiences, "Second", workspace="other")
    third = saved.audiences.create("w", "Third", OTHER, who="", now=LATER)
    assert saved.audiences.all("w") == (third, first)
    assert saved.audiences.all("other") == (second,)
    assert saved.audiences.all("nobody's") == ()


@on_each
def test_each_save_is_a_version_and_what_is_not_given_stays(saved: Saved) -> None:
    one = create(saved.audiences)
    two = saved.audiences.save(one.id, 1, definition=OTHER, who="bob", now=LATER)
    three = saved.audiences.save(one.id, 2, name="Gone", note="new", owner="eve", who="eve", now=LATER)
    assert (two.name, two.note, two.owner, two.definition, two.version, two.saved_by) == ("Lapsed", "why", "ann", OTHER, 2, "bob")
    assert (three.name, three.note, three.owner, three.definition, three.version) == ("Gone", "new", "eve", OTHER, 3)
    assert [(old.version, old.name, old.definition, old.saved_by, old.saved_at) for old in saved.audiences.versions(one.id)] == [
        (3, "Gone", OTHER, "eve", LATER),
        (2, "Lapsed", OTHER, "bob", LATER),
        (1, "Lapsed", LAPSED, "ann", NOW),
    ]


@on_each
def test_who_began_with_an_older_version_is_shown_what_is_there_and_nothing_is_lost(saved: Saved) -> None:
    one = create(saved.audiences)
    theirs = saved.audiences.save(one.id, 1, definition=OTHER, who="bob", now=LATER)
    mine = Definition("mine")
    with pytest.raises(AudienceChanged, match="saved by bob on 02 Jan 2026 at 04:04") as told:
        saved.audiences.save(one.id, 1, definition=mine, who="ann", now=LATER)
    assert told.value.present == theirs
    assert len(saved.audiences.versions(one.id)) == 2
    copy = saved.audiences.copy(one.id, "Lapsed, mine", definition=mine, who="ann", now=LATER)
    assert (copy.definition, copy.version, copy.owner, copy.workspace_id) == (mine, 1, "ann", "w")
    over = saved.audiences.save(one.id, told.value.present.version, definition=mine, who="ann", now=LATER)
    assert (over.definition, over.version) == (mine, 3)
    assert saved.audiences.versions(one.id)[1].definition == OTHER


def outcome(act: Callable[[], Any]) -> str:
    try:
        act()
    except AudienceChanged:
        return "changed"
    except WorkspaceError as error:
        return error.title
    return "won"


@on_each
def test_of_many_threads_that_save_the_same_version_exactly_one_wins(saved: Saved) -> None:
    one = create(saved.audiences)

    def save(number: int) -> str:
        return outcome(lambda: saved.audiences.save(one.id, 1, definition=Definition(f"x = {number}"), who=str(number), now=LATER))

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(save, range(8)))
    assert sorted(told) == ["changed"] * 7 + ["won"]
    assert saved.audiences.get(one.id).definition.where == f"x = {told.index('won')}"
    assert len(saved.audiences.versions(one.id)) == 2


def test_of_several_processes_that_save_the_same_version_exactly_one_wins(saved: Saved, place: Home) -> None:
    one = create(saved.audiences)
    script = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from crm_core.store.home import Home
from crm_core.store.saved.audiences import AudienceChanged, Definition
from crm_core.store.saved.opening import open_saved
store = open_saved(Home(Path(sys.argv[1])), {})
print("ready", flush=True)
sys.stdin.readline()
wins = 0
for version in range(1, 21):
    try:
        store.audiences.save(sys.argv[2], version, definition=Definition("x"), who=sys.argv[2], now=datetime.now(UTC))
        wins += 1
    except AudienceChanged:
        pass
print(wins)
"""
    command = [sys.executable, "-c", script, str(place.root), one.id]
    runs = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for run in runs:
        assert run.stdout is not None
        assert run.stdout.readline() == "ready\n"
    said = []
    for run in runs:
        assert run.stdin is not None
        run.stdin.write("\n")
        run.stdin.flush()
    for run in runs:
        said.append(int(run.communicate(timeout=60)[0]))
    assert sum(said) == 20  # each version went to exactly one of them
    assert saved.audiences.get(one.id).version == 21


@on_each
def test_restoring_makes_a_new_version(saved: Saved) -> None:
    one = create(saved.audiences)
    saved.audiences.save(one.id, 1, name="Renamed", definition=OTHER, who="bob", now=LATER)
    back = saved.audiences.restore(one.id, 1, 2, who="ann", now=LATER)
    assert (back.version, back.definition, back.name, back.saved_by) == (3, LAPSED, "Renamed", "ann")
    with pytest.raises(AudienceChanged):
        saved.audiences.restore(one.id, 1, 2, who="ann", now=LATER)
    with pytest.raises(AudienceGone, match="no version 9"):
        saved.audiences.restore(one.id, 9, 3, who="ann", now=LATER)


@on_each
def test_deleting_can_be_undone_and_says_who_did_it(saved: Saved) -> None:
    one = create(saved.audiences)
    saved.audiences.delete(one.id, 1, who="", now=LATER)
    with pytest.raises(AudienceGone, match="deleted by local user on 02 Jan 2026 at 04:04") as told:
        saved.audiences.get(one.id)
    assert "30 days" in told.value.hint
    assert saved.audiences.all("w") == ()
    assert [(gone.id, gone.is_deleted, gone.deleted_at) for gone in saved.audiences.deleted("w")] == [(one.id, True, LATER)]
    for act in (
        lambda: saved.audiences.save(one.id, 1, who="bob", now=LATER),
        lambda: saved.audiences.delete(one.id, 1, who="bob", now=LATER),
        lambda: saved.audiences.copy(one.id, "Copy", who="bob", now=LATER),
        lambda: saved.audiences.versions(one.id),
    ):
        with pytest.raises(AudienceGone, match="deleted"):
            act()
    assert saved.audiences.undelete(one.id) == one
    assert saved.audiences.undelete(one.id) == one  # again: it is there
    assert saved.audiences.get(one.id) == one


@on_each
def test_what_somebody_saved_meanwhile_is_not_deleted(saved: Saved) -> None:
    one = create(saved.audiences)
    saved.audiences.save(one.id, 1, definition=OTHER, who="bob", now=LATER)
    with pytest.raises(AudienceChanged):
        saved.audiences.delete(one.id, 1, who="ann", now=LATER)
    assert saved.audiences.get(one.id).version == 2


@on_each
def test_after_thirty_days_deleted_ones_go_for_good(saved: Saved) -> None:
    one, other = create(saved.audiences), create(saved.audiences, "Other")
    saved.audiences.delete(one.id, 1, who="", now=NOW)
    assert saved.audiences.purge(NOW + timedelta(days=30)) == 0
    assert saved.audiences.purge(NOW + timedelta(days=30, seconds=1)) == 1
    assert saved.audiences.deleted("w") == ()
    with pytest.raises(AudienceGone, match="never was"):
        saved.audiences.undelete(one.id)
    assert saved.database.command("SELECT audience_id FROM audience_versions") == [(other.id,)]


@on_each
def test_names_are_given_once_in_a_workspace_whatever_their_case(saved: Saved) -> None:
    one = create(saved.audiences, "Straße")
    other = create(saved.audiences, "Other")
    for act in (
        lambda: create(saved.audiences, " STRASSE"),
        lambda: saved.audiences.save(other.id, 1, name="strasse", who="", now=LATER),
        lambda: saved.audiences.copy(other.id, "straße", who="", now=LATER),
    ):
        with pytest.raises(WorkspaceError, match="name is taken"):
            act()
    assert saved.audiences.save(one.id, 1, name="STRASSE", who="", now=LATER).name == "STRASSE"  # her own
    create(saved.audiences, "Straße", workspace="elsewhere")
    saved.audiences.delete(one.id, 2, who="", now=LATER)
    again = create(saved.audiences, "Straße")
    with pytest.raises(WorkspaceError, match="name is taken"):
        saved.audiences.undelete(one.id)
    assert saved.audiences.undelete(one.id, name="The former").name == "The former"
    assert {audience.id for audience in saved.audiences.all("w")} == {one.id, other.id, again.id}


@on_each
def test_two_who_give_the_same_name_at_once_cannot_both(saved: Saved) -> None:
    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(lambda _: outcome(lambda: create(saved.audiences)), range(6)))
    assert sorted(told) == ["This name is taken"] * 5 + ["won"]


@pytest.mark.parametrize("name", ["", "  \n", "x" * 101, "zero\x00", "half \ud83d"])
def test_a_name_that_is_none_is_refused(saved: Saved, name: str) -> None:
    with pytest.raises(CrmError):
        create(saved.audiences, name)
    assert saved.audiences.all("w") == ()


def test_the_longest_name_and_note_are_kept_on_each_system(saved: Saved) -> None:
    one = saved.audiences.create("w", "ﷺ" * 100, OTHER, note="n" * LONGEST_NOTE, who="w" * 320, now=NOW)
    assert (len(one.name), len(one.note), len(one.owner)) == (100, LONGEST_NOTE, 320)
    for more in ({"note": "n" * (LONGEST_NOTE + 1)}, {"owner": "w" * 321}):
        with pytest.raises(CrmError, match="too long"):
            saved.audiences.save(one.id, 1, who="", now=NOW, **more)


@pytest.mark.parametrize("terms", [{"x": {1, 2}}, {"x": float("nan")}, {"x": "\ud83d"}, {"x": object()}, {"x": "y" * 600_000}])
def test_terms_that_are_no_json_are_refused(terms: dict[str, Any]) -> None:
    with pytest.raises(CrmError):
        Definition("x", terms)


def test_a_condition_has_an_end() -> None:
    with pytest.raises(CrmError, match="too long"):
        Definition("x" * (LONGEST_CONDITION + 1))


def test_a_definition_does_not_change_with_what_it_was_made_of() -> None:
    terms = {"columns": ["a"]}
    made = Definition("x", terms)
    terms["columns"].append("b")
    assert made.terms == {"columns": ["a"]}


@on_each
def test_texts_of_users_are_kept_as_they_are(saved: Saved) -> None:
    text = "'); DROP TABLE audiences; -- سلام <b> %s :x"
    one = saved.audiences.create(text, text, Definition(text, {text: text}), note=text, who=text, now=NOW)
    found = saved.audiences.all(text)
    assert found == (one,)
    assert (found[0].name, found[0].note, found[0].definition, found[0].saved_by) == (text, text, Definition(text, {text: text}), text)


def test_a_database_that_stops_is_told_in_words(saved: Saved, place: Home) -> None:
    one = create(saved.audiences)
    place.database.write_bytes(b"no data base" * 1000)
    for act in (
        lambda: saved.audiences.all("w"),
        lambda: saved.audiences.save(one.id, 1, who="", now=NOW),
        lambda: create(saved.audiences),
    ):
        with pytest.raises(WorkspaceError, match="cannot be read or kept"):
            act()
