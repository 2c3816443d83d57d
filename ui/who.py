"""Who looks: the gate before every page, the page to sign in, and name, role and sign-out in the sidebar.

app.py calls `gate` once a run before anything is drawn. Without sign-in it lets the local user pass and draws nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import streamlit as st

from crm_core.access import User
from crm_core.errors import AccessError, CrmError
from ui import cache, guards, home, sign_in
from ui.state import Session

_LOG = logging.getLogger(__name__)

#: Query parameter that the server adds where the provider did not confirm a sign-in (see server.py).
OUTCOME, FAILED = "sign_in", "failed"
NOT_DONE = "The sign-in did not work: the provider did not confirm it. Try again; if it stays, tell whoever runs this dashboard."


def gate(pages: Mapping[str, Sequence[st.Page]]) -> None:
    """Lets the run go on for a user with a role; others see a page that says what to do, and the run ends.

    `pages` are known to the browser by then, so that their addresses lead here, but their names are not shown.
    """
    st.session_state[Session.USER] = None
    try:
        found = sign_in.user()
    except AccessError as error:
        st.navigation(pages, position="hidden")
        _turn_away(error)
        st.stop()
    _begin_anew(found)
    st.session_state[Session.USER] = found
    st.session_state[Session.REFUSED] = None
    if found.email and st.query_params.get(OUTCOME):
        del st.query_params[OUTCOME]


def user() -> User:
    """Who looks in this run. Raises AccessError before the gate and for whom it did not let in."""
    found: User | None = st.session_state.get(Session.USER)
    if found is None:
        raise AccessError("Please sign in", "Nobody has signed in here.", "Open the dashboard's first page.")
    return found


def sidebar() -> None:
    """Name, role and sign-out of whoever signed in; nothing for the local user."""
    found = user()
    if not found.email:
        return
    with st.sidebar.container(key="who"):
        name = "" if found.name == found.email else f"**{guards.escape(found.name)}**  \n"
        st.markdown(f"{name}{guards.escape(found.email)}")
        st.caption(f"Role: {found.role.label}")
        if st.button("Sign out", key="sign_out", icon=":material/logout:"):
            _leave()


def _turn_away(error: AccessError) -> None:
    """The page for whom the gate does not let in."""
    st.title("CRM Strategy Dashboard")
    is_new = isinstance(error, sign_in.NotSignedIn)
    if is_new and st.query_params.get(OUTCOME) == FAILED:
        st.error(NOT_DONE, icon=":material/error:")
    if is_new:
        st.write(f"{error.title}. {error.message}")
    else:
        _note_refusal(error)
        guards.show(error)
    _ways_on(is_new)


def _ways_on(is_new: bool) -> None:
    """A button for each provider; for somebody signed in also a way out."""
    try:
        settings = sign_in.section()
    except AccessError:
        return
    names = sign_in.providers(settings or {})
    with st.container(horizontal=True):
        for name in names:
            words = "Sign in" if is_new else "Sign in again"
            label = words if name == sign_in.DEFAULT_PROVIDER else f"{words} with {guards.escape(name)}"
            if st.button(label, key=f"sign_in_{name}", type="primary", icon=":material/login:"):
                _sign_in(name)
        if not is_new and st.button("Sign out", key="sign_out", icon=":material/logout:"):
            _leave()


def _sign_in(provider: str) -> None:
    """Leads the browser to the provider."""
    try:
        st.login(None if provider == sign_in.DEFAULT_PROVIDER else provider)
    except Exception:  # settings that Streamlit cannot use: told in the log, which has no secret of them
        _LOG.exception("signing in with %s is not possible", provider)
        guards.show(AccessError("Signing in is not possible", "The settings for it are not complete.", sign_in.TELL))


def _note_refusal(error: AccessError) -> None:
    """Once a session in the log: who was not let in, and why; no token."""
    if st.session_state.get(Session.REFUSED) != error.title:
        st.session_state[Session.REFUSED] = error.title
        _LOG.warning("sign-in refused: %s, address %r", error.title, str(st.user.to_dict().get("email", ""))[:200])


def _begin_anew(found: User) -> None:
    """What a session holds belongs to one person: for another one it begins with nothing."""
    if st.session_state.setdefault(Session.PERSON, found.email) != found.email:
        _drop()
        st.session_state[Session.PERSON] = found.email


def _leave() -> None:
    """Signs out: the private upload goes with the session."""
    _drop()
    st.logout()
    st.stop()


def _drop() -> None:
    """Erases the session's private upload, ends its import, and forgets all that it holds."""
    token, wizard = st.session_state.get(Session.OWNER), st.session_state.get(Session.WIZARD)
    if wizard is not None:
        wizard.close()
    if token:
        try:
            _erase_private(token)
        except CrmError:
            _LOG.exception("a private upload could not be erased")  # nobody can open it any more, and it is cleared away after a day
    st.session_state.clear()


def _erase_private(token: str) -> None:
    store = home.workspaces()
    private = store.private(token)
    if private is not None:
        store.erase(private.id)
        cache.forget(private.path)
