"""The profile of each loaded table: period, customers, what is missing, what stands out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from crm_core.access import Action
from ui import cache
from ui.downloads import frame_downloads
from ui.numbers import count_customers, count_of

if TYPE_CHECKING:
    from crm_core.analytics.profile import TableProfile
    from ui.frame import View

NAMES = {
    "label": "Column",
    "filled_share": "Filled",
    "distinct": "Different values",
    "minimum": "Smallest",
    "maximum": "Largest",
    "outliers": "Far from the usual",
    "example": "Example",
}


def draw(view: View) -> None:
    """A tab a table; examples of values only for whoever may see customers."""
    from crm_core.analytics import profile

    tables = cache.of(view.ws, profile.profile)
    told = [name for name in NAMES if name != "example" or view.user.may(Action.SEE_CUSTOMERS)]
    for tab, one in zip(st.tabs([f"{table.label} ({table.rows:,})" for table in tables]), tables, strict=True):
        with tab:
            _table(one, told)
    st.caption(profile.OUTLIER_RULE)


def _table(one: TableProfile, told: list[str]) -> None:
    customers = count_customers(one.customers) if one.customers is not None else "no customers named"
    period = f"{one.first_day:%Y-%m-%d} to {one.last_day:%Y-%m-%d}" if one.first_day and one.last_day else "no dates"
    st.caption(
        f"{count_of(one.rows, 'row')}, {customers}, {period}" + (", estimates where many values are counted" if one.is_estimate else "")
    )
    shown = one.columns[told]
    config = {name: _column(name, NAMES[name]) for name in told}
    st.dataframe(shown, hide_index=True, column_config=config, placeholder="–", alt=f"Profile of {one.label}")
    frame_downloads(shown, f"profile_{one.table}", title=f"Profile of {one.label}", labels=NAMES)


def _column(name: str, label: str) -> Any:
    if name == "filled_share":
        return st.column_config.ProgressColumn(label, format="percent", min_value=0, max_value=1)
    if name in ("distinct", "outliers"):
        return st.column_config.NumberColumn(label, format="localized")
    return st.column_config.TextColumn(label)
