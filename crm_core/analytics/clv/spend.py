"""What a purchase of each customer is worth: the Gamma-Gamma model of spend.

Source: Fader & Hardie (2013), The Gamma-Gamma Model of Monetary Value; equations in their numbering.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from crm_core.analytics.clv.maximum import Maximum, described, maximise, standard_errors
from crm_core.analytics.clv.quadrature import Floats
from crm_core.errors import AnalysisError

#: Rows of the sample that is fitted first where there are many.
SAMPLE = 20_000


class GammaGamma:
    """Parameters p, q, gamma. Fitted to the mean value of the purchases after the first of customers who have some."""

    NAMES: ClassVar[tuple[str, ...]] = ("p", "q", "gamma")
    LABEL: ClassVar[str] = "Gamma-Gamma"

    def __init__(self, *params: float) -> None:
        self._params = np.array(params, dtype=float)
        self.top: Maximum | None = None

    def fit(self, frequency: ArrayLike, monetary_value: ArrayLike, weights: ArrayLike | None = None, penalty: float = 0.0) -> Self:
        """Maximum likelihood. Raises AnalysisError unless there are rows and every one has purchases and a positive mean value."""
        data, customers = _Spend.of(frequency, monetary_value, weights, penalty)
        scale = float(data.share @ data.mean)
        starts = [np.log([2.0, 3.0, scale]), np.log([6.0, 4.0, scale / 2]), np.log([1.0, 1.5, scale]), np.log([20.0, 10.0, scale])]
        some = data.sample()
        self.top = maximise(data.log_likelihood, starts, self.NAMES, customers, some.log_likelihood if some else None)
        self._params = np.exp(self.top.logs)
        return self

    def adopt(self, params: Sequence[float], frequency: ArrayLike, monetary_value: ArrayLike, weights: ArrayLike | None = None) -> Self:
        """Takes parameters that somebody else fitted to these rows; `top` tells their likelihood and covariance."""
        data, customers = _Spend.of(frequency, monetary_value, weights, 0.0)
        self._params = np.array(params, dtype=float)
        self.top = described(data.log_likelihood, self.logs, self.NAMES, customers)
        return self

    @property
    def params(self) -> dict[str, float]:
        return dict(zip(self.NAMES, map(float, self._params), strict=True))

    @property
    def is_identified(self) -> bool:
        return self.top is not None and self.top.is_identified

    @property
    def standard_errors(self) -> dict[str, float | None]:
        return standard_errors(self.NAMES, self._params, self.top)

    @property
    def logs(self) -> Floats:
        return np.log(self._params)

    def conditional_expected_average_profit(self, frequency: ArrayLike, monetary_value: ArrayLike) -> Floats:
        """E(M): the value expected of a purchase, equation 5; for customers without a repeat purchase pγ/(q − 1). NaN where it has no
        mean."""
        p, q, gamma = self._params
        x, mean = np.asarray(frequency, dtype=float), np.asarray(monetary_value, dtype=float)
        free = p * x + q - 1
        return np.where(free > 0, p * (gamma + x * np.where(x > 0, mean, 0)) / np.where(free > 0, free, 1), np.nan)


def everybody_alike(mean: float, deviation: float) -> GammaGamma:
    """What stands in where the model cannot be fitted: every purchase of every customer from one gamma distribution with that mean and
    standard deviation. As a Gamma-Gamma model it is the limit of a large q."""
    spread = deviation / mean if mean > 0 else 1.0
    p, q = 1 / np.clip(spread, 0.05, 3.0) ** 2, 1e8
    return GammaGamma(p, q, max(mean, 1e-9) * (q - 1) / p)


class _Spend:
    """The rows of a fit: what depends on the number of purchases alone is summed by it once."""

    def __init__(self, x: Floats, mean: Floats, share: Floats, penalty: float) -> None:
        self.x, self.mean, self.share, self.penalty, self.total = x, mean, share, penalty, x * mean
        self.counts, self.count = np.unique(x, return_inverse=True)
        self.sizes = np.bincount(self.count, share)
        self.log_totals = np.bincount(self.count, share * np.log(self.total))
        self.log_mean = float(share @ np.log(mean))

    @classmethod
    def of(cls, frequency: ArrayLike, monetary_value: ArrayLike, weights: ArrayLike | None, penalty: float) -> tuple[_Spend, float]:
        """The rows, and how many customers they are."""
        x, mean = np.asarray(frequency, dtype=float), np.asarray(monetary_value, dtype=float)
        if not len(x) or not (np.all(x > 0) and np.all(mean > 0) and np.all(np.isfinite(mean))):
            raise AnalysisError("The spend cannot be modelled", "It takes customers with a repeat purchase of a positive value.")
        weight = np.ones_like(x) if weights is None else np.asarray(weights, dtype=float)
        customers = float(weight.sum())
        return cls(x, mean, weight / customers, penalty), customers

    def sample(self) -> _Spend | None:
        """Rows at even steps, by frequency and value; None where they are few."""
        step = len(self.x) // SAMPLE
        if step < 2:
            return None
        rows = np.lexsort((self.mean, self.x))[::step]
        share = self.share[rows]
        return _Spend(self.x[rows], self.mean[rows], share / share.sum(), self.penalty)

    def log_likelihood(self, logs: Floats) -> tuple[float, Floats]:
        """Equation 1a a customer, less the penalty, and its gradient by the logs of p, q, gamma."""
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            return self._log_likelihood(logs)

    def _log_likelihood(self, logs: Floats) -> tuple[float, Floats]:
        p, q, gamma = np.exp(logs)
        counts, sizes = self.counts, self.sizes
        by_count = special.gammaln(p * counts + q) - special.gammaln(p * counts) - special.gammaln(q) + q * np.log(gamma)
        log_within = np.bincount(self.count, self.share * np.log(gamma + self.total))
        value = sizes @ by_count + p * counts @ self.log_totals - (p * counts + q) @ log_within - self.log_mean
        up, own = special.digamma(p * counts + q), special.digamma(p * counts)
        by_p = sizes @ (counts * (up - own)) + counts @ self.log_totals - counts @ log_within
        by_q = sizes @ (up - special.digamma(q) + np.log(gamma)) - log_within.sum()
        by_gamma = q / gamma - np.sum(self.share * (p * self.x + q) / (gamma + self.total))
        squares = np.exp(2 * logs)
        gradient = np.array([by_p, by_q, by_gamma]) * np.exp(logs)
        return float(value - self.penalty * squares.sum()), gradient - 2 * self.penalty * squares


def rank_correlation(x: Floats, value: Floats, customers: Floats) -> float | None:
    """Spearman's correlation of frequency and value, each row as many customers; None where there is none. All of shape (rows,)."""
    if customers.sum() < 3 or not np.ptp(x) or not np.ptp(value):
        return None
    ranks = np.vstack([_ranks(x, customers), _ranks(value, customers)])
    (first, both), (_, second) = np.cov(ranks, fweights=customers.astype("int64"))
    return float(both / np.sqrt(first * second))


def _ranks(values: Floats, customers: Floats) -> Floats:
    """Mean ranks, where equal values share theirs."""
    _, kind = np.unique(values, return_inverse=True)
    sizes = np.bincount(kind, customers)
    return (np.cumsum(sizes) - (sizes - 1) / 2)[kind]
