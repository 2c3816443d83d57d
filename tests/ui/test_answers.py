"""The sentences that pages say: one of a kind is singular, and no segment is called the largest where others are as large."""

from __future__ import annotations

from datetime import date

import pandas as pd

from ui import answers
from ui.numbers import count_of


def segments(*rows: tuple[str, int, float]) -> pd.DataFrame:
    """Rows of rfm.segments from (segment, customers, net sales)."""
    frame = pd.DataFrame(rows, columns=["segment", "customers", "net_sales"])
    return frame.assign(
        customer_share=frame["customers"] / frame["customers"].sum(), sales_share=frame["net_sales"] / frame["net_sales"].sum()
    )


def said(*rows: tuple[str, int, float]) -> str:
    return answers.segments(segments(*rows), "EUR", date(2024, 7, 1))


def test_one_is_singular() -> None:
    assert [count_of(number, "row") for number in (0, 1, 2000)] == ["0 rows", "1 row", "2,000 rows"]


def test_the_largest_segment_is_named_beside_the_best() -> None:
    assert said(("Champions", 1, 90.0), ("Hibernating", 3, 10.0)).endswith("the largest segment is Hibernating with 3 customers.")
    assert said(("Champions", 3, 90.0), ("Hibernating", 1, 10.0)).endswith("they are also the largest segment.")


def test_no_segment_is_called_the_largest_where_the_best_is_as_large() -> None:
    assert said(("Hibernating", 1, 10.0), ("Champions", 1, 90.0)).endswith("no segment has more customers.")


def test_changes_against_a_day_that_knew_little_say_so() -> None:
    first, later = date(2023, 1, 1), date(2024, 1, 1)
    assert answers.against(date(2023, 12, 1), first, later) == "Changes are against 1 Dec 2023."
    assert answers.against(date(2023, 1, 10), first, later, ", with the same rules") == (
        "Changes are against 10 Jan 2023, with the same rules; the data had run for only 9 days then."
    )
