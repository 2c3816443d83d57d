"""Everything that is wrong with a mapping is said at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from crm_core.mapping.model import DateFormat, Mapping, NumberFormat, TableMapping
from crm_core.mapping.overrides import with_scale
from crm_core.mapping.validate import validate
from crm_core.sources.staging import Staging
from tests.crm_core.mapping.cells import put_columns

SALES = TableMapping(
    "sales",
    "order_lines",
    {"customer_id": "client", "ordered_at": "day", "net_amount": "sum"},
    numbers={"sum": NumberFormat()},
    dates={"day": DateFormat("iso")},
)


@pytest.fixture
def staging(tmp_path: Path) -> Iterator[Staging]:
    with Staging(tmp_path) as area:
        put_columns(area, {"client": ["x"], "day": ["2023-01-15"], "sum": ["1.5"], "order": ["1"]}, name="sales")
        put_columns(area, {"order": ["1"], "client": ["x"], "day": ["2023-01-15"]}, name="orders")
        yield area


def codes(staging: Staging, *tables: TableMapping) -> list[str]:
    return [problem.code for problem in validate(staging, Mapping(tables))]


def test_a_whole_mapping_has_no_problem(staging: Staging) -> None:
    assert codes(staging, SALES) == []


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        (replace(SALES, source="gone"), "table_unknown"),
        (SALES.with_field("net_amount", "sums"), "column_unknown"),
        (SALES.with_field("product_id", "client"), "column_used_twice"),
        (replace(SALES, attributes=("client",)), "column_used_twice"),
        (replace(SALES, fields=SALES.fields | {"score": "order"}), "field_unknown"),
        (replace(SALES, dates={}), "format_missing"),
        (replace(SALES, numbers={}), "format_missing"),
        (replace(SALES, dates={"day": DateFormat("dmy", is_ambiguous=True)}), "date_order"),
        (SALES.with_field("net_amount", None), "no_amount"),
        (SALES.with_field("ordered_at", None), "no_date"),
        (SALES.with_field("customer_id", None), "no_customer"),
        (TableMapping("sales", "customers"), "no_amount"),
        (TableMapping("sales", "ignore"), "nothing_to_use"),
        (TableMapping("sales", "sails"), "grain_unknown"),  # type: ignore[arg-type]
    ],
)
def test_each_fault_is_found(staging: Staging, changed: TableMapping, code: str) -> None:
    assert code in codes(staging, changed)


def test_a_date_and_a_customer_may_come_from_the_orders_file(staging: Staging) -> None:
    lines = TableMapping("sales", "order_lines", {"order_id": "order", "net_amount": "sum"}, numbers={"sum": NumberFormat()})
    orders = TableMapping(
        "orders", "orders", {"order_id": "order", "customer_id": "client", "ordered_at": "day"}, dates={"day": DateFormat("iso")}
    )
    assert codes(staging, lines, orders) == []
    assert set(codes(staging, lines)) == {"no_date", "no_customer"}


def test_surveys_or_cases_alone_are_enough(staging: Staging) -> None:
    survey = TableMapping("sales", "surveys", {"score": "sum", "responded_at": "day"}, numbers={"sum": NumberFormat()}, dates=SALES.dates)
    assert codes(staging, survey) == []
    assert codes(staging, survey.with_field("responded_at", None)) == ["no_date"]
    case = TableMapping("sales", "cases", {"case_id": "order", "opened_at": "day"}, dates=SALES.dates)
    assert codes(staging, case) == []
    assert codes(staging, case.with_field("opened_at", None)) == ["no_date"]


def test_a_file_given_twice_is_asked_about_unless_one_is_left_out(staging: Staging) -> None:
    twin = replace(staging.staged("sales"), name="copy", file="copy")
    staging.tables.append(twin)
    staging.fingerprints |= {"sales": "a1", "copy": "a1"}
    both = [SALES, replace(SALES, source="copy")]
    (asked,) = validate(staging, Mapping(tuple(both)))
    assert (asked.code, asked.table, asked.severity) == ("file_twice", "copy", "question")
    assert validate(staging, Mapping((SALES, TableMapping("copy", "ignore")))) == []


def test_all_faults_are_told_at_once(staging: Staging) -> None:
    assert len(codes(staging, TableMapping("sales", "order_lines", {"product": "nothing", "score": "sum"}))) >= 5


def responses(area: Staging, column: str, scores: list[int], scale: str = "") -> TableMapping:
    put_columns(area, {"day": ["2023-01-15"] * len(scores), column: [str(one) for one in scores]}, name="s.csv")
    table = TableMapping("s.csv", "surveys", {"responded_at": "day", "score": column}, scale=scale)
    return replace(table, dates={"day": DateFormat("iso")}, numbers={column: NumberFormat()})


@pytest.mark.parametrize(
    ("column", "scores", "taken", "instead"),
    [
        ("NPS", [1, 2, 3, 4, 5], "nps 0-10", "csat 1-5"),
        ("NPS", [0, 20, 40, 60, 100], "nps 0-10", "csat 0-100"),
        ("rating", [1, 2, 3], "csat 1-5", "csat 1-3"),
    ],
)
def test_a_scale_that_the_values_do_not_tell_is_asked_about(
    staging: Staging, column: str, scores: list[int], taken: str, instead: str
) -> None:
    (problem,) = validate(staging, Mapping((responses(staging, column, scores * 20),)))
    assert (problem.code, problem.severity, problem.column) == ("which_scale", "question", column)
    assert problem.option == f'--scale "s.csv={taken}" or --scale "s.csv={instead}"'
    for answer in (taken, instead):
        mapping = with_scale(Mapping((responses(staging, column, scores * 20),)), f"s.csv={answer}")
        assert validate(staging, mapping) == []


def test_a_scale_that_is_usual_is_not_asked_about(staging: Staging) -> None:
    assert codes(staging, responses(staging, "rating", [1, 2, 3, 4, 5] * 20)) == []
    assert codes(staging, responses(staging, "NPS", [1, 2, 3])) == []
