"""What does a campaign bring, and how much discount can it bear?

Grain: plan. With A the order value, v = A × margin, c the cost a contact, k the other cost a response, r₁ and r₀ the response with and without the
campaign, the expected incremental profit a contact is (r₁ − r₀)·v − r₁·k − c. The same is reckoned with the forecast value that a response wins in the
place of v, where one is given. Pure arithmetic: no data, no workspace. Source of the formulas: definitions of the dashboard.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Literal

from crm_core.errors import AnalysisError, Problem

Basis = Literal["order", "forecast value"]

#: What is said of an answer that rests on it.
ASSUMES_NOBODY = "This assumes nobody would have bought without the campaign; the true gain is smaller."
COUNTS_ALL_OF_IT = (
    "This counts a customer's whole forecast value as won by the response. The forecast expects a part of it without the campaign too, "
    "so take it as a limit."
)
PAYS_FOR_ALL = (
    "The cost of a response is paid for those as well who would have bought anyway, so the response must rise by more than the break-even."
)
OUT_OF_REACH = "To break even, more responses would be needed than there are contacts."
BRINGS_TOO_LITTLE = {
    "order": "A response costs as much as its order brings, or more: no response breaks even.",
    "forecast value": "A response costs as much as its forecast value, or more: no response breaks even.",
}

_SHARES = {"margin": "Margin", "response": "Response with the campaign", "response_without": "Response without it"}
_AMOUNTS = {
    "contacts": "Contacts",
    "order_value": "Order value",
    "cost_a_contact": "Cost a contact",
    "cost_a_response": "Cost a response",
}
_VALUES = {"forecast_value": "Forecast value a customer"}


@dataclass(frozen=True)
class Plan:
    """What is known before. Amounts are in the currency's main unit, shares between 0 and 1.

    `contacts` customers are contacted; an order is worth `order_value`, of which `margin` stays. `response_without` None: not known.
    `forecast_value` None: not provided; else the forecast value of a customer that a response wins, margin and discounting included.
    """

    contacts: int
    order_value: float
    margin: float
    cost_a_contact: float
    response: float
    response_without: float | None = None
    cost_a_response: float = 0.0
    forecast_value: float | None = None


@dataclass(frozen=True)
class Economics:
    """What responses bring on one basis: the margin of the order, or the forecast value.

    `value_a_response` is v. `break_even` is the incremental response c / (v − k), None where v ≤ k (`why_none` says so). `needed_response` is the r₁ at
    which the profit is nil at this r₀, (c + r₀·v) / (v − k), above 1 where no response is enough. `profit` is expected and incremental, of all contacts;
    `profit_a_contact` that of one. `room_share` is the discount, as a share of the order value, that leaves a profit of nil when everyone who responds
    gets it, `room_money` the same a response; negative where there is a loss already; None without responses or order value.
    """

    basis: Basis
    value_a_response: float
    break_even: float | None
    why_none: str
    needed_response: float | None
    profit: float
    profit_a_contact: float
    room_share: float | None
    room_money: float | None


@dataclass(frozen=True)
class Expected:
    """What to expect of a plan. `incremental_responses` are all responses where the response without the campaign is not known
    (`assumes_nobody`). `forecast` is None where no forecast value was given. `caveats` are sentences that belong beside the figures.
    """

    plan: Plan
    responses: float
    incremental_responses: float
    assumes_nobody: bool
    order: Economics
    forecast: Economics | None
    caveats: tuple[str, ...]


def expect(plan: Plan) -> Expected:
    """See Expected. Raises AnalysisError, with all problems at once, where a number is missing, not finite, negative or no share."""
    _check(plan)
    order = _economics(plan, "order", plan.order_value * plan.margin)
    forecast = None if plan.forecast_value is None else _economics(plan, "forecast value", plan.forecast_value)
    return Expected(
        plan=plan,
        responses=plan.contacts * plan.response,
        incremental_responses=plan.contacts * (plan.response - _without(plan)),
        assumes_nobody=plan.response_without is None,
        order=order,
        forecast=forecast,
        caveats=_caveats(plan, order, forecast),
    )


def _without(plan: Plan) -> float:
    return plan.response_without or 0.0


def _economics(plan: Plan, basis: Basis, value: float) -> Economics:
    gain = value - plan.cost_a_response
    profit = (plan.response - _without(plan)) * value - plan.response * plan.cost_a_response - plan.cost_a_contact
    money = profit / plan.response if plan.response else None
    return Economics(
        basis=basis,
        value_a_response=value,
        break_even=plan.cost_a_contact / gain if gain > 0 else None,
        why_none="" if gain > 0 else BRINGS_TOO_LITTLE[basis],
        needed_response=(plan.cost_a_contact + _without(plan) * value) / gain if gain > 0 else None,
        profit=plan.contacts * profit,
        profit_a_contact=profit,
        room_share=money / plan.order_value if money is not None and plan.order_value else None,
        room_money=money if plan.order_value else None,
    )


def _caveats(plan: Plan, order: Economics, forecast: Economics | None) -> tuple[str, ...]:
    told = [
        (plan.response_without is None, ASSUMES_NOBODY),
        (order.needed_response is not None and order.needed_response > 1, OUT_OF_REACH),
        (bool(_without(plan) and plan.cost_a_response) and order.break_even is not None, PAYS_FOR_ALL),
        (forecast is not None, COUNTS_ALL_OF_IT),
    ]
    return tuple(text for holds, text in told if holds)


def _check(plan: Plan) -> None:
    found = [_problem(plan, field, label) for field, label in (_SHARES | _AMOUNTS | _VALUES).items()]
    problems = [one for one in found if one is not None]
    if problems:
        raise AnalysisError("The plan cannot be reckoned", "Some of its numbers cannot be.", "Change them.", problems)


def _problem(plan: Plan, field: str, label: str) -> Problem | None:
    value = getattr(plan, field)
    if value is None and field in ("response_without", "forecast_value"):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return _said("not_a_number", label, value, "This is no number.", "Give a number.")
    if field in _SHARES and not 0 <= value <= 1:
        return _said("not_a_share", label, value, "This is no share.", "Give a share between 0 and 1 (0 % to 100 %).")
    if field in _AMOUNTS and value < 0:
        return _said("negative", label, value, "This is below zero.", "Give zero or more.")
    if field == "contacts" and value != int(value):
        return _said("not_whole", label, value, "Customers come in whole numbers.", "Give a whole number.")
    return None


def _said(code: str, label: str, value: object, message: str, hint: str) -> Problem:
    return Problem(code, "error", message, hint, column=label, example=str(value))
