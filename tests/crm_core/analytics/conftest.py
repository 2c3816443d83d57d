"""Workspaces that the tests of analyses share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crm_core.workspace import Workspace
from tests import buyers as drawn
from tests.workspaces import open_workspace, six_customers

Make = Callable[..., Workspace]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Make]:
    """Makes workspaces of these canonical tables."""
    opened: list[Workspace] = []

    def make(**tables: object) -> Workspace:
        opened.append(open_workspace(tmp_path / f"{len(opened)}.duckdb", **tables))  # type: ignore[arg-type]
        return opened[-1]

    yield make
    for ws in opened:
        ws.close()


@pytest.fixture(scope="session")
def six(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The six customers of tests/workspaces.py."""
    folder: Path = tmp_path_factory.mktemp("six")
    with open_workspace(folder / "six.duckdb", order_lines=six_customers()) as ws:
        yield ws


@pytest.fixture(scope="session")
def buyers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The drawn shop of tests/buyers.py, whose forecast is by a model."""
    path = tmp_path_factory.mktemp("buyers") / "buyers.duckdb"
    with open_workspace(path, labels=drawn.LABELS, order_lines=drawn.order_lines(), customers=drawn.customers()) as ws:
        yield ws
