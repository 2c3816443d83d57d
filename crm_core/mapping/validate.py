"""Whether a mapping can be carried out on the staged tables: everything that is wrong with it, at once.

Only the structure is looked at (columns, fields, formats); what single values hold is the business of the import itself.
"""

from __future__ import annotations

from collections import Counter

from crm_core.errors import MappingError, Problem
from crm_core.mapping.carrying_out import scores
from crm_core.mapping.meaning.doubts import requirements
from crm_core.mapping.meaning.formats import DATE_KINDS, NUMBER_KINDS, ambiguous_dates, columns_of
from crm_core.mapping.model import GRAIN_LABELS, Mapping, TableMapping, fields_for
from crm_core.mapping.values import scales
from crm_core.sources.staging import Staging


def validate(staging: Staging, mapping: Mapping) -> list[Problem]:
    """Errors and questions that must be settled before an import; empty where it can begin.

    Looks for files that are given twice, tables and columns that are not there, unknown fields, a column that feeds two fields, fields that an import needs,
    columns without a format, dates whose day and month cannot be told apart, and scores that may be on another scale than it seems.
    """
    problems = [problem for table in mapping.tables for problem in _of_table(staging, table)]
    if not problems:
        problems += _doubtful_scales(staging, mapping)
    problems += _files_given_twice(staging, mapping)
    return problems + [problem for problem in requirements(mapping, staging) if problem.severity in ("error", "question")]


def _doubtful_scales(staging: Staging, mapping: Mapping) -> list[Problem]:
    """A question for each column of scores, the only one of its table, whose scale its values do not tell."""
    hint = "Say which measure and scale it is."
    return [
        Problem(
            "which_scale",
            "question",
            f"“{one.column}” was taken for {one.scale.measure} on {one.scale.lowest} to {one.scale.highest}, but {one.why}",
            hint,
            one.source,
            one.column,
            option=f'--scale "{one.source}={one.scale.text}" or --scale "{one.source}={one.instead.text}"',
        )
        for one in scores.in_doubt(staging, mapping)
        if one.is_alone
    ]


def _files_given_twice(staging: Staging, mapping: Mapping) -> list[Problem]:
    """A question for each file whose bytes are those of another one: all its rows would count twice."""
    used = {table.source for table in mapping.tables if table.grain != "ignore"}
    files = dict.fromkeys(one.file for one in staging.tables if one.name in used)
    first: dict[str, str] = {}
    twins = [(file, known) for file in files if (known := first.setdefault(staging.fingerprints.get(file, file), file)) != file]
    hint = "Leave one of the two out."
    return [
        Problem("file_twice", "question", f"This is the same file as “{known}”, so each row would count twice", hint, file)
        for file, known in twins
    ]


def _of_table(staging: Staging, table: TableMapping) -> list[Problem]:
    staged = next((one for one in staging.tables if one.name == table.source), None)
    if staged is None:
        return [Problem("table_unknown", "error", "This table has not been read", "Read the file again.", table.source)]
    if table.grain not in GRAIN_LABELS:
        return [
            Problem("grain_unknown", "error", f"A row cannot be “{table.grain}”", f"Choose one of {', '.join(GRAIN_LABELS)}.", table.source)
        ]
    if table.grain == "ignore":
        return []
    columns = {one.name for one in staged.columns}
    return [
        *_unknown_fields(table),
        *_unknown_columns(table, columns),
        *_fed_twice(table),
        *_unclear_scale(table),
        *_without_format(table),
        *ambiguous_dates(table),
    ]


def _unknown_fields(table: TableMapping) -> list[Problem]:
    known = fields_for(table.grain)
    return [
        Problem(
            "field_unknown",
            "error",
            f"A row that is {GRAIN_LABELS[table.grain]} has no “{name}”",
            f"Fields are {', '.join(known)}.",
            table.source,
            column,
        )
        for name, column in table.fields.items()
        if name not in known
    ]


def _unknown_columns(table: TableMapping, columns: set[str]) -> list[Problem]:
    used = dict.fromkeys([*table.fields.values(), *table.attributes])
    return [
        Problem("column_unknown", "error", f"There is no column “{one}”", "Choose one of the columns of the file.", table.source, one)
        for one in used
        if one not in columns
    ]


def _fed_twice(table: TableMapping) -> list[Problem]:
    """A column feeds one field, or is one attribute, and nothing besides."""
    problems = []
    for column, times in Counter([*table.fields.values(), *table.attributes]).items():
        if times > 1:
            fields = ", ".join(
                [*(name for name, fed in table.fields.items() if fed == column), *(["an attribute"] if column in table.attributes else [])]
            )
            message = (
                f"The column feeds {times} fields ({fields})"
                if column not in table.attributes
                else f"The column is chosen more than once ({fields})"
            )
            problems.append(
                Problem("column_used_twice", "error", message, "Choose another column for all but one of them.", table.source, column)
            )
    return problems


def _unclear_scale(table: TableMapping) -> list[Problem]:
    try:
        scales.all_declared(table.scale)
    except MappingError as error:
        return [Problem("scale_unknown", "error", f"{error.title}: {error.message}", error.hint, table.source)]
    return []


def _without_format(table: TableMapping) -> list[Problem]:
    missing = [column for column in columns_of(table, DATE_KINDS).values() if column not in table.dates]
    missing += [column for column in columns_of(table, NUMBER_KINDS).values() if column not in table.numbers]
    return [
        Problem(
            "format_missing", "error", "It is not decided how the column writes its values", "Choose the column again.", table.source, one
        )
        for one in missing
    ]
