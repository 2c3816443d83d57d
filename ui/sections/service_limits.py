"""The time limits agreed for cases that name none themselves: noted once for a data set, also per customer class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from crm_core.access import Action
from crm_core.analytics.service.sla import ANY, CLASSES, Agreement, Limit
from ui import guards
from ui.guards import guard
from ui.state import Session

if TYPE_CHECKING:
    from ui.frame import View

ALL = "(all)"
EXPLANATION = """Calendar hours from opening to solution, for cases without a due date of their own. The most specific row holds: one for a priority of a
class before one for the class, that before one for the priority. A limit for a class is also what its customers are held against under “By group”."""


def editor(view: View) -> None:
    """A small table to fill, and a button to keep it."""
    st.markdown(EXPLANATION)
    if not guards.may(view.user, _changing(view)):
        return
    priorities = _priorities(view)
    limits = view.agreement.limits if view.agreement else ()
    rows = pd.DataFrame(
        [(one.priority or ALL, one.value_class or ALL, one.hours) for one in limits] or [(ALL, ALL, float("nan"))],
        columns=["Priority", "Customer class", "Hours"],
    )
    config = {
        "Priority": st.column_config.SelectboxColumn(options=[ALL, *priorities], default=ALL, required=True),
        "Customer class": st.column_config.SelectboxColumn(options=[ALL, *CLASSES], default=ALL, required=True),
        "Hours": st.column_config.NumberColumn(min_value=0.1, max_value=100_000.0, step=1.0),
    }
    edited = st.data_editor(
        rows, column_config=config, num_rows="dynamic", hide_index=True, key=f"limits_{view.entry.id}", placeholder="hours"
    )
    buttons = st.container(horizontal=True)
    if buttons.button("Keep these limits", type="primary", key="limits_keep"):
        with guard():
            _keep_filled(view, _agreement(edited))
    if view.agreement and buttons.button("Remove all limits", key="limits_forget"):
        with guard():
            _keep(view, Agreement(), "The time limits are removed.")


def _changing(view: View) -> Action:
    """Limits for an upload of one's own are one's own; others hold for everybody."""
    return Action.UPLOAD if view.is_private else Action.CHANGE_RULES


def _priorities(view: View) -> list[str]:
    if not view.ws.has("cases", "priority"):
        return []
    table = view.ws.table("cases")
    return sorted(str(one) for one in view.ws.execute(table.select("priority").distinct())["priority"].dropna())[:50]


def _agreement(edited: pd.DataFrame) -> Agreement:
    """The filled rows; of two for the same cases the later holds."""
    found: dict[tuple[str, str], Limit] = {}
    for priority, value_class, hours in edited.itertuples(index=False):
        if pd.notna(hours) and float(hours) > 0:
            key = (ANY if priority in (ALL, None) else str(priority), ANY if value_class in (ALL, None) else str(value_class))
            found[key] = Limit(float(hours), *key)
    return Agreement(tuple(found.values()))


def _keep_filled(view: View, agreement: Agreement) -> None:
    if agreement.limits:
        _keep(view, agreement, "The time limits are kept for this data.")
    else:
        st.warning("No row has hours yet, so there is nothing to keep.", icon=":material/edit:")


def _keep(view: View, agreement: Agreement, said: str) -> None:
    from crm_core.store.notes import Notes

    view.user.require(_changing(view))
    Notes(view.entry.path).agree(agreement)
    st.session_state[Session.NOTICE] = said
    st.rerun()
