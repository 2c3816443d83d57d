"""What customers will be worth: the model's view of frequency and recency, how value spreads, purchases by week, and how the test went."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from crm_core.analytics.clv.holdout import Group, Holdout
from crm_core.charts import cells, theme

BAND = "rgba(0,114,178,0.18)"
NO_VALUE = "Nobody is expected to buy anything."


def matrix(frame: pd.DataFrame, value: str = "p_alive") -> go.Figure:
    """Cells by frequency and recency, coloured by `value`: "p_alive" or "purchases". `frame` has frequency, recency_days, p_alive,
    purchases, customers."""
    if frame.empty or frame[value].isna().all():
        return theme.nothing("The rule that forecasts says nothing of frequency and recency.")
    frequencies, recencies = sorted(frame["frequency"].unique()), sorted(frame["recency_days"].unique())
    drawn = [
        cells.Cell(
            column=frequencies.index(row.frequency),
            row=recencies.index(row.recency_days),
            value=float(getattr(row, value)),
            text=f"{100 * row.p_alive:.0f}%" if value == "p_alive" else f"{row.purchases:.1f}",
            selects=(),
            hover=_matrix_hover(row),
        )
        for row in theme.rows(frame)
    ]
    across = cells.places([f"{one:,}" for one in frequencies], "Frequency: purchase days after the first")
    upwards = cells.places([f"{one:,}" for one in recencies], "Recency: days from first to last")
    figure = cells.figure(drawn, across, upwards, count=(len(frequencies), len(recencies)), height=400)
    return figure.update_traces(customdata=None, selector={"type": "scatter"})


def _matrix_hover(row: Any) -> str:
    alive = "" if pd.isna(row.p_alive) else f"<br>P(alive) {100 * row.p_alive:.1f} %"
    bought = f"{row.frequency:,} {'purchase' if row.frequency == 1 else 'purchases'} after the first, the last {row.recency_days:,} days after it"
    there = f"<br>{row.customers:,} customers from this frequency to the next and from the recency below to this, of any age"
    return f"{bought}{alive}<br>{row.purchases:.2f} purchases expected{there}"


def distribution(frame: pd.DataFrame, currency: str = "") -> go.Figure:
    """Customers by range of forecast value, steps 1, 2, 5, 10, highest on top. `frame` has low, high (missing at the ends), customers, value."""
    if frame.empty:
        return theme.nothing(NO_VALUE)
    total, everybody = frame["value"].sum(), frame["customers"].sum()
    names = [_range(row) for row in theme.rows(frame)]
    shares = [[row.customers / everybody, row.value, row.value / total if total > 0 else float("nan")] for row in theme.rows(frame)]
    unit = f" {theme.in_template(currency)}" if currency else ""
    bar = go.Bar(
        x=frame["customers"],
        y=names,
        orientation="h",
        customdata=shares,
        marker={"color": theme.NOW},
        text=[theme.compact(one) for one in frame["customers"]],
        textposition="outside",
        cliponaxis=False,
        hovertemplate=(
            f"<b>%{{y}}</b><br>%{{x:,}} customers (%{{customdata[0]:.1%}})<br>"
            f"worth %{{customdata[1]:,.0f}}{unit} together (%{{customdata[2]:.1%}})<extra></extra>"
        ),
    )
    upwards = theme.axis(theme.with_unit("Forecast value of a customer", currency), type="category")
    return theme.figure(
        bar, height=110 + 27 * len(frame), xaxis=theme.amounts("Customers", range=[0, 1.18 * frame["customers"].max()]), yaxis=upwards
    )


def _range(row: Any) -> str:
    if row.low == 0 and row.high == 0:
        return "0"
    if pd.isna(row.low):
        return f"below {_edge(row.high)}"
    if pd.isna(row.high):
        return f"{_edge(row.low)} and more"
    return f"{_edge(row.low)}–{_edge(row.high)}" if row.low >= 0 else f"{_edge(row.low)} to {_edge(row.high)}"


def _edge(value: float) -> str:
    return (f"{value:g}" if abs(value) < 1000 else theme.compact(value)).replace("-", "−")


def weeks(frame: pd.DataFrame, as_of: date, expected_by: str) -> go.Figure:
    """Repeat purchases a week: actual and expected in the past, expected with its band ahead. `frame` has week_from, actual, expected,
    low, high; `expected_by` names the model."""
    past, ahead = frame[frame["actual"].notna()], frame[frame["actual"].isna()]
    week = "<br>week from %{x|%d %b %Y}<extra></extra>"
    edge = pd.concat([ahead["high"], ahead["low"][::-1]])
    band = go.Scatter(
        x=pd.concat([ahead["week_from"], ahead["week_from"][::-1]]),
        y=edge,
        fill="toself",
        mode="none",
        fillcolor=BAND,
        name="90 % of weeks",
        hoverinfo="skip",
    )
    actual = go.Scatter(
        x=past["week_from"],
        y=past["actual"],
        mode="lines",
        name="actual",
        line={"color": theme.QUIET, "width": 1.5},
        hovertemplate="%{y:,.0f} purchases" + week,
    )
    known = go.Scatter(
        x=past["week_from"],
        y=past["expected"],
        mode="lines",
        name=f"expected by {theme.safe(expected_by)}",
        line={"color": theme.BEFORE, "width": 2, "dash": "dash"},
        hovertemplate="%{y:,.1f} expected" + week,
    )
    coming = go.Scatter(
        x=ahead["week_from"],
        y=ahead["expected"],
        customdata=ahead[["low", "high"]],
        mode="lines",
        name="forecast, today’s customers",
        line={"color": theme.NOW, "width": 2.5},
        hovertemplate="%{y:,.1f} expected, 90 %: %{customdata[0]:,.0f} to %{customdata[1]:,.0f}" + week,
    )
    now = {
        "type": "line",
        "x0": as_of,
        "x1": as_of,
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "line": {"color": theme.QUIET, "width": 1, "dash": "dot"},
    }
    return theme.figure(
        band, actual, known, coming, height=380, shapes=[now], xaxis=theme.axis(), yaxis=theme.amounts("Repeat purchases a week")
    )


def groups(frame: pd.DataFrame, label: str, currency: str = "") -> go.Figure:
    """Value of each group with its 90 % interval, largest on top. `frame` has group ("" where unknown), customers, value, low, high."""
    if frame.empty:
        return theme.nothing(theme.NOBODY)
    upwards = frame[::-1]
    names = theme.labels(
        (
            f"{theme.short(group or 'unknown', 22)} · {number:,.0f}"
            for group, number in zip(upwards["group"], upwards["customers"], strict=True)
        ),
        40,
    )
    unit = f" {theme.in_template(currency)}" if currency else ""
    bar = go.Bar(
        x=upwards["value"],
        y=names,
        orientation="h",
        marker={"color": theme.NOW},
        customdata=upwards[["low", "high", "customers"]],
        error_x={
            "type": "data",
            "symmetric": False,
            "array": upwards["high"] - upwards["value"],
            "arrayminus": upwards["value"] - upwards["low"],
            "color": theme.QUIET,
            "thickness": 1.5,
            "width": 4,
        },
        hovertemplate=f"<b>%{{y}}</b> customers<br>%{{x:,.0f}}{unit}<br>90 %: %{{customdata[0]:,.0f}} to %{{customdata[1]:,.0f}}<extra></extra>",
    )
    return theme.figure(
        bar,
        height=110 + 30 * len(frame),
        xaxis=theme.amounts(theme.with_unit("Forecast value", currency)),
        yaxis=theme.axis(theme.safe(theme.short(label, 40))),
    )


def alive(frame: pd.DataFrame, purchases: Sequence[date], as_of: date) -> go.Figure:
    """P(alive) of one customer from the first purchase on, ahead if nothing is bought. `frame` has day, p_alive, is_ahead."""
    if frame.empty:
        return theme.nothing("Whether this customer is still active is not provided by the rule that forecasts.")
    so_far, ahead = frame[~frame["is_ahead"]], frame[frame["is_ahead"]]
    ahead = pd.concat([so_far.tail(1), ahead])
    seen = go.Scatter(
        x=so_far["day"],
        y=so_far["p_alive"],
        mode="lines",
        name="P(alive)",
        line={"color": theme.NOW, "width": 2.5},
        hovertemplate="%{x|%d %b %Y}: %{y:.0%}<extra></extra>",
    )
    coming = go.Scatter(
        x=ahead["day"],
        y=ahead["p_alive"],
        mode="lines",
        name="without another purchase",
        line={"color": theme.NOW, "width": 2, "dash": "dot"},
        hovertemplate="%{x|%d %b %Y}: %{y:.0%} if nothing is bought<extra></extra>",
    )
    bought = go.Scatter(
        x=list(purchases),
        y=[1.04] * len(purchases),
        mode="markers",
        name="purchase",
        marker={"symbol": "triangle-down", "size": 9, "color": theme.BEFORE},
        hovertemplate="bought on %{x|%d %b %Y}<extra></extra>",
    )
    now = {
        "type": "line",
        "x0": as_of,
        "x1": as_of,
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "line": {"color": theme.QUIET, "width": 1, "dash": "dot"},
    }
    return theme.figure(seen, coming, bought, height=320, shapes=[now], xaxis=theme.axis(), yaxis=theme.shares("P(alive)", range=[0, 1.1]))


def calibration(found: Sequence[Group], label: str) -> go.Figure:
    """Mean predicted against mean actual purchases of groups of similar prediction; on the line where the model is right."""
    predicted, actual = [one.predicted for one in found], [one.actual for one in found]
    top = max([*predicted, *actual, 0.1]) * 1.08
    points = go.Scatter(
        x=predicted,
        y=actual,
        mode="lines+markers",
        name=theme.safe(label),
        marker={"size": 9, "color": theme.NOW},
        line={"color": theme.NOW, "width": 1},
        customdata=[[one.customers] for one in found],
        hovertemplate="%{customdata[0]:,} customers<br>predicted %{x:.2f}, bought %{y:.2f}<extra></extra>",
    )
    right = go.Scatter(
        x=[0, top], y=[0, top], mode="lines", name="as predicted", line={"color": theme.QUIET, "width": 1, "dash": "dot"}, hoverinfo="skip"
    )
    across = theme.axis("Purchases predicted a customer", range=[0, top])
    return theme.figure(right, points, height=360, xaxis=across, yaxis=theme.axis("Purchases made a customer", range=[0, top]))


#: Lines of the rules in the test differ without colour, too.
DASHES = ("solid", "dash", "dot", "dashdot", "longdash")


def tested(found: Holdout) -> go.Figure:
    """Purchases a week after the cut: what customers did and what each rule expected. A last week that is not whole is left out."""
    whole = found.days // 7
    days = [found.cut + timedelta(days=7 * week) for week in range(whole)]
    lines = [
        go.Scatter(
            x=days,
            y=list(one.weekly[:whole]),
            mode="lines",
            name=theme.safe(one.label),
            line={"color": theme.PALETTE[place], "width": 2.5 if one.rule == found.winner else 1.5, "dash": DASHES[place % len(DASHES)]},
            hovertemplate=f"{theme.in_template(one.label)}: %{{y:,.1f}}<br>week from %{{x|%d %b %Y}}<extra></extra>",
        )
        for place, one in enumerate(found.results)
    ]
    actual = go.Scatter(
        x=days,
        y=list(found.actual_weekly[:whole]),
        mode="lines+markers",
        name="actual",
        line={"color": theme.QUIET, "width": 1.5},
        marker={"size": 5},
        hovertemplate="%{y:,.0f} purchases<br>week from %{x|%d %b %Y}<extra></extra>",
    )
    return theme.figure(*lines, actual, height=360, xaxis=theme.axis(), yaxis=theme.amounts("Repeat purchases a week"))


def seasons(frame: pd.DataFrame) -> go.Figure:
    """Purchases a month beside what was expected. `frame` has month, actual, expected."""
    if frame.empty:
        return theme.nothing("The data holds no whole calendar month.")
    month = "<br>%{x|%B %Y}<extra></extra>"
    bars = go.Bar(
        x=frame["month"], y=frame["actual"], name="actual", marker={"color": theme.NOW}, hovertemplate="%{y:,.0f} purchases" + month
    )
    line = go.Scatter(
        x=frame["month"],
        y=frame["expected"],
        name="expected",
        mode="lines+markers",
        line={"color": theme.BEFORE, "width": 2.5},
        hovertemplate="%{y:,.0f} expected" + month,
    )
    return theme.figure(bars, line, height=320, xaxis=theme.axis(tickformat="%b %Y"), yaxis=theme.amounts("Repeat purchases a month"))
