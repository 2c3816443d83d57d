"""Who is on the watch list, why, in which order and what to do next."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from math import log10

import ibis
import numpy as np
import pandas as pd
import pytest

from crm_core.analytics.satisfaction import risk, watch
from crm_core.analytics.satisfaction.follow_up import FollowUp
from crm_core.analytics.satisfaction.risk import BOTH, LOW_SCORE, OPEN_CASE
from crm_core.analytics.satisfaction.watch import COLUMNS, KINDS, STEPS, listed, story, summary, watch_list
from crm_core.analytics.service.sla import NO_AGREEMENT, Agreement, Limit
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace
from tests import buyers as shop
from tests.buyers import BUYERS_AS_OF
from tests.crm_core.analytics.conftest import Make
from tests.crm_core.analytics.satisfaction.by_definition import Answer, frame
from tests.crm_core.analytics.service.desk import desk
from tests.workspaces import lines

AS_OF = date(2024, 7, 1)
OPEN: dict[str, object] = {"opened_at": "2024-06-20 10:00", "status": "open", "count_contacts": 2}
#: A case of somebody else by which the data tells what is solved, and how often customers came back.
OTHER: dict[str, object] = {
    **{"customer_id": "zz", "opened_at": "2024-01-01", "resolved_at": "2024-01-02", "status": "closed"},
    **{"count_contacts": 1, "count_reopened": 0, "public_reach": 0},
}


def watched(ws: Workspace, as_of: date = AS_OF, **how: object) -> pd.DataFrame:
    return ws.execute(watch_list(ws, as_of, **how)).set_index("customer_id").sort_index()  # type: ignore[arg-type]


def at_risk(ws: Workspace, as_of: date = AS_OF, followed: tuple[FollowUp, ...] = ()) -> dict[str, str]:
    found, told = ws.execute(risk.at_risk(ws, as_of, followed)), ws.execute(watch_list(ws, as_of, followed=followed))
    key = ["customer_id", "risk"]
    assert found[key].sort_values(key).values.tolist() == told[key].sort_values(key).values.tolist()
    return dict(sorted(zip(found["customer_id"], found["risk"], strict=True)))


def of_case(made: Make, **told: object) -> dict[str, str]:
    return at_risk(made(cases=desk(OPEN | told, OTHER)))


def test_an_unsolved_case_is_a_risk_after_two_contacts(made: Make) -> None:
    assert of_case(made) == {"a": OPEN_CASE}
    assert of_case(made, count_contacts=1) == {}
    assert of_case(made, count_contacts=None) == {}
    assert of_case(made, resolved_at="2024-06-21", status="solved") == {}
    assert of_case(made, status="closed") == {}


def test_a_reopened_case_is_a_risk_though_solved(made: Make) -> None:
    solved = {"count_reopened": 1, "status": "solved", "resolved_at": "2024-06-28"}
    assert of_case(made, **solved) == {"a": OPEN_CASE}
    assert of_case(made, **solved | {"count_contacts": 1}) == {}
    assert of_case(made, **solved | {"count_reopened": 0}) == {}


def test_where_contacts_are_not_counted_a_reopened_case_has_had_two(made: Make) -> None:
    assert of_case(made, count_contacts=None, count_reopened=1) == {"a": OPEN_CASE}
    assert of_case(made, count_contacts=None, count_reopened=0) == {}


def test_a_reopened_case_is_a_risk_for_a_year_and_an_open_one_as_long_as_it_is(made: Make) -> None:
    long_ago = {"opened_at": "2022-01-01", "count_reopened": 1}
    assert of_case(made, **long_ago, status="solved", resolved_at="2023-07-02") == {"a": OPEN_CASE}  # 365 days before 1 July
    assert of_case(made, **long_ago, status="solved", resolved_at="2023-07-01") == {}
    assert of_case(made, **long_ago) == {"a": OPEN_CASE}


def of_scores(made: Make, *scores: tuple[str, float], measure: str = "nps", scale: tuple[int, int] = (0, 10)) -> dict[str, str]:
    return at_risk(made(surveys=frame([Answer("a", datetime.fromisoformat(at), score) for at, score in scores], measure, scale)))


def test_a_last_score_among_the_worst_is_a_risk(made: Make) -> None:
    assert of_scores(made, ("2024-06-01", 6)) == {"a": LOW_SCORE}
    assert of_scores(made, ("2024-06-01", 7)) == {}
    assert of_scores(made, ("2024-06-01", 2), measure="csat", scale=(1, 5)) == {"a": LOW_SCORE}
    assert of_scores(made, ("2024-06-01", 3), measure="csat", scale=(1, 5)) == {}
    assert of_scores(made, ("2024-06-01", 1), measure="attitude", scale=(1, 4)) == {}


def test_a_better_score_later_takes_a_customer_off(made: Make) -> None:
    assert of_scores(made, ("2024-06-01", 0), ("2024-06-02", 9)) == {}
    assert of_scores(made, ("2024-06-01", 9), ("2024-06-02", 0)) == {"a": LOW_SCORE}
    assert of_scores(made, ("2024-06-01T20:00", 0), ("2024-06-01T08:00", 9)) == {}  # the later row of the day


def test_a_score_of_another_measure_counts_as_well(made: Make) -> None:
    first, last = frame([Answer("a", datetime(2024, 6, 1), 0)]), frame([Answer("a", datetime(2024, 6, 2), 5)], "csat", (1, 5))
    assert at_risk(made(surveys=pd.concat([first, last.assign(row_no=2)]))) == {}


def test_an_nps_off_its_scale_tells_nothing(made: Make) -> None:
    """5 of 5 is no detractor."""
    assert of_scores(made, ("2024-06-01", 5), scale=(1, 5)) == {}


@pytest.mark.parametrize("order", [1, -1])
def test_of_several_scores_in_a_row_the_low_one_counts(made: Make, order: int) -> None:
    """A row of a file may hold NPS, CSAT and attitude: each is a response of that row. Attitude and an NPS off its scale tell nothing."""

    def row(measure: str, scale: tuple[int, int], score: float) -> pd.DataFrame:
        return frame([Answer("a", datetime(2024, 6, 1), score)], measure, scale)

    nps, attitude = row("nps", (0, 10), 3), row("attitude", (1, 4), 1)
    found = watched(made(surveys=pd.concat([nps, attitude, row("csat", (1, 5), 5)][::order]))).loc["a"]
    assert (found["risk"], found["last_score"], found["reason"]) == (LOW_SCORE, 3, "Scored 3 of 10 on 2024-06-01")
    found = watched(made(surveys=pd.concat([row("csat", (1, 5), 1), attitude, row("nps", (1, 5), 1)][::order]))).loc["a"]
    assert found["reason"] == "Scored 1 of 5 on 2024-06-01"
    assert at_risk(made(surveys=pd.concat([row("nps", (0, 10), 9), attitude][::order]))) == {}


def test_scores_older_than_a_year_do_not_count(made: Make) -> None:
    assert of_scores(made, ("2023-07-02", 0)) == {"a": LOW_SCORE}
    assert of_scores(made, ("2023-07-01", 0)) == {}


def test_followed_up_takes_off_until_something_new_happens(made: Make) -> None:
    ws = made(surveys=frame([Answer("a", datetime(2024, 6, 1, 12), 0)]), cases=desk(OPEN | {"customer_id": "b"}, OTHER))
    assert at_risk(ws) == {"a": LOW_SCORE, "b": OPEN_CASE}
    assert at_risk(ws, followed=(FollowUp("a", date(2024, 6, 1)),)) == {"b": OPEN_CASE}
    assert at_risk(ws, followed=(FollowUp("a", date(2024, 5, 31)), FollowUp("b", date(2024, 6, 19)))) == {"a": LOW_SCORE, "b": OPEN_CASE}
    assert at_risk(ws, followed=(FollowUp("a", date(2024, 6, 30)), FollowUp("b", date(2024, 6, 20)))) == {}
    assert at_risk(ws, followed=(FollowUp("a", date(2024, 5, 1)), FollowUp("a", date(2024, 6, 2)))) == {"b": OPEN_CASE}
    again = made(surveys=frame([Answer("a", datetime(2024, 6, 1), 0), Answer("a", datetime(2024, 6, 10), 1)]))
    assert at_risk(again, followed=(FollowUp("a", date(2024, 6, 5)),)) == {"a": LOW_SCORE}


def test_the_past_sees_nothing_of_later_events(made: Make) -> None:
    scores = frame([Answer("a", datetime(2024, 5, 1), 0), Answer("a", datetime(2024, 6, 1), 10), Answer("c", datetime(2024, 6, 1), 0)])
    ws = made(surveys=scores, cases=desk(OPEN | {"customer_id": "b", "resolved_at": "2024-06-25", "status": "solved"}, OTHER))
    assert at_risk(ws, date(2024, 5, 1)) == {}
    assert at_risk(ws, date(2024, 6, 1)) == {"a": LOW_SCORE}
    assert at_risk(ws, date(2024, 6, 21)) == {"b": OPEN_CASE, "c": LOW_SCORE}
    assert at_risk(ws, date(2024, 6, 25)) == {"b": OPEN_CASE, "c": LOW_SCORE}
    assert at_risk(ws, date(2024, 6, 26)) == {"c": LOW_SCORE}


@pytest.mark.parametrize("seed", range(4))
def test_risks_follow_the_rules_gone_through_one_by_one(made: Make, seed: int) -> None:
    rng = np.random.default_rng(seed)
    start = datetime(2023, 1, 1)

    def moment(days: int = 560) -> datetime:
        return start + timedelta(hours=int(rng.integers(24 * days)))

    answers = [Answer(f"c{rng.integers(40)}", moment(), int(rng.integers(11))) for _ in range(60)]
    rows: list[dict[str, object]] = []
    for _ in range(80):
        opened = moment()
        solved = None if rng.random() < 0.4 else opened + timedelta(hours=int(rng.integers(24 * 90)))
        contacts = None if rng.random() < 0.3 else int(rng.integers(1, 4))
        reopened = None if rng.random() < 0.2 else int(rng.integers(2))
        told = {"customer_id": f"c{rng.integers(40)}", "opened_at": opened, "resolved_at": solved}
        rows.append(told | {"count_contacts": contacts, "count_reopened": reopened, "status": "solved" if solved else "open"})
    followed = tuple(FollowUp(f"c{place}", moment(540).date()) for place in rng.integers(40, size=12))
    now, year = datetime(2024, 7, 1), datetime(2024, 7, 1) - timedelta(days=365)

    def has_passed(name: object, at: datetime) -> bool:
        """Something that a follow-up of the day or later has dealt with."""
        return any(one.customer_id == name and at.date() <= one.followed_on for one in followed)

    troubled = set()
    for row in rows:
        opened, solved = row["opened_at"], row["resolved_at"]
        is_open = solved is None or solved >= now  # type: ignore[operator]
        was_reopened = bool(row["count_reopened"]) and (opened if is_open else solved) >= year  # type: ignore[operator]
        contacts = row["count_contacts"]
        several = contacts >= 2 if contacts is not None else bool(row["count_reopened"])  # type: ignore[operator]
        if opened < now and (is_open or was_reopened) and several and not has_passed(row["customer_id"], opened):  # type: ignore[operator, arg-type]
            troubled.add(row["customer_id"])
    unhappy = set()
    for name in {one.customer for one in answers}:
        own = sorted((one for one in answers if one.customer == name and year <= one.at < now), key=lambda one: one.at.date())
        if own and own[-1].score <= 6 and not has_passed(name, own[-1].at):
            unhappy.add(name)
    wanted = {name: BOTH if name in troubled & unhappy else OPEN_CASE if name in troubled else LOW_SCORE for name in troubled | unhappy}
    assert set(wanted.values()) == {BOTH, OPEN_CASE, LOW_SCORE}
    assert at_risk(made(surveys=frame(answers), cases=desk(*rows)), AS_OF, followed) == wanted


def test_value_is_weighed_up_by_reach(made: Make) -> None:
    """90 × (1 + log10(1 + 99)) is more than 200."""
    cases = [OPEN | {"customer_id": name, "public_reach": reach} for name, reach in (("a", None), ("b", 99), ("c", 0), ("d", None))]
    bought = lines(("a", "1", "2024-05-01", 200), ("b", "2", "2024-05-01", 90), ("c", "3", "2023-06-30", 500), ("d", "4", "2024-05-01", -5))
    found = watched(made(cases=desk(*cases), order_lines=bought))
    assert found["value_at_stake"].to_dict() == {"a": 200, "b": 90, "c": 0, "d": 0}
    assert found["priority"].to_dict() == pytest.approx({"a": 200, "b": 90 * (1 + log10(100)), "c": 0, "d": 0})
    assert pd.isna(found.loc["a", "public_reach"])
    assert set(found.columns) == set(COLUMNS) - {"customer_id"}


def test_the_value_is_that_of_the_last_year_before_the_day_looked_from(made: Make) -> None:
    bought = lines(("a", "1", "2023-06-30", 1), ("a", "2", "2023-07-01", 2), ("a", "3", "2024-06-30", 4), ("a", "4", "2024-07-01", 8))
    assert watched(made(cases=desk(OPEN), order_lines=bought)).loc["a", "value_at_stake"] == 6


def test_without_sales_nothing_is_at_stake_and_reach_ranks(made: Make) -> None:
    ws = made(cases=desk(OPEN, OPEN | {"customer_id": "b", "public_reach": 99}))
    found = watched(ws)
    assert found["value_at_stake"].tolist() == [0, 0]
    assert watched(ws, value="clv")["priority"].to_dict() == {"a": 1, "b": 3}


def test_the_forecast_can_be_what_is_at_stake(made: Make) -> None:
    from crm_core.analytics.clv import forecast

    ws = made(
        order_lines=shop.order_lines(),
        cases=desk({"customer_id": "c001", "opened_at": "2023-12-01", "status": "open", "count_contacts": 3}),
    )
    worth = ws.execute(forecast.customers(ws, forecast.choose(ws, BUYERS_AS_OF))).set_index("customer_id")["clv"]
    assert watched(ws, BUYERS_AS_OF, value="clv").loc["c001", "value_at_stake"] == pytest.approx(worth["c001"])


def reason(made: Make, cases: list[dict[str, object]], scores: list[tuple[str, float]] = [], **how: object) -> str:  # noqa: B006
    tables = {"cases": desk(*cases, OTHER)} if cases else {}
    if scores:
        tables["surveys"] = frame([Answer("a", datetime.fromisoformat(at), score) for at, score in scores])
    return str(watched(made(**tables), **how).loc["a", "reason"])


def test_the_reason_is_told_in_words(made: Make) -> None:
    late = OPEN | {"due_at": "2024-06-21", "topic": "Delivery"}
    assert reason(made, [OPEN]) == "2 contacts (case 1), open for 10 days"
    assert reason(made, [OPEN | {"topic": "Delivery"}]) == "2 contacts about Delivery (case 1), open for 10 days"
    assert reason(made, [OPEN | {"opened_at": "2024-06-29 23:00"}]) == "2 contacts (case 1), open for 1 day"
    assert reason(made, [late]) == "2 contacts about Delivery (case 1), open for 10 days, past the agreed time"
    assert reason(made, [OPEN | {"due_at": "2024-07-02"}]) == "2 contacts (case 1), open for 10 days"
    assert reason(made, [late, OPEN, OPEN]).endswith("past the agreed time, and 2 more")
    assert reason(made, [OPEN | {"count_contacts": None, "count_reopened": 1}]) == "Reopened (case 1), open for 10 days"
    solved = OPEN | {"count_reopened": 2, "resolved_at": "2024-06-25", "status": "solved"}
    assert reason(made, [solved]) == "2 contacts (case 1), reopened and solved again"
    assert reason(made, [OPEN | {"opened_at": "2024-06-30 12:00"}]) == "2 contacts (case 1), open for less than a day"
    said = OPEN | {"due_at": None, "is_within_sla": False}  # the data tells a miss of an open case
    assert reason(made, [said]).endswith(", past the agreed time")
    assert reason(made, [], [("2024-06-03", 3)]) == "Scored 3 of 10 on 2024-06-03"
    assert reason(made, [], [("2024-06-03", 2.5)]) == "Scored 2.5 of 10 on 2024-06-03"
    assert reason(made, [OPEN], [("2024-06-03", 3)]) == "2 contacts (case 1), open for 10 days; scored 3 of 10 on 2024-06-03"


def test_the_agreed_time_may_be_one_for_all(made: Make) -> None:
    assert reason(made, [OPEN], agreement=Agreement((Limit(24),))).endswith(", past the agreed time")
    assert not reason(made, [OPEN], agreement=Agreement((Limit(24 * 30),))).endswith(", past the agreed time")


def test_of_several_cases_the_one_open_longest_is_told_whole(made: Make) -> None:
    """Nothing of it is filled up from another one."""
    first = {"opened_at": "2024-06-01", "status": "open", "count_reopened": 1}
    second = OPEN | {"topic": "Delivery", "public_reach": 5_000, "count_reopened": 0}
    solved = OPEN | {"opened_at": "2024-05-01", "resolved_at": "2024-05-02", "count_reopened": 3, "status": "solved", "topic": "Price"}
    row = watched(made(cases=desk(second, first, solved))).loc["a"]
    assert (row["case_id"], row["days_open"], row["count_reopened"]) == ("2", 30, 1)
    assert pd.isna(row["topic"])
    assert pd.isna(row["count_contacts"])
    assert row["public_reach"] == 5_000  # of whichever case reaches most


@pytest.mark.parametrize("seed", range(3))
def test_of_cases_opened_at_once_one_is_told_whatever_the_order_of_rows(made: Make, seed: int) -> None:
    rows = [OPEN | {"case_id": f"{place:03}", "topic": f"T{place:03}", "count_contacts": 2 + place} for place in range(200)]
    row = watched(made(cases=desk(*rows).sample(frac=1, random_state=seed))).loc["a"]
    assert (row["case_id"], row["topic"], row["count_contacts"]) == ("000", "T000", 2)


def test_the_comment_is_that_of_the_last_response(made: Make) -> None:
    answers = [Answer("a", datetime(2024, 5, 1), 2), Answer("a", datetime(2024, 6, 1), 1)]
    found = watched(made(surveys=frame(answers, comment=["slow", None]))).loc["a"]
    assert pd.isna(found["comment"])
    assert found["last_score"] == 1
    assert watched(made(surveys=frame(answers, comment=[None, "late"]))).loc["a", "comment"] == "late"


#: A constellation for each next step, the first that holds before those after it.
CONSTELLATIONS: tuple[tuple[list[dict[str, object]], list[tuple[str, float]]], ...] = (
    ([OPEN | {"public_reach": 1_000, "due_at": "2024-06-21", "count_reopened": 1}], [("2024-06-03", 3)]),
    ([OPEN | {"public_reach": 999, "due_at": "2024-06-21", "count_reopened": 1}], [("2024-06-03", 3)]),
    ([OPEN | {"count_reopened": 1}], [("2024-06-03", 3)]),
    ([OPEN], [("2024-06-03", 3)]),
    ([OPEN], []),
    ([], [("2024-06-03", 3)]),
)


def test_each_next_step_has_its_constellation(made: Make) -> None:
    found = []
    for cases, scores in CONSTELLATIONS:
        surveys = frame(
            [
                Answer(name, datetime.fromisoformat(at), score)
                for name, at, score in [("a", *one) for one in scores] + [("zz", "2024-01-01", 9)]
            ]
        )
        found.append(watched(made(cases=desk(*cases, OTHER), surveys=surveys)).loc["a", "next_step"])
    assert found == [step.text for step in STEPS]


def test_nobody_is_on_the_list_without_a_next_step(made: Make) -> None:
    for cases, scores in CONSTELLATIONS:
        tables = {"cases": desk(*cases, OTHER)} if cases else {}
        tables |= {"surveys": frame([Answer("a", datetime.fromisoformat(at), score) for at, score in scores])} if scores else {}
        found = watched(made(**tables))
        assert found["next_step"].notna().all()
        assert found["reason"].notna().all()


@pytest.fixture
def three(made: Make) -> Workspace:
    """a with both, b with a case that reaches many, c with a score."""
    return made(
        surveys=frame([Answer("a", datetime(2024, 6, 3), 3), Answer("c", datetime(2024, 6, 4), 0)], comment=["too late", None]),
        cases=desk(OPEN | {"topic": "Delivery"}, OPEN | {"customer_id": "b", "public_reach": 2_000}, OTHER),
        order_lines=lines(("a", "1", "2024-05-01", 10), ("b", "2", "2024-05-02", 20), ("c", "3", "2024-05-03", 40)),
        customers=pd.DataFrame({"customer_id": ["a", "b", "c"], "name": ["Ann", "Bo", None]}),
    )


def test_the_sums_are_those_of_the_list(three: Workspace) -> None:
    found = summary(three, AS_OF)
    assert (found.customers, found.value, found.open_case, found.low_score, found.both, found.public) == (3, 70, 1, 1, 1, 1)
    nobody = summary(three, AS_OF, shown=ibis.memtable({"customer_id": ["x"]}))
    assert (nobody.customers, nobody.value, nobody.both) == (0, 0, 0)


def test_only_the_customers_shown_are_listed(three: Workspace) -> None:
    assert list(watched(three, shown=ibis.memtable({"customer_id": ["b", "x"]})).index) == ["b"]


def test_the_list_names_customers(three: Workspace) -> None:
    found = three.execute(listed(three, AS_OF))
    assert list(found.columns)[:2] == ["customer_id", "name"]
    assert set(found["name"].dropna()) == {"Ann", "Bo"}


def test_of_one_customer_what_is_there_is_told(three: Workspace) -> None:
    assert watch.one(three, AS_OF, "net_sales", (), NO_AGREEMENT, "a")["comment"] == "too late"
    assert set(watch.one(three, AS_OF, "net_sales", (), NO_AGREEMENT, "c")) == {"reason", "next_step"}
    assert watch.one(three, AS_OF, "net_sales", (), NO_AGREEMENT, "zz") == {}


def test_the_story_is_told_in_order(made: Make) -> None:
    case = {"opened_at": "2024-05-02 09:00", "first_response_at": "2024-05-02 10:00", "resolved_at": "2024-07-02", "topic": "Delivery"}
    ws = made(
        surveys=frame([Answer("a", datetime(2024, 5, 3, 8), 3), Answer("b", datetime(2024, 5, 3), 9)], comment=["late", None]),
        cases=desk(case, OTHER),
        order_lines=lines(("a", "1", "2024-05-01 12:00", "1234.5"), ("a", "2", "2024-07-01", 8), ("b", "3", "2024-05-01", 1)),
    )
    found = story(ws, AS_OF, "a")
    assert list(zip(found["kind"], found["text"], strict=True)) == [
        ("order", "Order of 1,234.50"),
        ("case opened", "Case 1: Delivery, opened"),
        ("first response", "Case 1: Delivery, first response"),
        ("score", "NPS 3 of 10: late"),
    ]
    assert found["at"].is_monotonic_increasing
    assert set(found["kind"]) <= set(KINDS)
    assert story(ws, date(2024, 8, 1), "a")["kind"].tolist()[-2:] == ["order", "case solved"]
    assert story(ws, AS_OF, "a", most=1)["kind"].tolist() == ["score"]
    assert story(ws, AS_OF, "nobody").empty


def test_where_nobody_is_named_nobody_can_be_watched(made: Make, six: Workspace) -> None:
    nameless = made(surveys=frame([Answer(None, datetime(2024, 5, 1), 0)]), cases=desk(OPEN | {"customer_id": None}))
    for ws in (nameless, six):
        with pytest.raises(AnalysisError, match="Nobody to watch"):
            watch_list(ws, AS_OF)
