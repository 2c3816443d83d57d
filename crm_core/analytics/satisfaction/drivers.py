"""What goes with low scores? Late deliveries, cases, channels, products, kinds of customers: by how much each goes with more of the worst answers.

Grain: driver, a yes/no fact about a response that counts. All facts stand in one logistic regression, so that each is seen beside the others; it tells
what goes together, never what causes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import nan
from typing import Any

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crm_core.analytics.intervals import Z
from crm_core.analytics.satisfaction import driver_features, driver_model
from crm_core.analytics.satisfaction.driver_features import NOT_YET, STEPS, Features
from crm_core.analytics.satisfaction.measures import Counts, Estimate, Measure, estimate, holm
from crm_core.analytics.satisfaction.responses import BOTTOM, TOP
from crm_core.workspace import Workspace

LEAST_RESPONSES, LEAST_LOW = 100, 20
FIX_FIRST, KEEP_UP, WATCH, LEAVE = "fix first", "keep it up", "watch", "leave as is"
COLUMNS = (
    "label",
    "feature",
    "value",
    "n",
    "share_low_with",
    "share_low_without",
    "performance",
    "importance",
    "low",
    "high",
    "p",
    "is_clear",
    "quadrant",
)


@dataclass(frozen=True)
class Drivers:
    """What goes with low scores.

    `n`: responses that count; `n_low` of the `n_used` looked at are in the worst band. `is_sample`: fewer than all were looked at. `overall`: the measure
    of those. `auc` with its 95 % interval and `explained` (share of deviance) on responses that the model did not see. `reason`: why there is no
    answer, or None.

    `table`, a row a driver, the strongest first, columns as COLUMNS: label ("Delivery: late"), feature and value; n (responses with it);
    share_low_with and share_low_without; performance (the measure of those with it: points of NPS, share of CSAT, mean of CES); importance in
    percentage points (how much more often, or below 0 less often, the score is low with it than without, all else equal) with low and high
    (95 %), p, is_clear (over all drivers, Holm), and quadrant. `important_from`: from this size of importance on, the median of the clear
    drivers (of two the lower one), a clear driver counts as important; missing where none is clear.

    `lateness`: by days late, the columns step, n, share_low, performance; empty where promised and real days are not known.
    """

    measure: Measure
    n: int
    n_used: int
    n_low: int
    overall: Estimate
    auc: float
    auc_low: float
    auc_high: float
    explained: float
    is_sample: bool
    important_from: float
    table: pd.DataFrame
    lateness: pd.DataFrame
    reason: str | None

    @property
    def tells_apart(self) -> bool:
        """Do the drivers tell low scores from others at all?"""
        return self.reason is None and self.auc_low > 0.5


def drivers(ws: Workspace, measure: Measure, start: date, end: date, shown: ir.Table | None = None) -> Drivers:
    """What goes with low scores, of responses from start to end (excluded), of the customers shown. See Drivers.

    Raises AnalysisError where the measure has no responses.
    """
    found = driver_features.features(ws, measure, start, end, shown)
    low = (found.rows["band"] == BOTTOM).to_numpy(dtype=bool)
    reason = _reason(found, low)
    quality, important_from, table = driver_model.Quality(nan, nan, nan, nan), nan, _frame([])
    if reason is None:
        quality = driver_model.quality(found.holds, low)
        important_from, table = _table(found, measure, low)
    return Drivers(
        measure=measure,
        n=found.n,
        n_used=len(low),
        n_low=int(low.sum()),
        overall=estimate(measure, _counts(found.rows)),
        auc=quality.auc,
        auc_low=quality.low,
        auc_high=quality.high,
        explained=quality.explained,
        is_sample=len(low) < found.n,
        important_from=important_from,
        table=table,
        lateness=_lateness(found.rows, measure),
        reason=reason,
    )


def _reason(found: Features, low: np.ndarray) -> str | None:
    n, n_low = len(low), int(low.sum())
    if n < LEAST_RESPONSES:
        return f"To look for what goes with low scores takes {LEAST_RESPONSES} responses; there {'is' if n == 1 else 'are'} {n:,}."
    if min(n_low, n - n_low) < LEAST_LOW:
        few, kind = (n_low, "low") if n_low < LEAST_LOW else (n - n_low, "other")
        return f"To look for what goes with low scores takes {LEAST_LOW} {kind} ones; there {'is' if few == 1 else 'are'} {few:,}."
    if not found.drivers:
        return (
            f"There is nothing to compare: no touchpoint, delivery, case, channel, category or kind of customer stands beside "
            f"{driver_features.LEAST_IN} responses and is missing beside {driver_features.LEAST_OUT}."
        )
    return None


def _table(found: Features, measure: Measure, low: np.ndarray) -> tuple[float, pd.DataFrame]:
    """(important_from, the table of Drivers)."""
    effects = driver_model.effects(driver_model.fit(found.holds, low), found.holds)
    clear = np.array(holm(effects.p.tolist()))
    size = np.abs(effects.effect)
    important_from = 100 * float(np.quantile(size[clear], 0.5, method="lower")) if clear.any() else nan
    overall = estimate(measure, _counts(found.rows)).value
    rows = []
    for place in sorted(range(len(size)), key=lambda one: (-size[one], found.drivers[one].label)):
        holds, driver = found.holds[:, place] > 0, found.drivers[place]
        effect, half = 100 * effects.effect[place], 100 * Z * effects.error[place]
        performance = estimate(measure, _counts(found.rows[holds])).value
        is_important = bool(clear[place]) and abs(effect) >= important_from
        shares = (int(holds.sum()), float(low[holds].mean()), float(low[~holds].mean()), performance)
        verdict = (float(effects.p[place]), bool(clear[place]), _quadrant(is_important, performance < overall))
        rows.append((driver.label, driver.feature, driver.value, *shares, effect, effect - half, effect + half, *verdict))
    return important_from, _frame(rows)


def _quadrant(is_important: bool, is_low: bool) -> str:
    if is_important:
        return FIX_FIRST if is_low else KEEP_UP
    return WATCH if is_low else LEAVE


def _frame(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    numbers = ("share_low_with", "share_low_without", "performance", "importance", "low", "high", "p")
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"n": "int64", "is_clear": "bool"} | dict.fromkeys(numbers, "float64"))


def _counts(rows: pd.DataFrame) -> Counts:
    """Of the measure, over these responses."""
    score = rows["score"].astype(float)
    return Counts(
        len(rows), int((rows["band"] == TOP).sum()), int((rows["band"] == BOTTOM).sum()), float(score.sum()), float((score**2).sum())
    )


def _lateness(rows: pd.DataFrame, measure: Measure) -> pd.DataFrame:
    found = []
    for step in (*(name for _, name in STEPS), NOT_YET):
        part = rows[rows["step"] == step]
        if len(part):
            one = estimate(measure, _counts(part))
            found.append((step, one.n, one.share_bottom, one.value))
    frame = pd.DataFrame(found, columns=["step", "n", "share_low", "performance"])
    return frame.astype({"n": "int64", "share_low": "float64", "performance": "float64"})
