"""The pages Satisfaction, Service and Watch list on a million responses and a million cases, against plain SQL on the same file that gives the same sums.

Ours is what each page computes when it opens: the measure of the period and of the one before with their scores, and its course by month; cases
of the period, of the one before, open ones of all time, and the course by month, with the counts per distinct waiting time from which Kaplan–Meier
comes; the customers at risk by reason. Both sides must first give equal sums. Limit: 1.5 times the SQL plus 100 ms. Before the clock starts both sides
open the file and answer the same question on a small other one, as a server does that has answered before: what is loaded once a process is
not measured, and nothing of the file at hand is known yet.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import wraps
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from benchmarks.measure import CACHE, Side, holds, measure
from crm_core.analytics.satisfaction import measures, responses, trend
from crm_core.analytics.satisfaction import watch as watch_list
from crm_core.analytics.service import report
from crm_core.schema import FORMAT
from crm_core.workspace import Workspace
from tests.workspaces import write

VERSION = 1  # a change of what is made asks for new files
COUNT = 1_000_000
CUSTOMERS = 400_000
FEW = 1_000  # rows of the small file
MOST, PLUS_SECONDS = 1.5, 0.1
START, BEFORE, AS_OF = date(2025, 1, 1), date(2024, 1, 1), date(2026, 1, 1)


def workspace(count: int = COUNT) -> Path:
    """Responses and cases of three years, made once."""
    path = CACHE / f"satisfaction_{count}_{VERSION}-{FORMAT}.duckdb"
    if not path.is_file():
        CACHE.mkdir(exist_ok=True)
        write(path, surveys=_surveys(count), cases=_cases(count))
    return path


def _moments(rng: np.random.Generator, count: int) -> pd.Series:
    return pd.Series(pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 1095 * 1440, count), unit="m"))


def _surveys(count: int) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "response_id": np.arange(count).astype(str),
            "customer_id": [f"C{number}" for number in rng.integers(0, CUSTOMERS, count)],
            "responded_at": _moments(rng, count),
            "measure": "nps",
            "score": rng.binomial(10, 0.78, count),
            "scale_min": 0,
            "scale_max": 10,
            "touchpoint": rng.choice(["Delivery", "Store", "Service"], count),
            "row_no": np.arange(1, count + 1),
        }
    )


def _cases(count: int) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    opened = _moments(rng, count)
    first, solved = rng.gamma(2.0, 240.0, count), rng.gamma(2.0, 1500.0, count)
    resolved = (opened + pd.to_timedelta((first + solved).astype(int), unit="m")).where(rng.random(count) > 0.01)
    return pd.DataFrame(
        {
            "case_id": np.arange(count).astype(str),
            "customer_id": [f"C{number}" for number in rng.integers(0, CUSTOMERS, count)],
            "opened_at": opened,
            "first_response_at": opened + pd.to_timedelta(first.astype(int), unit="m"),
            "resolved_at": resolved,
            "due_at": opened + pd.to_timedelta(rng.choice([1440, 4320, 7200], count), unit="m"),
            "topic": rng.choice(["Late", "Broken", "Invoice", "Other"], count),
            "priority": rng.choice(["high", "normal", "low"], count),
            "count_contacts": 1 + rng.poisson(0.6, count),
            "count_reopened": rng.poisson(0.08, count),
            "is_escalated": rng.random(count) < 0.05,
        }
    )


def answered_before(prepare: Callable[[str], Callable[[], Any]]) -> Callable[[str], Callable[[], Any]]:
    """The side has answered its question on the small file, whichever file it then gets."""

    @wraps(prepare)
    def prepared(path: str) -> Callable[[], Any]:
        prepare(str(workspace(FEW)))()
        return prepare(path)

    return prepared


# -- ours ----------------------------------------------------------------------------------------------------------------


@answered_before
def satisfaction(path: str) -> Callable[[], Any]:
    ws = Workspace.open(path)

    def run() -> Any:
        known = responses.measures(ws, AS_OF)
        return known, trend.now(ws, "nps", START, AS_OF), trend.trend(ws, "nps", AS_OF, "month")

    return run


@answered_before
def service(path: str) -> Callable[[], Any]:
    ws = Workspace.open(path)

    def run() -> Any:
        ever = report.open_cases(ws, AS_OF)
        spans = [report.service(ws, end, since) for since, end in ((START, AS_OF), (BEFORE, START))]
        return spans, ever, report.trend(ws, AS_OF)

    return run


@answered_before
def watch(path: str) -> Callable[[], Any]:
    ws = Workspace.open(path)
    return lambda: watch_list.summary(ws, AS_OF)


# -- plain SQL -----------------------------------------------------------------------------------------------------------

_LAST = "arg_max(score, responded_at::DATE::TIMESTAMP + INTERVAL (row_no) MICROSECOND)"
SCORES = f"""
    SELECT is_now, score, count(*) AS n FROM (
        SELECT customer_id, responded_at >= $start AS is_now, {_LAST} AS score FROM surveys
        WHERE measure = 'nps' AND responded_at >= $before AND responded_at < $as_of GROUP BY ALL
    ) GROUP BY ALL
