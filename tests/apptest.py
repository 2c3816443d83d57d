"""The app in one process: opens a page of app.py as a browser would, without one.

Streamlit's older way with a folder named pages/ would run its files alone; `modules_are_no_pages` switches that off for a test,
as the server's start does (ui/server.py).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from ui.state import Session

ROOT = Path(__file__).resolve().parents[1]
TIMEOUT_SECONDS = 60


@contextmanager
def modules_are_no_pages() -> Iterator[None]:
    """While it lasts, no run of a script takes the modules in pages/ for scripts."""
    made = PagesManager.__init__

    def make(self: PagesManager, *args: Any, **kwargs: Any) -> None:
        PagesManager.uses_pages_directory = False
        made(self, *args, **kwargs)

    with patch.object(PagesManager, "__init__", make):
        yield


#: Settings of sign-in with a provider that no test asks.
SIGN_IN = {
    "redirect_uri": "http://localhost:8501/oauth2callback",
    "cookie_secret": "a secret of the tests that is long enough",
    "client_id": "crm",
    "client_secret": "kept",
    "server_metadata_url": "http://127.0.0.1:9/.well-known/openid-configuration",
}


def claims(email: str, **others: Any) -> dict[str, Any]:
    """What a provider tells of somebody who has just signed in with a checked address."""
    now = int(time.time())
    return {"is_logged_in": True, "email": email, "email_verified": True, "name": "Some Body", "iat": now, "exp": now + 3600, **others}


def open_page(url_path: str = "", owner: str = "", signed_in: Mapping[str, Any] | None = None, **query: str | list[str]) -> AppTest:
    """The page with that url path ("" is the default one), run once with these query parameters, in a session of its own.

    `owner` makes the session the one that holds this token of a private workspace. `signed_in` are the claims of whoever signed in (empty: nobody
    did); without it there is no sign-in, and the user is the local one.
    """
    app = AppTest.from_file(ROOT / "app.py", default_timeout=TIMEOUT_SECONDS)
    if signed_in is not None:
        app.secrets["auth"] = dict(SIGN_IN)
        app.user = dict(signed_in)
    if owner:
        app.session_state[Session.OWNER] = owner
    app.query_params.update(query)
    return switch(app, url_path)


def switch(app: AppTest, url_path: str) -> AppTest:
    """The same session on another page."""
    app._page_hash = calc_hash(url_path) if url_path else ""  # switch_page() knows files only, and our pages are functions
    return app.run()


def texts(app: AppTest) -> str:
    """Everything the page says in words: titles, text, captions, messages."""
    kinds = ("title", "header", "subheader", "markdown", "caption", "error", "info", "warning", "success")
    return "\n".join(str(element.value) for kind in kinds for element in getattr(app, kind))
