"""Which groups do customers form by behaviour: how clear the grouping is, how the groups differ, and where the customers lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from crm_core.charts import cells, theme

SYMBOLS = (
    "circle",
    "square",
    "diamond",
    "cross",
    "triangle-up",
    "star",
    "triangle-down",
    "hexagon",
    "x",
    "pentagon",
    "bowtie",
    "hourglass",
)


def silhouettes(frame: pd.DataFrame, count: int, suggested: int) -> go.Figure:
    """How clear each number of clusters is (columns count, silhouette), with the one in use and the suggested one named."""
    if frame.empty:
        return theme.nothing("Too few different customers to compare numbers of clusters.")
    line = go.Scatter(
        x=frame["count"],
        y=frame["silhouette"].astype(float),
        mode="lines+markers",
        line={"color": theme.NOW},
        marker={"size": [14 if number == count else 8 for number in frame["count"]], "color": theme.NOW},
        hovertemplate="%{x} clusters: silhouette %{y:.3f}<extra></extra>",
        showlegend=False,
    )
    named = {suggested: "suggested", count: "in use"} if count != suggested else {count: "suggested, in use"}
    heights = dict(zip(frame["count"], frame["silhouette"].astype(float), strict=True))
    notes = [{"x": at, "y": heights[at], "text": text, "ay": -26, "ax": 0, "arrowhead": 0} for at, text in named.items() if at in heights]
    upwards = theme.axis("Silhouette (1 = clear groups)", rangemode="tozero", tickformat=".2f")
    across = theme.axis("Number of clusters", dtick=1)
    return theme.figure(line, height=280, annotations=notes, xaxis=across, yaxis=upwards)


def scatter(frame: pd.DataFrame, names: Mapping[int, str], axes: tuple[str, str], labels: Mapping[str, str]) -> go.Figure:
    """Customers by the two main directions in which they differ; a point selects (cluster, customer_id).

    `frame` has customer_id, x, y, cluster and the features, whose `labels` stand in the hover text.
    """
    if frame.empty:
        return theme.nothing(theme.NOBODY)
    traces = [_points(frame[frame["cluster"] == number], number, names[number], labels) for number in sorted(names)]
    across, upwards = (axis.replace(" and ", "<br>and ", 1).replace(" (", "<br>(", 1) for axis in axes)  # narrow screens cut long lines
    plain = {"showticklabels": False, "showgrid": False}
    return theme.figure(
        *traces,
        height=480,
        xaxis=theme.axis(across, **plain),
        yaxis=theme.axis(upwards, **plain),
        legend=theme.LEGEND | {"itemsizing": "constant"},
    )


def _points(group: pd.DataFrame, number: int, name: str, labels: Mapping[str, str]) -> go.Scatter:
    features = [column for column in labels if column in group]
    lines = "".join(f"<br>{label}: %{{customdata[{place + 3}]:,.4~g}}" for place, label in enumerate(labels[column] for column in features))
    known = zip(group["customer_id"], *(group[column].astype(float) for column in features), strict=True)
    return go.Scatter(
        x=group["x"],
        y=group["y"],
        mode="markers",
        name=f"{number} · {theme.safe(theme.short(name, 48))}",
        marker={
            "color": theme.PALETTE[(number - 1) % len(theme.PALETTE)],
            "symbol": SYMBOLS[(number - 1) % len(SYMBOLS)],
            "size": 6,
            "opacity": 0.75,
        },
        customdata=[[number, customer, theme.safe(customer), *values] for customer, *values in known],
        hovertemplate=f"<b>%{{customdata[2]}}</b>, cluster {number}{lines}<extra></extra>",
    )


def profile(frame: pd.DataFrame, labels: Mapping[str, str]) -> go.Figure:
    """The median of each feature in each cluster; a column is coloured from the lowest to the highest cluster. A cell selects (cluster,).

    `frame` has cluster, name and the features, whose `labels` name the columns.
    """
    rows = frame[frame["customers"] > 0].iloc[::-1].reset_index(drop=True)
    features = [column for column in labels if column in rows]
    if rows.empty or not features:
        return theme.nothing(theme.NOBODY)
    drawn = [
        cells.Cell(
            column=column,
            row=row,
            value=_place(rows[feature].astype(float), row),
            text=theme.compact(float(rows[feature][row])),
            selects=(int(rows["cluster"][row]),),
            hover=f"cluster {rows['cluster'][row]}: {theme.safe(rows['name'][row])}"
            f"<br>{labels[feature]}: median {float(rows[feature][row]):,.4g}",
        )
        for column, feature in enumerate(features)
        for row in range(len(rows))
    ]
    across = cells.places([_wrapped(labels[feature]) for feature in features], "", side="top")
    upwards = cells.places([f"{row.cluster}" for row in theme.rows(rows)], "Cluster")
    return cells.figure(drawn, across, upwards, count=(len(features), len(rows)), height=110 + 44 * len(rows))


def _place(values: pd.Series, row: int) -> float:
    """Where a value lies between the lowest (0) and the highest (1) of its column."""
    span = float(values.max() - values.min())
    return float(values[row] - values.min()) / span if span > 0 else 0.0


def _wrapped(label: str) -> str:
    """A label in lines of a few words, for narrow columns."""
    words, lines = label.split(), [""]
    for word in words:
        if len(lines[-1]) + len(word) > 12 and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(theme.safe(line) for line in lines)


def cross(frame: pd.DataFrame, order: Sequence[str], currency: str = "") -> go.Figure:
    """Clusters against segments, coloured by customers; a cell selects (cluster, segment).

    `frame` has cluster, segment, customers, net_sales.
    """
    if not frame["customers"].sum():
        return theme.nothing(theme.NOBODY)
    clusters = sorted({int(number) for number in frame["cluster"]}, reverse=True)
    columns = [name for name in order if name in set(frame["segment"])]
    drawn = [
        cells.Cell(
            column=columns.index(row.segment),
            row=clusters.index(int(row.cluster)),
            value=float(row.customers),
            text=theme.compact(float(row.customers)),
            selects=(int(row.cluster), row.segment),
            hover=f"cluster {row.cluster}, <b>{theme.safe(row.segment)}</b><br>{row.customers:,} customers<br>"
            f"net sales {row.net_sales:,.0f} {theme.safe(currency)}",
        )
        for row in theme.rows(frame)
    ]
    across = cells.places(theme.labels(columns), "", side="top", tickangle=-90)
    upwards = cells.places([str(number) for number in clusters], "Cluster")
    return cells.figure(drawn, across, upwards, count=(len(columns), len(clusters)), height=150 + 40 * len(clusters))
