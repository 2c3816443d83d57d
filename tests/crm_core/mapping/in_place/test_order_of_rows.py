"""A database has no order of rows: whatever it is, and however often it is asked, the tables are the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.engines.base import Engine
from crm_core.mapping.in_place.model import Source
from crm_core.mapping.in_place.tables import canonical
from crm_core.mapping.model import Mapping, TableMapping

SALES = {"who": "customer_id", "no": "order_id", "day": "ordered_at", "sum": "net_amount", "by": "channel", "land": "country"}
ORDERS = {"no": "order_id", "who": "customer_id", "day": "ordered_at", "by": "channel"}
PEOPLE = {"who": "customer_id", "land": "country", "name": "name"}
ANSWERS = {"who": "customer_id", "day": "responded_at", "nps": "nps_score"}
EVENTS = {"case": "case_id", "day": "updated_at", "state": "status", "who": "customer_id"}
REACHED = {"no": "contact_id", "who": "customer_id", "day": "contacted_at", "by": "channel", "what": "outcome"}

few = st.sampled_from(["a", "b", None])
days = st.sampled_from(["2024-01-01", "2024-01-01 10:00:00", "2024-01-02"])
rows_of = {
    "sales": st.tuples(few, st.sampled_from(["1", "2"]), days, st.integers(-5, 9), few, few),
    "orders": st.tuples(st.sampled_from(["1", "2", "3"]), few, days, few),
    "people": st.tuples(few, few, few),
    "answers": st.tuples(few, days, st.integers(0, 10)),
    "reached": st.tuples(st.sampled_from(["x", None]), few, days, few, st.sampled_from(["sent", "opened", "optout", "hm", "ah"])),
    "events": st.tuples(st.sampled_from(["x", "y"]), days, st.sampled_from(["open", "closed"]), few),
}
FIELDS: dict[str, tuple[Any, dict[str, str]]] = {
    "sales": ("order_lines", SALES),
    "orders": ("orders", ORDERS),
    "people": ("customers", PEOPLE),
    "answers": ("surveys", ANSWERS),
    "events": ("cases", EVENTS),
    "reached": ("contacts", REACHED),
}
TYPES = {"sum": pa.int64(), "nps": pa.int64()}


def tables(rows: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[str]]:
    """The canonical tables of these rows, each in an order of its own."""
    engine = Engine(ibis.duckdb.connect())
    for name, of_table in rows.items():
        columns = [*FIELDS[name][1]]
        schema = pa.schema([(column, TYPES.get(column, pa.string())) for column in columns])
        engine.backend.create_table(
            name, pa.table([pa.array([row[at] for row in of_table], schema.field(at).type) for at in range(len(columns))], schema)
        )
    mapped = [TableMapping(name, FIELDS[name][0], {field: column for column, field in FIELDS[name][1].items()}) for name in rows]
    found = canonical([Source(name, engine.backend.table(name)) for name in rows], Mapping(tuple(mapped)), engine)
    return {name: sorted(map(str, engine.arrow(table).to_pylist())) for name, table in found.tables.items()}


@settings(max_examples=5)
@given(st.fixed_dictionaries({name: st.lists(one, min_size=1, max_size=6) for name, one in rows_of.items()}), st.randoms())
def test_the_order_of_rows_does_not_matter(rows: dict[str, list[tuple[Any, ...]]], random: Any) -> None:
    shuffled = {name: random.sample(of_table, len(of_table)) for name, of_table in rows.items()}
    assert tables(rows) == tables(shuffled)


@pytest.mark.parametrize("name", ["sales", "orders", "people"])
def test_a_table_in_two_halves_is_the_same_table(name: str) -> None:
    rows = {
        "sales": [
            ("a", "1", "2024-01-01", 5, "web", "NL"),
            ("b", "2", "2024-01-02", 6, None, "BE"),
            (None, "2", "2024-01-03", 7, "app", None),
        ],
        "orders": [("1", "a", "2024-01-01", "web"), ("3", "b", "2024-01-05", "app")],
        "people": [("a", "DE", "Ann"), ("c", "FR", "Cem")],
    }
    whole = tables(rows)
    grain, fields = FIELDS[name]
    FIELDS["half"] = (grain, fields)
    try:
        assert tables({**rows, name: rows[name][:1], "half": rows[name][1:]}) == whole
    finally:
        del FIELDS["half"]


def test_asked_twice_the_answer_is_the_same() -> None:
    mapping = TableMapping("sales", "order_lines", {field: column for column, field in SALES.items()})
    backend = ibis.duckdb.connect()
    backend.create_table("sales", pa.table({"who": ["a"], "no": ["1"], "day": ["2024-01-01"], "sum": [1], "by": ["x"], "land": ["NL"]}))
    engine = Engine(backend)
    first, second = (canonical([Source("sales", backend.table("sales"))], Mapping((replace(mapping),)), engine) for _ in range(2))
    assert first.receipt == second.receipt
    assert all(first.tables[name].equals(second.tables[name]) for name in first.tables)
