"""What an export began, read from the plan that was kept with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from crm_core.analytics.campaign.outcome import Campaign
from crm_core.store.saved.campaigns import campaign_of, expected_of, planned
from crm_core.store.saved.exports import Export
from tests.crm_core.store.saved.test_exports import NOW

PLAN: dict[str, Any] = {
    "expectation": {
        "cost_a_contact": 1.5,
        "cost_a_response": 2,
        "response": 0.1,
        "response_without": 0.04,
        "order_value": None,
        "margin": 0.3,
    },
    "order_value": 80,
    "margin": 0.3,
}
MADE = Export(
    id="e", audience_id="a", version=2, name="Spring", where="everybody", exported_at=NOW, exported_by="", as_of=date(2026, 1, 1),
    starts_on=date(2026, 1, 3), ends_on=date(2026, 2, 3), is_random=True, seed=7, control_share=0.1, n_treatment=900, n_control=100, n_erased=0,
    rules=None, left_out={}, plan=PLAN, fingerprint="f", columns=(),
)  # fmt: skip


def test_the_campaign_is_what_was_fixed_at_export() -> None:
    assert campaign_of(MADE) == Campaign(
        start=date(2026, 1, 3), end=date(2026, 2, 3), is_random=True, seed=7, margin=0.3, cost_a_contact=1.5, cost_a_response=2.0
    )


def test_without_a_margin_it_is_that_of_the_costs_in_the_data() -> None:
    assert campaign_of(replace(MADE, plan=PLAN | {"margin": None})).margin is None


def test_what_was_expected_is_reckoned_for_those_addressed() -> None:
    found = expected_of(MADE)
    assert found is not None
    assert found.responses == 90
    assert found.order.profit == pytest.approx(900 * ((0.1 - 0.04) * 80 * 0.3 - 0.1 * 2 - 1.5))


@pytest.mark.parametrize(
    "plan", [None, {}, [], {"expectation": None}, {"expectation": {"response": "many"}}, {"order_value": True, "margin": "x"}]
)
def test_a_plan_that_says_nothing_leaves_all_unknown(plan: Any) -> None:
    made = replace(MADE, plan=plan)
    assert not planned(made).is_told
    assert expected_of(made) is None
    assert (campaign_of(made).margin, campaign_of(made).cost_a_contact) == (None, 0.0)


def test_what_a_later_version_adds_is_passed_over() -> None:
    later = PLAN | {"expectation": PLAN["expectation"] | {"mood": 3.0}, "more": 1}
    assert planned(replace(MADE, plan=later)) == planned(MADE)


@pytest.mark.parametrize("lacking", ["order_value", "margin"])
def test_without_order_value_or_margin_no_profit_was_expected(lacking: str) -> None:
    made = replace(MADE, plan=PLAN | {lacking: None})
    assert expected_of(made) is None
    assert planned(made).is_told


def test_a_plan_that_cannot_be_reckoned_is_none() -> None:
    assert expected_of(replace(MADE, plan=PLAN | {"margin": 3.0})) is None
