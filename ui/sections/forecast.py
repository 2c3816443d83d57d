"""The forecast in charts: how value spreads over customers, week by week, by group, and by frequency and recency."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from crm_core.analytics.clv import report, weekly
from crm_core.charts import value as charts
from ui import answers, cache, page, tables, tiles
from ui.guards import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    import ibis.expr.types as ir
    import pandas as pd
    import plotly.graph_objects as go

    from ui.frame import View
    from ui.sections.forecast_terms import Asked

SEGMENTS = "Segments"
WEEKS_HELP = """Past: repeat purchases of all customers, and what the model expects of customers who joined when they did. Ahead: those of
today’s customers only, which is why the line falls: customers still to be won are not in it. The band holds 90 % of weeks: chance, and
how far the weeks of the test strayed."""
MATRIX_HELP = """What the model says of a customer who has been one for as long as the data goes: how likely still active, and how many
purchases to expect, by how often they bought again (across) and how long after the first purchase the last one was (upwards). Top left:
few purchases, the last one lately."""
MATRICES = {"p_alive": "Probability of being active, P(alive)", "purchases": "Purchases expected in the horizon"}


def summary(view: View, asked: Asked) -> page.Summary:
    """What the page says first."""
    return cache.made(view, _summary, asked)


def _summary(view: View, asked: Asked) -> page.Summary:
    found, months, currency = headline(view, asked), asked.terms.months, view.ws.currency
    figures = tuple(tiles.customer_value(found, months, currency))
    return page.Summary(answers.customer_value(found, months, currency), answers.forecast_caveats(found, months), figures)


def listed(view: View, asked: Asked) -> tuple[Callable[..., ir.Table], tuple[Hashable, ...]]:
    """The customers with their forecast, as a table of customers takes them."""
    return report.listed, (view.as_of, asked.settings, asked.terms, view.settings)


def headline(view: View, asked: Asked) -> report.Headline:
    return cache.answer(view, report.headline, view.as_of, asked.settings, asked.terms, shown=True)


def value(view: View, asked: Asked) -> None:
    """How value spreads over customers, and purchases week by week."""
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.header("How value spreads")
        page.chart(cache.made(view, _distribution, asked), "value_distribution", "Customers by range of forecast value")
    with right:
        st.header("Purchases week by week")
        page.chart(cache.made(view, _weeks, asked), "value_weeks", "Repeat purchases a week: actual, expected, and forecast with its band")
        st.caption(WEEKS_HELP)
    with st.expander("The numbers behind the charts"):
        rows = _spread(view, asked).rename(columns={"low": "from", "high": "to"})
        tables.result_table(rows, "value_distribution_rows", title="Customers by forecast value", currency=view.ws.currency)
        names = {"week_from": "Week from", "expected": "Expected", "low": "90 % from", "high": "90 % to"}
        weeks = _weekly(view, asked).rename(columns=names)
        tables.result_table(weeks, "value_weeks_rows", title="Purchases by week")


def _spread(view: View, asked: Asked) -> pd.DataFrame:
    return cache.answer(view, report.distribution, view.as_of, asked.settings, asked.terms, shown=True)


def _weekly(view: View, asked: Asked) -> pd.DataFrame:
    return cache.answer(view, weekly.weeks, view.as_of, asked.settings, asked.terms)


def _distribution(view: View, asked: Asked) -> go.Figure:
    return charts.distribution(_spread(view, asked), view.ws.currency)


def _weeks(view: View, asked: Asked) -> go.Figure:
    found = headline(view, asked)
    return charts.weeks(_weekly(view, asked), view.as_of, "NBD" if found.is_naive else found.label)


def groups(view: View, asked: Asked) -> None:
    """Value by RFM segment or by any attribute, each with its interval."""
    fields = {report.SEGMENT: SEGMENTS} | view.ws.split_fields()
    chosen = st.selectbox("Group by", list(fields), format_func=lambda field: escape(fields[field]), key="value_groups")
    field = chosen if chosen in fields else report.SEGMENT
    page.chart(cache.made(view, _groups, asked, field), "value_by_group", "Forecast value by group, with 90 % intervals")
    rows = _grouped(view, asked, field)
    names = {"group": fields[field], "active": "Probably active", "purchases": "Purchases expected", "value": "Forecast value"}
    shown = rows.rename(columns={"low": "value_low", "high": "value_high"}).dropna(axis="columns", how="all")
    names |= {"value_low": "90 % from", "value_high": "90 % to"}
    tables.result_table(shown, "value_groups_rows", title="Forecast value by group", names=names, currency=view.ws.currency)
    if len(rows) == MOST_GROUPS:
        st.caption(f"The {MOST_GROUPS} most valuable groups.")


MOST_GROUPS = 20


def _grouped(view: View, asked: Asked, field: str) -> pd.DataFrame:
    return cache.answer(view, report.by_group, view.as_of, asked.settings, asked.terms, field, view.settings, shown=True, most=MOST_GROUPS)


def _groups(view: View, asked: Asked, field: str) -> go.Figure:
    label = SEGMENTS if field == report.SEGMENT else view.ws.split_fields()[field]
    return charts.groups(_grouped(view, asked, field), label, view.ws.currency)


def matrices(view: View, asked: Asked) -> None:
    """P(alive) and purchases by frequency and recency, side by side."""
    for column, (value, title) in zip(st.columns(2, gap="large"), MATRICES.items(), strict=True):
        with column:
            st.header(title)
            page.chart(cache.made(view, _matrix, asked, value), f"value_matrix_{value}", f"{title}, by frequency and recency")
    st.caption(MATRIX_HELP)
    with st.expander("The numbers behind the matrices"):
        rows = _matrix_rows(view, asked)
        tables.result_table(rows, "value_matrix_rows", title="By frequency and recency", names={"purchases": "Purchases expected"})


def _matrix_rows(view: View, asked: Asked) -> pd.DataFrame:
    return cache.answer(view, report.matrix, view.as_of, asked.settings, asked.terms)


def _matrix(view: View, asked: Asked, value: str) -> go.Figure:
    return charts.matrix(_matrix_rows(view, asked), value)
