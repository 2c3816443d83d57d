"""How customers spread over the RFM segments, how a segment compares, and where customers moved: charts of one row a cell, segment or pair.

Marks that can be clicked carry in `customdata` what they select: first the name of the segment, then (in the grid) the two scores.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from crm_core.charts import theme

SCORES = (1, 2, 3, 4, 5)
_NOBODY = "No customers to show with these filters."


def grid(frame: pd.DataFrame, value: str = "customers", currency: str = "") -> go.Figure:
    """The 25 cells of R × F, coloured by `value` ("customers" or "net_sales"), each with its segment's name; a clicked cell gets a frame.

    `frame` has r_score, f_score, segment, customers, net_sales; a cell without a row is left blank.
    Points without colour lie over the cells, since plotly lets a point be clicked, but not a cell of a heatmap; the nearest one wins.
    """
    if not frame["customers"].sum():
        return theme.nothing(_NOBODY)
    cells = frame.assign(shown=frame[value].astype(float)).set_index(["r_score", "f_score"])
    heat = cells["shown"].unstack("f_score").reindex(index=SCORES, columns=SCORES)
    label = "Customers" if value == "customers" else theme.with_unit("Net sales", currency)
    return theme.figure(
        theme.cells(SCORES, SCORES, heat.to_numpy(), hoverinfo="skip"),
        _cell_points(cells, label),
        height=430,
        showlegend=False,
        hoverdistance=-1,
        xaxis=theme.axis("F score: how often (5 = most orders)", tickvals=SCORES, range=[0.5, 5.5], showgrid=False),
        yaxis=theme.axis("R score: how recently (5 = latest)", tickvals=SCORES, range=[0.5, 5.5], showgrid=False),
    )


def _cell_points(cells: pd.DataFrame, label: str) -> go.Scatter:
    """One clickable, invisible square a cell that carries the cell's words and its hover text."""
    rows = list(cells.reset_index().itertuples())
    return go.Scatter(
        x=[row.f_score for row in rows],
        y=[row.r_score for row in rows],
        mode="markers+text",
        marker={"symbol": "square", "size": 60, "color": theme.TRANSPARENT},
        text=[f"{_two_lines(row.segment)}<br><b>{theme.compact(row.shown)}</b>" for row in rows],
        textfont={"size": 11, "color": theme.INK},
        selected={"marker": {"color": theme.CHOSEN, "opacity": 1}, "textfont": {"color": theme.INK}},
        unselected={"marker": {"opacity": 0}, "textfont": {"color": theme.INK}},
        customdata=[
            [row.segment, int(row.r_score), int(row.f_score), int(row.customers), float(row.net_sales), theme.safe(row.segment)]
            for row in rows
        ],
        hovertemplate="<b>%{customdata[5]}</b><br>R %{customdata[1]}, F %{customdata[2]}<br>%{customdata[3]:,} customers"
        "<br>net sales %{customdata[4]:,.0f}<extra></extra>",
        name=label,
    )


def bars(frame: pd.DataFrame, order: Sequence[str], currency: str = "") -> go.Figure:
    """Each segment's share of customers beside its share of net sales, in the order of the segment table (the best on top).

    `frame` has segment, customers, customer_share, net_sales, sales_share (missing where the total of sales is zero or less).
    """
    if not frame["customers"].sum():
        return theme.nothing(_NOBODY)
    rows = frame.set_index("segment").reindex([name for name in order if name in set(frame["segment"])]).iloc[::-1]
    customers = _share_bar(rows, "customer_share", "customers", "customers", place=0)
    sales = _share_bar(rows, "sales_share", "net_sales", f"net sales {theme.in_template(currency)}".rstrip(), place=1)
    return theme.figure(
        sales,
        customers,
        height=90 + 40 * len(rows),
        barmode="group",
        legend={"traceorder": "reversed", "orientation": "h", "yanchor": "bottom", "y": 1.0, "xanchor": "left", "x": 0},
        xaxis=theme.shares("Share of all shown"),
        yaxis=theme.axis(),
    )


def _share_bar(rows: pd.DataFrame, share: str, number: str, unit: str, *, place: int) -> go.Bar:
    """The bars of one share; the hover text gives the number behind it."""
    values = rows[share].astype(float)
    return go.Bar(
        x=values,
        y=theme.labels(rows.index),
        orientation="h",
        name=f"share of {number.replace('_', ' ')}",
        marker=theme.fill(theme.PALETTE[place], place),
        text=[f"{value:.0%}" if pd.notna(value) else "" for value in values],
        textposition="outside",
        cliponaxis=False,
        customdata=[[segment, float(count), theme.safe(segment)] for segment, count in zip(rows.index, rows[number], strict=True)],
        hovertemplate=f"<b>%{{customdata[2]}}</b><br>%{{x:.1%}} of all shown<br>%{{customdata[1]:,.0f}} {unit}<extra></extra>",
    )


