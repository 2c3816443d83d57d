"""What values decide where names leave a choice: the person behind a key, an order's total repeated on its lines, twin columns.

Each step takes an assignment and gives one, with findings for the user where something was decided that could be decided otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crm_core.errors import Problem, Severity
from crm_core.mapping.meaning.assign import NEARLY, Assignment, pair_score
from crm_core.mapping.meaning.fit import fit, is_date, is_decimal, is_integer, is_number, is_of_names
from crm_core.mapping.meaning.grains import CLEAR, SHARED, Look, answers_of
from crm_core.mapping.meaning.guess import VAGUE, by_values
from crm_core.mapping.meaning.links import adds_up, contained_share, counts_rows_of, is_constant_within, varying_shares
from crm_core.mapping.meaning.names import meaning
from crm_core.mapping.meaning.patterns import name_score
from crm_core.mapping.meaning.vocabulary import LEADING
from crm_core.mapping.model import fields_for
from crm_core.mapping.values.profile import ColumnProfile
from crm_core.schema import SCORE_FIELDS, Field
from crm_core.sources.staging import Staging

#: Columns that may identify a customer where no id is given, the best first.
CONTACTS = {"email": "e-mail", "phone": "phone", "name": "name"}
_BY_CONTACT = 0.6
#: A column called "customer" is this likely an id where it holds names.
NAMES_ONLY = 0.55
#: So clearly a column beside amounts holds scores.
_SCORES = 0.85
#: So clearly a column is called like a field.
CALLED = 0.6
#: What is told of cases, and would be missed.
_TOLD_OF_CASES = (
    "first_response_at",
    "resolved_at",
    "closed_at",
    "is_within_sla",
    "count_reopened",
    "count_contacts",
    "is_escalated",
    "csat_score",
)
#: A person's id repeats a little beside the key of each order; a city or a postcode repeats much more.
_LEAST_PERSONS = 0.5
_KEY_CLEAR = 0.9
#: From this share of the cases of several rows on, a date that differs within them is that of an event.
_OF_EVENTS = 0.5


@dataclass(frozen=True)
class Refined:
    assignment: Assignment
    problems: tuple[Problem, ...] = ()


def sales(staging: Staging, look: Look, assigned: Assignment) -> Refined:
    """Amounts, customer and date of a table of sales or orders."""
    problems: list[Problem] = []
    if assigned.grain == "order_lines":
        assigned = _customer_by_contact(look, assigned, problems, ("email", "phone"))
        assigned = _customer_by_contact(look, by_values(staging, look.source, look.columns, assigned), problems, ("name",))
        assigned = _order_by_values(staging, look, assigned)
        assigned = _without_line_numbers(staging, look, assigned)
        assigned = _without_repeated_total(staging, look, assigned, problems)
        assigned = _without_part_of_discounts(look, assigned, problems)
        problems += [*_refunds_beside(look, assigned), *_scores_beside(look, assigned)]
    else:
        assigned = _customer_by_contact(look, assigned, problems, tuple(CONTACTS))
    return Refined(assigned, tuple(problems))


def surveys(look: Look, assigned: Assignment) -> Refined:
    """Scores, where their own name does not say it, and what is told of customers and of columns that are not used."""
    answers = answers_of(look) if "measure" in assigned.fields and not {*SCORE_FIELDS} & assigned.fields.keys() else None
    if answers is not None:
        assigned = assigned.having("score", answers.name, CLEAR)
    assigned = _one_of_each_measure(look, assigned)
    return Refined(assigned, (*_customers_by_name(look, assigned), *_unread(look, assigned, SCORE_FIELDS[1:])))


def _one_of_each_measure(look: Look, assigned: Assignment) -> Assignment:
    """A single column of scores is the score, whatever its measure; two columns of one measure are one too many, and asked about."""
    score = assigned.fields.get("score")
    if score is not None:
        said = meaning(score).concepts
        double = next((name for name in SCORE_FIELDS[1:] if name in assigned.fields and name.removesuffix("_score") in said), None)
        if double is not None:
            assigned = _better_of(look, assigned, double, score)
    fed = [name for name in SCORE_FIELDS if name in assigned.fields]
    if len(fed) != 1 or fed == ["score"]:
        return assigned
    made = assigned.having("score", assigned.fields[fed[0]], assigned.score(fed[0])).without(fed[0])
    rivals = {"score": made.rivals[fed[0]]} if fed[0] in made.rivals else {}
    return Assignment(made.grain, made.fields, made.scores, {name: near for name, near in made.rivals.items() if name not in fed} | rivals)


def _better_of(look: Look, assigned: Assignment, field: str, score: str) -> Assignment:
    """Of two columns of one measure the one whose name says it better; the other is a rival where it says it about as well."""
    known, taken = fields_for(assigned.grain)[field], assigned.fields[field]
    said = {column: pair_score(assigned.grain, known, look.column(column)) for column in (taken, score)}
    best, other = sorted(said, key=lambda column: -said[column])
    rest = assigned.without("score").having(field, best, said[best])
    near = (other,) if said[other] >= NEARLY * said[best] else ()
    rivals = (*near, *(one for one in assigned.rivals.get(field, ()) if one not in said))
    return Assignment(rest.grain, rest.fields, rest.scores, rest.rivals | ({field: rivals} if rivals else {}))


def cases(staging: Staging, look: Look, assigned: Assignment) -> Refined:
    """The moments of a log of events, and what is told of customers and of columns that are not used."""
    assigned = _events(staging, look, assigned)
    return Refined(assigned, (*_customers_by_name(look, assigned), *_unread(look, assigned, _TOLD_OF_CASES)))


def contacts(look: Look, assigned: Assignment) -> Refined:
    """Whom a contact was with: "Contact id" is the person's where nothing else says who it was, and addresses are e-mails whatever their name."""
    named = assigned.fields.get("contact_id")
    if named is not None and not {"customer_id", "email"} & assigned.fields.keys() and "contacts" in meaning(named).concepts:
        assigned = assigned.without("contact_id").having("customer_id", named, CLEAR)
    customer = assigned.fields.get("customer_id")
    if customer is not None and "email" not in assigned.fields and "email" in look.column(customer).hints:
        assigned = assigned.without("customer_id").having("email", customer, CLEAR)
    return Refined(assigned, tuple(_customers_by_name(look, assigned)))


