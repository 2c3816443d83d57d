"""One import under way: what is read, what was decided once all values were seen, and what has been stored so far."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import ibis.expr.types as ir

from crm_core.errors import MappingError, Problem
from crm_core.mapping.carrying_out import cases, contacts, derive, duplicates, lookups, responses, scores
from crm_core.mapping.carrying_out.customers import Disputed
from crm_core.mapping.carrying_out.lookups import Lookups
from crm_core.mapping.carrying_out.reading import Plan, make_rows, plan, view
from crm_core.mapping.carrying_out.scores import Scores
from crm_core.mapping.carrying_out.target import Target
from crm_core.mapping.model import Mapping
from crm_core.mapping.validate import validate
from crm_core.mapping.values import currency, outcomes, statuses
from crm_core.mapping.values.currency import Currencies
from crm_core.sources.staging import Staging


@dataclass
class Work:
    """`lines`, `responses`, `cases` and `contacts` are expressions over staged text, once rejects are listed only of usable rows; `answers` are
    all scores of responses, usable or not, and `ratings` responses that cases hold; `stored` are tables of the workspace.
    """

    plan: Plan
    target: Target
    found: Lookups
    repeated: dict[int, int]  # source number -> rows that repeat an earlier one
    currencies: Currencies = field(default_factory=lambda: Currencies("", {}))
    status_words: dict[str, str] = field(default_factory=dict)
    void_words: ir.Table | None = None
    lines: ir.Table | None = None
    responses: ir.Table | None = None
    cases: ir.Table | None = None
    contacts: ir.Table | None = None
    outcomes: dict[str, str] = field(default_factory=dict)  # word as in the data -> outcome of a contact
    ratings: ir.Table | None = None
    answers: ir.Table | None = None
    scores: Scores = field(default_factory=lambda: Scores({}, {}))
    stored: dict[str, ir.Table] = field(default_factory=dict)
    disputed: dict[str, Disputed] = field(default_factory=dict)  # field of customers -> of whom rows disagree
    problems: list[Problem] = field(default_factory=list)


def begin(staging: Staging, mapping: Mapping, target: Target) -> Work:
    """Find repeats, make the lookups, and decide what needs all values: currency and status words.

    Raises MappingError where the mapping does not fit the tables, DataError where a rate is missing.
    """
    _refuse_unfit(staging, mapping)
    reading = plan(staging, mapping)
    repeated = duplicates.find(reading)
    if mapping.options.drop_duplicates and repeated:
        reading = replace(reading, repeats=duplicates.table(reading))
    make_rows(reading)
    work = Work(reading, target, lookups.make(reading), repeated)
    if reading.of("order_lines"):
        _judge_lines(work)
    if reading.of("surveys", "cases"):
        work.scores = scores.decide(reading)
    if reading.of("surveys"):
        work.responses = responses.surveys(reading, work.found, work.scores)
    if reading.of("cases"):
        work.cases = cases.states(reading, work.found)
    if reading.of("contacts"):
        work.contacts = contacts.contacts(reading, work.found)
        work.outcomes = outcomes.translated(contacts.words(reading))
    return work


def _refuse_unfit(staging: Staging, mapping: Mapping) -> None:
    problems = [problem for problem in validate(staging, mapping) if problem.code != "format_missing"]
    if problems:
        raise MappingError("The columns are not clear", "The import cannot begin.", "Correct the columns named here.", problems)


def _judge_lines(work: Work) -> None:
    rows = derive.joined(work.plan, work.found)
    options, staging = work.plan.mapping.options, work.plan.staging
    if work.plan.names_currency:
        work.currencies = currency.decide(staging, rows, options)
    elif options.currency:
        work.currencies = Currencies(currency.code_of(options.currency), {})
    if work.plan.feeds("status", "orders", "order_lines"):
        spoken = staging.con.to_pyarrow(rows.filter(rows.status.notnull()).select("status").distinct())[0].to_pylist()
        work.status_words, unknown = statuses.read_words(sorted(spoken), options.status_words)
        work.problems += unknown
        work.void_words = _store_void_words(staging, work.status_words)
    work.lines = view(staging, "lines", derive.lines(work.plan, rows, work.currencies, work.void_words))


def _store_void_words(staging: Staging, meanings: dict[str, str]) -> ir.Table | None:
    void = [[word] for word, meant in meanings.items() if meant in statuses.VOID]
    if not void:
        return None
    staging.raw.execute("CREATE OR REPLACE TABLE void_words (word VARCHAR)")
    staging.raw.executemany("INSERT INTO void_words VALUES (?)", void)
    return staging.con.table("void_words")
