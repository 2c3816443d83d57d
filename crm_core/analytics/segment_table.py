"""The ten segments as data: a name, the cells of the RF grid it covers, and the usual move.

A user can replace the table; whatever it holds must cover each of the 25 cells exactly once.
Source: definitions of the dashboard, after Hughes (1994), Strategic Database Marketing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import product

from crm_core.errors import AnalysisError, Problem

SCORES = (1, 2, 3, 4, 5)
Cell = tuple[int, int]  # r_score, f_score


@dataclass(frozen=True)
class Segment:
    """`cells` are pairs of R and F score; `move_for_few` replaces the move where all of its customers have at most `few_orders`."""

    name: str
    cells: frozenset[Cell]
    move: str
    few_orders: int = 0
    move_for_few: str = ""

    def r_scores(self) -> tuple[int, ...]:
        return tuple(sorted({r for r, _ in self.cells}))

    def f_scores(self, r_score: int) -> tuple[int, ...]:
        """The F scores that belong to the segment at that R score."""
        return tuple(sorted(f for r, f in self.cells if r == r_score))

    def move_at(self, most_orders: int) -> str:
        """The usual move where no customer of the segment has more than `most_orders` orders."""
        return self.move_for_few if self.move_for_few and most_orders <= self.few_orders else self.move


@dataclass(frozen=True)
class SegmentTable:
    """Segments in the order pages show them. Raises AnalysisError unless they partition the 25 cells."""

    segments: tuple[Segment, ...]

    def __post_init__(self) -> None:
        problems = [*self._cell_problems(), *self._name_problems()]
        if problems:
            raise AnalysisError("The segments do not fit the grid", "Each cell of R and F belongs to one segment.", problems=problems)

    def _cell_problems(self) -> list[Problem]:
        covered = Counter(cell for segment in self.segments for cell in segment.cells)
        grid = set(product(SCORES, SCORES))
        missing = [cell for cell in sorted(grid) if not covered[cell]]
        double = [cell for cell, count in sorted(covered.items()) if count > 1]
        outside = [cell for cell in sorted(covered) if cell not in grid]
        words = {"belongs to no segment": missing, "belongs to several segments": double, "is not on the grid": outside}
        return [Problem("segment_cell", "error", f"R {r}, F {f} {what}") for what, cells in words.items() for r, f in cells]

    def _name_problems(self) -> list[Problem]:
        names = Counter(segment.name.strip() for segment in self.segments)
        doubled = [Problem("segment_name", "error", f"The name “{name}” stands twice") for name, count in names.items() if count > 1]
        return doubled + [Problem("segment_name", "error", "A segment has no name") for name in names if not name]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(segment.name for segment in self.segments)

    def of(self, r_score: int, f_score: int) -> Segment:
        """The segment of a cell."""
        return next(segment for segment in self.segments if (r_score, f_score) in segment.cells)

    def named(self, name: str) -> Segment:
        return next(segment for segment in self.segments if segment.name == name)


def cells(r_scores: tuple[int, ...], f_scores: tuple[int, ...]) -> frozenset[Cell]:
    return frozenset(product(r_scores, f_scores))


SEGMENTS = SegmentTable(
    (
        Segment("Champions", cells((5,), (4, 5)), "Reward them and ask for referrals, without discounts"),
        Segment("Loyal customers", cells((3, 4), (4, 5)), "Upsell, and offer the loyalty programme"),
        Segment(
            "Potential loyalists",
            cells((4, 5), (2, 3)),
            "Win the next purchase soon, and offer membership",
            few_orders=3,
            move_for_few="Win the second and third purchase soon, and offer membership",
        ),
        Segment("New customers", cells((5,), (1,)), "Welcome them and help them get started"),
        Segment("Promising", cells((4,), (1,)), "Raise awareness, with a small incentive"),
        Segment("Need attention", cells((3,), (3,)), "Make a time-limited offer based on past purchases"),
        Segment("About to sleep", cells((3,), (1, 2)), "Reconnect with popular products"),
        Segment("Can't lose them", cells((1, 2), (5,)), "Contact them personally and win them back"),
        Segment("At risk", cells((1, 2), (3, 4)), "Reactivate them personally, and ask in a survey what went wrong"),
        Segment("Hibernating", cells((1, 2), (1, 2)), "Send a low-cost reminder, or let them go"),
    )
)
