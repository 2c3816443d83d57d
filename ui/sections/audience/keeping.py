"""Audiences that are kept: open one by its link or from the list, save, copy, rename, delete and bring back, look at versions, and compare two.

Which one is open stands in the address (its id) and in the session, with the version that the page was filled from. Who saves says which version that was: if
somebody saved in between, the user chooses whose edit stays, and no edit is lost.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import streamlit as st

from crm_core.access import Action, User
from crm_core.analytics.audience.terms import Terms
from crm_core.errors import AnalysisError, CrmError
from crm_core.store.saved.audiences import Audience, AudienceChanged, AudienceGone, Definition
from ui import cache, guards
from ui.guards import escape
from ui.sections.audience import asked, choices
from ui.state import Session, Url

if TYPE_CHECKING:
    from crm_core.store.saved.opening import Saved
    from ui.frame import View
    from ui.sections.audience.asked import Asked

NEW = "New audience"


def store() -> Saved:
    """The store of what users save. Raises WorkspaceError where it does not answer."""
    return cache.saved(os.environ.get("CRM_HOME", ""), os.environ.get("CRM_STORE_URL", ""))


def opened(view: View) -> Audience | None:
    """The saved audience that is open: that of the address, else that of the session. The page's widgets are filled from it once.

    To be called before any widget of the page.
    """
    linked = st.query_params.get(Url.AUDIENCE)
    former: tuple[str, int] | None = st.session_state.get(Session.AUDIENCE_OPEN)
    wanted = linked or (former[0] if former else None)
    if wanted is None:
        return None
    try:
        found = store().audiences.get(wanted)
    except AudienceGone as error:
        _close()
        guards.show(error.told_on(view.entry.id))
        return None
    if found.workspace_id != view.entry.id:
        _close()
        if linked:
            st.warning(
                "The audience of this link belongs to other data: choose that in the sidebar, then open the link again.",
                icon=":material/link_off:",
            )
        return None
    try:
        Terms.from_dict(found.definition.terms)
    except AnalysisError as error:  # without this audience the page goes on, and others can be chosen
        _close()
        guards.show(error)
        return None
    if former is None or former[0] != found.id:
        fill(found, is_first=former is None and Url.WHERE in st.query_params)
    st.query_params[Url.AUDIENCE] = found.id
    return found


def base_version() -> int:
    """The version that the page was filled from; 0 where nothing saved is open."""
    former: tuple[str, int] | None = st.session_state.get(Session.AUDIENCE_OPEN)
    return former[1] if former else 0


def fill(found: Audience, is_first: bool = False) -> None:
    """Fills the page's widgets; a link that has a condition of its own keeps it, as an edit that is not saved. Raises AnalysisError for damaged terms."""
    terms = Terms.from_dict(found.definition.terms)
    st.session_state[Session.AUDIENCE_OPEN] = (found.id, found.version)
    st.session_state[Session.AUDIENCE_STEPS] = []
    if not is_first:
        st.session_state[Url.WHERE] = found.definition.where
        choices.fill(terms)


def begin(where: str) -> None:
    """A new audience with this condition, from another page. What was built before and not saved can be brought back by “Undo”."""
    former = st.session_state.get(Url.WHERE) or ""
    st.session_state[Session.AUDIENCE_OPEN] = None
    st.session_state[Session.AUDIENCE_STEPS] = [former] if former else []
    st.session_state[Url.WHERE] = where
    choices.fill(Terms())


def _close() -> None:
    st.session_state[Session.AUDIENCE_OPEN] = None
    if Url.AUDIENCE in st.query_params:
        del st.query_params[Url.AUDIENCE]


# -- the bar ----------------------------------------------------------------------------------------------------------


def bar(view: View, saved: Audience | None) -> st.delta_generator.DeltaGenerator:
    """Which audience is open, and the others to choose from; gives the place beside it, for what can be done with it."""
    known = {one.id: one for one in store().audiences.all(view.entry.id)}
    options = ["", *known]
    st.session_state["audience_choice"] = saved.id if saved else ""
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    left.selectbox(
        "Saved audiences",
        options,
        format_func=lambda one: escape_name(known[one].name) if one else NEW,
        key="audience_choice",
        on_change=_chosen,
        help="An audience is kept as its conditions, not as a list: opened later, it holds whoever meets them then.",
    )
    if saved is not None:
        st.caption(_freshness(saved))
    return right


def escape_name(name: str) -> str:
    """A name in a list of choices, which shows no Markdown: on one line."""
    return " ".join(name.split())


