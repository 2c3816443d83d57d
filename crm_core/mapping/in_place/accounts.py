"""What became of every row where the data lies: the receipt of an opening, counted by one question a canonical table.

The figures are those of the moment of the opening; the tables go on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

import ibis
import ibis.expr.types as ir

from crm_core.errors import DataError, Problem
from crm_core.mapping.carrying_out import choices, scores
from crm_core.mapping.carrying_out import reading as imported
from crm_core.mapping.carrying_out.accounts import CENTS, MOMENTS
from crm_core.mapping.carrying_out.rejects import REASONS
from crm_core.mapping.carrying_out.scores import Scores
from crm_core.mapping.carrying_out.work import Work
from crm_core.mapping.in_place.lines import Decided
from crm_core.mapping.in_place.lookups import KEYS, Keyed
from crm_core.mapping.in_place.model import Plan
from crm_core.mapping.receipt import Receipt, SourceReceipt
from crm_core.mapping.values import case_statuses, outcomes
from crm_core.mapping.values.currency import Currencies

#: Source number -> code of the reason, None for rows that are used -> rows.
Fates = dict[int, dict[str | None, int]]


@dataclass
class Counted:
    """What the questions told: rows by fate, rows and filled columns of each canonical table, and the totals of the lines."""

    fates: Fates = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    fields: dict[str, frozenset[str]] = field(default_factory=dict)
    totals: dict[str, Any] = field(default_factory=dict)
    orders_void: int = 0
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True)
class Told:
    """Everything that was decided, under the names that `choices` asks for."""

    plan: Plan
    decided: Decided
    scores: Scores
    lines: ir.Table | None
    repeated: dict[str, int]  # grain -> rows beyond the first of a key
    case_words: list[str]
    marks: list[int]
    contact_words: list[str] = field(default_factory=list)

    @property
    def outcomes(self) -> dict[str, str]:
        return outcomes.translated(self.contact_words)

    @property
    def currencies(self) -> Currencies:
        return Currencies(self.decided.currency, self.decided.currencies)

    @property
    def status_words(self) -> dict[str, str]:
        return self.decided.status_words


#: Sums of the lines used that the receipt tells.
_SUMS = ("lines_not_attributed", "amount_not_attributed", "lines_returned", "amount_returned", "lines_void", "net_sales")


def count_lines(plan: Plan, lines: ir.Table, columns: list[str], counted: Counted) -> None:
    """Rows by source and reason with the totals of those used: one question over all lines; and one for how many customers there are."""
    is_returned = ((lines.quantity < 0) | (lines.net_amount < 0)).fill_null(False)
    is_nobody, is_counted = lines.customer_id.isnull(), ~lines.is_void
    filled = {f"filled_{name}": lines[name].count() for name in columns}
    grouped = lines.group_by("source_no", "reason").aggregate(
        count_rows=lines.count(),
        lines_not_attributed=is_nobody.sum(),
        amount_not_attributed=lines.net_amount.sum(where=is_nobody & is_counted),
        lines_returned=is_returned.sum(),
        amount_returned=lines.net_amount.sum(where=is_returned & is_counted),
        lines_void=lines.is_void.sum(),
        net_sales=lines.net_amount.sum(where=is_counted),
        first=lines.line_at.min(where=is_counted).date(),
        last=lines.line_at.max(where=is_counted).date(),
        **filled,
    )
    told = plan.ask(grouped)
    _take_fates(told, counted)
    used = [row for row in told if row["reason"] is None]
    _take_fields("order_lines", used, columns, counted)
    counted.totals = {name: sum(row[name] or 0 for row in used) for name in _SUMS}
    days = [_day(row[end]) for row in used for end in ("first", "last") if row[end] is not None]
    if days:
        counted.first_day, counted.last_day = min(days), max(days)
    buyers = lines.filter(lines.reason.isnull()).select("customer_id").drop_null().distinct()
    counted.totals["customers"] = int(plan.ask(buyers.aggregate(count_rows=buyers.count()))[0]["count_rows"])


def count_reasons(plan: Plan, rows: ir.Table, counted: Counted) -> None:
    """Rows by source and reason."""
    _take_fates(plan.ask(rows.group_by("source_no", "reason").aggregate(count_rows=rows.count())), counted)


def count_keyed(known: Keyed, grain: str, counted: Counted) -> None:
    """Tables that complete others are used but for rows without the key."""
    reason = f"{dict(KEYS)[cast(Any, grain)]}_missing"
    for number, rows in known.rows.items():
        counted.fates[number] = {None: rows - known.keyless[number], reason: known.keyless[number]}


def count_table(plan: Plan, name: str, rows: ir.Table, counted: Counted, void_words: list[str] | None = None) -> None:
    """Rows and filled columns of a canonical table; of orders also how many are void, of others their days."""
    asked: dict[str, ir.Value] = {"count_rows": rows.count()} | {f"filled_{column}": rows[column].count() for column in rows.columns}
    if void_words:
        asked["void"] = rows.status.isin(void_words).fill_null(False).sum()
    row = plan.ask(rows.aggregate(**asked))[0]
    _take_fields(name, [row], list(rows.columns), counted)
    counted.orders_void += int(row.get("void") or 0)


def count_rows(plan: Plan, name: str, rows: ir.Table, counted: Counted) -> None:
    """Rows of a canonical table; of lines also the first and last day of those that are not void."""
    asked: dict[str, ir.Value] = {"count_rows": rows.count()}
    if name == "order_lines":
        asked |= {"first": rows.line_at.min(where=~rows.is_void).date(), "last": rows.line_at.max(where=~rows.is_void).date()}
    row = plan.ask(rows.aggregate(**asked))[0]
    counted.rows[name] = int(row["count_rows"])
    if row.get("first") is not None:
        counted.first_day, counted.last_day = _day(row["first"]), _day(row["last"])


def period_without_lines(plan: Plan, tables: Mapping[str, ir.Table], today: date | None, counted: Counted) -> None:
    """First and last day of responses and cases; days after today count only if there are no others."""
    found: list[tuple[date | None, ...]] = []
    for name, moments in MOMENTS.items():
        for at in moments if name in tables else ():
            days = tables[name].select(day=tables[name][at].date())
            is_past = ibis.literal(True) if today is None else days.day <= ibis.literal(today)
            asked = days.aggregate(first=days.day.min(where=is_past), last=days.day.max(where=is_past), latest=days.day.max())
            row = plan.ask(asked)[0]
            found.append(tuple(None if row[end] is None else _day(row[end]) for end in ("first", "last", "latest")))
    past = [day for first, last, _ in found for day in (first, last) if day is not None]
    known = past or [day for *_, day in found if day is not None]
    if known:
        counted.first_day, counted.last_day = min(known), max(known)


def _take_fates(told: list[dict[str, Any]], counted: Counted) -> None:
    for row in told:
        fates = counted.fates.setdefault(int(row["source_no"]), {})
        fates[row["reason"]] = fates.get(row["reason"], 0) + int(row["count_rows"])


def _take_fields(name: str, told: list[dict[str, Any]], columns: list[str], counted: Counted) -> None:
    counted.rows[name] = sum(int(row["count_rows"]) for row in told)
    counted.fields[name] = frozenset(column for column in columns if any(row[f"filled_{column}"] for row in told))


def _day(value: Any) -> date:
    return value.date() if isinstance(value, datetime) else value


# -- the receipt --------------------------------------------------------------------------------------------------------------


def receipt(told: Told, counted: Counted) -> Receipt:
    """The receipt of what was counted. Raises DataError with all problems where no sale, response or case can be used."""
    sources = tuple(_source(told.plan, number, counted) for number in range(len(told.plan.sources)))
    if not any(counted.rows.get(name) for name in ("order_lines", "surveys", "cases")):
        message = "No row could be read as a sale, a response or a case."
        hint = "Check which column feeds which field, and what the tables hold."
        raise DataError("Nothing can be used", message, hint, _rejected(sources, "error"))
    totals = counted.totals
    period = tuple("" if day is None else day.isoformat() for day in (counted.first_day, counted.last_day))
    return Receipt(
        sources=sources,
        counts=counted.rows,
        period=(period[0], period[1]),
        customers=int(totals.get("customers", 0)),
        lines_not_attributed=int(totals.get("lines_not_attributed", 0)),
        amount_not_attributed=_amount(totals, "amount_not_attributed"),
        lines_returned=int(totals.get("lines_returned", 0)),
        amount_returned=_amount(totals, "amount_returned"),
        orders_void=counted.orders_void,
        lines_void=int(totals.get("lines_void", 0)),
        net_sales=_amount(totals, "net_sales"),
        currency=told.decided.currency,
        currencies=told.decided.currencies,
        status_words=told.decided.status_words,
        choices=choices.choices(cast(Work, told)) | _rates(told),
        problems=(*told.decided.problems, *_rejected(sources, "warning"), *_findings(told, counted)),
    )


def _amount(totals: dict[str, Any], name: str) -> str:
    return str(Decimal(totals.get(name, 0)).quantize(CENTS))


def _rates(told: Told) -> dict[str, str]:
    if not told.decided.rates:
        return {}
    rates = told.plan.mapping.options.rates
    return {"Rates": ", ".join(f"1 {code} = {rate} {told.decided.currency}".strip() for code, rate in rates.items())}


def _source(plan: Plan, number: int, counted: Counted) -> SourceReceipt:
    fates = counted.fates.get(number, {})
    used = fates.get(None, 0)
    rejected = {REASONS[code].text: rows for code, rows in sorted((code, rows) for code, rows in fates.items() if code is not None) if rows}
    reading, count = plan.sources[number], sum(rejected.values())
    return SourceReceipt(
        reading.name, reading.mapping.grain, used + count, used, count, duplicates=None, rejected_by_reason=rejected, reading={}
    )


def _rejected(sources: tuple[SourceReceipt, ...], severity: Any) -> list[Problem]:
    return [
        Problem("rows_rejected", severity, f"Rows are left out: {reason}", table=one.source, rows=rows)
        for one in sources
        for reason, rows in (one.rejected_by_reason or {}).items()
    ]


def _findings(told: Told, counted: Counted) -> list[Problem]:
    """What a user should know though it did not stop the opening."""
    plan = told.plan
    found = [
        Problem("key_repeated", "info", f"Among the {grain} are further rows for the same key; the least value counts", rows=rows)
        for grain, rows in told.repeated.items()
        if rows
    ]
    if counted.rows.get("order_lines") and counted.totals["lines_not_attributed"] == counted.rows["order_lines"]:
        message = "No line is attributed to a customer, so there are no segments and no key customers"
        hint = "Choose a column that says who bought, or the table that does."
        found.append(Problem("nobody_attributed", "warning", message, hint, column=plan.column_of("customer_id")))
    found += case_statuses.unknown_words(told.case_words[:30], column=plan.column_of("status"))
    found += outcomes.unknown_words(told.contact_words[:30], column=plan.column_of("outcome"))
    message = "The column only marks escalated cases, so an empty cell counts as not escalated"
    found += [
        Problem("blank_means_no", "info", message, "", plan.sources[at].name, plan.sources[at].mapping.fields["is_escalated"])
        for at in told.marks
    ]
    return found + [one.problem() for one in scores.doubtful(cast(imported.Plan, told.plan), told.scores)]
