"""An open connection that only reads: every statement runs in a transaction that the database itself keeps from writing.

One session is for one thread at a time; `interrupt` may be called from any.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import Timer
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from crm_core.sources.databases import faults, places, secrets, statements
from crm_core.sources.databases.connections import Access, Connection

CONNECT_SECONDS = 10
LOCK_SECONDS = 10
#: Between tries to connect; as many tries as pauses, and one more.
PAUSES = (0.5, 1.5)

#: Dialect -> what each new connection is told: read only, one view of all tables, times in UTC, the meaning of marks in statements.
READ_ONLY: dict[str, tuple[str, ...]] = {
    "postgresql": (
        "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        f"SET lock_timeout = '{LOCK_SECONDS}s'",
        "SET TimeZone = 'UTC'",
        "SET DateStyle = 'ISO, YMD'",
        "SET standard_conforming_strings = on",
        "SET client_encoding = 'UTF8'",
    ),
    "mysql": (
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "SET SESSION TRANSACTION READ ONLY",
        f"SET SESSION lock_wait_timeout = {LOCK_SECONDS}",
        f"SET SESSION innodb_lock_wait_timeout = {LOCK_SECONDS}",
        "SET SESSION time_zone = '+00:00'",
        "SET SESSION sql_mode = ''",
        "SET SESSION net_write_timeout = 600",  # the server waits while what it sent is being stored
    ),
    "sqlite": ("PRAGMA query_only = ON", "PRAGMA trusted_schema = OFF"),
}
READ_ONLY["mariadb"] = READ_ONLY["mysql"]

#: Dialect -> what the driver is told when it connects.
DRIVER_OPTIONS: dict[str, dict[str, Any]] = {
    "postgresql": {"connect_timeout": CONNECT_SECONDS, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3},
    "mysql": {"connect_timeout": CONNECT_SECONDS, "charset": "utf8mb4", "local_infile": False},
    "duckdb": {"read_only": True, "config": {"enable_external_access": False}},
}
DRIVER_OPTIONS["mariadb"] = DRIVER_OPTIONS["mysql"]

#: What a user's own URL may reach where nobody says more.
STRICT = Access()

#: Loggers of our engines alone: below warnings they would tell statements, with what users wrote in them.
QUIET = ("sqlalchemy.engine.Engine.crm", "sqlalchemy.pool.impl.NullPool.crm")


class Session:
    """What `open` gives. `dialect` is SQLAlchemy's name; nothing that shows a session shows a secret."""

    def __init__(
        self, connection: Connection, access: Access, url: URL, engine: sa.Engine, arguments: dict[str, Any], hidden: tuple[str, ...]
    ) -> None:
        self.connection = connection
        self.access = replace(access, schemas=connection.schemas)
        self.url = url
        self.engine = engine
        self.title = connection.title
        self.adbc: Any = None  # PostgreSQL's second connection, for bulk reading
        self.closing: list[Callable[[], None]] = []  # what else is to be closed with the session
        self.interrupting: list[Callable[[], None]] = []  # what else is to be stopped by `interrupt`
        self._arguments = arguments
        self._hidden = hidden
        self._open: sa.Connection | None = None

    def __repr__(self) -> str:
        return f"Session({self.connection.name!r})"

    @property
    def dialect(self) -> str:
        return self.engine.dialect.name

    @property
    def is_mariadb(self) -> bool:
        return bool(getattr(self.engine.dialect, "is_mariadb", False))

    def checked(self, sql: str) -> str:
        """The user's SELECT as it may run here; raises SourceError for anything else."""
        return statements.checked(sql, self.dialect, self.access)

    @contextmanager
    def words(self) -> Iterator[None]:
        """What drivers raise inside becomes SourceError."""
        with faults.translated(f"“{self.title}”", self._hidden):
            yield

    @contextmanager
    def reading(self, limited: bool = True) -> Iterator[sa.Connection]:
        """A transaction that only reads, ended at the end. `limited`: each statement has the connection's timeout (previews, browsing)."""
        with self.words():
            connection = self.connected()
            with self._transaction(connection), self._limit(connection) if limited else _unlimited():
                yield connection

    def connected(self) -> sa.Connection:
        """The one connection, made anew where it was lost. Raises SourceError."""
        if self._open is not None and (self._open.invalidated or self._open.closed):
            with suppress(Exception):
                self._open.close()
            self._open = None
        if self._open is None:
            self._open = self._connect()
        return self._open

    def interrupt(self) -> None:
        """Stops what runs on the server; does nothing where nothing runs or the server cannot be told."""
        for stop in tuple(self.interrupting):
            with suppress(Exception):
                stop()
        open_ = self._open
        if open_ is None or open_.closed or open_.invalidated:
            return
        with suppress(Exception):  # a connection that is gone has nothing to stop
            driver: Any = open_.connection.driver_connection
            if self.dialect == "postgresql" and hasattr(driver, "cancel_safe"):
                driver.cancel_safe(timeout=5)
            elif self.dialect == "sqlite":
                driver.interrupt()
            elif self.dialect in ("mysql", "mariadb") and hasattr(driver, "thread_id"):
                with self.engine.connect() as other:
                    other.exec_driver_sql(f"KILL QUERY {int(driver.thread_id())}")

    def drop(self) -> None:
        """Gives the connection up at once, whatever the server is still sending; the next reading makes a new one."""
        if self._open is not None:
            with suppress(Exception):
                self._open.invalidate()
            with suppress(Exception):
                self._open.close()
            self._open = None

    def close(self) -> None:
        for one in self.closing:
            with suppress(Exception):
                one()
        self.closing.clear()
        if self._open is not None:
            with suppress(Exception):
                self._open.close()
        self._open = None
        self.engine.dispose()

    def driver_arguments(self) -> dict[str, Any]:
        """What the driver is given to connect, secrets among them: for drivers beside SQLAlchemy, and for nobody's eyes."""
        _, arguments = self.engine.dialect.create_connect_args(self.url)
        return {**arguments, **self._arguments}

    def _connect(self) -> sa.Connection:
        """Tries again where a try may succeed. Raises SourceError."""
        for pause in PAUSES:
            try:
                return self.engine.connect()
            except faults.DRIVER_ERRORS as error:
                fault, _ = faults.fault_of(error)
                if fault is None or not fault.is_transient:
                    break
            time.sleep(pause)
        with self.words():
            return self.engine.connect()

    @contextmanager
    def _transaction(self, connection: sa.Connection) -> Iterator[None]:
        try:
            with connection.begin() as transaction:
                yield
                transaction.rollback()
        except BaseException:
            if connection.in_transaction():
                with suppress(Exception):
                    connection.rollback()
            raise

    @contextmanager
    def _limit(self, connection: sa.Connection) -> Iterator[None]:
        seconds = self.connection.timeout_seconds
        timer = None
        if self.dialect == "postgresql":
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = {int(seconds * 1000)}")
        elif self.dialect in ("mysql", "mariadb"):
            limit = f"max_statement_time = {seconds:f}" if self.is_mariadb else f"max_execution_time = {int(seconds * 1000)}"
            connection.exec_driver_sql(f"SET SESSION {limit}")
        else:
            timer = Timer(seconds, self.interrupt)
            timer.daemon = True
            timer.start()
        try:
            yield
        finally:
            if timer is not None:
                timer.cancel()
            elif self.dialect in ("mysql", "mariadb") and not connection.invalidated:
                with suppress(Exception):
                    connection.exec_driver_sql(f"SET SESSION {'max_statement_time' if self.is_mariadb else 'max_execution_time'} = 0")


