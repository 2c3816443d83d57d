"""A long step on a page: a bar that moves, and a button that stops it.

Streamlit runs the page anew on a click, and ends the run under way in its next call: the step's own report of its progress. So the button needs no
more than to be there; whoever reads or builds cleans up when reporting raises.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from crm_core.sources.staging import Progress
from ui import guards
from ui.state import Session


@contextmanager
def moving(sentence: str, stopped: str = "") -> Iterator[Progress]:
    """A status with a bar, moved by who works; gone at the end. With `stopped`, what a notice says after a stop, there is a button for it."""
    place = st.empty()
    with place.container(), st.status(sentence, expanded=True):
        bar = st.progress(0.0)
        if stopped:
            st.button("Stop", key="stop", icon=":material/stop_circle:", on_click=_tell, args=(stopped,))

        def move(share: float, words: str) -> None:
            bar.progress(min(max(share, 0.0), 1.0), guards.escape(words))

        yield move
    place.empty()


def _tell(notice: str) -> None:
    st.session_state[Session.NOTICE] = notice
