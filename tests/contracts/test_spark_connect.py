"""Spark Connect answers as the classic session does.

Not every analysis is asked: both sessions are given the same statements, which Spark carries out in the same way, and the whole suite should end
within minutes. What differs is how statements, frames and rows travel; so one question from each part of the program goes by Spark Connect, about the
nasty company, and test_engines asks it all that a workspace expects of an engine. CRM_ALL_CONTRACTS=1 in the environment has it asked all questions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.contracts.catalogue import CONTRACTS
from tests.contracts.look import Look
from tests.contracts.test_analyses import ASKS_ALL, QUESTIONS, assert_same

#: Module -> the analysis that asks most of an engine.
ASKED = {
    "clusters": "cluster",
    "listing": "page",
    "migration": "migrate",
    "overview": "monthly",
    "profile": "profile",
    "rfm": "split",
    "clv.forecast": "scored",
    "satisfaction.attitude": "grid",
    "satisfaction.follow_up": "effect",
    "satisfaction.terms": "terms",
    "satisfaction.watch": "watch_list",
    "service.report": "trend",
}
LAST = [(name, list(CONTRACTS[name].questions)[-1]) for name in (f"{module}.{analysis}" for module, analysis in ASKED.items())]
CASES = QUESTIONS if ASKS_ALL else LAST


@pytest.mark.spark
@pytest.mark.parametrize(("contract", "question"), CASES, ids=[f"{name}-{question}" for name, question in CASES])
def test_the_answer_is_the_same(contract: str, question: str, expected: Callable[..., Any], elsewhere: Callable[..., Look]) -> None:
    assert_same("connect", "nasty", contract, question, expected, elsewhere)
