"""Corrections in words, as the command line takes them: `[TABLE.]FIELD=[FILE:]COLUMN`.

TABLE is a canonical table ("customers.customer_id"), FIELD one of its fields; FILE is a source table or file, with or without its
ending, in any case. Without FILE the column counts wherever the files have it and their rows may feed the field (a key stands in
several files, and so does every column of monthly exports).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from crm_core.errors import MappingError, Problem
from crm_core.mapping.meaning.formats import with_formats
from crm_core.mapping.meaning.names import same
from crm_core.mapping.model import GRAIN_TABLES, Grain, Mapping, TableMapping, fields_for
from crm_core.mapping.values import scales
from crm_core.schema import SCORE_FIELDS, TABLES
from crm_core.sources.staging import StagedTable, Staging

#: What a row becomes when it is given a field that its present grain has not: by canonical table.
_GRAIN_OF: dict[str, Grain] = {
    "order_lines": "order_lines",
    "orders": "orders",
    "customers": "customers",
    "surveys": "surveys",
    "cases": "cases",
    "contacts": "contacts",
}

#: Fields that make no sense beside sales, though those feed customers too.
_ONLY_IN: dict[str, Grain] = {"customer_key": "customers"}


def override(staging: Staging, mapping: Mapping, assignments: Sequence[str]) -> Mapping:
    """The mapping with each assignment carried out in turn; what fed the field before, and what the column fed before, gives way.

    A table whose grain has no such field takes the grain that has. Raises MappingError with all assignments that cannot be understood.
    """
    problems: list[Problem] = []
    for assignment in assignments:
        try:
            mapping = _assign(staging, mapping, assignment)
        except _Misunderstood as reason:
            problems.append(Problem("override", "error", f"“{assignment}”: {reason.message}", reason.hint))
    if problems:
        raise MappingError(
            "The assignment of columns is not understood",
            hint="Write --map FIELD=COLUMN, --map TABLE.FIELD=COLUMN or --map FIELD=FILE:COLUMN.",
            problems=problems,
        )
    return replace(mapping, tables=with_formats(staging, mapping.tables, mapping.options).tables)


class _Misunderstood(Exception):
    def __init__(self, message: str, hint: str = "") -> None:
        self.message, self.hint = message, hint
        super().__init__(message)


def _assign(staging: Staging, mapping: Mapping, assignment: str) -> Mapping:
    target, separator, origin = assignment.partition("=")
    if not separator or not target.strip() or not origin.strip():
        raise _Misunderstood("it has no “=” between field and column" if not separator else "the field or the column is missing")
    canonical, field = _field(target.strip())
    for source, column in _columns(staging, mapping, origin.strip(), canonical, field):
        mapping = mapping.with_table(_fed(mapping.table(source), canonical, field, column))
    return mapping


def with_scale(mapping: Mapping, text: str) -> Mapping:
    """The mapping with measure and scale declared as `[FILE=]SCALE` says ("ces 7-1", "reviews.csv=csat 1-10").

    Without FILE it holds for every table of responses, and of cases that hold a rating. Raises MappingError where the scale is nonsense,
    or there is no such table. Scales of several measures may be declared one after the other.
    """
    file, _, scale = text.rpartition("=")
    own = scales.declared(scale)
    able = [one for one in mapping.tables if one.grain in ("surveys", "cases") and {*SCORE_FIELDS} & one.fields.keys()]
    meant = [one for one in able if not file.strip() or _is_named(one.source, file.strip())]
    if own is None or not meant:
        there = ", ".join(one.source for one in able) or "none"
        message = "It names no scale." if own is None else "No table of responses is meant."
        raise MappingError(f"“{text}” is not understood", message, f"Write --scale [FILE=]SCALE; tables with scores: {there}.")
    changed = {
        one.source: "; ".join(known.text for known in (scales.all_declared(one.scale) | {own.measure: own}).values()) for one in meant
    }
    return replace(mapping, tables=tuple(replace(one, scale=changed.get(one.source, one.scale)) for one in mapping.tables))


def answered(problems: Sequence[Problem], assignments: Sequence[str]) -> list[Problem]:
    """The problems without the questions ("which_" and the field) that the assignments answer; a net amount needs no quantity."""
    fields = {assignment.partition("=")[0].strip().rpartition(".")[2] for assignment in assignments}
    said = {f"which_{field}" for field in fields | ({"quantity"} if "net_amount" in fields else set())}
    return [problem for problem in problems if problem.code not in said]


def _field(target: str) -> tuple[str, str]:
    """(canonical table or "", field) as they are spelled in the schema."""
    table, dot, field = target.rpartition(".")
    if dot and table not in TABLES:
        raise _Misunderstood(f"there is no table “{table}”", _nearest(table, TABLES))
    known = [one.name for name in ([table] if table else TABLES) for one in TABLES[name].mappable()]
    if field not in known:
        raise _Misunderstood(f"there is no field “{field}”" + (f" in {table}" if table else ""), _nearest(field, known))
    return table, field


def _columns(staging: Staging, mapping: Mapping, origin: str, canonical: str, field: str) -> list[tuple[str, str]]:
    """(source table, column) that the words mean; a colon may part the file from the column or belong to the column's name."""
    found = _holders(staging.tables, origin)
    for at in (index for index, sign in enumerate(origin) if sign == ":" and not found):
        files = [one for one in staging.tables if _is_called(one, origin[:at].strip())]
        column = origin[at + 1 :].strip()
        found = _holders(files, column)
        if files and not found:
            raise _Misunderstood(f"“{files[0].name}” has no column “{column}”", _nearest(column, (one.name for one in files[0].columns)))
        if found:
            return found
    if not found:
        raise _Misunderstood(
            f"there is no column “{origin}”", _nearest(origin, (one.name for table in staging.tables for one in table.columns))
        )
    return _fitting(mapping, found, canonical, field)


