"""Which measure a score is, and on which scale: by its name, by what the file says, and by how often each value stands in it.

Pure rules on counted values; `carrying_out/scores.py` counts them. A few strays (99 for "no answer", a slip of the keys) change no scale.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from crm_core.errors import MappingError
from crm_core.mapping.meaning import names
from crm_core.mapping.values import score_words
from crm_core.mapping.values.text import EASTERN_DIGITS, LATIN_DIGITS

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
    *("csat 0-1", "csat 1-3", "csat 1-4", "csat 0-4", "csat 0-5", "csat 1-6", "csat 6-1"),
    *("ces 1-5", "ces 5-1", "ces 1-7", "ces 7-1", "ces 1-10", "ces 0-10", "ces 0-100", "attitude 1-4", "attitude 4-1"),
)

#: Words that tell the measure whatever the values, tried in turn; a star stands for every ending.
NAMES: tuple[tuple[str, str], ...] = (
    ("nps", "nps* enps promoter* промоутер*"),
    ("csat", "csat*"),
    ("ces", "ces cesscore"),
    ("attitude", "attitud* atitude actitud* competit* einstellung konkurren* wettbewerb* конкурент* رقیب رقبا نگرش"),
    ("nps", "recommend* порекоменд* weiterempfehl* recomend* recomiend* recommand* рекоменд* توصیه پیشنهاد polec*"),
    ("ces", "effort* easy ease easiness aufwand* leichtigkeit einfachheit esfuerzo* esforco* facilidad* усили* легкост* تلاش سهولت آسانی"),
    ("csat", "satisf* satisfied zufrieden* удовлетвор* رضایت memnuniyet* zadowol*"),
    ("csat", "rating* rated star stars review* bewertung* stern sterne rezension* avis calificacion avaliacao рейтинг* отзыв* ستاره"),
)

#: Values that surveys write for "no answer".
NO_ANSWER = frozenset((-999, -99, -98, -9, -8, -2, -1, 77, 88, 97, 98, 99, 777, 888, 997, 998, 999, 9999))
#: Values beyond a scale are strays where they are at most this share of all, or few different ones that mean "no answer".
MOST_STRAYS, MOST_DIFFERENT_STRAYS, MOST_UNANSWERED = 0.02, 3, 1 / 3

#: So many scores tell that the best ones of their scale do not occur by chance; so many, that its very best one does not.
ENOUGH, MANY = 30, 100
#: From here on a scale has so many steps that its best one may well be missing.
_FEW_STEPS = 10
#: Share of the range from which scores are the best ones, and the first score of a promoter.
_BEST, _PROMOTER = 0.75, 9

#: "(1-7)", "0 to 10", "von 1 bis 5", "از ۱ تا ۵" in a name, and "1 = very poor".
_ENDS = re.compile(r"(?<![\d.,/-])([01])\s*(?:-|–|—|\.\.|to|bis|до|تا|a|ate|al)\s*(\d{1,3})(?![\d.,/-])")
_LABEL = re.compile(r"(?<!\d)(\d{1,3})\s*[=:]\s*([^\d,;()/=:]+)")
_LATIN = str.maketrans(EASTERN_DIGITS, LATIN_DIGITS)

_DECLARED = re.compile(r"(nps|csat|ces|attitude)[\s:]+(-?\d{1,3})\s*(?:-|–|to|\.\.)\s*(-?\d{1,3})")


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
    usual, counts = SCALES[measure], dict(counts)
    if highest is not None:
        ending = [one for one in usual if one.highest == highest]
        return next((one for one in ending if _holds(one, counts)), None) or (ending or [_up_to(measure, highest, counts)])[0]
    if measure not in ("nps", "attitude") and (narrow := _yes_or_no(counts) or _round_zero(counts)):
        return Scale(measure or "csat", *narrow)
    found = next((one for one in usual if _holds(one, counts)), None)
    if found is not None or measure in ("nps", "attitude"):  # these are on one scale only
        return found or usual[0]
    told = [value for value in counts if value not in NO_ANSWER] or list(counts)
    return Scale(measure or "csat", math.floor(min(told)), max(math.ceil(max(told)), math.floor(min(told)) + 1))


def named(name: str, measure: str, counts: Mapping[float, int]) -> Scale | None:
    """The scale that a column's name says and its values lie on: "CSAT (1-7)", "Rating (1 = excellent, 5 = poor)"; None where none."""
    text = names.plain(name).translate(_LATIN)
    labels = [(int(number), label) for number, label in _LABEL.findall(text)]
    ends, is_reversed = _named_ends(text, labels), score_words.is_reversed(labels)
    if measure in ("nps", "attitude") or not (ends or is_reversed):
        return None
    found = Scale(measure or "csat", *ends) if ends else recognise(measure or "csat", counts)
    return replace(found, is_reversed=is_reversed) if _holds(found, counts) else None


