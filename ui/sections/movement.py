"""Movement between two days: who went from which segment to which, as a matrix and as a flow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import ibis.expr.types as ir
import streamlit as st

from crm_core.analytics import chosen
from crm_core.analytics.audience import conditions as c
from crm_core.analytics.migration import Migration, migrate
from crm_core.charts import segments as charts
from ui import cache, page, tables
from ui.frame import day
from ui.guards import escape
from ui.numbers import count, count_customers, count_of, share
from ui.sections.audience import arriving

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from crm_core.analytics.rfm import RfmSettings
    from crm_core.workspace import Workspace
    from ui.frame import View

SHOWN = {"customers": "Customers", "net_sales": "Net sales"}


def tab(view: View) -> None:
    """Dates to compare, the answer in a sentence, matrix and flow, and the customers of a clicked cell."""
    days = _choose(view)
    found = _found(view, days)
    st.markdown(f"**{escape(_answer(found))}**")
    st.caption(_caveat(found))
    value = st.segmented_control("Show", SHOWN, format_func=SHOWN.__getitem__, default="customers", key="movement_value") or "customers"
    matrix, flow = cache.made(view, _matrix, days, value), cache.made(view, _flow, days, value)
    pairs = page.clickable(matrix, "movement_matrix", "From the segment of a row to that of a column")
    page.chart(flow, "movement_flow", "The same movement as a flow from left to right")
    moves = tuple(dict.fromkeys((one, other) for one, other, *_ in pairs))
    if moves:
        st.header("The customers who moved so")
        tables.customer_table(
            view,
            "movement_customers",
            rows=_moved,
            args=(days, view.settings, moves),
            title="Customers who moved",
            audience=_condition(days, moves),
        )
    else:
        st.caption("Click a cell of the matrix to list its customers.")
    with st.expander("The numbers behind the charts"):
        tables.result_table(found.matrix, "movement", title="Movement between segments", names=NAMES, currency=view.ws.currency)


def _condition(days: Days, moves: tuple[tuple[str, str], ...]) -> Callable[[View], c.Condition]:
    """Those of the clicked cells, as an audience has them."""
    cells = [c.Moved((one,), (other,), days.earlier, days.later, days.look_back) for one, other in moves]
    return arriving.always(cells[0] if len(cells) == 1 else c.AnyOf(tuple(cells)))


def _found(view: View, days: Days) -> Migration:
    return cache.answer(view, migrate, days.earlier, days.later, days.look_back, view.settings, shown=True)


def _matrix(view: View, days: Days, value: str) -> go.Figure:
    return charts.matrix(_found(view, days).matrix, view.settings.segments.names, value, view.ws.currency)


def _flow(view: View, days: Days, value: str) -> go.Figure:
    return charts.flow(_found(view, days).matrix, view.settings.segments.names, value, view.ws.currency)


NAMES = {"from_segment": "From", "to_segment": "To"}


@dataclass(frozen=True)
class Days:
    """What to compare: two days, and how many days each looks back."""

    earlier: date
    later: date
    look_back: int


def _choose(view: View) -> Days:
    """Two days and a look-back; by default a year apart with a year each, or halves of a shorter history."""
    first = view.ws.first_day or view.as_of
    half = max(1, min(365, (view.as_of - first).days // 2))
    latest, soonest = view.as_of - timedelta(days=1), min(first + timedelta(days=1), view.as_of - timedelta(days=1))
    left, middle, right = st.columns(3)
    default = max(soonest, view.as_of - timedelta(days=half))
    earlier = left.date_input("From the segments on", default, soonest, latest, format="YYYY-MM-DD", key="movement_earlier")
    later = middle.date_input("to those on", view.as_of, soonest, view.as_of, format="YYYY-MM-DD", key="movement_later")
    look_back = right.number_input("Days looked back from each", 1, 3660, half, key="movement_look_back", help=LOOK_BACK_HELP)
    return Days(_day(earlier, default), _day(later, view.as_of), int(look_back))


LOOK_BACK_HELP = """Both days look back equally far, and both are scored by the cut points of the earlier day: a move is the customer's,
not the yardstick's."""


def _day(chosen: object, default: date) -> date:
    return chosen if isinstance(chosen, date) else default


def _answer(found: Migration) -> str:
    both = found.customers
    if not both:
        return "Nobody bought in either of the two periods."
    return (
        f"Of {count_customers(both)} with a purchase in one of the two periods, {count(found.stayed)} ({share(found.stayed / both)})"
        f" {'is' if found.stayed == 1 else 'are'} in the same segment on {day(found.later)} as on {day(found.earlier)}."
    )


def _caveat(found: Migration) -> str:
    text = f"Each day looks back {count_of(found.look_back_days, 'day')}. Net sales are those of the later period."
    return text if found.is_covered else f"{text} The data begins within the earlier period, so that one is shorter than the later."


def _moved(ws: Workspace, days: Days, settings: RfmSettings, pairs: tuple[tuple[str, str], ...], shown: ir.Table | None = None) -> ir.Table:
    """The customers of those cells, from plain arguments (a Migration holds a frame and is no key of a cache)."""
    return chosen.moved(ws, migrate(ws, days.earlier, days.later, days.look_back, settings), settings, pairs, shown)
