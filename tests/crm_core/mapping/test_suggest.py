"""What the program makes of files by itself: small ones written here, and the real ones under their own and other names."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from crm_core.mapping.model import ImportOptions, Mapping, TableMapping
from crm_core.mapping.overrides import answered
from crm_core.mapping.suggest import Suggestion, suggest
from crm_core.mapping.validate import validate
from crm_core.sources.files import stage
from crm_core.sources.staging import SourceColumn, Staging
from tests.crm_core.mapping.cells import put_columns

Columns = dict[str, Sequence[Any]]
RealData = Callable[[str], Path]
ORDERS, MOST_ROWS = 60, 40_000


@pytest.fixture
def staging(tmp_path: Path) -> Iterator[Staging]:
    with Staging(tmp_path) as area:
        yield area


def sales(**changed: Sequence[Any] | None) -> Columns:
    """Two lines an order, 60 orders of 20 customers; changed or, where None, left out."""
    rows = range(2 * ORDERS)
    columns: dict[str, Sequence[Any] | None] = {
        "customer_id": [f"C{row // 2 % 20:03d}" for row in rows],
        "order_id": [f"A-{1000 + row // 2}" for row in rows],
        "order_date": [f"2023-{1 + row // 2 % 12:02d}-{13 + row // 2 % 10:02d}" for row in rows],
        "product": [f"Thing {row % 7}" for row in rows],
        "quantity": [str(1 + row % 3) for row in rows],
        "amount": [f"{5 + row * 37 % 90}.{row * 7 % 90 + 10}" for row in rows],
    } | changed
    return {name: cells for name, cells in columns.items() if cells is not None}


def fields_of(suggestion: Suggestion, source: str = "table") -> dict[str, str]:
    return suggestion.mapping.table(source).fields


def codes(suggestion: Suggestion) -> set[str]:
    return {problem.code for problem in suggestion.problems}


def suggested(staging: Staging, columns: Columns, options: ImportOptions = ImportOptions()) -> Suggestion:
    put_columns(staging, columns)
    return suggest(staging, options)


# -- one table -----------------------------------------------------------------------------------------------------------


def test_a_plain_file_of_sales_leaves_no_doubt(staging: Staging) -> None:
    found = suggested(staging, sales())
    assert found.is_certain
    assert fields_of(found) == {
        "customer_id": "customer_id",
        "order_id": "order_id",
        "ordered_at": "order_date",
        "product": "product",
        "quantity": "quantity",
        "net_amount": "amount",
    }
    assert validate(staging, found.mapping) == []


def test_each_field_has_a_reason_and_used_columns_a_format(staging: Staging) -> None:
    found = suggested(staging, sales())
    table = found.mapping.table("table")
    assert found.reasons["table"].keys() == table.fields.keys()
    assert found.reasons["table"]["customer_id"].text == "the name “customer_id” means customer id; 20 different values"
    assert table.dates.keys() == {"order_date"}
    assert table.numbers.keys() == {"quantity", "amount"}


def test_columns_without_names_are_read_by_their_values(staging: Staging) -> None:
    kept = ("customer_id", "order_date", "amount")
    found = suggested(staging, {f"Column {at + 1}": sales()[name] for at, name in enumerate(kept)})
    assert found.is_certain
    assert fields_of(found) == {"customer_id": "Column 1", "ordered_at": "Column 2", "net_amount": "Column 3"}


def test_nameless_order_and_customer_are_told_apart_by_their_values(staging: Staging) -> None:
    kept = ("order_id", "customer_id", "order_date", "amount")
    found = suggested(staging, {f"Column {at + 1}": sales()[name] for at, name in enumerate(kept)})
    assert {"order_id": "Column 1", "customer_id": "Column 2"}.items() <= fields_of(found).items()
    assert found.is_certain


def nameless(**columns: Sequence[Any]) -> Columns:
    return {f"Column {at + 1}": cells for at, cells in enumerate((sales() | columns).values())}


def test_a_count_whose_name_resembles_an_order_code_is_no_order(staging: Staging) -> None:
    """Numbers of CDs, headed “cds”: five values over and over."""
    rows = range(2_400)
    columns: dict[str, Sequence[Any]] = {
        "customer": [f"{number % 700:05}" for number in rows],
        "date": [f"1997-{1 + number % 12:02}-{1 + number % 28:02}" for number in rows],
        "cds": [str(1 + number * 7 % 5) for number in rows],
        "dollars": [f"{5 + number % 90}.{number % 100:02}" for number in rows],
    }
    assert "order_id" not in fields_of(suggested(staging, columns))


def test_an_amount_that_may_be_a_price_is_a_question_where_no_name_says(staging: Staging) -> None:
    found = suggested(staging, nameless())
    question = next(one for one in found.problems if one.severity == "question")
    assert (question.code, question.column) == ("which_net_amount", "Column 6")
    assert "price of one piece" in question.message


def test_an_amount_that_rises_with_the_quantity_is_no_question(staging: Staging) -> None:
    amounts = [f"{(1 + row % 3) * (20 + row * 7 % 5)}.{row * 7 % 90 + 10}" for row in range(2 * ORDERS)]
    found = suggested(staging, nameless(amount=amounts))
    assert fields_of(found)["net_amount"] == "Column 6"
    assert found.is_certain


def test_a_nameless_number_of_its_own_for_each_row_may_be_the_order(staging: Staging) -> None:
    numbers = [str(5000 + 3 * row) for row in range(2 * ORDERS)]
    kept = {name: cells for name, cells in sales(order_id=numbers).items() if name not in ("product", "quantity")}
    found = suggested(staging, {f"Column {at + 1}": cells for at, cells in enumerate(kept.values())})
    assert [(one.code, one.column) for one in found.problems if one.severity == "question"] == [("which_order_id", "Column 2")]


def test_an_empty_column_with_the_name_of_what_is_missing_is_said_to_be_empty(staging: Staging) -> None:
    found = suggested(staging, sales(customer_id=[None] * (2 * ORDERS)))
    problem = next(one for one in found.problems if one.severity == "error")
    assert (problem.code, problem.column) == ("no_customer", "customer_id")
    assert "“customer_id” is there for the customer id, but it is empty" in problem.message


def test_a_quantity_that_no_name_tells_is_asked_about_beside_a_price(staging: Staging) -> None:
    columns = {{"amount": "unit_price", "quantity": "Xyz"}.get(name, name): cells for name, cells in sales().items()}
    (question,) = (one for one in suggested(staging, columns).problems if one.severity == "question")
    assert (question.code, question.option) == ("which_quantity", "--map quantity=Xyz, or --map net_amount=unit_price")
    assert answered([question], ["net_amount=unit_price"]) == answered([question], ["quantity=Xyz"]) == []


def test_a_quantity_by_name_that_is_no_number_is_asked_about(staging: Staging) -> None:
    columns = sales(unit_price=sales()["amount"], amount=None, quantity=["two", "three"] * ORDERS)
    assert "which_quantity" in codes(suggested(staging, columns))


def test_a_number_of_items_that_numbers_the_lines_of_each_order_is_no_quantity(staging: Staging) -> None:
    numbered = sales(unit_price=sales()["amount"], amount=None, quantity=None, num_item=[str(1 + row % 2) for row in range(2 * ORDERS)])
    assert fields_of(suggested(staging, numbered))["line_no"] == "num_item"
    counted = numbered | {"num_item": sales()["quantity"]}
    assert fields_of(suggested(staging, counted))["quantity"] == "num_item"


def test_a_code_that_differs_within_an_order_is_no_customer(staging: Staging) -> None:
    columns = {{"customer_id": "Xyz", "product": "Abc"}.get(name, name): cells for name, cells in sales().items()}
    columns |= {"Abc": [f"P{row % 17:03}" for row in range(2 * ORDERS)]}
    found = suggested(staging, columns)
    assert fields_of(found)["customer_id"] == "Xyz"
    assert "customer_id" not in fields_of(suggested(staging, {name: cells for name, cells in columns.items() if name != "Xyz"}))


def test_what_may_be_an_order_of_few_customers_is_no_customer_without_a_question(staging: Staging) -> None:
    columns = {
        "Abc": [f"K{row // 4:03}" for row in range(2000)],
        "Xyz": [f"F{row // 4 % 8}" for row in range(2000)],
        "date": sales()["order_date"] * 17,
        "amount": sales()["amount"] * 17,
    }
    assert "which_customer_id" in codes(suggested(staging, {name: cells[:2000] for name, cells in columns.items()}))


def test_two_equally_likely_customers_are_a_question_naming_both(staging: Staging) -> None:
    found = suggested(staging, sales(user_id=[f"U{row * 7 % 23}" for row in range(2 * ORDERS)]))
    assert not found.is_certain
    question = next(one for one in found.problems if one.severity == "question")
    assert question.code == "which_customer_id"
    assert "customer_id" in question.message
    assert "user_id" in question.message


def test_two_customer_columns_that_go_together_are_no_question(staging: Staging) -> None:
    found = suggested(staging, sales(user_id=[f"U{row // 2 % 20}" for row in range(2 * ORDERS)]))
    assert found.is_certain


@pytest.mark.parametrize(("left_out", "code"), [("amount", "no_amount"), ("order_date", "no_date"), ("customer_id", "no_customer")])
def test_what_sales_cannot_do_without_is_an_error(staging: Staging, left_out: str, code: str) -> None:
    assert code in codes(suggested(staging, sales(**{left_out: None})))


def test_ambiguous_dates_ask_and_the_option_answers(staging: Staging) -> None:
    dates = [f"{1 + row // 2 % 12:02d}/{1 + row // 24 % 12:02d}/2023" for row in range(2 * ORDERS)]
    asked = suggested(staging, sales(order_date=dates))
    assert codes(asked) >= {"date_order"}
    answered = suggested(staging, sales(order_date=dates), ImportOptions(date_order="mdy"))
    assert answered.is_certain
    assert answered.mapping.table("table").dates["order_date"].style == "mdy"


def test_ambiguous_dates_follow_the_other_months_file(staging: Staging) -> None:
    put_columns(staging, sales(order_date=["05/03/2023"] * 2 * ORDERS), name="march")
    put_columns(staging, sales(order_date=["25/04/2023"] * 2 * ORDERS), name="april")
    found = suggest(staging)
    assert found.is_certain
    assert {one.dates["order_date"].style for one in found.mapping.tables} == {"dmy"}


def test_a_share_is_no_discount_amount(staging: Staging) -> None:
    assert "discount_amount" not in fields_of(suggested(staging, sales(Discount=["0.1", "0.25"] * ORDERS)))
    assert fields_of(suggested(staging, sales(Discount=["1.5", "2.25"] * ORDERS)))["discount_amount"] == "Discount"


def test_several_discount_columns_feed_nothing_and_are_said(staging: Staging) -> None:
    found = suggested(staging, sales(retail_disc=["1.5", "2.25"] * ORDERS, coupon_disc=["0.5", "2.0"] * ORDERS))
    assert "discount_amount" not in fields_of(found)
    assert "several_discounts" in codes(found)


def test_an_orders_total_on_each_line_is_not_added_up(staging: Staging) -> None:
    prices = [10 + row % 9 for row in range(2 * ORDERS)]
    totals = [str(prices[row // 2 * 2] + prices[row // 2 * 2 + 1]) for row in range(2 * ORDERS)]
    columns = sales(amount=None, quantity=["1"] * 2 * ORDERS, unit_price=[str(price) for price in prices], order_total=totals)
    found = suggested(staging, columns)
    assert "net_amount" not in fields_of(found)
    assert fields_of(found)["unit_price"] == "unit_price"
    assert "order_total_on_lines" in codes(found)


def test_one_price_for_all_lines_is_that_of_a_piece_where_it_adds_up_to_the_orders_total(staging: Staging) -> None:
    pieces = [row % 3 + 1 for row in range(2 * ORDERS)]
    totals = [f"{9.5 * (pieces[row - row % 2] + pieces[row - row % 2 + 1]):.2f}" for row in range(2 * ORDERS)]
    found = suggested(staging, sales(amount=None, total=totals, unit_price=["9.50"] * 2 * ORDERS, quantity=[str(one) for one in pieces]))
    assert fields_of(found)["unit_price"] == "unit_price"
    assert "net_amount" not in fields_of(found)
    assert found.is_certain


def test_a_line_amount_is_recognised_by_adding_up_to_the_orders_total(staging: Staging) -> None:
    parts = [10.5 + row % 9 for row in range(2 * ORDERS)]
    totals = [str(parts[row // 2 * 2] + parts[row // 2 * 2 + 1]) for row in range(2 * ORDERS)]
    found = suggested(staging, sales(amount=None, quantity=None, order_total=totals, zzz=[str(part) for part in parts]))
    assert fields_of(found)["net_amount"] == "zzz"


def test_customers_are_told_apart_by_email_where_there_is_no_id(staging: Staging) -> None:
    found = suggested(staging, sales(customer_id=None, Email=[f"u{row // 2 % 20}@example.com" for row in range(2 * ORDERS)]))
    assert fields_of(found)["customer_id"] == "Email"
    assert "customer_by_contact" in codes(found)


def test_a_row_counter_feeds_nothing(staging: Staging) -> None:
    found = suggested(staging, {"Column 1": [str(row) for row in range(2 * ORDERS)]} | sales())
    assert "Column 1" not in fields_of(found).values()


def test_attributes_are_few_valued_and_stable_per_customer(staging: Staging) -> None:
    rows = range(2 * ORDERS)
    columns = sales(plan=[("basic", "pro")[row // 2 % 20 % 2] for row in rows], payment_way=[("card", "cash")[row % 2] for row in rows])
    assert suggested(staging, columns).mapping.table("table").attributes == ("plan",)


def test_no_column_feeds_two_fields(staging: Staging) -> None:
    used = list(fields_of(suggested(staging, sales(client=["x", "y"] * ORDERS, total=["1.5", "2.5"] * ORDERS))).values())
    assert len(used) == len(set(used))


def test_costs_without_customers_are_left_out_with_the_reason(staging: Staging) -> None:
    found = suggested(staging, {"source_id": ["1", "2"] * 30, "dt": ["2017-06-01"] * 60, "costs": ["75.2", "62.25"] * 30})
    assert found.mapping.table("table").grain == "ignore"
    assert codes(found) == {"table_ignored", "nothing_to_use"}


def test_remembered_decisions_hold_for_the_same_columns(staging: Staging) -> None:
    put_columns(staging, sales())
    mapping = suggest(staging).mapping
    changed = mapping.with_table(mapping.table("table").with_field("quantity", None))
    assert "quantity" not in fields_of(suggest(staging, remembered=changed))
    other = Mapping((TableMapping("table", "order_lines", {"customer_id": "no such column"}),))
    assert fields_of(suggest(staging, remembered=other)) == mapping.table("table").fields


# -- several tables ------------------------------------------------------------------------------------------------------


def test_a_persons_id_behind_the_orders_key_is_found_whatever_its_name(staging: Staging) -> None:
    keys = [f"k{at:04d}" for at in range(ORDERS)]
    orders = {"order_id": [f"o{at}" for at in range(ORDERS)], "customer_id": keys, "order_date": ["2023-05-20"] * ORDERS}
    put_columns(staging, orders, name="orders.csv")
    put_columns(staging, {"order_id": orders["order_id"], "price": ["9.5", "3.25"] * 30, "product_id": ["p1", "p2"] * 30}, name="items.csv")
    put_columns(
        staging,
        {
            "hash_a": [f"p{at // 2 * 2 if at < 10 else at:04d}" for at in range(ORDERS)],
            "hash_b": keys,
            "city": ["X", "Y"] * 30,
            "client": keys[::-1],
        },
        name="people.csv",
    )
    found = suggest(staging)
    people = fields_of(found, "people.csv")
    assert people["customer_key"] in ("hash_b", "client")
    assert people["customer_id"] == "hash_a"
    assert {one.grain for one in found.mapping.tables} == {"orders", "order_lines", "customers"}


def database() -> dict[str, Columns]:
    """Tables as a shop's database has them: each with a key called "id"."""
    lines, orders = range(2 * ORDERS), range(ORDERS)
    return {
        "items": {
            "id": [str(row) for row in lines],
            "order_id": [str(row // 2) for row in lines],
            "quantity": ["2"] * len(lines),
            "price": [f"{row}.50" for row in lines],
        },
        "orders": {
            "id": [str(row) for row in orders],
            "user_id": [str(row % 20) for row in orders],
            "created_at": [f"2023-{1 + row % 12:02d}-{13 + row % 10:02d} 10:00:00" for row in orders],
        },
        "users": {"id": [str(row) for row in range(20)], "name": [f"P {row}" for row in range(20)], "city": ["A", "B"] * 10},
    }


@pytest.mark.parametrize("total", [{}, {"total": [str(row) for row in range(ORDERS)]}])
def test_tables_of_a_database_are_joined_by_keys_called_id(staging: Staging, total: Columns) -> None:
    for name, columns in database().items():
        put_columns(staging, columns | (total if name == "orders" else {}), name=name)
    found = suggest(staging)
    assert {one.source: one.grain for one in found.mapping.tables} == {"items": "order_lines", "orders": "orders", "users": "customers"}
    assert found.is_certain


def test_responses_with_dates_that_no_name_tells_are_asked_about(staging: Staging) -> None:
    put_columns(staging, {"Stars": ["1", "5"] * 20, "Sent": ["2023-01-05"] * 40, "Seen": ["2023-01-06"] * 40})
    assert "which_responded_at" in codes(suggest(staging))


def test_the_day_a_response_was_answered_is_its_day(staging: Staging) -> None:
    put_columns(staging, {"Stars": ["1", "5"] * 20, "Sent": ["2023-01-05"] * 40, "Answered": ["2023-01-06"] * 40})
    assert fields_of(suggest(staging))["responded_at"] == "Answered"


def test_a_column_with_the_name_of_what_is_missing_and_other_values_is_named(staging: Staging) -> None:
    found = suggested(staging, sales(customer_id=None, CustomerID=[f"{row % 20},5" for row in range(2 * ORDERS)]))
    problem = next(one for one in found.problems if one.severity == "error")
    assert (problem.code, problem.column, problem.example) == ("no_customer", "CustomerID", "0,5")


@pytest.mark.parametrize(("refund", "is_said"), [("3.50", True), ("0", False)])
def test_refunds_in_a_column_of_their_own_are_said_not_to_be_netted(staging: Staging, refund: str, is_said: bool) -> None:
    columns = sales() | {"Refunded Amount": ["0.00", refund] * ORDERS}
    assert ("refunds_not_netted" in codes(suggested(staging, columns))) is is_said


def test_sales_without_a_date_lack_a_date_and_no_amount(staging: Staging) -> None:
    assert "no_date" in codes(suggested(staging, {"customer": ["a", "b"] * 20, "amount": ["1.5", "2"] * 20}))


def test_amounts_of_the_same_orders_are_used_once(staging: Staging) -> None:
    ids = [f"o{at}" for at in range(ORDERS)]
    put_columns(
        staging,
        {
            "order_id": ids,
            "customer_id": [f"c{at % 20}" for at in range(ORDERS)],
            "order_date": ["2023-05-20"] * ORDERS,
            "total": ["12.75", "8.5"] * 30,
        },
        name="orders",
    )
    put_columns(
        staging,
        {"order_id": ids, "product_id": ["p1", "p2"] * 30, "quantity": ["1", "2"] * 30, "price": ["12.75", "4.25"] * 30},
        name="lines",
    )
    put_columns(staging, {"order_id": ids, "payment_type": ["card", "cash"] * 30, "payment_value": ["12.75", "8.5"] * 30}, name="payments")
    found = suggest(staging)
    assert [one.grain for one in found.mapping.tables] == ["orders", "order_lines", "ignore"]
    assert found.is_certain


# -- real files under their own and other names ----------------------------------------------------------------------------

FILES: dict[str, tuple[str, dict[str, str]]] = {
    "online_retail/online_retail.parquet": (
        "order_lines",
        {
            "customer_id": "CustomerID",
            "order_id": "InvoiceNo",
            "product_id": "StockCode",
            "product": "Description",
            "quantity": "Quantity",
            "unit_price": "UnitPrice",
            "ordered_at": "InvoiceDate",
            "country": "Country",
        },
    ),
    "cdnow/CDNOW_master.txt": (
        "order_lines",
        {"customer_id": "customer_id", "ordered_at": "date", "quantity": "number_of_cds", "net_amount": "dollar_value"},
    ),
    "persian_shop/orders.csv": (
        "order_lines",
        {"customer_id": "customer_id", "order_id": "order_id", "ordered_at": "created_ts", "net_amount": "total_purchase"},
    ),
    "yandex/ecommerce_dataset.csv": (
        "order_lines",
        {
            "customer_id": "customer_id",
            "order_id": "order_id",
            "ordered_at": "date",
            "product": "product",
            "quantity": "quantity",
            "unit_price": "price",
        },
    ),
    "yandex/business_metrics_analysis_orders_log.csv": (
        "order_lines",
        {"customer_id": "Uid", "ordered_at": "Buy Ts", "net_amount": "Revenue"},
    ),
}

OTHER_NAMES: dict[str, list[dict[str, str]]] = {
    "online_retail/online_retail.parquet": [
        {
            "InvoiceNo": "Номер чека",
            "StockCode": "Артикул",
            "Description": "Наименование товара",
            "Quantity": "Количество",
            "InvoiceDate": "Дата",
            "UnitPrice": "Цена",
            "CustomerID": "Код клиента",
            "Country": "Страна",
        },
        {
            "InvoiceNo": "Rechnungsnummer",
            "StockCode": "Artikelnummer",
            "Description": "Bezeichnung",
            "Quantity": "Menge",
            "InvoiceDate": "Rechnungsdatum",
            "UnitPrice": "Einzelpreis",
            "CustomerID": "KundenNr",
            "Country": "Land",
        },
    ],
    "cdnow/CDNOW_master.txt": [
        {"customer_id": "کد مشتری", "date": "تاریخ خرید", "number_of_cds": "تعداد", "dollar_value": "مبلغ"},
        {"customer_id": "userId", "date": "day", "number_of_cds": "numItems", "dollar_value": "totalSpend"},
    ],
    "persian_shop/orders.csv": [
        {
            "order_id": "شماره سفارش",
            "created_ts": "زمان ثبت",
            "shamsy_date": "تاریخ شمسی",
            "customer_id": "شناسه کاربر",
            "total_purchase": "مبلغ خرید",
        },
        {
            "order_id": "OrderNumber",
            "created_ts": "CreatedAt",
            "shamsy_date": "JalaliDate",
            "customer_id": "ClientCode",
            "total_purchase": "OrderTotal",
        },
    ],
    "yandex/ecommerce_dataset.csv": [
        {
            "date": "Zeitpunkt",
            "customer_id": "Kundennummer",
            "order_id": "Bestellnummer",
            "product": "Artikel",
            "quantity": "Stückzahl",
            "price": "Preis",
        },
    ],
    "yandex/business_metrics_analysis_orders_log.csv": [
        {"Buy Ts": "زمان خرید", "Revenue": "درآمد", "Uid": "شناسه"},
        {"Buy Ts": "purchasedAt", "Revenue": "sales_total", "Uid": "visitorId"},
    ],
}


@pytest.mark.parametrize("name", FILES)
def test_real_sales_are_understood_without_a_question(staging: Staging, real_data: RealData, name: str) -> None:
    stage(staging, real_data(name))
    rename(staging, {})
    grain, fields = FILES[name]
    found = suggest(staging)
    assert found.is_certain
    assert found.mapping.tables[0].grain == grain
    assert found.mapping.tables[0].fields == fields


@pytest.mark.parametrize(("name", "names"), [(name, names) for name, several in OTHER_NAMES.items() for names in several])
def test_real_sales_are_understood_under_other_names_and_in_another_order(
    staging: Staging, real_data: RealData, name: str, names: dict[str, str]
) -> None:
    stage(staging, real_data(name))
    rename(staging, names)
    found = suggest(staging)
    assert found.is_certain
    assert found.mapping.tables[0].fields == {field: names.get(column, column) for field, column in FILES[name][1].items()}


def test_a_marketplaces_four_files_are_joined_by_their_keys(staging: Staging, real_data: RealData) -> None:
    for part in ("orders", "order_items", "customers", "order_reviews"):
        stage(staging, real_data(f"olist/olist_{part}_dataset.csv"))
    found = suggest(staging)
    assert found.is_certain
    assert [one.grain for one in found.mapping.tables] == ["orders", "order_lines", "customers", "surveys"]
    assert fields_of(found, "olist_customers_dataset.csv") == {
        "customer_id": "customer_unique_id",
        "customer_key": "customer_id",
        "region": "customer_state",
        "city": "customer_city",
    }
    assert {
        "promised_on": "order_estimated_delivery_date",
        "delivered_on": "order_delivered_customer_date",
        "status": "order_status",
    }.items() <= fields_of(found, "olist_orders_dataset.csv").items()
    assert {"unit_price": "price", "delivery_amount": "freight_value", "line_no": "order_item_id"}.items() <= fields_of(
        found, "olist_order_items_dataset.csv"
    ).items()


def test_all_files_of_the_marketplace_are_used_or_left_out_with_a_reason(staging: Staging, real_data: RealData) -> None:
    grains = {
        "orders": "orders",
        "order_items": "order_lines",
        "customers": "customers",
        "order_reviews": "surveys",
        "order_payments": "ignore",
        "products": "products",
        "sellers": "ignore",
    }
    for part in grains:
        stage(staging, real_data(f"olist/olist_{part}_dataset.csv"))
    found = suggest(staging)
    assert found.is_certain
    assert {one.source: one.grain for one in found.mapping.tables} == {f"olist_{part}_dataset.csv": grain for part, grain in grains.items()}
    assert sum(one.code == "table_ignored" for one in found.problems) == 2


def test_a_grocers_households_bring_their_attributes(staging: Staging, real_data: RealData) -> None:
    for part in ("transactions", "products", "demographics"):
        stage(staging, real_data(f"complete_journey/{part}.parquet"))
    found = suggest(staging)
    assert found.is_certain
    assert [one.grain for one in found.mapping.tables] == ["order_lines", "products", "customers"]
    assert {
        "customer_id": "household_id",
        "order_id": "basket_id",
        "net_amount": "sales_value",
        "ordered_at": "transaction_timestamp",
    }.items() <= found.mapping.tables[0].fields.items()
    assert "week" not in found.mapping.tables[0].fields.values()
    assert {"age", "income", "household_size", "kids_count"} <= set(found.mapping.tables[2].attributes)


def test_a_workbooks_side_sheets_are_left_out(staging: Staging, real_data: RealData) -> None:
    stage(staging, real_data("superstore/superstore.xls"))
    found = suggest(staging)
    assert found.is_certain
    assert [one.grain for one in found.mapping.tables] == ["order_lines", "ignore", "ignore"]
    fields = found.mapping.tables[0].fields
    assert {
        "net_amount": "Sales",
        "profit_amount": "Profit",
        "ordered_at": "Order Date",
        "customer_id": "Customer ID",
    }.items() <= fields.items()
    assert not {"Discount", "Ship Date", "Row ID"} & set(fields.values())
    assert found.mapping.tables[0].attributes == ("Segment",)


@pytest.mark.parametrize(
    ("name", "grain", "fields"),
    [
        ("nps_bank/NPStimeseries.csv", "surveys", {"response_id": "ID", "responded_at": "Survey date", "score": "NPS"}),
        ("digikala/digikala_comments_scored_3261.csv", "surveys", {"score": "Score", "comment": "Text"}),
        ("support_tickets/customer_support_tickets.csv", "cases", {"case_id": "Ticket ID", "priority": "Ticket Priority"}),
        (
            "cfpb/consumer_complaints_2015_q1.csv",
            "cases",
            {"case_id": "Complaint ID", "opened_at": "Date received", "is_within_sla": "Timely response?"},
        ),
        (
            "servicenow/incident_event_log.zip",
            "cases",
            {"case_id": "number", "opened_at": "opened_at", "resolved_at": "resolved_at", "is_within_sla": "made_sla"},
        ),
    ],
)
def test_surveys_and_cases_are_recognised(staging: Staging, real_data: RealData, name: str, grain: str, fields: dict[str, str]) -> None:
    stage(staging, real_data(name))
    found = suggest(staging)
    assert found.mapping.tables[0].grain == grain
    assert fields.items() <= found.mapping.tables[0].fields.items()
    has_days = {"responded_at", "opened_at"} & found.mapping.tables[0].fields.keys()
    assert [problem.code for problem in found.problems if problem.severity == "error"] == ([] if has_days else ["no_date"])


def rename(staging: Staging, names: dict[str, str]) -> None:
    """Other headers for the staged table, its columns shuffled; of a long one the first rows."""
    table = staging.tables[0]
    staging.raw.execute(f"DELETE FROM {table.ref} WHERE rowid >= ?", [MOST_ROWS])
    columns = [SourceColumn(names.get(one.name, one.name), one.ref, one.type) for one in table.columns]
    random.Random(7).shuffle(columns)
    staging.tables[0] = type(table)(table.name, table.file, table.ref, tuple(columns), min(table.rows, MOST_ROWS))
