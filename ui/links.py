"""Links between pages, by their url path; the shared filters travel along."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

import streamlit as st

from ui.state import Session

Pages = Mapping[str, st.Page]


def keep(pages: Pages) -> None:
    """Notes the pages of this run (app.py registers them; pages never import each other)."""
    st.session_state[Session.PAGES] = pages


def link(page: str, label: str, icon: str | None = None) -> None:
    """A link to the page with that url path ("segments")."""
    st.page_link(st.session_state[Session.PAGES][page], label=label, icon=icon)


def go(page: str, parameters: Mapping[str, str] | None = None) -> NoReturn:
    """Opens the page with that url path at once; with parameters of that page in its address."""
    st.switch_page(st.session_state[Session.PAGES][page], query_params=dict(parameters) if parameters else None)
