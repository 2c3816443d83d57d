"""From 0.1 to 10 million order lines, how does the cost of the analyses grow? At most 1.3 times the factor in lines, step by step.

What is measured is all a first visit to the pages computes: RFM, Pareto with its curve, and the overview.
"""

from __future__ import annotations

from itertools import pairwise

import ibis.backends.duckdb  # noqa: F401 (Ibis loads it with the first connection; imports are not what is measured)

from benchmarks import company
from benchmarks.measure import Side, holds, measure
from crm_core.analytics import overview, pareto, rfm
from crm_core.analytics.days import months_before
from crm_core.workspace import Workspace

SIZES = (100_000, 1_000_000, 10_000_000)
OF_THE_FACTOR = 1.3


def first_visit(path: str) -> None:
    """Segments, key customers and overview of a workspace file."""
    with Workspace.open(path) as ws:
        rfm.segments(ws, ws.as_of)
        pareto.summary(ws, ws.as_of)
        pareto.curve(ws, ws.as_of)
        overview.overview(ws, months_before(ws.as_of, 12), ws.as_of)


def main(sizes: tuple[int, ...] = SIZES, runs: int = 5) -> int:
    """Print the measurements and ratios; 1 if a ratio is missed."""
    sides = [Side(f"{lines:,} lines", "benchmarks.growth:first_visit", (str(company.workspace(lines)),)) for lines in sizes]
    measured = measure(sides, runs)
    ratios = [
        holds(f"growth from {few:,} to {many:,} lines, per factor", (large.seconds / small.seconds) / (many / few), OF_THE_FACTOR)
        for (few, small), (many, large) in pairwise(zip(sizes, measured, strict=True))
    ]
    return 0 if all(ratios) else 1


if __name__ == "__main__":
    raise SystemExit(main())
