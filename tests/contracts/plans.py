"""What Spark is about to do: does any step bring all rows to one worker to number or to cumulate them?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

#: Columns whose windows may run over everything in one place: they order a small table, whatever the company.
SMALL = {"bucket": "sums over the buckets of a spread (distribution.cumulated): some hundreds of rows"}


@contextmanager
def watched(engine: Any) -> Iterator[list[Any]]:
    """The frames that the engine makes meanwhile; nothing of other engines."""
    frames: list[Any] = []
    if not hasattr(engine, "_rows"):
        yield frames
        return
    rows = engine._rows

    def made(expr: Any) -> Any:
        frames.append(rows(expr))
        return frames[-1]

    engine._rows = made
    try:
        yield frames
    finally:
        del engine._rows


def windows_over_everything(frame: Any) -> list[str]:
    """The windows of a classic session's plan that have no partitions, but those over a table known to be small."""
    plan = frame._jdf.queryExecution().executedPlan()
    if "Window" not in plan.toString():
        return []
    return [text for text in _whole(plan) if not any(f"{column}#" in text for column in SMALL)]


def _whole(node: Any) -> Iterator[str]:
    """What orders each window without partitions in the plan; only its own nodes, for what is kept was looked at when it was made."""
    name = node.nodeName()
    if name.startswith("AdaptiveSparkPlan"):
        node = node.initialPlan()
        name = node.nodeName()
    if name.startswith("Window") and not name.startswith("WindowGroupLimit") and node.partitionSpec().isEmpty():
        yield node.orderSpec().toString() or node.simpleString(200)
    children = node.children()
    for place in range(children.size()):
        yield from _whole(children.apply(place))
