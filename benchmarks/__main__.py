"""`make bench`: every benchmark, one after the other, each in a process of its own; exits non-zero where a ratio is missed."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.measure import ROOT

BENCHMARKS = (
    "import_speed",
    "import_postgres",
    "rfm_pareto",
    "growth",
    "scale",
    "in_place_postgres",
    "value_models",
    "satisfaction",
    "audience",
    "comments",
    "page_rerun",
    "startup",
)


def main() -> int:
    """Run all (or those named as arguments) even after a miss, then say which failed."""
    missed = [name for name in sys.argv[1:] or BENCHMARKS if not _holds(name)]
    print(f"\nMissed: {', '.join(missed)}" if missed else "\nAll ratios hold.")
    return len(missed)


def _holds(name: str) -> bool:
    print(f"\n== {name}", flush=True)
    return subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], cwd=ROOT).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
