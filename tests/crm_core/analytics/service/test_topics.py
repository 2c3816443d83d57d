"""Topics that come up more than before, against scipy and by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from math import isnan

import ibis
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from crm_core.analytics.service.topics import COLUMNS, FALLING, FEW, RISING, STEADY, YOUNG, judged, rising
from tests.crm_core.analytics.conftest import Make
from tests.crm_core.analytics.satisfaction import by_definition
from tests.crm_core.analytics.service.desk import desk

AS_OF = date(2024, 7, 1)


def told(*rows: tuple[str, int, int]) -> pd.DataFrame:
    return judged(pd.DataFrame(rows, columns=["topic", "cases", "before"]))


def test_topics_are_judged_by_the_exact_test() -> None:
    """Twenty against five is clear among three, eleven against four would be none of them alone even."""
    found = told(("Price", 11, 4), ("Delivery", 20, 5), ("Login", 3, 18), ("Other", 4, 5)).set_index("topic")
    assert list(found.index) == ["Delivery", "Price", "Other", "Login"]
    assert found["verdict"].to_dict() == {"Delivery": RISING, "Price": STEADY, "Other": FEW, "Login": FALLING}
    assert found["change"].tolist() == [15, 7, -1, -15]
    assert found["ratio"].tolist() == pytest.approx([4, 2.75, 0.8, 1 / 6])
    assert found["p"].tolist()[:2] == pytest.approx([stats.binomtest(20, 25).pvalue, stats.binomtest(11, 15).pvalue])
    assert found.loc["Login", "p"] == pytest.approx(stats.binomtest(3, 21).pvalue)
    assert isnan(found.loc["Other", "p"])


def test_among_several_topics_a_single_five_percent_is_not_enough() -> None:
    """15 against 5 has p = 4.1 %: clear alone, and not among three."""
    assert told(("a", 15, 5))["verdict"].tolist() == [RISING]
    assert set(told(("a", 15, 5), ("b", 10, 10), ("c", 10, 10))["verdict"]) == {STEADY}
    assert told(("a", 15, 5), ("b", 4, 5))["verdict"].tolist() == [RISING, FEW]  # too few take no part


def test_a_new_topic_has_no_ratio() -> None:
    found = told(("new", 12, 0), ("gone", 0, 12)).set_index("topic")
    assert isnan(found.loc["new", "ratio"])
    assert found.loc["gone", "ratio"] == 0
    assert found["verdict"].to_dict() == {"new": RISING, "gone": FALLING}


def test_the_last_days_are_held_against_as_many_before(made: Make) -> None:
    """30 days are those from 1 June on, and 2 to 31 May before them."""
    days = ["2024-05-01 23:59", "2024-05-02", "2024-05-31 23:59", "2024-06-01", "2024-06-30 23:00", "2024-07-01"]
    ws = made(cases=desk(*({"opened_at": day, "topic": "Delivery"} for day in days), {"opened_at": "2024-06-15", "topic": None}))
    found = rising(ws, AS_OF)
    assert found[["topic", "cases", "before"]].values.tolist() == [["", 1, 0], ["Delivery", 2, 2]]
    assert rising(ws, AS_OF, days=1)[["topic", "cases", "before"]].values.tolist() == [["Delivery", 1, 0]]
    assert rising(ws, date(2024, 1, 1)).empty


def test_where_cases_begin_within_the_days_before_there_is_no_verdict(made: Make) -> None:
    """One case on the first of the days before tells that cases were written down then."""
    rows = [{"opened_at": "2024-06-10", "topic": "Price"}] * 40 + [{"opened_at": "2024-05-25", "topic": "Price"}] * 3
    late = rising(made(cases=desk(*rows)), AS_OF)
    assert (late["verdict"].tolist(), late["p"].isna().tolist(), late["cases"].tolist()) == ([YOUNG], [True], [40])
    whole = rising(made(cases=desk(*rows, {"opened_at": "2024-05-02", "topic": "Price"})), AS_OF)
    assert whole["verdict"].tolist() == [RISING]


def test_without_cases_of_that_time_there_are_no_topics(made: Make) -> None:
    ws = made(cases=desk({"opened_at": "2024-05-01", "topic": "Price"}))
    assert rising(ws, date(2024, 1, 1)).empty
    assert list(rising(ws, date(2024, 1, 1)).columns) == list(COLUMNS)


def test_counts_and_verdicts_follow_the_cases_one_by_one(made: Make) -> None:
    rng = np.random.default_rng(6)
    topics = ["Delivery", "Price", "Login", "Invoice", "Rare"]
    rows = []
    for _ in range(400):
        topic, opened = (
            rng.choice(topics, p=[0.4, 0.25, 0.2, 0.14, 0.01]),
            datetime(2024, 4, 25) + timedelta(hours=int(rng.integers(24 * 70))),
        )
        if topic != "Delivery" or opened >= datetime(2024, 6, 1) or rng.random() < 0.4:
            rows.append({"opened_at": opened, "topic": topic, "customer_id": f"c{rng.integers(9)}"})
    ws = made(cases=desk(*rows))
    found = rising(ws, AS_OF).set_index("topic")
    counts = {}
    for topic in found.index:
        own = [row["opened_at"] for row in rows if row["topic"] == topic]
        counts[topic] = (
            sum(datetime(2024, 6, 1) <= at < datetime(2024, 7, 1) for at in own),
            sum(datetime(2024, 5, 2) <= at < datetime(2024, 6, 1) for at in own),
        )
        assert (found.loc[topic, "cases"], found.loc[topic, "before"]) == counts[topic]
    tested = [topic for topic, (now, before) in counts.items() if now + before >= 10]
    clear = by_definition.significant([stats.binomtest(counts[topic][0], sum(counts[topic])).pvalue for topic in tested])
    for topic, is_clear in zip(tested, clear, strict=True):
        assert found.loc[topic, "verdict"] == (STEADY if not is_clear else RISING if counts[topic][0] > counts[topic][1] else FALLING)
    assert found.loc["Delivery", "verdict"] == RISING
    shown = ibis.memtable({"customer_id": ["c1"]})
    assert rising(ws, AS_OF, shown=shown)["cases"].sum() == sum(
        row["customer_id"] == "c1" and datetime(2024, 6, 1) <= row["opened_at"] < datetime(2024, 7, 1) for row in rows
    )
