"""How long does a side take, and how much memory? Each run is a process of its own, so that peaks do not add up.

A side is a function, named "module:function"; it is called with text arguments. The clock runs around the call, so imports of the module do not
count; where it returns a function, all before was preparation, and the clock runs around that. The sides of a comparison take turns, so that
a slow moment of the machine hits all of them.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(__file__).resolve().parent / ".cache"


@dataclass(frozen=True)
class Side:
    """What is measured: a label, a function as "module:function" and its arguments."""

    label: str
    function: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measured:
    """The median of the runs, and the highest peak of memory."""

    label: str
    seconds: float
    peak_mb: float


def measure(sides: Sequence[Side], runs: int = 5) -> list[Measured]:
    """Run the sides in turn, after one round that only warms the disk cache, and print a line for each."""
    found: dict[str, list[tuple[float, float]]] = {side.label: [] for side in sides}
    for number in range(runs + 1):
        for side in sides:
            once = run_once(side)
            if number:
                found[side.label].append(once)
    measured = [
        Measured(label, statistics.median(seconds for seconds, _ in one), max(peak for _, peak in one)) for label, one in found.items()
    ]
    for one in measured:
        print(f"{one.label:<48} {one.seconds:8.3f} s {one.peak_mb:8.0f} MB", flush=True)
    return measured


def run_once(side: Side) -> tuple[float, float]:
    """Seconds and peak memory (MB) of one run. Raises CalledProcessError if it fails."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.measure", side.function, *side.arguments]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    seconds, peak_mb = json.loads(done.stdout.splitlines()[-1])
    return seconds, peak_mb


def holds(name: str, value: float, most: float) -> bool:
    """Print a ratio beside its limit, and say whether it holds."""
    verdict = "holds" if value <= most else "MISSED"
    print(f"{name:<48} {value:8.2f} (at most {most:.2f}) {verdict}", flush=True)
    return value <= most


def _run_here(function: str, arguments: Sequence[str]) -> None:
    module, _, name = function.partition(":")
    call = getattr(import_module(module), name)
    start = time.perf_counter()
    prepared = call(*arguments)
    if callable(prepared):
        start = time.perf_counter()
        prepared()
    seconds = time.perf_counter() - start
    print(json.dumps([seconds, peak_mb()]))


def peak_mb(process: int | str = "self") -> float:
    """The highest resident memory of this process so far, or of another. ru_maxrss would be no less than the parent's, which Linux hands on."""
    status = Path(f"/proc/{process}/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    _run_here(sys.argv[1], sys.argv[2:])
