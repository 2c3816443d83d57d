"""What one row of each source table is: a sale, an order, a customer, a product, a response, a case, a contact, or nothing to use.

First each table is judged for itself (`own_grain`), by which fields its columns would feed; then tables are judged together
(`decide_grains`): a file of orders is completed by a file of lines, two files may tell the same sales twice, and a list of people is a
list of customers only if it knows them by an id.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from crm_core.mapping.meaning.assign import Assignment, assign
from crm_core.mapping.meaning.fit import READABLE, fit, holds_outcomes
from crm_core.mapping.meaning.guess import MUTE, could_be_sales
from crm_core.mapping.meaning.links import contained_share
from crm_core.mapping.meaning.names import meaning
from crm_core.mapping.model import GRAIN_LABELS, Grain, fields_for
from crm_core.mapping.values.outcomes import MARKS, known_outcome
from crm_core.mapping.values.profile import ColumnProfile
from crm_core.schema import SCORE_FIELDS
from crm_core.sources.staging import Staging

#: A field counts for the grain where its column is at least this likely.
CLEAR = 0.5
#: Keys of two tables are the same thing where at least this share of one side's values occurs on the other.
SHARED = 0.3
_CASE_FIELDS = ("first_response_at", "resolved_at", "closed_at", "due_at", "is_within_sla", "priority", "count_reopened", "is_escalated")
_OF_PEOPLE = ("email", "phone", "consent", "region", "city", "joined_on")
#: What a column of answers may be called beside one that names the measure of each.
_ANSWERS = frozenset({"survey", "amount", "answered", "score", "unit"})
_CUSTOMER_WORDS = ("customer_id", "email", "phone", "name")


@dataclass
class Look:
    """One source table with its columns' profiles and the assignment each grain would give."""

    source: str
    rows: int
    columns: tuple[ColumnProfile, ...]
    _assigned: dict[Grain, Assignment] = field(default_factory=dict)

    def assigned(self, grain: Grain) -> Assignment:
        if grain not in self._assigned:
            self._assigned[grain] = assign(grain, self.columns)
        return self._assigned[grain]

    def has(self, grain: Grain, name: str, score: float = CLEAR) -> bool:
        one = self.assigned(grain)
        return name in one.fields and one.score(name) >= score

    def column(self, name: str) -> ColumnProfile:
        return next(one for one in self.columns if one.name == name)

    def fed(self, grain: Grain, name: str) -> ColumnProfile | None:
        column = self.assigned(grain).fields.get(name)
        return self.column(column) if column else None

    def is_comment(self, column: str) -> bool:
        """Was it taken for a comment, for want of anything better?"""
        return self.assigned("surveys").fields.get("comment") == column

    def is_key(self, column: str) -> bool:
        one = self.column(column)
        return one.filled == one.rows and "unique" in one.hints

    @property
    def shape(self) -> tuple[str, ...]:
        return tuple(sorted(one.name for one in self.columns))

    @cached_property
    def words(self) -> frozenset[str]:
        """Concepts of the table's own name ("olist_order_reviews_dataset.csv" is about orders and surveys)."""
        return meaning(self.source.rsplit(".", 1)[0]).concepts

    def says(self, concept: str) -> bool:
        """Does the name of the table or of a column stand for it?"""
        return concept in self.words or any(concept in meaning(one.name).concepts for one in self.columns)

    @property
    def is_mute(self) -> bool:
        """True where no column's name says anything: a file without header."""
        return all(meaning(one.name).concepts <= MUTE for one in self.columns)

    @property
    def has_amount(self) -> bool:
        return self.has("order_lines", "net_amount") or self.has("order_lines", "unit_price")

    @property
    def has_customer(self) -> bool:
        return any(self.has("order_lines", name) for name in _CUSTOMER_WORDS)


@dataclass(frozen=True)
class Verdict:
    """A table's grain with the reason in words."""

    grain: Grain
    reason: str


def own_grain(look: Look) -> Verdict:
    """What a row is, by this table alone; the first rule that holds."""
    for grain, holds, reason in _RULES:
        if holds(look):
            return Verdict(grain, reason)
    return Verdict("ignore", "it has neither amounts with dates, nor a key of orders, customers or products, nor scores or cases")


def _is_contacts(look: Look) -> bool:
    """Whom the company wrote to or called, and when; told by what became of it, by the day it went out, or by the name of the table."""
    is_doubtful = look.has_amount or any(look.has("surveys", name, 0.75) for name in SCORE_FIELDS)
    is_other = look.has("order_lines", "quantity", 0.9) or look.has("orders", "order_id", 0.8) or look.says("case") or look.says("carrier")
    if is_other or (is_doubtful and not _speaks_of_mailings(look)) or not (_says_whom(look) and look.has("contacts", "contacted_at")):
        return False
    told = 2 * _tells_outcomes(look) + 2 * _went_out(look)
    points = 2 * look.has("contacts", "campaign", 0.7) + look.has("contacts", "channel", 0.8) + look.has("contacts", "contact_id", 0.8)
    return bool(told) and told + points - _is_list_of_people(look) >= 3


