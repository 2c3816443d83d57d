"""What the program makes of the staged tables by itself: grain, fields, formats and attributes, with its reasons and its doubts.

Names and values speak together (`assign`, `grains`, `refine`); a doubt that changes figures becomes a question, and nothing that was
left out stays unsaid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from crm_core.errors import Problem
from crm_core.mapping.meaning import attributes, refine
from crm_core.mapping.meaning.assign import Assignment
from crm_core.mapping.meaning.doubts import doubts, requirements
from crm_core.mapping.meaning.formats import DATE_KINDS, NO_CHOICES, NUMBER_KINDS, columns_of, with_formats
from crm_core.mapping.meaning.grains import Look, Verdict, decide_grains
from crm_core.mapping.meaning.guess import BY_VALUES
from crm_core.mapping.model import Grain, ImportOptions, Mapping, TableMapping, fields_for
from crm_core.mapping.values.profile import ColumnProfile, profile
from crm_core.sources.staging import StagedTable, Staging


@dataclass(frozen=True)
class Reason:
    """Why a column feeds a field: `confidence` from 0 to 1 and the grounds in words."""

    column: str
    confidence: float
    text: str


@dataclass(frozen=True)
class Suggestion:
    """`reasons` is source table -> field -> Reason; `problems` of severity "question" want an answer before the import."""

    mapping: Mapping
    reasons: dict[str, dict[str, Reason]]
    problems: tuple[Problem, ...]

    @property
    def is_certain(self) -> bool:
        return not any(problem.severity in ("error", "question") for problem in self.problems)

    def remarks(self, mapping: Mapping) -> tuple[Problem, ...]:
        """What is no question and yet to be known, of the tables that `mapping` uses as suggested: for the receipt."""
        changed = {one.source for one in self.mapping.tables if not _is_same(one, mapping.table(one.source))}
        return tuple(one for one in self.problems if one.severity in ("warning", "info") and one.table not in changed)


def _is_same(one: TableMapping, other: TableMapping) -> bool:
    """Do both take the rows for the same thing and feed the same fields?"""
    return (one.grain, one.fields) == (other.grain, other.fields)


def suggest(staging: Staging, options: ImportOptions = NO_CHOICES, remembered: Mapping | None = None) -> Suggestion:
    """The suggestion for all staged tables; `remembered` decisions hold for tables of the same columns.

    Formats of dates and numbers are decided anew from the values; a remembered order of day and month only settles what they leave open.
    """
    models = _models(staging)
    looks = [Look(one.name, one.rows, profile(staging, one.name)) for one in staging.tables if models[one.name] == one.name]
    verdicts = decide_grains(staging, looks)
    found = _refined(staging, looks, verdicts)
    tables = {look.source: _table(staging, look, found[look.source]) for look in looks}
    recalled = {one.name: _recalled(one, remembered) for one in staging.tables}
    problems: list[Problem] = []
    for look in looks:
        former = recalled[look.source]
        if former is None or _is_same(former, tables[look.source]):
            problems += found[look.source].problems
        if former is None:
            problems += doubts(staging, look, tables[look.source], found[look.source].assignment)
    chosen = [recalled[source] or _following(tables[model], source) for source, model in models.items()]
    decided = with_formats(staging, chosen, options, remembered)
    mapping = Mapping(tuple(decided.tables), options)
    problems += [
        *decided.problems,
        *_left_out(mapping, {source: verdicts[model] for source, model in models.items()}),
        *requirements(mapping, staging),
    ]
    look_of = {look.source: look for look in looks}
    reasons = {one.source: _reasons(look_of[models[one.source]], one, found[models[one.source]].assignment) for one in mapping.tables}
    return Suggestion(mapping, reasons, tuple(problems))


def _models(staging: Staging) -> dict[str, str]:
    """For each table the one by which it is judged: of tables with the same columns (monthly exports) the largest, else itself."""
    largest: dict[tuple[str, ...], StagedTable] = {}
    for one in staging.tables:
        shape = tuple(sorted(column.name for column in one.columns))
        if shape not in largest or one.rows > largest[shape].rows:
            largest[shape] = one
    return {one.name: largest[tuple(sorted(column.name for column in one.columns))].name for one in staging.tables}


def _refined(staging: Staging, looks: Sequence[Look], verdicts: dict[str, Verdict]) -> dict[str, refine.Refined]:
    """Sales and orders first: the customers' key is looked for among the customers they name."""
    found: dict[str, refine.Refined] = {}
    for look in looks:
        grain = verdicts[look.source].grain
        assigned = look.assigned(grain)
        found[look.source] = _refined_one(staging, look, assigned, grain)
    buyers = [
        (source, one.assignment.fields["customer_id"])
        for source, one in found.items()
        if verdicts[source].grain in ("order_lines", "orders") and "customer_id" in one.assignment.fields
    ]
    for look in looks:
        if verdicts[look.source].grain == "customers":
            found[look.source] = refine.customers(staging, look, look.assigned("customers"), buyers)
    return found


