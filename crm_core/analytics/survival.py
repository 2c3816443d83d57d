"""How long does it take, where some are still waiting? Medians and other quantiles by Kaplan and Meier (1958).

Grain: distinct waiting time (of a group) with how many ended then and how many were still waiting when last seen (censored).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

#: Shares of survivors are products of fractions; equal to a bound within this they have reached it.
ROUNDING = 1e-9
#: Stands for the logarithm of nobody left; sums over many groups stay exact enough because it is no larger.
NOBODY = -50.0


def quantiles(waits: pd.DataFrame, points: Sequence[float]) -> tuple[float | None, ...]:
    """The waiting times by which these shares (0 to 1) have ended, the smallest t with S(t) ≤ 1 − point; None where it never comes so far.

    `waits` has wait (any unit, 0 or more), ended, censored (counts). Those censored at a time count as waiting then.
    """
    if waits.empty:
        return (None,) * len(points)
    found = by_group(waits.assign(group=0), points).iloc[0]
    return tuple(None if np.isnan(found[point]) else float(found[point]) for point in points)


def by_group(waits: pd.DataFrame, points: Sequence[float]) -> pd.DataFrame:
    """Like `quantiles` for each value of a column `group`: a row a group (the index), a column a point, missing where it never comes so far."""
    if waits.empty:
        return pd.DataFrame(columns=list(points), dtype=float)
    group, names = pd.factorize(waits["group"], sort=True)
    order = _order(group, waits["wait"].to_numpy())
    group, wait = group[order], waits["wait"].to_numpy(dtype=float)[order]
    ended, censored = (waits[name].to_numpy(dtype=float)[order] for name in ("ended", "censored"))
    is_last = np.append((group[1:] != group[:-1]) | (wait[1:] != wait[:-1]), True)
    if not is_last.all():  # rows of one time count together
        starts = np.append(0, np.flatnonzero(is_last)[:-1] + 1)
        ended, censored = np.add.reduceat(ended, starts), np.add.reduceat(censored, starts)
        group, wait = group[starts], wait[starts]
    firsts = np.flatnonzero(np.append(True, group[1:] != group[:-1]))
    alive = _alive(ended, censored, group, firsts)
    found = {}
    for point in points:
        reached = np.flatnonzero(alive <= 1 - point + ROUNDING)
        _, at = np.unique(group[reached], return_index=True)
        column = np.full(len(names), np.nan)
        column[group[reached][at]] = wait[reached][at]
        found[point] = column
    return pd.DataFrame(found, index=names)


def _order(group: np.ndarray, wait: np.ndarray) -> np.ndarray:
    """By group, then by time; whole numbers as one key, ten times quicker."""
    if not np.issubdtype(wait.dtype, np.integer):
        return np.lexsort((wait, group))
    span = int(wait.max()) - int(wait.min()) + 1
    return np.argsort(group.astype("int64") * span + (wait.astype("int64") - int(wait.min())))


def _alive(ended: np.ndarray, censored: np.ndarray, group: np.ndarray, firsts: np.ndarray) -> np.ndarray:
    """S(t) within each group, by sums of logarithms."""
    total = np.add.reduceat(ended + censored, firsts)
    gone = np.cumsum(ended + censored) - (ended + censored)
    left = total[group] - (gone - gone[firsts][group])  # waiting just before each time
    steps = np.full(len(ended), NOBODY)
    np.log1p(-ended / left, out=steps, where=ended < left)
    summed = np.cumsum(steps)
    before = summed[firsts] - steps[firsts]
    return np.exp(summed - before[group])
