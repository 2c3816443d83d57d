"""Choosing tables of a company's database: one of the administrator's connections, its tables with a look into each, or a SELECT."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from crm_core.access import Action
from crm_core.errors import CrmError
from crm_core.sources.databases.browse import TableInfo
from crm_core.sources.databases.connections import Connection, Connections, load
from crm_core.sources.databases.selection import Join, Selection
from ui import guards, home, who
from ui.look import Joined, Look, Preview, join_in_words
from ui.wizard import Wizard

NONE_YET = """No database is connected yet. Whoever runs this dashboard adds one by a few lines in `connections.toml` in the data folder: see
“Connect a database” in the README."""
TABLES, QUERY = "Tables", "Write a SELECT"
MOST_OFFERED = 200  # tables in a list; beyond, she finds them by a part of their name
MOST_PAIRS = 4
READ_HELP = "The rows are copied into the dashboard, and can be refreshed later."
STAY_HELP = "No row is copied: every figure is worked out inside the database, from the rows as they are then."


@dataclass(frozen=True)
class Wanted:
    """What she pressed a button for: tables and queries by title, to be read, or to stay where they are."""

    look: Look
    chosen: list[tuple[str, Selection]]
    stays: bool


def draw(found: Wizard) -> Wanted | None:
    """The choice as far as she has come; what is wanted when she pressed a button. Raises AccessError: databases are the administrator's."""
    who.user().require(Action.MANAGE_DATA)
    try:
        known = load(home.workspaces().home.root, os.environ)
    except CrmError as error:
        guards.show(error)
        return None
    if not known.named:
        st.info(NONE_YET, icon=":material/database:")
        return None
    look = _connection(found, known)
    tabs = st.tabs([TABLES, QUERY], key="database_way", on_change="rerun")
    wanted = None
    for tab, part in zip(tabs, (_tables, _query), strict=True):
        if tab.open:
            with tab:
                try:
                    wanted = part(found, look)
                except CrmError as error:
                    guards.show(error)
    return wanted


def _connection(found: Wizard, known: Connections) -> Look:
    titles = _titles(known.named)
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    name = left.selectbox("Database", list(titles), format_func=titles.__getitem__, key="connection")
    look = found.look(known, name if name in titles else next(iter(titles)))
    if right.button("Look again", key="look_again", icon=":material/refresh:", help="What is shown here is at most a minute old."):
        look.again()
    return look


def _titles(named: tuple[Connection, ...]) -> dict[str, str]:
    """What users see of each connection, by its name; two of the same label are told apart."""
    labels = [one.title for one in named]
    return {one.name: one.title if labels.count(one.title) == 1 else f"{one.title} ({one.name})" for one in named}


def _tables(found: Wizard, look: Look) -> Wanted | None:
    with st.spinner("Looking at what is there …"):
        schemas = look.schemas()
        schema = schemas[0] if schemas else None
        if len(schemas) > 1:
            schema = st.selectbox("Schema", schemas, key=f"schema_{look.connection.name}")
        infos = {one.name: one for one in look.tables(schema)}
    if not infos:
        st.info("There are no tables or views here that this user may see.", icon=":material/table:")
        return None
    key = f"{look.connection.name}_{schema}_{found.readings}"
    names = _offered(infos, key)
    chosen = st.multiselect(
        "Tables and views", names, key=f"tables_{key}", format_func=lambda name: _in_words(infos[name]), select_all=False
    )
    chosen = [name for name in chosen if name in infos]
    for number, name in enumerate(chosen):
        title = f"**{guards.escape(name)}**{guards.escape(_in_words(infos[name]).removeprefix(name))}"
        panel = st.expander(title, expanded=number == 0, key=f"table_{key}_{name}", on_change="rerun")
        if panel.open:
            with panel, guards.guard():
                _one(look, infos, infos[name], key)
    return _buttons(found, look, [_chosen(look, infos[name]) for name in chosen])


def _in_words(info: TableInfo) -> str:
    """The name, and what is known of the table."""
    kind = "view" if info.kind == "view" else ""
    rows = f"about {info.rows:,} rows" if info.rows is not None else ""
    return " · ".join(part for part in (info.name, kind, rows) if part)


def _offered(infos: dict[str, TableInfo], key: str) -> list[str]:
    """The names to choose from: of very many those that hold what she types, after those chosen already."""
    if len(infos) <= MOST_OFFERED:
        return list(infos)
    part = st.text_input(f"Find among {len(infos):,} tables", key=f"find_{key}", placeholder="a part of the name") or ""
    kept = [name for name in st.session_state.get(f"tables_{key}", []) if name in infos]
    fitting = [name for name in infos if part.casefold() in name.casefold() and name not in kept]
    if len(fitting) > MOST_OFFERED:
        st.caption(f"The first {MOST_OFFERED} of {len(fitting):,} are offered; type a part of the name to find others.")
    return kept + fitting[:MOST_OFFERED]


def _chosen(look: Look, info: TableInfo) -> tuple[str, Selection]:
    selection = Selection(look.connection.name, info.name, info.schema, joins=look.joined[info.schema, info.name].chosen)
    return selection.title, selection


def _one(look: Look, infos: dict[str, TableInfo], info: TableInfo, key: str) -> None:
    """A table: what it is joined with, and its first rows."""
    with st.spinner("Reading the first rows …"):
        ready = look.ready_joins(info.name, info.schema)
        _joins(look, infos, info, ready, f"{key}_{info.name}")
        _preview(look.preview(_chosen(look, info)[1]), f"{key}_{info.name}", info.name)


