"""How many, worth what, and what sets them apart: against sums of pandas, and by hand."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from math import asin, sqrt

import pandas as pd
import pytest
from hypothesis import given, settings

from crm_core.analytics.audience import conditions as c
from crm_core.analytics.audience.everybody import Basis
from crm_core.analytics.audience.picture import PROFILE_COLUMNS, averages, bought, picture, profile
from crm_core.workspace import Workspace
from tests.crm_core.analytics.audience import drawn
from tests.crm_core.analytics.audience.conftest import Asked
from tests.crm_core.analytics.audience.judge import Judge
from tests.crm_core.analytics.audience.shop import AS_OF
from tests.workspaces import SIX_AS_OF, lines

WHERE = "country = 'Iran' or net_sales > 30"


def purchases(judge: Judge) -> dict[str, Decimal]:
    """Value of each customer's purchases, by pandas."""
    told = judge._lines(AS_OF)
    frame = pd.DataFrame(told, columns=["customer", "order", "at", "value", "quantity", "void"]).dropna(subset=["customer"])
    found: dict[str, Decimal] = {}
    for (customer, _), rows in frame.groupby(["customer", "order"]):
        quantities = rows["quantity"].dropna()
        if sum(rows["value"]) >= 0 and (quantities.empty or quantities.sum() > 0):
            found[str(customer)] = found.get(str(customer), Decimal(0)) + sum(rows["value"])
    return found


@settings(max_examples=10)
@given(drawn.conditions)
def test_the_picture_adds_up_what_the_members_are_worth(shop: Asked, judge: Judge, condition: c.Condition) -> None:
    found, who, worth = picture(shop.ws, condition, shop.basis), judge.who(condition), purchases(judge)
    assert (found.customers, found.everybody) == (len(who), len(judge.told))
    assert found.buyers == sum(judge.told[one]["count_orders"] > 0 for one in who)
    assert found.count_orders == sum(judge.told[one]["count_orders"] for one in who)
    assert found.net_sales == float(sum(judge.told[one]["net_sales"] for one in who))
    assert found.net_sales_of_everybody == float(sum(row["net_sales"] for row in judge.told.values()))
    assert found.purchase_value == float(sum(worth.get(one, 0) for one in who))


def test_the_six_customers_by_hand(six: Workspace) -> None:
    """a 200 of 3 orders, b 100 of 2, c 100 of 1, d -10 of 1 (20), e 40 of 4, f -5 of none."""
    found = picture(six, c.Compare(c.Column("net_sales"), "<", Decimal(50)), Basis(SIX_AS_OF))
    assert (found.customers, found.everybody, found.buyers) == (3, 6, 2)
    assert (found.net_sales, found.net_sales_of_everybody, found.count_orders, found.purchase_value) == (25.0, 425.0, 5, 60.0)
    assert found.sales_share == 25 / 425
    assert found.customer_share == 0.5
    assert found.sales_a_customer == 25 / 3
    assert found.average_order_value == 12.0


def test_nobody_has_no_averages(six: Workspace) -> None:
    found = picture(six, c.Not(c.EVERYBODY), Basis(SIX_AS_OF))
    assert (found.customers, found.net_sales, found.count_orders) == (0, 0.0, 0)
    assert (found.sales_share, found.sales_a_customer, found.average_order_value) == (0.0, None, None)
    assert profile(six, c.Not(c.EVERYBODY), Basis(SIX_AS_OF)).empty
    assert averages(six, c.Not(c.EVERYBODY), Basis(SIX_AS_OF))["audience"].isna().all()


def test_a_share_of_sales_that_are_zero_or_less_is_not_told(made: Callable[..., Workspace]) -> None:
    ws = made(order_lines=lines(("a", "1", "2024-05-01", 10), ("b", "2", "2024-05-01", -10)))
    found = picture(ws, c.EVERYBODY, Basis(ws.as_of))
    assert (found.customers, found.net_sales_of_everybody, found.sales_share) == (2, 0.0, None)


def test_data_without_sales_has_customers_all_the_same(made: Callable[..., Workspace]) -> None:
    ws = made(cases=pd.DataFrame({"case_id": [1, 2], "customer_id": ["a", None], "opened_at": ["2024-05-01"] * 2}))
    found = picture(ws, c.EVERYBODY, Basis(ws.as_of))
    assert (found.customers, found.everybody, found.net_sales, found.sales_share) == (1, 1, 0.0, None)


# -- what sets them apart -------------------------------------------------------------------------------------------------


