"""Tables on pages: small results whole, long ones a page of rows at a time from the engine; each with its downloads."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir
import pandas as pd
import streamlit as st

from ui import cache
from ui.downloads import downloads, frame_downloads
from ui.labels import labels

if TYPE_CHECKING:
    from crm_core.workspace import Workspace
    from ui.frame import View

#: Which rows: column -> the values it may have, as plain data so that it can be part of a cache's key.
Where = tuple[tuple[str, tuple[Hashable, ...]], ...]

PAGE_SIZES = (25, 50, 100)


@dataclass(frozen=True)
class Rows:
    """A long table as plain data: `make(ws, *args, shown=...)` narrowed by `where` and a search, so that equal tables are equal keys."""

    make: Callable[..., ir.Table]
    args: tuple[Hashable, ...]
    where: Where = ()

    def table(self, ws: Workspace, shown: ir.Table | None) -> ir.Table:
        made = self.make(ws, *self.args, shown=shown)
        for column, values in self.where:
            made = made.filter(made[column].isin(list(values)))
        return made


def customer_table(
    view: View,
    key: str,
    *,
    where: Where = (),
    columns: Sequence[str] = (),
    rows: Callable[..., ir.Table] | None = None,
    args: tuple[Hashable, ...] | None = None,
    sort: str = "net_sales",
    title: str = "Customers",
) -> str | None:
    """Customers of `where`, paged, searched and sorted by the engine, with count and CSV and Excel downloads of all of them.

    `rows(view.ws, *args, shown=view.shown())` gives one row a customer with `customer_id`; by default analytics.listing.listing with
    (view.as_of, view.settings). `columns` chooses and orders what is shown (all by default), `sort` is sorted by at first, largest first.
    Returns the customer_id of the selected row, or None.

        chosen = tables.customer_table(view, "segments", where=(("segment", ("Champions", "At risk")),))
    """
    from crm_core.analytics import listing

    wanted = Rows(rows or listing.listing, (view.as_of, view.settings) if args is None else args, where)
    known = cache.answer(view, _columns, wanted, shown=True)
    offered = [column for column in (columns or known) if column in known]
    names = labels(view.ws, offered)
    search, by, descending, size = _controls(key, names, sort if sort in offered else offered[0])
    count = cache.answer(view, _count, wanted, search, shown=True)
    number = _page_number(key, count, size)
    page = cache.answer(view, _page, wanted, search, by, descending, size, (number - 1) * size, shown=True)
    st.caption(f"{count:,} customer{'' if count == 1 else 's'}" + (f", page {number} of {-(-count // size)}" if count > size else ""))
    chosen = _selectable(view, page, offered, names, f"{key}_{number}")
    downloads(view, lambda: listing.search(wanted.table(view.ws, view.shown()), search).select(*offered), key, title=title, labels=names)
    return chosen


def result_table(
    frame: pd.DataFrame, key: str, *, title: str, names: Mapping[str, str] | None = None, currency: str = "", alt: str | None = None
) -> None:
    """A small result (one row a segment, a month ...) with CSV and Excel downloads below it; columns ending in `_share` read as percent."""
    names = labels(None, frame.columns) | dict(names or {})
    st.dataframe(
        frame, hide_index=True, column_config=column_config(frame, names, currency), placeholder="–", key=f"{key}_table", alt=alt or title
    )
    frame_downloads(frame, key, title=title, labels=names)


def column_config(frame: pd.DataFrame, names: Mapping[str, str], currency: str = "") -> dict[str, Any]:
    """How each column is written: separators in numbers, percent for shares, dates as dates."""
    return {column: _column(column, frame[column], names.get(column, column), currency) for column in frame.columns}


MONEY = ("sales", "value", "profit", "amount", "price")


def _column(name: str, values: pd.Series, label: str, currency: str) -> Any:
    if name.endswith("_share"):
        return st.column_config.NumberColumn(label, format="percent")
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        is_money = name.rsplit("_", 1)[-1] in MONEY
        return st.column_config.NumberColumn(
            f"{label} ({currency})" if is_money and currency else label, format="%,.2f" if is_money else "localized"
        )
    if pd.api.types.is_datetime64_any_dtype(values) or (len(values) and isinstance(values.iloc[0], date)):
        return st.column_config.DateColumn(label, format="YYYY-MM-DD")
    return st.column_config.Column(label)


def _controls(key: str, names: Mapping[str, str], sort: str) -> tuple[str, str, bool, int]:
    """Search words, the column and direction of the order, and rows a page."""
    left, middle, order, right = st.columns([4, 3, 2, 1], vertical_alignment="bottom")
    search = left.text_input("Search", key=f"{key}_search", placeholder="Customer id, name …", type="search", max_chars=100)
    by = middle.selectbox("Sort by", list(names), list(names).index(sort), format_func=lambda column: names[column], key=f"{key}_sort")
    direction = order.selectbox("Order", ("Largest first", "Smallest first"), key=f"{key}_order")
    size = right.selectbox("Rows", PAGE_SIZES, key=f"{key}_size")
    return (search or "").strip(), by if by in names else sort, direction != "Smallest first", size if size in PAGE_SIZES else PAGE_SIZES[0]


def _page_number(key: str, count: int, size: int) -> int:
    pages = max(1, -(-count // size))
    if pages == 1:
        return 1
    number = st.pagination(pages, key=f"{key}_page_{pages}")
    return min(max(int(number or 1), 1), pages)


def _selectable(view: View, page: pd.DataFrame, columns: Sequence[str], names: Mapping[str, str], key: str) -> str | None:
    shown = page[list(columns)]
    config = column_config(shown, names, view.ws.currency)
    event = st.dataframe(
        shown,
        hide_index=True,
        column_config=config,
        placeholder="–",
        key=f"{key}_rows",
        on_select="rerun",
        selection_mode="single-row",
        alt="Customers",
    )
    picked = event["selection"]["rows"]
    return str(page["customer_id"].iloc[picked[0]]) if picked and picked[0] < len(page) else None


def _columns(ws: Workspace, wanted: Rows, shown: ir.Table | None = None) -> tuple[str, ...]:
    return tuple(wanted.table(ws, shown).columns)


def _count(ws: Workspace, wanted: Rows, search: str, shown: ir.Table | None = None) -> int:
    from crm_core.analytics import listing

    return listing.count(ws, wanted.table(ws, shown), search)


def _page(
    ws: Workspace, wanted: Rows, search: str, by: str, descending: bool, limit: int, offset: int, shown: ir.Table | None = None
) -> pd.DataFrame:
    from crm_core.analytics import listing

    page = listing.page(ws, wanted.table(ws, shown), by, descending, search, limit, offset)
    return page.assign(**{column: page[column].astype(float) for column in page.columns if _is_decimal(page[column])})


def _is_decimal(values: pd.Series) -> bool:
    """Exact amounts come as Decimal objects, which the browser would show as text."""
    return values.dtype == object and any(isinstance(value, Decimal) for value in values.head(20))
