"""The models of purchases: fitted to how often and how recently customers bought, they say who is alive and what to expect.

Names and order of arguments are those of the library lifetimes: `fit(frequency, recency, T, weights)`,
`conditional_probability_alive(frequency, recency, T)`, `conditional_expected_number_of_purchases_up_to_time(t, frequency, recency, T)`.
frequency x: purchase days after the first; recency t_x: first to last; T: first to the end of the data, recency and T in one unit of time
that is the model's unit from then on. `weights` count customers that share a row. Arrays have shape (rows,), one row a combination.

    SameRate, LastPeriod               rules without parameters, to beat
    Nbd        (r, alpha)              buys for ever                                     Ehrenberg (1959)
    BgNbd      (r, alpha, a, b)        may drop out after each purchase but the first     Fader, Hardie & Lee (2005)
    MbgNbd     (r, alpha, a, b)        may drop out after each purchase                   Batislam, Denizel & Filiztekin (2007)
    ParetoNbd  (r, alpha, s, beta)     may drop out at any time                           Schmittlein, Morrison & Colombo (1987)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from crm_core.analytics.clv import processes
from crm_core.analytics.clv.maximum import Maximum, described, maximise, standard_errors
from crm_core.analytics.clv.quadrature import Floats, legendre
from crm_core.errors import AnalysisError


class PurchaseModel(ABC):
    """What all models of purchases share. `params` are set by `fit`, or given."""

    NAMES: ClassVar[tuple[str, ...]]
    LABEL: ClassVar[str]
    HAS_DROPOUT: ClassVar[bool] = True

    def __init__(self, *params: float) -> None:
        if params and len(params) != len(self.NAMES):
            raise ValueError(f"{self.LABEL} has the parameters {', '.join(self.NAMES)}")
        self._params = np.array(params, dtype=float)
        self.top: Maximum | None = None
        self.penalty = 0.0

    # -- fitting -------------------------------------------------------------------------------------------------------

    def fit(self, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike, weights: ArrayLike | None = None, penalty: float = 0.0) -> Self:
        """Maximum likelihood on rows that `weights` customers share; `penalty` × Σ parameter² is taken from the log-likelihood a customer.

        Sets `params` and `top`, which says whether it converged and is identified, and why not. Raises AnalysisError for rows that no
        customer can have (negative numbers, recency beyond T, no recency in spite of purchases).
        """
        data, customers = _shared(frequency, recency, T, weights)
        self.penalty = penalty
        some = data.sample()
        sample = None if some is None else partial(self._penalised, some)
        self.top = maximise(partial(self._penalised, data), self._starts(data), self.NAMES, customers, sample)
        self._params = np.exp(self.top.logs)
        return self

    def adopt(
        self, params: Sequence[float], frequency: ArrayLike, recency: ArrayLike, T: ArrayLike, weights: ArrayLike | None = None
    ) -> Self:
        """Takes parameters that somebody else fitted to these rows; `top` tells their likelihood and covariance."""
        data, customers = _shared(frequency, recency, T, weights)
        self._params = np.array(params, dtype=float)
        self.top = described(partial(self._penalised, data), self.logs, self.NAMES, customers)
        return self

    @property
    def params(self) -> dict[str, float]:
        return dict(zip(self.NAMES, map(float, self._params), strict=True))

    @property
    def is_identified(self) -> bool:
        """Whether the data tells the parameters; false before a fit."""
        return self.top is not None and self.top.is_identified

    @property
    def is_converged(self) -> bool:
        return self.top is not None and self.top.is_converged

    @property
    def why_not(self) -> str:
        """Why the fit did not converge or the data does not tell the parameters; "" where all is well."""
        return self.top.reason if self.top is not None else ""

    @property
    def standard_errors(self) -> dict[str, float | None]:
        return standard_errors(self.NAMES, self._params, self.top)

    def log_likelihood(self, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Floats:
        """The log-likelihood of each row."""
        x, t_x, age = valid(frequency, recency, T)
        return self._rows(self._params, Rows(x, t_x, age, np.ones_like(x)))[0]

    def at(self, logs: Floats) -> Self:
        """The same model with other parameters (their logs)."""
        return type(self)(*np.exp(logs))

    @property
    def logs(self) -> Floats:
        return np.log(self._params)

    # -- what the model says -------------------------------------------------------------------------------------------

    def conditional_probability_alive(self, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Floats:
        """P(alive): will this customer ever buy again? Shape (rows,)."""
        x, t_x, age = _arrays(frequency, recency, T)
        return special.expit(-self.log_odds_gone(x, t_x, age))

    def conditional_expected_number_of_purchases_up_to_time(
        self, t: float, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike
    ) -> Floats:
        """Purchases expected in the next t. Shape (rows,)."""
        x, t_x, age = _arrays(frequency, recency, T)
        return self.conditional_probability_alive(x, t_x, age) * self.alive(x, age).expected(t)

    def conditional_probability_of_n_purchases_up_to_time(
        self, n: int, t: float, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike
    ) -> Floats:
        """P(n purchases in the next t). Shape (rows,)."""
        x, t_x, age = _arrays(frequency, recency, T)
        p_alive = self.conditional_probability_alive(x, t_x, age)
        return p_alive * self.alive(x, age).pmf(t, n)[:, n] + (1 - p_alive if n == 0 else 0.0)

    def expected_number_of_purchases_up_to_time(self, t: ArrayLike) -> Floats:
        """Purchases expected of a new customer up to time t, the first not counted. Shape of t."""
        times = np.atleast_1d(np.asarray(t, dtype=float))
        new = np.zeros(1)
        return np.array([self.conditional_expected_number_of_purchases_up_to_time(one, new, new, new)[0] for one in times]).reshape(
            np.shape(t)
        )

    def probability_of_n_purchases_up_to_time(self, t: float, n: int) -> float:
        """P(X(t) = n) of a new customer."""
        new = np.zeros(1)
        return float(self.conditional_probability_of_n_purchases_up_to_time(n, t, new, new, new)[0])

    @abstractmethod
    def alive(self, frequency: Floats, T: Floats) -> processes.Process:
        """The process by which customers with that history buy from now on, given that they are alive."""

    @abstractmethod
    def log_odds_gone(self, x: Floats, t_x: Floats, age: Floats) -> Floats:
        """ln of P(gone) / P(alive)."""

    @abstractmethod
    def _rows(self, params: Floats, rows: Rows) -> tuple[Floats, list[Floats]]:
        """Log-likelihood of each row, and its derivatives by each parameter."""

    def _penalised(self, rows: Rows, logs: Floats) -> tuple[float, Floats]:
        """By the logs of the parameters, as a fit climbs it."""
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            value, gradient = self._mean(np.exp(logs), rows)
            squares = np.exp(2 * logs)
            return value - self.penalty * squares.sum(), gradient * np.exp(logs) - 2 * self.penalty * squares

    def _mean(self, params: Floats, rows: Rows) -> tuple[float, Floats]:
        """Log-likelihood a customer, and its gradient."""
        values, derivatives = self._rows(params, rows)
        return rows.mean(values), np.array([rows.mean(one) for one in derivatives])

    def _starts(self, rows: Rows) -> list[Floats]:
        """Logs of the parameters to start from: the first by the data's own scale, others around it for when that fails."""
        span = max(float(rows.share @ rows.age), 1e-6)
        often = max(float(rows.share @ rows.x), 1e-3)
        first = self._start(span, often)
        return [np.log(first), *(np.log(first) + np.array(turn[: len(first)]) for turn in TURNS)]

    @abstractmethod
    def _start(self, span: float, often: float) -> Floats:
        """A first guess from the mean T and the mean frequency."""


