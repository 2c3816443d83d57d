"""The parts that every page is made of, in their order: the question, the answer, the figures, the charts, and how to read it all."""

from __future__ import annotations

import html
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import streamlit as st

from ui import cache
from ui.guards import escape

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from ui.frame import View
    from ui.state import Url

T = TypeVar("T")


@dataclass(frozen=True)
class Tile:
    """One figure of the row under the answer: label and value as shown, its change ("+3.2 %" or NO_CHANGE), its trend, and what it means.

    `more_is` says how a rise is to be taken: "good", "bad", or "neutral" where it depends.
    """

    label: str
    value: str
    change: str | None = None
    trend: tuple[float, ...] = ()
    help: str = ""
    more_is: Literal["good", "bad", "neutral"] = "good"


NO_CHANGE = "no change"
NO_SIGNIFICANT_CHANGE = "no significant change"
#: Said without an arrow, since nothing moved.
STEADY = (NO_CHANGE, NO_SIGNIFICANT_CHANGE)
#: A value without marks that Markdown could take for its own; a currency may be any text of the user's.
PLAIN = re.compile(r"(?i)(?!.*www)(?:[^\W_]|[ ,.%·×-])*")
DELTA_COLOURS: dict[str, Literal["normal", "inverse", "off"]] = {"good": "normal", "bad": "inverse", "neutral": "off"}


@dataclass(frozen=True)
class Summary:
    """What a page says: the answer in a computed sentence, what limits it, the row of figures, and how to read it all.

    `answer` and `caveat` may hold user's texts, which `head` escapes; `explanation` is Markdown of ours.
    """

    answer: str
    caveat: str
    tiles: tuple[Tile, ...]
    explanation: tuple[str, ...] = ()


def head(said: Summary) -> None:
    """The answer and its caveat, then the row of figures. The title comes first on a page, so that it stands where the answer fails, too."""
    answer(said)
    tiles(said.tiles)


def answer(said: Summary) -> None:
    """The answer and its caveat."""
    st.markdown(f"**{escape(said.answer)}**")
    if said.caveat:
        st.caption(escape(said.caveat))


def tiles(figures: Sequence[Tile]) -> None:
    """A row of figures, each with its change and trend; on a narrow screen they stand below each other."""
    for place, column in enumerate(st.columns(len(figures))):
        one = figures[place]
        column.metric(
            escape(one.label),
            one.value if PLAIN.fullmatch(one.value) else escape(one.value),
            one.change,
            delta_color="off" if one.change in STEADY else DELTA_COLOURS[one.more_is],
            delta_arrow="off" if one.change in STEADY else "auto",
            help=escape(one.help) or None,
            border=True,
            chart_data=one.trend if len(one.trend) > 1 else None,
            height="stretch",
        )


def chart(figure: go.Figure, key: str, alt: str) -> None:
    """A chart; `alt` says in words what it shows."""
    st.plotly_chart(_spelt(figure), key=key, alt=alt, config={"displaylogo": False})


def clickable(figure: go.Figure, key: str, alt: str) -> list[list[Any]]:
    """A chart whose marks can be clicked or boxed in; returns what the chosen marks select (their customdata)."""
    event = st.plotly_chart(
        _spelt(figure), key=key, alt=alt, on_select="rerun", selection_mode=("points", "box"), config={"displaylogo": False}
    )
    return [list(point["customdata"]) for point in event["selection"]["points"] if point.get("customdata")]


def _spelt(figure: go.Figure) -> go.Figure:
    """The figure, which nobody changes any more, with its dictionary at hand: Streamlit asks for it in every run, and making it takes longer than all
    else of drawing.
    """
    if "to_dict" not in vars(figure):
        spelt = figure.to_dict()
        figure.to_dict = lambda: spelt
    return figure


def one_of(label: str, options: Mapping[T, str], key: Url, default: T, help: str | None = None) -> T:
    """One of a few things (each with its text) side by side, kept in the address and while its tab is closed."""
    chosen = st.segmented_control(
        label,
        list(options),
        format_func=options.__getitem__,
        default=default,
        required=True,
        key=key,
        bind="query-params",
        persist_state="session",
        help=help,
    )
    return chosen if chosen in options else default


def quote(text: str) -> None:
    """What a customer wrote, letter by letter, in the direction of its own script and at the side where that begins."""
    st.html(f'<p dir="auto" style="margin:0;white-space:pre-line">{html.escape(text)}</p>')


SAME, SAME_FOR_ALL = "The same numbers without a browser:", "The same for all customers, by the usual rules, without a browser:"


def how_to_read(*paragraphs: str, command: str = "", is_for_all: bool = False) -> None:
    """Definitions and thresholds in words (Markdown of ours; escape what the user wrote), and the command that gives the same numbers.

    `is_for_all`: the page shows fewer customers or scores them otherwise than the command does.
    """
    with st.expander("How to read this"):
        for paragraph in paragraphs:
            st.markdown(paragraph)
        if command:
            st.markdown(SAME_FOR_ALL if is_for_all else SAME)
            st.code(command, language="bash", wrap_lines=True)


def command(view: View, name: str, *options: str) -> str:
    """The command line that gives this page's numbers for the same data and day; a private upload is named by its files or tables."""
    source = _sources(view) if view.is_private else shlex.quote(f"workspace:{view.name}")
    return " ".join(["python -m crm_core", name, source, "--as-of", view.as_of.isoformat(), *options])


def _sources(view: View) -> str:
    """Files, or one connection with tables and queries; what no command can say has to be saved under a name first."""
    known = cache.former(view.entry.path)
    origins = list(known.origins.values()) if known else []
    if not origins:
        return " ".join(shlex.quote(one) for one in view.ws.sources)
    is_plain = len(origins) == len(view.ws.sources) and not any(one.selection.joins for one in origins)
    if known is None or len(known.connections) != 1 or not is_plain:
        return "workspace:NAME"
    words = [f"connection:{known.connections[0]}", *(["--in-place"] if known.is_in_place else [])]
    for one in origins:
        words += ["--query", one.selection.query] if one.selection.query else ["--table", one.selection.title]
    return " ".join(map(shlex.quote, words))
