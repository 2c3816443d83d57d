"""Programs that tests start: on free ports, in temporary folders, as an unprivileged user, and ended whatever happens."""

from __future__ import annotations

import atexit
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
#: Below the ports that Linux gives to outgoing connections: a stopped server finds its own free again.
PORTS = range(20_000, 32_000)
POLL_SECONDS = 0.05
KILL_SECONDS = 20


class ServerError(Exception):
    """A test's server did not do what was asked; holds the end of its log."""


class NotInstalled(Exception):
    """A program that a server needs is missing on this machine; fixtures skip with these words."""


@dataclass(frozen=True)
class Login:
    """A database user of a test's server."""

    user: str
    password: str


def free_port() -> int:
    """A port on which nothing listens."""
    for port in random.sample(PORTS, 200):
        with socket.socket() as probe, suppress(OSError):
            probe.bind((HOST, port))
            return port
    raise ServerError("no free port was found")


def find_program(name: str, folders: Sequence[Path | str] = ()) -> Path:
    """The program in one of the folders, the first that has it, else on the PATH; raises NotInstalled."""
    for folder in folders:
        if os.access(Path(folder) / name, os.X_OK):
            return Path(folder) / name
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/libexec")
    if found is None:
        raise NotInstalled(f"no program {name}")
    return Path(found)


def unprivileged(user: str) -> str | None:
    """The user to run a server as: database servers refuse to run as root. None: as oneself."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(user)
    except KeyError as error:
        raise NotInstalled(f"no user {user} to run it as instead of root") from error
    return user


class _Guardian:
    """The process that clears up after a crash of this one; started with the first thing to guard, and anew after a fork."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._for = 0

    def tell(self, line: str) -> None:
        if self._process is None or self._for != os.getpid():
            command = [sys.executable, "-S", "-E", str(Path(__file__).with_name("guardian.py"))]
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                text=True,
                cwd="/",
                start_new_session=True,
            )
            self._for = os.getpid()
            atexit.register(self._leave, self._process)
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _leave(self, process: subprocess.Popen[str]) -> None:
        """In good time at the end too; a forked child leaves its parent's alone."""
        if self._for == os.getpid() and process.stdin is not None:
            process.stdin.close()
            process.wait()


_guardian = _Guardian()


class PrivateFolder:
    """A temporary folder that the server's user owns. Not below pytest's: that one only its own user may enter."""

    def __init__(self, name: str, user: str | None = None) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=f"crm-{name}-"))
        _guardian.tell(f"+folder {self.path}")
        if user is not None:
            shutil.chown(self.path, user)

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        _guardian.tell(f"-folder {self.path}")


class Program:
    """One running program, leader of a process group of its own, so Ctrl-C in a test run leaves its end to the fixtures."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        log: Path,
        folder: Path,
        user: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=folder, start_new_session=True,
                env=clean_environment(folder) | dict(environment or {}), **_identity(user),
            )  # fmt: skip
        _guardian.tell(f"+program {self.process.pid}")

    @property
    def runs(self) -> bool:
        return self.process.poll() is None

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Until it is ready; raises ServerError where it ends before or takes longer."""
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.runs:
                raise ServerError(f"{self.process.args} ended with {self.process.returncode}:\n{tail(self.log)}")
            if time.monotonic() > deadline:
                raise ServerError(f"{self.process.args} was not ready after {seconds:.0f} s:\n{tail(self.log)}")
            time.sleep(POLL_SECONDS)

    def stop(self, number: int = signal.SIGTERM, seconds: float = 20) -> None:
        """Asks by a signal, waits, and forces the whole group where that was not enough."""
        if self.runs:
            self.process.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(KILL_SECONDS)
        _guardian.tell(f"-program {self.process.pid}")


def run_once(command: Sequence[str | Path], *, folder: Path, user: str | None = None) -> None:
    """A program that sets something up and ends; raises ServerError with what it said."""
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=folder, env=clean_environment(folder), timeout=60, check=False,
        **_identity(user),
    )  # fmt: skip
    if done.returncode:
        raise ServerError(f"{command[0]} ended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")


def clean_environment(folder: Path) -> dict[str, str]:
    """Nothing of the caller's but the search path: no PGHOST, MYSQL_HOME or SPARK_CONF_DIR reaches a test's server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "LANG": "C.UTF-8", "TZ": "UTC"}


def tail(log: Path, characters: int = 3000) -> str:
    return log.read_text(errors="replace")[-characters:] if log.exists() else ""


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def _identity(user: str | None) -> dict[str, object]:
    if user is None:
        return {}
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
