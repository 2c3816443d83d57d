"""One customer: how likely they are still active, when the next purchase is expected, and what they will be worth.

Grain: one customer with a purchase before as_of.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from scipy import optimize

from crm_core.analytics.clv import customers, forecast
from crm_core.analytics.clv.forecast import Choice, Settings, Terms
from crm_core.analytics.clv.holdout import as_date
from crm_core.analytics.clv.quadrature import Floats
from crm_core.analytics.clv.units import days_per
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace

#: Points of the curve of P(alive).
POINTS = 160
LONGEST_YEARS = 20


@dataclass(frozen=True)
class Person:
    """What the forecast says of a customer. Days are counted from as_of: within `next_days` the next purchase comes with even odds if the
    customer is still active (None: not within twenty years); `buys_again` is the probability of a purchase in the horizon. `p_alive` is
    None where not provided."""

    customer_id: str
    first_on: date
    last_on: date
    purchases: int
    p_alive: float | None
    expected_purchases: float
    expected_spend: float
    value: float
    low: float
    high: float
    buys_again: float
    next_days: int | None
    usual_gap_days: float | None
    unknown: tuple[str, ...]


def person(ws: Workspace, as_of: date, customer_id: str, settings: Settings = Settings(), terms: Terms = Terms()) -> Person:
    """See Person. Raises AnalysisError for a customer without a purchase."""
    choice = forecast.choose(ws, as_of, settings)
    table = forecast.scored(ws, choice, terms)
    rows = ws.execute(table.filter(table.customer_id == customer_id))
    if rows.empty:
        raise AnalysisError("Nothing to forecast", "This customer has no purchase before the day looked from.", "Choose another customer.")
    row = rows.iloc[0]
    x, t_x, T = _basis(choice, row)
    alive = float(choice.model.conditional_probability_alive(x, t_x, T)[0])
    horizon = choice.outlook(terms.months).times[-1]
    unit = days_per(settings.unit)
    frequency, recency = int(row["frequency"]), float(row["recency"])
    return Person(
        customer_id=customer_id,
        first_on=as_date(row["first_on"]),
        last_on=as_date(row["first_on"]) + timedelta(days=round(recency * unit)),
        purchases=frequency + 1,
        p_alive=float(row["p_alive"]) if choice.has_p_alive else None,
        expected_purchases=float(row["expected_purchases"]),
        expected_spend=float(row["expected_spend"]),
        value=float(row["clv"]),
        low=float(row["clv_low"]),
        high=float(row["clv_high"]),
        buys_again=alive * (1 - float(choice.model.alive(x, T).none(horizon)[0])),
        next_days=_next_days(choice, x, T) if alive > 0 else None,
        usual_gap_days=recency * unit / frequency if frequency else None,
        unknown=_unknown(choice, frequency),
    )


def _basis(choice: Choice, row: pd.Series) -> tuple[Floats, Floats, Floats]:
    """x, t_x and T that the forecast looks at, each of shape (1,)."""
    one = customers.Histories(np.array([row["history"]], dtype=np.int64), np.ones(1), choice.settings.unit)
    return one.x, one.t_x, one.T


def _next_days(choice: Choice, x: Floats, T: Floats) -> int | None:
    """The median time to the next purchase of a customer who is active."""
    process, unit = choice.model.alive(x, T), days_per(choice.settings.unit)
    longest = LONGEST_YEARS * 365.25 / unit

    def is_later(t: float) -> float:
        return float(process.none(t)[0]) - 0.5

    if is_later(longest) > 0:
        return None
    return max(1, int(np.ceil(optimize.brentq(is_later, 0.0, longest, xtol=1e-4) * unit)))


def _unknown(choice: Choice, frequency: int) -> tuple[str, ...]:
    """What the model does not know of this customer."""
    found = ["It knows when and for how much this customer bought, and nothing else: no campaign, complaint, price or season."]
    if frequency == 0:
        found.append("After a single purchase it can only say what customers alike do; the interval is accordingly wide.")
    if frequency == 0 and choice.has_p_alive and float(choice.model.conditional_probability_alive(0, 0, 1e9)[0]) == 1.0:
        found.append(f"{choice.model.LABEL} lets nobody leave before a second purchase, so P(alive) is 1 here whatever the silence.")
    if not choice.has_p_alive:
        found.append(f"The forecast is by “{choice.label}”: whether this customer is still active is not provided.")
    found.append("The interval holds chance, not the uncertainty of the model's parameters.")
    return tuple(found)


def alive_over_time(ws: Workspace, as_of: date, customer_id: str, settings: Settings = Settings(), ahead_days: int = 180) -> pd.DataFrame:
    """P(alive) as it stood on each day by the parameters of today: day, p_alive, is_ahead (if nothing is bought from as_of on). Empty
    where not provided.

    Raises AnalysisError for a customer without a purchase.
    """
    choice = forecast.choose(ws, as_of, settings)
    if not choice.has_p_alive:
        return pd.DataFrame({"day": [], "p_alive": [], "is_ahead": []})
    days = customers.purchase_days(ws, as_of)
    own = ws.execute(days.filter(days.is_purchase, days.customer_id == customer_id).select("day").order_by("day"))
    if own.empty:
        raise AnalysisError("Nothing to show", "This customer has no purchase before the day looked from.", "Choose another customer.")
    bought = np.array([as_date(day).toordinal() for day in own["day"]])
    last = as_of.toordinal() - 1
    step = max(1, (last + ahead_days - bought[0]) // POINTS)
    moments = np.unique(np.concatenate([np.arange(bought[0], last + ahead_days + 1, step), bought, bought[1:] - 1, [last]]))
    place = np.searchsorted(bought, moments, side="right") - 1  # the latest purchase by then
    unit = days_per(settings.unit)
    alive = choice.model.conditional_probability_alive(
        place.astype(float), (bought[place] - bought[0]) / unit, (moments - bought[0]) / unit
    )
    return pd.DataFrame({"day": [date.fromordinal(int(one)) for one in moments], "p_alive": alive, "is_ahead": moments > last})
