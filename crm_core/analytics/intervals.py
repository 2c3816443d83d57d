"""Intervals of shares, 95 %: Wilson (1927), and of their difference: Newcombe (1998), method 10."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

Z = 1.959963984540054


@dataclass(frozen=True)
class Interval:
    """A point with the bounds of its 95 % interval."""

    point: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        return self.low > 0 or self.high < 0


def wilson(hits: int, n: int, z: float = Z) -> Interval:
    """The share hits / n, n at least 1; `z` is the normal quantile of another level. Source: Wilson (1927), JASA 22."""
    share = hits / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return Interval(share, max(0.0, centre - half), min(1.0, centre + half))


def newcombe(hits: int, n: int, other_hits: int, other_n: int, z: float = Z) -> Interval:
    """The difference hits / n − other_hits / other_n of independent shares. Source: Newcombe (1998), Statistics in Medicine 17."""
    one, other = wilson(hits, n, z), wilson(other_hits, other_n, z)
    difference = one.point - other.point
    below = sqrt((one.point - one.low) ** 2 + (other.high - other.point) ** 2)
    above = sqrt((one.high - one.point) ** 2 + (other.point - other.low) ** 2)
    return Interval(difference, difference - below, difference + above)
