"""How sure is each of many differences of shares? The p-values that go with Newcombe's interval, for a whole column at once.

Grain: a pair of shares. Source: Newcombe (1998), Statistics in Medicine 17, method 10; the p-value is the level at which the interval begins to hold 0.
"""

from __future__ import annotations

import numpy as np

_STEEPEST = 40.0
_HALVINGS = 50


def p_values(hits: np.ndarray, n: int | np.ndarray, other_hits: np.ndarray, other_n: int | np.ndarray) -> np.ndarray:
    """Of hits / n less other_hits / other_n, each n at least 1; two-sided."""
    from scipy import special

    low, high = np.zeros(len(hits)), np.full(len(hits), _STEEPEST)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        apart = _excludes_zero(hits, n, other_hits, other_n, middle)
        low, high = np.where(apart, middle, low), np.where(apart, high, middle)
    return np.asarray(special.erfc(low / np.sqrt(2)))


def _excludes_zero(hits: np.ndarray, n: int | np.ndarray, other_hits: np.ndarray, other_n: int | np.ndarray, z: np.ndarray) -> np.ndarray:
    """As intervals.newcombe(...).excludes_zero, at these quantiles."""
    share, low, high = _wilson(hits, n, z)
    other, other_low, other_high = _wilson(other_hits, other_n, z)
    difference = share - other
    below = np.hypot(share - low, other_high - other)
    above = np.hypot(high - share, other - other_low)
    return (difference - below > 0) | (difference + above < 0)


def _wilson(hits: np.ndarray, n: int | np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(share, low, high)."""
    share = hits / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return share, np.maximum(0.0, centre - half), np.minimum(1.0, centre + half)
