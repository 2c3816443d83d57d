"""How much of the value a few customers hold: the curve, and how the concentration moved over time."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from crm_core.charts import theme


def curve(frame: pd.DataFrame, label: str, top20_share: float | None = None, vital_few_share: float | None = None) -> go.Figure:
    """Cumulative share of customers against cumulative share of value, with the 20 % and the 80 % mark and the line of equality.

    `frame` has customer_share and value_share (0 to 1; above 1 where customers below zero follow: the whale curve).
    `label` says what the value is. A mark is left out where its figure is None (undefined). A point selects (customer_share,).
    """
    if frame.empty:
        return theme.nothing("No customers, or a total of zero or less: shares of it are undefined.")
    customers, value = frame["customer_share"].astype(float), frame["value_share"].astype(float)
    line = go.Scatter(
        x=customers,
        y=value,
        mode="lines+markers",
        marker={"size": 5, "color": theme.NOW},
        selected={"marker": {"color": theme.CHOSEN, "size": 14, "opacity": 1}},
        unselected={"marker": {"opacity": 0.3}},
        customdata=[[share] for share in customers],
        name=f"{label}, best customers first",
        line={"color": theme.NOW, "width": 3},
        hovertemplate="best %{x:.1%} of customers<br>hold %{y:.1%} of the value<extra></extra>",
    )
    thin = {"color": theme.QUIET, "width": 1, "dash": "dot"}
    equal = go.Scatter(x=[0, 1], y=[0, 1], mode="lines", name="all customers equal", line=thin, hoverinfo="skip")
    top = max(1.0, float(value.max())) * 1.1
    return theme.figure(
        line,
        equal,
        height=430,
        annotations=_marks(top20_share, vital_few_share) + _peak(customers, value),
        shapes=_guides(top20_share, vital_few_share, float(value.max())),
        xaxis=theme.shares("Share of customers, best first", range=[0, 1.01]),
        yaxis=theme.shares(f"Share of {label.lower()}", range=[min(0.0, float(value.min())), top]),
    )


def _marks(top20_share: float | None, vital_few_share: float | None) -> list[dict[str, Any]]:
    marks = []
    if top20_share is not None:
        marks.append(_note(0.2, top20_share, f"best 20 % hold {100 * top20_share:.0f} %", ax=30, ay=66))
    if vital_few_share is not None:
        is_left = vital_few_share < 0.6  # of the room that the text needs
        marks.append(_note(vital_few_share, 0.8, f"80 % come from {100 * vital_few_share:.0f} %", ax=24 if is_left else -24, ay=26))
    return marks


def _peak(customers: pd.Series, value: pd.Series) -> list[dict[str, Any]]:
    """The top of a whale curve, where it rises visibly above the total."""
    highest = float(value.max())
    if highest < 1.005:
        return []
    return [_note(float(customers.iloc[int(value.argmax())]), highest, f"peak {100 * highest:.0f} %", ax=0, ay=-20)]


def _note(x: float, y: float, text: str, ax: int, ay: int) -> dict[str, Any]:
    anchor = "left" if ax > 0 else "right" if ax < 0 else "center"
    return {"x": x, "y": y, "text": text, "ax": ax, "ay": ay, "showarrow": True, "arrowhead": 2, "arrowwidth": 1, "xanchor": anchor}


def _guides(top20_share: float | None, vital_few_share: float | None, highest: float) -> list[dict[str, Any]]:
    """Thin lines from the axes to the two marks and, under a whale curve, at 100 %."""
    thin = {"color": theme.QUIET, "width": 1, "dash": "dash"}
    lines = []
    if top20_share is not None:
        lines.append({"type": "line", "x0": 0.2, "x1": 0.2, "y0": 0, "y1": top20_share, "line": thin})
    if vital_few_share is not None:
        lines.append({"type": "line", "x0": 0, "x1": vital_few_share, "y0": 0.8, "y1": 0.8, "line": thin})
    if highest >= 1.005:
        lines.append({"type": "line", "x0": 0, "x1": 1, "y0": 1, "y1": 1, "line": thin})
    return lines


#: Column, name, line and mark of each series: the lines differ without colour, too.
_SERIES = (
    ("top20_share", "held by the best 20 %", "solid", "circle"),
    ("vital_few_share", "customers that hold 80 %", "dash", "square"),
    ("gini", "Gini", "dot", "diamond"),
)


def over_time(frame: pd.DataFrame) -> go.Figure:
    """How concentrated value was at the end of each period: top20_share, vital_few_share and gini over as_of, with gaps where undefined."""
    if len(frame) < 2:
        return theme.nothing("The data covers too little time to show how concentration moved.")
    if frame[[column for column, *_ in _SERIES]].isna().all(axis=None):
        return theme.nothing("A total of zero or less at every day looked at: shares of it are undefined.")
    traces = [
        go.Scatter(
            x=frame["as_of"],
            y=frame[column].astype(float),
            mode="lines+markers",
            name=name,
            line={"color": theme.PALETTE[place], "dash": dash},
            marker={"symbol": symbol, "size": 7},
            hovertemplate=f"%{{x|%d %b %Y}}<br>{name}: {'%{y:.3f}' if column == 'gini' else '%{y:.1%}'}<extra></extra>",
        )
        for place, (column, name, dash, symbol) in enumerate(_SERIES)
    ]
    upwards = theme.shares("Share (Gini in %)", rangemode="tozero")
    return theme.figure(*traces, height=320, xaxis=theme.axis("Looked at from"), yaxis=upwards)
