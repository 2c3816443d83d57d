"""Tables that complete others by a key: the order of a line, the person behind a key or an e-mail, the product of a line.

Grain: one row a key. Where the opening finds every key once, the company's table is joined as it is; else its rows are brought together first, by
the least value of each field, so that a lookup never multiplies lines.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import ibis.expr.types as ir

from crm_core.mapping.carrying_out.lookups import (
    FROM_ORDER,
    FROM_PRODUCT,
    Lookup,
    Lookups,
    email_key,
    who_knows_emails,
    with_person,
)
from crm_core.mapping.in_place.model import Plan
from crm_core.mapping.in_place.reading import read
from crm_core.mapping.model import Grain


@dataclass(frozen=True)
class Keyed:
    """What one question tells of a table by its key: rows of each source, those without the key, rows beyond the first of a key; whether
    several customers share a key, and whether rows lack a customer.
    """

    rows: dict[int, int] = field(default_factory=dict)
    keyless: dict[int, int] = field(default_factory=dict)
    repeated: int = 0
    is_shared: bool = False


#: Tables that complete others, with the key without which a row of them is of no use.
KEYS: dict[Grain, str] = {"orders": "order_id", "customers": "customer_id", "products": "product_id"}


def keyed(plan: Plan, grain: Grain) -> Keyed:
    """How the keys of a grain stand in its tables; one question."""
    numbers = [one.number for one in plan.of(grain)]
    if not numbers:
        return Keyed()
    rows, key = read(plan, grain), KEYS[grain]
    each = {f"rows_{number}": rows.count(where=rows.source_no == number) for number in numbers}
    owners = {"first": rows.customer_id.min(), "last": rows.customer_id.max()} if grain == "orders" else {}
    groups = rows.group_by(key=key).aggregate(every=rows.count(), **each, **owners)
    is_keyed = groups.key.notnull()
    counts = {f"rows_{number}": groups[f"rows_{number}"].sum() for number in numbers}
    keyless = {f"keyless_{number}": groups[f"rows_{number}"].sum(where=~is_keyed) for number in numbers}
    shared = {"is_shared": (is_keyed & (groups["first"] < groups["last"])).any()} if owners else {}
    row = plan.ask(groups.aggregate(repeated=(groups.every - 1).sum(where=is_keyed), **counts, **keyless, **shared))[0]
    return Keyed(
        {number: int(row[f"rows_{number}"] or 0) for number in numbers},
        {number: int(row[f"keyless_{number}"] or 0) for number in numbers},
        int(row["repeated"] or 0),
        bool(row.get("is_shared")),
    )


def make(plan: Plan, orders: Keyed, products: Keyed) -> Lookups:
    """None where no source gives the table."""
    people = _people(plan)
    return Lookups(people, _orders(plan, people, orders), _products(plan, products), _emails(plan, people))


def _people(plan: Plan) -> Lookup | None:
    """customer_key -> customer_id, where orders name customers by another key than the person's."""
    if not plan.feeds("customer_key", "customers"):
        return None
    rows = read(plan, "customers").select("customer_key", "customer_id").drop_null(["customer_key", "customer_id"])
    groups = rows.group_by("customer_key").aggregate(every=rows.count())
    repeated = int(plan.ask(groups.aggregate(repeated=(groups.every - 1).sum()))[0]["repeated"] or 0)
    return Lookup(_one_each(rows, ("customer_key",)) if repeated else rows, ("customer_key",), repeated)


def _orders(plan: Plan, people: Lookup | None, known: Keyed) -> Lookup | None:
    """order_id (with customer_id where customers share order ids and lines tell the customer) -> what the order tells of its lines."""
    if not plan.of("orders"):
        return None
    rows = with_person(read(plan, "orders"), people).select("order_id", *FROM_ORDER).drop_null(["order_id"])
    needs_customer = known.is_shared and plan.feeds("customer_id", "order_lines")
    key = ("customer_id", "order_id") if needs_customer else ("order_id",)
    return Lookup(_one_each(rows, key) if known.repeated else rows, key, known.repeated)


def _products(plan: Plan, known: Keyed) -> Lookup | None:
    if not plan.of("products"):
        return None
    rows = read(plan, "products").select("product_id", *FROM_PRODUCT).drop_null(["product_id"])
    return Lookup(_one_each(rows, ("product_id",)) if known.repeated else rows, ("product_id",), known.repeated)


def _emails(plan: Plan, people: Lookup | None) -> Lookup | None:
    """E-mail in small letters -> customer_id, where contacts name customers so."""
    grain = who_knows_emails(plan)
    if grain is None:
        return None
    rows = with_person(read(plan, grain), people)
    rows = rows.select("customer_id", email_key=email_key(rows.email)).drop_null(["email_key", "customer_id"])
    return Lookup(_one_each(rows, ("email_key",)), ("email_key",), 0)


def _one_each(rows: ir.Table, key: tuple[str, ...]) -> ir.Table:
    return rows.group_by(*key).aggregate(**{name: rows[name].min() for name in rows.columns if name not in key}).select(*rows.columns)
