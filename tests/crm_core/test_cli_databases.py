"""A database as SOURCE: the same answers as from a file, and errors that say what to do."""

# ruff: noqa: E501 (statements and lists of them read best unbroken)

from __future__ import annotations

import sqlite3
from pathlib import Path

import pandas as pd
import pytest

from crm_core.cli import main

MAKE = """CREATE TABLE sales AS SELECT 'C' || i % 40 AS customer_id, i AS order_id, timestamp '2023-01-01' + i * interval '7 hours' AS order_date,
    (i % 97)::numeric(12, 2) + 0.25 AS amount, 'Product ' || i % 9 AS product FROM generate_series(1, 2000) AS g(i)"""
SHOP = """CREATE TABLE orders AS SELECT i AS order_id, i % 40 AS customer_id, timestamp '2023-01-01' + i * interval '7 hours' AS order_date FROM generate_series(1, 2000) AS g(i);
    CREATE TABLE order_items AS SELECT i AS order_id, (i % 97)::numeric(12, 2) + 0.25 AS amount, 1 AS quantity FROM generate_series(1, 2000) AS g(i);"""


def run(capsys, *arguments):
    status = main([str(one) for one in arguments])
    return status, *capsys.readouterr()


@pytest.fixture
def shop(postgres, monkeypatch):
    """The URL of a database with a table of sales, whose password is in the environment."""

    def make(statements=MAKE):
        postgres.create_database("shop")
        postgres.execute(statements, "shop")
        monkeypatch.setenv("CRM_DATABASE_PASSWORD", postgres.password)
        return postgres.url(database="shop")

    return make


@pytest.fixture
def as_file(postgres, tmp_path):
    """The table as a Parquet file."""

    def write(statement, name):
        with postgres.connect("shop") as connection:
            cursor = connection.execute(statement)
            frame = pd.DataFrame(cursor.fetchall(), columns=[one.name for one in cursor.description])
        frame.to_parquet(tmp_path / name)
        return tmp_path / name

    return write


def test_segments_of_a_table_equal_those_of_the_file(capsys, shop, as_file):
    url = shop()
    from_database = run(capsys, "segments", url, "--table", "sales")
    from_file = run(capsys, "segments", as_file("SELECT * FROM sales", "sales.parquet"))
    assert from_database[0] == 0, from_database
    assert from_database == from_file
    assert len(from_database[1].splitlines()) == 41
    assert run(capsys, "segments", url, "--table", "public.sales") == from_database
    assert run(capsys, "segments", url, "--query", "SELECT * FROM sales WHERE amount > -1") == from_database


def test_several_tables_are_joined_by_the_mapping(capsys, shop, as_file):
    url = shop(SHOP)
    from_database = run(capsys, "segments", url, "--table", "orders", "--table", "order_items")
    from_files = run(
        capsys, "segments", as_file("SELECT * FROM orders", "orders.parquet"), as_file("SELECT * FROM order_items", "order_items.parquet")
    )
    assert from_database[0] == 0, from_database
    assert from_database == from_files


def test_table_is_mapped_by_options(capsys, shop):
    url = shop(
        "CREATE TABLE t AS SELECT i % 7 AS a, timestamp '2023-01-01' + i * interval '1 day' AS b, i * 1.5 AS c FROM generate_series(1, 99) AS g(i)"
    )
    status, out, _ = run(
        capsys, "segments", url, "--table", "t", "--map", "customer_id=t:a", "--map", "ordered_at=b", "--map", "net_amount=c"
    )
    assert status == 0
    assert len(out.splitlines()) == 8


def test_named_connection(capsys, shop, home, monkeypatch, postgres):
    url = shop()
    home.mkdir(exist_ok=True)
    (home / "connections.toml").write_text(
        f'[connections.web]\nurl = "{url}"\npassword = "env:WEB"\nlabel = "Web shop"\n', encoding="utf-8"
    )
    monkeypatch.setenv("WEB", postgres.password)
    monkeypatch.delenv("CRM_DATABASE_PASSWORD")
    assert run(capsys, "segments", "connection:web", "--table", "sales")[0] == 0
    status, out, err = run(capsys, "check", "connection:web", "--table", "sales")
    assert status == 0
    assert "Web shop" in out + err
    assert "web" in run(capsys, "segments", "connection:nothing", "--table", "sales")[2]


def test_imported_workspace_holds_no_secret(capsys, shop, home, postgres):
    assert run(capsys, "import", shop(), "--table", "sales", "--workspace", "Shop")[0] == 0
    assert run(capsys, "segments", "workspace:Shop")[0] == 0
    for path in home.rglob("*"):
        assert not path.is_file() or postgres.password.encode() not in path.read_bytes()


def test_what_is_missing_is_told(capsys, shop):
    url = shop()
    status, _, err = run(capsys, "segments", url)
    assert status == 2
    assert "public.sales" in err
    assert "--table" in err
    assert "sales" in run(capsys, "segments", url, "--table", "sale")[2]
    assert run(capsys, "segments", "sample", "--table", "sales")[0] == 2
    assert run(capsys, "segments", url, "sqlite:////x", "--table", "sales")[0] == 2


@pytest.mark.parametrize(("source", "word"), [
    ("postgresql://u:hunter2@127.0.0.1/d", "CRM_DATABASE_PASSWORD"), ("postgresql://u@evil.com/d", "evil.com"), ("sqlite:////etc/passwd", "/etc/passwd"),
    ("duckdb:////etc/x", "duckdb"), ("file:///etc/passwd", "file"), ("postgresql://u@127.0.0.1/d?service=x", "service"),
])  # fmt: skip
def test_other_places_are_refused(capsys, source, word):
    status, out, err = run(capsys, "segments", source, "--table", "t")
    assert (status, out) == (2, "")
    assert word in err
    assert "hunter2" not in err


@pytest.mark.parametrize(
    "query", ["DELETE FROM sales", "SELECT pg_read_file('/etc/passwd')", "SELECT 1; DROP TABLE sales", "SELECT * FROM pg_shadow"]
)
def test_only_a_select_is_asked(capsys, shop, postgres, query):
    status, out, err = run(capsys, "segments", shop(), "--query", query)
    assert (status, out) == (2, "")
    assert "may not run" in err
    assert postgres.execute("SELECT count(*) FROM sales", "shop") == [(2000,)]


def test_wrong_password_is_not_shown(capsys, shop, monkeypatch, postgres):
    url = shop()
    monkeypatch.setenv("CRM_DATABASE_PASSWORD", "hunter2")
    status, _, err = run(capsys, "segments", url, "--table", "sales")
    assert status == 2
    assert "password" in err
    assert "hunter2" not in err + postgres.password


def test_file_of_the_inbox(capsys, home):
    (home / "inbox").mkdir(parents=True)
    path: Path = home / "inbox" / "shop.sqlite"
    with sqlite3.connect(path) as made:
        made.execute("CREATE TABLE sales (customer_id TEXT, order_id INTEGER, order_date DATETIME, amount DECIMAL(12,2))")
        made.executemany(
            "INSERT INTO sales VALUES (?, ?, ?, ?)",
            [(f"C{i % 5}", i, f"2024-01-{i % 28 + 1:02d} 10:00:00", i + 0.25) for i in range(1, 100)],
        )
    status, out, _ = run(capsys, "segments", f"sqlite:///{path}", "--table", "sales")
    assert status == 0
    assert len(out.splitlines()) == 6
