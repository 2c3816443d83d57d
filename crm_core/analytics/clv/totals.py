"""What are all customers, or those of a group, worth together, and within which bounds?

Grain: group of customers. Value, variance and the gradient by the parameters are summed in the engine; the interval of a sum is never
the sum of the intervals. Under 100 customers, or where spend has no variance, sums are drawn (seeded) instead of taken to be normal.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crm_core.analytics.clv import forecast
from crm_core.analytics.clv.customers import BITS
from crm_core.analytics.clv.forecast import Choice, Terms
from crm_core.analytics.clv.quadrature import Floats
from crm_core.analytics.clv.units import days_per, months_in
from crm_core.workspace import Workspace

NORMAL = 1.645  # 90 %
FEW = 100
DRAWS = 1_000
#: Customers whose sums are drawn; of more, as many are, and their spread is scaled up.
DRAWN = 2_000
SEED = 20_240_701


def total(ws: Workspace, choice: Choice, terms: Terms = Terms(), shown: ir.Table | None = None) -> pd.Series:
    """The figures of `by` for all customers shown, as one row; zeros where nobody is."""
    rows = by(ws, choice, terms, None, shown)
    if rows.empty:
        return pd.Series({"customers": 0, "active": None, "purchases": 0.0, "value": 0.0, "low": 0.0, "high": 0.0})
    return rows.drop(columns="group").iloc[0]


def by(
    ws: Workspace, choice: Choice, terms: Terms = Terms(), groups: ir.Table | None = None, shown: ir.Table | None = None, most: int = 40
) -> pd.DataFrame:
    """One row a group, largest value first, at most `most`. `groups` has columns customer_id, group (None: everybody in one).

    Columns: group, customers, active (expected number; missing where P(alive) is not provided), purchases, value, low, high (90 %
    interval).
    """
    table = forecast.scored(ws, choice, terms)
    table = table if shown is None else table.semi_join(shown, "customer_id")
    grouped = table.mutate(group=ibis.literal("")) if groups is None else table.left_join(groups, "customer_id").drop("customer_id_right")
    return _summed(ws, choice, terms, grouped, most)


def _summed(ws: Workspace, choice: Choice, terms: Terms, table: ir.Table, most: int) -> pd.DataFrame:
    names = _slopes(choice)
    gamma = choice.valuation.spend.params["gamma"]
    slopes = {name: (table.clv * table[name]).sum() for name in names} | {"slope_gamma": (table.level * gamma).sum()}
    summed = table.group_by("group").aggregate(
        customers=table.count(),
        active=table.p_alive.sum(),
        purchases=table.expected_purchases.sum(),
        value=table.clv.sum(),
        variance=table.variance.sum(),
        heavy=table.is_heavy.any(),
        **slopes,
    )
    rows = ws.execute(summed.order_by(ibis.desc("value"), "group").limit(most))
    bounds = [_bounds(ws, choice, terms, table, row, row[[*names, "slope_gamma"]].to_numpy(dtype=float)) for _, row in rows.iterrows()]
    rows[["low", "high"]] = np.array(bounds, dtype=float).reshape(-1, 2)
    return rows[["group", "customers", "active", "purchases", "value", "low", "high"]]


def _slopes(choice: Choice) -> list[str]:
    return [f"slope_{name}" for name in (*choice.model.NAMES, "p", "q")]


def _bounds(ws: Workspace, choice: Choice, terms: Terms, table: ir.Table, row: pd.Series, gradient: Floats) -> tuple[float, float]:
    """Of one group: by its variance and that of the parameters, widened to what the holdout was wrong by."""
    value = float(row["value"])
    uncertain = max(float(gradient @ choice.covariance() @ gradient), 0.0)
    if row["customers"] < FEW or row["heavy"]:
        low, high = _drawn(ws, choice, terms.months, table, row, uncertain)
    else:
        half = NORMAL * float(np.sqrt(max(row["variance"], 0.0) + uncertain))
        low, high = value - half, value + half
    wrong = abs(value) * holdout_error(choice)
    low, high = min(low, value - wrong), max(high, value + wrong)
    return (max(low, 0.0), high) if value >= 0 else (low, min(high, 0.0))  # nobody spends less than nothing


def holdout_error(choice: Choice) -> float:
    """By which share the total of the rule that forecasts was wrong in the holdout; 0 without one."""
    result = choice.holdout.of(choice.rule if choice.rule != "nbd" else choice.settings.model) if choice.holdout else None
    if result is None and choice.holdout and choice.rule == "nbd":
        result = next((one for one in choice.holdout.results if not one.is_identified), None)
    error = result.error_of_total if result else None
    return abs(error) if error is not None else 0.0


def _drawn(ws: Workspace, choice: Choice, months: int, table: ir.Table, row: pd.Series, uncertain: float) -> tuple[float, float]:
    """The 5 % and 95 % points of drawn sums. Where there are more customers than are drawn, half of those drawn are the ones worth most, who
    stray furthest; the others are a fair sample of the rest, and their spread around the mean is scaled up by the law of sums of heavy
    tails, n^(1/q′) (n^½ where spend has a variance)."""
    members = table.filter(table.group.isnull() if pd.isna(row["group"]) else table.group == row["group"])
    large, others = _chosen(ws, members)
    tail = max(float(choice.valuation.tail.min()), 1.0)
    growth = ((float(row["customers"]) - len(large)) / max(len(others), 1)) ** max(0.5, 1 / min(tail, 2.0))
    rng = np.random.default_rng(SEED)
    strayed = _strayed(choice, large, months, rng) + growth * _strayed(choice, others, months, rng)
    low, high = row["value"] + np.quantile(strayed + rng.standard_normal(DRAWS) * np.sqrt(uncertain), [0.05, 0.95])
    return float(low), float(high)


def _chosen(ws: Workspace, members: ir.Table) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The members worth most, and a fair sample of the others (all of them where they are few), DRAWN together; the same on every engine."""
    members = members.select("customer_id", "history", "own", "clv", "expected_purchases", "expected_spend")
    large = ws.execute(members.order_by(ibis.desc(members.clv.abs()), "customer_id").limit(DRAWN // 2))
    by_chance = members.order_by(members.customer_id.hexdigest("md5"), "customer_id")  # ids may be in the order of value
    drawn = ws.execute(by_chance.limit(DRAWN))
    others = drawn[~drawn["customer_id"].isin(large["customer_id"])]
    return large, others.head(DRAWN - len(large))


def _strayed(choice: Choice, chosen: pd.DataFrame, months: int, rng: np.random.Generator) -> Floats:
    """DRAWS sums of the value of these customers, less what is expected."""
    return _sums(choice, chosen, months, rng) - chosen["clv"].sum() if len(chosen) else np.zeros(DRAWS)


def _sums(choice: Choice, chosen: pd.DataFrame, months: int, rng: np.random.Generator) -> Floats:
    """DRAWS sums of the value of these customers."""
    keys, unit = chosen["history"].to_numpy(dtype=np.int64), choice.settings.unit
    x, t_x, T = (((keys >> shift) & ((1 << BITS) - 1)).astype(float) for shift in (2 * BITS, BITS, 0))
    t_x, T = t_x / days_per(unit), T / days_per(unit)
    horizon, alive = months_in(unit, months), choice.model.conditional_probability_alive(x, t_x, T)
    process = choice.model.alive(x, T)
    mean = process.expected(horizon)
    most = int(np.max(mean + 12 * np.sqrt(mean * (1 + mean)) + 20))
    chances = alive[:, None] * process.pmf(horizon, most)
    chances[:, 0] += 1 - alive
    until = np.minimum(np.cumsum(chances, axis=1), 1.0) + np.arange(len(x))[:, None]  # one ascending line for all customers
    place = np.searchsorted(until.ravel(), rng.random((DRAWS, len(x))) + np.arange(len(x)))
    bought = np.minimum(place - np.arange(len(x)) * (most + 1), most)
    p, q, _ = choice.valuation.spend.params.values()
    purchases = np.maximum(p * bought, 1e-9)
    spent = np.where(bought > 0, rng.gamma(purchases) / rng.gamma(q + p * x, size=bought.shape), 0.0) * chosen["own"].to_numpy()
    undiscounted = (chosen["expected_purchases"] * chosen["expected_spend"]).to_numpy()
    scale = np.divide(chosen["clv"].to_numpy(), undiscounted, out=np.zeros(len(x)), where=undiscounted > 0)
    return spent @ scale
