"""How satisfied customers are: over time, by score, by group, beside money and behaviour, and one customer's story."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from crm_core.analytics.satisfaction.attitude import ATTITUDES, BEHAVIOURS
from crm_core.analytics.satisfaction.measures import BANDS, TOO_FEW, UNCERTAIN, Measure
from crm_core.analytics.satisfaction.responses import Scale, edges
from crm_core.analytics.satisfaction.split import BETTER, WORSE
from crm_core.analytics.satisfaction.watch import KINDS
from crm_core.charts import cells, theme

NO_RESPONSES = "No responses to show here."
BAND = "rgba(0,114,178,0.18)"
#: Best, between, worst.
BAND_COLOURS = (theme.PALETTE[0], theme.QUIET, theme.PALETTE[1])
AXES: dict[Measure, str] = {"nps": "NPS, points", "csat": "CSAT, share satisfied", "ces": "CES, mean score"}
#: Marks of verdicts: nothing is said by colour alone.
MARKS = {BETTER: ("triangle-up", theme.PALETTE[0]), WORSE: ("triangle-down", theme.PALETTE[1])}
NO_VERDICT = ("circle", theme.QUIET)
#: Where all shares are below it, whole percents on an axis would repeat.
SMALL_SHARE = 0.05


def written(value: float, measure: str) -> str:
    """+11.8, 76.6 %, 5.42"""
    if isnan(value):
        return "–"
    return f"{value:+.1f}" if measure == "nps" else f"{100 * value:.1f} %" if measure == "csat" else f"{value:.2f}"


def _axis(measure: Measure, **more: Any) -> dict[str, Any]:
    return theme.shares(AXES[measure], **more) if measure == "csat" else theme.axis(AXES[measure], **more)


def trend(frame: pd.DataFrame, measure: Measure) -> go.Figure:
    """The measure by period with its 95 % band; pale where few answered. `frame` has period, n, value, low, high."""
    if frame.empty:
        return theme.nothing(NO_RESPONSES)
    band = go.Scatter(
        x=[*frame["period"], *frame["period"][::-1]],
        y=[*frame["high"], *frame["low"][::-1]],
        fill="toself",
        mode="none",
        fillcolor=BAND,
        name="95 % interval",
        hoverinfo="skip",
    )
    is_few = frame["n"] < UNCERTAIN
    line = go.Scatter(
        x=frame["period"],
        y=frame["value"],
        mode="lines+markers",
        name=AXES[measure].split(",")[0],
        line={"color": theme.NOW, "width": 2.5},
        marker={"size": 9, "symbol": ["circle-open" if few else "circle" for few in is_few], "color": theme.NOW},
        customdata=[[_told(row, measure)] for row in theme.rows(frame)],
        hovertemplate="%{customdata[0]}<extra></extra>",
        error_y=_alone(frame),
    )
    few = [
        go.Scatter(
            x=[None],
            y=[None],
            mode="markers",
            name=f"fewer than {UNCERTAIN} responses",
            marker={"symbol": "circle-open", "color": theme.NOW},
        )
    ]
    return theme.figure(
        band, line, *(few if is_few.any() else []), height=360, xaxis=theme.axis(type="category", nticks=18), yaxis=_axis(measure)
    )


def _alone(frame: pd.DataFrame) -> dict[str, Any] | None:
    """The interval of a single point, where a band has no width."""
    if len(frame) > 1 or frame["low"].isna().all():
        return None
    return {
        "type": "data",
        "symmetric": False,
        "array": frame["high"] - frame["value"],
        "arrayminus": (frame["value"] - frame["low"]).clip(lower=0),  # of an adjusted value, the interval may lie beside the plain one
        "color": theme.QUIET,
        "width": 6,
    }


def _told(row: Any, measure: Measure) -> str:
    bounds = "no interval" if isnan(row.low) else f"95 %: {written(row.low, measure)} to {written(row.high, measure)}"
    uncertain = "<br>too few for a verdict" if row.n < TOO_FEW else "<br>uncertain: few responses" if row.n < UNCERTAIN else ""
    return f"<b>{theme.safe(row[1])}</b><br>{written(row.value, measure)} ({bounds})<br>n = {row.n:,}{uncertain}"


def scores(frame: pd.DataFrame, measure: Measure, on: Scale) -> go.Figure:
    """How many gave each score, coloured by band; a click selects the score (`customdata[1]`).

    `frame` has score, n, share; scores of the scale that nobody gave stand as zero.
    """
    if frame.empty:
        return theme.nothing(NO_RESPONSES)
    steps = on.highest - on.lowest
    known = {float(row.score): row for row in theme.rows(frame)}
    all_scores = sorted({*known, *(on.lowest + step for step in range(int(steps) + 1))} if steps <= 20 else known)
    top, bottom = edges(measure, on)
    bars = []
    for place, name in enumerate(BANDS[measure]):
        own = [score for score in all_scores if _place(score, top, bottom) == place]
        bars.append(
            go.Bar(
                x=own,
                y=[known[score].share if score in known else 0.0 for score in own],
                name=name.lower(),
                marker=theme.fill(BAND_COLOURS[place], (0, 2, 1)[place]),
                customdata=[[known[score].n if score in known else 0, score] for score in own],
                text=[f"{100 * known[score].share:.0f}%" if score in known and len(all_scores) <= 21 else "" for score in own],
                textposition="outside",
                cliponaxis=False,
                hovertemplate="score %{x:g}<br>%{customdata[0]:,} responses (%{y:.1%})<extra></extra>",
            )
        )
    across = theme.axis("Score", tickmode="linear", dtick=1) if steps <= 20 else theme.axis("Score")
    most = float(frame["share"].max())
    return theme.figure(*bars, height=320, bargap=0.15, xaxis=across, yaxis=theme.shares("Share of responses", range=[0, 1.18 * most]))


def _place(score: float, top: float, bottom: float) -> int:
    return 0 if score >= top else 2 if score <= bottom else 1


def groups(frame: pd.DataFrame, measure: Measure, label: str, names: str = "group") -> go.Figure:
    """Each group with its 95 % interval, largest n on top; a triangle where it differs from the rest.

    `frame` has the column `names`, n, value, low, high and, where judged, difference and verdict.
    """
    if frame.empty:
        return theme.nothing(NO_RESPONSES)
    upwards = frame[::-1]
    verdicts = list(upwards["verdict"]) if "verdict" in upwards else [""] * len(upwards)
    labels = theme.labels(
        [f"{theme.short(name or 'unknown', 26)} · {n:,}" for name, n in zip(upwards[names], upwards["n"], strict=True)], 44
    )
    traces = []
    for kind, (symbol, colour), said in _kinds(verdicts):
        rows = [place for place, verdict in enumerate(verdicts) if (verdict if verdict in MARKS else "") == kind]
        if rows:
            traces.append(_dots(upwards.iloc[rows], [labels[place] for place in rows], measure, names, symbol, colour, said))
    every = {"categoryorder": "array", "categoryarray": labels}
    return theme.figure(
        *traces,
        height=110 + 30 * len(frame),
        xaxis=_axis(measure),
        yaxis=theme.axis(theme.safe(theme.short(label, 40)), type="category", **every),
        showlegend="verdict" in frame,
    )


def _kinds(verdicts: Sequence[str]) -> list[tuple[str, tuple[str, str], str]]:
    marks = [(name, mark, f"{name} than the rest") for name, mark in MARKS.items() if name in verdicts]
    return [*marks, ("", NO_VERDICT, "no significant difference, or too few")]


def _dots(rows: pd.DataFrame, labels: list[str], measure: Measure, names: str, symbol: str, colour: str, said: str) -> go.Scatter:
    low, high = rows["low"].fillna(rows["value"]), rows["high"].fillna(rows["value"])
    return go.Scatter(
        x=rows["value"],
        y=labels,
        mode="markers",
        name=said,
        marker={"symbol": symbol, "size": 12, "color": colour, "opacity": [0.45 if n < UNCERTAIN else 1 for n in rows["n"]]},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": high - rows["value"],
            "arrayminus": rows["value"] - low,
            "color": theme.QUIET,
            "thickness": 1.5,
            "width": 4,
        },
        customdata=[[name, _group_told(row, name, measure)] for name, row in zip(rows[names], theme.rows(rows), strict=True)],
        hovertemplate="%{customdata[1]}<extra></extra>",
    )


def _group_told(row: Any, name: str, measure: Measure) -> str:
    bounds = "no interval" if isnan(row.low) else f"95 %: {written(row.low, measure)} to {written(row.high, measure)}"
    gap = getattr(row, "difference", float("nan"))
    apart = (
        "" if isnan(gap) else f"<br>{'+' if measure != 'nps' and gap > 0 else ''}{written(gap, measure)} against the rest: {row.verdict}"
    )
    few = "<br>uncertain: few responses" if row.n < UNCERTAIN else ""
    return f"<b>{theme.safe(name or 'unknown')}</b><br>{written(row.value, measure)} ({bounds})<br>n = {row.n:,}{few}{apart}"


def repurchase(frame: pd.DataFrame, days: int) -> go.Figure:
    """Share of each band that bought again within the days, with its interval. `frame` has band, customers, repurchase_share, share_low, share_high."""
    if frame.empty:
        return theme.nothing("No response is old enough, with purchases known, to look at what followed.")
    bar = go.Bar(
        x=[f"{row.band}<br>{row.customers:,}" for row in theme.rows(frame)],
        y=frame["repurchase_share"],
        marker={"color": theme.NOW, "opacity": 0.6},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": frame["share_high"] - frame["repurchase_share"],
            "arrayminus": frame["repurchase_share"] - frame["share_low"],
            "color": theme.QUIET,
            "thickness": 2,
            "width": 6,
        },
        customdata=frame[["buyers", "share_low", "share_high", "band", "customers"]],
        hovertemplate="<b>%{customdata[3]}</b>: %{customdata[4]:,} customers<br>%{customdata[0]:,} bought again (%{y:.1%})<br>95 %: %{customdata[1]:.1%} to "
        "%{customdata[2]:.1%}<extra></extra>",
    )
    highest = float(frame["share_high"].max())
    fine = {"tickformat": ".1%"} if highest < SMALL_SHARE else {}
    upwards = theme.shares(f"Bought again within {days} days", rangemode="tozero") | fine
    return theme.figure(bar, height=320, xaxis=theme.axis(), yaxis=upwards)


def attitude(frame: pd.DataFrame, value: str = "customers", currency: str = "") -> go.Figure:
    """Attitude (across) by behaviour (upwards); a click selects the cell. `frame` has attitude, behaviour, loyalty, customers, net_sales."""
    total = frame["customers"].sum()
    if not total:
        return theme.nothing(theme.NOBODY)
    unit = f" {theme.in_template(currency)}" if currency else ""
    drawn = [
        cells.Cell(
            column=ATTITUDES.index(row.attitude),
            row=len(BEHAVIOURS) - 1 - BEHAVIOURS.index(row.behaviour),
            value=float(getattr(row, value)),
            text=f"{row.loyalty}<br><b>{theme.compact(getattr(row, value))}</b>",
            selects=(row.attitude, row.behaviour),
            hover=f"<b>{row.loyalty}</b><br>{row.attitude}, {row.behaviour}<br>{row.customers:,} customers ({row.customers / total:.1%})"
            f"<br>net sales {row.net_sales:,.0f}{unit}",
        )
        for row in theme.rows(frame)
    ]
    across = cells.places(ATTITUDES, "Attitude, by what they say", side="top")
    upwards = cells.places([name.replace(", ", ",<br>") for name in reversed(BEHAVIOURS)], "")
    return cells.figure(drawn, across, upwards, count=(len(ATTITUDES), len(BEHAVIOURS)), mark=60, height=300)


#: Symbol, colour and height above the line of each kind of event, in the order of KINDS: what happened on one day does not cover each other.
EVENTS = (
    ("circle", theme.PALETTE[0], 0.0),
    ("triangle-up", theme.PALETTE[1], 0.4),
    ("diamond", theme.PALETTE[4], 0.8),
    ("square", theme.PALETTE[2], 1.2),
    ("star", theme.PALETTE[3], -0.5),
)


def story(frame: pd.DataFrame) -> go.Figure:
    """A customer's story in one line of time. `frame` has at, kind, text."""
    if frame.empty:
        return theme.nothing("Nothing is known of this customer.")
    traces: list[Any] = [
        go.Scatter(
            x=[frame["at"].min(), frame["at"].max()],
            y=[0, 0],
            mode="lines",
            line={"color": theme.QUIET, "width": 1},
            hoverinfo="skip",
            showlegend=False,
        )
    ]
    for kind, (symbol, colour, height) in zip(KINDS, EVENTS, strict=True):
        own = frame[frame["kind"] == kind]
        if len(own):
            texts = [theme.safe(theme.short(text, 120)) for text in own["text"]]
            traces.append(
                go.Scatter(
                    x=own["at"],
                    y=[height] * len(own),
                    mode="markers",
                    name=kind,
                    marker={"symbol": symbol, "size": 14, "color": colour, "line": {"width": 1, "color": "#FFFFFF"}},
                    customdata=[[text] for text in texts],
                    hovertemplate="%{x|%d %b %Y}<br>%{customdata[0]}<extra></extra>",
                )
            )
    return theme.figure(*traces, height=210, xaxis=theme.axis(), yaxis={"visible": False, "fixedrange": True, "range": [-0.9, 1.6]})
