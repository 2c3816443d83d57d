"""How a file was read (encoding, delimiter, header, sheet), to be seen and corrected; and which rows of a database's table a refresh reads."""

from __future__ import annotations

import streamlit as st

from crm_core.errors import CrmError
from crm_core.sources.staging import ReadOptions, StagedTable
from ui import guards
from ui.wizard import Wizard

ENCODINGS = ("", "utf-8", "utf-16", "windows-1252", "windows-1251", "windows-1250", "windows-1256", "iso-8859-1", "koi8-r", "cp437")
DELIMITERS = {"": "found out", ",": "comma ,", ";": "semicolon ;", "\t": "tab", "|": "bar |", "spaces": "runs of blanks"}
HEADERS: dict[str, bool | None] = {"found out": None, "names of the columns": True, "already data": False}

LONGEST = 300  # letters of a query that are shown
NEXT_TIME = ("all rows", "only newer rows")
NEXT_TIME_HELP = """“All rows” is always right. “Only newer rows” is quicker for large tables whose rows are added and do not change: those are read whose
date, time or number is above the highest one read before."""
OVERLAP_HELP = "Rows that arrive late, or change within these days, are read again."
USUAL_OVERLAP, MOST_OVERLAP = 7, 3650


def draw(found: Wizard, number: int, staged: StagedTable) -> None:
    """One line that says how the table was read, and a form that reads it otherwise; or, of a database's table, which rows come next time."""
    reading = " · ".join(f"{guards.escape(what)}: {guards.escape(_short(how))}" for what, how in staged.reading.items())
    if found.origin(staged.name) is not None:
        st.caption(reading)
        if not found.is_in_place:
            _next_time(found, number, staged)
        return
    left, right = st.columns([4, 1], vertical_alignment="center")
    left.caption(f"Read as {reading}" if reading else "Read as it stands")
    with right.popover("Read otherwise", icon=":material/tune:"):
        _form(found, number, staged)


def _short(text: str) -> str:
    """Of a long query its beginning."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _next_time(found: Wizard, number: int, staged: StagedTable) -> None:
    """Which rows a refresh reads: all, or those that are newer in a column that rises with time."""
    origin, columns = found.origin(staged.name), found.rising_columns(staged.name)
    if origin is None:
        return
    key = f"{number}_{found.generation}"
    boxes = st.columns([2, 2, 1], vertical_alignment="bottom")
    place = int(origin.column in columns)
    which = boxes[0].selectbox(
        "When this data is refreshed, read", NEXT_TIME, place, key=f"next_{key}", disabled=not columns, help=NEXT_TIME_HELP
    )
    if which != NEXT_TIME[1] or not columns:
        found.set_newer(staged.name, "", 0)
        return
    names = sorted(columns, key=lambda name: not columns[name])
    at = names.index(origin.column) if origin.column in columns else 0
    column = boxes[1].selectbox("newer by", names, at, key=f"newer_{key}") or names[0]
    days = 0
    if columns[column]:
        before = origin.overlap_days if origin.column in columns else USUAL_OVERLAP
        given = boxes[2].number_input("days to read again", 0, MOST_OVERLAP, before, key=f"overlap_{key}", help=OVERLAP_HELP)
        days = int(given or 0)
    found.set_newer(staged.name, column, days)


def _form(found: Wizard, number: int, staged: StagedTable) -> None:
    former = found.read_options.get(staged.file, ReadOptions())
    key = f"{number}_{found.generation}"
    with st.form(f"reading_{key}", border=False):
        encoding = st.selectbox(
            "Encoding", ENCODINGS, _place(ENCODINGS, former.encoding), format_func=lambda name: name or "found out", key=f"encoding_{key}"
        )
        place = _place(tuple(DELIMITERS), former.delimiter)
        delimiter = st.selectbox(
            "Columns are set apart by", list(DELIMITERS), place, format_func=DELIMITERS.__getitem__, key=f"delimiter_{key}"
        )
        header = st.selectbox("The first line has", list(HEADERS), list(HEADERS.values()).index(former.has_header), key=f"header_{key}")
        skip = st.number_input("Lines to skip at the top (empty: found out)", 0, 1000, former.skip_rows, key=f"skip_{key}")
        sheets = _sheets(found, staged, former, key)
        if st.form_submit_button("Read again", type="primary"):
            _read_again(found, staged.file, ReadOptions(encoding, delimiter, HEADERS[header], None if skip is None else int(skip), sheets))


def _place(choices: tuple[str, ...], choice: str) -> int:
    return choices.index(choice) if choice in choices else 0


def _sheets(found: Wizard, staged: StagedTable, former: ReadOptions, key: str) -> tuple[str, ...]:
    """Sheets of a workbook to choose from; no choice means all of them."""
    from crm_core.sources.files import sheets

    names = sheets(found.files[staged.file], staged.file)
    if len(names) < 2:
        return ()
    return tuple(st.multiselect("Sheets (none: all)", names, [name for name in former.sheets if name in names], key=f"sheets_{key}"))


def _read_again(found: Wizard, file: str, options: ReadOptions) -> None:
    found.errors.clear()
    try:
        found.add(file, found.files[file], options)
        found.suggest()
    except CrmError as error:
        found.errors.append(error)
    st.rerun()
