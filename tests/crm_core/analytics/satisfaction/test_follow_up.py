"""Whether a follow-up helped: against lists of answers, and against what chance alone does."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from math import isnan

import numpy as np
import pandas as pd
import pytest

from crm_core.analytics.satisfaction.follow_up import FollowUp, _judged, effect, table_of
from crm_core.workspace import Workspace
from tests.crm_core.analytics.conftest import Make
from tests.crm_core.analytics.satisfaction.by_definition import Answer, frame

AS_OF = date(2025, 1, 1)
DAY = date(2024, 6, 1)


def drawn(helps: float, seed: int, count: int = 400) -> tuple[list[Answer], tuple[FollowUp, ...]]:
    """Customers with a level of their own and three answers around it. Who scored 3 or less at first is called by chance; that adds `helps`."""
    rng = np.random.default_rng(seed)
    answers, followed = [], []
    for place in range(count):
        level, name = rng.normal(5, 1.5), f"c{place}"
        first = int(np.clip(round(rng.normal(level, 2)), 0, 10))
        is_called = first <= 3 and rng.random() < 0.5
        if is_called:
            followed.append(FollowUp(name, DAY))
        answers.append(Answer(name, datetime(2024, 5, 1) + timedelta(hours=int(rng.integers(700))), first))
        for month in (7, 9):
            score = int(np.clip(round(rng.normal(level + helps * is_called, 2)), 0, 10))
            answers.append(Answer(name, datetime(2024, month, 1) + timedelta(hours=int(rng.integers(700))), score))
    return answers, tuple(followed)


def naive(answers: list[Answer], followed: tuple[FollowUp, ...]) -> tuple[int, int, float, float]:
    """n, pairs, mean change, expected change, from loops."""
    days = {one.customer_id: one.followed_on for one in followed}
    own: dict[str | None, list[Answer]] = {}
    for one in sorted(answers, key=lambda one: one.at.date()):  # a stable sort: of one day, the later row last
        own.setdefault(one.customer, []).append(one)
    pairs: dict[float, list[float]] = {}
    for name, told in own.items():
        if name not in days:
            for before, after in pairwise(told):
                pairs.setdefault(before.score, []).append(after.score - before.score)
    changes = []
    for name, day in days.items():
        before = [one.score for one in own.get(name, []) if one.at.date() <= day]
        after = [one.score for one in own.get(name, []) if one.at.date() > day]
        if before and after and before[-1] in pairs:
            changes.append((before[-1], after[0] - before[-1]))
    expected = [float(np.mean(pairs[first])) for first, _ in changes]
    used = {first for first, _ in changes}
    return len(changes), sum(len(pairs[first]) for first in used), float(np.mean([one for _, one in changes])), float(np.mean(expected))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_effect_is_the_change_beyond_that_of_equal_first_scores(made: Make, seed: int) -> None:
    answers, followed = drawn(2, seed)
    found = effect(made(surveys=frame(answers)), "nps", AS_OF, followed)
    n, n_control, change, expected = naive(answers, followed)
    assert (found.n, found.n_control) == (n, n_control)
    assert (found.mean_change, found.control_change, found.effect) == pytest.approx((change, expected, change - expected))
    assert found.low < found.effect < found.high


def test_drift_to_the_mean_alone_is_no_effect(made: Make) -> None:
    """Low scores rise by a point and more by themselves. In twenty shops the interval leaves out 0 once or so."""
    outside, changes = 0, []
    for seed in range(20):
        answers, followed = drawn(0, seed)
        found = effect(made(surveys=frame(answers)), "nps", AS_OF, followed)
        outside += not found.low <= 0 <= found.high
        changes.append(found.mean_change)
    assert min(changes) > 0.5
    assert outside <= 3


def test_a_true_effect_is_within_its_interval(made: Make) -> None:
    covered = []
    for seed in range(100, 120):
        answers, followed = drawn(2, seed)
        found = effect(made(surveys=frame(answers)), "nps", AS_OF, followed)
        covered.append(found.low <= 1.95 <= found.high)  # a little less than 2, since scores end at 10
        assert found.low > 0
    assert sum(covered) >= 17


@pytest.mark.parametrize("count", [12, 15, 40])
def test_few_pairs_to_compare_with_widen_the_interval(count: int) -> None:
    """100 called and few others, drawn alike: pairs that began with a score of their own tell nothing of how scores vary, and are not certain."""
    rng, covered = np.random.default_rng(3), []
    for _ in range(400):
        table, others = (
            pd.DataFrame({"first_score": first, "change": np.clip(np.round(rng.normal(5, 2, n)), 0, 10) - first})
            for n, first in ((100, rng.integers(0, 7, 100)), (count, rng.integers(0, 7, count)))
        )
        others = others.assign(n=1, squares=others["change"] ** 2).rename(columns={"change": "total"})
        found = _judged(table, table, others.groupby("first_score", as_index=False).sum())
        covered.append(found.low <= 0 <= found.high)
    assert 0.92 <= np.mean(covered) <= 0.98


def test_where_each_first_score_has_one_pair_nothing_is_told_of_the_effect(made: Make) -> None:
    rows = [(f"{kind}{score}", at, score) for kind in "ab" for score in range(10) for at in ("2024-05-01", "2024-08-01")]
    found = effect(story(made, *rows), "nps", AS_OF, tuple(FollowUp(f"a{score}", DAY) for score in range(10)))
    assert (found.n, found.n_control, found.mean_change) == (10, 10, 0)
    assert isnan(found.effect)


def story(made: Make, *scores: tuple[str, str, int]) -> Workspace:
    return made(surveys=frame([Answer(name, datetime.fromisoformat(at), score) for name, at, score in scores]))


def test_the_last_score_before_is_compared_with_the_first_after(made: Make) -> None:
    """A score of the day itself is before."""
    ws = story(made, ("a", "2024-01-01", 9), ("a", "2024-06-01T20:00", 2), ("a", "2024-06-02", 6), ("a", "2024-08-01", 10))
    row = effect(ws, "nps", AS_OF, (FollowUp("a", DAY),)).table.iloc[0]
    assert (row["first_score"], row["next_score"], row["change"]) == (2, 6, 4)
    assert pd.Timestamp(row["answered_on"]) == pd.Timestamp("2024-06-02")


def test_who_gave_no_answer_before_or_after_stays_in_the_table(made: Make) -> None:
    ws = story(made, ("a", "2024-01-01", 2), ("b", "2024-07-01", 5))
    found = effect(ws, "nps", AS_OF, tuple(FollowUp(name, DAY) for name in "abc"))
    table = found.table.set_index("customer_id")
    assert list(table.index) == ["a", "b", "c"]
    assert table["first_score"].isna().tolist() == [False, True, True]
    assert table["next_score"].isna().tolist() == [True, False, True]
    assert found.n == 0
    assert isnan(found.effect)


def test_of_several_follow_ups_the_latest_counts(made: Make) -> None:
    ws = story(made, ("a", "2024-01-01", 2), ("a", "2024-03-01", 4), ("a", "2024-07-01", 9))
    followed = (FollowUp("a", date(2024, 2, 1)), FollowUp("a", DAY), FollowUp("a", date(2024, 1, 5)))
    assert ws.execute(table_of(ws, followed))["customer_id"].tolist() == ["a"]
    row = effect(ws, "nps", AS_OF, followed).table.iloc[0]
    assert (row["first_score"], row["next_score"]) == (4, 9)


def test_below_ten_on_either_side_there_is_no_effect(made: Make) -> None:
    def found(called: int, others: int) -> bool:
        rows = [
            (f"{kind}{place}", f"2024-0{month}-15", month)
            for kind, n in (("c", called), ("o", others))
            for place in range(n)
            for month in (5, 7)
        ]
        return isnan(effect(story(made, *rows), "nps", AS_OF, tuple(FollowUp(f"c{place}", DAY) for place in range(called))).effect)

    assert [found(*sizes) for sizes in ((10, 10), (9, 10), (10, 9))] == [False, True, True]


def test_without_follow_ups_nothing_is_told(made: Make) -> None:
    found = effect(story(made, ("a", "2024-01-01", 2), ("a", "2024-07-01", 9)), "nps", AS_OF, ())
    assert found.table.empty
    assert (found.n, found.n_control) == (0, 0)


def test_answers_after_the_day_looked_from_are_not_seen(made: Make) -> None:
    ws = story(made, ("a", "2024-01-01", 2), ("a", "2024-07-01", 9))
    assert pd.isna(effect(ws, "nps", date(2024, 7, 1), (FollowUp("a", DAY),)).table.loc[0, "next_score"])
