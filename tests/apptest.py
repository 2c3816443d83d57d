"""The app in one process: opens a page of app.py as a browser would, without one.

Streamlit's older way with a folder named pages/ would run its files alone; `modules_are_no_pages` switches that off for a test,
as the server's start does (ui/server.py).
"""

from __future__ import annotations

from collections.abc import Iterator
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


def open_page(url_path: str = "", owner: str = "", **query: str | list[str]) -> AppTest:
    """The page with that url path ("" is the default one), run once with these query parameters, in a session of its own.

    `owner` makes the session the one that holds this token of a private workspace.
    """
    app = AppTest.from_file(ROOT / "app.py", default_timeout=TIMEOUT_SECONDS)
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
