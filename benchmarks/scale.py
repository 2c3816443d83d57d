"""How do time and memory grow from 1 to 100 million lines, on DuckDB over Parquet, on Spark and in PostgreSQL, where the data stays where it lies?

    python -m benchmarks.scale --lines 1e6,1e7,5e7,1e8 --engine duckdb,spark [--fresh]

Each analysis runs in a process of its own. What was measured is kept in benchmarks/.cache/scale and not measured again unless asked for, so that a run
may be broken off. Limits: from one size to the next, time grows by at most 1.3 times the factor in lines; the driver (this side: Python, with DuckDB in it, and
Spark's Java) stays below 1.5 GB; no plan has a window over all rows, which would put them on one worker. Starting a session is not measured.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlglot as sg
from sqlglot import expressions as sge

from benchmarks import lake
from benchmarks.measure import CACHE, ROOT, holds, peak_mb
from crm_core.workspace import Workspace

if TYPE_CHECKING:
    from crm_core.engines.base import Engine

OF_THE_FACTOR = 1.3
MOST_MB = 1_500
LINES = (1_000_000, 10_000_000)
ENGINES = ("duckdb", "spark")
PLANNED = 100_000  # lines whose plans are read
#: What DuckDB may hold before it spills; what Python and its libraries need comes on top.
DUCKDB_MEMORY = "900MB"
SPARK = {
    "spark.driver.memory": "640m",
    "spark.executor.memory": "3g",
    "spark.sql.shuffle.partitions": "32",
    "spark.executor.extraJavaOptions": "-XX:+UseParallelGC",
    "spark.driver.extraJavaOptions": "-XX:+UseSerialGC",
    "spark.log.level": "ERROR",
}


# -- what is measured ----------------------------------------------------------------------------------------------------


def rfm(ws: Workspace) -> Any:
    """Every customer scored, and the segments."""
    from crm_core.analytics import rfm

    return int(ws.execute(rfm.customers(ws, ws.as_of).count())), rfm.segments(ws, ws.as_of)


def pareto(ws: Workspace) -> Any:
    from crm_core.analytics import pareto

    return pareto.summary(ws, ws.as_of)


def clv(ws: Workspace) -> Any:
    """Four models fitted and judged, the best one chosen, and what all customers are worth by it."""
    from crm_core.analytics.clv import forecast, totals

    choice = forecast.choose(ws, ws.as_of)
    return choice.rule, totals.total(ws, choice)


def satisfaction(ws: Workspace) -> Any:
    from crm_core.analytics.satisfaction import trend

    return trend.trend(ws, "nps", ws.as_of)


ANALYSES: dict[str, Callable[[Workspace], Any]] = {"rfm": rfm, "pareto": pareto, "clv": clv, "satisfaction": satisfaction}


# -- engines, in the process that is measured ------------------------------------------------------------------------------


def workspace(engine: Engine, lines: int) -> Workspace:
    """The canonical tables where they lie."""
    return Workspace(lake.folder(lines), engine, lake.meta(lines), tables={name: engine.source(name) for name in lake.FED})


def _duckdb(lines: int) -> Engine:
    from crm_core.engines.lake import Lake

    return Lake(str(lake.folder(lines)), memory_limit=DUCKDB_MEMORY)


def _spark(lines: int) -> Engine:
    from pyspark.sql import SparkSession

    from crm_core.engines.spark import Spark

    builder = SparkSession.builder.master(os.environ["SCALE_MASTER"]).appName("scale").config(map=SPARK)
    session = builder.getOrCreate()
    for name in lake.FED:
        session.read.parquet(str(lake.folder(lines) / name)).createOrReplaceTempView(name)
    return Spark(session, owns=True)


def _postgres(lines: int) -> Engine:  # noqa: ARG001  (the server holds the lines it was started for)
    from crm_core.engines.postgres import Postgres

    return Postgres(json.loads(os.environ["SCALE_POSTGRES"]))


OPEN: dict[str, Callable[[int], Engine]] = {"duckdb": _duckdb, "spark": _spark, "postgres": _postgres}


def one(engine: str, lines: int, analysis: str) -> dict[str, Any]:
    """One analysis on one engine: seconds, and the peaks of memory of Python and of Spark's driver in MB."""
    with workspace(OPEN[engine](lines), lines) as ws:
        ws.execute(ws.table("surveys").limit(1).count())  # the session is there
        start, busy = time.perf_counter(), time.process_time()
        answer = ANALYSES[analysis](ws)
        seconds, busy = time.perf_counter() - start, time.process_time() - busy
        found = {"seconds": seconds, "cpu_seconds": busy, "python_mb": peak_mb(), "java_mb": _java_mb()} | _cluster()
    return found | {"answer": str(answer)[:2_000]}


def _java_mb() -> float:
    """The highest resident memory of Spark's driver, the Java program behind this process."""
    if "pyspark" not in sys.modules:
        return 0.0
    from pyspark import SparkContext

    process = getattr(SparkContext._gateway, "proc", None)
    return 0.0 if process is None else peak_mb(process.pid)


