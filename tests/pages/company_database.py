"""A small company's SQLite file as a named connection of a test's home, and a folder of Parquet with the same tables."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import duckdb
import pandas as pd

SALES = pd.DataFrame(
    [
        (f"o{number}", f"c{number % 9}", f"2024-{number % 12 + 1:02}-{number % 28 + 1:02} 10:00:00", 10.0 + number)
        for number in range(1, 120)
    ],
    columns=["order_id", "customer_id", "ordered_at", "net_amount"],
)
CUSTOMERS = pd.DataFrame({"customer_id": [f"c{number}" for number in range(9)], "customer_name": [f"Name {number}" for number in range(9)]})
TOTAL = float(SALES.net_amount.sum())
SECRET = "s3cret-of-the-shop"  # noqa: S105 (of a test)


def write_sqlite(path: Path) -> Path:
    """Tables sales (with a key to customers) and customers, a view of late sales, and a table whose name is markup."""
    con = sqlite3.connect(path)
    con.execute("CREATE TABLE customers (customer_id TEXT PRIMARY KEY, customer_name TEXT)")
    con.execute(
        "CREATE TABLE sales (order_id TEXT PRIMARY KEY, customer_id TEXT REFERENCES customers(customer_id), ordered_at TIMESTAMP, net_amount REAL)"
    )
    con.executemany("INSERT INTO customers VALUES (?, ?)", CUSTOMERS.to_numpy().tolist())
    con.executemany("INSERT INTO sales VALUES (?, ?, ?, ?)", SALES.to_numpy().tolist())
    con.execute("CREATE VIEW late AS SELECT * FROM sales WHERE ordered_at > '2024-06-01'")
    con.execute('CREATE TABLE "![x](http://a.example/x.png)" (a TEXT)')
    con.commit()
    con.close()
    return path


def add_sale(path: Path, order: str, day: str, amount: float) -> None:
    with sqlite3.connect(path) as con:
        con.execute("INSERT INTO sales VALUES (?, 'c1', ?, ?)", [order, f"{day} 10:00:00", amount])
    con.close()


def write_lake(folder: Path) -> Path:
    """The same as sales.parquet and customers.parquet."""
    folder.mkdir()
    sales, customers = SALES.assign(ordered_at=pd.to_datetime(SALES.ordered_at)), CUSTOMERS
    with duckdb.connect() as con:
        for name, rows in (("sales", sales), ("customers", customers)):
            con.register("rows_of", rows)
            con.execute(f"COPY (SELECT * FROM rows_of) TO '{folder / name}.parquet'")
            con.unregister("rows_of")
    return folder


def connect(home: Path, **urls: str) -> None:
    """The administrator's file, with these connections; "lake" may be worked on in place."""
    home.mkdir(exist_ok=True)
    sections = [
        f'[connections.{name}]\nurl = "{url}"\nlabel = "The {name}"\nin_place = {"true" if name == "lake" else "false"}\n'
        for name, url in urls.items()
    ]
    (home / "connections.toml").write_text("\n".join(sections))
