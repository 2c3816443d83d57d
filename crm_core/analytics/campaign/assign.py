"""Who gets the campaign, and who is left out of it so that it can be judged?

Grain: customer. Within each stratum customers stand in the order of the SHA-256 of seed and id, and the first are the controls: as good as
drawn by lot, and yet the same on any machine and engine, in any order of rows, for anybody who knows seed and ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from crm_core.errors import AnalysisError, Problem

Texts: TypeAlias = pa.ChunkedArray | pa.Array | Sequence[str | None]


def assign(customer_ids: Texts, strata: Texts, share: float, seed: int) -> np.ndarray:
    """True for each customer who is a control, in the order given; a missing stratum is one of its own.

    Controls: `share` × customers, rounded (halves up); over the strata by largest remainder (Hamilton), equal remainders in the order of the SHA-256
    of seed and name of the stratum. A customer more in one stratum, with the same seed: in another stratum of which the number of controls stays, nobody
    changes; where it changes by one (more is rare), one customer does.

    Raises AnalysisError for ids that are missing or not unique, strata that are not as many, a share outside 0 to 1, a seed below zero.
    """
    ids, names = _column(customer_ids), pc.fill_null(_column(strata), "")
    _check(ids, names, share, seed)
    if not len(ids):
        return np.zeros(0, dtype=bool)
    coded = names.dictionary_encode()
    stratum = coded.indices.to_numpy(zero_copy_only=False)
    sizes = np.bincount(stratum)
    controls = _spread(sizes.tolist(), coded.dictionary.to_pylist(), share, seed)
    return _first_of_each(_digests(ids, seed), stratum, sizes, np.array(controls))


def _first_of_each(digests: np.ndarray, stratum: np.ndarray, sizes: np.ndarray, controls: np.ndarray) -> np.ndarray:
    """Who is among the first `controls` of their stratum by digest (shape (n, 4), each row four words, the first weighs most)."""
    order = np.lexsort((*digests.T[::-1], stratum))
    starts = np.cumsum(sizes) - sizes
    rank = np.arange(len(order)) - starts[stratum[order]]
    is_control = np.zeros(len(order), dtype=bool)
    is_control[order] = rank < controls[stratum[order]]
    return is_control


def _spread(sizes: list[int], names: list[str], share: float, seed: int) -> list[int]:
    """Controls of each stratum."""
    customers = sum(sizes)
    total = int((Decimal(str(share)) * customers).to_integral_value(ROUND_HALF_UP))
    found = [total * size // customers for size in sizes]
    by_remainder = sorted(range(len(sizes)), key=lambda one: (-(total * sizes[one] % customers), _digest(seed, "stratum", names[one])))
    for one in by_remainder[: total - sum(found)]:
        found[one] += 1
    return found


def _digests(ids: pa.Array, seed: int) -> np.ndarray:
    """Shape (n, 4): the SHA-256 of seed, kind and id as four whole numbers."""
    begun = _begun(seed, "customer")
    joined = b"".join([sha256(begun + one).digest() for one in ids.cast(pa.binary()).to_pylist()])
    return np.frombuffer(joined, dtype=">u8").reshape(len(ids), 4).astype(np.uint64)


def _digest(seed: int, kind: str, text: str) -> bytes:
    return sha256(_begun(seed, kind) + text.encode()).digest()


def _begun(seed: int, kind: str) -> bytes:
    """What stands before the text. A seed has digits only, so that no other seed and text begin the same way."""
    return f"{seed}:{kind}:".encode()


def _column(texts: Texts) -> pa.Array:
    """One array of texts, whatever came."""
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    found = texts if isinstance(texts, pa.Array) else pa.array(list(texts), pa.string())
    return found.cast(pa.string())


def _check(ids: pa.Array, names: pa.Array, share: float, seed: int) -> None:
    told = [
        (ids.null_count > 0, "id_missing", "Customer id", "Some customers have no id.", ""),
        (pc.count_distinct(ids).as_py() < len(ids) - ids.null_count, "id_twice", "Customer id", "Some customers stand there twice.", ""),
        (len(ids) != len(names), "strata", "Stratum", "There are not as many strata as customers.", f"{len(names)} of {len(ids)}"),
        (not 0 <= share <= 1, "not_a_share", "Share of controls", "This is no share between 0 and 1.", str(share)),
        (isinstance(seed, bool) or not isinstance(seed, int) or seed < 0, "seed", "Seed", "This is no whole number from 0 on.", str(seed)),
    ]
    problems = [Problem(code, "error", text, column=column, example=example) for holds, code, column, text, example in told if holds]
    if problems:
        raise AnalysisError("The groups cannot be drawn", "What is given does not go together.", "Change it.", problems)
