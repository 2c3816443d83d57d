"""The frame around every page: which data, from which day, which customers; and how fresh it all is.

app.py calls `draw` once a script run, before the page. A page begins with `view = frame.view()`.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import TYPE_CHECKING

import ibis.expr.types as ir
import streamlit as st

from ui import cache, filters, guards, home, links, who
from ui.state import Session, Url
from ui.style import STYLE

if TYPE_CHECKING:
    from crm_core.access import User
    from crm_core.analytics.filters import Filters
    from crm_core.analytics.rfm import RfmSettings
    from crm_core.analytics.satisfaction.follow_up import Followed
    from crm_core.analytics.service.sla import Agreement
    from crm_core.store.workspaces import Entry
    from crm_core.workspace import Workspace


@dataclass(frozen=True)
class View:
    """What a page looks at: one workspace from one day, and who is shown.

    `as_of` is always a day (the data's default if the user chose none); `start` and `end` (exclusive) are the period of sales
    figures. `user` is who looks: what reads or changes rows asks `user.require(action)`. `settings` are the scoring rules of the sidebar.
    A private upload has `is_private`. `followed` are the customers that somebody followed up, `agreement` the time limits noted for cases
    (None: none are). `looked_at` is when tables that lie in a database were looked at, None for data that was imported.
    """

    ws: Workspace
    entry: Entry
    user: User
    as_of: date
    filters: Filters
    settings: RfmSettings
    followed: Followed = ()
    agreement: Agreement | None = None
    looked_at: datetime | None = None

    @property
    def start(self) -> date:
        return self.filters.period_start or self.first_day

    @property
    def end(self) -> date:
        return self.filters.period_end or self.as_of

    @cached_property
    def key(self) -> str:
        """Equal for views of equal content that show the same customers by the same rules on the same days."""
        noted = f" {hashlib.sha256(repr((self.followed, self.agreement)).encode()).hexdigest()}" if self.followed or self.agreement else ""
        return f"{self.ws.fingerprint} {self.as_of} {self.filters!r} {self.settings!r}{noted}"

    @property
    def has_before(self) -> bool:
        """Whether the customers can be compared with those at the start of the period: there were some, and today's segments do not choose."""
        return not self.filters.segments and self.ws.first_day is not None and self.start > self.ws.first_day

    @property
    def first_day(self) -> date:
        """The first day with data; the day looked from where there is none."""
        return self.ws.first_day or self.as_of

    @property
    def name(self) -> str:
        return self.entry.name

    @property
    def is_private(self) -> bool:
        return self.entry.kind == "private"

    @property
    def is_filtered(self) -> bool:
        """Whether fewer than all customers may be shown."""
        return bool(self.filters.splits or self.filters.segments)

    @property
    def has_own_rules(self) -> bool:
        """Whether customers are scored or named otherwise than usual."""
        from crm_core.analytics.rfm import RfmSettings

        return self.settings != RfmSettings()

    def shown(self) -> ir.Table | None:
        """customer_id of the customers whom the filters leave, or None for everybody."""
        from crm_core.analytics import filters as analysis

        return analysis.shown(self.ws, self.filters, self.settings)


def draw(pages: links.Pages) -> None:
    """Style, sidebar and freshness line; keeps the View of this run. Errors are shown where the frame would stand.

    Where the data chosen cannot be opened (its database is down), other data can still be chosen.
    """
    links.keep(pages)
    st.session_state[Session.VIEW] = st.session_state[Session.FAILED] = None
    st.html(STYLE)
    linked = st.query_params.get(Url.WORKSPACE) if Session.DATA_FILE not in st.session_state else None
    with guards.guard():
        entry = _choose_workspace()
        if entry is not None:
            st.session_state[Session.FAILED] = entry
            st.session_state[Session.VIEW] = _look_at(entry)
            st.session_state[Session.FAILED] = None
            _missed(linked, entry)
    missed = st.session_state.pop(Session.MISSED, None)
    if missed:
        told = f"There is no data named “{guards.escape(missed[:60])}” here (any more); this is other data, without the filters."
        st.warning(told, icon=":material/link_off:")
    notice = st.session_state.pop(Session.NOTICE, None)
    if notice:
        st.toast(guards.escape(notice), icon=":material/check:")


def view() -> View:
    """The View of this run; without data it says where to load some and ends the run, and where it could not be opened offers to try again."""
    found = current()
    if found is None and failed() is not None:
        try_again()
        st.stop()
    if found is None:
        st.title("No data yet")
        st.write("Load a file with your sales, or try one of the examples, and this page fills itself.")
        links.link("data", "Go to the Data page", icon=":material/database:")
        st.stop()
    return found


def current() -> View | None:
    """The View of this run, or None without data."""
    found: View | None = st.session_state.get(Session.VIEW)
    return found


def failed() -> Entry | None:
    """The data that was chosen and could not be opened in this run: the frame says why."""
    found: Entry | None = st.session_state.get(Session.FAILED)
    return found


def try_again() -> None:
    """A button that opens the data anew, in the place of a page."""
    entry = failed()
    if entry is not None:
        st.caption(f"“{guards.escape(entry.name)}” cannot be opened at the moment. Other data can be chosen in the sidebar.")
        st.button("Try again", key="try_again", type="primary", icon=":material/refresh:", on_click=_open_again, args=(entry,))


def _open_again(entry: Entry) -> None:
    cache.opened(entry.path).again()


def owner() -> str:
    """This session's token: it owns the session's private workspace and never leaves the server."""
    token: str = st.session_state.setdefault(Session.OWNER, secrets.token_urlsafe(32))
    return token


def _choose_workspace() -> Entry | None:
    """A private upload comes first and is the default, so that it never appears in the URL."""
    store = home.workspaces()
    private = store.private(owner())
    if private is not None:
        store.touch(owner(), datetime.now(UTC))
    entries = {entry.name: entry for entry in ([private] if private else []) + store.usable()}
    if not entries:
        return None
    wanted = st.session_state.pop(Session.CHOOSE, None)
    if wanted in entries:
        st.session_state[Url.WORKSPACE] = wanted
    _gone(st.session_state.get(Url.WORKSPACE), entries)
    with st.sidebar:
        chosen = st.selectbox("Data", list(entries), key=Url.WORKSPACE, bind="query-params")
    return entries.get(chosen or "", next(iter(entries.values())))


def _gone(former: str | None, entries: Container[str]) -> None:
    """Where the data that was looked at is no longer here, and this session did not do it, the figures do not change without a word."""
    if former and former not in entries and Session.NOTICE not in st.session_state:
        st.session_state[Session.DATA_FILE] = filters.NOT_HERE
        st.session_state[Session.MISSED] = former


def _missed(linked: str | None, entry: Entry) -> None:
    """Where the link that opened this session names data that is not here: a second run says so, without the day and filters of the link.

    In the first run the widgets take their values from the URL, whatever is set here.
    """
    if linked is not None and linked != entry.name:
        st.session_state[Session.DATA_FILE] = filters.NOT_HERE
        st.session_state[Session.MISSED] = linked
        st.rerun()


def _look_at(entry: Entry) -> View:
    ws, looked_at = cache.opened(entry.path).look()
    with st.sidebar:
        filters.start_anew(ws)
        chosen = filters.choose(ws)
        settings = filters.choose_scoring()
        st.caption(SHARE_PRIVATE if entry.kind == "private" else SHARE)
    noted = cache.noted(entry.path)
    seen = View(ws, entry, who.user(), chosen.as_of or ws.as_of, chosen, settings, noted.followed, noted.agreement, looked_at)
    st.caption(_freshness(seen))
    return seen


SHARE = "To share this view, copy the address of this page: data, day and filters are in it."
SHARE_PRIVATE = "This upload is yours alone and ends with this session. Save it under a name on the Data page to keep and share it."


def _freshness(seen: View) -> str:
    """Data up to when, imported when or worked out where, from what, seen from which day, and who is shown."""
    ws = seen.ws
    imported = f"imported {ws.imported_at.astimezone(UTC):%d %b %Y %H:%M} UTC"
    parts = [
        f"**{guards.escape(seen.name)}**",
        f"data up to {day(ws.last_day)}" if ws.last_day else "no dated rows",
        f"worked out in {guards.escape(ws.engine.label)}, as of {clock_time(seen.looked_at)}" if seen.looked_at else imported,
        f"from {guards.escape(_few(ws.sources))}",
        f"seen from {day(seen.as_of)}",
    ]
    return " · ".join(parts + _shown_in_words(seen))


def _shown_in_words(seen: View) -> list[str]:
    labels = seen.ws.split_fields()
    chosen = [(labels.get(field, field), values) for field, values in seen.filters.splits]
    if seen.filters.segments:
        chosen.append(("Segment", seen.filters.segments))
    return [f"only {guards.escape(label)}: {guards.escape(_few(values))}" for label, values in chosen]


def _few(names: Sequence[str], most: int = 3) -> str:
    """The first names, and how many more there are."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def clock_time(moment: datetime) -> str:
    """A time of today as pages write it: 14:05 UTC."""
    return f"{moment.astimezone(UTC):%H:%M} UTC"


def day(value: date) -> str:
    """A day as pages write it: 9 Dec 2011."""
    return f"{value.day} {value:%b %Y}"
