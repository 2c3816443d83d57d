"""Campaigns for tests: snapshots, and a drawn shop whose orders are gone through one by one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa

from crm_core.analytics.campaign.outcome import Campaign
from tests.workspaces import lines

START, END = date(2024, 3, 1), date(2024, 4, 12)


def campaign(**different: object) -> Campaign:
    terms: dict[str, object] = {"start": START, "end": END, "is_random": True, "seed": 1, "margin": 0.4}
    return Campaign(**(terms | different))  # type: ignore[arg-type]


def snapshot(*rows: tuple[str | None, str | None, str | None]) -> pa.Table:
    """From (customer, group, stratum)."""
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    return pa.table({name: pa.array(one, pa.string()) for name, one in zip(("customer_id", "group", "stratum"), columns, strict=True)})


@dataclass(frozen=True)
class Line:
    customer: str | None
    order: str
    at: datetime
    amount: float
    quantity: float | None
    is_void: bool
    cost: float | None

    def is_within(self, start: date, until: date) -> bool:
        return start <= self.at.date() < until and not self.is_void


def drawn(seed: int, customers: int = 60) -> list[Line]:
    """Orders before, in and after the campaign's days, some of several days, with returns, void lines and lines of nobody."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(customers * 3):
        customer = None if rng.random() < 0.03 else f"c{rng.integers(customers):03}"
        day = datetime(2024, 2, 1) + timedelta(hours=int(rng.integers(24 * 100)))
        is_void = bool(rng.random() < 0.05)
        for _ in range(rng.integers(1, 4)):
            is_return = rng.random() < 0.2
            amount = round(float(rng.gamma(2, 20)), 2) * (-1 if is_return else 1)
            quantity = None if rng.random() < 0.2 else (-1.0 if is_return else 1.0)
            cost = None if rng.random() < 0.05 else round(amount * 0.6, 2)
            found.append(Line(customer, f"o{number}", day, amount, quantity, is_void, cost))
            day += timedelta(hours=int(rng.integers(24 * 20))) if rng.random() < 0.3 else timedelta(0)
    return found


def frame(rows: list[Line]) -> pd.DataFrame:
    told = lines(*((one.customer, one.order, one.at.isoformat(sep=" "), one.amount, one.quantity) for one in rows))  # type: ignore[arg-type]
    return told.assign(is_void=[one.is_void for one in rows], cost_amount=[one.cost for one in rows])


def assigned(seed: int, customers: int = 60) -> pa.Table:
    """Two of three in treatment, in two strata; the last few never bought anything."""
    rng = np.random.default_rng(seed)
    rows = [
        (f"c{one:03}", "control" if rng.random() < 0.33 else "treatment", rng.choice(["At risk", "Loyal"])) for one in range(customers + 5)
    ]
    return snapshot(*rows)


def first_purchase(rows: list[Line], customer: str, start: date, until: date) -> date | None:
    """The first day in the days looked at that has a purchase of the customer, with orders formed from all lines before their end."""
    formed: dict[str, list[Line]] = {}
    for one in rows:
        if one.customer == customer and not one.is_void and one.at.date() < until:
            formed.setdefault(one.order, []).append(one)
    days = [max(one.at for one in order).date() for order in formed.values() if _is_purchase(order)]
    return min((day for day in days if day >= start), default=None)


def _is_purchase(order: list[Line]) -> bool:
    quantities = [one.quantity for one in order if one.quantity is not None]
    return round(sum(one.amount for one in order), 4) >= 0 and (not quantities or sum(quantities) > 0)
