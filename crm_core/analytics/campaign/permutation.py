"""Could lot alone have parted the groups like this? A permutation test within strata.

Grain: customer. In each stratum as many customers as were controls are drawn by lot, 10,000 times; what is compared is the sum of the controls'
values less what their strata's means lead to expect. Where each stratum gave the same share of controls that orders the draws as the difference of the
means does; where not, no stratum is taken for an effect. The distribution is exact: of the customers with a value other than zero, of whom there are few,
the number among the controls is hypergeometric, and who they are is equally likely. Sources: Fisher (1935), The Design of Experiments; Phipson &
Smyth (2010), Statistical Applications in Genetics and Molecular Biology 9(1), 39 (a p-value of draws is never 0).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

DRAWS = 10_000
#: Sums that differ by rounding are the same, relative to the sum of all absolute values.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Permuted:
    """Of each measure: `p`, two-sided; `surplus`, what the treated have above what lot leads to expect (a sum; its sign is the direction);
    `p_by_stratum`, shape (strata, measures), missing where a stratum has no controls or nobody else.
    """

    p: tuple[float, ...]
    surplus: tuple[float, ...]
    p_by_stratum: np.ndarray


@dataclass(frozen=True)
class _Stratum:
    """What its customers with a value have (one array a measure), who of them are controls, and how many customers and controls there are."""

    values: tuple[np.ndarray, ...]
    is_control: np.ndarray
    customers: int
    controls: int

    @property
    def expected(self) -> np.ndarray:
        """Of the controls' sums, shape (measures,)."""
        return np.array([one.sum() for one in self.values]) * self.controls / self.customers

    @property
    def found(self) -> np.ndarray:
        return np.array([one[self.is_control].sum() for one in self.values])


def permute(
    measures: Sequence[np.ndarray],
    is_control: np.ndarray,
    stratum: np.ndarray,
    treated: np.ndarray,
    controls: np.ndarray,
    seed: int,
    draws: int = DRAWS,
) -> Permuted:
    """`measures`, `is_control` and `stratum` have an entry a customer with a value; `treated` and `controls` count the customers of each stratum, also
    those without. The same entries in the same order and the same seed give the same draws.
    """
    rng = np.random.default_rng(seed)
    summed, found = np.zeros((draws, len(measures))), np.zeros(len(measures))
    p_by_stratum = np.full((len(controls), len(measures)), np.nan)
    for place, one in _strata(measures, is_control, stratum, treated, controls):
        apart = _drawn(rng, one, draws) - one.expected
        p_by_stratum[place] = _p_values(apart, one.found - one.expected, _size(one.values))
        summed += apart
        found += one.found - one.expected
    return Permuted(tuple(_p_values(summed, found, _size(measures)).tolist()), tuple((-found).tolist()), p_by_stratum)


def _strata(
    measures: Sequence[np.ndarray], is_control: np.ndarray, stratum: np.ndarray, treated: np.ndarray, controls: np.ndarray
) -> Iterator[tuple[int, _Stratum]]:
    """Those where lot has a choice."""
    order = np.argsort(stratum, kind="stable")
    ends = np.searchsorted(stratum[order], np.arange(len(controls) + 1))
    for place in range(len(controls)):
        if treated[place] and controls[place]:
            own = order[ends[place] : ends[place + 1]]
            values = tuple(np.ascontiguousarray(one[own], dtype=float) for one in measures)
            yield place, _Stratum(values, is_control[own], int(treated[place] + controls[place]), int(controls[place]))


def _drawn(rng: np.random.Generator, one: _Stratum, draws: int) -> np.ndarray:
    """The controls' sums in each draw, shape (draws, measures). Of many, it is the fewer others that are drawn."""
    count = len(one.is_control)
    counts = rng.hypergeometric(count, one.customers - count, one.controls, size=draws)
    sums = np.zeros((draws, len(one.values)))
    for draw, of_them in enumerate(counts.tolist()):
        picked = rng.choice(count, min(of_them, count - of_them), replace=False, shuffle=False)
        for measure, values in enumerate(one.values):
            sums[draw, measure] = values.take(picked).sum()
    is_of_others = counts > count / 2
    sums[is_of_others] = np.array([values.sum() for values in one.values]) - sums[is_of_others]
    return sums


def _p_values(drawn: np.ndarray, found: np.ndarray, size: np.ndarray) -> np.ndarray:
    """How often lot parts the groups at least as far."""
    is_as_far = np.abs(drawn) >= np.abs(found) - _ROUNDING * size
    return (1 + is_as_far.sum(axis=0)) / (1 + len(drawn))


def _size(measures: Sequence[np.ndarray]) -> np.ndarray:
    return np.array([np.abs(one).sum() for one in measures])
