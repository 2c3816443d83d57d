"""The one place where the store is opened: reached, brought up to date, and handed out whole."""

from __future__ import annotations

import os
from collections.abc import Mapping as Environment
from types import TracebackType

from crm_core.store.home import Home
from crm_core.store.saved.audiences import Audiences
from crm_core.store.saved.belongings import Belongings
from crm_core.store.saved.database import Database, address, reach
from crm_core.store.saved.exports import Exports
from crm_core.store.saved.migrating import bring_up_to_date
from crm_core.store.saved.rules import ContactRules
from crm_core.store.saved.traces import Traces


class Saved:
    """All that users saved. Any number of threads may use it; a context manager that lets go of the database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.audiences = Audiences(database)
        self.exports = Exports(database)
        self.contact_rules = ContactRules(database)
        self.belongings = Belongings(database)
        self.traces = Traces(database)

    def close(self) -> None:
        self.database.close()

    def __enter__(self) -> Saved:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def open_saved(home: Home, environment: Environment[str, str] = os.environ) -> Saved:
    """The store at CRM_STORE_URL (a database URL set by the administrator), or SQLite in the home; made, or brought up to date, where needed.

    Raises WorkspaceError where it does not answer, or is of a newer version than this program.
    """
    database = reach(address(home, environment))
    try:
        bring_up_to_date(database)
    except BaseException:
        database.close()
        raise
    return Saved(database)
