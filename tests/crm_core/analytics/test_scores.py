"""Scores against the definitions, computed customer by customer."""

from __future__ import annotations

from decimal import Decimal

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.analytics import rfm
from crm_core.analytics.scores import RfmSettings, find_cut_points, scored
from crm_core.analytics.segment_table import SEGMENTS
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace
from tests.crm_core.analytics import naive
from tests.workspaces import SIX_AS_OF

few = st.integers(0, 6)
many_ties = st.tuples(few, st.integers(1, 5), st.integers(-3, 6).map(lambda cents: Decimal(cents) / 100))
spread_out = st.tuples(st.integers(0, 3_000), st.integers(1, 400), st.decimals(-1_000_000, 1_000_000, places=4))
customers = st.one_of(
    st.lists(many_ties, min_size=1, max_size=60),
    st.lists(spread_out, min_size=1, max_size=40),
    st.lists(many_ties, min_size=1, max_size=6),
    st.tuples(many_ties, st.integers(1, 30)).map(lambda same: [same[0]] * same[1]),
)


def score(ws: Workspace, rows: list[tuple[int, int, Decimal]], rules: RfmSettings = RfmSettings()) -> dict[str, list[int]]:
    days, orders, sales = (list(column) for column in zip(*rows, strict=True))
    table = pa.table(
        {
            "customer_id": [str(number) for number in range(len(rows))],
            "days_since_last_order": pa.array(days, pa.int64()),
            "count_orders": pa.array(orders, pa.int64()),
            "net_sales": pa.array(sales, pa.decimal128(38, 4)),
        }
    )
    measured = ibis.memtable(table)
    result = ws.execute(scored(measured, find_cut_points(ws, measured, rules), SEGMENTS))
    result = result.assign(place=result["customer_id"].astype(int)).sort_values("place")
    return {name: result[name].tolist() for name in ("r_score", "f_score", "m_score")}


@settings(max_examples=25)
@given(customers)
def test_scores_follow_the_definitions_whatever_the_ties(six: Workspace, rows: list[tuple[int, int, Decimal]]) -> None:
    found = score(six, rows)
    assert found["r_score"] == naive.r_scores([days for days, _, _ in rows])
    assert found["f_score"] == naive.f_scores([orders for _, orders, _ in rows])
    assert found["m_score"] == naive.quintile_scores([sales for _, _, sales in rows])


@settings(max_examples=25)
@given(customers)
def test_frequency_by_quintiles_follows_the_rule_of_money(six: Workspace, rows: list[tuple[int, int, Decimal]]) -> None:
    assert score(six, rows, RfmSettings(f_rule="quintiles"))["f_score"] == naive.quintile_scores([orders for _, orders, _ in rows])


@settings(max_examples=15)
@given(customers, st.randoms())
def test_the_order_of_rows_does_not_matter(six: Workspace, rows: list[tuple[int, int, Decimal]], random) -> None:  # type: ignore[no-untyped-def]
    places = list(range(len(rows)))
    random.shuffle(places)
    shuffled = score(six, [rows[place] for place in places])
    straight = score(six, rows)
    assert all(shuffled[name] == [straight[name][place] for place in places] for name in straight)


def test_equal_values_get_equal_scores(six: Workspace) -> None:
    found = score(six, [(10, 1, Decimal("5"))] * 7)
    assert {name: set(scores) for name, scores in found.items()} == {"r_score": {5}, "f_score": {1}, "m_score": {1}}


