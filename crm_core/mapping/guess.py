"""Fields that no name speaks for, proposed from the values alone: dates, decimals, repeated ids.

Needed for files without a header and for names in words we do not know. A proposal counts as certain only where a single column
can be meant; else the others are kept as rivals, and the user is asked.
"""

from __future__ import annotations

from collections.abc import Callable

from crm_core.mapping.assign import Assignment
from crm_core.mapping.fit import is_date, is_decimal, is_integer, is_number, looks_like_compact_date
from crm_core.mapping.names import meaning
from crm_core.mapping.profile import ColumnProfile

#: Confidence of a field that only values speak for.
BY_VALUES = 0.4
#: Concepts of a made-up header ("Column 1", "Unnamed: 0").
MUTE = frozenset({"index"})
_FEW = 200


def by_values(columns: tuple[ColumnProfile, ...], assigned: Assignment) -> Assignment:
    """`assigned` completed by what a sale needs (date, customer, amount, then quantity) from columns whose names say nothing."""
    free = [one for one in columns if one.name not in assigned.fields.values() and meaning(one.name).concepts <= MUTE and one.filled]
    for name, could_be in _ROLES:
        if name in assigned.fields or (name in ("net_amount", "quantity") and "unit_price" in assigned.fields):
            continue
        candidates = [one.name for one in free if could_be(one)]
        if candidates:
            assigned = _propose(assigned, name, candidates)
            free = [one for one in free if one.name != candidates[0]]
    return assigned


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
    is_id = not _date(column) and not _amount(column) and not column.hints & {"flag", "long_text"} and column.type not in ("boolean", "timestamp", "date")
    return is_id and not _quantity(column) and 2 <= column.distinct < column.filled


def _quantity(column: ColumnProfile) -> bool:
    has_leading_zeros = any(one.startswith("0") and len(one) > 1 for one in column.examples)
    return is_integer(column) and not has_leading_zeros and column.distinct <= _FEW and column.distinct < column.filled / 5


_ROLES: tuple[tuple[str, Callable[[ColumnProfile], bool]], ...] = (
    ("ordered_at", _date),
    ("net_amount", _amount),
    ("customer_id", _customer),
    ("quantity", _quantity),
)
