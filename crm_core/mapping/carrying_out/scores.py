"""The scores of responses and cases, one row a score, with the measure and the scale each is on.

Grain: a score of a row (a row may answer several questions). Scores under the same column name are judged together, measure by measure,
so that neither splitting a file nor the order of its rows changes a scale. What a row says itself counts first, then what was declared
on its table, then what the values say.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from collections.abc import Mapping as Known
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir

from crm_core.errors import Problem
from crm_core.mapping.carrying_out.reading import Plan, Source, make_rows, plan, read
from crm_core.mapping.carrying_out.score_texts import DECIMAL
from crm_core.mapping.meaning.names import plain
from crm_core.mapping.model import Grain, Mapping, TableMapping
from crm_core.mapping.values import scales
from crm_core.mapping.values.scales import Scale
from crm_core.mapping.values.score_words import WordList
from crm_core.mapping.values.text import NULL_WORDS
from crm_core.schema import SCORE_FIELDS
from crm_core.sources.staging import Staging

#: The measure of fields that are of one only.
MEASURE_OF = {name: name.removesuffix("_score") if name != "score" else "" for name in SCORE_FIELDS}
GRAINS: tuple[Grain, ...] = ("surveys", "cases")
TABLE = "score_scales"
#: Different words of a column of measures that are looked at.
MOST_MEASURES = 1000
UNKNOWN = "?"


@dataclass(frozen=True)
class Key:
    """Which scores are on one scale: those of a source's field with one measure given and one highest score given (-1 for none)."""

    source_no: int
    field: str
    measure: str
    top: Decimal


@dataclass(frozen=True)
class Scores:
    """`scales` by key, as the staging table TABLE has them; `measures` is the word of a column of measures -> the measure, UNKNOWN if none;
    `doubts` by key: why the scale may be another, and which.
    """

    scales: dict[Key, Scale]
    measures: dict[str, str]
    doubts: dict[Key, tuple[str, Scale]] = field(default_factory=dict)


def decide(plan: Plan) -> Scores:
    """Measure and scale of all scores of the import; leaves them in staging table TABLE."""
    measures = _measures(plan)
    counts: dict[Key, Counter[float]] = defaultdict(Counter)
    for grain in GRAINS:
        for name in fields_of(plan, grain):
            for row in _counted(plan, part(plan, grain, name, measures)):
                counts[Key(row["source_no"], name, row["given"], row["top"])][float(row["value"])] += row["rows"]
    found = judged(plan, counts, measures)
    _store(plan, found)
    return found


def part(plan: Plan, grain: Grain, name: str, measures: Known[str, str]) -> ir.Table:
    """All rows of the sources that feed one field of scores: as read, with its `score`, `raw_score`, `field`, `given` (measure, "" where
    none is), `top` (highest score, -1 where none is given).
    """
    rows, numbers = read(plan, grain), [source.number for source in plan.of(grain) if name in _fields(source)]
    if len(numbers) < len(plan.of(grain)):
        rows = rows.filter(rows.source_no.isin(numbers))
    given: ir.Value = ibis.literal(MEASURE_OF[name])
    if "measure" in rows.columns and not MEASURE_OF[name] and measures:
        given = rows.measure.cases(*measures.items(), else_=ibis.ifelse(rows.measure.isnull(), "", UNKNOWN))
    said = rows.scale_max if "scale_max" in rows.columns and name == "score" else ibis.null(DECIMAL)
    top = ibis.coalesce(said, rows[f"top_{name}"], ibis.literal(-1).cast(DECIMAL))
    return rows.mutate(score=rows[name], raw_score=rows[f"raw_{name}"], field=ibis.literal(name), given=given, top=top)


def with_scale(plan: Plan, rows: ir.Table) -> ir.Table:
    """Rows of `part` with `measure`, `scale_min`, `scale_max`, the score turned round where low is good, and `is_outside` its scale."""
    found = plan.staging.con.table(TABLE)
    keys = [rows.source_no == found.of_source, rows.field == found.of_field, rows.given == found.of_given, rows.top == found.of_top]
    joined = rows.left_join(found, keys)
    lowest: ir.Value = joined.lowest.cast(DECIMAL)
    highest: ir.Value = joined.highest.cast(DECIMAL)
    if "scale_min" in rows.columns:
        is_own = joined.field == "score"
        lowest = ibis.coalesce(is_own.ifelse(joined.scale_min, ibis.null(DECIMAL)), lowest)
        highest = ibis.coalesce(is_own.ifelse(joined.scale_max, ibis.null(DECIMAL)), highest)
    is_outside = ((joined.score < lowest) | (joined.score > highest)).fill_null(False)
    score = (joined.is_reversed & ~is_outside).ifelse((lowest + highest - joined.score).cast(DECIMAL), joined.score)
    return joined.mutate(measure=joined.of_measure, scale_min=lowest, scale_max=highest, score=score, is_outside=is_outside)


