"""A workbook opened on trial, in a process of its own: whatever it does to that process, the one that asked goes on.

A file of two kilobytes can claim a cell in the last row and column, or repeat one long text a million times; the reader then wants
hundreds of gigabytes, and where they are refused it ends its whole process. So all sheets are loaded here first, within limits.

Run as a script by `fits`, it needs nothing but the reader; its exit status says how it went.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Literal

from crm_core.sources.staging import REPORT_EVERY_SECONDS, Progress

Verdict = Literal["fits", "too large", "damaged"]

#: The memory that a workbook may take while it is read, and the time.
MOST_BYTES = 4 << 30
MOST_SECONDS = 180

SCRIPT = """
import sys
import python_calamine
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]),) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except (ImportError, ValueError, OSError):
    pass  # a system without such limits, or with lower ones
try:
    with python_calamine.CalamineWorkbook.from_path(sys.argv[1]) as book:
        for sheet in book.sheets_metadata:
            if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet:
                book.get_sheet_by_name(sheet.name)
except (python_calamine.CalamineError, OSError, ValueError):
    sys.exit(0)  # told in words where it is read in earnest
except MemoryError:
    sys.exit(3)
except BaseException as error:
    sys.exit(3 if "capacity overflow" in str(error) else 4)  # what the reader's own failures are
"""


def verdict(path: Path, progress: Progress, sentence: str, most_bytes: int = MOST_BYTES) -> Verdict:
    """Whether the workbook can be loaded within the limits; one with ordinary damage fits, and is refused by whoever reads it."""
    command = [sys.executable, "-P", "-c", SCRIPT, str(path), str(most_bytes)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as trial:
        try:
            for _ in range(round(MOST_SECONDS / REPORT_EVERY_SECONDS)):
                with suppress(subprocess.TimeoutExpired):
                    trial.wait(REPORT_EVERY_SECONDS)
                    break
                progress(0.5, sentence)
        finally:
            trial.kill()  # does nothing to one that has ended
    if trial.returncode == 0:
        return "fits"
    return "damaged" if trial.returncode == 4 else "too large"
