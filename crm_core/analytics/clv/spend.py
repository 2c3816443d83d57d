"""What a purchase of each customer is worth: the Gamma-Gamma model of spend.

Source: Fader & Hardie (2013), The Gamma-Gamma Model of Monetary Value; equations in their numbering.
"""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from crm_core.analytics.clv.maximum import Maximum, maximise, standard_errors
from crm_core.analytics.clv.quadrature import Floats
from crm_core.errors import AnalysisError


class GammaGamma:
    """Parameters p, q, gamma. Fitted to the mean value of the purchases after the first of customers who have some."""

    NAMES: ClassVar[tuple[str, ...]] = ("p", "q", "gamma")
    LABEL: ClassVar[str] = "Gamma-Gamma"

    def __init__(self, *params: float) -> None:
        self._params = np.array(params, dtype=float)
        self.top: Maximum | None = None

    def fit(self, frequency: ArrayLike, monetary_value: ArrayLike, weights: ArrayLike | None = None, penalty: float = 0.0) -> Self:
        """Maximum likelihood. Raises AnalysisError unless there are rows and every one has purchases and a positive mean value."""
        x, mean = np.asarray(frequency, dtype=float), np.asarray(monetary_value, dtype=float)
        if not len(x) or not (np.all(x > 0) and np.all(mean > 0) and np.all(np.isfinite(mean))):
            raise AnalysisError("The spend cannot be modelled", "It takes customers with a repeat purchase of a positive value.")
        weight = np.ones_like(x) if weights is None else np.asarray(weights, dtype=float)
        data = _Spend(x, mean, weight / weight.sum(), penalty)
        scale = float(data.share @ mean)
        starts = [np.log([2.0, 3.0, scale]), np.log([6.0, 4.0, scale / 2]), np.log([1.0, 1.5, scale]), np.log([20.0, 10.0, scale])]
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            self.top = maximise(data.log_likelihood, starts, self.NAMES, float(weight.sum()))
        self._params = np.exp(self.top.logs)
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
        """E(M): the value expected of a purchase, equation 5; for customers without a repeat purchase pγ/(q − 1). NaN where it has no mean."""
        p, q, gamma = self._params
        x, mean = np.asarray(frequency, dtype=float), np.asarray(monetary_value, dtype=float)
        free = p * x + q - 1
        return np.where(free > 0, p * (gamma + x * np.where(x > 0, mean, 0)) / np.where(free > 0, free, 1), np.nan)


class _Spend:
    """The rows of a fit: what depends on the number of purchases alone is summed by it once."""

    def __init__(self, x: Floats, mean: Floats, share: Floats, penalty: float) -> None:
        self.x, self.share, self.penalty, self.total = x, share, penalty, x * mean
        self.counts, self.count = np.unique(x, return_inverse=True)
        self.sizes = np.bincount(self.count, share)
        self.log_totals = np.bincount(self.count, share * np.log(self.total))
        self.log_mean = float(share @ np.log(mean))

    def log_likelihood(self, logs: Floats) -> tuple[float, Floats]:
        """Equation 1a a customer, less the penalty, and its gradient by the logs of p, q, gamma."""
        p, q, gamma = np.exp(logs)
        counts, sizes = self.counts, self.sizes
        by_count = special.gammaln(p * counts + q) - special.gammaln(p * counts) - special.gammaln(q) + q * np.log(gamma)
        log_within = np.bincount(self.count, self.share * np.log(gamma + self.total))
        value = sizes @ by_count + p * counts @ self.log_totals - (p * counts + q) @ log_within - self.log_mean
        up, own = special.digamma(p * counts + q), special.digamma(p * counts)
        by_p = sizes @ (counts * (up - own)) + counts @ self.log_totals - counts @ log_within
        by_q = sizes @ (up - special.digamma(q) + np.log(gamma)) - log_within.sum()
        by_gamma = q / gamma - self.share @ ((p * self.x + q) / (gamma + self.total))
        squares = np.exp(2 * logs)
        gradient = np.array([by_p, by_q, by_gamma]) * np.exp(logs)
        return float(value - self.penalty * squares.sum()), gradient - 2 * self.penalty * squares
