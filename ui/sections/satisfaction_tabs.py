"""The tabs of the page Satisfaction: what is open is drawn, and nothing else is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from crm_core.analytics.satisfaction import responses
from ui import cache, guards
from ui.sections import attitude, satisfaction, satisfaction_drivers, satisfaction_money, satisfaction_terms
from ui.state import Url

if TYPE_CHECKING:
    from collections.abc import Callable

    from ui.frame import View
    from ui.sections.satisfaction import Asked

TABS: dict[str, Callable[[View, Asked], object]] = {
    "Over time": satisfaction.over_time,
    "By group": satisfaction.by_group,
    "Drivers": satisfaction_drivers.tab,
    "In their words": satisfaction_terms.tab,
    "Satisfaction and money": satisfaction_money.tab,
    "Loyalty in word and deed": lambda view, asked: attitude.tab(view),  # noqa: ARG005
}
ATTITUDE = "Loyalty in word and deed"


def draw(view: View, asked: Asked) -> None:
    """Loyalty only where somebody was asked about the competitor."""
    asks = cache.of(view.ws, responses.has_attitude, view.as_of)
    names = [name for name in TABS if name != ATTITUDE or asks]
    for tab, name in zip(st.tabs(names, key=Url.SATISFACTION_TAB, on_change="rerun", bind="query-params"), names, strict=True):
        if tab.open:
            with tab, guards.guard():
                TABS[name](view, asked)
