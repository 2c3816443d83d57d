"""Scores by how long the case before them took."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import ibis
import numpy as np
import pytest

from crm_core.analytics.service.sla import Agreement, Limit
from crm_core.analytics.service.slowness import IN_TIME, LATE, WAITS, cost
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace
from tests.crm_core.analytics.conftest import Make
from tests.crm_core.analytics.satisfaction import by_definition
from tests.crm_core.analytics.satisfaction.by_definition import Answer, frame
from tests.crm_core.analytics.service.desk import desk

AS_OF = date(2024, 7, 1)
SOLVED = datetime(2024, 6, 1, 12)


def case(hours: float, name: str = "a", solved: datetime = SOLVED, **more: object) -> dict[str, object]:
    return {"customer_id": name, "opened_at": solved - timedelta(hours=hours), "resolved_at": solved} | more


def waits(made: Make, cases: list[dict[str, object]], *answers: Answer) -> dict[str, int]:
    found = cost(made(cases=desk(*cases), surveys=frame(answers)), "nps", AS_OF).waits
    return dict(zip(found["wait"], found["n"], strict=True))


@pytest.mark.parametrize(
    ("hours", "band"),
    [(0, 0), (4, 0), (4.001, 1), (24, 1), (25, 2), (72, 2), (72.5, 3), (168, 3), (169, 4), (999, 4)],
)
def test_the_bands_of_waiting_time(made: Make, hours: float, band: int) -> None:
    assert waits(made, [case(hours)], Answer("a", SOLVED, 9)) == {WAITS[band][0]: 1}


def test_a_response_goes_with_the_case_solved_last_before_it(made: Make) -> None:
    cases = [case(200, solved=datetime(2024, 5, 20)), case(2), case(50, solved=datetime(2024, 6, 10))]
    assert waits(made, cases, Answer("a", datetime(2024, 6, 5), 9)) == {"up to 4 hours": 1}
    assert waits(made, cases, Answer("a", datetime(2024, 6, 5), 9), Answer("a", datetime(2024, 6, 11), 2)) == {
        "up to 4 hours": 1,
        "1–3 days": 1,
    }


def test_a_case_counts_for_thirty_days(made: Make) -> None:
    last = SOLVED + timedelta(days=30)
    assert sum(waits(made, [case(2)], Answer("a", last - timedelta(days=2), 9), Answer("b", SOLVED, 9)).values()) == 1
    found = cost(
        made(cases=desk(case(2)), surveys=frame([Answer("a", last, 9), Answer("a", last + timedelta(seconds=1), 1)])),
        "nps",
        date(2024, 8, 1),
    )
    assert found.waits["n"].tolist() == [1]
    assert found.waits["value"].tolist() == [100]


@pytest.mark.parametrize(
    "answer",
    [Answer("a", SOLVED - timedelta(seconds=1), 9), Answer("b", SOLVED, 9), Answer(None, SOLVED, 9), Answer("a", datetime(2024, 7, 1), 9)],
)
def test_where_nothing_is_linked_it_says_so(made: Make, answer: Answer) -> None:
    with pytest.raises(AnalysisError, match="not linked"):
        cost(made(cases=desk(case(2)), surveys=frame([answer])), "nps", AS_OF)


def test_open_cases_have_no_waiting_time_yet(made: Make) -> None:
    with pytest.raises(AnalysisError, match="not linked"):
        cost(made(cases=desk({"opened_at": "2024-05-01"}, case(2, "b")), surveys=frame([Answer("a", SOLVED, 9)])), "nps", AS_OF)


def test_what_is_not_known_of_the_last_case_is_not_taken_from_another(made: Make) -> None:
    cases = [case(2, solved=datetime(2024, 5, 30), due_at="2024-06-30"), case(2)]
    found = cost(made(cases=desk(*cases), surveys=frame([Answer("a", SOLVED, 9)])), "nps", AS_OF)
    assert found.agreed.empty
    assert (found.gap, found.lost) == (None, None)


@pytest.mark.parametrize("seed", range(3))
def test_of_cases_solved_at_once_one_counts_whatever_the_order_of_rows(made: Make, seed: int) -> None:
    """The first by its id, which took two hours and was in time."""
    cases = [
        case(2, case_id="000", due_at="2024-06-30"),
        *(case(500, case_id=f"{place:03}", due_at="2024-05-30") for place in range(1, 200)),
    ]
    ws = made(cases=desk(*cases).sample(frac=1, random_state=seed), surveys=frame([Answer("a", SOLVED, 9)]))
    found = cost(ws, "nps", AS_OF)
    assert (found.waits["wait"].tolist(), found.agreed["wait"].tolist()) == (["up to 4 hours"], [IN_TIME])


def drawn(seed: int = 3) -> tuple[list[dict[str, object]], list[Answer]]:
    """300 customers with a case each; who waits longer than 48 hours, which is agreed, is less satisfied."""
    rng = np.random.default_rng(seed)
    cases, answers = [], []
    for place in range(300):
        hours = float(rng.gamma(1.2, 40))
        cases.append(case(hours, f"c{place}"))
        answers.append(
            Answer(
                f"c{place}",
                SOLVED + timedelta(days=int(rng.integers(29))),
                int(rng.choice([10, 8, 2], p=[0.5, 0.3, 0.2] if hours <= 48 else [0.2, 0.3, 0.5])),
            )
        )
    return cases, answers


@pytest.fixture
def shop(made: Make) -> Workspace:
    cases, answers = drawn()
    return made(cases=desk(*cases), surveys=frame(answers))


def test_each_band_is_told_with_its_interval(shop: Workspace) -> None:
    cases, answers = drawn()
    found = cost(shop, "nps", AS_OF).waits
    assert found["n"].sum() == 300
    edges = [-1.0, *(float(hours) for _, hours in WAITS if hours is not None), 1e9]
    for place, (name, _) in enumerate(WAITS):
        scores = []
        for one, answer in zip(cases, answers, strict=True):
            hours = (one["resolved_at"] - one["opened_at"]).total_seconds() // 1 / 3600  # type: ignore[operator]
            if edges[place] < hours <= edges[place + 1]:
                scores.append(answer.score)
        row = found.set_index("wait").loc[name]
        assert row["n"] == len(scores)
        assert (row["value"], row["low"], row["high"]) == pytest.approx(by_definition.nps(scores), abs=1e-4)


def test_late_cases_are_held_against_those_in_time(shop: Workspace) -> None:
    cases, answers = drawn()
    found = cost(shop, "nps", AS_OF, agreement=Agreement((Limit(48),)))
    late = [answer.score for one, answer in zip(cases, answers, strict=True) if one["resolved_at"] - one["opened_at"] > timedelta(hours=48)]  # type: ignore[operator]
    fast = [
        answer.score for one, answer in zip(cases, answers, strict=True) if one["resolved_at"] - one["opened_at"] <= timedelta(hours=48)
    ]  # type: ignore[operator]
    assert dict(zip(found.agreed["wait"], found.agreed["n"], strict=True)) == {IN_TIME: len(fast), LATE: len(late)}
    assert found.gap is not None
    point, low, high, p = by_definition.nps_difference(late, fast)
    assert (found.gap.point, found.gap.low, found.gap.high, found.gap.p) == pytest.approx((point, low, high, p), abs=1e-4)
    # what all would gain: the NPS of those in time less that of all
    assert found.lost == pytest.approx(by_definition.nps(late + fast)[0] - by_definition.nps(fast)[0])
    assert found.lost < 0


def test_below_ten_late_ones_there_is_no_gap(made: Make) -> None:
    def gap(late: int) -> bool:
        hours = [10] * late + [1] * 20
        cases = [case(wait, f"c{place}") for place, wait in enumerate(hours)]
        ws = made(cases=desk(*cases), surveys=frame([Answer(f"c{place}", SOLVED, 5) for place in range(len(hours))]))
        return cost(ws, "nps", AS_OF, agreement=Agreement((Limit(5),))).gap is None

    assert [gap(9), gap(10)] == [True, False]


def test_responses_of_a_period_and_of_the_customers_shown(shop: Workspace) -> None:
    _, answers = drawn()
    since = date(2024, 6, 20)
    assert cost(shop, "nps", AS_OF, since).waits["n"].sum() == sum(one.at.date() >= since for one in answers)
    assert cost(shop, "nps", AS_OF, shown=ibis.memtable({"customer_id": ["c1", "c2"]})).waits["n"].sum() == 2
