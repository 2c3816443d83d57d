"""Shares, classes and curve: by hand, against the definitions computed the slow way, and at the edges."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import ibis
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.analytics import pareto
from crm_core.analytics.distribution import basics, boundary, cumulated, gini, value_of_best
from crm_core.analytics.pareto import CLASS_A_SHARE
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace
from tests.crm_core.analytics import naive
from tests.workspaces import SIX_AS_OF, lines, open_workspace

ties = st.integers(-2, 5).map(lambda units: Decimal(units) / 4)
spread_out = st.decimals(-50, 1_000_000, places=4)
values = st.one_of(
    st.lists(ties, min_size=1, max_size=60), st.lists(spread_out, min_size=1, max_size=30), st.lists(ties, min_size=1, max_size=6)
)


def named(amounts: list[Decimal]) -> dict[str, Decimal]:
    """Amounts under ids whose byte order is neither that of the list nor that of a dictionary of people ("Z" < "a" < "é")."""
    return {f"{'Zaé'[place % 3]}{place * 7 % 60:02d}": amount for place, amount in enumerate(amounts)}


def spread(customers: dict[str, Decimal]) -> ibis.Table:
    table = pa.table({"customer_id": list(customers), "value": pa.array(list(customers.values()), pa.decimal128(38, 4))})
    return cumulated(ibis.memtable(table))


def found_classes(ws: Workspace, as_of: date) -> dict[str, str | None]:
    table = ws.execute(pareto.classes(ws, as_of))
    return {one: None if pd.isna(name) else name for one, name in zip(table["customer_id"], table["value_class"], strict=True)}


def sold(customers: dict[str, Decimal]) -> pd.DataFrame:
    return lines(*((one, one, "2024-01-01", str(amount)) for one, amount in customers.items()))


def test_six_customers_by_hand(six: Workspace) -> None:
    found = pareto.summary(six, SIX_AS_OF)
    assert (found.customers, found.total, found.is_defined) == (6, 425, True)
    assert (found.top20_share, found.vital_few_share, found.vital_few_customers) == (300 / 425, 0.5, 3)
    assert (found.class_a, found.class_b, found.class_c) == (3, 1, 2)
    assert found.gini == pytest.approx(2 * 1340 / (4 * 440) - 5 / 4)
    assert (found.peak_share, found.peak_customer_share) == (440 / 425, 4 / 6)
    assert (found.value_below_zero, found.customers_below_zero, found.positive) == (-15, 2, None)
    ranks = six.execute(pareto.customers(six, SIX_AS_OF)).set_index("customer_id")["rank"]
    assert ranks.to_dict() == {"a": 1, "b": 2, "c": 3, "e": 4, "f": 5, "d": 6}


@settings(max_examples=25)
@given(values)
def test_shares_follow_the_definitions(six: Workspace, amounts: list[Decimal]) -> None:
    customers = named(amounts)
    table = spread(customers)
    sums = basics(six, table)
    total = sum(customers.values())
    assert (sums.customers, sums.total) == (len(customers), total)
    if any(value > 0 for value in amounts):
        assert gini(sums) == pytest.approx(float(naive.gini(customers)))
    if total > 0:
        assert boundary(six, table, sums.total, CLASS_A_SHARE).count == naive.vital_few(customers)
        assert value_of_best(six, table, -(-len(customers) // 5)) / total == pytest.approx(Decimal(float(naive.top20_share(customers))))


@settings(max_examples=25)
@given(values)
def test_values_above_are_counted_exactly(six: Workspace, amounts: list[Decimal]) -> None:
    for row in six.execute(spread(named(amounts))).itertuples():
        larger = [amount for amount in amounts if amount > row.value]
        assert (row.customers, row.customers_above, row.value_above) == (amounts.count(row.value), len(larger), sum(larger))


@settings(max_examples=10)
@given(values)
def test_classes_split_ties_by_byte_order_of_the_id(tmp_path_factory: pytest.TempPathFactory, amounts: list[Decimal]) -> None:
    customers = named(amounts)
    with open_workspace(tmp_path_factory.mktemp("w") / "w.duckdb", order_lines=sold(customers)) as ws:
        assert found_classes(ws, ws.as_of) == naive.classes(customers)
        ranks = ws.execute(pareto.customers(ws, ws.as_of).order_by("rank"))
        assert ranks["customer_id"].tolist() == naive.ranked(customers)
        assert ranks["rank"].tolist() == list(range(1, len(customers) + 1))


@pytest.mark.parametrize(
    "ids", [["C00"], [f"C{number:05d}" for number in range(300)], [str(number) for number in range(300)], ["", "a", "aa", "aé", "aéa"]]
)
def test_equal_customers_are_ranked_by_their_ids_however_alike_these_are(tmp_path: Path, ids: list[str]) -> None:
    with open_workspace(tmp_path / "w.duckdb", order_lines=sold(dict.fromkeys(ids, Decimal(2)) | {"best": Decimal(3)})) as ws:
        ranks = ws.execute(pareto.customers(ws, ws.as_of)).set_index("customer_id")["rank"].to_dict()
    assert ranks == {one: place for place, one in enumerate(["best", *sorted(ids)], start=1)}


def test_equal_customers_are_split_where_the_share_is_reached(tmp_path: Path) -> None:
    with open_workspace(tmp_path / "w.duckdb", order_lines=sold({f"{place:02d}": Decimal("3.3") for place in range(20)})) as ws:
        found = pareto.summary(ws, ws.as_of)
        assert (found.class_a, found.class_b, found.class_c) == (16, 3, 1)
        assert (found.top20_share, found.vital_few_share, found.gini) == (pytest.approx(0.2), 0.8, 0)


def test_of_a_hundred_equal_customers_80_are_in_a_and_15_in_b(tmp_path: Path) -> None:
    with open_workspace(tmp_path / "w.duckdb", order_lines=sold({f"{place:03d}": Decimal("0.07") for place in range(100)})) as ws:
        found = pareto.summary(ws, ws.as_of)
        assert (found.class_a, found.class_b, found.class_c, found.vital_few_customers) == (80, 15, 5, 80)


@pytest.mark.parametrize(("lost", "is_high"), [(-20, False), (-21, True)])
def test_a_peak_is_high_above_120_percent(tmp_path: Path, lost: int, is_high: bool) -> None:
    """120 of 100 is not above; 120 of 99 is."""
    with open_workspace(tmp_path / "w.duckdb", order_lines=sold({"a": Decimal(120), "b": Decimal(lost)})) as ws:
        assert (pareto.summary(ws, ws.as_of).positive is not None) == is_high


def test_with_a_total_of_zero_or_less_shares_are_undefined(tmp_path: Path) -> None:
    with open_workspace(tmp_path / "w.duckdb", order_lines=sold({"a": Decimal(5), "b": Decimal(3), "c": Decimal(-9)})) as ws:
        found = pareto.summary(ws, ws.as_of)
        undefined = (found.top20_share, found.vital_few_share, found.class_a, found.class_b, found.class_c, found.peak_share)
        assert undefined == (None,) * 6
        assert not found.is_defined
        assert found.gini == pytest.approx(5 / 8 - 1 / 2)
        assert found.positive is not None
        assert (found.positive.customers, found.positive.total, found.positive.vital_few_customers) == (2, 8, 2)
        assert set(found_classes(ws, ws.as_of).values()) == {None}
        assert pareto.curve(ws, ws.as_of).empty


def test_a_high_peak_gives_the_shares_on_positive_value_as_well(tmp_path: Path) -> None:
    rows = sold({"a": Decimal(90), "b": Decimal(10), "c": Decimal(-30)})
    with open_workspace(tmp_path / "w.duckdb", order_lines=rows) as ws:
        found = pareto.summary(ws, ws.as_of)
        assert found.peak_share == 100 / 70
        assert found.positive == pareto.Concentration(2, 100, 0.9, 0.5, 1)


def test_the_curve_runs_from_nothing_to_everything_over_its_peak(six: Workspace) -> None:
    curve = pareto.curve(six, SIX_AS_OF)
    assert curve.iloc[0].tolist() == [0, 0]
    assert curve.iloc[-1].tolist() == [1, 1]
    assert curve["value_share"].max() == 440 / 425
    assert curve.loc[curve["value_share"].idxmax(), "customer_share"] == 4 / 6


def test_a_long_curve_is_thinned_to_exact_points_that_bend_one_way(tmp_path: Path) -> None:
    amounts = {f"{place:04d}": Decimal(place * place % 1009) for place in range(2_000)}
    with open_workspace(tmp_path / "w.duckdb", order_lines=sold(amounts)) as ws:
        curve = pareto.curve(ws, ws.as_of, points=50)
    assert 40 <= len(curve) <= 53
    slopes = [(y1 - y0) / (x1 - x0) for (x0, y0), (x1, y1) in pairwise(curve.itertuples(index=False, name=None))]
    assert all(later <= earlier + 1e-9 for earlier, later in pairwise(slopes))
    ordered = sorted(amounts.values(), reverse=True)
    for share, value_share in curve.itertuples(index=False, name=None):
        assert value_share == pytest.approx(float(sum(ordered[: round(share * 2_000)]) / sum(ordered)))


def test_filters_show_the_curve_of_the_shown_and_the_classes_of_all(six: Workspace) -> None:
    shown = ibis.memtable({"customer_id": ["b", "e", "f"]})
    found = pareto.summary(six, SIX_AS_OF, shown=shown)
    assert (found.customers, found.total) == (3, 135)
    assert (found.class_a, found.class_b, found.class_c) == (1, 1, 1)
    assert found.top20_share == 100 / 135
    ranked = pareto.customers(six, SIX_AS_OF).semi_join(shown, "customer_id").order_by("rank")
    assert six.execute(ranked)["rank"].tolist() == [2, 4, 5]


def test_gross_profit_needs_costs_and_leaves_out_whom_it_is_unknown_of(six: Workspace, tmp_path: Path) -> None:
    with pytest.raises(AnalysisError, match="No gross profit"):
        pareto.summary(six, SIX_AS_OF, "gross_profit")
    rows = lines(
        ("a", "1", "2024-01-01", 10), ("a", "1", "2024-01-01", 10), ("b", "2", "2024-01-01", 10), (None, "3", "2024-01-01", 10)
    ).assign(cost_amount=[4, None, None, 1])
    with open_workspace(tmp_path / "w.duckdb", order_lines=rows) as ws:
        found = pareto.summary(ws, ws.as_of, "gross_profit")
        assert (found.customers, found.total) == (1, 6)
        assert pareto.lines_with_cost(ws, ws.as_of) == (1, 3)
        assert pareto.lines_with_cost(ws, ws.as_of, ibis.memtable({"customer_id": ["a"]})) == (1, 2)


def test_what_is_left_without_the_best(six: Workspace) -> None:
    found = pareto.without_best(six, SIX_AS_OF, count=2)
    assert found.best.values.tolist() == [["a", 200.0], ["b", 100.0]]
    assert (found.value_of_best, found.share, found.total_after) == (300, 300 / 425, 125)
    assert found.customers_to_replace == 10  # 300 / (125 / 4) = 9.6
    assert found.after == pareto.Concentration(4, 125, 0.8, 0.25, 1)


def test_without_everybody_nothing_is_left(six: Workspace) -> None:
    found = pareto.without_best(six, SIX_AS_OF, count=10)
    assert (len(found.best), found.total_after, found.customers_to_replace, found.after) == (6, 0, None, None)


def test_concentration_over_time_looks_back_the_same_length_each_time(tmp_path: Path) -> None:
    rows = lines(
        *(("a", f"a{month}", f"2023-{month:02d}-10", 10) for month in range(1, 13)),
        ("b", "b", "2023-11-20", 40),
        ("b", "c", "2023-01-01", 1),
    )
    with open_workspace(tmp_path / "w.duckdb", order_lines=rows) as ws:
        found = pareto.over_time(ws, date(2024, 1, 1), periods=12)
        assert found["look_back_days"].unique().tolist() == [182]
        assert found["as_of"].tolist() == [*(date(2023, month, 1) for month in range(8, 13)), date(2024, 1, 1)]
        assert found["customers"].tolist() == [1, 1, 1, 1, 2, 2]
        assert found["top20_share"].tolist()[-1] == pytest.approx(60 / 100)


def test_a_point_of_the_past_is_what_was_known_on_its_day(tmp_path: Path) -> None:
    """`a` returns in September, under the number of the order of June, nearly all of it."""
    rows = lines(
        ("b", "b", "2023-01-01", 10), ("a", "a", "2023-06-15", 100), ("a", "a", "2023-09-15", -95), ("b", "c", "2023-09-16", 10),
        (None, "d", "2023-06-20", 500),
    ).assign(cost_amount=[4, 10, None, None, 1])  # fmt: skip
    with open_workspace(tmp_path / "w.duckdb", order_lines=rows) as ws:
        found = pareto.over_time(ws, date(2023, 9, 30), periods=4).set_index("as_of")
        assert found["customers"].to_dict() == {date(2023, 6, 30): 1, date(2023, 7, 30): 1, date(2023, 8, 30): 1, date(2023, 9, 30): 2}
        assert found["top20_share"].tolist() == pytest.approx([1, 1, 1, 10 / 15])
        assert pareto.over_time(ws, date(2023, 9, 30), "gross_profit", periods=4)["top20_share"].tolist() == [1, 1, 1, 1]


def test_nobody_to_rank_is_said(six: Workspace) -> None:
    with pytest.raises(AnalysisError, match="No customers"):
        pareto.summary(six, date(2020, 1, 1))
    with pytest.raises(AnalysisError, match="No customers"):
        pareto.without_best(six, date(2020, 1, 1))
