"""What a workspace may expect of any engine: kept once, given back whole, in order, in words, and again after a lost connection."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import ibis
import pandas as pd
import psycopg
import pyarrow as pa
import pytest

from crm_core.analytics import rfm
from crm_core.engines.postgres import Postgres
from crm_core.errors import WorkspaceError
from crm_core.workspace import Workspace
from tests.contracts.answers import answer, differences
from tests.contracts.catalogue import CONTRACTS
from tests.contracts.engines import copy_in, into_postgres, on_postgres, views
from tests.contracts.look import Look, look
from tests.contracts.test_analyses import POSTGRES, SPARK

CONNECT = pytest.param("connect", marks=[pytest.mark.spark, pytest.mark.xdist_group("spark")])
EVERY = pytest.mark.parametrize("engine", ["embedded", POSTGRES, SPARK, CONNECT])
ELSEWHERE = pytest.mark.parametrize("engine", [POSTGRES, SPARK, CONNECT])


@pytest.fixture
def tiny(embedded: Callable[[str], Look], elsewhere: Callable[[str, str], Look]) -> Callable[[str], Workspace]:
    """The company of single rows in an engine."""
    return lambda engine: (embedded("tiny") if engine == "embedded" else elsewhere(engine, "tiny")).ws


#: A row of every canonical type at its edges, and one of nothing.
VALUES: dict[str, list[Any]] = {
    "number": [1, 2, 3],
    "text": ["e\u0301 𝒞 سلام\u200cها «'\"\\%", "", None],
    "day": [date(1969, 12, 31), date(9999, 12, 31), None],
    "moment": [datetime(1969, 12, 31, 23, 59, 59, 999_999), datetime(2262, 1, 1, 0, 0, 0, 1), None],
    "amount": [Decimal("99999999999999.9999"), Decimal("-0.0001"), None],
    "sum": [Decimal("9999999999999999999999999999999999.9999"), Decimal("-9999999999999999999999999999999999.9999"), None],
    "flag": [True, False, None],
    "whole": [2**63 - 1, -(2**63), None],
    "share": [0.1 + 0.2, -1e300, None],
}
TYPES = ibis.schema(
    {
        "number": "int64", "text": "string", "day": "date", "moment": "timestamp", "amount": "decimal(18, 4)", "sum": "decimal(38, 4)",
        "flag": "boolean", "whole": "int64", "share": "float64",
    }
)  # fmt: skip


def values() -> Any:
    return ibis.memtable(pa.table(VALUES, schema=TYPES.to_pyarrow()))


def told(found: pd.DataFrame) -> list[tuple[Any, ...]]:
    rows = found.sort_values("number").itertuples(index=False)
    return [tuple(None if pd.isna(one) else one.to_pydatetime() if isinstance(one, pd.Timestamp) else one for one in row) for row in rows]


@EVERY
def test_values_of_every_type_come_back_as_they_went_in(engine: str, tiny: Callable[[str], Workspace]) -> None:
    ws = tiny(engine)
    went_in = list(zip(*VALUES.values(), strict=True))
    kept = ws.keep("values of every type", values)
    for name, found in (("executed", ws.execute(values())), ("kept", ws.execute(kept))):
        for mine, its in zip(told(found), went_in, strict=True):
            day = mine[2].date() if isinstance(mine[2], datetime) else mine[2]  # pandas keeps days as moments
            whole = its[7] if its[7] is None else float(its[7])  # and whole numbers as floating point beside missing ones
            assert (*mine[:2], day, *mine[3:]) == (*its[:7], whole, its[8]), name
    (batch,) = ws.batches(kept.order_by("number"))
    assert batch.schema.types == TYPES.to_pyarrow().types
    assert batch.to_pylist() == [dict(zip(TYPES.names, row, strict=True)) for row in went_in]


@EVERY
def test_types_of_answers_do_not_depend_on_missing_values(
    engine: str, tiny: Callable[[str], Workspace], embedded: Callable[[str], Look]
) -> None:
    ws, yardstick = tiny(engine), embedded("tiny").ws
    for narrow in (lambda t: t, lambda t: t.filter(t.number < 3), lambda t: t.filter(t.number > 3), lambda t: t.filter(t.number == 3)):
        assert list(ws.execute(narrow(values())).dtypes) == list(yardstick.execute(narrow(values())).dtypes)


@EVERY
def test_what_is_kept_is_worked_out_once_and_dropped_when_nobody_refers_to_it(engine: str, tiny: Callable[[str], Workspace]) -> None:
    ws, built = tiny(engine), []

    def build() -> Any:
        built.append(1)
        return ws.table("customers").select("customer_id", random=ibis.random())

    ws._kept.clear()  # nothing that others kept goes meanwhile to make room
    ws._drop_unused()
    before = count_kept(ws)
    first, again = ws.keep("once", build), ws.keep("once", build)
    assert built == [1]
    assert ws.execute(first)["random"].tolist() == ws.execute(again)["random"].tolist()
    assert count_kept(ws) == before + 1
    del first, again
    ws._kept.pop("once")
    ws._drop_unused()
    assert count_kept(ws) == before


def count_kept(ws: Workspace) -> int:
    """Tables and views that the engine made for us and still has."""
    dialect = ws.engine.dialect
    if dialect == "postgres":
        return int(
            ws.engine.backend.con.execute("SELECT count(*) FROM pg_class WHERE relname LIKE 'kept%' AND relkind = 'r'").fetchone()[0]
        )
    if dialect == "pyspark":
        return sum(one.startswith("kept") and one.endswith(ws.engine._mark) for one in views(ws.engine._session))
    return sum(one.startswith("kept") for one in ws.engine.backend.list_tables())


@EVERY
def test_a_frame_of_a_hundred_thousand_rows_goes_in_quickly(engine: str, tiny: Callable[[str], Workspace]) -> None:
    ws = tiny(engine)
    frame = pd.DataFrame({"history": range(100_000), "worth": [one / 7 for one in range(100_000)]})
    ws.execute(ibis.memtable(frame.head(1)).count())  # the connection is warm
    start = time.perf_counter()
    table = ws.keep(f"large frame {engine}", lambda: ibis.memtable(frame))
    found = ws.execute(table.aggregate(n=table.count(), last=table.history.max(), worth=table.worth.sum())).iloc[0]
    assert time.perf_counter() - start < 30  # by INSERT it takes minutes
    assert (found["n"], found["last"]) == (100_000, 99_999)
    assert found["worth"] == pytest.approx(frame["worth"].sum(), rel=1e-12)


@EVERY
def test_rows_stream_in_order_and_in_pieces(engine: str, tiny: Callable[[str], Workspace]) -> None:
    ws = tiny(engine)
    table = ws.keep(f"rows to stream {engine}", lambda: ibis.memtable(pd.DataFrame({"n": range(5_000)})))
    pieces = list(ws.batches(table.order_by(ibis.desc("n")), rows=1_000))
    assert [n for piece in pieces for n in piece.column("n").to_pylist()] == list(range(4_999, -1, -1))
    assert len(pieces) > 1
    assert max(piece.num_rows for piece in pieces) <= 2_048  # DuckDB's own vectors


@EVERY
def test_others_may_ask_while_rows_stream(engine: str, tiny: Callable[[str], Workspace]) -> None:
    ws = tiny(engine)
    table = ws.keep(f"rows to stream {engine}", lambda: ibis.memtable(pd.DataFrame({"n": range(5_000)})))
    stream = ws.batches(table.order_by("n"), rows=1_000)
    first = next(stream)
    kept = ws.keep(f"made meanwhile {engine}", lambda: table.filter(table.n < 10))
    rest = [piece.num_rows for piece in stream]
    assert first.num_rows + sum(rest) == 5_000
    assert ws.execute(kept.count()) == 10
    unfinished = ws.batches(table.order_by("n"), rows=1_000)
    next(unfinished)
    unfinished.close()
    assert ws.execute(kept.count()) == 10


@EVERY
def test_what_nobody_waits_for_any_more_is_stopped(engine: str, tiny: Callable[[str], Workspace]) -> None:
    """Spark's tasks may go on for a while when their job has ended, so they get less to do."""
    ws, most = tiny(engine), 30_000 if engine in ("embedded", "postgres") else 1_000
    few, more = (ibis.memtable(pd.DataFrame({"n": range(count)})) for count in (1_000, most))
    table = ws.keep(f"numbers to multiply {engine}", lambda: few.rename(a="n").cross_join(few.rename(b="n")))
    endless = table.cross_join(more).filter(lambda t: (t.a * t.b + t.n) % 7 == 3).count()
    told: list[int] = []
    ended: list[str] = []

    def work() -> None:
        try:
            ws.execute(endless)
            ended.append("done")
        except Exception:  # each engine in its own words, which nobody hears
            ended.append("stopped")

    def tell() -> None:
        told.append(1)
        if len(told) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ws.engine.beside(work, tell)
    assert (len(told), ended) == (3, ["stopped"])
    assert ws.execute(table.count()) == 1_000_000