def _events(staging: Staging, look: Look, assigned: Assignment) -> Assignment:
    """A log of events: the date that differs within a case is that of the event, and the case was opened with the first of them."""
    case, opened = assigned.fields.get("case_id"), assigned.fields.get("opened_at")
    if case is None or opened is None:
        is_log = case is not None and not look.is_key(case)
        return assigned if is_log else assigned.without("updated_at")  # the day of a change says nothing of a single row's opening
    if "updated_at" in assigned.fields:
        return assigned
    varying = varying_shares(staging, look.source, case, (opened,)).get(opened, 0.0)
    return assigned.having("updated_at", opened, assigned.score("opened_at")) if varying >= _OF_EVENTS else assigned


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
    person = _person(look, key)
    if person is None:
        return Refined(assigned.having("customer_id", key.name, max(_KEY_CLEAR, assigned.score("customer_id"))).without("customer_key"))
    found = assigned.having("customer_key", key.name, _KEY_CLEAR).having("customer_id", person.name, _KEY_CLEAR)
    return Refined(found, (_person_found(look, key, person),))


def _customers_by_name(look: Look, assigned: Assignment) -> list[Problem]:
    """A warning where the customers of responses or cases are told apart by their names."""
    column = assigned.fields.get("customer_id")
    if column is None or assigned.score("customer_id") > NAMES_ONLY or not is_of_names(look.column(column)):
        return []
    return [_by_contact(look, column, "name")]


def _unread(look: Look, assigned: Assignment, fields: Sequence[str]) -> list[Problem]:
    """A warning for each column that is called like a field of which nothing is known, and whose values are no such thing."""
    known = fields_for(assigned.grain)
    found = []
    for one in look.columns:
        if one.filled and one.name not in assigned.fields.values():
            weights = {name: name_score(assigned.grain, name, meaning(one.name)) for name in fields if name not in assigned.fields}
            name = max(weights, key=lambda field: weights[field], default=None)
            if name is not None and weights[name] >= CALLED and fit(known[name], one) < CLEAR:
                found.append(_not_read(look, one, known[name]))
    return found


def _not_read(look: Look, column: ColumnProfile, field: Field) -> Problem:
    message = f"The column is called like “{field.label.lower()}”, but its values are not read as that, so it is not used"
    hint = "Times are read as moments (day and hour), not as how long something took." if field.kind == "timestamp" else ""
    example = column.examples[0] if column.examples else ""
    return Problem("column_not_read", "warning", message, hint, look.source, column.name, example=example)


def _share(staging: Staging, look: Look, column: ColumnProfile, orders: Sequence[tuple[str, str]]) -> float:
    own = (look.source, column.name)
    return max(max(contained_share(staging, own, other), contained_share(staging, other, own)) for other in orders)


