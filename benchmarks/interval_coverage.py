"""How often do the 95 % intervals of NPS, CSAT and CES hold the truth? Exactly for NPS and CSAT, by simulation for CES.

Eighty distributions are drawn uniformly from all there are (a flat Dirichlet over three bands, five boxes, seven scores). For the first two every
possible outcome of n answers is weighed by its probability; for CES 20,000 samples are drawn. Run: python -m benchmarks.interval_coverage
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import stats

from crm_core.analytics.satisfaction.measures import Counts, estimate

DISTRIBUTIONS, SAMPLES, SEED = 80, 20_000, 1
SIZES = (10, 30, 100, 400)


def nps(n: int, p: np.ndarray) -> float:
    """Exact coverage; p are the shares of promoters, passives and detractors."""
    top, bottom = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
    is_outcome = top + bottom <= n
    top, bottom = top[is_outcome], bottom[is_outcome]
    chances = stats.multinomial.pmf(np.stack([top, n - top - bottom, bottom], axis=1), n, p)
    return float(chances[_holds_nps(n, top, bottom, 100 * (p[0] - p[2]))].sum())


_BOUNDS: dict[int, tuple[np.ndarray, np.ndarray]] = {}


def _holds_nps(n: int, top: np.ndarray, bottom: np.ndarray, truth: float) -> np.ndarray:
    if n not in _BOUNDS:
        found = [estimate("nps", Counts(n, int(a), int(b))) for a, b in zip(top, bottom, strict=True)]
        _BOUNDS[n] = np.array([one.low for one in found]), np.array([one.high for one in found])
    low, high = _BOUNDS[n]
    return (low <= truth) & (truth <= high)


def csat(n: int, p: np.ndarray) -> float:
    """Exact coverage; p are the shares of the five boxes, of which the top two count."""
    truth, hits = p[3] + p[4], np.arange(n + 1)
    found = [estimate("csat", Counts(n, int(k), 0)) for k in hits]
    holds = np.array([one.low <= truth <= one.high for one in found])
    return float(stats.binom.pmf(hits, n, truth)[holds].sum())


def ces(n: int, p: np.ndarray) -> float:
    """Simulated coverage; p are the shares of the scores 1 to 7."""
    rng, scores = np.random.default_rng(SEED), np.arange(1, 8)
    drawn = rng.multinomial(n, p, SAMPLES)
    totals, squares, truth = drawn @ scores, drawn @ scores**2, float(p @ scores)
    found = [estimate("ces", Counts(n, 0, 0, float(a), float(b))) for a, b in zip(totals, squares, strict=True)]
    return float(np.mean([one.low <= truth <= one.high for one in found]))


MEASURES: dict[str, tuple[Callable[[int, np.ndarray], float], int]] = {"nps": (nps, 3), "csat": (csat, 5), "ces": (ces, 7)}


def main() -> None:
    """Print a line a measure and size: mean and lowest coverage over the distributions."""
    for name, (coverage, classes) in MEASURES.items():
        for n in SIZES if name != "ces" else SIZES[1:3]:
            drawn = np.random.default_rng(SEED).dirichlet(np.ones(classes), DISTRIBUTIONS)
            found = [coverage(n, p) for p in drawn]
            print(f"{name:<5} n = {n:>3}   mean {100 * np.mean(found):5.2f} %   lowest {100 * min(found):5.2f} %", flush=True)


if __name__ == "__main__":
    main()
