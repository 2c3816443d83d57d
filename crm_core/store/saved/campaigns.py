"""Which campaign did an export begin, and what was expected of it?

Grain: export. Reads the plan that was kept with the export (plain JSON: `expectation`, `order_value`, `margin`). What a plan does not say, or says in a
form of another version, is not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from crm_core.analytics.audience.terms import Expectation
from crm_core.analytics.campaign.expect import Expected, Plan, expect
from crm_core.analytics.campaign.outcome import Campaign
from crm_core.errors import AnalysisError
from crm_core.store.saved.exports import Export


@dataclass(frozen=True)
class Planned:
    """What was said at export. `margin` None: from the costs in the data, which were `margin_then` at export. `is_told`: was anything said?"""

    expectation: Expectation
    order_value: float | None
    margin: float | None
    margin_then: float | None
    is_told: bool


def planned(made: Export) -> Planned:
    """The plan that was kept with the export."""
    plan = made.plan if isinstance(made.plan, Mapping) else {}
    said = plan.get("expectation")
    told = {name: _number(one) for name, one in said.items()} if isinstance(said, Mapping) else {}
    known = {name: one for name, one in told.items() if name in Expectation.__dataclass_fields__ and one is not None}
    value, given, then = (_number(plan.get(name)) for name in ("order_value", "margin", "margin_at_export"))
    return Planned(Expectation(**known), value, given, given if given is not None else then, bool(known))


def campaign_of(made: Export) -> Campaign:
    """What was fixed at export, as `outcome` takes it."""
    plan = planned(made)
    return Campaign(
        start=made.starts_on,
        end=made.ends_on,
        is_random=made.is_random,
        seed=made.seed or 0,
        margin=plan.margin,
        cost_a_contact=plan.expectation.cost_a_contact,
        cost_a_response=plan.expectation.cost_a_response,
    )


def expected_of(made: Export) -> Expected | None:
    """What was expected of those addressed; None where the plan lacks the value of an order or the margin, or cannot be reckoned."""
    plan = planned(made)
    if not plan.is_told or plan.order_value is None or plan.margin_then is None:
        return None
    told = plan.expectation
    try:
        return expect(
            Plan(
                contacts=made.n_treatment,
                order_value=plan.order_value,
                margin=plan.margin_then,
                cost_a_contact=told.cost_a_contact,
                response=told.response,
                response_without=told.response_without,
                cost_a_response=told.cost_a_response,
            )
        )
    except AnalysisError:
        return None


def _number(value: Any) -> float | None:
    is_one = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    return float(value) if is_one else None
