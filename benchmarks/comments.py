"""Terms that set promoters apart from detractors, in 100,000 comments, against scikit-learn's TfidfVectorizer on the same texts alone.

Ours starts at a workspace opened anew: comments out of the engine, words and pairs of words of any script, weights, counts per band, tests and the table.
The peer starts at a list of texts in memory and makes weights of single words, nothing else. Comments have 12 to 25 words of a vocabulary of 20,000,
whose frequencies fall as Zipf has it; half of them are English, half Persian words. For information also what a second question costs.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import ibis.backends.duckdb  # noqa: F401 (Ibis loads it with the first connection; imports are not what is measured)
import numpy as np
import pandas as pd
import scipy.sparse  # noqa: F401
import sklearn.feature_extraction.text  # noqa: F401

from benchmarks.measure import CACHE, Side, holds, measure
from crm_core.analytics.satisfaction.terms import Terms, count_comments, terms
from crm_core.schema import FORMAT
from crm_core.workspace import Workspace
from tests.workspaces import write

VERSION = 1  # a change of what is made asks for new files
COUNT = 100_000
VOCABULARY = 20_000
LETTERS = ("etaoinshrdlucmfw", "اینرمدتبهسشکوگلپ")
#: Ours by the peer's time, at most.
MOST = 5.0
AS_OF = date(2025, 1, 1)


def texts(count: int, seed: int = 1) -> tuple[list[str], np.ndarray]:
    """(comments, is of a promoter). Every tenth of the frequent words is twice as likely in one of the two."""
    rng = np.random.default_rng(seed)
    vocabulary = np.array(_words(rng), dtype=object)
    rank = np.arange(1, VOCABULARY + 1)
    chances = [1 / (rank + 2.7) * np.where(rank % 10 == place, 2.0, 1.0) for place in (3, 7)]
    is_top = rng.random(count) < 0.6
    lengths = rng.integers(12, 26, count)
    drawn = [rng.choice(VOCABULARY, int(lengths.sum()), p=one / one.sum()) for one in chances]
    starts = np.concatenate([[0], np.cumsum(lengths)])
    made = [
        " ".join(vocabulary[drawn[0 if top else 1][starts[place] : starts[place + 1]]]) + "." for place, top in enumerate(is_top.tolist())
    ]
    return made, is_top


def _words(rng: np.random.Generator) -> list[str]:
    """Different words of 3 to 10 letters."""
    found: dict[str, None] = {}
    while len(found) < VOCABULARY:
        letters = LETTERS[len(found) % 2]
        found["".join(rng.choice(list(letters), rng.integers(3, 11)))] = None
    return list(found)


def workspace(count: int) -> Path:
    """The comments as responses of as many customers, made once."""
    path = CACHE / f"comments-{VERSION}-{FORMAT}-{count}.duckdb"
    if not path.exists():
        CACHE.mkdir(exist_ok=True)
        made, is_top = texts(count)
        unfinished = path.with_suffix(".unfinished")
        unfinished.unlink(missing_ok=True)
        number = np.arange(count)
        frame = pd.DataFrame(
            {
                "response_id": number,
                "customer_id": [f"C{one:07}" for one in number],
                "responded_at": pd.Timestamp("2024-01-01") + pd.to_timedelta(number * 300, unit="s"),
                "measure": "nps",
                "score": np.where(is_top, 10, 2),
                "scale_min": 0,
                "scale_max": 10,
                "comment": made,
                "row_no": number,
            }
        )
        write(unfinished, surveys=frame)
        unfinished.rename(path)
    return path


def ours_first(count: str) -> Callable[[], Terms]:
    ws = Workspace.open(workspace(int(count)))
    return lambda: terms(ws, "nps", AS_OF)


def ours_again(count: str) -> Callable[[], Terms]:
    """Another period, in a workspace whose comments were read."""
    ws = Workspace.open(workspace(int(count)))
    terms(ws, "nps", AS_OF)
    return lambda: terms(ws, "nps", AS_OF, date(2024, 2, 1))


def ours_click(count: str) -> Callable[[], int]:
    """How many comments hold a term."""
    ws = Workspace.open(workspace(int(count)))
    term = str(terms(ws, "nps", AS_OF).table["term"].iloc[0])
    return lambda: count_comments(ws, "nps", AS_OF, term=term)


def peer(count: str) -> Callable[[], object]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    with Workspace.open(workspace(int(count))) as ws:
        comments = ws.execute(ws.table("surveys").comment).tolist()
    return lambda: TfidfVectorizer().fit_transform(comments)


def main(count: int = COUNT, runs: int = 5) -> int:
    """Print the measurements and the ratio; 1 if it is missed."""
    workspace(count)
    sides = [Side(f"{count:,} comments, {name}", f"benchmarks.comments:{name}", (str(count),)) for name in ("ours_first", "peer")]
    ours, theirs = measure(sides, runs)
    more = [Side(f"the same, {name}", f"benchmarks.comments:{name}", (str(count),)) for name in ("ours_again", "ours_click")]
    again, click = measure(more, runs)
    print(
        f"{'another period and a click, of it (information)':<48} {again.seconds / theirs.seconds:8.2f} {click.seconds / theirs.seconds:8.2f}"
    )
    return 0 if holds("terms of two bands, of TfidfVectorizer", ours.seconds / theirs.seconds, MOST) else 1


if __name__ == "__main__":
    raise SystemExit(main())
