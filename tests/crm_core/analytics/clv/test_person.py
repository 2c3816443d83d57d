"""One customer: the next purchase, P(alive) on each day, and what the model does not know; by the closed forms of the BG/NBD."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from crm_core.analytics.clv import forecast
from crm_core.analytics.clv.forecast import Settings, Terms
from crm_core.analytics.clv.person import Person, alive_over_time, person
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace
from tests.buyers import BUYERS_AS_OF, order_lines, purchase_days
from tests.workspaces import SIX_AS_OF

#: By these the BG/NBD forecasts.
BG = Settings()


@pytest.fixture(scope="module")
def bought() -> dict[str, list[pd.Timestamp]]:
    """Purchase days of each customer."""
    return purchase_days(order_lines()).groupby("customer_id")["day"].agg(list).to_dict()


@pytest.fixture(scope="module")
def regular(bought: dict[str, list[pd.Timestamp]]) -> str:
    """Of those with nine purchase days, the one who was here lately."""
    return max((who for who, days in bought.items() if len(days) == 9), key=lambda who: bought[who][-1])


@pytest.fixture(scope="module")
def once(bought: dict[str, list[pd.Timestamp]]) -> str:
    """Of those with a single purchase, the one it is longest ago of."""
    return min((who for who, days in bought.items() if len(days) == 1), key=lambda who: bought[who][0])


def no_purchase(ws: Workspace, x: int, age_days: int, weeks: float) -> float:
    """Probability that a customer who is active buys nothing in so many weeks: ((α + T) / (α + T + t))^(r + x)."""
    params = forecast.choose(ws, BUYERS_AS_OF, BG).model.params
    until = params["alpha"] + age_days / 7
    return (until / (until + weeks)) ** (params["r"] + x)


def age(first: pd.Timestamp) -> int:
    return (pd.Timestamp(BUYERS_AS_OF) - first).days - 1


def test_the_figures_are_those_of_the_row(buyers: Workspace, regular: str, bought: dict[str, list[pd.Timestamp]]) -> None:
    terms = Terms(6, 0.4, 0.1)
    found, days = person(buyers, BUYERS_AS_OF, regular, BG, terms), bought[regular]
    table = buyers.execute(forecast.customers(buyers, forecast.choose(buyers, BUYERS_AS_OF, BG), terms)).set_index("customer_id")
    names = {"value": "clv", "low": "clv_low", "high": "clv_high"}
    for name in ("value", "low", "high", "p_alive", "expected_purchases", "expected_spend"):
        assert getattr(found, name) == table.loc[regular, names.get(name, name)]
    assert (found.first_on, found.last_on, found.purchases) == (days[0].date(), days[-1].date(), 9)
    assert found.usual_gap_days == pytest.approx(np.diff(days).mean() / np.timedelta64(1, "D"))


def test_the_next_purchase_comes_by_then_with_even_odds(
    buyers: Workspace, regular: str, once: str, bought: dict[str, list[pd.Timestamp]]
) -> None:
    for who in (regular, once):
        next_days = person(buyers, BUYERS_AS_OF, who, BG).next_days
        assert next_days is not None
        x, known = len(bought[who]) - 1, age(bought[who][0])
        assert no_purchase(buyers, x, known, next_days / 7) <= 0.5 < no_purchase(buyers, x, known, (next_days - 1) / 7)


def test_who_buys_again_is_active_and_buys(buyers: Workspace, regular: str, bought: dict[str, list[pd.Timestamp]]) -> None:
    found = person(buyers, BUYERS_AS_OF, regular, BG, Terms(3))
    assert found.p_alive is not None
    never = no_purchase(buyers, 8, age(bought[regular][0]), 3 * 365.25 / 12 / 7)
    assert found.buys_again == pytest.approx(found.p_alive * (1 - never))


def test_p_alive_stood_on_each_day_as_the_model_says(buyers: Workspace, regular: str, bought: dict[str, list[pd.Timestamp]]) -> None:
    points, model = alive_over_time(buyers, BUYERS_AS_OF, regular, BG), forecast.choose(buyers, BUYERS_AS_OF, BG).model
    assert len(points) > 100
    for row in points.itertuples():
        known = [day for day in bought[regular] if day.date() <= row.day]
        recency, until = ((day - known[0]).days / 7 for day in (known[-1], pd.Timestamp(row.day)))
        assert row.p_alive == pytest.approx(model.conditional_probability_alive(len(known) - 1, recency, until)[0])


def test_p_alive_falls_until_a_purchase_lifts_it(buyers: Workspace, regular: str, bought: dict[str, list[pd.Timestamp]]) -> None:
    """From the third purchase on: after the first one nobody has left yet."""
    points = alive_over_time(buyers, BUYERS_AS_OF, regular, BG).set_index("day")["p_alive"]
    days = [day.date() for day in bought[regular]]
    lifted = [day for day in days[2:] if day - timedelta(days=1) not in days]
    assert len(lifted) > 3
    for day in lifted:
        assert points[day] > points[day - timedelta(days=1)]
    changes = points[points.index >= days[1]].diff().dropna()
    assert (changes[[day not in days for day in changes.index]] < 0).all()


def test_the_curve_goes_from_the_first_purchase_into_the_time_ahead(buyers: Workspace, regular: str) -> None:
    points, found = alive_over_time(buyers, BUYERS_AS_OF, regular, BG, ahead_days=60), person(buyers, BUYERS_AS_OF, regular, BG)
    so_far = points[~points["is_ahead"]]
    assert points["day"].iloc[0] == found.first_on
    assert so_far["day"].iloc[-1] == BUYERS_AS_OF - timedelta(days=1)
    assert so_far["p_alive"].iloc[-1] == pytest.approx(found.p_alive)
    ahead = points[points["is_ahead"]]["day"]
    assert ahead.min() >= BUYERS_AS_OF
    assert ahead.max() > BUYERS_AS_OF + timedelta(days=50)


def test_after_a_single_purchase_bg_nbd_knows_no_loss_and_says_so(buyers: Workspace, once: str) -> None:
    found = person(buyers, BUYERS_AS_OF, once, BG)
    assert found.p_alive == 1.0
    assert any("so P(alive) is 1 here whatever the silence" in sentence for sentence in found.unknown)
    assert any("After a single purchase" in sentence for sentence in found.unknown)
    assert found.usual_gap_days is None


def test_other_models_and_other_customers_are_not_told_so(buyers: Workspace, once: str, regular: str) -> None:
    for found in (person(buyers, BUYERS_AS_OF, once, Settings("pareto_nbd", unit="days")), person(buyers, BUYERS_AS_OF, regular, BG)):
        assert found.p_alive is not None
        assert found.p_alive < 1
        assert not any("whatever the silence" in sentence for sentence in found.unknown)


def test_by_a_rule_p_alive_is_not_provided(buyers: Workspace, once: str, regular: str) -> None:
    settings = Settings("same_rate")
    never, again = (person(buyers, BUYERS_AS_OF, who, settings) for who in (once, regular))
    assert (never.p_alive, never.next_days, never.buys_again, never.value) == (None, None, 0.0, 0.0)
    assert again.next_days is not None
    assert any("whether this customer is still active is not provided" in sentence for sentence in again.unknown)
    assert alive_over_time(buyers, BUYERS_AS_OF, regular, settings).empty


def test_the_last_period_is_all_that_its_rule_knows(buyers: Workspace, bought: dict[str, list[pd.Timestamp]]) -> None:
    """The window is as long as the test: a third of the data. At that rate the next purchase comes with even odds in T(2^(1/x) − 1)."""
    window = round(730 / 3)
    start = pd.Timestamp(BUYERS_AS_OF) - pd.Timedelta(days=window)
    who = next(who for who, days in bought.items() if days[0] < start and sum(day >= start for day in days) == 3 and len(days) > 5)
    found: Person = person(buyers, BUYERS_AS_OF, who, Settings("last_period"))
    assert found.purchases == len(bought[who])
    assert found.expected_purchases == pytest.approx(3 / window * 365.25)
    assert found.next_days == np.ceil(window * (2 ** (1 / 3) - 1))


@pytest.mark.parametrize("customer_id", ["f", "nobody"])
def test_without_a_purchase_there_is_nothing_to_say(six: Workspace, buyers: Workspace, customer_id: str) -> None:
    """f only returned something."""
    with pytest.raises(AnalysisError, match="no purchase before the day looked from"):
        person(six, SIX_AS_OF, customer_id)
    with pytest.raises(AnalysisError, match="no purchase before the day looked from"):
        alive_over_time(buyers, BUYERS_AS_OF, customer_id)


def test_the_fallback_says_when_but_not_whether(six: Workspace) -> None:
    """b bought on 10 January and 21 June, T = 172; all together 6 repeat purchases in 542 days of customers, whose median T is 90."""
    found = person(six, SIX_AS_OF, "b")
    assert found.p_alive is None
    assert found.usual_gap_days == pytest.approx(163)
    assert found.expected_purchases == pytest.approx((1 + 6 / 542 * 90) / (172 + 90) * 365.25)
    assert found.next_days == np.ceil((172 + 90) * (2 ** (1 / (1 + 6 / 542 * 90)) - 1))
    assert alive_over_time(six, SIX_AS_OF, "b").empty
