"""What an audience is worth ahead and what its kind did before, counted by hand and by pandas; the size of a control group as it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from math import sqrt
from typing import Any

import pandas as pd
import pytest

from crm_core.analytics.audience import conditions as c
from crm_core.analytics.audience import value
from crm_core.analytics.audience.everybody import Basis
from crm_core.analytics.audience.respect import Rules
from crm_core.analytics.campaign.assign import assign
from crm_core.analytics.clv import forecast
from crm_core.workspace import Workspace
from tests.buyers import BUYERS_AS_OF
from tests.workspaces import lines

AS_OF = date(2024, 7, 1)
BASIS = Basis(AS_OF)
ROWS = (
    ("a", "1", "2024-01-10", 50, 1),
    ("a", "2", "2024-06-20", 20, 1),
    ("b", "3", "2024-01-10", 30, 1),
    ("c", "4", "2024-05-20", 10, 1),
    ("c", "5", "2024-06-25", -4, -1),
    ("d", "6", "2024-06-01", 99, 1),  # a customer only from the first of the days looked at
    ("a", "7", "2024-07-01", 500, 1),  # on the day looked from
)
QUIET = c.Compare(c.Column("days_since_last_order"), ">=", Decimal(100))
Make = Callable[..., Workspace]


def shop(made: Make, **more: Any) -> Workspace:
    return made(order_lines=lines(*ROWS), **more)


def test_those_are_asked_about_who_met_the_conditions_then(made: Make) -> None:
    """On 1 June a, b and c were customers: of them a bought again (20) and c returned something (4)."""
    found = value.before(shop(made), c.EVERYBODY, BASIS, None, 30)
    assert found is not None
    assert (found.since, found.days, found.customers, found.buyers) == (date(2024, 6, 1), 30, 3, 1)
    assert found.response == pytest.approx(1 / 3)
    assert found.sales == pytest.approx(16 / 3)
    assert found.deviation == pytest.approx(sqrt(sum((one - 16 / 3) ** 2 for one in (20, 0, -4)) / 2))


def test_who_is_chosen_for_being_quiet_is_not_told_to_buy_nothing(made: Make) -> None:
    """On 1 June a and b had been quiet for 143 days, and a came back."""
    found = value.before(shop(made), QUIET, BASIS, None, 30)
    assert found is not None
    assert (found.customers, found.buyers) == (2, 1)


def test_whom_the_rules_leave_out_is_no_part_of_it(made: Make) -> None:
    customers = pd.DataFrame({"customer_id": ["a", "b", "c"], "consent": [False, True, True]})
    found = value.before(shop(made, customers=customers), c.EVERYBODY, BASIS, Rules(), 30)
    assert found is not None
    assert (found.customers, found.buyers) == (2, 0)


def test_one_customer_has_no_deviation(made: Make) -> None:
    found = value.before(shop(made), c.Compare(c.Column("customer_id"), "=", "a"), BASIS, None, 30)
    assert found is not None
    assert (found.customers, found.deviation) == (1, None)


@pytest.mark.parametrize(
    ("condition", "days"),
    [
        (c.EVERYBODY, 5_000),  # before there was anything
        (c.Compare(c.Column("customer_id"), "=", "nobody"), 30),
        (c.Compare(c.Column("segment", at=date(2024, 6, 15)), "=", "Champions"), 30),  # looks at a later day
        (c.Moved(("Champions",), ("At risk",), date(2024, 1, 1), date(2024, 6, 30)), 30),
    ],
)
def test_what_cannot_be_known_is_not_told(made: Make, condition: c.Condition, days: int) -> None:
    assert value.before(shop(made), condition, BASIS, None, days) is None


def test_without_sales_nothing_is_told(made: Make) -> None:
    ws = made(customers=pd.DataFrame({"customer_id": ["a"], "country": ["Iran"]}))
    assert value.before(ws, c.EVERYBODY, BASIS, None, 30) is None
    assert value.forecast_value(ws, c.EVERYBODY, BASIS) is None


def test_the_forecast_value_is_the_mean_of_who_has_one(buyers: Workspace) -> None:
    often = c.Compare(c.Column("count_orders"), ">=", Decimal(3))
    found = value.forecast_value(buyers, often, Basis(BUYERS_AS_OF))
    each = buyers.execute(forecast.customers(buyers, forecast.choose(buyers, BUYERS_AS_OF)))
    bought = buyers.execute(buyers.table("order_lines")).query("net_amount >= 0").groupby("customer_id")["order_id"].nunique()
    inside = each[each["customer_id"].isin(bought.index[bought >= 3])]
    assert found is not None
    assert (found.chosen, found.customers) == (len(inside), len(inside))
    assert found.value_a_customer == pytest.approx(inside["clv"].astype(float).mean())


def test_who_never_bought_has_no_forecast(made: Make) -> None:
    ws = shop(made, customers=pd.DataFrame({"customer_id": ["a", "z"]}))
    found = value.forecast_value(ws, c.OneOf(c.Column("customer_id"), ("a", "z")), BASIS)
    assert found is not None
    assert (found.chosen, found.customers) == (2, 1)
    assert value.forecast_value(ws, c.Compare(c.Column("customer_id"), "=", "z"), BASIS) is None


@pytest.mark.parametrize("share", [0.0, 0.05, 0.1, 0.15, 0.5, 0.9])
@pytest.mark.parametrize("customers", [1, 5, 25, 31, 250])
def test_a_control_group_has_as_many_as_are_drawn(customers: int, share: float) -> None:
    ids = [f"c{number}" for number in range(customers)]
    drawn = assign(ids, ["one" if number % 3 else "other" for number in range(customers)], share, 1)
    assert value.count_controls(customers, share) == int(drawn.sum())
