"""The company's tables as typed rows: each read by its mapping, those of one grain united.

Grain: a row of a source. Beside the fields a row carries `source_no`, the place of its source; and for each date and number `given_<field>`:
does the cell hold anything, readable or not?
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

import ibis
import ibis.expr.types as ir

from crm_core.errors import MappingError, Problem
from crm_core.mapping.in_place import values
from crm_core.mapping.in_place.look import Look, look
from crm_core.mapping.in_place.model import Asked, Plan, Reading, Source, answers
from crm_core.mapping.meaning.formats import DATE_KINDS, NUMBER_KINDS, columns_of
from crm_core.mapping.model import DateFormat, Grain, Mapping, NumberFormat, TableMapping, fields_for
from crm_core.schema import Field

HINT = "In place needs typed columns: import the data instead, or make a view in the database that casts them."


def plan(sources: Sequence[Source], mapping: Mapping, asked: Asked) -> Plan:
    """The sources that the mapping uses, each looked at once.

    Raises MappingError where tables, columns or types do not fit the mapping, with all problems at once.
    """
    complete = replace(mapping, tables=tuple(_with_formats(one) for one in mapping.tables))
    known = {one.name: one for one in sources}
    used = [one for one in complete.tables if one.grain != "ignore"]
    problems = [problem for one in used for problem in _problems(known.get(one.source), one, mapping.options.timezone)]
    if mapping.options.drop_duplicates:
        hint = "Keep them, or import the data instead."
        problems.append(Problem("repeats_in_place", "error", "Exact repeats of a row cannot be removed where the data lies", hint))
    if problems:
        raise MappingError("The tables do not fit", "They cannot be read where they lie.", "Correct what is named here.", problems)
    readings = [Reading(number, known[one.source], one, Look()) for number, one in enumerate(used)]
    return Plan(tuple(_looked_at(one, asked) for one in readings), complete, asked)


def _with_formats(table: TableMapping) -> TableMapping:
    """With the ways to write that typed columns have, where none was decided."""
    if table.grain == "ignore":
        return table
    days = {column: DateFormat("native") for column in columns_of(table, DATE_KINDS).values()}
    figures = {column: NumberFormat() for column in columns_of(table, NUMBER_KINDS).values()}
    return replace(table, dates=days | table.dates, numbers=figures | table.numbers)


def _problems(source: Source | None, table: TableMapping, timezone: str) -> list[Problem]:
    if source is None:
        return [Problem("table_unknown", "error", "This table is not there (any more)", "Choose another table.", table.source)]
    problems = []
    for column, fed in _used(table).items():
        if column not in source.rows.columns:
            hint = "Map the columns again: it may have been renamed."
            problems.append(Problem("column_unknown", "error", f"There is no column “{column}” (any more)", hint, table.source, column))
            continue
        formats = table.dates.get(column) or table.numbers.get(column)
        why = values.unfit(source.rows[column], fed, formats, timezone)
        if why:
            what = "attribute" if fed is None else fed.label.lower()
            problems.append(Problem("type_in_place", "error", f"“{column}” cannot be the {what}: {why}", HINT, table.source, column))
    return problems


def _used(table: TableMapping) -> dict[str, Field | None]:
    """Column -> the field it feeds, None for an attribute."""
    known = fields_for(table.grain)
    fed: dict[str, Field | None] = {column: known[name] for name, column in table.fields.items() if name in known}
    return fed | {column: None for column in table.attributes if column not in fed}


def _looked_at(reading: Reading, asked: Asked) -> Reading:
    return replace(reading, look=look(reading.source.rows, _used(reading.mapping), lambda rows: answers(asked, rows)))


# -- rows as expressions --------------------------------------------------------------------------------------------------


def read(plan: Plan, grain: Grain) -> ir.Table:
    """All rows of that grain: source_no, the grain's fields and attributes, NULL where a source has none."""
    return united([_read_one(plan, one, grain) for one in plan.of(grain)])


def united(parts: Sequence[ir.Table]) -> ir.Table:
    """Tables of the same columns as one."""
    return reduce(lambda left, right: ibis.union(left, right, distinct=False), parts)


def _read_one(plan: Plan, reading: Reading, grain: Grain) -> ir.Table:
    rows, mapping, timezone = reading.source.rows, reading.mapping, plan.mapping.options.timezone
    found: dict[str, ir.Value] = {"source_no": ibis.literal(reading.number, "int32")}
    for field in fields_for(grain).values():
        column = mapping.fields.get(field.name)
        is_typed = field.kind in (*DATE_KINDS, *NUMBER_KINDS)
        if column is None:
            found[field.name] = ibis.null(field.type)
        else:
            found[field.name] = values.read(rows[column], field, column, reading.look.of(column), timezone)
        if is_typed:
            found[f"given_{field.name}"] = ibis.literal(False) if column is None else values.is_given(rows[column])
    for stored, label in plan.labels.items():
        is_its = label in mapping.attributes
        found[stored] = values.as_type(values.read_text(rows[label], reading.look.of(label)), "string") if is_its else ibis.null("string")
    return rows.select(**found)


def split(rows: ir.Table, numbers: Sequence[int], is_all: bool) -> ir.Table:
    """The rows of some of the sources."""
    return rows if is_all else rows.filter(rows.source_no.isin(list(numbers)))
