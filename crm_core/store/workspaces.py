"""Named and private workspaces on disk: who has which data, and how new data takes the place of old.

A workspace is a folder of data files that never change (`<random>.duckdb`) and one small file, the pointer, that says which
of them is current and which was before. Accepting an import only replaces the pointer, atomically, so whatever fails before
leaves the former data in place; undo swaps the two once. Folder and file names are ours; names given by users are
labels inside the pointer.

A private workspace belongs to whoever holds its owner token; its folder is named by a hash of it, so that the disk does not tell it.

What users saved on a workspace (audiences, see saved/) lies in the store, and goes where the data goes: whoever erases or renames one by this room
need not think of it.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from crm_core.errors import WorkspaceError
from crm_core.store import pointers
from crm_core.store.home import Home, make_private_folder
from crm_core.store.pointers import Kind, Pointer
from crm_core.store.saved.place import is_there

if TYPE_CHECKING:
    from crm_core.store.saved.opening import Saved

SAMPLE_ID = "sample"
SAMPLE_NAME = "Sample company"
PRIVATE_NAME = "Your upload (private)"
MAX_NAME_LENGTH = 60

#: The lock that whoever gives a name holds.
NAMES = "names"

#: How long an accept waits for another one to the same workspace.
LOCK_SECONDS = 20


@dataclass(frozen=True)
class Entry:
    """One workspace as pages list it. `path` is the current data file, which never changes while it exists."""

    id: str
    name: str
    kind: Kind
    path: Path
    can_undo: bool


class Workspaces:
    """All workspaces of one home. Several processes may use it at once: every change of a pointer holds the workspace's lock."""

    def __init__(self, home: Home) -> None:
        self.home = home

    def named(self) -> list[Entry]:
        """The sample first, then named workspaces by name; private ones are never listed. Raises WorkspaceError where one is damaged."""
        return self._listed(self._ids())

    def usable(self) -> list[Entry]:
        """Like `named`, without those that are damaged: one broken folder keeps nobody from the others."""
        damaged = self.damaged()
        return self._listed([one for one in self._ids() if one not in damaged])

    def damaged(self) -> list[str]:
        """Ids of workspaces whose pointer cannot be read."""
        return [one for one in self._ids() if self._is_damaged(one)]

    def private(self, owner: str) -> Entry | None:
        """The private workspace of that owner token, if it has data."""
        return self._entry(private_id(owner))

    def everything(self) -> list[Entry]:
        """All that have data, private ones too, those that are damaged left out: for work on behalf of the company, never for a page."""
        damaged = self.damaged()
        return [entry for one in sorted(self._ids()) if one not in damaged and (entry := self._entry(one)) is not None]

    def get(self, workspace_id: str) -> Entry | None:
        """A workspace by id; None where it has no (readable) data."""
        return self._entry(workspace_id)

    def find(self, name: str) -> Entry:
        """The named workspace (or the sample) of that name, in any case; raises WorkspaceError with the names there are."""
        entries = self.usable()
        for entry in entries:
            if entry.name.casefold() == name.strip().casefold():
                return entry
        known = ", ".join(f"“{entry.name}”" for entry in entries) or "none"
        raise WorkspaceError("No such workspace", f"There is no workspace “{name}”.", f"Those there are: {known}.")

    def place(self, name: str) -> tuple[str, str]:
        """Id and label for data that is to stand under `name`: of the workspace of that name, or of a new one.

        Raises WorkspaceError where the name cannot be used (empty, too long, or the sample company's).
        """
        for entry in self.usable():
            if entry.kind == "named" and entry.name.casefold() == " ".join(name.split()).casefold():
                return entry.id, entry.name
        return _new_id(), self._free_name(name)

    def source(self, workspace_id: str) -> str:
        """Fingerprint of the files its data was prepared from, where whoever accepted it gave one."""
        pointer = self._pointer(workspace_id)
        return pointer.source if pointer else ""

    def candidate(self, workspace_id: str) -> Path:
        """A new path in the workspace's folder for `build` to write; nobody sees the file before `accept`."""
        folder = self._folder(workspace_id)
        make_private_folder(folder)
        return folder / f"{secrets.token_hex(16)}.duckdb"

    def accept(self, workspace_id: str, candidate: Path, name: str = "", kind: Kind = "private", source: str = "") -> Entry:
        """Makes `candidate` the workspace's data and keeps the former for one undo.

        `name` and `kind` count where the workspace is new. Raises WorkspaceError where the candidate is gone, is not in the workspace's folder,
        the name was given to another one meanwhile, or another accept holds the lock too long.
        """
        with self._locked(workspace_id):
            if candidate.parent != self._folder(workspace_id) or not candidate.is_file():
                raise WorkspaceError("Nothing to accept", "The checked data is no longer there.", "Check the files again, then accept.")
            former = self._pointer(workspace_id)
            if former is not None:
                changed = replace(former, current=candidate.name, previous=former.current, is_undone=False, source=source)
                pointers.write(self._folder(workspace_id), changed, former)
            elif kind == "named":
                with self._naming(name) as label:
                    pointers.write(self._folder(workspace_id), Pointer(label, kind, candidate.name, source=source), None)
            else:
                pointers.write(self._folder(workspace_id), Pointer(name or PRIVATE_NAME, kind, candidate.name, source=source), None)
        return self._existing(workspace_id)

    def accept_for_good(self, entry: Entry, candidate: Path) -> Entry:
        """Puts `candidate` in the place of that data and of its former version: there is no way back. The data's origin stays as it was noted.

        Raises WorkspaceError where the workspace has other data meanwhile, or is gone.
        """

        def swap(pointer: Pointer) -> Pointer:
            if pointer.current != entry.path.name:
                raise WorkspaceError("The data has changed meanwhile", f"“{pointer.name}” was given new data.", "Try again.")
            return replace(pointer, current=candidate.name, previous="", is_undone=False)

        return self._change(entry.id, swap)

    def undo(self, workspace_id: str) -> Entry:
        """Goes back to the data before the last accept; once, and not again until new data is accepted."""

        def swap(pointer: Pointer) -> Pointer:
            if not pointer.previous or pointer.is_undone:
                raise WorkspaceError("Nothing to undo", "There is no former data to go back to.", "An import can be undone once.")
            return replace(pointer, current=pointer.previous, previous=pointer.current, is_undone=True)

        return self._change(workspace_id, swap)

    def erase(self, workspace_id: str) -> None:
        """Removes the workspace with all its data and what was saved on it, at once and for good. Raises WorkspaceError where something of it stays."""
        folder = self._folder(workspace_id)
        with self._locked(workspace_id):
            with self._saved() as store:
                if store is not None:
                    store.belongings.erase(
                        workspace_id
                    )  # before the data: where it fails, the workspace is still found, and can be erased again
            try:
                (folder / "pointer.json").unlink(missing_ok=True)  # first: whatever stops the rest, nobody sees half a workspace
                if folder.is_dir():
                    shutil.rmtree(folder)
            except OSError as error:
                raise WorkspaceError(
                    "The data is not erased", f"Its files cannot be removed ({error.strerror}).", "Tell whoever runs this dashboard."
                ) from error

    def discard(self, candidate: Path) -> None:
        """Removes a data file that no pointer names; a file in use is left alone."""
        pointer = self._pointer(candidate.parent.name)
        if pointer is None or candidate.name not in pointer.files():
            candidate.unlink(missing_ok=True)
        if pointer is None:
            with suppress(OSError):  # another candidate lies in it
                candidate.parent.rmdir()

    def save_as(self, owner: str, name: str) -> Entry:
        """Turns the owner's private workspace into one that everybody sees under `name`.

        Raises WorkspaceError where the name is empty, too long or taken, or there is no private data.
        """
        source_id, target_id = private_id(owner), _new_id()
        with self._locked(source_id), self._naming(name) as label:
            pointer = self._pointer(source_id)
            if pointer is None:
                raise WorkspaceError("Nothing to save", "There is no private upload in this session.", "Load and accept data first.")
            target = self._folder(target_id)
            os.rename(self._folder(source_id), target)  # still marked private, so nobody sees a half-moved one
            try:
                with self._saved() as store:
                    if store is not None:
                        store.belongings.move(source_id, target_id)
            except BaseException:
                os.rename(target, self._folder(source_id))
                raise
            pointers.write(self._folder(target_id), replace(pointer, name=label, kind="named"), pointer)
        return self._existing(target_id)

    def touch(self, owner: str, now: datetime) -> None:
        """Notes that the private workspace is in use, so that cleaning leaves it alone."""
        folder = self._folder(private_id(owner))
        if folder.is_dir():
            os.utime(folder, (now.timestamp(), now.timestamp()))

    def clean(self, now: datetime, older_than: timedelta) -> int:
        """Erases private workspaces not used for that long, and what broken imports left behind; returns how many workspaces.

        Audiences deleted long ago go too. What cannot be erased now stays for the next time.
        """
        limit, count = (now - older_than).timestamp(), 0
        for one in self._ids():
            if self._is_stale(one, limit):
                with suppress(WorkspaceError):
                    self.erase(one)
                    count += 1
        with suppress(WorkspaceError), self._saved() as store:
            if store is not None:
                store.audiences.purge(now)
        for left in [*self.home.staging.iterdir(), *self._left_behind()]:
            with suppress(OSError):  # another process is faster, or works in it
                if left.stat().st_mtime < limit:
                    _remove(left)
        return count

    def former(self, entry: Entry) -> Path | None:
        """The data file that an undo would bring back, or that it took away."""
        pointer = self._pointer(entry.id)
        return self._folder(entry.id) / pointer.previous if pointer and pointer.previous else None

    def unclaimed(self) -> list[Path]:
        """Files that no pointer names: being built, waiting to be accepted, or left by a crash."""
        files: list[Path] = []
        for one in self._ids():
            if not self._is_damaged(one):  # what its pointer named is not known
                pointer, folder = self._pointer(one), self._folder(one)
                in_use = pointer.files() if pointer else frozenset()
                files += [file for file in (*folder.glob("*.duckdb*"), *folder.glob("*.tmp")) if file.name not in in_use]
        return files

    def _left_behind(self) -> list[Path]:
        """Unclaimed files and, last, folders without a pointer."""
        return self.unclaimed() + [self._folder(one) for one in self._ids() if not self._is_damaged(one) and self._pointer(one) is None]

    def _is_stale(self, workspace_id: str, limit: float) -> bool:
        pointer = None if self._is_damaged(workspace_id) else self._pointer(workspace_id)
        is_private = workspace_id.startswith("p") if pointer is None else pointer.kind == "private"
        return is_private and self._folder(workspace_id).stat().st_mtime < limit

    def _ids(self) -> list[str]:
        return [folder.name for folder in self.home.workspaces.iterdir() if folder.is_dir()]

    def _is_damaged(self, workspace_id: str) -> bool:
        try:
            self._pointer(workspace_id)
        except WorkspaceError:
            return True
        return False

    def _listed(self, ids: Iterable[str]) -> list[Entry]:
        entries = [entry for entry in map(self._entry, ids) if entry is not None and entry.kind != "private"]
        return sorted(entries, key=lambda entry: (entry.kind != "sample", entry.name.casefold()))

    @contextmanager
    def _naming(self, name: str) -> Iterator[str]:
        """The name as a label that no other workspace has, nor gets as long as the context lives."""
        with self._locked(NAMES):
            yield self._free_name(name)

    def _free_name(self, name: str) -> str:
        label = " ".join(name.split())
        if not label or len(label) > MAX_NAME_LENGTH:
            raise WorkspaceError("This name cannot be used", f"A name has 1 to {MAX_NAME_LENGTH} characters.", "Choose another name.")
        if label.casefold() in {PRIVATE_NAME.casefold(), SAMPLE_NAME.casefold(), *(entry.name.casefold() for entry in self.usable())}:
            raise WorkspaceError("This name is taken", f"There is a workspace “{label}” already.", "Choose another name.")
        return label

    def _change(self, workspace_id: str, how: Callable[[Pointer], Pointer]) -> Entry:
        with self._locked(workspace_id):
            pointer = self._pointer(workspace_id)
            if pointer is None:
                raise WorkspaceError("This workspace is gone", "It has been erased or never had data.", "Choose another one.")
            pointers.write(self._folder(workspace_id), how(pointer), pointer)
        return self._existing(workspace_id)

    def _entry(self, workspace_id: str) -> Entry | None:
        pointer, seen = self._pointer(workspace_id), None
        while pointer is not None and pointer != seen:
            path = self._folder(workspace_id) / pointer.current
            if path.is_file():
                return Entry(workspace_id, pointer.name, pointer.kind, path, bool(pointer.previous) and not pointer.is_undone)
            pointer, seen = self._pointer(workspace_id), pointer  # accepts since then may have removed the file
        return None

    def _existing(self, workspace_id: str) -> Entry:
        entry = self._entry(workspace_id)
        if entry is None:
            raise WorkspaceError("This workspace is gone", "It was erased while it was being changed.", "Load the data again.")
        return entry

    def _pointer(self, workspace_id: str) -> Pointer | None:
        return pointers.read(self._folder(workspace_id))

    @contextmanager
    def _saved(self) -> Iterator[Saved | None]:
        """What users saved; None where there is no store yet. Raises WorkspaceError where it does not answer."""
        if not is_there(self.home):
            yield None
            return
        from crm_core.store.saved.opening import open_saved

        with open_saved(self.home) as store:
            yield store

    def _folder(self, workspace_id: str) -> Path:
        return self.home.workspaces / workspace_id

    @contextmanager
    def _locked(self, workspace_id: str) -> Iterator[None]:
        lock = FileLock(self.home.locks / f"{workspace_id}.lock", timeout=LOCK_SECONDS)
        try:
            lock.acquire()
        except Timeout as error:
            raise WorkspaceError("This workspace is busy", "Someone else is changing it right now.", "Try again in a minute.") from error
        except OSError as error:
            raise WorkspaceError(
                "The data folder cannot be used", f"It cannot be written ({error.strerror}).", "Tell whoever runs this dashboard."
            ) from error
        try:
            yield
        finally:
            lock.release()


def _remove(left: Path) -> None:
    """A file, a folder of files being read, or the empty folder of a workspace."""
    if not left.is_dir() or left.is_symlink():
        left.unlink()
    elif left.name.startswith("staging-"):
        shutil.rmtree(left)
    else:
        left.rmdir()


def _new_id() -> str:
    """The folder of a new named workspace: random, since names are users' text."""
    return f"n{secrets.token_hex(8)}"


def private_id(owner: str) -> str:
    """The folder of a private workspace: a hash, from which its owner token cannot be had."""
    return "p" + hashlib.sha256(owner.encode()).hexdigest()[:32]
