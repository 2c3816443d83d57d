"""Drawn shops that the tests of forecasts share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crm_core.workspace import Workspace
from tests.crm_core.analytics.clv.stories import shop
from tests.workspaces import open_workspace


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """500 customers of a BG/NBD in 500 days, looked at from AS_OF."""
    with open_workspace(tmp_path_factory.mktemp("drawn") / "w.duckdb", order_lines=shop(500, seed=7)) as ws:
        yield ws


@pytest.fixture(scope="session")
def faithful(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """150 customers whom nobody leaves, so that the loss of customers cannot be told."""
    lines = shop(150, seed=2, params=(3.0, 12.0, 1e-3, 1e5), latest=0.4)
    with open_workspace(tmp_path_factory.mktemp("faithful") / "w.duckdb", order_lines=lines) as ws:
        yield ws
