"""A staging area, and a way to stage bytes under a name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crm_core.sources import files
from crm_core.sources.staging import ReadOptions, StagedTable, Staging

Read = Callable[..., StagedTable]


@pytest.fixture
def staging(tmp_path: Path) -> Iterator[Staging]:
    with Staging(tmp_path) as area:
        yield area


@pytest.fixture
def stage_bytes(staging: Staging, tmp_path: Path) -> Callable[..., list[StagedTable]]:
    """Stages content (text is written as UTF-8) under a name; gives all its tables."""

    def stage(content: str | bytes, name: str = "file.csv", options: ReadOptions = ReadOptions()) -> list[StagedTable]:
        path = tmp_path / "upload"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return files.stage(staging, path, name, options)

    return stage


@pytest.fixture
def read(stage_bytes: Callable[..., list[StagedTable]]) -> Read:
    """Stages content that holds one table, and gives it."""

    def one(*arguments: object, **named: object) -> StagedTable:
        (table,) = stage_bytes(*arguments, **named)
        return table

    return one


@pytest.fixture
def rows(staging: Staging) -> Callable[[StagedTable], list[tuple[object, ...]]]:
    """All rows of a staged table, in their order."""

    def fetch(table: StagedTable) -> list[tuple[object, ...]]:
        refs = ", ".join(column.ref for column in table.columns)
        return staging.raw.execute(f"SELECT {refs} FROM {table.ref} ORDER BY rowid").fetchall()

    return fetch


@pytest.fixture
def bad_lines(staging: Staging) -> Callable[[], list[tuple[int, str, str]]]:
    """Line, reason and text of all lines that are no row."""
    return lambda: staging.raw.execute("SELECT line, reason, text FROM bad_lines ORDER BY line").fetchall()
