"""What one row of a table is and which column feeds which field: drop-downs beside a preview, each with its reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from crm_core.errors import CrmError
from crm_core.mapping.model import GRAIN_LABELS, Grain, TableMapping, fields_for
from crm_core.schema import SCORE_FIELDS, Field
from ui import guards
from ui.wizard import Wizard

#: Fields offered at once, as far as the grain has them; the others wait behind a switch unless a column feeds them.
MAIN_FIELDS = (
    *(
        "customer_id",
        "order_id",
        "ordered_at",
        "net_amount",
        "quantity",
        "unit_price",
        "product",
        "product_id",
        "category",
        "status",
        "currency",
    ),
    *("name", "country", "response_id", "responded_at", "score", "comment", "case_id", "opened_at", "resolved_at", "topic", "unit_cost"),
    *("contacted_at", "campaign", "outcome"),
)
NOT_USED = "— no column —"
ORDERS = {"dmy": "day first (31/12/2024)", "mdy": "month first (12/31/2024)"}
EITHER_ORDER = "Every value reads both ways. Which one is it?"
BOTH_ORDERS = "Some values are day first, some month first. Those of the other order are left out or read wrongly. Which one is it?"
PREVIEW_ROWS = 50
SCALE = "Measure and scale"
SCALE_HELP = """The worst score stands first: “ces 7-1” where 1 is the best. It holds for scores that name neither measure nor scale. Another one can be
typed, and several as “csat 1-7; ces 7-1”."""
ATTRIBUTES_HELP = "They filter and split every page, under their own name."


def in_words(table: TableMapping) -> str:
    """What the rows are taken as, for a heading."""
    return "left out" if table.grain == "ignore" else f"one row is {GRAIN_LABELS[table.grain]}"


def draw(found: Wizard, number: int, source: str) -> None:
    """Grain, fields, attributes and date order of one table; each change goes into the wizard's mapping at once."""
    from crm_core.sources.files import preview

    table, shown = found.mapping.table(source), preview(found.staging, source, PREVIEW_ROWS)
    key = f"{number}_{found.generation}"
    if source in found.recalled:
        st.caption(":material/history: As you decided on a file of the same shape before.")
    grains: list[Grain] = list(GRAIN_LABELS)
    change = _change(found, f"grain_{key}", lambda grain: found.set_grain(source, grain))
    st.selectbox("One row is", grains, grains.index(table.grain), format_func=GRAIN_LABELS.__getitem__, **change)
    left, right = st.columns([3, 2], gap="large")
    with right:
        st.dataframe(shown.astype("string"), hide_index=True, height=460, key=f"preview_{key}", alt=f"First rows of {source}")
        where = "the database" if found.origin(source) else "the file"
        st.caption(f"The first {len(shown):,} rows, as they stand in {where}.")
    if table.grain != "ignore":
        with left:
            _fields(found, source, shown, key)
            _scale(found, source, key)
            _attributes(found, source, key)


def _change(found: Wizard, key: str, decide: Callable[[Any], None]) -> dict[str, Any]:
    """Key and callback of a widget whose new value is decided on before the page is drawn again.

    A second run after the decision (st.rerun) would lose a click on “Check” that came together with it.
    """

    def told() -> None:
        found.errors.clear()
        try:
            decide(st.session_state[key])
        except CrmError as error:
            found.errors.append(error)

    return {"key": key, "on_change": told}


def _fields(found: Wizard, source: str, shown: pd.DataFrame, key: str) -> None:
    """Fields that a column feeds with the reasons, then those without a column, close together."""
    table = found.mapping.table(source)
    known = fields_for(table.grain)
    for name in [name for name in known if name in table.fields]:
        left, right = st.columns([1, 1], vertical_alignment="center")
        with left:
            column = _choice(found, source, known[name], key)
        with right:
            if column is not None:
                st.caption(_reason(found, source, name, column, shown))
                _date_order(found, source, name, column, key)
    st.markdown("**Not found here**")
    everything = st.toggle("Show all fields", key=f"all_{key}")
    missing = [name for name in known if name not in table.fields and (everything or name in MAIN_FIELDS)]
    columns = st.columns(2)
    for place, name in enumerate(missing):
        with columns[place % 2]:
            _choice(found, source, known[name], key)


