"""Which responses count: against lists of answers, gone through one by one."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta

import ibis
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.analytics.satisfaction.measures import Counts
from crm_core.analytics.satisfaction.responses import (
    Scale,
    band,
    choose,
    counting,
    counts,
    edges,
    has_attitude,
    measures,
    responses,
    scale,
    score_counts,
)
from crm_core.analytics.satisfaction.trend import now
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace
from tests.crm_core.analytics.conftest import Make
from tests.crm_core.analytics.satisfaction import by_definition
from tests.crm_core.analytics.satisfaction.by_definition import Answer, frame

AS_OF = date(2024, 3, 1)
FIRST = datetime(2024, 1, 1)

answers = st.lists(
    st.builds(
        Answer,
        st.sampled_from([None, "a", "b", "c", "d"]),
        st.integers(0, 24 * 80).map(lambda hours: FIRST + timedelta(hours=hours)),
        st.integers(0, 10),
    ),
    min_size=1,
    max_size=25,
)


def told(ws: Workspace, as_of: date = AS_OF, since: date | None = None) -> Counter[float]:
    found = score_counts(ws, responses(ws, "nps", as_of, since))
    return Counter(dict(zip(found["score"], found["n"], strict=True)))


@settings(max_examples=20)
@given(answers, st.dates(date(2024, 1, 10), date(2024, 3, 25)), st.dates(date(2023, 12, 25), date(2024, 2, 1)))
def test_the_last_response_of_a_customer_in_the_period_counts_once(made: Make, given: list[Answer], as_of: date, since: date) -> None:
    ws = made(surveys=frame(given))
    assert told(ws, as_of) == Counter(one.score for one in by_definition.counting(given, end=as_of))
    assert told(ws, as_of, since) == Counter(one.score for one in by_definition.counting(given, since, as_of))
    rows = ws.execute(counting(responses(ws, "nps", as_of)))
    assert Counter(rows["score"]) == told(ws, as_of)


@settings(max_examples=10)
@given(answers, st.integers(0, 99))
def test_the_order_of_rows_does_not_matter(made: Make, given: list[Answer], seed: int) -> None:
    straight = frame(given)
    assert told(made(surveys=straight)) == told(made(surveys=straight.sample(frac=1, random_state=seed)))


def test_of_two_on_one_day_the_later_row_counts_whatever_the_time(made: Make) -> None:
    first, second = Answer("a", datetime(2024, 1, 5, 18), 10), Answer("a", datetime(2024, 1, 5, 9), 0)
    assert told(made(surveys=frame([first, second]))) == {0: 1}
    assert told(made(surveys=frame([second, first]))) == {10: 1}
    assert told(made(surveys=frame([Answer("a", datetime(2024, 1, 6), 4), first, second]))) == {4: 1}


def test_responses_without_a_customer_all_count(made: Make) -> None:
    nobody = [Answer(None, datetime(2024, 1, 5), score) for score in (10, 10, 3)]
    assert told(made(surveys=frame([*nobody, Answer("a", datetime(2024, 1, 5), 3)]))) == {10: 2, 3: 2}


def test_the_day_looked_from_has_not_happened_yet(made: Make) -> None:
    ws = made(surveys=frame([Answer("a", datetime(2024, 2, 29, 23, 59), 9), Answer("b", datetime(2024, 3, 1), 1)]))
    assert told(ws) == {9: 1}
    assert told(ws, date(2024, 3, 2), AS_OF) == {1: 1}


def test_nps_counts_on_its_own_scale_only(made: Make) -> None:
    """Also where most scores are on another one."""
    right = frame([Answer("a", FIRST, 10), Answer("b", FIRST, 6)])
    wrong = frame([Answer(f"x{place}", FIRST, 5) for place in range(3)], scale=(1, 5)).assign(row_no=range(3, 6))
    ws = made(surveys=pd.concat([right, wrong]))
    assert told(ws) == {10: 1, 6: 1}
    assert measures(ws, AS_OF) == {"nps": 2}
    assert scale(ws, "nps", AS_OF) == Scale(0, 10)


def test_scores_of_other_scales_are_brought_to_the_commonest(made: Make) -> None:
    """The ends to the ends, the middle to the middle."""
    most = [Answer(f"m{place}", FIRST, 2) for place in range(6)]
    tens = [Answer("a", FIRST, 0), Answer("b", FIRST, 10), Answer("c", FIRST, 5), Answer("d", FIRST, 7.5)]
    both = [frame(most, "csat", (1, 5)), frame(tens, "csat", (0, 10)).assign(row_no=range(7, 11))]
    ws = made(surveys=pd.concat(both))
    assert scale(ws, "csat", AS_OF) == Scale(1, 5)
    found = score_counts(ws, responses(ws, "csat", AS_OF))
    assert dict(zip(found["score"], found["n"], strict=True)) == {1: 1, 2: 6, 3: 1, 4: 1, 5: 1}
    assert counts(found, "csat", scale(ws, "csat", AS_OF)) == Counts(10, 2, 7, 1 + 12 + 3 + 4 + 5, 1 + 24 + 9 + 16 + 25)


def test_scales_of_later_responses_are_not_known_yet(made: Make) -> None:
    """Three answers on 1–5 in January; from June on most are on 1–7."""
    june = datetime(2024, 6, 1)
    early = frame([Answer(f"a{place}", FIRST, 4) for place in range(3)], "ces", (1, 5))
    late = frame([Answer(f"b{place}", june, 6) for place in range(4)], "ces", (1, 7)).assign(row_no=range(3, 7))
    ws = made(surveys=pd.concat([early, late]))
    assert scale(ws, "ces", AS_OF) == Scale(1, 5)
    assert scale(ws, "ces", date(2024, 7, 1)) == Scale(1, 7)
    assert ws.execute(responses(ws, "ces", AS_OF))["score"].tolist() == [4, 4, 4]
    period = now(ws, "ces", june.date(), date(2024, 7, 1))  # both periods on the scale of the later one
    assert (period.mean, period.scale) == (6, Scale(1, 7))
    assert now(ws, "ces", date(2024, 3, 1), date(2024, 7, 1)).before.value == 1 + 6 * 3 / 4


@pytest.mark.parametrize(
    ("measure", "on", "top", "bottom"),
    [
        ("nps", Scale(0, 10), [9, 10], [0, 1, 2, 3, 4, 5, 6]),
        ("csat", Scale(1, 5), [4, 5], [1, 2]),
        ("csat", Scale(0, 10), [8, 9, 10], [0, 1, 2]),
        ("csat", Scale(1, 7), [6, 7], [1, 2]),
        ("csat", Scale(1, 4), [4], [1]),
        ("csat", Scale(1, 3), [3], [1]),
        ("csat", Scale(0, 1), [1], [0]),
        ("ces", Scale(1, 7), [6, 7], [1, 2]),
    ],
)
def test_the_best_and_the_worst_boxes(made: Make, measure: str, on: Scale, top: list[int], bottom: list[int]) -> None:
    scores = list(range(int(on.lowest), int(on.highest) + 1))
    ws = made(surveys=frame([Answer(None, FIRST, score) for score in scores], measure, (on.lowest, on.highest)))
    rows = responses(ws, measure, AS_OF)
    found = ws.execute(rows.select("score", band=band(rows.score, measure, on)))
    assert sorted(found.loc[found["band"] == 1, "score"]) == top
    assert sorted(found.loc[found["band"] == -1, "score"]) == bottom
    assert all((score >= edges(measure, on)[0]) == (score in top) for score in scores)
    assert counts(found.assign(n=1), measure, on).top == len(top)


def test_only_the_customers_shown_count(made: Make) -> None:
    ws = made(surveys=frame([Answer("a", FIRST, 1), Answer("b", FIRST, 2), Answer(None, FIRST, 3)]))
    shown = ibis.memtable({"customer_id": ["b"]})
    assert list(ws.execute(responses(ws, "nps", AS_OF, shown=shown))["customer_id"]) == ["b"]


def test_a_customer_counts_once_in_each_month(made: Make) -> None:
    days = [datetime(2024, 1, 1), datetime(2024, 1, 31, 23), datetime(2024, 2, 1)]
    ws = made(surveys=frame([Answer("a", day, score) for day, score in zip(days, (1, 2, 3), strict=True)]))
    found = score_counts(ws, responses(ws, "nps", AS_OF), "M")
    assert [(pd.Timestamp(str(one.period)).month, one.score, one.n) for one in found.itertuples()] == [(1, 2, 1), (2, 3, 1)]
    assert told(ws) == {3: 1}


def test_the_measure_asked_for_or_the_only_one(made: Make) -> None:
    nps = frame([Answer("a", FIRST, 1)])
    assert choose(made(surveys=nps), AS_OF, None) == "nps"
    both = made(surveys=pd.concat([frame([Answer("a", FIRST, 1)] * 2, "ces", (1, 7)), nps.assign(row_no=3)]))
    assert list(measures(both, AS_OF).items()) == [("nps", 1), ("ces", 2)]
    assert choose(both, AS_OF, "ces") == "ces"
    with pytest.raises(AnalysisError, match="NPS \\(1 response\\), CES \\(2 responses\\)"):
        choose(both, AS_OF, None)
    with pytest.raises(AnalysisError, match="No CSAT"):
        choose(both, AS_OF, "csat")
    with pytest.raises(AnalysisError, match="No survey responses"):
        choose(both, date(2023, 1, 1), None)
    with pytest.raises(AnalysisError, match="no responses of attitude"):
        scale(both, "attitude", AS_OF)


def test_without_surveys_nothing_is_measured(six: Workspace) -> None:
    assert measures(six, AS_OF) == {}
    assert not has_attitude(six, AS_OF)
    with pytest.raises(AnalysisError, match="No survey responses"):
        choose(six, AS_OF, None)


def test_attitude_is_no_measure_of_satisfaction(made: Make) -> None:
    ws = made(surveys=frame([Answer("a", FIRST, 4)], "attitude", (1, 4)))
    assert measures(ws, AS_OF) == {}
    assert has_attitude(ws, AS_OF)
    assert not has_attitude(ws, date(2024, 1, 1))
