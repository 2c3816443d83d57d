"""Tables on pages: small results whole, long ones a page of rows at a time from the engine; each with its downloads."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa
import streamlit as st

from crm_core.access import Action
from ui import cache, guards, personal, who
from ui.downloads import downloads, frame_downloads
from ui.labels import labels
from ui.state import Url

if TYPE_CHECKING:
    from crm_core.analytics.audience.conditions import Condition
    from ui.frame import View

#: Which rows: column -> the values it may have, as plain data so that it can be part of a cache's key.
Where = tuple[tuple[str, tuple[Hashable, ...]], ...]

PAGE_SIZES = (25, 50, 100)
USE_HELP = "Opens the page Audience with these customers: refine them there, take them away, and see later whether it worked."


@dataclass(frozen=True)
class Rows:
    """A long table as plain data: `make(ws, *args, shown=...)` narrowed by `where` and a search, so that equal tables are equal keys."""

    make: Callable[..., ir.Table]
    args: tuple[Hashable, ...]
    where: Where = ()

    def of(self, view: View) -> ir.Table:
        """The rows. Raises AccessError where the user may not see customers."""
        view.user.require(Action.SEE_CUSTOMERS)
        from crm_core.analytics.clv.report import with_forecast
        from crm_core.analytics.satisfaction.customers import with_satisfaction

        made = self.make(view.ws, *self.args, shown=view.shown())
        for column, values in self.where:
            made = made.filter(made[column].isin(list(values)))
        return with_forecast(view.ws, view.as_of, with_satisfaction(view.ws, view.as_of, made, view.followed))


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
    audience: Callable[[View], Condition] | Literal[False] | None = None,
) -> str | None:
    """Customers of `where`, paged, searched and sorted by the engine, with count and CSV and Excel downloads of all of them; each with the
    forecast value of 12 months and P(alive), last score, open cases and risk where the data tells them.

    `rows(view.ws, *args, shown=view.shown())` gives one row a customer with `customer_id`; by default analytics.listing.listing with
    (view.as_of, view.settings). `columns` chooses and orders what is shown (all by default), `sort` is sorted by at first, largest first.
    `audience(view)` is the condition that those rows meet, apart from the filters, for “Use as audience”; without one they go
    there by their ids, and with False not at all.
    Returns the customer_id of the selected row, or None. For a user who may not see customers a note stands in its place.

        chosen = tables.customer_table(view, "segments", where=(("segment", ("Champions", "At risk")),))
    """
    from crm_core.analytics import listing

    if not guards.may(view.user, Action.SEE_CUSTOMERS):
        return None
    wanted = Rows(rows or listing.listing, (view.as_of, view.settings) if args is None else args, where)
    with st.spinner("Listing the customers …"):
        names = cache.made(view, _names, wanted, tuple(columns))
    search, by, descending, size = _controls(key, names, sort)
    count = cache.made(view, _count, wanted, search)
    number = _page_number(key, count, size)
    sheet = cache.made(view, _sheet, wanted, tuple(names), search, by, descending, size, (number - 1) * size)
    st.caption(f"{count:,} customer{'' if count == 1 else 's'}" + (f", page {number} of {-(-count // size)}" if count > size else ""))
    chosen = _selectable(sheet, f"{key}_{number}")
    downloads(view, lambda: listing.arranged(wanted.of(view), by, descending, search).select(*names), key, title=title, labels=names)
    if count and audience is not False:
        _use_as_audience(view, key, wanted, search, count, audience)
    return chosen


def _use_as_audience(view: View, key: str, wanted: Rows, search: str, count: int, audience: Callable[[View], Condition] | None) -> None:
    """A button that takes these customers to the page Audience: by the condition that they meet, or one by one where none is known or a search is on."""
    from crm_core.analytics.audience.conditions import MOST_VALUES

    by_id = audience is None or bool(search)
    told = f"Up to {MOST_VALUES:,} customers of this list can be taken over: choose fewer." if by_id and count > MOST_VALUES else USE_HELP
    is_clicked = st.button(
        "Use as audience", key=f"{key}_audience", icon=":material/group_add:", disabled=by_id and count > MOST_VALUES, help=told
    )
    if by_id and count > MOST_VALUES:
        st.caption(told)
    if is_clicked:
        from ui import links
        from ui.sections.audience import arriving

        with st.spinner("Taking the customers over …"):
            if audience is None or search:
                is_begun = arriving.with_customers(cache.made(view, _ids, wanted, search))
            else:
                is_begun = arriving.with_condition(view, audience(view))
        if not is_begun:
            st.warning(
                "These are too many to be named one by one: choose fewer, or build the audience there by conditions.",
                icon=":material/groups:",
            )
            return
        links.go("audience", {Url.WHERE: st.session_state[Url.WHERE]})


def _ids(view: View, wanted: Rows, search: str) -> tuple[str, ...]:
    from crm_core.analytics import listing

    rows = listing.arranged(wanted.of(view), text=search).select("customer_id")
    return tuple(map(str, view.ws.execute(rows)["customer_id"]))


def result_table(
    frame: pd.DataFrame,
    key: str,
    *,
    title: str,
    names: Mapping[str, str] | None = None,
    currency: str = "",
    alt: str | None = None,
    whole: Callable[[], pd.DataFrame] | None = None,
) -> None:
    """A small result (one row a segment, a month ...) with CSV and Excel downloads below it; columns ending in `_share` read as percent.

    `whole` makes what the downloads hold, where the frame is a page of it. Where its rows are single customers, a note stands in its place for a
    user who may not see them.
    """
    if personal.columns(map(str, frame.columns)) and not guards.may(who.user(), Action.SEE_CUSTOMERS):
        return
    names = labels(None, frame.columns) | dict(names or {})
    config = column_config(frame, names, currency)
    st.dataframe(in_percent(frame), hide_index=True, column_config=config, placeholder="–", key=f"{key}_table", alt=alt or title)
    frame_downloads(whole or frame, key, title=title, labels=names)


def in_percent(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its shares (0 to 1) in percent, as `column_config` writes them."""
    return frame.assign(**{column: 100 * frame[column].astype(float) for column in frame.columns if _is_share(column)})


