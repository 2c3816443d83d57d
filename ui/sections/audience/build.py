"""Building an audience: its conditions in words, each of which can be turned round or taken out, the form that adds one, and the text behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from crm_core.access import Action
from crm_core.analytics.audience import conditions as c
from crm_core.analytics.audience.clicked import of_filters, terms
from crm_core.analytics.audience.language import LONGEST, ConditionError, to_text
from ui import guards
from ui.guards import escape
from ui.sections.audience import adding, asked
from ui.state import Session, Url

if TYPE_CHECKING:
    from crm_core.analytics.audience.everybody import Basis
    from crm_core.store.saved.audiences import Audience
    from ui.frame import View

PLACEHOLDER = 'segment in ("At risk", "Can\'t lose them") and net_sales > 500 and not (country = \'Germany\')'
TEXT_HELP = """and, or, not and brackets; texts in single or double quotes; days as 2025-03-01. The fields are those of the form above. More: bought
category "Tea" at least 2 times since 2025-03-01 · not bought anything in last 60 days · net_sales of channel "App" in last 6 months > 100 ·
segment on 2025-01-01 = "Champions" · last_score is known."""
MOST_STEPS = 50


def build(view: View, basis: Basis, saved: Audience | None) -> c.Condition | None:
    """Draws the builder; gives the condition, or None where its text cannot be understood, which is told.

    Who may not build sees saved audiences as they are: a condition of one's own could ask for a single customer.
    """
    if not view.user.may(Action.SAVE_AUDIENCE):
        return _as_saved(view, basis, saved)
    place, form = st.container(), st.container()
    text = _text()
    try:
        condition = asked.read(view, text, basis)
    except ConditionError as error:
        _tell(place, error)
        return None
    with place:
        _parts(view, basis, condition)
    with form:
        adding.form(view, basis, condition)
    return condition


def _as_saved(view: View, basis: Basis, saved: Audience | None) -> c.Condition | None:
    guards.may(view.user, Action.SAVE_AUDIENCE)
    if saved is None:
        st.write("Choose a saved audience above to see its figures.")
        return None
    try:
        condition = asked.read(view, saved.definition.where, basis)
    except ConditionError:  # its words hold the condition, which may name a person
        st.warning("The conditions of this audience no longer fit the data. Whoever saved it can tell why.", icon=":material/extension:")
        return None
    with st.container(border=True):
        st.markdown(f"**{escape(asked.words(view, basis).sentence(asked.told(view, condition)))}**")
    return condition


def change(condition: c.Condition) -> None:
    """Makes this the condition of the page; the former one can be brought back. For callbacks, which run before any widget."""
    former = st.session_state.get(Url.WHERE) or ""
    steps: list[str] = st.session_state.get(Session.AUDIENCE_STEPS) or []
    st.session_state[Session.AUDIENCE_STEPS] = [*steps, former][-MOST_STEPS:]
    st.session_state[Url.WHERE] = "" if condition == c.EVERYBODY else to_text(condition)


def _undo() -> None:
    steps: list[str] = st.session_state.get(Session.AUDIENCE_STEPS) or []
    if steps:
        st.session_state[Url.WHERE] = steps[-1]
        st.session_state[Session.AUDIENCE_STEPS] = steps[:-1]


def _text() -> str:
    with st.expander("The conditions as text, to change, copy or paste"):
        found = st.text_area(
            "Condition",
            key=Url.WHERE,
            bind="query-params",
            placeholder=PLACEHOLDER,
            height=100,
            help=TEXT_HELP,
            max_chars=LONGEST,
            persist_state="session",
        )
        st.caption("Ctrl and Enter apply it. What each word means: docs/audiences.md.")
    return found or ""


def _tell(place: st.delta_generator.DeltaGenerator, error: ConditionError) -> None:
    with place:
        st.error(f"**The condition cannot be understood.** {escape(error.plain)} {escape(error.hint)}", icon=":material/error:")
        st.code(error.pointer(), language=None)
        if st.session_state.get(Session.AUDIENCE_STEPS):
            st.button("Undo", key="audience_undo", icon=":material/undo:", on_click=_undo)


def _parts(view: View, basis: Basis, condition: c.Condition) -> None:
    """The conditions that must all hold, one a row."""
    parts = asked.words(view, basis).parts(condition)
    with st.container(border=True, key="audience_parts"):
        if condition == c.EVERYBODY:
            st.markdown("**All customers.** Add a condition, or choose customers on any page and press “Use as audience” there.")
        for place, (part, sentence) in enumerate(parts if condition != c.EVERYBODY else ()):
            _part(condition, place, part, sentence)
        with st.container(horizontal=True):
            if st.session_state.get(Session.AUDIENCE_STEPS):
                st.button(
                    "Undo",
                    key="audience_undo",
                    icon=":material/undo:",
                    on_click=_undo,
                    help="Brings the conditions before the last change back",
                )
            if condition != c.EVERYBODY:
                st.button("Start anew", key="audience_clear", icon=":material/restart_alt:", on_click=change, args=(c.EVERYBODY,))
            shown = of_filters(view.filters, terms(asked.fields(view, basis)))
            if view.is_filtered and c.both(condition, shown) != condition:
                label, told = "Add the filters of the sidebar", "The filters of the sidebar do not narrow an audience by themselves"
                st.button(
                    label,
                    key="audience_filters",
                    icon=":material/filter_alt:",
                    on_click=change,
                    args=(c.both(condition, shown),),
                    help=told,
                )


def _part(condition: c.Condition, place: int, part: c.Condition, sentence: str) -> None:
    joined = "" if place == 0 else "and "
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{joined}**{escape(sentence[:1].lower() + sentence[1:] if joined else sentence)}**")
        with st.container(horizontal=True, width="content"):
            _acts(condition, place, part)


def _acts(condition: c.Condition, place: int, part: c.Condition) -> None:
    """What can be done with one of the conditions."""
    st.button(
        "Opposite",
        key=f"audience_turn_{place}",
        icon=":material/swap_horiz:",
        help="Everybody else instead: turns this condition round",
        on_click=change,
        args=(_with(condition, place, c.turned(part)),),
    )
    st.button(
        "Remove",
        key=f"audience_drop_{place}",
        icon=":material/close:",
        help="Take this condition out",
        on_click=change,
        args=(_with(condition, place, None),),
    )


def _with(condition: c.Condition, place: int, part: c.Condition | None) -> c.Condition:
    """The condition with that part in place of its own, or without one."""
    parts: list[c.Condition] = list(condition.parts) if isinstance(condition, c.All) else [condition]
    parts[place : place + 1] = [] if part is None else [part]
    return parts[0] if len(parts) == 1 else c.All(tuple(parts))
