"""What customers did after their answer, and how much money is with each band of scores."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

import streamlit as st

from crm_core.analytics.satisfaction import money
from crm_core.analytics.satisfaction.measures import BANDS
from crm_core.charts import satisfaction as charts
from ui import cache, guards, page, tables
from ui.guards import escape
from ui.numbers import amount, count_customers, share
from ui.sections import measured
from ui.state import Url

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from ui.frame import View
    from ui.sections.satisfaction import Asked

WINDOW_HELP = "Only answers at least so old are looked at, so that everybody had the same time to buy."
EXPLANATION = """Under “What is at stake”: net sales of the last 12 months, forecast value of the next 12. Below: a customer’s last answer that is at
least the window old counts. Share with 95 % interval by Wilson; median days to the next purchase by Kaplan–Meier (who has not bought yet counts as
waiting); net sales within the window, the mean of a customer with its 95 % t interval. Scores and purchases go together; that does not make one the
cause of the other."""
NAMES = {
    "band": "Score",
    "buyers": "Bought again",
    "repurchase_share": "Share",
    "low_share": "95 % from",
    "high_share": "95 % to",
    "median_days": "Days to next purchase",
    "mean_value": "Net sales each",
    "value_low": "Net sales from",
    "value_high": "Net sales to",
}
AS_SHARES = {"share_low": "low_share", "share_high": "high_share"}
STAKE_NAMES = {"band": "Last score", "net_sales": "Net sales, 12 months", "clv": "Forecast, 12 months"}


def tab(view: View, asked: Asked) -> None:
    """Do those who like us buy more afterwards, and what is at stake with those who do not?"""
    if not guards.has(view, "order_lines", what="Comparing scores with purchases"):
        return
    days = page.one_of("Days after the answer", {one: str(one) for one in money.WINDOWS}, Url.WINDOW, 90, WINDOW_HELP)
    found, stake = _afterwards(view, asked, days), _at_stake(view, asked)
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.header("Do they buy again?")
        st.markdown(f"**{escape(_answer(found, asked))}**")
        page.chart(
            cache.made(view, _repurchase, asked, days), "satisfaction_repurchase", "Share of customers who bought again, by band of score"
        )
    with right:
        st.header("What is at stake")
        st.markdown(f"**{escape(_stake(stake, asked, view.ws.currency))}**")
        tables.result_table(
            stake.dropna(axis="columns", how="all") if len(stake) else stake,
            "satisfaction_stake",
            title="Money by last score",
            names=STAKE_NAMES,
            currency=view.ws.currency,
        )
    tables.result_table(
        found.bands.rename(columns=AS_SHARES), "satisfaction_money", title="After the answer", names=NAMES, currency=view.ws.currency
    )
    st.caption(EXPLANATION)


def _afterwards(view: View, asked: Asked, days: int) -> money.Afterwards:
    return cache.answer(view, money.afterwards, asked.measure, view.as_of, days, shown=True)


def _at_stake(view: View, asked: Asked) -> pd.DataFrame:
    return cache.answer(view, money.at_stake, asked.measure, view.as_of, shown=True)


def _repurchase(view: View, asked: Asked, days: int) -> go.Figure:
    return charts.repurchase(_afterwards(view, asked, days).bands, days)


def _answer(found: money.Afterwards, asked: Asked) -> str:
    names, (best, _, worst) = BANDS[asked.measure], measured.WHO[asked.measure]
    rows = found.bands.set_index("band") if len(found.bands) else found.bands
    if found.share_gap is None:
        return f"Too few answers are {found.days} days old to compare {best} with {worst}."
    a, b = (share(float(rows["repurchase_share"][name])) for name in (names[0], names[2]))
    gap = f"{100 * found.share_gap.low:+.1f} to {100 * found.share_gap.high:+.1f} points"
    verdict = f"a significant difference (95 %: {gap})" if found.share_gap.excludes_zero else f"no significant difference (95 %: {gap})"
    return f"Within {found.days} days {a} of {best} bought again, {b} of {worst}: {verdict}."


def _stake(frame: pd.DataFrame, asked: Asked, currency: str) -> str:
    worst = BANDS[asked.measure][2]
    rows = frame[frame["band"] == worst]
    if rows.empty:
        return f"No customer’s last score is among the worst ({worst.lower()})."
    row = rows.iloc[0]
    part = "" if isnan(row["sales_share"]) else f", {share(row['sales_share'])} of all"
    ahead = "" if isnan(row["clv"]) else f"; they are expected to bring {amount(row['clv'], currency)} in the next 12 months"
    who = f"{count_customers(row['customers'])} whose last score is among the worst ({worst.lower()})"
    return f"{who} brought {amount(row['net_sales'], currency)} in the last 12 months{part}{ahead}."
