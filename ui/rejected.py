"""The rows that an import could not use: the first ones to look at, all of them as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from crm_core.access import Action
from ui import cache, guards, who
from ui.downloads import rejected_downloads

if TYPE_CHECKING:
    from crm_core.mapping.receipt import Receipt
    from crm_core.workspace import Workspace

PREVIEW_ROWS = 200


def draw(ws: Workspace, key: str) -> None:
    """A closed panel with the rejected rows; nothing where every row was used. Rows that stay in a database are counted and not listed."""
    count = ws.receipt.rows_rejected
    if ws.meta.is_in_place:
        tell(ws.receipt)
        return
    if not count or not guards.may(who.user(), Action.SEE_CUSTOMERS):
        return
    with st.expander(f"Rejected rows ({count:,})"):
        first = cache.of(ws, _first)
        st.dataframe(
            first,
            hide_index=True,
            alt="Rejected rows",
            column_config={"row": st.column_config.NumberColumn("Row in the file", format="localized")},
        )
        if count > len(first):
            st.caption(f"The first {len(first):,}; the files hold all.")
        rejected_downloads(ws, f"{key}_rejected")


def tell(receipt: Receipt) -> None:
    """What takes the place of a list for rows that lie elsewhere."""
    if receipt.rows_rejected:
        st.caption("Rejected rows are counted by reason and not listed: they lie in the database, where they can be looked at.")


def _first(ws: Workspace) -> pd.DataFrame:
    return ws.rejected(PREVIEW_ROWS)
