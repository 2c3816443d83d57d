"""Carries out a mapping: staged text tables become a new workspace file with canonical tables, a receipt and the rejected rows.

The order of the work: repeats and lookups (people, orders, products), decisions that need all values (currency, status words), rejected
rows, lines, orders, responses, cases and contacts, customers, the receipt. The file appears whole or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import ibis
import ibis.expr.types as ir

from crm_core.errors import Problem
from crm_core.mapping.carrying_out import (
    accounts,
    canonical,
    cases,
    contacts,
    customers,
    derive,
    findings,
    meta,
    rejects,
    responses,
    rows_read,
)
from crm_core.mapping.carrying_out.reading import read
from crm_core.mapping.carrying_out.target import Target
from crm_core.mapping.carrying_out.work import Work, begin
from crm_core.mapping.model import Grain, Mapping
from crm_core.mapping.receipt import Receipt
from crm_core.sources.staging import Progress, Staging, no_progress

#: Tables that complete others, with the key without which a row of them is of no use.
KEYED: dict[Grain, str] = {"orders": "order_id", "customers": "customer_id", "products": "product_id"}


def build(
    staging: Staging,
    mapping: Mapping,
    target: Path,
    *,
    name: str,
    imported_at: datetime,
    progress: Progress = no_progress,
    remarks: Sequence[Problem] = (),
) -> Receipt:
    """Write the workspace file `target` from the staged tables and return its receipt, which begins with the `remarks` on the mapping.

    Raises DataError where no sale, response or case is left, or where amounts lack a rate to one currency; then there is no file.
    """
    with Target(staging, target) as made:
        progress(0.0, "Matching orders, customers and products…")
        work = begin(staging, mapping, made)
        work.problems[:0] = remarks
        progress(0.2, "Reading dates and amounts…")
        _reject(work)
        _store_lines(work)
        progress(0.6, "Forming orders…")
        _store_orders(work)
        progress(0.75, "Bringing customers together…")
        _store_responses(work)
        _store_customers(work)
        progress(0.9, "Writing the receipt…")
        findings.refuse_if_nothing_is_left(work)
        receipt = accounts.receipt(work, imported_at)
        meta.store(work, receipt, name, imported_at)
        rows_read.store(work)
        made.finish()
    progress(1.0, "Done")
    return receipt


def _reject(work: Work) -> None:
    """List the rows that are known to be of no use before lines are read; what is left of responses, cases and contacts is usable."""
    rejects.create_table(work.target)
    for source in work.plan.sources:
        rejects.list_bad_lines(work.target, source)
    if work.plan.repeats is not None:
        rejects.reject(work.target, work.plan, work.plan.repeats.mutate(reason=ibis.literal("duplicate")))
    for grain, key in KEYED.items():
        if work.plan.of(grain):
            rows = read(work.plan, grain)
            keyless = rows.filter(rows[key].isnull()).select("source_no", "row_no", reason=ibis.literal(f"{key}_missing"))
            rejects.reject(work.target, work.plan, keyless)
    if work.responses is not None:
        _reject_responses(work, work.responses)
    if work.cases is not None:
        rejects.reject(work.target, work.plan, cases.useless(work.plan, work.cases))
        work.cases = work.cases.filter(work.cases.is_usable)
        if work.plan.feeds("csat_score", "cases"):
            work.ratings = responses.of_cases(work.plan, work.cases)
    if work.contacts is not None:
        work.contacts = rejects.sift(work.target, work.plan, work.contacts, work.contacts.is_usable)


def _reject_responses(work: Work, rows: ir.Table) -> None:
    """A row is listed only if none of its scores can be used."""
    bad = responses.useless(rows) if responses.wide_sources(work.plan) else rows.filter(~rows.is_usable)
    rejects.reject(work.target, work.plan, bad)
    work.answers = rows
    work.responses = rows.filter(rows.is_usable)


def _store_lines(work: Work) -> None:
    """Lines are stored as they come and the useless ones taken out again: where all are usable, as mostly, the file is read only once."""
    if work.lines is None:
        return
    stored = work.target.create("order_lines", canonical.order_lines(work.lines))
    if work.target.delete_incomplete("order_lines", derive.NEEDED):
        work.lines = rejects.sift(work.target, work.plan, work.lines, derive.is_usable(work.lines))
    work.stored["order_lines"] = stored


def _store_orders(work: Work) -> None:
    if work.plan.of("orders", "order_lines"):
        work.stored["orders"] = work.target.create(
            "orders", canonical.orders(work.plan, work.found, work.lines, work.stored.get("order_lines"))
        )


def _store_responses(work: Work) -> None:
    orders = work.stored.get("orders")
    answers = [work.responses] if work.responses is not None else []
    if work.ratings is not None:
        answers.append(work.ratings.filter(~work.ratings.is_outside))
    if answers:
        rows = responses.with_customer_of_order(responses.stored(work.plan, *answers), orders)
        columns = (*canonical.columns_of("surveys"), *responses.attributes(work.plan))
        work.stored["surveys"] = work.target.create("surveys", rows.select(*columns))
    if work.cases is not None:
        rows = responses.with_customer_of_order(work.cases, orders)
        work.stored["cases"] = work.target.create("cases", rows.select(*canonical.columns_of("cases")))
    if work.contacts is not None:
        work.stored["contacts"] = work.target.create("contacts", contacts.stored(work.plan, work.contacts))


def _store_customers(work: Work) -> None:
    listed, ordered = customers.given_customers(work.plan), canonical.given_orders(work.plan, work.found)
    named = [table for name, table in work.stored.items() if name != "order_lines"]  # orders hold all customers of the lines
    tellers: dict[Grain, ir.Table] = {}
    if listed is not None:
        named.append(listed)
        tellers["customers"] = listed
    if ordered is not None:
        tellers["orders"] = ordered.mutate(weight=ordered.ordered_at.epoch_seconds())
    if work.lines is not None:
        tellers["order_lines"] = work.lines.mutate(weight=work.lines.line_at.epoch_seconds())
    if named:
        rows, work.disputed = customers.customers(work.plan, customers.everybody(named), tellers)
        work.stored["customers"] = work.target.create("customers", rows)
