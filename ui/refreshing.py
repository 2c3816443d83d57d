"""Bringing data of a database up to date: read anew what was imported, or look again at what stays where it lies."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import streamlit as st

from crm_core.access import Action
from crm_core.errors import CrmError
from crm_core.sources.databases.connections import Connections, load
from ui import cache, frame, guards, home
from ui.numbers import count_of
from ui.progress import moving
from ui.state import Session

if TYPE_CHECKING:
    from crm_core.mapping.former import Former
    from crm_core.store.refresh import Refreshed
    from ui.frame import View

NEWER, ALL = "Only newer rows", "All rows"
STOPPED = "Stopped: the former data is still shown."
MOST_NAMED = 8  # tables in a sentence


def render(view: View) -> None:
    """Nothing for data that came from files alone."""
    known = cache.former(view.entry.path)
    if known is None or not known.origins:
        return
    if known.is_in_place:
        _in_place(view, known)
    else:
        _imported(view, known)


def _in_place(view: View, known: Former) -> None:
    st.subheader("Where the data lies")
    engine = guards.escape(view.ws.engine.label)
    when = frame.clock_time(view.looked_at) if view.looked_at else "this moment"
    st.markdown(f"{_from(known)} No row is kept here: figures are worked out in {engine}, from the tables as they were at **{when}**.")
    connected = f"{view.ws.imported_at.astimezone(UTC):%d %b %Y at %H:%M} UTC"
    st.caption(
        "After a quarter of an hour the tables are looked at again by themselves. "
        f"What became of every row was counted when they were connected, on {connected}; the rows by table are counted anew each time."
    )
    if st.button("Look again now", key="look_again_now", icon=":material/refresh:"):
        cache.opened(view.entry.path).again()
        st.rerun()


def _imported(view: View, known: Former) -> None:
    from crm_core.store.refresh import reads_newer

    st.subheader("Refresh")
    st.markdown(f"{_from(known)} Last read on {view.ws.imported_at.astimezone(UTC):%d %b %Y at %H:%M} UTC.")
    made, outcome = st.session_state.get(Session.REFRESHED, (None, ""))
    if made == str(view.entry.path):
        st.success(outcome, icon=":material/check_circle:")
    is_full = True
    if reads_newer(known):
        by = "; ".join(_by(name, origin.column, origin.overlap_days) for name, origin in known.origins.items() if origin.column)
        which = st.radio(
            "Which rows", (NEWER, ALL), key="refresh_rows", horizontal=True, captions=(f"Newer by {by}.", "Slower, and always right.")
        )
        is_full = which == ALL
    if not guards.may(view.user, Action.MANAGE_DATA):
        return
    if st.button("Refresh now", key="refresh", icon=":material/refresh:"):
        _refresh(view, is_full)


def _by(name: str, column: str, days: int) -> str:
    """By what newer rows are told."""
    again = f", the last {count_of(days, 'day')} again" if days else ""
    return f"{guards.escape(column)} in {guards.escape(name)}{again}"


def _refresh(view: View, is_full: bool) -> None:
    """Reads anew; the run ends with the new data, or says why the former is still shown."""
    view.user.require(Action.MANAGE_DATA)
    from crm_core.store.refresh import refresh

    failure: CrmError | None = None
    with moving("Reading from the database …", STOPPED) as progress:
        try:
            done = refresh(home.workspaces(), view.entry, _connections(), datetime.now(UTC), is_full=is_full, progress=progress)
        except CrmError as error:
            failure = error
    if failure is not None:
        guards.show(failure)
        st.info("The former data is still shown.", icon=":material/history:")
        return
    st.session_state[Session.REFRESHED] = (str(done.entry.path), _outcome(done))
    st.session_state[Session.CHOOSE] = done.entry.name
    st.session_state[Session.NOTICE] = "Refreshed: all pages now show the new data."
    st.rerun()


def _outcome(done: Refreshed) -> str:
    """How many rows each table gave, and how many there are now."""
    rows = "; ".join(f"{guards.escape(name)} {count_of(count, 'row')}" for name, count in done.rows_read.items())
    how = "All rows were read" if done.is_full else "Newer rows were read"
    return f"{how}: {rows}. The data now rests on {count_of(done.receipt.rows_read, 'row')}; what became of each is told below."


def _from(known: Former) -> str:
    """The connections by the names that users see, with their tables."""
    titles, parts = _titles(), []
    for name in known.connections:
        tables = [table for table, origin in known.origins.items() if origin.selection.connection == name]
        more = f" and {len(tables) - MOST_NAMED} more" if len(tables) > MOST_NAMED else ""
        listed = ", ".join(guards.escape(table) for table in tables[:MOST_NAMED]) + more
        parts.append(f"From **{guards.escape(titles.get(name.lower(), name))}**: {listed}.")
    files = [table.name for table in known.tables if table.name not in known.origins]
    if files:
        parts.append(f"From files, which are not read again: {', '.join(map(guards.escape, files))}.")
    return " ".join(parts)


def _titles() -> dict[str, str]:
    try:
        return {one.name.lower(): one.title for one in _connections().named}
    except CrmError:
        return {}  # told where something is read


def _connections() -> Connections:
    return load(home.workspaces().home.root, os.environ)
