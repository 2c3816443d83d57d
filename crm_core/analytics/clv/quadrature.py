"""Nodes and weights by which the models' integrals become sums: Gauss-Legendre, and Gauss-Jacobi for a beta distribution.

Source: Golub & Welsch (1969), Calculation of Gauss Quadrature Rules, Mathematics of Computation 23.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

Floats = NDArray[np.float64]

#: Matrices are small: on a busy machine, threads that wait for each other cost many times what they help.
_THREADS = ThreadpoolController()


@lru_cache(maxsize=16)
def legendre(count: int) -> tuple[Floats, Floats]:
    """Nodes and weights on [0, 1], both of shape (count,)."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return (nodes + 1) / 2, weights / 2


def beta(a: float, b: Floats, count: int) -> tuple[Floats, Floats]:
    """Nodes p in (0, 1) and weights, both of shape (len(b), count): E f(p) = Σ w f(p) for p of Beta(a, b_i).

    Exact for polynomials up to degree 2·count − 1. Nodes are the eigenvalues of the matrix of the recurrence, weights the squared
    first components of its eigenvectors.
    """
    lower, upper = a - 1.0, np.asarray(b, dtype=float)[:, None] - 1.0  # exponents at 0 and at 1
    total, n = lower + upper, np.arange(1, count)
    diagonal = np.empty((len(b), count))
    diagonal[:, :1] = (lower - upper) / (total + 2)
    diagonal[:, 1:] = (lower**2 - upper**2) / ((2 * n + total) * (2 * n + total + 2))
    beside = np.empty((len(b), count - 1))
    beside[:, :1] = 4 * (1 + lower) * (1 + upper) / ((2 + total) ** 2 * (3 + total))
    m = n[1:]
    around = 2 * m + total
    beside[:, 1:] = 4 * m * (m + lower) * (m + upper) * (m + total) / (around**2 * (around + 1) * (around - 1))
    matrices = np.zeros((len(b), count, count))
    place = np.arange(count)
    matrices[:, place, place] = diagonal
    matrices[:, place[1:], place[:-1]] = np.sqrt(beside)
    with _THREADS.limit(limits=1, user_api="blas"):
        nodes, vectors = np.linalg.eigh(matrices)
    return np.clip((1 + nodes) / 2, 0.0, 1.0), vectors[:, 0, :] ** 2
