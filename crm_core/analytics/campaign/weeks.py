"""How did results come in, week by week?

Grain: group and week since the campaign's start, cumulative. For a chart: looks before the end give no verdict.
"""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa

from crm_core.analytics.campaign.members import CONTROL, TREATMENT, Members, Results, members, results, sold
from crm_core.analytics.campaign.outcome import Campaign, known_until
from crm_core.workspace import Workspace

COLUMNS = ("day", "group", "customers", "buyers", "response", "sales", "margin")


def weekly(ws: Workspace, snapshot: pa.Table, campaign: Campaign, as_of: date) -> pd.DataFrame:
    """Two rows a week, treatment first. Columns: day (the last one counted: of a whole week, or the last known), group, customers (all assigned),
    buyers (with a purchase from the start to that day), response (their share), sales and margin a customer (margin missing where it is not known). A group
    without customers has no rows. Orders are formed from all lines known, so that an order that a later line took apart never counts.

    Raises AnalysisError as `outcome.outcome` does.
    """
    assigned, until = members(snapshot), known_until(ws, campaign, as_of)
    found = results(ws, assigned, campaign.start, until, campaign.margin)
    money = _money(ws, assigned, campaign.start, until)
    days = [min(day, until - timedelta(days=1)) for day in _last_days(campaign.start, until)]
    sides = [
        _side(found, money, campaign, days, is_control, int(counts.sum()))
        for is_control, counts in enumerate(assigned.counts())
        if counts.sum()
    ]
    return pd.concat(sides).sort_values(["day", "group"], ascending=[True, False], kind="stable", ignore_index=True)[list(COLUMNS)]


def _last_days(start: date, until: date) -> list[date]:
    weeks = -((start - until).days // 7)
    return [start + timedelta(days=7 * week + 6) for week in range(weeks)]


def _money(ws: Workspace, assigned: Members, start: date, until: date) -> pd.DataFrame:
    """is_control, week (from 0), sales, profit (of the lines whose cost is known)."""
    rows = sold(ws, assigned, start, until)
    since = rows.line_at.date().epoch_days() - (start - date(1970, 1, 1)).days
    by_week = rows.group_by("is_control", week=(since / 7).floor().cast("int64"))
    return ws.execute(by_week.aggregate(sales=_sum(rows.net_amount), profit=_sum(rows.net_amount - rows.cost_amount)))


def _sum(amounts: ir.DecimalValue) -> ibis.Value:
    return amounts.sum().cast("float64").fill_null(0.0)


def _side(found: Results, money: pd.DataFrame, campaign: Campaign, days: list[date], is_control: int, customers: int) -> pd.DataFrame:
    own = money[money["is_control"] == bool(is_control)].set_index("week")[["sales", "profit"]].reindex(range(len(days)), fill_value=0.0)
    bought = found.bought_after[found.is_buyer & (found.is_control == bool(is_control))] // 7
    buyers = np.bincount(bought, minlength=len(days)).cumsum()
    sales = own["sales"].cumsum().to_numpy() / customers
    profit = own["profit"].cumsum().to_numpy() / customers
    return pd.DataFrame(
        {
            "day": days,
            "group": CONTROL if is_control else TREATMENT,
            "customers": customers,
            "buyers": buyers,
            "response": buyers / customers,
            "sales": sales,
            "margin": sales * campaign.margin if campaign.margin is not None else profit if found.margin is not None else np.nan,
        }
    )
