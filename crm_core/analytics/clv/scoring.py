"""What is each customer expected to buy and to spend in the horizon, and within which bounds?

Grain: history (x, t_x, T), of which there are far fewer than customers. All values of a customer are a factor of the history times γ +
x·m̄, so that what is computed here is joined back to customers by one key, and multiplied. Horizon: whole months; times are in the
model's unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from crm_core.analytics.clv import spread
from crm_core.analytics.clv.customers import BITS, Histories
from crm_core.analytics.clv.models import PurchaseModel
from crm_core.analytics.clv.processes import Process
from crm_core.analytics.clv.quadrature import Floats
from crm_core.analytics.clv.spend import GammaGamma
from crm_core.analytics.clv.units import days_per, months_in

#: The interval is 90 %, equal-tailed.
LOW, HIGH = 0.05, 0.95
SLOPE = 1e-5


@dataclass(frozen=True)
class Valuation:
    """A model of purchases and one of spend, applied to histories. `mean_value` stands in for E(M) where that has no mean."""

    model: PurchaseModel
    spend: GammaGamma
    histories: Histories
    mean_value: float

    @cached_property
    def p_alive(self) -> Floats:
        h = self.histories
        return self.model.conditional_probability_alive(h.x, h.t_x, h.T)

    @cached_property
    def pairs(self) -> tuple[Floats, Floats, NDArray[np.intp]]:
        """Distinct (x, T), and which of them each history has: those alive differ by nothing else."""
        keys = self.histories.keys & ~(((1 << BITS) - 1) << BITS)
        kinds, kind = np.unique(keys, return_inverse=True)
        return (kinds >> (2 * BITS)).astype(float), (kinds & ((1 << BITS) - 1)) / days_per(self.histories.unit), kind

    @cached_property
    def grid(self) -> spread.Grid:
        x, T, _ = self.pairs
        return spread.grid_for(self.model, x, T, 1 / days_per(self.histories.unit))

    @cached_property
    def places(self) -> Floats:
        """Where each distinct (x, T) lies on the grid."""
        x, T, _ = self.pairs
        return self.grid.place(x, T)

    @cached_property
    def spend_factor(self) -> Floats:
        """E(M) / (γ + x·m̄) of each history: p / (px + q − 1), or what gives the mean of all purchases where that has no mean."""
        p, q, gamma = self.spend.params.values()
        free = p * self.histories.x + q - 1
        return np.where(free > 0, p / np.where(free > 0, free, 1.0), self.mean_value / gamma)

    @cached_property
    def tail(self) -> Floats:
        """q′ = q + p·x of each history: spend has a mean from 1 on, a variance from 2 on."""
        return self.spend.params["q"] + self.spend.params["p"] * self.histories.x

    @cached_property
    def alive_slopes(self) -> Floats:
        """Derivatives of ln P(alive) by the log of each parameter, shape (parameters, histories)."""
        h, logs = self.histories, self.model.logs
        if not self.model.HAS_DROPOUT:
            return np.zeros((len(logs), len(h.keys)))
        here = self.model.log_odds_gone(h.x, h.t_x, h.T)
        found = np.zeros((len(logs), len(h.keys)))
        for row, step in zip(found, np.eye(len(logs)) * SLOPE, strict=True):
            there = self.model.at(logs + step).log_odds_gone(h.x, h.t_x, h.T)
            row[:] = -special.expit(here) * np.where(np.isfinite(here), there - np.where(np.isfinite(here), here, 0), 0) / SLOPE
        return found


@dataclass(frozen=True)
class Outlook:
    """A valuation over a horizon of whole months. `factors` for a discount rate costs little once the rest is known."""

    valuation: Valuation
    months: int

    @cached_property
    def times(self) -> Floats:
        return np.array([months_in(self.valuation.histories.unit, month) for month in range(1, self.months + 1)])

    @cached_property
    def _process(self) -> Process:
        x, T, _ = self.valuation.pairs
        return self.valuation.model.alive(x, T)

    @cached_property
    def expected(self) -> Floats:
        """Purchases expected of a customer who is alive, over the whole horizon, a distinct (x, T)."""
        return self._process.expected(self.times[-1])

    @cached_property
    def _by_month(self) -> Floats:
        """Purchases expected until the end of each month, shape (distinct (x, T), months)."""
        return np.array([*(self._process.expected(t) for t in self.times[:-1]), self.expected]).T

    def discounted(self, rate: float) -> Floats:
        """Purchases expected of a customer who is alive, each month's discounted from its end at a yearly rate, a distinct (x, T)."""
        if rate == 0:
            return self.expected
        return np.diff(self._by_month, axis=1, prepend=0.0) @ _discounts(rate, self.months)

    @cached_property
    def _second_moment(self) -> Floats:
        """E[N(N − 1)] of a customer who is alive, a distinct (x, T)."""
        grid = self.valuation.grid
        table = grid.shaped(np.log(spread.second_factorial_moment(grid.process(self.valuation.model), self.times[-1])))
        return np.exp(spread.between(table, self.valuation.places))

    @cached_property
    def bounds(self) -> tuple[Floats, Floats]:
        """The 5 % and 95 % points of spend / γ′ in the horizon, each a history."""
        value = self.valuation
        kind = value.pairs[2]
        buys = 1 - self._process.none(self.times[-1])[kind]  # at least once, of those alive
        table = spread.quantiles(value.model, value.spend, value.grid, self.times[-1])
        low, high = (self._quantile(table, buys, kind, level) for level in (LOW, HIGH))
        return low, high

    def _quantile(self, table: Floats, buys: Floats, kind: NDArray[np.intp], level: float) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            within = 1 - (1 - level) / (self.valuation.p_alive * buys)
        some = within > 0
        logits = special.logit(np.clip(within[some], 1e-9, 1 - 1e-9))
        step = spread.LEVELS[1] - spread.LEVELS[0]
        third = np.clip((logits - spread.LEVELS[0]) / step, 0, len(spread.LEVELS) - 1)
        found = np.zeros(len(buys))
        found[some] = np.exp(spread.between(table, np.vstack([self.valuation.places[:, kind[some]], third])))
        return found

    @cached_property
    def _slopes(self) -> Floats:
        """Derivatives of ln E[N until each month] on the grid."""
        return spread.elasticities(self.valuation.model, self.valuation.grid, self.times)

    def _expected_slopes(self, rate: float) -> Floats:
        """Derivatives of ln of the discounted purchases by the log of each parameter, shape (parameters, distinct (x, T))."""
        value = self.valuation
        process = value.grid.process(value.model)
        until = np.array([process.expected(t) for t in self.times]).T
        worth = np.diff(np.append(_discounts(rate, self.months), 0.0)) * -1.0  # weights of the cumulative sums
        tables = [value.grid.shaped((until * worth * slope.reshape(until.shape)).sum(axis=1) / (until @ worth)) for slope in self._slopes]
        found = np.zeros((len(tables), value.places.shape[1]))
        for row, table in zip(found, tables, strict=True):
            row[:] = spread.between(table, value.places)
        return found

    def factors(self, rate: float) -> pd.DataFrame:
        """One row a history. Columns: history, p_alive, expected_purchases, spend_factor; value, low, high: what margin 1 earns, by γ +
        x·m̄; variance: of that value, by its square, 0 where spend has none (is_heavy); slope_NAME: derivatives of ln value by the log of
        each parameter."""
        value, histories = self.valuation, self.valuation.histories
        _, _, kind = value.pairs
        discounted = self.discounted(rate)
        ratio = np.divide(discounted, self.expected, out=np.ones_like(discounted), where=self.expected > 0)[kind]
        low, high = self.bounds
        names = value.model.NAMES
        slopes = value.alive_slopes + self._expected_slopes(rate)[:, kind]
        columns = {
            "history": histories.keys,
            "p_alive": value.p_alive,
            "expected_purchases": value.p_alive * self.expected[kind],
            "spend_factor": value.spend_factor,
            "value": value.p_alive * discounted[kind] * value.spend_factor,
            "low": low * ratio,
            "high": high * ratio,
            "variance": self._variance(kind) * ratio**2,
            "is_heavy": value.tail <= 2,
        }
        return pd.DataFrame(columns | {f"slope_{name}": slope for name, slope in zip(names, slopes, strict=True)} | self._spend_slopes())

    def _variance(self, kind: NDArray[np.intp]) -> Floats:
        """Of the undiscounted spend / γ′, a history; 0 where spend has no variance."""
        value = self.valuation
        one, two = value.p_alive * self.expected[kind], value.p_alive * self._second_moment[kind]
        p, tail = value.spend.params["p"], value.tail
        with np.errstate(divide="ignore", invalid="ignore"):
            square = (p * p * (two + one) + p * one) / ((tail - 1) * (tail - 2))
        return np.where(tail > 2, square - (value.spend_factor * one) ** 2, 0.0)

    def _spend_slopes(self) -> dict[str, Floats]:
        """Derivatives of ln spend_factor by ln p and ln q; that by ln γ is γ / (γ + x·m̄), a customer's own."""
        p, q, _ = self.valuation.spend.params.values()
        free = p * self.valuation.histories.x + q - 1
        has_mean = free > 0
        free = np.where(has_mean, free, 1.0)
        return {"slope_p": np.where(has_mean, (q - 1) / free, 0.0), "slope_q": np.where(has_mean, -q / free, 0.0)}


def _discounts(rate: float, months: int) -> Floats:
    return (1 + rate) ** (-np.arange(1, months + 1) / 12)
