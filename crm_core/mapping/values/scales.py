"""Which measure a score is, and on which scale: by its name, by what the file says, and by how often each value stands in it.

Pure rules on counted values; `carrying_out/scores.py` counts them. A few strays (99 for "no answer", a slip of the keys) change no scale.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from crm_core.errors import MappingError
from crm_core.mapping.meaning import names

MEASURES = ("nps", "csat", "ces", "attitude")


@dataclass(frozen=True)
class Scale:
    """A measure with its lowest and highest possible score. `is_reversed`: low is good in the file, so scores are turned round."""

    measure: str
    lowest: int
    highest: int
    evidence: str = ""
    is_reversed: bool = False

    def describe(self) -> str:
        """ "csat on 1 to 5, recognised by its values"."""
        turned = " (1 is best in the file: turned round)".replace("1", str(self.lowest)) if self.is_reversed else ""
        return f"{self.measure} on {self.lowest} to {self.highest}{turned}" + (f", {self.evidence}" if self.evidence else "")

    @property
    def text(self) -> str:
        """As a mapping writes it: "csat 1-5", "ces 7-1"."""
        ends = (self.highest, self.lowest) if self.is_reversed else (self.lowest, self.highest)
        return f"{self.measure} {ends[0]}-{ends[1]}"


#: Scales of each measure, tried in turn: the first that holds all values but strays. "" is a score of which nothing is said.
SCALES: dict[str, tuple[Scale, ...]] = {
    "nps": (Scale("nps", 0, 10),),
    "csat": tuple(Scale("csat", *ends) for ends in ((1, 5), (1, 7), (0, 5), (1, 10), (0, 10), (0, 100))),
    "ces": tuple(Scale("ces", *ends) for ends in ((1, 5), (1, 7), (1, 10), (0, 10), (0, 100))),
    "attitude": (Scale("attitude", 1, 4),),
    "": (Scale("csat", 1, 5), Scale("csat", 1, 7), Scale("nps", 0, 10), Scale("csat", 0, 100)),
}

#: Scales that a user may choose from, as mappings write them.
USUAL: tuple[str, ...] = (
    *("nps 0-10", "csat 1-5", "csat 5-1", "csat 1-7", "csat 1-10", "csat 0-10", "csat 0-100"),
    *("ces 1-5", "ces 5-1", "ces 1-7", "ces 7-1", "attitude 1-4", "attitude 4-1"),
)

#: Words that tell the measure whatever the values, tried in turn; a star stands for every ending.
NAMES: tuple[tuple[str, str], ...] = (
    ("nps", "nps* enps promoter* промоутер*"),
    ("csat", "csat*"),
    ("ces", "ces cesscore"),
    ("attitude", "attitud* atitude competitor* einstellung konkurren* wettbewerb* конкурент* رقیب رقبا نگرش"),
    ("nps", "recommend* weiterempfehl* recomend* recomiend* recommand* рекоменд* توصیه polec*"),
    ("ces", "effort* easy ease easiness aufwand* esfuerzo* esforco* усили* تلاش سهولت آسانی"),
    ("csat", "satisf* satisfied zufrieden* удовлетвор* رضایت memnuniyet* zadowol*"),
    ("csat", "rating* rated star stars review* bewertung* stern sterne rezension* avis calificacion avaliacao рейтинг* отзыв* ستاره"),
)

#: Values that surveys write for "no answer".
NO_ANSWER = frozenset((-999, -99, -98, -9, -8, -2, -1, 77, 88, 97, 98, 99, 777, 888, 997, 998, 999, 9999))
#: Values beyond a scale are strays where they are at most this share of all, or few different ones that mean "no answer".
MOST_STRAYS, MOST_DIFFERENT_STRAYS, MOST_UNANSWERED = 0.02, 3, 1 / 3

_DECLARED = re.compile(r"(nps|csat|ces|attitude)[\s:]+(\d{1,3})\s*(?:-|–|to|\.\.)\s*(\d{1,3})")


def measure_of(text: str) -> str:
    """The measure that a column's name, or a word of a column of measures, speaks of; "" where none."""
    spoken = names.words(text)
    for measure, exact, stems in _words():
        if any(word in exact or word.startswith(stems) for word in spoken):
            return measure
    return ""


def recognise(measure: str, counts: Mapping[float, int], highest: float | None = None) -> Scale:
    """The scale of scores of that measure ("" if unknown), by value -> how often; `highest` where the file says it.

    Where no usual scale holds the values, theirs is from the lowest to the highest of them.
    """
    usual = SCALES[measure]
    if highest is not None:
        ending = [one for one in usual if one.highest == highest]
        return next((one for one in ending if _holds(one, counts)), None) or (ending or [_up_to(measure, highest, counts)])[0]
    found = next((one for one in usual if _holds(one, counts)), None)
    if found is not None or measure in ("nps", "attitude"):  # these are on one scale only
        return found or usual[0]
    told = [value for value in counts if value not in NO_ANSWER] or list(counts)
    return Scale(measure or "csat", math.floor(min(told)), max(math.ceil(max(told)), math.floor(min(told)) + 1))


def few_strays(outside: Mapping[float, int], total: int) -> bool:
    """True where so few values lie beyond a scale that they are slips or marks of a missing answer."""
    count = sum(outside.values())
    is_unanswered = len(outside) <= MOST_DIFFERENT_STRAYS and outside.keys() <= NO_ANSWER and count <= MOST_UNANSWERED * total
    return count <= MOST_STRAYS * total or is_unanswered


def declared(text: str) -> Scale | None:
    """The scale that a mapping declares, "" for none; "ces 7-1" is reversed. Raises MappingError where it is nonsense."""
    if not text.strip():
        return None
    found = _DECLARED.fullmatch(names.plain(text).strip())
    if found is None:
        raise _nonsense(text, "It is not a measure and its lowest and highest score.")
    measure, first, last = found[1], int(found[2]), int(found[3])
    if first == last:
        raise _nonsense(text, "The lowest and the highest score are the same.")
    if measure == "nps" and {first, last} != {0, 10}:
        raise _nonsense(text, "NPS is defined on 0 to 10 only; on another scale it is satisfaction (csat).")
    if measure == "attitude" and {first, last} != {1, 4}:
        raise _nonsense(text, "The attitude has four answers: 1 to 4.")
    return Scale(measure, min(first, last), max(first, last), "as declared", first > last)


def _nonsense(text: str, message: str) -> MappingError:
    hint = f"Write one of {', '.join(USUAL)}, or another scale in this way; the worst score comes first."
    return MappingError(f"The scale “{text}” is not understood", message, hint)


def _holds(scale: Scale, counts: Mapping[float, int]) -> bool:
    outside = {value: count for value, count in counts.items() if not scale.lowest <= value <= scale.highest}
    return few_strays(outside, sum(counts.values()))


def _up_to(measure: str, highest: float, counts: Iterable[float]) -> Scale:
    is_from_zero = min((value for value in counts if value not in NO_ANSWER), default=1) < 1
    return Scale(measure or "csat", 0 if is_from_zero else 1, max(2, round(highest)))


def by(scale: Scale, evidence: str) -> Scale:
    return replace(scale, evidence=evidence)


@lru_cache(maxsize=1)
def _words() -> tuple[tuple[str, frozenset[str], tuple[str, ...]], ...]:
    """(measure, whole words, stems) in the order of NAMES."""
    return tuple(
        (
            measure,
            frozenset(names.plain(word) for word in line.split() if not word.endswith("*")),
            tuple(names.plain(word[:-1]) for word in line.split() if word.endswith("*")),
        )
        for measure, line in NAMES
    )
