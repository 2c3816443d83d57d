"""Loading data, step by step: files or tables, what their columns mean, check, accept. The data in use stays until the end."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from crm_core.access import Action
from crm_core.errors import CrmError, SourceError
from crm_core.store.workspaces import private_id
from ui import (
    cache,
    database_form,
    frame,
    guards,
    home,
    mapping_form,
    options_form,
    reading_form,
    receipt_panels,
    rejected,
    uploads,
    who,
)
from ui.numbers import count_of
from ui.progress import moving
from ui.state import Session
from ui.wizard import Wizard

LIMIT_MB = 200
WAYS = ("Upload files", "Try an example", "From the server's folder", "From a database")
#: Those that lead to the company's own files and databases.
ADMINISTRATORS_WAYS = WAYS[2:]
NOT_CHANGED = "Stopped: nothing has been changed."


def render() -> None:
    """The whole way, as far as the session has come.

    A click begins a new run at once, while one that still reads learns of it only with its next report: the new one waits until the former has let go.
    """
    if not guards.may(who.user(), Action.UPLOAD):
        return
    found = wizard()
    with found.lock:
        if found.is_closed:  # by the run that was waited for
            st.rerun()
        _steps(found)


def _steps(found: Wizard) -> None:
    """What went wrong in the last step, then the three steps."""
    for error in found.errors:
        guards.show(error)
    with st.container(border=True):
        st.subheader("1 · Choose files or tables")
        _choose(found)
    if found.is_empty:
        return
    with st.container(border=True):
        st.subheader("2 · What the columns mean")
        st.caption("Suggested from names and values. Correct what is wrong; the next file of the same shape starts from your choices.")
        doubts = found.doubts()
        if doubts:
            st.warning(
                "The program is not sure about these points. Look at them, then correct or keep the suggestion.", icon=":material/help:"
            )
            guards.show_problems(doubts)
        for number, table in enumerate(found.staging.tables):
            _table(found, number, table.name)
    with st.container(border=True):
        st.subheader("3 · Check and accept")
        options_form.draw(found)
        _check(found)


def wizard() -> Wizard:
    """This session's import, begun with the first look at it."""
    found: Wizard | None = st.session_state.get(Session.WIZARD)
    if found is None or found.is_closed:
        from crm_core.store.mappings import open_mappings

        store = home.workspaces()
        try:
            remembered = open_mappings(store.home)
        except CrmError:
            remembered = None  # said where mappings are written; reading files needs none
        found = st.session_state[Session.WIZARD] = Wizard(store, private_id(frame.owner()), remembered)
    return found


def _choose(found: Wizard) -> None:
    offered = WAYS if who.user().may(Action.MANAGE_DATA) else [way for way in WAYS if way not in ADMINISTRATORS_WAYS]
    way = st.segmented_control("From where", offered, default=WAYS[0], required=True, key="load_from", label_visibility="collapsed")
    {WAYS[0]: _upload, WAYS[1]: _examples, WAYS[2]: _inbox, WAYS[3]: _database}[way or WAYS[0]](found)
    if found.replaced:
        names = guards.escape(", ".join(f"“{name}”" for name in found.replaced))
        st.info(f"{names} took the place of the file of the same name read before. To use both, rename one.", icon=":material/sync:")
    for number, name in enumerate([*found.files, *found.tables]):
        left, right = st.columns([5, 1], vertical_alignment="center")
        left.markdown(_source_in_words(found, name))
        if right.button("Remove", key=f"remove_{number}_{found.generation}", icon=":material/close:"):
            found.remove(name)
            found.suggest()
            st.rerun()
    if not found.is_empty and st.button("Start over", key="start_over", icon=":material/restart_alt:"):
        found.close()
        st.rerun()


