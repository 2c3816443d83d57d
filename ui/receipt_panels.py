"""The receipt of an import: what became of every row, in panels a marketer reads, and as files."""

from __future__ import annotations

import json

import pandas as pd
import streamlit as st

from crm_core.mapping.model import GRAIN_LABELS
from crm_core.mapping.receipt import Receipt
from crm_core.schema import TABLES
from ui import guards, personal, who
from ui.numbers import count_of

SALES = "order_lines"


def draw(receipt: Receipt, key: str) -> None:
    """All of the receipt: counts, rows by file, rejections, findings, choices; and as JSON. Values from rows only for whoever may see customers."""
    receipt = personal.receipt_seen_by(who.user(), receipt)
    _figures(receipt)
    _sources(receipt)
    _rejections(receipt)
    if receipt.problems:
        st.markdown("**Findings**")
        guards.show_problems(receipt.problems)
    left, right = st.columns(2, gap="large")
    with left:
        _pairs("Choices made, by you or by the program", receipt.choices, "Choice", "Decision")
    with right:
        _pairs("What status words were read as", receipt.status_words, "In the data", "Read as")
        _pairs(
            "Rows by table", {TABLES[name].label: f"{count:,}" for name, count in receipt.counts.items() if name in TABLES}, "Table", "Rows"
        )
    text = json.dumps(receipt.as_dict(), ensure_ascii=False, indent=2)
    name = f"{key}_receipt_json"
    st.download_button(
        "Download receipt (JSON)", text, "receipt.json", "application/json", key=name, on_click="ignore", icon=":material/download:"
    )


def _figures(receipt: Receipt) -> None:
    first = st.columns(4)
    first[0].metric("Rows read", f"{receipt.rows_read:,}")
    first[1].metric("Rows used", f"{receipt.rows_used:,}")
    first[2].metric("Rows rejected", f"{receipt.rows_rejected:,}")
    buyers = receipt.customers if SALES in receipt.counts else receipt.counts.get("customers", 0)
    first[3].metric("Customers", f"{buyers:,}")
    st.markdown("\n".join(f"- {sentence}" for sentence in _sentences(receipt)))


def _sentences(receipt: Receipt) -> list[str]:
    """Period and sales; then what is not plain: returns, nobody's lines, duplicates, void orders, currencies."""

    def amount(text: str) -> str:
        return f"{float(text or 0):,.2f}" + (f" {guards.escape(receipt.currency)}" if receipt.currency else "")

    period = " to ".join(day for day in receipt.period if day) or "no dates"
    duplicates = sum((one.duplicates or 0) - one.duplicates_removed for one in receipt.sources)
    sentences = [f"**{period}**" + (f", net sales **{amount(receipt.net_sales)}**" if SALES in receipt.counts else "")]
    if receipt.lines_returned:
        sentences.append(f"{count_of(receipt.lines_returned, 'returned line')} ({amount(receipt.amount_returned)}), netted")
    if receipt.lines_not_attributed:
        value = amount(receipt.amount_not_attributed)
        sentences.append(
            f"{count_of(receipt.lines_not_attributed, 'line')} without a customer ({value}): in the company's sales, in no customer figure"
        )
    if duplicates:
        repeats = "row is an exact repeat of an earlier one and is" if duplicates == 1 else "rows repeat an earlier one exactly and are"
        sentences.append(f"{duplicates:,} {repeats} kept; “Remove exact duplicates” leaves {'it' if duplicates == 1 else 'them'} out")
    if receipt.orders_void or receipt.lines_void:
        orders, lines = count_of(receipt.orders_void, "cancelled or unpaid order"), count_of(receipt.lines_void, "line")
        sentences.append(f"{orders} ({lines}) left out of sales")
    if receipt.currencies:
        counts = ", ".join(f"{guards.escape(code)} ({count_of(rows, 'row')})" for code, rows in receipt.currencies.items())
        sentences.append(f"Currencies: {counts}")
    return sentences


def _sources(receipt: Receipt) -> None:
    rows = [
        {
            "File, sheet or table": one.source,
            "One row is": GRAIN_LABELS.get(one.grain, one.grain),  # type: ignore[call-overload]
            "Read": one.rows_read,
            "Used": one.rows_used,
            "Rejected": one.rows_rejected,
            "Duplicates": one.duplicates,
            "Duplicates removed": one.duplicates_removed,
            "How it was read": " · ".join(f"{what}: {how}" for what, how in (one.reading or {}).items()),
        }
        for one in receipt.sources
    ]
    frame = pd.DataFrame(rows)
    if rows and all(one.duplicates is None for one in receipt.sources):  # rows that lie elsewhere: nobody counted repeats or read them in
        frame = frame.drop(columns=["Duplicates", "Duplicates removed", "How it was read"])
    numbers = {
        name: st.column_config.NumberColumn(format="localized") for name in ("Read", "Used", "Rejected", "Duplicates", "Duplicates removed")
    }
    st.dataframe(frame, hide_index=True, column_config=numbers, alt="Rows by file")


def _rejections(receipt: Receipt) -> None:
    rows = [
        {"File, sheet or table": one.source, "Why rejected": reason, "Rows": count}
        for one in receipt.sources
        for reason, count in (one.rejected_by_reason or {}).items()
    ]
    if rows:
        st.markdown("**Rejected rows by reason**")
        st.dataframe(pd.DataFrame(rows), hide_index=True, alt="Rejected rows by reason")


def _pairs(title: str, pairs: dict[str, str], left: str, right: str) -> None:
    if pairs:
        st.markdown(f"**{title}**")
        st.dataframe(pd.DataFrame({left: list(pairs), right: [str(value) for value in pairs.values()]}), hide_index=True, alt=title)
