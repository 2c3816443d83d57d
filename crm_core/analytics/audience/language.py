"""The language of conditions: text to a condition; back again goes `written.py`.

`segment in ("At risk", "Can't lose them") and net_sales > 500 and not (country = 'Germany')`. It is parsed by a grammar (`grammar.lark`) and never
evaluated; names are looked up in the catalogue of the data, values become typed literals. An error points at the word. docs/audiences.md tells all of it.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, cast

from lark import Lark, Token, Transformer, Tree
from lark.exceptions import UnexpectedInput, VisitError

from crm_core.analytics.audience import conditions as c
from crm_core.analytics.audience.fields import Catalogue, FieldInfo, Kind, MeasureInfo, Measures
from crm_core.analytics.audience.misread import ConditionError, explained, short
from crm_core.analytics.audience.written import KEYWORDS, LOOK_BACK_DAYS, quoted_name, to_text
from crm_core.analytics.cluster_features import FEATURES
from crm_core.analytics.scores import CUT_DECIMALS, CUT_LIMIT

__all__ = ["ConditionError", "parse", "to_text"]

LONGEST = 8_000
#: Levels of the tree that the parser makes, of which each level of a condition takes up to four.
MOST_DEPTH = 4 * c.MOST_LEVELS
#: The longest time back: a hundred years of each unit.
MOST_SPAN: dict[c.SpanUnit, int] = {"days": 36_525, "weeks": 5_217, "months": 1_200, "years": 100}
WORDS_OF_KIND: dict[Kind, str] = {
    "number": "a number, such as 5",
    "money": "an amount, such as 500 or 99.50",
    "share": "a number from 0 to 1, such as 0.5",
    "date": "a day, such as 2025-03-01",
    "text": 'a text in quotes, such as "Germany"',
    "flag": "true or false",
}
NUMBERS: frozenset[Kind] = frozenset({"number", "money", "share"})


def parse(text: str, catalogue: Catalogue, measures: Measures) -> c.Condition:
    """The condition that the text says; an empty one means everybody. Raises ConditionError, which points at the word."""
    if len(text) > LONGEST:
        raise ConditionError(text, LONGEST, 1, f"It is longer than {LONGEST:,} letters.", 'Use lists: country in ("Austria", "Germany").')
    for place, letter in enumerate(text):
        if unicodedata.category(letter) in {"Cc", "Cs"} and letter not in "\n\r\t":
            raise ConditionError(text, place, 1, "There is a letter that cannot be printed.")
    if not text.strip():
        return c.EVERYBODY
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        raise explained(text, error) from None
    if _depth(tree) > MOST_DEPTH:
        raise _too_deep(text)
    try:
        found = cast(c.Condition, _Reader(text, catalogue, measures).transform(tree))
    except VisitError as error:
        raise error.orig_exc from None
    if c.levels(found) > c.MOST_LEVELS:
        raise _too_deep(text)
    if c.count_sources(found) > c.MOST_SOURCES:
        most = f"It asks of more than {c.MOST_SOURCES} different periods, days or kinds of things bought."
        raise ConditionError(text, 0, 1, most, "Put them together: one longer period, or several categories in one list.")
    return found


def _too_deep(text: str) -> ConditionError:
    return ConditionError(text, 0, 1, f"It nests deeper than {c.MOST_LEVELS} levels.", "Use fewer brackets.")


@cache
def _parser() -> Lark:
    grammar = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", propagate_positions=True, maybe_placeholders=True)


def _depth(tree: Tree[Token]) -> int:
    """Levels of the tree, found without recursion."""
    deepest, level = 0, [tree]
    while level:
        deepest += 1
        level = [child for one in level for child in one.children if isinstance(child, Tree)]
    return deepest


# -- reading ----------------------------------------------------------------------------------------------------------


class _Reader(Transformer[Token, Any]):
    """Turns the parser's tree into a condition; every method gets the children of its rule."""

    def __init__(self, text: str, catalogue: Catalogue, measures: Measures) -> None:
        super().__init__(visit_tokens=False)
        self._text = text
        self._fields = {name.casefold(): field for name, field in catalogue.items()}
        self._measures = {name.casefold(): one for name, one in measures.items()}

    # levels

    def either(self, parts: list[c.Condition]) -> c.Condition:
        return parts[0] if len(parts) == 1 else c.AnyOf(tuple(parts))

    def both(self, parts: list[c.Condition]) -> c.Condition:
        return parts[0] if len(parts) == 1 else c.All(tuple(parts))

    def opposite(self, parts: list[c.Condition]) -> c.Condition:
        return c.turned(parts[0])

    def everybody(self, _parts: list[Token]) -> c.Condition:
        return c.EVERYBODY

    # terms: (term, kind, choices, token)

    def column(self, parts: list[Any]) -> tuple[c.Term, FieldInfo | MeasureInfo, Token]:
        name, day = parts
        field = self._field(name)
        if isinstance(field, MeasureInfo):
            if day is not None:
                raise self._wrong(day, f"“{short(field.name)}” is known for the day looked from only", "Write “until” in place of “on”.")
            return c.Sum(field.name), field, name
        if day is None:
            return c.Column(field.name), field, name
        if not field.looks_back:
            raise self._wrong(day, f"“{short(field.name)}” is known for the day looked from only", "Leave the day out.")
        return c.Column(field.name, self._day(day)), field, name

    def sum(self, parts: list[Any]) -> tuple[c.Term, MeasureInfo, Token]:
        name, *more = parts
        measure = self._measure(name)
        things = tuple(self._thing(measure, one) for one in more if isinstance(one, tuple))
        return self._sum(measure, things, self._window(name, [one for one in more if isinstance(one, c.Window)])), measure, name

    def _sum(self, measure: MeasureInfo, of: tuple[tuple[str, tuple[str, ...]], ...], window: c.Window) -> c.Term:
        """The sum; what is summed of all rows of all time is a field where there is one of that name."""
        is_field = not of and window == c.ALWAYS and measure.name in self._fields
        return c.Column(measure.name) if is_field else c.Sum(measure.name, of, window)

    def cluster(self, parts: list[Any]) -> tuple[c.Term, FieldInfo, Token]:
        word, count, *names, seed = parts
        features = []
        for name in (one for one in names if one is not None):
            if _bare(name).casefold() not in FEATURES:
                raise self._unknown(name, "feature of clusters", FEATURES)
            features.append(_bare(name).casefold())
        if len(set(features)) == 1:
            raise self._wrong(names[0], "Clusters need two features or more")
        number = None if count is None else self._whole(count, 2, 12)
        term = c.Cluster(number, tuple(features), 0 if seed is None else self._whole(seed, 0, 2**31))
        return term, FieldInfo("cluster", "Cluster", "number", "", "", ""), word

    def thing(self, parts: list[Any]) -> tuple[Token, tuple[str, ...]]:
        name, _equals, values = parts
        return name, values

    def values(self, parts: list[Any]) -> tuple[str, ...]:
        texts = [one for one in parts if one is not None and one.type == "STRING"]
        return tuple(dict.fromkeys(map(_unquoted, texts)))

    def since(self, parts: list[Token]) -> c.Window:
        return c.Window(since=self._day(parts[1]))

    def until(self, parts: list[Token]) -> c.Window:
        return c.Window(until=self._day(parts[1]))

    def last(self, parts: list[Token]) -> c.Window:
        _word, number, unit = parts
        plural = cast(c.SpanUnit, f"{unit.lower().removesuffix('s')}s")
        return c.Window(last=c.Span(self._whole(number, 1, MOST_SPAN[plural]), plural))

    # values: (value, token)

    def text(self, parts: list[Token]) -> tuple[c.Value, Token]:
        return _unquoted(parts[0]), parts[0]

    def number(self, parts: list[Token]) -> tuple[c.Value, Token]:
        return Decimal(parts[0]), parts[0]

    def day(self, parts: list[Token]) -> tuple[c.Value, Token]:
        return self._day(parts[0]), parts[0]

    def truth(self, parts: list[Token]) -> tuple[c.Value, Token]:
        return parts[0].lower() in {"true", "yes"}, parts[0]

    # comparisons

    def compare(self, parts: list[Any]) -> c.Condition:
        (term, info, _name), sign, value = parts
        sign = {"==": "=", "<>": "!="}.get(sign, str(sign))
        if sign not in {"=", "!="} and info.kind in {"text", "flag"}:
            raise self._wrong(parts[1], f"“{info.label}” has no order: it can be = or !=")
        found = c.Compare(term, "=" if sign == "!=" else cast(c.Sign, sign), self._typed(info, value))
        return c.Not(found) if sign == "!=" else found

    def one_of(self, parts: list[Any]) -> c.Condition:
        (term, info, _name), word, *values = parts
        if len(values) > c.MOST_VALUES:
            raise self._wrong(word, f"The list has more than {c.MOST_VALUES:,} values")
        found = c.OneOf(term, tuple(dict.fromkeys(self._typed(info, value) for value in values)))
        return _negated(word, found)

    def between(self, parts: list[Any]) -> c.Condition:
        (term, info, name), low, high = parts
        if info.kind in {"text", "flag"}:
            raise self._wrong(name, f"“{info.label}” has no order: nothing is between")
        first, last = self._typed(info, low), self._typed(info, high)
        if last < first:  # type: ignore[operator]
            raise self._wrong(high[1], "The second value is smaller than the first")
        return c.Between(term, first, last)

    def has(self, parts: list[Any]) -> c.Condition:
        (term, info, name), word, text = parts
        if info.kind != "text":
            raise self._wrong(name, f"“{info.label}” is no text")
        how = " ".join(word.lower().split()).removeprefix("not ")
        return _negated(word, c.Has(term, cast(Any, how), _unquoted(text)))

    def known(self, parts: list[Any]) -> c.Condition:
        (term, _info, _name), word, state = parts
        is_missing = (state.lower() == "missing") != ("not" in word.lower())
        return c.Not(c.Known(term)) if is_missing else c.Known(term)

    def flag(self, parts: list[Any]) -> c.Condition:
        term, info, name = parts[0]
        if info.kind != "flag":
            raise self._wrong(name, f"After “{short(name)}” a comparison is missing", f"Write it like this: {_example(info)}.")
        return c.Compare(term, "=", True)

    def bought(self, parts: list[Any]) -> c.Condition:
        word, what, times, *windows = parts
        measure = self._measures.get("count_orders")
        if measure is None:
            raise self._wrong(word, "This data has no sales")
        of = () if isinstance(what, Token) else (self._thing(measure, what),)
        term = self._sum(measure, of, self._window(word, windows))
        return c.Compare(term, ">=", Decimal(1 if times is None else self._whole(times, 1, 10**9)))

    def moved(self, parts: list[Any]) -> c.Condition:
        word, sources, targets, earlier, later, days = parts
        segments = self._fields.get("segment")
        if segments is None:
            raise self._wrong(word, "This data has no sales, so no segments")
        from crm_core.analytics.migration import NOT_BEFORE, NOT_SINCE

        sources, targets = (tuple(_as_chosen(one, segments.choices) for one in side) for side in (sources, targets))
        for name, known in (
            (one, (*segments.choices, more)) for side, more in ((sources, NOT_BEFORE), (targets, NOT_SINCE)) for one in side
        ):
            if name not in known:
                raise self._wrong(word, f"There is no segment “{short(name)}”", _nearest(name, known))
        first, last = self._day(earlier), self._day(later)
        if last <= first:
            raise self._wrong(later, "The second day is not after the first")
        back = LOOK_BACK_DAYS if days is None else self._whole(days, 1, MOST_SPAN["days"])
        if (first - date.min).days <= back:
            raise self._wrong(earlier, "This day is too long ago to look back from it")
        return c.Moved(sources, targets, first, last, back)

    # names and values

    def _field(self, name: Token) -> FieldInfo | MeasureInfo:
        key = _bare(name).casefold()
        if key in KEYWORDS and not name.startswith("["):
            raise self._wrong(name, f"Before “{short(name)}” a condition is missing")
        field = self._fields.get(key) or self._measures.get(key)
        if field is None:
            raise self._unknown(
                name, "field", [*(one.name for one in self._fields.values()), *(one.name for one in self._measures.values())]
            )
        return field

    def _measure(self, name: Token) -> MeasureInfo:
        measure = self._measures.get(_bare(name).casefold())
        if measure is None and _bare(name).casefold() in self._fields:
            listed = ", ".join(one.name for one in self._measures.values())
            raise self._wrong(name, f"“{short(name)}” cannot be narrowed to a time or to products", f"These can: {listed}.")
        if measure is None:
            raise self._unknown(name, "measure", [one.name for one in self._measures.values()])
        return measure

    def _thing(self, measure: MeasureInfo, thing: tuple[Token, tuple[str, ...]]) -> tuple[str, tuple[str, ...]]:
        name, values = thing
        column = _bare(name).casefold()
        if column not in measure.columns:
            raise self._unknown(name, f"column of {measure.label.lower()}", measure.columns)
        return column, values

    def _window(self, at: Token, windows: Sequence[c.Window]) -> c.Window:
        since = [one.since for one in windows if one.since]
        until = [one.until for one in windows if one.until]
        last = [one.last for one in windows if one.last]
        if max(len(since), len(until), len(last)) > 1 or (last and (since or until)):
            raise self._wrong(at, "The time stands twice", "Name “since”, “until” or both, or “in last … days”.")
        found = c.Window(*(one[0] if one else None for one in (since, until, last)))  # type: ignore[arg-type]
        if found.since and found.until and found.until < found.since:
            raise self._wrong(at, "The time ends before it begins")
        return found

    def _typed(self, info: FieldInfo | MeasureInfo, value: tuple[c.Value, Token]) -> c.Value:
        found, token = value
        fits = {
            "text": isinstance(found, str),
            "date": isinstance(found, date),
            "flag": isinstance(found, bool),
        }.get(info.kind, isinstance(found, Decimal))
        if info.kind == "date" and isinstance(found, str):
            return self._day(token, found)
        if not fits:
            raise self._wrong(token, f"“{info.label}” needs {WORDS_OF_KIND[info.kind]}")
        choices = info.choices if isinstance(info, FieldInfo) else ()
        found = _as_chosen(found, choices) if isinstance(found, str) else found
        if choices and found not in choices:
            raise self._wrong(token, f"“{info.label}” is never “{short(str(found))}”", _nearest(str(found), choices))
        if isinstance(found, Decimal) and (abs(found) >= CUT_LIMIT or round(found, CUT_DECIMALS) != found):
            raise self._wrong(token, f"A number can have up to 15 digits before the point and {CUT_DECIMALS} after it")
        return found

    def _day(self, token: Token, text: str | None = None) -> date:
        try:
            return date.fromisoformat(text if text is not None else str(token))
        except ValueError:
            raise self._wrong(token, "There is no such day", "Write days as 2025-03-01.") from None

    def _whole(self, token: Token, least: int, most: int) -> int:
        number = Decimal(token)
        if number != int(number) or not least <= number <= most:
            raise self._wrong(token, f"A whole number from {least:,} to {most:,} is needed here")
        return int(number)

    def _unknown(self, token: Token, what: str, known: Iterable[str]) -> ConditionError:
        names = list(known)
        if not names:
            return self._wrong(token, f"This data has no {what}")
        return self._wrong(token, f"There is no {what} “{short(_bare(token))}”", _nearest(_bare(token), names))

    def _wrong(self, token: Token, message: str, hint: str = "") -> ConditionError:
        return ConditionError(self._text, token.start_pos or 0, len(token), f"{message}.", hint)