def _freshness(saved: Audience) -> str:
    told = [
        f"version {saved.version}",
        f"saved {saved.saved_at.astimezone(UTC):%d %b %Y %H:%M} UTC by {escape(person(saved.saved_by))}",
        f"owner {escape(person(saved.owner))}",
    ]
    return " · ".join(told) + (f"  \n{escape(saved.note)}" if saved.note else "")


def person(who: str) -> str:
    return who or "local user"


def _chosen() -> None:
    chosen = st.session_state.get("audience_choice") or ""
    _close()
    if chosen:
        st.query_params[Url.AUDIENCE] = chosen
        _fill_with(chosen)
    else:
        st.session_state[Url.WHERE] = ""
        st.session_state[Session.AUDIENCE_STEPS] = []
        choices.fill(Terms())


def _fill_with(audience_id: str) -> None:
    """For callbacks: fills the page with that audience of this data; one that is gone or cannot be read is told of by `opened`, next."""
    from ui import frame

    view = frame.current()
    with suppress(CrmError):
        found = store().audiences.get(audience_id)
        if view is not None and found.workspace_id == view.entry.id:
            fill(found)


# -- saving -----------------------------------------------------------------------------------------------------------


def saving(one: Asked) -> None:
    """Save, save as another, rename, delete."""
    view, saved = one.view, one.saved
    if not view.user.may(Action.SAVE_AUDIENCE):
        return
    is_edited = saved is None or is_changed(one)
    with st.container(horizontal=True, vertical_alignment="center", key="audience_saving"):
        if saved is not None:
            label = "Save changes" if is_edited else "Saved"
            st.button(
                label, key="audience_save", icon=":material/save:", type="primary", disabled=not is_edited, on_click=_save, args=(one,)
            )
        with st.popover("Save as …" if saved else "Save …", icon=":material/bookmark_add:"):
            _name_form(
                one, "audience_new", "" if saved is None else f"{saved.name} (copy)", "", lambda name, note: _create(one, name, note)
            )
        if saved is not None:
            with st.popover("Name and note", icon=":material/edit:"):
                _name_form(one, "audience_rename", saved.name, saved.note, lambda name, note: _rename(one, name, note))
            st.button("Delete", key="audience_delete", icon=":material/delete:", on_click=_delete, args=(saved,))
            if is_edited:
                st.caption("Changes are not saved yet.")


def is_changed(one: Asked) -> bool:
    """Does the page ask something else than what was saved?"""
    if one.saved is None or Terms.from_dict(one.saved.definition.terms) != one.terms:
        return True
    try:
        return asked.read(one.view, one.saved.definition.where, one.basis) != one.condition
    except CrmError:  # it does not fit the data any more
        return True


def _name_form(one: Asked, key: str, name: str, note: str, act: Callable[[str, str], None]) -> None:
    """A form for name and note. Its fields start anew for another audience or version, so their keys hold both."""
    key = f"{key}_{one.saved.id}_{one.saved.version}" if one.saved else key
    with st.form(key, border=False):
        typed = st.text_input("Name", name, max_chars=100, key=f"{key}_name")
        more = st.text_area("Note", note, max_chars=2_000, key=f"{key}_note", height=80, placeholder="Why this audience, and what for")
        if st.form_submit_button("Save", type="primary"):
            with guards.guard():
                act(typed or "", more or "")


def _definition(one: Asked) -> Definition:
    return Definition(one.text, one.terms.as_dict())


def now() -> datetime:
    return datetime.now(UTC)


def _create(one: Asked, name: str, note: str) -> None:
    one.view.user.require(Action.SAVE_AUDIENCE)
    made = store().audiences.create(one.view.entry.id, name, _definition(one), note=note, who=one.view.user.email, now=now())
    _open_anew(made, f"“{made.name}” is saved. The address of this page opens it.")


def _rename(one: Asked, name: str, note: str) -> None:
    one.view.user.require(Action.SAVE_AUDIENCE)
    if one.saved is not None:
        made = store().audiences.save(one.saved.id, base_version(), name=name, note=note, who=one.view.user.email, now=now())
        st.session_state[Session.AUDIENCE_OPEN] = (made.id, made.version)
        st.session_state[Session.NOTICE] = "Name and note are saved."
        st.rerun()


def _open_anew(made: Audience, notice: str) -> None:
    st.session_state[Session.AUDIENCE_OPEN] = (made.id, made.version)
    st.session_state[Session.AUDIENCE_CONFLICT] = None
    st.query_params[Url.AUDIENCE] = made.id
    st.session_state[Session.NOTICE] = notice
    st.rerun()


