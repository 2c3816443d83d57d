"""Orders and totals against the definitions, computed line by line; laws that hold for any lines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.analytics.days import Period
from crm_core.analytics.orders import totals
from crm_core.analytics.overview import period_figures
from crm_core.workspace import Workspace
from tests.crm_core.analytics import naive
from tests.workspaces import lines, open_workspace

FIRST = datetime(2024, 2, 26)
moments = st.builds(
    lambda days, rest: FIRST + timedelta(days=days) + rest,
    st.integers(0, 6),
    st.sampled_from([timedelta(0), timedelta(hours=9), timedelta(days=1) - timedelta(microseconds=1)]),
)
amounts = st.one_of(st.sampled_from([0, 10, -10]).map(Decimal), st.decimals(-100, 100, places=4))
rows_of_lines = st.lists(
    st.tuples(
        st.sampled_from([None, "a", "B", "é", "007"]),
        st.sampled_from(["1", "2", "3"]),
        moments,
        amounts,
        st.sampled_from([None, -1, 0, 1, 2]),
        st.sampled_from([False, False, False, True]),
    ),
    min_size=1,
    max_size=25,
)


@contextmanager
def opened(tmp_path_factory: pytest.TempPathFactory, rows: list[naive.Line]) -> Iterator[Workspace]:
    frame = lines(*((customer, order, at.isoformat(sep=" "), str(amount), quantity) for customer, order, at, amount, quantity, _ in rows))
    path = tmp_path_factory.mktemp("w") / "w.duckdb"
    with open_workspace(path, order_lines=frame.assign(is_void=[row[-1] for row in rows])) as ws:
        yield ws


def day(value: object) -> date | None:
    return None if pd.isna(value) else pd.Timestamp(value).date()


@settings(max_examples=12)
@given(rows_of_lines, st.integers(1, 8), st.randoms())
def test_totals_follow_the_definitions_in_any_order_of_rows(
    tmp_path_factory: pytest.TempPathFactory, rows: list[naive.Line], days: int, random: Random
) -> None:
    as_of = FIRST.date() + timedelta(days=days)
    random.shuffle(rows)
    with opened(tmp_path_factory, rows) as ws:
        found = {
            row.customer_id: (row.net_sales, row.count_orders, day(row.first_purchase_on), day(row.last_purchase_on))
            for row in ws.execute(totals(ws, as_of)).itertuples()
        }
    assert found == naive.totals(rows, as_of)


@settings(max_examples=12)
@given(rows_of_lines, st.integers(1, 6), st.integers(7, 9))
def test_periods_that_follow_each_other_add_up(
    tmp_path_factory: pytest.TempPathFactory, rows: list[naive.Line], border: int, end: int
) -> None:
    start, middle, as_of = (FIRST.date() + timedelta(days=days) for days in (0, border, end))
    rows.append(("a", "first", FIRST - timedelta(days=1), Decimal(1), None, False))  # so that new customers are known
    with opened(tmp_path_factory, rows) as ws:
        first, second, both = (
            period_figures(ws, Period(*days), as_of, None) for days in ((start, middle), (middle, as_of), (start, as_of))
        )
    for name in ("net_sales", "not_attributed", "count_lines", "new_customers", "purchases", "purchase_value"):
        assert getattr(first, name) + getattr(second, name) == pytest.approx(getattr(both, name), abs=1e-9)
    assert max(first.customers, second.customers) <= both.customers <= first.customers + second.customers
