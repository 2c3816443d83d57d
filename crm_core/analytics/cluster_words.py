"""Clusters in words: "recent, frequent, large orders: 3.2 × the average sales"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from crm_core.analytics.cluster_features import FEATURES

#: How many standard deviations (of the log feature, among all customers) a centre lies off before it gets a word, tried
#: in turn until no two clusters have the same words; and from where on it is far off.
WORTH_A_WORD = (0.5, 0.25, 0.1, 0.0)
FAR_OFF = 1.25


def names(centres: Sequence[Sequence[float]], features: Sequence[str]) -> tuple[str, ...]:
    """A different name for each cluster, from its centre on the standardised scale (shape: clusters × features).

    The most telling feature stands first. Clusters whose words coincide get finer words, and at last their number.
    """
    found: dict[int, str] = {}
    for threshold in WORTH_A_WORD:
        tried = {number: _words(centre, features, threshold) for number, centre in enumerate(centres) if number not in found}
        count = Counter([*tried.values(), *found.values()])
        found |= {number: words for number, words in tried.items() if count[words] == 1}
    return tuple(found.get(number) or f"{_words(centre, features, 0.0)} ({number + 1})" for number, centre in enumerate(centres))


def _words(centre: Sequence[float], features: Sequence[str], threshold: float) -> str:
    telling = sorted((-abs(offset), place) for place, offset in enumerate(centre) if abs(offset) > threshold)
    words = [_word(features[place], centre[place]) for _, place in telling]
    return ", ".join(words) if words else "average in everything"


def _word(feature: str, offset: float) -> str:
    far_below, below, above, far_above = FEATURES[feature].words
    if offset < 0:
        return far_below if offset < -FAR_OFF else below
    return far_above if offset > FAR_OFF else above


def with_sales(name: str, ratio: float | None) -> str:
    """The name with the cluster's average net sales in multiples of everybody's; without them where these are not above zero."""
    return name if ratio is None else f"{name}: {ratio:.1f} × the average sales"
