"""What did each customer of a campaign do afterwards?

Grain: customer assigned to treatment or control at export. The assignment goes to the engine; back come the customers with a line in the campaign's days,
all others did nothing: a zero each. Orders, purchases and net sales as everywhere (orders.py); an order's day is that of its last line.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from hashlib import sha256

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from crm_core.analytics.orders import form, lines
from crm_core.errors import AnalysisError, Problem
from crm_core.workspace import Workspace

TREATMENT, CONTROL = "treatment", "control"
COLUMNS = ("customer_id", "group", "stratum")
#: The share of the lines whose cost must be known for a margin from costs: a cost that is not known is not zero.
COVERED = 0.9


@dataclass(frozen=True)
class Members:
    """Who was assigned to what. `rows` has customer_id and is_control; `stratum` holds places in `strata`, the names in order; `digest` tells one
    assignment from another.
    """

    rows: pa.Table
    is_control: np.ndarray
    stratum: np.ndarray
    strata: tuple[str, ...]
    digest: str

    def counts(self) -> tuple[np.ndarray, np.ndarray]:
        """Customers of each stratum: (in treatment, controls)."""
        everybody = np.bincount(self.stratum, minlength=len(self.strata))
        controls = np.bincount(self.stratum[self.is_control], minlength=len(self.strata))
        return everybody - controls, controls


@dataclass(frozen=True)
class Results:
    """One entry a member with a line in the days looked at, in byte order of the ids: is_control, stratum (its place in Members.strata), sales (net, returns
    netted), margin (None where it is not known: `why_no_margin`), is_buyer (a purchase in these days), bought_after (days from the start to the first of
    them, −1 without). `lines_with_cost` of `lines` lines have a cost.
    """

    is_control: np.ndarray
    stratum: np.ndarray
    sales: np.ndarray
    margin: np.ndarray | None
    is_buyer: np.ndarray
    bought_after: np.ndarray
    lines: int
    lines_with_cost: int
    why_no_margin: str


def members(snapshot: pa.Table) -> Members:
    """The members of a snapshot (columns COLUMNS; a missing stratum is ""). Raises AnalysisError for columns or ids that are missing, ids
    that stand there twice, other groups than these two, and where nobody was to be contacted.
    """
    _check_columns(snapshot)
    ids, group, names = (_column(snapshot, name) for name in COLUMNS)
    _check(ids, group)
    coded = pc.fill_null(names, "").dictionary_encode()
    strata, places = np.unique(np.array(coded.dictionary.to_pylist(), dtype=object), return_inverse=True)
    stratum = places[coded.indices.to_numpy(zero_copy_only=False)]
    is_control = pc.equal(group, CONTROL)
    rows = pa.table({"customer_id": ids, "is_control": is_control})
    return Members(rows, is_control.to_numpy(zero_copy_only=False), stratum, tuple(map(str, strata)), _digest(rows))


def table_of(ws: Workspace, assigned: Members) -> ir.Table:
    """The members where the data is: customer_id, is_control."""
    return ws.keep(f"campaign {assigned.digest}", lambda: ibis.memtable(assigned.rows))


def results(ws: Workspace, assigned: Members, start: date, until: date, margin: float | None) -> Results:
    """What the members did from `start` to `until` (excluded). `margin` is a share of the sales; None: from the costs in the data."""
    found = _rows(ws, _done(ws, assigned, start, until))
    place = pc.index_in(found["customer_id"], value_set=assigned.rows["customer_id"]).to_numpy()
    count, known = (int(pc.sum(found[name]).as_py() or 0) for name in ("count_lines", "lines_with_cost"))
    sales = found["sales"].to_numpy()
    why = "" if margin is not None else _why_no_margin(ws, count, known)
    days = pc.subtract(found["bought_on"].cast(pa.int32()), (start - date(1970, 1, 1)).days)
    bought_after = pc.fill_null(days, -1).to_numpy()
    return Results(
        is_control=assigned.is_control[place],
        stratum=assigned.stratum[place],
        sales=sales,
        margin=sales * margin if margin is not None else None if why else pc.fill_null(found["profit"], 0.0).to_numpy(),
        is_buyer=bought_after >= 0,
        bought_after=bought_after,
        lines=count,
        lines_with_cost=known,
        why_no_margin=why,
    )


def _why_no_margin(ws: Workspace, count_lines: int, lines_with_cost: int) -> str:
    """Why costs give no margin for these lines, "" where they do."""
    if not ws.has("order_lines", "cost_amount"):
        return "The data has no costs, and no margin was given."
    if lines_with_cost < COVERED * count_lines:
        return f"Costs are known for {lines_with_cost:,} of {count_lines:,} lines only, and no margin was given."
    return ""


def sold(ws: Workspace, assigned: Members, start: date, until: date) -> ir.Table:
    """Grain: line of a member in these days. Columns of `order_lines`, and is_control."""
    return lines(ws, until, start).inner_join(table_of(ws, assigned), "customer_id")


def _done(ws: Workspace, assigned: Members, start: date, until: date) -> ir.Table:
    """Grain: member with a line in these days. Columns: customer_id, sales, profit (of the lines whose cost is known), count_lines,
    lines_with_cost, bought_on (day of the first purchase in these days).
    """
    sums = ws.keep(f"campaign sales {assigned.digest} {start} {until}", lambda: _sums(sold(ws, assigned, start, until)))
    ever = lines(ws, until).semi_join(sums, "customer_id")  # an order in these days has a line in them, and may have begun before
    orders = form(ever).filter(lambda t: t.is_purchase & (t.ordered_on >= start))
    bought = orders.group_by("customer_id").aggregate(bought_on=orders.ordered_on.min())
    joined = sums.left_join(bought, "customer_id")
    return joined.select("customer_id", "sales", "profit", "count_lines", "lines_with_cost", "bought_on")


def _sums(rows: ir.Table) -> ir.Table:
    return rows.group_by("customer_id").aggregate(
        sales=rows.net_amount.sum().cast("float64").fill_null(0.0),
        profit=(rows.net_amount - rows.cost_amount).sum().cast("float64"),
        count_lines=rows.count(),
        lines_with_cost=rows.cost_amount.count(),
    )


def _rows(ws: Workspace, expr: ir.Table) -> pa.Table:
    """The rows, in byte order of the ids, in the types of the expression on any engine."""
    schema = expr.schema().to_pyarrow()
    found = [pa.Table.from_batches([batch]).cast(schema) for batch in ws.batches(expr)]
    rows = pa.concat_tables([schema.empty_table(), *found])
    return rows.take(pc.sort_indices(rows["customer_id"]))


def _digest(rows: pa.Table) -> str:
    written = pa.BufferOutputStream()
    with pa.ipc.new_stream(written, rows.schema) as stream:
        stream.write_table(rows)
    return sha256(written.getvalue()).hexdigest()


def _column(snapshot: pa.Table, name: str) -> pa.Array:
    return pa.concat_arrays([chunk.cast(pa.string()) for chunk in snapshot[name].chunks] or [pa.array([], pa.string())])


def _check_columns(snapshot: pa.Table) -> None:
    problems = [
        Problem("column_missing", "error", "The snapshot has no such column.", column=name)
        for name in COLUMNS
        if name not in snapshot.column_names
    ]
    if problems:
        raise _refused(problems)


def _check(ids: pa.Array, group: pa.Array) -> None:
    is_known = pc.fill_null(pc.is_in(group, value_set=pa.array([TREATMENT, CONTROL])), False)
    others = pc.sum(pc.invert(is_known)).as_py() or 0
    twice = len(ids) - ids.null_count - pc.count_distinct(ids).as_py()
    told: list[tuple[int, str, str, str]] = [
        (ids.null_count, "id_missing", "customer_id", "Customers have no id."),
        (twice, "id_twice", "customer_id", "Customers stand there twice."),
        (others, "group_unknown", "group", f"Customers are neither in {TREATMENT} nor in {CONTROL}."),
    ]
    problems = [Problem(code, "error", text, column=column, rows=rows) for rows, code, column, text in told if rows]
    if not problems and not pc.any(pc.equal(group, TREATMENT)).as_py():
        problems = [Problem("nobody", "error", "Nobody is in treatment.", column="group")]
    if problems:
        raise _refused(problems)


def _refused(problems: list[Problem]) -> AnalysisError:
    return AnalysisError(
        "The campaign cannot be judged", "The snapshot of its export is not complete.", "Export the audience again.", problems
    )
