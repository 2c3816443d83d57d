"""The store on each database that it may lie in: SQLite, and PostgreSQL where it is installed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from crm_core.store.home import Home
from crm_core.store.saved.opening import Saved, open_saved
from tests.servers.postgres import PostgresServer

KINDS = ("sqlite", "postgres")
Environment = dict[str, str]


@pytest.fixture
def new_place(tmp_path: Path) -> Home:
    """A home in which nobody saved anything yet."""
    return Home(tmp_path / "crm").prepare()


@pytest.fixture
def new_environment(request: pytest.FixtureRequest) -> Environment:
    """What the administrator sets, so that the store lies in a new database of that kind."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return {}
    return _made(request.getfixturevalue("postgres"), "new_store")  # skips with the reason where it is not installed


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in a file, brought up to date: to be copied."""
    home = Home(tmp_path_factory.mktemp("store")).prepare()
    open_saved(home, {}).close()
    return home.database


@pytest.fixture(scope="session")
def postgres_store(postgres: PostgresServer) -> Environment:
    environment = _made(postgres, "store")
    open_saved(Home(Path("nowhere")), environment).close()
    return environment


@pytest.fixture
def place(new_place: Home, empty_file: Path) -> Home:
    """A home with an empty store."""
    shutil.copy(empty_file, new_place.database)
    return new_place


@pytest.fixture
def environment(request: pytest.FixtureRequest) -> Environment:
    """What the administrator sets, so that the store lies in an empty database of that kind."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return {}
    found: Environment = request.getfixturevalue("postgres_store")
    with open_saved(Home(Path("nowhere")), found) as store, store.database.changing() as connection:
        connection.exec_driver_sql("TRUNCATE audiences, contact_rules CASCADE")
    return found


@pytest.fixture
def saved(place: Home, environment: Environment) -> Iterator[Saved]:
    with open_saved(place, environment) as store:
        yield store


def _made(server: PostgresServer, name: str) -> Environment:
    url = make_url(server.url(database=server.create_database(name))).set(password=server.password)
    return {"CRM_STORE_URL": url.render_as_string(hide_password=False)}


on_each = pytest.mark.parametrize("environment", KINDS, indirect=True)
on_each_new = pytest.mark.parametrize("new_environment", KINDS, indirect=True)