def _cluster() -> dict[str, float]:
    """What Spark's executors did for this process: seconds of processors, and what went over the network and to disk in MB."""
    if "pyspark" not in sys.modules:
        return {}
    from pyspark import SparkContext

    context = SparkContext._active_spark_context
    if context is None:  # nothing of this process runs on Spark
        return {}
    jvm, no_quantiles = context._jvm, context._gateway.new_array(context._gateway.jvm.double, 0)
    stages = context._jsc.sc().statusStore().stageList(None, False, False, no_quantiles, jvm.java.util.ArrayList())
    every = [stages.apply(place) for place in range(stages.size())]
    return {
        "cluster_cpu_seconds": sum(stage.executorCpuTime() for stage in every) / 1e9,
        "shuffled_mb": sum(stage.shuffleWriteBytes() for stage in every) / 1e6,
        "spilled_mb": sum(stage.diskBytesSpilled() for stage in every) / 1e6,
        "tasks": sum(stage.numCompleteTasks() for stage in every),
    }


def plans(engine: str) -> list[str]:
    """What is wrong with the plans of all analyses; empty where no window goes over all rows."""
    watched = OPEN[engine](PLANNED)
    wrong: list[str] = []
    run, keep = watched.execute, watched.keep

    def execute(expr: Any) -> Any:
        wrong.extend(_windows_over_all(watched, expr.as_table()))
        return run(expr)

    def kept(name: str, expr: Any) -> Any:
        wrong.extend(_windows_over_all(watched, expr))
        return keep(name, expr)

    watched.execute, watched.keep = execute, kept  # type: ignore[method-assign]
    with workspace(watched, PLANNED) as ws:
        for name, analysis in ANALYSES.items():
            before = len(wrong)
            analysis(ws)
            wrong[before:] = [f"{name}: {what}" for what in wrong[before:]]
    return list(dict.fromkeys(wrong))


def _windows_over_all(engine: Engine, expr: Any) -> list[str]:
    """Windows without a partition: in the statement, and in the engine's own plan of it."""
    engine.backend._run_pre_execute_hooks(expr)
    statement = engine.backend.compile(expr)
    dialect = {"pyspark": "databricks"}.get(engine.dialect, engine.dialect)
    alone = [one for one in sg.parse_one(statement, dialect=dialect).find_all(sge.Window) if not one.args.get("partition_by")]
    return [*(one.sql(dialect)[:200] for one in alone), *PLANS[engine.dialect](engine, statement)]


def _plan_of_duckdb(engine: Any, statement: str) -> list[str]:
    text = json.dumps(engine.raw.execute(f"EXPLAIN (FORMAT json) {statement}").fetchall())
    return re.findall(r"[^\"]{0,80}OVER \((?!PARTITION)[^\"]{0,80}", text)


def _plan_of_spark(engine: Any, statement: str) -> list[str]:
    text = "\n".join(row[0] for row in engine.backend._session.sql(f"EXPLAIN {statement}").collect())
    return re.findall(r"Window \[.*\n(?:.*(?:Sort|WindowGroupLimit).*\n)*.*Exchange SinglePartition.*", text)


def _plan_of_postgres(engine: Any, statement: str) -> list[str]:
    with engine.backend.con.cursor() as cursor:
        text = "\n".join(row[0] for row in cursor.execute(f"EXPLAIN (VERBOSE, COSTS OFF) {statement}").fetchall())
    return re.findall(r".*OVER \((?!PARTITION)[^)]*\).*", text)


PLANS: dict[str, Callable[[Any, str], list[str]]] = {"duckdb": _plan_of_duckdb, "pyspark": _plan_of_spark, "postgres": _plan_of_postgres}


# -- the run -------------------------------------------------------------------------------------------------------------


@contextmanager
def server(engine: str, lines: int) -> Iterator[dict[str, str]]:
    """What the engine needs beside this process; gives the environment of a process that is measured."""
    with ExitStack() as stack:
        if engine == "spark":
            from tests.servers.spark import SparkCluster

            cluster = stack.enter_context(SparkCluster())
            yield cluster.environment | {"SCALE_MASTER": cluster.master_url}
        elif engine == "postgres":
            from benchmarks.in_place_postgres import served

            yield {"SCALE_POSTGRES": json.dumps(stack.enter_context(served(lines)))}
        else:
            yield {}


