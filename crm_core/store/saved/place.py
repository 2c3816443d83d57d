"""Whether there is a store at all: asked at every start, and so without the libraries that the store needs."""

from __future__ import annotations

import os
from collections.abc import Mapping as Environment

from crm_core.store.home import Home

VARIABLE = "CRM_STORE_URL"


def is_there(home: Home, environment: Environment[str, str] = os.environ) -> bool:
    """May anybody have saved anything yet? Without a store there is nothing to erase in it."""
    return bool(environment.get(VARIABLE)) or home.database.is_file()