def user_now() -> User:
    """Whoever saves, in the role of this moment: a callback runs before anybody is asked who looks. Raises AccessError."""
    from ui import sign_in

    found = sign_in.user()
    found.require(Action.SAVE_AUDIENCE)
    return found


@contextmanager
def told(failed: str) -> Iterator[None]:
    """For callbacks, whose errors no page shows: who comes second is asked, whatever else goes wrong is told after the rerun."""
    try:
        yield
    except AudienceChanged as error:
        st.session_state[Session.AUDIENCE_CONFLICT] = error.present
    except CrmError as error:
        st.session_state[Session.NOTICE] = f"{failed}: {error.title}. {error.message}"


def _save(one: Asked, base: int | None = None) -> None:
    """A callback: saves the page as the next version of the open audience; who comes second is asked."""
    with told("Not saved"):
        if one.saved is not None:
            _keep_version(one, one.saved, base_version() if base is None else base)


def _keep_version(one: Asked, saved: Audience, base: int) -> None:
    user = user_now()
    made = store().audiences.save(saved.id, base, definition=_definition(one), who=user.email, now=now())
    st.session_state[Session.AUDIENCE_CONFLICT] = None
    st.session_state[Session.AUDIENCE_OPEN] = (made.id, made.version)
    st.session_state[Session.NOTICE] = f"Version {made.version} is saved."


def conflict(one: Asked) -> None:
    """Where somebody saved in between: three ways on."""
    theirs: Audience | None = st.session_state.get(Session.AUDIENCE_CONFLICT)
    if theirs is None or one.saved is None or theirs.id != one.saved.id or not one.view.user.may(Action.SAVE_AUDIENCE):
        return
    with st.container(border=True, key="audience_conflict"):
        said = f"**{escape(person(theirs.saved_by))} saved version {theirs.version} meanwhile**, on {theirs.saved_at.astimezone(UTC):%d %b %Y at %H:%M} UTC."
        st.warning(f"{said} Yours is not saved yet; nothing is lost.", icon=":material/group:")
        left, right = st.columns(2)
        left.markdown("Yours")
        left.code(one.text, language=None, wrap_lines=True)
        right.markdown("Theirs")
        right.code(theirs.definition.where, language=None, wrap_lines=True)
        with st.container(horizontal=True):
            st.button("Keep mine as a copy", key="conflict_copy", type="primary", on_click=_keep_copy, args=(one, theirs))
            st.button("Take theirs", key="conflict_theirs", on_click=_take, args=(theirs.id,))
            st.button(
                "Save mine over it", key="conflict_over", on_click=_save, args=(one, theirs.version), help="Theirs stays among the versions"
            )


def _keep_copy(one: Asked, theirs: Audience) -> None:
    """A callback."""
    with told("Not saved"):
        _copy(one, theirs, user_now())


def free_name(one: Audience, why: str) -> str:
    """A name like that audience's that no other has: “Win back (mine)”, “Win back (mine 2)” …"""
    taken = {known.name.casefold() for known in store().audiences.all(one.workspace_id)}
    names = (f"{one.name[:80]} ({why}{f' {number}' if number > 1 else ''})" for number in itertools.count(1))
    return next(name for name in names if name.casefold() not in taken)


def _copy(one: Asked, theirs: Audience, user: User) -> None:
    name = free_name(theirs, "mine")
    made = store().audiences.copy(theirs.id, name, definition=_definition(one), who=user.email, now=now())
    st.session_state[Session.AUDIENCE_CONFLICT] = None
    st.session_state[Session.AUDIENCE_OPEN] = (made.id, made.version)
    st.query_params[Url.AUDIENCE] = made.id
    st.session_state[Session.NOTICE] = f"Yours is saved as “{made.name}”."


def _take(audience_id: str) -> None:
    st.session_state[Session.AUDIENCE_CONFLICT] = None
    _fill_with(audience_id)


def _delete(saved: Audience) -> None:
    """A callback: deletes the open audience, which stays among the deleted ones."""
    try:
        store().audiences.delete(saved.id, saved.version, who=user_now().email, now=now())
    except CrmError as error:
        st.session_state[Session.NOTICE] = f"Not deleted: {error.title}."
        return
    _close()
    st.session_state[Session.NOTICE] = f"“{saved.name}” is deleted. It can be brought back under “Saved”."
