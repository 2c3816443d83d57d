"""What the page tells of the forecast is added up from the rows of the forecast, and from the model's own methods."""

from __future__ import annotations

from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest

from crm_core.analytics import rfm
from crm_core.analytics.clv import forecast, report
from crm_core.analytics.clv.forecast import Settings, Terms
from crm_core.analytics.listing import listing
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace
from tests.buyers import BUYERS_AS_OF, NUMBER, customers, order_lines, purchase_days
from tests.workspaces import SIX_AS_OF, lines, open_workspace, six_customers

HALF_A_YEAR = Terms(6, 0.3, 0.1)
LOSS = Terms(margin=-0.3)
LAST_PERIOD, SAME_RATE = Settings("last_period"), Settings("same_rate")


def rows(ws: Workspace, settings: Settings = Settings(), terms: Terms = Terms()) -> pd.DataFrame:
    """The forecast of each customer."""
    return ws.execute(forecast.customers(ws, forecast.choose(ws, BUYERS_AS_OF, settings), terms)).set_index("customer_id").sort_index()


def some(*customer_ids: str) -> ibis.Table:
    """These customers are shown."""
    return ibis.memtable(pd.DataFrame({"customer_id": pd.Series(customer_ids, dtype="object")}), schema={"customer_id": "string"})


