"""A drawn shop for the tests of forecasts: customers who buy and leave as the BG/NBD says, and spend as the Gamma-Gamma model says, over two
years of days.

All is drawn from a seed, so the numbers stay. Nothing here is shared with the code tested.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import pandas as pd

from tests.workspaces import DAY, lines

FIRST = date(2022, 1, 1)
DAYS = 730
#: The day after the last one with data.
BUYERS_AS_OF = FIRST + timedelta(days=DAYS)
#: Of purchases in days: r, alpha, a, b. Of their value: p, q, gamma.
PURCHASES = (0.9, 45.0, 0.6, 2.4)
SPEND = (6.25, 3.74, 15.44)
COUNTRIES = ("Iran", "Chile", None)
NUMBER = 450
#: What the attribute is called.
LABELS = {"attr_1": "Plan"}


def order_lines(number: int = NUMBER, seed: int = 2, kept: Mapping[int, float] | None = None) -> pd.DataFrame:
    """One line a purchase, by customers c000, c001 ...; the data goes from FIRST to the day before BUYERS_AS_OF. Of the purchases of a calendar
    month after a customer's first only the share `kept` of it takes place."""
    rng = np.random.default_rng(seed)
    r, alpha, a, b = PURCHASES
    p, q, gamma = SPEND
    rates, leaving, levels = rng.gamma(r, 1 / alpha, number), rng.beta(a, b, number), rng.gamma(q, 1 / gamma, number)
    joined = rng.integers(0, round(0.8 * DAYS), number)
    joined[0] = 0
    rows = [("c001", "last", str(BUYERS_AS_OF - timedelta(days=1)), 20.0)]
    for who in range(number):
        at, count, is_there = float(joined[who]), 0, True
        while is_there and at < DAYS:
            day = FIRST + timedelta(days=int(at))
            if not count or rng.random() < (kept or {}).get(day.month, 1.0):
                rows.append((f"c{who:03}", f"o{who}-{count}", str(day), round(0.01 + rng.gamma(p, 1 / levels[who]), 2)))
            is_there = not count or rng.random() >= leaving[who]
            at, count = at + rng.exponential(1 / rates[who]), count + 1
    return lines(*rows)


def customers(number: int = NUMBER) -> pd.DataFrame:
    """Who they are: a name and a plan with markup in them, and a country that every third does not have."""
    return pd.DataFrame(
        {
            "customer_id": [f"c{who:03}" for who in range(number)],
            "name": [f"Buyer <b>{who}</b>" for who in range(number)],
            "country": [COUNTRIES[who % len(COUNTRIES)] for who in range(number)],
            "attr_1": ["basic" if who % 4 else "<b>pro" for who in range(number)],
        }
    )


def purchase_days(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a purchase day, in order: customer_id, day, first (purchase day of the customer), is_repeat."""
    days = rows.assign(day=pd.to_datetime(rows[DAY]))[["customer_id", "day"]].drop_duplicates()
    first = days.groupby("customer_id")["day"].transform("min")
    return days.assign(first=first, is_repeat=days["day"] > first).sort_values(["customer_id", "day"], ignore_index=True)
