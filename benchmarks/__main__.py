"""`make bench`: every benchmark, one after the other; exits non-zero where a ratio is missed."""

from __future__ import annotations

import importlib
import sys

BENCHMARKS = ("import_speed", "rfm_pareto", "growth", "page_rerun", "startup")


def main() -> int:
    """Run all (or those named as arguments) even after a miss, then say which failed."""
    chosen = sys.argv[1:] or BENCHMARKS
    missed = []
    for name in chosen:
        print(f"\n== {name}", flush=True)
        if importlib.import_module(f"benchmarks.{name}").main():
            missed.append(name)
    print(f"\nMissed: {', '.join(missed)}" if missed else "\nAll ratios hold.")
    return len(missed)


if __name__ == "__main__":
    sys.exit(main())
