"""The one database of what users save: how it is reached, and its transactions.

SQLite opens a connection a transaction (some tenths of a millisecond): nothing stays open between, threads share nothing, and what was erased does
not linger in a log beside the file. PostgreSQL keeps a few connections.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from collections.abc import Mapping as Environment
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from crm_core.errors import WorkspaceError
from crm_core.store.home import Home
from crm_core.store.saved.models import Base
from crm_core.store.saved.place import VARIABLE

#: How long a transaction waits for another one's, in milliseconds.
BUSY_MS = 20_000
#: What a connection to SQLite is told; what is deleted is overwritten.
PRAGMAS = (f"busy_timeout = {BUSY_MS}", "foreign_keys = ON", "secure_delete = ON")
#: How often, and after how many seconds, the log of SQLite is tried to be emptied while someone reads.
TRIES, TRY_SECONDS = 20, 0.25
#: An option of a connection: its transactions write.
WRITES = "writes"


class Database:
    """Reading and writing transactions on one engine; any thread may use it. Raises WorkspaceError in words for whatever the database says."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writer = engine.execution_options(**{WRITES: True})

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that changes nothing."""
        with in_words(), Session(self.engine) as session, session.begin():
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that is kept whole or not at all."""
        with in_words(), Session(self._writer) as session, session.begin():
            yield session

    @contextmanager
    def changing(self) -> Iterator[Connection]:
        """The same without a session: for changes of tables."""
        with in_words(), self._writer.begin() as connection:
            yield connection

    def command(self, statement: str) -> list[tuple[Any, ...]]:
        """One of our own commands that runs outside a transaction; gives its rows."""
        with in_words(), self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            found = connection.exec_driver_sql(statement)
            return [tuple(row) for row in found] if found.returns_rows else []

    def sweep(self) -> bool:
        """Leaves nothing of what was deleted in the files: SQLite empties its log, PostgreSQL frees old rows. False where others still read it."""
        if not self.is_sqlite:
            self.command(f"VACUUM {', '.join(Base.metadata.tables)}")
            return True
        for _ in range(TRIES):
            if self.command("PRAGMA wal_checkpoint(TRUNCATE)")[0][0] == 0:
                return True
            time.sleep(TRY_SECONDS)
        return False

    def close(self) -> None:
        self.engine.dispose()


def address(home: Home, environment: Environment[str, str]) -> URL:
    """Where the store is: at CRM_STORE_URL (SQLite or PostgreSQL), or SQLite in the home. Raises WorkspaceError for what is neither."""
    text = environment.get(VARIABLE)
    if not text:
        return URL.create("sqlite", database=str(home.database))
    with found():
        url = make_url(text)
    kind = url.get_backend_name()
    if kind == "postgres":
        kind, url = "postgresql", url.set(drivername=url.drivername.replace("postgres", "postgresql", 1))
    if kind == "postgresql" and "+" not in url.drivername:
        return url.set(drivername="postgresql+psycopg")
    if kind not in ("sqlite", "postgresql") or (kind == "sqlite" and url.database in (None, "", ":memory:")):
        raise WorkspaceError(
            "The store cannot be used",
            "CRM_STORE_URL names neither a file of SQLite nor a database of PostgreSQL.",
            "Correct it, see README.",
        )
    return url


def reach(url: URL) -> Database:
    """The database at that address, its file made where there is none. Raises WorkspaceError where it cannot be reached."""
    with found():
        if url.get_backend_name() != "sqlite":
            more = {"connect_timeout": 10} if url.get_driver_name() == "psycopg" else {}
            return Database(create_engine(url, pool_size=2, max_overflow=10, pool_pre_ping=True, connect_args=more))
        make_private_file(Path(url.database or ""))
        engine = create_engine(url, poolclass=NullPool)
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
        return Database(engine)


def make_private_file(path: Path) -> None:
    """An empty file that is its owner's alone; one that is there becomes so. The files that SQLite lays beside it take its mode."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    with suppress(PermissionError):  # somebody else's, who lets us use it
        path.chmod(0o600)


@contextmanager
def in_words() -> Iterator[None]:
    """What databases and their drivers raise, as WorkspaceError without an address."""
    try:
        yield
    except SQLAlchemyError as error:
        if isinstance(error, StatementError) and not isinstance(error, DBAPIError):
            raise  # a value of ours that is of no use: our fault, not the database's
        if "database is locked" in str(getattr(error, "orig", "")):
            raise WorkspaceError("The store is busy", "Somebody else is saving right now.", "Try again in a minute.") from error
        raise unreachable() from error


@contextmanager
def found() -> Iterator[None]:
    """What goes wrong before a database answers: no URL, a driver that is not installed, a folder that is not there."""
    try:
        with in_words():
            yield
    except (OSError, ImportError, ValueError) as error:
        raise unreachable() from error


def unreachable() -> WorkspaceError:
    return WorkspaceError(
        "Saved things cannot be read or kept",
        "The database of audiences and other saved things does not answer, or is damaged.",
        "Try again; if it stays, tell whoever runs this dashboard.",
    )


def _prepare(connection: Any, _: object) -> None:
    connection.isolation_level = None  # transactions begin where we say so, changes of tables included
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    """Who will write says so at once: one that reads first and then writes would be refused where another wrote in between."""
    if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
        return
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(WRITES) else "BEGIN")
