"""Purchases week by week: what happened by pandas, what was to be expected customer by customer, and which seasons the model misses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crm_core.analytics.clv import forecast, report, weekly
from crm_core.analytics.clv.forecast import Settings, Terms
from crm_core.workspace import Workspace
from tests.buyers import BUYERS_AS_OF, order_lines, purchase_days
from tests.workspaces import DAY, open_workspace

MID_MONTH = date(2023, 12, 15)


@pytest.fixture(scope="module")
def days() -> pd.DataFrame:
    return purchase_days(order_lines())


def split(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The past and the time ahead."""
    return frame[frame["actual"].notna()], frame[frame["actual"].isna()]


# -- weeks -------------------------------------------------------------------------------------------------------------


def test_weeks_of_the_past_end_with_the_day_looked_from(buyers: Workspace, days: pd.DataFrame) -> None:
    past, _ = split(weekly.weeks(buyers, BUYERS_AS_OF))
    starts = pd.to_datetime(past["week_from"])
    assert starts.iloc[-1] == pd.Timestamp(BUYERS_AS_OF) - pd.Timedelta(days=7)
    assert (starts.diff().dropna() == pd.Timedelta(days=7)).all()
    assert len(past) == 730 // 7
    repeat = days[days["is_repeat"]]["day"]
    assert past["actual"].tolist() == [((repeat >= start) & (repeat < start + pd.Timedelta(days=7))).sum() for start in starts]
    assert past["actual"].sum() > 1_000


@pytest.mark.parametrize("settings", [Settings(), Settings("pareto_nbd", unit="days")])
def test_the_past_is_expected_of_each_customer_from_the_first_purchase_on(
    buyers: Workspace, days: pd.DataFrame, settings: Settings
) -> None:
    past, _ = split(weekly.weeks(buyers, BUYERS_AS_OF, settings))
    model = forecast.choose(buyers, BUYERS_AS_OF, settings).model
    until = model.expected_number_of_purchases_up_to_time(np.arange(731) / {"weeks": 7, "days": 1}[settings.unit])  # by age in days
    joined = days.groupby("customer_id")["day"].min()
    for row in past.iloc[::13].itertuples():
        before = (pd.Timestamp(row.week_from) - joined).dt.days - 1  # age at the end of the day before
        ages = [np.maximum(before + more, 0) for more in (0, 7)]
        assert row.expected == pytest.approx((until[ages[1]] - until[ages[0]]).sum())
    assert past["expected"].sum() == pytest.approx(past["actual"].sum(), rel=0.05)


@pytest.mark.parametrize(("settings", "months"), [(Settings(), 12), (Settings(), 1), (Settings(), 24), (Settings("same_rate"), 12)])
def test_the_weeks_ahead_add_up_to_the_purchases_expected(buyers: Workspace, settings: Settings, months: int) -> None:
    _, ahead = split(weekly.weeks(buyers, BUYERS_AS_OF, settings, Terms(months)))
    horizon = months * 365.25 / 12 / 7
    assert 0 <= len(ahead) - horizon < 1  # the last week may run beyond it
    until = np.append(0.0, ahead["expected"].cumsum())
    whole = report.headline(buyers, BUYERS_AS_OF, settings, Terms(months))
    assert np.interp(horizon, np.arange(len(until)), until) == pytest.approx(whole.purchases, rel=2e-3)
    assert ahead["week_from"].iloc[0] == BUYERS_AS_OF


