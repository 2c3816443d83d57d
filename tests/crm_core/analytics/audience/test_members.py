"""Who meets a condition: against a filter written with pandas, and by hand."""

from __future__ import annotations

import os
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings

from crm_core.analytics import clusters, migration
from crm_core.analytics.audience import conditions as c
from crm_core.analytics.audience.everybody import TOLD, Basis
from crm_core.analytics.audience.members import IS_MEMBER, judged, members
from crm_core.analytics.scores import RfmSettings
from crm_core.errors import AnalysisError
from tests.crm_core.analytics.audience import drawn
from tests.crm_core.analytics.audience.conftest import Asked
from tests.crm_core.analytics.audience.judge import Judge
from tests.crm_core.analytics.audience.shop import AS_OF, LATER, ONLY_ANSWER, ONLY_CASE, ONLY_CONTACT, ONLY_SOLD


@settings(max_examples=int(os.environ.get("CRM_CONDITIONS", "40")))
@given(drawn.conditions)
def test_any_condition_chooses_whom_a_filter_of_pandas_chooses(shop: Asked, judge: Judge, condition: c.Condition) -> None:
    assert shop.who(condition) == judge.who(condition)


@settings(max_examples=15)
@given(drawn.conditions)
def test_a_condition_and_its_opposite_are_everybody(shop: Asked, condition: c.Condition) -> None:
    inside, outside = shop.who(condition), shop.who(c.Not(condition))
    assert sorted(inside + outside) == shop.who(c.EVERYBODY)


def test_the_words_of_the_issue_choose_whom_pandas_chooses(shop: Asked, judge: Judge) -> None:
    for text in (
        'segment in ("At risk", "Can\'t lose them") and net_sales > 20 and not (country = \'Iran\')',
        "bought category 'Tea' at least 2 times since 2023-03-01 and not bought anything in last 60 days",
        "bought category ('Tea', 'Чай') and not bought product_id 'p1'",
        "net_sales of category 'Tea' of channel 'Web' in last 2 years >= 10",
    ):
        condition = shop.parse(text)
        assert shop.who(condition) == judge.who(condition)
        assert 0 < len(shop.who(condition)) < len(shop.who(c.EVERYBODY))


def test_everybody_is_whom_any_table_names_before_the_day(shop: Asked) -> None:
    everybody = shop.who("")
    assert {ONLY_CASE, ONLY_ANSWER, ONLY_CONTACT, ONLY_SOLD} < set(everybody)
    assert LATER not in everybody
    assert shop.who("everybody") == everybody
    assert shop.who("not everybody") == []


def test_members_have_an_id_and_what_orders_tell(shop: Asked) -> None:
    table = members(shop.ws, shop.parse("net_sales > 50"), shop.basis)
    assert table.columns == ("customer_id", *TOLD)
    assert judged(shop.ws, shop.parse("consent or open_cases > 0"), shop.basis).columns == (*table.columns, IS_MEMBER)
    assert shop.ws.execute(judged(shop.ws, shop.parse("consent"), shop.basis))[IS_MEMBER].isna().sum() == 0


def test_nothing_known_is_no_open_case_and_no_opt_out(shop: Asked) -> None:
    assert {ONLY_SOLD, ONLY_CONTACT} < set(shop.who("open_cases = 0"))
    assert {ONLY_SOLD, ONLY_CASE} < set(shop.who("opted_out = false"))
    assert ONLY_SOLD in shop.who("not has_email")
    assert ONLY_SOLD not in shop.who("consent = no")


def test_a_missing_value_is_neither_equal_nor_different_by_itself(shop: Asked) -> None:
    iran, others, missing = shop.who("country = 'Iran'"), shop.who("country != 'Iran'"), shop.who("country is missing")
    assert set(missing) < set(others)
    assert sorted(iran + others) == shop.who("everybody")
    assert shop.who("country != 'Iran' and country is known") == sorted(set(others) - set(missing))


def test_clusters_are_those_of_their_page(shop: Asked) -> None:
    found = shop.ws.execute(clusters.customers(shop.ws, AS_OF, clusters.ClusterSettings(3, 5, ("count_orders", "average_order_value"))))
    of_two = sorted(found.loc[found["cluster"] == 2, "customer_id"])
    assert of_two
    assert shop.who("cluster of 3 by count_orders, average_order_value seed 5 = 2") == of_two
    assert shop.who("cluster of 3 by count_orders, average_order_value seed 5 is known") == shop.who("segment is known")


def test_who_moved_is_whom_the_matrix_counts(shop: Asked) -> None:
    found = migration.migrate(shop.ws, date(2024, 6, 1), AS_OF)
    cell = found.matrix.iloc[0]
    text = f"""moved from "{cell["from_segment"]}" to ("{cell["to_segment"]}") between 2024-06-01 and {AS_OF}"""
    assert len(shop.who(text)) == cell["customers"]
    others = found.matrix[found.matrix["from_segment"] == cell["from_segment"]]
    assert (
        len(shop.who(c.Moved((cell["from_segment"],), tuple(others["to_segment"]), date(2024, 6, 1), AS_OF))) == others["customers"].sum()
    )
    assert sorted(shop.who(text) + shop.who(f"not {text}")) == shop.who("everybody")


def test_segments_follow_the_scoring_in_use(shop: Asked) -> None:
    typed = RfmSettings(cuts_r=(1000, 1001, 1002, 1003), cuts_f=(0.25, 0.5, 0.75, 1))
    everybody_best = Asked(shop.ws, Basis(AS_OF, typed))
    assert everybody_best.who("segment = 'Champions'") == shop.who("count_orders >= 1")


def test_a_day_after_the_one_looked_from_is_refused(shop: Asked) -> None:
    for text in ("net_sales on 2025-01-02 > 0", "moved from 'Champions' to 'At risk' between 2024-06-01 and 2025-01-02"):
        with pytest.raises(AnalysisError, match="after the day looked from"):
            shop.who(text)
    assert shop.who(f"net_sales on {AS_OF} > 0") == shop.who("net_sales > 0")


def test_windows_hold_their_first_and_last_day_and_end_where_the_look_ends(shop: Asked, judge: Judge) -> None:
    day = judge.told["c05"]["first_order_on"]
    assert "c05" in shop.who(f"bought anything since {day} until {day}")
    text = f"bought anything since {day} until {day}"
    assert shop.who(text) == judge.who(shop.parse(text))
    assert shop.who("bought anything since 0001-01-01") == shop.who("bought anything")
    assert shop.who("bought anything until 9999-12-31") == shop.who("bought anything")
    assert shop.who("bought anything in last 100 years") == shop.who("bought anything")


def test_a_field_that_the_data_lacks_is_named(shop: Asked) -> None:
    for condition, missing in (
        (c.Compare(c.Column("gross_profit"), ">", Decimal(1)), "gross_profit"),
        (c.Compare(c.Sum("net_sales", (("brand", ("x",)),)), ">", Decimal(1)), "brand"),
        (c.Compare(c.Sum("count_visits"), ">", Decimal(1)), "count_visits"),
    ):
        with pytest.raises(AnalysisError, match=missing):
            shop.who(condition)


def test_hundreds_of_parts_are_one_question(shop: Asked) -> None:
    some = c.AnyOf(tuple(c.Compare(c.Column("r_score"), "=", Decimal(1)) for _ in range(600)))
    assert shop.who(some) == shop.who("r_score = 1")
