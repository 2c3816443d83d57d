"""Did a campaign work: how far the groups are apart, with intervals, and how results came in week by week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import isfinite, isnan
from typing import Any, Literal

import pandas as pd
import plotly.graph_objects as go

from crm_core.analytics.campaign.members import CONTROL, TREATMENT
from crm_core.charts import theme

Figure = Literal["response", "sales", "margin"]
RESPONSE = "Response"
NOTHING = "Without a control group there is no difference to show."
NO_WEEKS = "No results to show yet."
#: Colour, dash and mark of a group: nothing is said by colour alone.
LINES = {
    TREATMENT: ("addressed", theme.NOW, "solid", "circle"),
    CONTROL: ("control group", theme.BEFORE, "dash", "diamond"),
}
NOT_YET = "rgba(138,143,152,0.16)"


@dataclass(frozen=True)
class Apart:
    """One difference between the groups, with a name of ours (RESPONSE, a share; or of money): `point` as it is, and the middle and bounds of its 95 %
    interval, missing where there is none. Of money these are of capped values.
    """

    name: str
    point: float
    middle: float
    low: float
    high: float


def differences(response: Apart | None, money: Sequence[Apart], currency: str = "") -> go.Figure:
    """Addressed less control group: above the response in percentage points, below it money a customer, each with its 95 % interval and zero as a line; of
    money the difference as it is beside it, as an open diamond.
    """
    shown = [one for one in money if isfinite(one.point)]
    if response is None and not shown:
        return theme.nothing(NOTHING)
    upper, lower = _places(response is not None, len(shown))
    traces = []
    axes: dict[str, Any] = {}
    if response is not None:
        traces.append(_intervals([_in_points(response)], "", theme.NOW) | {"showlegend": False})
        axes |= _axes("", [_in_points(response)], "Response, difference in percentage points", upper)
    if shown:
        traces += [_intervals(shown, currency, theme.NOW) | {"xaxis": "x2", "yaxis": "y2"}, _as_they_are(shown, currency)]
        axes |= _axes("2", shown, theme.with_unit("Money a customer, difference", currency), lower)
    return theme.figure(*traces, height=120 + 80 * (response is not None) + 50 * len(shown), **axes)


def _places(has_response: bool, count_money: int) -> tuple[list[float], list[float]]:
    """From where to where upwards the response stands, and the money, as shares of the height; axes and titles need the gap between them."""
    if not has_response or not count_money:
        return [0.0, 1.0], [0.0, 1.0]
    top = 1 / (1.5 + count_money)
    return [1 - top, 1.0], [0.0, 0.72 - top]


def _in_points(one: Apart) -> Apart:
    return Apart(one.name, *(100 * value for value in (one.point, one.point, one.low, one.high)))


def _axes(number: str, rows: list[Apart], title: str, place: list[float]) -> dict[str, Any]:
    """The pair of axes with that number, zero as a line."""
    names = [one.name for one in rows][::-1]
    across = theme.axis(title, range=_range(rows), anchor=f"y{number}", exponentformat="B", separatethousands=True)
    across |= {"zeroline": True, "zerolinewidth": 2, "zerolinecolor": theme.QUIET}
    listed: dict[str, Any] = {"type": "category", "categoryorder": "array", "categoryarray": names, "range": [-0.6, len(rows) - 0.4]}
    return {f"xaxis{number}": across, f"yaxis{number}": theme.axis(domain=place, anchor=f"x{number}", **listed)}


def _intervals(rows: list[Apart], currency: str, colour: str) -> dict[str, Any]:
    bounds = {
        "type": "data",
        "symmetric": False,
        "array": [one.high - one.middle if isfinite(one.high) else 0.0 for one in rows],
        "arrayminus": [one.middle - one.low if isfinite(one.low) else 0.0 for one in rows],
        "color": colour,
        "thickness": 2,
        "width": 7,
    }
    return _dots(rows, [one.middle for one in rows], currency) | {
        "name": "95 % interval, money capped",
        "marker": {"size": 11, "color": colour},
        "error_x": bounds,
    }


def _as_they_are(rows: list[Apart], currency: str) -> dict[str, Any]:
    mark = {"size": 12, "symbol": "diamond-open", "color": theme.BEFORE, "line": {"width": 2}}
    return _dots(rows, [one.point for one in rows], currency) | {"name": "money as it is", "marker": mark, "xaxis": "x2", "yaxis": "y2"}


def _dots(rows: list[Apart], values: list[float], currency: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "x": values,
        "y": [one.name for one in rows],
        "mode": "markers",
        "customdata": [[_told(one, currency)] for one in rows],
        "hovertemplate": "%{customdata[0]}<extra></extra>",
    }


def _range(rows: list[Apart]) -> list[float]:
    """From the lowest to the highest value and zero, with room."""
    values = [one for row in rows for one in (row.point, row.middle, row.low, row.high) if isfinite(one)]
    low, high = min(0.0, *values), max(0.0, *values)
    room = 0.12 * (high - low) or 1.0
    return [low - room, high + room]


def _told(one: Apart, currency: str) -> str:
    is_money = one.name != RESPONSE

    def written(value: float) -> str:
        return f"{theme.in_template(currency)} {value:+,.2f}".strip() if is_money else f"{value:+.1f} points"

    bounds = "no interval" if isnan(one.low) else f"{written(one.low)} to {written(one.high)}"
    capped = f"<br>of capped values {written(one.middle)}" if is_money else ""
    return f"<b>{one.name}</b><br>{written(one.point)}{capped}<br>95 %: {bounds}"


def weekly(frame: pd.DataFrame, value: Figure, start: date, end: date, currency: str = "") -> go.Figure:
    """One of the figures a customer of both groups, from the start to the day; `frame` as weeks.weekly gives it. Marks are open before the end: such looks
    give no verdict. The last day that counts (the one before `end`) has a line, and the days not known yet are grey.
    """
    if frame.empty or frame[value].isna().all():
        return theme.nothing(NO_WEEKS)
    last, known = end - timedelta(days=1), max(frame["day"])
    traces = [_line(frame[frame["group"] == group], value, last, group, currency) for group in LINES if (frame["group"] == group).any()]
    is_share = value == "response"
    title = "Response so far" if is_share else theme.with_unit(f"{value.capitalize()} a customer so far", currency)
    room = timedelta(days=max(1, round((last - start).days / 25)))
    return theme.figure(
        *traces,
        height=340,
        shapes=[*_not_yet(known, last), _end_line(last)],
        annotations=[_end_note(last), *_interim_note(known, last)],
        margin={"l": 8, "r": 8, "t": 56, "b": 8},
        legend=theme.LEGEND | {"y": 1.1},
        xaxis=theme.axis(type="date", range=[start - room, last + room], tickformat="%d %b", nticks=7),
        yaxis=theme.shares(title, rangemode="tozero") if is_share else theme.amounts(title),
    )


def _line(rows: pd.DataFrame, value: str, last: date, group: str, currency: str) -> go.Scatter:
    name, colour, dash, mark = LINES[group]
    written = [f"{100 * one:.1f} %" if value == "response" else f"{theme.in_template(currency)} {one:,.2f}".strip() for one in rows[value]]
    told = zip(written, rows["buyers"], rows["customers"], rows["day"], strict=True)
    return go.Scatter(
        x=rows["day"],
        y=rows[value],
        mode="lines+markers",
        name=name,
        line={"color": colour, "width": 2.5, "dash": dash},
        marker={
            "size": 9,
            "color": colour,
            "symbol": [mark if day >= last else f"{mark}-open" for day in rows["day"]],
            "line": {"width": 2, "color": colour},
        },
        customdata=[
            [f"{said}, {buyers:,} of {customers:,} bought{'' if day >= last else '<br>interim: no verdict'}"]
            for said, buyers, customers, day in told
        ],
        hovertemplate="until %{x|%d %b %Y}<br>%{customdata[0]}<extra>" + name + "</extra>",
    )


def _not_yet(known: date, last: date) -> list[dict[str, Any]]:
    """The days between what is known and the end."""
    if known >= last:
        return []
    return [
        {
            "type": "rect",
            "x0": known,
            "x1": last,
            "yref": "paper",
            "y0": 0,
            "y1": 1,
            "fillcolor": NOT_YET,
            "line": {"width": 0},
            "layer": "below",
        }
    ]


def _end_line(last: date) -> dict[str, Any]:
    style = {"color": theme.QUIET, "width": 1.5, "dash": "dot"}
    return {"type": "line", "x0": last, "x1": last, "yref": "paper", "y0": 0, "y1": 1, "line": style, "layer": "below"}


def _end_note(last: date) -> dict[str, Any]:
    return _note(f"last day: {last:%d %b %Y}", last, 1.0, "bottom", "right")


def _interim_note(known: date, last: date) -> list[dict[str, Any]]:
    return [] if known >= last else [_note("not known yet", known + (last - known) / 2, 0.98, "top", "center")]


def _note(text: str, day: date, height: float, upright: str, side: str) -> dict[str, Any]:
    font = {"size": 11, "color": theme.QUIET}
    return {"text": text, "x": day, "yref": "paper", "y": height, "yanchor": upright, "xanchor": side, "showarrow": False, "font": font}
