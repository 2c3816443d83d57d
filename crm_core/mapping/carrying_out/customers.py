"""The customers table: everybody whom any file names, with what the files tell of them.

Grain: customer. Where rows of one customer disagree, the customers file counts before the sales; of its rows the first counts, of
sales the latest. Attributes of any name are columns attr_1, attr_2 ...
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from crm_core.mapping.carrying_out.reading import Plan, read
from crm_core.mapping.model import Grain
from crm_core.schema import CUSTOMERS

OF_CUSTOMER = tuple(field.name for field in CUSTOMERS.stored() if field.name not in CUSTOMERS.key)

#: Who tells of customers, the most trusted first.
TELLERS: tuple[Grain, ...] = ("customers", "orders", "order_lines")


@dataclass(frozen=True)
class Disputed:
    """Of how many customers rows say different things, and how many rows of theirs say anything."""

    customers: int = 0
    rows: int = 0

    def plus(self, other: Disputed) -> Disputed:
        return Disputed(self.customers + other.customers, self.rows + other.rows)


def fields_told(plan: Plan, grain: Grain) -> list[str]:
    """Stored fields of customers that sources of this grain feed, attributes included."""
    fed = {field for source in plan.of(grain) for field in source.mapping.fields}
    attributes = {name for source in plan.of(grain) for name in source.mapping.attributes}
    return [name for name in OF_CUSTOMER if name in fed] + [name for name, label in plan.labels.items() if label in attributes]


def customers(plan: Plan, ids: ir.Table, tellers: Mapping[Grain, ir.Table]) -> tuple[ir.Table, dict[str, Disputed]]:
    """One row a customer of `ids`; and by field of how many customers rows of one kind say different things.

    `tellers`: usable rows by grain with customer_id, `weight` (of two values the heavier counts) and the fields they tell.
    """
    told: dict[str, list[ir.Table]] = {}
    disputed: dict[str, Disputed] = {}
    for grain in TELLERS:
        for field in fields_told(plan, grain) if grain in tellers else []:
            pairs = _pairs(plan, tellers[grain], field, f"told_{grain}_{field}")
            told.setdefault(field, []).append(_heaviest(pairs, f"{grain}_{field}"))
            disputed[field] = disputed.get(field, Disputed()).plus(_disputed(plan, pairs))
    return _assemble(plan, ids, told), {field: found for field, found in disputed.items() if found.customers}


def given_customers(plan: Plan) -> ir.Table | None:
    """Usable rows of the customers files, the first the heaviest; None where there are none."""
    if not plan.of("customers"):
        return None
    rows = read(plan, "customers")
    return rows.filter(rows.customer_id.notnull()).mutate(weight=-rows.position)


def everybody(tables: Iterable[ir.Table]) -> ir.Table:
    """The distinct customer ids of several tables."""
    parts = [table.filter(table.customer_id.notnull()).select("customer_id").distinct() for table in tables]
    return parts[0] if len(parts) == 1 else ibis.union(*parts, distinct=True)


def _pairs(plan: Plan, rows: ir.Table, field: str, ref: str) -> ir.Table:
    """The different values that rows give of a customer, each once: customer_id, value, weight, count_rows."""
    every = rows.group_by("customer_id", value=field).aggregate(weight=rows.weight.max(), count_rows=rows.count())
    pairs = every.filter(every.customer_id.notnull(), every["value"].notnull())
    plan.staging.raw.execute(f"CREATE OR REPLACE TABLE {ref} AS {plan.staging.con.compile(pairs)}")
    return plan.staging.con.table(ref)


def _heaviest(pairs: ir.Table, name: str) -> ir.Table:
    """customer_id and the value that counts; of two equally heavy ones the greater."""
    best = pairs.group_by("customer_id").aggregate(weight=pairs.weight.max())
    return (
        pairs.semi_join(best, ["customer_id", "weight"]).group_by(**{f"id_{name}": "customer_id"}).aggregate(**{name: pairs["value"].max()})
    )


def _disputed(plan: Plan, pairs: ir.Table) -> Disputed:
    several = pairs.group_by("customer_id").having(pairs.count() > 1).aggregate(count_rows=pairs.count_rows.sum())
    row = plan.staging.con.to_pyarrow(several.aggregate(customers=several.count(), rows=several.count_rows.sum())).to_pylist()[0]
    return Disputed(int(row["customers"]), int(row["rows"] or 0))


def _assemble(plan: Plan, ids: ir.Table, told: Mapping[str, list[ir.Table]]) -> ir.Table:
    rows = ids
    for table in (one for tables in told.values() for one in tables):
        key = next(name for name in table.columns if name.startswith("id_"))
        rows = rows.left_join(table, rows.customer_id == table[key]).drop(key)
    values = {field: _coalesce(rows, told[field]) if field in told else _missing(field) for field in (*OF_CUSTOMER, *plan.labels)}
    return rows.select("customer_id", **values)


def _coalesce(rows: ir.Table, tables: list[ir.Table]) -> ir.Value:
    return ibis.coalesce(*(rows[next(name for name in table.columns if not name.startswith("id_"))] for table in tables))


def _missing(field: str) -> ir.Value:
    known = field in OF_CUSTOMER
    return ibis.null(CUSTOMERS.field(field).type if known else "string")
