"""The receipt of an import: where every row went, what was counted, and every choice in words."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir

from crm_core.mapping.carrying_out import choices, findings, rejects
from crm_core.mapping.carrying_out.reading import Source
from crm_core.mapping.carrying_out.rejects import REASONS
from crm_core.mapping.carrying_out.work import Work
from crm_core.mapping.receipt import Receipt, SourceReceipt

CENTS = Decimal("0.0001")


def receipt(work: Work, imported_at: datetime) -> Receipt:
    """The receipt, counted from the stored tables and the rejected rows."""
    totals = _totals(work)
    return Receipt(
        sources=_sources(work),
        counts={name: _count(work, rows) for name, rows in work.stored.items()},
        period=_period(work, totals, imported_at),
        customers=totals["customers"],
        lines_not_attributed=totals["lines_not_attributed"],
        amount_not_attributed=_amount(totals["amount_not_attributed"]),
        lines_returned=totals["lines_returned"],
        amount_returned=_amount(totals["amount_returned"]),
        orders_void=_orders_void(work),
        lines_void=totals["lines_void"],
        net_sales=_amount(totals["net_sales"]),
        currency=work.currencies.code,
        currencies=work.currencies.rows,
        status_words=work.status_words,
        choices=choices.choices(work),
        problems=tuple(work.problems + findings.findings(work, imported_at)),
    )


def _sources(work: Work) -> tuple[SourceReceipt, ...]:
    rejected = rejects.by_reason(work.target)
    return tuple(_source(work, source, rejected.get(source.name, {})) for source in work.plan.sources)


def _source(work: Work, source: Source, by_reason: dict[str, int]) -> SourceReceipt:
    removed = by_reason.pop(REASONS["duplicate"].text, 0)
    count_rejected, read = sum(by_reason.values()), source.staged.rows + source.staged.bad_lines
    return SourceReceipt(
        source=source.name,
        grain=source.mapping.grain,
        rows_read=read,
        rows_used=read - count_rejected - removed,
        rows_rejected=count_rejected,
        duplicates=work.repeated.get(source.number, 0),
        duplicates_removed=removed,
        rejected_by_reason=by_reason,
        reading=source.staged.reading,
    )


def _totals(work: Work) -> dict[str, Any]:
    """All counts of the lines in one pass; zeros where there are no lines."""
    lines = work.stored.get("order_lines")
    if lines is None:
        names = (
            "customers",
            "lines_not_attributed",
            "amount_not_attributed",
            "lines_returned",
            "amount_returned",
            "lines_void",
            "net_sales",
        )
        return dict.fromkeys(names, 0) | {"first": None, "last": None}
    is_returned = ((lines.quantity < 0) | (lines.net_amount < 0)).fill_null(False)
    counted = lines.aggregate(
        customers=lines.customer_id.nunique(),
        lines_not_attributed=lines.customer_id.isnull().sum(),
        amount_not_attributed=lines.net_amount.sum(where=lines.customer_id.isnull() & ~lines.is_void),
        lines_returned=is_returned.sum(),
        amount_returned=lines.net_amount.sum(where=is_returned & ~lines.is_void),
        lines_void=lines.is_void.sum(),
        net_sales=lines.net_amount.sum(where=~lines.is_void),
        first=lines.line_at.min(where=~lines.is_void).date(),
        last=lines.line_at.max(where=~lines.is_void).date(),
    )
    row: dict[str, Any] = work.plan.staging.con.to_pyarrow(counted).to_pylist()[0]
    return {name: value if value is not None or name in ("first", "last") else 0 for name, value in row.items()}


#: Moments that tell how far data without sales reaches; a due date says nothing of it.
MOMENTS = {"surveys": ("responded_at",), "cases": ("opened_at", "first_response_at", "resolved_at")}


def _period(work: Work, totals: dict[str, Any], imported_at: datetime) -> tuple[str, str]:
    """First and last day of the lines; without lines, of responses and cases, where days after the import count only if there are no others."""
    if totals["last"] is not None:
        return totals["first"].isoformat(), totals["last"].isoformat()
    days = [_days(work, work.stored[name][at], imported_at) for name in MOMENTS if name in work.stored for at in MOMENTS[name]]
    past = [day for first, last, _ in days for day in (first, last) if day is not None]
    known = past or [day for _, _, day in days if day is not None]
    return (min(known).isoformat(), max(known).isoformat()) if known else ("", "")


def _days(work: Work, moments: ir.Column, imported_at: datetime) -> tuple[date | None, date | None, date | None]:
    """First and last day up to the import, and the last of all."""
    days = moments.date().name("day").as_table()
    is_past = days.day <= ibis.literal(imported_at.date())
    counted = days.aggregate(first=days.day.min(where=is_past), last=days.day.max(where=is_past), latest=days.day.max())
    row = work.plan.staging.con.to_pyarrow(counted).to_pylist()[0]
    return row["first"], row["last"], row["latest"]


def _orders_void(work: Work) -> int:
    orders = work.stored.get("orders")
    if orders is None or work.void_words is None:
        return 0
    return int(work.plan.staging.con.execute(orders.status.isin(work.void_words.word).fill_null(False).sum()) or 0)


def _count(work: Work, rows: ir.Table) -> int:
    return int(work.plan.staging.con.execute(rows.count()))


def _amount(value: Decimal | int) -> str:
    return str(Decimal(value).quantize(CENTS))
