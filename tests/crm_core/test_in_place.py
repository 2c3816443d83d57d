"""Tables that stay where they lie: the same figures as imported, no rows in the file, and words for what is gone or not allowed."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from crm_core import in_place
from crm_core.analytics import rfm
from crm_core.cli import main
from crm_core.engines.connect import connect
from crm_core.errors import AnalysisError, CrmError, SourceError, WorkspaceError
from crm_core.mapping.suggest import suggest
from crm_core.sources.databases.connections import Connection
from crm_core.sources.databases.selection import Join, Selection
from crm_core.sources.staging import Staging
from crm_core.workspace import Workspace

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SALES = pd.DataFrame(
    {
        "order_id": [str(number) for number in range(60)],
        "customer_id": [f"c{number % 7}" for number in range(60)],
        "ordered_at": pd.date_range("2024-01-01", periods=60, freq="5D"),
        "net_amount": [Decimal(number) + Decimal("0.25") for number in range(60)],
    }
)
PEOPLE = pd.DataFrame({"customer_id": [f"c{number}" for number in range(7)], "country": ["Iran", "Peru"] * 3 + ["Chad"]})


@pytest.fixture
def lake(tmp_path: Path, home: Path) -> Path:
    """A folder of Parquet that a connection names, with a place for results."""
    folder = tmp_path / "lake"
    (folder / "sales" / "year=2024").mkdir(parents=True)
    (tmp_path / "results").mkdir()
    SALES.to_parquet(folder / "sales" / "year=2024" / "part.parquet")
    PEOPLE.to_parquet(folder / "people.parquet")
    home.mkdir(exist_ok=True)
    (home / "connections.toml").write_text(
        f'[connections.lake]\nurl = "parquet://{folder}"\nin_place = true\nwrite_folder = "{tmp_path / "results"}"\n'
    )
    return folder


@pytest.fixture
def shop(postgres: Any, home: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The same tables in PostgreSQL, read by a user who may write in a schema of his own alone."""
    postgres.create_database("lying")
    postgres.execute(
        """CREATE TABLE sales (order_id text, customer_id text, ordered_at timestamp, net_amount numeric(12, 2), note text);
        INSERT INTO sales SELECT n::text, 'c' || n % 7, timestamp '2024-01-01' + n * interval '5 days', n + 0.25, '' FROM generate_series(0, 59) n;
        CREATE TABLE people AS SELECT 'c' || n AS customer_id, (ARRAY['Iran', 'Peru'])[n % 2 + 1] AS country FROM generate_series(0, 6) n;
        CREATE SCHEMA crm""",
        "lying",
    )
    login = postgres.create_reader("looker", "lying")
    postgres.execute("GRANT USAGE, CREATE ON SCHEMA crm TO looker; GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker", "lying")
    monkeypatch.setenv("LOOKER", login.password)
    home.mkdir(exist_ok=True)
    url = postgres.url(user="looker", database="lying")
    (home / "connections.toml").write_text(
        f'[connections.shop]\nurl = "{url}"\npassword = "env:LOOKER"\nin_place = true\nwrite_schema = "crm"\n'
    )
    return postgres


def prepared(path: Path, connection: str, *selections: Selection) -> Path:
    """A workspace file over these tables."""
    known = in_place.connections()
    access = known.access_to(known.find(connection))
    with Staging() as staging, in_place.open_engine(known.find(connection)) as engine:
        in_place.stage_samples(staging, engine, selections, access)
        in_place.prepare(staging, suggest(staging).mapping, engine, path, name="Lying", now=NOW, access=access)
    return path


def sales_by_customer(ws: Workspace) -> dict[str, Decimal]:
    found = ws.execute(rfm.customers(ws, ws.as_of).select("customer_id", "net_sales"))
    return dict(zip(found["customer_id"], found["net_sales"], strict=True))


EXPECTED = {str(name): sum(rows["net_amount"], Decimal(0)) for name, rows in SALES.groupby("customer_id")}


def test_figures_over_parquet_are_those_of_the_rows(lake: Path, tmp_path: Path) -> None:
    with Workspace.open(prepared(tmp_path / "w.duckdb", "lake", Selection("lake", "sales"), Selection("lake", "people"))) as ws:
        assert sales_by_customer(ws) == EXPECTED
        assert (ws.first_day, ws.last_day) == (date(2024, 1, 1), date(2024, 10, 22))
        assert ws.receipt.rows_used == 67
        assert {one.duplicates for one in ws.receipt.sources} == {None}  # nobody counted them
        assert ws.split_fields() == {"country": "Country"}


