"""Which data is this, what became of every row, and how does new data come in?"""

from __future__ import annotations

import streamlit as st

from ui import frame, load, loaded, who
from ui.numbers import count_of
from ui.sections import roles
from ui.state import Session

LOADED, LOAD = "What is loaded", "Load data"


def render() -> None:
    st.title("Data: what is loaded, and what could not be used?")
    _data()
    roles.panel(who.user())


def _data() -> None:
    """What is loaded and how more comes in; as long as nothing is, only the latter."""
    view, failed = frame.current(), frame.failed()
    if view is None and failed is not None:
        frame.try_again()
        loaded.keep(failed)
        st.subheader("Load other data")
        load.render()
        return
    if view is None:
        st.info("No data yet. Load a file, or try one of the examples.", icon=":material/database:")
        load.render()
        return
    receipt = view.ws.receipt
    when = "When the tables were connected: " if view.ws.meta.is_in_place else ""
    st.markdown(
        f"{when}{receipt.rows_used:,} of {count_of(receipt.rows_read, 'row')} {'is' if receipt.rows_read == 1 else 'are'} used,"
        f" {receipt.rows_rejected:,} could not be; every row is accounted for below."
    )
    if st.session_state.pop(Session.SECTION, False):
        st.session_state["section"] = LOADED
    tabs = st.tabs([LOADED, LOAD], key="section", on_change="rerun", bind="query-params")
    if tabs[0].open:
        with tabs[0]:
            loaded.render(view)
    if tabs[1].open:
        with tabs[1]:
            load.render()
