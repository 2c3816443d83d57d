"""How far are treatment and control apart?

Grain: group of customers; whoever bought nothing counts with zero. Money is very uneven, so the interval of a difference of means (Welch 1947) is reckoned on
values capped at the 99th percentile of both groups together and stands beside the difference as it is. The percentile is that of the customers who
have a value at all: of all customers it would be zero where fewer than one in a hundred buy, and cap buyers away where few do (docs/campaigns.md
has the coverage of both). Shares by Newcombe (1998).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crm_core.analytics.intervals import Interval, newcombe
from crm_core.analytics.satisfaction.measures import Counts, difference

CAPPED_AT = 0.99


@dataclass(frozen=True)
class Gap:
    """Treatment less control, money a customer: `point` as it is; `capped` with its 95 % interval from values capped at `cap` (missing where nobody has a
    value). `low` and `high` are missing where a group has fewer than two customers.
    """

    point: float
    capped: float
    low: float
    high: float
    cap: float

    @property
    def excludes_zero(self) -> bool:
        return self.low > 0 or self.high < 0


def cap_of(values: np.ndarray) -> float:
    """Where values are capped: the 99th percentile of those of customers who have one."""
    return float(np.quantile(values, CAPPED_AT)) if len(values) else float("nan")


def gap(treated: np.ndarray, n_treated: int, controls: np.ndarray, n_controls: int, cap: float) -> Gap:
    """See Gap. The arrays have the values that are not zero of the `n_treated` and `n_controls` customers, one or more each."""
    of_capped = difference(
        "ces", _counts(np.minimum(treated, cap), n_treated), _counts(np.minimum(controls, cap), n_controls)
    )  # means by Welch
    return Gap(treated.sum() / n_treated - controls.sum() / n_controls, of_capped.point, of_capped.low, of_capped.high, cap)


def net_gap(
    treated: np.ndarray, is_buyer: np.ndarray, n_treated: int, controls: np.ndarray, n_controls: int, *, cap: float, cost_a_response: float
) -> Gap:
    """The same where each of the treated who bought (`is_buyer`, an entry for each of `treated`) cost something: their values are capped, then it is taken
    off, so that the interval knows of it.
    """
    cost = is_buyer * cost_a_response
    capped = gap(np.minimum(treated, cap) - cost, n_treated, np.minimum(controls, cap), n_controls, np.inf)
    return Gap((treated - cost).sum() / n_treated - controls.sum() / n_controls, capped.point, capped.low, capped.high, cap)


def response_gap(buyers: int, n_treated: int, control_buyers: int, n_controls: int) -> Interval:
    """Of the shares that bought, each group one customer or more."""
    return newcombe(buyers, n_treated, control_buyers, n_controls)


def _counts(values: np.ndarray, customers: int) -> Counts:
    return Counts(customers, 0, 0, float(values.sum()), float(np.square(values).sum()))
