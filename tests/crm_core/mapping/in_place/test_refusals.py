"""What cannot be read where it lies is refused with all its problems, and with the way out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ibis
import pytest

from crm_core.errors import CrmError, DataError, MappingError
from crm_core.mapping.in_place.model import Source
from crm_core.mapping.in_place.tables import canonical
from crm_core.mapping.model import DateFormat, ImportOptions, Mapping, NumberFormat, TableMapping

FIELDS = {"customer_id": "who", "order_id": "no", "ordered_at": "day", "net_amount": "sum"}
TYPES = {"who": "string", "no": "string", "day": "date", "sum": "decimal(12, 2)"}


def refused(types: dict[str, str], table: TableMapping | None = None, options: ImportOptions = ImportOptions()) -> CrmError:
    backend = ibis.duckdb.connect()
    rows = backend.create_table("sales", schema=ibis.schema(types))
    with pytest.raises(CrmError) as error:
        canonical([Source("sales", rows)], Mapping((table or TableMapping("sales", "order_lines", FIELDS),), options), backend)
    return error.value


def codes(error: CrmError) -> list[tuple[str, str]]:
    return [(problem.code, problem.column) for problem in error.problems]


def test_all_columns_that_are_gone_are_named() -> None:
    error = refused({"who": "string", "no": "string"})
    assert isinstance(error, MappingError)
    assert codes(error) == [("column_unknown", "day"), ("column_unknown", "sum")]


def test_a_table_that_is_gone_is_named() -> None:
    error = refused(TYPES, TableMapping("old sales", "order_lines", FIELDS))
    assert [(problem.code, problem.table) for problem in error.problems] == [("table_unknown", "old sales")]


@pytest.mark.parametrize(
    ("types", "column"),
    [
        ({"day": "int64"}, "day"),
        ({"day": "boolean"}, "day"),
        ({"sum": "date"}, "sum"),
        ({"who": "array<string>"}, "who"),
        ({"no": "struct<a: int64>"}, "no"),
    ],
)
def test_types_that_cannot_be_the_field_are_refused(types: dict[str, str], column: str) -> None:
    error = refused(TYPES | types)
    assert codes(error) == [("type_in_place", column)]
    assert "import the data instead, or make a view" in error.problems[0].hint


@pytest.mark.parametrize("style", ["dmy", "mdy", "jalali", "excel_serial", "epoch_seconds", "ymd_compact"])
def test_dates_written_otherwise_are_for_an_import(style: Any) -> None:
    table = TableMapping("sales", "order_lines", FIELDS, dates={"day": DateFormat(style)})
    assert codes(refused(TYPES | {"day": "string"}, table)) == [("type_in_place", "day")]


def test_amounts_with_signs_or_decimal_commas_are_for_an_import() -> None:
    table = TableMapping("sales", "order_lines", FIELDS, numbers={"sum": NumberFormat(",", is_plain=False)})
    assert codes(refused(TYPES | {"sum": "string"}, table)) == [("type_in_place", "sum")]


def test_fields_that_sales_need_are_asked_for() -> None:
    table = TableMapping("sales", "order_lines", {name: column for name, column in FIELDS.items() if name != "net_amount"})
    assert [problem.code for problem in refused(TYPES, table).problems] == ["no_amount"]


def test_repeats_are_removed_by_an_import_only() -> None:
    assert [problem.code for problem in refused(TYPES, options=ImportOptions(drop_duplicates=True)).problems] == ["repeats_in_place"]


def test_empty_tables_are_refused_as_an_import_refuses_them() -> None:
    error = refused(TYPES)
    assert isinstance(error, DataError)
    assert error.title == "Nothing can be used"


def test_where_no_row_can_be_used_the_reasons_are_told() -> None:
    backend = ibis.duckdb.connect()
    backend.raw_sql("CREATE TABLE sales AS SELECT 'a' AS who, '1' AS no, DATE '2999-01-01' AS day, 1.5 AS sum")
    table = replace(TableMapping("sales", "order_lines", FIELDS))
    with pytest.raises(DataError) as error:
        canonical([Source("sales", backend.table("sales"))], Mapping((table,)), backend)
    assert [(problem.message, problem.rows) for problem in error.value.problems] == [
        ("Rows are left out: the date cannot be read, or is no plausible one", 1)
    ]
