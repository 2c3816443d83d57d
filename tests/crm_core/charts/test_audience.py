"""Pairs of shares and lines of profit: the numbers of the result, where a line breaks even, users' words as text."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from crm_core.analytics.campaign.expect import Plan, expect
from crm_core.charts import audience

ROWS = pd.DataFrame({"label": ["Country: Iran", "Plan: <b>Club"], "audience_share": [0.5, 0.004], "all_share": [0.25, 0.0]})


def plan(**different: Any) -> Plan:
    return Plan(**({"contacts": 1000, "order_value": 50.0, "margin": 0.4, "cost_a_contact": 0.5, "response": 0.05} | different))


def lines(figure: Any) -> list[Any]:
    return [trace for trace in figure.data if trace.mode == "lines"]


def test_each_value_has_a_bar_of_the_audience_and_one_of_all() -> None:
    every, own = audience.apart(ROWS, "of the audience", "of all").data
    assert list(own.x) == [0.004, 0.5]  # drawn from below
    assert list(every.x) == [0.0, 0.25]
    assert list(own.text) == ["0.4%", "50%"]


def test_shares_of_many_products_are_told_in_tenths_of_a_percent() -> None:
    small = ROWS.assign(audience_share=[0.021, 0.016], all_share=[0.012, 0.0])
    figure = audience.apart(small, "of the audience", "of all")
    assert list(figure.data[1].text) == ["1.6%", "2.1%"]
    assert figure.layout.xaxis.tickformat == ".1%"
    assert audience.apart(ROWS, "of the audience", "of all").layout.xaxis.tickformat == ".0%"


def test_markup_of_the_data_is_shown_and_not_obeyed() -> None:
    every, _ = audience.apart(ROWS, "of the audience", "of all").data
    assert every.y[0] == "Plan: &lt;b&gt;Club"
    assert every.customdata[0] == ["Plan: &lt;b&gt;Club"]


def test_the_bars_differ_by_their_hatching() -> None:
    every, own = audience.apart(ROWS, "of the audience", "of all").data
    assert every.marker.pattern.shape != own.marker.pattern.shape


def test_where_nothing_sets_apart_it_is_said() -> None:
    assert audience.apart(ROWS.head(0), "a", "b").layout.annotations[0].text.startswith("Nothing that this data tells")


def test_a_line_begins_with_the_cost_and_rises_with_what_an_order_brings() -> None:
    (line,) = lines(audience.profit(expect(plan())))
    assert (line.x[0], line.y[0]) == (0.0, -500.0)
    assert line.y[-1] - line.y[0] == pytest.approx(1000 * 50 * 0.4 * line.x[-1])


def test_the_line_crosses_nil_where_the_arrow_points() -> None:
    """With costs a response that are paid for all: (0.5 + 0.02 · 20) / (20 − 2) = 5 % respond, 3 points more than without."""
    found = expect(plan(response=0.08, response_without=0.02, cost_a_response=2.0))
    figure = audience.profit(found)
    (line,), (arrow,) = lines(figure), figure.layout.annotations
    assert arrow.x == pytest.approx(0.03)
    assert arrow.text == "breaks even where<br>5.00 % respond"
    slope = (line.y[-1] - line.y[0]) / (line.x[-1] - line.x[0])
    assert line.y[0] + slope * arrow.x == pytest.approx(0, abs=1e-9)


def test_what_is_expected_is_marked_on_its_line() -> None:
    found = expect(plan(response_without=0.02, forecast_value=30.0))
    marks = [trace for trace in audience.profit(found).data if trace.mode == "markers"]
    assert [(mark.x[0], mark.y[0]) for mark in marks] == [
        (pytest.approx(0.03), found.order.profit),
        (pytest.approx(0.03), pytest.approx(400.0)),
    ]
    assert len({mark.marker.symbol for mark in marks}) == 2


def test_where_no_response_breaks_even_no_arrow_says_so() -> None:
    assert not audience.profit(expect(plan(cost_a_response=20.0))).layout.annotations
    assert not audience.profit(expect(plan(cost_a_contact=25.0))).layout.annotations


def test_a_response_below_that_without_the_campaign_is_on_the_chart() -> None:
    figure = audience.profit(expect(plan(response=0.01, response_without=0.05)))
    assert figure.layout.xaxis.range[0] < -0.04 < figure.layout.xaxis.range[1]


def test_a_response_of_everybody_ends_the_line() -> None:
    (line,) = lines(audience.profit(expect(plan(response=1.0, response_without=0.4))))
    assert line.x[-1] == pytest.approx(0.6)


def test_nobody_to_contact_is_a_sentence() -> None:
    assert audience.profit(expect(plan(contacts=0))).layout.annotations[0].text == audience.NO_LINE


def test_a_currency_is_text_in_the_hover() -> None:
    figure = audience.profit(expect(plan()), "%{x}<b>")
    assert "%{x}<b>" not in figure.data[0].hovertemplate.replace("<b>on the order</b>", "")
