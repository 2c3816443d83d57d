"""Everything the core raises on purpose.

    CrmError
    ├── SourceError      a file, sheet or table cannot be read
    ├── MappingError     the columns are not (or not clearly) assigned to fields
    ├── DataError        the values leave nothing to work with
    ├── WorkspaceError   a workspace is missing, damaged, busy or has nothing to undo
    ├── AnalysisError    an analysis lacks the tables, columns or customers it needs
    └── AccessError      the user's role does not allow this, or nobody is signed in

Each carries what a marketer needs: a title, what is wrong (all problems at once) and what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["error", "question", "warning", "info"]


@dataclass(frozen=True)
class Problem:
    """One finding in the user's data, with a way out.

    `code` is a stable word for tests and tools ("date_unreadable"); `table` and `column` are the user's own names;
    `rows` counts the rows concerned; `example` is one value as it stands in the file.
    `option` is the way out on the command line ("--date-order dmy"); pages do not show it.
    An "error" stops the import, a "question" needs the user's answer first, "warning" and "info" go to the receipt.
    """

    code: str
    severity: Severity
    message: str
    hint: str = ""
    table: str = ""
    column: str = ""
    rows: int = 0
    example: str = ""
    option: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def sentence(self) -> str:
        """The finding in one line: where, what, how often, an example, what to do."""
        where = " › ".join(part for part in (self.table, self.column) if part)
        count = f" ({self.rows:,} row{'s' if self.rows != 1 else ''})" if self.rows else ""
        example = f", for example “{self.example}”" if self.example else ""
        ways_out = "".join(f" {way}" for way in (self.hint, f"Write {self.option}." if self.option else "") if way)
        return f"{where + ': ' if where else ''}{self.message}{count}{example}.{ways_out}"


class CrmError(Exception):
    """Base of the tree: `title` (a few words), `message` (what is wrong), `hint` (what to do), `problems` (all of them)."""

    def __init__(self, title: str, message: str = "", hint: str = "", problems: Sequence[Problem] = ()) -> None:
        self.title = title
        self.message = message
        self.hint = hint
        self.problems = tuple(problems)
        super().__init__(title if not message else f"{title}: {message}")

    def text(self) -> str:
        """All of it as plain text, one line a statement (what the command line prints)."""
        lines = [f"{self.title}. {self.message}".strip() if self.message else f"{self.title}."]
        lines += [f"- {problem.sentence()}" for problem in self.problems]
        if self.hint:
            lines.append(self.hint)
        return "\n".join(lines)


class SourceError(CrmError):
    """A file, sheet or table cannot be read."""


class MappingError(CrmError):
    """Columns are not assigned, or not clearly, to the fields an import needs."""


class DataError(CrmError):
    """The values leave nothing to work with."""


class WorkspaceError(CrmError):
    """A workspace is missing, damaged, busy, or has nothing to undo."""


class AnalysisError(CrmError):
    """An analysis lacks the tables, columns or customers it needs."""


class AccessError(CrmError):
    """The user's role does not allow this, or nobody is signed in."""
