"""Follow-ups and time limits stay with the data, and go with it."""

from __future__ import annotations

import stat
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from crm_core.analytics.satisfaction.follow_up import FollowUp
from crm_core.analytics.service.sla import Agreement, Limit, parse
from crm_core.errors import WorkspaceError
from crm_core.store.home import Home
from crm_core.store.notes import FILE, LONGEST_NOTE, Notes
from crm_core.store.workspaces import Entry, Workspaces, private_id

NOW = datetime(2024, 7, 1, 12, tzinfo=UTC)
DAY = date(2024, 6, 30)


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    return Notes(tmp_path / "data.duckdb")


@pytest.fixture
def store(tmp_path: Path) -> Workspaces:
    return Workspaces(Home(tmp_path / "crm").prepare())


def put(store: Workspaces, content: str) -> Entry:
    candidate = store.candidate(private_id("token"))
    candidate.write_text(content)
    return store.accept(private_id("token"), candidate)


def test_where_nothing_is_noted_no_file_is_made(notes: Notes, tmp_path: Path) -> None:
    assert notes.marked() == ()
    assert notes.followed() == ()
    assert notes.agreement() == Agreement()
    assert list(tmp_path.glob("*.sqlite*")) == []


def test_marks_are_kept_the_latest_first(notes: Notes, tmp_path: Path) -> None:
    notes.mark(["b", "a"], DAY, "called", NOW)
    notes.mark(["c"], date(2024, 6, 1), "  wrote\n a  letter ", NOW)
    again = Notes(tmp_path / "data.duckdb").marked()
    assert [(one.customer_id, one.followed_on, one.note) for one in again] == [
        ("a", DAY, "called"),
        ("b", DAY, "called"),
        ("c", date(2024, 6, 1), "wrote a letter"),
    ]


def test_analyses_take_follow_ups_in_one_order_and_once(notes: Notes, tmp_path: Path) -> None:
    notes.mark(["b", "a", "b"], DAY, "", NOW)
    notes.mark(["a"], date(2024, 6, 1), "", NOW)
    wanted = (FollowUp("a", date(2024, 6, 1)), FollowUp("a", DAY), FollowUp("b", DAY))
    assert notes.followed() == wanted
    other = Notes(tmp_path / "elsewhere" / "data.duckdb")
    (tmp_path / "elsewhere").mkdir()
    other.mark(["a"], date(2024, 6, 1), "", NOW)
    other.mark(["a", "b"], DAY, "", NOW)
    assert other.followed() == wanted


def test_marks_can_be_taken_back(notes: Notes) -> None:
    notes.mark(["a", "b", "c"], DAY, "", NOW)
    notes.unmark([one.id for one in notes.marked() if one.customer_id != "b"])
    assert [one.customer_id for one in notes.marked()] == ["b"]
    notes.unmark([])
    notes.unmark([99])
    assert len(notes.marked()) == 1


def test_texts_of_users_are_kept_as_they_are(notes: Notes) -> None:
    text = "'); DROP TABLE follow_ups; -- سلام <b>"
    notes.mark([text], DAY, text, NOW)
    assert [(one.customer_id, one.note) for one in notes.marked()] == [(text, text)]
    notes.mark(["long"], date(2024, 7, 1), "x" * 2_000, NOW)
    assert notes.marked()[0].note == "x" * LONGEST_NOTE


def test_an_agreement_replaces_the_former(notes: Notes) -> None:
    notes.agree(parse(["*=72", "urgent=8", "A=4"]))
    assert set(notes.agreement().limits) == {Limit(72), Limit(8, "urgent"), Limit(4, "", "A")}
    notes.agree(parse(["urgent=6.5"]))
    assert notes.agreement() == Agreement((Limit(6.5, "urgent"),))
    notes.agree(Agreement())
    assert notes.agreement() == Agreement()


def test_an_agreement_that_cannot_be_kept_leaves_the_former(notes: Notes) -> None:
    notes.agree(parse(["urgent=8"]))
    with pytest.raises(WorkspaceError, match="cannot be read or kept"):
        notes.agree(Agreement((Limit(1, "low"), Limit(2, "low"))))
    assert notes.agreement() == parse(["urgent=8"])


def test_the_file_is_its_owners_alone(notes: Notes, tmp_path: Path) -> None:
    notes.mark(["a"], DAY, "", NOW)
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_a_damaged_file_is_told_in_words(notes: Notes, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no data base" * 100)
    for ask in (notes.marked, notes.agreement, notes.followed):
        with pytest.raises(WorkspaceError, match="cannot be read or kept"):
            ask()


def test_a_folder_that_is_gone_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="cannot be read or kept"):
        Notes(tmp_path / "gone" / "data.duckdb").mark(["a"], DAY, "", NOW)


def test_new_data_and_undoing_it_keep_the_notes(store: Workspaces) -> None:
    Notes(put(store, "first").path).mark(["a"], DAY, "called", NOW)
    second = put(store, "second")
    Notes(second.path).agree(parse(["urgent=8"]))
    third = put(store, "third")
    assert [one.note for one in Notes(third.path).marked()] == ["called"]
    assert Notes(store.undo(third.id).path).agreement() == parse(["urgent=8"])


def test_notes_go_with_the_data_when_it_is_saved_under_a_name(store: Workspaces) -> None:
    Notes(put(store, "mine").path).mark(["a"], DAY, "called", NOW)
    saved = store.save_as("token", "Shop")
    assert [one.customer_id for one in Notes(saved.path).marked()] == ["a"]
    assert Notes(put(store, "new").path).marked() == ()


def test_erasing_the_data_erases_the_notes(store: Workspaces) -> None:
    entry = put(store, "mine")
    Notes(entry.path).mark(["a"], DAY, "called", NOW)
    assert (entry.path.parent / FILE).is_file()
    store.erase(entry.id)
    assert not entry.path.parent.exists()


def test_cleaning_leaves_the_notes_of_data_in_use(store: Workspaces) -> None:
    from datetime import timedelta

    entry = put(store, "mine")
    Notes(entry.path).mark(["a"], DAY, "called", NOW)
    store.touch("token", datetime.now(UTC) + timedelta(days=9))
    store.clean(datetime.now(UTC) + timedelta(days=9), timedelta(days=1))
    assert len(Notes(entry.path).marked()) == 1
