"""Drivers: known effects are found within their intervals, chance is not taken for one, and features are what was known at the response."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest
from scipy import optimize, special

from crm_core.analytics.satisfaction import driver_features, driver_model
from crm_core.analytics.satisfaction.driver_features import features, independent
from crm_core.analytics.satisfaction.drivers import COLUMNS, FIX_FIRST, KEEP_UP, LEAVE, WATCH, Drivers, drivers
from crm_core.mapping.build import build
from crm_core.mapping.suggest import suggest
from crm_core.sources.files import stage
from crm_core.sources.sample import sample_files
from crm_core.sources.staging import Staging
from crm_core.workspace import Workspace
from tests.workspaces import open_workspace

START, END = date(2023, 1, 1), date(2026, 1, 1)
Make = Callable[..., Workspace]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Make]:
    opened: list[Workspace] = []

    def make(**tables: pd.DataFrame) -> Workspace:
        labels = {"attr_1": "Plan"} if "attr_1" in tables.get("customers", pd.DataFrame()) else {}
        opened.append(open_workspace(tmp_path / f"{len(opened)}.duckdb", labels=labels, **tables))
        return opened[-1]

    yield make
    for ws in opened:
        ws.close()


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The sample company, imported as suggested."""
    folder = tmp_path_factory.mktemp("sample")
    with Staging(folder) as staging:
        for file in sample_files():
            stage(staging, file)
        build(staging, suggest(staging).mapping, folder / "sample.duckdb", name="Sample", imported_at=datetime(2026, 1, 1))
    with Workspace.open(folder / "sample.duckdb") as ws:
        yield ws


def answers(score: np.ndarray, **columns: object) -> pd.DataFrame:
    """A response a customer, NPS, in the middle of 2024."""
    number = np.arange(len(score))
    frame = pd.DataFrame(
        {
            "response_id": number,
            "customer_id": [f"c{one:06}" for one in number],
            "responded_at": "2024-06-15 12:00:00",
            "measure": "nps",
            "score": score,
            "scale_min": 0,
            "scale_max": 10,
            "row_no": number,
        }
    )
    return frame.assign(**columns)


def drawn(count: int, seed: int, effect: float, second: float = 0.0) -> tuple[pd.DataFrame, pd.DataFrame, float]:
    """(responses, customers, true average effect of the touchpoint "Shop"), with a logistic model; the plan goes with the touchpoint."""
    random = np.random.default_rng(seed)
    shop = random.random(count) < 0.6
    club = random.random(count) < np.where(shop, 0.8, 0.3)
    others = -1.2 + second * club
    low = random.random(count) < special.expit(others + effect * shop)
    frame = answers(np.where(low, 3, 9), touchpoint=np.where(shop, "Shop", "Web"))
    people = pd.DataFrame({"customer_id": frame["customer_id"], "attr_1": np.where(club, "Club", "Free")})
    return frame, people, float((special.expit(others + effect) - special.expit(others)).mean())


def labelled(found: Drivers) -> pd.DataFrame:
    return found.table.set_index("label")


# -- the sample company ------------------------------------------------------------------------------------------------


def test_late_delivery_goes_most_with_low_nps(sample: Workspace) -> None:
    """As its truth has it: a late delivery costs 1.3 of satisfaction (data/README.md)."""
    found = drivers(sample, "nps", START, END)
    table = found.table
    first = table[table["is_clear"]].iloc[0]
    assert (first["label"], first["feature"], first["value"]) == ("Delivery: late", "delivery", "late")
    assert first["quadrant"] == FIX_FIRST
    assert table.iloc[0]["label"] == "Delivery: late"
    assert first["low"] > 20
    assert found.tells_apart
    assert 0 < found.explained < 1


def test_attributes_that_do_nothing_are_not_clear(sample: Workspace) -> None:
    """Country, region and sales representative have no part in the sample's satisfaction."""
    table = drivers(sample, "nps", START, END).table
    assert {"country", "region"} <= set(table["feature"])
    assert set(table.loc[table["is_clear"], "feature"]) <= {"delivery", "case", "case_topic"}


