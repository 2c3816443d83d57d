"""What a plan brings, against sums by hand and a company of customers counted one by one."""

from __future__ import annotations

from dataclasses import replace
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.analytics.campaign.expect import ASSUMES_NOBODY, COUNTS_ALL_OF_IT, OUT_OF_REACH, PAYS_FOR_ALL, Plan, expect
from crm_core.errors import AnalysisError

#: v = 50 × 0.4 = 20.
PLAN = Plan(contacts=1000, order_value=50.0, margin=0.4, cost_a_contact=0.5, response=0.10, response_without=0.06, cost_a_response=2.0)

shares = st.just(0.0) | st.floats(1e-6, 1)
amounts = st.floats(0, 1e6)
plans = st.builds(
    Plan,
    contacts=st.integers(0, 10**7),
    order_value=amounts,
    margin=shares,
    cost_a_contact=amounts,
    response=shares,
    response_without=st.none() | shares,
    cost_a_response=amounts,
)


def test_a_plan_by_hand() -> None:
    found = expect(PLAN)
    assert (found.responses, found.incremental_responses) == pytest.approx((100, 40))
    order = found.order
    assert order.value_a_response == pytest.approx(20)
    assert order.break_even == pytest.approx(0.5 / 18)
    assert order.needed_response == pytest.approx((0.5 + 0.06 * 20) / 18)
    assert order.profit == pytest.approx(40 * 20 - 100 * 2 - 1000 * 0.5)
    assert order.profit_a_contact == pytest.approx(0.1)
    assert order.room_money == pytest.approx(1.0)
    assert order.room_share == pytest.approx(0.02)
    assert found.caveats == (PAYS_FOR_ALL,)


def test_unknown_response_without_counts_as_nobody_and_says_so() -> None:
    found = expect(replace(PLAN, response_without=None))
    assert found.assumes_nobody
    assert ASSUMES_NOBODY in found.caveats
    assert found.order == expect(replace(PLAN, response_without=0.0)).order
    assert not expect(replace(PLAN, response_without=0.0)).assumes_nobody


def test_a_response_that_costs_what_it_brings_has_no_break_even() -> None:
    for cost in (20.0, 25.0):
        order = expect(replace(PLAN, cost_a_response=cost)).order
        assert order.break_even is None
        assert order.needed_response is None
        assert order.why_none
    assert expect(replace(PLAN, cost_a_response=19.99)).order.break_even is not None


def test_more_responses_than_contacts_are_out_of_reach() -> None:
    found = expect(replace(PLAN, cost_a_contact=30.0))
    assert found.order.needed_response is not None
    assert found.order.needed_response > 1
    assert OUT_OF_REACH in found.caveats


def test_the_forecast_value_takes_the_place_of_the_margin_of_the_order() -> None:
    found = expect(replace(PLAN, forecast_value=80.0))
    assert found.forecast is not None
    assert found.forecast.basis == "forecast value"
    assert found.forecast.profit == pytest.approx(40 * 80 - 100 * 2 - 1000 * 0.5)
    assert found.forecast.break_even == pytest.approx(0.5 / 78)
    assert found.forecast.room_money == pytest.approx(25.0)
    assert found.forecast.room_share == pytest.approx(0.5)  # of the price of the order
    assert COUNTS_ALL_OF_IT in found.caveats
    assert found.order == expect(PLAN).order


def test_without_responses_or_price_there_is_no_room_to_speak_of() -> None:
    assert expect(replace(PLAN, response=0.0)).order.room_share is None
    assert expect(replace(PLAN, order_value=0.0)).order.room_share is None


@given(plans)
def test_a_discount_of_the_whole_room_leaves_nothing(plan: Plan) -> None:
    order = expect(plan).order
    if order.room_money is not None:
        given_away = plan.contacts * plan.response * order.room_money
        assert order.profit - given_away == pytest.approx(0, abs=1e-6 * (1 + abs(order.profit)))


@given(plans)
def test_at_the_needed_response_the_profit_is_nil(plan: Plan) -> None:
    needed = expect(plan).order.needed_response
    if needed is not None and needed <= 1:
        size = plan.contacts * (plan.order_value + plan.cost_a_response + plan.cost_a_contact)
        assert expect(replace(plan, response=needed)).order.profit == pytest.approx(0, abs=1e-9 * (1 + size))


@given(plans)
def test_without_cost_a_response_the_break_even_is_what_the_response_must_rise_by(plan: Plan) -> None:
    found = expect(replace(plan, cost_a_response=0.0))
    if found.order.break_even is not None and found.order.needed_response is not None:
        assert found.order.needed_response - (plan.response_without or 0.0) == pytest.approx(found.order.break_even, rel=1e-6, abs=1e-9)


def test_profit_is_that_of_customers_counted_one_by_one() -> None:
    """Of 1,000 customers 60 buy anyway, 40 more because of the campaign."""
    profit = 0.0
    for customer in range(1000):
        buys, would_have_bought = customer < 100, customer < 60
        profit += 20 * (buys - would_have_bought) - 2 * buys - 0.5
    assert expect(PLAN).order.profit == pytest.approx(profit)


def test_all_problems_are_told_at_once() -> None:
    plan = Plan(
        contacts=-1,
        order_value=inf,
        margin=1.2,
        cost_a_contact=nan,
        response=-0.1,
        response_without=2,
        cost_a_response=-3,
        forecast_value=nan,
    )
    with pytest.raises(AnalysisError) as raised:
        expect(plan)
    assert len(raised.value.problems) == 8
    assert {one.code for one in raised.value.problems} == {"not_a_number", "not_a_share", "negative"}


@pytest.mark.parametrize("contacts", [1.5, True, "10", None])
def test_contacts_are_a_whole_number(contacts: object) -> None:
    with pytest.raises(AnalysisError) as raised:
        expect(replace(PLAN, contacts=contacts))  # type: ignore[arg-type]
    assert [one.column for one in raised.value.problems] == ["Contacts"]


def test_a_campaign_that_keeps_customers_away_is_a_loss() -> None:
    found = expect(replace(PLAN, response=0.02))
    assert found.incremental_responses == pytest.approx(-40)
    assert found.order.profit < 0
