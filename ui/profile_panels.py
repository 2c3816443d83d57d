"""The profile of each loaded table: period, customers, what is missing, what stands out."""

from __future__ import annotations

import streamlit as st

from ui.frame import View


def draw(view: View) -> None:
    st.caption(view.name)
