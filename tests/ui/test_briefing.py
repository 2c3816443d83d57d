"""What the brief tells of the rules and of what was expected, as the export kept them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from crm_core.analytics.audience.respect import Rules
from ui.sections.audience import briefing

#: Data that knows everything but cases.
WITHOUT_CASES = SimpleNamespace(has=lambda table, *_columns: table != "cases", currency="EUR")
ONE: Any = SimpleNamespace(view=SimpleNamespace(ws=WITHOUT_CASES))


def made(**kept: Any) -> Any:
    return SimpleNamespace(n_treatment=200, **kept)


def test_rules_stand_in_the_order_in_which_they_count_also_those_that_left_out_nobody() -> None:
    told = briefing._rules(ONE, made(rules=Rules().as_dict(), left_out={"dead_address": 4, "without_consent": 7}))
    assert told == (
        ("no consent to contact", 7),
        ("opted out", 0),
        ("contacted 4 times or more in the last 30 days", 0),
        ("the last contact bounced", 4),
    )


def test_without_rules_none_is_told() -> None:
    assert briefing._rules(ONE, made(rules=None, left_out={})) == ()


def test_without_a_margin_the_responses_are_told_and_why_no_profit_is() -> None:
    told, caveats = briefing._expected(ONE, made(plan={"expectation": {"response": 0.05}, "order_value": 40.0}))
    assert told == (("Responses expected", "10 (5.0 %)"),)
    assert caveats == (briefing.NO_PROFIT,)


def test_where_nothing_was_expected_nothing_is_told() -> None:
    assert briefing._expected(ONE, made(plan={})) == ((), ())