def _says_whom(look: Look) -> bool:
    """Has it a customer or an e-mail, or the "contact id" of a person?"""
    contact = look.fed("contacts", "contact_id")
    is_person = contact is not None and "contacts" in meaning(contact.name).concepts
    return look.has("contacts", "customer_id") or look.has("contacts", "email") or is_person


def _speaks_of_mailings(look: Look) -> bool:
    """Do words or marks say that somebody followed a link or wants no more? Orders and answers are "delivered" and "open" too."""
    outcome = look.fed("contacts", "outcome")
    decisive = {known_outcome(word) for word in outcome.examples} & {"clicked", "opted_out"} if outcome is not None else set()
    return bool(decisive) or _marks(look) >= 2


def _tells_outcomes(look: Look) -> bool:
    """Words of outcomes in a column of them, or columns that mark several."""
    outcome = look.fed("contacts", "outcome")
    return (outcome is not None and holds_outcomes(outcome)) or _marks(look) >= 2


def _marks(look: Look) -> int:
    return sum(look.has("contacts", name, 0.7) for name in MARKS)


def _went_out(look: Look) -> bool:
    """Does the day say that something was sent or somebody called, or the table's name?"""
    day = look.fed("contacts", "contacted_at")
    said = meaning(day.name).concepts if day is not None else frozenset[str]()
    return bool((said | look.words) & {"contacts", "sent", "campaign", "called"})


def _is_list_of_people(look: Look) -> int:
    """Points against contacts: each customer once, with what is told of people ("unsubscribed" of a list of customers)."""
    keys = [fed for name in ("customer_id", "email") if (fed := look.fed("contacts", name))]
    told = sum(
        look.has("customers", name, 0.7) for name in ("name", "phone", "region", "city", "country", "joined_on", "acquisition_channel")
    )
    return 3 * told if any(look.is_key(key.name) for key in keys) else 0


def _is_cases(look: Look) -> bool:
    own = look.assigned("cases")
    points = sum(1 for name in _CASE_FIELDS if own.score(name) >= 0.8 and name in own.fields) + _is_opened(look)
    says_case = any("case" in meaning(one.name).concepts for one in look.columns) or "case" in look.words
    is_sale = (
        look.has("order_lines", "net_amount", 0.8) and look.has("order_lines", "order_id", 0.8) and look.has("order_lines", "product_id")
    )
    return not is_sale and says_case * 2 + points >= 3


def _is_opened(look: Look) -> bool:
    """Has it the day when something was opened, or the day of an event beside the id of a case? A ticket with an amount may be a concert's."""
    if look.has_amount:
        return False
    opened, own = look.fed("cases", "opened_at"), look.assigned("cases")
    if opened is not None and "opened" in meaning(opened.name).concepts:
        return True
    case, day = look.fed("cases", "case_id"), max(own.score("opened_at"), own.score("updated_at"))
    is_log = case is not None and not look.is_key(case.name)  # many rows a case, each with its moment
    return look.has("cases", "case_id", 0.9) and day >= (0.6 if is_log else 0.8)


def _is_surveys(look: Look) -> bool:
    return _is_long_survey(look) or (
        not _is_agreement(look)
        and any(look.has("surveys", name, 0.75) for name in SCORE_FIELDS)
        and not look.has_amount
        and not look.has("order_lines", "quantity", 0.9)
    )


def _is_agreement(look: Look) -> bool:
    """A yes or no of people without a day of an answer: the Persian word for satisfaction is that for consent."""
    scores = [fed for name in SCORE_FIELDS if (fed := look.fed("surveys", name))]
    is_dated = look.has("surveys", "responded_at")
    return (
        bool(scores)
        and all("flag" in one.hints for one in scores)
        and not is_dated
        and look.has("customers", "consent")
        and _is_of_people(look)
    )


def _is_long_survey(look: Look) -> bool:
    """Has it a column that names measures, and answers beside it?"""
    return look.has("surveys", "measure", 0.8) and (look.has("surveys", "score") or answers_of(look) is not None)


def answers_of(look: Look) -> ColumnProfile | None:
    """The scores beside a column that names their measures, where their own name says no more than "answer" or "value"."""
    free = [one for one in look.columns if one.name not in look.assigned("surveys").fields.values() or look.is_comment(one.name)]
    named = [one for one in free if meaning(one.name).concepts and meaning(one.name).concepts <= _ANSWERS]
    return next((one for one in named if fit(fields_for("surveys")["score"], one) >= READABLE), None)


def _is_sales(look: Look) -> bool:
    is_told = look.has("order_lines", "ordered_at") or look.has("order_lines", "order_id", 0.6)
    return look.has_amount and (is_told or (look.has_customer and not look.has("customers", "joined_on")))


def _is_orders(look: Look) -> bool:
    return look.has("orders", "order_id", 0.6) and (look.has("orders", "ordered_at") or look.has("orders", "customer_id"))


def _is_orders_by_key(look: Look) -> bool:
    """Customers and dates beside a key, whatever its name says."""
    key = look.fed("orders", "order_id")
    return key is not None and look.is_key(key.name) and look.has("orders", "customer_id") and look.has("orders", "ordered_at")


