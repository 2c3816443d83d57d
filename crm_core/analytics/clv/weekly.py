"""Purchases week by week: what happened, what the model expects of the past and of the time ahead, and which seasons it misses.

Grain: week, counted back and on from as_of. All figures are repeat purchase days; the time ahead holds those of today's customers only.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
from scipy import interpolate

from crm_core.analytics.clv import customers, forecast
from crm_core.analytics.clv.forecast import Choice, Settings, Terms
from crm_core.analytics.clv.holdout import Holdout, as_date
from crm_core.analytics.clv.models import Nbd, SameRate
from crm_core.analytics.clv.quadrature import Floats
from crm_core.analytics.clv.units import DAYS_A_MONTH, days_per
from crm_core.workspace import Workspace

NORMAL = 1.645
#: Times between now and the horizon at which sums over all customers are taken; weeks lie between them on a spline.
NODES = 20
#: A month is said to be missed from this share off on.
MISSED = 0.15
FEWEST_MONTHS = 12


def weeks(ws: Workspace, as_of: date, settings: Settings = Settings(), terms: Terms = Terms()) -> pd.DataFrame:
    """Columns: week_from (first day), actual, expected, low, high; the past has actual and expected, the time ahead expected and its 90 %
    band."""
    choice = forecast.choose(ws, as_of, settings)
    past = _past(ws, choice)
    ahead = _ahead(choice, terms.months)
    return pd.concat([past, ahead], ignore_index=True)


def _past(ws: Workspace, choice: Choice) -> pd.DataFrame:
    """Whole weeks that end with as_of, the first one with whole data; expected by the parameters alone, of customers from their first
    purchase on."""
    actual, expected = _daily(ws, choice)
    whole = len(actual) // 7
    by_week = [values[len(values) - 7 * whole :].reshape(whole, 7).sum(axis=1) for values in (actual, expected)]
    starts = [choice.as_of - timedelta(days=7 * (whole - week)) for week in range(whole)]
    return pd.DataFrame({"week_from": starts, "actual": by_week[0], "expected": by_week[1]})


def _daily(ws: Workspace, choice: Choice) -> tuple[Floats, Floats]:
    """Repeat purchases of each day from the first on, and those expected; by the NBD where a rule forecasts that has no law of new
    customers."""
    table, days = customers.histories(ws, choice.as_of), customers.purchase_days(ws, choice.as_of)
    began = ws.execute(table.group_by(day="first_on").aggregate(number=table.count()))
    bought = days.filter(days.is_purchase)
    seen = ws.execute(bought.group_by("day").aggregate(number=bought.count()))
    first = min(as_date(day) for day in began["day"])
    new, every = (_by_day(frame, first, choice.as_of) for frame in (began, seen))
    model = choice.model
    if isinstance(model, SameRate):
        h = customers.counted(ws, table, choice.settings.unit)
        model = Nbd().fit(h.x, h.t_x, h.T, h.customers)
    ages = np.arange(len(new) + 1) / days_per(choice.settings.unit)
    zeros = np.zeros(len(ages))
    until = model.alive(zeros, zeros).expected(ages)  # type: ignore[arg-type]  # a time for each
    return every - new, np.convolve(new, np.append(0.0, np.diff(until)[:-1]))[: len(new)]


def _by_day(frame: pd.DataFrame, first: date, as_of: date) -> Floats:
    found = np.zeros((as_of - first).days)
    found[[(as_date(day) - first).days for day in frame["day"]]] = frame["number"]
    return found


def _ahead(choice: Choice, months: int) -> pd.DataFrame:
    days = round(months * DAYS_A_MONTH)
    value, week = choice.valuation, 7 / days_per(choice.settings.unit)
    count = max(1, -(-days // 7))
    times = np.linspace(0, 1, NODES) ** 1.5 * count * week
    h, (x, T, kind) = value.histories, value.pairs
    process = value.model.alive(x, T)
    alive = np.bincount(kind, h.customers * value.p_alive, len(x))
    squares = np.bincount(kind, h.customers * value.p_alive**2, len(x))
    until = np.array([alive @ process.expected(t) for t in times])
    apart = np.array([alive @ process.pairs(t) - squares @ ((process.expected(t + week) - process.expected(t)) / week) ** 2 for t in times])
    ends = np.arange(count + 1) * week
    expected = np.diff(interpolate.PchipInterpolator(times, until)(ends))
    variance = (expected + np.maximum(np.interp(ends[:-1], times, apart), 0.0) * week**2) * _strayed(choice.holdout, choice.rule)
    half = NORMAL * np.sqrt(variance)
    starts = [choice.as_of + timedelta(days=7 * one) for one in range(count)]
    return pd.DataFrame({"week_from": starts, "expected": expected, "low": np.maximum(expected - half, 0.0), "high": expected + half})


def _strayed(tested: Holdout | None, rule: str) -> float:
    """By how much the variance of the held-out weeks was more than that of counts; at least 1."""
    result = (tested.of(rule) or tested.results[0]) if tested else None
    if tested is None or result is None:
        return 1.0
    whole = slice(0, (tested.until - tested.cut).days // 7)
    expected, actual = np.array(result.weekly[whole]), np.array(tested.actual_weekly[whole])
    return max(1.0, float(np.mean((actual - expected) ** 2 / np.maximum(expected, 1.0)))) if len(actual) else 1.0


def months(ws: Workspace, as_of: date, settings: Settings = Settings()) -> pd.DataFrame:
    """The past by calendar months, whole ones: month (first day), actual, expected, ratio (missing where nothing is expected)."""
    choice = forecast.choose(ws, as_of, settings)
    actual, expected = _daily(ws, choice)
    days = pd.date_range(end=pd.Timestamp(as_of) - pd.Timedelta(days=1), periods=len(actual))
    daily = pd.DataFrame({"month": days.to_period("M"), "actual": actual, "expected": expected})
    found = daily.groupby("month").agg(actual=("actual", "sum"), expected=("expected", "sum"), days=("actual", "size"))
    whole = found[found["days"] == pd.PeriodIndex(found.index).days_in_month].drop(columns="days").reset_index()
    whole["month"] = whole["month"].dt.to_timestamp().dt.date
    return whole.assign(ratio=whole["actual"] / whole["expected"].where(whole["expected"] > 0))


def missed_seasons(frame: pd.DataFrame) -> str:
    """Which calendar months the model misses by more than chance, in a sentence; of `months`."""
    known = frame.dropna(subset=["ratio"])
    if len(known) < FEWEST_MONTHS:
        return "Seasons: the data holds fewer than twelve whole months, so they cannot be told from chance; the models know none."
    level = known["actual"].sum() / known["expected"].sum()
    by_month = known.assign(number=[day.month for day in known["month"]]).groupby("number")[["actual", "expected"]].sum()
    off = by_month["actual"] / (by_month["expected"] * level) - 1
    sure = off[(off.abs() >= MISSED) & ((by_month["actual"] - by_month["expected"] * level).abs() > 2.58 * np.sqrt(by_month["expected"]))]
    if sure.empty:
        return "Seasons: no calendar month is more than 15 % off what the model expects."
    told = ", ".join(f"{date(2001, number, 1):%B} {100 * share:+.0f} %" for number, share in sure.sort_values().items())
    return f"Seasons that the model misses (actual against expected): {told}. It spreads purchases evenly over the year."
