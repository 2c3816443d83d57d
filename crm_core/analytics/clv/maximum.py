"""Maximum likelihood on the log scale of positive parameters: where the top is, how sure we are of it, or why there is none.

The likelihood is given per customer, with its gradient. A fit starts once and only starts again elsewhere where that fails. Where there
are many rows, a sample of them is climbed first: its top is so near, and its curvature so like that of all, that a handful of steps on
all rows lead to the top of all. Afterwards the Hessian (differences of the analytic gradient) tells the covariance; where it is not
positive definite, or a parameter has run to its bound, the data does not identify the model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize
from threadpoolctl import ThreadpoolController

from crm_core.analytics.clv.quadrature import Floats

#: log-likelihood a customer and its gradient, by the logs of the parameters.
LogLikelihood = Callable[[Floats], tuple[float, Floats]]

#: One at a time, for steps of a few numbers: on a busy machine, threads that wait for each other take most of the time of a fit.
_THREADS = ThreadpoolController()

#: Logs of the parameters stay within these bounds of their start.
REACH = 14.0
STEP = 1e-4
STEPS = 12  # from the top of a sample to that of all
NEAR = 1e-8  # gradient a customer at which these steps end
FLAT = 1e-5  # gradient a customer at which a point is a top
VAGUE = 2.0  # standard error on the log scale from which on a parameter is not identified: it could be a factor of 50 larger or smaller


@dataclass(frozen=True)
class Maximum:
    """The top. `covariance` (log scale) is None where the model is not identified; `reason` says why, "" where all is well."""

    logs: Floats
    log_likelihood: float  # a customer
    covariance: Floats | None
    is_converged: bool
    reason: str
    starts: int
    evaluations: int

    @property
    def is_identified(self) -> bool:
        """Whether the data tells the parameters."""
        return self.is_converged and self.covariance is not None


def standard_errors(names: Sequence[str], params: Floats, top: Maximum | None) -> dict[str, float | None]:
    """By the delta method from the log scale; None where the model is not identified."""
    if top is None or top.covariance is None:
        return dict.fromkeys(names)
    return dict(zip(names, map(float, params * np.sqrt(np.diag(top.covariance))), strict=True))


@_THREADS.wrap(limits=1, user_api="blas")
def maximise(
    of: LogLikelihood, starts: Sequence[Floats], names: Sequence[str], customers: float, sample: LogLikelihood | None = None
) -> Maximum:
    """The best top found; `customers` scales the covariance, `sample` is the likelihood of some of the rows. Never raises for a likelihood
    that is finite within the bounds."""
    counted = _Counted(of)
    if sample is not None:
        near = _from_sample(counted, _Counted(sample), np.asarray(starts[0], dtype=float), names, customers)
        if near is not None:
            return near
    found: list[Maximum] = []
    for tried, start in enumerate(starts, start=1):
        found.append(_climb(counted, np.asarray(start, dtype=float), names, customers, tried))
        if found[-1].is_identified:
            break
    best = max(found, key=lambda one: (one.is_converged, one.log_likelihood))
    return replace(best, starts=len(found), evaluations=counted.calls)


@_THREADS.wrap(limits=1, user_api="blas")
def described(of: LogLikelihood, logs: Floats, names: Sequence[str], customers: float) -> Maximum:
    """A top that somebody else found: its likelihood and covariance."""
    counted = _Counted(of)
    value, _ = counted(logs)
    covariance, reason = _covariance(_hessian(counted, logs), logs, [(-np.inf, np.inf)] * len(logs), names, customers)
    return Maximum(logs, -value, covariance, True, reason, 0, counted.calls)


def _from_sample(of: _Counted, sample: _Counted, start: Floats, names: Sequence[str], customers: float) -> Maximum | None:
    """The top of all rows, reached from that of the sample by its curvature; None where that does not lead there."""
    bounds = _bounds(start)
    logs = _climb(sample, start, names, customers, 1)
    if logs.covariance is None:
        return None
    here, inverse = logs.logs, logs.covariance * customers
    value, gradient = of(here)
    for _ in range(STEPS):
        if np.max(np.abs(gradient)) < NEAR:
            covariance, reason = _covariance(_forward(of, here, gradient), here, bounds, names, customers)
            return Maximum(here, -value, covariance, True, reason, 1, of.calls) if covariance is not None else None
        there = np.clip(here - inverse @ gradient, *np.transpose(bounds))
        value_there, gradient_there = of(there)
        if not value_there <= value + 1e-12 * abs(value):
            return None
        here, value, gradient = there, value_there, gradient_there
    return None


def _bounds(start: Floats) -> list[tuple[float, float]]:
    return [(log - REACH, log + REACH) for log in start]


class _Counted:
    """The negative log-likelihood, as minimisers want it, and how often it was asked."""

    def __init__(self, of: LogLikelihood) -> None:
        self._of = of
        self.calls = 0

    def __call__(self, logs: Floats) -> tuple[float, Floats]:
        self.calls += 1
        value, gradient = self._of(logs)
        return -value, -gradient


def _climb(of: _Counted, start: Floats, names: Sequence[str], customers: float, tried: int) -> Maximum:
    bounds = _bounds(start)
    options = {"maxiter": 300, "ftol": 1e-15, "gtol": 1e-7, "maxcor": 12}
    found = optimize.minimize(of, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    logs, value, gradient = _polished(of, np.asarray(found.x), bounds)
    if not np.isfinite(value) or not np.all(np.isfinite(gradient)):
        return Maximum(logs, -np.inf, None, False, "the likelihood is not a number there", tried, of.calls)
    inward = np.where(
        np.array([log - low < 0.01 or high - log < 0.01 for log, (low, high) in zip(logs, bounds, strict=True)]), 0.0, gradient
    )
    is_converged = bool(np.max(np.abs(inward)) < FLAT)
    covariance, reason = _covariance(_hessian(of, logs), logs, bounds, names, customers)
    if not is_converged:
        reason = "the search did not come to an end"
    return Maximum(logs, -value, covariance if is_converged else None, is_converged, reason, tried, of.calls)


def _polished(of: _Counted, logs: Floats, bounds: list[tuple[float, float]]) -> tuple[Floats, float, Floats]:
    """A few Newton steps from where the first search stopped, as long as they climb and the curvature is that of a top."""
    value, gradient = of(logs)
    for _ in range(4):
        if np.max(np.abs(gradient)) < 1e-9 or not np.isfinite(value):
            break
        hessian = _hessian(of, logs)
        try:
            np.linalg.cholesky(hessian)
        except np.linalg.LinAlgError:
            break
        step = np.clip(np.linalg.solve(hessian, gradient), -0.5, 0.5)
        there = np.clip(logs - step, *np.transpose(bounds))
        value_there, gradient_there = of(there)
        if not value_there <= value + 1e-13 * abs(value):
            break
        logs, value, gradient = there, value_there, gradient_there
    return logs, value, gradient


def _hessian(of: _Counted, logs: Floats) -> Floats:
    """Central differences of the gradient."""
    columns = []
    for place in range(len(logs)):
        step = np.zeros(len(logs))
        step[place] = STEP
        columns.append((of(logs + step)[1] - of(logs - step)[1]) / (2 * STEP))
    hessian = np.array(columns)
    return (hessian + hessian.T) / 2


def _forward(of: _Counted, logs: Floats, gradient: Floats) -> Floats:
    """Forward differences: half the work, and the fourth digit of a standard error is not worth the other half."""
    steps = np.eye(len(logs)) * STEP
    hessian = np.array([(of(logs + step)[1] - gradient) / STEP for step in steps])
    return (hessian + hessian.T) / 2


def _covariance(
    hessian: Floats, logs: Floats, bounds: list[tuple[float, float]], names: Sequence[str], customers: float
) -> tuple[Floats | None, str]:
    at_bound = [name for name, log, (low, high) in zip(names, logs, bounds, strict=True) if log - low < 0.01 or high - log < 0.01]
    if at_bound:
        return None, f"{' and '.join(at_bound)} ran to the bound"
    if not np.all(np.isfinite(hessian)):
        return None, "the curvature is not a number"
    values, vectors = np.linalg.eigh(hessian)
    if values[0] <= 0 or values[0] < 1e-11 * values[-1]:
        flat = names[int(np.argmax(np.abs(vectors[:, 0])))]
        return None, f"the likelihood does not bend along {flat}"
    covariance = np.asarray(np.linalg.inv(hessian) / customers, dtype=float)
    vague = [name for name, variance in zip(names, np.diag(covariance), strict=True) if variance > VAGUE**2]
    if vague:
        return None, f"{' and '.join(vague)} could be anything"
    return covariance, ""