def _negated(word: Token, found: c.Condition) -> c.Condition:
    return c.Not(found) if word.lower().startswith("not") else found


def _bare(name: str) -> str:
    """A name without its brackets."""
    return name[1:-1].replace("]]", "]").strip() if name.startswith("[") else str(name)


def _unquoted(text: str) -> str:
    """What stands between the quotes; a doubled quote inside is one."""
    quote = text[0]
    return text[1:-1].replace(quote * 2, quote) if quote in "\"'" else text[1:-1]


def _as_chosen(text: str, choices: Sequence[str]) -> str:
    """The choice that is meant: phones write another apostrophe."""
    plain = text.replace("’", "'")
    return plain if text not in choices and plain in choices else text


def _nearest(word: str, known: Iterable[str]) -> str:
    """Did you mean …?"""
    names = {one.casefold(): one for one in known}
    near = difflib.get_close_matches(word.casefold(), names, n=3, cutoff=0.6)
    listed = [names[one] for one in near] or sorted(names.values(), key=str.casefold)
    shown = ", ".join(f"“{one}”" for one in listed[:20]) + (" …" if len(listed) > 20 else "")
    return f"Did you mean {shown}?" if near else f"There are: {shown}."


def _example(info: FieldInfo | MeasureInfo) -> str:
    name = quoted_name(info.name)
    return {"text": f'{name} = "…"', "date": f"{name} >= 2025-03-01"}.get(info.kind, f"{name} > 0")
