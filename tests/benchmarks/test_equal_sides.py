"""Benchmarks still run, and both sides give equal rows: on small data, without a clock."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import ibis
import pytest

from benchmarks import audience, comments, company, import_speed, in_place_postgres, lake, rfm_pareto, satisfaction, scale
from crm_core.workspace import Workspace
from tests.servers.processes import NotInstalled


@pytest.fixture(autouse=True)
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is made lies in a folder of the test."""
    for module in (audience, comments, company, import_speed, lake, satisfaction, scale):
        monkeypatch.setattr(module, "CACHE", tmp_path)


def test_scores_and_classes_of_four_ways_are_equal() -> None:
    rfm_pareto.prove_equal(4_000)


def test_a_side_with_other_rows_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(satisfaction.workspace(3_000))
    monkeypatch.setattr(satisfaction, "WATCH", satisfaction.WATCH.replace("score <= 6", "score <= 7"))
    with pytest.raises(AssertionError):
        satisfaction.prove_watch_equal(path)
    monkeypatch.setattr(satisfaction, "_SUMS", satisfaction._SUMS.replace("count_reopened > 0", "count_reopened > 1"))
    with pytest.raises(AssertionError):
        satisfaction.prove_equal(path)
    monkeypatch.setattr(rfm_pareto, "cuts", lambda path: rfm_pareto.windows(path).slice(1))
    with pytest.raises(AssertionError):
        rfm_pareto.prove_equal(4_000)


def test_satisfaction_service_and_watch_list_give_the_sums_of_the_sql() -> None:
    path = str(satisfaction.workspace(3_000))
    satisfaction.prove_equal(path)
    satisfaction.prove_watch_equal(path)


def test_audiences_hold_the_customers_of_the_sql(monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(audience.workspace(2_000))
    audience.prove_equal(path)
    for asked in audience.ASKED:
        assert audience._ours(path, asked)().customers == audience._sql(path, asked)()[0][0]
    text, joined, where = audience.ASKED["contacts"]
    monkeypatch.setitem(audience.ASKED, "contacts", (text, joined, where.replace("< 2", "< 1")))
    with pytest.raises(AssertionError):
        audience.prove_equal(path)


def test_comments_give_terms_again_and_on_a_click() -> None:
    found = comments.ours_first("2000")()
    assert len(found.table)
    assert comments.ours_click("2000")()


def test_an_import_holds_the_rows_of_the_file() -> None:
    assert import_speed.equal(str(import_speed.csv(2_000)))


def test_rfm_in_postgresql_gives_the_rows_of_the_sql(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        with in_place_postgres.served(4_000) as place:
            monkeypatch.setenv(in_place_postgres.PLACE, json.dumps(place))
            in_place_postgres.prove_equal(4_000)
            monkeypatch.setattr(in_place_postgres, "SCORES", in_place_postgres.SCORES.replace("net_sales > q[1]", "net_sales >= q[1]"))
            with pytest.raises(AssertionError):
                in_place_postgres.prove_equal(4_000)
    except NotInstalled as missing:
        pytest.skip(str(missing))


def test_the_lake_is_the_same_for_the_same_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def content(folder: Path) -> list[object]:
        with duckdb.connect() as con:
            tables = (f"FROM '{folder}/{table}/*.parquet'" for table in lake.FED)
            return [con.execute(f"SELECT count(*), sum(hash(COLUMNS(*))::HUGEINT) {rows}").fetchall() for rows in tables]

    once, rows = content(lake.folder(3_000)), lake.rows(3_000)
    monkeypatch.setattr(lake, "CACHE", tmp_path / "again")
    assert content(lake.folder(3_000)) == once
    assert 2_400 < rows["order_lines"] < 3_600
    assert rows["surveys"] == 60


def test_each_analysis_at_scale_gives_its_time_and_memory() -> None:
    for name in scale.ANALYSES:
        found = scale.one("duckdb", 6_000, name)
        assert found["seconds"] > 0
        assert found["python_mb"] > 50


def test_a_window_over_all_rows_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale, "PLANNED", 3_000)
    assert scale.plans("duckdb") == []

    def bad(ws: Workspace) -> object:
        table = ws.table("surveys")
        return ws.execute(table.select(place=ibis.row_number().over(order_by=table.row_no)).aggregate(n=lambda t: t.place.max()))

    monkeypatch.setattr(scale, "ANALYSES", {"bad": bad})
    assert [what.split(":")[0] for what in scale.plans("duckdb")] == ["bad", "bad"]  # in the statement, and in the plan


def test_what_was_measured_is_judged_and_not_measured_again(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(scale, "_in_a_process", lambda *_: pytest.fail("it was measured already"))
    results = scale.Results(fresh=False)
    for lines, seconds, memory in ((1_000, 1.0, 300.0), (10_000, 12.9, 300.0), (20_000, 60.0, 1_501.0)):
        for name in scale.ANALYSES:
            results.add("duckdb", lines, name, {"seconds": seconds, "python_mb": memory, "java_mb": 0.0})
    scale.measure(results, "duckdb", 1_000, tuple(scale.ANALYSES))
    assert scale.judged(results, "duckdb", [1_000, 10_000], tuple(scale.ANALYSES))
    assert not scale.judged(results, "duckdb", [10_000, 20_000], ("rfm",))
    said = capsys.readouterr().out.splitlines()[-3:]
    assert ["MISSED" in line for line in said] == [False, True, True]
    assert not scale.judged(results, "duckdb", [5], ("rfm",))  # not there
