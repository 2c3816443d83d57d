"""Benchmarks still run, and both sides give equal rows: on small data, without a clock."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import comments, company, import_speed, rfm_pareto, satisfaction


@pytest.fixture(autouse=True)
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is made lies in a folder of the test."""
    for module in (comments, company, import_speed, satisfaction):
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


def test_comments_give_terms_again_and_on_a_click() -> None:
    found = comments.ours_first("2000")()
    assert len(found.table)
    assert comments.ours_click("2000")()


def test_an_import_holds_the_rows_of_the_file() -> None:
    assert import_speed.equal(str(import_speed.csv(2_000)))
