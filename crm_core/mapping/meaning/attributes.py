"""Columns worth taking along as attributes of customers (few values, and one per customer) or of responses (few values).

Age bands, plans, sales reps: whatever splits customers into groups. Ids, free text, dates, amounts and what describes a product or an
order are not proposed (a user can still choose them).
"""

from __future__ import annotations

from crm_core.mapping.meaning.fit import is_date, is_decimal, is_number
from crm_core.mapping.meaning.links import varying_shares
from crm_core.mapping.meaning.names import meaning
from crm_core.mapping.model import Grain
from crm_core.mapping.values.profile import ColumnProfile
from crm_core.sources.staging import Staging

FEWEST_VALUES, MOST_VALUES, MOST_ATTRIBUTES = 2, 50, 8
#: An attribute may differ between the rows of at most this share of the customers.
MOST_VARYING = 0.02
_NEVER = frozenset(["index", "id", "address", "calendar", "currency", "name", "first", "date", "time", "email", "phone"])
_OF_ORDERS = frozenset(
    [
        "product",
        "item",
        "order",
        "delivery",
        "shipping",
        "delivered",
        "status",
        "line",
        "size",
        "count",
        "price",
        "amount",
        "total",
        "sales",
        "discount",
        "tax",
        "refund",
        "payment",
        "cost",
        "profit",
        "cancelled",
        "share",
    ]
)


def propose(staging: Staging, source: str, grain: Grain, columns: tuple[ColumnProfile, ...], taken: dict[str, str]) -> tuple[str, ...]:
    """Names of at most `MOST_ATTRIBUTES` free columns of a table of that grain, in the order of the file."""
    if grain not in ("order_lines", "orders", "customers", "surveys"):
        return ()
    others = _NEVER if grain in ("customers", "surveys") else _NEVER | _OF_ORDERS
    free = [one for one in columns if one.name not in taken.values() and _splits(one) and not meaning(one.name).concepts & others]
    key = taken.get("customer_id")
    if grain in ("customers", "surveys"):  # what splits responses need not be one a customer
        names = [one.name for one in free]
    elif key is None:
        return ()
    else:
        varying = varying_shares(staging, source, key, tuple(one.name for one in free))
        names = [name for name, share in varying.items() if share <= MOST_VARYING]
    return tuple(names[:MOST_ATTRIBUTES])


def _splits(column: ColumnProfile) -> bool:
    """True for a column of few values that is neither a date, a decimal nor long text."""
    if not FEWEST_VALUES <= column.distinct <= MOST_VALUES or column.distinct > column.filled / 2 or "long_text" in column.hints:
        return False
    return not (is_date(column) and not is_number(column)) and not is_decimal(column)