def _source_in_words(found: Wizard, name: str) -> str:
    """What was chosen, in the list of it: a file, or a table with its database."""
    if name in found.files:
        return f":material/description: {guards.escape(name)}"
    how = "stays in" if found.is_in_place else "from"
    return f":material/database: {guards.escape(name)} · {how} {guards.escape(found.tables[name])}"


def _upload(found: Wizard) -> None:
    if _stays(found):
        return
    st.caption(
        f"CSV, TSV, text, Excel (.xlsx, .xls, .ods) or Parquet, also in .gz or .zip; up to {LIMIT_MB} MB each. "
        "Related files (orders, lines, customers, reviews) can be loaded together. Your upload stays private until you save it under a name."
    )
    files = st.file_uploader(
        "Files", accept_multiple_files=True, key=f"upload_{found.uploads}", label_visibility="collapsed", max_upload_size=LIMIT_MB
    )
    if files:
        names = _distinct([_tidy(file.name) for file in files])
        found.waiting = [(name, found.receive(file)) for name, file in zip(names, files, strict=True)]
        uploads.release()
        st.rerun()  # the next run reads them: this one still holds the bytes
    if found.waiting:
        received, found.waiting = found.waiting, []
        _read(found, received)


def _examples(found: Wizard) -> None:
    from crm_core.sources.sample import examples

    if _stays(found):
        return
    for number, example in enumerate(examples()):
        left, right = st.columns([5, 2], vertical_alignment="center")
        left.markdown(f"**{example.title}** — {example.description}")
        with right.container(horizontal=True):
            if st.button("Load", key=f"example_{number}", type="primary"):
                _read(found, [(example.path.name, example.path)])
            st.download_button("Download", example.path.read_bytes, example.path.name, key=f"example_file_{number}", on_click="ignore")


def _inbox(found: Wizard) -> None:
    """Files that the administrator put there: read where they lie, of any size."""
    from crm_core.sources.files import readable

    who.user().require(Action.MANAGE_DATA)
    if _stays(found):
        return
    folder = home.workspaces().home.inbox
    found_here = [path for path in sorted(folder.iterdir()) if path.is_file() and not path.is_symlink() and not path.name.startswith(".")]
    files = dict(zip(_distinct([readable(path.name) for path in found_here]), found_here, strict=True))
    if not files:
        st.info(
            "The folder is empty. Whoever runs this server can put large files into its inbox folder (see README).", icon=":material/inbox:"
        )
        return
    sizes = {name: f"{name} ({path.stat().st_size / 1e6:,.1f} MB)" for name, path in files.items()}
    names = st.multiselect("Files in the server's folder", list(files), key="inbox", format_func=sizes.__getitem__)
    if st.button("Read", key="read_inbox", type="primary", disabled=not names):
        _read(found, [(name, files[name]) for name in names if name in files])


def _stays(found: Wizard) -> bool:
    """Says so where files cannot be added, since the import is of tables that stay where they are."""
    if found.is_in_place:
        st.info("The tables chosen stay where they lie: files cannot be added to them. Start over to load files.", icon=":material/cloud:")
    return found.is_in_place


def _database(found: Wizard) -> None:
    """Tables and queries of the administrator's connections: read, or left where they are."""
    who.user().require(Action.MANAGE_DATA)
    wanted = database_form.draw(found)
    if wanted is None:
        return
    found.errors.clear()
    found.replaced.clear()
    before = found.readings
    sentence = "Looking at the tables …" if wanted.stays else "Reading from the database …"
    with moving(sentence, NOT_CHANGED) as progress:
        take = found.leave_tables if wanted.stays else found.take_tables
        _tell(found, lambda: take(wanted.look, wanted.chosen, progress))
        if found.readings != before and not found.is_empty:
            progress(1.0, "Finding out what the columns mean …")
            _tell(found, found.suggest)
    st.rerun()


