"""Results week by week: the last week is the whole, and each is what orders gone through one by one say."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest

from crm_core.analytics.campaign.outcome import outcome
from crm_core.analytics.campaign.weeks import COLUMNS, weekly
from tests.crm_core.analytics.campaign.companies import END, START, assigned, campaign, drawn, first_purchase, frame, snapshot
from tests.crm_core.analytics.conftest import Make

AS_OF = date(2024, 5, 1)


@pytest.mark.parametrize(("as_of", "margin"), [(AS_OF, None), (date(2024, 3, 20), 0.4), (date(2024, 3, 2), 0.4)])
def test_each_week_adds_up_what_orders_gone_through_one_by_one_say(made: Make, as_of: date, margin: float | None) -> None:
    rows, members = drawn(4), assigned(4)
    found = weekly(made(order_lines=frame(rows)), members, campaign(margin=margin), as_of)
    until = min(END, as_of)
    assert tuple(found.columns) == COLUMNS
    assert len(found) == 2 * -((START - until).days // 7)
    for row in found.itertuples():
        own = {one["customer_id"] for one in members.to_pylist() if one["group"] == row.group}
        bought = [first_purchase(rows, one, START, until) for one in own]
        its = [one for one in rows if one.customer in own and one.is_within(START, row.day + timedelta(days=1))]
        sales = sum(one.amount for one in its) / len(own)
        profit = sum(one.amount - one.cost for one in its if one.cost is not None) / len(own)
        assert row.customers == len(own)
        assert row.buyers == sum(day is not None and day <= row.day for day in bought)
        assert row.response == row.buyers / len(own)
        assert row.sales == pytest.approx(sales)
        assert row.margin == pytest.approx(profit if margin is None else sales * margin)


def test_days_are_the_last_of_whole_weeks_and_the_last_known(made: Make) -> None:
    found = weekly(made(order_lines=frame(drawn(4))), assigned(4), campaign(), date(2024, 3, 20))
    assert found["day"].tolist() == [date(2024, 3, 7)] * 2 + [date(2024, 3, 14)] * 2 + [date(2024, 3, 19)] * 2
    assert found["group"].tolist() == ["treatment", "control"] * 3


def test_the_last_week_is_the_outcome(made: Make) -> None:
    ws, members = made(order_lines=frame(drawn(5))), assigned(5)
    last, whole = weekly(ws, members, campaign(margin=None), AS_OF).tail(2), outcome(ws, members, campaign(margin=None), AS_OF)
    for (_, row), group in zip(last.iterrows(), (whole.treatment, whole.control), strict=True):
        assert group is not None
        assert (row["customers"], row["buyers"]) == (group.n, group.buyers)
        assert (row["sales"], row["margin"]) == pytest.approx((group.sales, group.margin))


def test_a_group_without_customers_has_no_rows_and_an_unknown_margin_is_missing(made: Make) -> None:
    sold = frame(drawn(5)).drop(columns="cost_amount")
    found = weekly(made(order_lines=sold), snapshot(("c001", "treatment", ""), ("c002", "treatment", "")), campaign(margin=None), AS_OF)
    assert set(found["group"]) == {"treatment"}
    assert found["margin"].isna().all()


def test_where_nobody_bought_there_are_zeros(made: Make) -> None:
    found = weekly(made(order_lines=frame(drawn(5))), snapshot(("x", "treatment", ""), ("y", "control", "")), campaign(), AS_OF)
    assert (found[["buyers", "response", "sales", "margin"]] == 0).all().all()
    assert pd.api.types.is_integer_dtype(found["buyers"])
