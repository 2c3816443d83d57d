"""Which measure a score is, and on which scale, where no column says so: by the score's name and by its values.

Sources whose score column has the same name are judged together, so that splitting a file changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from crm_core.mapping import numbers
from crm_core.mapping.reading import Plan, Source


@dataclass(frozen=True)
class Scale:
    """A measure with its lowest and highest possible score."""

    measure: str
    lowest: int
    highest: int


#: Tried in turn: the first that holds all values (of those named like the column, if one is).
SCALES = (Scale("csat", 1, 5), Scale("ces", 1, 7), Scale("nps", 0, 10), Scale("csat", 0, 100))
#: A name that tells the measure whatever the values.
NAMES = {
    "nps": "nps",
    "net promoter": "nps",
    "recommend": "nps",
    "ces": "ces",
    "effort": "ces",
    "csat": "csat",
    "satisf": "csat",
    "attitude": "attitude",
}
NAMED_SCALES = {"nps": (Scale("nps", 0, 10),), "ces": (Scale("ces", 1, 7),), "attitude": (Scale("attitude", 1, 4),)}
#: The scale of "csat" where the values fit none above is unknown beyond what was seen.


def scales(plan: Plan) -> dict[int, Scale]:
    """Source number -> scale of its scores; sources without readable scores are missing."""
    seen: dict[str, tuple[Decimal, Decimal]] = {}
    ranges = {source.number: _range(plan, source) for source in plan.of("surveys") if "score" in source.mapping.fields}
    for source in plan.of("surveys"):
        found = ranges.get(source.number)
        if found is not None:
            name = source.mapping.fields["score"]
            low, high = seen.get(name, found)
            seen[name] = (min(low, found[0]), max(high, found[1]))
    return {
        source.number: _fitting(name, *seen[name])
        for source in plan.of("surveys")
        if (name := source.mapping.fields.get("score", "")) in seen
    }


def _range(plan: Plan, source: Source) -> tuple[Decimal, Decimal] | None:
    column = source.mapping.fields["score"]
    cells = plan.staging.con.table(source.staged.ref)[source.staged.column(column).ref]
    scores = numbers.read(cells, source.mapping.numbers[column])
    row = plan.staging.con.to_pyarrow(scores.as_table().aggregate(low=scores.min(), high=scores.max())).to_pylist()[0]
    return None if row["low"] is None else (row["low"], row["high"])


def _fitting(name: str, low: Decimal, high: Decimal) -> Scale:
    named = next((measure for word, measure in NAMES.items() if word in name.lower()), "")
    if named in NAMED_SCALES:
        return NAMED_SCALES[named][0]
    return next((one for one in SCALES if one.lowest <= low and high <= one.highest), Scale("csat", int(low), int(high) + 1))
