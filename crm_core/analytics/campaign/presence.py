"""Are those who were assigned still among the customers?

Grain: campaign. Data that was imported anew may lack customers of an export made before. They count in the outcome as they were assigned, with nothing
bought; how many they are is told beside it.
"""

from __future__ import annotations

import ibis
import pyarrow as pa

from crm_core.analytics.campaign.members import members, table_of
from crm_core.workspace import Workspace

NAMING = ("customers", "order_lines", "surveys", "cases", "contacts")


def count_gone(ws: Workspace, snapshot: pa.Table) -> int:
    """How many of the snapshot no table names any more. Raises AnalysisError for a snapshot that is not complete."""
    assigned = table_of(ws, members(snapshot))
    named = [ws.table(name).select("customer_id") for name in NAMING if ws.has(name, "customer_id")]
    if not named:
        return snapshot.num_rows
    here = named[0] if len(named) == 1 else ibis.union(*named)
    return int(ws.execute(assigned.anti_join(here, "customer_id").count()))
