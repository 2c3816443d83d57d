"""Corrections in words: [TABLE.]FIELD=[FILE:]COLUMN."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_core.errors import MappingError, Problem
from crm_core.mapping.model import Mapping, TableMapping
from crm_core.mapping.overrides import answered, override
from crm_core.mapping.validate import validate
from crm_core.sources.staging import Staging
from tests.crm_core.mapping.cells import put_columns

DATES = ["2023-01-15", "2023-01-16"]


@pytest.fixture
def staging(tmp_path: Path) -> Iterator[Staging]:
    with Staging(tmp_path) as area:
        put_columns(
            area,
            {"order id": ["a", "b"], "client": ["x", "y"], "day": DATES, "sum": ["1.5", "2.5"], "net:sum=": ["1", "2"]},
            name="Orders.csv",
        )
        put_columns(area, {"client": ["x", "y"], "town": ["P", "Q"], "since": DATES}, name="people.xlsx › Sheet 1")
        yield area


@pytest.fixture
def mapping() -> Mapping:
    return Mapping(
        (
            TableMapping("Orders.csv", "order_lines", {"customer_id": "client", "ordered_at": "day", "net_amount": "sum"}),
            TableMapping("people.xlsx › Sheet 1", "customers", {"customer_id": "client"}, attributes=("town",)),
        )
    )


def fields(mapping: Mapping, source: str = "Orders.csv") -> dict[str, str]:
    return mapping.table(source).fields


def test_a_field_takes_the_column_and_gives_up_the_former(staging: Staging, mapping: Mapping) -> None:
    changed = override(staging, mapping, ["net_amount=net:sum="])
    assert fields(changed)["net_amount"] == "net:sum="
    assert "sum" not in fields(changed).values()


def test_a_column_leaves_the_field_it_fed(staging: Staging, mapping: Mapping) -> None:
    changed = override(staging, mapping, ["unit_price=sum"])
    assert fields(changed)["unit_price"] == "sum"
    assert "net_amount" not in fields(changed)


def test_a_column_leaves_the_attributes_when_a_field_takes_it(staging: Staging, mapping: Mapping) -> None:
    people = override(staging, mapping, ["city=town"]).table("people.xlsx › Sheet 1")
    assert (people.fields["city"], people.attributes) == ("town", ())


@pytest.mark.parametrize(
    "words", ["order_id=Orders.csv:order id", "order_id=orders:ORDER_ID", "order_lines.order_id=order id", "orders.order_id=OrderId"]
)
def test_files_and_columns_are_found_in_any_spelling(staging: Staging, mapping: Mapping, words: str) -> None:
    assert fields(override(staging, mapping, [words]))["order_id"] == "order id"


@pytest.mark.parametrize("file", ["people.xlsx › Sheet 1", "sheet 1", "PEOPLE.XLSX › sheet 1"])
def test_a_sheet_is_a_file_too(staging: Staging, mapping: Mapping, file: str) -> None:
    assert fields(override(staging, mapping, [f"city={file}:town"]), "people.xlsx › Sheet 1")["city"] == "town"


def test_a_key_is_assigned_in_every_file_that_may_use_it(staging: Staging, mapping: Mapping) -> None:
    bare = Mapping(tuple(TableMapping(one.source, one.grain) for one in mapping.tables))
    changed = override(staging, bare, ["customer_id=client"])
    assert [one.fields for one in changed.tables] == [{"customer_id": "client"}] * 2


def test_the_grain_follows_the_field(staging: Staging, mapping: Mapping) -> None:
    changed = override(staging, mapping, ["customers.customer_key=Orders:client", "surveys.score=people.xlsx › Sheet 1:town"])
    assert [one.grain for one in changed.tables] == ["customers", "surveys"]
    changed = override(staging, mapping, ["contacted_at=people.xlsx › Sheet 1:since"])
    assert (changed.tables[1].grain, changed.tables[1].fields) == ("contacts", {"customer_id": "client", "contacted_at": "since"})


def test_a_table_left_out_becomes_sales_when_it_gets_an_amount(staging: Staging, mapping: Mapping) -> None:
    ignored = mapping.with_table(TableMapping("Orders.csv", "ignore"))
    changed = override(staging, ignored, ["net_amount=sum", "ordered_at=day", "customer_id=Orders:client"])
    assert changed.table("Orders.csv").grain == "order_lines"
    assert validate(staging, changed) == []


def test_new_columns_get_their_formats(staging: Staging, mapping: Mapping) -> None:
    changed = override(staging, mapping, ["joined_on=since"])
    assert changed.table("people.xlsx › Sheet 1").dates["since"].style == "iso"
    assert changed.table("Orders.csv").numbers.keys() == {"sum"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("custmer_id=client", "Did you mean “customer_id”?"),
        ("customers.nam=client", "Did you mean “name”?"),
        ("clients.name=client", "there is no table “clients”"),
        ("net_amount=summ", "Did you mean “sum”?"),
        ("net_amount=orders:summ", "“Orders.csv” has no column “summ”"),
        ("net_amount", "no “=”"),
        ("net_amount=", "missing"),
        ("score=client", "several tables"),
    ],
)
def test_what_is_not_understood_is_answered_with_what_there_is(staging: Staging, mapping: Mapping, words: str, said: str) -> None:
    with pytest.raises(MappingError) as raised:
        override(staging, mapping, [words])
    assert said in raised.value.text()


def test_all_mistakes_are_told_at_once(staging: Staging, mapping: Mapping) -> None:
    with pytest.raises(MappingError) as raised:
        override(staging, mapping, ["a=b", "net_amount=summ", "net_amount=sum"])
    assert len(raised.value.problems) == 2


def test_an_assignment_answers_the_question_about_its_field() -> None:
    asked = [Problem("which_customer_id", "question", "?"), Problem("which_net_amount", "question", "?")]
    assert answered(asked, ["order_lines.customer_id=orders:client"]) == asked[1:]
