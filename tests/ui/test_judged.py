"""What came of a campaign in words: no more is said than was found."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import pytest

from crm_core.analytics.campaign.by_stratum import COLUMNS
from crm_core.analytics.campaign.compare import Gap
from crm_core.analytics.campaign.outcome import Campaign, Group, Outcome, Profit, Verdict
from crm_core.analytics.intervals import Interval
from ui.sections.audience import judged, judged_tables
from ui.sections.audience.judged import Circumstances

NAN = float("nan")
NOTHING = Circumstances(0, 0)
STRATA = pd.DataFrame(
    [
        ("Loyal", 600, 200, 0.4, 0.3, 0.1, 0.02, 0.18, 12.0, 10.0, 2.0, 1.9, 0.5, 3.3, 0.004, "better", False),
        ("", 40, 20, 0.4, 0.3, 0.1, -0.1, 0.3, 12.0, 10.0, 2.0, 1.9, -1.0, 4.8, 0.2, "no clear difference", True),
        ("New", 60, 0, 0.4, NAN, NAN, NAN, NAN, 12.0, NAN, NAN, NAN, NAN, NAN, NAN, "fewer than 10 customers", True),
    ],
    columns=list(COLUMNS),
)
FOUND = Outcome(
    campaign=Campaign(date(2026, 3, 1), date(2026, 4, 1), True, 7, 0.5, 1.0, 2.0),
    until=date(2026, 4, 1),
    treatment=Group(700, 280, 12.0, 6.0),
    control=Group(220, 66, 10.0, 5.0),
    response=Interval(0.1, 0.02, 0.18),
    sales=Gap(2.0, 1.9, 0.5, 3.3, 90.0),
    margin=Gap(1.0, 0.95, 0.25, 1.65, 45.0),
    p_response=0.01,
    p_sales=0.02,
    p_margin=0.03,
    measure="margin",
    verdict="better",
    reason="Margin a customer was higher with the campaign, by more than lot explains.",
    profit=Profit(500.0, 450.0, 100.0, 800.0, 700.0, 560.0),
    strata=STRATA,
    lines=1000,
    lines_with_cost=1000,
    why_no_margin="",
)


def changed(**different: Any) -> Outcome:
    return replace(FOUND, **different)


def earning(low: float, high: float) -> Outcome:
    return changed(profit=Profit((low + high) / 2, (low + high) / 2, low, high, 700.0, 560.0))


def test_the_answer_has_verdict_reason_figures_interval_and_p() -> None:
    assert judged.answer(FOUND, "EUR") == (
        "It worked. Margin a customer was higher with the campaign, by more than lot explains. A customer addressed brought EUR 6 margin, one of the "
        "control group EUR 5: EUR +1.00 (95 % on capped values: +0.25 to +1.65, p = 0.030)."
    )


@pytest.mark.parametrize(
    ("low", "high", "heading"),
    [
        (100.0, 800.0, "It worked. "),
        (-100.0, 800.0, "It had an effect; whether it earned its costs is not clear. "),
        (-800.0, -100.0, "It had an effect, but did not earn its costs. "),
    ],
)
def test_an_effect_has_worked_only_where_it_earned_its_costs(low: float, high: float, heading: str) -> None:
    assert judged.answer(earning(low, high), "EUR").startswith(heading)


@pytest.mark.parametrize("verdict", list(judged.HEADINGS))
def test_p_is_told_only_with_a_verdict(verdict: Verdict) -> None:
    told = judged.answer(changed(verdict=verdict), "EUR")
    assert told.startswith(judged.HEADINGS[verdict])
    assert ("p = " in told) is (verdict in ("better", "worse", "no clear difference"))


@pytest.mark.parametrize(
    ("verdict", "more_is"), [("better", "good"), ("worse", "good"), ("no clear difference", "neutral"), ("interim", "neutral")]
)
def test_a_difference_has_a_colour_only_where_it_is_called(verdict: Verdict, more_is: str) -> None:
    tiles = {one.label: one for one in judged.tiles(changed(verdict=verdict), "EUR")}
    assert tiles["Margin a customer"].more_is == more_is
    assert {tiles[name].more_is for name in ("Response", "Sales a customer", "Incremental profit")} == {"neutral"}


def test_without_a_control_group_no_difference_is_told() -> None:
    alone = changed(
        control=None, response=None, sales=None, margin=None, profit=None, verdict="no control group", reason="Nobody was left out."
    )
    assert (
        judged.answer(alone, "EUR")
        == "No control group, no verdict. Nobody was left out. 40.0 % of those addressed bought, EUR 12 a customer."
    )
    assert [one.change for one in judged.tiles(alone, "EUR")] == [None] * 5
    assert list(judged_tables.measures_written(alone, "EUR").columns) == ["what", "treatment"]
    assert judged_tables.response_apart(alone) is None
    assert judged_tables.money_apart(alone) == ()


@pytest.mark.parametrize(
    ("beside", "words"),
    [
        (Circumstances(1, 0), "1 customer of the export was erased since and no longer counts."),
        (Circumstances(2, 0), "2 customers of the export were erased since and no longer count."),
        (
            Circumstances(0, 1),
            "1 customer of the export is no longer among the customers of this data and counts as having bought nothing.",
        ),
    ],
)
def test_who_is_missing_is_counted(beside: Circumstances, words: str) -> None:
    assert words in judged.caveat(FOUND, beside, "EUR")


def test_who_is_not_missing_is_not_told() -> None:
    assert "of the export" not in judged.caveat(FOUND, NOTHING, "EUR")


def test_lines_without_a_cost_are_told_where_costs_give_the_margin() -> None:
    campaign = replace(FOUND.campaign, margin=None)
    assert "Costs are known for 950 of 1,000 lines" in judged.caveat(changed(campaign=campaign, lines_with_cost=950), NOTHING, "EUR")
    assert "Costs are known" not in judged.caveat(changed(lines_with_cost=950), NOTHING, "EUR")


def test_the_profit_names_its_costs_and_an_interim_one_is_so_far() -> None:
    told = judged.caveat(FOUND, NOTHING, "EUR")
    assert told.startswith("Incremental profit: EUR 500 (95 % on capped values: EUR 100 to EUR 800, EUR 1,260 of costs taken off).")
    assert judged.caveat(changed(verdict="interim"), NOTHING, "EUR").startswith("Incremental profit so far: ")


def test_segments_say_why_there_is_no_call_and_where_it_is_uncertain() -> None:
    rows = judged_tables.segments(FOUND).set_index("stratum")["verdict"]
    assert rows.to_dict() == {
        "Loyal": "better",
        "no segment": "no clear difference, few customers: uncertain",
        "New": "no verdict: no controls",
    }
    assert judged_tables.segments(changed(verdict="too small"))["verdict"].tolist()[0] == "no verdict: too small"


def test_the_figures_are_those_of_the_outcome() -> None:
    rows = judged_tables.measures(FOUND).set_index("what")
    assert rows.loc["Net sales", ["treatment", "control", "difference", "capped", "low", "high", "p"]].tolist() == [
        12.0,
        10.0,
        2.0,
        1.9,
        0.5,
        3.3,
        0.02,
    ]
    written = judged_tables.measures_written(FOUND, "EUR").set_index("what")
    assert written.loc["Response"].tolist() == ["40.0 %", "30.0 %", "+10.0 points", "+2.0 to +18.0", "0.010"]


@pytest.mark.parametrize(("value", "words"), [(None, "–"), (NAN, "–"), (0.0001, "0.0001"), (0.0312, "0.031"), (1.0, "1.000")])
def test_small_p_keep_their_digits(value: float | None, words: str) -> None:
    assert judged.p_value(value) == words


def test_a_period_names_its_last_day() -> None:
    assert judged.period(date(2026, 3, 1), date(2026, 4, 1)) == "1 Mar 2026 to 31 Mar 2026 (31 days)"
    assert judged.period(date(2026, 3, 1), date(2026, 3, 2)) == "1 Mar 2026 to 1 Mar 2026 (1 day)"
