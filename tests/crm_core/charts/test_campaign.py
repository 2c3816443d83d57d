"""The charts of a campaign: numbers of the result, both groups told apart without colour, what is not known yet."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from crm_core.charts import campaign, theme
from crm_core.charts.campaign import RESPONSE, Apart

NAN = float("nan")
START, END = date(2026, 3, 1), date(2026, 3, 22)
SHARE = Apart(RESPONSE, 0.186, 0.186, 0.125, 0.241)
MONEY = (Apart("Sales", 6.89, 6.84, 4.12, 9.56), Apart("Margin", -1.5, -1.25, -2.0, 0.5))
WEEKS = pd.DataFrame(
    [
        (date(2026, 3, 7), "treatment", 900, 90, 0.1, 4.0, 1.0),
        (date(2026, 3, 7), "control", 300, 24, 0.08, 3.0, 0.75),
        (date(2026, 3, 14), "treatment", 900, 180, 0.2, 8.0, 2.0),
        (date(2026, 3, 14), "control", 300, 36, 0.12, 4.0, 1.0),
        (date(2026, 3, 21), "treatment", 900, 270, 0.3, 12.0, 3.0),
        (date(2026, 3, 21), "control", 300, 60, 0.2, 8.0, 2.0),
    ],
    columns=["day", "group", "customers", "buyers", "response", "sales", "margin"],
)


def test_the_response_is_in_points_with_its_interval() -> None:
    dot = campaign.differences(SHARE, MONEY, "EUR").data[0]
    assert list(dot.x) == pytest.approx([18.6])
    assert list(dot.error_x.array) == pytest.approx([24.1 - 18.6])
    assert list(dot.error_x.arrayminus) == pytest.approx([18.6 - 12.5])
    assert dot.customdata[0][0] == "<b>Response</b><br>+18.6 points<br>95 %: +12.5 points to +24.1 points"


def test_money_has_the_capped_difference_with_its_interval_and_the_one_as_it_is() -> None:
    _, capped, plain = campaign.differences(SHARE, MONEY, "EUR").data
    assert list(capped.x) == [6.84, -1.25]
    assert list(capped.error_x.array) == pytest.approx([9.56 - 6.84, 0.5 + 1.25])
    assert list(capped.error_x.arrayminus) == pytest.approx([6.84 - 4.12, 2.0 - 1.25])
    assert list(plain.x) == [6.89, -1.5]
    assert capped.marker.symbol != plain.marker.symbol
    assert "of capped values EUR -1.25<br>95 %: EUR -2.00 to EUR +0.50" in capped.customdata[1][0]


def test_zero_and_all_bounds_are_on_the_axes() -> None:
    layout = campaign.differences(SHARE, MONEY).layout
    for axis, values in ((layout.xaxis, (0.0, 12.5, 24.1)), (layout.xaxis2, (0.0, -2.0, 9.56))):
        assert axis.zeroline
        assert all(axis.range[0] < value < axis.range[1] for value in values)


def test_response_and_money_do_not_overlap() -> None:
    layout = campaign.differences(SHARE, MONEY).layout
    assert layout.yaxis2.domain[1] < layout.yaxis.domain[0]


def test_a_difference_without_an_interval_is_a_dot() -> None:
    (dot, _) = campaign.differences(None, (Apart("Sales", 5.0, 5.0, NAN, NAN),)).data
    assert list(dot.error_x.array) == list(dot.error_x.arrayminus) == [0.0]
    assert "95 %: no interval" in dot.customdata[0][0]


def test_without_differences_a_sentence_says_so() -> None:
    assert "control group" in campaign.differences(None, ()).layout.annotations[0].text


def test_a_currency_is_text() -> None:
    figure = campaign.differences(None, MONEY, "<b>%{x}")
    assert "&lt;b&gt;% {x}" in figure.data[0].customdata[0][0]
    assert "<b>%{x}" not in figure.layout.xaxis2.title.text


@pytest.mark.parametrize(("value", "treated"), [("response", [0.1, 0.2, 0.3]), ("sales", [4.0, 8.0, 12.0]), ("margin", [1.0, 2.0, 3.0])])
def test_weeks_show_the_figure_of_both_groups(value: campaign.Figure, treated: list[float]) -> None:
    addressed, left = campaign.weekly(WEEKS, value, START, END).data
    assert list(addressed.y) == treated
    assert list(left.y) == WEEKS.loc[WEEKS["group"] == "control", value].tolist()
    assert (addressed.name, left.name) == ("addressed", "control group")
    assert addressed.line.dash != left.line.dash


def test_looks_on_the_way_are_open_and_the_result_is_filled() -> None:
    addressed, left = campaign.weekly(WEEKS, "response", START, END).data
    assert list(addressed.marker.symbol) == ["circle-open", "circle-open", "circle"]
    assert list(left.marker.symbol) == ["diamond-open", "diamond-open", "diamond"]
    assert ["interim" in one[0] for one in addressed.customdata] == [True, True, False]
    assert addressed.customdata[2][0] == "30.0 %, 270 of 900 bought"


def test_before_the_end_the_days_not_known_are_marked_and_no_mark_is_filled() -> None:
    figure = campaign.weekly(WEEKS[:4], "sales", START, END, "EUR")
    grey, line = figure.layout.shapes
    assert (grey.x0, grey.x1, line.x0) == (date(2026, 3, 14), date(2026, 3, 21), date(2026, 3, 21))
    assert {note.text for note in figure.layout.annotations} == {"last day: 21 Mar 2026", "not known yet"}
    assert all(symbol.endswith("-open") for trace in figure.data for symbol in trace.marker.symbol)


def test_at_the_end_nothing_is_grey() -> None:
    figure = campaign.weekly(WEEKS, "sales", START, END)
    assert [shape.type for shape in figure.layout.shapes] == ["line"]
    assert [note.text for note in figure.layout.annotations] == ["last day: 21 Mar 2026"]


def test_without_a_control_group_one_line_stands_alone() -> None:
    assert [one.name for one in campaign.weekly(WEEKS[WEEKS["group"] == "treatment"], "response", START, END).data] == ["addressed"]


def test_a_margin_that_is_not_known_is_said() -> None:
    figure = campaign.weekly(WEEKS.assign(margin=NAN), "margin", START, END)
    assert figure.layout.annotations[0].text == theme.safe(campaign.NO_WEEKS)
