"""What do the most and the least satisfied customers write? Terms that set the two bands apart, and the comments that hold one.

Grain: term, a word or two that follow each other once stop words are gone (never across the end of a sentence). Compared are the comments of the
responses that count, so that nobody counts twice. A term's score is the difference of its mean TF-IDF weight between the bands (Salton and Buckley
1988; sublinear frequency, length 1, as scikit-learn has it); whether its share differs at all is tested over all terms looked at (Newcombe, Holm).
Words are read once per measure and workspace; period, filters and a click only choose among them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crm_core.analytics.satisfaction import words
from crm_core.analytics.satisfaction.differences import p_values
from crm_core.analytics.satisfaction.measures import TOO_FEW, Measure, holm
from crm_core.analytics.satisfaction.responses import BOTTOM, MIDDLE, TOP, band, counting, responses, scale
from crm_core.analytics.satisfaction.words import Occurrences, Words
from crm_core.workspace import Workspace

Band = Literal["top", "middle", "bottom"]
BANDS: dict[Band, int] = {"top": TOP, "middle": MIDDLE, "bottom": BOTTOM}
COLUMNS = ("term", "band", "count_top", "count_bottom", "share_top", "share_bottom", "score", "is_clear")

#: Looked at are terms that so many comments hold, and so many as that share of the smaller band: fewer could hardly set bands apart.
LEAST_COMMENTS, LEAST_SHARE = 5, 0.01
#: Of a measure, so many comments are read, the latest ones.
MOST_COMMENTS = 1_000_000
#: Two terms that share a word tell the same where that share of their comments hold both.
SAME_FROM = 0.6
#: So many of the highest scores are searched for terms that tell the same, for each one shown.
SEARCHED = 4
_EVER = date(9999, 12, 31)


@dataclass(frozen=True)
class Terms:
    """The terms of the best and of the worst band.

    `n_top`, `n_bottom`: comments compared. `languages`: those found, the most frequent first. `tested`: how many terms were looked at. `reason`:
    why there is no verdict (no term is clear then), or None. `table`: at most `most` rows a band, the best band first, by score; columns as COLUMNS:
    term, band ("top" or "bottom"), count_top and count_bottom (comments that hold it), share_top and share_bottom (of the band's comments), score
    (greater than 0, of its band), is_clear.
    """

    n_top: int
    n_bottom: int
    languages: tuple[str, ...]
    tested: int
    reason: str | None
    table: pd.DataFrame


@dataclass(frozen=True, eq=False)
class _Corpus:
    """The words of all comments of a measure (of all bands), and the keys of their responses in the same order, rising."""

    keys: np.ndarray
    words: Words


@dataclass(frozen=True, eq=False)
class _Comments:
    """Comments: `keys` of their responses, latest first, their `places` in the corpus, their `bands` (TOP, MIDDLE, BOTTOM), and their words."""

    keys: np.ndarray
    places: np.ndarray
    bands: np.ndarray
    found: Occurrences
    words: Words
    languages: tuple[str, ...]


def terms(ws: Workspace, measure: Measure, as_of: date, since: date | None = None, shown: ir.Table | None = None, most: int = 15) -> Terms:
    """The terms that set the bands apart, of responses before as_of (and from `since` on), of the customers shown. See Terms.

    Raises AnalysisError where the measure has no responses.
    """
    compared = _of_two_bands(_that_count(ws, measure, as_of, since, shown))
    n_top = int((compared.bands == TOP).sum())
    n_bottom = len(compared.keys) - n_top
    tested, table = _table(compared, most, has_verdict=min(n_top, n_bottom) >= TOO_FEW)
    return Terms(n_top, n_bottom, compared.languages, tested, _reason(n_top, n_bottom), table)


def _reason(n_top: int, n_bottom: int) -> str | None:
    if min(n_top, n_bottom) >= TOO_FEW:
        return None
    top = f"{n_top:,} comment{'' if n_top == 1 else 's'}"
    return f"{top} of the best band and {n_bottom:,} of the worst are too few to compare: {TOO_FEW} of each are needed."


def comments(
    ws: Workspace,
    measure: Measure,
    as_of: date,
    since: date | None = None,
    term: str | None = None,
    band: Band | None = None,
    shown: ir.Table | None = None,
    limit: int = 50,
    offset: int = 0,
) -> pd.DataFrame:
    """The comments of a band (or of all) that hold the term (or any), latest first: `limit` of them from `offset` on. With a term and no band:
    those of the best and the worst band, which the terms are of.

    Columns: responded_at, customer_id, score (on the measure's scale), band ("top", "middle", "bottom"), touchpoint, comment.
    """
    keys, bands = _holding(ws, measure, as_of, since, term, band, shown)
    page = slice(offset, offset + limit)
    rows = responses(ws, measure, as_of, since, shown)
    found = ws.execute(rows.filter(rows.key.isin(keys[page].tolist())).drop("order_id")) if len(keys[page]) else ws.execute(rows.limit(0))
    named = pd.Series(bands[page], index=keys[page]).map({number: name for name, number in BANDS.items()}).astype("object")
    ordered = found.set_index("key").reindex(keys[page]).assign(band=named)
    return ordered.reset_index(drop=True)[["responded_at", "customer_id", "score", "band", "touchpoint", "comment"]]


def count_comments(
    ws: Workspace,
    measure: Measure,
    as_of: date,
    since: date | None = None,
    term: str | None = None,
    band: Band | None = None,
    shown: ir.Table | None = None,
) -> int:
    """How many comments `comments` pages through: of a term and both bands, count_top + count_bottom."""
    return len(_holding(ws, measure, as_of, since, term, band, shown)[0])


# -- which comments ----------------------------------------------------------------------------------------------------


def _corpus(ws: Workspace, measure: Measure) -> _Corpus:
    """Read once: about four bytes a word stay in memory."""

    def build() -> _Corpus:
        rows = _with_comment(responses(ws, measure, _EVER))
        latest = rows.select("key", "comment").order_by(ibis.desc("key")).limit(MOST_COMMENTS)
        keys: list[np.ndarray] = []

        def pieces() -> Iterator[list[str]]:
            for batch in ws.batches(latest.order_by("key")):
                keys.append(batch.column("key").to_numpy())
                yield batch.column("comment").to_pylist()

        read = words.read(pieces())
        return _Corpus(np.concatenate([np.zeros(0, dtype=np.int64), *keys]), read)

    return ws.remember(f"words of comments {measure}", build)


def _with_comment(rows: ir.Table) -> ir.Table:
    return rows.filter((rows.comment.strip() != "").fill_null(False))


def _that_count(ws: Workspace, measure: Measure, as_of: date, since: date | None, shown: ir.Table | None) -> _Comments:
    corpus = _corpus(ws, measure)
    counted = _with_comment(counting(responses(ws, measure, as_of, since, shown)))
    placed = counted.select("key", "responded_at", band=band(counted.score, measure, scale(ws, measure, as_of)))
    rows = ws.execute(placed.order_by(ibis.desc("responded_at"), ibis.desc("key")))
    keys = rows["key"].to_numpy()
    places = np.searchsorted(corpus.keys, keys)
    is_read = places < len(corpus.keys)
    is_read[is_read] = corpus.keys[places[is_read]] == keys[is_read]
    chosen = _marked(places[is_read], len(corpus.keys))
    languages = words.languages(corpus.words, words.counts(corpus.words, chosen))
    found = words.occurrences(corpus.words, chosen, words.stop_words(languages))
    return _Comments(keys[is_read], places[is_read], rows["band"].to_numpy()[is_read], found, corpus.words, languages)


def _marked(places: np.ndarray, count: int) -> np.ndarray:
    """A yes at these places, of so many."""
    marked = np.zeros(count, dtype=bool)
    marked[places] = True
    return marked


def _of_two_bands(some: _Comments) -> _Comments:
    """Without those between."""
    keep = some.bands != MIDDLE
    if keep.all():
        return some
    here = _marked(some.places[keep], int(some.places.max()) + 1)[some.found.comment]
    found = Occurrences(some.found.comment[here], some.found.spelling[here], some.found.key[here], some.found.phrase[here])
    return _Comments(some.keys[keep], some.places[keep], some.bands[keep], found, some.words, some.languages)


def _holding(
    ws: Workspace, measure: Measure, as_of: date, since: date | None, term: str | None, wanted: Band | None, shown: ir.Table | None
) -> tuple[np.ndarray, np.ndarray]:
    """(keys, bands) of the comments that hold the term, latest first."""
    some = _that_count(ws, measure, as_of, since, shown)
    keep = np.ones(len(some.keys), dtype=bool) if wanted is None else some.bands == BANDS[wanted]
    if term is not None:
        keep &= (some.bands != MIDDLE) | (wanted is not None)
        keep &= np.isin(some.places, some.found.comment[_places_of(some, term)])
    return some.keys[keep], some.bands[keep]


def _places_of(compared: _Comments, term: str) -> np.ndarray:
    """Where, among the words found, the term begins; nowhere for more than two words, or one that is not there."""
    stop = words.stop_words(compared.languages)
    keys = [compared.words.numbers.get(words.key(one), -1) for one in words.tokens(term) if one not in stop]
    found = compared.found
    if len(keys) == 1:
        return np.flatnonzero(found.key == keys[0])
    if len(keys) == 2:
        return np.flatnonzero((found.key[:-1] == keys[0]) & (found.key[1:] == keys[1]) & (found.phrase[:-1] == found.phrase[1:]))
    return np.zeros(0, dtype=np.int64)


# -- which terms -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Counted:
    """The terms looked at: `first` and `second` key of each (second −1 for one word), how often each comment holds it (comments × terms)."""

    first: np.ndarray
    second: np.ndarray
    times: Any


def _table(compared: _Comments, most: int, has_verdict: bool) -> tuple[int, pd.DataFrame]:
    """(how many terms were looked at, the table of Terms)."""
    counted = _counted(compared)
    top = compared.bands[np.argsort(compared.places)] == TOP
    n = {"top": int(top.sum()), "bottom": int((~top).sum())}
    if not len(counted.first) or not min(n.values()):
        return 0, _frame([])
    holds = counted.times.copy()
    holds.data[:] = 1
    counts = {"top": np.asarray(top.astype(float) @ holds), "bottom": np.asarray((~top).astype(float) @ holds)}
    shares = {name: counts[name] / n[name] for name in n}
    weights = _weights(counted.times)
    score = np.asarray((top / n["top"] - ~top / n["bottom"]) @ weights)
    clear = np.array(holm(p_values(counts["top"], n["top"], counts["bottom"], n["bottom"]).tolist())) & has_verdict
    rows = []
    for name, sign in (("top", 1), ("bottom", -1)):
        fits = (sign * score > 0) & (sign * (shares["top"] - shares["bottom"]) > 0)
        for place in _distinct(counted, holds, np.where(fits, sign * score, 0.0), most):
            of_bands = [
                int(counts["top"][place]),
                int(counts["bottom"][place]),
                float(shares["top"][place]),
                float(shares["bottom"][place]),
            ]
            rows.append((_shown(compared, counted, place), name, *of_bands, float(abs(score[place])), bool(clear[place])))
    return len(counted.first), _frame(rows)


def _frame(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    kinds = {"count_top": "int64", "count_bottom": "int64", "share_top": "float64", "share_bottom": "float64", "score": "float64"}
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(kinds | {"is_clear": "bool"})


def _counted(compared: _Comments) -> _Counted:
    """Words and pairs of words that enough comments hold."""
    from scipy import sparse

    found, size = compared.found, len(compared.words.numbers) + 1
    follows = np.flatnonzero(found.phrase[:-1] == found.phrase[1:])
    codes = np.concatenate([found.key.astype(np.int64), found.key[follows].astype(np.int64) * size + found.key[follows + 1] + size])
    rows = np.concatenate([found.comment, found.comment[follows]])
    smaller = min(np.bincount(compared.bands == TOP, minlength=2))
    least = max(LEAST_COMMENTS, int(np.ceil(LEAST_SHARE * smaller)))
    numbered, distinct = pd.factorize(codes)
    often = np.bincount(numbered, minlength=len(distinct)) >= least  # words, which are no fewer than comments
    column = (np.cumsum(often) - 1)[numbered]
    here = often[numbered]
    place = np.searchsorted(np.sort(compared.places), rows[here])
    shape = (len(compared.keys), int(often.sum()))
    times = sparse.csr_matrix((np.ones(int(here.sum())), (place, column[here])), shape=shape)
    times.sum_duplicates()
    enough = np.flatnonzero(np.bincount(times.indices, minlength=shape[1]) >= least)
    kept = distinct[often][enough]
    is_pair = kept >= size
    first, second = np.where(is_pair, (kept - size) // size, kept), np.where(is_pair, (kept - size) % size, -1)
    return _Counted(first, second, times[:, enough])


def _weights(times: Any) -> Any:
    """TF-IDF of each comment (rows of length 1)."""
    from sklearn.feature_extraction.text import TfidfTransformer

    return TfidfTransformer(sublinear_tf=True).fit_transform(times)


def _distinct(counted: _Counted, holds: Any, score: np.ndarray, most: int) -> list[int]:
    """The places of the highest scores above 0, without terms that tell the same as one before.

    Of a pair and a word of it in mostly the same comments, the pair is told: “not received” says more than “received”.
    """
    ranked = np.lexsort((counted.second, counted.first, -score))[: SEARCHED * most]
    ranked = ranked[score[ranked] > 0]
    both = np.asarray((holds[:, ranked].T @ holds[:, ranked]).todense())
    either = both.diagonal()[:, None] + both.diagonal()[None, :] - both
    shares_word = _shares_word(counted, ranked)
    same = shares_word & (both >= SAME_FROM * either)
    is_pair = counted.second[ranked] >= 0
    is_told = (same & is_pair[None, :] & ~is_pair[:, None]).any(axis=1)
    taken: list[int] = []
    for place in np.flatnonzero(~is_told):
        if len(taken) < most and not same[place, taken].any():
            taken.append(int(place))
    return ranked[taken].tolist()


def _shares_word(counted: _Counted, ranked: np.ndarray) -> np.ndarray:
    """Of each two terms, whether they are different and have a word in common."""
    first, second = counted.first[ranked], counted.second[ranked]
    equal = first[:, None] == first[None, :]
    equal |= (first[:, None] == second[None, :]) | (second[:, None] == first[None, :])
    equal |= (second[:, None] == second[None, :]) & (second[:, None] >= 0)
    return equal & ~np.eye(len(ranked), dtype=bool)


def _shown(compared: _Comments, counted: _Counted, place: int) -> str:
    """The term as it is spelt most often (of equally frequent spellings the first of the alphabet)."""
    found, first, second = compared.found, counted.first[place], counted.second[place]
    if second < 0:
        spelt = [compared.words.spellings[one] for one in found.spelling[found.key == first].tolist()]
    else:
        begins = np.flatnonzero((found.key[:-1] == first) & (found.key[1:] == second) & (found.phrase[:-1] == found.phrase[1:]))
        pairs = zip(found.spelling[begins].tolist(), found.spelling[begins + 1].tolist(), strict=True)
        spelt = [f"{compared.words.spellings[one]} {compared.words.spellings[other]}" for one, other in pairs]
    counts = pd.Series(spelt, dtype="object").value_counts()
    return min(counts.index[counts == counts.iloc[0]])
