"""Behavioural clusters: they find planted groups, whatever the order of rows, and say what they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from hashlib import md5
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.analytics import clusters, rfm
from crm_core.analytics.cluster_features import DEFAULT_FEATURES, FEATURES, features
from crm_core.analytics.cluster_words import names
from crm_core.analytics.clusters import ClusterSettings, cluster, cross_table, customers
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace
from tests.workspaces import lines, write

AS_OF = date(2025, 1, 1)
#: Days before as_of of the last order, orders, order value, days between orders, of three groups that nobody would mix up.
PLANTED = {"champions": (5, 30, 80.0, 12), "lapsed": (500, 2, 20.0, 30), "new": (10, 1, 15.0, 1)}
EACH = 60
SUGGESTED = ClusterSettings()


def digest(seed: int, customer_id: str) -> str:
    return md5(f"{seed} {customer_id}".encode(), usedforsecurity=False).hexdigest()


def planted_lines() -> pd.DataFrame:
    """Orders of three groups of customers, each customer a little off the group's habit."""
    random = np.random.default_rng(3)
    rows = []
    for group, (days, orders, value, gap) in PLANTED.items():
        for number in range(EACH):
            last = pd.Timestamp(AS_OF) - pd.Timedelta(days=int(days * random.uniform(0.8, 1.2)) + 1)
            for order in range(orders):
                day = last - pd.Timedelta(days=order * gap)
                amount = round(value * random.uniform(0.8, 1.2), 2)
                rows.append((f"{group}-{number}", f"{group}-{number}-{order}", day.date().isoformat(), amount))
    return lines(*rows)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Workspace]]:
    """Opens workspaces of such order lines and closes them in the end."""
    folder, all_opened = tmp_path_factory.mktemp("clusters"), []

    def open_one(frame: pd.DataFrame) -> Workspace:
        path: Path = folder / f"{len(all_opened)}.duckdb"
        all_opened.append(Workspace.open(write(path, order_lines=frame)))
        return all_opened[-1]

    yield open_one
    for ws in all_opened:
        ws.close()


@pytest.fixture(scope="module")
def planted(opened: Callable[..., Workspace]) -> Workspace:
    return opened(planted_lines())


def assigned(ws: Workspace, settings: ClusterSettings = SUGGESTED) -> pd.Series:
    return ws.execute(customers(ws, AS_OF, settings)).set_index("customer_id")["cluster"].sort_index()


def test_planted_groups_are_suggested_and_found(planted: Workspace) -> None:
    from sklearn.metrics import adjusted_rand_score

    result = cluster(planted, AS_OF)
    assert result.suggested == result.count == len(PLANTED)
    found = assigned(planted)
    assert adjusted_rand_score([one.split("-")[0] for one in found.index], found) > 0.99


def test_cluster_one_has_the_highest_average_sales(planted: Workspace) -> None:
    profile = cluster(planted, AS_OF).profile
    assert list(profile["cluster"]) == [1, 2, 3]
    assert profile["average_sales"].is_monotonic_decreasing
    assert assigned(planted)["champions-0"] == 1


def test_profile_counts_every_customer_once_and_adds_up(planted: Workspace) -> None:
    profile = cluster(planted, AS_OF).profile
    assert list(profile["customers"]) == [EACH] * 3
    assert profile["net_sales"].sum() == pytest.approx(planted_lines()["net_amount"].sum())
    assert profile["customer_share"].sum() == pytest.approx(1)
    assert profile["sales_share"].sum() == pytest.approx(1)


def test_profile_holds_the_medians_of_the_features(planted: Workspace) -> None:
    best = cluster(planted, AS_OF).profile.iloc[0]
    own = planted_lines().query("customer_id.str.startswith('champions')")
    average = own.groupby("customer_id")["net_amount"].mean().median()
    assert best["count_orders"] == 30
    assert best["average_order_value"] == pytest.approx(average)


def test_words_name_what_sets_a_cluster_apart(planted: Workspace) -> None:
    result = cluster(planted, AS_OF)
    everybody = result.profile["net_sales"].sum() / result.profile["customers"].sum()
    ratio = result.profile["average_sales"].iloc[0] / everybody
    assert "frequent" in result.words[1]
    assert result.words[1].endswith(f"{ratio:.1f} × the average sales")
    lapsed = assigned(planted)["lapsed-0"]
    assert "lapsed" in result.words[lapsed]