def _read(found: Wizard, files: list[tuple[str, Path]]) -> None:
    """Stages the files one by one; what fails is told, the others stay."""
    found.errors.clear()
    found.replaced.clear()
    with moving("Reading your files …") as progress:
        for name, path in files:
            try:
                found.take(name, path, progress)
            except SourceError as error:
                found.errors.append(error)
        if not found.is_empty:
            progress(1.0, "Finding out what the columns mean …")
            _tell(found, found.suggest)
    st.rerun()


def _table(found: Wizard, number: int, source: str) -> None:
    staged, mapping = found.staging.staged(source), found.mapping.table(source)
    rows = (
        f"{'first ' if found.is_in_place else ''}{count_of(staged.rows, 'row')}"  # of tables that stay where they are only these are here
    )
    title = f"**{guards.escape(source)}** — {rows}, {count_of(len(staged.columns), 'column')}, {mapping_form.in_words(mapping)}"
    with st.expander(title, expanded=mapping.grain != "ignore"):
        reading_form.draw(found, number, staged)
        mapping_form.draw(found, number, source)


def _check(found: Wizard) -> None:
    """The last step: build beside the data in use, show the receipt, then accept or not."""
    guards.show_problems([problem for problem in found.problem_list() if problem.severity in ("error", "question")])
    found.aim(_target())
    if found.checked is None:
        if st.button("Check", key="check", type="primary", icon=":material/fact_check:"):
            with moving("Checking all rows …", NOT_CHANGED) as progress:
                found.errors.clear()
                _tell(found, lambda: found.check(_name(found), datetime.now(UTC), progress))
            st.rerun()
        return
    st.success("Checked. This is what your data will be; nothing has been replaced yet.", icon=":material/check_circle:")
    receipt_panels.draw(found.checked.receipt, "candidate")
    if found.is_in_place:
        rejected.tell(found.checked.receipt)
    else:
        rejected.draw(cache.workspace(found.checked.path), "candidate")
    with st.container(horizontal=True):
        if st.button("Accept", key="accept", type="primary", icon=":material/check:"):
            _accept(found)
        if st.button("Discard", key="discard", icon=":material/close:"):
            found.discard()
            st.rerun()


def _target() -> str:
    """Where the data goes: the private upload, or in the place of a named workspace that is being looked at."""
    own, view = private_id(frame.owner()), frame.current()
    if view is None or view.entry.kind != "named" or not view.user.may(Action.MANAGE_DATA):
        return own
    places = {
        own: "My private upload",
        view.entry.id: f"In place of “{guards.escape(view.entry.name)}”, for everybody (can be undone once)",
    }
    chosen = st.radio("Where to", list(places), format_func=places.__getitem__, key="target")
    return chosen if chosen in places else own


def _name(found: Wizard) -> str:
    return ", ".join([*found.files, *found.tables])[:80]


def _accept(found: Wizard) -> None:
    """Raises AccessError where it would take the place of others' data and that is not the user's to do."""
    who.user().require(Action.UPLOAD if found.target == private_id(frame.owner()) else Action.MANAGE_DATA)
    entry, failure = found.accept(datetime.now(UTC))
    st.session_state[Session.CHOOSE] = entry.name
    st.session_state[Session.SECTION] = True
    st.session_state[Session.NOTICE] = f"Accepted. {failure.title}." if failure else "Accepted: all pages now show this data."
    st.rerun()


def _tell(found: Wizard, step: Callable[[], object]) -> None:
    """Runs a step; its CrmError is shown above the steps after the rerun."""
    try:
        step()
    except CrmError as error:
        found.errors.append(error)


def _tidy(name: str) -> str:
    """A file name as a label: the last part of a path, of bearable length."""
    return os.path.basename(name.replace("\\", "/"))[-100:] or "file"


def _distinct(names: Sequence[str]) -> list[str]:
    """The names, those that came before numbered: files of one name, from several folders, are several files."""
    return [f"{name} ({names[: place + 1].count(name)})" if name in names[:place] else name for place, name in enumerate(names)]
