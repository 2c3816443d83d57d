"""Can a forecast be believed? Each model and two naive rules are fitted before a day, and judged by what customers bought after it.

Grain: customer with a purchase before the cut, in counts per (history, purchase days in the last period, purchase days after the cut). All
figures are of purchase days. Log score, coverage and calibration need whole distributions: they rest on a sample where there are many rows.
Sources: definitions of the dashboard; Czado, Gneiting & Held (2009) for coverage of counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from crm_core.analytics.clv import customers
from crm_core.analytics.clv.customers import Histories
from crm_core.analytics.clv.models import SAMPLE, LastPeriod, PurchaseModel, SameRate
from crm_core.analytics.clv.quadrature import Floats
from crm_core.analytics.clv.units import DAYS_A_MONTH, Unit, days_per
from crm_core.workspace import Workspace

SHORTEST_DAYS = 7
GROUPS = 10
LOW, HIGH = 0.05, 0.95
BLOCK = 1_000  # rows whose distributions are computed at once
MOST = 3_000  # purchases up to which they are
#: Models whose error is within this of the lowest are told apart by the log score.
CLOSE = 1.01


#: The rules that a model has to beat.
NAIVE: dict[str, type[SameRate]] = {"same_rate": SameRate, "last_period": LastPeriod}


@dataclass(frozen=True)
class Fitted:
    """A model as it forecasts: `used` is the nested NBD where the data does not identify it, and `reason` says why."""

    label: str
    used: PurchaseModel
    is_identified: bool
    reason: str


@dataclass(frozen=True)
class Group:
    """Customers of similar prediction: how many, and their mean predicted and actual purchases."""

    customers: float
    predicted: float
    actual: float


@dataclass(frozen=True)
class Result:
    """How a rule did. Errors are in purchase days a customer, `bias` predicted less actual; `log_score` is the mean log of the
    probability given to what happened (−inf where a rule gave none). `coverage` is that of the 90 % interval by the rule for counts,
    `raw_coverage` the plain share of customers within it and `raw_expected` what the model itself expects of that share. `weekly` are
    expected purchases of all, week by week."""

    rule: str
    label: str
    rmse: float
    mae: float
    bias: float
    log_score: float
    predicted: float
    actual: float
    coverage: float
    raw_coverage: float
    raw_expected: float
    groups: tuple[Group, ...]
    weekly: tuple[float, ...]
    is_identified: bool
    reason: str  # why the model is not identified

    @property
    def error_of_total(self) -> float | None:
        """Predicted less actual, as a share of actual; None where nobody bought."""
        return self.predicted / self.actual - 1 if self.actual else None


@dataclass(frozen=True)
class Holdout:
    """Fit before `cut`, judged from there to `until` (excluded). `actual_weekly` are purchases of the customers known at the cut; the
    last week may be shorter than seven days."""

    cut: date
    until: date
    customers: float
    results: tuple[Result, ...]
    winner: str
    actual_weekly: tuple[float, ...]

    def of(self, rule: str) -> Result | None:
        return next((one for one in self.results if one.rule == rule), None)

    @property
    def days(self) -> int:
        return (self.until - self.cut).days


def cut_day(first_day: date, until: date, months: float) -> date:
    """The day to fit before: the horizon back, at most a third of what was observed."""
    return until - timedelta(days=round(min(months * DAYS_A_MONTH, (until - first_day).days / 3)))


@dataclass(frozen=True)
class Rows:
    """Customers by history at the cut, purchase days in the last period before it, and purchase days after it."""

    histories: Histories  # each row's; keys may repeat
    recent: Floats
    actual: Floats

    def taken(self, rows: NDArray[np.intp], often: Floats) -> Rows:
        histories = Histories(self.histories.keys[rows], often, self.histories.unit)
        return Rows(histories, self.recent[rows], self.actual[rows])


def rows(ws: Workspace, cut: date, until: date, unit: Unit) -> Rows:
    """Who was known at the cut, and what they did after it."""
    window = last_period_days(ws, cut, (until - cut).days)
    known = customers.recent_histories(ws, cut, window).drop("history")
    everybody = customers.histories(ws, cut).select("customer_id", "history")
    days = customers.purchase_days(ws, until)
    later = days.filter(days.is_purchase, days.day >= cut).group_by("customer_id").aggregate(actual=lambda t: t.count())
    joined = everybody.join(known.select("customer_id", recent=known.basis_frequency), "customer_id").left_join(later, "customer_id")
    counted = joined.group_by("history", "recent", actual=joined.actual.fill_null(0)).aggregate(customers=joined.count())
    found = ws.execute(counted.order_by("history", "recent", "actual"))
    histories = Histories(found["history"].to_numpy(dtype=np.int64), found["customers"].to_numpy(dtype=float), unit)
    return Rows(histories, found["recent"].to_numpy(dtype=float), found["actual"].to_numpy(dtype=float))


def last_period_days(ws: Workspace, day: date, horizon_days: int) -> int:
    """What "the last period" is: as long as the horizon, or as what was observed before the day where that is shorter."""
    first: date = ws.execute(customers.histories(ws, day).first_on.min())
    return min(horizon_days, max((day - as_date(first)).days, 1))


def judge(ws: Workspace, cut: date, until: date, models: Mapping[str, Fitted], unit: Unit) -> Holdout:
    """How these models, fitted before the cut, and the naive rules did until `until`. Raises AnalysisError without any purchase before
    the cut."""
    data = rows(ws, cut, until, unit)
    few = _sampled(data)
    window = last_period_days(ws, cut, (until - cut).days) / days_per(unit)
    results = [_judged(rule, one, data, few, (until - cut).days, None) for rule, one in models.items()]
    for rule, naive in NAIVE.items():
        one = Fitted(naive.LABEL, naive(), True, "")
        results.append(_judged(rule, one, data, few, (until - cut).days, window if rule == "last_period" else None))
    return Holdout(cut, until, float(data.histories.total), tuple(results), _winner(results), _actual_weekly(ws, cut, until))


def _winner(results: list[Result]) -> str:
    """The lowest error; among those within 1 % of it the best log score."""
    close = [one for one in results if one.rmse <= CLOSE * min(other.rmse for other in results)]
    return max(close, key=lambda one: (one.log_score, -one.rmse)).rule


def _sampled(data: Rows) -> Rows:
    """Some of the rows, drawn at even steps through all customers; all of them where they are few."""
    weights = data.histories.customers
    if len(weights) <= SAMPLE:
        return data
    ends = np.cumsum(weights)
    drawn, often = np.unique(np.searchsorted(ends, (np.arange(SAMPLE) + 0.5) * ends[-1] / SAMPLE), return_counts=True)
    return data.taken(drawn, often.astype(float))


def _judged(rule: str, fitted: Fitted, data: Rows, few: Rows, days: int, window: float | None) -> Result:
    unit, model = data.histories.unit, fitted.used
    expected = _predictor(model, data, window)
    predicted = expected(days / days_per(unit))
    weights, error = data.histories.customers / data.histories.total, predicted - data.actual
    spread = _distributions(model, few, days / days_per(unit), window)
    ends = [*range(7, days, 7), days]
    until = [float(np.sum(data.histories.customers * expected(end / days_per(unit)))) for end in ends]
    return Result(
        rule=rule,
        label=fitted.label,
        rmse=float(np.sqrt(weights @ error**2)),
        mae=float(weights @ np.abs(error)),
        bias=float(weights @ error),
        log_score=spread[0],
        predicted=float(data.histories.customers @ predicted),
        actual=float(data.histories.customers @ data.actual),
        coverage=spread[1],
        raw_coverage=spread[2],
        raw_expected=spread[3],
        groups=_groups(predicted, data),
        weekly=tuple(np.diff(until, prepend=0.0).tolist()),
        is_identified=fitted.is_identified,
        reason=fitted.reason,
    )


def _basis(model: PurchaseModel, data: Rows, window: float | None) -> tuple[Floats, Floats, Floats]:
    """P(alive), x and T that the model looks at."""
    h = data.histories
    x, t_x, T = (h.x, h.t_x, h.T) if window is None else (data.recent, np.zeros(len(h.x)), np.full(len(h.x), window))
    return model.conditional_probability_alive(x, t_x, T), x, T


def _predictor(model: PurchaseModel, data: Rows, window: float | None) -> Callable[[float], Floats]:
    """Expected purchases of each row until a time; customers of equal x and T differ by P(alive) alone."""
    alive, x, T = _basis(model, data, window)
    kinds, kind = np.unique(x + 1j * T, return_inverse=True)
    process = model.alive(kinds.real, kinds.imag)
    return lambda t: alive * process.expected(t)[kind]


def _distributions(model: PurchaseModel, data: Rows, t: float, window: float | None) -> tuple[float, float, float, float]:
    """Log score, coverage by the rule for counts, raw coverage and what the model expects of it."""
    alive, x, T = _basis(model, data, window)
    mean = model.alive(x, T).expected(t)
    order = np.argsort(np.maximum(data.actual, mean))
    sums = np.zeros(4)
    for start in range(0, len(order), BLOCK):
        block = order[start : start + BLOCK]
        most = int(min(MOST, np.max(np.maximum(data.actual[block], mean[block] + 12 * np.sqrt(mean[block] * (1 + mean[block]))))) + 2)
        chances = alive[block, None] * model.alive(x[block], T[block]).pmf(t, most)
        chances[:, 0] += 1 - alive[block]
        sums += data.histories.customers[block] @ _judged_counts(chances, data.actual[block].astype(int))
    score, coverage, raw, expected = sums / data.histories.total
    return float(score), float(coverage), float(raw), float(expected)


def _judged_counts(chances: Floats, actual: NDArray[np.int_]) -> Floats:
    """One row a customer: log score, coverage, whether within the interval, and how much of the distribution is."""
    below = np.cumsum(chances, axis=1)
    at = np.arange(len(actual))
    seen = np.minimum(actual, chances.shape[1] - 1)
    own, upto = chances[at, seen], below[at, seen]
    with np.errstate(divide="ignore", invalid="ignore"):
        score = np.log(np.maximum(own, 0.0))
        shares = [np.where(own > 0, np.clip((level - upto + own) / own, 0, 1), (upto < level).astype(float)) for level in (HIGH, LOW)]
    low, high = (np.argmax(below >= level - 1e-12, axis=1) for level in (LOW, HIGH))
    high = np.where(below[:, -1] >= HIGH - 1e-12, high, chances.shape[1] - 1)
    within = below[at, high] - np.where(low > 0, below[at, np.maximum(low - 1, 0)], 0.0)
    return np.array([score, shares[0] - shares[1], (low <= seen) & (seen <= high), within]).T


def _groups(predicted: Floats, data: Rows) -> tuple[Group, ...]:
    """Tenths by prediction; customers with equal predictions are never split."""
    weights = data.histories.customers
    _, which = np.unique(np.round(predicted, 12), return_inverse=True)
    sizes = np.bincount(which, weights)
    group = np.floor(GROUPS * (np.cumsum(sizes) - sizes) / sizes.sum()).astype(int)[which]
    found = []
    for one in np.unique(group):
        share = weights[group == one]
        found.append(
            Group(
                float(share.sum()),
                float(share @ predicted[group == one] / share.sum()),
                float(share @ data.actual[group == one] / share.sum()),
            )
        )
    return tuple(found)


def as_date(day: date | datetime) -> date:
    """A day as the engine gives it, with or without a time."""
    return day.date() if isinstance(day, datetime) else day


def _actual_weekly(ws: Workspace, cut: date, until: date) -> tuple[float, ...]:
    """Purchase days of the customers known at the cut, week by week."""
    days = customers.purchase_days(ws, until)
    known = days.filter(days.is_purchase, days.day >= cut).semi_join(customers.histories(ws, cut), "customer_id")
    counted = ws.execute(known.group_by("day").aggregate(purchases=known.count()))
    found = np.zeros(-(-(until - cut).days // 7))
    for day, purchases in zip(counted["day"], counted["purchases"], strict=True):
        found[(as_date(day) - cut).days // 7] += purchases
    return tuple(found.tolist())
