"""What private database servers have in common: a program on a free port, an administrator with a password, and a folder that goes with it."""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Self

from tests.servers.processes import HOST, Login, PrivateFolder, Program, free_port, unprivileged

START_SECONDS = 30


class DatabaseServer(ABC):
    """A server of one's own. Its URL never holds the password: that is `password` (or the reader's Login) and is given apart.

    `signals`: the ways to stop it. `account`: the system's user that runs it where the tests are root.
    """

    kind: ClassVar[str]
    signals: ClassVar[dict[str, int]]
    host = HOST
    user = "chief"
    database: str

    def __init__(self, account: str) -> None:
        self._run_as = unprivileged(account)
        self._folder = PrivateFolder(self.kind, self._run_as)
        self._program: Program | None = None
        self._readers: dict[str, Login] = {}
        self.log = self._folder.path / "server.log"
        self.password = secrets.token_urlsafe(16)
        self.port = free_port()

    def __enter__(self) -> Self:
        try:
            self._initialise()
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def _initialise(self) -> None:
        """An empty server with its administrator."""

    @abstractmethod
    def start(self) -> None:
        """Returns when it answers, on the same port and with the same data as before."""

    def stop(self, mode: str = "immediate") -> None:
        """immediate: at once, as in a crash; fast: connections are ended in order."""
        if self._program is not None:
            self._program.stop(self.signals[mode])
            self._program = None

    def restart(self, mode: str = "immediate") -> None:
        self.stop(mode)
        self.start()

    @property
    def runs(self) -> bool:
        return self._program is not None and self._program.runs

    def close(self) -> None:
        """Stopped, with its data removed: not to be started again."""
        self.stop()
        self._folder.remove()

    @property
    def _data(self) -> Path:
        return self._folder.path / "data"
