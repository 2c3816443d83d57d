"""Types of a real database become those of the schema: times with an offset, numbers without a scale, ids of every kind."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from crm_core.engines.postgres import Postgres
from crm_core.mapping.in_place.model import InPlace, Source
from crm_core.mapping.in_place.tables import canonical
from crm_core.mapping.model import ImportOptions, Mapping, TableMapping
from tests.crm_core.mapping.in_place import companies
from tests.servers.postgres import PostgresServer

SALES = """
CREATE TYPE mood AS ENUM ('cancelled', 'fine');
CREATE TABLE sales (
    code char(6), number bigint, key uuid, at timestamptz, day text, net numeric, gross real, pieces text, state mood, fresh boolean, made numeric(20, 6));
INSERT INTO sales VALUES
    ('A1', 1, '00000000-0000-0000-0000-000000000001', '2024-06-30 22:30:00+00', '2024-02-29', 12.34567, 1.5, ' 2 ', 'fine', true, 1.1234567),
    ('A1', 2, '00000000-0000-0000-0000-000000000001', '2024-01-01 00:00:00+00', '2023-02-29', 'NaN', 2.25, '1e3', 'fine', NULL, 2),
    ('B22', NULL, NULL, 'infinity', '2024-12-31 23:59:59.5', 1e20, 'Infinity', '-3.5', 'cancelled', false, 99999999999999),
    ('', 4, '00000000-0000-0000-0000-000000000002', '2024-01-02 00:00:00+00', 'soon', -7, -2.5, NULL, NULL, true, -1);
"""


@pytest.fixture(scope="module")
def shop(postgres: PostgresServer) -> Iterator[Postgres]:
    database = postgres.create_database("types")
    postgres.execute(SALES, database)
    engine = companies.connect(postgres, database)
    yield engine
    engine.close()


def opened(engine: Postgres, fields: dict[str, str], timezone: str = "UTC", attributes: tuple[str, ...] = ()) -> InPlace:
    mapping = Mapping((TableMapping("sales", "order_lines", fields, attributes),), ImportOptions(timezone=timezone))
    return canonical([Source("sales", engine.backend.table("sales"))], mapping, engine)


def column(engine: Postgres, found: InPlace, table: str, name: str) -> list[Any]:
    cells = engine.arrow(found.tables[table].select(name))[name].to_pylist()
    return sorted(cells, key=lambda cell: (cell is not None, str(cell)))


BASIC = {"customer_id": "code", "order_id": "number", "ordered_at": "at", "net_amount": "gross"}


def test_times_with_an_offset_are_shown_in_the_zone_of_the_workspace(shop: Postgres) -> None:
    for timezone, last in (("UTC", datetime(2024, 6, 30, 22, 30)), ("Europe/Berlin", datetime(2024, 7, 1, 0, 30))):
        found = opened(shop, BASIC, timezone)
        assert column(shop, found, "order_lines", "line_at")[-1] == last
        assert found.last_day == last.date()


def test_what_no_amount_can_hold_is_left_out(shop: Postgres) -> None:
    found = opened(shop, BASIC | {"net_amount": "net"})
    assert column(shop, found, "order_lines", "net_amount") == [Decimal("-7.0000"), Decimal("12.3457")]
    reasons = found.receipt.sources[0].rejected_by_reason
    assert reasons == {"the amount cannot be read": 1, "the date cannot be read, or is no plausible one": 1}


def test_floating_amounts_become_decimals(shop: Postgres) -> None:
    assert column(shop, opened(shop, BASIC), "order_lines", "net_amount") == [Decimal("-2.5"), Decimal("1.5"), Decimal("2.25")]


def test_ids_of_fixed_width_lose_their_blanks_and_empty_ones_are_none(shop: Postgres) -> None:
    assert column(shop, opened(shop, BASIC), "customers", "customer_id") == ["A1"]


def test_numbers_and_uuids_are_ids(shop: Postgres) -> None:
    found = opened(shop, BASIC | {"customer_id": "key", "product_id": "net"})
    assert column(shop, found, "customers", "customer_id") == [f"00000000-0000-0000-0000-00000000000{number}" for number in (1, 2)]
    assert column(shop, found, "orders", "order_id") == ["1", "2", "4"]
    assert column(shop, found, "order_lines", "product_id") == ["-7", "12.34567", "NaN"]


def test_texts_are_dates_and_numbers_where_they_are_plain(shop: Postgres) -> None:
    found = opened(shop, {"customer_id": "code", "ordered_at": "day", "net_amount": "made", "quantity": "pieces"})
    assert column(shop, found, "order_lines", "line_at") == [datetime(2024, 2, 29), datetime(2024, 12, 31, 23, 59, 59, 500_000)]
    assert column(shop, found, "order_lines", "quantity") == [Decimal("-3.5"), Decimal(2)]
    assert found.first_day == date(2024, 2, 29)


def test_an_enumeration_is_a_status_and_a_flag_an_attribute(shop: Postgres) -> None:
    found = opened(shop, {"customer_id": "key", "ordered_at": "day", "net_amount": "made", "status": "state"}, attributes=("fresh",))
    assert found.receipt.status_words == {"cancelled": "cancelled", "fine": "completed"} or found.receipt.lines_void == 1
    assert column(shop, found, "order_lines", "is_void") == [False, True]
    assert column(shop, found, "customers", "attr_1") == ["true"]
