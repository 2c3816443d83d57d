"""An open workspace for all sessions: of tables that lie elsewhere it is opened anew in time, and ended when nobody uses it."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path

import pytest

from crm_core.engines.lake import Lake
from crm_core.errors import CrmError
from crm_core.store.workspaces import Workspaces
from tests.pages.company_database import connect, write_lake
from tests.ui.test_look import Clock
from tests.ui.test_wizard_databases import leave_and_accept
from tests.workspaces import six_customers, write
from ui import opened as module
from ui.opened import Opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def in_place(home: Path, tmp_path: Path, workspaces: Workspaces) -> Path:
    """The data file of a workspace over a folder of Parquet."""
    connect(home, lake=f"parquet://{write_lake(tmp_path / 'lake')}")
    return leave_and_accept(workspaces)


def test_a_data_file_is_opened_once(tmp_path: Path, clock: Clock) -> None:
    opened = Opened(write(tmp_path / "a.duckdb", order_lines=six_customers()), clock)
    first, at = opened.look()
    clock.now += 10 * module.FRESH_SECONDS
    assert opened.workspace() is first
    assert at is None


def test_tables_elsewhere_are_looked_at_again_after_a_while(in_place: Path, clock: Clock) -> None:
    opened = Opened(in_place, clock)
    first, at = opened.look()
    assert at is not None
    assert opened.workspace() is first
    clock.now += module.FRESH_SECONDS + 1
    assert opened.workspace() is not first
    assert opened.workspace().fingerprint != first.fingerprint  # so that nothing worked out before is shown as of now


@pytest.mark.parametrize("lose", [lambda one: one.again(), lambda one: setattr(one.workspace().engine, "is_broken", True)])
def test_they_are_looked_at_again_on_demand_and_when_the_connection_is_lost(
    in_place: Path, clock: Clock, lose: Callable[[Opened], None]
) -> None:
    opened = Opened(in_place, clock)
    first = opened.workspace()
    lose(opened)
    assert opened.workspace() is not first


def test_the_former_one_ends_when_nobody_uses_it(in_place: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[object] = []
    close = Lake.close
    monkeypatch.setattr(Lake, "close", lambda self: (ended.append(self), close(self))[1])
    opened = Opened(in_place, clock)
    held = opened.workspace()
    opened.again()
    opened.workspace()
    gc.collect()
    assert held.execute(held.table("order_lines").count()) == 119
    assert ended == []
    del held
    gc.collect()
    assert len(ended) == 1


def test_who_cannot_be_reached_is_left_alone_for_a_moment(in_place: Path, clock: Clock, tmp_path: Path) -> None:
    (tmp_path / "lake").rename(tmp_path / "away")
    opened = Opened(in_place, clock)
    with pytest.raises(CrmError):
        opened.workspace()
    (tmp_path / "away").rename(tmp_path / "lake")
    with pytest.raises(CrmError):
        opened.workspace()
    clock.now += module.PAUSE_SECONDS + 1
    assert opened.workspace().has("order_lines")