def test_the_profile_is_counted_as_pandas_counts(shop: Asked, judge: Judge) -> None:
    condition = shop.parse(WHERE)
    inside = judge.who(condition)
    found = profile(shop.ws, condition, shop.basis)
    assert list(found.columns) == list(PROFILE_COLUMNS)
    everybody = pd.DataFrame.from_dict(judge.told, orient="index")
    labels = {
        "Segment": "segment",
        "Class by net sales": "value_class",
        "Country": "country",
        "Plan": "Plan",
        "Тариф [2024] or so": "Тариф [2024] or so",
    }
    for label, column in labels.items():
        values = everybody[column].fillna("")
        shares, of_all = values.loc[inside].value_counts(normalize=True), values.value_counts(normalize=True)
        rows = found[found["field"] == label].set_index("value")
        assert set(rows.index) == set(of_all.index)
        for value, row in rows.iterrows():
            share, other = shares.get(value, 0.0), of_all[value]
            assert row["customers"] == (values.loc[inside] == value).sum()
            assert (row["share"], row["share_of_all"]) == pytest.approx((share, other))
            assert row["difference"] == pytest.approx(share - other)
            assert row["index"] == pytest.approx(100 * share / other)
            assert row["distance"] == pytest.approx(2 * asin(sqrt(share)) - 2 * asin(sqrt(other)))
    assert found["distance"].abs().is_monotonic_decreasing


def test_cohens_h_of_the_book() -> None:
    """Cohen (1988), table 6.2.1: φ of 0.50 and 0.25 are 1.571 and 1.047, so h = 0.524."""
    assert 2 * asin(sqrt(0.50)) - 2 * asin(sqrt(0.25)) == pytest.approx(0.524, abs=5e-4)


def test_the_profile_of_a_half_has_that_h(made: Callable[..., Workspace]) -> None:
    """Of four customers one is from Chile (0.25); of the two chosen one is (0.50)."""
    ws = made(
        order_lines=lines(*((one, one, "2024-05-01", value) for one, value in zip("abcd", (9, 9, 1, 1), strict=True))),
        customers=pd.DataFrame({"customer_id": list("abcd"), "country": ["Chile", "Iran", "Iran", "Iran"]}),
    )
    found = profile(ws, c.Compare(c.Column("net_sales"), ">", Decimal(5)), Basis(ws.as_of))
    chile = found[(found["field"] == "Country") & (found["value"] == "Chile")].iloc[0]
    assert chile["distance"] == pytest.approx(0.524, abs=5e-4)
    assert chile["index"] == pytest.approx(200)


def test_averages_are_means_of_both_sides(shop: Asked, judge: Judge) -> None:
    condition = shop.parse(WHERE)
    found = averages(shop.ws, condition, shop.basis).set_index("figure")
    told = pd.DataFrame.from_dict(judge.told, orient="index")[["net_sales", "count_orders", "days_since_last_order"]].astype(float)
    for side, rows in (("audience", told.loc[judge.who(condition)]), ("all", told)):
        assert found[side].tolist() == pytest.approx(rows.mean().tolist())


def test_what_they_buy_is_shared_as_pandas_shares_it(shop: Asked, judge: Judge) -> None:
    condition = shop.parse(WHERE)
    found = bought(shop.ws, condition, shop.basis).set_index("value")
    rows = judge.frames["order_lines"]
    rows = rows[rows["customer_id"].notna() & (rows["is_void"] != True) & (rows["line_at"] < pd.Timestamp(AS_OF))]  # noqa: E712  (missing is not void)
    amounts, value = rows["net_amount"].astype(float), rows["category"].fillna("")
    inside = rows["customer_id"].isin(judge.who(condition))
    own, all_of_them = amounts[inside].groupby(value[inside]).sum(), amounts.groupby(value).sum()
    assert set(found.index) == set(all_of_them.index)
    for one, row in found.iterrows():
        assert row["net_sales"] == pytest.approx(own.get(one, 0.0))
        assert row["share"] == pytest.approx(own.get(one, 0.0) / own.sum())
        assert row["share_of_all"] == pytest.approx(all_of_them[one] / all_of_them.sum())
    assert found["difference"].abs().round(9).is_monotonic_decreasing
    assert len(bought(shop.ws, condition, shop.basis, "product_id", 2)) == 2


@pytest.mark.parametrize("where", [WHERE, "everybody", "count_orders > 3"])
def test_what_they_buy_most_is_among_the_rows_however_few(shop: Asked, where: str) -> None:
    whole = bought(shop.ws, shop.parse(where), shop.basis, "product_id", 10_000)
    few = bought(shop.ws, shop.parse(where), shop.basis, "product_id", 2)
    assert len(few) == 2
    assert few["share"].max() == whole["share"].max()


def test_of_products_that_are_equally_far_apart_the_best_sold_come_first(shop: Asked) -> None:
    found = bought(shop.ws, shop.parse("everybody"), shop.basis, "product_id")
    assert found["share"].round(9).is_monotonic_decreasing


def test_nothing_is_compared_where_nothing_was_sold(shop: Asked) -> None:
    assert bought(shop.ws, shop.parse("count_orders = 0 and net_sales = 0"), shop.basis).empty
