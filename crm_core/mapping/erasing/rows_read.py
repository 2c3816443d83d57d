"""The rows as they were read, which a workspace keeps for refreshes, without one person.

Rows of sales stay, since a refresh makes the company's figures of them: what they tell of the sale, and the column by which newer rows are found;
all else of them is emptied, and the order has a new id. All other rows of hers go.
"""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import replace

import ibis
import ibis.expr.types as ir

from crm_core.mapping.carrying_out.rows_read import SCHEMA
from crm_core.mapping.carrying_out.target import CATALOG
from crm_core.mapping.erasing.person import FORMER, SALES, Person, is_telling, tables_of
from crm_core.mapping.former import Former
from crm_core.mapping.model import TableMapping, fields_for
from crm_core.mapping.values import text as words
from crm_core.schema import TABLES
from crm_core.sources.staging import SourceColumn, StagedTable, Staging

#: What a row of a sale may go on telling: nothing that also tells of the customer.
OF_SALES = {field.name for name in SALES for field in TABLES[name].fields} - {field.name for field in TABLES["customers"].fields}


def kept(staging: Staging, known: Former | None) -> list[tuple[StagedTable, TableMapping | None]]:
    """The tables that the file keeps as they were read, with the decisions on each."""
    there = tables_of(staging, SCHEMA)
    mappings = {one.source: one for one in known.mapping.tables} if known is not None else {}
    return [(table, mappings.get(table.name)) for table in (known.tables if known is not None else ()) if table.ref in there]


def count(staging: Staging, known: Former | None, person: Person) -> Counter[str]:
    """Rows of the person: "removed" and "emptied"."""
    found: Counter[str] = Counter()
    for table, mapping in kept(staging, known):
        rows = staging.con.table(table.ref, database=(FORMER, SCHEMA))
        number = int(staging.con.execute(_is_hers(rows, table, mapping, person).sum()) or 0)
        found["emptied" if _stays(mapping) else "removed"] += number
    return found


def write(staging: Staging, known: Former, person: Person) -> tuple[StagedTable, ...]:
    """The tables in the new file; gives their descriptions, with the rows they have now."""
    there = dict.fromkeys(table.ref for table, _ in kept(staging, known))
    if not there:
        return known.tables
    staging.raw.execute(f"CREATE SCHEMA {CATALOG}.{SCHEMA}")
    for table, mapping in kept(staging, known):
        rows = staging.con.table(table.ref, database=(FORMER, SCHEMA))
        is_hers = _is_hers(rows, table, mapping, person)
        if mapping is not None and _stays(mapping):
            origin = known.origins.get(table.name)
            rows = rows.select(**_emptied(rows, is_hers, table, mapping, person, origin.column if origin else ""))
        else:
            rows = rows.filter(~is_hers)
        staging.raw.execute(f"CREATE TABLE {CATALOG}.{SCHEMA}.{table.ref} AS {staging.con.compile(rows)}")
    return tuple(replace(table, rows=_rows(staging, table)) if table.ref in there else table for table in known.tables)


def _rows(staging: Staging, table: StagedTable) -> int:
    return staging.count(f"{CATALOG}.{SCHEMA}.{table.ref}")


def _stays(mapping: TableMapping | None) -> bool:
    return mapping is not None and mapping.grain in SALES


def _is_hers(rows: ir.Table, table: StagedTable, mapping: TableMapping | None, person: Person) -> ir.BooleanValue:
    """True where a row is the person's, never NULL: by her id or key, an order of hers alone, or (of contacts) her address."""
    if mapping is None or mapping.grain == "ignore":
        texts = [column for column in table.columns if column.type == "text" and is_telling(person.customer_id)]
        return _any([_is_one_of(rows, column, [person.customer_id]) for column in texts])
    wanted = {"customer_id": [person.customer_id] if mapping.grain == "customers" else person.ids}
    if mapping.grain not in ("customers", "products"):
        wanted |= {"order_id": list(person.own_orders)}
    if mapping.grain == "contacts":
        wanted |= {"email": list(person.addresses)}
    pairs = [(mapping.fields[name], values) for name, values in wanted.items() if name in mapping.fields and values]
    return _any([_is_one_of(rows, table.column(column), values) for column, values in pairs])


def _any(conditions: list[ir.BooleanValue]) -> ir.BooleanValue:
    return ibis.or_(*conditions) if conditions else ibis.literal(False)


def _is_one_of(rows: ir.Table, column: SourceColumn, values: list[str]) -> ir.BooleanValue:
    """Is the cell, read as an id, one of the values, an address in any case? Never NULL."""
    plain, whole = (words.read_id(rows[column.ref], is_whole) for is_whole in (False, True))
    addresses = [one.lower() for one in values if "@" in one]
    found = [plain.isin(values), whole.isin(values), *([plain.lower().isin(addresses)] if addresses else [])]
    return _any([one.fill_null(False) for one in found])


def _emptied(
    rows: ir.Table, is_hers: ir.BooleanValue, table: StagedTable, mapping: TableMapping, person: Person, newest: str
) -> dict[str, ir.Value]:
    """The columns, in which her rows tell only of the sale."""
    told = {mapping.fields[name] for name in fields_for(mapping.grain) if name in mapping.fields and name in OF_SALES}
    order = mapping.fields.get("order_id")
    values: dict[str, ir.Value] = {}
    for column in table.columns:
        cell = rows[column.ref]
        if column.name == order:
            values[column.ref] = is_hers.ifelse(_new_order(cell, person), cell)
        elif column.name in told or column.name == newest:
            values[column.ref] = cell
        else:
            values[column.ref] = is_hers.ifelse(ibis.null(cell.type()), cell)
    return values


def _new_order(cell: ir.Value, person: Person) -> ir.Value:
    """The new id of the order, in the type of the column; NULL for an order of which nothing was used."""
    if not person.orders:
        return ibis.null(cell.type())
    if isinstance(cell, ir.StringValue):
        new: dict[str, object] = dict(person.orders)
    elif isinstance(cell, ir.NumericValue):
        new = {old: -(secrets.randbelow(2**30) + 1) for old in person.orders}  # no shop numbers its orders so
    else:
        return ibis.null(cell.type())
    plain, whole = (words.read_id(cell, is_whole) for is_whole in (False, True))
    found = [(plain == old, value) for old, value in new.items()] + [(whole == old, value) for old, value in new.items()]
    return ibis.cases(*found).cast(cell.type())
