"""Audiences as users save them: a name, a note and a definition, in versions, none of which is lost when two people save at once.

Grain: audience; `versions` gives a row a version. Who saves says which version she began with: if somebody saved in between, nothing is kept and
AudienceChanged brings what is there now, so that a page can offer to keep hers as a copy, to take theirs, or to save over it knowingly (by saving once
more, with the present version as the base).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crm_core.errors import WorkspaceError
from crm_core.store.saved import values
from crm_core.store.saved.database import Database
from crm_core.store.saved.models import AudienceRow, VersionRow

#: How long a deleted audience can be brought back.
KEPT_DELETED = timedelta(days=30)
ID_BYTES = 16


@dataclass(frozen=True)
class Definition:
    """Whom: `where`, a condition in the language of audiences; and `terms`, whatever else defines the audience for a page (plain JSON).

    Raises CrmError where either cannot be kept.
    """

    where: str
    terms: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        values.condition_of(self.where)
        object.__setattr__(
            self, "terms", json.loads(values.json_of(dict(self.terms), "definition"))
        )  # a copy: nobody changes it afterwards


@dataclass(frozen=True)
class Audience:
    """One version of an audience; the present one, except where `versions` gives it. `saved_by` and `owner` are "" for the local user."""

    id: str
    workspace_id: str
    name: str
    owner: str
    note: str
    definition: Definition
    version: int
    saved_at: datetime
    saved_by: str
    is_deleted: bool
    deleted_at: datetime | None = None
    deleted_by: str = ""


class AudienceChanged(WorkspaceError):
    """Somebody saved the audience in between; `present` is what is there now."""

    def __init__(self, present: Audience) -> None:
        self.present = present
        super().__init__(
            "Somebody saved this audience meanwhile",
            f"“{present.name}” was saved by {values.person(present.saved_by)} on {present.saved_at:%d %b %Y at %H:%M} UTC (version {present.version}).",
            "Keep yours as a copy, take theirs, or save over it knowingly.",
        )


class AudienceGone(WorkspaceError):
    """There is no such audience (any more). `workspace_id` is that of a deleted one, whose name and who deleted it the message tells."""

    workspace_id = ""

    def told_on(self, workspace_id: str) -> AudienceGone:
        """The error for whoever looks at that workspace: nothing of an audience of another one, which may be somebody's private upload."""
        return self if self.workspace_id in ("", workspace_id) else _gone(None)