def _is_mute_sales(look: Look) -> bool:
    """No name says anything, and the values have dates, decimals and repeated ids."""
    return look.is_mute and could_be_sales(look.columns)


def _is_products(look: Look) -> bool:
    key = look.fed("products", "product_id")
    return (
        key is not None
        and look.is_key(key.name)
        and look.has("products", "product_id", 0.6)
        and not look.has("customers", "customer_id", 0.6)
        and not (meaning(key.name).concepts <= {"id"} and _is_of_people(look))
    )


def _is_of_people(look: Look) -> bool:
    """The table's name says so, or it has what only people have."""
    return "customer" in look.words or any(look.has("customers", name) for name in _OF_PEOPLE)


def _is_customers(look: Look) -> bool:
    return look.has("customers", "customer_id") and not look.has("orders", "order_id", 0.6)


_RULES: tuple[tuple[Grain, Callable[[Look], bool], str], ...] = (
    ("contacts", _is_contacts, "it has customers with the day on which they were written to or called"),
    ("cases", _is_cases, "its columns are those of complaints or requests: when opened, answered, resolved"),
    ("surveys", _is_surveys, "it has a score on a scale and no amounts"),
    ("order_lines", _is_sales, "it has amounts with a date, an order or a customer"),
    ("order_lines", _is_mute_sales, "its values are dates, amounts and repeated ids"),
    ("orders", _is_orders, "it has orders with a date or a customer and no amounts"),
    ("products", _is_products, "it has one row a product"),
    ("customers", _is_customers, "it has customers and no amounts"),
)


def decide_grains(staging: Staging, looks: Sequence[Look]) -> dict[str, Verdict]:
    """The grain of every table with its reason, tables of one shape alike, tables that tell the same sales used once."""
    verdicts = {look.source: own_grain(look) for look in looks}
    _find_orders_by_key(staging, looks, verdicts)
    _agree_by_shape(looks, verdicts)
    _use_sales_once(staging, looks, verdicts)
    return verdicts


def _find_orders_by_key(staging: Staging, looks: Sequence[Look], verdicts: dict[str, Verdict]) -> None:
    """A table whose key is called no more than "id" holds the orders where the orders of the lines are found in it, and customers and dates."""
    lines = [fed for look in looks if verdicts[look.source].grain == "order_lines" and (fed := _order_of(look))]
    for look in looks:
        key = look.fed("orders", "order_id")
        if key is None or verdicts[look.source].grain not in ("customers", "ignore") or not _is_orders_by_key(look):
            continue
        if any(contained_share(staging, line, (look.source, key.name)) >= SHARED for line in lines):
            verdicts[look.source] = Verdict("orders", f"its key “{key.name}” is the order of the lines in another table")


def _order_of(look: Look) -> tuple[str, str] | None:
    """(table, column) of the orders that a table of lines names."""
    column = look.fed("order_lines", "order_id")
    return (look.source, column.name) if column else None


def _agree_by_shape(looks: Sequence[Look], verdicts: dict[str, Verdict]) -> None:
    """Monthly exports are of one grain, that of the largest."""
    largest: dict[tuple[str, ...], Look] = {}
    for look in sorted(looks, key=lambda one: -one.rows):
        first = largest.setdefault(look.shape, look)
        verdicts[look.source] = verdicts[first.source]


def _use_sales_once(staging: Staging, looks: Sequence[Look], verdicts: dict[str, Verdict]) -> None:
    """Of tables that tell amounts of the same orders, the most detailed gives the amounts; the others complete it or are left out."""
    sales = [look for look in looks if verdicts[look.source].grain == "order_lines"]
    best = sorted(sales, key=lambda one: -_detail(one))
    for at, look in enumerate(best):
        for finer in best[:at]:
            if verdicts[finer.source].grain != "order_lines" or finer.shape == look.shape or not _same_orders(staging, finer, look):
                continue
            verdicts[look.source] = _complement(look, finer)
            break


def _complement(look: Look, finer: Look) -> Verdict:
    if _is_orders(look) or _is_orders_by_key(look):
        return Verdict("orders", f"it has the same orders as {finer.source}, which has their lines: the amounts are taken from there")
    return Verdict("ignore", f"the amounts of these orders are already in {finer.source}")


def _detail(look: Look) -> float:
    """How much a table tells of single lines: product, price, quantity and line numbers over mere totals."""
    fields = ("product_id", "product", "quantity", "unit_price", "line_no")
    return sum(look.assigned("order_lines").score(name) for name in fields if name in look.assigned("order_lines").fields)


def _same_orders(staging: Staging, finer: Look, other: Look) -> bool:
    left, right = finer.fed("order_lines", "order_id"), other.fed("order_lines", "order_id")
    if left is None or right is None:
        return False
    one, two = (finer.source, left.name), (other.source, right.name)
    return max(contained_share(staging, one, two), contained_share(staging, two, one)) >= SHARED


def describe(verdict: Verdict) -> str:
    """The verdict in a sentence for the page."""
    return f"One row is {GRAIN_LABELS[verdict.grain]}: {verdict.reason}."
