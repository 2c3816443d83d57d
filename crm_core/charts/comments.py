"""What the most and the least satisfied write: terms by how far they set the two bands apart."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from crm_core.charts import theme

NO_TERMS = "No term stands in enough comments to compare."
#: Best, worst: as the bands are drawn elsewhere, the worst hatched.
FILLS = {"top": theme.fill(theme.PALETTE[0]), "bottom": theme.fill(theme.PALETTE[1], 1)}
SIGNS = {"top": 1, "bottom": -1}
#: Of a place; told, since bars that stand apart would otherwise be as wide as the gap.
WIDTH = 0.75
#: Share of the axis left free on both sides, and the letters of a term that fit there.
ROOM, LETTERS = 0.45, 22


def terms(table: pd.DataFrame, names: tuple[str, str]) -> go.Figure:
    """Bars of the score, the best band's to the right, the worst's to the left, each band's strongest on top; pale where the shares do not differ
    clearly. A click selects the term: `customdata` is [term, band, hover text].

    `table` as terms.Terms has it; `names` of the best and the worst band.
    """
    if table.empty:
        return theme.nothing(NO_TERMS)
    rows = table.assign(place=table.groupby("band").cumcount())
    most = float(table["score"].max()) * (1 + ROOM)
    bars = [
        _bars(rows[(rows["band"] == band) & (rows["is_clear"] == clear)], band, name, clear, names)
        for band, name in (("bottom", names[1]), ("top", names[0]))
        for clear in (True, False)
    ]
    places = int(rows["place"].max()) + 1
    return theme.figure(
        *bars,
        height=110 + 26 * places,
        barmode="overlay",
        hovermode="closest",
        xaxis=theme.axis("How far it sets the two apart", range=[-most, most], tickvals=[0], ticktext=[""], zeroline=True),
        yaxis=theme.axis(range=[places - 0.5, -0.5], visible=False),
    )


def _bars(rows: pd.DataFrame, band: str, name: str, is_clear: bool, names: tuple[str, str]) -> go.Bar:
    """The clear bars of a band carry its name in the legend, also where there are none."""
    return go.Bar(
        x=SIGNS[band] * rows["score"] if len(rows) else [None],
        y=rows["place"] if len(rows) else [None],
        orientation="h",
        width=WIDTH,
        name=theme.safe(name),
        showlegend=is_clear,
        marker=FILLS[band] if is_clear else FILLS[band] | {"color": theme.PALE},
        text=theme.labels(rows["term"], LETTERS),
        textposition="outside",
        cliponaxis=False,
        customdata=[[row.term, row.band, _told(row, names)] for row in theme.rows(rows)],
        hovertemplate="%{customdata[2]}<extra></extra>",
    )


def _told(row: Any, names: tuple[str, str]) -> str:
    best, worst = (theme.in_template(name.lower()) for name in names)
    verdict = "" if row.is_clear else "<br>no clear difference"
    return (
        f"<b>{theme.in_template(row.term)}</b><br>{100 * row.share_top:.1f} % of the comments of {best} ({row.count_top:,})<br>"
        f"{100 * row.share_bottom:.1f} % of the comments of {worst} ({row.count_bottom:,}){verdict}"
    )
