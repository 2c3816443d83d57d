"""Charts of the forecast show the numbers of their frames; what the user wrote is no markup, and nothing to draw is a sentence."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from crm_core.analytics.clv.holdout import Group, Holdout, Result
from crm_core.charts import theme, value

NAN = float("nan")
AS_OF = date(2024, 1, 1)
MATRIX = pd.DataFrame(
    {
        "frequency": [1, 3, 1, 3],
        "recency_days": [70, 70, 1400, 1400],
        "p_alive": [0.1, 0.004, 0.9, 0.96],
        "purchases": [0.24, 0.01, 1.5, 12.34],
        "customers": [1200, 0, 3, 4],
    }
)
SPREAD = pd.DataFrame(
    {
        "low": [NAN, -500.0, 0.0, 0.0, 0.5, 2000.0],
        "high": [-500.0, 0.0, 0.0, 0.5, 2000.0, NAN],
        "customers": [1, 2, 3, 4, 10, 20],
        "value": [-900.0, -100.0, 0.0, 1.0, 999.0, 50_000.0],
    }
)
WEEKS = pd.DataFrame(
    {
        "week_from": [AS_OF + timedelta(days=7 * week) for week in (-2, -1, 0, 1)],
        "actual": [4.0, 6.0, NAN, NAN],
        "expected": [5.0, 5.5, 5.2, 5.1],
        "low": [NAN, NAN, 2.0, 1.5],
        "high": [NAN, NAN, 8.4, 8.7],
    }
)
GROUPS = pd.DataFrame(
    {
        "group": ["<b>big", "small & cheap", ""],
        "customers": [1500, 20, 3],
        "value": [900.0, 100.0, -10.0],
        "low": [700.0, 0.0, -30.0],
        "high": [1000.0, 250.0, 0.0],
    }
)
ALIVE = pd.DataFrame(
    {
        "day": [AS_OF + timedelta(days=day) for day in (-20, -10, -1, 30)],
        "p_alive": [1.0, 0.7, 0.9, 0.4],
        "is_ahead": [False, False, False, True],
    }
)
CALIBRATION = (Group(10.0, 0.2, 0.1), Group(12.0, 1.5, 2.0))


def named(figure: go.Figure) -> dict[str, go.Scatter]:
    return {trace.name: trace for trace in figure.data}


def sentence(figure: go.Figure) -> str:
    assert len(figure.data) == 0
    return figure.layout.annotations[0].text.replace("<br>", " ")


# -- frequency and recency ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("shown", "texts"), [("p_alive", ["10%", "0%", "90%", "96%"]), ("purchases", ["0.2", "0.0", "1.5", "12.3"])])
def test_each_cell_of_the_matrix_is_a_row(shown: str, texts: list[str]) -> None:
    """Recency goes upwards."""
    heat, points = value.matrix(MATRIX, shown).data
    assert [[float(one) for one in row] for row in heat.z] == MATRIX[shown].to_numpy().reshape(2, 2).tolist()
    assert list(zip(points.x, points.y, points.text, strict=True)) == list(zip([0, 1, 0, 1], [0, 0, 1, 1], texts, strict=True))


def test_the_matrix_names_its_steps() -> None:
    layout = value.matrix(MATRIX).layout
    assert (list(layout.xaxis.ticktext), list(layout.yaxis.ticktext)) == (["1", "3"], ["70", "1,400"])


def test_a_cell_tells_all_that_is_known_of_it() -> None:
    hovers = value.matrix(MATRIX).data[1].hovertext
    assert hovers[0].startswith("1 purchase after the first, the last 70 days after it<br>P(alive) 10.0 %<br>0.24 purchases expected")
    assert "1,200 customers" in hovers[0]


def test_where_p_alive_is_not_provided_it_is_not_told() -> None:
    without = MATRIX.assign(p_alive=NAN)
    assert "says nothing of frequency and recency" in sentence(value.matrix(without))
    assert "P(alive)" not in value.matrix(without, "purchases").data[1].hovertext[0]


def test_no_matrix_is_a_sentence() -> None:
    assert "says nothing of frequency and recency" in sentence(value.matrix(MATRIX[:0], "purchases"))


# -- how value spreads -------------------------------------------------------------------------------------------------


def test_a_bar_is_the_customers_of_a_range() -> None:
    (bar,) = value.distribution(SPREAD, "EUR").data
    assert list(bar.x) == [1, 2, 3, 4, 10, 20]
    assert list(bar.y) == ["below −500", "−500 to 0", "0", "0–0.5", "0.5–2k", "2k and more"]
    of_customers, worth, of_value = zip(*bar.customdata, strict=True)
    assert of_customers == pytest.approx(np.array([1, 2, 3, 4, 10, 20]) / 40)
    assert list(worth) == SPREAD["value"].tolist()
    assert of_value == pytest.approx(SPREAD["value"] / 50_000)  # which is their sum


def test_of_a_total_below_zero_there_are_no_shares() -> None:
    (bar,) = value.distribution(SPREAD.assign(value=-1.0)).data
    assert all(np.isnan(told[2]) for told in bar.customdata)


def test_a_currency_is_text() -> None:
    figure = value.distribution(SPREAD, "<b>%{x}")
    assert figure.layout.yaxis.title.text == "Forecast value of a customer (&lt;b&gt;% {x})"
    assert "&lt;b&gt;% {x} together" in figure.data[0].hovertemplate


def test_nothing_to_spread_is_a_sentence() -> None:
    assert sentence(value.distribution(SPREAD[:0])) == value.NO_VALUE


# -- weeks -------------------------------------------------------------------------------------------------------------


def test_the_past_and_the_time_ahead_are_lines_of_their_own() -> None:
    lines = named(value.weeks(WEEKS, AS_OF, "BG/NBD"))
    days = WEEKS["week_from"].tolist()
    assert {name: (list(line.x), list(line.y)) for name, line in lines.items() if name != "90 % of weeks"} == {
        "actual": (days[:2], [4.0, 6.0]),
        "expected by BG/NBD": (days[:2], [5.0, 5.5]),
        "forecast, today’s customers": (days[2:], [5.2, 5.1]),
    }


def test_the_band_goes_there_and_back() -> None:
    figure = value.weeks(WEEKS, AS_OF, "BG/NBD")
    band = named(figure)["90 % of weeks"]
    first, second = WEEKS["week_from"].tolist()[2:]
    assert list(zip(band.x, band.y, strict=True)) == [(first, 8.4), (second, 8.7), (second, 1.5), (first, 2.0)]
    assert named(figure)["forecast, today’s customers"].customdata.tolist() == [[2.0, 8.4], [1.5, 8.7]]


def test_a_line_marks_the_day_looked_from() -> None:
    for figure in (value.weeks(WEEKS, AS_OF, "NBD"), value.alive(ALIVE, [], AS_OF)):
        assert [(shape.x0, shape.x1) for shape in figure.layout.shapes] == [(AS_OF, AS_OF)]


# -- groups ------------------------------------------------------------------------------------------------------------


def test_a_group_is_a_bar_with_its_own_interval() -> None:
    """The largest on top, which is the last one."""
    (bar,) = value.groups(GROUPS, "Plan", "EUR").data
    assert list(bar.x) == [-10.0, 100.0, 900.0]
    assert [x + more for x, more in zip(bar.x, bar.error_x.array, strict=True)] == [0.0, 250.0, 1000.0]
    assert [x - less for x, less in zip(bar.x, bar.error_x.arrayminus, strict=True)] == [-30.0, 0.0, 700.0]
    assert bar.customdata.tolist() == [[-30.0, 0.0, 3.0], [0.0, 250.0, 20.0], [700.0, 1000.0, 1500.0]]


def test_names_of_groups_are_text() -> None:
    figure = value.groups(GROUPS, "<i>Plan", "EUR")
    assert list(figure.data[0].y) == ["unknown · 3", "small &amp; cheap · 20", "&lt;b&gt;big · 1,500"]
    assert figure.layout.yaxis.title.text == "&lt;i&gt;Plan"


def test_groups_of_like_names_keep_bars_of_their_own() -> None:
    alike = pd.concat([GROUPS[:1], GROUPS[:1]]).assign(group=["x" * 30 + "a" + "x" * 30, "x" * 30 + "b" + "x" * 30])
    assert len(set(value.groups(alike, "Plan").data[0].y)) == 2


def test_no_groups_are_a_sentence() -> None:
    assert sentence(value.groups(GROUPS[:0], "Plan")) == theme.NOBODY


# -- one customer ------------------------------------------------------------------------------------------------------


def test_p_alive_goes_on_where_it_stands_today() -> None:
    lines = named(value.alive(ALIVE, [AS_OF - timedelta(days=20), AS_OF - timedelta(days=5)], AS_OF))
    assert list(lines["P(alive)"].y) == [1.0, 0.7, 0.9]
    assert list(lines["without another purchase"].y) == [0.9, 0.4]
    assert list(lines["without another purchase"].x) == ALIVE["day"].tolist()[2:]
    assert list(lines["purchase"].x) == [AS_OF - timedelta(days=20), AS_OF - timedelta(days=5)]


def test_p_alive_that_is_not_provided_is_a_sentence() -> None:
    assert "not provided" in sentence(value.alive(ALIVE[:0], [AS_OF], AS_OF))


# -- the test ----------------------------------------------------------------------------------------------------------


def test_points_of_the_calibration_are_groups_of_customers() -> None:
    lines = named(value.calibration(CALIBRATION, "BG/NBD"))
    points, right = lines["BG/NBD"], lines["as predicted"]
    assert list(zip(points.x, points.y, points.customdata, strict=True)) == [(0.2, 0.1, [10.0]), (1.5, 2.0, [12.0])]
    assert list(right.x) == list(right.y)
    assert right.x[1] > 2.0


def test_a_test_without_any_purchase_can_be_drawn() -> None:
    assert named(value.calibration([Group(5.0, 0.0, 0.0)], "NBD"))["as predicted"].x[1] > 0


def result(rule: str, label: str, *weekly: float) -> Result:
    nothing = dict.fromkeys(("rmse", "mae", "bias", "log_score", "predicted", "actual", "coverage", "raw_coverage", "raw_expected"), 0.0)
    return Result(rule=rule, label=label, **nothing, groups=(), weekly=weekly, is_identified=True, reason="")


def test_whole_weeks_of_the_test_are_drawn_and_the_winner_stands_out() -> None:
    """17 days are two weeks and a rest."""
    results = (result("bg_nbd", "BG/NBD", 3.0, 2.0, 0.5), result("same_rate", "Same rate", 5.0, 5.0, 2.0))
    drawn = value.tested(Holdout(AS_OF, AS_OF + timedelta(days=17), 10.0, results, "same_rate", (4.0, 1.0, 1.0)))
    lines = named(drawn)
    assert {name: list(line.y) for name, line in lines.items()} == {"BG/NBD": [3.0, 2.0], "Same rate": [5.0, 5.0], "actual": [4.0, 1.0]}
    assert {tuple(line.x) for line in drawn.data} == {(AS_OF, AS_OF + timedelta(days=7))}
    assert lines["Same rate"].line.width > lines["BG/NBD"].line.width
    assert lines["Same rate"].line.dash != lines["BG/NBD"].line.dash


def test_a_month_has_what_was_bought_and_what_was_expected() -> None:
    months = [date(2023, 11, 1), date(2023, 12, 1)]
    drawn = named(value.seasons(pd.DataFrame({"month": months, "actual": [3.0, 9.0], "expected": [4.0, 4.5]})))
    assert {name: (list(trace.x), list(trace.y)) for name, trace in drawn.items()} == {
        "actual": (months, [3.0, 9.0]),
        "expected": (months, [4.0, 4.5]),
    }


def test_no_whole_month_is_a_sentence() -> None:
    assert "no whole calendar month" in sentence(value.seasons(pd.DataFrame({"month": [], "actual": [], "expected": []})))