def test_cases_resolved_late_go_with_low_csat(sample: Workspace) -> None:
    """A case past its time costs 1.1 points of CSAT."""
    table = drivers(sample, "csat", START, END).table
    assert table.loc[table["is_clear"], "label"].tolist()[0] == "Case: resolved late"


def test_scores_fall_with_days_late(sample: Workspace) -> None:
    found = drivers(sample, "nps", START, END)
    assert found.lateness["step"].tolist()[:3] == ["on time", "1–2 days late", "3–7 days late"]
    shares = found.lateness["share_low"].tolist()
    assert shares[1] > 2 * shares[0]
    late = found.lateness[found.lateness["step"].str.endswith("late")]
    assert late["n"].sum() == labelled(found).loc["Delivery: late", "n"]


def test_the_same_question_has_the_same_answer(sample: Workspace) -> None:
    one, other = (pickle.loads(pickle.dumps(drivers(sample, "nps", START, END))) for _ in range(2))  # noqa: S301
    pd.testing.assert_frame_equal(one.table, other.table)
    assert (one.auc, one.auc_low, one.explained) == (other.auc, other.auc_low, other.explained)


# -- known truths ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_where_scores_are_random_no_driver_is_clear(made: Make, seed: int) -> None:
    random = np.random.default_rng(seed)
    frame = answers(random.choice([2, 7, 10], 1500), touchpoint=random.choice(list("abcdef"), 1500))
    people = pd.DataFrame({"customer_id": frame["customer_id"], "country": random.choice(list("uvwxyz"), 1500)})
    found = drivers(made(surveys=frame, customers=people), "nps", START, END)
    assert found.reason is None
    assert len(found.table) == 10
    assert not found.table["is_clear"].any()
    assert set(found.table["quadrant"]) <= {WATCH, LEAVE}
    assert np.isnan(found.important_from)
    assert not found.tells_apart


@pytest.mark.parametrize("effect", [-0.8, 0.5, 1.2])
def test_a_known_effect_is_within_its_interval(made: Make, effect: float) -> None:
    """Beside another driver that goes with it. An interval of 95 % misses once in twenty: of 12 draws at most 3 do, with a probability of 0.998."""
    met = 0
    for seed in range(12):
        frame, people, truth = drawn(3000, seed, effect, 0.9)
        row = labelled(drivers(made(surveys=frame, customers=people), "nps", START, END)).loc["Touchpoint: Shop"]
        met += row["low"] < 100 * truth < row["high"]
        assert row["is_clear"]
        assert np.sign(row["importance"]) == np.sign(effect)
    assert met >= 9


@pytest.mark.parametrize(("effect", "quadrant"), [(-1.0, KEEP_UP), (1.0, FIX_FIRST)])
def test_the_only_clear_driver_is_to_be_kept_up_or_fixed_first(made: Make, effect: float, quadrant: str) -> None:
    frame, people, _ = drawn(3000, 1, effect)
    found = drivers(made(surveys=frame, customers=people), "nps", START, END)
    assert labelled(found).loc["Touchpoint: Shop", "quadrant"] == quadrant
    assert found.important_from == pytest.approx(abs(labelled(found).loc["Touchpoint: Shop", "importance"]))
    assert set(labelled(found).drop("Touchpoint: Shop")["quadrant"]) <= {WATCH, LEAVE}


def test_a_driver_that_only_goes_along_has_no_effect_of_its_own(made: Make) -> None:
    """The touchpoint does nothing, but its customers are in the club, which does: the shares differ, the effect does not."""
    frame, people, _ = drawn(6000, 5, 0.0, 1.5)
    table = labelled(drivers(made(surveys=frame, customers=people), "nps", START, END))
    shop = table.loc["Touchpoint: Shop"]
    assert shop["share_low_with"] - shop["share_low_without"] > 0.1
    assert not shop["is_clear"]
    assert table.loc["Plan: Club", "is_clear"]


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    """Of 1,000 draws 930 to 970, with a probability of 0.995 where the intervals are right."""
    covered = 0
    for seed in range(1000):
        random = np.random.default_rng(seed)
        columns = (random.random((600, 3)) < (0.3, 0.5, 0.2)).astype(float)
        scores = columns @ [0.8, -0.4, 0.0] - 1.0
        low = random.random(600) < special.expit(scores)
        rest = scores - 0.8 * columns[:, 0]
        truth = float((special.expit(rest + 0.8) - special.expit(rest)).mean())
        found = driver_model.effects(driver_model.fit(columns, low), columns)
        covered += abs(found.effect[0] - truth) < 1.96 * found.error[0]
    assert 930 <= covered <= 970


