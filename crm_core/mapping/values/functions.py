"""DuckDB functions that Ibis does not know by name, for expressions over staged columns (which always lie in DuckDB).

Bodies stay empty: Ibis takes the names and types, DuckDB does the work.
"""

from __future__ import annotations

from collections.abc import Callable

import ibis
import ibis.expr.types as ir

#: What `date_parts` takes apart, in the order of the groups of its pattern.
DATE_PARTS = ("first", "second", "third", "time", "half", "zone")
_PARTS_TYPE = f"struct<{', '.join(f'{name}: string' for name in DATE_PARTS)}>"


def once(value: ir.Value, use: Callable[[ir.Value], ir.Value]) -> ir.Value:
    """`use(value)` with `value` written and worked out once: expressions that use a part several times would double with every step.

    Uses within one another need parameters of different names.
    """
    return ibis.array([value]).map(use)[0]


@ibis.udf.scalar.builtin(signature=(("string", "string"), "timestamp(6)"))
def try_strptime(text, pattern):  # type: ignore[no-untyped-def]
    """The moment that `text` writes by `pattern`, or NULL."""


@ibis.udf.scalar.builtin(signature=(("string", "string"), "string"))
def trim(text, characters):  # type: ignore[no-untyped-def]
    """`text` without any of `characters` at its ends."""


@ibis.udf.scalar.builtin(signature=(("string", "string", "int64"), "string"))
def split_part(text, separator, number):  # type: ignore[no-untyped-def]
    """The part of `text` before the first `separator` (number 1), after it (2) and so on."""


@ibis.udf.scalar.builtin(name="regexp_extract", signature=(("string", "string", "array<string>"), _PARTS_TYPE))
def date_parts(text, pattern, names):  # type: ignore[no-untyped-def]
    """The groups of `pattern` in `text` by name; empty strings where it does not match."""


@ibis.udf.scalar.builtin(name="timezone", signature=(("string", "timestamp('UTC')"), "timestamp(6)"))
def local_time(zone, instant):  # type: ignore[no-untyped-def]
    """What clocks in `zone` show at an instant."""


@ibis.udf.scalar.builtin(name="make_timestamp", signature=(("int64",), "timestamp(6)"))
def from_microseconds(count):  # type: ignore[no-untyped-def]
    """The moment so many microseconds after 1970-01-01 00:00."""


@ibis.udf.scalar.builtin(name="epoch_us", signature=(("timestamp(6)",), "int64"))
def microseconds(moment):  # type: ignore[no-untyped-def]
    """Microseconds from 1970-01-01 00:00 to `moment`."""


@ibis.udf.scalar.builtin(name="list_extract", signature=(("array<int64>", "int64"), "int64"))
def element(numbers, place):  # type: ignore[no-untyped-def]
    """The number at a place counted from 1."""
