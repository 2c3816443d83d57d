"""Scores that a column writes in words or marks, read once for all its different texts.

Columns of the same name are judged together: which list of words they use does not depend on how a file is split.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import ibis
import ibis.expr.types as ir

from crm_core.mapping.meaning.names import plain
from crm_core.mapping.model import NumberFormat
from crm_core.mapping.values import numbers, score_words
from crm_core.mapping.values import text as words
from crm_core.mapping.values.score_words import Marked, WordList
from crm_core.schema import SCORE_FIELDS
from crm_core.sources.staging import Staging

#: Different texts of one column that are looked at; a scale has fewer.
MOST_TEXTS = 1000

DECIMAL = "decimal(18, 4)"


@dataclass(frozen=True)
class Column:
    """A column of scores: its source's number, the field it feeds, its name, its cells, and how it writes numbers."""

    source_no: int
    field: str
    name: str
    cells: ir.Value
    format: NumberFormat


@dataclass(frozen=True)
class Spoken:
    """What texts of a column mean, as they stand in it; `words` is the list that its words are of, `is_reversed` where labels of its numbers
    say that low is good.
    """

    words: WordList | None = None
    texts: dict[str, Marked] = field(default_factory=dict)
    is_reversed: bool = False

    def score(self, cells: ir.Value) -> ir.DecimalValue:
        return self._looked_up(cells, {text: str(one.score) for text, one in self.texts.items()})

    def top(self, cells: ir.Value) -> ir.DecimalValue:
        """The highest possible score, where the text says it ("4/5")."""
        return self._looked_up(cells, {text: str(one.highest) for text, one in self.texts.items() if one.highest is not None})

    @staticmethod
    def _looked_up(cells: ir.Value, known: dict[str, str]) -> ir.DecimalValue:
        found = cells.cases(*known.items(), else_=ibis.null("string")) if known else ibis.null("string")
        return found.cast(DECIMAL)


def spoken(staging: Staging, columns: Sequence[Column]) -> dict[tuple[int, str], Spoken]:
    """(source number, field) -> what the texts of the column mean; only of columns that hold other than numbers."""
    texts = {(one.source_no, one.field): _texts(staging, one) for one in columns}
    lists: dict[str, WordList | None] = {}
    reversed_ones: set[str] = set()
    for name in {plain(one.name) for one in columns}:
        together = [text for one in columns if plain(one.name) == name for text in texts[one.source_no, one.field]]
        lists[name] = score_words.list_of(together)
        if score_words.is_reversed((one.score, one.label) for one in _read(together, None).texts.values() if one.label):
            reversed_ones.add(name)
    found = {
        (one.source_no, one.field): _read(texts[one.source_no, one.field], lists[plain(one.name)], plain(one.name) in reversed_ones)
        for one in columns
    }
    return {key: one for key, one in found.items() if one.texts or one.is_reversed}


def columns_of(staging: Staging, number: int, source: str, grain_fields: dict[str, str], formats: dict[str, NumberFormat]) -> list[Column]:
    """The columns of scores of one source, by its fields (field -> column) and number formats."""
    staged = staging.staged(source)
    rows = staging.table(source)
    return [
        Column(number, name, grain_fields[name], rows[staged.column(grain_fields[name]).ref], formats[grain_fields[name]])
        for name in SCORE_FIELDS
        if name in grain_fields
    ]


def _texts(staging: Staging, column: Column) -> list[str]:
    """Different filled texts that are no numbers, in the order of the alphabet."""
    if not isinstance(column.cells, ir.StringValue):
        return []
    cells = column.cells.name("cell").as_table()
    unread = numbers.read(cells.cell, column.format).isnull() & words.is_given(cells.cell)
    found = cells.filter(unread).distinct().order_by("cell").limit(MOST_TEXTS)
    return [str(text) for text in staging.con.to_pyarrow(found)["cell"].to_pylist()]


def _read(texts: Sequence[str], known: WordList | None, is_reversed: bool = False) -> Spoken:
    marked = {text: one for text in texts if (one := score_words.read(text, known))}
    return Spoken(known if any(one.words for one in marked.values()) else None, marked, is_reversed)
