"""The expressions are such as every engine has words for, and no longer than a query by hand where nothing needs care."""

from __future__ import annotations

import re
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd
import pytest
import sqlglot
import sqlglot.expressions as sge

from crm_core.analytics.orders import form, sum_up
from crm_core.mapping.in_place.model import InPlace, Source
from crm_core.mapping.in_place.tables import canonical
from crm_core.mapping.model import ImportOptions, Mapping, TableMapping

ENGINES = ("duckdb", "postgres", "pyspark", "trino", "snowflake", "bigquery", "clickhouse")

LINES = {
    "item": "int64",
    "order_no": "!int64",
    "article": "string",
    "pieces": "int32",
    "price": "decimal(12, 2)",
    "discount": "decimal(12, 2)",
    "made": "decimal(12, 2)",
    "land": "string",
}
ORDERS = {"no": "int64", "who": "uuid", "at": "timestamp('UTC')", "state": "string", "money": "string(3)", "due": "date"}
PEOPLE = {"who": "uuid", "name": "string", "mail": "string", "news": "boolean", "since": "date", "tier": "string"}
GOODS = {"id": "string", "what": "string", "kind": "string", "each": "decimal(10, 4)"}
ANSWERS = {"id": "int64", "who": "uuid", "at": "timestamp", "nps": "int16", "csat": "decimal(4, 2)", "words": "string"}
WISHES = {
    "id": "string",
    "no": "int64",
    "at": "timestamp",
    "event": "timestamp",
    "end": "timestamp",
    "state": "string",
    "up": "boolean",
    "rate": "int16",
}
REACHED = {
    "id": "uuid",
    "mail": "string",
    "at": "timestamp",
    "via": "string",
    "why": "string",
    "what": "string",
    "out": "boolean",
    "paid": "decimal(10, 4)",
}

MAPPING = Mapping(
    (
        TableMapping(
            "lines",
            "order_lines",
            {
                "line_no": "item",
                "order_id": "order_no",
                "product_id": "article",
                "quantity": "pieces",
                "unit_price": "price",
                "discount_amount": "discount",
                "profit_amount": "made",
                "country": "land",
            },
        ),
        TableMapping(
            "orders",
            "orders",
            {"order_id": "no", "customer_id": "who", "ordered_at": "at", "status": "state", "currency": "money", "promised_on": "due"},
        ),
        TableMapping(
            "people",
            "customers",
            {"customer_id": "who", "name": "name", "email": "mail", "consent": "news", "joined_on": "since"},
            ("tier",),
        ),
        TableMapping("goods", "products", {"product_id": "id", "product": "what", "category": "kind", "unit_cost": "each"}),
        TableMapping(
            "answers",
            "surveys",
            {"response_id": "id", "customer_id": "who", "responded_at": "at", "nps_score": "nps", "csat_score": "csat", "comment": "words"},
        ),
        TableMapping(
            "wishes",
            "cases",
            {
                "case_id": "id",
                "order_id": "no",
                "opened_at": "at",
                "updated_at": "event",
                "resolved_at": "end",
                "status": "state",
                "is_escalated": "up",
                "csat_score": "rate",
            },
        ),
        TableMapping(
            "reached",
            "contacts",
            {
                "contact_id": "id",
                "email": "mail",
                "contacted_at": "at",
                "channel": "via",
                "campaign": "why",
                "outcome": "what",
                "opted_out_mark": "out",
                "cost_amount": "paid",
            },
        ),
    ),
    ImportOptions(currency="EUR", rates={"USD": "0.9"}),
)
TABLES = {"lines": LINES, "orders": ORDERS, "people": PEOPLE, "goods": GOODS, "answers": ANSWERS, "wishes": WISHES, "reached": REACHED}


