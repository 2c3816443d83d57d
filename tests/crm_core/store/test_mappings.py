"""A mapping is remembered by the shape of a file, whatever the order and spelling of its columns, and never with a value of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from crm_core.errors import WorkspaceError
from crm_core.mapping.model import DateFormat, Mapping, NumberFormat, TableMapping
from crm_core.sources.staging import SourceColumn, StagedTable, Staging
from crm_core.store.home import Home
from crm_core.store.mappings import RememberedMapping, RememberedMappings, normalise, open_mappings, shape_of

NOW = datetime(2026, 1, 2, tzinfo=UTC)
DECISIONS = TableMapping(
    "january.csv",
    "order_lines",
    {"customer_id": "Customer ID", "ordered_at": "Date", "net_amount": "Total"},
    ("Plan",),
    {"Total": NumberFormat(",", ".")},
    {"Date": DateFormat("dmy", ("%d/%m/%Y",), "value 31/12/1999 has a day above 12")},
)
COLUMNS = ("Customer ID", "Date", "Total", "Plan")


@pytest.fixture
def store(tmp_path: Path) -> RememberedMappings:
    return open_mappings(Home(tmp_path / "crm").prepare(), {})


@pytest.fixture
def staging() -> Iterator[Staging]:
    with Staging() as area:
        yield area


def table(name: str, *columns: str) -> StagedTable:
    return StagedTable(name, name, "t0", tuple(SourceColumn(column, f"c{place}", "text") for place, column in enumerate(columns)), 3)


def remember(store: RememberedMappings, staging: Staging, decisions: TableMapping = DECISIONS) -> None:
    staging.tables = [table(decisions.source, *COLUMNS)]
    store.remember(staging, Mapping((decisions,)), NOW)


def test_a_file_of_the_same_shape_gets_the_same_decisions(store: RememberedMappings, staging: Staging) -> None:
    remember(store, staging)
    staging.tables = [table("february.csv", *reversed(COLUMNS))]
    found = store.recall(staging)
    assert found is not None
    assert found.tables[0].source == "february.csv"
    assert found.tables[0].fields == DECISIONS.fields
    assert found.tables[0].attributes == DECISIONS.attributes
    assert found.tables[0].numbers == DECISIONS.numbers
    assert found.tables[0].dates["Date"].style == "dmy"


def test_columns_written_differently_are_found_again(store: RememberedMappings, staging: Staging) -> None:
    remember(store, staging)
    staging.tables = [table("february.csv", "customer_id", "DATE", "total", "plan")]
    found = store.recall(staging)
    assert found is not None
    assert found.tables[0].fields == {"customer_id": "customer_id", "ordered_at": "DATE", "net_amount": "total"}


@pytest.mark.parametrize("columns", [(*COLUMNS, "One more"), COLUMNS[:-1]])
def test_another_shape_is_not_known(store: RememberedMappings, staging: Staging, columns: tuple[str, ...]) -> None:
    remember(store, staging)
    staging.tables = [table("other.csv", *columns)]
    assert store.recall(staging) is None


def test_the_latest_decisions_count(store: RememberedMappings, staging: Staging) -> None:
    remember(store, staging)
    remember(store, staging, replace(DECISIONS, grain="orders"))
    found = store.recall(staging)
    assert found is not None
    assert found.tables[0].grain == "orders"


def test_no_value_of_the_file_is_kept(store: RememberedMappings, staging: Staging, tmp_path: Path) -> None:
    remember(store, staging)
    kept = (tmp_path / "crm" / "store.sqlite").read_bytes()
    assert b"Customer ID" in kept
    assert b"31/12/1999" not in kept


def test_the_store_outlives_the_process(store: RememberedMappings, staging: Staging, tmp_path: Path) -> None:
    remember(store, staging)
    assert open_mappings(Home(tmp_path / "crm"), {}).recall(staging) is not None


def test_the_administrator_chooses_the_database(staging: Staging, tmp_path: Path) -> None:
    store = open_mappings(Home(tmp_path / "crm").prepare(), {"CRM_STORE_URL": f"sqlite:///{tmp_path / 'elsewhere.sqlite'}"})
    remember(store, staging)
    assert (tmp_path / "elsewhere.sqlite").exists()


def test_a_database_that_does_not_answer_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="Remembered mappings"):
        open_mappings(Home(tmp_path / "nowhere"), {})


@pytest.mark.parametrize(("left", "right"), [("Order ID", "order_id"), ("OrderId", "ORDER ID"), ("نام مشتری", "نام_مشتری")])
def test_names_differ_only_by_letters_and_digits(left: str, right: str) -> None:
    assert normalise(left) == normalise(right)


def test_the_shape_depends_on_every_column() -> None:
    assert shape_of(table("a", "x", "y")) == shape_of(table("b", "y", "x")) != shape_of(table("a", "x", "z"))


@pytest.mark.parametrize(
    "decisions",
    ["{", "[]", "{}", '{"source": "a", "grain": "moons", "fields": {}, "attributes": [], "numbers": {}, "dates": {}}'],
    ids=["cut off", "a list", "nothing", "an unknown grain"],
)
def test_decisions_that_cannot_be_understood_are_as_none(store: RememberedMappings, staging: Staging, decisions: str) -> None:
    remember(store, staging)
    with store._database.writing() as session:
        session.execute(update(RememberedMapping).values(decisions=decisions))
    assert store.recall(staging) is None


@pytest.mark.parametrize("name", ["what?x=1", "50%20", "a#b", 'it\'s "here" ü'])
def test_the_store_lies_in_the_home_whatever_its_name(tmp_path: Path, name: str) -> None:
    home = Home(tmp_path / name)
    home.root.mkdir()
    open_mappings(home, {})
    assert home.database.is_file()


@pytest.mark.parametrize(
    "url", ["nonsense", "no_such_kind://u:secret@h/d", "postgresql+no_such_driver://u:secret@h/d", "sqlite:////no/such/folder/x"]
)
def test_a_store_that_cannot_be_reached_is_told_in_words_without_its_address(tmp_path: Path, url: str) -> None:
    with pytest.raises(WorkspaceError) as told:
        open_mappings(Home(tmp_path), {"CRM_STORE_URL": url})
    assert "secret" not in told.value.text()
