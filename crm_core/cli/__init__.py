"""The same analyses without a browser: `python -m crm_core COMMAND SOURCE...`.

    check      the receipt of an import, as JSON
    overview   sales, customers, new customers, repeat share and average order value of a period, as JSON
    segments   one row a customer: RFM figures, scores, segment
    pareto     the concentration of value, as JSON
    clv        one row a customer: P(alive), purchases and value expected
    satisfaction  one row a month or quarter: NPS, CSAT or CES with its interval
    service    how fast cases are answered and solved, and within the agreed time, as JSON
    watch      one row a customer at escalation risk: why, what is at stake, what to do next
    audience   one row a customer who meets a condition, with a control group if wanted
    outcome    whether a campaign worked: verdict, groups, differences and profit, as JSON
    import     the sources into a named workspace, which the dashboard then opens
    refresh    a named workspace, from the databases that it came from
    erase      a named workspace and all that was kept of it
    erase-person  a customer, from all that is kept

A SOURCE is a file, a folder of files, `sample` (the sample company), `workspace:NAME` (what the dashboard holds under that name), or, with --table
or --query, `connection:NAME` (a database that the administrator named) or a database's URL.
Exit status: 0 success, 2 bad input, with the same messages as the page on standard error; 1 a fault of the program, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress

import duckdb

from crm_core.cli.arguments import parser
from crm_core.cli.outputs import check_output
from crm_core.errors import CrmError
from crm_core.sources.files import readable

UNEXPECTED, BAD_INPUT, INTERRUPTED = 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = parser().parse_args(arguments)
    try:
        check_output(options)
        options.run(options)
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output (`head`, a pager) has seen enough
        _drop_output()
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        if isinstance(error, OSError):
            _drop_output()
        print(_in_words(error).text(), file=sys.stderr)
        return BAD_INPUT if isinstance(error, CrmError | OSError | duckdb.Error) else UNEXPECTED
    return 0


def _drop_output() -> None:
    """Leaves nothing to write that Python would try once more, and complain about, at its end."""
    with suppress(AttributeError, OSError):  # closed, or none of the system's files
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _in_words(error: Exception) -> CrmError:
    """What went wrong, never with a stack trace: the last line of defence for what no room of the house has words for."""
    if isinstance(error, CrmError):
        return error
    if isinstance(error, OSError):
        where = f"{readable(os.fsdecode(error.filename))}: " if isinstance(error.filename, str | bytes) else ""
        return CrmError(
            "A file cannot be read or written", f"{where}{error.strerror or error}.", "Check the place, its rights and its space."
        )
    if isinstance(error, duckdb.OutOfMemoryException | duckdb.IOException):
        hint = "Free memory and disk space, or set TMPDIR to a larger disk."
        return CrmError("The engine cannot go on", str(error).splitlines()[0], hint)
    return CrmError("Something went wrong here", f"{type(error).__name__}: {error}".splitlines()[0], "Please report it with these words.")
