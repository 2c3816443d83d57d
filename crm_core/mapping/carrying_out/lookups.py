"""Tables that complete others by a key: the order of a line, the person behind a key or an e-mail, the product of a line.

Grain: one row a key. Where the data has several rows for one key the first row wins, so that a lookup never multiplies lines;
how many rows were too many goes to the receipt. Lookups are made once and lie in the staging file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import ibis
import ibis.expr.types as ir

from crm_core.mapping.carrying_out.reading import Plan, read
from crm_core.mapping.model import Grain
from crm_core.sources.staging import Staging

#: What a line may take from its order, and from its product.
FROM_ORDER = ("customer_id", "ordered_at", "status", "currency")
FROM_PRODUCT = ("product", "category", "unit_cost")
#: Which tables tell whose an e-mail is, the most trusted first.
EMAIL_KNOWN_BY: tuple[Grain, ...] = ("customers", "orders", "order_lines")


@dataclass(frozen=True)
class Lookup:
    """`rows` has one row per `key`; `repeated` counts the rows beyond the first of a key."""

    rows: ir.Table
    key: tuple[str, ...]
    repeated: int


@dataclass(frozen=True)
class Lookups:
    """None where no source gives the table."""

    people: Lookup | None
    orders: Lookup | None
    products: Lookup | None
    emails: Lookup | None = None


class Feeding(Protocol):
    """What an import and an opening in place know of their sources."""

    def feeds(self, field: str, *grains: Grain) -> bool: ...


def who_knows_emails(plan: Feeding) -> Grain | None:
    """The first kind of table with e-mail and id of a customer, where contacts have e-mails; else None."""
    if not plan.feeds("email", "contacts"):
        return None
    return next((grain for grain in EMAIL_KNOWN_BY if plan.feeds("email", grain) and plan.feeds("customer_id", grain)), None)


def make(plan: Plan) -> Lookups:
    people = _people(plan)
    return Lookups(people, _orders(plan, people), _products(plan), _emails(plan, people))


def _people(plan: Plan) -> Lookup | None:
    """customer_key -> customer_id, where orders name customers by another key than the person's."""
    if not plan.feeds("customer_key", "customers"):
        return None
    rows = read(plan, "customers").select("customer_key", "customer_id", "position")
    return _first_of_each(plan.staging, "people", rows.drop_null(["customer_key", "customer_id"]), ("customer_key",))


def _orders(plan: Plan, people: Lookup | None) -> Lookup | None:
    """order_id (with customer_id where customers share order ids and lines tell the customer) -> what the order tells of its lines."""
    if not plan.of("orders"):
        return None
    rows = with_person(read(plan, "orders"), people)
    rows = rows.select("order_id", *FROM_ORDER, "position").drop_null(["order_id"])
    is_shared = rows.group_by("order_id").aggregate(customers=rows.customer_id.nunique())
    needs_customer = plan.feeds("customer_id", "order_lines") and bool(plan.staging.con.execute((is_shared.customers > 1).any()))
    return _first_of_each(plan.staging, "orders", rows, ("customer_id", "order_id") if needs_customer else ("order_id",))


def _products(plan: Plan) -> Lookup | None:
    if not plan.of("products"):
        return None
    rows = read(plan, "products").select("product_id", *FROM_PRODUCT, "position")
    return _first_of_each(plan.staging, "products", rows.drop_null(["product_id"]), ("product_id",))


def _emails(plan: Plan, people: Lookup | None) -> Lookup | None:
    """E-mail in small letters -> customer_id, where contacts name customers so, from the first kind of table that knows both."""
    grain = who_knows_emails(plan)
    if grain is None:
        return None
    rows = with_person(read(plan, grain), people)
    rows = rows.select("customer_id", "position", email_key=email_key(rows.email)).drop_null(["email_key", "customer_id"])
    pairs = rows.group_by("email_key", "customer_id").aggregate(position=rows.position.min())
    return _first_of_each(plan.staging, "emails", pairs, ("email_key",))


def _first_of_each(staging: Staging, name: str, rows: ir.Table, key: tuple[str, ...]) -> Lookup:
    ref = f"lookup_{name}"
    staging.raw.execute(f"CREATE OR REPLACE TABLE {ref}_all AS {staging.con.compile(rows)}")
    every = staging.con.table(f"{ref}_all")
    first = every.group_by(*key).aggregate(position=every.position.min())
    chosen = every.semi_join(first, "position").drop("position")
    staging.raw.execute(f"CREATE OR REPLACE TABLE {ref} AS {staging.con.compile(chosen)}")
    counts = [int(staging.con.execute(table.count())) for table in (every, staging.con.table(ref))]
    staging.raw.execute(f"DROP TABLE {ref}_all")
    return Lookup(staging.con.table(ref), key, counts[0] - counts[1])


# -- completing rows ---------------------------------------------------------------------------------------------------


def with_person(rows: ir.Table, people: Lookup | None) -> ir.Table:
    """Rows with the person's id where their customer_id is a key of the customers table; other ids stay."""
    if people is None:
        return rows
    found = people.rows.select(found_key="customer_key", found_person="customer_id")
    joined = rows.left_join(found, rows.customer_id == found.found_key)
    return joined.mutate(customer_id=ibis.coalesce(joined.found_person, joined.customer_id)).drop("found_key", "found_person")


def with_email(rows: ir.Table, emails: Lookup | None) -> ir.Table:
    """Rows without a customer's id take the one that their e-mail belongs to; an address that nobody has stands for itself."""
    if emails is not None:
        found = emails.rows.select(found_email="email_key", found_customer="customer_id")
        joined = rows.left_join(found, email_key(rows.email) == found.found_email)
        rows = joined.mutate(customer_id=ibis.coalesce(joined.customer_id, joined.found_customer)).drop("found_email", "found_customer")
    return rows.mutate(customer_id=ibis.coalesce(rows.customer_id, rows.email.strip().nullif("")))


def email_key(address: ir.StringValue) -> ir.StringValue:
    """By which addresses are the same: in whatever letters."""
    return address.strip().lower().nullif("")


def with_order(rows: ir.Table, orders: Lookup | None) -> ir.Table:
    """Lines with `order_customer_id`, `order_ordered_at`, `order_status`, `order_currency` and `is_order_found`."""
    if orders is None:
        missing = {f"order_{name}": ibis.null(_type(name)) for name in FROM_ORDER}
        return rows.mutate(**missing, is_order_found=ibis.literal(False))
    names = {f"order_{name}": name for name in FROM_ORDER}
    found = orders.rows.select(**{f"key_{name}": name for name in orders.key}, **names)
    joined = rows.left_join(found, [rows[name] == found[f"key_{name}"] for name in orders.key])
    return joined.mutate(is_order_found=joined.key_order_id.notnull()).drop(*(f"key_{name}" for name in orders.key))


def with_product(rows: ir.Table, products: Lookup | None) -> ir.Table:
    """Lines with product, category and unit cost of the products list where they have none of their own."""
    if products is None:
        return rows
    found = products.rows.select(key_product_id="product_id", **{f"listed_{name}": name for name in FROM_PRODUCT})
    joined = rows.left_join(found, rows.product_id == found.key_product_id)
    completed = {name: ibis.coalesce(joined[name], joined[f"listed_{name}"]) for name in FROM_PRODUCT}
    return joined.mutate(**completed).drop("key_product_id", *(f"listed_{name}" for name in FROM_PRODUCT))


def _type(name: str) -> str:
    return "timestamp" if name == "ordered_at" else "string"
