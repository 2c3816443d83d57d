"""What values decide where names leave a choice: the person behind a key, an order's total repeated on its lines, twin columns.

Each step takes an assignment and gives one, with findings for the user where something was decided that could be decided otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crm_core.errors import Problem
from crm_core.mapping.assign import Assignment, pair_score
from crm_core.mapping.fit import is_date, is_integer, is_number
from crm_core.mapping.grains import CLEAR, SHARED, Look
from crm_core.mapping.guess import by_values
from crm_core.mapping.links import contained_share, is_constant_within
from crm_core.mapping.model import fields_for
from crm_core.mapping.names import meaning
from crm_core.mapping.patterns import name_score
from crm_core.mapping.profile import ColumnProfile
from crm_core.sources.staging import Staging

#: Columns that may identify a customer where no id is given, the best first.
CONTACTS = ("email", "phone", "name")
#: A person's id repeats a little beside the key of each order; a city or a postcode repeats much more.
_LEAST_PERSONS = 0.5
_KEY_CLEAR = 0.9


@dataclass(frozen=True)
class Refined:
    assignment: Assignment
    problems: tuple[Problem, ...] = ()


def sales(staging: Staging, look: Look, assigned: Assignment) -> Refined:
    """Amounts, customer and date of a table of sales or orders."""
    assigned = by_values(look.columns, assigned) if assigned.grain == "order_lines" else assigned
    problems: list[Problem] = []
    assigned = _without_repeated_total(staging, look, assigned, problems)
    assigned = _customer_by_contact(look, assigned, problems)
    assigned = _without_part_of_discounts(look, assigned, problems)
    if assigned.grain == "orders":
        amounts = ("net_amount", "unit_price", "quantity", "list_amount", "discount_amount", "delivery_amount", "cost_amount", "unit_cost", "profit_amount", "line_no", "line_at")
        assigned = assigned.without(*amounts)
    return Refined(assigned, tuple(problems))


def customers(staging: Staging, look: Look, assigned: Assignment, orders: Sequence[tuple[str, str]]) -> Refined:
    """The key that the orders use, found by values, and the person's own id where that key is another one.

    `orders` are (table, column) of the customer in the tables of sales and orders.
    """
    if not orders:
        return Refined(assigned)
    shares = [(_share(staging, look, column, orders), column) for column in look.columns if _can_be_key(column)]
    linked = [(share, column) for share, column in shares if share >= SHARED]
    if not linked:
        return Refined(assigned, (_unlinked(look, orders),))
    named = assigned.fields.get("customer_id")
    key = max(linked, key=lambda pair: (pair[0], pair[1].distinct, pair[1].name == named))[1]
    person = _person(staging, look, key)
    if person is None:
        return Refined(assigned.having("customer_id", key.name, max(_KEY_CLEAR, assigned.score("customer_id"))).without("customer_key"))
    found = assigned.having("customer_key", key.name, _KEY_CLEAR).having("customer_id", person.name, _KEY_CLEAR)
    return Refined(found, (_person_found(look, key, person),))


def _share(staging: Staging, look: Look, column: ColumnProfile, orders: Sequence[tuple[str, str]]) -> float:
    own = (look.source, column.name)
    return max(max(contained_share(staging, own, other), contained_share(staging, other, own)) for other in orders)


def _can_be_key(column: ColumnProfile) -> bool:
    return bool(column.filled) and "unique" in column.hints and not is_date(column) or is_integer(column) and column.distinct == column.filled


def _person(staging: Staging, look: Look, key: ColumnProfile) -> ColumnProfile | None:
    """Another id column whose values repeat: several keys are one person."""
    found = [one for one in look.columns if one.name != key.name and _looks_like_id(one) and _LEAST_PERSONS * look.rows <= one.distinct < one.filled]
    named = [one for one in found if _says_customer(one)]
    return (named or [one for one in found if not meaning(one.name).concepts] or [None])[0]


def _says_customer(column: ColumnProfile) -> bool:
    said = meaning(column.name)
    return name_score("customers", "customer_id", said.concepts, said.unknown) >= 0.5


def _looks_like_id(column: ColumnProfile) -> bool:
    """Without blanks and with a digit in every example; no date, decimal, e-mail or phone."""
    if column.hints & {"email", "phone", "long_text", "url"} or is_date(column) and not is_number(column):
        return False
    if is_number(column) and not is_integer(column):
        return False
    return bool(column.examples) and all(any(sign.isdigit() for sign in one) and " " not in one.strip() for one in column.examples)


def _without_repeated_total(staging: Staging, look: Look, assigned: Assignment, problems: list[Problem]) -> Assignment:
    """An order's total that stands on each of its lines is no line amount where price and quantity are given as well."""
    order, amount = assigned.fields.get("order_id"), assigned.fields.get("net_amount")
    if order is None or amount is None or not {"unit_price", "quantity"} <= assigned.fields.keys():
        return assigned
    price = assigned.fields["unit_price"]
    if not is_constant_within(staging, look.source, order, amount) or is_constant_within(staging, look.source, order, price):
        return assigned
    message = f"“{amount}” is the same on all lines of an order, so it is the order's total; the amounts are taken as quantity × unit price"
    problems.append(Problem("order_total_on_lines", "info", message, "Choose it as net amount if that is wrong.", look.source, amount))
    return assigned.without("net_amount")


def _without_part_of_discounts(look: Look, assigned: Assignment, problems: list[Problem]) -> Assignment:
    """Where discounts stand in several columns, none of them alone is the discount."""
    taken = assigned.fields.get("discount_amount")
    discount = fields_for(assigned.grain)["discount_amount"]
    others = [one.name for one in look.columns if one.name not in assigned.fields.values() and pair_score(assigned.grain, discount, one) >= CLEAR]
    if taken is None or not others:
        return assigned
    named = "”, “".join([taken, *others])
    message = f"Discounts stand in several columns (“{named}”); none of them is the whole discount, so none is taken"
    problems.append(Problem("several_discounts", "info", message, "", look.source, taken))
    return assigned.without("discount_amount")


def _customer_by_contact(look: Look, assigned: Assignment, problems: list[Problem]) -> Assignment:
    """Without a customer id, customers are told apart by e-mail, phone or name, in that order."""
    if "customer_id" in assigned.fields:
        return assigned
    for contact in CONTACTS:
        column = assigned.fields.get(contact)
        if column is None:
            continue
        words = {"email": "e-mail", "phone": "phone", "name": "name"}[contact]
        severity = "warning" if contact == "name" else "info"
        message = f"There is no customer id, so customers are told apart by their {words}"
        hint = "People of the same name become one customer." if contact == "name" else ""
        problems.append(Problem("customer_by_contact", severity, message, hint, look.source, column))
        return assigned.having("customer_id", column, 0.6)
    return assigned


def _unlinked(look: Look, orders: Sequence[tuple[str, str]]) -> Problem:
    table, column = orders[0]
    message = f"No column holds the customers that “{column}” of {table} names"
    return Problem("customers_unlinked", "warning", message, "Its columns are taken along only for customers found in both files.", look.source)


def _person_found(look: Look, key: ColumnProfile, person: ColumnProfile) -> Problem:
    message = f"The orders name customers by “{key.name}”, which is new for each order; “{person.name}” repeats and is taken as the person ({person.distinct:,} people)"
    return Problem("customer_key_found", "info", message, "", look.source, key.name)
