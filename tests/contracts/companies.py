"""The companies that every engine is asked about: the sample company with fewer customers, a small one made of all that goes wrong, one of single rows.

Each is a workspace file of the embedded engine, which is the yardstick, and the same canonical tables as Arrow, to be put into another engine.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa

from crm_core.mapping.build import build
from crm_core.mapping.suggest import suggest
from crm_core.sources.files import stage
from crm_core.sources.sample import DATA
from crm_core.sources.staging import Staging
from crm_core.workspace import Workspace
from tests.workspaces import write

#: So many customers of the sample: enough for models, drivers and terms, few enough to be quick.
CUSTOMERS = 1200
#: Source tables of the sample, with what reduces each to its customers.
REDUCED = {
    "customers": "SELECT * FROM source WHERE customer_id IN (SELECT id FROM chosen)",
    "orders": "SELECT * FROM source WHERE customer_id IN (SELECT id FROM chosen)",
    "order_lines": "SELECT * FROM source WHERE order_id IN (SELECT order_id FROM orders)",
    "products": "SELECT * FROM source",
    "surveys": "SELECT * FROM source WHERE customer_id IN (SELECT id FROM chosen) OR order_id IN (SELECT order_id FROM orders)",
    "cases": "SELECT * FROM source WHERE customer_id IN (SELECT id FROM chosen)",
    "contacts": "SELECT * FROM source WHERE customer_id IN (SELECT id FROM chosen)",
}


@dataclass(frozen=True)
class Company:
    """A workspace file and its canonical tables."""

    name: str
    path: Path
    tables: dict[str, pa.Table]


def read(name: str, path: Path) -> Company:
    with Workspace.open(path) as ws:
        fed = [table for table in ("customers", "orders", "order_lines", "surveys", "cases", "contacts") if ws.has(table)]
    with duckdb.connect(str(path), read_only=True) as con:
        tables = {table: con.execute(f"SELECT * FROM {table}").to_arrow_table() for table in fed}
    return Company(name, path, tables)


def reduced_sample(folder: Path) -> dict[str, Path]:
    """The source files of the sample company with CUSTOMERS of its customers, chosen by a digest of their ids."""
    files = {}
    with duckdb.connect() as con:
        con.execute(
            f"CREATE TABLE chosen AS SELECT DISTINCT customer_id AS id FROM '{DATA}/sample/customers.parquet' ORDER BY md5(id), id LIMIT {CUSTOMERS}"
        )
        for name, rows in REDUCED.items():
            con.execute(f"CREATE OR REPLACE VIEW source AS SELECT * FROM '{DATA}/sample/{name}.parquet'")
            con.execute(f"CREATE TABLE {name} AS {rows}")
            files[name] = folder / f"{name}.parquet"
            con.execute(f"COPY {name} TO '{files[name]}'")
    return files


def sample(folder: Path) -> Company:
    with Staging(folder) as staging:
        for file in reduced_sample(folder).values():
            stage(staging, file)
        build(staging, suggest(staging).mapping, folder / "sample.duckdb", name="Sample", imported_at=datetime(2026, 1, 5))
    return read("sample", folder / "sample.duckdb")


# -- what goes wrong ---------------------------------------------------------------------------------------------------

#: Ids that languages sort otherwise than code points do, UTF-16 otherwise than UTF-8, and that a statement might trip over.
STRANGE_IDS = (
    "a1", "A1", "á1", "a\u0301 1", "Ä-2", "_x", "-y", "z 9", "Z9", "ab", "a-c", "10", "9", "010", "é", "Ё-7", "ё7", "яблоко", "Яблоко", "ش-۱", "سارا",
    "\uff5e", "\U0001f600", "\U0001d49e", "\ue000", "o'neil", 'say "hi"', "back\\slash", "100%", "tab\there", "ß", "ss", "İzmir", "ıspanak", "ΟΔΟΣ", "οδός",
    "%s", "{0}", "$1", "NULL", "?",
)  # fmt: skip
NAMES = (
    "Сергей Иванов", "СЕРГЕЙ ИВАНОВ", "سارا محمدی", "Müller-Lüdenscheidt", "O'Neil", "", None, "𝒞𝓁𝒶𝓇𝒶", "e\u0301lan", "élan", "Ełżbieta", "Émile", "zoë",
)  # fmt: skip
COUNTRIES = ("Iran", "iran", "IRAN", "Россия", "ایران", "", None, "Österreich", "Åland", "Chile")
TOPICS = ("Late", "late", "Сломан", "دیر رسید", None, "", "Broken")
COMMENTS = (
    "parcel arrived late again", "fast delivery and friendly people", "دیر رسید و بسته باز بود", "Не получил заказ, очень долго", "   ", "", None,
    "não recebi o produto", "Great 👍 e\u0301lan", "late\tlate\nlate", "\u3000", "not received, called twice", "very friendly and fast",
)  # fmt: skip
AMOUNTS = ("10", "10.0001", "-3.3333", "0", "0.0001", "99999999999.9999", "20.5", "10", "33.3333", "-10", "1234.5678", "7")


def nasty(folder: Path) -> Company:
    rng = random.Random(7)
    path = write(
        folder / "nasty.duckdb", name="Nasty", currency="EUR", labels={"attr_1": "Plan (Тариф)"},
        customers=_customers(rng), orders=_orders(rng), order_lines=_lines(rng), surveys=_surveys(rng), cases=_cases(rng),
        contacts=_contacts(random.Random(8)),
    )  # fmt: skip
    return read("nasty", path)


def _some(rng: random.Random, values: tuple[str | None, ...]) -> str | None:
    return values[rng.randrange(len(values))]


def _customers(rng: random.Random) -> pd.DataFrame:
    ids = [*STRANGE_IDS, "without orders", "also without"]
    return pd.DataFrame(
        {
            "customer_id": ids,
            "name": [_some(rng, NAMES) for _ in ids],
            "email": [None if rng.random() < 0.3 else f"{number}@example.com" for number in range(len(ids))],
            "phone": [None if rng.random() < 0.5 else f"+98 {number}" for number in range(len(ids))],
            "consent": [rng.choice([True, False, None]) for _ in ids],
            "joined_on": [rng.choice([None, date(2019, 2, 28), date(1969, 7, 20), date(2024, 2, 29)]) for _ in ids],
            "country": [_some(rng, COUNTRIES) for _ in ids],
            "region": [None] * (len(ids) - 1) + ["North"],
            "attr_1": [_some(rng, ("Gold", "gold", "زرین", None, "Золото")) for _ in ids],
        }
    )


def _lines(rng: random.Random) -> pd.DataFrame:
    """Two to nine lines a customer in 2022 to 2024, some at moments of the last microsecond, one before 1970, some of nobody."""
    rows = []
    for number, customer in enumerate((*STRANGE_IDS, None, "nobody we know")):
        for step in range(2 + number % 8):
            order = f"{'o' if step % 2 else 'O'}{number // 2}-{step // 2}"  # two customers share the ids of their orders
            day = datetime(2022, 1, 1) + timedelta(days=(number * 37 + step * 113) % 1090)
            moment = rng.choice(
                [timedelta(0), timedelta(hours=23, minutes=59, seconds=59, microseconds=999_999), timedelta(hours=9, microseconds=1)]
            )
            quantity = rng.choice([None, "1", "2.5", "-1"] if step % 5 == 4 else ["1", "3", None])
            rows.append(
                (
                    customer,
                    order,
                    day + moment,
                    AMOUNTS[(number + step) % len(AMOUNTS)],
                    quantity,
                    rng.choice([False, False, False, None, step == 3]),
                )
            )
    rows.append(("a1", "long ago", datetime(1969, 12, 31, 23, 59, 59, 999_999), "5.5", "1", False))
    rows += [("ab", f"same {day}", datetime(2024, 5, 5), "10", "1", False) for day in range(3)]
    frame = pd.DataFrame(rows, columns=["customer_id", "order_id", "line_at", "net_amount", "quantity", "is_void"])
    count = len(frame)
    return frame.assign(
        product_id=[f"p{number % 7}" for number in range(count)],
        product=[_some(rng, ("Чай", "چای", "Tea", "tea", "", None, "Té 🍵")) for _ in range(count)],
        category=[_some(rng, ("Tea", "tea", "Чай", None, "ظرف")) for _ in range(count)],
        unit_price=[None if number % 3 else "1.9999" for number in range(count)],
        cost_amount=[None if number % 4 == 0 else f"{number % 11}.{number % 9999:04}" for number in range(count)],
        discount_amount=[None if number % 2 else "0.5" for number in range(count)],
    )


def _orders(rng: random.Random) -> pd.DataFrame:
    rows = []
    for number, customer in enumerate((*STRANGE_IDS, None)):
        for step in range(0, 2 + number % 8, 2):
            ordered = datetime(2022, 1, 1, 9) + timedelta(days=(number * 37 + step * 113) % 1090)
            promised = rng.choice([None, ordered.date() + timedelta(days=3)])
            delivered = rng.choice([None, ordered.date() + timedelta(days=rng.randrange(12))])
            for letter in "oO":
                rows.append(
                    (
                        customer,
                        f"{letter}{number // 2}-{step // 2}",
                        ordered,
                        _some(rng, ("Web", "web", "Магазин", None)),
                        promised,
                        delivered,
                    )
                )
    frame = pd.DataFrame(rows, columns=["customer_id", "order_id", "ordered_at", "channel", "promised_on", "delivered_on"])
    return frame.drop_duplicates(["customer_id", "order_id"]).assign(
        status=lambda t: [None if n % 4 else "Completed" for n in range(len(t))]
    )


def _surveys(rng: random.Random) -> pd.DataFrame:
    """NPS on its scale and off it, CSAT on two scales, CES and attitude; several on one day; some of nobody, some of an order of two customers."""
    scales = {"nps": [(0, 10), (0, 10), (1, 10)], "csat": [(1, 5), (1, 5), (1, 7)], "ces": [(1, 7)], "attitude": [(1, 4)]}
    rows = []
    for number in range(420):
        measure = ("nps", "nps", "csat", "ces", "attitude")[number % 5]
        low, high = rng.choice(scales[measure])
        customer = rng.choice([*STRANGE_IDS, None, "only answers"])
        day = datetime(2023, 1, 1) + timedelta(
            days=(number * 17) % 730, seconds=rng.choice([0, 0, 3, 86_399]), microseconds=rng.choice([0, 999_999])
        )
        order = rng.choice([None, f"o{rng.randrange(20)}-0", f"O{rng.randrange(20)}-1"])
        rows.append((customer, order, day, measure, rng.randint(low, high) if number % 50 else f"{low}.5", low, high))
    frame = pd.DataFrame(rows, columns=["customer_id", "order_id", "responded_at", "measure", "score", "scale_min", "scale_max"])
    return frame.assign(
        response_id=[f"r{number}" for number in range(len(frame))],
        touchpoint=[_some(rng, ("Shop", "shop", "Магазин", None, "")) for _ in range(len(frame))],
        comment=[_some(rng, COMMENTS) for _ in range(len(frame))],
        row_no=range(1, len(frame) + 1),
    )


def _cases(rng: random.Random) -> pd.DataFrame:
    rows = []
    for number in range(160):
        opened = datetime(2023, 1, 1, 12) + timedelta(
            days=(number * 23) % 725, seconds=number * 61, microseconds=rng.choice([0, 1, 999_999])
        )
        first = rng.choice([None, opened + timedelta(seconds=rng.randrange(90_000), microseconds=rng.choice([0, 500_000]))])
        solved = rng.choice([None, opened + timedelta(hours=rng.randrange(300)), opened + timedelta(days=400), opened])
        due = rng.choice([None, opened + timedelta(hours=40)])
        rows.append((f"t{number}", rng.choice([*STRANGE_IDS, None, "only cases"]), opened, first, solved, due))
    rows.append(("t-old", "ab", datetime(1969, 12, 31, 23, 59, 59, 1), None, None, None))
    frame = pd.DataFrame(rows, columns=["case_id", "customer_id", "opened_at", "first_response_at", "resolved_at", "due_at"])
    count = len(frame)
    return frame.assign(
        order_id=[None if number % 3 else f"o{number % 20}-0" for number in range(count)],
        is_within_sla=[rng.choice([True, False, None, None]) for _ in range(count)],
        topic=[_some(rng, TOPICS) for _ in range(count)],
        channel=[_some(rng, ("Phone", "Телефон", None)) for _ in range(count)],
        priority=[_some(rng, ("high", "HIGH", "Высокий", None)) for _ in range(count)],
        status=[_some(rng, ("open", "closed", "Closed", "решено", "بسته شد", None)) for _ in range(count)],
        count_contacts=[rng.choice([None, 0, 1, 2, 5]) for _ in range(count)],
        count_reopened=[rng.choice([None, 0, 1]) for _ in range(count)],
        is_escalated=[rng.choice([True, False, None]) for _ in range(count)],
        public_reach=[rng.choice([None, None, 0, 5000, 9_000_000_000]) for _ in range(count)],
    )


def _contacts(rng: random.Random) -> pd.DataFrame:
    """Up to many a day with one customer, some with nobody we know, ids shared by customers, outcomes in any words."""
    rows = []
    for number in range(500):
        moment = datetime(2023, 6, 1, 8) + timedelta(days=(number * 29) % 640, microseconds=rng.choice([0, 1, 999_999]))
        rows.append((f"k{number // 2}", (*STRANGE_IDS, "only contacts")[(number * 7) % (len(STRANGE_IDS) + 1)], moment))
    rows += [(f"z{number}", "ab", datetime(2024, 12, 20, 9 + number)) for number in range(6)]
    frame = pd.DataFrame(rows, columns=["contact_id", "customer_id", "contacted_at"])
    count = len(frame)
    return frame.assign(
        channel=[_some(rng, ("E-mail", "e-mail", "Звонок", "پیامک", None)) for _ in range(count)],
        campaign=[_some(rng, ("Весна", "بهار", "Spring 'sale'", "", None)) for _ in range(count)],
        outcome=[
            _some(rng, ("delivered", "opened", "clicked", "bounced", "opted_out", "delivered", None, "no answer", "Ё?"))
            for _ in range(count)
        ],
        cost_amount=[None if number % 3 else f"{number % 5}.{number % 9999:04}" for number in range(count)],
    )


def tiny(folder: Path) -> Company:
    """One row a table."""
    moment = datetime(2024, 2, 29, 23, 59, 59, 999_999)
    path = write(
        folder / "tiny.duckdb", name="Tiny",
        customers=pd.DataFrame({"customer_id": ["only"], "country": [None], "name": ["Ⅷ"]}),
        order_lines=pd.DataFrame({"customer_id": ["only"], "order_id": ["1"], "line_at": [moment], "net_amount": ["0.0001"], "quantity": ["1"]}),
        surveys=pd.DataFrame(
            {
                "response_id": ["1"], "customer_id": ["only"], "responded_at": [moment], "measure": ["nps"], "score": [0], "scale_min": [0],
                "scale_max": [10], "row_no": [1],
            }
        ),
        cases=pd.DataFrame({"case_id": ["1"], "customer_id": ["only"], "opened_at": [moment], "count_contacts": [2]}),
        contacts=pd.DataFrame({"contact_id": ["1"], "customer_id": ["only"], "contacted_at": [moment], "outcome": ["opted_out"]}),
    )  # fmt: skip
    return read("tiny", path)


MAKERS = {"sample": sample, "nasty": nasty, "tiny": tiny}


def made(folder: Path) -> Iterator[Company]:
    for make in MAKERS.values():
        yield make(folder)
