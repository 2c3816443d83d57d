"""The shared filters: widgets in the sidebar bound to the URL, and what they amount to.

The browser is not trusted to keep within a widget's options: Streamlit drops invalid values of the URL, and what is left is
intersected with the data's own values here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

import streamlit as st

from ui import cache
from ui.guards import escape
from ui.state import Session, Url, split_key

if TYPE_CHECKING:
    from crm_core.analytics.filters import Filters
    from crm_core.analytics.rfm import RfmSettings
    from crm_core.analytics.segment_table import SegmentTable
    from crm_core.workspace import Workspace

#: Choices of the period -> months before as_of; None: see `_period`.
PERIODS: dict[str, int | None] = {
    "Last 12 months": 12,
    "Last 6 months": 6,
    "Last 3 months": 3,
    "Last month": 1,
    "All time": None,
    "Own dates": None,
}
F_RULES = {"repeat": "Repeat buyers in quarters", "quintiles": "All customers in fifths"}
#: In the place of the former data file: a link named data that is not here.
NOT_HERE = ""
ONE_DAY = timedelta(days=1)


def start_anew(ws: Workspace) -> None:
    """Forgets days chosen for other data: a new file has other days, and its latest one is meant.

    The values are set and not dropped: a dropped one would come back out of the URL.
    """
    former = st.session_state.get(Session.DATA_FILE)
    if former is not None and former != str(ws.path):
        st.session_state[Url.AS_OF] = ws.as_of
        st.session_state[Url.PERIOD] = next(iter(PERIODS))
    if former == NOT_HERE:
        _drop_choices(ws)
    st.session_state[Session.DATA_FILE] = str(ws.path)


def _drop_choices(ws: Workspace) -> None:
    """Everybody, scored by the usual rules: what a link chose of other data means nothing in this."""
    lists = [Url.SEGMENTS, *(split_key(field) for field in ws.split_fields())]
    texts = [Url.CUTS_R, Url.CUTS_F, Url.CUTS_M]
    st.session_state.update({str(key): [] for key in lists} | {str(key): "" for key in texts} | {str(Url.F_RULE): next(iter(F_RULES))})


def choose(ws: Workspace) -> Filters:
    """Draws as_of, period, segments and split fields, and returns what is chosen."""
    from crm_core.analytics.filters import Filters

    as_of = _as_of(ws)
    start, end = _period(ws, as_of)
    with st.expander("Customers shown", expanded=True):
        names = segment_table().names
        segments = st.multiselect("Segments", names, key=Url.SEGMENTS, bind="query-params", placeholder="All", select_all=False)
        splits = _splits(ws)
    return Filters(as_of, start, end, splits, _known(segments, names))


def choose_scoring() -> RfmSettings:
    """Draws the scoring rules: how frequency is scored, and cut points typed by the user."""
    from crm_core.analytics.rfm import RfmSettings

    with st.expander("Scoring rules"):
        rule = st.selectbox(
            "Score frequency by", F_RULES, format_func=F_RULES.__getitem__, key=Url.F_RULE, bind="query-params", help=FREQUENCY_HELP
        )
        cuts_r = _cuts("Own cut points: days since last order", Url.CUTS_R, "e.g. 30, 60, 90, 180", RECENCY_HELP)
        cuts_f = _cuts(
            "Own cut points: orders",
            Url.CUTS_F,
            "e.g. 2, 3, 5, 10",
            "A customer with at least 2 orders scores 2, with at least 10 scores 5.",
        )
        cuts_m = _cuts("Own cut points: net sales", Url.CUTS_M, "e.g. 50, 100, 500, 1000", "A customer who spent at least 1000 scores 5.")
    return RfmSettings("quintiles" if rule == "quintiles" else "repeat", cuts_r, cuts_f, cuts_m, segment_table())


def segment_table() -> SegmentTable:
    """The user's own names and moves in this session, or the usual ones."""
    from crm_core.analytics.segment_table import SEGMENTS

    table: SegmentTable = st.session_state.get(Session.SEGMENT_TABLE, SEGMENTS)
    return table


FREQUENCY_HELP = (
    "Customers with one purchase score 1, and repeat buyers 2 to 5 by quarters; or all customers by fifths, as money is scored."
)
RECENCY_HELP = "Four numbers: a customer whose last order is at most 30 days ago scores 5, at most 60 days 4, and so on. Empty: fifths of all customers."


def _cuts(label: str, key: Url, example: str, explanation: str) -> tuple[float, ...] | None:
    from crm_core.analytics.scores import parse_cuts

    text = st.text_input(label, key=key, bind="query-params", placeholder=example, help=explanation, max_chars=80)
    try:
        return parse_cuts(text or "")
    except ValueError as error:
        st.caption(f":red[{error} Not used.]")
        return None


def _as_of(ws: Workspace) -> date:
    """The day looked from, within the data: a day without any line before it has nothing to show."""
    earliest = min(ws.first_day + ONE_DAY, ws.as_of) if ws.first_day else ws.as_of
    chosen = st.date_input(
        "Look from (as of)", ws.as_of, earliest, ws.as_of, key=Url.AS_OF, bind="query-params", format="YYYY-MM-DD", help=AS_OF_HELP
    )
    return chosen if isinstance(chosen, date) and earliest <= chosen <= ws.as_of else ws.as_of


PERIOD_HELP = "Limits figures of sales, satisfaction and service; RFM scores, classes and segments use all history."
AS_OF_HELP = (
    "All figures are as they stood at the start of this day: later lines are left out. The latest choice is the day after the last line."
)


def _period(ws: Workspace, as_of: date) -> tuple[date, date]:
    """First day and the day after the last day of the period for sales figures."""
    choice = st.selectbox("Period of the figures", PERIODS, key=Url.PERIOD, bind="query-params", help=PERIOD_HELP)
    first = ws.first_day or as_of
    if choice == "Own dates":
        return _own_dates(first, as_of)
    from crm_core.analytics.days import months_before

    months = PERIODS.get(choice or "")
    return (months_before(as_of, months) if months else first), as_of


def _own_dates(first: date, as_of: date) -> tuple[date, date]:
    from crm_core.analytics.days import months_before

    default = (max(first, months_before(as_of, 12)), as_of - ONE_DAY)
    chosen = st.date_input("From and to", default, first, as_of - ONE_DAY, key=Url.DATES, bind="query-params", format="YYYY-MM-DD")
    days = chosen if isinstance(chosen, tuple) and chosen else default  # the URL writes a period of one day with one date
    return days[0], days[-1] + ONE_DAY


def _splits(ws: Workspace) -> tuple[tuple[str, tuple[str, ...]], ...]:
    from crm_core.analytics.filters import choices

    chosen = []
    for field, label in ws.split_fields().items():
        known = cache.of(ws, choices, field)
        if len(known) > 1:
            picked = st.multiselect(
                escape(label), known, format_func=_spoken, key=split_key(field), bind="query-params", placeholder="All", select_all=False
            )
            chosen.append((field, _known(picked, known)))
    return tuple((field, picked) for field, picked in chosen if picked)


def _spoken(value: str) -> str:
    return value or "(unknown)"


def _known(chosen: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """What was chosen and is there, in the order of the data, so that equal choices are equal keys."""
    return tuple(value for value in known if value in set(chosen))
