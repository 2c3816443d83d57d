"""An audience as a list to take away: chosen columns, and who is in the control group.

Grain: customer of the audience.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from crm_core.analytics.audience.everybody import TOLD, Basis
from crm_core.analytics.audience.fields import Catalogue, catalogue, told_by
from crm_core.analytics.campaign.assign import assign
from crm_core.analytics.campaign.members import CONTROL, TREATMENT
from crm_core.errors import AnalysisError
from crm_core.schema import TABLES
from crm_core.workspace import Workspace

#: Stratum of customers without a segment: those without a purchase.
NO_SEGMENT = "(no purchase)"
#: Columns that a list can have and no condition asks for.
ADDRESSES = ("email", "phone")
DEFAULT_COLUMNS = ("customer_id", "name", "email", "segment", "net_sales", "count_orders", "days_since_last_order")


def columns(ws: Workspace, basis: Basis) -> dict[str, str]:
    """The columns that a list of this data can have, with their labels."""
    found = {field.name: field.label for field in catalogue(ws, basis).values()}
    return found | {name: TABLES["customers"].field(name).label for name in ADDRESSES if ws.has("customers", name)}


def usual_columns(ws: Workspace, basis: Basis) -> tuple[str, ...]:
    """Those of DEFAULT_COLUMNS that the data has."""
    known = columns(ws, basis)
    return tuple(name for name in DEFAULT_COLUMNS if name in known)


def listed(ws: Workspace, audience: ir.Table, basis: Basis, chosen: Sequence[str]) -> ir.Table:
    """The customers of the audience with the chosen columns, under the names of `columns`; customer_id always stands first.

    Raises AnalysisError for a column that there is not, naming those that there are.
    """
    known = columns(ws, basis)
    unknown = [name for name in chosen if name not in known]
    if unknown:
        raise AnalysisError("There is no such column", f"Not known: {', '.join(unknown)}.", f"Choose from: {', '.join(known)}.")
    wanted = [name for name in dict.fromkeys(chosen) if name != "customer_id"]
    fields = catalogue(ws, basis)
    table = audience.select("customer_id", **{name: audience[fields[name].column] for name in wanted if _is_at_hand(fields, name)})
    by_source: dict[str, dict[str, str]] = {}
    for name in wanted:
        if not _is_at_hand(fields, name):
            source, column = (fields[name].source, fields[name].column) if name in fields else ("customers", name)
            by_source.setdefault(source, {})[name] = column
    for source, told in by_source.items():
        rows = told_by(ws, basis, source)
        table = table.left_join(rows.select("customer_id", **{name: rows[column] for name, column in told.items()}), "customer_id")
        table = table.drop("customer_id_right")
    filled = {name: table[name].fill_null(one) for name in wanted if name in fields and (one := fields[name].otherwise) is not None}
    return table.mutate(**filled).select("customer_id", *wanted)


def _is_at_hand(fields: Catalogue, name: str) -> bool:
    return name in fields and fields[name].source == "everybody" and fields[name].column in TOLD


def grouped(ws: Workspace, audience: ir.Table, control_share: float, seed: int) -> pa.Table:
    """Who gets the campaign and who is the control: customer_id, group (TREATMENT or CONTROL), stratum (the segment). In order of the id.

    Random by the seed within each segment, the same on any machine, whatever the order of the rows; see `campaign.assign`.
    """
    rows = audience.select("customer_id", stratum=audience.segment.fill_null(NO_SEGMENT)).order_by("customer_id")
    pieces = list(ws.batches(rows))
    schema = pa.schema([("customer_id", pa.string()), ("stratum", pa.string())])
    table = pa.Table.from_batches([piece.cast(schema) for piece in pieces], schema=schema) if pieces else schema.empty_table()
    is_control = assign(table["customer_id"], table["stratum"], control_share, seed).tolist()
    group = pa.array([CONTROL if one else TREATMENT for one in is_control], pa.string())
    return pa.table({"customer_id": table["customer_id"], "group": group, "stratum": table["stratum"]})


def with_groups(ws: Workspace, table: ir.Table, groups: pa.Table, key: str) -> ir.Table:
    """The list with a column group after the id; only of customers that have one. `key` is equal for equal groups only."""
    told = ws.keep(f"groups {key}", lambda: ibis.memtable(groups.select(["customer_id", "group"])))
    joined = table.inner_join(told, "customer_id")
    return joined.select("customer_id", "group", *(name for name in table.columns if name not in {"customer_id", "group"}))