def _holders(tables: Sequence[StagedTable], column: str) -> list[tuple[str, str]]:
    """(table, column) of the tables with a column of that name, spelled exactly if any is, else in any spelling."""
    exact = [(table.name, one.name) for table in tables for one in table.columns if one.name == column]
    return exact or [(table.name, one.name) for table in tables for one in table.columns if same(one.name, column)]


def _fitting(mapping: Mapping, found: list[tuple[str, str]], canonical: str, field: str) -> list[tuple[str, str]]:
    """Of several tables with such a column, those whose rows may feed the field; if none may, there must be a single one."""
    grains = {source: mapping.table(source).grain for source, _ in found}
    named = [pair for pair in found if canonical in GRAIN_TABLES[grains[pair[0]]][:1]]
    fitting = named or [
        pair for pair in found if field in fields_for(grains[pair[0]]) and (not canonical or canonical in GRAIN_TABLES[grains[pair[0]]])
    ]
    if not fitting and len(found) > 1:
        files = ", ".join(source for source, _ in found)
        raise _Misunderstood(f"several tables have a column “{found[0][1]}” ({files})", f"Say which: {field}={found[0][0]}:{found[0][1]}.")
    return fitting or found


def _fed(table: TableMapping, canonical: str, field: str, column: str) -> TableMapping:
    """The table with the field fed by the column, under a grain that has the field (and is of the canonical table, if one is named)."""
    grain = _grain(table.grain, canonical, field)
    known = fields_for(grain)
    kept = {name: fed for name, fed in table.fields.items() if name in known and fed != column}
    return replace(
        table, grain=grain, fields=kept, attributes=table.attributes if grain in ("order_lines", "orders", "customers") else ()
    ).with_field(field, column)


def _grain(present: Grain, canonical: str, field: str) -> Grain:
    if field in _ONLY_IN:
        return _ONLY_IN[field]
    if field in fields_for(present) and (not canonical or canonical in GRAIN_TABLES[present]):
        return present
    if canonical:
        return _GRAIN_OF[canonical]
    owners = [
        name
        for name in ("order_lines", "surveys", "cases", "orders", "customers", "contacts")
        if field in {one.name for one in TABLES[name].mappable()}
    ]
    return "order_lines" if present == "ignore" and field in fields_for("order_lines") else _GRAIN_OF[owners[0]]


def _is_called(table: StagedTable, words: str) -> bool:
    """True where the words are the table's or its file's name, or the part after "›", in any case, with or without ending."""
    return _is_named(table.name, words) or _is_named(table.file, words)


def _is_named(name: str, words: str) -> bool:
    """True where the words are the name, the part of it before or after "›", in any case, with or without ending."""
    file, _, sheet = name.rpartition("›")
    names = {name, sheet.strip(), *([file.strip()] if file else [])}
    return words.casefold() in {form.casefold() for one in names for form in (one, one.rpartition(".")[0] or one)}


def _nearest(word: str, known: Iterable[str]) -> str:
    """What may have been meant, and what there is."""
    names = list(dict.fromkeys(known))
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    return (f"Did you mean “{near[0]}”? " if near else "") + f"There are: {', '.join(names)}."
