"""The customers table in place: everybody whom any table names, with what the tables tell of them.

Grain: customer. Where rows of one customer disagree, the customers table counts before the sales; of its rows the least value counts, of sales
the latest. Each kind of table is gone through once, whatever it tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import ibis
import ibis.expr.types as ir

from crm_core.mapping.carrying_out.customers import OF_CUSTOMER, TELLERS
from crm_core.mapping.in_place.model import Plan
from crm_core.mapping.in_place.reading import read, united
from crm_core.mapping.model import Grain
from crm_core.schema import CUSTOMERS

#: Digits of a moment to the second, 20240630183000.
_DIGITS = 14


def fields_told(plan: Plan, grain: Grain) -> list[str]:
    """Stored fields of customers that sources of this grain feed, attributes included."""
    fed = {field for one in plan.of(grain) for field in one.mapping.fields}
    attributes = {name for one in plan.of(grain) for name in one.mapping.attributes}
    return [name for name in OF_CUSTOMER if name in fed] + [name for name, label in plan.labels.items() if label in attributes]


def given_customers(plan: Plan) -> ir.Table | None:
    """Usable rows of the customers tables; None where there are none."""
    if not plan.of("customers"):
        return None
    rows = read(plan, "customers")
    return rows.filter(rows.customer_id.notnull())


def everybody(tables: Iterable[ir.Table]) -> ir.Table:
    """The distinct customer ids of several tables."""
    parts = [table.select("customer_id") for table in tables]
    every = united(parts)
    return every.filter(every.customer_id.notnull()).distinct()


def customers(plan: Plan, ids: ir.Table, tellers: Mapping[Grain, ir.Table], has_one_row_each: bool) -> ir.Table:
    """One row a customer of `ids`. `tellers`: usable rows by grain with customer_id, `told_at` for sales, and the fields they tell;
    `has_one_row_each`: no customer stands twice in the customers tables.
    """
    rows, told = ids, dict[str, list[str]]()
    for grain in TELLERS:
        names = fields_told(plan, grain) if grain in tellers else []
        if names:
            found = _told(tellers[grain], names, grain, has_one_row_each)
            key, known = f"id_{grain}", {name: f"{name}_{grain}" for name in names}
            found = found.select(**{key: "customer_id"}, **{stored: name for name, stored in known.items()})
            rows = rows.left_join(found, rows.customer_id == found[key]).drop(key)
            for name, stored in known.items():
                told.setdefault(name, []).append(stored)
    values = {name: _first_told(rows, told.get(name, [])) for name in (*OF_CUSTOMER, *plan.labels)}
    return rows.select("customer_id", **{name: _missing(name) if value is None else value for name, value in values.items()})


def _first_told(rows: ir.Table, columns: list[str]) -> ir.Value | None:
    if len(columns) > 1:
        return ibis.coalesce(*(rows[column] for column in columns))
    return rows[columns[0]] if columns else None


def _missing(name: str) -> ir.Value:
    return ibis.null(CUSTOMERS.field(name).type if name in OF_CUSTOMER else "string")


def _told(rows: ir.Table, names: list[str], grain: Grain, has_one_row_each: bool) -> ir.Table:
    """One row a customer with what these rows tell."""
    if grain != "customers":
        return _latest(rows, names)
    if has_one_row_each:
        return rows
    return rows.group_by("customer_id").aggregate(**{name: _least(rows[name]) for name in names})


def _least(column: ir.Value) -> ir.Value:
    return column.all() if isinstance(column, ir.BooleanValue) else column.min()


def _latest(rows: ir.Table, names: list[str]) -> ir.Table:
    """Of each field the value of the latest row that gives one; of the same second the greatest.

    The moment is written before the value, and the greatest of both together taken: one pass for all fields, on every engine.
    """
    at = _digits(rows.told_at)
    packed = rows.select("customer_id", **{name: at + _as_text(rows[name]) for name in names})
    found = packed.filter(packed.customer_id.notnull()).group_by("customer_id").aggregate(**{name: packed[name].max() for name in names})
    return found.select("customer_id", **{name: found[name].substr(_DIGITS).cast(rows[name].type()) for name in names})


def _as_text(value: ir.Value) -> ir.StringValue:
    return value if isinstance(value, ir.StringValue) else value.cast("string")


def _digits(moment: ir.TimestampValue) -> ir.StringValue:
    """The moment as fourteen digits, in which texts compare as times do."""
    parts = (moment.year(), moment.month(), moment.day(), moment.hour(), moment.minute(), moment.second())
    number: ir.IntegerValue = parts[0].cast("int64")
    for part in parts[1:]:
        number = number * 100 + part
    return number.cast("string")
