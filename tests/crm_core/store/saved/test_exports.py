"""An export is kept whole or not at all, and its members come back as they were given."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest

from crm_core.errors import CrmError, DataError, WorkspaceError
from crm_core.store.home import Home
from crm_core.store.saved import members
from crm_core.store.saved.audiences import AudienceGone, Definition
from crm_core.store.saved.exports import ExportTerms
from crm_core.store.saved.opening import Saved, open_saved
from tests.crm_core.store.saved.conftest import on_each

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
MADE = ExportTerms(
    exported_at=NOW, exported_by="ann", as_of=date(2026, 1, 1), starts_on=date(2026, 1, 3), ends_on=date(2026, 2, 3), is_random=True,
    seed=2**70, control_share=0.1, fingerprint="abc", columns=("name", "email"), rules={"consent": True}, left_out={"no consent": 7}, plan={"r1": 0.05},
)  # fmt: skip
ROWS = [("c2", "control", "Loyal"), ("c10", "treatment", None), ("ü", "treatment", "At risk"), ("c1", "treatment", "At risk")]


def table(rows: list[tuple[str | None, str | None, str | None]] = ROWS) -> pa.Table:
    names = ("customer_id", "group", "stratum")
    return pa.table({name: pa.array([row[place] for row in rows], pa.string()) for place, name in enumerate(names)})


def audience(saved: Saved, name: str = "Lapsed", workspace: str = "w") -> str:
    return saved.audiences.create(workspace, name, Definition("first"), who="ann", now=NOW).id


@on_each
def test_what_was_kept_is_read_as_it_was(saved: Saved, place: Home, environment: dict[str, str]) -> None:
    owner = audience(saved)
    saved.audiences.save(owner, 1, definition=Definition("second"), who="bob", now=NOW)
    kept = saved.exports.keep(owner, 1, MADE, table())
    with open_saved(place, environment) as again:
        assert again.exports.get(kept.id) == kept
        assert again.exports.members(kept.id).to_pylist() == [
            {"customer_id": "c1", "group": "treatment", "stratum": "At risk"},
            {"customer_id": "c10", "group": "treatment", "stratum": ""},
            {"customer_id": "c2", "group": "control", "stratum": "Loyal"},
            {"customer_id": "ü", "group": "treatment", "stratum": "At risk"},
        ]
    assert (kept.audience_id, kept.version, kept.name, kept.where) == (owner, 1, "Lapsed", "first")
    assert (kept.n_treatment, kept.n_control, kept.n_erased, kept.seed) == (3, 1, 0, 2**70)
    given = {name: getattr(MADE, name) for name in MADE.__dataclass_fields__ if name != "name"}
    assert {name: getattr(kept, name) for name in given} == given


@on_each
def test_exports_of_an_audience_and_of_a_workspace_the_latest_first(saved: Saved) -> None:
    one, other, elsewhere = audience(saved), audience(saved, "Other"), audience(saved, workspace="v")
    first = saved.exports.keep(one, 1, MADE, table())
    second = saved.exports.keep(other, 1, replace(MADE, exported_at=NOW + timedelta(days=1), name=" Spring  campaign "), table())
    third = saved.exports.keep(elsewhere, 1, MADE, table())
    assert second.name == "Spring campaign"
    assert saved.exports.of(one) == (first,)
    assert saved.exports.all("w") == (second, first)
    assert saved.exports.all("v") == (third,)
    saved.audiences.delete(one, 1, who="", now=NOW)
    assert saved.exports.all("w") == (second,)
    assert saved.exports.get(first.id) == first
    saved.audiences.undelete(one)
    assert saved.exports.of(one) == (first,)


@on_each
def test_members_of_many_parts_come_back_whole(saved: Saved, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "PART_ROWS", 7)
    draw = random.Random(1)
    rows = [(f"c{number}", draw.choice(["treatment", "control"]), str(number % 3)) for number in range(50)]
    draw.shuffle(rows)
    given = table(rows)
    kept = saved.exports.keep(audience(saved), 1, MADE, pa.RecordBatchReader.from_batches(given.schema, given.to_batches(max_chunksize=9)))
    found = saved.exports.members(kept.id)
    assert [tuple(row.values()) for row in found.to_pylist()] == sorted(rows)
    assert kept.n_control == sum(group == "control" for _, group, _ in rows)
    assert saved.database.command("SELECT count(*) FROM export_parts") == [(8,)]


def test_an_export_of_nobody_is_one_too(saved: Saved) -> None:
    kept = saved.exports.keep(audience(saved), 1, MADE, table([]))
    assert (kept.n_treatment, kept.n_control, saved.exports.members(kept.id).num_rows) == (0, 0, 0)


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (table([("a", "treatment", ""), ("b", "control", ""), ("a", "control", "")]), "twice"),
        (table([(None, "treatment", "")]), "no customer id"),
        (table([("a", "both", "")]), "neither"),
        (table([("a", None, "")]), "neither"),
        (table().drop_columns(["group", "stratum"]), "lacks group, stratum"),
    ],
)
def test_members_that_cannot_be_are_refused_and_nothing_is_kept(saved: Saved, rows: pa.Table, why: str) -> None:
    owner = audience(saved)
    with pytest.raises(DataError, match=why):
        saved.exports.keep(owner, 1, MADE, rows)
    assert saved.exports.of(owner) == ()


@on_each
def test_an_export_that_fails_halfway_leaves_nothing(saved: Saved, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = audience(saved)
    monkeypatch.setattr(members, "PART_ROWS", 1)
    part, made = members.part, []

    def fail_at_the_third(rows: pa.Table) -> members.Part:
        if len(made) == 2:
            raise MemoryError
        made.append(part(rows))
        return made[-1]

    with monkeypatch.context() as broken:
        broken.setattr(members, "part", fail_at_the_third)
        with pytest.raises(MemoryError):
            saved.exports.keep(owner, 1, MADE, table())
    assert saved.exports.of(owner) == ()
    assert saved.database.command("SELECT count(*) FROM export_parts") == [(0,)]
    assert saved.exports.keep(owner, 1, MADE, table()).n_treatment == 3


def test_what_does_not_exist_cannot_be_exported(saved: Saved) -> None:
    owner = audience(saved)
    with pytest.raises(WorkspaceError, match="no version 2"):
        saved.exports.keep(owner, 2, MADE, table())
    saved.audiences.delete(owner, 1, who="", now=NOW)
    with pytest.raises(AudienceGone):
        saved.exports.keep(owner, 1, MADE, table())
    for ask in (saved.exports.get, saved.exports.members):
        with pytest.raises(WorkspaceError, match="export is gone"):
            ask("nowhere")
    saved.audiences.undelete(owner)
    with pytest.raises(CrmError, match="JSON"):
        saved.exports.keep(owner, 1, replace(MADE, plan={"x": object()}), table())


def test_a_hundred_thousand_members_are_kept_small_and_read_at_once(saved: Saved, place: Home) -> None:
    rows = pa.table(
        {
            "customer_id": [f"c{number:07d}" for number in range(100_000)],
            "group": ["treatment", "control"] * 50_000,
            "stratum": ["a"] * 100_000,
        }
    )
    kept = saved.exports.keep(audience(saved), 1, MADE, rows)
    assert saved.exports.members(kept.id).equals(rows.cast(members.SCHEMA))
    assert place.database.stat().st_size < 2_000_000