# -- the model ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def observed() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(17)
    columns = (random.random((800, 4)) < (0.1, 0.3, 0.5, 0.7)).astype(float)
    return columns, random.random(800) < special.expit(columns @ [1.0, -1.0, 0.3, 0.0] - 0.5)


def test_coefficients_minimise_the_penalised_likelihood(observed: tuple[np.ndarray, np.ndarray]) -> None:
    columns, low = observed
    design, sign = np.column_stack([np.ones(len(columns)), columns]), np.where(low, 1, -1)

    def loss(b: np.ndarray) -> float:
        return float(np.logaddexp(0, -sign * (design @ b)).sum() + b[1:] @ b[1:] / 2)

    found = optimize.minimize(loss, np.zeros(5), method="BFGS", options={"gtol": 1e-8})
    assert driver_model.fit(columns, low) == pytest.approx(found.x, abs=1e-5)


def test_errors_are_those_of_derivatives_by_difference(observed: tuple[np.ndarray, np.ndarray]) -> None:
    columns, low = observed
    b = driver_model.fit(columns, low)

    def effect(at: np.ndarray) -> float:
        having, without = columns.copy(), columns.copy()
        having[:, 1], without[:, 1] = 1, 0
        return float((driver_model.predict(at, having) - driver_model.predict(at, without)).mean())

    def slope(at: np.ndarray) -> np.ndarray:
        design = np.column_stack([np.ones(len(columns)), columns])
        return design.T @ (driver_model.predict(at, columns) - low) + at * (np.arange(5) > 0)

    information = optimize.approx_fprime(b, slope, 1e-6)
    derivative = optimize.approx_fprime(b, effect, 1e-6)
    found = driver_model.effects(b, columns)
    assert found.effect[1] == pytest.approx(effect(b))
    assert found.error[1] == pytest.approx(np.sqrt(derivative @ np.linalg.inv(information) @ derivative), rel=1e-4)


def test_the_area_is_the_share_of_pairs_in_the_right_order() -> None:
    from sklearn.metrics import roc_auc_score

    random = np.random.default_rng(2)
    outcome = random.random(300) < 0.3
    chances = np.round(random.random(300) + 0.2 * outcome, 1)
    area, variance = driver_model.area(chances, outcome)
    assert area == pytest.approx(roc_auc_score(outcome, chances))
    again = [random.integers(0, 300, 300) for _ in range(800)]
    spread = np.std([roc_auc_score(outcome[one], chances[one]) for one in again])
    assert np.sqrt(variance) == pytest.approx(spread, rel=0.1)


def test_quality_is_that_of_responses_not_seen() -> None:
    """Many columns of chance fit what they saw, and tell nothing of the rest."""
    random = np.random.default_rng(4)
    columns = (random.random((300, 40)) < 0.5).astype(float)
    low = random.random(300) < 0.3
    seen, _ = driver_model.area(driver_model.predict(driver_model.fit(columns, low), columns), low)
    found = driver_model.quality(columns, low)
    assert seen > 0.65
    assert found.low < 0.5 < found.high
    assert found.explained == 0


def test_columns_that_others_add_up_to_are_dropped() -> None:
    one, other = np.array([1, 1, 0, 0, 0, 0.0]), np.array([0, 0, 1, 1, 0, 0.0])
    columns = np.column_stack([one, other, 1 - one - other, one + other, np.ones(6), one, [1, 0, 1, 0, 1, 0]])
    assert independent(columns) == [0, 1, 6]


# -- the features ------------------------------------------------------------------------------------------------------


def held(ws: Workspace) -> dict[str, list[int]]:
    """Which responses (by number) hold what, with any number of responses in and out."""
    found = features(ws, "nps", START, END)
    return {driver.label: np.flatnonzero(found.holds[:, place]).tolist() for place, driver in enumerate(found.drivers)}


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver_features, "LEAST_IN", 1)
    monkeypatch.setattr(driver_features, "LEAST_OUT", 1)


