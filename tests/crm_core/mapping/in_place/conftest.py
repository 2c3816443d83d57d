"""Where the tables of a test may lie."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from tests.crm_core.mapping.in_place import companies
from tests.crm_core.mapping.in_place.companies import Company, Opened

Place = Callable[[Company], Opened]


@pytest.fixture(params=["duckdb", "postgres"])
def place(request: pytest.FixtureRequest) -> Place:
    """Opens a company in one of the engines."""
    if request.param == "duckdb":
        return companies.in_duckdb
    return partial(companies.in_postgres, server=request.getfixturevalue("postgres"))
