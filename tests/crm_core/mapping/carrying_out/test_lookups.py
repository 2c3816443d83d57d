"""Orders, customers and products in files of their own complete the lines, and never multiply them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.crm_core.mapping.imports import Given, Imported, carry_out, sales

ITEMS = {"order": "order_id", "item": "line_no", "article": "product_id", "net": "net_amount"}
ORDERS = {"order": "order_id", "buyer": "customer_id", "bought": "ordered_at", "state": "status"}


def _items(*rows: tuple[Any, ...], columns: dict[str, str] | None = None) -> Given:
    return sales("items.csv", *rows, columns=columns or ITEMS)


def _orders(*rows: tuple[Any, ...], name: str = "orders.csv") -> Given:
    columns = {column: [row[place] for row in rows] for place, column in enumerate(ORDERS)}
    return Given(name, "orders", columns, ORDERS)


def _found(done: Imported, code: str) -> tuple[int, str]:
    return next((problem.rows, problem.example) for problem in done.receipt.problems if problem.code == code)


def test_lines_take_customer_date_and_status_from_their_order(tmp_path: Path) -> None:
    orders = _orders(("1", "Ann", "2021-01-05", "delivered"), ("2", "Ben", "2021-02-01", "cancelled"))
    done = carry_out(tmp_path, _items(("1", "1", "a", "5"), ("1", "2", "b", "6"), ("2", "1", "a", "5")), orders)
    assert done.rows("order_lines", "customer_id", "order_id", "line_no", "line_at", "is_void") == [
        ("Ann", "1", 1, datetime(2021, 1, 5), False),
        ("Ann", "1", 2, datetime(2021, 1, 5), False),
        ("Ben", "2", 1, datetime(2021, 2, 1), True),
    ]
    assert sorted(done.rows("orders", "customer_id", "order_id", "status")) == [("Ann", "1", "delivered"), ("Ben", "2", "cancelled")]


def test_of_two_rows_for_one_order_the_first_counts_and_lines_stay_single(tmp_path: Path) -> None:
    orders = _orders(("1", "Ann", "2021-01-05", "delivered"), ("1", "Ben", "2021-03-01", "delivered"))
    done = carry_out(tmp_path, _items(("1", "1", "a", "5")), orders)
    assert done.rows("order_lines", "customer_id", "net_amount") == [("Ann", Decimal(5))]
    assert _found(done, "key_repeated")[0] == 1


def test_lines_without_their_order_are_rejected_unless_they_have_a_date(tmp_path: Path) -> None:
    orders = _orders(("1", "Ann", "2021-01-05", "delivered"), ("2", "Ben", "someday", "delivered"))
    columns = ITEMS | {"at": "line_at"}
    items = _items(
        ("1", "1", "a", "5", None),
        ("2", "1", "a", "5", None),
        ("9", "1", "a", "5", None),
        ("9", "2", "a", "7", "2021-04-01"),
        columns=columns,
    )
    done = carry_out(tmp_path, items, orders)
    assert done.rows("order_lines", "order_id", "net_amount") == [("1", Decimal(5)), ("9", Decimal(7))]
    assert done.rows("_rejected", "row", "reason", "value") == [
        (3, "its order is not among the orders", "9"),
        (2, "its order has no readable date", "2"),
    ]


def test_orders_without_lines_are_kept_and_reported(tmp_path: Path) -> None:
    orders = _orders(("1", "Ann", "2021-01-05", "delivered"), ("2", "Ben", "2021-02-01", "delivered"))
    done = carry_out(tmp_path, _items(("1", "1", "a", "5")), orders)
    assert _found(done, "orders_without_lines") == (1, "2")
    assert sorted(done.rows("customers", "customer_id")) == [("Ann",), ("Ben",)]
    assert [source.rows_used for source in done.receipt.sources] == [1, 2]


def test_the_key_of_an_order_stands_for_a_person(tmp_path: Path) -> None:
    orders = _orders(("1", "k1", "2021-01-05", "delivered"), ("2", "k2", "2021-02-01", "delivered"), ("3", "k9", "2021-02-01", "delivered"))
    people = Given(
        "people.csv",
        "customers",
        {"key": ["k1", "k2", "k3"], "person": ["Ann", "Ann", "Cem"], "town": [None, "Rome", "Oslo"]},
        {"key": "customer_key", "person": "customer_id", "town": "city"},
    )
    done = carry_out(tmp_path, _items(("1", "1", "a", "5"), ("2", "1", "a", "6"), ("3", "1", "a", "7")), orders, people)
    assert done.rows("order_lines", "customer_id") == [("Ann",), ("Ann",), ("k9",)]
    assert sorted(done.rows("customers", "customer_id", "city")) == [("Ann", "Rome"), ("Cem", "Oslo"), ("k9", None)]


def test_where_customers_share_order_ids_lines_find_their_own_order(tmp_path: Path) -> None:
    orders = _orders(("1", "Ann", "2021-01-05", "delivered"), ("1", "Ben", "2021-02-01", "delivered"))
    items = sales(
        "items.csv", ("Ben", "1", "5"), ("Ann", "1", "6"), columns={"who": "customer_id", "order": "order_id", "net": "net_amount"}
    )
    done = carry_out(tmp_path, items, orders)
    assert done.rows("order_lines", "customer_id", "line_at") == [("Ben", datetime(2021, 2, 1)), ("Ann", datetime(2021, 1, 5))]


def test_orders_that_name_no_customer_take_the_one_of_their_lines(tmp_path: Path) -> None:
    orders = Given(
        "o.csv",
        "orders",
        {"order": ["1"], "at": ["2021-01-05"], "way": ["web"]},
        {"order": "order_id", "at": "ordered_at", "way": "channel"},
    )
    items = sales("items.csv", ("Ben", "1", "5"), columns={"who": "customer_id", "order": "order_id", "net": "net_amount"})
    done = carry_out(tmp_path, items, orders)
    assert done.rows("orders", "customer_id", "order_id", "channel") == [("Ben", "1", "web")]


def test_products_complete_lines_and_unit_cost_becomes_cost(tmp_path: Path) -> None:
    products = Given(
        "p.csv",
        "products",
        {"id": ["a", "a"], "kind": ["Toys", "Tools"], "cost": ["2", "3"]},
        {"id": "product_id", "kind": "category", "cost": "unit_cost"},
    )
    columns = {"who": "customer_id", "day": "ordered_at", "id": "product_id", "n": "quantity", "price": "unit_price"}
    items = sales("s.csv", ("Ann", "2021-01-01", "a", "4", "5"), ("Ann", "2021-01-01", "z", "1", "5"), columns=columns)
    done = carry_out(tmp_path, items, products)
    assert done.rows("order_lines", "product_id", "category", "cost_amount") == [("a", "Toys", Decimal(8)), ("z", None, None)]
    assert _found(done, "products_not_listed") == (1, "z")


def test_rows_without_their_key_are_rejected(tmp_path: Path) -> None:
    people = Given("people.csv", "customers", {"id": ["Ann", None], "town": ["Rome", "Oslo"]}, {"id": "customer_id", "town": "city"})
    orders = _orders(("1", "Ann", "2021-01-05", "delivered"), (None, "Ben", "2021-02-01", "delivered"))
    done = carry_out(tmp_path, _items(("1", "1", "a", "5")), orders, people)
    assert sorted(done.rows("_rejected", "source", "row", "reason")) == [
        ("orders.csv", 2, "no order id"),
        ("people.csv", 2, "no customer id"),
    ]
    assert all(source.rows_read == source.rows_used + source.rows_rejected for source in done.receipt.sources)