"""
MONTHS = f"""
    SELECT month, score, count(*) AS n FROM (
        SELECT customer_id, date_trunc('month', responded_at) AS month, {_LAST} AS score FROM surveys
        WHERE measure = 'nps' AND responded_at < $as_of GROUP BY ALL
    ) GROUP BY ALL
"""
MEASURES = "SELECT measure, count(*) AS n FROM surveys WHERE responded_at < $as_of GROUP BY 1"

#: Cases as they stood at the end of a span, and what is summed over them.
_STOOD = """
    SELECT opened_at, date_trunc('month', opened_at) AS month, count_reopened, is_escalated, resolved_at IS NULL OR resolved_at >= $end AS is_open,
        CASE WHEN resolved_at < $end THEN resolved_at <= due_at WHEN due_at < $end THEN false END AS is_within,
        epoch(CASE WHEN first_response_at < $end THEN first_response_at ELSE $end END - opened_at)::BIGINT AS first, first_response_at < $end AS answered,
        epoch(CASE WHEN resolved_at < $end THEN resolved_at ELSE $end END - opened_at)::BIGINT AS resolution, coalesce(resolved_at < $end, false) AS solved
    FROM cases WHERE opened_at >= $since AND opened_at < $end
"""
_SUMS = "count(*) AS cases, count(*) FILTER (is_open) AS open, count(is_within) AS judged, count(*) FILTER (is_within) AS within, \
count(*) FILTER (count_reopened > 0) AS reopened, count(*) FILTER (is_escalated) AS escalated"


@answered_before
def satisfaction_sql(path: str) -> Callable[[], Any]:
    con = _connect(path)
    days = {"start": _moment(START), "before": _moment(BEFORE), "as_of": _moment(AS_OF)}

    def run() -> Any:
        asked = ((MEASURES, ("as_of",)), (SCORES, tuple(days)), (MONTHS, ("as_of",)))
        return [con.execute(query, {name: days[name] for name in names}).df() for query, names in asked]

    return run


@answered_before
def service_sql(path: str) -> Callable[[], Any]:
    con = _connect(path)

    def stand(end: date, since: date = date(1900, 1, 1)) -> None:
        con.execute(f"CREATE OR REPLACE TEMP TABLE stood AS {_STOOD}", {"end": _moment(end), "since": _moment(since)})

    def one(since: date | None, by: str = "") -> list[pd.DataFrame]:
        where, group = f"WHERE opened_at >= '{since}'" if since else "", f"{by}, " if by else ""
        queries = [f"SELECT {group}{_SUMS} FROM stood {where}{' GROUP BY ALL' if by else ''}"]
        for wait, ended in (("first", "answered"), ("resolution", "solved")):
            queries.append(
                f"SELECT {group}{wait} AS wait, count(*) FILTER ({ended}) AS ended, count(*) AS n FROM stood {where} GROUP BY ALL"
            )
        return [con.execute(query).df() for query in queries]

    def run() -> Any:
        stand(AS_OF)
        is_late = "count(*) FILTER (is_open AND NOT is_within)"
        ever = con.execute(f"SELECT count(*) FILTER (is_open), {is_late} FROM stood").fetchone()
        now, months = one(START), one(None, "month")
        stand(START, BEFORE)
        return now, one(None), ever, months

    return run


WATCH = """
    WITH troubled AS (
        SELECT customer_id FROM cases WHERE opened_at < $as_of AND count_contacts >= 2 AND (resolved_at IS NULL OR resolved_at >= $as_of
            OR (count_reopened > 0 AND resolved_at >= $as_of - INTERVAL 365 DAY)) GROUP BY 1
    ), last AS (
        SELECT customer_id, arg_max(score <= 6, responded_at::DATE::TIMESTAMP + INTERVAL (row_no) MICROSECOND) AS is_low FROM surveys
        WHERE responded_at < $as_of AND responded_at >= $as_of - INTERVAL 365 DAY GROUP BY 1
    ), unhappy AS (SELECT customer_id FROM last WHERE is_low)
    SELECT count(*) AS customers, count(*) FILTER (unhappy.customer_id IS NULL) AS open_case, count(*) FILTER (troubled.customer_id IS NULL) AS low_score
    FROM troubled FULL JOIN unhappy USING (customer_id)
