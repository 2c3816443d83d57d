"""How a typed column is read as the field it feeds: one expression a column, as short as its type allows.

Casts go through a look at the value wherever a cast could fail, since engines without a forgiving cast (PostgreSQL) would stop at one bad value.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from crm_core.mapping.in_place import zones
from crm_core.mapping.in_place.look import LARGEST, ColumnLook, is_narrow, is_out_of_years, read_flag, text_of
from crm_core.mapping.meaning.formats import DATE_KINDS, NUMBER_KINDS
from crm_core.mapping.model import DateFormat, NumberFormat
from crm_core.mapping.values import consent, within_sla
from crm_core.mapping.values.text import NULL_WORDS
from crm_core.schema import Field

MONEY = "decimal(18, 4)"

#: Days that there are, from 1900 to 2100, year first; and a time of day.
_LEAP = "((19|20)(0[48]|[2468][048]|[13579][26])|2000)"
_DAY = (
    r"((19[0-9][0-9]|20[0-9][0-9]|2100)-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
    rf"|{_LEAP}-02-29)"
)
_TIME = r"([ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?)?"
ISO = f"^{_DAY}{_TIME}$"
PLAIN_NUMBER = r"^[-+]?[0-9]{1,14}([.][0-9]+)?$"

#: Floating numbers from here on are no longer written in full.
_EXACT = 10**15

#: Types of which no text, number or date can be made.
_NESTED = (ir.ArrayValue, ir.StructValue, ir.MapValue, ir.JSONValue, ir.BinaryValue)


def read(column: ir.Value, field: Field, name: str, seen: ColumnLook, timezone: str) -> ir.Value:
    """The value of the field in the type of the schema, NULL where it is missing or cannot be it; `name` is the column's."""
    if field.kind == "id":
        value: ir.Value = read_id(column, seen)
    elif field.name == "is_within_sla":
        value = _within_sla(column, name)
    elif field.name == "consent":
        value = _consent(column, name)
    elif field.kind == "flag":
        value = read_flag(column)
    elif field.kind in DATE_KINDS:
        value = _date(column, field, seen, timezone)
    elif field.kind in NUMBER_KINDS:
        value = _number(column, field, seen)
    else:
        value = read_text(column, seen)
    return as_type(value, field.type)


def as_type(value: ir.Value, kind: str) -> ir.Value:
    return value if value.type() == ibis.dtype(kind) else value.cast(kind)


def is_given(column: ir.Value) -> ir.BooleanValue:
    """Does the cell hold anything? Never NULL."""
    if isinstance(column, ir.StringValue):
        return ~text_of(column).strip().lower().isin(NULL_WORDS).fill_null(True)
    return column.notnull()


def unfit(column: ir.Value, field: Field | None, formats: DateFormat | NumberFormat | None, timezone: str) -> str:
    """Why a column cannot feed the field in place, in words; "" where it can."""
    if isinstance(column, _NESTED):
        return f"it holds {type(column.type()).__name__.lower()} values, not single ones"
    if field is None or field.kind not in (*DATE_KINDS, *NUMBER_KINDS):
        return ""
    if isinstance(formats, DateFormat) and formats.style not in ("native", "iso"):
        return "it does not hold dates of the engine's own type, nor texts like 2024-12-31"
    if isinstance(formats, NumberFormat) and isinstance(column, ir.StringValue) and not formats.is_plain:
        return "it does not hold numbers of the engine's own type, nor texts like -12.50"
    if field.kind in DATE_KINDS:
        if isinstance(column, ir.TimestampValue) and column.type().timezone and zones.local_time(column, timezone) is None:
            return f"this engine's times with an offset are not known how to be shown in {timezone}"
        return "" if isinstance(column, ir.TimestampValue | ir.DateValue | ir.StringValue) else "its type is no date"
    return "" if isinstance(column, ir.NumericValue | ir.StringValue | ir.BooleanValue) else "its type is no number"


# -- kinds ----------------------------------------------------------------------------------------------------------------