@pytest.mark.usefixtures("few")
def test_a_delivery_is_seen_as_on_the_day_of_the_response(made: Make) -> None:
    """On time, a day late, eight days late, late but delivered after the response, delivered and due after it, and no delivery."""
    orders = pd.DataFrame(
        {
            "customer_id": [f"c{one:06}" for one in range(6)],
            "order_id": list("abcdef"),
            "promised_on": ["2024-06-05"] * 4 + ["2024-06-20", None],
            "delivered_on": ["2024-06-05", "2024-06-06", "2024-06-13", "2024-06-25", "2024-06-25", None],
        }
    )
    ws = made(surveys=answers(np.arange(6), order_id=list("abcdef")), orders=orders)
    assert features(ws, "nps", START, END).rows["step"].fillna("").tolist() == [
        "on time",
        "1–2 days late",
        "more than 7 days late",
        "not delivered yet",
        "",
        "",
    ]
    assert held(ws) == {"Delivery: late": [1, 2], "Delivery: not delivered yet": [3]}


@pytest.mark.usefixtures("few")
def test_an_order_id_shared_by_customers_is_each_ones_own(made: Make) -> None:
    orders = pd.DataFrame({"customer_id": ["c000000", "c000001"], "order_id": ["1", "1"], "channel": ["App", "Web"]})
    ws = made(surveys=answers(np.arange(3), order_id=["1", "1", "1"]), orders=orders)
    assert held(ws) == {"Sales channel: App": [0], "Sales channel: Web": [1]}


@pytest.mark.usefixtures("few")
def test_a_response_has_the_latest_case_before_it(made: Make) -> None:
    """Of the customer and the 90 days before, or of its order however long ago; never one opened later."""
    cases = pd.DataFrame(
        [
            ("1", "c000000", None, "2024-06-01", "2024-06-02", "2024-06-05", "Price", 0),
            ("2", "c000000", None, "2024-06-10", "2024-06-14", "2024-06-12", "Taste", 1),
            ("3", "c000001", None, "2024-03-16", "2024-03-17", None, "Price", 0),
            ("4", "c000002", None, "2024-06-16", None, None, "Price", 0),
            ("5", "c000003", "o", "2023-06-01", "2023-06-01", None, "Parcel", 0),
            ("6", "c000004", None, "2024-06-14", "2024-06-20", "2024-06-15", "Parcel", 0),
            ("7", "c000005", None, "2024-06-14", None, None, None, 0),
        ],
        columns=["case_id", "customer_id", "order_id", "opened_at", "resolved_at", "due_at", "topic", "count_reopened"],
    )
    frame = answers(np.arange(6), order_id=[None, None, None, "o", None, None])
    assert held(made(surveys=frame, cases=cases)) == {
        "Case: opened": [5],
        "Case: resolved late": [0],
        "Case: still open": [4, 5],
        "Case topic: Parcel": [3, 4],
    }  # reopened and Taste say what resolved late says


@pytest.mark.usefixtures("few")
def test_a_case_is_late_as_the_data_says_before_its_due_time(made: Make) -> None:
    """The clock of the first one stood still for a while, and the second was closed at a time that nobody noted."""
    cases = pd.DataFrame(
        [
            ("1", "c000000", "2024-06-14", "closed", "2024-06-05", True),
            ("2", "c000001", None, "closed", None, None),
            ("3", "c000002", "2024-06-14", "closed", "2024-06-05", None),
            ("4", "c000003", "2024-06-14", "closed", "2024-06-25", False),
            ("5", "c000004", None, "new", None, None),
        ],
        columns=["case_id", "customer_id", "resolved_at", "status", "due_at", "is_within_sla"],
    )
    ws = made(surveys=answers(np.arange(6)), cases=cases.assign(opened_at="2024-06-01"))
    assert held(ws) == {"Case: opened": [0, 1, 2, 3, 4], "Case: resolved late": [2, 3], "Case: still open": [4]}


