"""The shop of forty with survey answers and cases: what pages show of them can be counted by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from crm_core.store.workspaces import Entry, Workspaces
from tests.pages.shop_of_forty import customers, order_lines
from tests.workspaces import write

COMMENTS = {"low": "parcel arrived late again", "high": "fast delivery and friendly people"}


@pytest.fixture
def served(workspaces: Workspaces) -> Entry:
    """A named workspace “Served shop”."""
    candidate = workspaces.candidate("nserved")
    tables = {"order_lines": order_lines(), "customers": customers(), "surveys": surveys(), "cases": cases()}
    write(candidate, name="Served shop", currency="EUR", **tables)
    return workspaces.accept("nserved", candidate, "Served shop", "named")


def surveys() -> pd.DataFrame:
    """Each customer answers in 2022 and in 2023: NPS n % 11 and (n + 3) % 11; every second also on the competitor."""
    rows = [
        (f"c{number:02}", f"{year}-{1 + number % 10:02}-15", "nps", (number + shift) % 11, 0, 10, ("Shop", "Web")[number % 2])
        for year, shift in ((2022, 0), (2023, 3))
        for number in range(40)
    ]
    rows += [(f"c{number:02}", "2023-11-01", "attitude", 1 + number // 2 % 4, 1, 4, "Yearly survey") for number in range(0, 40, 2)]
    names = ["customer_id", "responded_at", "measure", "score", "scale_min", "scale_max", "touchpoint"]
    frame = pd.DataFrame(rows, columns=names)
    is_nps = frame["measure"] == "nps"
    frame["comment"] = frame["score"].map(lambda score: COMMENTS["low"] if score <= 6 else COMMENTS["high"]).where(is_nps)
    frame["response_id"] = [f"r{place}" for place in range(len(frame))]
    frame["row_no"] = range(1, len(frame) + 1)
    return frame


def cases() -> pd.DataFrame:
    """Forty cases, one a customer, opened at noon in 2023: answered after n hours, solved after 2 n hours, due after 40; every eighth is open."""
    opened = [pd.Timestamp(2023, 1 + number % 11, 10, 12) for number in range(40)]
    is_open = [number % 8 == 7 for number in range(40)]
    return pd.DataFrame(
        {
            "case_id": [f"t{number:02}" for number in range(40)],
            "customer_id": [f"c{number:02}" for number in range(40)],
            "opened_at": opened,
            "first_response_at": [day + pd.Timedelta(hours=number) for number, day in enumerate(opened)],
            "resolved_at": [None if is_open[number] else day + pd.Timedelta(hours=2 * number) for number, day in enumerate(opened)],
            "due_at": [day + pd.Timedelta(hours=40) for day in opened],
            "topic": [("Late", "Broken")[number % 2] for number in range(40)],
            "priority": [("high", "low")[number % 2] for number in range(40)],
            "status": ["open" if one else "closed" for one in is_open],
            "count_contacts": [1 + number % 3 for number in range(40)],
            "count_reopened": [int(number % 10 == 0) for number in range(40)],
            "public_reach": [5000 if number == 15 else None for number in range(40)],
        }
    )
