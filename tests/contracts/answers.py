"""Answers of analyses, in one shape, and where two of them differ.

Floating point within RELATIVE of each other is equal; whole numbers, exact amounts, texts, days and moments are equal or they are not.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crm_core.analytics.clv.models import PurchaseModel
from crm_core.analytics.clv.spend import GammaGamma
from crm_core.errors import CrmError
from crm_core.workspace import Workspace

RELATIVE, ABSOLUTE = 1e-9, 1e-9
EXACT, CENT_OF_A_CENT = Decimal(0), Decimal("0.0001")
#: Differences told of one answer; more say nothing new.
MOST = 8


@dataclasses.dataclass(frozen=True)
class Rows:
    """A table: its columns, and its rows in the order that the answer has, or in one of our own where the answer has none."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclasses.dataclass(frozen=True)
class Refused:
    """What an analysis said instead of an answer."""

    title: str
    message: str


def answer(ws: Workspace, ask: Callable[[], Any]) -> Any:
    """What an analysis answers, or how it refuses."""
    try:
        return plain(ws, ask())
    except CrmError as error:
        if type(error).__name__ == "WorkspaceError":  # the engine's, never an answer
            raise
        return Refused(error.title, error.message)


def plain(ws: Workspace, value: Any) -> Any:
    """Any answer as Rows, dictionaries, tuples and single values. The rows of a table stand in no order; those of a frame do."""
    if isinstance(value, ir.Table):
        return _rows(ws.execute(value), is_free=True)
    if isinstance(value, ir.Expr):
        return plain(ws, ws.execute(value))
    if isinstance(value, pd.DataFrame):
        return _rows(value, is_free=False)
    if isinstance(value, pd.Series):
        return {str(name): _single(one) for name, one in value.items()}
    if isinstance(value, np.ndarray):
        return plain(ws, value.tolist())
    if isinstance(value, PurchaseModel | GammaGamma):
        return {"model": type(value).__name__, "params": plain(ws, value.params), "top": plain(ws, value.top)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        told = ((one.name, getattr(value, one.name)) for one in dataclasses.fields(value) if not one.name.startswith("_"))
        return {name: plain(ws, one) for name, one in told if not callable(one)}
    if isinstance(value, Mapping):
        return {_single(key) if not dataclasses.is_dataclass(key) else str(key): plain(ws, one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return tuple(plain(ws, one) for one in value)
    if isinstance(value, set | frozenset):
        return tuple(sorted(plain(ws, one) for one in value))
    return _single(value)


def _rows(frame: pd.DataFrame, is_free: bool) -> Rows:
    columns = [[_single(one) for one in frame[name]] for name in frame.columns]
    rows = list(zip(*columns, strict=True)) if columns else []
    return Rows(tuple(map(str, frame.columns)), tuple(sorted(rows, key=_place) if is_free else rows))


def _place(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Rows of a table without an order stand by what is exact in them first: floating point may differ in its last digits."""
    exact = [(one is not None, type(one).__name__, one if one is not None else 0) for one in row if not isinstance(one, float)]
    return (exact, [one if isinstance(one, float) and not math.isnan(one) else 0.0 for one in row])


def _single(value: Any) -> Any:
    """One value as plain Python has it; anything missing is None."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, pd.Timestamp):
        value = value.to_pydatetime()
    if isinstance(value, list | tuple | np.ndarray):
        return tuple(_single(one) for one in value)
    if isinstance(value, bool | int | float | str | Decimal | Fraction | date | datetime | timedelta):
        return value
    raise TypeError(f"no rule for an answer of type {type(value).__name__}: {value!r}")


def differences(expected: Any, found: Any, engine: str = "here", last_place: Decimal = EXACT) -> list[str]:
    """Where the two answers differ, in words: place, what the embedded engine says, what this one says. Nothing where they are equal.

    `last_place`: amounts that were rounded from floating point may differ by that much.
    """
    told = []
    for place, one, other in _apart(expected, found, ""):
        if isinstance(one, Decimal) and isinstance(other, Decimal) and abs(one - other) <= last_place:
            continue
        told.append(f"{place or 'the answer'}: embedded {_shown(one)}, {engine} {_shown(other)}")
        if len(told) == MOST:
            return [*told, "…"]
    return told


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 300 else f"{text[:300]}…"


def _apart(one: Any, other: Any, place: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(one, Rows) and isinstance(other, Rows):
        yield from _rows_apart(one, other, place)
    elif isinstance(one, dict) and isinstance(other, dict):
        if list(one) != list(other) and set(one) != set(other):
            yield f"{place} keys", list(one), list(other)
        for key in one:
            if key in other:
                yield from _apart(one[key], other[key], f"{place}.{key}".lstrip("."))
    elif isinstance(one, tuple) and isinstance(other, tuple):
        if len(one) != len(other):
            yield f"{place} length", len(one), len(other)
        for number, (left, right) in enumerate(zip(one, other, strict=False)):
            yield from _apart(left, right, f"{place}[{number}]")
    elif not _is_equal(one, other):
        yield place, one, other


def _rows_apart(one: Rows, other: Rows, place: str) -> Iterator[tuple[str, Any, Any]]:
    if one.columns != other.columns:
        yield f"{place} columns", one.columns, other.columns
        return
    if len(one.rows) != len(other.rows):
        yield f"{place} number of rows", len(one.rows), len(other.rows)
    for number, (left, right) in enumerate(zip(one.rows, other.rows, strict=False)):
        for name, mine, its in zip(one.columns, left, right, strict=True):
            if not _is_equal(mine, its):
                yield f"{place} row {number} ({left[0]!r}), column {name}".lstrip(), mine, its


def _is_equal(one: Any, other: Any) -> bool:
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_is_equal, one, other))
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return one == other or math.isclose(one, other, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    return bool(one == other)
