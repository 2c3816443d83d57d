"""The inputs of value models and the rules they have to beat, by their definitions, in pandas. Nothing here is shared with the code tested."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from tests.workspaces import DAY


def by_day(lines: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """customer_id, day, value, is_purchase: the orders before as_of, by their days."""
    frame = lines.assign(day=pd.to_datetime(lines[DAY], format="mixed").dt.normalize(), net_amount=lines["net_amount"].astype(float))
    frame = frame[(frame["day"] < pd.Timestamp(as_of)) & frame["customer_id"].notna()]
    if "is_void" in frame:
        frame = frame[~frame["is_void"]]
    quantity = frame["quantity"].astype(float)
    orders = (
        frame.assign(quantity=quantity)
        .groupby(["customer_id", "order_id"])
        .agg(day=("day", "max"), value=("net_amount", "sum"), quantity=("quantity", lambda one: one.sum(min_count=1)))
    )
    orders["value"] = orders["value"].round(4)
    orders["is_purchase"] = (orders["value"] >= 0) & (orders["quantity"].isna() | (orders["quantity"] > 0))
    days = orders.groupby(["customer_id", "day"]).agg(value=("value", "sum"), is_purchase=("is_purchase", "any"))
    return days.reset_index()


def histories(lines: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """By customer_id: frequency, recency, T (days), monetary_value."""
    days = by_day(lines, as_of)
    rows = {}
    for who, own in days[days["is_purchase"]].sort_values("day").groupby("customer_id"):
        first = own["day"].iloc[0]
        rows[who] = {
            "frequency": len(own) - 1,
            "recency": (own["day"].iloc[-1] - first).days,
            "T": (pd.Timestamp(as_of - timedelta(days=1)) - first).days,
            "monetary_value": own["value"].iloc[1:].mean() if len(own) > 1 else np.nan,
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def bought_between(lines: pd.DataFrame, start: date, end: date) -> pd.Series:
    """Purchase days from `start` to `end` (excluded) after the first, by customer known at the end."""
    days = by_day(lines, end)
    days = days[days["is_purchase"]]
    first = days.groupby("customer_id")["day"].transform("min")
    inside = days[(days["day"] >= pd.Timestamp(start)) & (days["day"] > first)]
    return inside.groupby("customer_id").size().reindex(days["customer_id"].unique(), fill_value=0)


def same_rate(lines: pd.DataFrame, as_of: date, days: float) -> pd.Series:
    """x / T × horizon, 0 at T = 0."""
    known = histories(lines, as_of)
    return (known["frequency"] / known["T"].where(known["T"] > 0) * days).fillna(0.0)


def last_period(lines: pd.DataFrame, as_of: date, days: float) -> pd.Series:
    """Purchase days after the first in the last horizon, scaled up where less was observed."""
    first = by_day(lines, as_of).query("is_purchase")["day"].min().date()
    window = min(round(days), (as_of - first).days)
    return bought_between(lines, as_of - timedelta(days=window), as_of) * days / window