def _in_a_process(environment: dict[str, str], *arguments: str) -> Any:
    """The answer of `one` or `plans`; raises CalledProcessError with what went wrong in it."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.scale", "--here", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


class Results:
    """What was measured, by engine and size, as files that a broken run leaves behind."""

    def __init__(self, fresh: bool) -> None:
        self.folder, self.fresh, self._seen = CACHE / "scale", fresh, set[Path]()
        self.folder.mkdir(parents=True, exist_ok=True)

    def of(self, engine: str, lines: int) -> dict[str, Any]:
        file = self._file(engine, lines)
        if self.fresh and file not in self._seen:
            file.unlink(missing_ok=True)
        self._seen.add(file)
        return json.loads(file.read_text()) if file.exists() else {}

    def add(self, engine: str, lines: int, analysis: str, found: Any) -> None:
        known = self.of(engine, lines)
        known[analysis] = found | {"measured_at": f"{datetime.now(UTC):%Y-%m-%d %H:%M}", "machine": machine()}
        self._file(engine, lines).write_text(json.dumps(known, indent=1))

    def _file(self, engine: str, lines: int) -> Path:
        return self.folder / f"{engine}-{lake.VERSION}-{lines}.json"


def machine() -> str:
    busy = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{platform.machine()}, {os.cpu_count()} cores{busy}"


def measure(results: Results, engine: str, lines: int, analyses: Sequence[str]) -> None:
    """What is not measured yet, each with a line of what was found."""
    missing = [name for name in analyses if name not in results.of(engine, lines)]
    if not missing:
        return
    lake.folder(lines)
    with server(engine, lines) as environment:
        for name in missing:
            try:
                results.add(engine, lines, name, _in_a_process(environment, engine, str(lines), name))
            except subprocess.CalledProcessError as error:
                print(f"{engine:<9} {lines:>12,} lines {name:<13} FAILED ({error.returncode})", flush=True)
            else:
                print(_line(engine, lines, name, results.of(engine, lines)[name]), flush=True)


def _line(engine: str, lines: int, analysis: str, found: dict[str, Any]) -> str:
    java = f" + {found['java_mb']:5.0f} MB Java" if found["java_mb"] else ""
    work = f", {found['cluster_cpu_seconds']:.0f} s of processors, {found['shuffled_mb']:.0f} MB shuffled" if "tasks" in found else ""
    return f"{engine:<9} {lines:>12,} lines {analysis:<13} {found['seconds']:9.1f} s {found['python_mb']:6.0f} MB{java}{work}"


def judged(results: Results, engine: str, sizes: list[int], analyses: Sequence[str]) -> bool:
    """Print each figure beside its limit; False if one is missed, or is not there."""
    verdicts = []
    for name in analyses:
        there = {lines: found[name] for lines in sizes if name in (found := results.of(engine, lines))}
        verdicts.append(len(there) == len(sizes))
        for lines, found in there.items():
            verdicts.append(holds(f"{engine}, {name}, {lines:,} lines, driver (MB)", found["python_mb"] + found["java_mb"], MOST_MB))
        for few, many in pairwise(there):
            growth = (there[many]["seconds"] / there[few]["seconds"]) / (many / few)
            verdicts.append(holds(f"{engine}, {name}, {few:,} to {many:,}, per factor", growth, OF_THE_FACTOR))
    return all(verdicts)


def planned(engine: str) -> bool:
    """Print what windows go over all rows; False if any does."""
    lake.folder(PLANNED)
    with server(engine, PLANNED) as environment:
        wrong = _in_a_process(environment, engine)
    for what in wrong:
        print(f"{engine}, window over all rows, {what}")
    print(f"{engine + ', windows over all rows':<48} {len(wrong):8} (at most 0) {'MISSED' if wrong else 'holds'}", flush=True)
    return not wrong


def main(lines: list[int], engines: list[str], analyses: Sequence[str] = tuple(ANALYSES), fresh: bool = False) -> int:
    """Measure, print and judge; 1 if a limit is missed."""
    results = Results(fresh)
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {machine()}", flush=True)
    verdicts = []
    for engine in engines:
        for count in lines:
            measure(results, engine, count, analyses)
        verdicts += [judged(results, engine, lines, analyses), planned(engine)]
    return 0 if all(verdicts) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Time and memory of the analyses from 1 to 100 million lines.")
    parser.add_argument("--lines", default=",".join(map(str, LINES)), help="sizes, ascending: 1e6,1e7,5e7,1e8")
    parser.add_argument("--engine", default=",".join(ENGINES), help=f"of {', '.join(OPEN)}")
    parser.add_argument("--analysis", default=",".join(ANALYSES), help=f"of {', '.join(ANALYSES)}")
    parser.add_argument("--fresh", action="store_true", help="measure again what is measured already")
    parser.add_argument("--here", nargs="+", help=argparse.SUPPRESS)  # in this process: engine [lines analysis]
    return parser.parse_args()


if __name__ == "__main__":
    given = _arguments()
    if given.here:
        engine, *rest = given.here
        print(json.dumps(one(engine, int(rest[0]), rest[1]) if rest else plans(engine)))
        sys.exit()
    sizes = sorted(round(float(size)) for size in given.lines.split(","))
    sys.exit(main(sizes, given.engine.split(","), given.analysis.split(","), given.fresh))
