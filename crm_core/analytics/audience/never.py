"""Which values that a condition names does the data never have, and which of its own may be meant?

Grain: value of a term. A condition of such a value is no fault (the data of next month may have it), but it explains why nobody meets it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import ibis.expr.types as ir

from crm_core.analytics.audience import conditions as c
from crm_core.analytics.audience.everybody import Basis
from crm_core.analytics.audience.fields import catalogue, choices, measures, told_by, values_of
from crm_core.workspace import Workspace

#: So many values of the data are told, and how like they must be (a ratio of difflib, 0 to 1).
MOST_NEAREST, LEAST_LIKE = 3, 0.6


@dataclass(frozen=True)
class Never:
    """`label` (of a field, or the column of a measure) never has this `value`; `nearest` are values that it has, the likest first, if any is like it."""

    label: str
    value: str
    nearest: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Named:
    """Values that a condition names, the column that would hold them, and values that this has."""

    label: str
    values: tuple[str, ...]
    column: ir.StringColumn
    known: tuple[str, ...]


def never(ws: Workspace, condition: c.Condition, basis: Basis) -> tuple[Never, ...]:
    """Each once, in the order of the text. Letters must agree in their case, as they must in a condition."""
    found = [one for named in (*_of_fields(ws, condition, basis), *_of_measures(ws, condition)) for one in _missing(ws, named)]
    return tuple(dict.fromkeys(found))


def _of_fields(ws: Workspace, condition: c.Condition, basis: Basis) -> Iterator[_Named]:
    """Of text fields whose values only the data knows."""
    fields = catalogue(ws, basis)
    for leaf in c.leaves(condition):
        field = fields.get(leaf.term.name) if isinstance(leaf, c.Compare | c.OneOf) and isinstance(leaf.term, c.Column) else None
        if field is not None and field.kind == "text" and not field.choices and isinstance(leaf, c.Compare | c.OneOf):
            values = leaf.values if isinstance(leaf, c.OneOf) else (leaf.value,)
            texts = tuple(one for one in values if isinstance(one, str))
            yield _Named(field.label, texts, told_by(ws, basis, field.source)[field.column], choices(ws, basis, field))


def _of_measures(ws: Workspace, condition: c.Condition) -> Iterator[_Named]:
    """Of the columns that narrow what customers did."""
    known = measures(ws)
    for term in c.terms(condition):
        if isinstance(term, c.Sum):
            measure = known[term.measure]
            for name, values in term.of:
                column = ws.table(measure.home(name))[name]
                yield _Named(name.replace("_", " ").capitalize(), values, column, values_of(ws, measure, name))


def _missing(ws: Workspace, named: _Named) -> list[Never]:
    doubtful = [one for one in named.values if one not in named.known]
    if not doubtful:
        return []
    table = named.column.name("value").as_table()
    there = set(ws.execute(table.filter(table.value.isin(doubtful)).distinct())["value"])
    return [Never(named.label, one, _nearest(one, named.known)) for one in doubtful if one not in there]


def _nearest(word: str, known: Sequence[str]) -> tuple[str, ...]:
    names: dict[str, str] = {}
    for one in known:
        names.setdefault(one.casefold(), one)  # of several that differ in their case the most frequent
    return tuple(names[one] for one in difflib.get_close_matches(word.casefold(), names, n=MOST_NEAREST, cutoff=LEAST_LIKE))
