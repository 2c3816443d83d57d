"""An import of tables of databases: read or left where they are, mixed with files or not, stopped, refreshed by what was chosen."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crm_core.errors import SourceError
from crm_core.mapping import former
from crm_core.sources.databases.connections import load
from crm_core.sources.databases.selection import Selection
from crm_core.store.mappings import open_mappings
from crm_core.store.workspaces import Workspaces, private_id
from crm_core.workspace import Workspace
from tests.pages.company_database import TOTAL, connect, write_lake, write_sqlite
from ui.look import Look
from ui.wizard import Wizard

NOW = datetime(2026, 1, 2, tzinfo=UTC)
PEOPLE = "customer_id;Full name\n" + "\n".join(f"c{number};Person {number}" for number in range(9))
SALES, CUSTOMERS = ("sales", "customers")


@pytest.fixture
def wizard(home: Path, tmp_path: Path, workspaces: Workspaces) -> Iterator[Wizard]:
    connect(home, shop=f"sqlite:///{write_sqlite(tmp_path / 'shop.db')}", lake=f"parquet://{write_lake(tmp_path / 'lake')}")
    found = Wizard(workspaces, private_id("me"), open_mappings(workspaces.home, {}))
    yield found
    found.close()


def look_at(wizard: Wizard, name: str = "shop") -> Look:
    return wizard.look(load(wizard.store.home.root, os.environ), name)


def tables(name: str, *titles: str) -> list[tuple[str, Selection]]:
    return [(title, Selection(name, title)) for title in titles]


def add_file(wizard: Wizard) -> None:
    wizard.add("people.csv", wizard.receive(io.BytesIO(PEOPLE.encode())))


def leave_and_accept(workspaces: Workspaces) -> Path:
    """The lake's tables as the private data of “me”, left where they are; gives the data file."""
    found = Wizard(workspaces, private_id("me"), open_mappings(workspaces.home, {}))
    found.leave_tables(look_at(found, "lake"), tables("lake", SALES, CUSTOMERS))
    found.suggest()
    found.check("Lake", NOW)
    return found.accept(NOW)[0].path


def test_tables_are_read_checked_and_accepted(wizard: Wizard) -> None:
    wizard.take_tables(look_at(wizard), tables("shop", SALES, CUSTOMERS))
    wizard.suggest()
    receipt = wizard.check("Shop", NOW).receipt
    assert (receipt.rows_read, receipt.rows_rejected, float(receipt.net_sales)) == (128, 0, TOTAL)
    known = former.read(wizard.accept(NOW)[0].path)
    assert known.connections == ("shop",)
    assert set(known.origins) == {SALES, CUSTOMERS}


def test_left_where_they_are_they_give_the_same(wizard: Wizard) -> None:
    wizard.leave_tables(look_at(wizard, "lake"), tables("lake", SALES, CUSTOMERS))
    assert wizard.is_in_place
    wizard.suggest()
    receipt = wizard.check("Lake", NOW).receipt
    assert (receipt.rows_read, receipt.rows_rejected, float(receipt.net_sales)) == (128, 0, TOTAL)
    with Workspace.open(wizard.accept(NOW)[0].path) as ws:
        assert ws.meta.is_in_place
        assert ws.execute(ws.table("order_lines").count()) == 119


def test_decisions_on_a_table_are_remembered_as_on_a_file(wizard: Wizard, workspaces: Workspaces) -> None:
    wizard.take_tables(look_at(wizard), tables("shop", SALES))
    wizard.suggest()
    wizard.set_field(SALES, "customer_id", "order_id")
    wizard.set_field(SALES, "order_id", "customer_id")
    wizard.check("Shop", NOW)
    wizard.accept(NOW)
    again = Wizard(workspaces, private_id("other"), open_mappings(workspaces.home, {}))
    again.take_tables(look_at(again), tables("shop", SALES))
    again.suggest()
    assert again.mapping.table(SALES).fields["customer_id"] == "order_id"
    assert again.recalled == {SALES}
    again.close()


def test_files_and_tables_can_be_mixed(wizard: Wizard) -> None:
    add_file(wizard)
    wizard.take_tables(look_at(wizard), tables("shop", SALES))
    wizard.suggest()
    assert wizard.check("Both", NOW).receipt.rows_read == 128
    assert (list(wizard.files), wizard.tables) == (["people.csv"], {SALES: "The shop"})


