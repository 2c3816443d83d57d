"""What goes with low scores: importance beside performance on a map, and importance with its interval."""

from __future__ import annotations

from math import isnan
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from crm_core.analytics.satisfaction.drivers import FIX_FIRST, KEEP_UP, LEAVE, WATCH, Drivers
from crm_core.analytics.satisfaction.measures import Measure
from crm_core.charts import theme
from crm_core.charts.satisfaction import AXES, written

NOTHING = "There are no drivers to show."
NAMED, LETTERS, BARS = 8, 24, 20
#: Two labels do not overlap where they are so far apart, in shares of the map's width and height.
WIDE, HIGH = 0.42, 0.075
#: Marks of a clear driver that goes with more, or with fewer low scores; and of one that is not clear.
MORE, FEWER, UNCLEAR = ("triangle-up", theme.PALETTE[1]), ("triangle-down", theme.PALETTE[0]), ("circle", theme.QUIET)
#: Where a label stands to its mark, by preference.
SIDES = (("middle right", 0.5, 0.0), ("middle left", -0.5, 0.0), ("top center", 0.0, 0.7), ("bottom center", 0.0, -0.7))
OFF_LINE = (*SIDES[2:], ("top right", 0.5, 0.7), ("top left", -0.5, 0.7))


def quadrants(found: Drivers, measure: Measure) -> go.Figure:
    """Every driver by its performance (the measure with it) and the size of its importance; what is not clear is grey and small. The NAMED most
    important are named where there is room, all on hover. `customdata` is [feature, value, hover text].
    """
    if found.table.empty:
        return theme.nothing(NOTHING)
    rows = found.table.assign(size=found.table["importance"].abs())
    across, upwards = _range([*rows["performance"].tolist(), found.overall.value]), [0.0, 1.15 * max(float(rows["size"].max()), 0.1)]
    traces = [_points(part, name, mark, measure) for name, mark, part in _kinds(rows) if len(part)]
    return theme.figure(
        *traces,
        height=460,
        hovermode="closest",
        shapes=_lines(found),
        annotations=_corners(found) + _named(rows, across, upwards, found.important_from),
        xaxis=theme.axis(f"{AXES[measure]}, with it", range=across, tickformat=".0%" if measure == "csat" else None),
        yaxis=theme.axis("Importance, percentage points", range=upwards),
    )


def _range(values: list[float]) -> list[float]:
    low, high = min(values), max(values)
    room = 0.12 * (high - low) or 1.0
    return [low - room, high + room]


def _kinds(rows: pd.DataFrame) -> list[tuple[str, tuple[str, str], pd.DataFrame]]:
    clear = rows["is_clear"]
    more = rows["importance"] > 0
    return [
        ("may be chance", UNCLEAR, rows[~clear]),
        ("with more low scores", MORE, rows[clear & more]),
        ("with fewer low scores", FEWER, rows[clear & ~more]),
    ]


def _points(rows: pd.DataFrame, name: str, mark: tuple[str, str], measure: Measure) -> go.Scatter:
    symbol, colour = mark
    return go.Scatter(
        x=rows["performance"],
        y=rows["size"],
        mode="markers",
        name=name,
        marker={"symbol": symbol, "color": colour, "size": 7 if mark == UNCLEAR else 13, "line": {"width": 0.5, "color": "#FFFFFF"}},
        customdata=[[row.feature, row.value, _told(row, measure)] for row in theme.rows(rows)],
        hovertemplate="%{customdata[2]}<extra></extra>",
    )


def _told(row: Any, measure: Measure | None) -> str:
    kind = "more" if row.importance > 0 else "fewer"
    performance = f"{measure.upper()} {written(row.performance, measure)} with it<br>" if measure else ""
    verdict = row.quadrant if row.is_clear else "may be chance"
    return (
        f"<b>{theme.in_template(row.label)}</b> · {row.n:,} responses<br>{abs(row.importance):.1f} points {kind} low scores "
        f"(95 %: {_signed(row.low)} to {_signed(row.high)})<br>{100 * row.share_low_with:.1f} % low with it, {100 * row.share_low_without:.1f} % without<br>"
        f"{performance}{verdict}"
    )


def _signed(value: float) -> str:
    return f"{value:+.1f}".replace("-", "−")


def _lines(found: Drivers) -> list[dict[str, Any]]:
    """The measure of all, and from where on importance counts."""
    style = {"type": "line", "line": {"color": theme.QUIET, "width": 1, "dash": "dot"}, "layer": "below"}
    lines = [style | {"x0": found.overall.value, "x1": found.overall.value, "yref": "paper", "y0": 0, "y1": 1}]
    if not isnan(found.important_from):
        lines.append(style | {"xref": "paper", "x0": 0, "x1": 1, "y0": found.important_from, "y1": found.important_from})
    return lines


