"""What is loaded: refresh, receipt, rejected rows, profile of each table; and undo, save under a name, erase."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from crm_core.access import Action
from crm_core.errors import CrmError
from crm_core.store.workspaces import Entry
from ui import cache, frame, guards, home, profile_panels, receipt_panels, refreshing, rejected, who
from ui.frame import View
from ui.state import Session


def render(view: View) -> None:
    """The data in use, in parts."""
    with guards.guard():
        refreshing.render(view)
    st.subheader("What became of every row")
    with guards.guard():
        receipt_panels.draw(view.ws.receipt, "loaded")
        rejected.draw(view.ws, "loaded")
    st.subheader("What the data looks like")
    with guards.guard():
        _profile(view)
    keep(view.entry)


def _profile(view: View) -> None:
    """Of rows that lie elsewhere only when it is asked for: it reads all of them."""
    if not view.ws.meta.is_in_place or st.session_state.get(Session.PROFILED) == view.ws.fingerprint:
        profile_panels.draw(view)
        return
    st.caption("A profile reads all rows of all tables where they lie, which may take a while.")
    if st.button("Make the profile", key="make_profile", icon=":material/query_stats:"):
        st.session_state[Session.PROFILED] = view.ws.fingerprint
        st.rerun()


def keep(entry: Entry) -> None:
    """What can be done with data as a whole, also when it cannot be opened."""
    st.subheader("Keep, take back, erase")
    with guards.guard():
        if guards.may(who.user(), Action.UPLOAD if entry.kind == "private" else Action.MANAGE_DATA):
            _actions(entry)


def _actions(entry: Entry) -> None:
    columns = st.columns(3, gap="large")
    with columns[0]:
        _save(entry)
    with columns[1]:
        _undo(entry)
    with columns[2]:
        _erase(entry)


def _save(entry: Entry) -> None:
    st.markdown("**Save under a name**")
    if entry.kind != "private":
        st.caption("This data has a name: everybody who can open this dashboard sees it.")
        return
    if not guards.may(who.user(), Action.MANAGE_DATA):
        return
    st.caption("Your upload is yours alone. Under a name it stays, and everybody who can open this dashboard sees it.")
    with st.form("save_as", border=False):
        name = st.text_input("Name", key="save_name", max_chars=60, placeholder="e.g. Web shop 2024")
        if st.form_submit_button("Save", type="primary"):
            _change(lambda: _named(name or ""), "Saved: the data has a name now.")


def _named(name: str) -> str:
    """Everybody sees it from now on, so it is an administrator's to do."""
    who.user().require(Action.MANAGE_DATA)
    return home.to_change(who.user()).save_as(frame.owner(), name).name


def _undo(entry: Entry) -> None:
    st.markdown("**Undo the last import**")
    if not entry.can_undo:
        st.caption("There is no former data to go back to.")
        return
    st.caption("Goes back to the data before the last import or refresh. Possible once.")
    if st.button("Undo the last import", key="undo", icon=":material/undo:"):
        _change(lambda: home.to_change(who.user(), entry).undo(entry.id).name, "The former data is back.")


def _erase(entry: Entry) -> None:
    st.markdown("**Erase**")
    if entry.kind == "sample":
        st.caption("The sample company stays, to try things with.")
        return
    st.caption("Removes this data from the server for good, with its former version.")
    is_sure = st.checkbox(f"Yes, erase “{guards.escape(entry.name)}”", key=f"erase_sure_{entry.id}")
    if st.button("Erase", key="erase", icon=":material/delete:", disabled=not is_sure) and is_sure:
        _change(lambda: _erase_all(entry), "Erased.")


def _erase_all(entry: Entry) -> None:
    home.to_change(who.user(), entry).erase(entry.id)
    cache.forget(entry.path)


def _change(how: Callable[[], str | None], notice: str) -> None:
    """Carries out a change of the workspaces, and shows the workspace it leaves."""
    try:
        st.session_state[Session.CHOOSE] = how()
    except CrmError as error:
        guards.show(error)
        return
    st.session_state[Session.NOTICE] = notice
    st.rerun()