"""


@answered_before
def watch_sql(path: str) -> Callable[[], Any]:
    con = _connect(path)
    return lambda: con.execute(WATCH, {"as_of": _moment(AS_OF)}).fetchone()


def _connect(path: str) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(path, read_only=True)
    con.execute("SET preserve_insertion_order = false")
    return con


def _moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)


# -- equal sums ----------------------------------------------------------------------------------------------------------


def prove_equal(path: str) -> None:
    """Raises AssertionError unless both sides give the same sums."""
    (known, now, course), (by_measure, scores, months) = satisfaction(path)(), satisfaction_sql(path)()
    assert known == dict(zip(by_measure["measure"], by_measure["n"], strict=True))
    for found, is_now in ((now.estimate, True), (now.before, False)):
        assert found == measures.estimate("nps", responses.counts(scores[scores["is_now"] == is_now], "nps", now.scale))
    for row, (_, part) in zip(course.itertuples(), months.groupby("month"), strict=True):
        assert (row.n, row.value) == (part["n"].sum(), measures.estimate("nps", responses.counts(part, "nps", now.scale)).value)
    (spans, ever, by_month), sql = service(path)(), service_sql(path)()
    assert ever == sql[2]
    for found, (sums, *waits) in zip(spans, sql[:2], strict=True):
        names = ("cases", "open", "judged", "within", "reopened", "escalated")
        assert [found.count(name) for name in names] == [int(sums[name].iloc[0]) for name in names]
        assert [found.first_median, found.resolution_median] == [_median(one) for one in waits]
    assert list(by_month["cases"]) == list(sql[3][0].sort_values("month")["cases"])


def prove_watch_equal(path: str) -> None:
    found = watch(path)()
    assert (found.customers, found.open_case, found.low_score) == watch_sql(path)()


def _median(waits: pd.DataFrame) -> float | None:
    """By hand: the share still waiting after each time, step by step."""
    alive, left = 1.0, int(waits["n"].sum())
    for row in waits.sort_values("wait").itertuples():
        alive *= 1 - row.ended / left
        left -= row.n
        if alive <= 0.5 + 1e-9:
            return float(row.wait) / 3600
    return None


def main(count: int = COUNT, runs: int = 5) -> int:
    """Print the measurements and ratios; 1 if a ratio is missed."""
    path, here = str(workspace(count)), Path(__file__).stem
    prove_equal(path)
    prove_watch_equal(path)
    ratios = []
    for page in ("satisfaction", "service", "watch"):
        ours, sql = measure(
            [Side(f"page {page}", f"benchmarks.{here}:{page}", (path,)), Side("plain SQL", f"benchmarks.{here}:{page}_sql", (path,))], runs
        )
        ratios.append(holds(f"{page}, less 100 ms, of the SQL", max(0.0, ours.seconds - PLUS_SECONDS) / sql.seconds, MOST))
    return 0 if all(ratios) else 1


if __name__ == "__main__":
    raise SystemExit(main())
