"""Nodes and weights: what they add up to, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from crm_core.analytics.clv.quadrature import beta, legendre


@pytest.mark.parametrize(("a", "b"), [(0.05, 0.1), (0.3, 0.7), (1.0, 1.0), (0.8, 2.4), (40.0, 3_000.0), (1e-4, 1e5)])
def test_moments_of_a_beta_distribution_are_exact(a: float, b: float):
    nodes, weights = beta(a, np.array([b, b + 1]), 32)
    for degree in (0, 1, 2, 5, 63):
        for row, second in enumerate((b, b + 1)):
            moment = np.exp(special.betaln(a + degree, second) - special.betaln(a, second))
            assert weights[row] @ nodes[row] ** degree == pytest.approx(moment, rel=1e-8)


def test_polynomials_are_integrated_exactly():
    nodes, weights = legendre(12)
    for degree in (0, 1, 7, 23):
        assert weights @ nodes**degree == pytest.approx(1 / (degree + 1), rel=1e-12)
