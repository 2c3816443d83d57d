"""Which customers did a click choose? Cells, bars and points of a chart become the list of their customers.

Grain: customer, with the columns of `listing.listing`. A choice is a disjunction of rules, each a conjunction of column = value:
((("r_score", 4), ("f_score", 2)), (("segment", "Champions"),)) are those of one cell and those of one segment. No rules: everybody shown.
"""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir

from crm_core.analytics import clusters as behaviour
from crm_core.analytics import migration, pareto
from crm_core.analytics.filters import UNKNOWN
from crm_core.analytics.listing import listing
from crm_core.analytics.rfm import RfmSettings
from crm_core.workspace import Workspace

Rule = tuple[tuple[str, str | int], ...]


def customers(ws: Workspace, as_of: date, settings: RfmSettings, any_of: tuple[Rule, ...] = (), shown: ir.Table | None = None) -> ir.Table:
    """The listed customers with a purchase that one of the rules holds for; the value UNKNOWN of a text column stands for a missing one."""
    table = listing(ws, as_of, settings, shown)
    return _narrowed(table.filter(table.segment.notnull()), any_of)


def clustered(
    ws: Workspace,
    as_of: date,
    settings: RfmSettings,
    grouping: behaviour.ClusterSettings,
    any_of: tuple[Rule, ...] = (),
    *,
    shown: ir.Table | None = None,
) -> ir.Table:
    """Like `customers`, of those with a purchase, with a column cluster after the id."""
    table = listing(ws, as_of, settings, shown).inner_join(behaviour.customers(ws, as_of, grouping), "customer_id")
    return _narrowed(
        table.select("customer_id", "cluster", *(name for name in table.columns if name not in {"customer_id", "cluster"})), any_of
    )


def moved(
    ws: Workspace, found: migration.Migration, settings: RfmSettings, pairs: tuple[tuple[str, str], ...], shown: ir.Table | None = None
) -> ir.Table:
    """The listed customers (as at the later day) that moved from the first to the second segment of one of the pairs."""
    movers = ibis.union(*(migration.moving(ws, found, one, other, settings) for one, other in pairs)) if pairs else None
    table = listing(ws, found.later, settings, shown)
    return table if movers is None else table.semi_join(movers, "customer_id")


def by_value(
    ws: Workspace, as_of: date, settings: RfmSettings, value: pareto.Value, best: int | None = None, *, shown: ir.Table | None = None
) -> ir.Table:
    """The listed customers by that value; only the `best` of those shown where that is given, ties as in the Pareto order."""
    table = listing(ws, as_of, settings, shown, value)
    if best is None:
        return table
    ranked = pareto.values(ws, as_of, value)
    ranked = ranked if shown is None else ranked.semi_join(shown, "customer_id")
    return table.semi_join(ranked.order_by(ibis.desc("value"), "customer_id").limit(best), "customer_id")


def last_rank(ws: Workspace, as_of: date, value: pareto.Value, best: int, shown: ir.Table | None = None) -> int:
    """The rank among all customers of the last of the `best` of those shown; 0 where nobody is shown."""
    ranked = pareto.customers(ws, as_of, value)
    ranked = ranked if shown is None else ranked.semi_join(shown, "customer_id")
    first = ranked.order_by("rank").limit(best)
    return int(ws.execute(first.aggregate(last=first["rank"].max().fill_null(0)))["last"].iloc[0])


def _narrowed(table: ir.Table, any_of: tuple[Rule, ...]) -> ir.Table:
    if not any_of:
        return table
    return table.filter(ibis.or_(*(ibis.and_(*(_holds(table, column, value) for column, value in rule)) for rule in any_of)))


def _holds(table: ir.Table, column: str, value: str | int) -> ir.BooleanValue:
    known = table[column].fill_null(UNKNOWN) if isinstance(value, str) else table[column]
    return known == value
