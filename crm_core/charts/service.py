"""How well customers are served: waiting times by month, open cases by age, shares within the agreed time, topics, and what slowness costs."""

from __future__ import annotations

from math import isnan
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from crm_core.analytics.service.topics import RISING
from crm_core.charts import theme

NO_CASES = "No cases to show here."
NOT_TOLD = "The data does not tell when cases were {}."
#: Above so many hours an axis is in days.
LONG = 96
TOPICS_SHOWN = 12
NOTHING_AGREED = "No time is agreed: give cases a due date, or set limits under “Time limits”."
#: Up to so many cases an axis of counts would be divided into fractions.
A_FEW = 5


def duration(hours: float) -> str:
    """45 min, 9.2 h, 5.3 days"""
    if isnan(hours):
        return "–"
    if hours < 1:
        return f"{60 * hours:.0f} min"
    return f"{hours:.1f} h" if hours < LONG else f"{hours / 24:,.1f} days"


def waits(frame: pd.DataFrame, kind: str, verb: str) -> go.Figure:
    """Median and 90th percentile by month of opening. `frame` has group (month), cases, `kind`_hours_median and _p90; `verb` says what is waited for."""
    median, slowest = (frame[f"{kind}_hours_{name}"].astype(float) for name in ("median", "p90"))
    if median.isna().all():
        return theme.nothing(NO_CASES if frame.empty else NOT_TOLD.format(verb))
    in_days = max(median.max(), slowest.max()) > LONG
    unit = 24 if in_days else 1
    told = [[duration(a), duration(b), n] for a, b, n in zip(median, slowest, frame["cases"], strict=True)]
    month = "<br>opened in %{x|%b %Y}, %{customdata[2]:,} cases<extra></extra>"
    lines = [
        go.Scatter(
            x=frame["group"],
            y=values / unit,
            mode="lines+markers",
            name=name,
            line={"color": colour, "width": 2.5, "dash": dash},
            customdata=told,
            hovertemplate=f"{name}: %{{customdata[{place}]}}" + month,
        )
        for place, (name, values, colour, dash) in enumerate(
            (("half of the cases within", median, theme.NOW, "solid"), ("nine of ten within", slowest, theme.BEFORE, "dash"))
        )
    ]
    return theme.figure(*lines, height=320, xaxis=theme.axis(), yaxis=theme.axis("Days" if in_days else "Hours", rangemode="tozero"))


def within(frame: pd.DataFrame) -> go.Figure:
    """Share solved within the agreed time by month, with its interval. `frame` has group, judged, within_share, within_low, within_high."""
    told = frame[frame["judged"] > 0]
    if told.empty:
        return theme.nothing(NO_CASES if frame.empty else NOTHING_AGREED)
    line = go.Scatter(
        x=told["group"],
        y=told["within_share"],
        mode="lines+markers",
        line={"color": theme.NOW, "width": 2.5},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": told["within_high"] - told["within_share"],
            "arrayminus": told["within_share"] - told["within_low"],
            "color": theme.QUIET,
            "thickness": 1.2,
            "width": 3,
        },
        customdata=told[["judged", "within_low", "within_high"]],
        hovertemplate="%{x|%b %Y}: %{y:.1%} within the agreed time<br>95 %: %{customdata[1]:.1%} to %{customdata[2]:.1%}, "
        "n = %{customdata[0]:,}<extra></extra>",
    )
    return theme.figure(line, height=320, xaxis=theme.axis(), yaxis=theme.shares("Within the agreed time", range=[0, 1.02]))


def ages(frame: pd.DataFrame) -> go.Figure:
    """Open cases by age, those past the agreed time apart. `frame` has days_from, days_to, cases, late."""
    if not frame["cases"].sum():
        return theme.nothing("No case is open.")
    names = [_span(row) for row in theme.rows(frame)]
    parts = (
        ("still in time, or no time agreed", frame["cases"] - frame["late"], theme.NOW, 0),
        ("past the agreed time", frame["late"], theme.BEFORE, 1),
    )
    bars = [
        go.Bar(
            x=names, y=values, name=name, marker=theme.fill(colour, place), hovertemplate=f"%{{x}}: %{{y:,}} cases {name}<extra></extra>"
        )
        for name, values, colour, place in parts
    ]
    return theme.figure(*bars, height=320, barmode="stack", xaxis=theme.axis("Open for"), yaxis=_counts("Cases", frame["cases"].max()))


def _counts(title: str, most: float) -> dict[str, Any]:
    """An axis of whole numbers."""
    return theme.amounts(title, dtick=1) if most <= A_FEW else theme.amounts(title)


def _span(row: Any) -> str:
    if pd.isna(row.days_to):
        return f"over {row.days_from} days"
    return "under a day" if row.days_from == 0 else f"{row.days_from}–{int(row.days_to)} days"


def shares(frame: pd.DataFrame, label: str) -> go.Figure:
    """Share within the agreed time of each group with its interval. `frame` has group, judged, within_share, within_low, within_high."""
    told = frame[frame["judged"] > 0][::-1]
    if told.empty:
        return theme.nothing(NO_CASES if frame.empty else NOTHING_AGREED)
    names = theme.labels([f"{theme.short(row.group or 'unknown', 26)} · {row.judged:,}" for row in theme.rows(told)], 44)
    dots = go.Scatter(
        x=told["within_share"],
        y=names,
        mode="markers",
        marker={"size": 12, "color": theme.NOW},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": told["within_high"] - told["within_share"],
            "arrayminus": told["within_share"] - told["within_low"],
            "color": theme.QUIET,
            "thickness": 1.5,
            "width": 4,
        },
        customdata=told[["judged", "within_low", "within_high"]],
        hovertemplate="<b>%{y}</b> cases<br>%{x:.1%} within the agreed time<br>95 %: %{customdata[1]:.1%} to %{customdata[2]:.1%}<extra></extra>",
    )
    return theme.figure(
        dots, height=110 + 30 * len(told), xaxis=theme.shares("Within the agreed time"), yaxis=theme.axis(label, type="category")
    )


def topics(frame: pd.DataFrame, days: int) -> go.Figure:
    """Cases by topic, the last days beside as many before, the one that grew most on top. `frame` has topic, cases, before, verdict."""
    if frame.empty:
        return theme.nothing(NO_CASES)
    rows = frame.head(TOPICS_SHOWN)[::-1]
    names = theme.labels(
        [f"{'▲ ' if row.verdict == RISING else ''}{theme.short(row.topic or 'unknown', 34)}" for row in theme.rows(rows)], 40
    )
    bars = [
        go.Bar(
            x=rows[column],
            y=names,
            orientation="h",
            name=name,
            marker=theme.fill(colour, place),
            customdata=[[theme.safe(row.topic or "unknown"), row.verdict] for row in theme.rows(rows)],
            hovertemplate=f"<b>%{{customdata[0]}}</b><br>%{{x:,}} cases, {name}<br>%{{customdata[1]}}<extra></extra>",
        )
        for column, name, colour, place in (
            ("before", f"{days} days before", theme.BEFORE, 1),
            ("cases", f"last {days} days", theme.NOW, 0),
        )
    ]
    return theme.figure(
        *bars,
        height=120 + 42 * len(rows),
        barmode="group",
        legend=theme.LEGEND | {"traceorder": "reversed"},
        xaxis=_counts("Cases", rows[["cases", "before"]].max().max()),
        yaxis=theme.axis(type="category"),
    )
