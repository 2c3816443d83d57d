"""Staged text as typed rows: each source table read by its mapping, sources of one grain united.

Grain: a row of a source. Beside the fields, a row carries `source_no` (place of its source in the import), `row_no` (from 1, in its
source) and `position` (from 1, over all sources of its grain, so that splitting a file changes no position).
Nothing is computed here: whoever uses few of the fields reads few of the columns.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, replace
from functools import cached_property

import ibis
import ibis.expr.types as ir

from crm_core.mapping.carrying_out import score_texts
from crm_core.mapping.carrying_out.score_texts import Spoken
from crm_core.mapping.meaning.formats import DATE_KINDS, NUMBER_KINDS, with_formats
from crm_core.mapping.model import Grain, Mapping, TableMapping, fields_for
from crm_core.mapping.values import consent, dates, numbers, within_sla
from crm_core.mapping.values import text as words
from crm_core.schema import ATTRIBUTE_PREFIX, SCORE_FIELDS, Field
from crm_core.sources.staging import StagedTable, Staging

#: An id column is searched whole for the ".0" of a float column only where this many first rows show it.
FIRST_ROWS = 1000


@dataclass(frozen=True)
class Source:
    """One source table of the import: `number` is its place, `before` the rows of earlier sources of its grain."""

    number: int
    before: int
    staged: StagedTable
    mapping: TableMapping
    whole_ids: frozenset[str] = frozenset()  # text columns of ids that a float column wrote ("17850.0")
    signs: str | None = None  # staged column of amounts that name their currency ("€ 12.50"), where no column of its own does
    spoken: dict[str, Spoken] = dataclasses.field(default_factory=dict)  # field of scores -> what its words and marks mean

    @property
    def name(self) -> str:
        return self.staged.name

    def ref(self, field: str) -> str | None:
        """Staged column that feeds a field."""
        column = self.mapping.fields.get(field)
        return None if column is None else self.staged.column(column).ref


@dataclass(frozen=True)
class Plan:
    """What is to be read: the sources in use, their formats complete, and the attributes with their stored names."""

    staging: Staging
    mapping: Mapping
    sources: tuple[Source, ...]
    repeats: ir.Table | None = None  # rows to leave out: source_no, row_no

    def of(self, *grains: Grain) -> tuple[Source, ...]:
        return tuple(source for source in self.sources if source.mapping.grain in grains)

    def feeds(self, field: str, *grains: Grain) -> bool:
        """Does any source (of these grains) feed the field?"""
        return any(field in source.mapping.fields for source in (self.of(*grains) if grains else self.sources))

    @property
    def names_currency(self) -> bool:
        """Does a column, or a sign beside the amounts, say which currency they are in?"""
        return self.feeds("currency") or any(source.signs is not None for source in self.sources)

    @cached_property
    def labels(self) -> dict[str, str]:
        """attr_1 -> the user's name of the attribute; the same name in two sources is one attribute."""
        names = dict.fromkeys(name for source in self.sources for name in source.mapping.attributes)
        return {f"{ATTRIBUTE_PREFIX}{number}": name for number, name in enumerate(names, start=1)}


def plan(staging: Staging, mapping: Mapping) -> Plan:
    """The sources that the mapping uses, each with a format for every column of numbers or dates (decided now where the mapping has none)."""
    complete = replace(mapping, tables=with_formats(staging, mapping.tables, mapping.options).tables)
    sources: list[Source] = []
    for table in complete.tables:
        if table.grain != "ignore":
            staged = staging.staged(table.source)
            before = sum(one.staged.rows for one in sources if one.mapping.grain == table.grain)
            sources.append(Source(len(sources), before, staged, table, _whole_ids(staging, staged, table)))
    if not any("currency" in source.mapping.fields for source in sources):
        sources = [replace(source, signs=_signs(staging, source)) for source in sources]
    return Plan(staging, complete, tuple(_with_spoken(staging, sources)))


def _with_spoken(staging: Staging, sources: list[Source]) -> list[Source]:
    """The sources with what words and marks in their columns of scores mean, judged over all of them."""
    columns = [
        column
        for one in sources
        if one.mapping.grain in ("surveys", "cases")
        for column in score_texts.columns_of(staging, one.number, one.name, one.mapping.fields, one.mapping.numbers)
    ]
    found = score_texts.spoken(staging, columns)
    return [replace(one, spoken={name: spoken for (number, name), spoken in found.items() if number == one.number}) for one in sources]


def _signs(staging: Staging, source: Source) -> str | None:
    """The column that feeds the amount of a sale, if currencies stand beside its numbers; what a bare cast reads has none."""
    for column in (source.mapping.fields.get(field) for field in ("net_amount", "unit_price")):
        if source.mapping.grain == "order_lines" and column is not None and not source.mapping.numbers[column].is_plain:
            cells = staging.table(source.name)[source.staged.column(column).ref]
            named = cells.name("cell").as_table().filter(numbers.currency(cells).notnull())
            if staging.con.execute(named.limit(1).count()):
                return source.staged.column(column).ref
    return None