def _choice(found: Wizard, source: str, field: Field, key: str) -> str | None:
    """The drop-down of one field; returns the column that feeds it."""
    columns = [column.name for column in found.staging.staged(source).columns]
    now = found.mapping.table(source).fields.get(field.name)
    index = columns.index(now) + 1 if now in columns else 0
    change = _change(
        found, f"field_{field.name}_{key}", lambda chosen: found.set_field(source, field.name, chosen if chosen in columns else None)
    )
    st.selectbox(field.label, [NOT_USED, *columns], index, help=field.help or None, **change)
    return now


def _reason(found: Wizard, source: str, field: str, column: str, shown: pd.DataFrame) -> str:
    """What stands in the column, why it was taken, and how sure the program is."""
    reason = found.reason(source, field)
    examples = [" ".join(str(value).split())[:30] for value in shown[column].dropna().unique()[:3]]
    values = ", ".join(guards.escape(value) for value in examples) or "empty in the preview"
    if reason is None or reason.column != column:
        return f"{values}  \nChosen by you"
    return f"{values}  \n{reason.confidence:.0%} sure: {guards.escape(reason.text)}"


def _date_order(found: Wizard, source: str, field: str, column: str, key: str) -> None:
    """Day or month first: asked where the values do not tell, correctable where they do."""
    from crm_core.mapping.values.date_styles import with_order

    fmt = found.mapping.table(source).dates.get(column)
    if fmt is not None and fmt.is_mixed and fmt.style not in ORDERS:
        st.caption(f":orange[{guards.escape(fmt.evidence)}]")
        left_out = with_order(fmt, "dmy")
        if not left_out.is_mixed:
            st.button("Leave the other dates out", key=f"order_{field}_{key}", on_click=found.set_date, args=(source, column, left_out))
    if fmt is None or fmt.style not in ORDERS:
        return
    if fmt.is_ambiguous:
        st.caption(f":orange[{BOTH_ORDERS if fmt.is_mixed else EITHER_ORDER}]")
    orders = list(ORDERS)
    index = None if fmt.is_ambiguous else orders.index(fmt.style)
    change = _change(
        found, f"order_{field}_{key}", lambda order: found.set_date(source, column, with_order(fmt, "mdy" if order == "mdy" else "dmy"))
    )
    st.radio("Order of day and month", orders, index, format_func=ORDERS.__getitem__, label_visibility="collapsed", **change)


def _scale(found: Wizard, source: str, key: str) -> None:
    """Which measure the scores are, and from which score to which: shown as recognised, and correctable."""
    from crm_core.mapping.values.scales import USUAL

    table = found.mapping.table(source)
    if table.grain != "surveys" or not {*SCORE_FIELDS} & table.fields.keys():
        return
    scales = list(dict.fromkeys(["", *USUAL, table.scale]))
    recognised = f"As recognised: {found.recognised_scale(source) or 'nothing yet'}"
    change = _change(found, f"scale_{key}", lambda scale: found.set_scale(source, scale))
    st.selectbox(
        SCALE,
        scales,
        scales.index(table.scale),
        format_func=lambda scale: scale or recognised,
        help=SCALE_HELP,
        accept_new_options=True,
        **change,
    )


def _attributes(found: Wizard, source: str, key: str) -> None:
    table = found.mapping.table(source)
    free = [column.name for column in found.staging.staged(source).columns if column.name not in table.fields.values()]
    change = _change(
        found, f"attributes_{key}", lambda chosen: found.set_attributes(source, tuple(column for column in chosen if column in free))
    )
    whose = "response" if table.grain == "surveys" else "customer"
    st.multiselect(f"Take along as attributes of the {whose}", free, list(table.attributes), help=ATTRIBUTES_HELP, **change)
