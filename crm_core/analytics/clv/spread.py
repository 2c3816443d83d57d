"""How far may a customer's value stray from what is expected? Quantiles and moments of purchases and spend, by tables.

A customer's predictive distribution depends on few numbers: the process of purchases on (x, T), the level on P(alive), and spend on x,
once it is divided by γ′ = γ + x·m̄. So it is computed on a grid of (x, T), and interpolated by splines between its nodes: by the inverse
hyperbolic sine of x and the logarithm of T, by which all of it changes evenly. Sources: definitions of the dashboard; Fader & Hardie
(2013).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import interpolate, ndimage, special

from crm_core.analytics.clv.models import PurchaseModel
from crm_core.analytics.clv.processes import Process
from crm_core.analytics.clv.quadrature import Floats, legendre
from crm_core.analytics.clv.spend import GammaGamma

X_SCALE, X_STEP = 2.0, 0.14
T_NODES = 24
LEVELS = np.linspace(-10.0, 10.0, 51)  # logits
VALUES = 160  # points at which a distribution function is tabulated
SECOND_MOMENT_NODES = 24
EXACT_COUNTS = 50  # numbers of purchases up to here are told apart, above they are taken at steps of a twentieth
TAIL = 1e-6
STEP = 1e-4  # of the log of a parameter, for derivatives


@dataclass(frozen=True)
class Grid:
    """Nodes over all histories (x, T) that there can be up to (most_x, most_T), with x no larger than T in days."""

    most_x: float
    most_T: float
    day: float  # in the model's unit
    scale: float  # of T: the model's alpha

    @cached_property
    def x(self) -> Floats:
        last = int(np.ceil(np.arcsinh(self.most_x / X_SCALE) / X_STEP)) + 2
        return X_SCALE * np.sinh(X_STEP * np.arange(max(last, 4) + 1))

    @cached_property
    def _end(self) -> float:
        return float(np.log(max(self.most_T, self.x[-1] * self.day) * 1.2 + self.day + self.scale))

    @cached_property
    def T(self) -> Floats:
        """Shape (x nodes, T nodes)."""
        start = np.log(self.x * self.day + self.scale)[:, None]
        return np.exp(start + np.linspace(0.0, 1.0, T_NODES) * (self._end - start)) - self.scale

    def place(self, x: Floats, T: Floats) -> Floats:
        """Where histories lie between the nodes, shape (2, rows)."""
        start = np.log(x * self.day + self.scale)
        share = (np.log(T + self.scale) - start) / (self._end - start)
        return np.array([np.arcsinh(x / X_SCALE) / X_STEP, np.clip(share, 0.0, 1.0) * (T_NODES - 1)])

    def process(self, model: PurchaseModel) -> Process:
        """The process of customers who are alive, a node each, row by row."""
        x = np.repeat(self.x, T_NODES)
        return model.alive(x, self.T.ravel())

    def shaped(self, values: Floats) -> Floats:
        return values.reshape(len(self.x), T_NODES, *values.shape[1:])


def grid_for(model: PurchaseModel, x: Floats, T: Floats, day: float) -> Grid:
    """The grid that covers these histories."""
    zero = np.zeros(1)
    scale = float(getattr(model.alive(zero, zero), "alpha")[0])  # noqa: B009 (every process has it)
    return Grid(float(x.max()), float(T.max()), day, scale)


def between(table: Floats, place: Floats) -> Floats:
    """A table of nodes, read between them: cubic splines, constant beyond the ends."""
    return ndimage.map_coordinates(table, place, order=3, mode="nearest")


def second_factorial_moment(process: Process, t: float) -> Floats:
    """E[N(N − 1)] of the purchases in t: twice the integral over the time u of the later one of the density of pairs, times u."""
    nodes, weights = legendre(SECOND_MOMENT_NODES)
    return (
        2
        * t
        * t
        * sum((weight * node * process.pairs(node * t) for node, weight in zip(nodes, weights, strict=True)), np.zeros(process.size))
    )


def elasticities(model: PurchaseModel, grid: Grid, times: Floats) -> Floats:
    """Derivatives of ln E[N(t)] of a customer who is alive by the log of each parameter, shape (parameters, x nodes, T nodes, times)."""
    logs = model.logs

    def expected(step: Floats) -> Floats:
        process = grid.process(model.at(logs + step))
        return np.log(np.array([process.expected(t) for t in times]))

    slopes = [(expected(step) - expected(-step)) / (2 * STEP) for step in np.eye(len(logs)) * STEP]
    return np.array([grid.shaped(slope.T) for slope in slopes])


def quantiles(model: PurchaseModel, spend: GammaGamma, grid: Grid, t: float) -> Floats:
    """ln of the quantiles of spend / γ′ in t of customers who buy at least once, shape (x nodes, T nodes, LEVELS)."""
    p, q, _ = spend.params.values()
    found = np.empty((len(grid.x), T_NODES, len(LEVELS)))
    for place, x in enumerate(grid.x):
        process = model.alive(np.full(T_NODES, x), grid.T[place])
        counts, shares = _counts(process, t)
        found[place] = _mixtures(p * counts, q + p * x, shares)
    return found


def _counts(process: Process, t: float) -> tuple[Floats, Floats]:
    """Numbers of purchases and their probabilities given at least one, shape (processes, numbers). Large numbers stand for their
    neighbours."""
    mean, pairs = process.expected(t), second_factorial_moment(process, t)
    most = int(np.max(mean + 12 * np.sqrt(np.maximum(pairs + mean - mean**2, mean)) + 20))
    probabilities = process.pmf(t, most)[:, 1:]
    numbers = np.arange(1, EXACT_COUNTS + 1, dtype=float)
    while numbers[-1] < most:
        numbers = np.append(numbers, np.ceil(numbers[-1] * 21 / 20))
    upper = np.searchsorted(numbers, np.arange(1, most + 1))
    lower = np.maximum(upper - 1, 0)
    toward = np.where(upper > 0, (np.arange(1, most + 1) - numbers[lower]) / np.where(upper > 0, numbers[upper] - numbers[lower], 1), 1.0)
    shares = np.zeros((process.size, len(numbers)))
    for row, chances in enumerate(probabilities):
        shares[row] = np.bincount(upper, chances * toward, len(numbers)) + np.bincount(lower, chances * (1 - toward), len(numbers))
    kept = shares.max(axis=0) > TAIL / len(numbers)
    kept[0] = True
    return numbers[kept], shares[:, kept] / np.maximum(shares[:, kept].sum(axis=1, keepdims=True), 1e-300)


def _mixtures(a: Floats, b: float, shares: Floats) -> Floats:
    """ln of the quantiles at LEVELS of mixtures of BetaPrime(a_n, b), one a row of `shares`."""
    ends = special.betaincinv([a[0], a[-1]], b, [TAIL, 1 - TAIL])
    low, high = special.logit(np.clip(ends, 1e-300, 1 - 1e-12))  # of s / (1 + s): ln s
    points = np.linspace(low - 1.0, high + 1.0, VALUES)
    below = shares @ special.betainc(a[:, None], b, special.expit(points))
    found = np.empty((len(shares), len(LEVELS)))
    for row, distribution in zip(found, below, strict=True):
        levels = special.logit(np.clip(distribution, 1e-12, 1 - 1e-12))
        rises = np.concatenate([[True], np.diff(np.maximum.accumulate(levels)) > 1e-9])
        row[:] = interpolate.PchipInterpolator(levels[rises], points[rises])(np.clip(LEVELS, levels[rises][0], levels[rises][-1]))
    return found
