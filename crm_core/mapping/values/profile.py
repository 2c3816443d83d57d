"""What the columns of a staged table look like: a row count, how many cells are filled, whether they are numbers, dates, ids or words.

Grain: one ColumnProfile a column. Looks (formats, shares, hints) come from a sample of the rows, spread over the whole table; counts and
the order of day and month come from all rows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from crm_core.mapping.model import DateFormat, NumberFormat
from crm_core.mapping.values import date_styles, numbers
from crm_core.mapping.values import text as words
from crm_core.sources.staging import ColumnType, SourceColumn, StagedTable, Staging

#: Rows looked at: the most for a narrow table, and the cells that a wide one may cost.
MOST_ROWS, MOST_CELLS, FEWEST_ROWS = 3_000, 60_000, 300

#: Up to so many cells distinct values are counted exactly; beyond, to a few per cent.
MOST_EXACT_CELLS = 5_000_000

#: Columns counted in one pass: counting distinct values of hundreds at once would take more memory than staging has.
COLUMNS_AT_ONCE = 16

#: From this share of values on, a column is looked at closely as dates or numbers.
PROMISING = 0.5
_EXAMPLES = 8
_LONG = 60
#: Yes and no in as many spellings ("Yes", "no", "NO") are still a flag.
_SPELLINGS = 4

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]{2,}")
_PHONE = re.compile(r"(?=(\D*\d){7,15}\D*$)([+(]?\d[\d()]*[ ()./-][\d ()./-]{4,20}|(\+|00?)\d{8,14}|\d{10,13})")
_URL = re.compile(r"(https?://|www\.)\S+", re.IGNORECASE)
_DAMAGED = re.compile(words.DAMAGED_ID)
_WORDS = re.compile(r"[^\d@]*[^\W\d_]{2,}[^\d@]*")
_INTEGER = re.compile(r"[-+]?\d+(\.0+)?")


@dataclass(frozen=True)
class ColumnProfile:
    """One column as the user named it. Shares are of the filled cells looked at; `minimum` and `maximum` of numbers: of all rows where a
    bare cast reads them, else of the cells looked at.

    `distinct` is about right (a few per cent) for large tables. `date` and `number` may both be set: 19970101 is either.
    `hints`: email, phone, integer, unique, negative, flag, currency_sign, damaged_ids, words, url, long_text.
    """

    name: str
    ref: str
    type: ColumnType
    rows: int
    filled: int
    distinct: int
    examples: tuple[str, ...]
    number: NumberFormat | None
    number_share: float
    date: DateFormat | None
    date_share: float
    minimum: float | None
    maximum: float | None
    hints: frozenset[str]


@dataclass(frozen=True)
class _Look:
    """What the sampled, filled and distinct texts of a column say."""

    texts: tuple[str, ...]
    number: NumberFormat | None
    number_share: float
    date: DateFormat | None
    date_share: float


@dataclass(frozen=True)
class _Counts:
    """What one pass over all rows says of a column."""

    filled: int
    distinct: int
    is_exact: bool
    readable: int
    low: float | None
    high: float | None


def profile(staging: Staging, source: str) -> tuple[ColumnProfile, ...]:
    """A profile of each column of the source table, in the order of the file."""
    staged = staging.staged(source)
    if not staged.columns:
        return ()
    looks = {column.ref: _look(column, texts) for column, texts in zip(staged.columns, _sample(staging, staged), strict=True)}
    counts = _count(staging, staged, looks)
    return tuple(_profile_one(staging, staged, column, looks[column.ref], counts[column.ref]) for column in staged.columns)


def _profile_one(staging: Staging, staged: StagedTable, column: SourceColumn, look: _Look, counts: _Counts) -> ColumnProfile:
    number, share = look.number, look.number_share
    is_doubtful = number is not None and (not number.is_plain or bool(number.evidence) or counts.readable < counts.filled)
    if is_doubtful and column.type == "text":
        number = numbers.decide(staging, staged.name, column.name, look.texts)
    date = date_styles.decide(staging, staged.name, column.name, look.texts) if look.date is not None else None
    return ColumnProfile(
        name=column.name,
        ref=column.ref,
        type=column.type,
        rows=staged.rows,
        filled=counts.filled,
        distinct=counts.distinct,
        examples=look.texts[:_EXAMPLES],
        number=number,
        number_share=share,
        date=date,
        date_share=look.date_share,
        minimum=counts.low,
        maximum=counts.high,
        hints=frozenset(_hints(column, look, counts) | ({"unique"} if _is_unique(staging, staged, column, look, counts) else set())),
    )


def _sample(staging: Staging, staged: StagedTable) -> list[tuple[str, ...]]:
    """For each column its distinct filled texts in some rows spread evenly over the table, or wherever the column is filled at all."""
    rows = staging.table(staged.name)
    size = max(FEWEST_ROWS, min(MOST_ROWS, MOST_CELLS // len(staged.columns)))
    step = max(1, staged.rows // size)
    some = rows if step == 1 else rows.filter(rows.rowid() % step == 0)
    shown = {column.ref: _shown(some[column.ref]) for column in staged.columns}
    found = staging.con.to_pyarrow(some.select(**shown).limit(2 * size))
    texts = [_distinct(found[column.ref].to_pylist()) for column in staged.columns]
    return [text or (_rare(staging, rows, column) if step > 1 else ()) for text, column in zip(texts, staged.columns, strict=True)]


def _shown(cells: ir.Value) -> ir.StringValue:
    """The cell as a person would read it; long texts are cut, since only their looks count."""
    if isinstance(cells, ir.StringValue):
        return cells.substr(0, 4 * _LONG)
    return words.read_id(cells) if isinstance(cells, ir.NumericValue) and not isinstance(cells, ir.BooleanValue) else cells.cast("string")


def _rare(staging: Staging, rows: ir.Table, column: SourceColumn) -> tuple[str, ...]:
    """Texts of a column that is empty in all rows looked at."""
    cells = rows[column.ref]
    found = rows.filter(cells.notnull()).limit(FEWEST_ROWS).select(cell=_shown(cells))
    return _distinct(staging.con.to_pyarrow(found)["cell"].to_pylist())


def _distinct(cells: Sequence[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(cell for cell in cells if cell is not None and cell.strip().lower() not in words.NULL_WORDS))


def _look(column: SourceColumn, texts: tuple[str, ...]) -> _Look:
    if column.type in ("date", "timestamp"):
        return _Look(texts, None, 0.0, DateFormat("native"), 1.0 if texts else 0.0)
    if column.type == "boolean" or not texts:
        return _Look(texts, None, 0.0, None, 0.0)
    number, number_share = numbers.guess(texts)
    date, date_share = date_styles.guess(texts)
    if column.type == "number":
        number, number_share = NumberFormat(), 1.0
    return _Look(
        texts,
        number if number_share >= PROMISING else None,
        number_share,
        date if date_share >= PROMISING else None,
        date_share,
    )


def _count(staging: Staging, staged: StagedTable, looks: dict[str, _Look]) -> dict[str, _Counts]:
    """Filled and distinct cells of every column and the range of numbers, in one pass over each COLUMNS_AT_ONCE columns."""
    is_small = staged.rows * len(staged.columns) <= MOST_EXACT_CELLS
    counts: dict[str, _Counts] = {}
    for start in range(0, len(staged.columns), COLUMNS_AT_ONCE):
        some = staged.columns[start : start + COLUMNS_AT_ONCE]
        counts |= _count_some(staging, staging.table(staged.name), [column.ref for column in some], looks, is_small)
    return counts


def _count_some(staging: Staging, rows: ir.Table, refs: Sequence[str], looks: dict[str, _Look], is_small: bool) -> dict[str, _Counts]:
    measures: dict[str, ir.Scalar] = {}
    for ref in refs:
        cells, number = rows[ref], looks[ref].number
        measures |= {f"{ref}_filled": cells.count(), f"{ref}_distinct": cells.nunique() if is_small else cells.approx_nunique()}
        if number is not None and number.is_plain:
            values = numbers.read(cells, number)
            measures |= {f"{ref}_readable": values.count(), f"{ref}_low": values.min(), f"{ref}_high": values.max()}
    found = staging.con.to_pyarrow(rows.aggregate(**measures)).to_pylist()[0]
    for ref in refs:
        number = looks[ref].number
        if number is not None and not number.is_plain:
            found |= _sampled_range(staging, ref, looks[ref].texts, number)
    return {ref: _counts(found, ref, is_small) for ref in refs}


def _sampled_range(staging: Staging, ref: str, texts: Sequence[str], number: NumberFormat) -> dict[str, object]:
    """Range of numbers that take some reading, of the texts looked at: reading all rows would cost more than all else here."""
    values = numbers.read(ibis.memtable({"cell": texts}, schema={"cell": "string"})["cell"], number).name("value").as_table()
    measures = {f"{ref}_readable": values.value.count(), f"{ref}_low": values.value.min(), f"{ref}_high": values.value.max()}
    return dict(staging.con.to_pyarrow(values.aggregate(**measures)).to_pylist()[0])


def _counts(found: dict[str, object], ref: str, is_exact: bool) -> _Counts:
    def number(name: str) -> float | None:
        value = found.get(f"{ref}_{name}")
        return None if value is None else float(str(value))

    filled = int(number("filled") or 0)
    return _Counts(filled, min(filled, int(number("distinct") or 0)), is_exact, int(number("readable") or 0), number("low"), number("high"))


def _hints(column: SourceColumn, look: _Look, counts: _Counts) -> set[str]:
    """The words of ColumnProfile.hints that hold for the column."""
    texts = look.texts
    if not texts:
        return set()
    marks = {"email": _EMAIL, "url": _URL} | ({"phone": _PHONE} if look.date is None else {})
    hints = {hint for hint, pattern in marks.items() if _share(texts, pattern) >= 0.9}
    if any(_DAMAGED.match(text) for text in texts):
        hints.add("damaged_ids")
    if look.number is not None:
        hints |= _number_hints(look, counts)
    elif look.date is None:
        hints |= _word_hints(texts)
    if column.type == "boolean" or (len(texts) <= _SPELLINGS and {text.strip().lower() for text in texts} <= {*words.YES, *words.NO}):
        hints.add("flag")
    return hints


def _number_hints(look: _Look, counts: _Counts) -> set[str]:
    hints = {"negative"} if counts.low is not None and counts.low < 0 else set()
    if any(numbers.has_currency(text) for text in look.texts):
        hints.add("currency_sign")
    if all(_INTEGER.fullmatch(text.strip()) for text in look.texts):
        hints.add("integer")
    return hints


def _word_hints(texts: tuple[str, ...]) -> set[str]:
    hints = {"words"} if _share(texts, _WORDS) >= PROMISING else set()
    lengths = sorted(len(text) for text in texts)
    return hints | ({"long_text"} if lengths[len(lengths) // 2] >= _LONG else set())


def _share(texts: Sequence[str], pattern: re.Pattern[str]) -> float:
    return sum(1 for text in texts if pattern.fullmatch(text.strip())) / len(texts)


def _is_unique(staging: Staging, staged: StagedTable, column: SourceColumn, look: _Look, counts: _Counts) -> bool:
    """No value twice: counted where counts are exact; else by looking for repeats of the sampled values in the whole column."""
    if counts.is_exact or not look.texts:
        return bool(look.texts) and counts.filled == counts.distinct
    if counts.distinct < 0.9 * counts.filled:
        return False
    cells = staging.table(staged.name)[column.ref]
    few = ibis.memtable({"cell": look.texts[:MOST_ROWS]}, schema={"cell": "string"})
    repeats = _shown(cells).name("cell").as_table().semi_join(few, "cell").group_by("cell").agg(rows=ibis._.count()).filter(ibis._.rows > 1)
    return int(staging.con.execute(repeats.count())) == 0
