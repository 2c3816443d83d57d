"""The canonical tables and the rejected rows without one person, as tables of the new file.

Rows of sales stay, for the figures of the company, attributed to nobody and under a new order id; all other rows of hers go. Rejected rows that hold
her stay counted, emptied of what they held.
"""

from __future__ import annotations

import json
import re

from crm_core.mapping.carrying_out.rejects import TABLE as REJECTED
from crm_core.mapping.carrying_out.target import CATALOG
from crm_core.mapping.erasing.person import FORMER, SALES, Person, is_telling
from crm_core.mapping.former import Former
from crm_core.mapping.model import TableMapping
from crm_core.schema import ATTRIBUTE_PREFIX, TABLES
from crm_core.sources.staging import Staging

#: By the name of a column, the texts that make a rejected row the person's.
Naming = dict[str, frozenset[str]]


def count(staging: Staging, name: str, columns: list[str], person: Person) -> int:
    """Rows of the person in a canonical table."""
    condition, values = _hers(name, columns, person)
    row = staging.raw.execute(f"SELECT count(*) FROM {FORMER}.main.{name} WHERE {condition}", values).fetchone()
    return int(row[0]) if row else 0


def write(staging: Staging, name: str, columns: list[str], person: Person) -> None:
    """One canonical table of the new file, in the order of the former."""
    changes, values = _changes(name, columns, person)
    condition, more = _hers(name, columns, person)
    where = "" if name in SALES else f" WHERE NOT ({condition})"
    replaced = f" REPLACE ({', '.join(changes)})" if changes else ""
    staging.raw.execute(
        f"CREATE TABLE {CATALOG}.main.{name} AS SELECT *{replaced} FROM {FORMER}.main.{name}{where}", [*values, *(more if where else [])]
    )


def copy(staging: Staging, name: str) -> None:
    """A table that holds nothing of persons, or what this version does not know."""
    quoted = '"' + name.replace('"', '""') + '"'
    staging.raw.execute(f"CREATE TABLE {CATALOG}.main.{quoted} AS SELECT * FROM {FORMER}.main.{quoted}")


def _hers(name: str, columns: list[str], person: Person) -> tuple[str, list[object]]:
    """The condition that a row is the person's; a response or case of nobody that names an order of hers alone is hers too."""
    if name in SALES or name == "customers" or "order_id" not in columns:
        return "coalesce(customer_id = ?, FALSE)", [person.customer_id]
    condition = "coalesce(customer_id = ? OR (customer_id IS NULL AND list_contains(CAST(? AS VARCHAR[]), order_id)), FALSE)"
    return condition, [person.customer_id, list(person.own_orders)]


def _changes(name: str, columns: list[str], person: Person) -> tuple[list[str], list[object]]:
    """What rows that stay say otherwise."""
    new = "CAST(? AS VARCHAR[])[list_position(CAST(? AS VARCHAR[]), order_id)]"
    lists: list[object] = [list(person.orders.values()), list(person.orders)]
    if name in SALES:
        is_hers = "customer_id IS NOT DISTINCT FROM ?"
        order = f"CASE WHEN {is_hers} THEN {new} ELSE order_id END AS order_id"
        return [f"CASE WHEN {is_hers} THEN NULL ELSE customer_id END AS customer_id", order], [
            person.customer_id,
            person.customer_id,
            *lists,
        ]
    if name == "customers":  # another customer's attribute may name her, as who brought him
        attributes = [one for one in columns if one.startswith(ATTRIBUTE_PREFIX)] if is_telling(person.customer_id) else []
        return [f"nullif({one}, ?) AS {one}" for one in attributes], [person.customer_id] * len(attributes)
    if "order_id" in columns and person.own_orders:  # another customer's response to an order of hers
        own = [person.orders[one] for one in person.own_orders]
        return [f"coalesce({new}, order_id) AS order_id"], [own, list(person.own_orders)]
    return [], []


# -- rejected rows -----------------------------------------------------------------------------------------------------


def rejected(staging: Staging, person: Person, known: Former | None) -> list[int]:
    """Places of the rejected rows that hold the person: by a column that names whose the row is, or anywhere by a text that can be nothing else."""
    naming = {one.source: _naming(one, person) for one in known.mapping.tables} if known is not None else {}
    rows = staging.raw.execute(
        f"SELECT rowid, source, record FROM {FORMER}.main.{REJECTED} "
        "WHERE EXISTS (SELECT 1 FROM (SELECT unnest(CAST(? AS VARCHAR[])) AS token) WHERE contains(record, token)) ORDER BY rowid",
        [[json.dumps(token, ensure_ascii=False)[1:-1] for token in sorted(person.tokens)]],
    )
    found: list[int] = []
    while pieces := rows.fetchmany(10_000):
        found += [int(place) for place, source, record in pieces if _names(json.loads(record), person, naming.get(source, {}))]
    return found


def write_rejected(staging: Staging, places: list[int]) -> None:
    is_hers = "list_contains(CAST(? AS BIGINT[]), rowid)"
    staging.raw.execute(
        f"CREATE TABLE {CATALOG}.main.{REJECTED} AS SELECT * REPLACE (CASE WHEN {is_hers} THEN NULL ELSE value END AS value, "
        f"CASE WHEN {is_hers} THEN '{{}}' ELSE record END AS record) FROM {FORMER}.main.{REJECTED}",
        [places, places],
    )


def _naming(mapping: TableMapping, person: Person) -> Naming:
    """Columns that tell whose a row is: by an id or key, by an order of hers alone, by an address."""
    texts = {"customer_id": person.ids, "customer_key": person.ids, "order_id": person.own_orders}
    texts |= {"email": person.addresses, "phone": person.addresses}
    return {mapping.fields[name]: frozenset(values) for name, values in texts.items() if name in mapping.fields}


def _names(record: dict[str, object], person: Person, naming: Naming) -> bool:
    texts = {column: _as_id(value) for column, value in record.items()}
    if any(text in person.telling or text in naming.get(column, ()) for column, text in texts.items()):
        return True
    if set(record) != {"line"}:
        return False
    words = "|".join(re.escape(one) for one in sorted({*person.ids, *person.addresses}))
    return re.search(rf"(?<!\w)(?:{words})(?!\w)", texts["line"]) is not None  # a line of the file that is no row


def _as_id(value: object) -> str:
    """The value as an id is read: trimmed, without the ".0" of a column of numbers."""
    text = str(value).strip()
    return text[:-2] if re.fullmatch(r"-?\d+\.0", text) else text


def filled(staging: Staging, name: str, columns: list[str]) -> list[str]:
    """Columns of a table of the new file that hold at least one value."""
    some = ", ".join(f"EXISTS (SELECT 1 FROM {CATALOG}.main.{name} WHERE {column} IS NOT NULL)" for column in columns)
    found = staging.raw.execute(f"SELECT {some}").fetchone() or ()
    return [column for column, is_filled in zip(columns, found, strict=True) if is_filled]


def is_canonical(name: str, columns: list[str]) -> bool:
    return name in TABLES and "customer_id" in columns
