"""Did it work: by hand, against orders gone through one by one, and by campaigns of which the truth is known."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy import stats

from crm_core.analytics.campaign.assign import assign
from crm_core.analytics.campaign.outcome import TESTED, Outcome, outcome
from crm_core.errors import AnalysisError
from tests.crm_core.analytics.campaign.companies import END, START, Line, assigned, campaign, drawn, first_purchase, frame, snapshot
from tests.crm_core.analytics.conftest import Make
from tests.workspaces import lines

AS_OF = date(2024, 5, 1)

#: Three were contacted, three were not. In the campaign's days a bought for 60 and 40 and returned 20, b's only order there is void, c did
#: nothing; d bought for 30, e sent something back that he bought before, f bought a day too early and one too late.
SIX = snapshot(
    *[
        ("a", "treatment", "x"),
        ("b", "treatment", "y"),
        ("c", "treatment", "x"),
        ("d", "control", "x"),
        ("e", "control", "y"),
        ("f", "control", "x"),
    ]
)
SIX_LINES = lines(
    ("a", "1", "2024-03-01 00:00:00", 60, 2),
    ("a", "2", "2024-04-11 23:59:59", 40, 1),
    ("a", "3", "2024-04-02", -20, -1),
    ("b", "4", "2024-03-10", 500, 1),
    ("d", "5", "2024-03-20", 30, 1),
    ("e", "6", "2024-02-10", 80, 1),
    ("e", "7", "2024-03-05", -80, -1),
    ("f", "8", "2024-02-29 23:59:59", 70, 1),
    ("f", "9", "2024-04-12 00:00:00", 70, 1),
    (None, "10", "2024-03-10", 45, 1),
    ("stranger", "11", "2024-03-10", 1000, 1),
).assign(is_void=[False] * 3 + [True] + [False] * 7)


def test_six_customers_by_hand(made: Make) -> None:
    ws = made(order_lines=SIX_LINES)
    found = outcome(ws, SIX, campaign(cost_a_contact=1.0, cost_a_response=2.0), AS_OF)
    treatment, control = found.treatment, found.control
    assert control is not None
    assert (treatment.n, treatment.buyers, treatment.response) == (3, 1, pytest.approx(1 / 3))
    assert (treatment.sales, treatment.margin) == pytest.approx((80 / 3, 32 / 3))
    assert (control.n, control.buyers, control.response) == (3, 1, pytest.approx(1 / 3))
    assert (control.sales, control.margin) == pytest.approx((-50 / 3, -20 / 3))
    assert found.sales is not None
    assert found.sales.point == pytest.approx(130 / 3)
    assert found.profit is not None
    assert found.profit.point == pytest.approx(3 * (32 / 3 + 20 / 3) - 3 * 1 - 1 * 2)
    assert (found.profit.cost_of_contacts, found.profit.cost_of_responses) == (3, 2)
    assert found.verdict == "too small"
    assert "3 controls with 1 buyers" in found.reason
    assert (found.p_margin, found.p_sales, found.p_response) == (None, None, None)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("as_of", [AS_OF, date(2024, 3, 20)])
def test_groups_are_those_of_orders_gone_through_one_by_one(made: Make, seed: int, as_of: date) -> None:
    rows, members = drawn(seed), assigned(seed)
    Random(seed).shuffle(rows)
    found = outcome(made(order_lines=frame(rows)), members, campaign(margin=None), as_of)
    until = min(END, as_of)
    for name, group in (("treatment", found.treatment), ("control", found.control)):
        own = [one["customer_id"] for one in members.to_pylist() if one["group"] == name]
        bought = [first_purchase(rows, one, START, until) for one in own]
        its = [one for one in rows if one.customer in own and one.is_within(START, until)]
        assert group is not None
        assert group.n == len(own)
        assert group.buyers == sum(day is not None for day in bought)
        assert group.sales == pytest.approx(sum(one.amount for one in its) / len(own))
        is_known = found.lines_with_cost >= 0.9 * found.lines
        profit = sum(one.amount - one.cost for one in its if one.cost is not None) / len(own)
        assert group.margin == (pytest.approx(profit) if is_known else None)
    assert found.verdict == ("too small" if as_of >= END else "interim")


def test_the_order_of_rows_does_not_matter(made: Make) -> None:
    """Neither in the data nor in the snapshot, down to the draws."""
    one, other = (big(made, lift=2.0, shuffle=shuffle) for shuffle in (None, 5))
    assert (one.p_margin, one.p_response, one.verdict) == (other.p_margin, other.p_response, other.verdict)
    pd.testing.assert_frame_equal(one.strata, other.strata)


def spenders(lift: float, seed: int, customers: int = 1200) -> tuple[pa.Table, pd.DataFrame]:
    """Every third customer buys; treated customers of the first of three strata spend `lift` times as much. Half are controls."""
    rng = np.random.default_rng(seed)
    ids = [f"c{place:04}" for place in range(customers)]
    strata = [f"s{place % 3}" for place in range(customers)]
    is_control = assign(ids, strata, 0.5, seed)
    spent = np.round(rng.lognormal(3, 0.6, customers) * np.where(~is_control & (np.arange(customers) % 3 == 0), lift, 1.0), 2)
    bought = rng.random(customers) < 1 / 3
    rows = [(one, "1", "2024-03-15", amount, 1) for one, amount, buys in zip(ids, spent.tolist(), bought, strict=True) if buys]
    groups = ["control" if one else "treatment" for one in is_control]
    return snapshot(*zip(ids, groups, strata, strict=True)), lines(*rows, ("late", "2", "2024-04-20", 1, 1))


def big(made: Make, lift: float, seed: int = 3, shuffle: int | None = None, **different: object) -> Outcome:
    members, sold = spenders(lift, seed)
    if shuffle is not None:
        order = np.random.default_rng(shuffle)
        members, sold = members.take(order.permutation(len(members))), sold.sample(frac=1, random_state=shuffle)
    return outcome(made(order_lines=sold), members, campaign(**different), AS_OF)


def test_more_money_is_better_and_less_is_worse(made: Make) -> None:
    better, worse, same = big(made, 3.0), big(made, 0.05), big(made, 1.0)
    assert (better.verdict, worse.verdict, same.verdict) == TESTED
    assert better.p_margin is not None
    assert better.p_margin < 0.01
    assert better.p_margin == better.p_sales  # the margin is a share of the sales
    assert better.measure == "margin"
    assert "Margin a customer was higher" in better.reason


def test_only_the_stratum_that_was_moved_is_called_moved(made: Make) -> None:
    rows = big(made, 3.0).strata.set_index("stratum")
    assert rows["verdict"].to_dict() == {"s0": "better", "s1": "no clear difference", "s2": "no clear difference"}
    assert rows["n_treatment"].sum() == rows["n_control"].sum() == 600


def test_sales_are_judged_where_no_margin_is_known(made: Make) -> None:
    found = big(made, 3.0, margin=None)
    assert (found.measure, found.verdict, found.margin, found.profit) == ("sales", "better", None, None)
    assert found.treatment.margin is None
    assert found.why_no_margin == "The data has no costs, and no margin was given."


def test_costs_of_too_few_lines_give_no_margin(made: Make) -> None:
    members, sold = spenders(1.0, 3)
    known = sold.assign(cost_amount=[1.0 if place % 12 else None for place in range(len(sold))])
    unknown = sold.assign(cost_amount=[1.0 if place % 5 else None for place in range(len(sold))])
    assert outcome(made(order_lines=known), members, campaign(margin=None), AS_OF).measure == "margin"
    found = outcome(made(order_lines=unknown), members, campaign(margin=None), AS_OF)
    assert found.measure == "sales"
    assert found.why_no_margin.startswith(f"Costs are known for {found.lines_with_cost:,} of {found.lines:,} lines")
    assert outcome(made(order_lines=unknown), members, campaign(margin=0.5), AS_OF).measure == "margin"


def test_intervals_are_those_of_the_customers_listed_with_their_zeros(made: Make) -> None:
    found, (members, sold) = big(made, 1.5), spenders(1.5, 3)
    spent = sold.groupby("customer_id")["net_amount"].sum()
    rows = members.to_pandas().assign(value=lambda t: t["customer_id"].map(spent).fillna(0.0).astype(float))
    cap = np.quantile(rows["value"][rows["value"] != 0], 0.99)
    one, other = (rows["value"][rows["group"] == name].clip(upper=cap) for name in ("treatment", "control"))
    low, high = stats.ttest_ind(one, other, equal_var=False).confidence_interval()
    assert found.sales is not None
    assert (found.sales.capped, found.sales.low, found.sales.high) == pytest.approx((one.mean() - other.mean(), low, high))
    assert found.sales.cap == pytest.approx(cap)
    assert found.profit is not None
    assert (found.profit.low, found.profit.high) == pytest.approx((600 * 0.4 * low, 600 * 0.4 * high))


def test_the_interval_of_the_profit_knows_of_the_cost_of_responses(made: Make) -> None:
    found, (members, sold) = big(made, 1.5, cost_a_contact=0.5, cost_a_response=4.0), spenders(1.5, 3)
    spent = sold.groupby("customer_id")["net_amount"].sum()
    rows = members.to_pandas().assign(value=lambda t: 0.4 * t["customer_id"].map(spent).fillna(0.0).astype(float))
    capped = rows["value"].clip(upper=np.quantile(rows["value"][rows["value"] != 0], 0.99))
    net = capped - np.where(rows["group"] == "treatment", 0.5 + 4.0 * (rows["value"] > 0), 0)
    low, high = stats.ttest_ind(net[rows["group"] == "treatment"], net[rows["group"] == "control"], equal_var=False).confidence_interval()
    assert found.profit is not None
    assert (found.profit.low, found.profit.high) == pytest.approx((600 * low, 600 * high))


def test_a_look_on_the_way_gives_no_verdict(made: Make) -> None:
    members, sold = spenders(3.0, 3)
    ws = made(order_lines=sold)
    found = outcome(ws, members, campaign(), END - timedelta(days=1))
    assert (found.verdict, found.p_margin, found.until) == ("interim", None, END - timedelta(days=1))
    assert set(found.strata["verdict"]) == {""}
    assert found.strata["p"].isna().all()
    assert found.sales is not None
    assert found.sales.low > 0
    assert outcome(ws, members, campaign(), END).verdict == "better"


def test_the_data_must_reach_the_end_whatever_day_is_looked_from(made: Make) -> None:
    members, sold = spenders(3.0, 3)
    found = outcome(made(order_lines=sold[sold["customer_id"] != "late"]), members, campaign(), AS_OF)
    assert (found.verdict, found.until) == ("interim", date(2024, 3, 16))


def test_without_controls_nothing_is_compared(made: Make) -> None:
    members, sold = spenders(3.0, 3)
    everybody = members.set_column(1, "group", pa.array(["treatment"] * len(members)))
    found = outcome(made(order_lines=sold), everybody, campaign(), AS_OF)
    assert found.verdict == "no control group"
    assert (found.control, found.response, found.sales, found.margin, found.profit) == (None,) * 5
    assert found.strata["difference"].isna().all()
    assert found.treatment.n == 1200


def test_groups_that_were_not_drawn_by_lot_get_no_verdict(made: Make) -> None:
    found = big(made, 3.0, is_random=False)
    assert (found.verdict, found.profit, found.p_margin) == ("not random", None, None)
    assert found.sales is not None  # as a description


@pytest.mark.parametrize(("controls", "buyers", "verdict"), [(200, 30, "better"), (199, 30, "too small"), (200, 29, "too small")])
def test_a_verdict_needs_200_controls_and_30_buyers_among_them(made: Make, controls: int, buyers: int, verdict: str) -> None:
    names = [f"c{place:03}" for place in range(600)]
    rows = [(one, "1", "2024-03-10", 50 + place % 7, 1) for place, one in enumerate(names) if place < buyers or place >= controls]
    members = snapshot(*((one, "control" if place < controls else "treatment", "") for place, one in enumerate(names)))
    assert outcome(made(order_lines=lines(*rows, ("late", "9", "2024-05-02", 1, 1))), members, campaign(), AS_OF).verdict == verdict


def test_small_strata_are_uncertain_or_get_no_verdict(made: Make) -> None:
    members, sold = spenders(1.0, 3)
    sizes = {"tiny": 18, "small": 55}  # nine and about 27 a group
    strata = ["tiny" if place < 18 else "small" if place < 73 else None for place in range(1200)]
    groups = ["control" if place % 2 else "treatment" for place in range(1200)]
    rows = outcome(
        made(order_lines=sold), snapshot(*zip(members["customer_id"].to_pylist(), groups, strata, strict=True)), campaign(), AS_OF
    ).strata.set_index("stratum")
    assert rows["n_treatment"].to_dict() == {"": 563, "small": 28, "tiny": 9}
    assert sizes["small"] == rows.loc["small", ["n_treatment", "n_control"]].sum()
    assert rows.loc["tiny", "verdict"] == "fewer than 10 customers"
    assert rows["is_uncertain"].to_dict() == {"": False, "small": True, "tiny": True}
    assert rows.loc["small", "verdict"] == "no clear difference"


def test_before_the_campaign_there_are_no_results(made: Make) -> None:
    with pytest.raises(AnalysisError) as raised:
        outcome(made(order_lines=SIX_LINES), SIX, campaign(), START)
    assert raised.value.title == "No results yet"


def test_what_cannot_be_judged_is_refused_with_all_problems(made: Make) -> None:
    ws = made(order_lines=SIX_LINES)
    with pytest.raises(AnalysisError) as raised:
        outcome(ws, SIX, campaign(end=START, margin=1.5, cost_a_contact=-1.0, seed=-1), AS_OF)
    assert [one.code for one in raised.value.problems] == ["period", "not_a_share", "negative", "seed"]
    with pytest.raises(AnalysisError) as raised:
        outcome(ws, SIX.select(["customer_id"]), campaign(), AS_OF)
    assert [one.column for one in raised.value.problems] == ["group", "stratum"]
    with pytest.raises(AnalysisError) as raised:
        outcome(ws, snapshot(("a", "treatment", ""), ("a", "control", ""), (None, "sent", "")), campaign(), AS_OF)
    assert [one.code for one in raised.value.problems] == ["id_missing", "id_twice", "group_unknown"]
    with pytest.raises(AnalysisError) as raised:
        outcome(ws, snapshot(("a", "control", "")), campaign(), AS_OF)
    assert [one.code for one in raised.value.problems] == ["nobody"]
    with pytest.raises(AnalysisError):
        outcome(made(customers=pd.DataFrame({"customer_id": ["a"], "joined_on": ["2024-01-01"]})), SIX, campaign(), AS_OF)


def test_a_return_after_the_end_does_not_undo_a_response(made: Make) -> None:
    """Lines of the end day and later are cut first, then orders are formed."""
    rows = [Line("a", "1", pd.Timestamp("2024-04-10").to_pydatetime(), 50, 1, False, 20)]
    rows += [Line("a", "1", pd.Timestamp("2024-04-20").to_pydatetime(), -50, -1, False, -20)]
    found = outcome(made(order_lines=frame(rows)), snapshot(("a", "treatment", ""), ("b", "control", "")), campaign(margin=None), AS_OF)
    assert (found.treatment.buyers, found.treatment.sales, found.treatment.margin) == (1, 50, 30)
