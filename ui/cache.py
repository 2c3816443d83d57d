"""Every cache of the pages: bounded, keyed by the workspace's content, the day, the settings and the filters.

Answers of analyses are copied out (`cache_data`), so nothing that a page does to them reaches another session. What pages make of
answers (figures, tiles, pages of a table) is one object for all sessions (`cache_resource`) and never changed: to copy a figure costs
as much as to build it. Arguments that start with an underscore are what Streamlit leaves out of the key: the key is the text before them.

Here stands the gate to single customers: answers are kept for everybody and handed out as the user may see them (personal.py); what is made of
them is kept apart for those who see figures only.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import streamlit as st

from crm_core.access import Action, Role, User
from crm_core.errors import CrmError, WorkspaceError
from ui import personal
from ui.opened import Opened

if TYPE_CHECKING:
    from crm_core.analytics.satisfaction.follow_up import Followed
    from crm_core.analytics.service.sla import Agreement
    from crm_core.mapping.former import Former
    from crm_core.store.roles import Roles
    from crm_core.store.saved.opening import Saved
    from crm_core.store.workspaces import Workspaces
    from crm_core.workspace import Workspace
    from ui.frame import View

T = TypeVar("T")
_LOG = logging.getLogger(__name__)

#: Results are small (a chart's points, a page of rows); so many of them stay far below 200 MB.
MAX_RESULTS = 2000
#: A figure is some 100 kB with plotly's own objects.
MAX_MADE = 1000
MAX_OPEN_WORKSPACES = 12

#: Who is asked for where no user stands behind a question: sees figures only.
NOBODY = User("", "", Role.VIEWER)

#: A private upload that no session used for so long is erased.
STALE_AFTER = timedelta(days=1)


@st.cache_resource(max_entries=MAX_OPEN_WORKSPACES, show_spinner=False)
def opened(path: Path) -> Opened:
    """The workspace of that data file, open for all sessions of the process; a data file never changes.

    One that falls out of the cache may be in use by a session, so nobody closes it here: it closes itself when the last one lets go.
    """
    return Opened(path)


def workspace(path: Path) -> Workspace:
    """The open workspace of that data file. Raises WorkspaceError or SourceError where it cannot be opened, as when its database is down."""
    return opened(path).workspace()


def forget(path: Path) -> None:
    """Lets go of the data of an erased workspace: of its open file, without which the system keeps the bytes, and of all that was computed."""
    opened.clear(path)
    former.clear(path)
    _kept.clear()
    _made.clear()


@st.cache_resource(max_entries=MAX_OPEN_WORKSPACES, show_spinner=False)
def former(path: Path) -> Former | None:
    """How that data file was made, and from which databases; None where it does not tell."""
    from crm_core.mapping.former import read

    try:
        return read(path)
    except WorkspaceError:
        return None


@st.cache_resource(max_entries=4, show_spinner="Preparing the sample company …")
def workspaces(home: str, has_sample: bool) -> Workspaces:
    """The workspaces of the home that the environment names (`home` is the value of CRM_HOME), with the sample company.

    Runs once a process, so it also clears away private uploads that nobody used for a day. Without a sample the dashboard works all the same.
    """
    from crm_core.store.home import find_home
    from crm_core.store.sample import ensure_sample
    from crm_core.store.workspaces import Workspaces

    found, now = find_home({"CRM_HOME": home}), datetime.now(UTC)
    store = Workspaces(found)
    store.clean(now, STALE_AFTER)
    if damaged := store.damaged():
        _LOG.warning("workspaces whose pointer.json cannot be read: %s", ", ".join(damaged))
    if has_sample:
        try:
            ensure_sample(found, now)
        except CrmError:
            _LOG.exception("the sample company could not be prepared")
    return store


@st.cache_resource(max_entries=4, show_spinner=False)
def saved(home: str, url: str) -> Saved:
    """What users saved, by the values of CRM_HOME and CRM_STORE_URL; open for all sessions. Raises WorkspaceError where it does not answer."""
    from crm_core.store.home import find_home
    from crm_core.store.saved.opening import open_saved

    return open_saved(find_home({"CRM_HOME": home}), {"CRM_STORE_URL": url})


def roles(path: Path) -> Roles:
    """Who has which role, by that file; read again when it changes. Raises WorkspaceError for one with faults, every time."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return _roles(path, ())
    except OSError:
        return _roles(path, (datetime.now(UTC),))  # told as the reading tells it
    return _roles(path, (found.st_mtime_ns, found.st_size, found.st_ino))