def split(frame: pd.DataFrame, order: Sequence[str], label: str, most: int = 15) -> go.Figure:
    """How the segments mix within each value of an attribute: one full bar a value, the `most` largest values, largest on top.

    `frame` has value ("" where unknown), segment, customers; `label` is the user's name of the attribute.
    """
    if frame.empty:
        return theme.nothing(_NOBODY)
    counts = (
        frame.assign(customers=frame["customers"].astype(float)).groupby(["value", "segment"])["customers"].sum().unstack(fill_value=0.0)
    )
    counts = counts.loc[counts.sum(axis=1).sort_values(kind="stable").index[-most:]]
    totals = counts.sum(axis=1)
    names = theme.labels((f"{theme.short(value or 'unknown', 20)} · {total:,.0f}" for value, total in totals.items()), length=40)
    traces = [_mix_bar(counts[name], totals, names, place) for place, name in enumerate(order) if name in counts]
    return theme.figure(
        *traces,
        height=130 + 34 * len(counts),
        barmode="stack",
        xaxis=theme.shares("Share of the customers", range=[0, 1]),
        yaxis=theme.axis(theme.safe(theme.short(label, 40))),
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "xanchor": "left", "x": 0, "traceorder": "normal"},
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

    `frame` has from_segment, to_segment, customers, net_sales; names outside `order` (such as "no purchase yet") come last.
    """
    if frame.empty:
        return theme.nothing("Nobody was a customer at both dates.")
    froms, tos = _ordered(frame["from_segment"], order), _ordered(frame["to_segment"], order)
    counts = frame.assign(shown=frame[value].astype(float)).groupby(["from_segment", "to_segment"])["shown"].sum()
    table = counts.unstack().reindex(index=froms, columns=tos)
    label = "customers" if value == "customers" else theme.with_unit("net sales", currency)
    hover = f"from <b>%{{y}}</b><br>to <b>%{{x}}</b><br>%{{z:,.0f}} {label}<extra></extra>"
    return theme.figure(
        theme.cells(theme.labels(tos), theme.labels(froms), table.to_numpy(), hovertemplate=hover, texttemplate="%{text}"),
        height=150 + 34 * len(froms),
        xaxis=theme.axis("Later", side="top", tickangle=-40, showgrid=False),
        yaxis=theme.axis("Earlier", autorange="reversed", showgrid=False),
    )


def flow(frame: pd.DataFrame, order: Sequence[str], value: str = "customers", currency: str = "") -> go.Figure:
    """Movement between two dates as a flow from the segments on the left to those on the right; columns as in `matrix`.

    A flow has no negative width: pairs whose net sales are zero or less are left out here and stand in the matrix.
    """
    moved = frame[frame[value].astype(float) > 0] if not frame.empty else frame
    if moved.empty:
        return theme.nothing("Nobody was a customer at both dates.")
    froms, tos = _ordered(moved["from_segment"], order), _ordered(moved["to_segment"], order)
    colour = theme.colours([*order, *(name for name in [*froms, *tos] if name not in order)])
    left = {name: place for place, name in enumerate(froms)}
    right = {name: place + len(froms) for place, name in enumerate(tos)}
    unit = " customers" if value == "customers" else f" {theme.in_template(currency)}"
    return theme.figure(
        go.Sankey(
            arrangement="fixed",
            valueformat=",.0f",
            valuesuffix=unit.rstrip(),
            node={
                "label": theme.labels(froms) + theme.labels(tos),
                "color": [colour[name] for name in [*froms, *tos]],
                "x": [0.001] * len(froms) + [0.999] * len(tos),
                "y": _heights(moved, "from_segment", froms, value) + _heights(moved, "to_segment", tos, value),
                "pad": 12,
                "thickness": 14,
                "line": {"width": 0},
            },
            textfont={"color": theme.INK, "shadow": "none", "size": 12},
            link={
                "source": [left[name] for name in moved["from_segment"]],
                "target": [right[name] for name in moved["to_segment"]],
                "value": moved[value].astype(float),
                "color": [_faint(colour[name]) for name in moved["from_segment"]],
            },
        ),
        height=520,
    )


def _heights(moved: pd.DataFrame, column: str, names: list[str], value: str) -> list[float]:
    """Middles of the nodes from 0 (top) to 1, so that both sides stand in the order of the segment table."""
    totals = moved.assign(shown=moved[value].astype(float)).groupby(column)["shown"].sum().reindex(names)
    share = totals / totals.sum()
    middles = share.cumsum() - share / 2
    return [float(min(max(middle, 0.001), 0.999)) for middle in middles]


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
