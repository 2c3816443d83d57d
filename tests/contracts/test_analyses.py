"""Every analysis answers in PostgreSQL and on a Spark cluster what the embedded engine answers, row by row.

PostgreSQL is asked everything about every company. Spark takes about a second for the smallest question, and its share of the suite should end within
minutes: a classic session is asked the first question of each contract, about the sample where a few dozen customers show little (models, groups of
customers, drivers, terms, ranks), about the nasty company else. Of the company of single rows Spark is asked what it would be asked of any table
(test_engines). By Spark Connect go a dozen questions about the nasty company (test_spark_connect).

CRM_ALL_CONTRACTS=1 in the environment has Spark asked everything about every company as well.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.contracts.answers import answer, differences
from tests.contracts.catalogue import CONTRACTS
from tests.contracts.companies import MAKERS
from tests.contracts.look import Look
from tests.contracts.plans import watched, windows_over_everything

POSTGRES = pytest.param("postgres", marks=pytest.mark.xdist_group("contracts in PostgreSQL"))
SPARK = pytest.param("spark", marks=[pytest.mark.spark, pytest.mark.xdist_group("spark")])
QUESTIONS = [(name, question) for name, one in CONTRACTS.items() for question in one.questions]
#: The beginnings of the contracts that Spark is asked about the sample; the others are asked about the nasty company.
OF_THE_SAMPLE = ("clv.", "clusters.customers", "clusters.cross_table", "pareto.", "rfm.", "satisfaction.drivers.", "satisfaction.terms.")
ASKS_ALL = bool(os.environ.get("CRM_ALL_CONTRACTS"))


def asked(engine: str) -> Iterator[tuple[str, str, str]]:
    """Companies, contracts and questions."""
    for name in MAKERS:
        for contract, question in QUESTIONS:
            if engine != "spark" or ASKS_ALL or _is_for_spark(name, contract, question):
                yield name, contract, question


def _is_for_spark(name: str, contract: str, question: str) -> bool:
    is_first = question == next(iter(CONTRACTS[contract].questions))
    return is_first and name == ("sample" if contract.startswith(OF_THE_SAMPLE) else "nasty")


CASES = [
    pytest.param(*engine.values, *one, marks=engine.marks, id="-".join([*engine.values, *one]))
    for engine in (POSTGRES, SPARK)
    for one in asked(engine.values[0])
]


@pytest.mark.parametrize(("engine", "name", "contract", "question"), CASES)
def test_the_answer_is_the_same(
    engine: str, name: str, contract: str, question: str, expected: Callable[..., Any], elsewhere: Callable[..., Look]
) -> None:
    assert_same(engine, name, contract, question, expected, elsewhere)


@pytest.mark.parametrize("engine", ["postgres", "spark"])
def test_no_analysis_is_left_out(engine: str) -> None:
    """Each is asked about one company at least."""
    assert {contract for _, contract, _ in asked(engine)} == set(CONTRACTS)


def assert_same(
    engine: str, company: str, contract: str, question: str, expected: Callable[..., Any], elsewhere: Callable[..., Look]
) -> None:
    it = elsewhere(engine, company)
    with watched(it.ws.engine) as frames:
        found = answer(it.ws, lambda: CONTRACTS[contract].questions[question](it))
    told = differences(expected(company, contract, question), found, engine, CONTRACTS[contract].last_place(question))
    assert not told, f"{contract} ({question}) of {company}:\n" + "\n".join(told)
    if engine == "spark":
        assert [text for frame in frames for text in windows_over_everything(frame)] == []