@EVERY
def test_without_a_place_nothing_is_written_and_it_says_so(engine: str, tiny: Callable[[str], Workspace]) -> None:
    ws = tiny(engine)
    with pytest.raises(WorkspaceError, match=r"may only read|No place"):
        ws.engine.write_table("results", ws.table("customers"))
    with pytest.raises(WorkspaceError, match="Parquet"):
        ws.engine.write_parquet("results", ws.table("customers"))


@ELSEWHERE
def test_a_table_that_is_gone_is_told_in_words(engine: str, tiny: Callable[[str], Workspace]) -> None:
    ws = tiny(engine)
    gone = ws.engine.known("secret_of_ours", ws.table("customers"))
    with pytest.raises(WorkspaceError, match="A table has changed") as caught:
        ws.execute(gone.filter(gone.customer_id == "Mrs Secret"))
    assert "Secret" not in str(caught.value) + repr(caught.value.__cause__)
    assert ws.execute(ws.table("customers").count()) == 1


# -- PostgreSQL --------------------------------------------------------------------------------------------------------


@pytest.fixture
def company_in_postgres(company: Callable[[str], Any], postgres: Any) -> Iterator[tuple[Any, Look]]:
    """The nasty company with a connection that the test may lose, and the server."""
    one = company("nasty")
    with on_postgres(one, into_postgres(one, postgres, "lost")) as ws:
        yield postgres, look("nasty", ws)


