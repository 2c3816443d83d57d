"""The curve shows each point of its frame; marks are left out where they are undefined."""

from __future__ import annotations

from datetime import date

import pandas as pd

from crm_core.charts import pareto

CURVE = pd.DataFrame({"customer_share": [0.0, 0.2, 0.5, 1.0], "value_share": [0.0, 0.7, 0.9, 1.0]})
WHALE = pd.DataFrame({"customer_share": [0.0, 0.2, 0.6, 1.0], "value_share": [0.0, 0.8, 1.25, 1.0]})
TIME = pd.DataFrame(
    {
        "as_of": [date(2024, 1, 1), date(2024, 2, 1)],
        "top20_share": [0.6, None],
        "vital_few_share": [0.4, None],
        "gini": [0.5, 0.55],
    }
)


def notes(drawn: object) -> list[str]:
    return [note.text for note in drawn.layout.annotations]  # type: ignore[attr-defined]


def test_the_curve_is_the_frame() -> None:
    line = pareto.curve(CURVE, "Net sales", 0.7, 0.35).data[0]
    assert list(line.x) == list(CURVE["customer_share"])
    assert list(line.y) == list(CURVE["value_share"])
    assert [selects[0] for selects in line.customdata] == list(CURVE["customer_share"])


def test_the_curve_names_its_two_marks() -> None:
    assert notes(pareto.curve(CURVE, "Net sales", 0.7, 0.35)) == ["best 20 % hold 70 %", "80 % come from 35 %"]


def test_undefined_marks_are_left_out() -> None:
    assert notes(pareto.curve(CURVE, "Net sales", None, None)) == []


def test_a_whale_curve_names_its_peak_and_fits_the_axis() -> None:
    drawn = pareto.curve(WHALE, "Gross profit", 0.8, 0.2)
    assert "peak 125 %" in notes(drawn)
    assert drawn.layout.yaxis.range[1] > 1.25


def test_a_curve_that_starts_below_zero_fits_the_axis() -> None:
    frame = pd.DataFrame({"customer_share": [0.0, 0.5, 1.0], "value_share": [0.0, -0.1, 1.0]})
    assert pareto.curve(frame, "Net sales").layout.yaxis.range[0] <= -0.1


def test_an_undefined_curve_is_a_sentence() -> None:
    assert "undefined" in notes(pareto.curve(CURVE[:0], "Net sales"))[0]


def test_lines_over_time_differ_without_colour() -> None:
    traces = pareto.over_time(TIME).data
    assert [list(trace.y) for trace in traces][2] == [0.5, 0.55]
    assert len({trace.line.dash for trace in traces}) == len({trace.marker.symbol for trace in traces}) == 3


def test_one_point_in_time_is_no_trend() -> None:
    assert "too little time" in notes(pareto.over_time(TIME[:1]))[0]


def test_shares_that_are_undefined_all_the_time_are_a_sentence() -> None:
    undefined = TIME.assign(top20_share=None, vital_few_share=None, gini=None)
    assert "undefined" in notes(pareto.over_time(undefined))[0]


def test_a_mark_at_the_right_edge_has_its_text_at_the_left() -> None:
    (mark,) = pareto.curve(CURVE, "Net sales", None, 1.0).layout.annotations
    assert (mark.ax < 0, mark.xanchor) == (True, "right")
