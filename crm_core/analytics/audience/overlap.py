"""How many customers are in two audiences at once? Grain: one record."""

from __future__ import annotations

from dataclasses import dataclass

from crm_core.analytics.audience.conditions import Condition
from crm_core.analytics.audience.everybody import Basis
from crm_core.analytics.audience.members import members
from crm_core.workspace import Workspace


@dataclass(frozen=True)
class Overlap:
    """Customers of the first audience, of the second, and of both."""

    first: int
    second: int
    both: int

    @property
    def either(self) -> int:
        """Customers of at least one of them."""
        return self.first + self.second - self.both


def overlap(ws: Workspace, first: Condition, basis: Basis, second: Condition, second_basis: Basis) -> Overlap:
    """See Overlap; each condition by its own basis. Raises AnalysisError for a field that the data does not have."""
    one, other = members(ws, first, basis), members(ws, second, second_basis)
    counts = [int(ws.execute(table.count())) for table in (one, other, one.semi_join(other, "customer_id"))]
    return Overlap(*counts)