#: Rows of the sample that is fitted first where there are many.
SAMPLE = 20_000

#: Where else to start, on the log scale.
TURNS: tuple[tuple[float, ...], ...] = ((1.5, 1.5, -1.5, 1.5), (-1.5, -1.0, 1.0, -1.0), (0.5, 3.0, 1.5, 3.0))


class Rows:
    """Rows of a fit: x, t_x, T, the share of the customers in each, and the distinct numbers of purchases, for what depends on these
    alone."""

    def __init__(self, x: Floats, t_x: Floats, age: Floats, share: Floats) -> None:
        self.x, self.t_x, self.age, self.share = x, t_x, age, share
        self.counts, self.count = np.unique(x, return_inverse=True)

    def mean(self, values: Floats) -> float:
        """Over customers. Not a dot product: on busy machines its threads wait for each other longer than the sum takes."""
        return float(np.sum(self.share * values))

    def sample(self) -> Rows | None:
        """Some of the rows, drawn at even steps through all customers and so each as often as it stands for customers; None where they
        are few."""
        if len(self.x) < 2 * SAMPLE:
            return None
        ends = np.cumsum(self.share)
        drawn, often = np.unique(np.searchsorted(ends, (np.arange(SAMPLE) + 0.5) * ends[-1] / SAMPLE), return_counts=True)
        return Rows(self.x[drawn], self.t_x[drawn], self.age[drawn], often / SAMPLE)