def test_in_place_goes_with_nothing_else(wizard: Wizard) -> None:
    shop, lake = look_at(wizard), look_at(wizard, "lake")
    add_file(wizard)
    assert "cannot be mixed" in wizard.why_not_in_place(lake)
    with pytest.raises(SourceError, match="go together"):
        wizard.leave_tables(lake, tables("lake", SALES))
    wizard.remove("people.csv")
    assert wizard.why_not_in_place(lake) == ""
    wizard.leave_tables(lake, tables("lake", SALES))
    with pytest.raises(SourceError, match="go together"):
        wizard.take_tables(shop, tables("shop", CUSTOMERS))
    with pytest.raises(SourceError, match="go together"):
        add_file(wizard)
    wizard.leave_tables(lake, tables("lake", CUSTOMERS))
    assert list(wizard.tables) == [SALES, CUSTOMERS]


def test_removing_the_last_table_leaves_nothing_in_place(wizard: Wizard) -> None:
    wizard.leave_tables(look_at(wizard, "lake"), tables("lake", SALES))
    wizard.remove(SALES)
    assert (wizard.is_empty, wizard.is_in_place, wizard.staging.origins) == (True, False, {})
    wizard.take_tables(look_at(wizard), tables("shop", SALES))
    assert list(wizard.tables) == [SALES]


def test_what_one_table_fails_of_keeps_no_other_from_coming_in(wizard: Wizard) -> None:
    wizard.take_tables(look_at(wizard), tables("shop", "nothing", SALES))
    assert [error.title for error in wizard.errors] == ["There is no such table"]
    assert list(wizard.tables) == [SALES]


class Stopped(BaseException):
    pass


@pytest.mark.parametrize("name", ["shop", "lake"])
def test_a_reading_that_is_stopped_leaves_all_as_it_was(wizard: Wizard, name: str) -> None:
    take = wizard.take_tables if name == "shop" else wizard.leave_tables
    take(look_at(wizard, name), tables(name, SALES))
    before = list(wizard.staging.tables), dict(wizard.staging.origins), dict(wizard.tables), wizard.readings

    def stop(share: float, sentence: str) -> None:
        if CUSTOMERS in sentence:
            raise Stopped

    with pytest.raises(Stopped):
        take(look_at(wizard, name), tables(name, SALES, CUSTOMERS), stop)
    assert (wizard.staging.tables, wizard.staging.origins, wizard.tables, wizard.readings) == before
    (there,) = wizard.staging.raw.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name LIKE 't%'").fetchone() or (0,)
    assert there == 1


def test_a_table_read_again_takes_its_place_and_another_of_its_name_a_number(wizard: Wizard) -> None:
    wizard.take_tables(look_at(wizard), tables("shop", SALES))
    wizard.take_tables(look_at(wizard), tables("shop", SALES))
    assert list(wizard.tables) == [SALES]
    wizard.take_tables(look_at(wizard), [(SALES, Selection("shop", query="SELECT * FROM late"))])
    assert list(wizard.tables) == [SALES, "sales (2)"]
    wizard.take_tables(
        look_at(wizard), [("query", Selection("shop", query="SELECT 1 AS a")), ("query", Selection("shop", query="SELECT 2 AS a"))]
    )
    assert list(wizard.tables)[2:] == ["query", "query (2)"]


def test_newer_rows_are_told_by_days_times_and_numbers_alone(wizard: Wizard) -> None:
    wizard.take_tables(look_at(wizard), tables("shop", SALES))
    assert wizard.rising_columns(SALES) == {"ordered_at": True, "net_amount": False}


def test_which_rows_come_next_is_kept_with_the_data(wizard: Wizard) -> None:
    wizard.take_tables(look_at(wizard), tables("shop", SALES))
    wizard.suggest()
    path = wizard.check("Shop", NOW).path
    wizard.set_newer(SALES, "ordered_at", 7)
    assert wizard.checked is None
    assert not path.exists()
    wizard.check("Shop", NOW)
    wizard.set_newer(SALES, "ordered_at", 7)
    assert wizard.checked is not None
    origin = former.read(wizard.accept(NOW)[0].path).origins[SALES]
    assert (origin.column, origin.overlap_days) == ("ordered_at", 7)


def test_days_are_read_again_by_days_only(wizard: Wizard) -> None:
    wizard.take_tables(look_at(wizard), tables("shop", SALES))
    wizard.set_newer(SALES, "net_amount", 7)
    assert wizard.staging.origins[SALES].overlap_days == 0


def test_a_connection_that_the_administrator_changed_is_looked_at_anew(wizard: Wizard, home: Path, tmp_path: Path) -> None:
    first = look_at(wizard)
    assert look_at(wizard) is first
    connect(home, shop=f"sqlite:///{tmp_path / 'other.db'}")
    assert look_at(wizard) is not first
