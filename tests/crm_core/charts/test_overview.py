"""Months beside those of the year before, movers with their direction, and one customer's orders."""

from __future__ import annotations

from datetime import date

import pandas as pd

from crm_core.charts import overview


def months(*rows: tuple[date, float, bool]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["month", "net_sales", "is_partial"])
    return frame.assign(customers=7)


NOW = months((date(2024, 1, 1), 100.0, False), (date(2024, 2, 1), 120.0, False), (date(2024, 3, 1), 30.0, True))
MOVERS = pd.DataFrame(
    [("Country", "<b>Iran</b>", 50.0, 10.0, 40.0), ("Product", "Tea", 5.0, 30.0, -25.0)],
    columns=["label", "value", "net_sales", "net_sales_before", "change"],
)


def test_months_stand_beside_the_same_months_of_the_year_before() -> None:
    before = months((date(2023, 2, 1), 80.0, False))
    bars, line = overview.monthly(NOW, before).data
    assert list(bars.y) == [100.0, 120.0, 30.0]
    assert list(line.y) == [None, 80.0, None]


def test_a_month_that_is_not_whole_is_compared_only_with_its_like() -> None:
    before = months((date(2023, 2, 1), 80.0, True), (date(2023, 3, 1), 20.0, True))
    assert list(overview.monthly(NOW, before).data[1].y) == [None, None, 20.0]


def test_without_a_year_before_there_is_no_line() -> None:
    assert len(overview.monthly(NOW, months()).data) == 1


def test_months_that_are_not_whole_are_hatched() -> None:
    assert list(overview.monthly(NOW, months()).data[0].marker.pattern.shape) == ["", "", "/"]


def test_the_axis_names_the_currency() -> None:
    assert overview.monthly(NOW, months(), "EUR").layout.yaxis.title.text == "Net sales (EUR)"


def test_no_months_are_a_sentence() -> None:
    assert overview.monthly(months(), months()).layout.annotations[0].text == "No sales in this period."


def test_the_biggest_mover_is_on_top_and_falls_are_hatched() -> None:
    bar = overview.movers(MOVERS).data[0]
    assert list(bar.x) == [-25.0, 40.0]  # plotly draws from below
    assert list(bar.marker.pattern.shape) == ["/", ""]
    assert list(bar.text) == ["−25", "+40"]


def test_a_mover_s_name_is_no_markup() -> None:
    assert overview.movers(MOVERS).data[0].y[1] == "&lt;b&gt;Iran&lt;/b&gt; (Country)"


def test_the_figures_at_the_bars_fit_the_axis() -> None:
    low, high = overview.movers(MOVERS).layout.xaxis.range
    assert low < -25
    assert high > 40


def test_every_order_has_its_stem() -> None:
    orders = pd.DataFrame(
        {
            "ordered_on": [date(2024, 1, 1), date(2024, 1, 5)],
            "order_id": ["1", "<i>2"],
            "net_value": [10.0, -4.0],
            "is_purchase": [True, False],
        }
    )
    stems, heads = overview.history(orders).data
    assert list(heads.y) == [10.0, -4.0]
    assert list(heads.marker.symbol) == ["circle", "x"]
    assert list(stems.y) == [0.0, 10.0, None, 0.0, -4.0, None]
    assert heads.customdata[1][0] == "&lt;i&gt;2"


def test_no_orders_are_a_sentence() -> None:
    frame = pd.DataFrame({"ordered_on": [], "order_id": [], "net_value": [], "is_purchase": []})
    assert "No orders" in overview.history(frame).layout.annotations[0].text
