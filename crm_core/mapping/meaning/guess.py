"""Fields that no name speaks for, proposed from the values alone: dates, decimals, repeated ids.

Needed for files without a header and for names in words we do not know. A proposal is certain only where one column can be meant, or
where the values tell the candidates apart: an order belongs to one customer, a customer has several orders. Else the others are kept
as rivals, and the user is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import permutations

from crm_core.mapping.meaning.assign import Assignment
from crm_core.mapping.meaning.fit import is_date, is_decimal, is_integer, is_number, looks_like_compact_date
from crm_core.mapping.meaning.links import is_constant_within, varying_shares
from crm_core.mapping.meaning.names import meaning
from crm_core.mapping.values.profile import ColumnProfile
from crm_core.sources.staging import Staging

#: Confidence of a field that only values speak for.
BY_VALUES = 0.4
#: A field fed by a name as vague as "id" gives its column back if a field that is needed can use it.
VAGUELY = 0.45
#: Concepts of a made-up header ("Column 1", "Unnamed: 0"), and of a name that says no more than "id".
MUTE = frozenset({"index"})
VAGUE = MUTE | {"id", "unique"}
_FEW = 200
_FEWEST_CUSTOMERS = 50
#: So many of the orders may belong to more than one customer.
_MOST_SHARED_ORDERS = 0.1
#: A group of fewer values is a region or a class and no customer; more columns are not looked at.
_FEWEST_GROUPS, _MOST_GROUPS = 5, 5
#: Somebody buys as few pieces; numbers that are all above are numbers of something.
_FEW_PIECES = 10


def by_values(staging: Staging, source: str, columns: Sequence[ColumnProfile], assigned: Assignment) -> Assignment:
    """`assigned` completed by what a sale needs (date, amount, customer, then order and quantity) from columns whose names say nothing."""
    for name, could_be in _ROLES:
        free = [one for one in columns if _is_free(one, assigned)]
        candidates = [one.name for one in free if could_be(one)]
        if not candidates or name in assigned.fields or (name in ("net_amount", "quantity") and "unit_price" in assigned.fields):
            continue
        if name == "customer_id":
            candidates = _of_the_order(staging, source, candidates, assigned)
            candidates, assigned = _customer_and_order(staging, source, candidates, assigned)
            candidates += _groups_of(staging, source, free, candidates)
        if not candidates:
            continue
        assigned = _propose(assigned, name, candidates)
    return assigned


def could_be_sales(columns: Sequence[ColumnProfile]) -> bool:
    """True where the values alone would make dates, amounts and customers."""
    return all(any(could_be(one) for one in columns) for _, could_be in _ROLES[:3])


def could_be_order(column: ColumnProfile) -> bool:
    """True of an id without a name that is different in every row, and no counter of the rows."""
    is_id = is_integer(column) or not (
        is_number(column) or is_date(column) or column.hints & {"words", "long_text", "email", "phone", "url"}
    )
    is_counter = column.minimum in (0, 1) and column.maximum == column.minimum + column.rows - 1
    return is_id and meaning(column.name).concepts <= MUTE and column.filled == column.rows == column.distinct and not is_counter


def could_be_quantity(column: ColumnProfile) -> bool:
    """True of small whole numbers above zero that repeat, under a name that says nothing else, and no counter of the rows."""
    says_nothing = meaning(column.name).concepts <= MUTE and "id" not in meaning(column.name).concepts
    return says_nothing and _quantity(column) and column.distinct > 1 and (column.maximum or 0) > 1 and not is_date(column)


def _is_free(column: ColumnProfile, assigned: Assignment) -> bool:
    taken = any(fed == column.name and assigned.score(name) > VAGUELY for name, fed in assigned.fields.items())
    return bool(column.filled) and not taken and meaning(column.name).concepts <= VAGUE


def _customer_and_order(staging: Staging, source: str, candidates: list[str], assigned: Assignment) -> tuple[list[str], Assignment]:
    """Of repeated ids, the one that each value of another goes with is the customer, and that other is the order."""
    for customer, order in permutations(candidates, 2):
        if is_constant_within(staging, source, order, customer) and not is_constant_within(staging, source, customer, order):
            found = (
                assigned
                if "order_id" in assigned.fields and assigned.score("order_id") > VAGUELY
                else _propose(assigned, "order_id", [order])
            )
            return [customer, *(one for one in candidates if one not in (customer, order))], found
    return candidates, assigned


def _of_the_order(staging: Staging, source: str, candidates: list[str], assigned: Assignment) -> list[str]:
    """Of those that may be the customer, those that an order by name has only one of; a product's code differs within it."""
    order = assigned.fields.get("order_id") if assigned.score("order_id") > VAGUELY else None
    varying = varying_shares(staging, source, order, tuple(candidates)) if order else {}
    return [one for one in candidates if varying.get(one, 0.0) <= _MOST_SHARED_ORDERS]


def _groups_of(staging: Staging, source: str, free: Sequence[ColumnProfile], candidates: list[str]) -> list[str]:
    """Ids of so few values that they were no candidates, of which each value of the first candidate has one: that may be their order."""
    few = [one for one in free if one.name not in candidates and _looks_like_key(one) and _FEWEST_GROUPS <= one.distinct < one.filled / 2]
    return [one.name for one in few[:_MOST_GROUPS] if candidates and is_constant_within(staging, source, candidates[0], one.name)]


def _looks_like_key(column: ColumnProfile) -> bool:
    is_other = _date(column) or _amount(column) or _quantity(column) or column.hints & {"flag", "long_text"}
    return (
        not is_other and column.type not in ("boolean", "timestamp", "date") and all(any(map(str.isdigit, one)) for one in column.examples)
    )


def _propose(assigned: Assignment, name: str, candidates: list[str]) -> Assignment:
    made = assigned.having(name, candidates[0], BY_VALUES)
    rivals = made.rivals | ({name: tuple(candidates[1:])} if candidates[1:] else {})
    return Assignment(made.grain, made.fields, made.scores, rivals)


def _date(column: ColumnProfile) -> bool:
    return is_date(column) and (not is_number(column) or looks_like_compact_date(column))


def _amount(column: ColumnProfile) -> bool:
    return is_decimal(column) and column.distinct > 2


def _customer(column: ColumnProfile) -> bool:
    """Repeated, and neither a date, a decimal nor a small number."""
    is_id = (
        not _date(column)
        and not _amount(column)
        and not column.hints & {"flag", "long_text"}
        and column.type not in ("boolean", "timestamp", "date")
    )
    return is_id and not _quantity(column) and min(_FEWEST_CUSTOMERS, column.filled / 10) <= column.distinct < column.filled


def _quantity(column: ColumnProfile) -> bool:
    has_leading_zeros = any(one.startswith("0") and len(one) > 1 for one in column.examples)
    return (
        is_integer(column)
        and not has_leading_zeros
        and column.distinct <= _FEW
        and column.distinct < column.filled / 5
        and (column.minimum is None or column.minimum <= _FEW_PIECES)
        and "id" not in meaning(column.name).concepts
    )


_ROLES: tuple[tuple[str, Callable[[ColumnProfile], bool]], ...] = (
    ("ordered_at", _date),
    ("net_amount", _amount),
    ("customer_id", _customer),
    ("quantity", _quantity),
)
