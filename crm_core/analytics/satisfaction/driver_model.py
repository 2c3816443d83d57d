"""How do yes/no columns go with a yes/no outcome? Logistic regression, the average effect of each column, and how well it tells outcomes apart.

Grain: observation (a response). Sources: average marginal effects and the delta method as in Greene, Econometric Analysis, section 17.3; DeLong,
DeLong and Clarke-Pearson (1988), Biometrics 44, for the variance of the area under the ROC curve.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FOLDS, SEED = 5, 0
#: scikit-learn's standard penalty: half the squared length of the coefficients (the constant is free), beside the log-likelihood.
PENALTY = 1.0


@dataclass(frozen=True, eq=False)
class Effects:
    """By column: the mean change of the probability when the column turns from 0 to 1, its standard error and two-sided p-value."""

    effect: np.ndarray
    error: np.ndarray
    p: np.ndarray


@dataclass(frozen=True)
class Quality:
    """On observations that the fit did not see: area under the ROC curve with its 95 % interval, and the share of deviance explained (0 if none)."""

    auc: float
    low: float
    high: float
    explained: float


def fit(columns: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    """Coefficients of the constant and of the columns (observations × columns)."""
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        fitted = LogisticRegression(C=1 / PENALTY, solver="newton-cholesky", tol=1e-8, max_iter=200).fit(columns, outcome)
    return np.concatenate([fitted.intercept_, fitted.coef_[0]])


def predict(coefficients: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Probabilities of the outcome."""
    return _logistic(coefficients[0] + columns @ coefficients[1:])


def _logistic(scores: np.ndarray) -> np.ndarray:
    from scipy import special

    return np.asarray(special.expit(scores))


def covariance(coefficients: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Of the coefficients: the inverse of the penalised information at them."""
    chance = predict(coefficients, columns)
    design = np.column_stack([np.ones(len(columns)), columns])
    information = design.T @ (design * (chance * (1 - chance))[:, None])
    information[np.diag_indices(len(information))] += PENALTY * (np.arange(len(information)) > 0)
    return np.linalg.inv(information)


def effects(coefficients: np.ndarray, columns: np.ndarray) -> Effects:
    """Of each column, all else as it is. Errors by the delta method."""
    from scipy import special

    spread = covariance(coefficients, columns)
    found = [_effect(coefficients, columns, place) for place in range(columns.shape[1])]
    effect = np.array([change for change, _ in found])
    error = np.array([np.sqrt(slope @ spread @ slope) for _, slope in found])
    return Effects(effect, error, special.erfc(np.abs(effect) / error / np.sqrt(2)))


def _effect(coefficients: np.ndarray, columns: np.ndarray, place: int) -> tuple[float, np.ndarray]:
    """(mean change, its derivatives by the coefficients)."""
    others = coefficients[0] + columns @ coefficients[1:] - columns[:, place] * coefficients[1 + place]
    without, having = _logistic(others), _logistic(others + coefficients[1 + place])
    slope_without, slope_having = without * (1 - without), having * (1 - having)
    difference = slope_having - slope_without
    slope = np.concatenate([[difference.mean()], difference @ columns / len(columns)])
    slope[1 + place] = slope_having.mean()
    return float((having - without).mean()), slope


def quality(columns: np.ndarray, outcome: np.ndarray) -> Quality:
    """By seeded cross-validation; each outcome must stand FOLDS times at least. The area is the mean of the folds' own."""
    from sklearn.model_selection import StratifiedKFold

    chances, areas = np.empty(len(outcome)), []
    for known, unseen in StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(columns, outcome):
        chances[unseen] = predict(fit(columns[known], outcome[known]), columns[unseen])
        areas.append(area(chances[unseen], outcome[unseen]))
    auc = float(np.mean([one for one, _ in areas]))
    half = 1.959963984540054 * float(np.sqrt(sum(variance for _, variance in areas))) / FOLDS
    explained = 1 - _deviance(chances, outcome) / _deviance(np.full(len(outcome), outcome.mean()), outcome)
    return Quality(auc, max(0.0, auc - half), min(1.0, auc + half), max(0.0, explained))


def area(chances: np.ndarray, outcome: np.ndarray) -> tuple[float, float]:
    """(area under the ROC curve, its variance after DeLong et al.); each outcome must stand twice at least."""
    from scipy import stats

    hits, misses = chances[outcome], chances[~outcome]
    ranks = stats.rankdata(np.concatenate([hits, misses]))
    above = (ranks[: len(hits)] - stats.rankdata(hits)) / len(misses)
    below = 1 - (ranks[len(hits) :] - stats.rankdata(misses)) / len(hits)
    return float(above.mean()), float(above.var(ddof=1) / len(hits) + below.var(ddof=1) / len(misses))


def _deviance(chances: np.ndarray, outcome: np.ndarray) -> float:
    return float(-2 * np.log(np.where(outcome, chances, 1 - chances)).sum())