def column_config(frame: pd.DataFrame, names: Mapping[str, str], currency: str = "") -> dict[str, Any]:
    """How each column is written: separators in numbers, percent for shares (see `in_percent`), dates as dates."""
    return {column: _column(column, frame[column], names.get(column, column), currency) for column in frame.columns}


#: Last words of columns that hold amounts.
MONEY = ("sales", "value", "profit", "amount", "price", "before", "change", "clv", "low", "high", "spend", "stake")
#: Columns that hold shares without saying so in their name.
SHARES = ("p_alive", "p_alive_before")


def _is_share(column: str) -> bool:
    return column.endswith("_share") or column.startswith("share_") or column in SHARES


#: How columns of estimates are written: as many digits as they mean, the same in every row.
ESTIMATES = {
    "active": "%,.0f",
    "purchases": "%,.1f",
    "expected_purchases": "%,.2f",
    "rmse": "%.3f",
    "mae": "%.3f",
    "bias": "%+.3f",
    "log_score": "%.3f",
    "nps": "%+.1f",
    "ces": "%.2f",
    "importance": "%+.1f",
    "median_days": "%,.0f",
    "ratio": "%.2f",
    "last_score": "%,.4g",
    "first_score": "%,.4g",
    "next_score": "%,.4g",
}
#: Beginnings of names of such columns, with their endings: a bound of an NPS is written as the NPS is.
KINDS_OF_ESTIMATES = {
    "nps_": "%+.1f",
    "ces_": "%.2f",
    "importance_": "%+.1f",
    "first_hours": "%,.1f",
    "resolution_hours": "%,.1f",
}


def _column(name: str, values: pd.Series, label: str, currency: str) -> Any:
    if _is_share(name):
        return st.column_config.NumberColumn(label, format="%.1f %%")  # the ready-made "percent" has any number of digits
    estimate = ESTIMATES.get(name) or next((how for start, how in KINDS_OF_ESTIMATES.items() if name.startswith(start)), None)
    if estimate:
        return st.column_config.NumberColumn(label, format=estimate)
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        is_money = name.rsplit("_", 1)[-1] in MONEY
        return st.column_config.NumberColumn(
            f"{label} ({currency})" if is_money and currency else label, format="%,.2f" if is_money else "localized"
        )
    if pd.api.types.is_datetime64_any_dtype(values) or (len(values) and isinstance(values.iloc[0], date)):
        return st.column_config.DateColumn(label, format="YYYY-MM-DD")
    return st.column_config.Column(label)


def _controls(key: str, names: Mapping[str, str], sort: str) -> tuple[str, str, bool, int]:
    """Search words, the column and direction of the order, and rows a page; `sort` is the column to begin with, if it is offered."""
    sort = sort if sort in names else next(iter(names))
    left, middle, order, right = st.columns([3.4, 2.8, 2.8, 1.6], vertical_alignment="bottom")
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


@dataclass(frozen=True)
class Sheet:
    """A page of a long table as it is sent: the rows, how each column is written, and whose row it is."""

    rows: pa.Table
    columns: Mapping[str, Any]
    customer_ids: tuple[str, ...]


def _selectable(sheet: Sheet, key: str) -> str | None:
    """The customer of the selected row. A selection is of a place, so other rows (sorted anew, or one less) begin without any: the place would be
    somebody else's."""
    whose = hashlib.sha256("\0".join(sheet.customer_ids).encode()).hexdigest()[:12]
    event = st.dataframe(
        sheet.rows,
        hide_index=True,
        column_config=sheet.columns,
        placeholder="–",
        key=f"{key}_{whose}_rows",
        on_select="rerun",
        selection_mode="single-row",
        alt="Customers",
    )
    picked = event["selection"]["rows"]
    return sheet.customer_ids[picked[0]] if picked and picked[0] < len(sheet.customer_ids) else None


def _names(view: View, wanted: Rows, columns: tuple[str, ...]) -> Mapping[str, str]:
    """Column -> label of what is offered: the columns asked for (all without any) that the data has."""
    known = wanted.of(view).columns
    return MappingProxyType(labels(view.ws, [column for column in (columns or known) if column in known]))


def _count(view: View, wanted: Rows, search: str) -> int:
    from crm_core.analytics import listing

    return listing.count(view.ws, wanted.of(view), search)


def _sheet(view: View, wanted: Rows, columns: tuple[str, ...], search: str, by: str, descending: bool, limit: int, offset: int) -> Sheet:
    from crm_core.analytics import listing

    page = listing.page(view.ws, wanted.of(view), by, descending, search, limit, offset)
    shown = page.assign(**{column: page[column].astype(float) for column in page.columns if _is_decimal(page[column])})[list(columns)]
    config = column_config(shown, labels(view.ws, columns), view.ws.currency)
    return Sheet(pa.Table.from_pandas(in_percent(shown), preserve_index=False), config, tuple(map(str, page["customer_id"])))


def _is_decimal(values: pd.Series) -> bool:
    """Exact amounts come as Decimal objects, which the browser would show as text."""
    return values.dtype == object and any(isinstance(value, Decimal) for value in values.head(20))
