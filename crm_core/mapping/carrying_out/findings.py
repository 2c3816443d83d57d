"""What a user should know of her data though it did not stop the import; and the refusal where nothing is left to work with.

Each finding is one function: it asks the stored tables one question and gives no, one or several problems.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import ibis
import ibis.expr.types as ir

from crm_core.errors import DataError, Problem, Severity
from crm_core.mapping.carrying_out import cases, contacts, responses, scores
from crm_core.mapping.carrying_out.canonical import given_orders
from crm_core.mapping.carrying_out.customers import OF_CUSTOMER
from crm_core.mapping.carrying_out.lookups import email_key
from crm_core.mapping.carrying_out.reading import Source, read
from crm_core.mapping.carrying_out.rejects import TABLE
from crm_core.mapping.carrying_out.target import CATALOG
from crm_core.mapping.carrying_out.work import Work
from crm_core.mapping.meaning.formats import DATE_KINDS, NUMBER_KINDS, columns_of
from crm_core.mapping.values import case_statuses, outcomes
from crm_core.mapping.values.text import DAMAGED_ID, is_given
from crm_core.schema import CUSTOMERS, SCORE_FIELDS

#: Status words of cases that are judged one by one.
MOST_WORDS_TOLD = 30
SEE_REJECTED = "Download the rejected rows to see them."


def refuse_if_nothing_is_left(work: Work) -> None:
    """Raises DataError with all problems where no sale, response or case can be used."""
    facts = [work.stored[name] for name in ("order_lines", "surveys", "cases") if name in work.stored]
    if any(_number(work, rows.limit(1).count()) for rows in facts):
        return
    message = "No row could be read as a sale, a response or a case."
    hint = "Check which column feeds which field, and how its values are written."
    raise DataError("Nothing can be used", message, hint, rejected(work, "error", hint=""))


def findings(work: Work, imported_at: datetime) -> list[Problem]:
    """All findings on what was imported on that day."""
    to_come = [*_still_to_come(work, imported_at), *_cases_to_come(work, imported_at)]
    return [*rejected(work, "warning"), *to_come, *(problem for look in LOOKS for problem in look(work))]


def rejected(work: Work, severity: Severity, hint: str = SEE_REJECTED) -> list[Problem]:
    """One problem for each source and reason, with a value as example; a refused import leaves no rows to download, so it has no hint."""
    rows = work.plan.staging.raw.execute(
        f"SELECT source, \"column\", reason, count(*), coalesce(min(value), '') FROM {CATALOG}.main.{TABLE} GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return [
        Problem("rows_rejected", severity, f"Rows were left out: {reason}", hint, source, column, count, example)
        for source, column, reason, count, example in rows
    ]


def _still_to_come(work: Work, imported_at: datetime) -> list[Problem]:
    """Lines dated after the day of the import, which make every other customer look long gone."""
    if "order_lines" not in work.stored:
        return []
    lines = work.stored["order_lines"]
    coming = lines.filter(lines.line_at.date() > ibis.literal(imported_at.date()))
    row = _row(work, coming.aggregate(rows=coming.count(), example=coming.line_at.max().date().cast("string")))
    message = "Sales have dates that are still to come; figures are looked at from the day after the last of them"
    hint = "Correct the dates, or choose the day to look from yourself."
    return _found("dates_to_come", "warning", message, hint, _column(work, "line_at") or _column(work, "ordered_at"), row)


#: Table, its day, and what its rows are.
_DATED = (("surveys", "responded_at", "Responses"), ("cases", "opened_at", "Cases"), ("contacts", "contacted_at", "Contacts"))


def _cases_to_come(work: Work, imported_at: datetime) -> list[Problem]:
    """Responses, cases and contacts dated after the day of the import."""
    found: list[Problem] = []
    for table, field, what in _DATED:
        if table in work.stored:
            rows = work.stored[table]
            coming = rows.filter(rows[field].date() > ibis.literal(imported_at.date()))
            row = _row(work, coming.aggregate(rows=coming.count(), example=coming[field].max().date().cast("string")))
            message = f"{what} have dates that are still to come"
            found += _found("dates_to_come", "warning", message, "Correct the dates.", _column(work, field), row)
    return found


def _repeated_rows(work: Work) -> list[Problem]:
    hint = (
        ""
        if work.plan.mapping.options.drop_duplicates
        else "They are kept, since two equal lines may be two sales. Remove them if they are not."
    )
    repeated = [(source, work.repeated.get(source.number, 0)) for source in work.plan.sources if source.mapping.grain == "order_lines"]
    return [
        Problem("rows_repeated", "info", "Rows are exact repeats of an earlier one", hint, source.name, rows=rows)
        for source, rows in repeated
        if rows
    ]


def _repeated_keys(work: Work) -> list[Problem]:
    lookups = (("customers", work.found.people), ("orders", work.found.orders), ("products", work.found.products))
    return [
        Problem(
            "key_repeated",
            "info",
            f"Among the {name} are further rows for the same key; the first counts",
            column=", ".join(one.key),
            rows=one.repeated,
        )
        for name, one in lookups
        if one is not None and one.repeated
    ]


def _shared_order_ids(work: Work) -> list[Problem]:
    if "orders" not in work.stored or not work.plan.feeds("order_id"):
        return []
    orders = work.stored["orders"]
    groups = orders.filter(orders.customer_id.notnull()).group_by("order_id").aggregate(customers=ibis._.count())
    shared = groups.filter(groups.customers > 1)
    row = _row(work, shared.aggregate(ids=shared.count(), example=shared.order_id.min()))
    row["rows"] = row["ids"] and _number(work, work.stored.get("order_lines", orders).semi_join(shared, "order_id").count())
    message = f"Order ids that belong to more than one customer: {row['ids']:,}; each counts as one order for each of them"
    hint = "Check that the order id is the right column."
    return _found("order_id_shared", "warning", message, hint, _column(work, "order_id"), row)


def _lines_of_nobody(work: Work) -> list[Problem]:
    """Sales of which no line says who bought: they count as sales, and no customer can be analysed."""
    if "order_lines" not in work.stored:
        return []
    lines = work.stored["order_lines"]
    row = _row(work, lines.aggregate(rows=lines.count(), named=lines.customer_id.count()))
    if row["named"]:
        return []
    message = "No line is attributed to a customer, so there are no segments and no key customers"
    hint = "Choose a column that says who bought, or load the file that does."
    return [Problem("nobody_attributed", "warning", message, hint, column=_column(work, "customer_id"), rows=row["rows"])]


def _damaged_ids(work: Work) -> list[Problem]:
    found: list[Problem] = []
    for table, field in (("customers", "customer_id"), ("orders", "order_id")):
        if table not in work.stored or not work.plan.feeds(field):
            continue
        ids = work.stored[table]
        damaged = ids.filter(ids[field].re_search(DAMAGED_ID))
        row = _row(work, damaged.aggregate(rows=damaged.count(), example=damaged[field].min()))
        if row["rows"] and "order_lines" in work.stored:
            row["rows"] = _number(work, work.stored["order_lines"].semi_join(damaged, field).count())
        message = "Ids were rounded by a spreadsheet: different customers or orders may have become one"
        hint = "Export again as CSV, and do not open the file in a spreadsheet before."
        found += _found("ids_damaged", "warning", message, hint, _column(work, field), row)
    return found


def _amounts_that_differ(work: Work) -> list[Problem]:
    """Given net amounts that are not quantity × unit price, beyond half a cent for each piece and one for the line."""
    if work.lines is None or not all(work.plan.feeds(name, "order_lines") for name in ("net_amount", "quantity", "unit_price")):
        return []
    lines = work.stored["order_lines"]
    quantity, price, net = (lines[name].cast("float64") for name in ("quantity", "unit_price", "net_amount"))
    different = lines.filter((net - quantity * price).abs() > quantity.abs() * 0.005 + 0.01)
    row = _row(work, different.aggregate(rows=different.count(), example=different.net_amount.cast("string").min()))
    message = "Net amounts differ from quantity × unit price; the net amount counts"
    return _found("amounts_differ", "info", message, "", _column(work, "net_amount"), row)


def _values_not_read(work: Work) -> list[Problem]:
    """Filled cells of dates and numbers that could not be read, in rows that were used all the same."""
    return [problem for source in work.plan.sources for problem in _values_not_read_of(work, source)]


def _values_not_read_of(work: Work, source: Source) -> list[Problem]:
    rows, kinds = read(work.plan, source.mapping.grain), (*DATE_KINDS, *NUMBER_KINDS)
    rows = rows.filter(rows.source_no == source.number)
    names = [name for name in columns_of(source.mapping, kinds) if name not in _needed(source)]
    bad = {name: is_given(rows[f"raw_{name}"]) & rows[name].isnull() for name in names}
    if not bad:
        return []
    counts = {f"n_{name}": flag.sum() for name, flag in bad.items()} | {
        f"v_{name}": rows[f"raw_{name}"].min(where=flag) for name, flag in bad.items()
    }
    row = _row(work, rows.aggregate(**counts))
    message = "Values could not be read"
    hint = "Rows that need the value were left out; in others it counts as unknown."
    return [
        Problem("values_unreadable", "warning", message, hint, source.name, source.mapping.fields[name], row[f"n_{name}"], row[f"v_{name}"])
        for name in names
        if row[f"n_{name}"]
    ]


def _needed(source: Source) -> set[str]:
    """Fields without which a row is rejected: of these no value in use is unreadable, so nobody need look again."""
    fields = set(source.mapping.fields)
    if source.mapping.grain == "surveys":
        return {"responded_at"} | ({"score"} if not fields & {*SCORE_FIELDS[1:]} else set())
    if source.mapping.grain == "cases":
        return {"opened_at"} if "updated_at" not in fields else set()
    if source.mapping.grain == "contacts":
        return {"contacted_at"}
    if source.mapping.grain != "order_lines":
        return set()
    dates = fields & {"line_at", "ordered_at"}
    amounts = set() if "net_amount" in fields and "unit_price" in fields else {"net_amount", "unit_price"}
    return (dates if len(dates) == 1 else set()) | amounts | ({"quantity"} if "net_amount" not in fields else set())


def _orders_without_lines(work: Work) -> list[Problem]:
    given = given_orders(work.plan, work.found)
    if given is None or "order_lines" not in work.stored:
        return []
    empty = given.anti_join(work.stored["order_lines"], "order_id")
    row = _row(work, empty.aggregate(rows=empty.count(), ids=empty.order_id.nunique(), example=empty.order_id.min()))
    message = f"Orders without lines, and so without an amount: {row['ids']:,}"
    return _found("orders_without_lines", "info", message, "", _column(work, "order_id"), row)


def _products_not_listed(work: Work) -> list[Problem]:
    if work.found.products is None or "order_lines" not in work.stored:
        return []
    lines = work.stored["order_lines"].anti_join(work.found.products.rows, "product_id")
    lines = lines.filter(lines.product_id.notnull())
    row = _row(work, lines.aggregate(rows=lines.count(), example=lines.product_id.min()))
    message = "Lines have a product that is not in the list of products"
    return _found("products_not_listed", "info", message, "", _column(work, "product_id"), row)


def _customers_disputed(work: Work) -> list[Problem]:
    labels = {name: CUSTOMERS.field(name).label for name in OF_CUSTOMER} | work.plan.labels
    what = "Customers with more than one value: {:,}; of a customers file the first counts, of sales the latest"
    return [
        Problem("customer_values_differ", "info", what.format(one.customers), column=labels[name], rows=one.rows)
        for name, one in work.disputed.items()
    ]


def _responses_repeated(work: Work) -> list[Problem]:
    if "surveys" not in work.stored or not work.plan.feeds("response_id", "surveys"):
        return []
    surveys = work.stored["surveys"]
    groups = surveys.group_by("response_id").aggregate(rows=surveys.count())
    several = groups.filter(groups.rows > 1)
    row = _row(work, several.aggregate(rows=several.rows.sum(), ids=several.count(), example=several.response_id.min()))
    message = f"Response ids that stand in several rows: {row['ids']:,}; each row counts as a response"
    return _found("response_id_repeated", "info", message, "", _column(work, "response_id"), row)


def _scores_left_out(work: Work) -> list[Problem]:
    """Scores outside their scale in rows that were used for another score, or for a case."""
    return [*_scores_beside(work), *_ratings_outside(work)]


def _scores_beside(work: Work) -> list[Problem]:
    wide = responses.wide_sources(work.plan)
    if not wide or work.answers is None:
        return []
    rows = work.answers.filter((work.answers.reason == "score_outside") & work.answers.source_no.isin(wide))
    counted = rows.group_by("source_no", "field").aggregate(rows=rows.count(), example=rows.score.min().cast("string"))
    found = work.plan.staging.con.to_pyarrow(counted.order_by("source_no", "field")).to_pylist()
    return [_outside(work, row) for row in found]


def _ratings_outside(work: Work) -> list[Problem]:
    if work.ratings is None:
        return []
    rows = work.ratings.filter(work.ratings.is_outside)
    counted = rows.group_by("source_no").aggregate(rows=rows.count(), example=rows.score.min().cast("string"))
    found = work.plan.staging.con.to_pyarrow(counted.order_by("source_no")).to_pylist()
    return [_outside(work, row | {"field": "csat_score"}) for row in found]


def _scales_doubtful(work: Work) -> list[Problem]:
    """Scales that values do not tell, of tables with several scores, about which nobody was asked."""
    return [one.problem() for one in scores.doubtful(work.plan, work.scores) if not one.is_alone]


def _outside(work: Work, row: dict[str, Any]) -> Problem:
    source = work.plan.sources[row["source_no"]]
    message, hint = "Scores are outside their scale", "They count as not given; the rest of their rows is used."
    column = source.mapping.fields.get(row["field"], "")
    return Problem("scores_outside", "warning", message, hint, source.name, column, row["rows"], row["example"])


def _resolved_before_answered(work: Work) -> list[Problem]:
    if "cases" not in work.stored:
        return []
    rows = work.stored["cases"]
    early = rows.filter(rows.resolved_at < rows.first_response_at)
    row = _row(work, early.aggregate(rows=early.count(), example=early.case_id.min()))
    message = "Cases were resolved before their first response; both times count as they stand"
    return _found("resolved_before_response", "warning", message, "Check which column holds which time.", _column(work, "resolved_at"), row)


def _moments_never_meant(work: Work) -> list[Problem]:
    """Ends of cases long before their opening, which stand for "not yet"."""
    found = []
    for source in work.plan.of("cases"):
        rows = read(work.plan, "cases").filter(lambda all_rows, number=source.number: all_rows.source_no == number)
        opened = ibis.coalesce(rows.opened_at, rows.updated_at)
        names = [name for name in cases.ENDS if name in source.mapping.fields]
        if not names:
            continue
        signs = {name: cases.is_sign(rows[name], opened) for name in names}
        counts = {f"rows_{name}": rows.count(where=is_sign) for name, is_sign in signs.items()}
        examples = {name: rows[f"raw_{name}"].min(where=is_sign) for name, is_sign in signs.items()}
        told = _row(work, rows.aggregate(**counts, **examples))
        for name in names:
            row = {"rows": told[f"rows_{name}"], "example": told[name]}
            message = "Moments lie decades before the case was opened and count as not given"
            found += [
                replace(one, table=source.name)
                for one in _found("moment_not_meant", "warning", message, "", source.mapping.fields[name], row)
            ]
    return found


def _blank_means_no(work: Work) -> list[Problem]:
    numbers = cases.mark_sources(work.plan) if work.cases is not None else []
    message = "The column only marks escalated cases, so an empty cell counts as not escalated"
    return [
        Problem("blank_means_no", "info", message, "", work.plan.sources[at].name, work.plan.sources[at].mapping.fields["is_escalated"])
        for at in numbers
    ]


def _case_words_unknown(work: Work) -> list[Problem]:
    words = cases.status_words(work.plan) if work.plan.of("cases") else []
    return case_statuses.unknown_words(words[:MOST_WORDS_TOLD], column=_column(work, "status")) if words else []


def _outcomes_unknown(work: Work) -> list[Problem]:
    words = contacts.words(work.plan) if work.plan.of("contacts") else []
    return outcomes.unknown_words(words[:MOST_WORDS_TOLD], column=_column(work, "outcome"))


def _addresses(work: Work) -> list[Problem]:
    """Contacts by an e-mail that no customer has, which stands for a person of its own, and e-mails that several customers have."""
    if "contacts" not in work.stored or work.found.emails is None:
        return []
    rows = read(work.plan, "contacts").filter(lambda every: every.customer_id.isnull() & every.email.notnull())
    nobody = rows.mutate(email_key=email_key(rows.email)).anti_join(work.found.emails.rows, "email_key")
    row = _row(work, nobody.aggregate(rows=nobody.count(), example=nobody.email.min()))
    message = "Contacts have an e-mail that no customer has; the address stands for a person of its own"
    shared = "Customers share an e-mail; contacts named by it count for the first of them"
    return [
        *_found("address_of_nobody", "info", message, "", _column(work, "email"), row),
        *_found("address_shared", "info", shared, "", _column(work, "email"), {"rows": work.found.emails.repeated, "example": ""}),
    ]


LOOKS: tuple[Callable[[Work], list[Problem]], ...] = (
    _repeated_rows,
    _repeated_keys,
    _lines_of_nobody,
    _shared_order_ids,
    _damaged_ids,
    _values_not_read,
    _amounts_that_differ,
    _orders_without_lines,
    _products_not_listed,
    _customers_disputed,
    _responses_repeated,
    _scores_left_out,
    _scales_doubtful,
    _resolved_before_answered,
    _case_words_unknown,
    _outcomes_unknown,
    _addresses,
    _moments_never_meant,
    _blank_means_no,
)


def _found(code: str, severity: Severity, message: str, hint: str, column: str, row: dict[str, Any]) -> list[Problem]:
    """A finding with the rows and the example counted; none where there are no rows."""
    return [Problem(code, severity, message, hint, column=column, rows=row["rows"], example=row["example"])] if row["rows"] else []


def _column(work: Work, field: str) -> str:
    """The user's name of the column that feeds a field, of the first source that has it."""
    return next((source.mapping.fields[field] for source in work.plan.sources if field in source.mapping.fields), "")


def _row(work: Work, aggregate: ir.Table) -> dict[str, Any]:
    """The one row of an aggregate; a missing example is "" (and a missing count stays missing, which is no finding)."""
    found: dict[str, Any] = work.plan.staging.con.to_pyarrow(aggregate).to_pylist()[0]
    return {name: "" if value is None and not name.startswith(("rows", "n_")) else value for name, value in found.items()}


def _number(work: Work, value: ir.Value) -> int:
    return int(work.plan.staging.con.execute(value) or 0)