def _joins(look: Look, infos: dict[str, TableInfo], info: TableInfo, ready: tuple[Join, ...], key: str) -> None:
    """Ready choices where foreign keys lead, and those made by hand."""
    place = (info.schema, info.name)
    now = look.joined[place]
    offered = {join_in_words(one): one for one in (*ready, *now.by_hand)}
    left, right = st.columns([4, 1], vertical_alignment="bottom") if offered else [st.container()] * 2
    if offered:
        words = left.multiselect(
            "Joined with (its columns are added to each row)",
            list(offered),
            [join_in_words(one) for one in now.chosen if join_in_words(one) in offered],
            key=f"joined_{key}_{len(now.by_hand)}",
            select_all=False,
        )
        now = look.joined[place] = replace(now, chosen=tuple(offered[one] for one in words if one in offered))
    if len(infos) > 1:
        with right.popover("Join with", icon=":material/join:", key=f"join_{key}_{len(now.by_hand)}", on_change="rerun") as opened:
            if opened.open:
                _join_by_hand(look, infos, info, now, f"{key}_{len(now.by_hand)}")


def _join_by_hand(look: Look, infos: dict[str, TableInfo], info: TableInfo, now: Joined, key: str) -> None:
    others = [name for name in infos if name != info.name]
    other = st.selectbox("Join with which table?", others, key=f"other_{key}") or others[0]
    pairs = int(st.number_input("Pairs of columns that are equal", 1, MOST_PAIRS, 1, key=f"pairs_{key}") or 1)
    _, selection = _chosen(look, info)
    here = [one.name for one in look.preview(selection).columns]
    there = [one.name for one in look.columns(other, info.schema)]
    on: list[tuple[str, str]] = []
    for number in range(pairs):
        left = st.selectbox("This column here", here, key=f"here_{key}_{number}")
        twin = there.index(left) if left in there else 0
        right = st.selectbox("equals this one there", there, twin, key=f"there_{key}_{other}_{number}_{left}")
        if left and right:
            on.append((left, right))
    join = Join(other, tuple(dict.fromkeys(on)), info.schema)
    if st.button("Join them", key=f"make_{key}", type="primary", disabled=not on):
        look.joined[info.schema, info.name] = Joined((*now.chosen, join), (*now.by_hand, join))
        st.rerun()


def _preview(preview: Preview, key: str, title: str) -> None:
    """The first rows, and the columns with their types where the database says them."""
    with_types = any(one.type for one in preview.columns)
    places = st.columns([5, 2]) if with_types else [st.container()]
    with places[0]:
        st.dataframe(preview.rows, hide_index=True, key=f"rows_{key}", alt=f"First rows of {title}", placeholder="–")
        st.caption(f"The first {len(preview.rows):,} rows." if len(preview.rows) else "No rows.")
    if with_types:
        types = pd.DataFrame({"Column": [one.name for one in preview.columns], "Type": [one.type for one in preview.columns]})
        places[1].dataframe(types, hide_index=True, key=f"types_{key}", alt=f"Columns of {title}")


def _query(found: Wizard, look: Look) -> Wanted | None:
    """A SELECT, checked and looked at before it can be used."""
    st.caption(
        "One SELECT over tables and views of this database. It is checked before it runs: whatever could change something is refused."
    )
    key = look.connection.name
    name = st.text_input("Name of the result", "query", max_chars=60, key=f"query_name_{key}", persist_state="session")
    text = st.text_area("SELECT", height=180, key=f"query_{key}", persist_state="session", placeholder="SELECT … FROM … WHERE …")
    sql = (text or "").strip()
    if st.button("Check and preview", key=f"ask_{key}", icon=":material/play_arrow:"):
        look.asked = sql
        if not sql:
            st.warning("Write a SELECT first.", icon=":material/edit:")
    if not sql or look.asked != sql:
        return None
    selection = Selection(look.connection.name, query=sql)
    title = " ".join((name or "").split()) or selection.title
    with st.spinner("Reading the first rows …"):
        _preview(look.preview(selection), f"query_{key}", title)
    return _buttons(found, look, [(title, selection)])


def _buttons(found: Wizard, look: Look, chosen: list[tuple[str, Selection]]) -> Wanted | None:
    """Read it, or leave it there; where one cannot be, why."""
    reads = stays = False
    mixed = found.why_not_in_place(look)
    with st.container(horizontal=True):
        if look.is_importable:
            reads = st.button(
                "Read into the dashboard", key="read_tables", type="primary", icon=":material/download:",
                disabled=not chosen or found.is_in_place, help=READ_HELP,
            )  # fmt: skip
        if look.works_in_place:
            stays = st.button(
                "Leave it there", key="leave_tables", type="secondary" if look.is_importable else "primary", icon=":material/cloud:",
                disabled=not chosen or bool(mixed), help=STAY_HELP,
            )  # fmt: skip
    if look.works_in_place and mixed:
        st.caption(f"{mixed}: start over to leave these tables where they are.")
    elif found.is_in_place and look.is_importable:
        st.caption("The tables chosen before stay where they lie: those read into the dashboard cannot be mixed with them.")
    if not look.is_importable and not look.works_in_place:
        st.caption("An administrator has to allow that analyses run here (in_place = true).")
    return Wanted(look, chosen, stays) if chosen and (reads or stays) else None
