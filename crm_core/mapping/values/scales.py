"""Which measure a score is, and on which scale, where no column says so: by the score's name and by its values.

Sources whose score column has the same name are judged together, so that splitting a file changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from crm_core.mapping.carrying_out.reading import Plan, read


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


def scales(plan: Plan) -> dict[int, Scale]:
    """Source number -> scale of its scores; sources without readable scores are missing."""
    rows = read(plan, "surveys")
    counted = rows.group_by("source_no").aggregate(low=rows.score.min(), high=rows.score.max())
    names = {source.number: source.mapping.fields.get("score", "") for source in plan.of("surveys")}
    seen: dict[str, tuple[Decimal, Decimal]] = {}
    for row in plan.staging.con.to_pyarrow(counted).to_pylist():
        if row["low"] is not None:
            low, high = seen.get(names[row["source_no"]], (row["low"], row["high"]))
            seen[names[row["source_no"]]] = (min(low, row["low"]), max(high, row["high"]))
    return {number: _fitting(name, *seen[name]) for number, name in names.items() if name in seen}


def _fitting(name: str, low: Decimal, high: Decimal) -> Scale:
    named = next((measure for word, measure in NAMES.items() if word in name.lower()), "")
    if named in NAMED_SCALES:
        return NAMED_SCALES[named][0]
    return next((one for one in SCALES if one.lowest <= low and high <= one.highest), Scale("csat", int(low), int(high) + 1))
