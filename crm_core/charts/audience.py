"""What sets an audience apart, and what a campaign brings by how many more respond: charts of pairs of shares, and lines of profit."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from crm_core.analytics.campaign.expect import Economics, Expected
from crm_core.charts import theme

NOTHING_APART = "Nothing that this data tells sets them apart."
NO_LINE = "There are no contacts to reckon with."
LETTERS = 34
#: Share of the axis left free for the label of the longest bar.
ROOM = 0.15
#: Where all shares are below this one, a chart tells tenths of a percent.
FINE = 0.1
#: The line of profit goes so far beyond what is expected and where it breaks even, and at least to this response; it has so many points for the pointer.
BEYOND, LEAST_RESPONSE, POINTS = 1.6, 0.01, 61
#: Pixels: how far below nil the texts of arrows begin, half their height, and what a chart has at least; and up to where there is room right of an arrow.
DEPTHS, TEXT, PLOT, ROOM_FROM = (34, 74), 20, 230, 0.65
NIL = {"rangemode": "normal", "zeroline": True, "zerolinecolor": theme.QUIET, "zerolinewidth": 1.5}
LINES = {"order": ("on the order", theme.NOW, "solid"), "forecast value": ("on the forecast value", theme.BEFORE, "dash")}


def apart(frame: pd.DataFrame, of_audience: str, of_all: str) -> go.Figure:
    """A pair of bars a row of `frame`, the first row on top: label, audience_share, all_share (0 to 1, below zero where returns outweigh). The bars are
    called `of_audience` and `of_all` (our words)."""
    if frame.empty:
        return theme.nothing(NOTHING_APART)
    rows = frame.iloc[::-1]
    names = theme.labels(rows["label"], LETTERS)
    bars = [_bar(rows, "all_share", of_all, names, 1), _bar(rows, "audience_share", of_audience, names, 0)]
    return theme.figure(
        *bars,
        height=100 + 40 * len(rows),
        barmode="group",
        legend=theme.LEGEND | {"traceorder": "reversed"},
        xaxis=theme.axis("", tickformat=".1%" if _is_fine(rows) else ".0%", range=_range(rows)),
        yaxis=theme.axis(type="category"),
    )


def _bar(rows: pd.DataFrame, column: str, name: str, names: list[str], place: int) -> go.Bar:
    values = rows[column].astype(float).tolist()
    return go.Bar(
        x=values,
        y=names,
        orientation="h",
        name=name,
        marker=theme.fill(theme.PALETTE[place], place),
        text=[f"{value:.1%}" if (_is_fine(rows) or abs(value) < 0.0095) and value else f"{value:.0%}" for value in values],
        textposition="outside",
        cliponaxis=False,
        customdata=[[theme.safe(label)] for label in rows["label"]],
        hovertemplate=f"<b>%{{customdata[0]}}</b><br>%{{x:.1%}} {name}<extra></extra>",
    )


def _is_fine(rows: pd.DataFrame) -> bool:
    """Are all shares so small that whole percent would tell them all the same?"""
    return bool(rows[["audience_share", "all_share"]].astype(float).abs().max().max() < FINE)


def _range(rows: pd.DataFrame) -> list[float]:
    """From the least share to the greatest, with room for the labels at the ends."""
    shares = rows[["audience_share", "all_share"]].astype(float)
    low, high = min(0.0, shares.min().min()), max(0.0, shares.max().max())
    room = ROOM * (high - low)
    return [low - (room if low < 0 else 0), high + room]


def profit(found: Expected, currency: str = "") -> go.Figure:
    """Expected profit of all contacts by incremental response, on the order and, where it is known, on the forecast value; marked are where a line breaks even
    and what is expected."""
    if not found.plan.contacts:
        return theme.nothing(NO_LINE)
    sides = [one for one in (found.order, found.forecast) if one is not None]
    start, end = min(0.0, _more(found)), _end(found, sides)
    traces = [_line(found, one, (start, end), currency) for one in sides]
    traces += [_expected(found, one, currency) for one in sides]
    crossings = [(at, one) for one in sides if (at := crossing(found, one)) is not None and start <= at <= end]
    money = theme.with_unit("Expected profit", currency)
    return theme.figure(
        *traces,
        height=380,
        hovermode="closest",
        annotations=[_break_even(one, at, (start, end), place) for place, (at, one) in enumerate(crossings)],
        xaxis=theme.axis("Incremental response", tickformat=".1%", range=[start - 0.02 * (end - start), end]),
        yaxis=theme.amounts(money) | NIL | {"range": _range_of_profit(traces, len(crossings))},
    )


def crossing(found: Expected, side: Economics) -> float | None:
    """The incremental response at which that line breaks even, at the response without the campaign that is given; None where none does."""
    if side.needed_response is None or side.needed_response > 1:
        return None
    return side.needed_response - (found.plan.response_without or 0.0)


def _more(found: Expected) -> float:
    return found.plan.response - (found.plan.response_without or 0.0)


def _end(found: Expected, sides: list[Economics]) -> float:
    """Where the lines end: nobody responds more than always."""
    marks = [_more(found), LEAST_RESPONSE, *(one for side in sides if (one := crossing(found, side)) is not None)]
    return min(BEYOND * max(marks), 1 - (found.plan.response_without or 0.0)) or LEAST_RESPONSE


def _profit(found: Expected, side: Economics, more: float) -> float:
    """Of all contacts, at this incremental response."""
    plan = found.plan
    responding = (plan.response_without or 0.0) + more
    return plan.contacts * (more * side.value_a_response - responding * plan.cost_a_response - plan.cost_a_contact)


def _line(found: Expected, side: Economics, ends: tuple[float, float], currency: str) -> go.Scatter:
    name, colour, dash = LINES[side.basis]
    across = [ends[0] + (ends[1] - ends[0]) * place / (POINTS - 1) for place in range(POINTS)]
    return go.Scatter(
        x=across,
        y=[_profit(found, side, one) for one in across],
        mode="lines",
        name=name,
        line={"color": colour, "width": 2.5, "dash": dash},
        hovertemplate=_hover(name, currency),
    )


def _expected(found: Expected, side: Economics, currency: str) -> go.Scatter:
    name, colour, _ = LINES[side.basis]
    return go.Scatter(
        x=[_more(found)],
        y=[side.profit],
        mode="markers",
        name=f"expected {name}",
        marker={
            "color": colour,
            "size": 11,
            "symbol": "circle" if side.basis == "order" else "diamond",
            "line": {"width": 1, "color": "#FFFFFF"},
        },
        hovertemplate=_hover(f"expected {name}", currency),
    )


def _hover(name: str, currency: str) -> str:
    unit = f" {theme.in_template(currency)}" if currency else ""
    return f"<b>{name}</b><br>%{{x:.2%}} more respond<br>profit %{{y:,.0f}}{unit}<extra></extra>"


def _break_even(side: Economics, at: float, ends: tuple[float, float], place: int) -> dict[str, Any]:
    """The arrow to where a line crosses nil. Lines rise, so its text stands below and right of it, where there is room."""
    is_right = at - ends[0] < ROOM_FROM * (ends[1] - ends[0])
    return {
        "x": at,
        "y": 0,
        "text": f"breaks even where<br>{100 * (side.needed_response or 0):.2f} % respond",
        "showarrow": True,
        "arrowhead": 2,
        "arrowcolor": LINES[side.basis][1],
        "ax": 12 if is_right else -12,
        "ay": DEPTHS[place],
        "xanchor": "left" if is_right else "right",
        "font": {"size": 12},
    }


def _range_of_profit(traces: list[go.Scatter], arrows: int) -> list[float]:
    """From the least profit to the largest, with room below nil for the texts of so many arrows."""
    values = [0.0, *(value for trace in traces for value in trace.y)]
    pad = 0.06 * ((max(values) - min(values)) or 1.0)
    low, high = min(values) - pad, max(values) + pad
    part = (DEPTHS[arrows - 1] + TEXT) / PLOT if arrows else 0.0
    return [min(low, -part * high / (1 - part)), high]
