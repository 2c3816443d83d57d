"""Charts of satisfaction and service show the numbers of their frames; what the user wrote is no markup, and nothing to draw is a sentence."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
import pytest

from crm_core.analytics.satisfaction import attitude as words
from crm_core.analytics.satisfaction.responses import Scale
from crm_core.analytics.satisfaction.split import BETTER, FEW, SAME, WORSE
from crm_core.charts import satisfaction, service

NAN = float("nan")
TREND = pd.DataFrame({"period": ["2025-01", "2025-02"], "n": [120, 12], "value": [11.8, -3.0], "low": [5.0, -40.0], "high": [18.0, 33.0]})
SPLIT = pd.DataFrame(
    {
        "group": ["<b>web", "shop", "phone", ""],
        "n": [900, 400, 20, 5],
        "value": [0.7, 0.8, 0.75, NAN],
        "low": [0.67, 0.76, 0.5, NAN],
        "high": [0.73, 0.84, 0.9, NAN],
        "difference": [-0.1, 0.1, 0.0, NAN],
        "verdict": [WORSE, BETTER, SAME, FEW],
    }
)
MONTHS = pd.DataFrame(
    {
        "group": pd.to_datetime(["2025-01-01", "2025-02-01"]),
        "cases": [40, 60],
        "first_hours_median": [2.0, 3.0],
        "first_hours_p90": [20.0, 30.0],
        "resolution_hours_median": [NAN, NAN],
        "resolution_hours_p90": [NAN, NAN],
        "judged": [40, 0],
        "within_share": [0.75, NAN],
        "within_low": [0.6, NAN],
        "within_high": [0.86, NAN],
    }
)


def hovers(figure: go.Figure) -> str:
    return str([trace.customdata for trace in figure.data]) + str([trace.hovertext for trace in figure.data])


def test_the_trend_tells_value_interval_and_n() -> None:
    figure = satisfaction.trend(TREND, "nps")
    assert list(figure.data[1].y) == [11.8, -3.0]
    assert "+11.8 (95 %: +5.0 to +18.0)" in hovers(figure)
    assert "n = 12<br>uncertain" in hovers(figure)
    assert list(figure.data[1].marker.symbol) == ["circle", "circle-open"]


def test_scores_nobody_gave_stand_as_zero_and_bands_have_their_own_hatching() -> None:
    frame = pd.DataFrame({"score": [1.0, 4.0, 5.0], "n": [2, 3, 5], "share": [0.2, 0.3, 0.5]})
    figure = satisfaction.scores(frame, "csat", Scale(1, 5))
    drawn = {score: share for bar in figure.data for score, share in zip(bar.x, bar.y, strict=True)}
    assert drawn == {1.0: 0.2, 2.0: 0.0, 3.0: 0.0, 4.0: 0.3, 5.0: 0.5}
    assert [bar.name for bar in figure.data] == ["satisfied", "in between", "dissatisfied"]
    assert len({bar.marker.pattern.shape for bar in figure.data}) == 3


def test_groups_are_marked_by_verdict_and_selected_by_their_own_name() -> None:
    figure = satisfaction.groups(SPLIT, "csat", "Touchpoint")
    marks = {trace.name: trace.marker.symbol for trace in figure.data}
    assert marks == {
        "better than the rest": "triangle-up",
        "worse than the rest": "triangle-down",
        "no significant difference, or too few": "circle",
    }
    assert {row[0] for trace in figure.data for row in trace.customdata} == set(SPLIT["group"])
    assert "<b>web" not in str(figure.layout.yaxis.categoryarray)
    assert "&lt;b&gt;web" in str(figure.layout.yaxis.categoryarray)


@pytest.mark.parametrize(
    ("value", "measure", "text"),
    [(11.84, "nps", "+11.8"), (-3.0, "nps", "-3.0"), (0.768, "csat", "76.8 %"), (5.416, "ces", "5.42"), (NAN, "nps", "–")],
)
def test_measures_are_written_with_their_unit(value: float, measure: str, text: str) -> None:
    assert satisfaction.written(value, measure) == text


def test_the_attitude_grid_selects_word_and_deed() -> None:
    cells = [(word, deed, "Captive", 3, 10.0) for word in words.ATTITUDES for deed in words.BEHAVIOURS]
    figure = satisfaction.attitude(pd.DataFrame(cells, columns=list(words.COLUMNS)))
    assert {tuple(one) for one in figure.data[1].customdata} == {(word, deed) for word, deed, *_ in cells}


def test_a_story_shows_each_kind_of_event_and_no_markup() -> None:
    frame = pd.DataFrame(
        {"at": pd.to_datetime(["2025-01-01", "2025-01-02"]), "kind": ["order", "score"], "text": ["Order of 5", "NPS 3 of 10: <a href=x>"]}
    )
    figure = satisfaction.story(frame)
    assert [trace.name for trace in figure.data[1:]] == ["order", "score"]
    assert "<a href" not in hovers(figure)


def test_waits_are_in_hours_or_days_and_say_when_they_are_not_told() -> None:
    figure = service.waits(MONTHS, "first", "first answered")
    assert list(figure.data[0].y) == [2.0, 3.0]
    assert figure.layout.yaxis.title.text == "Hours"
    long = MONTHS.assign(first_hours_p90=[480.0, 240.0])
    assert list(service.waits(long, "first", "first answered").data[1].y) == [20.0, 10.0]
    assert "does not tell when cases were solved" in service.waits(MONTHS, "resolution", "solved").layout.annotations[0].text.replace(
        "<br>", " "
    )


@pytest.mark.parametrize(("hours", "text"), [(0.5, "30 min"), (9.15, "9.2 h"), (127.3, "5.3 days"), (NAN, "–")])
def test_durations_are_in_words(hours: float, text: str) -> None:
    assert service.duration(hours) == text


def test_only_months_with_an_agreed_time_are_in_the_share() -> None:
    assert list(service.within(MONTHS).data[0].y) == [0.75]


def test_open_cases_stand_by_age_those_past_their_time_apart() -> None:
    frame = pd.DataFrame({"days_from": [0, 1, 90], "days_to": [1, 3, NAN], "cases": [4, 2, 9], "late": [0, 1, 9]})
    figure = service.ages(frame)
    assert [list(bar.y) for bar in figure.data] == [[4, 1, 0], [0, 1, 9]]
    assert list(figure.data[0].x) == ["under a day", "1–3 days", "over 90 days"]


def test_topics_are_escaped_and_the_rising_ones_marked() -> None:
    frame = pd.DataFrame({"topic": ["<i>late", ""], "cases": [30, 2], "before": [5, 3], "verdict": ["rising", FEW]})
    figure = service.topics(frame, 30)
    assert list(figure.data[1].x) == [2, 30]
    assert figure.data[1].y[1].startswith("▲ &lt;i&gt;late")


@pytest.mark.parametrize(
    "figure",
    [
        satisfaction.trend(TREND.head(0), "nps"),
        satisfaction.scores(pd.DataFrame({"score": [], "n": [], "share": []}), "nps", Scale(0, 10)),
        satisfaction.groups(SPLIT.head(0), "csat", "x"),
        satisfaction.repurchase(pd.DataFrame(), 90),
        satisfaction.story(pd.DataFrame({"at": [], "kind": [], "text": []})),
        service.ages(pd.DataFrame({"days_from": [0], "days_to": [1], "cases": [0], "late": [0]})),
        service.topics(pd.DataFrame({"topic": [], "cases": [], "before": [], "verdict": []}), 30),
        service.within(MONTHS.tail(1)),
    ],
)
def test_nothing_to_draw_is_a_sentence(figure: go.Figure) -> None:
    assert len(figure.layout.annotations) == 1
    assert not [trace for trace in figure.data if trace.type != "scatter"]


def test_the_interval_of_a_single_period_is_drawn_though_a_band_has_no_width() -> None:
    columns = ["period", "n", "value", "low", "high"]
    alone = satisfaction.trend(pd.DataFrame([("2024-05", 1, -100.0, -98.5, 48.5)], columns=columns), "nps").data[1]
    assert (list(alone.error_y.array), list(alone.error_y.arrayminus)) == ([148.5], [0.0])
    two = pd.DataFrame([("2024-05", 40, 1.0, 0.0, 2.0), ("2024-06", 40, 1.0, 0.0, 2.0)], columns=columns)
    assert satisfaction.trend(two, "nps").data[1].error_y.array is None


def test_small_shares_have_an_axis_that_tells_them_apart() -> None:
    columns = ["band", "customers", "buyers", "repurchase_share", "share_low", "share_high"]
    rare = satisfaction.repurchase(pd.DataFrame([("Satisfied", 4061, 10, 0.0025, 0.001, 0.005)], columns=columns), 90)
    usual = satisfaction.repurchase(pd.DataFrame([("Satisfied", 60, 30, 0.5, 0.4, 0.6)], columns=columns), 90)
    assert (rare.layout.yaxis.tickformat, usual.layout.yaxis.tickformat) == (".1%", ".0%")


def test_events_of_one_day_do_not_cover_each_other() -> None:
    rows = pd.DataFrame([(pd.Timestamp("2024-01-01"), kind, kind) for kind in satisfaction.KINDS], columns=["at", "kind", "text"])
    heights = [trace.y[0] for trace in satisfaction.story(rows).data[1:]]
    assert len(set(heights)) == len(satisfaction.KINDS)
    low, high = satisfaction.story(rows).layout.yaxis.range
    assert all(low < height < high for height in heights)


def test_one_case_is_no_fraction_on_the_axis() -> None:
    columns = ["days_from", "days_to", "cases", "late"]
    assert service.ages(pd.DataFrame([(0, 1.0, 1, 0)], columns=columns)).layout.yaxis.dtick == 1
    assert service.ages(pd.DataFrame([(0, 1.0, 90, 0)], columns=columns)).layout.yaxis.dtick is None
