"""Whose value is slipping away, how much of it, and since when?

Grain: customer who is less likely to be active than after the last purchase, and not lost yet. Value at risk is what the silence since
then has cost of the forecast: the value if active × the fall of P(alive).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crm_core.analytics.clv import forecast
from crm_core.analytics.clv.forecast import Choice, Settings, Terms
from crm_core.analytics.clv.quadrature import Floats
from crm_core.analytics.clv.units import days_per
from crm_core.analytics.listing import listing
from crm_core.analytics.rfm import RfmSettings
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace

#: Customers are at risk from this fall of P(alive) on, as long as it is not below LOST: then there is nothing left to lose.
FALL = 0.1
LOST = 0.1
#: "Since when" is the day on which P(alive) fell below this.
DOUBTFUL = 0.5
HALVINGS = 40


@dataclass(frozen=True)
class AtRisk:
    """How many customers are less likely to be active by at least ten points, what that costs of the forecast, and how many of them are
    doubtful (P(alive) below one half). `lost` are those below a tenth, and what they would be worth if they were active."""

    customers: int
    value: float
    doubtful: int
    lost: int
    lost_value: float


def at_risk(ws: Workspace, as_of: date, settings: Settings = Settings(), terms: Terms = Terms(), shown: ir.Table | None = None) -> ir.Table:
    """Columns: customer_id, risk_value, clv, active_value, p_alive, p_alive_before (just after the last purchase), last_purchase_on,
    doubtful_since (the day P(alive) fell below one half; missing where it did not), count_orders (purchase days).

    Raises AnalysisError where P(alive) is not provided.
    """
    fallen = _fallen(ws, as_of, settings, terms, shown)
    return fallen.filter(fallen.p_alive >= LOST)


def listed(
    ws: Workspace,
    as_of: date,
    settings: Settings = Settings(),
    terms: Terms = Terms(),
    rules: RfmSettings = RfmSettings(),
    shown: ir.Table | None = None,
) -> ir.Table:
    """The customers at risk with their name (where the data has names) and segment."""
    known, table = listing(ws, as_of, rules, shown), at_risk(ws, as_of, settings, terms, shown)
    first = [column for column in ("customer_id", "name", "segment") if column in known.columns]
    return known.select(*first).inner_join(table, "customer_id").select(*first, *(name for name in table.columns if name != "customer_id"))


def _fallen(ws: Workspace, as_of: date, settings: Settings, terms: Terms, shown: ir.Table | None) -> ir.Table:
    """Those at risk and those lost."""
    choice = forecast.choose(ws, as_of, settings)
    if not choice.has_p_alive:
        raise AnalysisError(
            "No value at risk", f"The forecast is by “{choice.label}”, which says of nobody whether they are still active.", HINT
        )
    falls = ws.keep(f"clv falls {choice.key}", lambda: ibis.memtable(_falls(choice)))
    table = forecast.scored(ws, choice, terms).join(falls, "history")
    fallen = table.filter(table.p_alive_before - table.p_alive >= FALL, table.p_alive > 0)
    if_active = fallen.clv / fallen.p_alive
    listed = fallen.select(
        "customer_id",
        risk_value=if_active * (fallen.p_alive_before - fallen.p_alive),
        clv=fallen.clv,
        active_value=if_active,
        p_alive=fallen.p_alive,
        p_alive_before=fallen.p_alive_before,
        last_purchase_on=_day_after(fallen.first_on, fallen.recency_days),
        doubtful_since=_day_after(fallen.first_on, fallen.doubtful_days),
        count_orders=fallen.frequency + 1,
    )
    return listed if shown is None else listed.semi_join(shown, "customer_id")


HINT = "Choose a model whose fit says who left, or look at the segments that have gone quiet."


def _day_after(first: ir.DateValue, days: ir.IntegerValue) -> ir.DateValue:
    return first + days.cast("int64").as_interval("D")


def _falls(choice: Choice) -> pd.DataFrame:
    """One row a history: history, recency_days, p_alive_before, doubtful_days (from the first purchase; missing where P(alive) is one
    half or more)."""
    h, unit = choice.valuation.histories, days_per(choice.settings.unit)
    before = choice.model.conditional_probability_alive(h.x, h.t_x, h.t_x)
    doubtful = pd.array(np.full(len(h.x), pd.NA), dtype="Int64")
    fallen = choice.valuation.p_alive < DOUBTFUL
    doubtful[fallen] = np.ceil(_since(choice, h.x[fallen], h.t_x[fallen], h.T[fallen]) * unit - 1e-6).astype("int64")
    return pd.DataFrame(
        {
            "history": h.keys,
            "recency_days": np.round(h.t_x * unit).astype("int64"),
            "p_alive_before": before,
            "doubtful_days": doubtful,
        }
    )


def _since(choice: Choice, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """When P(alive) fell below one half, by halving the time since the last purchase: it only falls, and may begin there."""
    low, high = t_x.copy(), np.where(choice.model.conditional_probability_alive(x, t_x, t_x) < DOUBTFUL, t_x, T)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        is_alive = choice.model.conditional_probability_alive(x, t_x, middle) >= DOUBTFUL
        low, high = np.where(is_alive, middle, low), np.where(is_alive, high, middle)
    return high


def summary(ws: Workspace, as_of: date, settings: Settings = Settings(), terms: Terms = Terms(), shown: ir.Table | None = None) -> AtRisk:
    """The sums over those at risk. Raises AnalysisError where P(alive) is not provided."""
    table = _fallen(ws, as_of, settings, terms, shown)
    is_lost = table.p_alive < LOST
    sums = table.aggregate(
        customers=(~is_lost).sum(),
        value=table.risk_value.sum(where=~is_lost),
        doubtful=table.doubtful_since.count(where=~is_lost),
        lost=is_lost.sum(),
        lost_value=table.active_value.sum(where=is_lost),
    )
    row = ws.execute(sums).fillna(0).iloc[0]
    return AtRisk(int(row["customers"]), float(row["value"]), int(row["doubtful"]), int(row["lost"]), float(row["lost_value"]))
