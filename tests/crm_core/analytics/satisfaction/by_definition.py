"""NPS, CSAT, CES and which responses count, once more from lists of scores. Nothing here is shared with the code tested."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import sqrt

import numpy as np
import pandas as pd
from scipy import stats


@dataclass(frozen=True)
class Answer:
    customer: str | None
    at: datetime
    score: float


def frame(answers: Sequence[Answer], measure: str = "nps", scale: tuple[float, float] = (0, 10), **columns: object) -> pd.DataFrame:
    """The responses as the table of a workspace, rows numbered as they stand."""
    rows = pd.DataFrame(
        {
            "customer_id": [one.customer for one in answers],
            "responded_at": [one.at for one in answers],
            "score": [one.score for one in answers],
        }
    )
    number = range(1, len(answers) + 1)
    return rows.assign(response_id=number, row_no=number, measure=measure, scale_min=scale[0], scale_max=scale[1], **columns)


def counting(answers: Sequence[Answer], start: date = date.min, end: date = date.max) -> list[Answer]:
    """Each customer's last answer of the period, of two on one day the later row; all without a customer."""
    within = [(place, one) for place, one in enumerate(answers) if start <= one.at.date() < end]
    kept = []
    for place, one in within:
        later = [other for at, other in within if other.customer == one.customer and (other.at.date(), at) > (one.at.date(), place)]
        if one.customer is None or not later:
            kept.append(one)
    return kept


def nps(scores: Sequence[float]) -> tuple[float, float, float]:
    """Point and interval in points: the answers as +1, 0, −1, with 0.75, 1.5 and 0.75 answers added."""
    marks = [1 if score >= 9 else -1 if score <= 6 else 0 for score in scores]
    centre, error = _adjusted(marks)
    return 100 * sum(marks) / len(marks), max(-100.0, 100 * (centre - 1.959964 * error)), min(100.0, 100 * (centre + 1.959964 * error))


def nps_difference(one: Sequence[float], other: Sequence[float]) -> tuple[float, float, float, float]:
    """Point, interval and p-value."""
    marks, others = ([1 if score >= 9 else -1 if score <= 6 else 0 for score in scores] for scores in (one, other))
    (centre, error), (other_centre, other_error) = _adjusted(marks), _adjusted(others)
    gap, spread = centre - other_centre, sqrt(error**2 + other_error**2)
    point = 100 * (sum(marks) / len(marks) - sum(others) / len(others))
    low, high = (100 * (gap + side * 1.959964 * spread) for side in (-1, 1))
    return point, low, high, float(2 * stats.norm.sf(abs(gap) / spread))


def _adjusted(marks: Sequence[int]) -> tuple[float, float]:
    values, weights = [1, 0, -1], [marks.count(1) + 0.75, marks.count(0) + 1.5, marks.count(-1) + 0.75]
    mean = float(np.average(values, weights=weights))
    variance = float(np.average([(value - mean) ** 2 for value in values], weights=weights))
    return mean, sqrt(variance / sum(weights))


def csat(scores: Sequence[float], top: float = 4) -> tuple[float, float, float]:
    hits = sum(score >= top for score in scores)
    found = stats.binomtest(hits, len(scores)).proportion_ci(method="wilson")
    return hits / len(scores), found.low, found.high


def ces(scores: Sequence[float]) -> tuple[float, float, float]:
    mean = float(np.mean(scores))
    if len(set(scores)) == 1:
        return mean, mean, mean
    low, high = stats.t.interval(0.95, len(scores) - 1, loc=mean, scale=stats.sem(scores))
    return mean, float(low), float(high)


def significant(p_values: Sequence[float], level: float = 0.05) -> list[bool]:
    """By Holm's adjusted p-values: the smallest p times their number, the next times one less …, none below the one before."""
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(order):
        highest = max(highest, p_values[place] * (len(p_values) - rank))
        adjusted[place] = highest
    return [one < level for one in adjusted]
