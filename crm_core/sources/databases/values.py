"""Python values of a driver as Arrow arrays of few kinds, and what a column is whose batches are of different kinds.

The kinds are: boolean, whole number, decimal, floating point, date, timestamp with and without zone, text, and nothing yet.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
from pyarrow import types

from crm_core.sources.staging import ColumnType

TEXT, NUMBER, DOUBLE, BOOLEAN, DAY = pa.string(), pa.int64(), pa.float64(), pa.bool_(), pa.date32()
MOMENT, INSTANT = pa.timestamp("us"), pa.timestamp("us", "UTC")
MOST_DIGITS = 38

#: What pyarrow raises for values that have no one type.
NO_ONE_TYPE = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError, TypeError, ValueError)


def array(values: Sequence[Any]) -> pa.Array:
    """The values as one of the kinds; where they are of several, as the narrowest that holds all, at worst text."""
    try:
        found = pa.array(values, from_pandas=True)
    except NO_ONE_TYPE:
        found = _of_mixed(values)
    kind = found.type
    if types.is_null(kind) or kind in (BOOLEAN, NUMBER, DOUBLE, DAY, TEXT, MOMENT):
        return found
    if types.is_timestamp(kind):
        return found.cast(INSTANT if kind.tz else MOMENT)
    if types.is_decimal128(kind) and 0 <= kind.scale <= kind.precision:
        return found.cast(pa.decimal128(_roomy(kind.precision), kind.scale))
    if types.is_decimal(kind):
        return pa.array([None if one is None else float(one) for one in values], DOUBLE)
    return pa.array([text(one) for one in values], TEXT)


def common(first: pa.DataType, second: pa.DataType) -> pa.DataType:
    """The kind that holds the values of both."""
    if first == second or types.is_null(second):
        return first
    if types.is_null(first):
        return second
    numbers = [one for one in (first, second) if one in (NUMBER, DOUBLE, BOOLEAN) or types.is_decimal(one)]
    if len(numbers) == 2:
        return _common_number(first, second)
    return MOMENT if {first, second} == {DAY, MOMENT} else TEXT


def stored_type(kind: pa.DataType) -> str:
    """The kind as DuckDB stores it."""
    if types.is_decimal(kind):
        return f"DECIMAL({kind.precision}, {kind.scale})"
    names = {BOOLEAN: "BOOLEAN", NUMBER: "BIGINT", DOUBLE: "DOUBLE", DAY: "DATE", MOMENT: "TIMESTAMP", INSTANT: "TIMESTAMP WITH TIME ZONE"}
    return names.get(kind, "VARCHAR")


def column_type(stored: str) -> ColumnType:
    """Our type of what DuckDB stores."""
    kinds: dict[str, ColumnType] = {"BOOLEAN": "boolean", "DATE": "date", "VARCHAR": "text"}
    return kinds.get(stored, "timestamp" if stored.startswith("TIMESTAMP") else "number")


def text(value: Any) -> str | None:
    """Any value as text: bytes as PostgreSQL writes them, nested values as JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return "\\x" + bytes(value).hex()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return _hours(value)
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=text)
    return str(value)


def _common_number(first: pa.DataType, second: pa.DataType) -> pa.DataType:
    if DOUBLE in (first, second):
        return DOUBLE
    decimals = [one for one in (first, second) if types.is_decimal(one)]
    if not decimals:
        return NUMBER
    scale = max(one.scale for one in decimals)
    whole = max(19 if one in (NUMBER, BOOLEAN) else one.precision - one.scale for one in (first, second))
    return pa.decimal128(_roomy(whole + scale), scale) if whole + scale <= MOST_DIGITS else DOUBLE


def _of_mixed(values: Sequence[Any]) -> pa.Array:
    kinds = {type(one) for one in values if one is not None}
    if kinds and kinds <= {int, float, Decimal, bool}:
        try:
            return pa.array([None if one is None else float(one) if float in kinds else Decimal(one) for one in values], from_pandas=True)
        except NO_ONE_TYPE:
            return pa.array([None if one is None else float(one) for one in values], DOUBLE, from_pandas=True)
    if kinds == {date, datetime}:
        return pa.array([one if one is None or isinstance(one, datetime) else datetime.combine(one, time()) for one in values])
    return pa.array([text(one) for one in values], TEXT)


def _roomy(digits: int) -> int:
    """Digits to store: two sizes only, so that a longer number in a later batch seldom makes the column new."""
    return 18 if digits <= 18 else MOST_DIGITS


def _hours(value: timedelta) -> str:
    """A time of day or a span as databases write it: 09:05:00, -26:00:00.5."""
    sign, value = ("-", -value) if value < timedelta() else ("", value)
    seconds = value.days * 86_400 + value.seconds
    rest = f".{value.microseconds:06d}".rstrip("0") if value.microseconds else ""
    return f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{rest}"
