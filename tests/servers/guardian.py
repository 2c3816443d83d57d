"""Ends what a crashed test run leaves behind. A process of its own: it hears of each program and folder on its standard input.

When that closes, the test run is gone, however it ended; what is still on the list is then ended and removed.
Run as a plain script, so it imports nothing of the project.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from contextlib import suppress

PATIENCE = 5.0


def main() -> None:
    """Lines "+program 123", "-program 123", "+folder /tmp/x", "-folder /tmp/x" until the end of the input."""
    programs: set[int] = set()
    folders: set[str] = set()
    for line in sys.stdin:
        order, _, what = line.rstrip("\n").partition(" ")
        if order == "+program":
            programs.add(int(what))
        elif order == "-program":
            programs.discard(int(what))
        elif order == "+folder":
            folders.add(what)
        else:
            folders.discard(what)
    end(programs)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def end(programs: set[int]) -> None:
    """Each is the leader of a process group: asked first, so that a server can clear up, then forced."""
    _send(programs, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    while any(map(_runs, programs)) and time.monotonic() < deadline:
        time.sleep(0.05)
    _send(programs, signal.SIGKILL)


def _send(programs: set[int], number: int) -> None:
    for program in programs:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(program, number)


def _runs(program: int) -> bool:
    try:
        os.killpg(program, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    main()
