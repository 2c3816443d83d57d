"""A shop large enough for clusters and movement, with costs, two countries and two years."""

from __future__ import annotations

import pandas as pd
import pytest

from crm_core.store.workspaces import Entry, Workspaces
from tests.workspaces import lines, six_customers, write


@pytest.fixture
def forty(workspaces: Workspaces) -> Entry:
    """A named workspace “Shop of forty”."""
    candidate = workspaces.candidate("nforty")
    write(candidate, name="Shop of forty", currency="EUR", order_lines=order_lines(), customers=customers())
    return workspaces.accept("nforty", candidate, "Shop of forty", "named")


@pytest.fixture
def bare(workspaces: Workspaces) -> Entry:
    """A named workspace with order lines and nothing else."""
    candidate = workspaces.candidate("nbare")
    write(candidate, name="Bare shop", order_lines=six_customers())
    return workspaces.accept("nbare", candidate, "Bare shop", "named")


def order_lines() -> pd.DataFrame:
    """Forty customers: every fourth buys monthly and large, the others one to three times and small; costs are 60 % of the amount."""
    rows = [
        (
            f"c{number:02}",
            f"o{number}-{step}",
            f"{2022 + month // 12}-{1 + month % 12:02}-{1 + number % 28:02}",
            10.0 + number * (5 if loyal else 1),
            1,
        )
        for number in range(40)
        for loyal in (number % 4 == 0,)
        for step, month in enumerate(range(number % 12, 24, 1 if loyal else 9 + number % 5))
    ]
    return lines(*rows).assign(cost_amount=lambda frame: frame["net_amount"] * 0.6)


def customers() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": [f"c{number:02}" for number in range(40)],
            "name": [f"Customer <b>{number}</b>" for number in range(40)],
            "country": [("Iran", "Chile", None)[number % 3] for number in range(40)],
        }
    )