class Audiences:
    """All audiences of a store. Every method is one transaction and raises WorkspaceError where the database fails.

    `who` is the user's name or e-mail, "" for the local user; `now` a moment with its zone.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, workspace_id: str) -> tuple[Audience, ...]:
        """Those of a workspace, the one saved last first."""
        return self._listed(workspace_id, AudienceRow.deleted_at.is_(None))

    def deleted(self, workspace_id: str) -> tuple[Audience, ...]:
        """Those that can be brought back, the one saved last first."""
        return self._listed(workspace_id, AudienceRow.deleted_at.is_not(None))

    def get(self, audience_id: str) -> Audience:
        """The present version. Raises AudienceGone, which says by whom and when it was deleted."""
        with self._database.reading() as session:
            return live(session, audience_id)

    def versions(self, audience_id: str) -> tuple[Audience, ...]:
        """All versions, the latest first. Raises AudienceGone."""
        with self._database.reading() as session:
            live(session, audience_id)
            rows = session.execute(_pairs(AudienceRow.id == audience_id, is_present=False).order_by(VersionRow.version.desc()))
            return tuple(map(_audience, rows))

    def create(self, workspace_id: str, name: str, definition: Definition, *, note: str = "", who: str, now: datetime) -> Audience:
        """A new audience, version 1, of which `who` is the owner. Raises CrmError where the name is taken or cannot be used."""
        with _naming(), self._database.writing() as session:
            return _create(session, workspace_id, name, definition, note, who, now)

    def save(
        self,
        audience_id: str,
        base_version: int,
        *,
        definition: Definition | None = None,
        name: str | None = None,
        note: str | None = None,
        owner: str | None = None,
        who: str,
        now: datetime,
    ) -> Audience:
        """The next version; what is not given stays. Raises AudienceChanged, AudienceGone, or CrmError where the name is taken or cannot be used."""
        with _naming(), self._database.writing() as session:
            before = _claimed(session, audience_id, base_version)
            label = before.name if name is None else values.name_of(name)
            _refuse_taken(session, before.workspace_id, label, audience_id)
            changes = {"name_key": values.key_of(label), "owner": before.owner if owner is None else values.who_of(owner)}
            session.execute(update(AudienceRow).where(AudienceRow.id == audience_id).values(**changes))
            text = before.note if note is None else values.note_of(note)
            _add_version(session, audience_id, base_version + 1, label, text, definition or before.definition, who, now)
            return live(session, audience_id)

    def copy(self, audience_id: str, name: str, *, definition: Definition | None = None, who: str, now: datetime) -> Audience:
        """A new audience of the same workspace with the note and definition (or the one given: the reader's own edit). Raises as `get` and `create`."""
        with _naming(), self._database.writing() as session:
            one = live(session, audience_id)
            return _create(session, one.workspace_id, name, definition or one.definition, one.note, who, now)

    def restore(self, audience_id: str, version: int, base_version: int, *, who: str, now: datetime) -> Audience:
        """A new version with the definition of an earlier one; name and note stay as they are. Raises as `save`."""
        with self._database.reading() as session:
            found = session.execute(_pairs(AudienceRow.id == audience_id, VersionRow.version == version, is_present=False)).first()
            former = _audience(found).definition if found else None
        if former is None:
            raise AudienceGone("There is no such version", f"The audience has no version {version}.", "Choose one from its list.")
        return self.save(audience_id, base_version, definition=former, who=who, now=now)

    def delete(self, audience_id: str, base_version: int, *, who: str, now: datetime) -> None:
        """Puts it among the deleted ones, from where it can be brought back for 30 days. Raises AudienceChanged, AudienceGone."""
        with self._database.writing() as session:
            _claimed(session, audience_id, base_version, is_saved=False)
            marks = {"deleted_at": now, "deleted_by": values.who_of(who)}
            session.execute(update(AudienceRow).where(AudienceRow.id == audience_id).values(**marks))

    def undelete(self, audience_id: str, *, name: str | None = None) -> Audience:
        """Brings a deleted one back; under another name where its own was given to another one meanwhile (else raises CrmError)."""
        with _naming(), self._database.writing() as session:
            found = session.execute(_pairs(AudienceRow.id == audience_id)).first()
            if found is None:
                raise _gone(None)
            one = _audience(found)
            if one.is_deleted:
                label = one.name if name is None else values.name_of(name)
                _refuse_taken(session, one.workspace_id, label, audience_id)
                marks = {"deleted_at": None, "deleted_by": None, "name_key": values.key_of(label)}
                session.execute(update(AudienceRow).where(AudienceRow.id == audience_id).values(**marks))
                of_present = (VersionRow.audience_id == audience_id, VersionRow.version == one.version)
                session.execute(update(VersionRow).where(*of_present).values(name=label))
            return live(session, audience_id)

    def purge(self, now: datetime) -> int:
        """Removes for good, with their versions and exports, those deleted more than 30 days ago; gives how many."""
        with self._database.writing() as session:
            old = delete(AudienceRow).where(AudienceRow.deleted_at < now - KEPT_DELETED)
            count = cast("CursorResult[Any]", session.execute(old)).rowcount
        if count:
            self._database.sweep()
        return count

    def _listed(self, workspace_id: str, which: Any) -> tuple[Audience, ...]:
        with self._database.reading() as session:
            rows = session.execute(
                _pairs(AudienceRow.workspace_id == workspace_id, which).order_by(VersionRow.saved_at.desc(), AudienceRow.id)
            )
            return tuple(map(_audience, rows))


@contextmanager
def _naming() -> Iterator[None]:
    """Of two people who give the same name at the same moment the database's index lets one through; the other is told why."""
    try:
        yield
    except WorkspaceError as error:
        if isinstance(error.__cause__, IntegrityError):
            raise _taken("") from error
        raise


def live(session: Session, audience_id: str) -> Audience:
    """The present version of one that is not deleted. Raises AudienceGone."""
    if not audience_id.isascii() or "\x00" in audience_id:  # of a link that somebody typed; PostgreSQL takes no zero byte
        raise _gone(None)
    found = session.execute(_pairs(AudienceRow.id == audience_id).execution_options(populate_existing=True)).first()
    audience = _audience(found) if found else None
    if audience is None or audience.is_deleted:
        raise _gone(audience)
    return audience


def _claimed(session: Session, audience_id: str, base_version: int, is_saved: bool = True) -> Audience:
    """The audience as it was, its row held by this transaction and counted on; so of two that claim the same version one gets it.

    Raises AudienceChanged or AudienceGone to the other.
    """
    is_base = (AudienceRow.id == audience_id, AudienceRow.version == base_version, AudienceRow.deleted_at.is_(None))
    claim = update(AudienceRow).where(*is_base).values(version=base_version + is_saved).execution_options(synchronize_session=False)
    if cast("CursorResult[Any]", session.execute(claim)).rowcount != 1:
        raise AudienceChanged(live(session, audience_id))
    pairs = _pairs(AudienceRow.id == audience_id, VersionRow.version == base_version, is_present=False)
    return _audience(session.execute(pairs.execution_options(populate_existing=True)).one())


def _create(session: Session, workspace_id: str, name: str, definition: Definition, note: str, who: str, now: datetime) -> Audience:
    label, audience_id = values.name_of(name), secrets.token_urlsafe(ID_BYTES)
    _refuse_taken(session, workspace_id, label, audience_id)
    session.add(AudienceRow(id=audience_id, workspace_id=workspace_id, name_key=values.key_of(label), owner=values.who_of(who), version=1))
    session.flush()
    _add_version(session, audience_id, 1, label, values.note_of(note), definition, who, now)
    return live(session, audience_id)


def _add_version(
    session: Session, audience_id: str, version: int, name: str, note: str, definition: Definition, who: str, now: datetime
) -> None:
    row = VersionRow(
        audience_id=audience_id,
        version=version,
        name=name,
        note=note,
        condition=definition.where,
        terms=values.json_of(definition.terms, "definition"),
        saved_at=now,
        saved_by=values.who_of(who),
    )
    session.add(row)
    session.flush()


def _pairs(*which: Any, is_present: bool = True) -> Any:
    """The statement for audiences with their present versions, or with all (its type differs between versions of SQLAlchemy)."""
    pairs = select(AudienceRow, VersionRow).join(VersionRow, VersionRow.audience_id == AudienceRow.id).where(*which)
    return pairs.where(VersionRow.version == AudienceRow.version) if is_present else pairs


def _audience(pair: Any) -> Audience:
    row, version = pair
    return Audience(
        id=row.id,
        workspace_id=row.workspace_id,
        name=version.name,
        owner=row.owner,
        note=version.note,
        definition=Definition(version.condition, json.loads(version.terms)),
        version=version.version,
        saved_at=version.saved_at,
        saved_by=version.saved_by,
        is_deleted=row.deleted_at is not None,
        deleted_at=row.deleted_at,
        deleted_by=row.deleted_by or "",
    )


def _refuse_taken(session: Session, workspace_id: str, name: str, audience_id: str) -> None:
    same = select(AudienceRow.id).where(
        AudienceRow.workspace_id == workspace_id,
        AudienceRow.name_key == values.key_of(name),
        AudienceRow.deleted_at.is_(None),
        AudienceRow.id != audience_id,
    )
    if session.execute(same).first() is not None:
        raise _taken(name)


def _taken(name: str) -> WorkspaceError:
    which = f"“{name}”" if name else "of this name"
    return WorkspaceError("This name is taken", f"There is an audience {which} already.", "Choose another name.")


def _gone(audience: Audience | None) -> AudienceGone:
    if audience is None or audience.deleted_at is None:
        return AudienceGone(
            "This audience is gone", "There is none at this address: it was erased, or never was.", "Choose another one from the list."
        )
    found = AudienceGone(
        "This audience was deleted",
        f"“{audience.name}” was deleted by {values.person(audience.deleted_by)} on {audience.deleted_at:%d %b %Y at %H:%M} UTC.",
        f"It can be brought back from the deleted ones for {KEPT_DELETED.days} days.",
    )
    found.workspace_id = audience.workspace_id
    return found
