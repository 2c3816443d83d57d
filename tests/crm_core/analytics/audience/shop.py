"""A small random shop in which all that a condition can ask of is missing somewhere: the tests of audiences ask it.

Customers without orders, orders without customers, returns, void lines, one who joins later, some known from cases, answers or contacts alone. Everything
is drawn from a seed.
"""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from crm_core.workspace import Workspace
from tests.workspaces import open_workspace

FIRST = date(2023, 1, 1)
AS_OF = date(2025, 1, 1)
DAYS = (AS_OF - FIRST).days
NUMBER = 36
#: Texts that a statement might trip over.
CITIES = ("Wien", "wien", "O'Fallon", 'Say "hi"', "100%", "a_b", "back\\slash", "semi; --", "Köln", "Тверь", "شیراز", "", None, None)
CATEGORIES = ("Tea", "tea", "Mugs", "Чай", None)
LABELS = {"attr_1": "Plan", "attr_2": "Тариф [2024] or so", "attr_3": "segment"}
ONLY_CASE, ONLY_ANSWER, ONLY_CONTACT, ONLY_SOLD, LATER = "only a case", "only an answer", "only a contact", "only sold to", "joins later"


def frames(seed: int = 3) -> dict[str, pd.DataFrame]:
    """The canonical tables; the same for the same seed."""
    rng = random.Random(seed)
    ids = [f"c{number:02}" for number in range(NUMBER)]
    customers = _customers(rng, [*ids, LATER])
    lines, orders = _sales(rng, [*ids[:-4], ONLY_SOLD, None])
    return {
        "customers": customers,
        "order_lines": lines,
        "orders": orders,
        "surveys": _surveys(rng, [*ids[::2], ONLY_ANSWER, None]),
        "cases": _cases(rng, [*ids[::3], ONLY_CASE, None]),
        "contacts": _contacts(rng, [*ids[1:20], ONLY_CONTACT]),
    }


def opened(path: Path, seed: int = 3) -> Workspace:
    return open_workspace(path, labels=LABELS, **frames(seed))


def _customers(rng: random.Random, ids: list[str]) -> pd.DataFrame:
    days = [rng.choice([None, FIRST - timedelta(days=20), FIRST + timedelta(days=100)]) for _ in ids[:-1]]
    return pd.DataFrame(
        {
            "customer_id": ids,
            "name": [rng.choice([None, "Ada", "ADA Lovelace", "Ελένη", "ΟΔΥΣΣΕΥΣ", "José"]) for _ in ids],
            "email": [rng.choice([None, f"{one}@example.com"]) for one in ids],
            "phone": [rng.choice([None, None, "+43 1"]) for _ in ids],
            "consent": [rng.choice([True, False, None]) for _ in ids],
            "joined_on": [*days, AS_OF + timedelta(days=3)],
            "country": [rng.choice(["Austria", "Iran", "Россия", None]) for _ in ids],
            "city": [rng.choice(CITIES) for _ in ids],
            "attr_1": [rng.choice(["Gold", "gold", None]) for _ in ids],
            "attr_2": [rng.choice(["A", "B"]) for _ in ids],
            "attr_3": [rng.choice(["North", "South"]) for _ in ids],
        }
    )


def _sales(rng: random.Random, ids: list[str | None]) -> tuple[pd.DataFrame, pd.DataFrame]:
    lines: list[tuple[Any, ...]] = []
    orders: list[tuple[Any, ...]] = []
    for place, customer in enumerate(ids):
        for number in range(1 + place % 5):
            order = f"o{place // 2}-{number}"  # two customers share the ids of their orders
            day = datetime(FIRST.year, 1, 1) + timedelta(days=rng.randrange(DAYS + 5))  # some after the day looked from
            orders.append((customer, order, day, rng.choice(["Web", "Shop", None])))
            for _ in range(1 + rng.randrange(3)):
                moment = day + timedelta(days=rng.choice([0, 0, 0, 1]), seconds=rng.choice([0, 86_399]))
                amount = rng.choice(["10", "0", "25.5", "99.9999", "10", "-12.5"])
                quantity = rng.choice([None, "1", "2"]) if not amount.startswith("-") else rng.choice([None, "-1"])
                is_void = rng.choice([False] * 8 + [None, True])
                lines.append((customer, order, moment, amount, quantity, rng.choice(CATEGORIES), f"p{rng.randrange(4)}", is_void))
    columns = ["customer_id", "order_id", "line_at", "net_amount", "quantity", "category", "product_id", "is_void"]
    return pd.DataFrame(lines, columns=columns), pd.DataFrame(orders, columns=["customer_id", "order_id", "ordered_at", "channel"])


def _moment(rng: random.Random) -> datetime:
    return datetime(FIRST.year, 1, 1) + timedelta(days=rng.randrange(DAYS + 10), seconds=rng.choice([0, 3_600, 86_399]))


def _surveys(rng: random.Random, ids: list[str | None]) -> pd.DataFrame:
    rows = [(one, _moment(rng), rng.randrange(11), rng.choice(["Shop", None])) for one in ids for _ in range(3)]
    frame = pd.DataFrame(rows, columns=["customer_id", "responded_at", "score", "touchpoint"])
    numbers = range(1, len(frame) + 1)
    return frame.assign(response_id=[f"r{one}" for one in numbers], row_no=numbers, measure="nps", scale_min=0, scale_max=10)


def _cases(rng: random.Random, ids: list[str | None]) -> pd.DataFrame:
    rows = []
    for one in ids:
        for _ in range(2):
            at = _moment(rng)
            rows.append(
                (one, at, rng.choice([None, at + timedelta(days=2), at + timedelta(days=300)]), rng.choice(["Late", "Broken", None]))
            )
    frame = pd.DataFrame(rows, columns=["customer_id", "opened_at", "resolved_at", "topic"])
    return frame.assign(case_id=[f"t{one}" for one in range(len(frame))], count_contacts=[one % 4 for one in range(len(frame))])


def _contacts(rng: random.Random, ids: list[str]) -> pd.DataFrame:
    outcomes = ["delivered", "opened", "bounced", "delivered", None]
    rows = [(one, _moment(rng), rng.choice(["E-mail", "SMS", None]), rng.choice(outcomes)) for one in ids for _ in range(4)]
    rows += [(one, _moment(rng), "SMS", "opted_out") for one in ids[::6]]
    frame = pd.DataFrame(rows, columns=["customer_id", "contacted_at", "channel", "outcome"])
    return frame.assign(
        contact_id=[f"k{one}" for one in range(len(frame))], campaign=[("Spring", "Autumn")[one % 2] for one in range(len(frame))]
    )