def test_figures_inside_postgres_are_those_of_the_rows(shop: Any, tmp_path: Path) -> None:
    with Workspace.open(
        prepared(tmp_path / "w.duckdb", "shop", Selection("shop", "sales", "public"), Selection("shop", "people", "public"))
    ) as ws:
        assert sales_by_customer(ws) == EXPECTED
        assert ws.engine.label == "PostgreSQL"


def test_the_file_holds_no_rows(lake: Path, tmp_path: Path) -> None:
    path = prepared(tmp_path / "w.duckdb", "lake", Selection("lake", "sales"))
    with duckdb.connect(str(path), read_only=True) as con:
        counts = {
            str(name): con.execute(f"SELECT count(*) FROM {name}").fetchone()
            for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        }
        notes = " ".join(str(row[0]) for row in con.execute("SELECT value FROM _meta").fetchall())
    assert set(counts) == {"_meta", "_rejected"}
    assert counts["_rejected"] == (0,)
    assert "59.25" not in notes


def test_the_next_opening_sees_the_tables_as_they_are(shop: Any, tmp_path: Path) -> None:
    path = prepared(tmp_path / "w.duckdb", "shop", Selection("shop", "sales", "public"))
    with Workspace.open(path) as ws:
        before = ws.fingerprint
    shop.execute("INSERT INTO sales VALUES ('new', 'new', '2025-01-01', 7, '')", "lying")
    with Workspace.open(path) as ws:
        assert ws.fingerprint != before
        assert ws.last_day == date(2025, 1, 1)
        assert sales_by_customer(ws)["new"] == Decimal(7)
        assert ws.receipt.counts["order_lines"] == 61


def test_a_table_that_is_gone_is_named(shop: Any, tmp_path: Path) -> None:
    path = prepared(tmp_path / "w.duckdb", "shop", Selection("shop", "sales", "public"))
    shop.execute("ALTER TABLE sales RENAME TO sold", "lying")
    with pytest.raises(WorkspaceError, match="sales"):
        Workspace.open(path)


def test_a_column_that_is_gone_is_named(shop: Any, tmp_path: Path) -> None:
    path = prepared(tmp_path / "w.duckdb", "shop", Selection("shop", "sales", "public"))
    shop.execute("ALTER TABLE sales RENAME COLUMN net_amount TO amount_of_money", "lying")
    with pytest.raises(CrmError) as caught:
        Workspace.open(path)
    assert "net_amount" in caught.value.text()


def test_tables_are_joined_by_keys(lake: Path, tmp_path: Path) -> None:
    joined = Selection("lake", "sales", joins=(Join("people", (("customer_id", "customer_id"),)),))
    known = in_place.connections()
    with in_place.open_engine(known.find("lake")) as engine:
        rows = engine.execute(in_place.rows_of(engine, joined).order_by("order_id"))
    assert list(rows.columns) == ["order_id", "customer_id", "ordered_at", "net_amount", "year", "people.country"]
    assert len(rows) == 60
    assert dict(zip(rows["customer_id"], rows["people.country"], strict=True))["c6"] == "Chad"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "COPY sales TO '/tmp/x.csv'",
        "SELECT * FROM sales; DROP VIEW sales",
        "INSERT INTO sales SELECT * FROM sales",
        "SELECT getenv('HOME')",
    ],
)
def test_only_a_harmless_select_is_looked_at(lake: Path, query: str) -> None:
    known = in_place.connections()
    with in_place.open_engine(known.find("lake")) as engine, pytest.raises(SourceError):
        in_place.rows_of(engine, Selection("lake", query=query), known.access)


@pytest.mark.parametrize("statement", ["SELECT * FROM read_csv('/etc/passwd')", "COPY (SELECT 1) TO '/tmp/crm_x.csv'", "INSTALL httpfs"])
def test_a_lake_reaches_its_own_folder_alone(lake: Path, statement: str) -> None:
    """What holds where the check of statements should ever fail."""
    with in_place.open_engine(in_place.connections().find("lake")) as engine, pytest.raises(duckdb.Error):
        engine.raw.execute(statement)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "selection",
    [Selection("shop", "pg_authid", "pg_catalog"), Selection("shop", "pg_shadow"), Selection("shop", "tables", "information_schema")],
)
def test_the_servers_own_tables_are_nobodys_data(shop: Any, selection: Selection) -> None:
    known = in_place.connections()
    with in_place.open_engine(known.find("shop")) as engine, pytest.raises(SourceError, match="server's own"):
        in_place.rows_of(engine, selection, known.access)


