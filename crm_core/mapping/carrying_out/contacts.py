"""Contacts that the company made with customers: e-mails, calls, letters, with their outcome; a log of events has many rows a contact.

Grain: contact of a customer. Rows of one contact id and customer are one contact: made at the earliest of their moments, with the most
decisive of their outcomes, and of each other field the least value. A row without an id is a contact of its own.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from crm_core.mapping.carrying_out import rejects
from crm_core.mapping.carrying_out.canonical import columns_of
from crm_core.mapping.carrying_out.lookups import Lookups, with_email, with_person
from crm_core.mapping.carrying_out.reading import Plan, read
from crm_core.mapping.values import outcomes
from crm_core.mapping.values.outcomes import MARKS, OUTCOMES
from crm_core.mapping.values.text import NO, NULL_WORDS, is_given
from crm_core.schema import CONTACTS

ROWS = "contact_rows"
#: Different words for outcomes that are looked at.
MOST_WORDS = 1000
#: Of several rows of a contact the least of what they tell.
LEAST = ("channel", "campaign", "cost_amount")
_WORDS = tuple(field.name for field in CONTACTS.stored() if field.kind == "category")


def contacts(plan: Plan, found: Lookups) -> ir.Table:
    """All rows of contacts with the columns of the schema, source_no, row_no, is_usable and `reason`; made ready in the staging area."""
    rows = with_email(with_person(read(plan, "contacts"), found.people), found.emails)
    known = outcomes.translated(words(plan))
    rows = rows.mutate(**{name: is_given(rows[name]).ifelse(rows[name], ibis.null("string")) for name in _WORDS})
    rows = rows.mutate(outcome=outcome(rows, known, [name for name in MARKS if plan.feeds(name, "contacts")]))
    rows = rows.mutate(
        contact_id=ibis.coalesce(rows.contact_id, "row " + rows.position.cast("string")),
        reason=reason(rows, is_given(rows.raw_contacted_at)),
    )
    kept = rows.select(*columns_of("contacts"), "source_no", "row_no", "reason", is_usable=rows.reason.isnull())
    plan.staging.raw.execute(f"CREATE OR REPLACE TABLE {ROWS} AS {plan.staging.con.compile(kept)}")
    return plan.staging.con.table(ROWS)


def words(plan: Plan) -> list[str]:
    """The words for outcomes as they stand in the data, in the order of the alphabet."""
    if not plan.feeds("outcome", "contacts"):
        return []
    spoken = read(plan, "contacts").select("outcome").drop_null().distinct().order_by("outcome").limit(MOST_WORDS)
    return [str(word) for word in plan.staging.con.to_pyarrow(spoken)["outcome"].to_pylist()]


def stored(plan: Plan, usable: ir.Table) -> ir.Table:
    """One row a contact of usable rows; where no contact has several rows, the rows as they are."""
    if not plan.feeds("contact_id", "contacts"):
        return usable.select(*columns_of("contacts"))
    several = usable.group_by("customer_id", "contact_id").aggregate(rows=usable.count())
    if not int(plan.staging.con.execute(several.filter(several.rows > 1).limit(1).count())):
        return usable.select(*columns_of("contacts"))
    return brought_together(usable)


# -- rules that hold where the data lies as well ---------------------------------------------------------------------------


def outcome(rows: ir.Table, known: dict[str, str], marks: list[str]) -> ir.StringValue:
    """The outcome of a row by its word and its `marks`: the most decisive; that it arrived only where a word says no more."""
    word = rows.outcome.cases(*known.items(), else_=rows.outcome) if known else rows.outcome
    if not marks:
        return word
    happened = {MARKS[name]: is_marked(rows[name]) for name in marks}
    arrived = happened.pop("delivered", ibis.literal(False))
    decisive = [((word == meant).fill_null(False) | happened.get(meant, False), meant) for meant in reversed(OUTCOMES[1:])]
    return ibis.cases(*decisive, (word.notnull(), word), (arrived, "delivered"), else_=ibis.null("string"))


def is_marked(cell: ir.StringValue) -> ir.BooleanValue:
    """Does a cell say that it happened: a yes, a count above zero, a time? Never NULL."""
    text = cell.strip().lower()
    return ~(text.isin([*NO, *NULL_WORDS]) | text.re_search(r"^0+([.,]0+)?$")).fill_null(True)


def reason(rows: ir.Table, is_dated: ir.BooleanValue) -> ir.StringValue:
    return rejects.first_that_holds(
        (rows.contacted_at.isnull() & is_dated, "date_unreadable"),
        (rows.contacted_at.isnull(), "date_missing"),
        (rows.customer_id.isnull(), "customer_id_missing"),
    )


def brought_together(rows: ir.Table) -> ir.Table:
    """One row for each contact id of a customer."""
    rows = rows.mutate(ranked=_rank(rows.outcome) + rows.outcome)
    merged = rows.group_by("customer_id", "contact_id").aggregate(
        contacted_at=rows.contacted_at.min(), ranked=rows.ranked.max(), **{name: rows[name].min() for name in LEAST}
    )
    return merged.mutate(outcome=merged.ranked.substr(1)).select(*columns_of("contacts"))


def _rank(outcome: ir.StringValue) -> ir.StringValue:
    """A digit that grows with how decisive an outcome is; it is written before the word, and the greatest of both together taken."""
    return outcome.cases(*((one, str(at)) for at, one in enumerate(OUTCOMES, start=1)), else_="0")
