"""Who moved between segments from one day to another?

Grain: customer with a purchase in one of the two look-backs. Both have the same length (with all history, orders only grow), and both
are scored by the cut points of the earlier day, so that a move is the customer's and not the yardstick's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import pandas as pd

from crm_core.analytics.days import Period
from crm_core.analytics.orders import totals
from crm_core.analytics.scores import CutPoints, RfmSettings, find_cut_points, measured, scored
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace

#: States of those who bought in one of the two periods only.
NOT_BEFORE = "No order before"
NOT_SINCE = "No order since"


@dataclass(frozen=True)
class Migration:
    """`matrix` columns: from_segment, to_segment, customers, net_sales (of the later look-back). Segments are those of the table in use,
    or NOT_BEFORE (from) and NOT_SINCE (to). Cells without customers are left out.

    `is_covered` is false where the earlier look-back begins before the data does, so that it is shorter than the later one.
    """

    earlier: date
    later: date
    look_back_days: int
    matrix: pd.DataFrame
    cuts: CutPoints
    is_covered: bool

    @property
    def customers(self) -> int:
        return int(self.matrix["customers"].sum())

    @property
    def stayed(self) -> int:
        """Customers in the same segment on both days."""
        return int(self.matrix.loc[self.matrix["from_segment"] == self.matrix["to_segment"], "customers"].sum())


def migrate(
    ws: Workspace,
    earlier: date,
    later: date,
    look_back_days: int = 365,
    settings: RfmSettings = RfmSettings(),
    shown: ir.Table | None = None,
) -> Migration:
    """Segments on two days. Raises AnalysisError if the days do not follow each other or nobody bought in the earlier look-back."""
    if earlier >= later:
        raise AnalysisError(
            "The days do not follow each other", "The earlier day is not before the later one.", "Choose an earlier first day."
        )
    look_back = timedelta(days=look_back_days)
    before = measured(totals(ws, earlier, earlier - look_back), earlier)
    since = measured(totals(ws, later, later - look_back), later)
    cuts = find_cut_points(ws, before, settings)
    sides = [scored(side, cuts, settings.segments) for side in (before, since)]
    moves = _moves(*(side if shown is None else side.semi_join(shown, "customer_id") for side in sides))
    brought = totals(ws, later, later - look_back).select("customer_id", "net_sales")  # also of those with returns only
    moves = brought.right_join(moves, "customer_id")
    counted = moves.group_by("from_segment", "to_segment").aggregate(
        customers=moves.count(), net_sales=moves.net_sales.sum().fill_null(0).cast("float64")
    )
    order = {name: place for place, name in enumerate((*settings.segments.names, NOT_BEFORE, NOT_SINCE))}
    matrix = ws.execute(counted).sort_values(["from_segment", "to_segment"], key=lambda names: names.map(order), ignore_index=True)
    data = Period(ws.first_day or earlier, later)
    return Migration(earlier, later, look_back_days, matrix, cuts, data.covers(Period(earlier - look_back, earlier)))


def moving(ws: Workspace, migration: Migration, from_segment: str, to_segment: str, settings: RfmSettings = RfmSettings()) -> ir.Table:
    """The customers of one cell of the matrix. Column: customer_id."""
    look_back = timedelta(days=migration.look_back_days)
    before, since = (
        scored(measured(totals(ws, day, day - look_back), day), migration.cuts, settings.segments)
        for day in (migration.earlier, migration.later)
    )
    moves = _moves(before, since)
    return moves.filter(moves.from_segment == from_segment, moves.to_segment == to_segment).select("customer_id")


def _moves(before: ir.Table, since: ir.Table) -> ir.Table:
    """Columns: customer_id, from_segment, to_segment. Who is shown is chosen on each side before both are joined: the filter keeps it there, where
    a database without SEMI JOIN would choose among the joined rows.
    """
    left = before.filter(before.customer_id.notnull()).select("customer_id", from_segment="segment")
    right = since.filter(since.customer_id.notnull()).select("customer_id", to_segment="segment")
    joined = left.outer_join(right, "customer_id")
    return joined.select(
        customer_id=ibis.coalesce(joined.customer_id, joined.customer_id_right),
        from_segment=joined.from_segment.fill_null(NOT_BEFORE),
        to_segment=joined.to_segment.fill_null(NOT_SINCE),
    )
