"""How customers who are alive buy from now on: the purchases of the next t units of time, one process a customer.

A customer alive at the end of the data is a new one with updated parameters, so a process answers for new and for known customers.
Each answers
    expected(t)      expected number of purchases, shape (customers,)
    pairs(u)         expected density of two purchases, the later one u from now: E[λ² · still buying], for the variance
    none(t)          probability of no purchase, π_0
    pmf(t, most)     probabilities of 0, 1, ..., most purchases, shape (customers, most + 1)
and none of them is undefined or overflows for any positive parameters: the hypergeometric functions of the papers are replaced by
integrals of positive functions over the dropout rate (quadrature), which have no singularity at a = 1, s = 1 or a + b < 1.

Sources: Fader, Hardie & Lee (2005); Batislam, Denizel & Filiztekin (2007); Schmittlein, Morrison & Colombo (1987).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import special

from crm_core.analytics.clv.quadrature import Floats, beta, legendre

#: Numbers at once in an integral; more are taken in turns.
CELLS = 2_000_000
NODES_LEAST, NODES_MOST = 32, 400
DROPOUT_NODES = 48


class Process(Protocol):
    """See the module."""

    @property
    def size(self) -> int: ...
    def expected(self, t: float) -> Floats: ...
    def pairs(self, u: float) -> Floats: ...
    def none(self, t: float) -> Floats: ...
    def pmf(self, t: float, most: int) -> Floats: ...


def negative_binomial(r: Floats, p: Floats, most: int) -> Floats:
    """Probabilities of 0, ..., most events of a gamma-mixed Poisson process: Γ(r+n)/(Γ(r) n!) (1−p)^r p^n, shape (len(r), most + 1)."""
    return _binomial(_log_choices(r, most), r, p)


def _log_choices(r: Floats, most: int) -> Floats:
    """ln Γ(r+n)/(Γ(r) n!), shape (len(r), most + 1): sums of ln (r+n−1)/n, cheaper than three gamma functions a number."""
    n = np.arange(1, most + 1)
    found = np.zeros((len(r), most + 1))
    np.cumsum(np.log((r[:, None] + n - 1) / n), axis=1, out=found[:, 1:])
    return found


def _binomial(log_choices: Floats, r: Floats, p: Floats) -> Floats:
    n = np.arange(log_choices.shape[1])
    with np.errstate(divide="ignore"):
        log_p = np.maximum(np.log(p), -1e300)  # 0 purchases for certain where p = 0
    return np.exp(log_choices + (r * np.log1p(-p))[:, None] + n * log_p[:, None])


@dataclass(frozen=True)
class Nbd:
    """Purchases at a gamma-distributed rate by (r, alpha), for ever. All arrays have shape (customers,)."""

    r: Floats
    alpha: Floats

    @property
    def size(self) -> int:
        return len(self.r)

    def expected(self, t: float) -> Floats:
        return self.r / self.alpha * t

    def pairs(self, u: float) -> Floats:  # noqa: ARG002 (the rate does not change)
        return self.r * (self.r + 1) / self.alpha**2

    def none(self, t: float) -> Floats:
        return np.exp(-self.r * np.log1p(t / self.alpha))

    def pmf(self, t: float, most: int) -> Floats:
        return negative_binomial(self.r, t / (self.alpha + t), most)


@dataclass(frozen=True)
class BgNbd:
    """Like Nbd, and after each purchase the customer may drop out, with a probability that is Beta(a, b): b has shape (customers,)."""

    r: Floats
    alpha: Floats
    a: float
    b: Floats

    @property
    def size(self) -> int:
        return len(self.r)

    def expected(self, t: float) -> Floats:
        """E[(1 − (1 + p t/α)^−r) / p]: purchases before t while dropout is p each time, with the purchase rate integrated out."""
        z = t / self.alpha

        def lost_by_p(p: Floats, who: slice) -> Floats:
            r, x = self.r[who, None], p * z[who, None]
            lost = -np.expm1(-r * np.log1p(x))
            return np.divide(lost, p, out=np.broadcast_to(r * z[who, None], p.shape).copy(), where=p > 0)

        return self._over_dropout(lost_by_p, z)

    def pairs(self, u: float) -> Floats:
        z = u / self.alpha
        rate = self.r * (self.r + 1) / self.alpha**2
        return rate * self._over_dropout(lambda p, who: (1 - p) * np.exp(-(self.r[who, None] + 2) * np.log1p(p * z[who, None])), z)

    def none(self, t: float) -> Floats:
        return np.exp(-self.r * np.log1p(t / self.alpha))

    def pmf(self, t: float, most: int) -> Floats:
        """Fader, Hardie & Lee (2005), equation 8: still there after n purchases, or gone with the n-th."""
        p, n = t / (self.alpha + t), np.arange(most + 1)
        b = self.b[:, None]
        still = np.exp(special.betaln(self.a, b + n) - special.betaln(self.a, b))
        found = still * negative_binomial(self.r, p, most)
        if most:
            n = n[1:]
            gone = np.exp(special.betaln(self.a + 1, b + n - 1) - special.betaln(self.a, b))
            found[:, 1:] += gone * special.betainc(n, self.r[:, None], p[:, None])
        return found

    @cached_property
    def _kinds(self) -> tuple[Floats, NDArray[np.intp]]:
        """The different b, and which of them each customer has."""
        kinds, kind = np.unique(self.b, return_inverse=True)
        return kinds, kind

    @cached_property
    def _rules(self) -> dict[int, tuple[Floats, Floats]]:
        """Nodes and weights by their number: one process is asked for many times."""
        return {}

    def _over_dropout(self, integrand: Callable[[Floats, slice], Floats], z: Floats) -> Floats:
        """The mean of integrand(p, who) over p of Beta(a, b)."""
        count = _nodes_for(float(z.max(initial=0.0)))
        kinds, kind = self._kinds
        if count not in self._rules:
            self._rules[count] = beta(self.a, kinds, count)
        nodes, weights = self._rules[count]
        found, step = np.empty(self.size), max(1, CELLS // count)
        for start in range(0, self.size, step):
            who = slice(start, start + step)
            found[who] = np.einsum("ij,ij->i", weights[kind[who]], integrand(nodes[kind[who]], who))
        return found


def _nodes_for(z: float) -> int:
    """Nodes for 12 digits where the integrand has its nearest singularity at p = −1/z: the error falls by ρ² a node."""
    if z <= 0:
        return NODES_LEAST
    rho = (np.sqrt(1 / z) + np.sqrt(1 + 1 / z)) ** 2
    wanted = 12 * np.log(10) / (2 * np.log(rho))
    return int(
        np.clip(NODES_LEAST * 2 ** (np.ceil(2 * np.log2(max(wanted / NODES_LEAST, 1))) / 2), NODES_LEAST, NODES_MOST)
    )  # a few numbers


@dataclass(frozen=True)
class ParetoNbd:
    """Like Nbd, and the customer drops out at a gamma-distributed rate by (s, beta): beta has shape (customers,)."""

    r: Floats
    alpha: Floats
    s: float
    beta: Floats

    @property
    def size(self) -> int:
        return len(self.r)

    def expected(self, t: float) -> Floats:
        """Schmittlein et al. (1987), equation 16 (there for new customers), in a form that holds for s = 1 too."""
        log = np.log1p(t / self.beta)
        return self.r * self.beta / self.alpha * log * special.exprel((1 - self.s) * log)

    def pairs(self, u: float) -> Floats:
        return self.r * (self.r + 1) / self.alpha**2 * np.exp(-self.s * np.log1p(u / self.beta))

    def none(self, t: float) -> Floats:
        return self.pmf(t, 0)[:, 0]

    def pmf(self, t: float, most: int) -> Floats:
        """Still there at t with n purchases, or gone at y < t with n until then."""
        log_choices = _log_choices(self.r, most)
        found = np.exp(-self.s * np.log1p(t / self.beta))[:, None] * _binomial(log_choices, self.r, t / (self.alpha + t))
        nodes, weights = legendre(DROPOUT_NODES)
        nearest = np.minimum(self.alpha, self.beta)
        reach = np.log1p(t / nearest)
        for node, weight in zip(nodes, weights, strict=True):  # y = nearest · (e^z − 1): smooth however small alpha or beta are
            y = nearest * np.expm1(node * reach)
            gone = self.s * np.exp(-(self.s + 1) * np.log1p(y / self.beta)) / self.beta
            found += (weight * reach * (nearest + y) * gone)[:, None] * _binomial(log_choices, self.r, y / (self.alpha + y))
        return found
