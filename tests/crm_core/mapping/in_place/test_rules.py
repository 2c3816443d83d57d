"""Each rule of an import holds where the data lies, in small companies that can be checked by hand."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crm_core.errors import DataError
from tests.crm_core.mapping.imports import Given, by_column, sales
from tests.crm_core.mapping.in_place import companies
from tests.crm_core.mapping.in_place.companies import Company, Opened
from tests.crm_core.mapping.in_place.conftest import Place

NET = {"who": "customer_id", "no": "order_id", "day": "ordered_at", "sum": "net_amount"}


def same(company: Company, place: Place, but: dict[str, set[str]] | None = None) -> Opened:
    """Opened in place, with the rows and the figures of the import."""
    opened = place(company)
    assert companies.differences(company, opened, but) == {}
    assert companies.same_receipt(company, opened)
    assert companies.types_of(opened)
    return opened


def given(name: str, grain: Any, fields: dict[str, str], *rows: tuple[Any, ...], attributes: tuple[str, ...] = ()) -> Given:
    return Given(name, grain, by_column([*fields, *attributes], rows), fields, attributes)


# -- sales ---------------------------------------------------------------------------------------------------------------


def test_amounts_are_pieces_times_price_where_none_is_given(tmp_path: Path, place: Place) -> None:
    columns = {
        "who": "customer_id",
        "no": "order_id",
        "day": "ordered_at",
        "sum": "net_amount",
        "pieces": "quantity",
        "price": "unit_price",
    }
    rows = [
        ("a", "1", "2024-01-01", "5.5", "2", "3"),
        ("a", "1", "2024-01-01", None, "2", "3.3333"),
        ("b", "2", "2024-01-02", None, "-1", "7"),
    ]
    opened = same(companies.of_tables(tmp_path, sales("t", *rows, columns=columns)), place)
    assert [row[0] for row in opened.rows("order_lines", "net_amount")] == [Decimal("-7"), Decimal("5.5"), Decimal("6.6666")]


def test_amounts_too_large_are_left_out_and_told(tmp_path: Path, place: Place) -> None:
    rows = [("a", "1", "2024-01-01", "20000000", "20000000"), ("a", "2", "2024-01-02", "1", "1")]
    opened = same(companies.of_tables(tmp_path, sales("t", *rows)), place)
    assert opened.found.receipt.sources[0].rejected_by_reason == {"the amount is too large": 1}


def test_rows_without_date_amount_or_quantity_are_left_out_and_told(tmp_path: Path, place: Place) -> None:
    rows = [
        ("a", "1", "2024-01-01", "1", "2"),
        ("a", "2", None, "1", "2"),
        ("a", "3", "2024-01-01", None, "2"),
        ("a", "4", "2024-01-01", "1", None),
        (None, "5", "2024-01-01", "1", "9"),
    ]
    opened = same(companies.of_tables(tmp_path, sales("t", *rows)), place)
    assert opened.found.receipt.sources[0].rejected_by_reason == {"no date": 1, "no quantity": 1, "no amount": 1}
    assert opened.found.receipt.lines_not_attributed == 1


def test_cancelled_and_unpaid_orders_are_void(tmp_path: Path, place: Place) -> None:
    columns = NET | {"state": "status"}
    states = ["paid", "Cancelled", "pending payment", "refunded", None, "whatever"]
    rows = [("a", str(number), "2024-01-01", "10", state) for number, state in enumerate(states)]
    opened = same(companies.of_tables(tmp_path, sales("t", *rows, columns=columns)), place)
    assert dict(opened.rows("order_lines", "order_id", "is_void")) == {str(number): number in (1, 2) for number in range(6)}
    assert (opened.found.receipt.lines_void, opened.found.receipt.orders_void) == (2, 2)
    assert "status_unknown" in [problem.code for problem in opened.found.receipt.problems]


def test_what_a_status_means_can_be_said(tmp_path: Path, place: Place) -> None:
    rows = [("a", "1", "2024-01-01", "10", "Z9"), ("a", "2", "2024-01-01", "10", "ok")]
    company = companies.of_tables(tmp_path, sales("t", *rows, columns=NET | {"state": "status"}), status_words={"z9": "cancelled"})
    assert same(company, place).found.receipt.net_sales == "10.0000"


def test_other_currencies_are_converted_by_their_rates(tmp_path: Path, place: Place) -> None:
    columns = NET | {"money": "currency", "paid": "cost_amount"}
    rows = [
        ("a", "1", "2024-01-01", "10", "EUR", "1"),
        ("a", "2", "2024-01-01", "10", "usd", "3"),
        ("b", "3", "2024-01-02", "10", "€", None),
        ("b", "4", "2024-01-02", "10", None, "2"),
    ]
    company = companies.of_tables(tmp_path, sales("t", *rows, columns=columns), currency="EUR", rates={"USD": "0.91234567"})
    opened = same(company, place)
    assert (opened.found.currency, opened.found.receipt.net_sales) == ("EUR", "29.1235")
    assert opened.found.receipt.sources[0].rejected_by_reason == {"no currency, though the data has several": 1}


def test_without_a_rate_nothing_is_opened(tmp_path: Path, place: Place) -> None:
    columns = NET | {"money": "currency"}
    company = companies.of_tables(
        tmp_path,
        sales("t", ("a", "1", "2024-01-01", "10", "EUR"), ("a", "2", "2024-01-01", "10", "USD"), columns=columns),
        rates={"USD": "1"},
    )
    without = companies.Company(company.tables, _without_rates(company), company.imported, company.receipt)
    with pytest.raises(DataError) as error:
        place(without)
    assert [problem.code for problem in error.value.problems] == ["currency_without_rate", "currency_without_rate"]


def _without_rates(company: Company) -> Any:
    from dataclasses import replace

    return replace(company.mapping, options=replace(company.mapping.options, rates={}))


def test_without_order_ids_a_day_of_a_customer_is_an_order(tmp_path: Path, place: Place) -> None:
    columns = {"who": "customer_id", "day": "ordered_at", "sum": "net_amount"}
    rows = [("a", "2024-01-01 10:00", "1"), ("a", "2024-01-01 23:00", "2"), ("a", "2024-01-02 00:00", "3"), ("b", "2024-01-01 09:00", "4")]
    opened = same(companies.of_tables(tmp_path, sales("t", *rows, columns=columns)), place)
    assert opened.rows("orders", "customer_id", "order_id") == [("a", "2024-01-01"), ("a", "2024-01-02"), ("b", "2024-01-01")]


def test_costs_come_from_the_unit_cost_or_the_profit(tmp_path: Path, place: Place) -> None:
    columns = NET | {"pieces": "quantity", "each": "unit_cost", "won": "profit_amount", "cost": "cost_amount"}
    rows = [
        ("a", "1", "2024-01-01", "10", "2", "3", "1", "9"),
        ("a", "2", "2024-01-01", "10", "2", "3", "1", None),
        ("a", "3", "2024-01-01", "10", None, "3", "1", None),
        ("a", "4", "2024-01-01", "10", None, None, None, None),
    ]
    opened = same(companies.of_tables(tmp_path, sales("t", *rows, columns=columns)), place)
    assert dict(opened.rows("order_lines", "order_id", "cost_amount")) == {"1": Decimal(9), "2": Decimal(6), "3": Decimal(9), "4": None}


def test_lines_take_customer_date_and_status_from_their_orders(tmp_path: Path, place: Place) -> None:
    orders = given(
        "orders",
        "orders",
        {"no": "order_id", "who": "customer_id", "day": "ordered_at", "state": "status", "by": "channel"},
        ("1", "a", "2024-01-01 12:00", "paid", "web"),
        ("2", "b", "2024-01-02 12:00", "cancelled", "shop"),
        ("3", None, "2024-01-03", "paid", None),
        ("4", "c", None, "paid", "web"),
        ("6", "d", "2024-01-06", "paid", "web"),
        (None, "e", "2024-01-07", "paid", "web"),
    )
    lines = given(
        "lines",
        "order_lines",
        {"no": "order_id", "sum": "net_amount"},
        ("1", "5"),
        ("1", "6"),
        ("2", "7"),
        ("3", "8"),
        ("4", "9"),
        ("5", "1"),
    )
    opened = same(companies.of_tables(tmp_path, orders, lines), place)
    reasons = {one.source: one.rejected_by_reason for one in opened.found.receipt.sources}
    assert reasons == {
        "orders": {"no order id": 1},
        "lines": {"its order has no readable date": 1, "its order is not among the orders": 1},
    }


def test_order_ids_that_customers_share_are_kept_apart(tmp_path: Path, place: Place) -> None:
    orders = given(
        "orders",
        "orders",
        {"no": "order_id", "who": "customer_id", "day": "ordered_at"},
        ("1", "a", "2024-01-01"),
        ("1", "b", "2024-02-01"),
        ("2", "a", "2024-03-01"),
    )
    lines = given(
        "lines",
        "order_lines",
        {"no": "order_id", "who": "customer_id", "sum": "net_amount"},
        ("1", "a", "5"),
        ("1", "b", "6"),
        ("2", "a", "7"),
    )
    opened = same(companies.of_tables(tmp_path, orders, lines), place)
    assert len(opened.rows("orders")) == 3


def test_an_order_that_stands_twice_does_not_double_its_lines(tmp_path: Path, place: Place) -> None:
    """Of two rows of an order the least values count: the earlier date, as the file has it first."""
    orders = given(
        "orders",
        "orders",
        {"no": "order_id", "who": "customer_id", "day": "ordered_at", "by": "channel"},
        ("1", "a", "2024-01-01", "app"),
        ("1", "a", "2024-01-02", "web"),
    )
    lines = given("lines", "order_lines", {"no": "order_id", "sum": "net_amount"}, ("1", "5"))
    opened = same(companies.of_tables(tmp_path, orders, lines), place)
    assert opened.found.receipt.net_sales == "5.0000"
    assert [problem.rows for problem in opened.found.receipt.problems if problem.code == "key_repeated"] == [1]


def test_orders_without_a_customer_take_the_one_of_their_lines(tmp_path: Path, place: Place) -> None:
    orders = given("orders", "orders", {"no": "order_id", "day": "ordered_at", "due": "promised_on"}, ("1", "2024-01-01", "2024-01-05"))
    lines = given("lines", "order_lines", {"no": "order_id", "who": "customer_id", "sum": "net_amount"}, ("1", "a", "5"))
    opened = same(companies.of_tables(tmp_path, orders, lines), place)
    assert [row[0] for row in opened.rows("orders", "customer_id")] == ["a"]


def test_products_complete_their_lines(tmp_path: Path, place: Place) -> None:
    products = given(
        "products",
        "products",
        {"id": "product_id", "what": "product", "kind": "category", "each": "unit_cost"},
        ("p1", "Tea", "Drinks", "1.5"),
        ("p2", "Cup", "Things", "2"),
        (None, "?", None, None),
    )
    columns = NET | {"item": "product_id", "called": "product", "pieces": "quantity"}
    rows = [
        ("a", "1", "2024-01-01", "9", "p1", None, "2"),
        ("a", "2", "2024-01-01", "9", "p2", "My cup", "3"),
        ("a", "3", "2024-01-01", "9", "p9", None, "1"),
    ]
    opened = same(companies.of_tables(tmp_path, products, sales("t", *rows, columns=columns)), place)
    assert opened.rows("order_lines", "order_id", "product", "cost_amount") == [
        ("1", "Tea", Decimal(3)),
        ("2", "My cup", Decimal(6)),
        ("3", None, None),
    ]


def test_months_in_tables_of_their_own_are_one_table(tmp_path: Path, place: Place) -> None:
    columns = NET | {"land": "country"}
    january = sales("january", ("a", "1", "2024-01-01", "10", "NL"), ("b", "2", "2024-01-03", "11", "BE"), columns=columns)
    february = sales("february", ("a", "3", "2024-02-01", "12"), (None, "4", None, "13"), columns=NET)
    opened = same(companies.of_tables(tmp_path, january, february), place)
    assert [one.rows_used for one in opened.found.receipt.sources] == [2, 1]


# -- ids and people -------------------------------------------------------------------------------------------------------


def test_ids_are_texts_without_blanks_and_without_the_point_of_a_float(tmp_path: Path, place: Place) -> None:
    rows = [
        ("17850.0", " 1", "2024-01-01", "1"),
        ("13047.0", "1 ", "2024-01-01", "2"),
        ("nan", "NULL", "2024-01-02", "3"),
        ("00012.0", "2", "2024-01-02", "4"),
    ]
    opened = same(companies.of_tables(tmp_path, sales("t", *rows, columns=NET)), place)
    assert [row[0] for row in opened.rows("customers", "customer_id")] == ["00012", "13047", "17850"]
    assert opened.rows("orders", "order_id") == [("1",), ("1",), ("2",), ("2024-01-02",)]


def test_customers_are_found_by_the_key_that_orders_use(tmp_path: Path, place: Place) -> None:
    people = given(
        "people",
        "customers",
        {"key": "customer_key", "id": "customer_id", "town": "city"},
        ("k1", "p1", "Bonn"),
        ("k2", "p1", "Bonn"),
        ("k3", "p2", "Kiel"),
    )
    opened = same(
        companies.of_tables(
            tmp_path,
            people,
            sales("t", ("k1", "1", "2024-01-01", "5"), ("k2", "2", "2024-01-02", "5"), ("z", "3", "2024-01-03", "5"), columns=NET),
        ),
        place,
    )
    assert opened.rows("customers", "customer_id", "city") == [("p1", "Bonn"), ("p2", "Kiel"), ("z", None)]


def test_of_disagreeing_sales_the_latest_counts_and_the_customers_table_before_them(tmp_path: Path, place: Place) -> None:
    people = given(
        "people",
        "customers",
        {"id": "customer_id", "land": "country", "yes": "consent"},
        ("a", "NL", "yes"),
        ("b", None, "no"),
        ("c", "FR", None),
        attributes=(),
    )
    columns = NET | {"land": "country"}
    rows = [
        ("a", "1", "2024-01-01 10:00", "5", "BE"),
        ("b", "2", "2024-01-01 10:00", "5", "BE"),
        ("b", "3", "2024-01-01 12:00", "5", "DE"),
        ("b", "4", "2024-01-01 13:00", "5", None),
        ("d", "5", "2024-01-01 10:00", "5", "AT"),
        ("d", "6", "2024-01-01 10:00", "5", "CH"),
    ]
    opened = same(companies.of_tables(tmp_path, people, sales("t", *rows, columns=columns)), place)
    assert opened.rows("customers", "customer_id", "country", "consent") == [
        ("a", "NL", True),
        ("b", "DE", False),
        ("c", "FR", None),
        ("d", "CH", None),
    ]


def test_attributes_are_taken_along_under_their_names(tmp_path: Path, place: Place) -> None:
    people = given("people", "customers", {"id": "customer_id"}, ("a", "gold", None), ("b", " ", "x"), attributes=("tier", "rep"))
    opened = same(companies.of_tables(tmp_path, people, sales("t", ("a", "1", "2024-01-01", "5"), columns=NET)), place)
    assert opened.found.labels == {"attr_1": "tier", "attr_2": "rep"}
    assert opened.rows("customers", "customer_id", "attr_1", "attr_2") == [("a", "gold", None), ("b", None, "x")]


# -- responses --------------------------------------------------------------------------------------------------------------


def test_scores_of_a_row_become_responses_each_on_its_scale(tmp_path: Path, place: Place) -> None:
    answers = given(
        "answers",
        "surveys",
        {"id": "response_id", "who": "customer_id", "at": "responded_at", "nps": "nps_score", "csat": "csat_score"},
        ("1", "a", "2024-01-01", "9", "5"),
        ("2", "b", "2024-01-02", "11", None),
        ("3", "b", "2024-01-03", None, None),
        ("4", "c", None, "3", "4"),
        *((str(number), "d", "2024-02-01", str(number % 11), str(1 + number % 5)) for number in range(10, 80)),
    )
    opened = same(companies.of_tables(tmp_path, answers), place)
    assert ("1 nps", "nps", Decimal(9), Decimal(0), Decimal(10)) in opened.rows(
        "surveys", "response_id", "measure", "score", "scale_min", "scale_max"
    )


def test_a_column_of_measures_says_what_each_score_is(tmp_path: Path, place: Place) -> None:
    words = ["NPS", "Customer effort", "satisfaction", "weather", None]
    answers = given(
        "answers",
        "surveys",
        {"id": "response_id", "at": "responded_at", "what": "measure", "value": "score", "most": "scale_max"},
        *(
            (f"{word} {number}", "2024-01-01", word, str(1 + number % 5), "7" if word == "Customer effort" else None)
            for word in words
            for number in range(40)
        ),
    )
    opened = same(companies.of_tables(tmp_path, answers), place)
    assert set(opened.rows("surveys", "measure", "scale_max")) == {("nps", 10), ("ces", 7), ("csat", 5)}
    assert opened.found.receipt.sources[0].rejected_by_reason == {"the measure is not known": 40}


def test_scores_of_which_one_is_best_are_turned_round(tmp_path: Path, place: Place) -> None:
    answers = given(
        "answers",
        "surveys",
        {"id": "response_id", "at": "responded_at", "value": "score"},
        *((str(number), "2024-01-01", str(1 + number % 6)) for number in range(60)),
        ("stray", "2024-01-01", "99"),
    )
    opened = same(companies.of_tables(tmp_path, answers, scales={"answers": "csat 6-1"}), place)
    assert ("0", Decimal(6)) in opened.rows("surveys", "response_id", "score")
    assert opened.found.receipt.sources[0].rejected_by_reason == {"the score is outside its scale": 1}


def test_responses_and_cases_take_their_customer_from_the_order(tmp_path: Path, place: Place) -> None:
    shop = sales("t", ("a", "1", "2024-01-01", "5"), ("b", "2", "2024-01-01", "5"), ("a", "2", "2024-01-01", "5"), columns=NET)
    answers = given(
        "answers",
        "surveys",
        {"id": "response_id", "no": "order_id", "at": "responded_at", "nps": "nps_score"},
        ("x", "1", "2024-01-05", "9"),
        ("y", "2", "2024-01-05", "10"),
    )
    wishes = given("wishes", "cases", {"id": "case_id", "no": "order_id", "at": "opened_at"}, ("c", "1", "2024-01-06"))
    opened = same(companies.of_tables(tmp_path, shop, answers, wishes), place)
    assert dict(opened.rows("surveys", "response_id", "customer_id")) == {"x": "a", "y": None}
    assert opened.rows("cases", "case_id", "customer_id") == [("c", "a")]


def test_responses_of_a_day_are_told_apart_and_the_later_counts_more(tmp_path: Path, place: Place) -> None:
    answers = given(
        "answers",
        "surveys",
        {"who": "customer_id", "at": "responded_at", "nps": "nps_score"},
        ("a", "2024-01-01 12:00", "9"),
        ("a", "2024-01-01 10:00", "1"),
        ("b", "2024-01-01 10:00", "5"),
        ("b", "2024-01-02 10:00", "5"),
    )
    opened = same(companies.of_tables(tmp_path, answers), place, {"surveys": {"response_id"}})
    numbers = {row[:2]: row[2] for row in opened.rows("surveys", "customer_id", "responded_at", "row_no")}
    assert numbers["a", datetime(2024, 1, 1, 12)] == 2
    assert sorted(numbers.values()) == [0, 0, 1, 2]
    assert {row[0] for row in opened.rows("surveys", "response_id")} == {"2024-01-01 1", "2024-01-01 2", "2024-01-01 3", "2024-01-02 1"}


# -- cases -------------------------------------------------------------------------------------------------------------------

EVENTS = {"id": "case_id", "at": "updated_at", "state": "status", "topic": "topic", "times": "count_contacts"}


def test_the_last_event_tells_the_state_of_a_case(tmp_path: Path, place: Place) -> None:
    log = given(
        "log",
        "cases",
        EVENTS,
        ("1", "2024-01-01 10:00", "new", "billing", "1"),
        ("1", "2024-01-03 10:00", "closed", None, "3"),
        ("1", "2024-01-02 10:00", "in progress", "delivery", "2"),
        ("2", "2024-01-01 10:00", "closed", "x", None),
        ("2", "2024-01-05 10:00", "reopened", None, None),
        ("3", None, "new", "y", None),
    )
    opened = same(companies.of_tables(tmp_path, log), place)
    found = opened.rows("cases", "case_id", "opened_at", "resolved_at", "topic", "status", "count_contacts")
    assert found == [
        ("1", datetime(2024, 1, 1, 10), datetime(2024, 1, 3, 10), "delivery", "closed", 3),
        ("2", datetime(2024, 1, 1, 10), None, "x", "reopened", None),
    ]


def test_impossible_cases_are_left_out_and_told(tmp_path: Path, place: Place) -> None:
    wishes = given(
        "wishes",
        "cases",
        {"id": "case_id", "at": "opened_at", "first": "first_response_at", "end": "resolved_at", "times": "count_reopened"},
        ("1", "2024-01-02 10:00", "2024-01-02", "2024-01-03", "0"),
        ("2", "2024-01-02 10:00", "2024-01-01", None, "0"),
        ("3", "2024-01-02 10:00", None, "2024-01-01 10:00", "0"),
        ("4", "2024-01-02 10:00", None, "1900-01-01", "-1"),
        ("5", "2024-01-02 10:00", None, "1950-01-01", "2"),
        ("6", None, None, None, None),
    )
    opened = same(companies.of_tables(tmp_path, wishes), place)
    assert [row[0] for row in opened.rows("cases", "case_id")] == ["1", "5"]
    assert opened.rows("cases", "case_id", "first_response_at", "resolved_at")[0][1] == datetime(2024, 1, 2, 10)


def test_flags_and_agreed_times_are_read_by_their_words(tmp_path: Path, place: Place) -> None:
    wishes = given(
        "wishes",
        "cases",
        {"id": "case_id", "at": "opened_at", "SLA breached": "is_within_sla", "up": "is_escalated", "rate": "csat_score", "by": "channel"},
        ("1", "2024-01-01", "yes", "x", "5", "mail"),
        ("2", "2024-01-01", "No", None, "1", None),
        ("3", "2024-01-01", "met", "yes", None, "n/a"),
        *((str(number), "2024-01-01", "late", None, str(1 + number % 5), "phone") for number in range(10, 50)),
    )
    opened = same(companies.of_tables(tmp_path, wishes), place)
    assert ("3", True, True, None) in opened.rows("cases", "case_id", "is_within_sla", "is_escalated", "channel")
    assert "blank_means_no" in [problem.code for problem in opened.found.receipt.problems]
    assert ("case 2", "Customer service") in opened.rows("surveys", "response_id", "touchpoint")
