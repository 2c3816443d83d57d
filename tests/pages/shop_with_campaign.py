"""A drawn shop that wrote to three of four customers, before and after: those addressed bought more often, and who did what is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from crm_core.store.home import find_home
from crm_core.store.saved.audiences import Definition
from crm_core.store.saved.exports import Export, ExportTerms
from crm_core.store.saved.opening import open_saved
from crm_core.store.workspaces import Entry, Workspaces
from tests.workspaces import lines, write

NUMBER = 1_200
START, END = date(2026, 3, 1), date(2026, 4, 1)
EXPORTED = datetime(2026, 2, 28, 12, 0, tzinfo=UTC)
NAME = "Spring <b>letter"
PLAN = {
    "expectation": {
        "cost_a_contact": 0.5,
        "cost_a_response": 1.0,
        "response": 0.4,
        "response_without": 0.3,
        "order_value": None,
        "margin": None,
    },
    "order_value": 40.0,
    "margin": 0.25,
}
IDS = [f"c{number:04}" for number in range(NUMBER)]
GROUPS = ["control" if number % 4 == 0 else "treatment" for number in range(NUMBER)]
#: The last segment has too few controls for a call of its own.
STRATA = ["Loyal" if number % 3 else "At risk" for number in range(NUMBER - 20)] + ["Promising"] * 20


def before() -> pd.DataFrame:
    """An order of each customer in 2025."""
    return lines(*((one, f"b{one}", f"2025-{1 + place % 12:02}-10", 20.0 + place % 7) for place, one in enumerate(IDS)))


def after(lift: float = 0.15, until: date = date(2026, 5, 1)) -> pd.DataFrame:
    """Orders of March and April 2026 before `until`: a quarter of the control group buys in March, `lift` more of those addressed; costs are 60 %."""
    rng, rows = np.random.default_rng(4), []
    for one, group in zip(IDS, GROUPS, strict=True):
        day, draw, amount = START + timedelta(days=int(rng.integers(31))), rng.random(), round(float(rng.gamma(4, 10)), 2)
        if draw < 0.25 + (lift if group == "treatment" else 0.0):
            rows.append((one, f"a{one}", str(day), amount))
    rows.append((IDS[0], "late", "2026-04-30", 900.0))
    known = [row for row in rows if date.fromisoformat(row[2]) < until]
    return lines(*known).assign(cost_amount=lambda frame: frame["net_amount"] * 0.6)


def put(workspaces: Workspaces, *frames: pd.DataFrame, workspace_id: str = "ncampaign", name: str = "Campaign shop") -> Entry:
    """The workspace with these orders, in the place of what it held."""
    candidate = workspaces.candidate(workspace_id)
    write(candidate, name=name, currency="EUR", order_lines=pd.concat(frames, ignore_index=True))
    return workspaces.accept(workspace_id, candidate, name, "named")


def snapshot(groups: list[str] | None = None) -> pa.Table:
    return pa.table({"customer_id": IDS, "group": groups or GROUPS, "stratum": STRATA})


def keep(
    workspace_id: str = "ncampaign",
    groups: list[str] | None = None,
    audience: str = "Everybody",
    where: str = "net_sales > 1",
    **different: Any,
) -> Export:
    """An export of all customers by a new audience, kept in the store as the page keeps it."""
    terms: dict[str, Any] = {
        "exported_at": EXPORTED,
        "exported_by": "",
        "as_of": START,
        "starts_on": START,
        "ends_on": END,
        "is_random": True,
        "seed": 7,
        "control_share": 0.25,
        "fingerprint": "of the data before",
        "plan": PLAN,
        "name": NAME,
    }
    with open_saved(find_home()) as saved:
        known = {one.name: one for one in saved.audiences.all(workspace_id)}
        owner = known.get(audience) or saved.audiences.create(workspace_id, audience, Definition(where), who="", now=EXPORTED)
        return saved.exports.keep(owner.id, owner.version, ExportTerms(**(terms | different)), snapshot(groups))


@dataclass(frozen=True)
class Truth:
    """One group counted from the frames: customers, buyers within the campaign's days, and their sales."""

    customers: int
    buyers: int
    sales: float

    @property
    def response(self) -> float:
        return self.buyers / self.customers


def truth(group: str, orders: pd.DataFrame) -> Truth:
    own = {one for one, its in zip(IDS, GROUPS, strict=True) if its == group}
    days = pd.to_datetime(orders["line_at"])
    rows = orders[orders["customer_id"].isin(own) & (days >= pd.Timestamp(START)) & (days < pd.Timestamp(END))]
    return Truth(len(own), rows["customer_id"].nunique(), float(rows["net_amount"].sum()))
