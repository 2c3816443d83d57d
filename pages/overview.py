"""How is the business doing, and what is worth looking at?"""

from __future__ import annotations

import streamlit as st

from crm_core.analytics import overview
from crm_core.analytics.days import Period, months_before
from crm_core.charts import overview as charts
from ui import answers, cache, frame, guards, links, page, tables, tiles
from ui.guards import escape

#: Page of a lead -> url path and label of the link.
LINKS = {"segments": ("segments", "Segments"), "key_customers": ("key-customers", "Key customers"), "data": ("data", "Data")}


def render() -> None:
    view = frame.view()
    if not guards.has(view, "order_lines", what="The overview"):
        return
    found = cache.answer(view, overview.overview, view.start, view.end, settings=view.settings, shown=True)
    page.head("How is the business doing?", answers.overview(found, view.ws.currency), _caveat(found))
    page.tiles(tiles.overview(found, view.ws.currency))
    _months(view, found)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _movers(view, found)
    with right:
        _leads(found)
    page.how_to_read(*_explanation(found), command=page.command(view, "check"))


def _caveat(found: overview.Overview) -> str:
    if found.is_comparable:
        return f"Changes are against {frame.day(found.before.start)} to {frame.day(found.before.last_day)}."
    return f"No changes are shown: the data does not reach back to {frame.day(found.before.start)}, when the period before began."


def _months(view: frame.View, found: overview.Overview) -> None:
    st.subheader("Sales by month")
    earlier = Period(months_before(found.period.start, 12), months_before(found.period.end, 12))
    before = cache.answer(view, overview.monthly, earlier, shown=True)
    drawn = charts.monthly(found.monthly, before, view.ws.currency)
    page.chart(drawn, "overview_months", "Net sales by month, with the same month of the year before")
    with st.expander("The numbers by month"):
        tables.result_table(found.monthly, "overview_months", title="Sales by month", currency=view.ws.currency)


def _movers(view: frame.View, found: overview.Overview) -> None:
    st.subheader("What moved most")
    page.chart(
        charts.movers(found.movers, view.ws.currency), "overview_movers", "The biggest changes of net sales against the period before"
    )
    if not found.movers.empty:
        with st.expander("All movers"):
            tables.result_table(found.movers.drop(columns="field"), "overview_movers", title="What moved most", currency=view.ws.currency)


def _leads(found: overview.Overview) -> None:
    st.subheader("Worth looking at")
    if not found.leads:
        st.write("Nothing stands out in this period.")
    for lead in found.leads:
        path, label = LINKS[lead.page]
        with st.container(border=True):
            st.markdown(escape(lead.sentence))
            links.link(path, f"See {label}")


def _explanation(found: overview.Overview) -> list[str]:
    figures = "\n".join(f"- **{escape(figure.label)}**: {escape(figure.help)} n = {figure.n:,}." for figure in found.figures)
    months = "A paler, hatched month is not whole: the period or the data covers only a part of it."
    change = "A change in % compares with the period of the same length just before; a change of a share is in percentage points."
    return [figures, change, months]
