"""What is imported from MariaDB and SQLite is what is imported from the same tables as Parquet, table by table and answer by answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crm_core.mapping.build import build
from crm_core.mapping.suggest import suggest
from crm_core.sources.files import stage
from crm_core.sources.staging import Staging
from crm_core.workspace import Workspace
from tests.contracts.answers import answer, differences
from tests.contracts.catalogue import CONTRACTS
from tests.contracts.companies import reduced_sample
from tests.contracts.imports import NOW, Tables, imported, into_mariadb, into_sqlite
from tests.contracts.look import Look, look

KINDS = ("mariadb", "sqlite")
GROUP = pytest.mark.xdist_group("contracts of imports")
CANONICAL = ("customers", "orders", "order_lines", "surveys", "cases", "contacts")


def from_database(kind: str, name: str, tables: Tables, folder: Path, request: pytest.FixtureRequest) -> Path:
    made = (
        into_mariadb(request.getfixturevalue("mariadb"), f"contracts_{name}", tables)
        if kind == "mariadb"
        else into_sqlite(folder / "s.sqlite", tables)
    )
    return imported(*made, tables, folder / f"{name}.duckdb")


def from_parquet(tables: Tables, folder: Path) -> Path:
    with Staging(folder) as staging:
        for name, rows in tables.items():
            pq.write_table(rows, folder / f"{name}.parquet")
            stage(staging, folder / f"{name}.parquet")
        build(staging, suggest(staging).mapping, folder / "parquet.duckdb", name="Sample", imported_at=NOW)
    return folder / "parquet.duckdb"


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory, company: Callable[[str], Any]) -> dict[str, Tables]:
    """The source tables of the sample company, and the canonical ones of the nasty company taken for such."""
    files = reduced_sample(tmp_path_factory.mktemp("sources"))
    return {"sample": {name: pq.read_table(path) for name, path in files.items()}, "nasty": company("nasty").tables}


@pytest.fixture(scope="module")
def opened(
    sources: dict[str, Tables], tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Callable[[str, str], Workspace]]:
    """What was imported, by kind of source and company."""
    found: dict[tuple[str, str], Workspace] = {}

    def find(kind: str, name: str) -> Workspace:
        if (kind, name) not in found:
            folder = tmp_path_factory.mktemp(f"{kind}-{name}")
            path = from_parquet(sources[name], folder) if kind == "parquet" else from_database(kind, name, sources[name], folder, request)
            found[kind, name] = Workspace.open(path)
        return found[kind, name]

    yield find
    for ws in found.values():
        ws.close()


@GROUP
@pytest.mark.parametrize("name", ["sample", "nasty"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("table", CANONICAL)
def test_the_canonical_tables_are_the_same(table: str, kind: str, name: str, opened: Callable[[str, str], Workspace]) -> None:
    expected, found = (rows_of(opened(one, name), table) for one in ("parquet", kind))
    assert found.schema == expected.schema
    assert found.num_rows == expected.num_rows > 0
    for column in expected.column_names:
        assert found[column].to_pylist() == expected[column].to_pylist(), column


def rows_of(ws: Workspace, table: str) -> pa.Table:
    with duckdb.connect(str(ws.path), read_only=True) as con:
        return con.execute(f"SELECT * FROM {table} ORDER BY ALL").to_arrow_table()


@GROUP
@pytest.mark.parametrize("kind", KINDS)
def test_the_receipt_counts_the_same(kind: str, opened: Callable[[str, str], Workspace]) -> None:
    expected, found = (opened(one, "sample").receipt for one in ("parquet", kind))
    for figure in (
        "counts",
        "rows_read",
        "rows_used",
        "rows_rejected",
        "net_sales",
        "amount_returned",
        "period",
        "currency",
        "status_words",
    ):
        assert getattr(found, figure) == getattr(expected, figure), figure


@pytest.fixture(scope="module")
def known(opened: Callable[[str, str], Workspace]) -> Callable[[str, str], Any]:
    """What the import from Parquet answers."""
    found: dict[tuple[str, str], Any] = {}

    def find(contract: str, question: str) -> Any:
        if (contract, question) not in found:
            found[contract, question] = asked(look("sample", opened("parquet", "sample")), contract, question)
        return found[contract, question]

    return find


def asked(it: Look, contract: str, question: str) -> Any:
    return answer(it.ws, lambda: CONTRACTS[contract].questions[question](it))


@GROUP
@pytest.mark.parametrize("contract", CONTRACTS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_analysis_answers_the_same(
    kind: str, contract: str, opened: Callable[[str, str], Workspace], known: Callable[[str, str], Any]
) -> None:
    it = look("sample", opened(kind, "sample"))
    for question in CONTRACTS[contract].questions:
        assert differences(known(contract, question), asked(it, contract, question), kind) == []