def fields_of(plan: Plan, grain: Grain) -> list[str]:
    """Fields of scores that sources of the grain feed; responses without any score lack their `score`."""
    fed = {name for source in plan.of(grain) for name in _fields(source)}
    return [name for name in SCORE_FIELDS if name in fed]


def _fields(source: Source) -> tuple[str, ...]:
    fed = tuple(name for name in SCORE_FIELDS if name in source.mapping.fields)
    return fed or (("score",) if source.mapping.grain == "surveys" else ())


def _measures(plan: Plan) -> dict[str, str]:
    """Word as in the data -> nps, csat, ces, attitude, "" for a word that says nothing is given, or UNKNOWN."""
    if not plan.of("surveys") or not plan.feeds("measure", "surveys"):
        return {}
    rows = read(plan, "surveys").select("measure").drop_null()
    words = plan.staging.con.to_pyarrow(rows.distinct().order_by("measure").limit(MOST_MEASURES))["measure"].to_pylist()
    return {word: "" if word.strip().lower() in NULL_WORDS else scales.measure_of(word) or UNKNOWN for word in words}


def _counted(plan: Plan, rows: ir.Table) -> list[dict[str, Any]]:
    """How often each score occurs, by source, measure and highest score; fractions count as the half between their neighbours."""
    whole = rows.score.floor()
    value = ibis.ifelse(rows.score == whole, whole.cast("float64"), whole.cast("float64") + 0.5)
    told = rows.filter(rows.score.notnull()).select("source_no", "given", "top", value=value)
    counts = told.group_by("source_no", "given", "top", "value").aggregate(rows=ibis._.count())
    found: list[dict[str, Any]] = plan.staging.con.to_pyarrow(counts).to_pylist()
    return found


def judged(plan: Plan, counts: Known[Key, Known[float, int]], measures: dict[str, str]) -> Scores:
    sources = {source.number: source for source in plan.sources}
    together: dict[tuple[str, str, Decimal], Counter[float]] = defaultdict(Counter)
    for key, counted in counts.items():
        together[_group(sources, key)].update(counted)
    found = Scores({}, measures)
    for key in counts:
        values = together[_group(sources, key)]
        found.scales[key], is_told = _scale(sources[key.source_no], key, values)
        if not is_told and (why := scales.doubt(found.scales[key], values)):
            found.doubts[key] = (why, scales.instead(found.scales[key], values))
    return found


def _group(sources: Known[int, Source], key: Key) -> tuple[str, str, Decimal]:
    return plain(sources[key.source_no].mapping.fields[key.field]), key.measure, key.top


def _scale(source: Source, key: Key, counts: Known[float, int]) -> tuple[Scale, bool]:
    """The scale of those scores, and whether the file or the user says it: else the values alone do."""
    column = source.mapping.fields[key.field]
    measure = "" if key.measure == UNKNOWN else key.measure or scales.measure_of(column)
    own = _declared(source.mapping.scale, key.measure, measure)
    if own is not None and key.top < 0:
        return own, True
    spoken = source.spoken.get(key.field)
    if spoken is not None and spoken.words is not None and key.top == spoken.words.highest:
        return _of_words(spoken.words, measure), True
    said = scales.named(column, measure, counts) if key.top < 0 else None
    found = said or scales.recognise(measure, counts, float(key.top) if key.top >= 0 else None)
    if spoken is not None and spoken.is_reversed and key.top < 0:
        return scales.by(replace(found, is_reversed=True), "recognised by its labels"), True
    is_given = bool(key.measure) and not MEASURE_OF[key.field]
    grounds = ["the measure given" if is_given else "its name" if measure or said else "", "its marks" if key.top >= 0 else "its values"]
    return scales.by(found, "recognised by " + " and ".join(filter(None, grounds))), key.top >= 0 or said is not None


