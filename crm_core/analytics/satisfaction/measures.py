"""NPS, CSAT and CES with their 95 % intervals, and whether two of them differ.

Grain: a group of responses, given as `Counts`. NPS is in points (−100 to 100), CSAT a share of the top two boxes (0 to 1), CES a mean on its
scale. Sources: Reichheld (2003); Rocks (2016), adjusted Wald interval of NPS; Wilson (1927); Newcombe (1998); Welch (1947); Holm (1979).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, isclose, isnan, nan, sqrt
from typing import Literal

from crm_core.analytics.intervals import Z, newcombe, wilson

Measure = Literal["nps", "csat", "ces"]

LABELS: dict[Measure, str] = {"nps": "NPS", "csat": "CSAT", "ces": "CES"}
LONG_LABELS: dict[Measure, str] = {
    "nps": "Net promoter score (NPS)",
    "csat": "Customer satisfaction (CSAT)",
    "ces": "Customer effort score (CES)",
}
#: What the best and the worst answers are called, and those between.
BANDS: dict[Measure, tuple[str, str, str]] = {
    "nps": ("Promoters", "Passives", "Detractors"),
    "csat": ("Satisfied", "In between", "Dissatisfied"),
    "ces": ("Easy", "In between", "Difficult"),
}

#: Below these a figure is marked uncertain, and gets no verdict.
UNCERTAIN, TOO_FEW = 30, 10
LEVEL = 0.05
#: Pseudo-responses of Rocks (2016): promoters, passives, detractors.
ADDED = (0.75, 1.5, 0.75)
_HALVINGS = 60
ROUNDING = 1e-9


@dataclass(frozen=True)
class Counts:
    """Of n responses: how many are in the best and in the worst band, and the sum of the scores and of their squares (for CES)."""

    n: int
    top: int
    bottom: int
    total: float = nan
    squares: float = nan

    @property
    def mean(self) -> float:
        return self.total / self.n if self.n else nan

    @property
    def variance(self) -> float:
        """Of the scores, n − 1 below the line; missing for fewer than two."""
        return max(0.0, (self.squares - self.total**2 / self.n) / (self.n - 1)) if self.n > 1 else nan

    def without(self, part: Counts) -> Counts:
        """The others, where `part` is among these."""
        return Counts(self.n - part.n, self.top - part.top, self.bottom - part.bottom, self.total - part.total, self.squares - part.squares)


@dataclass(frozen=True)
class Estimate:
    """A measure with its 95 % interval; missing values where n does not allow them (any at n = 0, the interval of CES at n = 1)."""

    measure: Measure
    n: int
    value: float
    low: float
    high: float
    share_top: float
    share_bottom: float

    @property
    def is_uncertain(self) -> bool:
        return self.n < UNCERTAIN


@dataclass(frozen=True)
class Difference:
    """One measure less another, with its 95 % interval and two-sided p-value: the level at which the interval begins to hold 0."""

    point: float
    low: float
    high: float
    p: float
    n: int  # the smaller of the two groups

    @property
    def has_verdict(self) -> bool:
        return self.n >= TOO_FEW and not isnan(self.p)

    @property
    def is_significant(self) -> bool:
        """For a single comparison; with several on one view see `holm`."""
        return self.has_verdict and self.p < LEVEL


def estimate(measure: Measure, counts: Counts) -> Estimate:
    """The measure of these responses."""
    if counts.n == 0:
        return Estimate(measure, 0, nan, nan, nan, nan, nan)
    low, high = _interval(measure, counts)
    return Estimate(measure, counts.n, _point(measure, counts), low, high, counts.top / counts.n, counts.bottom / counts.n)


def difference(measure: Measure, one: Counts, other: Counts) -> Difference:
    """`one` less `other`, two independent groups of responses; all missing where one is empty."""
    n = min(one.n, other.n)
    if n == 0:
        return Difference(nan, nan, nan, nan, n)
    point = _mean_gap(one, other) if measure == "ces" else _point(measure, one) - _point(measure, other)
    low, high = _apart(measure, one, other, LEVEL)
    return Difference(point, low, high, _p_value(measure, one, other), n)


def holm(p_values: Sequence[float], level: float = LEVEL) -> list[bool]:
    """Which of several comparisons are significant together (Holm 1979). Missing p-values are none, and take no part."""
    known = sorted((p, place) for place, p in enumerate(p_values) if not isnan(p))
    found = [False] * len(p_values)
    for rank, (p, place) in enumerate(known):
        if p >= level / (len(known) - rank):
            break
        found[place] = True
    return found


def _point(measure: Measure, counts: Counts) -> float:
    if measure == "nps":
        return 100 * (counts.top - counts.bottom) / counts.n
    return counts.top / counts.n if measure == "csat" else counts.mean


def _interval(measure: Measure, counts: Counts) -> tuple[float, float]:
    if measure == "nps":
        centre, error = _adjusted(counts)
        return max(-100.0, centre - Z * error), min(100.0, centre + Z * error)
    if measure == "csat":
        found = wilson(counts.top, counts.n)
        return found.low, found.high
    if counts.n == 1:
        return nan, nan
    half = _t_quantile(LEVEL, counts.n - 1) * sqrt(counts.variance / counts.n)
    return counts.mean - half, counts.mean + half


def _adjusted(counts: Counts) -> tuple[float, float]:
    """NPS with the pseudo-responses, and its standard error, both in points."""
    n = counts.n + sum(ADDED)
    top, bottom = (counts.top + ADDED[0]) / n, (counts.bottom + ADDED[2]) / n
    return 100 * (top - bottom), 100 * sqrt((top + bottom - (top - bottom) ** 2) / n)


def _apart(measure: Measure, one: Counts, other: Counts, level: float) -> tuple[float, float]:
    """The interval of the difference at that level (0.05: 95 %)."""
    if measure == "nps":
        (centre, error), (other_centre, other_error) = _adjusted(one), _adjusted(other)
        half = _z_quantile(level) * sqrt(error**2 + other_error**2)
        return centre - other_centre - half, centre - other_centre + half
    if measure == "csat":
        found = newcombe(one.top, one.n, other.top, other.n, _z_quantile(level))
        return found.low, found.high
    error, freedom = _welch(one, other)
    half = _t_quantile(level, freedom) * error if error else error
    gap = _mean_gap(one, other)
    return gap - half, gap + half


def _p_value(measure: Measure, one: Counts, other: Counts) -> float:
    if measure == "nps":
        (centre, error), (other_centre, other_error) = _adjusted(one), _adjusted(other)
        return erfc(abs(centre - other_centre) / sqrt(2 * (error**2 + other_error**2)))
    if measure == "ces":
        from scipy import special

        error, freedom = _welch(one, other)
        if isnan(error):
            return nan
        if not error:
            return 0.0 if _mean_gap(one, other) else 1.0
        return float(2 * special.stdtr(freedom, -abs(_mean_gap(one, other)) / error))
    return _level_that_holds_zero(one, other)


def _level_that_holds_zero(one: Counts, other: Counts) -> float:
    """Newcombe's interval has no closed p-value: halve the quantile at which 0 enters it."""
    low, high = 0.0, 40.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if newcombe(one.top, one.n, other.top, other.n, middle).excludes_zero:
            low = middle
        else:
            high = middle
    return erfc(low / sqrt(2))


def _mean_gap(one: Counts, other: Counts) -> float:
    """What rounding leaves between means of the same scores is no difference; where no score varies, nothing else would say so."""
    return 0.0 if isclose(one.mean, other.mean, rel_tol=ROUNDING, abs_tol=ROUNDING) else one.mean - other.mean


def _welch(one: Counts, other: Counts) -> tuple[float, float]:
    """Standard error of the difference of means and its degrees of freedom; missing where a group has fewer than two responses."""
    if min(one.n, other.n) < 2:
        return nan, nan
    a, b = one.variance / one.n, other.variance / other.n
    if a + b == 0:
        return 0.0, nan
    return sqrt(a + b), (a + b) ** 2 / (a**2 / (one.n - 1) + b**2 / (other.n - 1))


def _z_quantile(level: float) -> float:
    if level == LEVEL:
        return Z
    from scipy import special

    return float(-special.ndtri(level / 2))


def _t_quantile(level: float, freedom: float) -> float:
    """The two-sided quantile of Student's t."""
    from scipy import special

    return float(-special.stdtrit(freedom, level / 2))