def _can_be_key(column: ColumnProfile) -> bool:
    return (bool(column.filled) and "unique" in column.hints and not is_date(column)) or (
        is_integer(column) and column.distinct == column.filled
    )


def _person(look: Look, key: ColumnProfile) -> ColumnProfile | None:
    """Another id column whose values repeat: several keys are one person."""
    found = [
        one
        for one in look.columns
        if one.name != key.name and _looks_like_id(one) and _LEAST_PERSONS * look.rows <= one.distinct < one.filled
    ]
    named = [one for one in found if _says_customer(one)]
    return next(iter(named or [one for one in found if meaning(one.name).concepts <= VAGUE]), None)


def _says_customer(column: ColumnProfile) -> bool:
    said = meaning(column.name)
    return "unique" in said.concepts or name_score("customers", "customer_id", said) >= 0.5


def _looks_like_id(column: ColumnProfile) -> bool:
    """Without blanks and with a digit in every example; no date, decimal, e-mail or phone."""
    if column.hints & {"email", "phone", "long_text", "url"} or (is_date(column) and not is_number(column)):
        return False
    if is_number(column) and not is_integer(column):
        return False
    return bool(column.examples) and all(any(sign.isdigit() for sign in one) and " " not in one.strip() for one in column.examples)


def _order_by_values(staging: Staging, look: Look, assigned: Assignment) -> Assignment:
    """Without a named order id: a repeated id whose rows are all of one moment and one customer (Shopify calls it "Name")."""
    date, customer = assigned.fields.get("ordered_at"), assigned.fields.get("customer_id")
    if "order_id" in assigned.fields or date is None or customer is None:
        return assigned
    for one in look.columns:
        is_free = one.name not in assigned.fields.values() and meaning(one.name).concepts <= VAGUE | {"name"}
        if (
            is_free
            and one.filled == one.rows > one.distinct
            and _looks_like_id(one)
            and all(is_constant_within(staging, look.source, one.name, other) for other in (date, customer))
        ):
            return assigned.having("order_id", one.name, CLEAR)
    return assigned


def _without_line_numbers(staging: Staging, look: Look, assigned: Assignment) -> Assignment:
    """A column that is a count or a number by its name ("num_item") numbers lines where it counts those of each order from one."""
    order, quantity = assigned.fields.get("order_id"), assigned.fields.get("quantity")
    if order is None or quantity is None or not LEADING.keys() & {*meaning(quantity).words}:
        return assigned
    if not counts_rows_of(staging, look.source, order, quantity):
        return assigned
    return assigned.without("quantity") if "line_no" in assigned.fields else assigned.having("line_no", quantity, CLEAR)


def _without_repeated_total(staging: Staging, look: Look, assigned: Assignment, problems: list[Problem]) -> Assignment:
    """An order's total that stands on each or the first of its lines is no line amount: other columns take its place, or the user is asked."""
    order, total = assigned.fields.get("order_id"), assigned.fields.get("net_amount")
    if order is None or total is None or not is_constant_within(staging, look.source, order, total):
        return assigned
    other = _line_amount(staging, look, assigned, order, total)
    if other is None:
        problems.append(
            _total_on_lines(
                look, total, "question", "so it may be the order's total, and adding the lines would count it several times", _CHOOSE_AMOUNT
            )
        )
        return assigned
    field, column = other
    how = f"“{column}”" if field == "net_amount" else f"quantity × “{column}”"
    problems.append(
        _total_on_lines(
            look,
            total,
            "info",
            f"so it is the order's total; the amounts of the lines are taken from {how}",
            "Choose it as net amount if that is wrong.",
        )
    )
    return assigned.without("net_amount").having(field, column, max(CLEAR, assigned.score(field)))


def _line_amount(staging: Staging, look: Look, assigned: Assignment, order: str, total: str) -> tuple[str, str] | None:
    """(field, column) that gives the amount of each line: by name, else the price at hand, else a column that adds up to the total."""
    free = [
        one
        for one in look.columns
        if one.name not in assigned.fields.values() or one.name in (assigned.fields.get("cost_amount"), assigned.fields.get("unit_cost"))
    ]
    net = fields_for(assigned.grain)["net_amount"]
    named = [(pair_score(assigned.grain, net, one), one.name) for one in free]
    for score, column in sorted(named, reverse=True):
        if score >= CLEAR and not is_constant_within(staging, look.source, order, column):
            return "net_amount", column
    price, quantity = assigned.fields.get("unit_price"), assigned.fields.get("quantity")
    if price is not None and quantity is not None:
        is_of_lines = not is_constant_within(staging, look.source, order, price)
        if is_of_lines or adds_up(staging, look.source, order, total, (price, quantity)):
            return "unit_price", price
    for one in free:
        if is_decimal(one) and one.number is not None:
            if adds_up(staging, look.source, order, total, (one.name,)):
                return "net_amount", one.name
            if quantity is not None and adds_up(staging, look.source, order, total, (one.name, quantity)):
                return "unit_price", one.name
    return None