class Nbd(PurchaseModel):
    NAMES: ClassVar[tuple[str, ...]] = ("r", "alpha")
    LABEL = "NBD"
    HAS_DROPOUT = False

    def alive(self, frequency: Floats, T: Floats) -> processes.Nbd:
        r, alpha = self._params
        return processes.Nbd(r + frequency, alpha + T)

    def log_odds_gone(self, x: Floats, t_x: Floats, age: Floats) -> Floats:
        return np.full(np.broadcast(x, t_x, age).shape, -np.inf)

    def _rows(self, params: Floats, rows: Rows) -> tuple[Floats, list[Floats]]:
        r, alpha = params
        by_count, slope = (one[rows.count] for one in _rising(r, rows.counts))
        until = np.log1p(rows.age / alpha)
        value = by_count - r * until - rows.x * np.log(alpha + rows.age)
        return value, [slope - until, r / alpha - (r + rows.x) / (alpha + rows.age)]

    def _start(self, span: float, often: float) -> Floats:
        return np.array([0.5, 0.5 * span / often])


class SameRate(Nbd):
    """No model but a rule: everybody goes on at the rate seen so far, x / T, and those without a repeat purchase never come again."""

    NAMES: ClassVar[tuple[str, ...]] = ()
    LABEL = "Same rate"

    def alive(self, frequency: Floats, T: Floats) -> processes.Nbd:
        return processes.Nbd(np.maximum(frequency, 1e-9), np.maximum(T, 0.1))

    def log_odds_gone(self, x: Floats, t_x: Floats, age: Floats) -> Floats:
        return np.where(x > 0, -np.inf, np.inf) + np.zeros(np.broadcast(x, t_x, age).shape)


class LastPeriod(SameRate):
    """The same rule on what lies in the last period alone."""

    LABEL = "Last period again"


