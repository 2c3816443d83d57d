"""An open workspace that all sessions share: of a data file, or of tables that lie in a company's database.

The latter is looked at anew after a while, on demand, and when its connection is lost. A session that still works with the former one keeps it; its
connection ends when nobody refers to it any more.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from crm_core.errors import CrmError

if TYPE_CHECKING:
    from crm_core.workspace import Workspace

#: Tables that lie elsewhere are looked at anew after so long ...
FRESH_SECONDS = 15 * 60
#: ... and one that could not be reached is left alone for a moment: all sessions would wait for it, one after the other.
PAUSE_SECONDS = 5


@dataclass(frozen=True)
class _Open:
    workspace: Workspace
    at: datetime
    opened: float


class Opened:
    """The workspace of one data file, opened when it is first asked for."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self.path = path
        self._clock = clock
        self._lock = Lock()
        self._open: _Open | None = None
        self._failure: tuple[float, CrmError] | None = None

    def workspace(self) -> Workspace:
        """The open workspace. Raises CrmError where it cannot be opened."""
        return self._now().workspace

    def look(self) -> tuple[Workspace, datetime | None]:
        """The open workspace, and when its tables were looked at where they lie elsewhere."""
        found = self._now()
        return found.workspace, found.at if found.workspace.meta.is_in_place else None

    def again(self) -> None:
        """The next look is a new one."""
        with self._lock:
            self._open = self._failure = None

    def _now(self) -> _Open:
        with self._lock:
            if self._open is not None and self._is_over(self._open):
                self._open = None
            if self._open is None:
                self._open = self._opened()
            return self._open

    def _is_over(self, one: _Open) -> bool:
        is_old = self._clock() - one.opened > FRESH_SECONDS
        return one.workspace.meta.is_in_place and (is_old or one.workspace.engine.is_broken)

    def _opened(self) -> _Open:
        from crm_core.workspace import Workspace

        if self._failure is not None and self._clock() - self._failure[0] < PAUSE_SECONDS:
            raise self._failure[1].with_traceback(None)
        try:
            found = Workspace.open(self.path)
        except CrmError as error:
            self._failure = (self._clock(), error)
            raise
        self._failure = None
        now = datetime.now(UTC)
        if found.meta.is_in_place:
            weakref.finalize(found, found.engine.close).atexit = False  # a file's engine sees to that by itself
            # Values may have changed where counts and days have not: what was worked out before is of another time.
            found.meta = replace(found.meta, fingerprint=f"{found.fingerprint} {now.isoformat()}")
        return _Open(found, now, self._clock())
