"""The sample company: it can be made again, is small, and behaves as its README says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crm_core.sources.sample import DATA, SAMPLE_TABLES, examples, sample_files
from data import make_sample, shop, simulate

VOID = ("cancelled", "unpaid")


@pytest.fixture(scope="module")
def files() -> dict[str, pd.DataFrame]:
    return {path.stem: pd.read_parquet(path) for path in sample_files()}


@pytest.fixture(scope="module")
def truth() -> pd.DataFrame:
    return pd.read_parquet(DATA / "truth" / "customers.parquet")


@pytest.fixture(scope="module")
def effects() -> dict[str, object]:
    return json.loads((DATA / "truth" / "effects.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def purchases(files: dict[str, pd.DataFrame]) -> pd.DataFrame:
    orders = files["orders"]
    return orders[~orders["status"].isin(VOID) & orders["customer_id"].notna() & orders["ordered_at"].notna()]


def test_the_script_makes_the_same_files_again(tmp_path: Path) -> None:
    make_sample.make(tmp_path)
    for committed in sorted(DATA.glob("*/*.parquet")):
        again = pd.read_parquet(tmp_path / committed.relative_to(DATA))
        pd.testing.assert_frame_equal(pd.read_parquet(committed), again)
    for committed in [*DATA.glob("examples/*.csv"), DATA / "truth" / "effects.json"]:
        assert committed.read_bytes() == (tmp_path / committed.relative_to(DATA)).read_bytes()


def test_everything_together_is_below_five_megabytes() -> None:
    assert sum(path.stat().st_size for path in DATA.rglob("*") if path.is_file() and path.suffix != ".pyc") < 5_000_000
    assert all(one.path.stat().st_size < 100_000 for one in examples())


def test_there_are_seven_files_with_the_rows_the_truth_names(files: dict[str, pd.DataFrame], effects: dict[str, object]) -> None:
    assert tuple(files) == SAMPLE_TABLES
    assert {name: len(table) for name, table in files.items()} == effects["rows"]
    assert len(files["customers"]) == 6000


def test_orders_span_three_years_up_to_the_last_day(files: dict[str, pd.DataFrame]) -> None:
    ordered_at = files["orders"]["ordered_at"]
    assert ordered_at.min().date().isoformat() == "2023-01-01"
    assert ordered_at.max().date().isoformat() == "2025-12-31"
    assert files["order_lines"]["line_at"].max() < pd.Timestamp("2026-01-01")


def test_net_sales_are_exactly_those_of_the_truth(files: dict[str, pd.DataFrame], effects: dict[str, object]) -> None:
    orders = files["orders"].set_index("order_id")
    lines = files["order_lines"]
    order = orders.loc[lines["order_id"]].reset_index()
    counts = ~order["status"].isin(VOID) & (order["ordered_at"].notna() | lines["line_at"].notna())
    amounts = [
        net if net is not None else quantity * price
        for net, quantity, price in zip(lines["net_amount"], lines["quantity"], lines["unit_price"], strict=True)
        if net is not None or price is not None
    ]
    usable = lines["net_amount"].notna() | lines["unit_price"].notna()
    assert f"{sum(pd.Series(amounts)[counts[usable].to_numpy()]):.2f}" == effects["net_sales"] == "1250822.87"


def test_amounts_of_a_line_fit_each_other(files: dict[str, pd.DataFrame]) -> None:
    lines = files["order_lines"].dropna(subset=["net_amount", "unit_price"])
    assert (lines["list_amount"] - lines["discount_amount"] == lines["net_amount"]).all()
    assert (lines["quantity"] * lines["unit_price"] == lines["net_amount"]).all()


def test_every_return_is_later_than_its_order_and_gives_back_what_was_sold(files: dict[str, pd.DataFrame]) -> None:
    lines = files["order_lines"].merge(files["orders"], on="order_id")
    back = lines[lines["quantity"] < 0]
    assert len(back) > 500
    assert (back["line_at"] > back["ordered_at"])[back["ordered_at"].notna()].all()
    sold = lines.drop_duplicates(["order_id", "line_no"]).groupby(["order_id", "product_id"])["quantity"].sum()
    assert (sold >= 0).all()


def test_the_mess_is_as_large_as_the_truth_says(files: dict[str, pd.DataFrame], effects: dict[str, dict[str, int]]) -> None:
    mess, lines, customers = effects["mess"], files["order_lines"], files["customers"]
    assert lines.duplicated().sum() == mess["lines_repeated"]
    assert files["orders"]["ordered_at"].isna().sum() == mess["orders_without_date"]
    assert customers["country"].isna().sum() == mess["customers_without_country"]
    assert (files["surveys"]["score"] > files["surveys"]["scale_max"]).sum() == mess["surveys_score_off_scale"]


def test_truth_has_each_customer_once_with_a_plausible_share_alive(truth: pd.DataFrame, files: dict[str, pd.DataFrame]) -> None:
    assert list(truth["customer_id"]) == list(files["customers"]["customer_id"])
    assert 0.6 < truth["is_alive"].mean() < 0.7
    assert truth.loc[~truth["is_alive"], "purchases_next_year"].sum() == 0


def test_purchases_of_the_files_are_those_of_the_truth(truth: pd.DataFrame, files: dict[str, pd.DataFrame]) -> None:
    orders = files["orders"]
    counted = orders[~orders["status"].isin(VOID)].groupby("customer_id").size().reindex(truth["customer_id"], fill_value=0)
    assert (counted.to_numpy() == truth["purchases_until_end"].to_numpy()).all()


def test_purchases_of_the_next_year_grow_with_the_purchases_before(truth: pd.DataFrame) -> None:
    known = truth[truth["is_alive"]]
    assert known["purchases_until_end"].corr(known["purchases_next_year"], method="spearman") > 0.3
    assert 8_000 < truth["purchases_next_year"].sum() < 12_000


def test_individual_parameters_have_the_means_of_their_group(truth: pd.DataFrame) -> None:
    for group in shop.CHANNELS:
        own = truth[truth["acquisition_channel"] == group.name]
        rate_error = np.sqrt(group.r) / group.alpha / np.sqrt(len(own))
        assert abs(own["purchases_a_week"].mean() - group.r / group.alpha) < 4 * rate_error
        assert own["chance_to_leave"].mean() == pytest.approx(group.a / (group.a + group.b), abs=0.03)


def test_the_chance_to_leave_is_p_on_average() -> None:
    random = np.random.RandomState(1)
    customers = simulate.people(random).assign(leaving=0.2)
    orders = simulate.purchases(random, customers)
    repeats = orders[orders["customer"].duplicated()]
    assert repeats["is_last"].mean() == pytest.approx(0.2, abs=0.01)


def test_repeat_purchases_are_as_many_as_the_process_expects(truth: pd.DataFrame) -> None:
    """E[X(t) | λ, p] = (1 − e^(−λpt)) / p (Fader, Hardie & Lee 2005, equation 9), t in the time that the season leaves even."""
    customers = simulate.people(np.random.RandomState(shop.SEED))
    p, rate = customers["leaving"].clip(lower=1e-9), customers["rate"]
    days = simulate.Clock().even(simulate.COUNT_DAYS_EXPORTED) - customers["first_at"]
    expected = -np.expm1(-rate * p * days) / p
    repeats = truth["purchases_until_end"] - 1
    assert repeats.sum() == pytest.approx(expected.sum(), rel=0.03)
    for _, group in repeats.groupby(customers["channel"]):
        assert group.sum() == pytest.approx(expected[group.index].sum(), rel=0.08)


def test_late_deliveries_get_lower_scores(files: dict[str, pd.DataFrame]) -> None:
    answers = _nps(files).merge(files["orders"][["order_id", "promised_on", "delivered_on"]], on="order_id").dropna(subset="delivered_on")
    is_late = answers["delivered_on"] > answers["promised_on"]
    difference = answers.loc[~is_late, "score"].mean() - answers.loc[is_late, "score"].mean()
    assert 1.7 < difference < 2.5


def test_fewer_customers_come_back_after_a_low_score(files: dict[str, pd.DataFrame], purchases: pd.DataFrame) -> None:
    window = pd.Timedelta(days=180)
    answers = _nps(files)
    answers = answers[answers["responded_at"] + window < make_sample.END]
    both = answers.merge(purchases[["customer_id", "ordered_at"]], on="customer_id")
    both["is_back"] = (both["ordered_at"] > both["responded_at"]) & (both["ordered_at"] <= both["responded_at"] + window)
    came_back = both.groupby("response_id").agg(score=("score", "first"), is_back=("is_back", "any"))
    low, high = came_back[came_back["score"] <= 6]["is_back"], came_back[came_back["score"] >= 9]["is_back"]
    error = np.sqrt(low.var() / len(low) + high.var() / len(high))
    assert high.mean() - low.mean() > 2 * error


def test_more_is_ordered_in_the_season(purchases: pd.DataFrame) -> None:
    last_two_years = purchases[purchases["ordered_at"] >= "2024-01-01"]
    months = last_two_years["ordered_at"].dt.month.value_counts()
    assert months[12] > 1.4 * months[[5, 6, 7]].mean()


def test_cases_resolved_late_please_less(files: dict[str, pd.DataFrame]) -> None:
    answers = files["surveys"].query("measure == 'csat'").merge(files["cases"], on="order_id")
    is_late = answers["resolved_at"] > answers["due_at"]
    assert answers.loc[~is_late, "score"].mean() - answers.loc[is_late, "score"].mean() > 0.6


def test_nobody_is_written_to_after_opting_out(files: dict[str, pd.DataFrame]) -> None:
    contacts = files["contacts"]
    of_programs = contacts[contacts["channel"].isin(["email", "sms"])]
    left = of_programs[of_programs["outcome"] == "opted_out"].groupby("customer_id")["contacted_at"].max()
    assert (of_programs.groupby("customer_id")["contacted_at"].max()[left.index] == left).all()
    assert contacts["contact_id"].is_unique


def test_most_who_opted_out_are_without_consent_and_some_are_not(files: dict[str, pd.DataFrame]) -> None:
    left = files["contacts"].query("outcome == 'opted_out'")["customer_id"].unique()
    consent = files["customers"].set_index("customer_id")["consent"][left].value_counts()
    assert consent["no"] > 2 * consent["yes"]
    assert consent["yes"] == 63


def test_who_ordered_lately_opens_more(files: dict[str, pd.DataFrame], purchases: pd.DataFrame) -> None:
    letters = files["contacts"].query("channel == 'email' and outcome in ('delivered', 'opened', 'clicked')")
    orders = purchases[["customer_id", "ordered_at"]].sort_values("ordered_at")
    letters = pd.merge_asof(letters.sort_values("contacted_at"), orders, left_on="contacted_at", right_on="ordered_at", by="customer_id")
    is_recent, is_opened = letters["contacted_at"] - letters["ordered_at"] < pd.Timedelta(days=60), letters["outcome"] != "delivered"
    assert is_opened[is_recent].mean() > is_opened[~is_recent].mean() + 0.1


def test_outcomes_of_contacts_are_those_of_the_truth(files: dict[str, pd.DataFrame], effects: dict[str, dict[str, dict[str, int]]]) -> None:
    counted = files["contacts"].groupby(["channel", "outcome"]).size()
    told = {(channel, outcome): count for channel, found in effects["contact_outcomes"].items() for outcome, count in found.items()}
    assert counted.to_dict() == told


def test_examples_are_written_the_way_their_descriptions_say() -> None:
    russian, persian, english = (one.path.read_bytes() for one in examples())
    assert "Номер заказа;" in russian.decode("cp1251")
    assert "تاریخ" in persian.decode("utf-8")
    assert "(£" in english.decode("utf-8-sig")


def _nps(files: dict[str, pd.DataFrame]) -> pd.DataFrame:
    surveys = files["surveys"]
    return surveys[(surveys["measure"] == "nps") & (surveys["score"] <= 10)]
