"""The company's contact rules: whom no campaign may address. One set for all, saved as JSON whose meaning is the analyses'.

As with audiences, who saves says which version she began with, and nobody's edit is lost.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crm_core.analytics.audience.respect import Rules
from crm_core.errors import WorkspaceError
from crm_core.store.saved import values
from crm_core.store.saved.database import Database
from crm_core.store.saved.models import RulesRow

THE_ONE = 1


@dataclass(frozen=True)
class SavedRules:
    """The rules as they were saved; version 0 with the value None where nobody saved any."""

    value: Any = None
    version: int = 0
    saved_at: datetime | None = None
    saved_by: str = ""


def as_rules(saved: SavedRules) -> Rules:
    """The rules as analyses take them; the usual ones where nobody saved any. Raises AnalysisError for what is damaged."""
    return Rules() if saved.value is None else Rules.from_dict(saved.value)


class RulesChanged(WorkspaceError):
    """Somebody saved the rules in between; `present` is what is there now."""

    def __init__(self, present: SavedRules) -> None:
        self.present = present
        when = f" on {present.saved_at:%d %b %Y at %H:%M} UTC" if present.saved_at else ""
        super().__init__(
            "Somebody saved the contact rules meanwhile",
            f"They were saved by {values.person(present.saved_by)}{when} (version {present.version}).",
            "Look at theirs, then change them, or save over them knowingly.",
        )


class ContactRules:
    """The one set of rules of a store. Every method is one transaction and raises WorkspaceError where the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def rules(self) -> SavedRules:
        with self._database.reading() as session:
            return _present(session)

    def save_rules(self, value: Any, base_version: int, *, who: str, now: datetime) -> SavedRules:
        """Replaces the rules. Raises RulesChanged, or CrmError for what is no JSON."""
        row = {"value": values.json_of(value, "rules"), "version": base_version + 1, "saved_at": now, "saved_by": values.who_of(who)}
        try:
            with self._database.writing() as session:
                if base_version == 0:
                    if _present(session).version:
                        raise RulesChanged(_present(session))
                    session.execute(insert(RulesRow).values(id=THE_ONE, **row))
                else:
                    change = update(RulesRow).where(RulesRow.id == THE_ONE, RulesRow.version == base_version).values(**row)
                    if cast("CursorResult[Any]", session.execute(change)).rowcount != 1:
                        raise RulesChanged(_present(session))
                return _present(session)
        except WorkspaceError as error:
            if isinstance(error.__cause__, IntegrityError):  # both were the first
                raise RulesChanged(self.rules()) from error
            raise


def _present(session: Session) -> SavedRules:
    row = session.scalars(select(RulesRow).where(RulesRow.id == THE_ONE).execution_options(populate_existing=True)).first()
    return SavedRules(json.loads(row.value), row.version, row.saved_at, row.saved_by) if row else SavedRules()