# -- the answer --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("terms", [Terms(), HALF_A_YEAR])
def test_the_answer_is_the_sum_of_the_rows(buyers: Workspace, terms: Terms) -> None:
    found, each = report.headline(buyers, BUYERS_AS_OF, terms=terms), rows(buyers, terms=terms)
    assert found.customers == len(each) == NUMBER
    assert found.value == pytest.approx(each["clv"].sum())
    assert found.purchases == pytest.approx(each["expected_purchases"].sum())
    assert found.active == pytest.approx(each["p_alive"].sum())
    assert found.best_share == pytest.approx(each["clv"].nlargest(NUMBER // 5).sum() / each["clv"].sum())
    assert found.margin == terms.margin
    assert 0 < found.low < found.value < found.high


def test_the_answer_of_some_customers_is_the_sum_of_theirs(buyers: Workspace) -> None:
    """Of 102 customers the best 20 % are 21."""
    shown = [f"c{who:03}" for who in range(102)]
    found, each = report.headline(buyers, BUYERS_AS_OF, shown=some(*shown)), rows(buyers).loc[shown]
    assert (found.customers, found.value) == (102, pytest.approx(each["clv"].sum()))
    assert found.active == pytest.approx(each["p_alive"].sum())
    assert found.best_share == pytest.approx(each["clv"].nlargest(21).sum() / each["clv"].sum())
    assert found.rule == report.headline(buyers, BUYERS_AS_OF).rule  # the models rest on all


def test_nobody_is_worth_nothing(buyers: Workspace) -> None:
    found = report.headline(buyers, BUYERS_AS_OF, shown=some())
    assert (found.customers, found.value, found.purchases, found.active, found.best_share) == (0, 0, 0, None, None)


def test_a_loss_has_no_best_customers(buyers: Workspace) -> None:
    gain, loss = (report.headline(buyers, BUYERS_AS_OF, terms=Terms(margin=margin)) for margin in (0.3, -0.3))
    assert (loss.value, loss.low, loss.high) == pytest.approx((-gain.value, -gain.high, -gain.low))
    assert loss.best_share is None


def test_a_rule_does_not_say_who_is_active(buyers: Workspace) -> None:
    found = report.headline(buyers, BUYERS_AS_OF, SAME_RATE)
    assert (found.active, found.is_naive) == (None, True)
    assert not report.headline(buyers, BUYERS_AS_OF).is_naive


def test_a_horizon_longer_than_the_data_is_extrapolated(buyers: Workspace) -> None:
    """Two years are 730.5 days, half a day more than the data holds."""
    assert [report.headline(buyers, BUYERS_AS_OF, terms=Terms(months)).is_extrapolated for months in (12, 24)] == [False, True]


# -- how value spreads -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("settings", "terms"), [(Settings(), Terms()), (LAST_PERIOD, Terms()), (SAME_RATE, LOSS), (Settings(), LOSS)])
def test_ranges_of_value_hold_everybody_once(buyers: Workspace, settings: Settings, terms: Terms) -> None:
    spread, clv = report.distribution(buyers, BUYERS_AS_OF, settings, terms), rows(buyers, settings, terms)["clv"]
    assert spread["customers"].sum() == NUMBER
    for row in spread.itertuples():
        is_nothing = row.low == row.high == 0
        low, high = (end if pd.notna(end) else fill for end, fill in ((row.low, -np.inf), (row.high, np.inf)))
        inside = clv[clv == 0] if is_nothing else clv[(clv >= low) & (clv < high) & (clv != 0)]
        assert (row.customers, row.value) == (len(inside), pytest.approx(inside.sum()))


def test_ranges_ascend_in_the_steps_1_2_5(buyers: Workspace) -> None:
    edges = report.distribution(buyers, BUYERS_AS_OF)["low"].tolist()
    assert edges == [0, 5, 10, 20, 50, 100, 200, 500, 1000, 2000]


def test_customers_who_are_worth_nothing_are_a_range_of_their_own(buyers: Workspace) -> None:
    spread = report.distribution(buyers, BUYERS_AS_OF, LAST_PERIOD)
    nothing = spread[(spread["low"] == 0) & (spread["high"] == 0)]
    assert nothing["customers"].tolist() == [(rows(buyers, LAST_PERIOD)["clv"] == 0).sum()]
    assert nothing["customers"].item() > 0


def test_values_below_zero_have_ranges_too(buyers: Workspace) -> None:
    spread = report.distribution(buyers, BUYERS_AS_OF, terms=LOSS)
    assert (spread["high"] <= 0).all()
    assert spread["low"].isna().tolist() == [True] + [False] * (len(spread) - 1)


def test_nobody_has_no_ranges(buyers: Workspace) -> None:
    assert report.distribution(buyers, BUYERS_AS_OF, shown=some()).empty


# -- groups ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", [report.SEGMENT, "country", "attr_1"])
def test_values_of_groups_add_up_and_intervals_do_not(buyers: Workspace, field: str) -> None:
    groups, whole = report.by_group(buyers, BUYERS_AS_OF, field=field), report.headline(buyers, BUYERS_AS_OF)
    sums = groups[["customers", "value", "purchases", "active"]].sum()
    assert sums.tolist() == pytest.approx([whole.customers, whole.value, whole.purchases, whole.active])
    assert (groups["high"] - groups["low"]).sum() > 1.2 * (whole.high - whole.low)
    assert groups["value"].is_monotonic_decreasing


def test_a_group_is_the_customers_with_its_value(buyers: Workspace) -> None:
    of = customers().set_index("customer_id")["country"].fillna("")
    groups = report.by_group(buyers, BUYERS_AS_OF, field="country").set_index("group")
    wanted = rows(buyers).groupby(of)[["clv", "p_alive"]].sum()
    assert set(groups.index) == {"Iran", "Chile", ""}
    assert groups["value"].to_dict() == pytest.approx(wanted["clv"].to_dict())
    assert groups["active"].to_dict() == pytest.approx(wanted["p_alive"].to_dict())


def test_segments_are_those_of_the_rules_in_force(buyers: Workspace) -> None:
    rules = rfm.RfmSettings(cuts_r=(5, 10, 20, 30))
    segment = buyers.execute(rfm.customers(buyers, BUYERS_AS_OF, rules)).set_index("customer_id")["segment"]
    groups = report.by_group(buyers, BUYERS_AS_OF, rules=rules).set_index("group")
    assert groups["value"].to_dict() == pytest.approx(rows(buyers)["clv"].groupby(segment).sum().to_dict())
    assert set(groups["customers"]) != set(report.by_group(buyers, BUYERS_AS_OF)["customers"])


def test_groups_hold_those_shown_and_at_most_so_many(buyers: Workspace) -> None:
    shown = some("c000", "c003", "c001")
    groups = report.by_group(buyers, BUYERS_AS_OF, field="country", shown=shown).set_index("group")
    assert groups["customers"].to_dict() == {"Iran": 2, "Chile": 1}
    largest = report.by_group(buyers, BUYERS_AS_OF, most=2)["group"].tolist()
    assert largest == report.by_group(buyers, BUYERS_AS_OF)["group"].tolist()[:2]


@pytest.mark.parametrize("field", ["planet", "name"])
def test_what_customers_do_not_have_splits_nothing(buyers: Workspace, field: str) -> None:
    with pytest.raises(AnalysisError, match="no such column"):
        report.by_group(buyers, BUYERS_AS_OF, field=field)


# -- frequency and recency ---------------------------------------------------------------------------------------------


def test_the_matrix_is_what_the_model_says(buyers: Workspace) -> None:
    found, model = report.matrix(buyers, BUYERS_AS_OF, terms=HALF_A_YEAR), forecast.choose(buyers, BUYERS_AS_OF).model
    oldest = 729 / 7  # of customer c000, who came on the first day
    history = (found["frequency"], np.minimum(found["recency_days"] / 7, oldest), oldest)
    assert found["p_alive"].to_numpy() == pytest.approx(model.conditional_probability_alive(*history))
    until = model.conditional_expected_number_of_purchases_up_to_time(6 * 365.25 / 12 / 7, *history)
    assert found["purchases"].to_numpy() == pytest.approx(until)


def test_each_repeat_customer_is_in_one_cell_of_the_matrix(buyers: Workspace) -> None:
    found = report.matrix(buyers, BUYERS_AS_OF)
    days = purchase_days(order_lines()).groupby("customer_id")["day"].agg(["count", "min", "max"])
    frequency, recency = days["count"] - 1, (days["max"] - days["min"]).dt.days
    columns, up_to = (sorted(found[name].unique()) for name in ("frequency", "recency_days"))
    for row in found.itertuples():
        later = [one for one in columns if one > row.frequency]
        before = max((one for one in up_to if one < row.recency_days), default=-1)
        inside = (
            (frequency >= row.frequency) & (frequency < min(later, default=np.inf)) & (recency > before) & (recency <= row.recency_days)
        )
        assert row.customers == inside.sum()
    assert found["customers"].sum() == (frequency > 0).sum()
    assert (len(columns), len(up_to)) <= (10, 10)


def test_rules_say_little_of_frequency_and_recency(buyers: Workspace) -> None:
    assert report.matrix(buyers, BUYERS_AS_OF, LAST_PERIOD).empty
    same_rate = report.matrix(buyers, BUYERS_AS_OF, SAME_RATE)
    assert same_rate["p_alive"].isna().all()
    assert same_rate["purchases"].to_numpy() == pytest.approx(same_rate["frequency"] / 729 * 365.25)


# -- lists -------------------------------------------------------------------------------------------------------------


def test_a_list_gets_the_forecast_once(buyers: Workspace) -> None:
    known = listing(buyers, BUYERS_AS_OF)
    table = report.with_forecast(buyers, BUYERS_AS_OF, known)
    attributes = ["country", "attr_1"]
    assert table.columns == (*(name for name in known.columns if name not in attributes), "clv", "p_alive", *attributes)
    assert report.with_forecast(buyers, BUYERS_AS_OF, table).columns == table.columns
    found = buyers.execute(table).set_index("customer_id").sort_index()
    pd.testing.assert_frame_equal(found[["clv", "p_alive"]], rows(buyers)[["clv", "p_alive"]])


def test_a_forecast_that_the_list_has_already_stays(buyers: Workspace) -> None:
    found = buyers.execute(report.with_forecast(buyers, BUYERS_AS_OF, some("c001", "c002").mutate(clv=ibis.literal(7.0))))
    assert found["clv"].tolist() == [7.0, 7.0]
    assert found.set_index("customer_id")["p_alive"].to_dict() == pytest.approx(rows(buyers)["p_alive"].loc[["c001", "c002"]].to_dict())


def test_customers_without_a_purchase_have_no_forecast(six: Workspace) -> None:
    found = six.execute(report.with_forecast(six, SIX_AS_OF, listing(six, SIX_AS_OF))).set_index("customer_id")
    assert found["clv"].isna().to_dict() == dict.fromkeys("abcde", False) | {"f": True}
    assert found["p_alive"].isna().all()  # by the fallback


def test_a_list_of_nobody_who_bought_stays_as_it_is(tmp_path: Path) -> None:
    with open_workspace(tmp_path / "w.duckdb", order_lines=lines(("a", "1", "2024-01-01", -5.0))) as ws:
        known = listing(ws, ws.as_of)
        assert report.with_forecast(ws, ws.as_of, known) is known


def test_the_list_is_in_days_whatever_the_unit(buyers: Workspace) -> None:
    days = purchase_days(order_lines()).groupby("customer_id")["day"].agg(["count", "min", "max"]).sort_index()
    for settings in (Settings(), Settings("pareto_nbd", unit="days")):
        found = buyers.execute(report.listed(buyers, BUYERS_AS_OF, settings)).set_index("customer_id").sort_index()
        assert found["frequency"].tolist() == (days["count"] - 1).tolist()
        assert found["recency_days"].tolist() == (days["max"] - days["min"]).dt.days.tolist()
        assert found["T_days"].tolist() == (pd.Timestamp(BUYERS_AS_OF) - days["min"]).dt.days.sub(1).tolist()
    assert list(found.columns) == ["name", "segment", *report.ORDER, "country", "attr_1"]


def test_the_list_has_those_shown_with_what_the_terms_ask(buyers: Workspace) -> None:
    found = buyers.execute(report.listed(buyers, BUYERS_AS_OF, terms=HALF_A_YEAR, shown=some("c007", "c100"))).set_index("customer_id")
    wanted = rows(buyers, terms=HALF_A_YEAR).loc[found.index]
    assert sorted(found.index) == ["c007", "c100"]
    assert found["name"].to_dict() == {"c007": "Buyer <b>7</b>", "c100": "Buyer <b>100</b>"}
    names = ["clv", "clv_low", "clv_high", "p_alive", "expected_purchases"]
    pd.testing.assert_frame_equal(found[names], wanted[names])


def test_the_list_of_data_without_names_begins_with_the_segment(six: Workspace) -> None:
    assert list(report.listed(six, SIX_AS_OF).columns) == ["customer_id", "segment", *report.ORDER]
    assert len(six.execute(report.listed(six, SIX_AS_OF))) == six_customers()["customer_id"].nunique() - 1  # f only returned something


# -- can it be believed? -----------------------------------------------------------------------------------------------


def test_the_quality_is_that_of_the_model_chosen(buyers: Workspace) -> None:
    found, choice = report.quality(buyers, BUYERS_AS_OF), forecast.choose(buyers, BUYERS_AS_OF)
    assert found.holdout is not None
    assert (found.rule, found.is_identified) == (found.holdout.winner, True)
    each = rows(buyers)
    assert found.log_likelihood == pytest.approx(choice.model.log_likelihood(each["frequency"], each["recency"], each["T"]).sum())
    estimates = found.parameters.set_index("parameter")["estimate"].to_dict()
    assert estimates == pytest.approx(choice.model.params | choice.valuation.spend.params)
    assert (found.parameters["standard_error"] > 0).all()
    assert found.parameters["meaning"].str.len().min() > 20


def test_a_rule_has_no_parameters_but_those_of_spend(buyers: Workspace) -> None:
    found = report.quality(buyers, BUYERS_AS_OF, SAME_RATE)
    assert found.parameters["parameter"].tolist() == ["p", "q", "gamma"]
    assert found.log_likelihood is None


def test_lifetimes_finds_the_same(tmp_path: Path) -> None:
    """A shop too small to hold a part of it out, which would have all models fitted."""
    with open_workspace(tmp_path / "w.duckdb", order_lines=order_lines(125)) as ws:
        choice = forecast.choose(ws, ws.as_of)
        assert (choice.rule, choice.holdout) == ("bg_nbd", None)
        found = report.cross_check(ws, ws.as_of, terms=HALF_A_YEAR).set_index("figure")
        whole = report.headline(ws, ws.as_of, terms=HALF_A_YEAR)
    assert found.index.tolist() == ["r", "alpha", "a", "b", "p", "q", "gamma", "log-likelihood", "purchases expected", "value"]
    assert found.loc[["purchases expected", "value"], "own"].tolist() == pytest.approx([whole.purchases, whole.value])
    assert found["lifetimes"].to_numpy() == pytest.approx(found["own"].to_numpy(), rel=1e-3)
    assert (found["lifetimes"] != found["own"]).any()
    assert found["difference"].to_numpy() == pytest.approx((found["lifetimes"] / found["own"] - 1).abs())


def test_a_rule_cannot_be_checked(buyers: Workspace) -> None:
    with pytest.raises(AnalysisError, match="Last period again"):
        report.cross_check(buyers, BUYERS_AS_OF, LAST_PERIOD)


def test_with_a_margin_of_nothing_everybody_is_worth_nothing(buyers: Workspace) -> None:
    rows = report.distribution(buyers, BUYERS_AS_OF, Settings("bg_nbd"), Terms(12, 0.0))
    assert rows.to_dict("records") == [{"low": 0.0, "high": 0.0, "customers": NUMBER, "value": 0.0}]
    assert report.headline(buyers, BUYERS_AS_OF, Settings("bg_nbd"), Terms(12, 0.0)).best_share is None
