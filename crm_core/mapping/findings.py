"""What a user should know of her data though it did not stop the import; and the refusal where nothing is left to work with."""

from __future__ import annotations

from crm_core.errors import DataError, Problem
from crm_core.mapping.target import CATALOG
from crm_core.mapping.work import Work


def refuse_if_nothing_is_left(work: Work) -> None:
    """Raises DataError with all problems where no sale, response or case can be used."""
    facts = [work.stored[name] for name in ("order_lines", "surveys", "cases") if name in work.stored]
    if any(work.plan.staging.con.execute(rows.count()) for rows in facts):
        return
    raise DataError("Nothing can be used", "No row could be read as a sale, a response or a case.", "Check which column feeds which field.", rejected(work, "error"))


def findings(work: Work) -> list[Problem]:
    return rejected(work, "warning")


def rejected(work: Work, severity: str) -> list[Problem]:
    rows = work.plan.staging.raw.execute(
        f'SELECT source, "column", reason, count(*), coalesce(min(value), \'\') FROM {CATALOG}.main._rejected GROUP BY ALL ORDER BY ALL'
    ).fetchall()
    return [Problem("rows_rejected", severity, f"rows were left out: {reason}", "See the list.", source, column, count, example) for source, column, reason, count, example in rows]
