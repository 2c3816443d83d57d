"""How a file was read (encoding, delimiter, header, sheet), to be seen and corrected."""

from __future__ import annotations

import streamlit as st

from crm_core.errors import CrmError
from crm_core.sources.staging import ReadOptions, StagedTable
from ui import guards
from ui.wizard import Wizard

ENCODINGS = ("", "utf-8", "utf-16", "windows-1252", "windows-1251", "windows-1250", "windows-1256", "iso-8859-1", "koi8-r", "cp437")
DELIMITERS = {"": "found out", ",": "comma ,", ";": "semicolon ;", "\t": "tab", "|": "bar |", "spaces": "runs of blanks"}
HEADERS: dict[str, bool | None] = {"found out": None, "names of the columns": True, "already data": False}


def draw(found: Wizard, number: int, staged: StagedTable) -> None:
    """One line that says how the table was read, and a form that reads it otherwise."""
    reading = " · ".join(f"{guards.escape(what)}: {guards.escape(how)}" for what, how in staged.reading.items())
    left, right = st.columns([4, 1], vertical_alignment="center")
    left.caption(f"Read as {reading}" if reading else "Read as it stands")
    with right.popover("Read otherwise", icon=":material/tune:"):
        _form(found, number, staged)


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
