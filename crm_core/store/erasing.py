"""Erases one person from all that is kept: workspaces with their undo, notes, exports and conditions, imports left lying.

The figures of the company stay: what the person bought is attributed to nobody from then on (definitions: "Lines without a customer id"), under new order
ids. Her row, answers, cases and contacts go. Each step can be done again, so whoever is stopped in the middle starts anew. Who refreshes or imports
afterwards from where she still is gets her back: her id is remembered nowhere, so it cannot be left out.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from crm_core.errors import Problem, WorkspaceError
from crm_core.mapping import former
from crm_core.mapping.erasing.rewrite import Held, look, write_without
from crm_core.store.notes import Notes
from crm_core.store.saved.opening import open_saved
from crm_core.store.saved.place import is_there
from crm_core.store.saved.traces import Found
from crm_core.store.workspaces import Entry, Workspaces

A_PRIVATE_UPLOAD = "a private upload"
UNDER_WAY = "an import that is under way: run this again when it has ended"
SOURCES = "files and databases that the data came from: the next import or refresh brings the person back, unless removed there too"
DAMAGED = "It is damaged, and was left as it is"
UNFINISHED = ".unfinished"
OPEN_FILES = "a dashboard that runs keeps a file that it has open until it is started again"


@dataclass(frozen=True)
class OfWorkspace:
    """What one workspace held: rows by table (see Held), marks of follow-ups, and whether its former version had to go."""

    name: str
    held: Held
    follow_ups: int
    is_undo_removed: bool

    @property
    def is_any(self) -> bool:
        return self.held.is_any or bool(self.follow_ups) or self.is_undo_removed

    def record(self) -> dict[str, Any]:
        return {
            "workspace": self.name,
            "removed": self.held.removed,
            "not_attributed": self.held.not_attributed,
            "rejected_rows_emptied": self.held.rejected_emptied,
            "rows_as_read_removed": self.held.read_removed,
            "rows_as_read_emptied": self.held.read_emptied,
            "follow_ups_removed": self.follow_ups,
            "undo_removed": self.is_undo_removed,
        }


@dataclass(frozen=True)
class Erased:
    """The receipt: what went from where, what could not be reached and why, and what failed (then the command is to be run again)."""

    workspaces: tuple[OfWorkspace, ...]
    saved: Found
    imports_discarded: int
    not_reached: tuple[str, ...]
    failed: tuple[Problem, ...] = ()
    is_dry_run: bool = False

    def record(self) -> dict[str, Any]:
        return {
            "dry_run": self.is_dry_run,
            "workspaces": [one.record() for one in self.workspaces],
            "exports": self.saved.exports,
            "saved_conditions": self.saved.definitions,
            "imports_discarded": self.imports_discarded,
            "not_reached": list(self.not_reached),
            "failed": [one.sentence() for one in self.failed],
        }


@dataclass
class _Work:
    """What is being done, and what came of it so far."""

    store: Workspaces
    customer_id: str
    is_dry_run: bool
    not_reached: list[str] = field(default_factory=list)
    failed: list[Problem] = field(default_factory=list)


def erase_person(store: Workspaces, customer_id: str, only: Sequence[Entry] | None = None, *, is_dry_run: bool = False) -> Erased:
    """Erases the customer from these workspaces and what was saved on them; by default from all, private ones, contact rules and left imports included.

    With `is_dry_run` nothing is changed and the receipt says what would be. Raises WorkspaceError where nothing is known of such a customer.
    """
    work, is_all = _Work(store, customer_id.strip(), is_dry_run), only is None
    entries = store.everything() if only is None else list(only)
    found = [one for one in (_of_workspace(work, entry) for entry in entries) if one is not None and one.is_any]
    saved = _of_saved(work, None if is_all else [entry.id for entry in entries])
    work.not_reached += _by_name(
        work, [name for one in found for name in one.held.names], None if is_all else [entry.id for entry in entries]
    )
    discarded = _of_imports(work) if is_all else 0
    if is_all:
        work.failed += [Problem("workspace_damaged", "error", DAMAGED, "Erase it or restore it.", one) for one in store.damaged()]
    if not (found or saved.is_any or discarded or work.failed):
        raise _unknown(work)
    discarded += _of_staging(work) if is_all else 0
    work.not_reached += [*_beside(work, saved), SOURCES, OPEN_FILES]
    return Erased(tuple(found), saved, discarded, tuple(dict.fromkeys(work.not_reached)), tuple(work.failed), is_dry_run)


def _beside(work: _Work, saved: Found) -> list[str]:
    """What this command leaves alone, where there is any."""
    told = {
        f"{saved.free_texts} names or notes of audiences and exports that seem to name the person": saved.free_texts > 0,
        "the log of the store, which others are reading: run this again when they are done": not saved.is_swept,
        "the files in the inbox folder, which are the administrator's": any(work.store.home.inbox.iterdir()),
    }
    return [words for words, is_so in told.items() if is_so]


def _of_workspace(work: _Work, entry: Entry) -> OfWorkspace | None:
    """One workspace; what fails there is noted and keeps nobody from the others."""
    name = A_PRIVATE_UPLOAD if entry.kind == "private" else entry.name
    try:
        return _erase_from(work, entry, name)
    except (WorkspaceError, OSError) as error:
        words = f"{error.title}. {error.message}" if isinstance(error, WorkspaceError) else (error.strerror or "It cannot be read")
        hint = error.hint if isinstance(error, WorkspaceError) else ""
        work.failed.append(Problem("workspace_failed", "error", words.rstrip("."), hint or "Run this again.", name))
        return None


def _erase_from(work: _Work, entry: Entry, name: str) -> OfWorkspace:
    folder = work.store.home.staging
    if _is_in_place(entry.path):
        work.not_reached.append(f"“{name}”: its rows lie in the company's database")
    held = look(entry.path, work.customer_id, folder)
    before = work.store.former(entry)
    has_former = before is not None and before.is_file() and look(before, work.customer_id, folder).is_any
    if held.is_named:
        work.not_reached.append(f"“{name}”: a decision of its import, such as a query, names the person")
    if work.is_dry_run:
        return OfWorkspace(name, held, Notes(entry.path).count(work.customer_id), has_former or (held.is_any and before is not None))
    if held.is_any or has_former:
        candidate = work.store.candidate(entry.id)
        try:
            write_without(entry.path, candidate, work.customer_id, folder)
            work.store.accept_for_good(entry, candidate)
        except BaseException:
            work.store.discard(candidate)
            raise
    follow_ups = Notes(entry.path).forget(work.customer_id)
    return OfWorkspace(name, held, follow_ups, before is not None and (held.is_any or has_former))


def _is_in_place(path: Path) -> bool:
    try:
        return former.read(path).is_in_place
    except WorkspaceError:  # it does not tell how it was made
        return False


def _of_saved(work: _Work, workspace_ids: Sequence[str] | None) -> Found:
    if not is_there(work.store.home):
        return Found()
    try:
        with open_saved(work.store.home) as saved:
            act = saved.traces.find if work.is_dry_run else saved.traces.remove
            return act(work.customer_id, workspace_ids)
    except WorkspaceError as error:
        work.failed.append(Problem("store_failed", "error", error.message.rstrip("."), "Run this again.", "What users saved"))
        return Found()


def _by_name(work: _Work, names: Sequence[str], workspace_ids: Sequence[str] | None) -> list[str]:
    """Saved conditions that ask for what the person is called; others may be called the same, so they are told of and stay."""
    if not names or not is_there(work.store.home):
        return []
    with suppress(WorkspaceError), open_saved(work.store.home) as saved:  # a store that does not answer is told of already
        if count := saved.traces.count_named(names, workspace_ids):
            return [
                f"{count} saved conditions that ask for the person's name, versions and exports included: change or delete their audiences"
            ]
    return []


def _of_imports(work: _Work) -> int:
    """Data files that nobody accepted: those that hold the person go, and those that a crash left unfinished."""
    found = 0
    for path in work.store.unclaimed():
        if path.suffix not in (".duckdb", UNFINISHED):  # a log goes with its file, the draft of a pointer names no person
            continue
        if _is_in_use(path):
            work.not_reached.append(UNDER_WAY)
        elif path.suffix == UNFINISHED or look(path, work.customer_id, work.store.home.staging).is_any:
            found += 1
            if not work.is_dry_run:
                path.unlink(missing_ok=True)
                path.with_name(f"{path.name}.wal").unlink(missing_ok=True)
    return found


def _of_staging(work: _Work) -> int:
    """What imports that broke off left of the files they read, whoever stands in it; those that go on are told of."""
    found = 0
    for folder in work.store.home.staging.iterdir():
        file = folder / "staging.duckdb"
        if file.is_file() and _is_in_use(file):
            work.not_reached.append(UNDER_WAY)
        elif folder.is_dir() and not folder.is_symlink():
            found += 1
            if not work.is_dry_run:
                shutil.rmtree(folder, ignore_errors=True)
    return found


def _is_in_use(path: Path) -> bool:
    """Does a process, this one included, have the file open for writing?"""
    try:
        duckdb.connect(str(path), read_only=True).close()
    except duckdb.IOException as error:
        return "lock" in str(error).lower()
    except duckdb.Error:  # open here already, in another way
        return True
    return False


def _unknown(work: _Work) -> WorkspaceError:
    beside = "".join(f" Not looked at: {one}." for one in dict.fromkeys(work.not_reached))
    return WorkspaceError(
        "No such customer", f"Nothing is kept of a customer “{work.customer_id}”.{beside}", "Check the id; it is text, as pages show it."
    )
