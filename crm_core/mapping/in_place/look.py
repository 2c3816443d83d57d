"""What the columns in use look like, by one question a table: what needs no care costs none.

Grain: column of a source. Nothing is read here; `values.py` reads by what was found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from crm_core.mapping.in_place import zones
from crm_core.mapping.meaning.formats import DATE_KINDS, NUMBER_KINDS
from crm_core.mapping.values.dates import FIRST_YEAR, LAST_YEAR
from crm_core.mapping.values.text import NO, NULL_WORDS, YES
from crm_core.schema import Field

#: Amounts are below this: fourteen digits before the point.
LARGEST = 10**14
WHOLE = r"^-?[0-9]+[.]0+$"
_DIGITS_BEFORE_POINT, _DIGITS_BEHIND = 14, 4


@dataclass(frozen=True)
class ColumnLook:
    """`is_untidy`: texts with blanks around them, or that stand for nothing. `is_whole`: ids that a float column wrote ("17850.0").
    `is_beyond`: dates out of all years or numbers too large to store. `is_mark`: a flag that only says yes, or nothing.
    """

    is_untidy: bool = False
    is_whole: bool = False
    is_beyond: bool = False
    is_mark: bool = False


NOTHING_SEEN = ColumnLook()


@dataclass(frozen=True)
class Look:
    """By column."""

    columns: dict[str, ColumnLook] = field(default_factory=dict)

    def of(self, column: str) -> ColumnLook:
        return self.columns.get(column, NOTHING_SEEN)


Ask = Callable[[ir.Table], list[dict[str, Any]]]


def look(rows: ir.Table, used: dict[str, Field | None], ask: Ask) -> Look:
    """What is to be known of the columns in use; `used` is column -> the field it feeds, None for an attribute."""
    questions: dict[str, ir.Value] = {}
    for number, (name, fed) in enumerate(used.items()):
        questions |= {f"{what}_{number}": value for what, value in _questions(rows[name], fed).items()}
    if not questions:
        return Look()
    row = ask(rows.aggregate(**questions))[0]
    found = {
        name: ColumnLook(**{f"is_{what}": bool(row.get(f"{what}_{number}")) for what in ("untidy", "whole", "beyond", "mark")})
        for number, name in enumerate(used)
    }
    return _sure_of_whole(rows, found, ask)


def _questions(column: ir.Value, fed: Field | None) -> dict[str, ir.BooleanScalar]:
    kind = "text" if fed is None else fed.kind
    asked: dict[str, ir.BooleanScalar] = {}
    if fed is not None and fed.name == "is_escalated":
        flag = read_flag(column)
        asked["mark"] = flag.all() & flag.isnull().any()  # of what is given
    if isinstance(column, ir.StringValue):
        return asked | _of_text(text_of(column), kind)
    if kind in DATE_KINDS and isinstance(column, ir.TimestampValue | ir.DateValue):
        asked["beyond"] = is_out_of_years(column).any()
    if kind in NUMBER_KINDS and not is_narrow(column) and isinstance(column, ir.NumericValue):
        asked["beyond"] = (~(column.abs() < LARGEST)).any()
    return asked


def _of_text(text: ir.StringValue, kind: str) -> dict[str, ir.BooleanScalar]:
    if kind in (*DATE_KINDS, *NUMBER_KINDS, "flag"):
        return {}  # these are read with care anyhow
    is_empty = text.lower().isin(NULL_WORDS) if kind == "id" else text == ""
    asked = {"untidy": ((text != text.strip()) | is_empty).any()}
    return asked | ({"whole": (text.like("%.0") | text.lower().isin(NULL_WORDS)).all()} if kind == "id" else {})


def _sure_of_whole(rows: ir.Table, found: dict[str, ColumnLook], ask: Ask) -> Look:
    """Ids that all end in ".0" are looked at once more: are they digits else?"""
    doubtful = {name: f"whole_{number}" for number, name in enumerate(found) if found[name].is_whole}
    if doubtful:
        kept = {label: text_of(rows[name]).strip() for name, label in doubtful.items()}
        sure = ask(
            rows.aggregate(
                **{
                    label: (text.re_search(WHOLE) | text.lower().isin(NULL_WORDS)).all() & text.re_search(WHOLE).any()
                    for label, text in kept.items()
                }
            )
        )[0]
        for name, label in doubtful.items():
            found[name] = ColumnLook(**{**vars(found[name]), "is_whole": bool(sure[label])})
    return Look(found)


def read_flag(column: ir.Value) -> ir.BooleanValue:
    """Yes or no in the languages of YES and NO; NULL where it is neither."""
    if isinstance(column, ir.BooleanValue):
        return column
    if isinstance(column, ir.NumericValue):
        return ibis.cases((column == 1, True), (column == 0, False), else_=ibis.null("boolean"))
    word = text_of(column).strip().lower()
    return ibis.cases((word.isin(YES), True), (word.isin(NO), False), else_=ibis.null("boolean"))


def text_of(column: ir.Value) -> ir.StringValue:
    """The column as a text without a width; PostgreSQL is told so even of texts, since Ibis takes some of its enumerations for them."""
    if column.type() == dt.string and zones.engine_of(column) == "postgres":
        column = column.cast(dt.String(nullable=False))
    return column.cast("string")


def is_out_of_years(moment: ir.Value) -> ir.BooleanValue:
    first, behind = datetime(FIRST_YEAR, 1, 1), datetime(LAST_YEAR + 1, 1, 1)
    if isinstance(moment, ir.DateValue):
        return (moment < ibis.literal(first.date())) | (moment >= ibis.literal(behind.date()))
    kind = moment.type().copy(nullable=True, scale=None)
    return (moment < ibis.literal(first).cast(kind)) | (moment >= ibis.literal(behind).cast(kind))


def is_narrow(column: ir.Value) -> bool:
    """Can every value of this type be stored as an amount?"""
    kind = column.type()
    if kind.is_boolean() or (kind.is_integer() and kind.nbytes <= 4):
        return True
    return bool(kind.is_decimal() and kind.precision is not None and kind.precision - kind.scale <= _DIGITS_BEFORE_POINT)


def is_exact(column: ir.Value) -> bool:
    """Does it lose nothing as an amount, so that products of it need no rounding first?"""
    kind = column.type()
    return is_narrow(column) and not (kind.is_decimal() and kind.scale > _DIGITS_BEHIND)
