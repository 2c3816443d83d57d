"""The rows that an import could not use: the first ones to look at, all of them as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from ui import cache
from ui.downloads import rejected_downloads

if TYPE_CHECKING:
    from crm_core.workspace import Workspace

PREVIEW_ROWS = 200


def draw(ws: Workspace, key: str) -> None:
    """A closed panel with the rejected rows; nothing where every row was used."""
    count = ws.receipt.rows_rejected
    if not count:
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


def _first(ws: Workspace) -> pd.DataFrame:
    return ws.rejected(PREVIEW_ROWS)
