"""Rows that cannot be used: why, which column is to blame, and the row as the user's file has it.

Reasons are data: a code, the words for the receipt, and the fields whose first mapped column is shown as the cause.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from crm_core.mapping.carrying_out.reading import Plan, Source
from crm_core.mapping.carrying_out.target import CATALOG, Target
from crm_core.schema import SCORE_FIELDS

TABLE = "_rejected"


@dataclass(frozen=True)
class Reason:
    """Why a row is not used: `text` for people, `fields` that may be to blame, most likely first."""

    text: str
    fields: tuple[str, ...] = ()


DATES = ("line_at", "ordered_at", "responded_at", "opened_at", "updated_at", "contacted_at")

AMOUNTS = ("net_amount", "unit_price")

REASONS: dict[str, Reason] = {
    "date_unreadable": Reason("the date cannot be read, or is no plausible one", DATES),
    "date_missing": Reason("no date", DATES),
    "order_not_found": Reason("its order is not among the orders", ("order_id",)),
    "order_without_date": Reason("its order has no readable date", ("order_id",)),
    "amount_unreadable": Reason("the amount cannot be read", AMOUNTS),
    "amount_missing": Reason("no amount", AMOUNTS),
    "quantity_unreadable": Reason("the quantity cannot be read", ("quantity",)),
    "quantity_missing": Reason("no quantity", ("quantity",)),
    "amount_too_large": Reason("the amount is too large", AMOUNTS),
    "currency_missing": Reason("no currency, though the data has several", ("currency",)),
    "order_id_missing": Reason("no order id", ("order_id",)),
    "customer_id_missing": Reason("no customer id", ("customer_id", "email")),
    "product_id_missing": Reason("no product id", ("product_id",)),
    "score_unreadable": Reason("the score cannot be read", SCORE_FIELDS),
    "score_missing": Reason("no score", SCORE_FIELDS),
    "score_outside": Reason("the score is outside its scale", SCORE_FIELDS),
    "measure_unknown": Reason("the measure is not known", ("measure",)),
    "resolved_too_early": Reason("resolved before it was opened", ("resolved_at", "closed_at")),
    "answered_too_early": Reason("answered before it was opened", ("first_response_at",)),
    "count_negative": Reason("a count is below zero", ("count_contacts", "count_reopened", "public_reach")),
    "duplicate": Reason("an exact repeat of an earlier row"),
}


def create_table(target: Target) -> None:
    target.staging.raw.execute(
        f'CREATE TABLE {CATALOG}.main.{TABLE} (source VARCHAR, "row" BIGINT, reason VARCHAR, "column" VARCHAR, value VARCHAR, record VARCHAR)'
    )


def sift(target: Target, plan: Plan, rows: ir.Table, is_usable: ir.BooleanValue) -> ir.Table:
    """List the rows that are not usable as rejected, by their `reason`, and return the others."""
    reject(target, plan, rows.filter(~is_usable))
    return rows.filter(is_usable)


def reject(target: Target, plan: Plan, rows: ir.Table) -> None:
    """List rows as rejected. `rows`: source_no, row_no, reason (a code of REASONS)."""
    marked = rows.select("source_no", "row_no", "reason")
    target.staging.raw.execute(f"CREATE OR REPLACE TABLE unusable AS {target.staging.con.compile(marked)}")
    groups = target.staging.raw.execute("SELECT DISTINCT source_no, reason FROM unusable ORDER BY ALL").fetchall()
    for source_no, code in groups:
        _list(target, plan.sources[source_no], code)


def _list(target: Target, source: Source, code: str) -> None:
    """Copy the raw rows of one source and reason; the user's names go in as parameters, never as SQL."""
    reason = REASONS[code]
    blamed = next((source.mapping.fields[field] for field in reason.fields if field in source.mapping.fields), "")
    value = f"raw.{source.staged.column(blamed).ref}::VARCHAR" if blamed else "NULL"
    pairs = ", ".join(f"?, raw.{column.ref}" for column in source.staged.columns)
    names = [column.name for column in source.staged.columns]
    target.staging.raw.execute(
        f"INSERT INTO {CATALOG}.main.{TABLE} SELECT ?, row_no, ?, ?, {value}, json_object({pairs})::VARCHAR "
        f"FROM unusable JOIN {source.staged.ref} raw ON raw.rowid + 1 = row_no WHERE source_no = ? AND reason = ? ORDER BY row_no",
        [source.name, reason.text, blamed, *names, source.number, code],
    )


def list_bad_lines(target: Target, source: Source) -> None:
    """Lines of the file that are no rows at all."""
    target.staging.raw.execute(
        f"INSERT INTO {CATALOG}.main.{TABLE} SELECT source, line, reason, '', NULL, json_object('line', text)::VARCHAR FROM bad_lines WHERE source = ?",
        [source.name],
    )


def by_reason(target: Target) -> dict[str, dict[str, int]]:
    """Source -> reason in words -> rows."""
    counted: dict[str, dict[str, int]] = {}
    rows = target.staging.raw.execute(f"SELECT source, reason, count(*) FROM {CATALOG}.main.{TABLE} GROUP BY ALL ORDER BY ALL").fetchall()
    for source, reason, count in rows:
        counted.setdefault(source, {})[reason] = count
    return counted


def first_that_holds(*cases: tuple[ir.BooleanValue, str]) -> ir.StringValue:
    """The code of the first condition that is true; NULL where the row can be used."""
    unknown = [code for _, code in cases if code not in REASONS]
    if unknown:
        raise KeyError(unknown[0])
    return ibis.cases(*cases, else_=ibis.null("string"))