class BgNbd(PurchaseModel):
    NAMES = ("r", "alpha", "a", "b")
    LABEL = "BG/NBD"
    #: Coin flips beside those of the repeat purchases: none here, one at the first purchase in the modified model.
    FLIPS: ClassVar[int] = 0

    def alive(self, frequency: Floats, T: Floats) -> processes.BgNbd:
        r, alpha, a, b = self._params
        return processes.BgNbd(r + frequency, alpha + T, float(a), b + frequency + self.FLIPS)

    def log_odds_gone(self, x: Floats, t_x: Floats, age: Floats) -> Floats:
        r, alpha, a, b = self._params
        flips = x + self.FLIPS
        with np.errstate(divide="ignore"):
            odds = np.log(a) - np.log(np.maximum(b + flips - 1, 0)) + (r + x) * np.log1p((age - t_x) / (alpha + t_x))
        return np.where(flips > 0, odds, -np.inf)

    def _rows(self, params: Floats, rows: Rows) -> tuple[Floats, list[Floats]]:
        """Fader, Hardie & Lee (2005), equation 6, with what is common to both of its terms taken out, and what depends on x alone computed
        once a number of purchases."""
        r, alpha, a, b = params
        flips = rows.counts + self.FLIPS
        may_leave, last = flips > 0, np.maximum(b + flips - 1, 1e-300)
        by_count, slope = _rising(r, rows.counts)
        by_count = by_count + special.betaln(a, b + flips) - special.betaln(a, b) + r * np.log(alpha)
        with np.errstate(divide="ignore"):
            ratio = np.where(may_leave, np.log(a) - np.log(last), -np.inf)
        power = r + rows.x
        at_end, at_last = alpha + rows.age, alpha + rows.t_x
        until = np.log(at_end)
        quiet = until - np.log(at_last)
        softplus, gone = _softplus(ratio[rows.count] + power * quiet)
        both = special.digamma(a + b) - special.digamma(a + b + flips)
        by_b = both + special.digamma(b + flips) - special.digamma(b)
        return by_count[rows.count] - power * until + softplus, [
            (slope + np.log(alpha))[rows.count] - until + gone * quiet,
            r / alpha - power * ((1 - gone) / at_end + gone / at_last),
            both[rows.count] + gone / a,
            by_b[rows.count] - gone * np.where(may_leave, 1 / last, 0.0)[rows.count],
        ]

    def _start(self, span: float, often: float) -> Floats:
        return np.array([0.5, 0.4 * span / often, 0.8, 2.5])


class MbgNbd(BgNbd):
    LABEL = "MBG/NBD"
    FLIPS = 1


class ParetoNbd(PurchaseModel):
    NAMES = ("r", "alpha", "s", "beta")
    LABEL = "Pareto/NBD"
    #: Nodes of the integral over the time of dropout, and the e-folds after which what is left of it does not count.
    NODES: ClassVar[int] = 24
    FOLDS: ClassVar[float] = 38.0

    def alive(self, frequency: Floats, T: Floats) -> processes.ParetoNbd:
        r, alpha, s, beta = self._params
        return processes.ParetoNbd(r + frequency, alpha + T, float(s), beta + T)

    def log_odds_gone(self, x: Floats, t_x: Floats, age: Floats) -> Floats:
        return self._gone(self._params, Rows(x, t_x, age, np.ones_like(x)))[0]

    def _gone(self, params: Floats, rows: Rows) -> tuple[Floats, list[Floats]]:
        """ln of the likelihood of having dropped out since t_x, in units of that of being there at T; and its derivatives.

        ∫ s/(β+y) · ((β+T)/(β+y))^s · ((α+T)/(α+y))^(r+x) dy from t_x to T, with y = min(α, β) + y on a log scale: no hypergeometric
        function, and no difference of two of them that are nearly equal.
        """
        r, alpha, s, beta = params
        x, t_x, age = rows.x, rows.t_x, rows.age
        near = min(alpha, beta)
        with np.errstate(over="ignore"):
            end = np.minimum(age, t_x + (alpha + t_x) * np.expm1(np.minimum(self.FOLDS / (r + x), 50.0)))
        reach = np.log1p((end - t_x) / (near + t_x))
        top = (r + x) * np.log1p((age - t_x) / (alpha + t_x)) + s * np.log1p((age - t_x) / (beta + t_x))  # of the integrand at t_x
        total = np.zeros(len(x))
        moments = [np.zeros(len(x)) for _ in range(4)]
        for node, weight in zip(*legendre(self.NODES), strict=True):
            since = (near + t_x) * np.expm1(node * reach)
            in_alpha, in_beta = np.log1p(since / (alpha + t_x)), np.log1p(since / (beta + t_x))
            y = t_x + since
            term = weight * (near + y) / (beta + y) * np.exp(-(r + x) * in_alpha - s * in_beta)
            total += term
            for place, factor in enumerate((in_alpha, 1 / (alpha + y), in_beta, 1 / (beta + y))):
                moments[place] += term * factor
        with np.errstate(divide="ignore", invalid="ignore"):
            odds = np.log(s) + top + np.log(total * reach)
            mean_alpha, per_alpha, mean_beta, per_beta = (np.where(total > 0, moment / total, 0.0) for moment in moments)
        since_alpha, since_beta = np.log1p((age - t_x) / (alpha + t_x)), np.log1p((age - t_x) / (beta + t_x))
        return odds, [
            since_alpha - mean_alpha,
            (r + x) * (1 / (alpha + age) - per_alpha),
            1 / s + since_beta - mean_beta,
            s / (beta + age) - (s + 1) * per_beta,
        ]

    def _rows(self, params: Floats, rows: Rows) -> tuple[Floats, list[Floats]]:
        """Schmittlein et al. (1987): there at T, or gone at some y since the last purchase."""
        r, alpha, s, beta = params
        by_count, slope = (one[rows.count] for one in _rising(r, rows.counts))
        in_alpha, in_beta = np.log1p(rows.age / alpha), np.log1p(rows.age / beta)
        odds, (by_r, by_alpha, by_s, by_beta) = self._gone(params, rows)
        gone = special.expit(odds)
        value = by_count - r * in_alpha - rows.x * np.log(alpha + rows.age) - s * in_beta + np.logaddexp(0, odds)
        return value, [
            slope - in_alpha + gone * by_r,
            r / alpha - (r + rows.x) / (alpha + rows.age) + gone * by_alpha,
            gone * by_s - in_beta,
            s / beta - s / (beta + rows.age) + gone * by_beta,
        ]

    def _start(self, span: float, often: float) -> Floats:
        return np.array([0.5, 0.4 * span / often, 0.5, 0.5 * span])