def _refined_one(staging: Staging, look: Look, assigned: Assignment, grain: Grain) -> refine.Refined:
    if grain in ("order_lines", "orders"):
        return refine.sales(staging, look, assigned)
    if grain == "surveys":
        return refine.surveys(look, assigned)
    if grain == "contacts":
        return refine.contacts(look, assigned)
    return refine.cases(staging, look, assigned) if grain == "cases" else refine.Refined(assigned)


def _table(staging: Staging, look: Look, found: refine.Refined) -> TableMapping:
    """The assignment as a mapping, with the formats that the profiles found already."""
    assigned = found.assignment
    known = fields_for(assigned.grain)
    fields = {name: assigned.fields[name] for name in known if name in assigned.fields}
    table = TableMapping(
        look.source, assigned.grain, fields, attributes.propose(staging, look.source, assigned.grain, look.columns, fields)
    )
    days = {column: look.column(column).date for column in columns_of(table, DATE_KINDS).values()}
    figures = {column: look.column(column).number for column in columns_of(table, NUMBER_KINDS).values()}
    return replace(
        table,
        dates={column: fmt for column, fmt in days.items() if fmt is not None},
        numbers={column: fmt for column, fmt in figures.items() if fmt is not None},
    )


def _following(model: TableMapping, source: str) -> TableMapping:
    """The same decisions for a table of the same columns; how it writes its values is its own."""
    return model if model.source == source else replace(model, source=source, numbers={}, dates={})


def _recalled(table: StagedTable, remembered: Mapping | None) -> TableMapping | None:
    """What was decided on a table of that name before, if this one has all the columns it used."""
    columns = {one.name for one in table.columns}
    found = next((one for one in (remembered.tables if remembered else ()) if one.source == table.name and _used(one) <= columns), None)
    return replace(found, numbers={}, dates={}) if found else None


def _used(table: TableMapping) -> set[str]:
    return {*table.fields.values(), *table.attributes}


def _left_out(mapping: Mapping, verdicts: dict[str, Verdict]) -> list[Problem]:
    return [
        Problem(
            "table_ignored",
            "info",
            f"This table is left out: {verdicts[one.source].reason}",
            "Choose what one row is if it should be used.",
            one.source,
        )
        for one in mapping.tables
        if one.grain == "ignore"
    ]


def _reasons(look: Look, table: TableMapping, assigned: Assignment) -> dict[str, Reason]:
    fields = fields_for(table.grain)
    return {
        name: _reason(fields[name].label, look.column(column), assigned.score(name) if assigned.fields.get(name) == column else 1.0)
        for name, column in table.fields.items()
    }


def _reason(label: str, column: ColumnProfile, score: float) -> Reason:
    """ "the name “Uid” means customer id; 8,000 different values"."""
    grounds = (
        f"the name “{column.name}” means {label.lower()}" if score > BY_VALUES else f"the values of “{column.name}” fit {label.lower()}"
    )
    return Reason(column.name, round(min(score, 1.0), 2), f"{grounds}; {_what(column)}")


def _what(column: ColumnProfile) -> str:
    if column.date is not None and column.date.evidence:
        return column.date.evidence
    if column.distinct == column.filled and column.filled:
        return "every value is different"
    return f"{column.distinct:,} different value{'s' if column.distinct != 1 else ''}"
