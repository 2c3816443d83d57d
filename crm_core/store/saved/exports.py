"""Exports kept as snapshots: who was taken, in which group, by which version of the audience and by which rules; what a campaign is judged by later.

Grain: export; `members` gives a row a member. Members are never changed, except that an erased person is taken out (`n_erased` counts it).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.errors import WorkspaceError
from crm_core.store.saved import members, values
from crm_core.store.saved.audiences import ID_BYTES, live
from crm_core.store.saved.database import Database
from crm_core.store.saved.members import CONTROL, TREATMENT
from crm_core.store.saved.models import AudienceRow, ExportRow, PartRow, VersionRow


@dataclass(frozen=True)
class ExportTerms:
    """How an export was made.

    `as_of` is the day the audience was worked out for; the campaign is looked at from `starts_on` to `ends_on`, which is fixed now. `is_random`: were
    groups drawn by chance, with that `seed` and `control_share` (0 to 1)? `rules` are those applied, `left_out` counts whom each left out, `plan` is what was
    expected (plain JSON, all three). `fingerprint` is the data's; `columns` were given away. `name` is the campaign's; "" takes the audience's.
    """

    exported_at: datetime
    exported_by: str
    as_of: date
    starts_on: date
    ends_on: date
    is_random: bool
    seed: int | None
    control_share: float
    fingerprint: str
    columns: tuple[str, ...] = ()
    rules: Any = None
    left_out: Mapping[str, int] = field(default_factory=dict, hash=False)
    plan: Any = field(default=None, hash=False)
    name: str = ""


@dataclass(frozen=True)
class Export:
    """One export; `n_treatment` and `n_control` as they were exported, of whom `n_erased` were erased since."""

    id: str
    audience_id: str
    version: int
    name: str
    where: str
    exported_at: datetime
    exported_by: str
    as_of: date
    starts_on: date
    ends_on: date
    is_random: bool
    seed: int | None
    control_share: float
    n_treatment: int
    n_control: int
    n_erased: int
    rules: Any = field(hash=False)
    left_out: Mapping[str, int] = field(hash=False)
    plan: Any = field(hash=False)
    fingerprint: str
    columns: tuple[str, ...]


class Exports:
    """All exports of a store. Every method is one transaction and raises WorkspaceError where the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, audience_id: str, version: int, made: ExportTerms, rows: pa.Table | pa.RecordBatchReader) -> Export:
        """Keeps the members (customer_id, group: treatment or control, stratum) of an export of that version, all or nothing.

        Raises AudienceGone, DataError for members that cannot be, CrmError for terms that cannot be kept.
        """
        table = members.checked(rows)
        with self._database.writing() as session:
            audience = live(session, audience_id)
            saved = session.get(VersionRow, (audience_id, version))
            if saved is None:
                raise WorkspaceError("There is no such version", f"“{audience.name}” has no version {version}.", "Save it, then export.")
            row = _row(made, saved)
            row.n_treatment, row.n_control = members.count(table, TREATMENT), members.count(table, CONTROL)
            session.add(row)
            session.flush()
            for number, part in enumerate(members.parts(table)):
                session.add(PartRow(export_id=row.id, part=number, first_id=part.first_id, last_id=part.last_id, members=part.content))
                session.flush()
            return _export(row)

    def of(self, audience_id: str) -> tuple[Export, ...]:
        """Those of an audience, the latest first."""
        return self._listed(ExportRow.audience_id == audience_id)

    def all(self, workspace_id: str) -> tuple[Export, ...]:
        """Those of all audiences of a workspace that are not deleted, the latest first."""
        return self._listed(AudienceRow.workspace_id == workspace_id)

    def get(self, export_id: str) -> Export:
        """Raises WorkspaceError where there is none."""
        with self._database.reading() as session:
            return _export(_existing(session, export_id))

    def members(self, export_id: str) -> pa.Table:
        """A row a member, by ascending id: customer_id, group, stratum. Raises WorkspaceError where there is no such export."""
        with self._database.reading() as session:
            _existing(session, export_id)
            parts = session.scalars(select(PartRow.members).where(PartRow.export_id == export_id).order_by(PartRow.part))
            return members.joined(parts)

    def _listed(self, which: Any) -> tuple[Export, ...]:
        rows = select(ExportRow).join(AudienceRow, AudienceRow.id == ExportRow.audience_id).where(which, AudienceRow.deleted_at.is_(None))
        with self._database.reading() as session:
            return tuple(map(_export, session.scalars(rows.order_by(ExportRow.exported_at.desc(), ExportRow.id))))


def _existing(session: Session, export_id: str) -> ExportRow:
    row = session.get(ExportRow, export_id)
    if row is None:
        raise WorkspaceError("This export is gone", "There is none at this address: it was erased, or never was.", "Choose another one.")
    return row


def _row(made: ExportTerms, saved: VersionRow) -> ExportRow:
    return ExportRow(
        id=secrets.token_urlsafe(ID_BYTES),
        audience_id=saved.audience_id,
        version=saved.version,
        name=values.name_of(made.name or saved.name),
        condition=saved.condition,
        exported_at=made.exported_at,
        exported_by=values.who_of(made.exported_by),
        as_of=made.as_of,
        starts_on=made.starts_on,
        ends_on=made.ends_on,
        is_random=made.is_random,
        seed=None if made.seed is None else str(int(made.seed)),
        control_share=float(made.control_share),
        n_erased=0,
        rules=values.json_of(made.rules, "rules"),
        left_out=values.json_of(dict(made.left_out), "counts"),
        plan=values.json_of(made.plan, "plan"),
        fingerprint=made.fingerprint,
        columns=values.json_of(list(made.columns), "columns"),
    )


def _export(row: ExportRow) -> Export:
    return Export(
        id=row.id,
        audience_id=row.audience_id,
        version=row.version,
        name=row.name,
        where=row.condition,
        exported_at=row.exported_at,
        exported_by=row.exported_by,
        as_of=row.as_of,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        is_random=row.is_random,
        seed=None if row.seed is None else int(row.seed),
        control_share=row.control_share,
        n_treatment=row.n_treatment,
        n_control=row.n_control,
        n_erased=row.n_erased,
        rules=json.loads(row.rules),
        left_out=json.loads(row.left_out),
        plan=json.loads(row.plan),
        fingerprint=row.fingerprint,
        columns=tuple(json.loads(row.columns)),
    )
