"""Tables read where they lie give the rows that an import of them gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from crm_core.sources.sample import sample_files
from tests.crm_core.mapping.in_place import companies
from tests.crm_core.mapping.in_place.companies import BY_PLACE, Company, Opened
from tests.crm_core.mapping.in_place.scores_of import scored_in_place, scored_of_import
from tests.servers.postgres import PostgresServer

Find = Callable[[str], Path]

OLIST = [f"olist/olist_{name}_dataset.csv" for name in ("customers", "order_items", "order_reviews", "orders", "products")]

#: Files, and columns in which the least value of a table counts where an import takes the first row of the file.
REAL: dict[str, tuple[list[str], dict[str, set[str]]]] = {
    "online retail": (["online_retail/online_retail.parquet"], {}),
    "superstore": (["superstore/superstore.xls"], {"order_lines": {"product"}}),  # no-break spaces stay where the data lies
    "olist": (OLIST, {"customers": {"region", "city"}}),
    "cdnow": (["cdnow/CDNOW_sample.txt"], {}),
    "persian shop": (["persian_shop/orders.csv"], {}),
    "yandex": (["yandex/ecommerce_dataset.csv"], {}),
    "bank": (["nps_bank/NPStimeseries.csv"], {"surveys": {"response_id"}}),
    "complaints": (["cfpb/consumer_complaints_2015_q1.csv"], {}),
}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Company:
    return companies.of_files(tmp_path_factory.mktemp("sample"), *sample_files())


@pytest.fixture(scope="module")
def retail(real_data: Find, tmp_path_factory: pytest.TempPathFactory) -> Company:
    return companies.of_files(tmp_path_factory.mktemp("retail"), real_data("online_retail/online_retail.parquet"))


def assert_same(company: Company, opened: Opened, but: dict[str, set[str]] | None = None) -> None:
    assert companies.differences(company, opened, but) == {}
    assert companies.same_receipt(company, opened)
    assert companies.types_of(opened)
    assert {name: fields - BY_PLACE.get(name, set()) for name, fields in opened.found.fields.items()} == companies.filled(company)


@pytest.mark.parametrize("name", REAL)
def test_real_data_in_duckdb_is_as_imported(real_data: Find, tmp_path: Path, name: str) -> None:
    files, but = REAL[name]
    company = companies.of_files(tmp_path, *map(real_data, files))
    assert_same(company, companies.in_duckdb(company), but)


def test_the_sample_in_duckdb_is_as_imported(sample: Company) -> None:
    assert_same(sample, companies.in_duckdb(sample))


def test_the_sample_in_postgres_is_as_imported(sample: Company, postgres: PostgresServer) -> None:
    opened = companies.in_postgres(sample, postgres)
    assert_same(sample, opened)
    assert scored_in_place(opened) == scored_of_import(sample)


def test_online_retail_in_postgres_is_as_imported(retail: Company, postgres: PostgresServer) -> None:
    opened = companies.in_postgres(retail, postgres)
    assert_same(retail, opened)
    assert scored_in_place(opened) == scored_of_import(retail)


def test_rfm_in_duckdb_is_as_imported(sample: Company) -> None:
    scored = scored_in_place(companies.in_duckdb(sample))
    assert len(scored) > 1000
    assert scored == scored_of_import(sample)


def test_events_of_cases_are_brought_together_as_by_an_import(real_data: Find, tmp_path: Path) -> None:
    """Events of one minute have no order where the data lies: a field may be told by another of them."""
    company = companies.of_files(tmp_path, real_data("servicenow/incident_event_log.zip"))
    opened = companies.in_duckdb(company)
    loose = {
        "cases": {
            "count_reopened",
            "priority",
            "topic",
            "status",
            "count_contacts",
            "channel",
            "is_within_sla",
            "resolved_at",
            "customer_id",
        }
    }
    assert companies.differences(company, opened, loose) == {}
    assert companies.same_receipt(company, opened)
