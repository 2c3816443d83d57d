"""Workspaces of real data, imported by suggestion alone, once for all tests of a session."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from crm_core.mapping.build import build
from crm_core.mapping.suggest import suggest
from crm_core.sources.files import stage
from crm_core.sources.staging import Staging
from crm_core.workspace import Workspace


def imported(target: Path, *files: Path) -> Workspace:
    """The files as a workspace, every decision as suggested."""
    with Staging(target.parent) as staging:
        for file in files:
            stage(staging, file)
        build(staging, suggest(staging).mapping, target, name=target.stem, imported_at=datetime(2026, 1, 1))
    return Workspace.open(target)


@pytest.fixture(scope="session")
def online_retail(real_data: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with imported(tmp_path_factory.mktemp("real") / "online_retail.duckdb", real_data("online_retail/online_retail.parquet")) as ws:
        yield ws


@pytest.fixture(scope="session")
def cdnow(real_data: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with imported(tmp_path_factory.mktemp("real") / "cdnow.duckdb", real_data("cdnow/CDNOW_master.txt")) as ws:
        yield ws


def cdnow_sample_rows(path: Path) -> pd.DataFrame:
    """The tenth of CDNOW that the literature fits: customer, date, quantity and dollars of each line."""
    names = ["master", "customer", "date", "quantity", "dollars"]
    rows = pd.read_csv(path, sep=r"\s+", names=names, dtype={"customer": str, "date": str})
    return rows.assign(date=pd.to_datetime(rows["date"], format="%Y%m%d")).drop(columns="master")


@pytest.fixture(scope="session")
def cdnow_sample(real_data: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("real")
    cdnow_sample_rows(real_data("cdnow/CDNOW_sample.txt")).to_csv(folder / "cdnow_sample.csv", index=False)
    with imported(folder / "cdnow_sample.duckdb", folder / "cdnow_sample.csv") as ws:
        yield ws


@pytest.fixture(scope="session")
def complete_journey(real_data: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    files = [real_data(f"complete_journey/{name}.parquet") for name in ("transactions", "products", "demographics")]
    with imported(tmp_path_factory.mktemp("real") / "complete_journey.duckdb", *files) as ws:
        yield ws
