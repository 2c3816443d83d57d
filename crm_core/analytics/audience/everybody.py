"""Who is there to be chosen from, and what do orders tell of each?

Grain: customer whom any table names, also those who never bought. Kept by the engine once a day looked from, so that a condition that changes word by
word is counted at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import ibis
import ibis.expr.types as ir

from crm_core.analytics import pareto, rfm
from crm_core.analytics.distribution import MONEY
from crm_core.analytics.orders import has_purchases, midnight, orders
from crm_core.analytics.satisfaction.follow_up import Followed
from crm_core.analytics.scores import RfmSettings
from crm_core.workspace import Workspace

#: Tables of what happened with customers, and the column of its day; the sales beside them.
EVENTS = {"surveys": "responded_at", "cases": "opened_at", "contacts": "contacted_at"}
#: What is 0, not unknown, of who bought nothing.
SUMS = ("net_sales", "count_orders", "purchase_value")
#: What the table holds beside the id, with types, for data without sales.
TOLD = {
    "net_sales": MONEY,
    "count_orders": "int64",
    "purchase_value": MONEY,
    "days_since_last_order": "int64",
    "first_order_on": "date",
    "last_order_on": "date",
    "r_score": "int8",
    "f_score": "int8",
    "m_score": "int8",
    "segment": "string",
    "value_class": "string",
}


@dataclass(frozen=True)
class Basis:
    """What a condition rests on beside its words: the day looked from, the rules of scoring, and who was followed up."""

    as_of: date
    scoring: RfmSettings = RfmSettings()
    followed: Followed = ()

    def at(self, day: date) -> Basis:
        """The same on another day."""
        return replace(self, as_of=day)


def everybody(ws: Workspace, basis: Basis) -> ir.Table:
    """Columns: customer_id and those of TOLD. net_sales, count_orders and purchase_value (of the purchases alone) are 0 for who bought nothing;
    days, dates, scores, segment and class are missing then.
    """
    return ws.keep(f"everybody {basis.as_of} {basis.scoring!r}", lambda: _everybody(ws, basis))


def _everybody(ws: Workspace, basis: Basis) -> ir.Table:
    if not ws.has("order_lines"):
        return _ids(ws, basis).mutate(**{name: _nothing(name) for name in TOLD})
    sold = _sold(ws, basis)
    ids = _ids(ws, basis, sold)
    joined = ids.left_join(sold, "customer_id").drop("customer_id_right")
    for part in _scored(ws, basis):
        joined = joined.left_join(part, "customer_id").drop("customer_id_right")
    filled = {name: joined[name].fill_null(0) for name in SUMS}
    missing = {name: _nothing(name) for name in TOLD if name not in joined.columns}
    return joined.mutate(**filled, **missing).select("customer_id", *(_cast(name) for name in TOLD))


def _cast(name: str) -> ir.Deferred:
    return ibis._[name].cast(TOLD[name]).name(name)


def _nothing(name: str) -> ir.Scalar:
    """Zero for sums, unknown for all else."""
    return ibis.literal(0).cast(TOLD[name]) if name in SUMS else ibis.null(TOLD[name])


def _ids(ws: Workspace, basis: Basis, sold: ir.Table | None = None) -> ir.Table:
    """One row a customer whom any table names before the day looked from. Raises AnalysisError where none names customers."""
    found = [] if sold is None else [sold.select("customer_id")]
    found += [_named(ws, name, day, basis) for name, day in EVENTS.items() if ws.has(name, "customer_id")]
    found += [_customers(ws, basis)] if ws.has("customers") or not found else []
    return ibis.union(*found, distinct=True) if len(found) > 1 else found[0].distinct()


def _named(ws: Workspace, name: str, day: str, basis: Basis) -> ir.Table:
    table = ws.table(name)
    return table.filter(table.customer_id.notnull(), table[day] < midnight(basis.as_of)).select("customer_id").distinct()


def _customers(ws: Workspace, basis: Basis) -> ir.Table:
    """The ids of those whom the customers' table names; not of those who joined later."""
    table = ws.table("customers")
    if ws.has("customers", "joined_on"):
        table = table.filter(table.joined_on.isnull() | (table.joined_on < ibis.literal(basis.as_of)))
    return table.select("customer_id")


def _sold(ws: Workspace, basis: Basis) -> ir.Table:
    formed = orders(ws, basis.as_of)
    bought = formed.is_purchase
    return formed.group_by("customer_id").aggregate(
        net_sales=formed.net_value.sum(),
        count_orders=bought.sum(),
        purchase_value=formed.net_value.sum(where=bought),
        first_order_on=formed.ordered_on.min(where=bought),
        last_order_on=formed.ordered_on.max(where=bought),
    )


def _scored(ws: Workspace, basis: Basis) -> list[ir.Table]:
    """Classes, and scores where anybody bought."""
    parts = [pareto.classes(ws, basis.as_of).select("customer_id", "value_class")]
    if has_purchases(ws, basis.as_of):
        scores = rfm.customers(ws, basis.as_of, basis.scoring)
        parts.append(scores.select("customer_id", "days_since_last_order", "r_score", "f_score", "m_score", "segment"))
    return parts