def end_connections(server: Any, it: Look) -> None:
    server.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{it.ws.engine._connect['dbname']}'")


@pytest.mark.xdist_group("contracts in PostgreSQL")
def test_after_a_lost_connection_the_next_question_is_answered(company_in_postgres: tuple[Any, Look], expected: Callable[..., Any]) -> None:
    server, it = company_in_postgres
    rfm.customers(it.ws, it.as_of)
    end_connections(server, it)
    with pytest.raises(WorkspaceError, match="does not answer") as caught:
        it.ws.execute(it.ws.table("customers").count())
    assert caught.value.hint
    found = answer(it.ws, lambda: CONTRACTS["rfm.customers"].questions["usual"](it))
    assert differences(expected("nasty", "rfm.customers", "usual"), found) == []


@pytest.mark.xdist_group("contracts in PostgreSQL")
def test_a_connection_lost_in_the_middle_of_a_stream_is_told_in_words(company_in_postgres: tuple[Any, Look]) -> None:
    server, it = company_in_postgres
    stream = it.ws.batches(it.ws.table("order_lines"), rows=10)
    next(stream)
    end_connections(server, it)
    with pytest.raises(WorkspaceError, match="does not answer"):
        list(stream)
    assert it.ws.execute(it.ws.table("order_lines").count()) > 10


@pytest.mark.xdist_group("contracts in PostgreSQL")
def test_views_and_frames_are_made_again_with_the_next_connection(company_in_postgres: tuple[Any, Look]) -> None:
    server, it = company_in_postgres
    frame = ibis.memtable(pd.DataFrame({"country": ["Chile"], "name_of_ours": ["South"]}))
    view = it.ws.engine.view("canonical_test", it.ws.table("customers").join(frame, "country"))
    before = it.ws.execute(view.count())
    end_connections(server, it)
    with pytest.raises(WorkspaceError):
        it.ws.execute(view.count())
    assert it.ws.execute(view.count()) == before > 0


@pytest.mark.xdist_group("contracts in PostgreSQL")
def test_a_server_that_is_down_is_told_in_words_until_it_is_back(postgres_of_its_own: Any, company: Callable[[str], Any]) -> None:
    one = company("tiny")
    with on_postgres(one, into_postgres(one, postgres_of_its_own)) as ws:
        postgres_of_its_own.stop()
        for _ in range(3):
            with pytest.raises(WorkspaceError, match="does not answer"):
                ws.execute(ws.table("customers").count())
        postgres_of_its_own.start()
        assert ws.execute(ws.table("customers").count()) == 1