def _corners(found: Drivers) -> list[dict[str, Any]]:
    """The names of the quadrants in their corners; the upper ones only where something is important."""
    names = [(WATCH, 0, 0), (LEAVE, 1, 0)]
    names += [] if isnan(found.important_from) else [(FIX_FIRST, 0, 1), (KEEP_UP, 1, 1)]
    return [
        {
            "text": name.upper(),
            "xref": "paper",
            "yref": "paper",
            "x": x,
            "y": y,
            "xanchor": "right" if x else "left",
            "yanchor": "top" if y else "bottom",
            "showarrow": False,
            "font": {"size": 11, "color": theme.QUIET},
        }
        for name, x, y in names
    ]


def _named(rows: pd.DataFrame, across: list[float], upwards: list[float], line: float) -> list[dict[str, Any]]:
    """Labels of the most important (clear ones first), each on a side where it meets no label before and no mark; else it is left to the hover.
    Beside a mark on the `line` of importance it would be struck through, so there it stands above or below.
    """
    marks = [(_share(row.performance, across), _share(row.size, upwards)) for row in theme.rows(rows)]
    first = rows.sort_values(["is_clear", "size"], ascending=False, kind="stable").head(NAMED)
    taken: list[tuple[float, float]] = []
    found = []
    for row, name in zip(theme.rows(first), theme.labels(first["label"], LETTERS), strict=True):
        x, y = _share(row.performance, across), _share(row.size, upwards)
        for side, right, up in OFF_LINE if abs(y - _share(line, upwards)) <= HIGH / 2 else SIDES:
            centre = (x + right * (WIDE + 0.03), y + up * HIGH)
            if _has_room(centre, taken, [mark for mark in marks if mark != (x, y)]):
                taken.append(centre)
                found.append(_label(row, name, side))
                break
    return found


def _share(value: float, limits: list[float]) -> float:
    return (value - limits[0]) / (limits[1] - limits[0])


def _has_room(centre: tuple[float, float], taken: list[tuple[float, float]], marks: list[tuple[float, float]]) -> bool:
    """Inside the map, apart from all labels before and from the marks of others."""
    x, y = centre
    is_inside = WIDE / 2 <= x <= 1 - WIDE / 2 and HIGH / 2 <= y <= 1 - HIGH / 2
    meets_label = any(abs(x - other_x) < WIDE and abs(y - other_y) < HIGH for other_x, other_y in taken)
    covers_mark = any(abs(x - other_x) < WIDE / 2 and abs(y - other_y) < HIGH / 2 for other_x, other_y in marks)
    return is_inside and not meets_label and not covers_mark


def _label(row: Any, name: str, side: str) -> dict[str, Any]:
    upright, beside = side.split()
    return {
        "text": name,
        "x": row.performance,
        "y": row.size,
        "showarrow": False,
        "xanchor": {"right": "left", "left": "right", "center": "center"}[beside],
        "yanchor": {"middle": "middle", "top": "bottom", "bottom": "top"}[upright],
        "xshift": {"right": 10, "left": -10, "center": 0}[beside],
        "yshift": {"middle": 0, "top": 8, "bottom": -8}[upright],
        "font": {"size": 12},
    }


def importance(table: pd.DataFrame) -> go.Figure:
    """Importance of the strongest BARS drivers with their 95 % intervals, clear ones first; what is not clear is grey. `customdata` as above."""
    if table.empty:
        return theme.nothing(NOTHING)
    strongest = table.assign(size=table["importance"].abs()).sort_values(["is_clear", "size"], ascending=False, kind="stable").head(BARS)
    rows = strongest[::-1]
    bar = go.Bar(
        x=rows["importance"],
        y=theme.labels(rows["label"], 30),
        orientation="h",
        marker=_fills(rows),
        customdata=[[row.feature, row.value, _told(row, None)] for row in theme.rows(rows)],
        hovertemplate="%{customdata[2]}<extra></extra>",
        error_x={
            "type": "data",
            "symmetric": False,
            "array": rows["high"] - rows["importance"],
            "arrayminus": rows["importance"] - rows["low"],
            "color": theme.QUIET,
            "thickness": 1.5,
            "width": 4,
        },
    )
    return theme.figure(bar, height=110 + 26 * len(rows), xaxis=theme.axis("Low scores, points", zeroline=True), yaxis=theme.axis())


def _fills(rows: pd.DataFrame) -> dict[str, Any]:
    """Hatched where low scores are fewer; pale where the effect may be chance."""
    colours = [theme.PALE if not row.is_clear else (MORE if row.importance > 0 else FEWER)[1] for row in theme.rows(rows)]
    fill = theme.fill(theme.QUIET)
    return fill | {"color": colours, "pattern": fill["pattern"] | {"shape": ["" if one > 0 else "/" for one in rows["importance"]]}}