def _named_ends(text: str, labels: Sequence[tuple[int, str]]) -> tuple[int, int] | None:
    """The lowest and the highest score that a name gives, as "1-7" or by its labels."""
    pairs = [(int(first), int(last)) for first, last in _ENDS.findall(text)]
    if labels:
        pairs.append((min(labels)[0], max(labels)[0]))
    return next(((lowest, highest) for lowest, highest in pairs if highest - lowest >= 2), None)


def doubt(scale: Scale, counts: Mapping[float, int]) -> str:
    """Why scores of these values may be on another scale than that; "" where nothing speaks against it.

    Where so many answered, somebody gave the best score: scores of 1 to 3 are no 1 to 5 without a single 4 or 5.
    """
    told = {value: count for value, count in counts.items() if scale.lowest <= value <= scale.highest}
    total = sum(told.values())
    outside = {value: count for value, count in counts.items() if value not in told}
    if scale.measure in ("nps", "attitude") and sum(outside.values()) > MOST_UNANSWERED * (total + sum(outside.values())):
        return f"{sum(outside.values()):,} of {total + sum(outside.values()):,} scores lie beyond it"
    if scale.measure == "attitude" or total < ENOUGH:
        return ""
    best = max(told)
    lacks_best = not any(value >= _best_from(scale) for value in told)
    is_told_otherwise = total >= MANY and scale.highest - scale.lowest <= _FEW_STEPS and _is_read_otherwise(scale, told)
    return f"none of {total:,} scores is above {best:g}" if lacks_best or is_told_otherwise else ""


def instead(scale: Scale, counts: Mapping[float, int]) -> Scale:
    """The scale that scores in doubt may be on: of satisfaction, from the lowest to the highest of the values."""
    if scale.measure in ("nps", "attitude"):
        return recognise("csat", counts)
    told = [value for value in counts if scale.lowest <= value <= scale.highest]
    return replace(scale, highest=max(math.ceil(max(told)), scale.lowest + 1), evidence="")


def _best_from(scale: Scale) -> float:
    return _PROMOTER if scale.measure == "nps" else scale.lowest + _BEST * (scale.highest - scale.lowest)


def _is_read_otherwise(scale: Scale, told: Mapping[float, int]) -> bool:
    """Would other scores be the best ones if the highest that occurs were the highest possible?"""
    if scale.measure == "nps":
        return False
    own = _best_from(instead(scale, told))
    return any(own <= value < _best_from(scale) for value in told)


def few_strays(outside: Mapping[float, int], total: int) -> bool:
    """True where so few values lie beyond a scale that they are slips or marks of a missing answer."""
    count = sum(outside.values())
    is_unanswered = len(outside) <= MOST_DIFFERENT_STRAYS and outside.keys() <= NO_ANSWER and count <= MOST_UNANSWERED * total
    return count <= MOST_STRAYS * total or is_unanswered


def all_declared(text: str) -> dict[str, Scale]:
    """The scales that a mapping declares, by measure: "csat 1-7; ces 7-1". Raises MappingError where one is nonsense."""
    found = [declared(part) for part in text.split(";")]
    return {one.measure: one for one in found if one is not None}


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


def _yes_or_no(counts: Mapping[float, int]) -> tuple[int, int] | None:
    """0 and 1 where nothing else is told but that something lacks; a fraction between them is told as a half."""
    told = counts.keys() - NO_ANSWER
    return (0, 1) if {0, 1} <= told <= {0, 0.5, 1} and -1 not in counts else None


def _round_zero(counts: Mapping[float, int]) -> tuple[int, int] | None:
    """-2 to 2: as far below zero as above, so that what is below is no mark of a missing answer; else, from far below zero, -100 to 100."""
    lowest, highest = math.floor(min(counts)), math.ceil(max(counts))
    if lowest == -highest < 0 and highest <= 100 and len(counts) > 2:
        return lowest, highest
    told = [value for value in counts if value not in NO_ANSWER and abs(value) <= 100]
    return (-100, 100) if told and min(told) < -10 and sum(value < 0 for value in told) > 2 else None


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