def _whole_ids(staging: Staging, staged: StagedTable, table: TableMapping) -> frozenset[str]:
    """Id columns in which every value ends in ".0"."""
    ids = [column for field, column in table.fields.items() if fields_for(table.grain)[field].kind == "id"]
    return frozenset(column for column in ids if _is_whole(staging, staged, column))


def _is_whole(staging: Staging, staged: StagedTable, name: str) -> bool:
    rows, ref = staging.table(staged.name), staged.column(name).ref
    first = rows.limit(FIRST_ROWS)
    return all(staging.con.execute(words.is_whole_float(some[ref])) for some in (first, rows))


# -- rows as expressions -----------------------------------------------------------------------------------------------


def read(plan: Plan, grain: Grain) -> ir.Table:
    """All rows of that grain: source_no, row_no, position, the grain's fields and attributes, NULL where a source has none.

    For each date, amount and quantity also `raw_<field>`: the cell as text, to tell an empty one from one that cannot be read; for each
    score an answer gives also `top_<field>`: the highest possible one where its words or marks say it ("4/5").
    """
    return plan.staging.con.table(f"rows_{grain}")


def make_rows(plan: Plan) -> None:
    """Make ready what `read` gives, as views: the engine has the long expressions, and who reads few fields pays for few."""
    for grain in dict.fromkeys(source.mapping.grain for source in plan.sources):
        fields = fields_for(grain)
        parts = [_read_one(plan, source, fields) for source in plan.of(grain)]
        rows = parts[0] if len(parts) == 1 else ibis.union(*parts, distinct=False)
        if plan.repeats is not None:
            rows = rows.anti_join(plan.repeats, ["source_no", "row_no"])
        view(plan.staging, f"rows_{grain}", rows)


def view(staging: Staging, name: str, rows: ir.Table) -> ir.Table:
    """The rows under a name of ours in the staging area, computed whenever they are read."""
    staging.raw.execute(f"CREATE OR REPLACE VIEW {name} AS {staging.con.compile(rows)}")
    return staging.con.table(name)


def _read_one(plan: Plan, source: Source, fields: dict[str, Field]) -> ir.Table:
    rows = plan.staging.con.table(source.staged.ref)
    row_no = (rows.rowid() + 1).cast("int64")
    values: dict[str, ir.Value] = {
        "source_no": ibis.literal(source.number, "int32"),
        "row_no": row_no,
        "position": row_no + source.before,
    }
    for field in fields.values():
        values[field.name] = _value(rows, source, field, plan.mapping.options.timezone)
        if field.kind in (*DATE_KINDS, *NUMBER_KINDS):
            values[f"raw_{field.name}"] = _raw(rows, source, field)
        if field.name in SCORE_FIELDS:
            values[f"top_{field.name}"] = _top(rows, source, field)
    for stored, label in plan.labels.items():
        values[stored] = (
            words.read_text(rows[source.staged.column(label).ref]) if label in source.mapping.attributes else ibis.null("string")
        )
    return rows.select(**values)


def _value(rows: ir.Table, source: Source, field: Field, timezone: str) -> ir.Value:
    """The typed value of a field, NULL where it is empty, unreadable or not mapped."""
    ref = source.ref(field.name)
    if field.name == "currency" and source.signs is not None:
        return numbers.currency(rows[source.signs])
    if ref is None:
        return ibis.null(field.type)
    column, name = rows[ref], source.mapping.fields[field.name]
    value: ir.Value
    if field.kind == "id":
        value = words.read_id(column, name in source.whole_ids)
    elif field.name == "is_within_sla":
        value = within_sla.read(column, name)
    elif field.name == "consent":
        value = consent.read(column, name)
    elif field.kind == "flag":
        value = words.read_flag(column)
    elif field.kind in DATE_KINDS:
        value = dates.read(column, source.mapping.dates[name], timezone)
    elif field.kind in NUMBER_KINDS:
        value = numbers.read(column, source.mapping.numbers[name])
        if field.name in source.spoken:
            value = ibis.coalesce(value, source.spoken[field.name].score(column))
        if field.name == "count_reopened":  # a yes is once at least
            value = ibis.coalesce(value.cast(field.type), words.read_flag(column).cast(field.type))
    else:
        value = words.read_text(column)
    return value if value.type() == ibis.dtype(field.type) else value.cast(field.type)


def _top(rows: ir.Table, source: Source, field: Field) -> ir.Value:
    """The highest possible score, where words or marks say it."""
    ref = source.ref(field.name)
    spoken = source.spoken.get(field.name)
    return ibis.null(field.type) if ref is None or spoken is None else spoken.top(rows[ref])


def _raw(rows: ir.Table, source: Source, field: Field) -> ir.Value:
    ref = source.ref(field.name)
    return ibis.null("string") if ref is None else rows[ref].cast("string")
