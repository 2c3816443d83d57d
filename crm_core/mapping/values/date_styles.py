"""How a column writes its dates: decided once for the whole column, never row by row.

Day first or month first is decided by every value of the column; where nothing decides, or values of both orders stand in it, the
user is asked.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache, reduce
from itertools import chain
from typing import Literal

import ibis
import ibis.expr.types as ir

from crm_core.mapping.model import DateFormat, DateStyle
from crm_core.mapping.values import functions
from crm_core.mapping.values import text as words
from crm_core.mapping.values.dates import FIRST_EPOCH, FIRST_SERIAL, LAST_EPOCH, LAST_SERIAL, REWRITTEN, gregorian_day, taken_apart
from crm_core.sources.staging import StagedTable, Staging

_LATIN = str.maketrans(words.EASTERN_DIGITS + words.ODD_BLANKS, words.LATIN_DIGITS + " " * len(words.ODD_BLANKS), words.INVISIBLE)

#: From this share of telling values on, dates of the other order or of another style are no slips: the column mixes two ways.
MIXED_SHARE = 0.01
#: How the evidence of a column begins that holds values of both orders.
CONTRADICTORY = "contradictory"
#: A last part that takes so many times the values of the first is the day, and the first the year ("21-01-05").
MORE_DAYS = 3
#: Years of two digits that are of our calendar and not of the Persian one (1380 to 1415 are 2001 to 2036).
FIRST_CLEAR_YEAR, LAST_CLEAR_YEAR = 16, 69

_SHAPE = re.compile(
    r"\d{1,2}(?P<mark>[-/. ])(\d{1,2}|(?P<word>[A-Za-z]{3,}))(?P=mark)(?P<year>\d{4}|\d{2})"
    r"(?:(?P<gap>,? |T)\d{1,2}:\d{2}(?P<seconds>:\d{2})?(?P<half> ?[AaPp][Mm])?)?"
)
_YEAR_FIRST = re.compile(r"(1[89]|20|21)\d\d([-/. ])(\d{1,2}|[^\W\d]{3,})\2\d{1,2}(?![\d./-])")
_JALALI_FIRST = re.compile(r"1[34]\d\d[-/. ](\d{1,2}|[^\W\d]{2,})[-/. ]\d{1,2}(?![\d./-])|1[34]\d\d(0\d|1[0-2])([0-2]\d|3[01])$")
_JALALI_LAST = re.compile(r"\d{1,2}[-/. ](\d{1,2}|[^\W\d]{2,})[-/. ]1[34]\d\d(?![\d./-])")
_DAY_OR_MONTH_FIRST = re.compile(
    r"\d{1,2}([-/. ])\d{1,2}\1(\d{4}|\d{2})(?![\d./-])"
    r"|(?:[^\W\d]+\.?,? +)?(\d{1,2}(st|nd|rd|th)?[-/. ]+(de |of )?[^\W\d]{3,}|[^\W\d]{3,}\.? \d{1,2})[-/., ]+(de )?\d{2,4}(?![\d./-])"
)
_COMPACT_DAY = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(([01]\d|2[0-3])([0-5]\d){0,2})?(\.0)?")
_NUMBER = re.compile(r"\d+([.,]\d+)?")

_WITH_SEPARATORS: tuple[DateStyle, ...] = ("iso", "dmy", "jalali")

#: Why a style other than day or month first was taken.
_EVIDENCE: dict[DateStyle, str] = {
    "iso": "the year comes first",
    "jalali": "years of the Persian calendar",
    "ymd_compact": "eight digits that are a year, a month and a day",
    "ymdh_compact": "digits that are a year, a month, a day and a time",
    "excel_serial": "numbers that can be days of a spreadsheet",
    "epoch_seconds": "numbers that can be seconds since 1970",
    "epoch_milliseconds": "numbers that can be milliseconds since 1970",
}


def guess(values: Iterable[str]) -> tuple[DateFormat | None, float]:
    """The style that most of these distinct texts have, and the share of them that have it; (None, 0.0) where none has one.

    "dmy" stands for both orders here: only `decide`, which sees the whole column, tells day first from month first.
    """
    votes = _votes(texts := list(values))
    if not votes:
        return None, 0.0
    style, count = votes.most_common(1)[0]
    if style in _WITH_SEPARATORS:  # a column that mixes these is one of dates, and asked about
        count = sum(votes[one] for one in _WITH_SEPARATORS)
    patterns = ("%Y%m%d%H",) if style == "ymdh_compact" else ()
    return DateFormat(style, patterns, "" if style != "dmy" else "day or month first"), count / len(texts)


def _votes(texts: Sequence[str]) -> Counter[DateStyle]:
    return Counter(style for text in texts if (style := _style(text.translate(_LATIN).strip())))


def _style(text: str) -> DateStyle | None:
    """The style that one text can have by its looks, as it stands or rewritten."""
    return _plain_style(text) or _plain_style(reduce(lambda value, rule: re.sub(_for_re(rule[0]), rule[1], value), REWRITTEN, text))


@lru_cache
def _for_re(pattern: str) -> re.Pattern[str]:
    """The pattern of RE2 for `re`, which writes signs by their number otherwise."""
    return re.compile(re.sub(r"\\x\{(\w+)\}", lambda sign: chr(int(sign[1], 16)), pattern))


def _plain_style(text: str) -> DateStyle | None:
    if _NUMBER.fullmatch(text):
        return _number_style(text)
    if _JALALI_FIRST.match(text) or _JALALI_LAST.match(text):
        return "jalali"
    if _YEAR_FIRST.match(text):
        return "iso"
    return "dmy" if _DAY_OR_MONTH_FIRST.match(text) else None


def _number_style(text: str) -> DateStyle | None:
    if _COMPACT_DAY.fullmatch(text):
        return "ymd_compact" if len(text.split(".", maxsplit=1)[0]) == 8 else "ymdh_compact"
    if _JALALI_FIRST.fullmatch(text):
        return "jalali"
    number = float(text.replace(",", "."))
    if FIRST_SERIAL <= number <= LAST_SERIAL:
        return "excel_serial"
    if FIRST_EPOCH <= number <= LAST_EPOCH:
        return "epoch_seconds"
    return "epoch_milliseconds" if FIRST_EPOCH <= number / 1000 <= LAST_EPOCH else None


def decide(staging: Staging, source: str, column: str, sample: Sequence[str] = ()) -> DateFormat:
    """How the whole column writes dates. The style comes from `sample` (some distinct values, looked up where not given), the order
    of day and month from every value of the column; "iso" where nothing looks like a date.
    """
    staged = staging.staged(source)
    cells = staging.table(source)[staged.column(column).ref]
    if isinstance(cells, ir.DateValue | ir.TimestampValue):
        return DateFormat("native", evidence="it holds dates already")
    sample = sample or _sample(staging, staged, staged.column(column).ref)
    fmt, _ = guess(sample)
    if fmt is None:
        return DateFormat("iso", evidence="no value looks like a date")
    if fmt.style == "dmy":
        return _with_other_styles(_day_or_month_first(staging, cells, sample), sample)
    return _with_other_styles(replace(fmt, evidence=_EVIDENCE[fmt.style]), sample)


def _with_other_styles(fmt: DateFormat, sample: Sequence[str]) -> DateFormat:
    """The same, but mixed where more of the values are dates of another style than slips would be: those are unreadable by it."""
    votes = _votes(sample)
    own = fmt.style if fmt.style != "mdy" and not is_year_of_two_digits_first(fmt) else "dmy"
    others = {style: count for style, count in votes.items() if style != own and {style, own} & {*_WITH_SEPARATORS}}
    count = sum(others.values())
    if fmt.is_mixed or count < MIXED_SHARE * votes.total() or not count:
        return fmt
    most = max(others, key=lambda style: others[style])
    words_of_most = _EVIDENCE.get(most, "the day or the month comes first")
    evidence = f"{fmt.evidence}; but in {count:,} of {votes.total():,} different values looked at: {words_of_most}"
    return replace(fmt, evidence=evidence, is_ambiguous=True, is_mixed=True)


def with_order(fmt: DateFormat, order: Literal["dmy", "mdy"]) -> DateFormat:
    """The same with the order that the user chose; other styles have no order to choose, and no choice tells the calendar of "02/05/12"."""
    if is_year_of_two_digits_first(fmt):
        return fmt
    if fmt.style not in ("dmy", "mdy") or fmt.style == order:
        return replace(fmt, is_ambiguous=False, is_mixed=False)
    swapped = tuple(re.sub(r"%([dm])(.)%([dm])", r"%\3\2%\1", pattern) for pattern in fmt.patterns)
    return DateFormat(order, swapped, "chosen by the user")


def _sample(staging: Staging, staged: StagedTable, ref: str) -> list[str]:
    """Up to two thousand filled cells from all over the column, as distinct texts."""
    rows = staging.table(staged.name)
    cells = rows[ref]
    text = cells if isinstance(cells, ir.StringValue) else words.read_id(cells)
    filled = rows.filter(words.is_given(cells) & (rows.rowid() % max(1, staged.rows // 1000) == 0)).select(text=text)
    anywhere = rows.filter(words.is_given(cells)).select(text=text)
    found = [staging.con.to_pyarrow(some.limit(1000))["text"].to_pylist() for some in (filled, anywhere)]
    return [one for one in dict.fromkeys(chain(*found)) if one is not None]


def _day_or_month_first(staging: Staging, cells: ir.StringValue, sample: Sequence[str]) -> DateFormat:
    """Day or month first, by counting over the whole column what is no day or no month."""
    counts = _count_orders(staging, cells)
    if counts["days_last"] == counts["all"] and counts["lasts"] >= MORE_DAYS * counts["firsts"]:
        return _year_of_two_digits_first(counts, sample)
    style: DateStyle = "mdy" if counts["mdy"] > counts["dmy"] else "dmy"
    patterns = _patterns(sample, style)
    first, second = counts["first_above_12"], counts["second_above_12"]
    if first and second:
        evidence = f"{CONTRADICTORY}: {first:,} values have a first part above 12 and {second:,} a second part above 12"
        is_mixed = min(first, second) >= MIXED_SHARE * (first + second)
        evidence = f"{evidence}; {counts['all'] - counts[style]:,} cannot be read"
        return DateFormat(style, patterns, evidence, is_ambiguous=is_mixed, is_mixed=is_mixed)
    if first:
        return DateFormat("dmy", patterns, f"{_values(first)} a day above 12, and it comes first")
    if second:
        return DateFormat("mdy", patterns, f"{_values(second)} a day above 12, and it comes second")
    if counts["either"]:
        return DateFormat("dmy", patterns, "no day above 12: day/month and month/day both read every value", is_ambiguous=True)
    if not counts["dmy"] + counts["mdy"]:
        return DateFormat("dmy", evidence="no value can be read as a day")
    return DateFormat(style, patterns, "months are written as words" if counts["named"] else "day and month are equal in every value")


def _year_of_two_digits_first(counts: dict[str, int], sample: Sequence[str]) -> DateFormat:
    """21-01-05: few years and many days. Years that the Persian calendar may mean as well (02 = 1402 or 2002) are asked about."""
    evidence = "years of two digits, and they come first: few different first parts, many different last parts"
    shapes = Counter(pattern for text in sample if (pattern := _pattern(text.strip(), "iso")))
    patterns = tuple(pattern for pattern, _ in shapes.most_common())
    is_clear = counts["lowest_first"] >= FIRST_CLEAR_YEAR and counts["highest_first"] <= LAST_CLEAR_YEAR and bool(patterns)
    doubt = "" if is_clear else "; the calendar cannot be told: write years with four digits"
    return DateFormat("iso", patterns, evidence + doubt, is_ambiguous=not is_clear, is_mixed=not is_clear)


def is_year_of_two_digits_first(fmt: DateFormat) -> bool:
    """True of "21-01-05"."""
    return fmt.style == "iso" and bool(fmt.patterns)


def _values(count: int) -> str:
    return "1 value has" if count == 1 else f"{count:,} values have"


def _count_orders(staging: Staging, cells: ir.StringValue) -> dict[str, int]:
    """Values readable in either order, and what tells the orders apart, counted per distinct day (what stands before the first colon,
    unless the time comes first).
    """
    filled = cells.name("cell").as_table().filter(words.is_given(cells))
    is_time_first = filled.cell.substr(0, 3).contains(":")
    text = is_time_first.ifelse(filled.cell, functions.split_part(filled.cell, ":", 1))
    days = filled.group_by(text=text).agg(rows=ibis._.count()).mutate(parts=taken_apart(ibis._.text))
    days = days.mutate(
        first=days.parts["first"].try_cast("int64"),
        second=days.parts["second"].try_cast("int64"),
        third=days.parts["third"].try_cast("int64"),
        has_year=days.parts["third"].length().isin([2, 4]),
        dmy=gregorian_day(days.parts, "dmy").notnull(),
        mdy=gregorian_day(days.parts, "mdy").notnull(),
    )
    tests = {
        "all": ibis.literal(True),
        "dmy": days.dmy,
        "mdy": days.mdy,
        "first_above_12": days["first"].between(13, 31) & days.second.between(1, 12) & days.has_year,
        "second_above_12": days.second.between(13, 31) & days["first"].between(1, 12) & days.has_year,
        "either": days.dmy & days.mdy & (days["first"] != days.second),
        "named": (days["first"].isnull() | days.second.isnull()) & days.dmy,
        "days_last": (days.parts["first"].length() == 2)
        & (days.parts["third"].length() == 2)
        & days.second.between(1, 12)
        & days.third.between(1, 31),
    }
    measures = {name: days.rows.sum(where=test).fill_null(0) for name, test in tests.items()}
    measures |= {"firsts": days["first"].nunique(), "lasts": days.third.nunique()}
    measures |= {"lowest_first": days["first"].min().fill_null(0), "highest_first": days["first"].max().fill_null(0)}
    found = staging.con.to_pyarrow(days.aggregate(**measures))
    return {name: int(found[name][0].as_py()) for name in measures}


def _patterns(sample: Sequence[str], style: DateStyle) -> tuple[str, ...]:
    """The strptime pattern of most values, for speed; values of another look are taken apart instead."""
    shapes = Counter(pattern for text in sample if (pattern := _pattern(text.strip(), style)))
    return tuple(pattern for pattern, _ in shapes.most_common(1))


def _pattern(text: str, style: DateStyle) -> str:
    match = _SHAPE.fullmatch(text)
    if not match:
        return ""
    month = "%m" if not match["word"] else "%b" if len(match["word"]) == 3 else "%B"
    first, second = ("%m", "%d") if style == "mdy" and month == "%m" else ("%d", month)
    order = (first, second, "%Y" if len(match["year"]) == 4 else "%y") if style != "iso" else ("%y", month, "%d")
    date_part = match["mark"].join(order)
    hours = "%I:%M" if match["half"] else "%H:%M"
    half = match["half"].upper().replace("AM", "%p").replace("PM", "%p") if match["half"] else ""
    return date_part + (match["gap"] + hours + (":%S" if match["seconds"] else "") + half if match["gap"] else "")
