"""What a page tells of the forecast: the answer, how value spreads over customers and groups, and what the model says of frequency and
recency.

Every function takes the day, how the forecast is made and what it is asked, so that its answer can be kept by these; the choice itself is
remembered by the workspace.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crm_core.analytics import rfm
from crm_core.analytics.clv import forecast, totals
from crm_core.analytics.clv.forecast import Settings, Terms
from crm_core.analytics.clv.holdout import Holdout
from crm_core.analytics.clv.summary import convergence, is_extrapolated, parameters, verdict
from crm_core.analytics.clv.units import days_per
from crm_core.analytics.listing import listing
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace

SEGMENT = "segment"
MATRIX_STEPS = 10
#: What is less than this is nothing, in any currency.
WORTHLESS = 0.005


@dataclass(frozen=True)
class Headline:
    """The answer. `active` and `best_share` (of the best 20 % of customers) are None where not provided or undefined; `low` and `high`
    are the 90 % interval."""

    customers: int
    value: float
    low: float
    high: float
    purchases: float
    active: float | None
    best_share: float | None
    rule: str
    label: str
    reason: str
    notes: tuple[str, ...]
    margin: float
    lost_share: float
    is_extrapolated: bool
    observed_days: int
    correlation: float | None
    correlation_verdict: str
    is_naive: bool


def headline(
    ws: Workspace, as_of: date, settings: Settings = Settings(), terms: Terms = Terms(), shown: ir.Table | None = None
) -> Headline:
    """The answer for the customers shown. Raises AnalysisError without any purchase."""
    choice = forecast.choose(ws, as_of, settings)
    row = totals.total(ws, choice, terms, shown)
    return Headline(
        customers=int(row["customers"]),
        value=float(row["value"]),
        low=float(row["low"]),
        high=float(row["high"]),
        purchases=float(row["purchases"]),
        active=float(row["active"]) if choice.has_p_alive and row["customers"] else None,
        best_share=_best_share(ws, choice, terms, shown, int(row["customers"]), float(row["value"])),
        rule=choice.rule,
        label=choice.label,
        reason=choice.reason,
        notes=choice.notes,
        margin=forecast.margin(ws, as_of, terms),
        lost_share=choice.spending.lost_share,
        is_extrapolated=is_extrapolated(choice, terms),
        observed_days=choice.observed_days,
        correlation=choice.correlation,
        correlation_verdict=verdict(choice.correlation),
        is_naive=choice.rule in forecast.NAIVE,
    )


def _best_share(ws: Workspace, choice: forecast.Choice, terms: Terms, shown: ir.Table | None, customers: int, value: float) -> float | None:
    """Held by the best 20 %, their count rounded up; undefined where the total is zero or less."""
    if value < WORTHLESS:
        return None
    table = _shown(forecast.customers(ws, choice, terms), shown)
    best = table.order_by(ibis.desc("clv")).limit(-(-customers // 5))
    return float(ws.execute(best.clv.sum())) / value


def _shown(table: ir.Table, shown: ir.Table | None) -> ir.Table:
    return table if shown is None else table.semi_join(shown, "customer_id")


#: What lists of customers tell of the forecast.
LISTED = ("clv", "p_alive")
#: The columns of a forecast in the order that a reader wants them.
ORDER = (
    "clv",
    "clv_low",
    "clv_high",
    "p_alive",
    "expected_purchases",
    "expected_spend",
    "frequency",
    "recency_days",
    "T_days",
    "monetary_value",
)


def with_forecast(ws: Workspace, as_of: date, table: ir.Table) -> ir.Table:
    """A list with customer_id and the columns of LISTED that it does not have yet: the forecast of 12 months by the usual settings,
    missing for customers without a purchase, and left out where nobody has one."""
    missing = [column for column in LISTED if column not in table.columns]
    if not missing:
        return table
    try:
        known = forecast.customers(ws, forecast.choose(ws, as_of)).select("customer_id", *missing)
    except AnalysisError:
        return table
    joined = table.left_join(known, "customer_id").drop("customer_id_right")
    attributes = [column for column in table.columns if column in ws.split_fields()]  # stay last
    return joined.select(*(column for column in joined.columns if column not in attributes), *attributes)


def listed(
    ws: Workspace,
    as_of: date,
    settings: Settings = Settings(),
    terms: Terms = Terms(),
    rules: rfm.RfmSettings = rfm.RfmSettings(),
    shown: ir.Table | None = None,
) -> ir.Table:
    """The forecast of each customer in the columns of `forecast.customers` (recency and T in days), with name, segment and the split
    fields of the data."""
    known = listing(ws, as_of, rules, shown)
    first = [column for column in ("customer_id", "name", "segment") if column in known.columns]
    others = [column for column in known.columns if column in ws.split_fields()]
    worth, unit = forecast.customers(ws, forecast.choose(ws, as_of, settings), terms), days_per(settings.unit)
    worth = worth.mutate(recency_days=(worth.recency * unit).round().cast("int64"), T_days=(worth["T"] * unit).round().cast("int64"))
    return known.select(*first, *others).inner_join(worth, "customer_id").select(*first, *ORDER, *others)


def distribution(
    ws: Workspace, as_of: date, settings: Settings = Settings(), terms: Terms = Terms(), shown: ir.Table | None = None
) -> pd.DataFrame:
    """One row a range of value, in the steps 1, 2, 5, 10 ..., ascending: low, high (missing at the ends; both 0 for nothing at all),
    customers, value (their sum).

    Values below a thousandth of the largest are one range.
    """
    choice = forecast.choose(ws, as_of, settings)
    table = _shown(forecast.customers(ws, choice, terms), shown)
    most = ws.execute(table.clv.abs().max())
    if most is None or not np.isfinite(most):
        return pd.DataFrame({"low": [], "high": [], "customers": [], "value": []})
    if most < WORTHLESS:
        return pd.DataFrame({"low": [0.0], "high": [0.0], "customers": [int(ws.execute(table.count()))], "value": [0.0]})
    edges = _edges(float(most))
    nothing = (table.clv == 0, -1)
    reached = ibis.cases(nothing, *((table.clv >= edge, place) for place, edge in reversed(list(enumerate(edges, start=1)))), else_=0)
    counted = ws.execute(table.group_by(place=reached).aggregate(customers=table.count(), value=table.clv.sum()).order_by("place"))
    counted["low"] = [0.0 if place < 0 else edges[place - 1] if place else np.nan for place in counted["place"]]
    counted["high"] = [0.0 if place < 0 else edges[place] if place < len(edges) else np.nan for place in counted["place"]]
    return counted[["low", "high", "customers", "value"]].sort_values(["low", "high"], na_position="first", ignore_index=True)


def _edges(most: float) -> list[float]:
    """1, 2, 5, 10 ... from a thousandth of the largest up to it, the same below zero, and zero between them."""
    powers = [base * 10.0**power for power in range(-4, 16) for base in (1, 2, 5)]
    steps = [step for step in powers if most / 1000 <= step < most]
    return [*(-step for step in reversed(steps)), 0.0, *steps]


def by_group(
    ws: Workspace,
    as_of: date,
    settings: Settings = Settings(),
    terms: Terms = Terms(),
    field: str = SEGMENT,
    rules: rfm.RfmSettings = rfm.RfmSettings(),
    shown: ir.Table | None = None,
    most: int = 20,
) -> pd.DataFrame:
    """Value by RFM segment or by a column of customers, largest first, at most `most` groups. Columns: group ("" where unknown),
    customers, active, purchases, value, low, high.

    Raises AnalysisError for a column that the customers do not have.
    """
    choice = forecast.choose(ws, as_of, settings)
    if field == SEGMENT:
        groups = rfm.customers(ws, as_of, rules).select("customer_id", group="segment")
    elif field in ws.split_fields():
        groups = ws.table("customers").select("customer_id", group=field)
    else:
        raise AnalysisError("Nothing to split by", "The customers have no such column.", "Take it along as an attribute on the Data page.")
    found = totals.by(ws, choice, terms, groups, shown, most)
    found["group"] = found["group"].fillna("")
    return found


def matrix(ws: Workspace, as_of: date, settings: Settings = Settings(), terms: Terms = Terms()) -> pd.DataFrame:
    """What the model says of a customer who has been one for as long as the data goes, by frequency and recency: at most ten steps each.

    Columns: frequency, recency_days, p_alive (missing where not provided), purchases (expected in the horizon), customers (those with that
    frequency up to the next step and that recency, of any age).
    """
    choice = forecast.choose(ws, as_of, settings)
    if choice.rule == "last_period":
        return pd.DataFrame({"frequency": [], "recency_days": [], "p_alive": [], "purchases": [], "customers": []})
    h, unit = choice.valuation.histories, days_per(settings.unit)
    oldest = float(h.T.max())
    frequencies = _steps(h.x[h.x > 0], h.customers[h.x > 0])
    recencies = np.unique(np.round(np.linspace(0, oldest * unit, MATRIX_STEPS + 1)[1:]))
    x, days = (one.ravel() for one in np.meshgrid(frequencies, recencies))
    T = np.full(len(x), oldest)
    alive = choice.model.conditional_probability_alive(x, np.minimum(days / unit, T), T)
    purchases = alive * choice.model.alive(x, T).expected(choice.outlook(terms.months).times[-1])
    frame = pd.DataFrame({"frequency": x.astype(int), "recency_days": days.astype(int), "p_alive": alive, "purchases": purchases})
    if not choice.has_p_alive:
        frame["p_alive"] = np.nan
    column = np.searchsorted(frequencies, h.x, side="right") - 1
    row = np.searchsorted(recencies, h.t_x * unit - 1e-9)
    inside = (column >= 0) & (row < len(recencies))
    counts = np.zeros((len(recencies), len(frequencies)))
    np.add.at(counts, (row[inside], column[inside]), h.customers[inside])
    frame["customers"] = counts.ravel().astype(int)
    return frame


def _steps(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """At most ten whole numbers from 1 to the frequency that 99 % of repeat customers stay below, closer together where most customers
    are."""
    if not len(x):
        return np.array([1.0])
    order = np.argsort(x)
    reached = np.cumsum(weights[order])
    top = max(float(x[order][np.searchsorted(reached, 0.99 * reached[-1])]), 2.0)
    return np.unique(np.round(np.geomspace(1, top, MATRIX_STEPS)))


#: What each parameter means, for those who ask.
MEANINGS = {
    "r": "shape of the purchase rates: the smaller, the more customers differ in how often they buy",
    "alpha": "scale of the purchase rates: r / alpha is the average rate in purchases a unit of time",
    "a": "with b, how likely a customer leaves after a purchase: a / (a + b) on average",
    "b": "with a, how much customers differ in that",
    "s": "shape of the rates of leaving: the smaller, the more customers differ in how long they stay",
    "beta": "scale of the rates of leaving: s / beta is the average rate a unit of time",
    "p": "shape of the value of a customer's purchases: the larger, the more alike they are",
    "q": "shape of customers' average values: the larger, the more alike; a mean needs q > 1",
    "gamma": "scale of customers' average values",
}


@dataclass(frozen=True)
class Quality:
    """Whether the forecast can be believed. `parameters` has columns parameter, estimate, standard_error, meaning."""

    rule: str
    label: str
    reason: str
    unit: str
    engine: str
    is_identified: bool | None
    why_not: str
    log_likelihood: float | None
    parameters: pd.DataFrame
    holdout: Holdout | None


def quality(ws: Workspace, as_of: date, settings: Settings = Settings()) -> Quality:
    """The model and how it did in the holdout; about all customers."""
    choice = forecast.choose(ws, as_of, settings)
    said = convergence(choice)
    found = [{"parameter": name, **one, "meaning": MEANINGS[name]} for name, one in parameters(choice).items()]
    top = choice.model.top
    return Quality(
        rule=choice.rule,
        label=choice.label,
        reason=choice.reason,
        unit=settings.unit,
        engine=settings.engine,
        is_identified=said["is_identified"],
        why_not=said["reason"],
        log_likelihood=top.log_likelihood * choice.valuation.histories.total if top is not None else None,
        parameters=pd.DataFrame(found, columns=["parameter", "estimate", "standard_error", "meaning"]),
        holdout=choice.holdout,
    )


def cross_check(ws: Workspace, as_of: date, settings: Settings = Settings(), terms: Terms = Terms()) -> pd.DataFrame:
    """The model that was chosen, fitted by us and by lifetimes. Columns: figure, own, lifetimes, difference (relative).

    Raises AnalysisError where a rule without parameters forecasts, or where lifetimes gives up.
    """
    choice = forecast.choose(ws, as_of, settings)
    if choice.rule not in forecast.MODELS:
        raise AnalysisError(
            "Nothing to check", f"The forecast is by “{choice.label}”, which lifetimes does not have.", "Choose a model first."
        )
    sides = [
        forecast.choose(ws, as_of, Settings(choice.rule, engine, settings.unit, settings.holdout_months)) for engine in ("own", "lifetimes")
    ]
    found = []
    for name in parameters(sides[0]):
        found.append((name, *(parameters(side)[name]["estimate"] if name in parameters(side) else np.nan for side in sides)))
    found.append(
        (
            "log-likelihood",
            *(side.model.top.log_likelihood * side.valuation.histories.total if side.model.top else np.nan for side in sides),
        )
    )
    tables = [forecast.scored(ws, side, terms) for side in sides]
    rows = [ws.execute(one.aggregate(purchases=one.expected_purchases.sum(), value=one.clv.sum())).iloc[0] for one in tables]
    found += [(label, *(float(row[key]) for row in rows)) for label, key in (("purchases expected", "purchases"), ("value", "value"))]
    frame = pd.DataFrame(found, columns=["figure", "own", "lifetimes"])
    return frame.assign(difference=(frame["lifetimes"] / frame["own"] - 1).abs())
