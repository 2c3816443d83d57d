"""A connection as one session looks at it: answers that hold for a minute, and words that tell no secret."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import pytest

from crm_core.errors import SourceError
from crm_core.sources.databases.connections import Connection, Connections
from crm_core.sources.databases.selection import Join, Selection
from tests.pages.company_database import CUSTOMERS, SALES, add_sale, write_lake, write_sqlite
from ui import look as looks
from ui.look import Look, join_in_words


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shop(tmp_path: Path, clock: Clock) -> Look:
    return looking(clock, f"sqlite:///{write_sqlite(tmp_path / 'shop.db')}")


@pytest.fixture
def lake(tmp_path: Path, clock: Clock) -> Look:
    return looking(clock, f"parquet://{write_lake(tmp_path / 'lake')}", in_place=True)


def looking(clock: Clock, url: str, **more: Any) -> Look:
    connection = Connection("shop", url, **more)
    return Look(Connections((connection,)), connection, clock)


def test_tables_and_views_with_their_columns_and_first_rows(shop: Look) -> None:
    assert shop.schemas() == [None]
    assert [(one.name, one.kind) for one in shop.tables(None)][1:] == [("customers", "table"), ("late", "view"), ("sales", "table")]
    found = shop.preview(Selection("shop", "sales"))
    assert [(one.name, one.type) for one in found.columns][2:] == [("ordered_at", "TIMESTAMP"), ("net_amount", "REAL")]
    assert len(found.rows) == looks.PREVIEW_ROWS


def test_a_folder_of_parquet_is_looked_at_through_its_engine(lake: Look) -> None:
    assert not lake.is_importable
    assert lake.schemas() == [None]
    assert [one.name for one in lake.tables(None)] == ["customers", "sales"]
    assert [one.name for one in lake.columns("sales", None)] == list(SALES.columns)
    found = lake.preview(Selection("shop", query="SELECT customer_id, count(*) AS n FROM sales GROUP BY 1 ORDER BY 1"))
    assert found.rows.to_numpy().tolist()[0] == ["c0", "13"]
    assert lake.ready_joins("sales", None) == ()


def test_foreign_keys_are_ready_joins(shop: Look) -> None:
    (join,) = shop.ready_joins("sales", None)
    assert join_in_words(join) == "customers: customer_id = customer_id"
    rows = shop.preview(Selection("shop", "sales", joins=(join,))).rows
    assert rows["customers.customer_name"].tolist()[:2] == ["Name 1", "Name 2"]


@pytest.mark.parametrize("where", ["shop", "lake"])
def test_tables_are_joined_by_hand(where: str, request: pytest.FixtureRequest) -> None:
    found: Look = request.getfixturevalue(where)
    join = Join("customers", (("customer_id", "customer_id"),))
    rows = found.preview(Selection("shop", "sales", joins=(join,))).rows
    names = dict(CUSTOMERS.to_numpy().tolist())
    assert (rows["customers.customer_name"] == rows["customer_id"].map(names)).all()


@pytest.mark.parametrize("where", ["shop", "lake"])
@pytest.mark.parametrize("statement", ["DELETE FROM sales", "SELECT 1; SELECT 2", "SELECT * FROM read_csv('/etc/passwd')"])
def test_a_statement_that_may_not_run_is_refused(where: str, statement: str, request: pytest.FixtureRequest) -> None:
    found: Look = request.getfixturevalue(where)
    with pytest.raises(SourceError) as told:
        found.preview(Selection("shop", query=statement))
    assert "may not run" in told.value.title


def test_a_mistake_in_a_query_is_told_by_the_engine_s_own_words(lake: Look) -> None:
    with pytest.raises(SourceError, match="amonut"):
        lake.preview(Selection("shop", query="SELECT amonut FROM sales"))


def test_what_an_engine_raises_beside_words_tells_nothing_of_it(lake: Look) -> None:
    with pytest.raises(SourceError) as told, lake.words():
        raise RuntimeError("password=hidden at host")
    assert "hidden" not in told.value.text()
    assert told.value.__cause__ is None


def test_answers_hold_for_a_minute_and_until_one_looks_again(shop: Look, clock: Clock, tmp_path: Path) -> None:
    count = Selection("shop", query="SELECT count(*) AS n FROM sales")

    def seen() -> str:
        return str(shop.preview(count).rows.n[0])

    assert seen() == "119"
    add_sale(tmp_path / "shop.db", "x", "2024-05-05", 1)
    assert seen() == "119"
    shop.again()
    assert seen() == "120"
    add_sale(tmp_path / "shop.db", "y", "2024-05-05", 1)
    clock.now += looks.HOLDS_SECONDS + 1
    assert seen() == "121"


def test_an_error_holds_too_so_that_nobody_waits_twice(shop: Look, clock: Clock, tmp_path: Path) -> None:
    (tmp_path / "shop.db").rename(tmp_path / "gone.db")
    with pytest.raises(SourceError):
        shop.tables(None)
    (tmp_path / "gone.db").rename(tmp_path / "shop.db")
    with pytest.raises(SourceError):
        shop.tables(None)
    shop.again()
    assert shop.tables(None)


def test_answers_are_bounded(shop: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "MOST_ANSWERS", 2)
    for number in range(4):
        shop.preview(Selection("shop", query=f"SELECT {number} AS n"))
    assert len(shop._answers) == 2


def test_the_engine_is_connected_once_and_ends_with_the_look(lake: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[bool] = []
    engine = lake.engine()
    assert lake.engine() is engine
    engine.is_broken = True
    other = lake.engine()
    assert other is not engine
    lake.close()
    another = looking(Clock(), lake.connection.url, in_place=True)
    monkeypatch.setattr(type(other), "close", lambda self: closed.append(True))
    another.engine()
    del another
    gc.collect()
    assert closed == [True]
