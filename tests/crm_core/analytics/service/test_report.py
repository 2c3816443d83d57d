"""The figures of service, against cases gone through one by one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from math import isnan

import ibis
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from crm_core.analytics import pareto
from crm_core.analytics.service.report import AGES, COLUMNS, Service, ages, by_group, change, groups, service, trend
from crm_core.analytics.service.sla import NO_AGREEMENT, Agreement, Limit, parse
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace
from tests.crm_core.analytics.conftest import Make
from tests.crm_core.analytics.service.desk import desk
from tests.workspaces import lines

AS_OF = date(2024, 7, 1)
NOW = datetime(2024, 7, 1)
Case = dict[str, object]


def drawn(count: int = 300, seed: int = 5) -> list[Case]:
    """Cases of six months; a third is not solved by AS_OF, some solutions come later, some reopened counts are not given."""
    rng = np.random.default_rng(seed)
    rows: list[Case] = []
    for _ in range(count):
        opened = datetime(2024, 1, 5) + timedelta(minutes=int(rng.integers(60 * 24 * 180)))
        solved = opened + timedelta(minutes=int(rng.gamma(1, 60 * 24 * 6))) if rng.random() < 0.8 else None
        first = opened + timedelta(minutes=int(rng.gamma(1, 400))) if rng.random() < 0.9 else None
        due = opened + timedelta(hours=int(rng.choice([24, 72, 200]))) if rng.random() < 0.8 else None
        row = {"opened_at": opened, "resolved_at": solved, "first_response_at": first, "due_at": due, "customer_id": f"c{rng.integers(20)}"}
        row |= {"count_reopened": None if rng.random() < 0.3 else int(rng.integers(3)), "is_escalated": bool(rng.random() < 0.2)}
        rows.append(row | {"topic": rng.choice(["Price", "Login", None]), "priority": rng.choice(["low", "high"])})
    return rows


def percentile(rows: list[Case], field: str, share: float) -> float:
    """Hours by Kaplan and Meier, by scipy; missing where it never comes so far."""
    waits, waiting = [], []
    for row in rows:
        end, solved = row[field], row["resolved_at"]
        is_told = end is not None and end < NOW  # type: ignore[operator]
        if not is_told and field == "first_response_at" and solved is not None and solved < NOW:  # type: ignore[operator]
            continue  # solved without a first response: nobody waits any more
        waits.append(((end if is_told else NOW) - row["opened_at"]).total_seconds() / 3600)  # type: ignore[operator]
        waiting.append(not is_told)
    survivors = stats.ecdf(stats.CensoredData.right_censored(waits, waiting)).sf
    reached = survivors.quantiles[survivors.probabilities <= 1 - share + 1e-9]
    return float(reached[0]) if len(reached) else float("nan")


def figures(rows: list[Case]) -> dict[str, float]:
    """What the definitions say of these cases."""
    solved = [row["resolved_at"] if row["resolved_at"] and row["resolved_at"] < NOW else None for row in rows]  # type: ignore[operator]
    judged = []
    for row, end in zip(rows, solved, strict=True):
        due = row["due_at"]
        if due is not None and (end is not None or due < NOW):  # type: ignore[operator]
            judged.append(end is not None and end <= due)  # type: ignore[operator]
    reopened = [row["count_reopened"] > 0 for row in rows if row["count_reopened"] is not None]  # type: ignore[operator]
    escalated = [bool(row["is_escalated"]) for row in rows]
    wilson = stats.binomtest(sum(judged), len(judged)).proportion_ci(method="wilson")
    return {
        "cases": len(rows),
        "open": solved.count(None),
        "first_hours_median": percentile(rows, "first_response_at", 0.5),
        "first_hours_p90": percentile(rows, "first_response_at", 0.9),
        "resolution_hours_median": percentile(rows, "resolved_at", 0.5),
        "resolution_hours_p90": percentile(rows, "resolved_at", 0.9),
        "judged": len(judged),
        "within_share": float(np.mean(judged)),
        "within_low": wilson.low,
        "within_high": wilson.high,
        "reopened_share": float(np.mean(reopened)),
        "escalated_share": float(np.mean(escalated)),
    }


def told(one: Service) -> dict[str, float | None]:
    assert one.within is not None
    assert one.reopened is not None
    assert one.escalated is not None
    hours = (one.first_median, one.first_p90, one.resolution_median, one.resolution_p90)
    shares = (one.within.point, one.within.low, one.within.high, one.reopened.point, one.escalated.point)
    return dict(
        zip(COLUMNS, (one.cases, one.open, *(float("nan") if hour is None else hour for hour in hours), one.judged, *shares), strict=True)
    )


@pytest.mark.parametrize("seed", [5, 6, 7])
def test_all_figures_follow_the_cases_one_by_one(made: Make, seed: int) -> None:
    rows = drawn(seed=seed)
    ws = made(cases=desk(*rows))
    seen = [row for row in rows if row["opened_at"] < NOW]  # type: ignore[operator]
    assert told(service(ws, AS_OF)) == pytest.approx(figures(seen), nan_ok=True)
    spring = [row for row in seen if row["opened_at"] >= datetime(2024, 4, 1)]  # type: ignore[operator]
    assert told(service(ws, AS_OF, date(2024, 4, 1))) == pytest.approx(figures(spring), nan_ok=True)
    own = [row for row in seen if row["customer_id"] == "c1"]
    assert told(service(ws, AS_OF, shown=ibis.memtable({"customer_id": ["c1"]}))) == pytest.approx(figures(own), nan_ok=True)


def compare(found: pd.DataFrame, rows: list[Case], group: Callable[[Case], object]) -> None:
    parts: dict[object, list[Case]] = {}
    for row in rows:
        if row["opened_at"] < NOW:  # type: ignore[operator]
            parts.setdefault(group(row), []).append(row)
    assert set(found["group"]) == set(parts)
    assert found["cases"].sum() == sum(map(len, parts.values()))
    for _, row in found.iterrows():
        assert row.drop("group").to_dict() == pytest.approx(figures(parts[row["group"]]), nan_ok=True)


@pytest.mark.parametrize("by", ["topic", "priority"])
def test_each_group_is_told_like_its_cases_alone(made: Make, by: str) -> None:
    rows = drawn()
    found = by_group(made(cases=desk(*rows)), AS_OF, None, by)
    compare(found, rows, lambda row: row[by] or "")
    assert found["cases"].is_monotonic_decreasing


def test_each_month_is_told_like_its_cases_alone(made: Make) -> None:
    rows = drawn(600)
    found = trend(made(cases=desk(*rows)), AS_OF)
    compare(found, rows, lambda row: pd.Timestamp(row["opened_at"]).to_period("M").to_timestamp())  # type: ignore[arg-type]
    assert found["group"].tolist() == [pd.Timestamp(2024, month, 1) for month in range(1, 7)]


def test_by_hand(made: Make) -> None:
    """Answered after 1, 2 and 3 hours, the fourth waits since 12; solved after a day, two days and not."""
    day = datetime(2024, 6, 1)
    rows: list[Case] = [
        {"opened_at": day, "first_response_at": day + timedelta(hours=1), "resolved_at": day + timedelta(hours=24), "is_escalated": True},
        {"opened_at": day, "first_response_at": day + timedelta(hours=2), "resolved_at": day + timedelta(hours=48), "is_escalated": False},
        {"opened_at": day, "first_response_at": day + timedelta(hours=3)},
        {"opened_at": NOW - timedelta(hours=12)},
    ]
    found = service(made(cases=desk(*rows)), AS_OF, agreement=Agreement((Limit(24),)))
    assert (found.cases, found.open, found.late, found.judged) == (4, 2, 1, 3)
    assert (found.first_median, found.first_p90) == (2, None)
    assert (found.resolution_median, found.resolution_p90) == (48, None)
    assert found.within is not None
    assert found.escalated is not None
    assert (found.within.point, found.escalated.point) == pytest.approx((1 / 3, 1 / 2))
    assert found.reopened is None
    assert found.record() == {
        "cases": 4,
        "open": 2,
        "first_response_hours_median": 2,
        "first_response_hours_p90": None,
        "resolution_hours_median": 48,
        "resolution_hours_p90": None,
        "within_sla_share": pytest.approx(1 / 3),
        "reopened_share": None,
        "escalated_share": 0.5,
    }


def test_a_case_solved_at_a_time_that_is_not_known_waits_for_nothing(made: Make) -> None:
    rows: list[Case] = [
        {"opened_at": "2024-06-01", "resolved_at": "2024-06-02", "first_response_at": "2024-06-01 02:00"},
        {"opened_at": "2024-06-01", "status": "closed"},
        {"opened_at": "2024-06-01", "resolved_at": "2024-06-03"},
    ]
    found = service(made(cases=desk(*rows)), AS_OF)
    assert (found.first_median, found.first_p90) == (2, 2)
    assert (found.resolution_median, found.resolution_p90) == (24, 48)


def test_what_the_data_does_not_have_is_missing(made: Make) -> None:
    ws = made(cases=desk({"opened_at": "2024-06-01", "topic": "Price"}, {"opened_at": "2024-06-02", "topic": "Price"}))
    found = service(ws, AS_OF)
    assert found.cases == 2
    assert all(value is None for name, value in found.record().items() if name != "cases")
    assert found.late is None
    for frame in (by_group(ws, AS_OF, None, "topic"), trend(ws, AS_OF)):
        assert frame["judged"].tolist() == [0]
        assert frame[[name for name in COLUMNS if name not in ("cases", "judged")]].isna().all(axis=None)
    assert ages(ws, AS_OF)["cases"].sum() == 0
    assert change(found, found) is None


def test_without_a_case_in_the_period_nothing_is_told(made: Make) -> None:
    ws = made(cases=desk({"opened_at": "2024-06-01", "resolved_at": "2024-06-02", "first_response_at": "2024-06-01"}))
    found = service(ws, AS_OF, date(2024, 6, 2))
    assert (found.cases, found.open, found.first_median, found.within) == (0, 0, None, None)
    assert by_group(ws, date(2024, 1, 1), None, "topic").empty
    assert trend(ws, date(2024, 1, 1)).empty


def test_a_change_of_the_share_is_by_newcombe(made: Make) -> None:
    """Nine of ten against six of twelve: bounds out of those of Wilson."""

    def share(hits: int, n: int) -> Service:
        rows = [{"opened_at": "2024-06-01", "resolved_at": "2024-06-02" if place < hits else "2024-06-09"} for place in range(n)]
        return service(made(cases=desk(*rows)), AS_OF, agreement=Agreement((Limit(24),)))

    found = change(share(9, 10), share(6, 12))
    a, b = (stats.binomtest(hits, n).proportion_ci(method="wilson") for hits, n in ((9, 10), (6, 12)))
    assert found is not None
    assert found.point == pytest.approx(0.4)
    assert found.low == pytest.approx(0.4 - ((0.9 - a.low) ** 2 + (b.high - 0.5) ** 2) ** 0.5)
    assert found.high == pytest.approx(0.4 + ((a.high - 0.9) ** 2 + (0.5 - b.low) ** 2) ** 0.5)


def test_open_cases_by_age(made: Make) -> None:
    """At the very edge a case is in the older step."""
    hours = [0.5, 23.9, 24, 71, 72, 167, 168, 24 * 13, 24 * 14, 24 * 29, 24 * 30, 24 * 89, 24 * 90, 24 * 400]
    rows: list[Case] = [{"opened_at": NOW - timedelta(hours=hour)} for hour in hours]
    ws = made(cases=desk(*rows, {"opened_at": "2024-06-01", "resolved_at": "2024-06-02"}))
    found = ages(ws, AS_OF, Agreement((Limit(24 * 13),)))
    assert found["cases"].tolist() == [2] * len(AGES)
    assert found["late"].tolist() == [0, 0, 0, 0, 2, 2, 2]
    assert [(low, None if pd.isna(high) else high) for low, high in zip(found["days_from"], found["days_to"], strict=True)] == list(AGES)


def test_cases_can_be_split_by_what_the_data_has(made: Make) -> None:
    rows: list[Case] = [{"opened_at": "2024-06-01", "topic": "Price", "priority": "low"}]
    assert list(groups(made(cases=desk(*rows)))) == ["priority", "topic"]
    bought = lines(("a", "1", "2024-05-01", 1))
    assert list(groups(made(cases=desk(*rows), order_lines=bought))) == ["priority", "value_class", "topic"]
    assert list(groups(made(cases=desk({"opened_at": "2024-06-01", "customer_id": None, "channel": "Mail"}), order_lines=bought))) == [
        "channel"
    ]


def test_at_most_thirty_groups_are_shown(made: Make) -> None:
    rows: list[Case] = [{"opened_at": "2024-06-01", "topic": f"T{place:02}"} for place in range(40) for _ in range(1 + (place == 39))]
    found = by_group(made(cases=desk(*rows)), AS_OF, None, "topic")
    assert found["group"].tolist() == ["T39", *(f"T{place:02}" for place in range(29))]


def test_classes_are_held_against_their_own_limit(made: Make) -> None:
    """Whatever time the case itself names, and also where a priority has another one."""
    bought = lines(("a", "1", "2024-05-01", 90), ("b", "2", "2024-05-01", 8))
    day = datetime(2024, 6, 1)
    rows: list[Case] = []
    for name in ("a", "b", None):
        for hours in (5, 10, 20, 40):
            solved = day + timedelta(hours=hours)
            rows.append({"customer_id": name, "opened_at": day, "resolved_at": solved, "due_at": day + timedelta(hours=15)})
        rows.append({"customer_id": name, "opened_at": day})
    ws = made(order_lines=bought, cases=desk(*rows))
    classes = ws.execute(pareto.classes(ws, AS_OF, "net_sales")).set_index("customer_id")["value_class"]
    assert classes.to_dict() == {"a": "A", "b": "B"}
    found = by_group(ws, AS_OF, None, "value_class", parse(["A=20", "*=1"])).set_index("group")
    assert found["own_limit_share"].loc["A"] == pytest.approx(3 / 5)
    assert found["own_limit_share"].drop("A").isna().all()
    assert found["within_share"].to_dict() == pytest.approx({"A": 2 / 5, "B": 2 / 5, "(no class)": 2 / 5})
    assert "own_limit_share" not in by_group(ws, AS_OF, None, "value_class", parse(["*=1"])).columns


def test_an_agreement_changes_what_is_within(made: Make) -> None:
    rows: list[Case] = [{"opened_at": "2024-06-01", "resolved_at": f"2024-06-{day:02}"} for day in range(2, 12)]
    ws = made(cases=desk(*rows))
    shares = [service(ws, AS_OF, agreement=Agreement((Limit(24 * days),))).within for days in (1, 5, 10)]
    assert [round(one.point, 3) for one in shares if one] == [0.1, 0.5, 1.0]
    assert service(ws, AS_OF, agreement=NO_AGREEMENT).within is None
    assert isnan(by_group(ws, AS_OF, None, "topic").loc[0, "within_share"])


def test_without_cases_there_is_no_service(six: Workspace) -> None:
    with pytest.raises(AnalysisError, match="No cases"):
        service(six, AS_OF)


def test_a_limit_of_a_class_and_a_priority_is_held_against_that_class(made: Make) -> None:
    """a is of class A: 3 hours within urgent's 4, 5 hours beyond; her normal case has no limit of the class."""
    opened = pd.Timestamp("2024-06-01 08:00")
    rows = [("1", "urgent", 3), ("2", "urgent", 5), ("3", "normal", 50)]
    cases = pd.DataFrame(
        {
            "case_id": [name for name, *_ in rows],
            "customer_id": "a",
            "priority": [priority for _, priority, _ in rows],
            "opened_at": opened,
            "resolved_at": [opened + pd.Timedelta(hours=hours) for *_, hours in rows],
        }
    )
    ws = made(cases=cases, order_lines=lines(("a", "1", "2024-05-01", 100)))
    found = by_group(ws, date(2024, 7, 1), None, "value_class", Agreement((Limit(4, "urgent", "A"),)))
    assert found.set_index("group").loc["A", "own_limit_share"] == 0.5
