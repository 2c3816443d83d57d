"""What goes with low scores: touchpoints, topics, delays and attributes by how much they matter and how they do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from crm_core.analytics.satisfaction import drivers
from crm_core.analytics.satisfaction.measures import Measure
from crm_core.charts import drivers as charts
from ui import cache, page, tables
from ui.guards import escape
from ui.numbers import count, count_of, share
from ui.sections import measured

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from ui.frame import View
    from ui.sections.satisfaction import Asked

EXPLANATION = """A logistic regression of a low score on all of these at once. **Importance**: by how many points the chance of a low score is higher with
it than without it, everything else equal, with its 95 % interval; grey where that may be chance (Holm’s rule over all). **Performance**: the measure among
responses with it. **Fit**: AUC by five-fold cross-validation, 0.5 is guessing, 1 is perfect. What goes with a low score need not be its cause."""
#: AUC below which the drivers are said to tell low scores from others so.
FITS = ((0.6, "hardly at all"), (0.7, "only a little"), (0.8, "fairly well"))
NAMES = {
    "label": "Driver",
    "share_low_with": "Low scores with it",
    "share_low_without": "Low scores without it",
    "importance": "Importance, points",
    "importance_low": "95 % from",
    "importance_high": "95 % to",
    "is_clear": "Clear",
    "quadrant": "Advice",
}


def tab(view: View, asked: Asked) -> None:
    """The answer with its fit, the map of importance and performance, and the numbers."""
    with st.spinner("Comparing what goes with low scores …"):
        found = _drivers(view, asked)
    if found.reason:
        st.info(escape(found.reason), icon=":material/extension:")
        return
    st.markdown(f"**{escape(_answer(found, measured.WHO[asked.measure][2]))}**")
    st.caption(escape(_fit(found)))
    left, right = st.columns([4, 3], gap="medium")
    with left:
        st.header("Importance and performance")
        page.chart(cache.made(view, _map, asked), "drivers_map", "Drivers by performance and importance")
    with right:
        st.header("By importance")
        page.chart(cache.made(view, _bars, asked), "drivers_bars", "Drivers by importance with 95 % intervals")
    with st.expander("The numbers behind the charts"):
        tables.result_table(_rows(found), "drivers_rows", title="Drivers", names=NAMES | measured.names(asked.measure))
        if len(found.lateness):
            late = found.lateness.rename(columns={"performance": _measured(asked.measure), "share_low": "share_bottom"})
            tables.result_table(late, "drivers_lateness", title="By days late", names={"step": "Delivered"} | measured.names(asked.measure))
    st.caption(EXPLANATION)


def _measured(measure: Measure) -> str:
    """The column of a measure, as tables read it."""
    return "csat_share" if measure == "csat" else measure


def _rows(found: drivers.Drivers) -> pd.DataFrame:
    renamed = {"performance": _measured(found.measure), "low": "importance_low", "high": "importance_high"}
    return found.table.drop(columns=["feature", "value", "p"]).rename(columns=renamed)


def _drivers(view: View, asked: Asked) -> drivers.Drivers:
    return cache.answer(view, drivers.drivers, asked.measure, view.start, view.end, shown=True)


def _map(view: View, asked: Asked) -> go.Figure:
    return charts.quadrants(_drivers(view, asked), asked.measure)


def _bars(view: View, asked: Asked) -> go.Figure:
    return charts.importance(_drivers(view, asked).table)


def _answer(found: drivers.Drivers, worst: str) -> str:
    clear = found.table[found.table["is_clear"] & (found.table["importance"] > 0)]
    if clear.empty:
        few = found.table[found.table["is_clear"]].sort_values("importance").head(1)
        but = "".join(f"; {row.label} goes with fewer of them ({row.importance:+.0f} points)" for row in few.itertuples())
        return f"Nothing in the data goes clearly with low scores ({count(found.n_low)} of {count(found.n_used)} responses are low){but}."
    first = clear.sort_values("importance", ascending=False).head(3)
    named = ", ".join(f"{row.label} (+{row.importance:.0f} points)" for row in first.itertuples())
    return f"Low scores go most with {named}: by so many points the share of {worst} is higher, everything else equal."


def _fit(found: drivers.Drivers) -> str:
    how = next((word for below, word in FITS if found.auc < below), "well") if found.tells_apart else FITS[0][1]
    bounds = f"AUC {found.auc:.2f}, 95 %: {found.auc_low:.2f} to {found.auc_high:.2f}; {share(found.explained)} of the deviance explained"
    text = f"From {count_of(found.n_used, 'response')}, {count(found.n_low)} of them low. Fit: these drivers tell low scores from others {how} ({bounds})."
    elsewhere = " Look elsewhere, too." if how == FITS[0][1] else ""
    sample = " Fitted on a random sample of the responses." if found.is_sample else ""
    return text + elsewhere + sample