def read_id(column: ir.Value, seen: ColumnLook) -> ir.StringValue:
    if isinstance(column, ir.StringValue):
        text = text_of(column)  # of char(n) this takes the blanks away that fill it up
        text = _tidy(text, NULL_WORDS) if seen.is_untidy else text
        return text.re_replace(r"[.]0+$", "") if seen.is_whole else text
    kind = column.type()
    if isinstance(column, ir.FloatingValue):
        return (column.abs() < _EXACT).ifelse(_whole(column, "int64"), column.cast("string").lower().nullif("nan"))
    if isinstance(column, ir.DecimalValue) and kind.scale != 0:
        return _whole(column, "decimal(38, 0)")
    return column.cast("string")


def _whole(column: ir.Value, kind: str) -> ir.StringValue:
    whole = column.cast(kind)
    return (whole == column).ifelse(whole.cast("string"), column.cast("string"))


def read_text(column: ir.Value, seen: ColumnLook) -> ir.StringValue:
    if not isinstance(column, ir.StringValue):
        return read_id(column, seen)
    text = text_of(column)
    return _tidy(text, ("",)) if seen.is_untidy else text


def _tidy(text: ir.StringValue, nothing: tuple[str, ...]) -> ir.StringValue:
    stripped = text.strip()
    if nothing == ("",):
        return stripped.nullif("")
    return stripped.lower().isin(nothing).ifelse(ibis.null("string"), stripped)


def _consent(column: ir.Value, name: str) -> ir.BooleanValue:
    if isinstance(column, ir.TimestampValue | ir.DateValue):
        return consent.decided(column, ibis.null("boolean"), None, name)
    word = text_of(column).strip().lower() if isinstance(column, ir.StringValue) else None
    return consent.decided(column, read_flag(column), word, name)


def _within_sla(column: ir.Value, name: str) -> ir.BooleanValue:
    flag = read_flag(column)
    within = ~flag if within_sla.asks_for_missed(name) else flag
    if not isinstance(column, ir.StringValue):
        return within
    word = text_of(column).strip().lower()
    return ibis.cases((word.isin(within_sla.MET), True), (word.isin(within_sla.MISSED), False), else_=within)


def _date(column: ir.Value, field: Field, seen: ColumnLook, timezone: str) -> ir.Value:
    if isinstance(column, ir.StringValue):
        text = text_of(column).strip()
        return text.re_search(ISO).ifelse(text, ibis.null("string")).cast("timestamp")
    if seen.is_beyond:
        column = is_out_of_years(column).ifelse(ibis.null(column.type().copy(nullable=True)), column)
    if isinstance(column, ir.TimestampValue) and column.type().timezone:
        moment = zones.local_time(column, timezone)
        return ibis.null("timestamp") if moment is None else moment
    return column if field.kind == "date" and isinstance(column, ir.DateValue) else as_type(column, "timestamp")


def _number(column: ir.Value, field: Field, seen: ColumnLook) -> ir.Value:
    number = _decimal(column, seen, whole=field.kind == "integer")
    if field.name == "count_reopened" and isinstance(column, ir.StringValue):  # a yes is once at least
        return ibis.coalesce(number.cast("int64"), _as_number(read_flag(column)).cast("int64"))
    return number


def _as_number(flag: ir.BooleanValue) -> ir.IntegerValue:
    """1 or 0; by a CASE, since PostgreSQL casts no flag to a small number."""
    return ibis.cases((flag, 1), (~flag, 0), else_=ibis.null("int8"))


def _decimal(column: ir.Value, seen: ColumnLook, whole: bool) -> ir.Value:
    """As an amount; whole numbers of fields that count stay as they are."""
    if isinstance(column, ir.StringValue):
        text = text_of(column).strip()
        return text.re_search(PLAIN_NUMBER).ifelse(text, ibis.null("string")).cast(MONEY)
    if isinstance(column, ir.BooleanValue):
        return _as_number(column).cast(MONEY)
    if whole and isinstance(column, ir.IntegerValue):
        return column
    if seen.is_beyond and not is_narrow(column):
        column = (column.abs() < LARGEST).ifelse(column, ibis.null(column.type().copy(nullable=True)))
    return as_type(column, MONEY)
