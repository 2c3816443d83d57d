"""The scores of responses and cases with the measure and scale of each: decided as in an import, from how often each value occurs.

Grain: a score of a row. One question counts all values of all score columns; the scales found become part of the expression.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, cast

import ibis
import ibis.expr.types as ir

from crm_core.mapping.carrying_out import reading as imported
from crm_core.mapping.carrying_out import scores as rules
from crm_core.mapping.carrying_out.score_texts import DECIMAL
from crm_core.mapping.carrying_out.scores import MEASURE_OF, MOST_MEASURES, UNKNOWN, Key, Scores
from crm_core.mapping.in_place.model import Plan, Reading
from crm_core.mapping.in_place.reading import read, split, united
from crm_core.mapping.model import Grain
from crm_core.mapping.values import scales
from crm_core.mapping.values.scales import Scale
from crm_core.mapping.values.text import NULL_WORDS
from crm_core.schema import SCORE_FIELDS

GRAINS: tuple[Grain, ...] = ("surveys", "cases")
NOT_GIVEN = Decimal(-1)


def decide(plan: Plan) -> Scores:
    """Measure and scale of all scores; two small questions."""
    measures = _measures(plan)
    parts = [_counted(part(plan, read(plan, grain), grain, name, measures)) for grain in GRAINS for name in fields_of(plan, grain)]
    counts: dict[Key, Counter[float]] = defaultdict(Counter)
    if parts:
        every = united(parts)
        grouped = every.group_by("source_no", "field", "given", "top", "value").aggregate(count_rows=every.count())
        for row in plan.ask(grouped):
            key = Key(int(row["source_no"]), row["field"], row["given"], Decimal(row["top"]))
            counts[key][float(row["value"])] += int(row["count_rows"])
    return rules.judged(cast(imported.Plan, plan), counts, measures)


def fields_of(plan: Plan, grain: Grain) -> list[str]:
    """Fields of scores that sources of the grain feed; responses without any score lack their `score`."""
    fed = {name for one in plan.of(grain) for name in fields_fed(one)}
    return [name for name in SCORE_FIELDS if name in fed]


def fields_fed(reading: Reading) -> tuple[str, ...]:
    fed = tuple(name for name in SCORE_FIELDS if name in reading.mapping.fields)
    return fed or (("score",) if reading.mapping.grain == "surveys" else ())


def _measures(plan: Plan) -> dict[str, str]:
    """Word as in the data -> nps, csat, ces, attitude, "" for a word that says nothing is given, or UNKNOWN."""
    if not plan.feeds("measure", "surveys"):
        return {}
    rows = read(plan, "surveys").select("measure").drop_null().distinct()
    words = sorted(str(row["measure"]) for row in plan.ask(rows.limit(MOST_MEASURES)))
    return {word: "" if word.strip().lower() in NULL_WORDS else scales.measure_of(word) or UNKNOWN for word in words}


def part(plan: Plan, rows: ir.Table, grain: Grain, name: str, measures: Mapping[str, str]) -> ir.Table:
    """The `rows` of the sources that feed one field of scores, with `score`, `given_score`, `field`, `given` (measure, "" where none is) and
    `top` (highest score, -1 where none is given).
    """
    sources = plan.of(grain)
    numbers = [one.number for one in sources if name in fields_fed(one)]
    rows = split(rows, numbers, len(numbers) == len(sources))
    given: ir.Value = ibis.literal(MEASURE_OF[name])
    if not MEASURE_OF[name] and measures:
        given = rows.measure.cases(*measures.items(), else_=ibis.ifelse(rows.measure.isnull(), "", UNKNOWN))
    top: ir.Value = ibis.literal(NOT_GIVEN, DECIMAL)
    if name == "score" and plan.feeds("scale_max", "surveys"):
        top = ibis.coalesce(rows.scale_max, top)
    return rows.mutate(score=rows[name], given_score=rows[f"given_{name}"], field=ibis.literal(name), given=given, top=top)


def _counted(rows: ir.Table) -> ir.Table:
    """Scores as values that are counted; fractions count as the half between their neighbours."""
    score = rows.score.cast("float64")
    whole = score.floor().cast("float64")
    told = rows.filter(rows.score.notnull())
    return told.select("source_no", "field", "given", "top", value=ibis.ifelse(score == whole, whole, whole + 0.5))


def with_scale(rows: ir.Table, name: str, decided: Scores, has_own: bool) -> ir.Table:
    """Rows of `part` with `measure`, `scale_min`, `scale_max`, the score turned round where low is good, and `is_outside` its scale.

    `has_own`: rows may say their scale themselves.
    """
    known = [(key, scale) for key, scale in decided.scales.items() if key.field == name]
    lowest = _by_key(rows, known, lambda scale: scale.lowest, DECIMAL)
    highest = _by_key(rows, known, lambda scale: scale.highest, DECIMAL)
    if has_own:
        lowest, highest = ibis.coalesce(rows.scale_min, lowest), ibis.coalesce(rows.scale_max, highest)
    is_outside = ((rows.score < lowest) | (rows.score > highest)).fill_null(False)
    score: ir.Value = rows.score
    if any(scale.is_reversed for _, scale in known):
        turned = _by_key(rows, known, lambda scale: scale.is_reversed, "boolean").fill_null(False) & ~is_outside
        score = turned.ifelse((lowest + highest - rows.score).cast(DECIMAL), rows.score)
    measure = _by_key(rows, known, lambda scale: scale.measure, "string")
    return rows.mutate(measure=measure, scale_min=lowest, scale_max=highest, score=score, is_outside=is_outside)


def _by_key(rows: ir.Table, known: Sequence[tuple[Key, Scale]], pick: Callable[[Scale], Any], kind: str) -> ir.Value:
    """What the scale of each row's key says: a literal where all say the same."""
    found = [(key, pick(scale)) for key, scale in known]
    if len({value for _, value in found}) <= 1:
        return ibis.literal(found[0][1], kind) if found else ibis.null(kind)
    told = {"source_no": lambda key: key.source_no, "given": lambda key: key.measure, "top": lambda key: key.top}
    differ = {name: of for name, of in told.items() if len({of(key) for key, _ in found}) > 1}
    cases = [
        (ibis.and_(*(rows[name] == ibis.literal(of(key), rows[name].type()) for name, of in differ.items())), ibis.literal(value, kind))
        for key, value in found
    ]
    return ibis.cases(*cases, else_=ibis.null(kind))