@pytest.mark.parametrize("table", ["/etc/passwd", "*", "../secret.csv"])
def test_a_file_is_no_table(lake: Path, table: str) -> None:
    known = in_place.connections()
    with in_place.open_engine(known.find("lake")) as engine, pytest.raises(SourceError, match="file"):
        in_place.rows_of(engine, Selection("lake", table), known.access)


def test_a_table_may_have_a_dot_in_its_name(lake: Path) -> None:
    PEOPLE.to_parquet(lake / "people.v2.parquet")
    with in_place.open_engine(in_place.connections().find("lake")) as engine:
        assert engine.execute(in_place.rows_of(engine, Selection("lake", "people.v2")).count()) == 7


def test_a_query_can_be_looked_at(shop: Any, tmp_path: Path) -> None:
    query = "SELECT order_id, customer_id, ordered_at, net_amount FROM sales WHERE customer_id <> 'c0'"
    with Workspace.open(prepared(tmp_path / "w.duckdb", "shop", Selection("shop", query=query))) as ws:
        assert sales_by_customer(ws) == {name: value for name, value in EXPECTED.items() if name != "c0"}


def test_the_command_works_in_place_and_writes_where_it_may(
    lake: Path, shop: Any, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["segments", "connection:shop", "--table", "public.sales", "--in-place"]
    assert main([*arguments, "--out-table", "scores"]) == 0
    assert json.loads(capsys.readouterr().out) == {"written": "crm.scores"}
    written = shop.execute("SELECT customer_id, net_sales FROM crm.scores", "lying")
    assert {name: Decimal(value) for name, value in written} == EXPECTED
    assert main([*arguments, "--out-table", "a; DROP TABLE sales"]) == 2
    assert "plain name" in capsys.readouterr().err
    assert main([*arguments, "--out-parquet", "scores"]) == 2  # PostgreSQL cannot
    assert "--out-table" in capsys.readouterr().err
    assert main(arguments) == 0
    assert len(capsys.readouterr().out.splitlines()) == 8


def test_the_command_has_parquet_written(lake: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["segments", "connection:lake", "--table", "sales", "--in-place"]
    assert main([*arguments, "--out-parquet", "scores"]) == 0
    found = pd.read_parquet(json.loads(capsys.readouterr().out)["written"])
    assert dict(zip(found["customer_id"], found["net_sales"], strict=True)) == EXPECTED
    assert main([*arguments, "--out-table", "scores"]) == 2


def test_rows_that_cannot_be_used_are_counted(shop: Any, tmp_path: Path) -> None:
    shop.execute("INSERT INTO sales VALUES ('x', 'c1', NULL, 1, ''), ('y', 'c1', '2024-05-05', NULL, '')", "lying")
    with Workspace.open(prepared(tmp_path / "w.duckdb", "shop", Selection("shop", "sales", "public"))) as ws:
        assert ws.receipt.rows_rejected == 2
        assert ws.rejected(10).empty
        assert sales_by_customer(ws) == EXPECTED


def test_only_an_administrator_lets_analyses_in() -> None:
    with pytest.raises(SourceError) as caught:
        connect(Connection("shop", "postgresql://reader@localhost/shop"), {})
    assert "in_place = true" in caught.value.hint
    with pytest.raises(SourceError, match="imports"):
        connect(Connection("shop", "sqlite:////srv/shop.sqlite", in_place=True), {})


@pytest.mark.parametrize("url", ["postgresql://reader@127.0.0.1:1/shop", "trino://reader@127.0.0.1:1/shop/public"])
def test_a_place_that_does_not_answer_is_told_without_secrets(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = Connection("shop", url, "env:SECRET", in_place=True)
    with pytest.raises(CrmError) as caught:
        connect(connection, {"SECRET": "sesame-open"})
    assert "sesame-open" not in caught.value.text() + repr(caught.value.__cause__)


def test_what_the_data_lacks_is_said_as_of_an_import(lake: Path, tmp_path: Path) -> None:
    with (
        Workspace.open(prepared(tmp_path / "w.duckdb", "lake", Selection("lake", "sales"))) as ws,
        pytest.raises(AnalysisError, match="surveys"),
    ):
        ws.table("surveys")


def test_a_check_that_is_stopped_leaves_nothing(lake: Path, tmp_path: Path) -> None:
    """Five times the table by itself, which takes longer than anybody waits."""
    query = "SELECT a.* FROM sales a, sales b, sales c, sales d, sales e"
    told: list[str] = []

    def stop(share: float, words: str) -> None:
        told.append(words)
        raise KeyboardInterrupt

    known, path = in_place.connections(), tmp_path / "w.duckdb"
    with Staging() as staging, in_place.open_engine(known.find("lake")) as engine:
        in_place.stage_samples(staging, engine, [Selection("lake", query=query)])
        with pytest.raises(KeyboardInterrupt):
            in_place.prepare(staging, suggest(staging).mapping, engine, path, name="Lying", now=NOW, progress=stop)
        assert engine.execute(engine.source("sales").count()) == len(SALES)
    assert told == ["DuckDB over Parquet goes through all rows…"]
    assert not list(tmp_path.glob("w.duckdb*"))


def test_only_the_schemas_of_the_connection_are_read(shop: Any, home: Path) -> None:
    shop.execute("CREATE SCHEMA private; CREATE TABLE private.pay AS SELECT 1 AS i; GRANT USAGE ON SCHEMA private TO looker; "
                 "GRANT SELECT ON private.pay TO looker", "lying")  # fmt: skip
    file = home / "connections.toml"
    pay = [Selection("shop", "pay", "private"), Selection("shop", query="SELECT * FROM private.pay")]
    for schemas, may in ((("public",), False), (("public", "private"), True)):
        known = in_place.connections()
        connection = replace(known.find("shop"), schemas=schemas)
        with in_place.open_engine(connection) as engine:
            for selection in pay:
                with nullcontext() if may else pytest.raises(SourceError, match="may read of public"):
                    in_place.rows_of(engine, selection, known.access_to(connection))
    file.write_text(file.read_text() + 'schemas = ["public"]\n')
    with pytest.raises(SourceError, match="may read of public"):
        prepared(home / "w.duckdb", "shop", pay[0])


def test_newer_rows_are_a_matter_of_imports(lake: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--workspace", "Lake", "--newer-by", "ordered_at"]
    assert main(["import", "connection:lake", "--table", "sales", "--in-place", *arguments]) == 2
    assert "--newer-by" in capsys.readouterr().err
    assert main(["import", str(lake / "people.parquet"), *arguments]) == 2
    assert "--newer-by" in capsys.readouterr().err


def test_types_of_all_kinds_do_not_disturb(shop: Any, tmp_path: Path) -> None:
    """What no field takes is left out; ids and the like of a type of their own are text; what Python has no moment or number for is missing."""
    shop.execute(
        """CREATE TABLE odd AS SELECT gen_random_uuid() AS order_id, 'c' || n % 7 AS customer_id, n + 0.25 AS net_amount,
        CASE WHEN n = 5 THEN 'infinity' ELSE timestamp '2024-01-01' + n * interval '5 days' END AS ordered_at, ARRAY[n] AS numbers,
        '{"a": 1}'::jsonb AS doc, '\\x00'::bytea AS bytes, interval '1 day' AS lasted, time '10:00' AS clock, '10.0.0.1'::inet AS address, point(1, 2) AS place,
        B'101' AS bits, '<a/>'::xml AS page, 'a b'::tsvector AS words, int4range(1, 3) AS range, 'NaN'::numeric AS none, 'NaN'::float AS nan,
        '2024-01-01 00:00+02'::timestamptz AS zoned, 'infinity'::date AS never, n::numeric::money AS cost FROM generate_series(0, 59) n;
        GRANT SELECT ON odd TO looker""",
        "lying",
    )
    with Workspace.open(prepared(tmp_path / "w.duckdb", "shop", Selection("shop", "odd", "public"))) as ws:
        assert ws.receipt.rows_rejected == 1  # the one that never comes
        assert sales_by_customer(ws)["c5"] == EXPECTED["c5"] - Decimal("5.25")
        orders = ws.execute(ws.table("orders").order_id.nunique())
        assert orders == 59
        assert ws.execute(ws.table("order_lines").cost_amount.sum()) == sum(range(60)) - 5
    money = Selection("shop", query="SELECT customer_id, cost FROM odd")
    with in_place.open_engine(in_place.connections().find("shop")) as engine, pytest.raises(WorkspaceError, match="money") as caught:
        engine.arrow(in_place.rows_of(engine, money))
    assert "::numeric" in caught.value.hint
