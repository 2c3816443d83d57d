"""One person's traces in what users saved: a member of exports, a name in conditions; found, and removed for good.

In a condition the id, where it stands in quotes, becomes “(erased)”, which no customer is called: the condition stays readable and finds the same others.
So it does in notes, as a word; an id so short that the word may mean anything is told of and stays, as it does in names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.mapping.erasing.person import ERASED, as_word, is_telling
from crm_core.store.saved import members
from crm_core.store.saved.database import Database
from crm_core.store.saved.models import AudienceRow, ExportRow, PartRow, RulesRow, VersionRow

#: Columns of text in which users' conditions and JSON stand, by table; notes; and names, which are read and not changed.
CONDITIONS: tuple[tuple[Any, str], ...] = ((VersionRow, "condition"), (ExportRow, "condition"))
JSON_TEXTS: tuple[tuple[Any, str], ...] = ((VersionRow, "terms"), (ExportRow, "rules"), (ExportRow, "plan"), (RulesRow, "value"))
NOTES: tuple[tuple[Any, str], ...] = ((VersionRow, "note"),)
NAMES: tuple[tuple[Any, str], ...] = ((VersionRow, "name"), (ExportRow, "name"))


@dataclass(frozen=True)
class Found:
    """In how many exports the person is a member, how many conditions, settings and notes name her, and how many texts that stay as they are seem to.

    `is_swept`: is what was removed gone from the database's files as well (not yet where others are reading them)?
    """

    exports: int = 0
    definitions: int = 0
    free_texts: int = 0
    is_swept: bool = True

    @property
    def is_any(self) -> bool:
        return bool(self.exports or self.definitions)


class Traces:
    """The traces of persons by their customer ids. `workspace_ids` are those looked at; None means all, the company's contact rules included."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, customer_id: str, workspace_ids: Collection[str] | None = None) -> Found:
        with self._database.reading() as session:
            return _go_through(session, customer_id, workspace_ids, removes=False)

    def count_named(self, names: Collection[str], workspace_ids: Collection[str] | None = None) -> int:
        """How many saved conditions hold one of these names as a text of its own. They stay: another customer may be called the same."""
        patterns = [literals(one) for one in names]
        audiences = select(AudienceRow.id)
        if workspace_ids is not None:
            audiences = audiences.where(AudienceRow.workspace_id.in_(list(workspace_ids)))
        with self._database.reading() as session:
            texts = (
                text
                for model, column in CONDITIONS
                for text in session.scalars(select(getattr(model, column)).where(model.audience_id.in_(audiences)))
            )
            return sum(any(pattern.search(text) for pattern in patterns) for text in texts)

    def remove(self, customer_id: str, workspace_ids: Collection[str] | None = None) -> Found:
        """Takes the person out, in one transaction, then from the database's files; gives what was found."""
        with self._database.writing() as session:
            found = _go_through(session, customer_id, workspace_ids, removes=True)
        return replace(found, is_swept=self._database.sweep()) if found.is_any else found


def _go_through(session: Session, customer_id: str, workspace_ids: Collection[str] | None, removes: bool) -> Found:
    audiences = select(AudienceRow.id)
    if workspace_ids is not None:
        audiences = audiences.where(AudienceRow.workspace_id.in_(list(workspace_ids)))
    ids = list(session.scalars(audiences))
    pattern = literals(customer_id)

    def in_condition(text: str) -> str:
        return pattern.sub(lambda match: f"{match[0][0]}{ERASED}{match[0][-1]}", text)

    def in_json(text: str) -> str:
        return json.dumps(_replaced(json.loads(text), customer_id, in_condition), ensure_ascii=False, sort_keys=True)

    definitions = _texts(session, CONDITIONS, ids, workspace_ids, in_condition, removes)
    definitions += _texts(session, JSON_TEXTS, ids, workspace_ids, in_json, removes)

    def in_words(text: str) -> str:
        return as_word(customer_id).sub(ERASED, text)

    notes = _texts(session, NOTES, ids, workspace_ids, in_words, removes and is_telling(customer_id))
    free = _texts(session, NAMES, ids, workspace_ids, in_words, removes=False)
    definitions, free = (definitions + notes, free) if is_telling(customer_id) else (definitions, free + notes)
    return Found(_memberships(session, customer_id, ids, removes), definitions, free)


def literals(customer_id: str) -> re.Pattern[str]:
    """The id as a text literal of a condition: in either kind of quotes, one within it doubled or behind a backslash."""
    forms = {f"{mark}{text}{mark}" for mark in "\"'" for text in _spelled(customer_id, mark)}
    return re.compile("|".join(re.escape(form) for form in sorted(forms)))


def _spelled(customer_id: str, mark: str) -> set[str]:
    return {
        customer_id,
        customer_id.replace(mark, mark * 2),
        customer_id.replace("\\", "\\\\").replace(mark, f"\\{mark}"),
    }


def _memberships(session: Session, customer_id: str, audience_ids: Collection[str], removes: bool) -> int:
    """Exports of which the person is a member. Only the part in which she would be is read."""
    wanted, found = set(audience_ids), 0
    ends = select(PartRow.export_id, PartRow.part, PartRow.first_id, PartRow.last_id, ExportRow.audience_id).join(
        ExportRow, ExportRow.id == PartRow.export_id
    )
    for export_id, number, first, last, audience_id in session.execute(ends).all():
        if audience_id in wanted and first.encode() <= customer_id.encode() <= last.encode():
            row = session.get_one(PartRow, (export_id, number))
            found += _taken_out(session, row, customer_id, removes)
            session.flush()
            session.expunge_all()  # a part may hold many members: one at a time
    return found


def _taken_out(session: Session, row: PartRow, customer_id: str, removes: bool) -> bool:
    table = members.opened(row.members)
    rest = members.without(table, customer_id)
    is_member = rest.num_rows < table.num_rows
    if not (is_member and removes):
        return is_member
    if rest.num_rows:
        part = members.part(rest)
        row.first_id, row.last_id, row.members = part.first_id, part.last_id, part.content
    else:
        session.delete(row)
    session.get_one(ExportRow, row.export_id).n_erased += 1
    return True


def _texts(
    session: Session,
    columns: tuple[tuple[Any, str], ...],
    audience_ids: Collection[str],
    workspace_ids: Collection[str] | None,
    change: Callable[[str], str],
    removes: bool,
) -> int:
    """Rows of these columns whose text `change` would change."""
    wanted, found = set(audience_ids), 0
    for model, column in columns:
        for row in session.scalars(select(model)):
            if workspace_ids is not None and getattr(row, "audience_id", None) not in wanted:
                continue
            text = getattr(row, column)
            changed = change(text)
            if changed != text:
                found += 1
                if removes:
                    setattr(row, column, changed)
        session.flush()
    return found


def _replaced(value: Any, customer_id: str, in_text: Callable[[str], str]) -> Any:
    """The JSON value without the id: as a text of its own, as the name of an entry, or within a condition."""
    if isinstance(value, str):
        return ERASED if value == customer_id else in_text(value)
    if isinstance(value, list):
        return [_replaced(one, customer_id, in_text) for one in value]
    if isinstance(value, dict):
        return {_replaced(key, customer_id, in_text): _replaced(one, customer_id, in_text) for key, one in value.items()}
    return value
