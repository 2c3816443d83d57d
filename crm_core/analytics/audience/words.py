"""A condition as a sentence: “segment is At risk or Can't lose them, net sales above 500 EUR, and country is not Germany”."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from crm_core.analytics.audience import conditions as c
from crm_core.analytics.audience.fields import Catalogue, FieldInfo, Measures
from crm_core.analytics.audience.written import LOOK_BACK_DAYS, is_bought

_SIGNS: dict[str, str] = {"=": "is", "<": "below", "<=": "at most", ">": "above", ">=": "at least"}
_DAY_SIGNS: dict[str, str] = {"=": "on", "<": "before", "<=": "on or before", ">": "after", ">=": "on or after"}
#: Values that are told one by one; of more the rest is counted.
MOST_TOLD = 6


class Words:
    """Tells conditions by the labels of the data's catalogue and in its currency."""

    def __init__(self, catalogue: Catalogue, measures: Measures, currency: str = "") -> None:
        self._fields, self._measures, self._currency = catalogue, measures, currency

    def sentence(self, condition: c.Condition) -> str:
        """The condition in words, without a full stop."""
        if condition == c.EVERYBODY:
            return "everybody"
        text = self._told(condition, is_top=True)
        return text[:1].upper() + text[1:] if text[:1].islower() else text

    def parts(self, condition: c.Condition) -> tuple[tuple[c.Condition, str], ...]:
        """The parts that must all hold, each with its sentence; none for everybody."""
        pieces = condition.parts if isinstance(condition, c.All) else (condition,)
        return tuple((piece, self.sentence(piece)) for piece in pieces)

    def _told(self, condition: c.Condition, is_top: bool = False) -> str:
        if condition == c.EVERYBODY:
            return "everybody"
        if isinstance(condition, c.All | c.AnyOf):
            told = [self._told(part) for part in condition.parts]
            text = _listed(told, "and" if isinstance(condition, c.All) else "or", is_long=True)
            return text if is_top else f"({text})"
        if isinstance(condition, c.Not):
            part = condition.part
            return f"not {self._told(part)}" if isinstance(part, c.All | c.AnyOf | c.Not) else self._leaf(part, True)
        return self._leaf(condition, False)

    def _leaf(self, leaf: c.Leaf, is_not: bool) -> str:
        no = "not " if is_not else ""
        if isinstance(leaf, c.Compare):
            return self._compared(leaf, is_not)
        if isinstance(leaf, c.OneOf):
            return f"{self._term(leaf.term)} is {no}{self._values(leaf.term, leaf.values)}"
        if isinstance(leaf, c.Between):
            low, high = (self._value(leaf.term, one) for one in (leaf.low, leaf.high))
            return f"{self._term(leaf.term)} {no}between {low} and {high}"
        if isinstance(leaf, c.Has):
            verb = {"contains": "contain" if is_not else "contains", "starts with": "start with" if is_not else "starts with"}[leaf.how]
            return f"{self._term(leaf.term)} {'does not ' if is_not else ''}{verb} “{leaf.text}”"
        if isinstance(leaf, c.Known):
            return f"{self._term(leaf.term)} is {'unknown' if is_not else 'known'}"
        back = "" if leaf.look_back_days == LOOK_BACK_DAYS else f", looking back {leaf.look_back_days:,} days"
        sides = (_listed(side, "or") for side in (leaf.sources, leaf.targets))
        moved = "did not move" if is_not else "moved"
        return "{} from {} to {} between {} and {}{}".format(moved, *sides, spoken(leaf.earlier), spoken(leaf.later), back)

    def _compared(self, leaf: c.Compare, is_not: bool) -> str:
        term, value = leaf.term, leaf.value
        if isinstance(value, bool):
            return f"{self._term(term)} is {'not ' if is_not else ''}{'yes' if value else 'no'}"
        if isinstance(term, c.Sum) and is_bought(leaf):
            return self._bought(term, value, is_not)
        signs = _DAY_SIGNS if isinstance(value, date) else _SIGNS
        sign = signs[leaf.sign]
        if is_not:
            sign = "is not" if leaf.sign == "=" else f"not {sign}"
        return f"{self._term(term)} {sign} {self._value(term, value)}"

    def _bought(self, term: c.Sum, value: c.Value, is_not: bool) -> str:
        what = _listed(term.of[0][1], "or") if term.of else "anything"
        window = self._window(term.window)
        if value == Decimal(1):
            return f"{'did not buy' if is_not else 'bought'} {what}{window}"
        times = "twice" if value == Decimal(2) else f"{value:,.0f} times"
        return f"bought {what} less than {times}{window}" if is_not else f"bought {what} at least {times}{window}"

    def _term(self, term: c.Term) -> str:
        if isinstance(term, c.Column):
            return self._label(term.name) + (f" on {spoken(term.at)}" if term.at else "")
        if isinstance(term, c.Cluster):
            of = f" of {term.count}" if term.count else ""
            return f"cluster{of}" + (f" (by {_listed(term.features, 'and')})" if term.features else "")
        measure = self._measures.get(term.measure)
        of = "".join(f" of {name.replace('_', ' ')} {_listed(values, 'or')}" for name, values in term.of)
        return f"{_small(measure.label) if measure else term.measure}{of}{self._window(term.window)}"

    def _label(self, name: str) -> str:
        field = self._fields.get(name)
        return _small(field.label) if field else name

    def _window(self, window: c.Window) -> str:
        if window.last:
            unit = window.last.unit if window.last.number != 1 else window.last.unit.removesuffix("s")
            return f" in the last {window.last.number:,} {unit}" if window.last.number != 1 else f" in the last {unit}"
        since = f" since {spoken(window.since)}" if window.since else ""
        return since + (f" until {spoken(window.until)}" if window.until else "")

    def _values(self, term: c.Term, values: Sequence[c.Value]) -> str:
        told = [self._value(term, one) for one in values[:MOST_TOLD]]
        rest = len(values) - len(told)
        return _listed([*told, f"{rest:,} more"] if rest else told, "or")

    def _value(self, term: c.Term, value: c.Value) -> str:
        if isinstance(value, date):
            return spoken(value)
        if not isinstance(value, Decimal):
            return str(value)
        field: FieldInfo | None = self._fields.get(term.name) if isinstance(term, c.Column) else None
        kind = (
            field.kind
            if field
            else self._measures[term.measure].kind
            if isinstance(term, c.Sum) and term.measure in self._measures
            else "number"
        )
        plain = f"{value:,f}"
        return f"{plain} {self._currency}".strip() if kind == "money" else plain


def spoken(day: date) -> str:
    """A day as people say it: 1 Mar 2025."""
    return f"{day.day} {day:%b %Y}"


def _small(label: str) -> str:
    """A label inside a sentence: its first letter small, unless the word is written in capitals."""
    return label if label[:2].isupper() or label[1:2] in {" ", "-"} else label[:1].lower() + label[1:]


def _listed(texts: Sequence[str], word: str, is_long: bool = False) -> str:
    if len(texts) < 2:
        return "".join(texts)
    comma = "," if is_long and len(texts) > 2 else ""
    return f"{', '.join(texts[:-1])}{comma} {word} {texts[-1]}"