@pytest.mark.xdist_group("contracts in PostgreSQL")
def test_nothing_is_written_but_temporary_tables(company_in_postgres: tuple[Any, Look]) -> None:
    """Also not by a user who could: asked as the owner of everything."""
    server, it = company_in_postgres
    name = it.ws.engine._connect["dbname"]
    owner = Postgres({"host": server.host, "port": server.port, "dbname": name, "user": server.user, "password": server.password})
    ws = Workspace(it.ws.path, owner, it.ws.meta, {one: owner.source(one) for one in it.ws._tables}, it.ws.receipt)
    before = catalogue(server, name)
    its = look("nasty", ws)
    asked = (
        "rfm.segments",
        "clusters.cluster",
        "clv.report.headline",
        "satisfaction.watch.watch_list",
        "satisfaction.terms.terms",
        "profile.profile",
    )
    for contract in asked:
        for question in CONTRACTS[contract].questions.values():
            answer(ws, lambda question=question: question(its))
    assert catalogue(server, name) == before
    ws.close()


def catalogue(server: Any, database: str) -> list[tuple[Any, ...]]:
    """All that lasts in the database: relations with where their rows lie and how many were changed, functions, types, schemas and settings."""
    parts = [
        "SELECT n.nspname, c.relname, c.relkind::text, c.relfilenode::text FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relpersistence <> 't'",
        "SELECT schemaname, relname, 'changed', (n_tup_ins + n_tup_upd + n_tup_del)::text FROM pg_stat_user_tables WHERE schemaname NOT LIKE 'pg%temp%'",
        "SELECT n.nspname, p.proname, 'function', '' FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname NOT LIKE 'pg%temp%'",
        "SELECT '', nspname, 'schema', '' FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp'",
        "SELECT '', setdatabase::text, 'setting', setconfig::text FROM pg_db_role_setting",
    ]  # fmt: skip
    return sorted(server.execute(" UNION ALL ".join(parts), database))


@pytest.mark.xdist_group("contracts in PostgreSQL")
def test_a_table_of_results_is_replaced_in_one_step(company: Callable[[str], Any], postgres: Any) -> None:
    """Who reads meanwhile sees the former rows or all the new ones; a failure leaves the former."""
    one = company("tiny")
    connect = into_postgres(one, postgres, "written")
    postgres.execute(f"CREATE SCHEMA crm AUTHORIZATION {connect['user']}", connect["dbname"])
    engine = Postgres(connect, write_schema="crm")
    source = engine.source("customers")
    assert engine.write_table("results", source.mutate(n=ibis.literal(1))) == "crm.results"
    reader = postgres.connect(connect["dbname"])
    with reader.transaction():
        reader.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        assert reader.execute("SELECT n FROM crm.results").fetchall() == [(1,)]
    with pytest.raises(psycopg.Error):
        engine.write_table("results", source.mutate(n=ibis.literal(1) / (source.count().as_scalar() - 1)))
    assert reader.execute("SELECT n FROM crm.results").fetchall() == [(1,)]
    engine.write_table("results", source.mutate(n=ibis.literal(2)))
    assert reader.execute("SELECT n FROM crm.results").fetchall() == [(2,)]
    reader.close()
    engine.close()


@pytest.mark.xdist_group("contracts in PostgreSQL")
def test_a_column_in_another_order_of_its_own_is_ordered_by_code_points(company: Callable[[str], Any], postgres: Any) -> None:
    one = company("tiny")
    connect = into_postgres(one, postgres, "collated")
    rows = pa.table({"name": ["a", "B", "Ä", "b", "_"]})
    with postgres.connect(connect["dbname"]) as connection:
        copy_in(connection, "names", rows)
        connection.execute('ALTER TABLE names ALTER COLUMN name TYPE text COLLATE "de-x-icu"')
        assert [row[0] for row in connection.execute("SELECT name FROM names ORDER BY name")] == ["_", "a", "Ä", "b", "B"]
    with on_postgres(one, connect) as ws:
        names = ws.engine.source("names")
        assert ws.execute(names.order_by("name"))["name"].tolist() == ["B", "_", "a", "b", "Ä"]
        assert ws.execute(names.name.min()) == "B"
        assert ws.execute(names.filter(names.name < "a").count()) == 2
        assert ws.execute(names.name.argmax(names.name)) == "Ä"