class Worst:
    """Answers every question as if nothing were tidy, and keys stood several times; notes what was asked."""

    def __init__(self, is_tidy: bool = False) -> None:
        self.words = {"status": ["cancelled", "open"], "currency": ["EUR", "USD"]}
        self.is_tidy = is_tidy
        self.asked: list[ir.Table] = []

    def execute(self, expr: ir.Table) -> pd.DataFrame:
        self.asked.append(expr)
        rows = 2 if set(expr.columns) & self.words.keys() else 1
        return pd.DataFrame(
            {name: [self._cell(name, kind, row) for row in range(rows)] for name, kind in expr.schema().items()}, columns=expr.columns
        )

    def _cell(self, name: str, kind: Any, row: int) -> Any:
        if name in self.words:
            return self.words[name][row]
        if name in ("reason", "first", "last", "latest"):
            return None
        known = {"source_no": 4, "field": "nps_score", "given": "nps", "top": -1, "value": 9.0}
        if name in known:
            return known[name]
        return not self.is_tidy if kind.is_boolean() else (0 if self.is_tidy else 1) if name == "repeated" else 1


def opened(worst: Worst, mapping: Mapping = MAPPING) -> InPlace:
    sources = [Source(name, ibis.table(schema, name=name)) for name, schema in TABLES.items()]
    used = {one.source for one in mapping.tables}
    return canonical([one for one in sources if one.name in used], mapping, worst)


@pytest.fixture(scope="module")
def worst() -> tuple[InPlace, Worst]:
    asked = Worst()
    return opened(asked), asked


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_has_words_for_all_tables_and_questions(engine: str, worst: tuple[InPlace, Worst]) -> None:
    if engine == "pyspark":
        assert ibis.pyspark is not None  # Ibis knows its options from then on
    found, asked = worst
    assert set(found.tables) == {"order_lines", "orders", "customers", "surveys", "cases", "contacts"}
    for rows in (*found.tables.values(), *asked.asked):
        statement = str(ibis.to_sql(rows, dialect=engine))
        assert "TRY_CAST" not in statement
        assert "strptime" not in statement.lower()


def test_no_window_goes_over_a_whole_table(worst: tuple[InPlace, Worst]) -> None:
    statements = [str(ibis.to_sql(rows, dialect="duckdb")) for rows in worst[0].tables.values()]
    windows = [window for statement in statements for window in sqlglot.parse_one(statement, dialect="duckdb").find_all(sge.Window)]
    assert windows != []  # responses, cases and contacts are numbered within a day, and events within a case
    assert all(window.args.get("partition_by") for window in windows)


FLAT = {"customer": "string", "invoice": "string", "bought": "timestamp", "amount": "decimal(12, 2)"}


def flat(types: dict[str, str]) -> tuple[InPlace, Worst]:
    mapping = Mapping(
        (
            TableMapping(
                "sales", "order_lines", {"customer_id": "customer", "order_id": "invoice", "ordered_at": "bought", "net_amount": "amount"}
            ),
        )
    )
    asked = Worst(is_tidy=True)
    return canonical([Source("sales", ibis.table(types, name="sales"))], mapping, asked), asked


def test_tidy_sales_in_one_table_need_no_join_no_window_and_no_search_in_texts() -> None:
    found, asked = flat(FLAT)
    statement = str(ibis.to_sql(found.tables["order_lines"], dialect="postgres"))
    tree = sqlglot.parse_one(statement, dialect="postgres")
    assert not list(tree.find_all(sge.Join, sge.Window, sge.AggFunc, sge.Trim, sge.Lower, sge.RegexpLike, sge.Case))
    assert [one.name for one in tree.find_all(sge.Table)] == ["sales"]
    assert len(list(tree.find_all(sge.Where))) == 1
    assert len(asked.asked) == 5  # the look, the lines, who buys, the orders, the customers


def test_typed_columns_are_not_even_looked_at() -> None:
    _, asked = flat({"customer": "int64", "invoice": "uuid", "bought": "date", "amount": "decimal(12, 2)"})
    looked = str(ibis.to_sql(asked.asked[0], dialect="postgres"))
    assert re.findall(r'"t0"\."(customer|invoice|amount)"', looked) == []


def test_totals_of_customers_read_the_table_once() -> None:
    found, _ = flat(FLAT)
    statement = str(ibis.to_sql(sum_up(form(found.tables["order_lines"])), dialect="postgres"))
    assert len(re.findall(r'"sales"', statement)) == 1
