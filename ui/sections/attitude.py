"""What customers say of us against the competitor, beside what they do."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

import streamlit as st

from crm_core.analytics.audience import conditions as c
from crm_core.analytics.satisfaction import attitude
from crm_core.charts import satisfaction as charts
from ui import cache, page, tables
from ui.guards import escape
from ui.numbers import count_customers, share
from ui.sections import customer
from ui.sections.audience import arriving
from ui.state import Url

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from ui.frame import View

LATELY, REPEATEDLY = Decimal(attitude.LATELY), Decimal(attitude.REPEATEDLY)
SHOWN = {"customers": "Customers", "net_sales": "Net sales"}
EXPLANATION = """**In word**, by a customer’s last answer: *loyal* rates us clearly better than the competitor, *fairly loyal* slightly better,
*unattached* not better, *competitor’s* clearly worse. **In deed**: keeps buying (R 3–5 and more than one purchase, F 2–5) or not."""


def tab(view: View) -> None:
    """The grid, its names, and the customers of what is clicked."""
    found = _grid(view)
    st.markdown(f"**{escape(_answer(found))}**")
    value = page.one_of("Show in the grid", SHOWN, Url.LOYALTY, "customers")
    st.caption("Click a cell to list its customers.")
    marks = page.clickable(cache.made(view, _figure, value), "attitude_grid", "Attitude by purchase behaviour")
    st.markdown("\n".join(f"- **{name}**: {meaning}." for name, meaning in attitude.MEANINGS.items()))
    cells = tuple(dict.fromkeys((str(word), str(deed)) for word, deed, *_ in marks))
    with st.expander("The numbers behind the chart"):
        tables.result_table(found, "attitude_rows", title="Loyalty in word and deed", currency=view.ws.currency)
    st.header("The chosen customers" if cells else "The customers who were asked")
    args = (view.as_of, view.settings, cells)
    picked = tables.customer_table(
        view, "attitude", rows=attitude.listed, args=args, title="Loyalty in word and deed", audience=_condition(cells)
    )
    customer.panel(view, picked, "attitude_customer")
    st.caption(EXPLANATION)


def _condition(cells: tuple[tuple[str, str], ...]) -> Callable[[View], c.Condition]:
    """Those of the clicked cells (all who were asked, without any), as an audience has them."""
    said, keeps = (
        c.Column("attitude"),
        c.All((c.Compare(c.Column("r_score"), ">=", LATELY), c.Compare(c.Column("f_score"), ">=", REPEATEDLY))),
    )
    told = [c.All((c.Compare(said, "=", word), *(keeps.parts if deed == attitude.BUYS else (c.Not(keeps),)))) for word, deed in cells]
    everybody = c.All((c.Known(said), c.Known(c.Column("segment"))))
    return arriving.always(everybody if not told else told[0] if len(told) == 1 else c.AnyOf(tuple(told)))


def _grid(view: View) -> pd.DataFrame:
    return cache.answer(view, attitude.grid, view.as_of, view.settings, shown=True)


def _figure(view: View, value: str) -> go.Figure:
    return charts.attitude(_grid(view), value, view.ws.currency)


def _answer(found: pd.DataFrame) -> str:
    total = int(found["customers"].sum())
    if not total:
        return "No customers to show with these filters."
    sums = found.groupby("loyalty")["customers"].sum()
    captive, drifting = int(sums.get("Captive", 0)), int(sums.get("Drifting", 0))
    true = int(sums.get("Loyal in word and deed", 0))
    others = f"{share(captive / total)} keep buying without preferring us, and {share(drifting / total)} prefer us and buy no more"
    return f"Of {count_customers(total)} asked, {share(true / total)} are loyal in word and deed; {others}."
