"""The sentences that pages say: one of a kind is singular, and no segment is called the largest where others are as large."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from crm_core.analytics.clv.report import Headline
from crm_core.analytics.pareto import ParetoSummary
from ui import answers
from ui.numbers import count_of


def segments(*rows: tuple[str, int, float]) -> pd.DataFrame:
    """Rows of rfm.segments from (segment, customers, net sales)."""
    frame = pd.DataFrame(rows, columns=["segment", "customers", "net_sales"])
    return frame.assign(
        customer_share=frame["customers"] / frame["customers"].sum(), sales_share=frame["net_sales"] / frame["net_sales"].sum()
    )


def said(*rows: tuple[str, int, float]) -> str:
    return answers.segments(segments(*rows), "EUR", date(2024, 7, 1))


def test_one_is_singular() -> None:
    assert [count_of(number, "row") for number in (0, 1, 2000)] == ["0 rows", "1 row", "2,000 rows"]


def test_the_largest_segment_is_named_beside_the_best() -> None:
    assert said(("Champions", 1, 90.0), ("Hibernating", 3, 10.0)).endswith("the largest segment is Hibernating with 3 customers.")
    assert said(("Champions", 3, 90.0), ("Hibernating", 1, 10.0)).endswith("they are also the largest segment.")


def test_no_segment_is_called_the_largest_where_the_best_is_as_large() -> None:
    assert said(("Hibernating", 1, 10.0), ("Champions", 1, 90.0)).endswith("no segment has more customers.")


def test_changes_against_a_day_that_knew_little_say_so() -> None:
    first, later = date(2023, 1, 1), date(2024, 1, 1)
    assert answers.against(date(2023, 12, 1), first, later) == "Changes are against 1 Dec 2023."
    assert answers.against(date(2023, 1, 10), first, later, ", with the same rules") == (
        "Changes are against 10 Jan 2023, with the same rules; the data had run for only 9 days then."
    )


# -- what customers will be worth --------------------------------------------------------------------------------------

HEADLINE = Headline(
    customers=1200,
    value=50_000.0,
    low=40_000.0,
    high=65_000.0,
    purchases=900.0,
    active=700.4,
    best_share=0.61,
    rule="bg_nbd",
    label="BG/NBD",
    reason="Because.",
    notes=(),
    margin=1.0,
    lost_share=0.0,
    is_extrapolated=False,
    observed_days=500,
    correlation=0.05,
    correlation_verdict="assumption holds",
    is_naive=False,
)


def test_customers_will_bring_sales_within_an_interval() -> None:
    assert answers.customer_value(HEADLINE, 12, "EUR") == (
        "Today’s 1,200 customers will bring about EUR 50,000 of sales in the next 12 months (90 % interval EUR 40,000 to 65,000);"
        " about 700 of them are probably still active, and the best 20 % hold 61.0 % of it."
    )


def test_with_a_margin_it_is_profit() -> None:
    said = answers.customer_value(replace(HEADLINE, margin=0.355), 1, "")
    assert "about 50,000 of profit at a margin of 35.5 % in the next 1 month (90 % interval 40,000 to 65,000)" in said


def test_with_a_margin_below_zero_it_is_a_cost_told_without_signs() -> None:
    loss = replace(HEADLINE, margin=-0.2, value=-50_000.0, low=-65_000.0, high=-40_000.0, best_share=None)
    assert answers.customer_value(loss, 12, "EUR") == (
        "Today’s 1,200 customers will cost about EUR 50,000 at a margin of -20.0 % in the next 12 months (90 % interval EUR 40,000 to 65,000);"
        " about 700 of them are probably still active."
    )


def test_by_a_rule_nobody_is_said_to_be_active() -> None:
    said = answers.customer_value(replace(HEADLINE, active=None), 12, "EUR")
    assert said.endswith("(90 % interval EUR 40,000 to 65,000); the best 20 % hold 61.0 % of it.")


def test_one_customer_is_not_the_best_of_many() -> None:
    said = answers.customer_value(replace(HEADLINE, customers=1, active=None, best_share=1.0), 12, "EUR")
    assert said.startswith("The one customer of today will bring")
    assert "best 20 %" not in said


def test_without_customers_there_is_no_value() -> None:
    assert answers.customer_value(replace(HEADLINE, customers=0), 12, "EUR") == "No customers to show with these filters."


def test_where_all_is_well_the_reason_is_all_there_is_to_say() -> None:
    assert answers.forecast_caveats(HEADLINE, 12) == "Because."


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (replace(HEADLINE, customers=29), "Only 29 customers: read the shares as uncertain."),
        (replace(HEADLINE, notes=("A note.", "Another.")), "A note. Another."),
        (replace(HEADLINE, active=None), "Who is still active is not provided."),
        (replace(HEADLINE, is_extrapolated=True), "the horizon of 18 months is longer than the 500 days of data"),
        (replace(HEADLINE, correlation=0.25, correlation_verdict="weak"), "also spend more a purchase (correlation 0.25: weak)"),
        (replace(HEADLINE, correlation=-0.4, correlation_verdict="assumption broken"), "also spend less a purchase (correlation -0.40: assumption broken)"),
        (replace(HEADLINE, lost_share=0.034), "3.4 % is taken off for what comes back later"),
    ],
)  # fmt: skip
def test_what_limits_a_forecast_is_said_after_its_reason(found: Headline, sentence: str) -> None:
    said = answers.forecast_caveats(found, 18)
    assert "Because." in said
    assert sentence in said


def test_returns_that_would_be_written_as_nothing_are_not_told() -> None:
    assert answers.forecast_caveats(replace(HEADLINE, lost_share=0.0009), 12) == "Because."


def test_a_forecast_value_is_of_the_months_ahead() -> None:
    shares = {
        "top20_share": 0.7,
        "vital_few_share": 0.3,
        "vital_few_customers": 30,
        "gini": 0.5,
        "class_a": 30,
        "class_b": 30,
        "class_c": 40,
    }
    rest = {"is_defined": True, "peak_share": 1.0, "peak_customer_share": 1.0, "value_below_zero": 0.0, "customers_below_zero": 0}
    found = ParetoSummary("clv", 100, 5000.0, **shares, **rest, positive=None)
    as_of = date(2024, 7, 1)
    assert "of the EUR 5,000 of forecast value of the 12 months from 1 Jul 2024;" in answers.key_customers(
        found, "Forecast value", as_of, "EUR"
    )
    sales = answers.key_customers(replace(found, value="net_sales"), "Net sales", as_of, "EUR")
    assert "of the EUR 5,000 of net sales before 1 Jul 2024;" in sales
