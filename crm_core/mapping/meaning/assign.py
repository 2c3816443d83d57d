"""Which column feeds which field of one table, decided for all columns at once.

A score for every pair of field and column (by the name times by the values); the assignment with the largest sum wins, so that each
field gets at most one column and each column at most one field. What was nearly chosen is kept, since doubt is to be told.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from crm_core.mapping.meaning.fit import fit
from crm_core.mapping.meaning.names import meaning
from crm_core.mapping.meaning.patterns import name_score
from crm_core.mapping.model import Grain, fields_for
from crm_core.mapping.values.profile import ColumnProfile
from crm_core.schema import Field

#: A weaker pair is left alone.
WEAKEST = 0.28
#: A column this near to the chosen one raises a doubt.
NEARLY = 0.93


@dataclass(frozen=True)
class Assignment:
    """`fields` field -> column; `scores` field -> score of the pair; `rivals` field -> columns about as likely, the best first."""

    grain: Grain
    fields: dict[str, str]
    scores: dict[str, float]
    rivals: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def score(self, name: str) -> float:
        return self.scores.get(name, 0.0)

    def without(self, *names: str) -> Assignment:
        kept = {name: column for name, column in self.fields.items() if name not in names}
        return Assignment(self.grain, kept, self.scores, self.rivals)

    def having(self, name: str, column: str, score: float) -> Assignment:
        """The same with `name` fed by `column`, which no other field keeps."""
        kept = {other: fed for other, fed in self.fields.items() if fed != column and other != name}
        return Assignment(
            self.grain,
            kept | {name: column},
            self.scores | {name: score},
            {key: value for key, value in self.rivals.items() if key != name},
        )


def pair_score(grain: Grain, one: Field, column: ColumnProfile) -> float:
    """How likely `column` feeds `one` in a table of that grain: what the name says times what the values allow."""
    by_name = name_score(grain, one.name, meaning(column.name))
    return by_name * fit(one, column) if by_name else 0.0


def assign(grain: Grain, columns: tuple[ColumnProfile, ...]) -> Assignment:
    """The best assignment of the columns to the fields of the grain (by scipy's linear_sum_assignment)."""
    fields = list(fields_for(grain).values())
    if not fields or not columns:
        return Assignment(grain, {}, {})
    scores = [[pair_score(grain, one, column) for column in columns] for one in fields]
    chosen = _solve(scores)
    taken = {fields[row].name: columns[at].name for row, at in chosen}
    strength = {fields[row].name: scores[row][at] for row, at in chosen}
    used = set(taken.values())
    rivals = {}
    for row, at in chosen:
        near = [
            (score, columns[other].name) for other, score in enumerate(scores[row]) if other != at and score >= NEARLY * scores[row][at]
        ]
        rivals[fields[row].name] = tuple(name for _, name in sorted(near, key=lambda pair: -pair[0]) if name not in used)
    return Assignment(grain, taken, strength, {name: near for name, near in rivals.items() if near})


def _solve(scores: list[list[float]]) -> list[tuple[int, int]]:
    """Pairs (row, column) of the largest total of squared scores (clear names count more than vague ones), weak pairs left out."""
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    gains = np.square(np.where(np.asarray(scores) >= WEAKEST, np.asarray(scores), 0.0))
    rows, columns = linear_sum_assignment(gains, maximize=True)
    return [(int(row), int(at)) for row, at in zip(rows, columns, strict=True) if gains[row, at] > 0]
