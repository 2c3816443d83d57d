"""Which values stand at a place in order? Exact order statistics of amounts, however many there are.

Grain: bin of neighbouring values. Each pass counts the values of every bin, which is a small answer of an aggregate that any engine does in
parallel; only the bins that hold a place asked for are cut finer, until each holds one value. No pass sorts rows, or brings them to one worker.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate

import ibis
import ibis.expr.types as ir

from crm_core.analytics.distribution import MONEY, bucket
from crm_core.workspace import Workspace

#: Finer bins that a bin is cut into: the second pass tells cents apart in amounts up to thousands.
PARTS = 10_000
#: Half of the values, and as much more as leads to the next one where their number is even.
HALF, HARDLY = Fraction(1, 2), Fraction(1, 10**15)


@dataclass(frozen=True)
class Bin:
    """Values next to each other: the lowest, the highest, and how many rows have one of them."""

    lowest: Decimal
    highest: Decimal
    count: int


def least_above(ws: Workspace, values: ir.DecimalColumn, shares: Collection[Fraction]) -> dict[Fraction, Decimal | None]:
    """The least value above the ⌈share × n⌉-th smallest, ties and all, by share (above 0, at most 1); None where there is none above."""
    found = bins(ws, values, shares)
    following = [one.lowest for one in found[1:]] + [None]
    return {share: following[_place(found, share)] if found else None for share in shares}


def median(ws: Workspace, values: ir.DecimalColumn) -> Decimal | None:
    """The middle value, or the mean of the two in the middle; None without values. Unlike an engine's own it needs no memory that grows with them."""
    found = bins(ws, values, (HALF, HALF + HARDLY))
    return sum((found[_place(found, share)].lowest for share in (HALF, HALF + HARDLY)), Decimal(0)) / 2 if found else None


def bins(ws: Workspace, values: ir.DecimalColumn, shares: Collection[Fraction]) -> list[Bin]:
    """Ascending; one that holds the ⌈share × n⌉-th smallest value holds no other value. Empty without values."""
    present = values.name("value").as_table().filter(lambda t: t.value.notnull())
    found = _counted(ws, present, bucket(present.value))
    while wide := sorted({place for share in shares if found and found[place := _place(found, share)].lowest < found[place].highest}):
        finer = _cut(ws, present, [found[place] for place in wide])
        found = sorted([*(one for place, one in enumerate(found) if place not in wide), *finer], key=lambda one: one.lowest)
    return found


def _place(found: list[Bin], share: Fraction) -> int:
    """Which bin holds the ⌈share × n⌉-th smallest value."""
    reached = list(accumulate(one.count for one in found))
    rank = -(-share.numerator * reached[-1] // share.denominator)
    return next(place for place, count in enumerate(reached) if count >= rank)


def _cut(ws: Workspace, present: ir.Table, wide: list[Bin]) -> list[Bin]:
    """These bins, which ascend, in parts of equal width. The lowest value and the highest come into different parts, so that there is an end."""
    value = present.value
    inside = present.filter(ibis.or_(*((value >= _money(one.lowest)) & (value <= _money(one.highest)) for one in wide)))
    upto = [inside.value <= _money(one.highest) for one in wide]
    lowest = ibis.cases(*((is_in, _money(one.lowest)) for is_in, one in zip(upto, wide, strict=True)))
    each = ibis.cases(*((is_in, PARTS / float(one.highest - one.lowest)) for is_in, one in zip(upto, wide, strict=True)))
    first = ibis.cases(*((is_in, place * 2 * PARTS) for place, is_in in enumerate(upto)))
    return _counted(ws, inside, first + ((inside.value - lowest).cast("float64") * each).floor().cast("int64"))


def _counted(ws: Workspace, rows: ir.Table, by: ir.IntegerValue) -> list[Bin]:
    counted = rows.group_by(bin=by).aggregate(lowest=rows.value.min(), highest=rows.value.max(), count=rows.count())
    found = ws.execute(counted.order_by("lowest"))
    return [Bin(*row) for row in zip(map(Decimal, found["lowest"]), map(Decimal, found["highest"]), map(int, found["count"]), strict=True)]


def _money(value: Decimal) -> ir.DecimalScalar:
    return ibis.literal(value, type=MONEY)
