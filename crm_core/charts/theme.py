"""What all charts share: colours, fonts, separators, axes, escaped and shortened labels, and the figure of an empty result.

Answers no question of its own. Every figure starts from `figure()` and every text that comes from the user's data passes `safe()`:
plotly reads `<b>` or `<a href>` in a label as markup, so a customer's name could otherwise become a link.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

#: Ten colours that readers with any of the three colour blindnesses can tell apart (a test simulates them); first "now" and "before".
#: The same ten stand in .streamlit/config.toml as chartCategoricalColors.
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#882255", "#56B4E9", "#A6761D", "#FFAABB", "#332288", "#DDCC77", "#661100")
NOW, BEFORE = PALETTE[0], PALETTE[1]
GAIN, LOSS = PALETTE[0], PALETTE[1]
QUIET = "#8A8F98"
#: What may be chance: lets the ground shine through, so that it is pale on a dark page as well.
PALE = "rgba(138,143,152,0.4)"
TRANSPARENT = "rgba(0,0,0,0)"

#: One hue from pale to middle, for counts and amounts in cells: INK reads on all of it, and on the mark of what is chosen.
SEQUENTIAL = ((0.0, "#F1F6FA"), (0.5, "#A9D0E8"), (1.0, "#56A5D6"))
INK = "#14212B"
CHOSEN = BEFORE

#: Beside colour, a hatching per place in a series, so that nothing is said by colour alone.
PATTERNS = ("", "/", ".", "x", "-", "\\", "+", "|", "", "/")

#: Above the chart, since a legend at the side leaves a narrow screen no room.
LEGEND = {"orientation": "h", "yanchor": "bottom", "y": 1.0, "xanchor": "left", "x": 0, "title": {"text": ""}}

#: Letters of a sentence that a narrow screen has room for.
LETTERS_A_LINE = 44

NOBODY = "No customers to show with these filters."

FONT = "Vazirmatn, 'Source Sans', 'Source Sans Pro', system-ui, sans-serif"

#: First-strong isolate and its end: a right-to-left name inside a line does not turn the numbers around it.
_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"

#: Invisible letters that Persian and Arabic words need (zero-width non-joiner and joiner); other invisible ones are dropped.
_JOINERS = "\u200c\u200d"


def figure(*traces: Any, height: int = 360, **layout: Any) -> go.Figure:
    """A figure in the house style holding `traces`; `layout` is passed on and wins."""
    style: dict[str, Any] = {
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 32, "b": 8},
        "font": {"family": FONT, "size": 13},
        "colorway": PALETTE,
        "separators": ".,",
        "paper_bgcolor": TRANSPARENT,
        "plot_bgcolor": TRANSPARENT,
        "hoverlabel": {"align": "left"},
        "legend": LEGEND,
        "bargap": 0.25,
    }
    return go.Figure(data=list(traces), layout=go.Layout(style | layout))


def nothing(sentence: str, height: int = 160) -> go.Figure:
    """A figure that says in a sentence why there is nothing to draw."""
    hidden = {"visible": False, "fixedrange": True}
    lines = textwrap.wrap(sentence, LETTERS_A_LINE)
    note = go.layout.Annotation(
        text="<br>".join(map(safe, lines)), showarrow=False, xref="paper", yref="paper", x=0.5, y=0.5, font={"size": 14, "color": QUIET}
    )
    return figure(height=height, xaxis=hidden, yaxis=hidden, annotations=[note])


def axis(title: str = "", **more: Any) -> dict[str, Any]:
    """An axis with its title (unit included, the caller's words) that makes room for its labels and does not zoom by accident."""
    return {"title": {"text": title, "standoff": 12}, "automargin": True, "fixedrange": True, "zeroline": False} | more


def amounts(title: str, **more: Any) -> dict[str, Any]:
    """An axis of counts or amounts: 250, 3k, 1.2M, 4B."""
    return axis(title, exponentformat="B", separatethousands=True, rangemode="tozero", **more)


def shares(title: str, **more: Any) -> dict[str, Any]:
    """An axis of shares (0 to 1), read as percent."""
    return axis(title, tickformat=".0%", **more)


def with_unit(label: str, currency: str) -> str:
    """`Net sales (GBP)`; without a known currency the label alone."""
    return f"{label} ({in_template(currency)})" if currency else label


def safe(text: object) -> str:
    """User's text as plotly shows it letter by letter: markup escaped, direction isolated, control characters gone."""
    plain = "".join(letter if letter.isprintable() or letter in _JOINERS else " " for letter in str(text))
    escaped = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"{_ISOLATE}{escaped}{_END_ISOLATE}" if _is_right_to_left(plain) else escaped


def in_template(text: object) -> str:
    """User's text inside a hover or text template, where `%{...}` would be taken for a variable."""
    return safe(text).replace("%{", "% {")


def short(text: object, length: int = 24) -> str:
    """A label shortened in the middle (heads and tails tell names apart), at most `length` letters; escape it after shortening."""
    plain = str(text)
    if len(plain) <= length:
        return plain
    head = math.ceil((length - 1) / 2)
    return f"{plain[:head]}…{plain[len(plain) - (length - 1 - head) :]}"


def labels(texts: Iterable[object], length: int = 24) -> list[str]:
    """Axis labels of user's texts: shortened, escaped, and kept distinct (a number is added where two become alike)."""
    seen: dict[str, int] = {}
    result = []
    for text in texts:
        label = safe(short(text, length))
        seen[label] = seen.get(label, 0) + 1
        result.append(label if seen[label] == 1 else f"{label} ({seen[label]})")
    return result


def rows(frame: pd.DataFrame) -> list[Any]:
    """The rows as named tuples."""
    return list(frame.itertuples())


def colours(names: Sequence[str]) -> dict[str, str]:
    """One colour a name by its place, the same on every chart of a page; beyond ten they repeat."""
    return {name: PALETTE[place % len(PALETTE)] for place, name in enumerate(names)}


def fill(colour: str, place: int = 0) -> dict[str, Any]:
    """Marker of a bar: its colour with the hatching of its place laid over it."""
    shape = PATTERNS[place % len(PATTERNS)]
    pattern = {"shape": shape, "fillmode": "overlay", "fgcolor": "#FFFFFF", "fgopacity": 0.55, "size": 7, "solidity": 0.25}
    return {"color": colour, "pattern": pattern, "line": {"width": 0.5, "color": "#FFFFFF"}}


def compact(value: float) -> str:
    """A number short enough for a cell: 950, 12.3k, 4.56M, 1.2B."""
    for size, suffix in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size * 0.9995:
            return f"{value / size:.3g}{suffix}" if abs(value) < 999.5 * size else f"{value / size:,.0f}{suffix}"
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def tiny(value: float) -> str:
    """A number for one of a dozen cells in the width of a telephone: 950, 1.8k, 36k, 4.6M."""
    for size, suffix in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size * 0.9995:
            return f"{value / size:,.{1 if abs(value) < 9.95 * size else 0}f}".removesuffix(".0") + suffix
    return f"{value:,.0f}"


def _is_right_to_left(text: str) -> bool:
    return any("\u0590" <= letter <= "\u08ff" or "\ufb1d" <= letter <= "\ufeff" for letter in text)
