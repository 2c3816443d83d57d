"""What a workspace file holds of one person: her id, the keys by which orders name her, her orders, her addresses, the ids of her rows.

The file is attached to the staging connection as `former`, read-only.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from crm_core.mapping.former import Former
from crm_core.mapping.values import text as words
from crm_core.schema import TABLES
from crm_core.sources.staging import Staging

FORMER = "former"
#: Tables of sales: their rows stay, for the company's figures, without anybody's name.
SALES = ("orders", "order_lines")
#: Columns of `customers` that tell who somebody is.
TELLING = ("name", "email", "phone")
#: A shorter text may be anything: an age, a quantity.
SHORTEST = 5
#: Stands where an id was.
ERASED = "(erased)"


@dataclass(frozen=True)
class Person:
    """`orders` are her order ids with the new ones that take their place; `own_orders` those of them that no other customer has and a file gave."""

    customer_id: str
    keys: tuple[str, ...]
    orders: dict[str, str]
    own_orders: tuple[str, ...]
    addresses: tuple[str, ...]  # e-mail and phone
    row_ids: tuple[str, ...]  # of her responses, cases, contacts; and her name
    names: tuple[str, ...] = ()

    @property
    def ids(self) -> list[str]:
        return [self.customer_id, *self.keys]

    @property
    def tokens(self) -> frozenset[str]:
        """All texts that point to her."""
        return frozenset((*self.ids, *self.orders, *self.addresses, *self.row_ids))

    @property
    def telling(self) -> frozenset[str]:
        """Those of them that can be nothing else, wherever they stand."""
        found = (*self.ids, *self.own_orders, *self.addresses)
        return frozenset(one for one in found if is_telling(one))


def is_telling(text: str) -> bool:
    """Is the text no short number or word, which may stand for other things?"""
    return len(text) >= SHORTEST


def as_word(text: str) -> re.Pattern[str]:
    """The text as a word of its own, within others."""
    return re.compile(rf"(?<!\w){re.escape(text)}(?!\w)")


def tables_of(staging: Staging, schema: str = "main") -> dict[str, list[str]]:
    """Tables of the former file and their columns, in order."""
    rows = staging.raw.execute(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = ? AND schema_name = ? ORDER BY table_name, column_index",
        [FORMER, schema],
    ).fetchall()
    found: dict[str, list[str]] = {}
    for table, column in rows:
        found.setdefault(table, []).append(column)
    return found


def find(staging: Staging, customer_id: str, known: Former | None) -> Person:
    """The person as the file knows her; `known` tells which columns fed what, None where the file does not say."""
    tables = tables_of(staging)
    orders = _values(staging, tables, SALES, "order_id", customer_id)
    gives_order_ids = known is not None and any("order_id" in one.fields for one in known.mapping.tables)
    shared = _shared(staging, tables, orders) if gives_order_ids else set(orders)
    others = [name for name in tables if name in TABLES and name not in (*SALES, "customers")]
    row_ids = [one for name in others for key in TABLES[name].key for one in _values(staging, tables, (name,), key, customer_id)]
    told = {column: _values(staging, tables, ("customers",), column, customer_id) for column in TELLING}
    return Person(
        customer_id=customer_id,
        keys=_keys(staging, customer_id, known),
        orders={one: f"{ERASED} {secrets.token_hex(8)}" for one in orders},
        own_orders=tuple(one for one in orders if one not in shared),
        addresses=(*told["email"], *told["phone"]),
        row_ids=tuple(one for one in (*row_ids, *told["name"]) if one != customer_id),
        names=tuple(told["name"]),
    )


def _values(staging: Staging, tables: dict[str, list[str]], names: tuple[str, ...], column: str, customer_id: str) -> list[str]:
    """The different values of a column in the person's rows of these tables."""
    found: set[str] = set()
    for name in names:
        if {"customer_id", column} <= set(tables.get(name, ())):
            rows = staging.raw.execute(
                f"SELECT DISTINCT {column}::VARCHAR FROM {FORMER}.main.{name} WHERE customer_id = ? AND {column} IS NOT NULL", [customer_id]
            )
            found |= {str(value) for (value,) in rows.fetchall()}
    return sorted(found)


def _shared(staging: Staging, tables: dict[str, list[str]], orders: list[str]) -> set[str]:
    """Those of the order ids that several customers, or a customer and nobody, have."""
    found: set[str] = set()
    for name in SALES:
        if name in tables:
            rows = staging.raw.execute(
                f"SELECT order_id FROM {FORMER}.main.{name} WHERE list_contains(CAST(? AS VARCHAR[]), order_id) "
                "GROUP BY order_id HAVING count(DISTINCT coalesce(customer_id, '')) > 1",
                [orders],
            )
            found |= {str(value) for (value,) in rows.fetchall()}
    return found


def _keys(staging: Staging, customer_id: str, known: Former | None) -> tuple[str, ...]:
    """The keys by which orders name the person, of the rows of customers files that the file keeps."""
    read = tables_of(staging, "read")
    found: set[str] = set()
    for one in known.mapping.tables if known is not None else ():
        staged = next((table for table in known.tables if table.name == one.source), None) if known is not None else None
        if staged is None or staged.ref not in read or one.grain != "customers" or "customer_key" not in one.fields:
            continue
        rows = staging.con.table(staged.ref, database=(FORMER, "read"))
        person, key = (rows[staged.column(one.fields[name]).ref] for name in ("customer_id", "customer_key"))
        is_hers = (words.read_id(person) == customer_id) | (words.read_id(person, True) == customer_id)
        keys = rows.filter(is_hers).select(plain=words.read_id(key), whole=words.read_id(key, True))
        found |= {str(value) for row in staging.con.to_pyarrow(keys).to_pylist() for value in row.values() if value is not None}
    return tuple(sorted(found - {customer_id}))
