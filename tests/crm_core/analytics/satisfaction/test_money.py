"""What customers bought after a score, against lists of orders gone through one by one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import isnan

import ibis
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from crm_core.analytics.days import months_before
from crm_core.analytics.satisfaction.money import COLUMNS, afterwards, at_stake
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace
from tests import buyers as shop
from tests.buyers import BUYERS_AS_OF
from tests.crm_core.analytics.conftest import Make
from tests.crm_core.analytics.satisfaction import by_definition
from tests.crm_core.analytics.satisfaction.by_definition import Answer, frame
from tests.workspaces import lines

AS_OF = date(2024, 7, 1)
FIRST = datetime(2023, 6, 1)


@dataclass(frozen=True)
class Order:
    customer: str
    day: date
    value: float


def name_of(score: float) -> str:
    return "Promoters" if score >= 9 else "Detractors" if score <= 6 else "Passives"


def drawn(seed: int = 9) -> tuple[list[Answer], list[Order]]:
    """Answers and orders of 120 customers, a tenth of the orders returns."""
    rng = np.random.default_rng(seed)
    names = [f"c{place}" for place in range(120)]
    answers = [
        Answer(None if rng.random() < 0.05 else names[rng.integers(120)], FIRST + timedelta(hours=int(rng.integers(24 * 395))), int(score))
        for score in rng.choice(11, 260)
    ]
    orders = []
    for name in names[:110]:
        for _ in range(rng.poisson(4)):
            value = round(float(rng.gamma(2, 30)), 2) * (-1 if rng.random() < 0.1 else 1)
            orders.append(Order(name, (FIRST + timedelta(days=int(rng.integers(420)))).date(), value))
    return answers, orders


def made_of(made: Make, answers: list[Answer], orders: list[Order]) -> Workspace:
    sold = lines(*((one.customer, str(place), str(one.day), one.value) for place, one in enumerate(orders)))
    return made(order_lines=sold, surveys=frame(answers))


@pytest.mark.parametrize("days", [30, 90, 180])
def test_purchases_after_a_score_are_those_in_the_window(made: Make, days: int) -> None:
    answers, orders = drawn()
    found = afterwards(made_of(made, answers, orders), "nps", AS_OF, days).bands.set_index("band")
    last = [one for one in by_definition.counting(answers, end=AS_OF - timedelta(days=days)) if one.customer]
    assert list(found.index) == ["Promoters", "Passives", "Detractors"]
    for band in found.index:
        values, hits = [], 0
        for one in (one for one in last if name_of(one.score) == band):
            after = [order for order in orders if order.customer == one.customer and 0 < (order.day - one.at.date()).days <= days]
            values.append(sum(order.value for order in after))
            hits += any(order.value >= 0 for order in after)
        row, share = found.loc[band], stats.binomtest(hits, len(values)).proportion_ci(method="wilson")
        assert (row["customers"], row["buyers"], row["repurchase_share"]) == (len(values), hits, pytest.approx(hits / len(values)))
        assert (row["share_low"], row["share_high"]) == pytest.approx((share.low, share.high))
        low, high = stats.t.interval(0.95, len(values) - 1, loc=np.mean(values), scale=stats.sem(values))
        assert (row["mean_value"], row["value_low"], row["value_high"]) == pytest.approx((np.mean(values), low, high))


def test_days_to_the_next_purchase_wait_until_the_day_looked_from(made: Make) -> None:
    """The median by Kaplan and Meier, by scipy, over purchases within the window and after it."""
    answers, orders = drawn()
    found = afterwards(made_of(made, answers, orders), "nps", AS_OF, 30).bands.set_index("band")
    last_day = AS_OF - timedelta(days=1)
    for band in found.index:
        waits, have_ended = [], []
        for one in by_definition.counting(answers, end=AS_OF - timedelta(days=30)):
            if one.customer and name_of(one.score) == band:
                own = [order.day for order in orders if order.customer == one.customer and order.value >= 0]
                after = [day for day in own if one.at.date() < day < AS_OF]
                waits.append((min(after, default=last_day) - one.at.date()).days)
                have_ended.append(bool(after))
        data = stats.CensoredData.right_censored(waits, [not one for one in have_ended])
        survivors = stats.ecdf(data).sf
        wanted = survivors.quantiles[survivors.probabilities <= 0.5 + 1e-9]
        assert found.loc[band, "median_days"] == wanted[0]


def test_gaps_are_best_less_worst(made: Make) -> None:
    answers, orders = drawn()
    found = afterwards(made_of(made, answers, orders), "nps", AS_OF, 90)
    rows = found.bands.set_index("band")
    assert found.share_gap is not None
    assert found.value_gap is not None
    assert found.share_gap.point == pytest.approx(rows.loc["Promoters", "repurchase_share"] - rows.loc["Detractors", "repurchase_share"])
    assert found.value_gap.point == pytest.approx(rows.loc["Promoters", "mean_value"] - rows.loc["Detractors", "mean_value"])


ONE = Answer("a", datetime(2024, 4, 1, 12), 10)


def after(made: Make, answers: list[Answer], *orders: tuple[object, ...], days: int = 90) -> dict[str, object]:
    return afterwards(made(order_lines=lines(*orders), surveys=frame(answers)), "nps", AS_OF, days).bands.iloc[0].to_dict()  # type: ignore[arg-type]


def test_the_day_of_the_response_is_not_after_it_and_the_last_day_of_the_window_is(made: Make) -> None:
    found = after(made, [ONE], ("a", "1", "2024-04-01 18:00", 5), ("a", "2", "2024-06-30", 7), days=90)
    assert (found["mean_value"], found["buyers"], found["median_days"]) == (7, 1, 90)
    found = after(made, [ONE], ("a", "1", "2024-05-01", 5), ("a", "2", "2024-05-02", 7), days=30)
    assert (found["mean_value"], found["buyers"], found["median_days"]) == (5, 1, 30)


def test_only_responses_at_least_as_old_as_the_window_count(made: Make) -> None:
    """91 days are over on 1 July for the response of 1 April only if the window is 90 days or less."""
    young = Answer("b", datetime(2024, 4, 2), 10)
    assert after(made, [ONE, young], ("a", "1", "2024-05-01", 5), days=90)["customers"] == 1
    assert afterwards(made(order_lines=lines(("a", "1", "2024-05-01", 5)), surveys=frame([ONE])), "nps", AS_OF, 91).bands.empty


def test_an_older_response_counts_where_the_last_is_too_young(made: Make) -> None:
    ws = made(order_lines=lines(("a", "1", "2024-05-01", 5)), surveys=frame([ONE, Answer("a", datetime(2024, 6, 1), 0)]))
    assert list(afterwards(ws, "nps", AS_OF, 90).bands["band"]) == ["Promoters"]
    assert list(at_stake(ws, "nps", AS_OF)["band"]) == ["Detractors"]


def test_a_return_lowers_the_sales_of_its_own_day_and_not_those_of_its_order(made: Make) -> None:
    """Bought for 50 before the response, 20 of it sent back after it; bought for 30 in the window, 10 of it sent back when it was over."""
    sold = [("a", "1", "2024-03-01", 50), ("a", "1", "2024-05-01", -20), ("a", "2", "2024-06-01", 30), ("a", "2", "2024-06-30", -10)]
    assert after(made, [ONE], *sold, days=61)["mean_value"] == 10
    assert after(made, [ONE], *sold, days=90)["mean_value"] == 0


def test_at_stake_are_the_lines_of_twelve_months(made: Make) -> None:
    """The older part of an order is sales of the year before, though something of it came back since."""
    sold = lines(("a", "1", "2023-06-30", 50), ("a", "1", "2023-07-01", -20), ("b", "2", "2023-07-01", 60))
    found = at_stake(made(order_lines=sold, surveys=frame([ONE, Answer("b", datetime(2024, 5, 1), 0)])), "nps", AS_OF).set_index("band")
    assert found["net_sales"].to_dict() == {"Promoters": -20, "Detractors": 60}
    assert found["sales_share"].to_dict() == pytest.approx({"Promoters": -0.5, "Detractors": 1.5})


def test_where_no_response_is_old_enough_the_table_is_empty_and_has_its_columns(made: Make) -> None:
    ws = made(order_lines=lines(("a", "1", "2024-05-01", 5)), surveys=frame([ONE]))
    found = afterwards(ws, "nps", AS_OF, 180)
    assert list(found.bands.columns) == list(COLUMNS)
    assert (len(found.bands), found.share_gap, found.value_gap) == (0, None, None)


def test_returns_lower_the_value_and_are_no_purchase(made: Make) -> None:
    found = after(made, [ONE], ("a", "1", "2024-03-01", 50), ("a", "2", "2024-05-01", -20))
    assert (found["mean_value"], found["buyers"]) == (-20, 0)
    assert isnan(found["median_days"])  # type: ignore[arg-type]
    assert isnan(found["value_low"])  # type: ignore[arg-type]


def test_below_ten_in_a_band_no_gap_is_told(made: Make) -> None:
    def gaps(promoters: int) -> tuple[bool, bool]:
        who = [Answer(f"p{place}", ONE.at, 10) for place in range(promoters)] + [Answer(f"d{place}", ONE.at, 0) for place in range(10)]
        bought = lines(*((one.customer, str(place), "2024-05-01", place) for place, one in enumerate(who)))
        found = afterwards(made(order_lines=bought, surveys=frame(who)), "nps", AS_OF)
        return found.share_gap is None, found.value_gap is None

    assert gaps(9) == (True, True)
    assert gaps(10) == (False, False)


def test_money_of_the_last_year_is_with_the_band_of_the_last_score(made: Make) -> None:
    answers, orders = drawn()
    found = at_stake(made_of(made, answers, orders), "nps", AS_OF).set_index("band")
    bands = {one.customer: name_of(one.score) for one in by_definition.counting(answers, end=AS_OF) if one.customer}
    year = [one for one in orders if months_before(AS_OF, 12) <= one.day < AS_OF]
    total = sum(one.value for one in year)
    for band in ("Promoters", "Passives", "Detractors"):
        own = sum(one.value for one in year if bands.get(one.customer) == band)
        assert found.loc[band, "customers"] == list(bands.values()).count(band)
        assert (found.loc[band, "net_sales"], found.loc[band, "sales_share"]) == pytest.approx((own, own / total))


def test_only_the_customers_shown_have_money_at_stake(made: Make) -> None:
    sold = lines(("a", "1", "2024-05-01", 30), ("b", "2", "2024-05-01", 70))
    ws = made(order_lines=sold, surveys=frame([ONE, Answer("b", ONE.at, 0)]))
    found = at_stake(ws, "nps", AS_OF, ibis.memtable({"customer_id": ["a"]}))
    assert found[["band", "customers", "net_sales", "sales_share"]].values.tolist() == [["Promoters", 1, 30.0, 1.0]]
    assert afterwards(ws, "nps", AS_OF, shown=ibis.memtable({"customer_id": ["b"]})).bands["band"].tolist() == ["Detractors"]


def test_the_forecast_is_added_up_where_there_is_one(made: Make) -> None:
    sold = shop.order_lines()
    who = sorted(set(sold["customer_id"]))[:40]
    answers = [Answer(name, datetime(2023, 6, 1), 10 if place % 2 else 3) for place, name in enumerate(who)]
    ws = made(order_lines=sold, surveys=frame(answers))
    found = at_stake(ws, "nps", BUYERS_AS_OF).set_index("band")
    from crm_core.analytics.clv import forecast

    worth = ws.execute(forecast.customers(ws, forecast.choose(ws, BUYERS_AS_OF))).set_index("customer_id")["clv"]
    assert found.loc["Promoters", "clv"] == pytest.approx(worth.reindex(who[1::2]).sum())
    assert found.loc["Detractors", "clv"] == pytest.approx(worth.reindex(who[0::2]).sum())


def test_scores_that_no_sales_follow_are_refused(made: Make, six: Workspace) -> None:
    without_sales = made(surveys=frame([ONE]))
    nobody = made(order_lines=lines(("a", "1", "2024-05-01", 30)), surveys=frame([Answer(None, ONE.at, 5)]))
    for ws in (without_sales, nobody, six):
        with pytest.raises(AnalysisError, match="not linked"):
            afterwards(ws, "nps", AS_OF)
        with pytest.raises(AnalysisError, match="not linked"):
            at_stake(ws, "nps", AS_OF)


def test_the_money_of_who_bought_nothing_is_zero(made: Make) -> None:
    ws = made(order_lines=lines(("x", "1", "2022-05-01", 30)), surveys=frame([ONE]))
    found = at_stake(ws, "nps", AS_OF)
    assert found["net_sales"].tolist() == [0.0]
    assert pd.isna(found["sales_share"]).all()
