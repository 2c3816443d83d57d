"""Profiles say what a column can be, from its values alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from crm_core.mapping.values.profile import ColumnProfile, profile
from crm_core.sources.files import stage
from crm_core.sources.staging import Staging
from tests.crm_core.mapping import cells


@pytest.fixture(scope="module")
def staging() -> Iterator[Staging]:
    with Staging() as area:
        yield area


def look(staging: Staging, column: Sequence[Any], **kind: Any) -> ColumnProfile:
    cells.put(staging, column, **kind)
    return profile(staging, "table")[0]


@pytest.mark.parametrize(
    ("column", "hint"),
    [
        (["anna@example.com", "bo@example.org"], "email"),
        (["0912 345 6789", "+44 20 7946 0958"], "phone"),
        (["1", "22", "3.0"], "integer"),
        (["a", "b", "c"], "unique"),
        (["-1.5", "2"], "negative"),
        (["(1.50)", "2.00"], "negative"),
        (["yes", "no", "yes"], "flag"),
        (["€ 5.00", "7.50"], "currency_sign"),
        (["5.94773E+23", "58d2fe9b46e0fb0001e432c0"], "damaged_ids"),
        (["Germany", "France"], "words"),
        (["https://example.com/a", "www.example.com"], "url"),
        (["A customer wrote at length about a parcel that never came to her door."], "long_text"),
    ],
)
def test_hints_are_found(staging: Staging, column: list[str], hint: str) -> None:
    assert hint in look(staging, column).hints


@pytest.mark.parametrize(
    ("column", "hint"),
    [
        (["1", "1"], "unique"),
        (["1.5"], "integer"),
        (["20180725", "20180726"], "phone"),
        (["2E5", "1.5E+06"], "damaged_ids"),
        (["yes", "no", "later"], "flag"),
        (["85123A"], "words"),
    ],
)
def test_hints_are_not_given_away(staging: Staging, column: list[str], hint: str) -> None:
    assert hint not in look(staging, column).hints


def test_counts_are_of_all_rows(staging: Staging) -> None:
    one = look(staging, ["5", "7", None, "7"])
    assert (one.rows, one.filled, one.distinct, one.minimum, one.maximum) == (4, 3, 2, 5.0, 7.0)


def test_a_column_can_be_a_date_and_a_number(staging: Staging) -> None:
    one = look(staging, ["19970101", "19970112"])
    assert one.date is not None
    assert one.number is not None
    assert (one.date.style, one.date_share, one.number_share) == ("ymd_compact", 1.0, 1.0)


def test_words_for_nothing_lower_no_share(staging: Staging) -> None:
    one = look(staging, ["?", "29/2/2016 01:16", "?", "5/3/2016 12:00", "NULL"])
    assert (one.date_share, one.date.style if one.date else None) == (1.0, "dmy")


def test_a_rare_value_far_down_decides_on_the_marks(staging: Staging) -> None:
    one = look(staging, ["5", "17", "250"] * 20_000 + ["1.234,50"])
    assert one.number is not None
    assert (one.number.decimal, one.number.thousands, one.number.is_plain) == (",", ".", False)


def test_a_column_filled_in_few_rows_is_still_seen(staging: Staging) -> None:
    one = look(staging, [None] * 40_001 + ["2021-01-05"] + [None] * 30_000)
    assert one.examples == ("2021-01-05",)
    assert one.date is not None
    assert one.date.style == "iso"


@pytest.mark.parametrize("column", [[], [None, None], ["", "  "]])
def test_empty_columns_have_a_profile(staging: Staging, column: list[str | None]) -> None:
    one = look(staging, column)
    assert (one.number, one.date, one.examples, one.hints) == (None, None, (), frozenset())


def test_columns_typed_by_the_source_keep_their_type(staging: Staging) -> None:
    days = look(staging, ["2021-01-05", None], sql_type="DATE", column_type="date")
    prices = look(staging, [1.5, None, -2.0], sql_type="DOUBLE", column_type="number")
    flags = look(staging, [True, False], sql_type="BOOLEAN", column_type="boolean")
    assert days.date is not None
    assert days.date.style == "native"
    assert (prices.minimum, prices.maximum, prices.number_share) == (-2.0, 1.5, 1.0)
    assert "flag" in flags.hints


def test_three_hundred_columns_are_profiled(staging: Staging) -> None:
    cells.put_columns(staging, {f"column {number}": [str(number), "5"] for number in range(300)})
    assert len(profile(staging, "table")) == 300


def test_real_columns_look_like_what_they_are(staging: Staging, real_data: Callable[[str], Path]) -> None:
    source = stage(staging, real_data("persian_shop/orders.csv"))[0].name
    found = {one.name: one for one in profile(staging, source)}
    assert "damaged_ids" in found["customer_id"].hints
    assert "unique" in found["order_id"].hints
    assert found["customer_id"].distinct == 14_964
    assert found["total_purchase"].number_share == 1.0
    assert {name for name, one in found.items() if one.date is not None} == {"created_ts", "shamsy_date"}