def _declared(text: str, given: str, measure: str) -> Scale | None:
    """Of the scales declared on a table, that of scores of which the file gives that measure; where it gives none, any is meant."""
    declared = scales.all_declared(text)
    if given:
        return declared.get(given)
    return declared.get(measure) or next(reversed(declared.values()), None)


def _of_words(known: WordList, measure: str) -> Scale:
    """Words of ease, satisfaction or agreement answer either question; those of promoters and competitors one only."""
    is_told = measure in ("csat", "ces") and known.measure in ("csat", "ces")
    return Scale(measure if is_told else known.measure, known.lowest, known.highest, "recognised by its words")


def _store(plan: Plan, found: Scores) -> None:
    raw = plan.staging.raw
    raw.execute(
        f"CREATE OR REPLACE TABLE {TABLE} (of_source INTEGER, of_field VARCHAR, of_given VARCHAR, of_top DECIMAL(18, 4), of_measure VARCHAR, "
        "lowest BIGINT, highest BIGINT, is_reversed BOOLEAN)"
    )
    rows = [_row(key, scale) for key, scale in found.scales.items()]
    if rows:
        raw.executemany(f"INSERT INTO {TABLE} VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)


def _row(key: Key, scale: Scale) -> list[object]:
    return [key.source_no, key.field, key.measure, key.top, scale.measure, scale.lowest, scale.highest, scale.is_reversed]


def recognised(staging: Staging, table: TableMapping) -> str:
    """Measures and scales of the scores of one table as its names and values tell them, in words; "" without readable scores."""
    reading = plan(staging, Mapping((replace(table, scale=""),)))
    make_rows(reading)
    return describe(decide(reading), reading.sources[0].number) if reading.sources else ""


@dataclass(frozen=True)
class Doubt:
    """Scores of a column that may be on another scale than the one taken: why, and on which. `is_alone`: the rows hold no other score."""

    source: str
    column: str
    scale: Scale
    instead: Scale
    why: str
    is_alone: bool

    def problem(self) -> Problem:
        """What is told where nobody was asked."""
        return Problem(
            "scale_doubtful",
            "warning",
            f"The scores were taken for {self.scale.measure} on {self.scale.lowest} to {self.scale.highest}, but {self.why}",
            "If it is another scale, declare it; the worst score comes first.",
            self.source,
            self.column,
            option=f'--scale "{self.source}={self.instead.text}"' if self.instead.measure == self.scale.measure else "",
        )


def doubtful(plan: Plan, found: Scores) -> list[Doubt]:
    """The scales in doubt, of sources in their order."""
    sources = {source.number: source for source in plan.sources}
    return [
        Doubt(
            sources[key.source_no].name,
            sources[key.source_no].mapping.fields[key.field],
            found.scales[key],
            instead,
            why,
            len(_fields(sources[key.source_no])) == 1 and "measure" not in sources[key.source_no].mapping.fields,
        )
        for key, (why, instead) in sorted(found.doubts.items(), key=lambda pair: (pair[0].source_no, pair[0].field, pair[0].measure))
    ]


def in_doubt(staging: Staging, mapping: Mapping) -> list[Doubt]:
    """The scales in doubt of all tables with scores, looked up once for the same decisions."""
    tables = tuple(one for one in mapping.tables if one.grain in GRAINS and {*SCORE_FIELDS} & one.fields.keys())
    key = ("scales in doubt", tuple((staging.staged(one.source).ref, one.grain, *sorted(one.fields.items()), one.scale) for one in tables))
    if tables and key not in staging.found:
        reading = plan(staging, Mapping(tables))
        make_rows(reading)
        staging.found[key] = doubtful(reading, decide(reading))
    return list(staging.found[key]) if tables else []


def describe(found: Scores, source_no: int) -> str:
    """The scales of one source in words, for the receipt."""
    told = {key: scale for key, scale in found.scales.items() if key.source_no == source_no and key.measure != UNKNOWN}
    return "; ".join(dict.fromkeys(_ordered(told)))


def _ordered(told: Known[Key, Scale]) -> Iterable[str]:
    places = {name: place for place, name in enumerate(SCORE_FIELDS)}
    for key in sorted(told, key=lambda one: (places[one.field], one.measure, one.top)):
        yield told[key].describe()
