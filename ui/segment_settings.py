"""The segments as the user wants them: names, usual moves, and which cells of the RF grid belong to which. They hold for the session."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from crm_core.analytics.segment_table import SCORES, SEGMENTS, Cell, Segment, SegmentTable
from ui import guards
from ui.filters import segment_table
from ui.state import Session, Url


def editor() -> None:
    """Draws the two tables to edit; the segments change only on the button, and only if they cover each cell once."""
    table = segment_table()
    st.markdown("How frequency is scored, and cut points of your own, are set under **Scoring rules** in the sidebar.")
    with st.form("segment_names", border=False):
        st.markdown("**Names and usual moves**")
        names = st.data_editor(_names(table), hide_index=True, key=f"names_{hash(table)}", disabled=["Place"], num_rows="fixed")
        st.markdown("**Which cell belongs to which segment** (by its place in the table above)")
        options = list(range(1, len(table.segments) + 1))
        choice = {f"F {f}": st.column_config.SelectboxColumn(options=options, required=True) for f in SCORES}
        cells = st.data_editor(_cells(table), key=f"cells_{hash(table)}", column_config=choice, num_rows="fixed")
        with st.container(horizontal=True):
            is_changed = st.form_submit_button("Use these segments", type="primary")
            is_reset = st.form_submit_button("Back to the usual ones")
    with guards.guard():
        if is_reset:
            _use(SEGMENTS)
        elif is_changed:
            _use(_edited(table, names, cells))


def _names(table: SegmentTable) -> pd.DataFrame:
    rows = [(place, one.name, one.move) for place, one in enumerate(table.segments, 1)]
    return pd.DataFrame(rows, columns=["Place", "Segment", "Usual move"])


def _cells(table: SegmentTable) -> pd.DataFrame:
    """Rows R 5 to R 1, columns F 1 to F 5; a cell holds the place of its segment."""
    place = {one.name: number for number, one in enumerate(table.segments, 1)}
    grid = [[place[table.of(r, f).name] for f in SCORES] for r in reversed(SCORES)]
    return pd.DataFrame(grid, index=[f"R {r}" for r in reversed(SCORES)], columns=[f"F {f}" for f in SCORES])


def _edited(table: SegmentTable, names: pd.DataFrame, cells: pd.DataFrame) -> SegmentTable:
    """The table as edited. A segment without a cell is left out. Raises AnalysisError where names are missing or stand twice."""
    members: dict[int, set[Cell]] = {}
    for r_score, places in zip(reversed(SCORES), cells.to_numpy().tolist(), strict=True):
        for f_score, place in zip(SCORES, places, strict=True):
            members.setdefault(int(place), set()).add((r_score, f_score))
    typed = names.fillna("")
    edited = zip(table.segments, names["Place"], typed["Segment"], typed["Usual move"], strict=True)
    return SegmentTable(
        tuple(
            _changed(segment, str(name).strip(), str(move).strip(), frozenset(members[place]))
            for segment, place, name, move in edited
            if place in members
        )
    )


def _changed(segment: Segment, name: str, move: str, cells: frozenset[Cell]) -> Segment:
    """The segment with what was typed; a move of one's own holds for all, also where the usual table has another for few orders."""
    own: dict[str, Any] = {} if move == segment.move else {"move": move, "few_orders": 0, "move_for_few": ""}
    return replace(segment, name=name, cells=cells, **own)


def _use(table: SegmentTable) -> None:
    """Takes the segments for this session and draws the page anew; a filter on names that are gone is dropped."""
    st.session_state[Session.SEGMENT_TABLE] = table
    st.session_state[Session.NOTICE] = (
        "The segments are as you set them, until this session ends." if table != SEGMENTS else "The usual segments are back."
    )
    st.session_state.pop(Url.SEGMENTS, None)
    st.rerun()
