"""Months, quarters and the figure of now, against lists of answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from math import isnan

import ibis
import numpy as np
import pytest

from crm_core.analytics.satisfaction.responses import Scale
from crm_core.analytics.satisfaction.trend import last_step, now, trend
from crm_core.workspace import Workspace
from tests.crm_core.analytics.conftest import Make
from tests.crm_core.analytics.satisfaction import by_definition
from tests.crm_core.analytics.satisfaction.by_definition import Answer, frame
from tests.workspaces import lines

AS_OF = date(2022, 7, 1)
FIRST = datetime(2021, 1, 1)
LABELS: dict[str, Callable[[date], str]] = {
    "month": lambda day: f"{day.year}-{day.month:02}",
    "quarter": lambda day: f"{day.year}-Q{(day.month + 2) // 3}",
    "all": lambda _: "all",
}


def drawn(count: int = 400, seed: int = 4) -> list[Answer]:
    """Answers of 60 customers and of nobody in two years, some after AS_OF."""
    rng = np.random.default_rng(seed)
    names = [None, *(f"c{place}" for place in range(60))]
    return [
        Answer(names[rng.integers(61)], FIRST + timedelta(hours=int(rng.integers(24 * 600))), int(rng.integers(11))) for _ in range(count)
    ]


@pytest.mark.parametrize("by", ["month", "quarter", "all"])
def test_each_period_counts_a_customer_once(made: Make, by: str) -> None:
    answers = [one for one in drawn() if one.at.date() < AS_OF]
    found = trend(made(surveys=frame(drawn())), "nps", AS_OF, by)  # type: ignore[arg-type]
    periods: dict[str, list[Answer]] = {}
    for one in answers:
        periods.setdefault(LABELS[by](one.at.date()), []).append(one)
    assert list(found["period"]) == sorted(periods)
    for row in found.itertuples():
        scores = [one.score for one in by_definition.counting(periods[row.period])]
        assert row.n == len(scores)
        assert (row.value, row.low, row.high) == pytest.approx(by_definition.nps(scores), abs=1e-4)
        assert row.share_top == pytest.approx(np.mean([score >= 9 for score in scores]))
        assert row.share_bottom == pytest.approx(np.mean([score <= 6 for score in scores]))


def test_periods_have_names_that_sort(made: Make) -> None:
    ws = made(surveys=frame([Answer("a", datetime(2021, 3, 31, 23), 9), Answer("a", datetime(2021, 10, 1), 9)]))
    assert list(trend(ws, "nps", AS_OF)["period"]) == ["2021-03", "2021-10"]
    assert list(trend(ws, "nps", AS_OF, "quarter")["period"]) == ["2021-Q1", "2021-Q4"]
    assert trend(ws, "nps", AS_OF, "all")[["period", "measure", "n", "value"]].values.tolist() == [["all", "nps", 1, 100.0]]


def test_before_the_first_response_there_is_no_trend(made: Make) -> None:
    ws = made(surveys=frame([Answer("a", datetime(2021, 3, 31), 9)]))
    for by in ("month", "quarter", "all"):
        assert trend(ws, "nps", date(2021, 3, 31), by).empty  # type: ignore[arg-type]
    assert last_step(ws, "nps", AS_OF) is None


def test_the_last_step_is_the_last_period_less_the_one_before(made: Make) -> None:
    answers = [one for one in drawn() if one.at.date() < AS_OF]
    found = last_step(made(surveys=frame(answers)), "nps", AS_OF)
    june, may = ([one.score for one in by_definition.counting(answers, date(2022, month, 1), date(2022, month + 1, 1))] for month in (6, 5))
    assert found is not None
    assert (found.point, found.low, found.high, found.p) == pytest.approx(by_definition.nps_difference(june, may), abs=1e-4)


def test_now_is_told_against_the_period_before(made: Make) -> None:
    answers = drawn()
    start, end = date(2022, 1, 1), date(2022, 4, 1)
    found = now(made(surveys=frame(answers)), "nps", start, end)
    here, before = (
        [one.score for one in by_definition.counting(answers, *days)] for days in ((start, end), (date(2021, 10, 1), date(2022, 1, 1)))
    )
    assert (found.estimate.value, found.before.value) == pytest.approx((by_definition.nps(here)[0], by_definition.nps(before)[0]))
    assert (found.change.point, found.change.p) == pytest.approx([by_definition.nps_difference(here, before)[place] for place in (0, 3)])
    assert found.mean == pytest.approx(np.mean(here))
    assert dict(zip(found.scores["score"], found.scores["n"], strict=True)) == {score: here.count(score) for score in sorted(set(here))}
    assert found.scores["share"].sum() == pytest.approx(1)
    assert found.scale == Scale(0, 10)
    assert found.buyers is found.answered is found.response_share is None


def test_without_a_response_now_is_missing(made: Make) -> None:
    found = now(made(surveys=frame([Answer("a", datetime(2021, 3, 31), 9)])), "nps", date(2022, 1, 1), date(2022, 2, 1))
    assert (found.estimate.n, found.before.n, found.change.n) == (0, 0, 0)
    assert isnan(found.mean)
    assert isnan(found.change.point)
    assert found.scores.empty


@pytest.fixture
def asked(made: Make) -> Workspace:
    """In March a, b and c buy, d only returns; a answers in March, b in April, e without buying, c NPS on another scale."""
    bought = lines(("a", "1", "2021-03-01", 10), ("b", "2", "2021-03-31", 10), ("c", "3", "2021-03-05", 10), ("d", "4", "2021-03-05", -10))
    answers = [Answer("a", datetime(2021, 3, 31, 23), 9), Answer("b", datetime(2021, 4, 1), 9), Answer("e", datetime(2021, 3, 2), 9)]
    told = frame(answers)
    told.loc[3] = told.loc[0].to_dict() | {"customer_id": "c", "scale_min": 1, "scale_max": 5, "score": 5, "row_no": 4}
    return made(order_lines=bought, surveys=told)


def test_the_response_share_is_that_of_buyers_who_answered(asked: Workspace) -> None:
    found = now(asked, "nps", date(2021, 3, 1), date(2021, 4, 1))
    assert (found.buyers, found.answered) == (3, 1)
    assert found.response_share == pytest.approx(1 / 3)


def test_only_the_customers_shown_are_asked(asked: Workspace) -> None:
    shown = ibis.memtable({"customer_id": ["b", "e"]})
    found = now(asked, "nps", date(2021, 3, 1), date(2021, 4, 1), shown)
    assert (found.estimate.n, found.buyers, found.answered) == (1, 1, 0)
    assert list(trend(asked, "nps", AS_OF, shown=shown)["n"]) == [1, 1]


def test_one_period_for_all_has_no_step(made: Make) -> None:
    ws = made(surveys=frame([Answer("a", datetime(2024, 1, 1), 9), Answer("a", datetime(2024, 2, 1), 0)]))
    assert last_step(ws, "nps", date(2024, 7, 1), "all") is None
