"""What was saved on a workspace goes where its data goes: along when a private upload gets a name, and away when it is erased."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import CursorResult, delete, update

from crm_core.store.saved.database import Database
from crm_core.store.saved.models import AudienceRow


class Belongings:
    """The audiences of workspaces, with their versions and exports. Every method is one transaction; raises WorkspaceError where the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def move(self, source_id: str, target_id: str) -> int:
        """What was saved on one workspace belongs to the other from now on (a new one, on which nothing is saved); gives how many audiences."""
        moved = update(AudienceRow).where(AudienceRow.workspace_id == source_id).values(workspace_id=target_id)
        with self._database.writing() as session:
            return cast("CursorResult[Any]", session.execute(moved)).rowcount

    def erase(self, workspace_id: str) -> int:
        """Removes, for good, all that was saved on a workspace; gives how many audiences."""
        gone = delete(AudienceRow).where(AudienceRow.workspace_id == workspace_id)
        with self._database.writing() as session:
            count = cast("CursorResult[Any]", session.execute(gone)).rowcount
        if count:
            self._database.sweep()
        return count