@pytest.mark.parametrize("n", [5, 10, 15, 35, 115])
def test_different_values_make_fifths_of_equal_size(six: Workspace, n: int) -> None:
    found = score(six, [(number, 1, Decimal(number)) for number in range(n)])
    assert all(found["m_score"].count(wanted) == found["r_score"].count(wanted) == n // 5 for wanted in (1, 2, 3, 4, 5))


def test_cut_points_are_the_worst_values_that_got_the_score(six: Workspace) -> None:
    rows = [(days, 1 + days % 4, Decimal(100 - days)) for days in range(40)]
    table = ibis.memtable(
        {
            "days_since_last_order": [row[0] for row in rows],
            "count_orders": [row[1] for row in rows],
            "net_sales": pa.array([row[2] for row in rows], pa.decimal128(38, 4)).to_pylist(),
        }
    )
    cuts = find_cut_points(six, table.mutate(net_sales=table.net_sales.cast("decimal(38, 4)")), RfmSettings())
    assert cuts.r == {5: 7, 4: 15, 3: 23, 2: 31}
    assert cuts.m == {5: Decimal(93), 4: Decimal(85), 3: Decimal(77), 2: Decimal(69)}
    assert cuts.f == {2: 2, 3: 3, 4: 4, 5: None}  # a third has 2, 3, 4 orders: nobody has more than three quarters below
    assert [cuts.r_score(days) for days in (0, 7, 8, 31, 32, 9_999)] == [5, 5, 4, 2, 1, 1]
    assert [cuts.m_score(Decimal(amount)) for amount in ("-5", "69", "92.9999", "93", "1000000")] == [1, 2, 4, 5, 5]
    assert [cuts.f_score(orders) for orders in (1, 2, 3, 4, 100)] == [1, 2, 3, 4, 4]


@pytest.mark.parametrize("orders", [[1, 1], [1, 3, 5], [4]])
def test_two_orders_are_worth_a_2_also_where_nobody_has_two(six: Workspace, orders: list[int]) -> None:
    """The rule gives any repeat customer at least 2, and cut points hold for values not seen before."""
    table = ibis.memtable({"days_since_last_order": orders, "count_orders": orders, "net_sales": orders})
    cuts = find_cut_points(six, table.mutate(net_sales=table.net_sales.cast("decimal(38, 4)")), RfmSettings())
    assert (cuts.f[2], cuts.f_score(1), cuts.f_score(2)) == (2, 1, 2)


def test_typed_cut_points_replace_the_rule(six: Workspace) -> None:
    rules = RfmSettings(cuts_r=(30, 60, 90, 120), cuts_f=(2, 4, 6, 8), cuts_m=(10, 20.5, 30, 40))
    rows = [
        (30, 1, Decimal("9.9999")),
        (31, 2, Decimal("10")),
        (90, 5, Decimal("20.5")),
        (120, 8, Decimal("39.99")),
        (121, 7, Decimal("40")),
    ]
    found = score(six, rows, rules)
    assert rfm.cut_points(six, SIX_AS_OF, rules).r == {5: 30, 4: 60, 3: 90, 2: 120}
    assert found == {"r_score": [5, 4, 3, 2, 1], "f_score": [1, 2, 3, 5, 4], "m_score": [1, 2, 3, 4, 5]}


@pytest.mark.parametrize(
    "cuts",
    [
        (1.0, 2.0, 3.0),
        (1.0, 3.0, 2.0, 4.0),
        (1.0, 1.0, 2.0, 3.0),
        (1.0, 2.0, 3.0, float("inf")),
        (float("nan"), 2.0, 3.0, 4.0),
        (1.0, 2.0, 3.0, 1e15),
        (1.0, 2.00001, 3.0, 4.0),
    ],
)
def test_typed_cut_points_must_be_four_ascending_numbers(cuts: tuple[float, ...]) -> None:
    with pytest.raises(AnalysisError, match="cut points") as caught:
        RfmSettings(cuts_m=cuts, cuts_f=cuts)
    assert len(caught.value.problems) == 2


def test_the_largest_and_finest_cut_points_are_compared_exactly(six: Workspace) -> None:
    rules = RfmSettings(cuts_m=(-0.0001, 0.0001, 33.3333, 999_999_999_999_999.0))
    amounts = ["-0.0002", "-0.0001", "0.0001", "33.3333", "999999999999999"]
    assert score(six, [(1, 1, Decimal(amount)) for amount in amounts], rules)["m_score"] == [1, 2, 3, 4, 5]
