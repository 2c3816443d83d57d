"""How sales run over the months, and what moved most: charts of one row a month or a mover."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from crm_core.charts import theme


def monthly(frame: pd.DataFrame, year_before: pd.DataFrame, currency: str = "") -> go.Figure:
    """Net sales a month as bars, with the same months of the year before as a line; months not whole are paler and hatched.

    Both frames have month (its first day), net_sales, customers and is_partial; `year_before` may be empty or have gaps.
    """
    if frame.empty:
        return theme.nothing("No sales in this period.")
    months = [_month(day) for day in frame["month"]]
    earlier = {_key(row.month): row for row in theme.rows(year_before)}
    matched = [_comparable(row, earlier.get(_year_before(row.month))) for row in theme.rows(frame)]
    traces: list[Any] = [_bars(frame, months, currency)]
    if any(matched):
        traces.append(_line(matched, months, currency))
    upwards = theme.amounts(theme.with_unit("Net sales", currency))
    return theme.figure(*traces, height=340, xaxis=theme.axis(type="category"), yaxis=upwards, hovermode="x unified")


def _bars(frame: pd.DataFrame, months: list[str], currency: str) -> go.Bar:
    hatched = ["/" if is_partial else "" for is_partial in frame["is_partial"]]
    known = zip(frame["customers"].astype(float), frame["is_partial"], strict=True)
    return go.Bar(
        x=months,
        y=frame["net_sales"].astype(float),
        name="net sales",
        marker={
            "color": theme.NOW,
            "opacity": [0.6 if is_partial else 1.0 for is_partial in frame["is_partial"]],
            "pattern": {"shape": hatched, "fillmode": "overlay", "fgcolor": "#FFFFFF", "fgopacity": 0.6, "size": 7},
        },
        customdata=[[customers, " (month not whole)" if is_partial else ""] for customers, is_partial in known],
        hovertemplate=f"%{{y:,.0f}} {theme.in_template(currency)}%{{customdata[1]}}, %{{customdata[0]:,}} customers"
        "<extra>net sales</extra>",
    )


def _line(matched: list[Any], months: list[str], currency: str) -> go.Scatter:
    """The year before; a gap where that month is not in the data."""
    return go.Scatter(
        x=months,
        y=[float(row.net_sales) if row else None for row in matched],
        mode="lines+markers",
        name="a year before",
        line={"color": theme.BEFORE, "width": 2.5},
        marker={"symbol": "diamond", "size": 8, "color": theme.BEFORE},
        customdata=[[_month(row.month), float(row.customers)] if row else ["", 0.0] for row in matched],
        hovertemplate=f"%{{y:,.0f}} {theme.in_template(currency)}, %{{customdata[1]:,}} customers<extra>%{{customdata[0]}}</extra>",
    )


def movers(frame: pd.DataFrame, currency: str = "", most: int = 8) -> go.Figure:
    """The biggest changes of net sales against the period before, the biggest on top; rises to the right, falls hatched to the left.

    `frame` has label (of the field), value, net_sales, net_sales_before and change, biggest first.
    """
    if frame.empty:
        return theme.nothing("The period before is not in the data, so there is nothing to compare with.")
    shown = frame.head(most).iloc[::-1]
    rows = theme.rows(shown)
    changes = shown["change"].astype(float)
    is_fall = [change < 0 for change in changes]
    return theme.figure(
        go.Bar(
            x=changes,
            y=theme.labels((f"{theme.short(row.value, 20)} ({theme.short(row.label, 14)})" for row in rows), length=48),
            orientation="h",
            marker={
                "color": [theme.LOSS if fall else theme.GAIN for fall in is_fall],
                "pattern": {
                    "shape": ["/" if fall else "" for fall in is_fall],
                    "fillmode": "overlay",
                    "fgcolor": "#FFFFFF",
                    "fgopacity": 0.55,
                    "size": 7,
                },
            },
            text=[f"{'+' if change >= 0 else '−'}{theme.compact(abs(change))}" for change in changes],
            textposition="outside",
            cliponaxis=False,
            customdata=[[theme.safe(row.value), theme.safe(row.label), float(row.net_sales_before), float(row.net_sales)] for row in rows],
            hovertemplate="<b>%{customdata[0]}</b> (%{customdata[1]})<br>%{customdata[2]:,.0f} → %{customdata[3]:,.0f}"
            f" {theme.in_template(currency)}<extra></extra>",
        ),
        height=90 + 34 * len(shown),
        xaxis=theme.amounts(theme.with_unit("Change", currency), zeroline=True, range=_room(changes)),
        yaxis=theme.axis(),
    )


def _room(changes: pd.Series) -> list[float]:
    """From the lowest to the highest change and zero, with room for the figures at the ends of the bars."""
    low, high = min(0.0, float(changes.min())), max(0.0, float(changes.max()))
    margin = (high - low or 1.0) * 0.3
    return [low - (margin if low < 0 else 0.0), high + (margin if high > 0 else 0.0)]


def history(frame: pd.DataFrame, currency: str = "") -> go.Figure:
    """One customer's orders over time: a stem an order (purchases as full dots, returns and corrections as crosses).

    `frame` has ordered_on, order_id, net_value and is_purchase.
    """
    if frame.empty:
        return theme.nothing("No orders before the day looked from.")
    values = frame["net_value"].astype(float)
    stems = [point for day, value in zip(frame["ordered_on"], values, strict=True) for point in ((day, 0.0), (day, value), (None, None))]
    lines = go.Scatter(
        x=[day for day, _ in stems],
        y=[value for _, value in stems],
        mode="lines",
        line={"color": theme.QUIET, "width": 1},
        hoverinfo="skip",
    )
    heads = go.Scatter(
        x=frame["ordered_on"],
        y=values,
        mode="markers",
        marker={
            "size": 9,
            "color": [theme.NOW if purchase else theme.BEFORE for purchase in frame["is_purchase"]],
            "symbol": ["circle" if purchase else "x" for purchase in frame["is_purchase"]],
        },
        customdata=[
            [theme.safe(order), "" if purchase else "<br>no purchase (return or correction)"]
            for order, purchase in zip(frame["order_id"], frame["is_purchase"], strict=True)
        ],
        hovertemplate=f"%{{x|%d %b %Y}}<br>order %{{customdata[0]}}: %{{y:,.2f}} {theme.in_template(currency)}"
        "%{customdata[1]}<extra></extra>",
    )
    upwards = theme.axis(theme.with_unit("Net value of the order", currency), exponentformat="B", separatethousands=True, zeroline=True)
    return theme.figure(lines, heads, height=260, showlegend=False, xaxis=theme.axis(type="date"), yaxis=upwards)


def _comparable(now: Any, before: Any) -> Any:
    """The month a year before, unless only that one is not whole."""
    return before if before and (now.is_partial or not before.is_partial) else None


def _month(day: date) -> str:
    return f"{day:%b %Y}"


def _key(day: date) -> tuple[int, int]:
    return day.year, day.month


def _year_before(day: date) -> tuple[int, int]:
    return day.year - 1, day.month
