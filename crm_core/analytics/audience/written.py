"""A condition written in the language; parsed by `language.py`, it is the same condition again."""

from __future__ import annotations

import re
from decimal import Decimal

from crm_core.analytics.audience import conditions as c

LOOK_BACK_DAYS = 365
KEYWORDS = frozenset(
    "or and not between at least time times from to on of by seed looking back day days cluster everybody anything bought moved since until in the last"
    " contains starts with is known missing week weeks month months year years true false yes no".split()
)


def to_text(condition: c.Condition) -> str:
    """The condition in the language; parsed, it is the same condition again."""
    if condition == c.EVERYBODY:
        return "everybody"
    return _written(condition, 0)


def _written(condition: c.Condition, level: int) -> str:
    """`level`: 0 at the top or in brackets, 1 inside “or”, 2 inside “and”, 3 after “not”."""
    if isinstance(condition, c.AnyOf):
        text = " or ".join(_written(part, 1) for part in condition.parts)
        return f"({text})" if level > 0 else text
    if isinstance(condition, c.All):
        if not condition.parts:
            return "everybody"
        text = " and ".join(_written(part, 2) for part in condition.parts)
        return f"({text})" if level > 1 or (level == 1 and len(condition.parts) == 1) else text
    if isinstance(condition, c.Not):
        return _opposite(condition.part)
    return _leaf(condition)


def _opposite(part: c.Condition) -> str:
    """As people write it: != and not in."""
    if isinstance(part, c.Compare) and part.sign == "=" and not isinstance(part.value, bool):
        return f"{_term(part.term)} != {_value(part.value)}"
    if isinstance(part, c.Known):
        return f"{_term(part.term)} is missing"
    if isinstance(part, c.OneOf | c.Has):
        return _leaf(part, "not ")
    return f"not {_written(part, 3)}"


def _leaf(leaf: c.Leaf, opposite: str = "") -> str:
    if isinstance(leaf, c.Compare):
        return _comparison(leaf)
    if isinstance(leaf, c.OneOf):
        return f"{_term(leaf.term)} {opposite}in ({', '.join(map(_value, leaf.values))})"
    if isinstance(leaf, c.Between):
        return f"{_term(leaf.term)} between {_value(leaf.low)} and {_value(leaf.high)}"
    if isinstance(leaf, c.Has):
        return f"{_term(leaf.term)} {opposite}{leaf.how} {_value(leaf.text)}"
    if isinstance(leaf, c.Known):
        return f"{_term(leaf.term)} is known"
    sides = (f"({', '.join(map(_value, side))})" for side in (leaf.sources, leaf.targets))
    back = "" if leaf.look_back_days == LOOK_BACK_DAYS else f" looking back {leaf.look_back_days} days"
    return "moved from {} to {}".format(*sides) + f" between {leaf.earlier} and {leaf.later}{back}"


def _comparison(leaf: c.Compare) -> str:
    if leaf.value is True:
        return _term(leaf.term)
    if is_bought(leaf):
        assert isinstance(leaf.term, c.Sum)  # noqa: S101  (is_bought said so)
        assert isinstance(leaf.value, Decimal)  # noqa: S101
        times = "" if leaf.value == 1 else f" at least {leaf.value:f} times"
        return f"bought {_things(leaf.term) or 'anything'}{times}{_window_text(leaf.term.window)}"
    return f"{_term(leaf.term)} {leaf.sign} {_value(leaf.value)}"


def is_bought(leaf: c.Compare) -> bool:
    """Can it be said as “bought …”: at least so many orders, of one thing?"""
    term, value = leaf.term, leaf.value
    is_count = isinstance(term, c.Sum) and term.measure == "count_orders" and len(term.of) <= 1
    return is_count and leaf.sign == ">=" and isinstance(value, Decimal) and value >= 1 and value == int(value)


def _things(term: c.Sum) -> str:
    """What rows are summed of: category "Tea"."""
    listed = (f"({', '.join(map(_value, values))})" if len(values) > 1 else _value(values[0]) for _, values in term.of)
    return " of ".join(f"{name} {values}" for (name, _), values in zip(term.of, listed, strict=True))


def _term(term: c.Term) -> str:
    if isinstance(term, c.Column):
        return quoted_name(term.name) + (f" on {term.at}" if term.at else "")
    if isinstance(term, c.Cluster):
        count = f" of {term.count}" if term.count else ""
        by = f" by {', '.join(term.features)}" if term.features else ""
        return f"cluster{count}{by}" + (f" seed {term.seed}" if term.seed else "")
    of = f" of {_things(term)}" if term.of else ""
    return f"{term.measure}{of}{_window_text(term.window)}"


def _window_text(window: c.Window) -> str:
    last = f" in last {window.last.number} {window.last.unit}" if window.last else ""
    return (f" since {window.since}" if window.since else "") + (f" until {window.until}" if window.until else "") + last


def _value(value: c.Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace('"', '""') + '"'
    return f"{value:f}" if isinstance(value, Decimal) else value.isoformat()


#: What the grammar reads as a name without brackets.
_PLAIN = re.compile(r"[^\W\d]\w*")


def quoted_name(name: str) -> str:
    """A field's name as conditions write it: in brackets where it is no plain word, or one of the language's own."""
    is_plain = bool(_PLAIN.fullmatch(name)) and name.casefold() not in KEYWORDS
    return name if is_plain else f"[{name.replace(']', ']]')}]"