_CHOOSE_AMOUNT = "Say which column is the amount of a line, or which are its unit price and quantity."
_AMOUNT_OPTIONS = "--map net_amount=COLUMN, or --map unit_price=COLUMN --map quantity=COLUMN"


def _total_on_lines(look: Look, total: str, severity: Severity, what: str, hint: str) -> Problem:
    is_asked = severity == "question"
    code, option = ("which_net_amount", _AMOUNT_OPTIONS) if is_asked else ("order_total_on_lines", "")
    message = f"“{total}” is the same on all lines of an order, {what}"
    return Problem(code, severity, message, hint, look.source, total, option=option)


def _without_part_of_discounts(look: Look, assigned: Assignment, problems: list[Problem]) -> Assignment:
    """Where discounts stand in several columns, none of them alone is the discount."""
    taken = assigned.fields.get("discount_amount")
    discount = fields_for(assigned.grain)["discount_amount"]
    others = [
        one.name for one in look.columns if one.name not in assigned.fields.values() and pair_score(assigned.grain, discount, one) >= CLEAR
    ]
    if taken is None or not others:
        return assigned
    named = "”, “".join([taken, *others])
    message = f"Discounts stand in several columns (“{named}”); none of them is the whole discount, so none is taken"
    problems.append(Problem("several_discounts", "info", message, "", look.source, taken))
    return assigned.without("discount_amount")


def _refunds_beside(look: Look, assigned: Assignment) -> list[Problem]:
    """A warning for amounts of refunds in a column of their own: sales stand before them."""
    free = [one for one in look.columns if "refund" in meaning(one.name).concepts and one.name not in assigned.fields.values()]
    found = [one for one in free if is_number(one) and not meaning(one.name).concepts & {"id", "count", "date"} and (one.maximum or 0) > 0]
    message = "The column holds refunds; they are not taken off the sales, which stand as before them"
    hint = "If they should lower the sales, export refunds as rows with negative amounts."
    return [Problem("refunds_not_netted", "warning", message, hint, look.source, one.name) for one in found]


def _scores_beside(look: Look, assigned: Assignment) -> list[Problem]:
    """A warning for scores of a survey beside amounts: a row is a sale, so they are not used."""
    known = fields_for("surveys")
    free = [one for one in look.columns if one.name not in assigned.fields.values()]
    found = [one for one in free if any(pair_score("surveys", known[name], one) >= _SCORES for name in SCORE_FIELDS)]
    message = "The column holds scores of a survey; a row counts as a sale, so they are not used"
    hint = "Give the responses as a file of their own, or say that a row is a response (then its amounts are not used)."
    return [
        Problem("scores_not_used", "warning", message, hint, look.source, one.name, option=f'--map "surveys.score={one.name}"')
        for one in found
    ]


def _customer_by_contact(look: Look, assigned: Assignment, problems: list[Problem], contacts: Sequence[str]) -> Assignment:
    """Without a customer id, customers are told apart by e-mail, phone or name, in that order."""
    found = next((name for name in contacts if name in assigned.fields), None)
    if found is None or (assigned.score("customer_id") >= CLEAR and "customer_id" in assigned.fields):
        return assigned
    column = assigned.fields[found]
    problems.append(_by_contact(look, column, found))
    return assigned.having("customer_id", column, _BY_CONTACT)


def _by_contact(look: Look, column: str, contact: str) -> Problem:
    message = f"There is no customer id, so customers are told apart by their {CONTACTS[contact]}"
    hint = "People of the same name become one customer." if contact == "name" else ""
    return Problem("customer_by_contact", "warning" if contact == "name" else "info", message, hint, look.source, column)


def _unlinked(look: Look, orders: Sequence[tuple[str, str]]) -> Problem:
    table, column = orders[0]
    message = f"No column holds the customers that “{column}” of {table} names"
    return Problem(
        "customers_unlinked", "warning", message, "Its columns are taken along only for customers found in both files.", look.source
    )


def _person_found(look: Look, key: ColumnProfile, person: ColumnProfile) -> Problem:
    message = f"The orders name customers by “{key.name}”, which is new for each order; “{person.name}” repeats and is taken as the person"
    message += f" ({person.distinct:,} people)"
    return Problem("customer_key_found", "info", message, "", look.source, key.name)
