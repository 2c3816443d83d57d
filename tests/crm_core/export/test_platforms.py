"""The platforms' files: hashes only, each address once, and every customer accounted for."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from hashlib import sha256

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.errors import CrmError
from crm_core.export.platforms import PLATFORMS, Written, write_platform

CUSTOMERS = [
    {"customer_id": "1", "email": "Anna.Lee@gmail.com", "phone": "0170 1234567", "country": "Deutschland"},
    {"customer_id": "2", "email": "annalee+news@gmail.com", "phone": None, "country": "DE"},
    {"customer_id": "3", "email": "annalee@gmail.com", "phone": "+44 20 7946 0958", "country": None},
    {"customer_id": "4", "email": None, "phone": " ", "country": "DE"},
    {"customer_id": "5", "email": "not an address", "phone": "12", "country": "DE"},
    {"customer_id": "6", "email": "bob@web.de", "phone": "0171 7654321", "country": None},
]


def batches(rows: list[dict[str, str | None]], size: int = 2) -> Iterator[pa.RecordBatch]:
    schema = pa.schema([(name, pa.string()) for name in ("customer_id", "email", "phone", "country")])
    yield from pa.Table.from_pylist(rows, schema).to_batches(max_chunksize=size)


def written(platform: str, rows=CUSTOMERS, country: str = "", size: int = 2) -> tuple[list[list[str]], Written]:
    target = io.BytesIO()
    counts = write_platform(batches(rows, size), target, platform, country)
    return list(csv.reader(io.StringIO(target.getvalue().decode("ascii")))), counts


def hexadecimal(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def test_google_gets_email_and_phone_each_once():
    (header, *rows), counts = written("google")
    assert header == ["Email", "Phone"]
    assert rows == [
        [hexadecimal("annalee@gmail.com"), hexadecimal("+491701234567")],
        ["", hexadecimal("+442079460958")],
        [hexadecimal("bob@web.de"), ""],
    ]
    assert counts == Written(
        count_in=6, count_written=3, count_without_address=1, count_unusable=1, count_duplicates=1, count_emails=2, count_phones=2,
        count_invalid_emails=1, count_invalid_phones=2, count_phones_without_country=1, count_repeated=1,
    )  # fmt: skip


def test_meta_gets_the_hashed_country_too_where_it_is_known():
    (header, *rows), counts = written("meta", country="Germany")
    assert header == ["email", "phone", "country"]
    assert rows[0] == [hexadecimal("anna.lee@gmail.com"), hexadecimal("491701234567"), hexadecimal("de")]
    assert [row[2] for row in rows] == [hexadecimal("de"), hexadecimal("de"), "", ""]
    assert rows[-1] == [hexadecimal("bob@web.de"), hexadecimal("491717654321"), ""]
    assert counts.count_written == 4


def test_the_default_country_reads_phones_of_customers_without_one():
    assert written("google", country="DE")[1].count_phones == 3
    assert written("google", country="United States")[1].count_phones == 2


def test_no_letter_of_an_address_leaves():
    for platform in PLATFORMS:
        rows, _ = written(platform, country="DE")
        assert all(cell == "" or (len(cell) == 64 and set(cell) <= set("0123456789abcdef")) for row in rows[1:] for cell in row)


def test_a_list_with_one_kind_of_address_is_enough():
    table = pa.table({"phone": ["+49 170 1234567"]})
    target = io.BytesIO()
    assert write_platform(table.to_batches(), target, "google").count_written == 1
    assert target.getvalue() == b"Email,Phone\r\n," + hexadecimal("+491701234567").encode() + b"\r\n"


def test_nobody_is_a_header():
    target = io.BytesIO()
    assert write_platform([], target, "meta") == Written()
    assert target.getvalue() == b"email,phone,country\r\n"


def test_a_list_without_addresses_is_refused():
    with pytest.raises(CrmError, match="No address to match by"):
        write_platform(pa.table({"customer_id": ["1"]}).to_batches(), io.BytesIO(), "google")


def test_unknown_platforms_and_countries_are_refused():
    with pytest.raises(CrmError, match="Unknown ad platform"):
        write_platform([], io.BytesIO(), "myspace")
    with pytest.raises(CrmError, match="Unknown country"):
        write_platform([], io.BytesIO(), "google", "Atlantis")


ROW = st.fixed_dictionaries(
    {
        "customer_id": st.just("1"),
        "email": st.sampled_from([None, "", "a@web.de", "A@web.de ", "a.b@gmail.com", "ab@gmail.com", "broken"]),
        "phone": st.sampled_from([None, "", "0170 1234567", "+491701234567", "0171 7654321", "12"]),
        "country": st.sampled_from([None, "Germany", "IR", "Nowhere"]),
    }
)


@given(st.lists(ROW, max_size=12), st.sampled_from(sorted(PLATFORMS)), st.sampled_from(["", "DE"]), st.integers(1, 5))
def test_every_customer_is_counted_once_and_batches_do_not_matter(rows, platform: str, country: str, size: int):
    (_, *lines), counts = written(platform, rows, country, size)
    assert counts.count_in == len(rows)
    assert counts.count_in == counts.count_written + counts.count_without_address + counts.count_unusable + counts.count_duplicates
    emails, phones = ([line[place] for line in lines if line[place]] for place in (0, 1))
    assert (len(lines), len(emails), len(phones)) == (counts.count_written, counts.count_emails, counts.count_phones)
    assert len(set(emails + phones)) == len(emails + phones)
    assert written(platform, rows, country, size=len(rows) or 1) == ([list(PLATFORMS[platform].header), *lines], counts)
