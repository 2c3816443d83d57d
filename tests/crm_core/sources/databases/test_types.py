"""Values arrive as they are in the database, each type of each database in one of our five."""

# ruff: noqa: E501 (statements and lists of them read best unbroken)

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from crm_core.sources.databases.selection import Selection
from crm_core.sources.databases.stage import stage


def test_postgresql_types(on_postgres, staging, columns_of):
    opened = on_postgres(
        """SET TIME ZONE 'Asia/Tehran'; CREATE TYPE mood AS ENUM ('good', 'bad'); CREATE DOMAIN eur AS numeric(10, 2);
        CREATE TABLE things (id int, small smallint, big bigint, price numeric(12, 2), anything numeric, share real, ratio double precision, is_on boolean,
            day date, at timestamp, moment timestamptz, word text, letters varchar(10), padded char(5), id2 uuid, feeling mood, doc json, docb jsonb,
            tags text[], raw bytea, span interval, cash money, bits bit(4), address inet, period int4range, clock time, worth eur);
        INSERT INTO things VALUES (1, 2, 9007199254740993, 1234567890.12, 0.123456789012345678, 17.85, 0.1, true, '2024-02-29', '2024-02-29 23:59:59.5',
            '2024-02-29 12:00:00+03:30', 'سلام', 'ab', 'cd', '00000000-0000-0000-0000-000000000001', 'good', '{"a": 1}', '{"b": [1, 2]}', '{x,y}', '\\x00ff',
            '1 day 02:00:00', 12.5, B'0101', '10.0.0.1', '[1,5)', '09:05:00', 7.10);
        INSERT INTO things (id, price, anything, ratio, day, at, moment, word)
            VALUES (2, 'NaN', 'Infinity', 'NaN', 'infinity', '0044-03-15 BC', '-infinity', ''), (3, -0.01, 12345678901234567890, 1e300, '0001-01-01', '9999-12-31 23:59:59', NULL, ' ');"""
    )
    found = columns_of(stage(staging, opened, Selection("shop", "things", "public")))
    nothing = [None, None]
    assert found["price"] == ("number", [Decimal("1234567890.12"), None, Decimal("-0.01")])
    assert found["anything"] == ("number", [Decimal("0.123456789012345678"), None, Decimal(12345678901234567890)])
    assert found["big"] == ("number", [9007199254740993, *nothing])
    assert found["small"] == ("number", [2, *nothing])
    assert found["share"] == ("number", [17.85, *nothing])
    assert found["ratio"] == ("number", [0.1, None, 1e300])
    assert found["is_on"] == ("boolean", [True, *nothing])
    assert found["day"] == ("date", [date(2024, 2, 29), None, date(1, 1, 1)])
    assert found["at"] == ("timestamp", [datetime(2024, 2, 29, 23, 59, 59, 500000), None, datetime(9999, 12, 31, 23, 59, 59)])
    assert found["moment"][0] == "timestamp"
    assert found["moment"][1][0].astimezone(UTC) == datetime(2024, 2, 29, 8, 30, tzinfo=UTC)
    assert found["moment"][1][1:] == nothing
    assert found["word"] == ("text", ["سلام", None, " "])
    assert found["worth"] == ("number", [Decimal("7.10"), *nothing])
    texts = {
        "letters": "ab", "padded": "cd", "id2": "00000000-0000-0000-0000-000000000001", "feeling": "good", "doc": '{"a": 1}', "docb": '{"b": [1, 2]}',
        "tags": "{x,y}", "raw": "\\x00ff", "span": "1 day 02:00:00", "cash": "$12.50", "bits": "0101", "address": "10.0.0.1", "period": "[1,5)",
        "clock": "09:05:00",
    }  # fmt: skip
    assert {name: found[name] for name in texts} == {name: ("text", [value, *nothing]) for name, value in texts.items()}


def test_the_same_types_without_adbc(on_postgres, staging, columns_of, monkeypatch):
    """Where ADBC is not installed, or the driver is another."""
    opened = on_postgres(
        """CREATE TABLE things (id int, price numeric(12, 2), day date, moment timestamptz, id2 uuid, docb jsonb, tags text[], raw bytea, is_on boolean);
        INSERT INTO things VALUES (1, 12.30, '2024-02-29', '2024-02-29 12:00:00+03:30', '00000000-0000-0000-0000-000000000001', '{"b": 1}', '{x,y}', '\\x00ff', true);"""
    )
    monkeypatch.setattr("crm_core.sources.databases.postgres.is_possible", lambda session: False)
    table = stage(staging, opened, Selection("shop", "things"))
    found = columns_of(table)
    assert table.reading["Read by"] == "SQLAlchemy"
    assert found["price"] == ("number", [Decimal("12.30")])
    assert found["day"] == ("date", [date(2024, 2, 29)])
    assert found["moment"][1][0].astimezone(UTC) == datetime(2024, 2, 29, 8, 30, tzinfo=UTC)
    assert found["is_on"] == ("boolean", [True])
    assert found["id2"] == ("text", ["00000000-0000-0000-0000-000000000001"])
    assert found["docb"] == ("text", ['{"b": 1}'])
    assert found["tags"] == ("text", ['["x", "y"]'])
    assert found["raw"] == ("text", ["\\x00ff"])


