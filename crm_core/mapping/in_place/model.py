"""What goes into an opening in place and what comes out; and how small questions are put to the engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Protocol

import ibis.expr.types as ir
import pandas as pd

from crm_core.mapping.carrying_out.score_texts import Spoken
from crm_core.mapping.in_place.fold import short
from crm_core.mapping.in_place.look import Look
from crm_core.mapping.model import Grain, Mapping, TableMapping
from crm_core.mapping.receipt import Receipt
from crm_core.schema import ATTRIBUTE_PREFIX


class Asked(Protocol):
    """Who answers small questions: an engine or an Ibis backend."""

    def execute(self, expr: ir.Expr) -> Any:
        """A table gives a pandas DataFrame, a column a Series, a value a scalar."""


@dataclass(frozen=True)
class Source:
    """One of the company's tables on its engine, with its own column names; `name` is what the mapping calls it."""

    name: str
    rows: ir.Table


@dataclass(frozen=True)
class InPlace:
    """The canonical tables as expressions, with what an import writes down beside them.

    `tables` have exactly the columns and types of the schema, customers and surveys with their attributes; `labels` is attr_1 -> the user's
    name; `fields` are the columns that hold at least one value, by table; the days are the first and last of the lines used.
    """

    tables: dict[str, ir.Table]
    labels: dict[str, str]
    fields: dict[str, frozenset[str]]
    currency: str
    first_day: date | None
    last_day: date | None
    receipt: Receipt


@dataclass(frozen=True)
class Reading:
    """One source in use: its place among them, and what its columns look like."""

    number: int
    source: Source
    mapping: TableMapping
    look: Look
    spoken: dict[str, Spoken] = field(default_factory=dict)  # scores in words are for an import

    @property
    def name(self) -> str:
        return self.source.name


@dataclass(frozen=True)
class Plan:
    """The sources in use, all decisions on them, and who answers questions."""

    sources: tuple[Reading, ...]
    mapping: Mapping
    asked: Asked

    def of(self, *grains: Grain) -> tuple[Reading, ...]:
        return tuple(one for one in self.sources if one.mapping.grain in grains)

    def feeds(self, name: str, *grains: Grain) -> bool:
        """Does any source (of these grains) feed the field?"""
        return any(name in one.mapping.fields for one in (self.of(*grains) if grains else self.sources))

    @cached_property
    def labels(self) -> dict[str, str]:
        """attr_1 -> the user's name of the attribute; the same name in two sources is one attribute."""
        names = dict.fromkeys(name for one in self.sources for name in one.mapping.attributes)
        return {f"{ATTRIBUTE_PREFIX}{number}": name for number, name in enumerate(names, start=1)}

    def ask(self, rows: ir.Table) -> list[dict[str, Any]]:
        """The rows of a small answer; what is missing is None."""
        return answers(self.asked, short(rows))

    def column_of(self, name: str) -> str:
        """The user's name of the column that feeds a field, of the first source that has it."""
        return next((one.mapping.fields[name] for one in self.sources if name in one.mapping.fields), "")


def answers(asked: Asked, rows: ir.Table) -> list[dict[str, Any]]:
    """The rows of a small answer in Python's own types; what is missing is None."""
    found: pd.DataFrame = asked.execute(rows)
    names: Sequence[str] = rows.columns
    return [{name: _plain(cell) for name, cell in zip(names, row, strict=True)} for row in found.itertuples(index=False, name=None)]


def _plain(cell: Any) -> Any:
    if pd.isna(cell):
        return None
    return cell.item() if hasattr(cell, "item") else cell
