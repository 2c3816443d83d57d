"""Download buttons whose file is made only when it is asked for: then it is asked once more whether the user may have it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import ibis.expr.types as ir
import pandas as pd
import streamlit as st

from crm_core.access import Action
from ui import personal, sign_in, who

if TYPE_CHECKING:
    from crm_core.workspace import Workspace
    from ui.frame import View

#: A file for people to look through; an import with more rejected rows has one reason too many to look at each.
MOST_REJECTED = 500_000

#: Letters of a file name: systems take 255 bytes, and a letter may have three.
LONGEST_NAME = 60
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def downloads(view: View, make: Callable[[], ir.Table], key: str, *, title: str, labels: Mapping[str, str] | None = None) -> None:
    """CSV and Excel of an Ibis table of customers, of any length; `make` runs on the click only. `title` names the sheet and, with the day, the file.

    Raises AccessError where the user may not take customers away.
    """
    view.user.require(Action.EXPORT)
    require = sign_in.still(Action.EXPORT)

    def csv() -> bytes:
        from crm_core import export

        require()
        return export.to_csv(view.ws, make(), labels=labels)

    def excel() -> bytes:
        from crm_core import export

        require()
        return export.to_excel(view.ws, make(), title, labels=labels)

    _buttons(csv, excel, key, f"{slug(title)}_{view.as_of.isoformat()}")


def frame_downloads(
    frame: pd.DataFrame | Callable[[], pd.DataFrame], key: str, *, title: str, labels: Mapping[str, str] | None = None
) -> None:
    """CSV and Excel of a small result, or of one that is made on the click only; rows of customers only for whoever may take them away."""
    require = sign_in.still(Action.EXPORT)

    def made() -> pd.DataFrame:
        found = frame() if callable(frame) else frame
        if personal.columns(map(str, found.columns)):
            require()
        return found

    def csv() -> bytes:
        from crm_core import export

        return export.frame_to_csv(made(), labels=labels)

    def excel() -> bytes:
        from crm_core import export

        return export.frame_to_excel(made(), title, labels=labels)

    _buttons(csv, excel, key, slug(title))


def rejected_downloads(ws: Workspace, key: str) -> None:
    """CSV and Excel of the rows that the import could not use, each with its reason and the record as it stood in the file.

    Raises AccessError where the user may not take customers away.
    """
    who.user().require(Action.EXPORT)
    require = sign_in.still(Action.EXPORT)

    def csv() -> bytes:
        from crm_core import export

        require()
        return export.frame_to_csv(ws.rejected(MOST_REJECTED))

    def excel() -> bytes:
        from crm_core import export

        require()
        return export.frame_to_excel(ws.rejected(MOST_REJECTED), "Rejected rows")

    _buttons(csv, excel, key, "rejected_rows")


def slug(title: str) -> str:
    """A file name of letters, digits and underscores, whatever the title holds and in whatever script."""
    plain = unicodedata.normalize("NFC", title.lower())
    words = "".join(letter if letter.isalnum() else " " for letter in plain).split()
    return "_".join(words)[:LONGEST_NAME].rstrip("_") or "table"


def _buttons(csv: Callable[[], bytes], excel: Callable[[], bytes], key: str, name: str) -> None:
    with st.container(horizontal=True, key=f"{key}_downloads"):
        st.download_button("Download CSV", csv, f"{name}.csv", "text/csv", key=f"{key}_csv", on_click="ignore", icon=":material/download:")
        st.download_button(
            "Download Excel", excel, f"{name}.xlsx", EXCEL, key=f"{key}_excel", on_click="ignore", icon=":material/download:"
        )
