"""Groups side by side: each one's share of customers beside its share of net sales."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from crm_core.charts import theme

#: Share of the axis left free for the label of the longest bar.
ROOM = 0.15


def bars(frame: pd.DataFrame, group: str, order: Sequence[str], currency: str = "", title: str = "") -> go.Figure:
    """A pair of bars for each value of column `group`, in this order from the top; a click selects the group (`customdata[0]`).

    `frame` has the column `group`, customers, customer_share, net_sales, sales_share (missing where the total of sales is zero or
    less). `title` says what the groups are where their names do not.
    """
    if not frame["customers"].sum():
        return theme.nothing(theme.NOBODY)
    rows = frame.set_index(group).reindex([name for name in order if name in set(frame[group])]).iloc[::-1]
    customers = _bar(rows, "customer_share", "customers", "customers", place=0)
    sales = _bar(rows, "sales_share", "net_sales", f"net sales {theme.in_template(currency)}".rstrip(), place=1)
    return theme.figure(
        sales,
        customers,
        height=90 + 40 * len(rows),
        barmode="group",
        legend=theme.LEGEND | {"traceorder": "reversed"},
        xaxis=theme.shares("Share of all shown", range=_range(rows)),
        yaxis=theme.axis(title, type="category"),
    )


def _range(rows: pd.DataFrame) -> list[float]:
    """From the least share to the greatest, with room for the labels at the ends."""
    shares = rows[["customer_share", "sales_share"]].astype(float)
    low, high = min(0.0, shares.min().min()), max(0.0, shares.max().max())
    room = ROOM * (high - low)
    return [low - (room if low < 0 else 0), high + room]


def _bar(rows: pd.DataFrame, share: str, number: str, unit: str, *, place: int) -> go.Bar:
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
        customdata=[[name, float(count), theme.safe(name)] for name, count in zip(rows.index, rows[number], strict=True)],
        hovertemplate=f"<b>%{{customdata[2]}}</b><br>%{{x:.1%}} of all shown<br>%{{customdata[1]:,.0f}} {unit}<extra></extra>",
    )
