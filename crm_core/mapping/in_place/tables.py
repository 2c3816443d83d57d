"""The door: canonical tables as expressions over a company's own tables, decided by a few small questions.

What is like an import and what is not is told in the package's own words (`__init__.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import ibis
import ibis.expr.types as ir

from crm_core.errors import MappingError
from crm_core.mapping.carrying_out.canonical import OF_ORDER, columns_of
from crm_core.mapping.carrying_out.lookups import Lookups
from crm_core.mapping.carrying_out.responses import with_customer_of_order
from crm_core.mapping.carrying_out.scores import Scores
from crm_core.mapping.in_place import accounts, cases, contacts, customers, lines, lookups, orders, responses, scores
from crm_core.mapping.in_place.accounts import Counted, Told
from crm_core.mapping.in_place.cases import Cases
from crm_core.mapping.in_place.contacts import Contacts
from crm_core.mapping.in_place.fold import short
from crm_core.mapping.in_place.lines import Decided
from crm_core.mapping.in_place.lookups import Keyed
from crm_core.mapping.in_place.model import Asked, InPlace, Plan, Source
from crm_core.mapping.in_place.reading import plan
from crm_core.mapping.in_place.values import as_type
from crm_core.mapping.meaning.doubts import lacking
from crm_core.mapping.model import Grain, Mapping
from crm_core.schema import TABLES


@dataclass
class _Opening:
    """One opening under way: what was decided, rows by grain before they are canonical, and the canonical tables made so far."""

    plan: Plan
    keyed: dict[Grain, Keyed]
    found: Lookups
    decided: Decided = field(default_factory=Decided)
    scores: Scores = field(default_factory=lambda: Scores({}, {}))
    lines: ir.Table | None = None  # used or not
    usable_lines: ir.Table | None = None  # of these all that any table is made of
    answers: ir.Table | None = None
    cases: Cases | None = None
    contacts: Contacts | None = None
    tables: dict[str, ir.Table] = field(default_factory=dict)


def canonical(sources: Sequence[Source], mapping: Mapping, ask: Asked, today: date | None = None) -> InPlace:
    """The canonical tables over these sources, by that mapping. `today` bounds the days of data without sales, as the day of an import does.

    Raises MappingError where the tables do not fit the mapping, DataError where nothing can be used or amounts lack a rate.
    """
    opening = _open(sources, mapping, ask)
    reading = opening.plan
    counted = _count(opening, today)
    told = Told(
        reading,
        opening.decided,
        opening.scores,
        opening.lines,
        {grain: one.repeated for grain, one in opening.keyed.items()},
        opening.cases.status_words if opening.cases else [],
        opening.cases.marks if opening.cases else [],
        opening.contacts.words if opening.contacts else [],
    )
    receipt = accounts.receipt(told, counted)
    return InPlace(opening.tables, reading.labels, counted.fields, receipt.currency, counted.first_day, counted.last_day, receipt)


def reopened(sources: Sequence[Source], mapping: Mapping, ask: Asked, before: InPlace, today: date | None = None) -> InPlace:
    """The same tables as they are now, with the receipt and the filled columns of `before`: only the period and the rows are counted anew, so
    that opening what is known takes one look at the largest table and not one at each.
    """
    opening = _open(sources, mapping, ask)
    counted = Counted()
    for name in ("order_lines", "surveys", "cases", "contacts"):
        if name in opening.tables:
            accounts.count_rows(opening.plan, name, opening.tables[name], counted)
    if counted.last_day is None:
        accounts.period_without_lines(opening.plan, opening.tables, today, counted)
    return replace(
        before,
        tables=opening.tables,
        labels=opening.plan.labels,
        first_day=counted.first_day,
        last_day=counted.last_day,
        receipt=replace(before.receipt, counts=before.receipt.counts | counted.rows),
    )


def _open(sources: Sequence[Source], mapping: Mapping, ask: Asked) -> _Opening:
    """All tables, before anything is counted."""
    _refuse_incomplete(mapping)
    reading = plan(sources, mapping, ask)
    keyed: dict[Grain, Keyed] = {grain: lookups.keyed(reading, grain) for grain in lookups.KEYS}
    opening = _Opening(reading, keyed, lookups.make(reading, keyed["orders"], keyed["products"]))
    _make_sales(opening)
    _make_service(opening)
    if reading.of("contacts"):
        opening.contacts = contacts.contacts(reading, opening.found)
        opening.tables["contacts"] = _typed("contacts", opening.contacts.stored)
    _make_customers(opening)
    return opening


def _refuse_incomplete(mapping: Mapping) -> None:
    problems = [problem for problem in lacking(mapping) if problem.severity in ("error", "question")]
    if problems:
        raise MappingError("The columns are not clear", "The tables cannot be opened.", "Correct the columns named here.", problems)


def _make_sales(opening: _Opening) -> None:
    reading = opening.plan
    if reading.of("order_lines"):
        rows = lines.joined(reading, opening.found)
        opening.decided = lines.decide(reading, rows)
        opening.lines = lines.lines(reading, rows, opening.decided)
        used = opening.lines.filter(lines.is_usable(opening.lines))
        told = [*columns_of("order_lines"), *OF_ORDER, *customers.fields_told(reading, "order_lines")]
        opening.usable_lines = short(used.select(*told))
        opening.tables["order_lines"] = _typed("order_lines", opening.usable_lines)
    if reading.of("orders", "order_lines"):
        opening.tables["orders"] = _typed("orders", orders.orders(reading, opening.found, opening.usable_lines))


def _make_service(opening: _Opening) -> None:
    reading, placed = opening.plan, opening.tables.get("orders")
    if not reading.of("surveys", "cases"):
        return
    opening.scores = scores.decide(reading)
    parts = []
    if reading.of("surveys"):
        opening.answers = responses.surveys(reading, opening.found, opening.scores)
        parts.append(opening.answers.filter(opening.answers.is_usable))
    if reading.of("cases"):
        opening.cases = cases.cases(reading, opening.found)
        usable = opening.cases.states.filter(opening.cases.states.is_usable)
        its_orders = placed if reading.feeds("order_id", "cases") else None
        opening.tables["cases"] = _typed("cases", with_customer_of_order(usable, its_orders))
        if reading.feeds("csat_score", "cases"):
            ratings = responses.of_cases(usable, opening.scores)
            parts.append(ratings.filter(~ratings.is_outside))
    if parts:
        its_orders = placed if reading.feeds("order_id", "surveys", "cases") else None
        rows = with_customer_of_order(responses.stored(reading, *parts), its_orders)
        opening.tables["surveys"] = _typed("surveys", rows, responses.attributes(reading))


def _make_customers(opening: _Opening) -> None:
    reading, usable = opening.plan, opening.usable_lines
    listed, ordered = customers.given_customers(reading), orders.given_orders(reading, opening.found)
    asked = (opening.tables.get(name) for name in ("surveys", "cases", "contacts"))
    named = [one for one in (usable, listed, *asked) if one is not None]
    tellers: dict[Grain, ir.Table] = {}
    if listed is not None:
        tellers["customers"] = listed
    if ordered is not None:
        named.append(ordered)
        tellers["orders"] = ordered.mutate(told_at=ordered.ordered_at)
    if usable is not None:
        tellers["order_lines"] = usable.mutate(told_at=usable.line_at)
    if named:
        has_one_row_each = not opening.keyed["customers"].repeated
        rows = customers.customers(reading, customers.everybody(named), tellers, has_one_row_each)
        opening.tables["customers"] = _typed("customers", rows, list(reading.labels))


def _typed(name: str, rows: ir.Table, more: Sequence[str] = ()) -> ir.Table:
    """The columns of the schema in its types."""
    known = {one.name: one.type for one in TABLES[name].stored()} | dict.fromkeys(more, "string")
    values = {column: as_type(rows[column], kind) if column in rows.columns else ibis.null(kind) for column, kind in known.items()}
    return short(rows.select(**values))


def _count(opening: _Opening, today: date | None) -> Counted:
    reading, counted = opening.plan, Counted()
    for grain, known in opening.keyed.items():
        accounts.count_keyed(known, grain, counted)
    if opening.lines is not None:
        accounts.count_lines(reading, opening.lines, columns_of("order_lines"), counted)
    if opening.answers is not None:
        accounts.count_reasons(reading, responses.by_row(reading, opening.answers), counted)
    if opening.cases is not None:
        accounts.count_reasons(reading, cases.by_event(opening.cases), counted)
    if opening.contacts is not None:
        accounts.count_reasons(reading, opening.contacts.rows, counted)
    for name in ("orders", "customers", "surveys", "cases", "contacts"):
        if name in opening.tables:
            accounts.count_table(reading, name, opening.tables[name], counted, opening.decided.void_words if name == "orders" else None)
    if counted.last_day is None:
        accounts.period_without_lines(reading, opening.tables, today, counted)
    return counted
