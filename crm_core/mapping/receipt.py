"""What became of every row: the receipt of an import.

Rows read = used + rejected (+ duplicates removed where the user asked for it), source by source, and a test holds it so. Returns and lines without
a customer are used and counted beside. The receipt is shown before accepting, stored in the workspace and downloaded.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from crm_core.errors import Problem


@dataclass(frozen=True)
class SourceReceipt:
    """One source table: rows in the file, what they were taken as, and where they went."""

    source: str
    grain: str
    rows_read: int
    rows_used: int
    rows_rejected: int
    duplicates: int | None = 0  # exact repeats of an earlier row; used unless removed; None where nobody counted them
    duplicates_removed: int = 0
    rejected_by_reason: dict[str, int] | None = None  # reason in words -> rows
    reading: dict[str, str] | None = None  # how the file was read: encoding, delimiter, header, sheet ...


@dataclass(frozen=True)
class Receipt:
    """The whole import.

    `counts` are rows of the canonical tables; `choices` is every decision in words (label -> choice), made by the user
    or by the program; `problems` are the findings that did not stop the import.
    Amounts are in `currency` ("" = not given), as text with four decimals, so that nothing is lost on the way to JSON.
    """

    sources: tuple[SourceReceipt, ...]
    counts: dict[str, int]
    period: tuple[str, str]  # first and last day of the lines used, ISO; "" where there are none
    customers: int
    lines_not_attributed: int
    amount_not_attributed: str
    lines_returned: int
    amount_returned: str
    orders_void: int
    lines_void: int
    net_sales: str
    currency: str
    currencies: dict[str, int]
    status_words: dict[str, str]  # word as in the data -> completed, open, cancelled, unpaid, returned
    choices: dict[str, str]
    problems: tuple[Problem, ...] = ()

    @property
    def rows_read(self) -> int:
        return sum(one.rows_read for one in self.sources)

    @property
    def rows_used(self) -> int:
        return sum(one.rows_used for one in self.sources)

    @property
    def rows_rejected(self) -> int:
        return sum(one.rows_rejected for one in self.sources)

    def as_dict(self) -> dict[str, Any]:
        return {"rows_read": self.rows_read, "rows_used": self.rows_used, "rows_rejected": self.rows_rejected, **asdict(self)}

    @staticmethod
    def from_dict(data: dict[str, Any]) -> Receipt:
        known = {key: value for key, value in data.items() if key not in ("rows_read", "rows_used", "rows_rejected")}
        known["sources"] = tuple(SourceReceipt(**one) for one in known["sources"])
        known["problems"] = tuple(Problem(**one) for one in known["problems"])
        known["period"] = tuple(known["period"])
        return Receipt(**known)
