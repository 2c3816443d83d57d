"""The expression that reads the dates of a column in the one way that was decided for all of it (date_styles.py).

What does not fit the way of the column, is no day of its calendar, or lies outside the years 1900 to 2100 is unreadable, never guessed.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache, reduce
from typing import Literal

import ibis
import ibis.expr.types as ir

from crm_core.mapping.model import DateFormat, DateStyle
from crm_core.mapping.values import functions, month_names
from crm_core.mapping.values import text as words

FIRST_YEAR, LAST_YEAR = 1900, 2100
FIRST_JALALI_YEAR, LAST_JALALI_YEAR = 1300, 1479

#: "year_or_day": whichever of the two the first part can be (four digits are a year).
Order = Literal["ymd", "dmy", "mdy", "year_or_day"]
MonthNames = dict[int, tuple[str, ...]]
_PERSIAN = str.maketrans(words.ARABIC_LETTERS, words.PERSIAN_LETTERS)

_SEPARATOR = r"(?:st|nd|rd|th)?(?:\s*[-/.,]\s*|\s+)(?:de\s+|of\s+)?"
#: A date with year, month and day in any order, months as numbers or words, a weekday before and a time behind if there is one.
_DATE = (
    r"^(?:\p{L}+\.?,?\s+)?(\d{1,4}|\p{L}{2,})\.?" + _SEPARATOR + r"(\d{1,2}|\p{L}{2,})\.?" + _SEPARATOR + r"(\d{1,4})(?:\s*г\.?)?"
    r"(?:(?:T|,?\s+(?:at\s+)?)(\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)\s*([AaPp])?(?:\.?[Mm]\.?)?\s*(Z|UTC|GMT|[+-]\d{2}:?(?:\d{2})?)?)?(?:T?,?\s*\d{0,2})?$"
)
#: Rarer ways to write day and time beside each other -> the usual one, tried in turn on what is no date yet. For RE2 and for `re` alike.
REWRITTEN = (
    (r"^(?:[^\d\s]+[\s\x{200c}])?[^\d\s]*شنبه[.,،]*\s+", ""),  # Persian weekdays, some of two words
    (r"^جمعه[.,،]*\s+", ""),
    (r"^(\d{1,2}:\d{2}(?::\d{2})?)\s*[-–,،]?\s*(\S.*)$", r"\2 \1"),  # the time first
    (r"(\d)(?:\s*г\.?)?\s*(?:[-–|,،]|ساعت|um|at|в|à|às|om|kl\.?|klo)\s+(\d{1,2})([:.]|$)", r"\1 \2\3"),
    (r"([-/.]\d{4}):(\d{1,2})(:|$)", r"\1 \2\3"),  # logs of web servers
    (r"([-/.]\d{1,4}) (\d{1,2})\.(\d{2})\.(\d{2})", r"\1 \2:\3:\4"),  # times with full stops
    (r"([-/.]\d{1,4}) (\d{1,2})\.(\d{2})", r"\1 \2:\3"),
    (r"(:\d{2})\s*(?:[Uu]hr|h|ч\.?)$", r"\1"),
)
#: The usual case of it, which is taken apart seven times faster.
_NUMERIC_DATE = r"^(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})(?:[T ](\d{1,2}:\d{2}(?::\d{2})?))?()()$"
_OFFSET = r":\d{2}(?:\.\d+)?\s*(?:Z|UTC|GMT|[+-]\d{2})|T.*Z$"

#: Digits without separators: length -> how strptime reads them.
_COMPACT = {8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}

#: Days of the 1900 system of spreadsheets: 1954 to 2119; day 25,569 is 1970-01-01.
FIRST_SERIAL, LAST_SERIAL, _SERIAL_OF_1970 = 20_000, 80_000, 25_569

#: Seconds since 1970 that are plausible moments of a business: 1990 to 2100.
FIRST_EPOCH, LAST_EPOCH = 631_152_000, 4_102_444_800
_SECONDS_A_DAY, _MICROSECONDS = 86_400, 1_000_000


def read(column: ir.Value, fmt: DateFormat, timezone: str = "UTC") -> ir.TimestampValue:
    """The column as moments in local time, NULL where empty or unreadable by `fmt`.

    Values with an offset (and epochs) are converted to `timezone`, others are kept as they stand.
    """
    if fmt.style == "native":
        return _plausible(_native(column, timezone))
    if fmt.style in ("epoch_seconds", "epoch_milliseconds", "excel_serial"):
        return functions.once(_counted(column, fmt.style, timezone), _plausible)
    text = column if isinstance(column, ir.StringValue) else words.read_id(column)
    if fmt.style in ("ymd_compact", "ymdh_compact"):
        return functions.once(_compact(text), _plausible)
    if fmt.style == "jalali":
        return functions.once(taken_apart(_with_separators(text)), lambda parts: _jalali(parts, timezone))
    order: Order = "ymd" if fmt.style == "iso" else "mdy" if fmt.style == "mdy" else "dmy"
    by_parts = functions.once(taken_apart(text), lambda parts: _gregorian(parts, order, timezone))
    if fmt.style == "iso" and not fmt.patterns:
        return _iso(text, by_parts)
    for pattern in reversed(fmt.patterns):
        moment = functions.try_strptime(text, pattern)
        by_parts = ibis.cases((_is_plausible(moment), moment), else_=by_parts)
    return by_parts


def _is_plausible(moment: ir.TimestampValue) -> ir.BooleanValue:
    return moment.between(ibis.timestamp(FIRST_YEAR, 1, 1, 0, 0, 0), ibis.timestamp(LAST_YEAR, 12, 31, 23, 59, 59))


def _plausible(moment: ir.TimestampValue) -> ir.TimestampValue:
    return _is_plausible(moment).ifelse(moment, ibis.null("timestamp(6)"))


def _native(column: ir.Value, timezone: str) -> ir.TimestampValue:
    if isinstance(column, ir.TimestampValue) and column.type().timezone:
        return functions.local_time(timezone, column)
    return column.cast("timestamp(6)")


def _iso(text: ir.StringValue, by_parts: ir.TimestampValue) -> ir.TimestampValue:
    """Year first: what looks as usual by a bare cast, what has an offset (a bare cast would drop it) or fails in the cast by its parts.

    A CASE and no COALESCE around the dear part: DuckDB would work out what is common in the latter for every row.
    """
    is_usual = (text.like("____-__-__ __:__:__") | text.like("____-__-__")) & text.between(str(FIRST_YEAR), str(LAST_YEAR + 1))
    cast = text.try_cast("timestamp(6)")
    return ibis.cases((is_usual, cast), (~text.re_search(_OFFSET) & _is_plausible(cast), cast), else_=by_parts)


def taken_apart(text: ir.StringValue) -> ir.StructValue:
    """A date taken apart: three parts as they stand (digits or a month's name), the time, "a" or "p", and the offset."""
    tidy, names = words.latin_digits(text), ibis.array(list(functions.DATE_PARTS))
    rewritten = reduce(lambda value, rule: value.re_replace(*rule), REWRITTEN, tidy)
    return ibis.cases(
        (tidy.re_search(_NUMERIC_DATE), functions.date_parts(tidy, _NUMERIC_DATE, names)),
        (tidy.re_search(_DATE), functions.date_parts(tidy, _DATE, names)),
        else_=functions.date_parts(rewritten, _DATE, names),
    )


def _gregorian(parts: ir.StructValue, order: Order, timezone: str) -> ir.TimestampValue:
    """Moments of the usual calendar from their parts."""
    return _with_time(gregorian_day(parts, order), parts, timezone)


def gregorian_day(parts: ir.StructValue, order: Order) -> ir.TimestampValue:
    """The day at 0:00, NULL where there is no such day; two-digit years from 69 on are of the last century."""

    def moment(day: ir.StructValue) -> ir.TimestampValue:
        year = day["year"]
        full = ibis.cases((year.length() == 4, year), (year.length() == 2, (year >= "69").ifelse("19", "20") + year))
        return (full + "-" + day["month"] + "-" + day["day"]).try_cast("timestamp(6)")

    return functions.once(_year_month_day(parts, order, month_names.GREGORIAN), moment)


def _with_separators(text: ir.StringValue) -> ir.StringValue:
    """Eight digits of a Jalali date set apart."""
    return text.re_replace(r"^(1[34]\d\d)(\d\d)(\d\d)$", r"\1-\2-\3")


def _jalali(parts: ir.StructValue, timezone: str) -> ir.TimestampValue:
    """Dates of the Persian calendar, year first or last, as days since 1970 from a table of the years' first days."""
    day = _year_month_day(parts, "year_or_day", month_names.JALALI)
    counts = functions.once(day, lambda texts: ibis.struct({name: texts[name].try_cast("int64") for name in ("year", "month", "day")}))
    return _with_time(functions.once(counts, _jalali_moment), parts, timezone)


def _jalali_moment(day: ir.StructValue) -> ir.TimestampValue:
    """The day at 0:00, NULL where the Persian calendar has no such day."""
    year, month = day["year"], day["month"]
    starts = ibis.array(list(_jalali_year_starts()))
    is_year = year.between(FIRST_JALALI_YEAR, LAST_JALALI_YEAR)
    place = is_year.ifelse(year - FIRST_JALALI_YEAR, 0)
    is_leap = functions.element(starts, place + 2) - functions.element(starts, place + 1) == 366
    length = ibis.cases((month <= 6, 31), (month <= 11, 30), else_=is_leap.ifelse(30, 29))
    passed = ibis.cases((month <= 6, (month - 1) * 31), else_=(month - 7) * 30 + 186)
    is_day = is_year & month.between(1, 12) & (day["day"] >= 1) & (day["day"] <= length)
    days = functions.element(starts, place + 1) + passed + day["day"] - 1
    return functions.from_microseconds(is_day.ifelse(days, ibis.null("int64")) * _SECONDS_A_DAY * _MICROSECONDS)


@lru_cache(maxsize=1)
def _jalali_year_starts() -> tuple[int, ...]:
    """Days from 1970-01-01 to the first of Farvardin of each year from FIRST_JALALI_YEAR to the one after LAST_JALALI_YEAR."""
    import jdatetime

    return tuple(
        (jdatetime.date(year, 1, 1).togregorian() - date(1970, 1, 1)).days for year in range(FIRST_JALALI_YEAR, LAST_JALALI_YEAR + 2)
    )


def _year_month_day(parts: ir.StructValue, order: Order, names: MonthNames) -> ir.StructValue:
    """Year, month and day as digits: `order` says which part is which unless a month stands there by its name."""
    first, second, third = parts["first"], parts["second"], parts["third"]
    starts_with_year = first.re_search(r"^\d{4}$")

    def places(named: ir.StructValue) -> ir.StructValue:
        by_name = ibis.coalesce(named["first"], named["second"])
        if order == "ymd":
            return _day(starts_with_year.ifelse(first, ibis.null("string")), ibis.coalesce(named["second"], second), third)
        is_year_first = starts_with_year & (named["second"].notnull() | ibis.literal(order == "year_or_day"))
        month, day = (first, second) if order == "mdy" else (second, first)
        day = ibis.cases((named["first"].notnull(), second), (is_year_first, third), (named["second"].notnull(), first), else_=day)
        return _day(is_year_first.ifelse(first, third), ibis.coalesce(by_name, month), day)

    return functions.once(ibis.struct({"first": _month_number(first, names), "second": _month_number(second, names)}), places)


def _day(year: ir.StringValue, month: ir.StringValue, day: ir.StringValue) -> ir.StructValue:
    return ibis.struct({"year": year, "month": month, "day": day})


def _with_time(day: ir.TimestampValue, parts: ir.StructValue, timezone: str) -> ir.TimestampValue:
    """The day at the time of `parts`; with an offset, what clocks in `timezone` show then."""
    clock = functions.microseconds(("1970-01-01 " + parts["time"].replace(",", ".")).try_cast("timestamp(6)"))
    noon, half = 12 * 3600 * _MICROSECONDS, parts["half"].lower()
    shift = ibis.cases(((half == "p") & (clock < noon), noon), ((half == "a") & (clock >= noon), -noon), else_=0)
    moment = functions.from_microseconds(functions.microseconds(day) + (parts["time"] == "").ifelse(0, clock + shift))

    def local(wall: ir.TimestampValue) -> ir.TimestampValue:
        instant = (wall.cast("string") + parts["zone"].replace("GMT", "Z").replace("UTC", "Z")).try_cast("timestamp('UTC')")
        return _plausible((parts["zone"] == "").ifelse(wall, functions.local_time(timezone, instant)))

    return functions.once(moment, local)


def _month_number(word: ir.StringValue, names: MonthNames) -> ir.StringValue:
    """The number of a month's name as text, NULL for other words and for digits: looked up in one line "|january:1|jan:1|..."."""
    line = "".join(f"|{form.translate(_PERSIAN)}:{month}" for month, forms in names.items() for form in forms) + "|"
    key = "|" + word.translate(words.ARABIC_LETTERS, words.PERSIAN_LETTERS).lower() + ":"
    found = functions.split_part(functions.split_part(line, key, 2), "|", 1).nullif("")
    return word.re_search(r"^\d*$").ifelse(ibis.null("string"), found)


def _compact(text: ir.StringValue) -> ir.TimestampValue:
    """Digits without separators: 19970101, 2018100100, to the minute or to the second."""
    digits = text.re_search(r"^\d+$").ifelse(text, words.latin_digits(text).strip())
    return ibis.cases(*((digits.length() == length, functions.try_strptime(digits, pattern)) for length, pattern in _COMPACT.items()))


def _counted(column: ir.Value, style: DateStyle, timezone: str) -> ir.TimestampValue:
    """Days since the end of 1899 (spreadsheets, local time), or seconds or milliseconds since 1970 (UTC)."""
    text = words.latin_digits(column).strip().replace(",", ".") if isinstance(column, ir.StringValue) else column
    count = text.try_cast("float64")
    if style == "excel_serial":
        seconds = ((count - _SERIAL_OF_1970) * _SECONDS_A_DAY).round()
        is_day = count.between(FIRST_SERIAL, LAST_SERIAL)
        return functions.from_microseconds(is_day.ifelse(seconds * _MICROSECONDS, ibis.null("float64")).try_cast("int64"))
    seconds = count if style == "epoch_seconds" else count / 1000
    is_plausible = seconds.between(FIRST_EPOCH, LAST_EPOCH)
    moment = functions.from_microseconds(is_plausible.ifelse((seconds * _MICROSECONDS).round(), ibis.null("float64")).try_cast("int64"))
    return moment if timezone == "UTC" else functions.local_time(timezone, (moment.cast("string") + "Z").try_cast("timestamp('UTC')"))
