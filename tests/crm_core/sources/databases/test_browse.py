"""What is in a database is found, whatever its names hold."""

from __future__ import annotations

import pytest

from crm_core.errors import SourceError
from crm_core.sources.databases import browse
from crm_core.sources.databases.selection import Join, Selection
from crm_core.sources.databases.stage import stage

MESSY = [
    "plain",
    'qu"ote',
    "a.b",
    "100%",
    "50%s",
    "na:me",
    "فروش",
    "Имя клиента",
    "it's",
    "back`tick",
    "sp ace",
    "(x)",
    "UPPER",
    "a\\b",
    "select",
    "%(x)s",
    "[y]",
]


@pytest.fixture(params=["postgres", "mariadb", "sqlite"])
def on_each(request):
    return request.getfixturevalue(f"on_{request.param}")


def quoted(name, opened_or_kind):
    return "`" + name.replace("`", "``") + "`" if opened_or_kind == "mariadb" else '"' + name.replace('"', '""') + '"'


def test_messy_names_are_browsed_previewed_and_read(request, on_each, staging):
    kind = request.node.callspec.params["on_each"]
    columns = ", ".join(f"{quoted(name, kind)} int" for name in MESSY)
    numbers = ", ".join(str(number) for number in range(len(MESSY)))
    statements = ";".join(
        f"CREATE TABLE {quoted(name, kind)} ({columns}); INSERT INTO {quoted(name, kind)} VALUES ({numbers})" for name in MESSY
    )
    opened = on_each(statements)
    schema = browse.schemas(opened)[0]
    assert {one.name for one in browse.tables(opened, schema)} == set(MESSY)
    for name in MESSY:
        assert [one.name for one in browse.columns(opened, name, schema)] == MESSY
        assert browse.find(opened, name)[1] == name
    for name in MESSY[1:]:
        selection = Selection("shop", name, schema, newer_than=(name, -1))
        assert browse.preview(opened, selection).iloc[0].to_dict() == {column: str(number) for number, column in enumerate(MESSY)}
        table = stage(staging, opened, selection, progress=lambda share, sentence: None)
        assert [column.name for column in table.columns] == MESSY
        assert staging.raw.execute(f"FROM {table.ref}").fetchall() == [tuple(range(len(MESSY)))]


SHOP = """
    CREATE TABLE customers (id int PRIMARY KEY, name varchar(20));
    CREATE TABLE orders (id int PRIMARY KEY, customer_id int, total int, FOREIGN KEY (customer_id) REFERENCES customers (id));
    CREATE VIEW big AS SELECT * FROM orders WHERE total > 10;
    INSERT INTO customers VALUES (1, 'Ann'), (2, 'Bob');
    INSERT INTO orders VALUES (10, 1, 5), (11, 1, 50), (12, NULL, 7);
"""


def test_tables_views_and_keys(on_each):
    opened = on_each(SHOP)
    schema = browse.schemas(opened)[0]
    assert [(one.name, one.kind) for one in browse.tables(opened, schema)] == [("big", "view"), ("customers", "table"), ("orders", "table")]
    keys = browse.keys(opened, "orders", schema)
    assert keys.primary == ("id",)
    assert [(one.table, one.on) for one in keys.foreign] == [("customers", (("customer_id", "id"),))]
    assert browse.keys(opened, "big", schema) == browse.Keys((), ())


def test_approximate_rows_come_from_statistics(on_postgres):
    opened = on_postgres("CREATE TABLE t AS SELECT * FROM generate_series(1, 5000) AS g(i); ANALYZE t; CREATE TABLE fresh (i int)")
    assert {one.name: one.rows for one in browse.tables(opened, "public")} == {"t": 5000, "fresh": None}


def test_only_schemas_of_the_connection_are_shown(on_postgres):
    opened = on_postgres("CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE a.t (i int)", schemas=("a",))
    assert browse.schemas(opened) == ["a"]
    assert [one.title for one in browse.tables(opened)] == ["a.t"]


