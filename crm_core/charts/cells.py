"""Tables drawn as coloured cells that can be clicked: the RFM grid, movement between segments, clusters against segments.

A figure of cells is a heatmap with colourless points over it, since plotly lets a point be clicked, but not a cell of a heatmap; the
point nearest to the pointer wins, so the whole cell answers. A clicked cell is marked, and says in `customdata` what it selects.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from crm_core.charts import theme

#: Sizes of letters; columns beyond which the small ones are needed.
USUAL, SMALL, MANY = 11, 10, 4


@dataclass(frozen=True)
class Cell:
    """One cell: its place (from 0), the value that colours it, and what it selects; `text` (written in it) and `hover` are escaped."""

    column: int
    row: int
    value: float
    text: str
    selects: tuple[Any, ...]
    hover: str


def figure(
    cells: Sequence[Cell], columns: dict[str, Any], rows: dict[str, Any], *, count: tuple[int, int], mark: int = 26, height: int = 430
) -> go.Figure:
    """The cells on two axes (row 0 at the bottom); `count` is (columns, rows), `mark` the size of the mark that a click leaves."""
    return theme.figure(
        _heat(cells, count),
        _points(cells, mark, SMALL if count[0] > MANY else USUAL),
        height=height,
        showlegend=False,
        hoverdistance=-1,
        xaxis=columns | {"range": [-0.5, count[0] - 0.5], "showgrid": False},
        yaxis=rows | {"range": [-0.5, count[1] - 0.5], "showgrid": False},
    )


def places(labels: Sequence[str], title: str, **more: Any) -> dict[str, Any]:
    """An axis of cells with these (escaped) labels."""
    return theme.axis(title, tickvals=list(range(len(labels))), ticktext=list(labels), **more)


def _heat(cells: Sequence[Cell], count: tuple[int, int]) -> go.Heatmap:
    """Colours from zero up; a value below zero is as pale as zero, a cell that is not there is blank."""
    values: list[list[float | None]] = [[None] * count[0] for _ in range(count[1])]
    for cell in cells:
        values[cell.row][cell.column] = cell.value
    highest = max((cell.value for cell in cells if math.isfinite(cell.value)), default=0.0)
    return go.Heatmap(
        z=values, zmin=0, zmax=max(highest, 1e-9), colorscale=theme.SEQUENTIAL, xgap=3, ygap=3, showscale=False, hoverinfo="skip"
    )


def _points(cells: Sequence[Cell], mark: int, letters: int) -> go.Scatter:
    return go.Scatter(
        x=[cell.column for cell in cells],
        y=[cell.row for cell in cells],
        mode="markers+text",
        marker={"symbol": "square", "size": mark, "color": theme.TRANSPARENT},
        text=[cell.text for cell in cells],
        textfont={"size": letters, "color": theme.INK},
        selected={"marker": {"color": theme.CHOSEN, "opacity": 1}, "textfont": {"color": theme.INK}},
        unselected={"marker": {"opacity": 0}, "textfont": {"color": theme.INK}},
        customdata=[list(cell.selects) for cell in cells],
        hovertext=[cell.hover for cell in cells],
        hoverinfo="text",
    )
