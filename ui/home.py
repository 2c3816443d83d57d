"""The workspaces of this server: the home that CRM_HOME names, with the sample company in it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ui import cache

if TYPE_CHECKING:
    from crm_core.store.workspaces import Workspaces


def workspaces() -> Workspaces:
    """All workspaces; prepared at the first call of the process."""
    return cache.workspaces(os.environ.get("CRM_HOME", ""), os.environ.get("CRM_SAMPLE", "") != "off")