@contextmanager
def open(connection: Connection, environment: Mapping[str, str], access: Access = STRICT) -> Iterator[Session]:
    """A session that has connected. Raises SourceError: not allowed, no driver, no secret, or what the server said, in words."""
    url = places.reachable(connection, access)
    arguments, hidden = _arguments(connection, url, environment)
    session = Session(connection, access, url, _engine(url, arguments), arguments, hidden)
    try:
        session.connected()
        yield session
    finally:
        session.close()


def _arguments(connection: Connection, url: URL, environment: Mapping[str, str]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The driver's options with secrets in place of references to them, and these secrets."""
    hidden = []
    arguments = (
        dict(DRIVER_OPTIONS.get(url.get_backend_name(), {})) if places.DRIVERS.get(url.get_backend_name()) in (None, url.drivername) else {}
    )
    for key, value in connection.options.items():
        arguments[key] = secrets.resolve(value, environment) if secrets.is_reference(value) else value
        if arguments[key] != value:
            hidden.append(arguments[key])
    if connection.password:
        arguments["password"] = secrets.resolve(connection.password, environment)
        hidden.append(arguments["password"])
    return arguments, tuple(hidden)


def _engine(url: URL, arguments: dict[str, Any]) -> sa.Engine:
    """An engine that pools nothing and tells nothing; each of its connections is made read-only before anything else runs on it."""
    for logger in QUIET:
        logging.getLogger(logger).setLevel(logging.WARNING)
    options: dict[str, Any] = {"poolclass": NullPool, "hide_parameters": True, "logging_name": "crm", "pool_logging_name": "crm"}
    if url.get_backend_name() == "sqlite":
        engine = sa.create_engine("sqlite://", creator=lambda: _sqlite(Path(url.database or "")), **options)
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    else:
        engine = sa.create_engine(url, connect_args=arguments, **options)

    def prepare(driver: Any, _: Any) -> None:
        cursor = driver.cursor()
        for statement in READ_ONLY.get(url.get_backend_name(), ()):
            cursor.execute(statement)
        cursor.close()
        driver.commit()

    sa.event.listen(engine, "connect", prepare, insert=True)
    return engine


def _sqlite(path: Path) -> sqlite3.Connection:
    """A file opened to be read only, to which no other file can be attached."""
    driver = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=LOCK_SECONDS, check_same_thread=False, isolation_level=None)
    driver.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    driver.text_factory = lambda data: data.decode("utf-8", "replace")
    return driver


@contextmanager
def _unlimited() -> Iterator[None]:
    yield
