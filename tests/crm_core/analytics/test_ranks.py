"""Order statistics against sorting."""

from __future__ import annotations

import statistics
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import ceil

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.analytics import ranks
from crm_core.analytics.ranks import bins, least_above, median
from crm_core.workspace import Workspace

FIFTHS = [Fraction(part, 5) for part in (1, 2, 3, 4)]
alike = st.integers(0, 40).map(lambda steps: 10**15 + Decimal(steps) / 10_000)  # one and the same as floating point
far_apart = [Decimal("-1e30"), Decimal("-0.0001"), Decimal(0), Decimal("0.0001"), Decimal("1e30")]
amounts = st.one_of(
    st.lists(st.integers(-3, 6).map(lambda cents: Decimal(cents) / 100), min_size=1, max_size=60),
    st.lists(st.decimals(-1_000_000, 1_000_000, places=4), min_size=1, max_size=60),
    st.lists(alike, min_size=1, max_size=40),
    st.lists(st.sampled_from(far_apart), min_size=1, max_size=12),
)
shares = st.lists(st.fractions(Fraction(1, 1_000), 1), min_size=1, max_size=4)


def column(values: list[Decimal | None]) -> ibis.expr.types.DecimalColumn:
    return ibis.memtable(pa.table({"amount": pa.array(values, pa.decimal128(38, 4))})).amount


def above(values: list[Decimal], share: Fraction) -> Decimal | None:
    """The slow way: sorted, and the first that is larger."""
    kth = sorted(values)[ceil(share * len(values)) - 1]
    return min((value for value in values if value > kth), default=None)


@settings(max_examples=25)
@given(amounts, shares)
def test_the_least_value_above_a_place_is_that_of_sorting(six: Workspace, values: list[Decimal], places: list[Fraction]) -> None:
    assert least_above(six, column([*values]), places) == {share: above(values, share) for share in places}


@settings(max_examples=10)
@given(amounts)
def test_bins_hold_every_value_once_and_those_asked_for_hold_one(six: Workspace, values: list[Decimal]) -> None:
    found = bins(six, column([*values]), FIFTHS)
    assert sum(one.count for one in found) == len(values)
    assert all(one.highest < other.lowest for one, other in pairwise(found))
    for one in found:
        inside = [value for value in values if one.lowest <= value <= one.highest]
        assert (one.count, one.lowest, one.highest) == (len(inside), min(inside), max(inside))
    for share in FIFTHS:
        kth = sorted(values)[ceil(share * len(values)) - 1]
        assert (kth, kth) in [(one.lowest, one.highest) for one in found]


@settings(max_examples=15)
@given(amounts)
def test_the_median_is_that_of_sorting(six: Workspace, values: list[Decimal]) -> None:
    assert median(six, column([*values])) == statistics.median(values)


def test_missing_values_do_not_count(six: Workspace) -> None:
    assert least_above(six, column([None, Decimal(1), None, Decimal(2), None]), [Fraction(1, 2)]) == {Fraction(1, 2): 2}


def test_without_values_there_is_none(six: Workspace) -> None:
    assert bins(six, column([None]), FIFTHS) == []
    assert median(six, column([None])) is None
    assert least_above(six, column([None]), FIFTHS) == dict.fromkeys(FIFTHS)


def test_answers_stay_small_however_close_values_lie(six: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand amounts within one bucket, told apart in parts of ten: no answer has more rows than parts of the bins that are cut."""
    seen: list[int] = []
    execute = six.execute

    def counted(expr: ibis.Expr) -> object:
        found = execute(expr)
        seen.append(len(found))
        return found

    monkeypatch.setattr(ranks, "PARTS", 10)
    monkeypatch.setattr(six, "execute", counted)
    values = [Decimal(100_000) + Decimal(number) / 10_000 for number in range(1_000)]
    assert least_above(six, column([*values]), FIFTHS) == {share: above(values, share) for share in FIFTHS}
    assert len(seen) > 2
    assert max(seen) <= 4 * 11