def test_other_schemas_are_not_read(on_postgres):
    opened = on_postgres(
        "CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE a.t AS SELECT 1 AS i; CREATE TABLE b.t AS SELECT 2 AS i", schemas=("a",)
    )
    for query in ("SELECT * FROM a.t", "WITH t AS (SELECT i FROM A.t) SELECT i FROM t"):
        assert browse.preview(opened, Selection("x", query=query)).iloc[0, 0] == "1"
    for selection in (
        Selection("x", "t", "b"),
        Selection("x", query="SELECT * FROM b.t"),
        Selection("x", query="SELECT (SELECT max(b.t.i) FROM b.t) FROM a.t"),
        Selection("x", query='SELECT * FROM a.t, "elsewhere".a.t AS o'),
    ):
        with pytest.raises(SourceError, match="this connection may read of a"):
            browse.preview(opened, selection)


def test_preview_has_few_rows_and_short_cells(on_each):
    opened = on_each("CREATE TABLE t (a int, b text); INSERT INTO t VALUES (1, '" + "x" * 2000 + "'), (2, NULL), (3, 'c')")
    for selection in (
        Selection("shop", "t"),
        Selection("shop", query="SELECT * FROM t ORDER BY a LIMIT 100"),
        Selection("shop", query="SELECT * FROM t ORDER BY a"),
    ):
        shown = browse.preview(opened, selection, rows=2)
        assert len(shown) == 2
        assert len(shown.iloc[0]["b"]) == browse.LONGEST_CELL
    assert len(browse.preview(opened, Selection("shop", query="SELECT a FROM t UNION ALL SELECT a FROM t"), rows=4)) == 4
    assert len(browse.preview(opened, Selection("shop", query="SELECT a FROM t LIMIT 1"), rows=4)) == 1


def test_preview_of_equal_names_tells_them_apart(on_each):
    opened = on_each("CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
    assert list(browse.preview(opened, Selection("shop", query="SELECT a, a FROM t")).columns) == ["a", "a (2)"]


def test_missing_table_is_told_with_those_there_are(on_each):
    opened = on_each(SHOP)
    with pytest.raises(SourceError, match="customers, orders"):
        browse.find(opened, "nothing")
    with pytest.raises(SourceError, match="nothing"):
        browse.columns(opened, "nothing")


def test_joins_by_keys(on_each, staging, columns_of):
    opened = on_each(SHOP)
    selection = Selection("shop", "orders", joins=(Join("customers", (("customer_id", "id"),)),))
    assert columns_of(stage(staging, opened, selection)) == {
        "id": ("number", [10, 11, 12]),
        "customer_id": ("number", [1, 1, None]),
        "total": ("number", [5, 50, 7]),
        "customers.name": ("text", ["Ann", "Ann", None]),
    }
    chosen = Selection("shop", "orders", columns=("id", "customers.name"), joins=selection.joins, newer_than=("id", 11))
    assert columns_of(stage(staging, opened, chosen)) == {"id": ("number", [12]), "customers.name": ("text", [None])}
    assert list(browse.preview(opened, selection).columns) == ["id", "customer_id", "total", "customers.name"]
    with pytest.raises(SourceError, match="no column “nothing”"):
        stage(staging, opened, Selection("shop", "orders", joins=(Join("customers", (("nothing", "id"),)),)))


def test_tables_of_the_server_itself_are_not_read(on_each, staging):
    opened = on_each(SHOP)
    schema, name = {"postgresql": ("pg_catalog", "pg_shadow"), "mysql": ("mysql", "user"), "sqlite": (None, "sqlite_master")}[
        opened.dialect
    ]
    for action in (lambda one: browse.preview(opened, one), lambda one: stage(staging, opened, one)):
        with pytest.raises(SourceError, match="own table"):
            action(Selection("shop", name, schema))