def test_mariadb_types(on_mariadb, staging, columns_of):
    opened = on_mariadb(
        """SET SESSION sql_mode = '';
        CREATE TABLE things (id int, tiny tinyint(1), level tinyint(1), small tinyint, padded int(6) zerofill, huge bigint unsigned, price decimal(12, 2),
            ratio double, share float, day date, at datetime(6), moment timestamp NULL, born year, clock time, word varchar(20), long_text longtext, raw blob,
            doc json, feeling enum('good', 'bad'), flags set('a', 'b'), bits bit(4), is_on bit(1));
        INSERT INTO things VALUES (1, 1, 5, -3, 42, 18446744073709551615, 1234567890.12, 0.1, 17.85, '2024-02-29', '2024-02-29 23:59:59.5',
            '2024-02-29 12:00:00', 1999, '-26:05:00', 'سلام', 'x', x'00ff', '{"a": 1}', 'good', 'a,b', b'0101', b'1'),
          (2, 0, 0, 3, NULL, 1, -0.01, NULL, NULL, '0000-00-00', '0000-00-00 00:00:00', NULL, NULL, NULL, '', NULL, NULL, NULL, NULL, NULL, NULL, b'0');"""
    )
    found = columns_of(stage(staging, opened, Selection("shop", "things")))
    assert found["tiny"] == ("boolean", [True, False])
    assert found["level"] == ("number", [5, 0])
    assert found["small"] == ("number", [-3, 3])
    assert found["padded"] == ("number", [42, None])
    assert found["huge"] == ("number", [Decimal(18446744073709551615), Decimal(1)])
    assert found["price"] == ("number", [Decimal("1234567890.12"), Decimal("-0.01")])
    assert found["ratio"] == ("number", [0.1, None])
    assert found["share"] == ("number", [17.85, None])
    assert found["day"] == ("date", [date(2024, 2, 29), None])
    assert found["at"] == ("timestamp", [datetime(2024, 2, 29, 23, 59, 59, 500000), None])
    assert found["moment"] == ("timestamp", [datetime(2024, 2, 29, 12), None])
    assert found["born"] == ("number", [1999, None])
    assert found["is_on"] == ("boolean", [True, False])
    texts = {
        "clock": "-26:05:00",
        "word": "سلام",
        "long_text": "x",
        "raw": "\\x00ff",
        "doc": '{"a": 1}',
        "feeling": "good",
        "flags": "a,b",
        "bits": "0101",
    }
    assert {name: found[name] for name in texts} == {name: ("text", [value, None]) for name, value in texts.items()}


def test_sqlite_types(on_sqlite, staging, columns_of):
    opened = on_sqlite(
        """CREATE TABLE things (id INTEGER, price DECIMAL(12,2), odd_price DECIMAL(12,2), amount INTEGER, day DATE, at DATETIME, soon DATE, is_on BOOLEAN, level BOOLEAN,
            word TEXT, raw BLOB, ratio REAL, huge INTEGER);
        INSERT INTO things VALUES (1, 19.99, 0.125, 5, '2024-02-29', '2024-02-29 12:00:00', '2024-02-29', 1, 2, 'سلام', x'00ff', 0.1, 9223372036854775807),
                                  (2, 5, 1, 'many', NULL, NULL, 'soon', 0, 0, '', NULL, 1, NULL);"""
    )
    found = columns_of(stage(staging, opened, Selection("shop", "things")))
    assert found["price"] == ("number", [Decimal("19.99"), Decimal("5.00")])
    assert found["odd_price"] == ("number", [0.125, 1.0])
    assert found["amount"] == ("text", ["5", "many"])
    assert found["day"] == ("date", [date(2024, 2, 29), None])
    assert found["at"] == ("timestamp", [datetime(2024, 2, 29, 12), None])
    assert found["soon"] == ("text", ["2024-02-29", "soon"])
    assert found["is_on"] == ("boolean", [True, False])
    assert found["level"] == ("number", [2, 0])
    assert found["word"] == ("text", ["سلام", None])
    assert found["raw"] == ("text", ["\\x00ff", None])
    assert found["ratio"] == ("number", [0.1, 1.0])
    assert found["huge"] == ("number", [9223372036854775807, None])


@pytest.mark.parametrize(
    ("late", "kind", "first"),
    [("2.5", "number", 1.0), ("'word'", "text", "1"), ("NULL", "number", 1), ("9223372036854775807", "number", 1)],
)
def test_a_late_value_of_another_type_makes_the_whole_column_hold_it(on_sqlite, staging, columns_of, late, kind, first):
    opened = on_sqlite(
        f"""CREATE TABLE things (id INTEGER, value);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)
        INSERT INTO things SELECT i, CASE WHEN i = 30000 THEN {late} ELSE 1 END FROM n;"""
    )
    type_, found = columns_of(stage(staging, opened, Selection("shop", "things")))["value"]
    assert (type_, found[0], len(found)) == (kind, first, 30000)
    assert str(found[-1]) == late.strip("'").replace("NULL", "None")
