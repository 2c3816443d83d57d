"""How customers spread over the RFM segments, how a segment compares, and where customers moved: charts of one row a cell, segment or pair.

Marks that can be clicked say in `customdata` what they select, first the name of a segment.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from crm_core.charts import cells, theme

SCORES = (1, 2, 3, 4, 5)
NO_MOVES = "Nobody bought in either of the two periods."


def grid(frame: pd.DataFrame, value: str = "customers", currency: str = "") -> go.Figure:
    """The 25 cells of R × F, coloured by `value` ("customers" or "net_sales"), each with its segment's name.

    `frame` has r_score, f_score, segment, customers, net_sales; a cell without a row is left blank.
    A cell selects (segment, r_score, f_score).
    """
    if not frame["customers"].sum():
        return theme.nothing(theme.NOBODY)
    drawn = [_grid_cell(row, float(getattr(row, value)), currency) for row in theme.rows(frame)]
    often = cells.places([str(score) for score in SCORES], "F score: how often (5 = most orders)")
    lately = cells.places([str(score) for score in SCORES], "R score: how recently (5 = latest)")
    return cells.figure(drawn, often, lately, count=(5, 5), mark=60)


def _grid_cell(row: Any, shown: float, currency: str) -> cells.Cell:
    name = theme.safe(row.segment)
    return cells.Cell(
        column=int(row.f_score) - 1,
        row=int(row.r_score) - 1,
        value=shown,
        text=f"{_two_lines(row.segment)}<br><b>{theme.compact(shown)}</b>",
        selects=(row.segment, int(row.r_score), int(row.f_score)),
        hover=f"<b>{name}</b><br>R {row.r_score}, F {row.f_score}<br>{row.customers:,} customers<br>{_sales(row.net_sales, currency)}",
    )


def _sales(amount: float, currency: str) -> str:
    return f"net sales {amount:,.0f} {theme.safe(currency)}".rstrip()


def split(frame: pd.DataFrame, order: Sequence[str], label: str, most: int = 15) -> go.Figure:
    """How the segments mix within each value of an attribute: one full bar a value, the `most` largest values, largest on top.

    `frame` has value ("" where unknown), segment, customers; `label` is the user's name of the attribute.
    """
    if frame.empty:
        return theme.nothing(theme.NOBODY)
    counts = frame.assign(customers=frame["customers"].astype(float)).groupby(["value", "segment"])["customers"].sum().unstack(fill_value=0)
    counts = counts.loc[counts.sum(axis=1).sort_values(kind="stable").index[-most:]]
    totals = counts.sum(axis=1)
    names = theme.labels((f"{theme.short(value or 'unknown', 20)} · {total:,.0f}" for value, total in totals.items()), length=40)
    traces = [_mix_bar(counts[name], totals, names, place) for place, name in enumerate(order) if name in counts]
    return theme.figure(
        *traces,
        height=130 + 34 * len(counts),
        barmode="stack",
        xaxis=theme.shares("Share of the customers", range=[0, 1.001]),  # ends above 1, or the label of 100 % is left out
        yaxis=theme.axis(theme.safe(theme.short(label, 40))),
        legend=theme.LEGEND | {"traceorder": "normal"},
    )


def _mix_bar(counts: pd.Series, totals: pd.Series, names: list[str], place: int) -> go.Bar:
    """The part of one segment in every bar; `place` is the segment's place in the table and gives colour and hatching."""
    segment = str(counts.name)
    return go.Bar(
        x=counts / totals.where(totals > 0),
        y=names,
        orientation="h",
        name=theme.safe(segment),
        marker=theme.fill(theme.PALETTE[place % len(theme.PALETTE)], place),
        customdata=[[segment, value, count, theme.safe(segment), theme.safe(value or "unknown")] for value, count in counts.items()],
        hovertemplate="<b>%{customdata[4]}</b><br>%{customdata[3]}: %{customdata[2]:,} customers, %{x:.1%}<extra></extra>",
    )


def matrix(frame: pd.DataFrame, order: Sequence[str], value: str = "customers", currency: str = "") -> go.Figure:
    """Movement between two dates: from the segment of a row to the segment of a column; cells hold customers or net sales.

    `frame` has from_segment, to_segment, customers, net_sales; names outside `order` (no order before, none since) come last. A cell
    selects (from_segment, to_segment).
    """
    if frame.empty:
        return theme.nothing(NO_MOVES)
    froms, tos = _ordered(frame["from_segment"], order), _ordered(frame["to_segment"], order)
    upwards = froms[::-1]
    drawn = [
        cells.Cell(
            column=tos.index(row.to_segment),
            row=upwards.index(row.from_segment),
            value=float(getattr(row, value)),
            text=theme.tiny(float(getattr(row, value))),
            selects=(row.from_segment, row.to_segment),
            hover=f"from <b>{theme.safe(row.from_segment)}</b><br>to <b>{theme.safe(row.to_segment)}</b><br>{row.customers:,} customers"
            f"<br>{_sales(row.net_sales, currency)}",
        )
        for row in theme.rows(frame)
    ]
    later = cells.places(theme.labels(tos), "Later", side="top", tickangle=-90)
    return cells.figure(
        drawn, later, cells.places(theme.labels(upwards), "Earlier"), count=(len(tos), len(froms)), height=210 + 34 * len(froms)
    )


