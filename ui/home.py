"""The workspaces of this server: the home that CRM_HOME names, with the sample company in it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from crm_core.access import Action
from ui import cache

if TYPE_CHECKING:
    from crm_core.access import User
    from crm_core.store.workspaces import Entry, Workspaces


def workspaces() -> Workspaces:
    """All workspaces; prepared at the first call of the process."""
    return cache.workspaces(os.environ.get("CRM_HOME", ""), os.environ.get("CRM_SAMPLE", "") != "off")


def to_change(user: User, entry: Entry | None = None) -> Workspaces:
    """All workspaces, for whoever may change that one (None: the user's own upload). Raises AccessError.

    An upload of one's own is an analyst's business, all other data an administrator's.
    """
    user.require(Action.UPLOAD if entry is None or entry.kind == "private" else Action.MANAGE_DATA)
    return workspaces()
