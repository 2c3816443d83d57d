"""Databases of three kinds, and sessions on them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from crm_core.sources.databases import session
from crm_core.sources.databases.connections import Connection
from crm_core.sources.databases.session import Session
from crm_core.sources.staging import StagedTable, Staging

Open = Callable[..., Session]
ENVIRONMENT = "TEST_PASSWORD"


@pytest.fixture
def opened() -> Iterator[Callable[..., Session]]:
    """Opens a session on a URL as an administrator's connection; closed with the test."""
    with ExitStack() as stack:

        def make(url: str, password: str = "", **more: Any) -> Session:
            connection = Connection("shop", url, f"env:{ENVIRONMENT}" if password else "", label="Web shop", **more)
            return stack.enter_context(session.open(connection, {ENVIRONMENT: password}))

        yield make


@pytest.fixture
def on_postgres(postgres: Any, opened: Open) -> Callable[..., Session]:
    """Runs statements in an empty PostgreSQL database, and opens a session on it."""

    def make(statements: str = "", name: str = "rows", **more: Any) -> Session:
        postgres.create_database(name)
        if statements:
            postgres.execute(statements, name)
        return opened(postgres.url(database=name), postgres.password, **more)

    return make


@pytest.fixture
def on_mariadb(mariadb: Any, opened: Open) -> Callable[..., Session]:
    """The same in MariaDB."""

    def make(statements: str = "", name: str = "rows", **more: Any) -> Session:
        mariadb.create_database(name)
        if statements:
            mariadb.execute(statements, name)
        return opened(mariadb.url(database=name), mariadb.password, **more)

    return make


@pytest.fixture
def on_sqlite(tmp_path: Path, opened: Open) -> Callable[..., Session]:
    """The same in SQLite."""

    def make(statements: str = "", name: str = "rows", **more: Any) -> Session:
        path = tmp_path / f"{name}.sqlite"
        made = sqlite3.connect(path)
        made.executescript(statements)
        made.commit()
        made.close()
        return opened(f"sqlite:///{path}", **more)

    return make


@pytest.fixture
def staging(tmp_path: Path) -> Iterator[Staging]:
    with Staging(tmp_path) as area:
        yield area


@pytest.fixture
def columns_of(staging: Staging) -> Callable[[StagedTable], dict[str, tuple[str, list[Any]]]]:
    """Column -> its type and its values in the order of the first column's."""

    def fetch(table: StagedTable) -> dict[str, tuple[str, list[Any]]]:
        refs = ", ".join(column.ref for column in table.columns)
        rows = staging.raw.execute(f"SELECT {refs} FROM {table.ref} ORDER BY {table.columns[0].ref}").to_arrow_table()
        return {column.name: (column.type, rows[column.ref].to_pylist()) for column in table.columns}

    return fetch
