"""Tiles show the change against the earlier day, and none where there is nothing to compare."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pandas as pd

from tests.ui.test_answers import HEADLINE
from ui import tiles


def grid(customers: int, sales: float) -> pd.DataFrame:
    """The same in each cell."""
    return pd.DataFrame(
        [(r, f, customers, sales) for r, f in product(range(1, 6), repeat=2)], columns=["r_score", "f_score", "customers", "net_sales"]
    )


def test_groups_of_cells_are_added_up() -> None:
    found = {tile.label: tile.value for tile in tiles.segments(grid(2, 1000.0), None, "EUR")}
    assert found == {
        "Customers": "50",
        "Regular buyers": "12",
        "Regulars’ share of sales": "24.0 %",
        "Gone quiet": "12",
        "Net sales gone quiet": "EUR 6,000",
    }


def test_changes_are_against_the_earlier_day() -> None:
    changes = [tile.change for tile in tiles.segments(grid(2, 1000.0), grid(1, 800.0), "EUR")]
    assert changes == ["+25", "+6", "no change", "+6", "+25.0 %"]


def test_without_an_earlier_day_there_are_no_changes() -> None:
    assert {tile.change for tile in tiles.segments(grid(2, 1000.0), None, "EUR")} == {None}


def test_a_tenfold_change_is_told_as_a_multiple() -> None:
    assert tiles.segments(grid(2, 1000.0), grid(1, 10.0), "")[-1].change == "× 100"


def test_shares_of_sales_below_zero_are_not_told() -> None:
    assert tiles.segments(grid(2, -10.0), grid(1, 10.0), "")[2].value == "not provided"


def test_more_customers_gone_quiet_is_no_good_news() -> None:
    assert [tile.more_is for tile in tiles.segments(grid(1, 1.0), None, "")] == ["good", "good", "good", "bad", "bad"]


def test_the_forecast_is_told_a_head_too() -> None:
    found = tiles.customer_value(HEADLINE, 6, "EUR")
    assert {tile.label: tile.value for tile in found} == {
        "Value, 6 months": "EUR 50.0k",
        "A customer": "EUR 41.67",
        "Probably active": "700",
        "Purchases expected": "900",
        "Held by the best 20 %": "61.0 %",
    }
    assert "EUR 40,000 to EUR 65,000" in found[0].help
    assert found[2].help.startswith("58.4 % of 1,200 customers")
    assert "next 6 months" in found[3].help


def test_what_a_forecast_does_not_say_is_not_provided() -> None:
    active, best = (tiles.customer_value(replace(HEADLINE, active=None, best_share=None), 12, "")[place] for place in (2, 4))
    assert (active.value, active.help) == ("not provided", "The rule that forecasts does not say.")
    assert best.value == "undefined"


def test_nobody_has_no_value_a_head() -> None:
    found = tiles.customer_value(replace(HEADLINE, customers=0, value=0.0, active=None), 12, "EUR")
    assert [tile.value for tile in found[:3]] == ["EUR 0", "not provided", "not provided"]
