"""A private MariaDB server: real, on a free port, with data that goes with it."""

from __future__ import annotations

import secrets
import signal
from pathlib import Path
from typing import Any, ClassVar

import pymysql
from pymysql.constants import CLIENT

from tests.servers.database import START_SECONDS, DatabaseServer
from tests.servers.processes import HOST, Login, NotInstalled, Program, find_program, run_once

SETTINGS = {
    "bind-address": HOST,
    "character-set-server": "utf8mb4",
    "collation-server": "utf8mb4_general_ci",
    "default-time-zone": "+00:00",
    "innodb-flush-log-at-trx-commit": "2",  # commits reach the system, not the disk: fast, and none is lost when the server is killed
    "innodb-buffer-pool-size": "32M",
    "innodb-log-file-size": "8M",
    "max-connections": "50",
}


class MariaDBServer(DatabaseServer):
    """A server of one's own; see DatabaseServer."""

    kind = "mariadb"
    signals: ClassVar = {"fast": signal.SIGTERM, "immediate": signal.SIGKILL}
    database = "shop"

    def __init__(self) -> None:
        """Raises NotInstalled where MariaDB is missing."""
        self._installer, self._server = _programs()
        super().__init__("mysql")

    def url(self, user: str | None = None, database: str | None = None) -> str:
        """For SQLAlchemy; without a user the administrator's. Without password."""
        return f"mysql+pymysql://{user or self.user}@{self.host}:{self.port}/{database or self.database}"

    def start(self) -> None:
        if not self.runs:
            self._run().wait_until(lambda: self._answers(port=self.port, user=self.user, password=self.password), START_SECONDS)

    def connect(self, database: str | None = None) -> pymysql.connections.Connection[Any]:
        """A connection of the administrator's, each statement its own transaction."""
        return pymysql.connect(
            host=self.host, port=self.port, user=self.user, password=self.password, database=database or self.database,
            autocommit=True, connect_timeout=10, charset="utf8mb4", client_flag=CLIENT.MULTI_STATEMENTS,
        )  # fmt: skip

    def execute(self, statement: str, database: str | None = None) -> list[tuple[Any, ...]]:
        """Runs one or more statements as the administrator; the rows of the last where it has any."""
        with self.connect(database) as connection, connection.cursor() as cursor:
            return _run_all(cursor, statement)

    def create_database(self, name: str) -> str:
        """An empty database; one of this name from an earlier test is dropped."""
        self.execute(f"DROP DATABASE IF EXISTS `{name}`; CREATE DATABASE `{name}`")
        return name

    def create_reader(self, name: str = "reader", database: str | None = None) -> Login:
        """A user that may only read the tables of one database, those yet to come too. Called again: the same user."""
        if name not in self._readers:
            self._readers[name] = Login(name, secrets.token_urlsafe(16))
            self.execute(f"CREATE USER '{name}'@'{HOST}' IDENTIFIED BY '{self._readers[name].password}'")
        self.execute(f"GRANT SELECT ON `{database or self.database}`.* TO '{name}'@'{HOST}'")
        return self._readers[name]

    @property
    def _socket(self) -> Path:
        return self._folder.path / "server.sock"

    def _initialise(self) -> None:
        """The installer leaves an administrator without password who comes in by the socket alone: he makes ours and is dropped."""
        options = [
            "--no-defaults",
            f"--datadir={self._data}",
            f"--tmpdir={self._folder.path}",  # two servers in one folder for temporary tables may take each other's
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            "--skip-name-resolve",
        ]
        run_once([self._installer, *options], folder=self._folder.path, user=self._run_as)
        self._run().wait_until(lambda: self._socket.exists() and self._answers(unix_socket=str(self._socket), user="root"), START_SECONDS)
        with (
            pymysql.connect(unix_socket=str(self._socket), user="root", client_flag=CLIENT.MULTI_STATEMENTS) as root,
            root.cursor() as cursor,
        ):
            who = f"'{self.user}'@'{HOST}'"
            make = f"CREATE USER {who} IDENTIFIED BY '{self.password}'; GRANT ALL ON *.* TO {who} WITH GRANT OPTION"
            _run_all(cursor, f"CREATE DATABASE {self.database}; {make}; DROP USER root@localhost")

    def _run(self) -> Program:
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        places = [
            f"--datadir={self._data}",
            f"--tmpdir={self._folder.path}",
            f"--socket={self._socket}",
            f"--pid-file={self._folder.path / 'server.pid'}",
            f"--port={self.port}",
        ]
        command = [self._server, "--no-defaults", "--skip-name-resolve", "--skip-log-bin", *places, *settings]
        self._program = Program(command, log=self.log, folder=self._folder.path, user=self._run_as)
        return self._program

    def _answers(self, **way: Any) -> bool:
        try:
            pymysql.connect(host=self.host, connect_timeout=10, **way).close()
        except pymysql.OperationalError:
            return False
        return True


def _run_all(cursor: Any, statement: str) -> list[tuple[Any, ...]]:
    cursor.execute(statement)
    rows = list(cursor.fetchall()) if cursor.description else []
    while cursor.nextset():
        rows = list(cursor.fetchall()) if cursor.description else []
    return rows


def _programs() -> tuple[Path, Path]:
    try:
        return find_program("mariadb-install-db"), find_program("mariadbd")
    except NotInstalled as missing:
        raise NotInstalled(f"MariaDB is not installed: {missing} (Debian: apt-get install mariadb-server)") from missing
