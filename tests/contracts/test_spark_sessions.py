"""What is Spark's own: sessions share a cluster and see nothing of each other, a session that is lost is told in words, plans stay apart by workers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import pytest

from crm_core.engines.connect import connect
from crm_core.engines.spark import PATIENCE
from crm_core.errors import SourceError, WorkspaceError
from crm_core.sources.databases.connections import Connection
from crm_core.workspace import Meta, Workspace
from tests.contracts.engines import on_spark, views
from tests.contracts.look import Look
from tests.contracts.plans import windows_over_everything
from tests.servers.spark import SparkConnect, connect_mode

pytestmark = pytest.mark.spark


@pytest.fixture
def meta(company: Callable[[str], Any]) -> Meta:
    with Workspace.open(company("tiny").path) as ws:
        return ws.meta


@pytest.fixture(params=["classic", "connect"])
def session(request: pytest.FixtureRequest, spark_cluster: Any, elsewhere: Callable[[str, str], Look]) -> Iterator[Any]:
    """A session that nothing was done in. A classic one shares the driver with the others, which to stop it would end."""
    if request.param == "classic":
        yield elsewhere("spark", "tiny").ws.engine._session.newSession()
    else:
        with spark_cluster.connect_session() as made:
            yield made


def number(ws: Workspace, n: int) -> Any:
    """A table of that one number, kept."""
    return ws.keep("n", lambda: ibis.memtable(pd.DataFrame({"n": [n]})))


def test_views_and_cached_frames_are_gone_after_close(session: Any, spark_cluster: Any, company: Callable[[str], Any]) -> None:
    ws = on_spark(company("tiny"), session, spark_cluster.folder)
    before = views(session)
    kept = ws.keep("customers twice", lambda: ws.table("customers"))
    ws.engine.view("canonical_test", kept)
    frame = ws.engine._cached["kept_1"]
    assert len(views(session)) == len(before) + 2
    assert frame.storageLevel.useMemory
    ws.close()
    assert views(session) == before
    assert not frame.storageLevel.useMemory


def test_two_workspaces_of_one_session_do_not_mix_what_they_keep(session: Any, spark_cluster: Any, company: Callable[[str], Any]) -> None:
    one, other = (on_spark(company("tiny"), session, spark_cluster.folder) for _ in range(2))
    first, second = number(one, 1), number(other, 2)
    assert [one.execute(first)["n"].tolist(), other.execute(second)["n"].tolist()] == [[1], [2]]
    one.close()
    assert other.execute(second)["n"].tolist() == [2]
    other.close()


@pytest.mark.parametrize("url", ["master_url", "connect_url"])
def test_two_workspaces_on_one_cluster_do_not_see_what_the_other_keeps(
    url: str, spark_cluster: Any, elsewhere: Callable[[str, str], Look], meta: Meta
) -> None:
    elsewhere("spark", "tiny")  # the driver runs, with the settings of its tests
    place = Connection("cluster", getattr(spark_cluster, url), in_place=True)
    with connect_mode("1" if url == "connect_url" else None):
        one, other = (Workspace(Path("none"), connect(place, {}), meta) for _ in range(2))
        first, second = number(one, 1), number(other, 2)
        assert [one.execute(first)["n"].tolist(), other.execute(second)["n"].tolist()] == [[1], [2]]
        assert views(one.engine._session) & views(other.engine._session) == set()
        with pytest.raises(WorkspaceError, match="A table has changed"):
            other.execute(other.engine.known(first.get_name(), first).count())
        one.close()
        assert other.execute(second)["n"].tolist() == [2]
        other.close()


def test_a_session_that_is_gone_is_told_in_words_and_made_again(spark_cluster: Any, meta: Meta) -> None:
    from pyspark.sql.connect.session import SparkSession

    from crm_core.engines.spark import Spark

    def again() -> Any:
        return SparkSession.builder.remote(spark_cluster.connect_url).create()

    with connect_mode("1"):
        engine = Spark(again(), owns=True, again=again)
        table = engine.view("canonical_test", ibis.memtable(pd.DataFrame({"n": [1, 2, 3]})))
        ws = Workspace(Path("none"), engine, meta, {"customers": table})
        kept = ws.keep("kept", lambda: table.filter(table.n > 1))
        assert ws.execute(kept.count()) == 2
        engine._session.stop()
        with pytest.raises(WorkspaceError, match="does not answer"):
            ws.execute(table.count())
        assert ws.execute(ws.keep("kept", lambda: table.filter(table.n > 1)).count()) == 2
        ws.close()


@pytest.fixture
def server_of_its_own(spark_cluster: Any) -> Iterator[SparkConnect]:
    """A Spark Connect server that the test may stop: the one of the cluster has sessions of other tests."""
    server = SparkConnect(spark_cluster)
    server.start()
    yield server
    server.stop()


def test_a_server_that_is_down_is_told_in_words_and_asked_again_when_it_is_back(
    server_of_its_own: SparkConnect, meta: Meta, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PATIENCE, "max_retries", 3)
    place = Connection("cluster", server_of_its_own.url(), in_place=True)
    with connect_mode("1"):
        ws = Workspace(Path("none"), connect(place, {}), meta)
        kept = number(ws, 1)
        assert ws.execute(kept.count()) == 1
        server_of_its_own.stop()
        start = time.perf_counter()
        for _ in range(2):
            with pytest.raises(WorkspaceError, match="does not answer") as caught:
                ws.execute(kept.count())
            assert caught.value.hint
        ws.close()
        assert time.perf_counter() - start < 30  # left to itself pyspark asks for ten minutes
        with pytest.raises(SourceError, match="does not answer"):
            connect(place, {})
        server_of_its_own.start()
        with Workspace(Path("none"), connect(place, {}), meta) as again:
            assert again.execute(number(again, 2))["n"].tolist() == [2]


def test_results_are_written_as_a_table_and_as_parquet(spark_cluster: Any) -> None:
    from crm_core.engines.spark import Spark

    with spark_cluster.connect_session() as session:
        session.sql("CREATE DATABASE IF NOT EXISTS crm")
        engine = Spark(session, write_schema="crm", write_folder=str(spark_cluster.folder / "out"))
        session.createDataFrame([(1,)], "n INT").createOrReplaceTempView("numbers")
        numbers = engine.source("numbers")
        for n in (1, 2):
            assert engine.write_table("results", numbers.mutate(run=ibis.literal(n))) == "crm.results"
            place = engine.write_parquet("results", numbers.mutate(run=ibis.literal(n)))
        assert [row.run for row in session.table("crm.results").collect()] == [2]
        assert [row.run for row in session.read.parquet(place).collect()] == [2]
        session.sql("DROP TABLE crm.results")
        engine.close()


def test_a_window_over_everything_is_found_in_a_plan(elsewhere: Callable[[str, str], Look]) -> None:
    """The check of all analyses (test_analyses) can fail."""
    ws = elsewhere("spark", "nasty").ws
    lines = ws.table("order_lines")
    everything = lines.mutate(place=ibis.row_number().over(order_by="net_amount"))
    apart = lines.mutate(place=ibis.row_number().over(group_by="customer_id", order_by="net_amount"))
    buckets = lines.select(bucket=lines.net_amount).mutate(place=ibis.row_number().over(order_by="bucket"))
    found = [
        len(windows_over_everything(ws.engine._rows(one))) for one in (everything, everything.filter(everything.place < 3), apart, buckets)
    ]
    assert found == [1, 1, 0, 0]