@st.cache_resource(max_entries=4, show_spinner=False)
def _roles(path: Path, stamp: tuple[object, ...]) -> Roles:  # noqa: ARG001  (it is the cache's key)
    from crm_core.store.roles import load

    return load(path)


@dataclass(frozen=True)
class Noted:
    """What users noted on a data set, as analyses take it."""

    followed: Followed = ()
    agreement: Agreement | None = None


def noted(path: Path) -> Noted:
    """The notes beside that data file; read again when they change."""
    try:
        stamp = (path.parent / "notes.sqlite").stat().st_mtime_ns
    except FileNotFoundError:
        return Noted()
    return _noted(path, stamp)


@st.cache_resource(max_entries=MAX_OPEN_WORKSPACES, show_spinner=False)
def _noted(path: Path, stamp: int) -> Noted:  # noqa: ARG001  (it is the cache's key)
    from crm_core.store.notes import Notes

    notes = Notes(path)
    agreement = notes.agreement()
    return Noted(notes.followed(), agreement if agreement.limits else None)


def of(ws: Workspace, function: Callable[..., T], *args: Hashable) -> T:
    """`function(ws, *args)`, kept by content of the workspace, function and arguments.

    For questions about the data as a whole, which everybody may ask: what tells who a customer is comes through `answer`. Arguments are plain
    values, frozen dataclasses or functions of a module; the result must be picklable (data frames, frozen dataclasses), no Ibis table.
    """
    personal.require(NOBODY, function)
    return personal.seen_by(NOBODY, cast(T, _kept(ws.fingerprint, _spell((function, *args)), lambda: function(ws, *args))))


def answer(view: View, function: Callable[..., T], *args: Hashable, shown: bool = False, **kwargs: Hashable) -> T:
    """`function(view.ws, *args, **kwargs)`, kept as in `of`.

    With `shown=True` the function also gets `shown=view.shown()`, and filters and settings become part of the key:

        cache.answer(view, rfm.segments, view.as_of, view.settings, shown=True)

    A viewer gets it without what tells who a customer is; a function asked about one customer (`customer_id`) raises AccessError then.
    """
    personal.require(view.user, function)
    key = _spell((function, args, tuple(sorted(kwargs.items()))))
    if shown:
        found = _kept(view.key, key, lambda: function(view.ws, *args, shown=view.shown(), **kwargs))
    else:
        found = _kept(view.ws.fingerprint, key, lambda: function(view.ws, *args, **kwargs))
    return personal.seen_by(view.user, cast(T, found))


def made(view: View, make: Callable[..., T], *args: Hashable) -> T:
    """`make(view, *args)`, kept: what a page makes of answers. All sessions of users who see as much share the result, so nobody changes it.

    `make` is a function of a module and draws nothing; it may look at all of the view:

        cache.made(view, _grid, "customers")    # with: def _grid(view: View, value: str) -> go.Figure
    """
    personal.require(view.user, make)
    whose = "" if view.user.may(Action.SEE_CUSTOMERS) else "figures only: "
    return personal.seen_by(view.user, cast(T, _made(whose + view.key, _spell((make, *args)), lambda: make(view, *args))))


@st.cache_data(max_entries=MAX_RESULTS, show_spinner=False)
def _kept(about: str, question: str, _compute: Callable[[], Any]) -> Any:  # noqa: ARG001  (they are the cache's key)
    return _compute()


@st.cache_resource(max_entries=MAX_MADE, show_spinner=False)
def _made(about: str, thing: str, _make: Callable[[], Any]) -> Any:  # noqa: ARG001  (they are the cache's key)
    return _make()


def _spell(value: object) -> str:
    """A text equal for equal arguments: functions by their full name, everything else as it prints."""
    if isinstance(value, tuple):
        return "(" + ",".join(map(_spell, value)) + ")"
    if callable(value) and hasattr(value, "__qualname__"):
        return f"{value.__module__}.{value.__qualname__}"
    return repr(value)
