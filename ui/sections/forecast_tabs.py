"""The tabs of the page Customer value: what is open is drawn, and nothing else is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ui import guards
from ui.sections import at_risk, forecast, forecast_quality

if TYPE_CHECKING:
    from collections.abc import Callable

    from ui.frame import View
    from ui.sections.forecast_terms import Asked

#: What each tab draws; a list of customers in it returns the one selected.
TABS: dict[str, Callable[[View, Asked], object]] = {
    "Value and purchases": forecast.value,
    "By group": forecast.groups,
    "Who is still active": forecast.matrices,
    "Value at risk": at_risk.tab,
    "Can we believe it?": forecast_quality.tab,
}


def draw(view: View, asked: Asked) -> str | None:
    """Returns the customer selected among those at risk, or None."""
    picked: str | None = None
    for tab, content in zip(st.tabs(list(TABS), key="value_tabs", on_change="rerun"), TABS.values(), strict=True):
        if tab.open:
            with tab, guards.guard():
                found = content(view, asked)
                picked = found if isinstance(found, str) else picked
    return picked