def test_the_order_of_rows_changes_nothing(planted: Workspace, opened: Callable[..., Workspace]) -> None:
    shuffled = opened(planted_lines().sample(frac=1, random_state=8))
    settings = ClusterSettings(count=5)
    pd.testing.assert_series_equal(assigned(planted, settings), assigned(shuffled, settings))
    pd.testing.assert_frame_equal(cluster(planted, AS_OF, settings).scatter, cluster(shuffled, AS_OF, settings).scatter)


def test_the_same_seed_gives_the_same_clusters(planted: Workspace, opened: Callable[..., Workspace]) -> None:
    again = opened(planted_lines())
    settings = ClusterSettings(count=6, seed=4)
    pd.testing.assert_series_equal(assigned(planted, settings), assigned(again, settings))


def test_another_seed_draws_another_sample(planted: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "SCATTER_CUSTOMERS", 20)
    drawn = [set(cluster(planted, AS_OF, ClusterSettings(3, seed)).scatter["customer_id"]) for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
    everybody = sorted(assigned(planted).index, key=lambda one: digest(1, one))
    assert drawn[2] == set(everybody[:20])


def test_the_count_can_be_chosen(planted: Workspace) -> None:
    result = cluster(planted, AS_OF, ClusterSettings(count=4))
    assert result.count == 4
    assert result.suggested == 3
    assert result.profile["customers"].gt(0).all()
    assert len(set(result.words.values())) == 4


def test_silhouettes_are_those_of_scikit_learn(planted: Workspace) -> None:
    from sklearn.metrics import silhouette_score

    settings = ClusterSettings(count=3)
    raw = planted.execute(features(planted, AS_OF, DEFAULT_FEATURES)).set_index("customer_id").sort_index()
    logs = np.log1p(raw[list(DEFAULT_FEATURES)])
    own = silhouette_score((logs - logs.mean()) / logs.std(ddof=0), assigned(planted, settings))
    silhouettes = cluster(planted, AS_OF, settings).silhouettes.set_index("count")["silhouette"]
    assert list(silhouettes.index) == list(range(2, 9))
    assert silhouettes[3] == pytest.approx(own, abs=1e-5)


def test_customers_are_assigned_as_scikit_learn_does(planted: Workspace) -> None:
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score

    raw = planted.execute(features(planted, AS_OF, DEFAULT_FEATURES)).set_index("customer_id")
    raw = raw.loc[sorted(raw.index, key=lambda one: digest(1, one))]  # the order of the sample
    logs = np.log1p(raw[list(DEFAULT_FEATURES)])
    own = KMeans(n_clusters=6, n_init=5, random_state=1).fit_predict(((logs - logs.mean()) / logs.std(ddof=0)).to_numpy())
    found = assigned(planted, ClusterSettings(count=6, seed=1)).loc[raw.index]
    assert adjusted_rand_score(own, found) == pytest.approx(1)


def test_those_shown_are_counted_and_the_clusters_stay(planted: Workspace) -> None:
    shown = customers(planted, AS_OF).filter(lambda t: t.customer_id.startswith("new")).select("customer_id")
    everybody, result = cluster(planted, AS_OF), cluster(planted, AS_OF, shown=shown)
    assert result.words == everybody.words
    assert result.profile["customers"].sum() == EACH == len(result.scatter)


def test_with_nobody_shown_the_clusters_are_named_and_empty(planted: Workspace) -> None:
    nobody = customers(planted, AS_OF).filter(lambda t: t.customer_id == "nobody").select("customer_id")
    result = cluster(planted, AS_OF, shown=nobody)
    assert result.profile["customers"].tolist() == [0, 0, 0]
    assert result.scatter.empty
    assert cross_table(planted, AS_OF, shown=nobody)["customers"].sum() == 0


def test_scatter_points_of_a_cluster_lie_together(planted: Workspace) -> None:
    scatter = cluster(planted, AS_OF).scatter
    middle = scatter.groupby("cluster")[["x", "y"]].transform("mean")
    inside = (scatter[["x", "y"]] - middle).pow(2).sum().sum()
    assert inside < 0.1 * (scatter[["x", "y"]] - scatter[["x", "y"]].mean()).pow(2).sum().sum()


def test_cross_table_counts_every_pair_and_all_customers(planted: Workspace) -> None:
    table = cross_table(planted, AS_OF)
    assert len(table) == 3 * len(rfm.RfmSettings().segments.names)
    segments = rfm.segments(planted, AS_OF).set_index("segment")["customers"]
    assert table.groupby("segment")["customers"].sum().to_dict() == segments.to_dict()


def test_features_of_one_customer_are_what_one_counts_by_hand(opened: Callable[..., Workspace]) -> None:
    ws = opened(
        lines(
            ("A", "1", "2024-12-02", 100.0, 2.0),
            ("A", "2", "2024-12-12", 60.0, 1.0),
            ("A", "2", "2024-12-12", -20.0, -1.0),
            ("A", "2", "2024-12-12", 20.0, 1.0),
            ("B", "3", "2024-12-27", 30.0, 1.0),
            ("B", "4", "2024-10-01", -6.0),
            ("B", "5", "2024-10-01", 2.0, -2.0),
        )
    )
    table = ws.execute(features(ws, AS_OF, tuple(FEATURES))).set_index("customer_id")
    assert table.loc["A", list(FEATURES)].tolist() == pytest.approx([20, 2, 80, 30, 10, 20 / 180])
    assert table.loc["B", list(FEATURES)].tolist() == pytest.approx([5, 1, 30, 5, 5, 4 / 30])  # an order of returns is no first one


def test_too_few_customers_are_told_so(opened: Callable[..., Workspace]) -> None:
    few = opened(lines(*((f"C{number}", f"{number}", "2024-05-05", 10.0 + number) for number in range(9))))
    with pytest.raises(AnalysisError, match="Too few customers") as caught:
        cluster(few, AS_OF)
    assert "9 customers" in caught.value.message
    assert caught.value.hint


def test_customers_who_are_all_alike_form_no_clusters(opened: Callable[..., Workspace]) -> None:
    alike = opened(lines(*((f"C{number}", f"{number}", "2024-05-05", 10.0 + number % 2) for number in range(50))))
    with pytest.raises(AnalysisError, match="Too few customers"):
        cluster(alike, AS_OF)


def test_where_the_silhouettes_see_no_difference_the_coarsest_grouping_is_suggested(
    opened: Callable[..., Workspace], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Silhouettes compare a part of the sample; few customers differ, and none of those is in that part."""
    digests = sorted((f"C{number}" for number in range(50)), key=lambda one: digest(0, one))
    monkeypatch.setattr(clusters, "SILHOUETTE_CUSTOMERS", 40)
    ws = opened(lines(*((one, one, "2024-05-05", 10.0 if place < 40 else 20.0 + place % 3) for place, one in enumerate(digests))))
    found = cluster(ws, AS_OF)
    assert (found.count, found.suggested, len(found.silhouettes)) == (2, 2, 0)


def test_more_clusters_than_different_customers_are_refused(opened: Callable[..., Workspace]) -> None:
    four_kinds = opened(lines(*((f"C{number}", f"{number}", "2024-05-05", 10.0 + number % 4) for number in range(50))))
    assert cluster(four_kinds, AS_OF, ClusterSettings(count=4)).count == 4
    with pytest.raises(AnalysisError, match="Too few customers"):
        cluster(four_kinds, AS_OF, ClusterSettings(count=5))


@pytest.mark.parametrize(
    "wrong", [{"count": 1}, {"count": 13}, {"features": ("count_orders",)}, {"features": ("count_orders", "shoe_size")}]
)
def test_impossible_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(AnalysisError):
        ClusterSettings(**wrong)  # type: ignore[arg-type]


@given(st.lists(st.tuples(*[st.floats(-3, 3)] * len(FEATURES)), min_size=2, max_size=12))
def test_names_are_never_the_same(centres: list[tuple[float, ...]]) -> None:
    found = names(centres, tuple(FEATURES))
    assert len(set(found)) == len(centres)
    assert all(found)


def test_the_most_telling_feature_stands_first() -> None:
    found = names([(0.6, 2.0, 0.1, 0.0), (-0.6, -0.7, 0.0, 0.0)], DEFAULT_FEATURES)
    assert found == ("very frequent, lapsed", "rare, recent")
