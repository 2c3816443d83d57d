"""Contacts that the company made with customers, in place; a log of events has many rows a contact.

Grain: contact of a customer. Rows of one contact id and customer are one contact, by the rules of an import; a row without an id is called by
its day and a number.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from crm_core.mapping.carrying_out import contacts as imported
from crm_core.mapping.carrying_out.canonical import columns_of
from crm_core.mapping.carrying_out.contacts import MOST_WORDS
from crm_core.mapping.carrying_out.lookups import Lookups, with_email, with_person
from crm_core.mapping.in_place.model import Plan
from crm_core.mapping.in_place.reading import read
from crm_core.mapping.in_place.responses import named_by_day, numbered
from crm_core.mapping.values import outcomes
from crm_core.mapping.values.text import NULL_WORDS
from crm_core.schema import CONTACTS

_WORDS = tuple(field.name for field in CONTACTS.stored() if field.kind == "category")
#: What tells contacts of one moment and customer apart, beside their outcome.
TOLD = ("channel", "campaign", "cost_amount")


@dataclass(frozen=True)
class Contacts:
    """`rows` are all rows with source_no, is_usable and `reason`; `stored` one row a contact; `words` those for outcomes, as they stand."""

    rows: ir.Table
    stored: ir.Table
    words: list[str]


def contacts(plan: Plan, found: Lookups) -> Contacts:
    """All contacts; two small questions: the words for outcomes, and whether a contact has several rows."""
    rows = with_email(with_person(read(plan, "contacts"), found.people), found.emails)
    words = _words(plan, rows)
    given = {name: _given(rows[name]) for name in _WORDS if plan.feeds(name, "contacts")}
    rows = rows.mutate(**given)
    marks = [name for name in outcomes.MARKS if plan.feeds(name, "contacts")]
    rows = rows.mutate(outcome=imported.outcome(rows, outcomes.translated(words), marks))
    rows = rows.mutate(contact_id=_named(plan, rows), reason=imported.reason(rows, rows.given_contacted_at))
    rows = rows.select(*columns_of("contacts"), "source_no", "reason", is_usable=rows.reason.isnull())
    usable = rows.filter(rows.is_usable)
    return Contacts(rows, imported.brought_together(usable) if _has_several(plan, usable) else usable, words)


def _given(word: ir.StringValue) -> ir.StringValue:
    return word.lower().isin(NULL_WORDS).ifelse(ibis.null("string"), word)


def _words(plan: Plan, rows: ir.Table) -> list[str]:
    if not plan.feeds("outcome", "contacts"):
        return []
    spoken = rows.select("outcome").drop_null().distinct().limit(MOST_WORDS)
    return sorted(str(row["outcome"]) for row in plan.ask(spoken))


def _named(plan: Plan, rows: ir.Table) -> ir.StringValue:
    told = [name for name in TOLD if plan.feeds(name, "contacts")]
    by_day = named_by_day(rows.contacted_at, numbered(rows, rows.contacted_at, "customer_id", *told, "outcome", "source_no"))
    return ibis.coalesce(rows.contact_id, by_day) if plan.feeds("contact_id", "contacts") else by_day


def _has_several(plan: Plan, usable: ir.Table) -> bool:
    if not plan.feeds("contact_id", "contacts"):
        return False
    groups = usable.group_by("customer_id", "contact_id").aggregate(count_rows=usable.count())
    return bool(plan.ask(groups.filter(groups.count_rows > 1).limit(1).aggregate(found=ibis._.count()))[0]["found"])
