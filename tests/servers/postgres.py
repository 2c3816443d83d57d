"""A private PostgreSQL server: real, on a free port, with data that goes with it."""

from __future__ import annotations

import re
import secrets
import shutil
import signal
from pathlib import Path
from typing import Any, ClassVar

import psycopg
from psycopg import sql

from tests.servers.database import START_SECONDS, DatabaseServer
from tests.servers.processes import HOST, Login, NotInstalled, Program, ServerError, find_program, run_once

#: Fast because nothing waits for the disk. Commits still reach the system at once, so none is lost when the server is killed.
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "dynamic_shared_memory_type": "mmap",  # containers often have next to no /dev/shm
    "max_connections": "50",
    "timezone": "UTC",
    "password_encryption": "scram-sha-256",
}


class PostgresServer(DatabaseServer):
    """A server of one's own; see DatabaseServer.

    with PostgresServer() as server:
        server.execute("CREATE TABLE orders (id int)")
        reader = server.create_reader()
        url, password = server.url(user=reader.user), reader.password
    """

    kind = "postgres"
    #: smart: waits for clients to leave.
    signals: ClassVar = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
    database = "postgres"

    def __init__(self) -> None:
        """Raises NotInstalled where PostgreSQL is missing."""
        self._programs = _programs()
        super().__init__("postgres")

    def url(self, user: str | None = None, database: str | None = None) -> str:
        """For SQLAlchemy; without a user the superuser's. Without password."""
        return f"postgresql+psycopg://{user or self.user}@{self.host}:{self.port}/{database or self.database}"

    def start(self) -> None:
        if self.runs:
            return
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        command = [self._programs / "postgres", "-D", self._data, "-p", str(self.port), *settings]
        self._program = Program(command, log=self.log, folder=self._folder.path, user=self._run_as)
        self._program.wait_until(self._answers, START_SECONDS)

    def connect(self, database: str | None = None) -> psycopg.Connection[Any]:
        """A connection of the superuser's, each statement its own transaction."""
        return psycopg.connect(
            host=self.host, port=self.port, user=self.user, password=self.password, dbname=database or self.database,
            autocommit=True, connect_timeout=10,
        )  # fmt: skip

    def execute(self, statement: str | sql.Composed, database: str | None = None) -> list[tuple[Any, ...]]:
        """Runs one or more statements as the superuser; the rows of the last where it has any."""
        with self.connect(database) as connection:
            cursor = connection.execute(statement)  # type: ignore[arg-type]
            while cursor.nextset():
                pass
            return cursor.fetchall() if cursor.description else []

    def create_database(self, name: str) -> str:
        """An empty database; one of this name from an earlier test is dropped, with its connections."""
        self.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        self.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return name

    def create_reader(self, name: str = "reader", database: str | None = None) -> Login:
        """A user that may only read schema public, tables yet to come too, and make temporary tables. Called again: the same user."""
        if name not in self._readers:
            self._readers[name] = Login(name, secrets.token_urlsafe(16))
            self.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(name), self._readers[name].password))
        grants = [
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC",  # PostgreSQL up to 14 lets all create there
            "GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {reader}",
            "GRANT USAGE ON SCHEMA public TO {reader}",
            "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {reader}",
            "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {reader}",
        ]
        names = {"database": sql.Identifier(database or self.database), "reader": sql.Identifier(name)}
        for grant in grants:
            self.execute(sql.SQL(grant).format(**names), database)
        return self._readers[name]

    def _initialise(self) -> None:
        secret = self._folder.path / "password"
        secret.touch(mode=0o600)
        secret.write_text(self.password)
        if self._run_as:
            shutil.chown(secret, self._run_as)
        options = [
            "--no-sync",
            "--auth=scram-sha-256",
            f"--username={self.user}",
            f"--pwfile={secret}",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        ]
        run_once([self._programs / "initdb", "-D", self._data, *options], folder=self._folder.path, user=self._run_as)
        secret.unlink()

    def _answers(self) -> bool:
        try:
            self.connect().close()
        except psycopg.OperationalError as error:
            if "authentication" in str(error):
                raise ServerError(f"another server answers on port {self.port}: {error}") from error
            return False
        return True


def _programs() -> Path:
    """The folder with the newest server's programs: Debian keeps them off the PATH."""
    try:
        found = find_program("initdb", sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True))
    except NotInstalled as missing:
        raise NotInstalled("PostgreSQL is not installed: no program initdb (Debian: apt-get install postgresql)") from missing
    return found.resolve().parent


def _version(folder: Path) -> float:
    number = re.match(r"\d+(\.\d+)?", folder.parent.name)
    return float(number.group()) if number else 0.0
