"""What goes with an audience's conditions: contact rules on or off, the control group, and what else is saved with it. All of it are widgets of the page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from crm_core.analytics.audience import listed
from crm_core.analytics.audience.everybody import Basis
from crm_core.analytics.audience.terms import Expectation, Terms
from crm_core.analytics.scores import RfmSettings
from ui.state import Session, Url

if TYPE_CHECKING:
    from crm_core.store.saved.audiences import Audience
    from ui.frame import View

#: Keys of the widgets of `expecting` and `taking`, which keep their values while their tabs are closed.
EXPECTATION = {
    "cost_a_contact": "audience_cost_a_contact",
    "cost_a_response": "audience_cost_a_response",
    "response": "audience_response",
    "response_without": "audience_response_without",
    "order_value": "audience_order_value",
    "margin": "audience_margin",
}
SHARES = ("response", "response_without", "margin")
COLUMNS, DAYS = "audience_columns", "audience_days"
MOST_CONTROL, MOST_DAYS, MOST_SEED = 90, 730, 10**6
DAYS_HELP = "A campaign is judged by what both groups buy in so many days from its start."
RESPECT_HELP = "Leaves out whom the company's contact rules leave out: see “Whom to leave out”."
CONTROL_HELP = (
    "So many of the audience are not addressed, drawn by lot within each segment: only against them can be seen whether it worked."
)
SEED_HELP = "The same number draws the same groups again, on any machine."


def draw(view: View, saved: Audience | None, others: Terms) -> Terms:
    """Draws what is always seen, and gives it with the others."""
    rescore(view, saved, others)
    with st.container(horizontal=True, vertical_alignment="bottom", key="audience_choices"):
        usual = Terms()
        respect = st.toggle(
            "Apply the contact rules", usual.is_respecting, key=Url.RESPECT, bind="query-params", persist_state="session", help=RESPECT_HELP
        )
        control = _number("Control group, %", MOST_CONTROL, round(100 * usual.control_share), Url.CONTROL, CONTROL_HELP)
        seed = _number("Seed of the lot", MOST_SEED, usual.seed, Url.SEED, SEED_HELP)
        days = st.number_input(
            "Days until it is judged",
            1,
            MOST_DAYS,
            min(others.days, MOST_DAYS),
            key=DAYS,
            persist_state="session",
            help=DAYS_HELP,
            width=190,
        )
    return replace(others, is_respecting=bool(respect), control_share=control / 100, seed=seed, days=int(days))


def _number(label: str, most: int, usual: int, key: Url, help: str) -> int:
    found = st.number_input(label, 0, most, usual, key=key, bind="query-params", persist_state="session", help=help, width=160)
    return min(max(int(found), 0), most)


def gathered(view: View, saved: Audience | None) -> Terms:
    """What other tabs set, or was saved. A saved audience keeps the scoring that it was saved with, until the user takes that of the sidebar."""
    kept = Terms.from_dict(saved.definition.terms) if saved else Terms()
    scoring = kept.scoring if saved is not None and not st.session_state.get(Session.AUDIENCE_RESCORED) else view.settings
    kept = replace(kept, scoring=scoring, expectation=expectation(kept.expectation))
    return replace(kept, columns=_columns(view, kept))


def _columns(view: View, kept: Terms) -> tuple[str, ...]:
    """The columns chosen; none where they are the usual ones, so that these may grow with the data."""
    chosen = st.session_state.get(COLUMNS)
    if chosen is None:
        return kept.columns
    usual = listed.usual_columns(view.ws, Basis(view.as_of, kept.scoring, view.followed))
    return () if tuple(chosen) == usual else tuple(chosen)


def expectation(kept: Expectation) -> Expectation:
    """What the tab “What to expect” holds; what it never showed is as kept."""
    told: dict[str, Any] = {}
    for name, key in EXPECTATION.items():
        if key in st.session_state:
            value = st.session_state[key]
            told[name] = value / 100 if value is not None and name in SHARES else value
    for name in ("cost_a_contact", "cost_a_response", "response"):
        if name in told and told[name] is None:
            told[name] = 0.0
    return replace(kept, **told)


def fill(terms: Terms) -> None:
    """Fills the widgets; to be called before they are drawn, or in a callback."""
    st.session_state[Url.RESPECT] = terms.is_respecting
    st.session_state[Url.CONTROL] = min(round(100 * terms.control_share), MOST_CONTROL)
    st.session_state[Url.SEED] = min(terms.seed, MOST_SEED)
    st.session_state[DAYS] = min(terms.days, MOST_DAYS)
    st.session_state[COLUMNS] = list(terms.columns) or None
    st.session_state[Session.AUDIENCE_RESCORED] = False
    for name, key in EXPECTATION.items():
        value = getattr(terms.expectation, name)
        st.session_state[key] = round(100 * value, 6) if value is not None and name in SHARES else value


def rescore(view: View, saved: Audience | None, terms: Terms) -> None:
    """Where a saved audience is scored otherwise than the sidebar says: tells it, and takes the sidebar's on a click."""
    if saved is None or terms.scoring == view.settings:
        return
    usual = "the usual ones" if terms.scoring == RfmSettings() else "its own"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"Scores and segments follow the rules saved with this audience ({usual}), not those of the sidebar.")
        st.button("Use those of the sidebar", key="audience_rescore", on_click=_rescore)


def _rescore() -> None:
    st.session_state[Session.AUDIENCE_RESCORED] = True