def flow(frame: pd.DataFrame, order: Sequence[str], value: str = "customers", currency: str = "") -> go.Figure:
    """Movement between two dates as a flow from the segments on the left to those on the right; columns as in `matrix`.

    Each name stands above its segment, where no flow begins: plotly's own labels lie on the flows and cannot be read. A flow has
    no negative width: pairs whose net sales are zero or less are left out here and stand in the matrix.
    """
    moved = frame.assign(shown=frame[value].astype(float))
    moved = moved[moved["shown"] > 0]
    if moved.empty:
        return theme.nothing(NO_MOVES)
    froms, tos = _ordered(moved["from_segment"], order), _ordered(moved["to_segment"], order)
    nodes = [*froms, *tos]
    colour = dict.fromkeys(nodes, theme.QUIET) | theme.colours(order)
    most = max(len(froms), len(tos))
    left, right = _spans(moved, "from_segment", froms, most), _spans(moved, "to_segment", tos, most)
    sankey = go.Sankey(
        arrangement="fixed",
        valueformat=",.0f",
        valuesuffix=f" {'customers' if value == 'customers' else theme.in_template(currency)}".rstrip(),
        textfont={"shadow": "none", "color": theme.TRANSPARENT},
        node={
            "label": theme.labels(froms) + theme.labels(tos),
            "color": [colour[name] for name in nodes],
            "x": [0.001] * len(froms) + [0.999] * len(tos),
            "y": [min(max((top + bottom) / 2, 0.001), 0.999) for top, bottom in left + right],
            "pad": FLOW_GAP,
            "thickness": 14,
            "line": {"color": theme.QUIET, "width": 0.5},  # dark segments on a dark ground
        },
        link={
            "source": [froms.index(name) for name in moved["from_segment"]],
            "target": [tos.index(name) + len(froms) for name in moved["to_segment"]],
            "value": moved["shown"],
            "color": [_faint(colour[name]) for name in moved["from_segment"]],
        },
    )
    names = [_above(name, top, 0) for name, (top, _) in zip(theme.labels(froms), left, strict=True)]
    names += [_above(name, top, 1) for name, (top, _) in zip(theme.labels(tos), right, strict=True)]
    return theme.figure(sankey, height=FLOW_HEIGHT + 48, margin={"l": 8, "r": 8, "t": 24, "b": 24}, annotations=names)


#: Pixels: of the flow, and between two of its segments (a line of text, the name of the lower one).
FLOW_HEIGHT, FLOW_GAP = 600, 19


def _spans(moved: pd.DataFrame, column: str, names: list[str], most: int) -> list[tuple[float, float]]:
    """Top and bottom of the nodes of a side, from 0 (top) to 1, in the given order: heights by value, with a gap between two.

    `most` is the number of nodes of the longer side, whose gaps leave least room: plotly draws both sides to that scale.
    """
    values = moved.groupby(column)["shown"].sum().reindex(names)
    gap = FLOW_GAP / FLOW_HEIGHT
    heights = values / values.sum() * (1 - gap * (most - 1))
    bottoms = heights.cumsum() + gap * np.arange(len(names))
    return [(float(bottom - height), float(bottom)) for bottom, height in zip(bottoms, heights, strict=True)]


def _above(label: str, top: float, side: int) -> dict[str, Any]:
    """The name of a node above it, on the left (0) or the right (1)."""
    across = {"x": side, "xanchor": ("left", "right")[side], "align": ("left", "right")[side]}
    upwards = {"y": 1 - top, "yanchor": "bottom"}
    return {"text": label, "xref": "paper", "yref": "paper", "showarrow": False, "borderpad": 0, "font": {"size": 12}} | across | upwards


def _ordered(names: pd.Series, order: Sequence[str]) -> list[str]:
    present = list(dict.fromkeys(names))
    return [name for name in order if name in present] + sorted(name for name in present if name not in order)


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.35)"


def _two_lines(name: str) -> str:
    """A segment's name for a cell: broken at its middle blank, each line short enough."""
    words = str(name).split()
    if len(words) < 2 or len(str(name)) <= 10:
        return theme.safe(theme.short(name, 14))
    cut = min(range(1, len(words)), key=lambda place: abs(len(" ".join(words[:place])) - len(" ".join(words[place:]))))
    return "<br>".join(theme.safe(theme.short(" ".join(part), 14)) for part in (words[:cut], words[cut:]))
