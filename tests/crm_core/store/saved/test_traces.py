"""One person is taken out of all that users saved, and everybody else stays."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from crm_core.store.home import Home
from crm_core.store.saved import database, members
from crm_core.store.saved.audiences import Definition
from crm_core.store.saved.opening import Saved
from crm_core.store.saved.traces import Found, literals
from tests.crm_core.store.saved.conftest import on_each
from tests.crm_core.store.saved.test_exports import MADE, audience, table

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PERSON = "PERSON-4711"


def member_ids(saved: Saved, export_id: str) -> list[str]:
    return saved.exports.members(export_id)["customer_id"].to_pylist()


@on_each
def test_a_person_is_taken_out_of_every_export_and_counted(saved: Saved, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "PART_ROWS", 2)
    owner = audience(saved)
    others = [("A", "control", ""), ("B", "treatment", ""), ("Z", "treatment", ""), ("ZZ", "control", "")]
    kept = [saved.exports.keep(owner, 1, MADE, table([*others[:place], (PERSON, "treatment", ""), *others[place:]])) for place in range(5)]
    alone = saved.exports.keep(owner, 1, MADE, table([(PERSON, "control", "")]))
    without = saved.exports.keep(owner, 1, MADE, table(others))
    assert saved.traces.find(PERSON) == Found(exports=6)
    assert member_ids(saved, alone.id) == [PERSON]  # looking changes nothing
    assert saved.traces.remove(PERSON) == Found(exports=6)
    for one in kept:
        assert member_ids(saved, one.id) == ["A", "B", "Z", "ZZ"]
        assert (saved.exports.get(one.id).n_treatment, saved.exports.get(one.id).n_erased) == (3, 1)
    assert member_ids(saved, alone.id) == []
    assert saved.exports.get(without.id) == without
    assert saved.traces.find(PERSON) == saved.traces.remove(PERSON) == Found()


@on_each
def test_conditions_lose_the_persons_id_and_keep_the_others(saved: Saved) -> None:
    where = f"customer_id in (\"{PERSON}\", 'c2', '{PERSON}') and note = '{PERSON}-2'"
    terms = {"picked": [PERSON, "c2"], PERSON: 1, "from": f'customer_id = "{PERSON}"', "n": 3}
    one = saved.audiences.create("w", "Picked", Definition(where, terms), note=f"call {PERSON}!", who="", now=NOW)
    saved.audiences.save(one.id, 1, definition=Definition("other"), who="", now=NOW)
    saved.exports.keep(one.id, 1, MADE, table())
    saved.contact_rules.save_rules({"never": [PERSON]}, 0, who="", now=NOW)
    # both parts of the version, the export's copy of its condition, the rules; a note in two versions
    wanted = Found(definitions=6)
    assert saved.traces.find(PERSON) == wanted
    assert saved.traces.remove(PERSON) == wanted
    first = saved.audiences.versions(one.id)[-1]
    assert first.definition.where == "customer_id in (\"(erased)\", 'c2', '(erased)') and note = 'PERSON-4711-2'"
    assert first.definition.terms == {"picked": ["(erased)", "c2"], "(erased)": 1, "from": 'customer_id = "(erased)"', "n": 3}
    assert saved.exports.of(one.id)[0].where == first.definition.where
    assert saved.contact_rules.rules().value == {"never": ["(erased)"]}
    assert first.note == "call (erased)!"


def test_names_and_short_ids_in_notes_are_told_of_and_stay(saved: Saved) -> None:
    one = saved.audiences.create("w", f"For {PERSON}", Definition("x"), note="12 of them", who="", now=NOW)
    assert saved.traces.remove(PERSON) == Found(free_texts=1)
    assert saved.traces.remove("12") == Found(free_texts=1)
    assert saved.audiences.get(one.id) == one


@on_each
def test_only_the_workspaces_asked_for_are_touched(saved: Saved) -> None:
    one = saved.audiences.create("w", "One", Definition(f"x = '{PERSON}'"), who="", now=NOW)
    other = saved.audiences.create("v", "Other", Definition(f"x = '{PERSON}'"), who="", now=NOW)
    kept = saved.exports.keep(other.id, 1, MADE, table([(PERSON, "control", "")]))
    saved.contact_rules.save_rules([PERSON], 0, who="", now=NOW)
    assert saved.traces.remove(PERSON, ["w"]) == Found(definitions=1)
    assert saved.audiences.get(one.id).definition.where == "x = '(erased)'"
    assert saved.audiences.get(other.id) == other
    assert member_ids(saved, kept.id) == [PERSON]
    assert saved.contact_rules.rules().value == [PERSON]
    assert saved.traces.remove(PERSON) == Found(exports=1, definitions=3)


@pytest.mark.parametrize(
    ("customer_id", "text", "is_found"),
    [
        ("a", "x = 'a'", True),
        ("a", "x = 'ab' and a > 1", False),
        ("O'Neil", "x = 'O''Neil'", True),
        ("O'Neil", r"x = 'O\'Neil'", True),
        ("O'Neil", 'x = "O\'Neil"', True),
        ("a.c", "x = 'abc'", False),
        ("12", "x = 12", False),
    ],
)
def test_an_id_is_recognised_as_a_whole_text_in_quotes(customer_id: str, text: str, is_found: bool) -> None:
    assert bool(literals(customer_id).search(text)) is is_found


def test_nothing_of_the_person_is_left_in_the_files_while_others_look_on(saved: Saved, place: Home) -> None:
    one = saved.audiences.create("w", "One", Definition(f"x = '{PERSON}'"), who="", now=NOW)
    saved.exports.keep(one.id, 1, MADE, table([(PERSON, "control", ""), ("Z", "control", "")]))
    looking = sqlite3.connect(place.database)  # as a page that is open: SQLite keeps its log as long as anyone is
    looking.execute("SELECT * FROM audiences").fetchall()
    assert holds(place.root, PERSON)
    assert saved.traces.remove(PERSON).is_swept
    assert not holds(place.root, PERSON)
    looking.close()


def test_what_a_reader_still_holds_is_told(saved: Saved, place: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "TRY_SECONDS", 0.001)
    monkeypatch.setattr(database, "BUSY_MS", 10)
    monkeypatch.setattr(database, "PRAGMAS", ("busy_timeout = 10", "foreign_keys = ON", "secure_delete = ON"))
    saved.audiences.create("w", "One", Definition(f"x = '{PERSON}'"), who="", now=NOW)
    reader = sqlite3.connect(place.database, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM audiences").fetchall()
    assert not saved.traces.remove(PERSON).is_swept
    reader.execute("COMMIT")
    assert saved.database.sweep()
    assert not holds(place.root, PERSON)
    reader.close()


def test_a_part_of_an_export_does_not_hold_the_person_in_its_bytes(saved: Saved) -> None:
    rows = pa.table({"customer_id": [PERSON, "Z"], "group": ["control"] * 2, "stratum": [PERSON, ""]}).cast(members.SCHEMA)
    part = members.part(members.without(rows, PERSON))
    assert members.opened(part.content).to_pylist() == [{"customer_id": "Z", "group": "control", "stratum": ""}]


def holds(folder: Path, text: str) -> bool:
    return any(text.encode() in file.read_bytes() for file in folder.rglob("*") if file.is_file())
