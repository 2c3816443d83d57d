"""What one row of a table is and which column feeds which field: drop-downs beside a preview, each with its reason."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from crm_core.mapping.model import GRAIN_LABELS, Grain, TableMapping, fields_for
from crm_core.schema import Field
from ui import guards
from ui.wizard import Wizard

#: Fields shown at once, as far as the grain has them; the others wait behind a switch unless a column feeds them.
MAIN_FIELDS = (
    "customer_id", "order_id", "ordered_at", "net_amount", "quantity", "unit_price", "product", "status", "currency", "name", "country",
    "response_id", "responded_at", "score", "comment", "case_id", "opened_at", "resolved_at", "topic", "product_id", "category", "unit_cost",
)  # fmt: skip
NOT_USED = "— not in this file —"
ORDERS = {"dmy": "day first (31/12/2024)", "mdy": "month first (12/31/2024)"}
PREVIEW_ROWS = 50


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
    grain = st.selectbox("One row is", grains, grains.index(table.grain), format_func=GRAIN_LABELS.__getitem__, key=f"grain_{key}")
    if grain != table.grain:
        found.set_grain(source, grain)
        st.rerun()
    left, right = st.columns([3, 2], gap="large")
    with right:
        st.dataframe(shown.astype("string"), hide_index=True, height=460, key=f"preview_{key}", alt=f"First rows of {source}")
        st.caption(f"The first {len(shown):,} rows, as they stand in the file.")
    if table.grain != "ignore":
        with left:
            _fields(found, source, shown, key)
            _attributes(found, source, key)


def _fields(found: Wizard, source: str, shown: pd.DataFrame, key: str) -> None:
    fields = fields_for(found.mapping.table(source).grain)
    everything = st.toggle("Show all fields", key=f"all_{key}")
    for name, field in fields.items():
        is_used = name in found.mapping.table(source).fields
        if everything or is_used or name in MAIN_FIELDS:
            _field(found, source, field, shown, key)


def _field(found: Wizard, source: str, field: Field, shown: pd.DataFrame, key: str) -> None:
    table = found.mapping.table(source)
    columns = [NOT_USED, *(column.name for column in found.staging.staged(source).columns)]
    now = table.fields.get(field.name)
    left, right = st.columns([2, 2], vertical_alignment="center")
    chosen = left.selectbox(field.label, columns, columns.index(now) if now else 0, help=field.help or None, key=f"field_{field.name}_{key}")
    column = chosen if chosen in columns[1:] else None
    if column != now:
        found.set_field(source, field.name, column)
        st.rerun()
    with right:
        if column is not None:
            st.caption(_reason(found, source, field.name, column, shown))
            _date_order(found, source, column, f"{field.name}_{key}")


def _reason(found: Wizard, source: str, field: str, column: str, shown: pd.DataFrame) -> str:
    """Why this column, with what confidence, and what stands in it."""
    reason = found.reasons.get(source, {}).get(field)
    examples = [str(value) for value in shown[column].dropna().unique()[:3]]
    values = ", ".join(f"“{guards.escape(value[:30])}”" for value in examples) or "empty in the preview"
    if reason is None or reason.column != column:
        return f"Chosen by you: {values}"
    return f"{reason.confidence:.0%} sure: {guards.escape(reason.text)}. {values}"


def _date_order(found: Wizard, source: str, column: str, key: str) -> None:
    """Day or month first: asked where the values do not tell, correctable where they do."""
    from crm_core.mapping.dates import with_order

    fmt = found.mapping.table(source).dates.get(column)
    if fmt is None or fmt.style not in ORDERS:
        return
    if fmt.is_ambiguous:
        st.caption(":orange[Every value reads both ways. Which one is it?]")
    elif fmt.evidence:
        st.caption(guards.escape(fmt.evidence))
    orders = list(ORDERS)
    index = None if fmt.is_ambiguous else orders.index(fmt.style)
    chosen = st.radio("Order of day and month", orders, index, format_func=ORDERS.__getitem__, key=f"order_{key}", horizontal=True, label_visibility="collapsed")
    if chosen in orders and (fmt.is_ambiguous or chosen != fmt.style):
        found.set_date(source, column, with_order(fmt, "mdy" if chosen == "mdy" else "dmy"))
        st.rerun()


def _attributes(found: Wizard, source: str, key: str) -> None:
    table = found.mapping.table(source)
    free = [column.name for column in found.staging.staged(source).columns if column.name not in table.fields.values()]
    chosen = st.multiselect(
        "Take along as attributes of the customer", free, list(table.attributes), key=f"attributes_{key}", help="They filter and split every page, under their own name."
    )
    if tuple(chosen) != table.attributes:
        found.set_attributes(source, tuple(column for column in chosen if column in free))
        st.rerun()
