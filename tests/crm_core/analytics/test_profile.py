"""The profile of a table says what is in it, what is missing and what lies far off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crm_core.analytics import profile as profile_module
from crm_core.analytics.profile import TableProfile, profile
from crm_core.workspace import Workspace
from tests.workspaces import write

CUSTOMERS = pd.DataFrame(
    {
        "customer_id": ["A", "B", "C", "D"],
        "country": ["Austria", "Germany", "Germany", None],
        "consent": ["true", "true", "false", None],
        "joined_on": ["2024-01-01", "2024-03-01", None, "2024-02-01"],
        "attr_1": ["Club", None, None, None],
    }
)


@pytest.fixture
def profiled(tmp_path: Path) -> Callable[..., dict[str, TableProfile]]:
    """The profiles of a workspace with these tables, by table."""

    def of(**tables: pd.DataFrame) -> dict[str, TableProfile]:
        with Workspace.open(write(tmp_path / "shop.duckdb", labels={"attr_1": "Plan"}, **tables)) as ws:
            found = {one.table: one for one in profile(ws)}
        (tmp_path / "shop.duckdb").unlink()
        return found

    return of


def column(of: TableProfile, field: str) -> pd.Series:
    return of.columns.set_index("field").loc[field]


def sales(amounts: list[float], days: list[str] | None = None) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": [f"C{number % 7}" for number in range(len(amounts))],
            "order_id": [str(number) for number in range(len(amounts))],
            "line_at": days or ["2024-05-05"] * len(amounts),
            "net_amount": amounts,
        }
    )


def test_only_tables_with_data_are_profiled_in_the_order_of_the_schema(profiled: Callable[..., dict[str, TableProfile]]) -> None:
    assert list(profiled(order_lines=sales([1.0]), customers=CUSTOMERS)) == ["customers", "order_lines"]


def test_rows_customers_and_period_are_counted(profiled: Callable[..., dict[str, TableProfile]]) -> None:
    found = profiled(order_lines=sales([1.0] * 10, [f"2024-05-{day:02d} 18:30:00" for day in range(3, 13)]))["order_lines"]
    assert (found.rows, found.customers) == (10, 7)
    assert (found.first_day, found.last_day) == (date(2024, 5, 3), date(2024, 5, 12))


def test_columns_tell_what_is_filled_and_how_often_values_differ(profiled: Callable[..., dict[str, TableProfile]]) -> None:
    found = profiled(customers=CUSTOMERS)["customers"]
    assert column(found, "country")[["filled_share", "distinct", "example"]].tolist() == [0.75, 2, "Germany"]
    assert column(found, "consent")["example"] == "yes"
    assert column(found, "joined_on")[["minimum", "maximum"]].tolist() == ["2024-01-01", "2024-03-01"]


def test_columns_without_any_value_are_left_out(profiled: Callable[..., dict[str, TableProfile]]) -> None:
    found = profiled(customers=CUSTOMERS)["customers"]
    assert "email" not in set(found.columns["field"])


def test_attributes_carry_the_name_the_user_gave(profiled: Callable[..., dict[str, TableProfile]]) -> None:
    assert column(profiled(customers=CUSTOMERS)["customers"], "attr_1")[["label", "filled_share"]].tolist() == ["Plan", 0.25]


def test_a_table_without_dates_has_no_period(profiled: Callable[..., dict[str, TableProfile]]) -> None:
    found = profiled(customers=CUSTOMERS.drop(columns="joined_on"))["customers"]
    assert (found.first_day, found.last_day) == (None, None)


def test_amounts_far_from_the_usual_are_outliers_by_tukeys_rule_on_logs(profiled: Callable[..., dict[str, TableProfile]]) -> None:
    random = np.random.default_rng(5)
    amounts = [*np.round(np.exp(random.normal(3, 1, 500)), 2).tolist(), 250_000.0, 90_000.0, 0.0]
    logs = np.log([amount for amount in amounts if amount])
    low, high = np.quantile(logs, [0.25, 0.75])
    expected = ((logs < low - 3 * (high - low)) | (logs > high + 3 * (high - low))).sum()
    assert expected >= 2
    assert column(profiled(order_lines=sales(amounts))["order_lines"], "net_amount")["outliers"] == expected


def test_a_return_is_no_outlier_for_its_sign(profiled: Callable[..., dict[str, TableProfile]]) -> None:
    amounts = [10.0, 12.0, 15.0, 20.0, 11.0, -12.0, -15.0, 18.0]
    assert column(profiled(order_lines=sales(amounts))["order_lines"], "net_amount")["outliers"] == 0


def test_a_date_of_another_century_is_an_outlier(profiled: Callable[..., dict[str, TableProfile]]) -> None:
    days = [f"2024-{month:02d}-10" for month in range(1, 13)]
    found = profiled(order_lines=sales([5.0] * 13, [*days, "2062-01-01"]))["order_lines"]
    assert column(found, "line_at")["outliers"] == 1


def test_where_the_quartiles_coincide_wider_quantiles_decide(profiled: Callable[..., dict[str, TableProfile]]) -> None:
    found = profiled(order_lines=sales([10.0] * 90 + [20.0] * 9 + [10_000_000.0]))["order_lines"]
    assert column(found, "net_amount")["outliers"] == 1


def test_values_that_are_all_the_same_are_not_judged(profiled: Callable[..., dict[str, TableProfile]]) -> None:
    found = profiled(order_lines=sales([10.0] * 50))["order_lines"]
    assert pd.isna(column(found, "net_amount")["outliers"])
    assert column(found, "net_amount")[["minimum", "maximum"]].tolist() == ["10", "10"]


def test_large_tables_are_judged_by_estimates_and_say_so(
    profiled: Callable[..., dict[str, TableProfile]], monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(6)
    amounts = np.round(np.exp(random.normal(3, 1, 3000)), 2).tolist() + [1e9] * 3
    exact = profiled(order_lines=sales(amounts))["order_lines"]
    monkeypatch.setattr(profile_module, "EXACT_ROWS", 1000)
    estimate = profiled(order_lines=sales(amounts))["order_lines"]
    assert (exact.is_estimate, estimate.is_estimate) == (False, True)
    assert column(estimate, "net_amount")["distinct"] == column(exact, "net_amount")["distinct"]
    assert column(estimate, "net_amount")["outliers"] == column(exact, "net_amount")["outliers"]
