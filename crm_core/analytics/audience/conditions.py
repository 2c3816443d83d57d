"""What a condition on customers is made of, as plain immutable data: it is parsed (`language.py`), told (`words.py`) and carried out (`members.py`).

Two values only: a comparison with something unknown does not hold, and `not` of it does, as in a filter of pandas.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from crm_core.analytics.days import months_before

Value = str | Decimal | date | bool
#: There is no "!=": it is the opposite of "=", also where a value is missing.
Sign = Literal["=", "<", "<=", ">", ">="]
SpanUnit = Literal["days", "weeks", "months", "years"]

#: A condition may not nest deeper, a list may not be longer, and no more tables may be worked out for one (see `count_sources`).
MOST_LEVELS, MOST_VALUES, MOST_SOURCES = 40, 1_000, 40


@dataclass(frozen=True)
class Column:
    """A field of a customer by its name in the catalogue (`fields.py`); `at`: as it stood on that day instead of the day looked from."""

    name: str
    at: date | None = None


@dataclass(frozen=True)
class Cluster:
    """The cluster that a customer belongs to, of `count` (None: as suggested) found by these features (none: the usual ones)."""

    count: int | None = None
    features: tuple[str, ...] = ()
    seed: int = 0


@dataclass(frozen=True)
class Span:
    """So many days, weeks, months or years back from the day looked from."""

    number: int
    unit: SpanUnit

    def since(self, as_of: date) -> date:
        """The first day of it."""
        if self.unit in {"days", "weeks"}:
            return as_of - timedelta(days=self.number * (7 if self.unit == "weeks" else 1))
        return months_before(as_of, self.number * (12 if self.unit == "years" else 1))


@dataclass(frozen=True)
class Window:
    """From `since` up to and including `until`, or the last span; open where nothing is named."""

    since: date | None = None
    until: date | None = None
    last: Span | None = None

    def first_day(self, as_of: date) -> date | None:
        return self.last.since(as_of) if self.last else self.since

    def end(self, as_of: date) -> date:
        """The day after the last one that counts, never later than the day looked from."""
        return self.until + timedelta(days=1) if self.until and self.until < as_of else as_of


ALWAYS = Window()


@dataclass(frozen=True)
class Sum:
    """What a customer did: a measure of the catalogue (orders, net sales, cases …) added up over a window, only of rows with these values.

    `of` are pairs (column, values); all must hold. Nothing done counts 0.
    """

    measure: str
    of: tuple[tuple[str, tuple[str, ...]], ...] = ()
    window: Window = ALWAYS


Term = Column | Cluster | Sum


@dataclass(frozen=True)
class Compare:
    term: Term
    sign: Sign
    value: Value


@dataclass(frozen=True)
class OneOf:
    """One of the values, at least one."""

    term: Term
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Between:
    """Both ends included."""

    term: Term
    low: Value
    high: Value


@dataclass(frozen=True)
class Has:
    """A text that contains, or begins with, another, whatever their case."""

    term: Term
    how: Literal["contains", "starts with"]
    text: str


@dataclass(frozen=True)
class Known:
    """There is a value."""

    term: Term


@dataclass(frozen=True)
class Moved:
    """Went from one of the first segments to one of the second between two days, each seen with a look-back; see `analytics.migration`."""

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    earlier: date
    later: date
    look_back_days: int = 365


@dataclass(frozen=True)
class All:
    """Every part holds; without parts: everybody."""

    parts: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class AnyOf:
    """At least one part holds; two parts or more."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Not:
    part: Condition


Leaf = Compare | OneOf | Between | Has | Known | Moved
Condition = Leaf | All | AnyOf | Not

EVERYBODY = All()


def both(one: Condition, other: Condition) -> Condition:
    """Both hold, without needless levels."""
    parts = tuple(dict.fromkeys(part for side in (one, other) for part in (side.parts if isinstance(side, All) else (side,))))
    return parts[0] if len(parts) == 1 else All(parts)


def either(one: Condition, other: Condition) -> Condition:
    """One of them holds, without needless levels."""
    parts = tuple(dict.fromkeys(part for side in (one, other) for part in (side.parts if isinstance(side, AnyOf) else (side,))))
    return parts[0] if len(parts) == 1 else AnyOf(parts)


def turned(one: Condition) -> Condition:
    """The opposite; of an opposite, what it was."""
    return one.part if isinstance(one, Not) else Not(one)


def leaves(condition: Condition) -> Iterator[Leaf]:
    """All comparisons, in the order of the text."""
    if isinstance(condition, All | AnyOf):
        for part in condition.parts:
            yield from leaves(part)
    elif isinstance(condition, Not):
        yield from leaves(condition.part)
    else:
        yield condition


def replaced(condition: Condition, change: Callable[[Leaf], Leaf]) -> Condition:
    """The condition with every comparison as `change` makes it."""
    if isinstance(condition, All | AnyOf):
        return type(condition)(tuple(replaced(part, change) for part in condition.parts))
    return Not(replaced(condition.part, change)) if isinstance(condition, Not) else change(condition)


def terms(condition: Condition) -> tuple[Term, ...]:
    """Every term once, in the order of the text."""
    return tuple(dict.fromkeys(leaf.term for leaf in leaves(condition) if not isinstance(leaf, Moved)))


def count_sources(condition: Condition) -> int:
    """How many tables of its own an engine has to work out and join: one for each sum, cluster, move and earlier day.

    What a statement of so many costs grows with their square, and some 80 are more than can be written down at all.
    """
    found = {leaf if isinstance(leaf, Moved) else leaf.term for leaf in leaves(condition)}
    days = {one.at for one in found if isinstance(one, Column)}
    return len(days) + sum(not isinstance(one, Column) for one in found)


def levels(condition: Condition) -> int:
    """How deep it nests; a comparison is one level."""
    if isinstance(condition, All | AnyOf):
        return 1 + max((levels(part) for part in condition.parts), default=0)
    return 1 + levels(condition.part) if isinstance(condition, Not) else 1