def test_the_band_holds_at_least_the_chance_of_counts_as_far_as_the_test_strayed(buyers: Workspace) -> None:
    _, ahead = split(weekly.weeks(buyers, BUYERS_AS_OF))
    tested = report.quality(buyers, BUYERS_AS_OF).holdout
    assert tested is not None
    expected, actual = (np.array(one)[: tested.days // 7] for one in (tested.results[0].weekly, tested.actual_weekly))
    strayed = np.mean((actual - expected) ** 2 / expected)
    assert strayed > 1
    chance = 1.645 * np.sqrt(ahead["expected"] * strayed)
    assert (ahead["high"] - ahead["expected"] >= chance).all()
    assert (ahead["high"] - ahead["expected"] < 1.5 * chance).all()
    assert (ahead["low"] <= np.maximum(ahead["expected"] - chance, 0)).all()
    assert (ahead["low"] >= 0).all()


def test_today_s_customers_buy_less_and_less(buyers: Workspace) -> None:
    """They leave, and no new ones are in it."""
    _, ahead = split(weekly.weeks(buyers, BUYERS_AS_OF))
    assert (ahead["expected"].diff().dropna() < 0).all()


def test_the_past_of_a_rule_without_a_law_of_new_customers_is_told_by_the_nbd(buyers: Workspace, days: pd.DataFrame) -> None:
    """By the NBD purchases are as many as days of customers, at a rate that is the same for all."""
    past, _ = split(weekly.weeks(buyers, BUYERS_AS_OF, Settings("last_period")))
    joined = days.groupby("customer_id")["day"].min()
    known = [np.clip((pd.Timestamp(start) - joined).dt.days + 6, 0, 7).sum() for start in past["week_from"]]
    rate = past["expected"] / known
    assert rate.to_numpy() == pytest.approx(np.full(len(past), rate.mean()))
    assert rate.mean() > 0


# -- months and seasons ------------------------------------------------------------------------------------------------


def test_months_are_whole_and_as_bought(buyers: Workspace, days: pd.DataFrame) -> None:
    months = weekly.months(buyers, MID_MONTH)
    repeat = days[days["is_repeat"]]["day"]
    wanted = repeat[repeat < "2023-12-01"].dt.to_period("M").value_counts().sort_index()
    assert [f"{day:%Y-%m}" for day in months["month"]] == [str(month) for month in wanted.index]  # January 2022 to November 2023
    assert months["actual"].tolist() == wanted.tolist()
    assert months["ratio"].to_numpy() == pytest.approx(months["actual"] / months["expected"])


def test_weeks_and_months_expect_the_same(buyers: Workspace) -> None:
    """Of the first two days of the data, which are no whole week, nothing can be expected but of the first day's customers."""
    past, _ = split(weekly.weeks(buyers, BUYERS_AS_OF))
    assert weekly.months(buyers, BUYERS_AS_OF)["expected"].sum() == pytest.approx(past["expected"].sum(), abs=1)


@pytest.fixture(scope="module")
def seasonal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Of the purchases of July most do not take place."""
    path = tmp_path_factory.mktemp("seasonal") / "w.duckdb"
    with open_workspace(path, order_lines=order_lines(kept={7: 0.3})) as ws:
        yield ws


def test_a_month_that_the_model_misses_is_named(seasonal: Workspace, buyers: Workspace) -> None:
    months = weekly.months(seasonal, BUYERS_AS_OF)
    july = months[[day.month == 7 for day in months["month"]]].sum(numeric_only=True)
    off = july["actual"] / july["expected"] / (months["actual"].sum() / months["expected"].sum()) - 1
    said = weekly.missed_seasons(months)
    assert f"July {100 * off:+.0f} %" in said
    assert off < -0.5
    assert "July" not in weekly.missed_seasons(weekly.months(buyers, BUYERS_AS_OF))


def test_with_few_months_seasons_cannot_be_told(tmp_path: Path) -> None:
    """From 10 March on: the first whole month is April, and there are nine of them."""
    rows = order_lines()
    with open_workspace(tmp_path / "w.duckdb", order_lines=rows[rows[DAY] >= "2023-03-10"]) as ws:
        months = weekly.months(ws, BUYERS_AS_OF)
    assert months["month"].tolist() == [date(2023, month, 1) for month in range(4, 13)]
    assert "fewer than twelve whole months" in weekly.missed_seasons(months)


def by_month(**actual: float) -> pd.DataFrame:
    """Two years in which 100 are expected a month and 100 are bought, but for these."""
    days = [date(year, month, 1) for year in (2022, 2023) for month in range(1, 13)]
    bought = [actual.get(f"{day:%B}", 100.0) for day in days]
    return pd.DataFrame({"month": days, "actual": bought, "expected": 100.0, "ratio": np.array(bought) / 100})


def test_months_are_judged_beside_the_level_of_all() -> None:
    """2,600 were bought and 2,400 expected: against 108.33 a month December is 84.6 % above, and the others are 7.7 % below."""
    said = weekly.missed_seasons(by_month(December=200.0))
    assert "December +85 %" in said
    assert said.count("%") == 1


def test_what_may_be_chance_is_no_season() -> None:
    """A fifth more of 4 a month is less than one purchase."""
    few = by_month(May=120.0)
    assert "May +18 %" in weekly.missed_seasons(few)
    said = weekly.missed_seasons(few.assign(actual=few["actual"] / 25, expected=few["expected"] / 25))
    assert said == "Seasons: no calendar month is more than 15 % off what the model expects."