#: The models to choose from.
MODELS: dict[str, type[PurchaseModel]] = {"bg_nbd": BgNbd, "mbg_nbd": MbgNbd, "pareto_nbd": ParetoNbd}


def _rising(r: float, counts: Floats) -> tuple[Floats, Floats]:
    """ln Γ(r + x) − ln Γ(r), and its derivative by r."""
    return special.gammaln(r + counts) - special.gammaln(r), special.digamma(r + counts) - special.digamma(r)


def _softplus(odds: Floats) -> tuple[Floats, Floats]:
    """ln(1 + e^odds), and its derivative; one exponential for both."""
    small = np.exp(-np.abs(odds))
    return np.maximum(odds, 0.0) + np.log1p(small), np.where(odds > 0, 1.0, small) / (1 + small)


def _shared(frequency: ArrayLike, recency: ArrayLike, T: ArrayLike, weights: ArrayLike | None) -> tuple[Rows, float]:
    """The rows of a fit, and how many customers they are."""
    x, t_x, age = valid(frequency, recency, T)
    share = np.ones_like(x) if weights is None else np.asarray(weights, dtype=float)
    customers = float(share.sum())
    return Rows(x, t_x, age, share / customers), customers


def _arrays(*values: ArrayLike) -> tuple[Floats, ...]:
    return tuple(np.atleast_1d(one) for one in np.broadcast_arrays(*(np.asarray(value, dtype=float) for value in values)))


def valid(frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """The three as arrays of one shape. Raises AnalysisError for a row that no customer can have."""
    x, t_x, age = _arrays(frequency, recency, T)
    wrong: Any = ~(np.isfinite(x) & np.isfinite(t_x) & np.isfinite(age) & (x >= 0) & (t_x >= 0) & (age >= t_x) & ((x > 0) | (t_x == 0)))
    if np.any(wrong) or not len(x):
        example = "there are none" if not len(x) else f"frequency {x[wrong][0]:g}, recency {t_x[wrong][0]:g}, T {age[wrong][0]:g}"
        raise AnalysisError(
            "These are no customers",
            f"{int(np.sum(wrong)):,} rows cannot be: {example}.",
            "Frequency counts the purchases after the first; recency lies between 0 and T, and is 0 without a second purchase.",
        )
    return x, t_x, age
