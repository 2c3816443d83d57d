"""What of an answer tells who a customer is, and the answer without it: what a user sees who may see figures only.

Results pass through here on their way to a page (see cache.py), so that a page which asks for too much shows empty cells to a viewer and no
names. A question about one customer is not answered at all.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, cast

import pandas as pd

from crm_core.access import Action
from crm_core.schema import TABLES

if TYPE_CHECKING:
    from crm_core.access import User
    from crm_core.mapping.receipt import Receipt

T = TypeVar("T")

#: Columns that name a person or something that is one person's: ids but those of products, addresses, numbers, what they wrote.
PERSONAL = frozenset(
    field.name
    for table in TABLES.values()
    for field in table.fields
    if field.kind in ("email", "phone") or (field.kind == "id" and field.name != "product_id") or field.name == "comment"
)
#: Columns of a list of customers that are common words elsewhere.
BESIDE_CUSTOMERS = frozenset({"name", "note", "text"})
#: Parameters that make a question one about single customers.
ASKS_ABOUT = frozenset({"customer_id", "customer_ids"})


def columns(names: Iterable[str]) -> set[str]:
    """Those of the columns that tell who a customer is."""
    found = set(names)
    return (found & PERSONAL) | (found & BESIDE_CUSTOMERS if "customer_id" in found else set())


def require(user: User, function: Callable[..., object]) -> None:
    """Raises AccessError where the function is asked about single customers and the user may not see them."""
    if not user.may(Action.SEE_CUSTOMERS) and _is_about_one(function):
        user.require(Action.SEE_CUSTOMERS)


def seen_by(user: User, result: T) -> T:
    """The result as the user may see it: for a viewer with empty cells where it tells who a customer is."""
    return result if user.may(Action.SEE_CUSTOMERS) else cast(T, _without(result))


def receipt_seen_by(user: User, receipt: Receipt) -> Receipt:
    """The receipt without values from the user's rows, where the user may not see them."""
    if user.may(Action.SEE_CUSTOMERS):
        return receipt
    return replace(receipt, problems=tuple(replace(problem, example="") for problem in receipt.problems))


@lru_cache(maxsize=1000)
def _is_about_one(function: Callable[..., object]) -> bool:
    return not ASKS_ABOUT.isdisjoint(inspect.signature(function).parameters)


def _without(value: Any) -> Any:
    """The value with its frames, however deep they are held, emptied of what tells who a customer is."""
    if isinstance(value, pd.DataFrame):
        told = columns(map(str, value.columns))
        return value.assign(**dict.fromkeys(told, "")) if told else value
    if is_dataclass(value) and not isinstance(value, type):
        held = {field.name: getattr(value, field.name) for field in fields(value) if field.init}
        told = columns(held)
        bare = {name: _blank(one) if name in told else _without(one) for name, one in held.items()}
        return replace(value, **bare) if any(bare[name] is not held[name] for name in bare) else value
    if isinstance(value, tuple | list) and not hasattr(value, "_fields"):
        bare_ones = [_without(one) for one in value]
        return type(value)(bare_ones) if any(a is not b for a, b in zip(bare_ones, value, strict=True)) else value
    if isinstance(value, Mapping):
        told = columns(map(str, value))
        bare = {name: _blank(one) if str(name) in told else _without(one) for name, one in value.items()}
        same = all(bare[name] is value[name] for name in bare)
        return value if same else MappingProxyType(bare) if isinstance(value, MappingProxyType) else bare
    return value


def _blank(value: object) -> object:
    return "" if isinstance(value, str) else None if value is not None else value