@pytest.mark.usefixtures("few")
def test_an_order_of_several_categories_has_each_of_them(made: Make) -> None:
    lines = pd.DataFrame(
        [("c000000", "a", "Tea", 1), ("c000000", "a", "Cups", 2), ("c000001", "b", "Cups", 1), ("c000002", "c", "Tea", -1)],
        columns=["customer_id", "order_id", "category", "quantity"],
    ).assign(line_at="2024-06-01", net_amount=1)
    ws = made(surveys=answers(np.arange(3), order_id=["a", "b", "c"]), order_lines=lines)
    assert held(ws) == {"Product category: Cups": [0, 1], "Product category: Tea": [0]}


@pytest.mark.usefixtures("few")
def test_the_most_frequent_values_of_a_feature_are_taken(made: Make) -> None:
    names = [f"t{one:02}" for one in range(20) for _ in range(1 + (one < 12))]
    assert list(held(made(surveys=answers(np.arange(len(names)) % 11, touchpoint=names)))) == [
        f"Touchpoint: t{one:02}" for one in range(12)
    ]


def test_at_most_forty_columns_those_with_most_in_and_out(made: Make) -> None:
    random = np.random.default_rng(1)
    people = pd.DataFrame({f"attr_{one}": random.choice(list("abcdefghijkl"), 2000) for one in range(1, 6)})
    frame = answers(random.integers(0, 11, 2000))
    labels = {f"attr_{one}": f"Field {one}" for one in range(1, 6)}
    people["customer_id"] = frame["customer_id"]
    ws = made(surveys=frame, customers=people)
    object.__setattr__(ws.meta, "labels", labels)
    found = features(ws, "nps", START, END)
    assert found.holds.shape == (2000, driver_features.MOST_COLUMNS)


def test_what_few_hold_or_lack_is_no_driver(made: Make) -> None:
    touchpoint = ["rare"] * 29 + ["enough"] * 30 + ["most"] * 141
    found = drivers(made(surveys=answers(np.arange(200) % 11, touchpoint=touchpoint)), "nps", START, END)
    assert sorted(found.table["value"]) == ["enough", "most"]


def test_of_many_responses_a_sample_is_looked_at(made: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver_features, "SAMPLE", 700)
    frame, people, _ = drawn(1000, 3, 1.0)
    found = drivers(made(surveys=frame, customers=people), "nps", START, END)
    assert (found.n, found.n_used, found.is_sample) == (1000, 700, True)
    turned = frame.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(found.table, drivers(made(surveys=turned, customers=people), "nps", START, END).table)


def test_only_the_customers_shown_count(made: Make) -> None:
    frame, people, _ = drawn(1000, 3, 1.0)
    shown = ibis.memtable({"customer_id": frame["customer_id"][:400].tolist()})
    part = drivers(made(surveys=frame, customers=people), "nps", START, END, shown)
    assert part.n == 400
    pd.testing.assert_frame_equal(part.table, drivers(made(surveys=frame[:400], customers=people), "nps", START, END).table)


# -- no answer ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("score", "touchpoint", "reason"),
    [
        (np.arange(99) % 11, None, "To look for what goes with low scores takes 100 responses; there are 99."),
        (np.r_[np.zeros(19), np.full(200, 9)], None, "To look for what goes with low scores takes 20 low ones; there are 19."),
        (np.r_[np.zeros(200), np.full(19, 9)], None, "To look for what goes with low scores takes 20 other ones; there are 19."),
        (np.arange(300) % 11, "always", "There is nothing to compare"),
        (np.zeros(0), None, "To look for what goes with low scores takes 100 responses; there are 0."),
    ],
)
def test_why_there_is_no_answer_is_said(made: Make, score: np.ndarray, touchpoint: str | None, reason: str) -> None:
    alone = answers(np.r_[score, 5], touchpoint=touchpoint)
    alone.loc[len(score), "responded_at"] = "2019-01-01"
    found = drivers(made(surveys=alone), "nps", START, END)
    assert found.reason is not None
    assert found.reason.startswith(reason)
    assert found.table.empty
    assert list(found.table.columns) == list(COLUMNS)
    assert (found.n, found.tells_apart) == (len(score), False)
    assert np.isnan(found.auc)
