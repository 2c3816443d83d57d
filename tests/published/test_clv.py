"""Value models on the data of the literature, against figures that were published, checked or computed independently.

Figures of papers and libraries, by their repositories at a commit: CLVTools = bachmannpatrick/CLVTools@1b06356, lifetimes =
CamDavidsonPilon/lifetimes@4f2833f, BTYD = cran/BTYD@5984660, pymc = pymc-marketing 0.19.2 (reference_arrays.json).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from crm_core.analytics.clv import customers, forecast, totals
from crm_core.analytics.clv.checked import fit_purchases, fit_spend
from crm_core.analytics.clv.customers import Histories, counted
from crm_core.analytics.clv.forecast import Choice, Settings, Terms, choose
from crm_core.analytics.clv.models import MODELS, BgNbd, ParetoNbd, PurchaseModel
from crm_core.analytics.clv.spend import GammaGamma
from crm_core.analytics.clv.summary import summary
from crm_core.workspace import Workspace
from tests.published.conftest import cdnow_sample_rows, imported

Find = Callable[[str], Path]
pytestmark = pytest.mark.filterwarnings("ignore::Warning:lifetimes", "ignore:The 'mode.chained_assignment'")

AS_OF, END = date(1997, 10, 1), date(1998, 7, 1)
#: 12 months, one percent a month.
TERMS = Terms(12, 1.0, 1.01**12 - 1)
ARRAYS: dict[str, Any] = json.loads((Path(__file__).parent / "reference_arrays.json").read_text(encoding="utf-8"))
IN_ARRAYS = {"bg_nbd": "beta_geo", "mbg_nbd": "modified_beta_geo", "pareto_nbd": "pareto_nbd"}


@pytest.fixture(scope="session")
def sample(cdnow_sample: Workspace) -> Histories:
    return counted(cdnow_sample, customers.histories(cdnow_sample, AS_OF), "weeks")


@pytest.fixture(scope="session")
def judged(cdnow_sample: Workspace) -> Choice:
    """BG/NBD, judged by the 39 weeks after its fit."""
    return choose(cdnow_sample, AS_OF, Settings("bg_nbd", until=END))


@pytest.fixture(scope="session")
def rounded() -> pd.DataFrame:
    """The summary of the same customers that the library lifetimes comes with, rounded to two decimals."""
    import lifetimes

    path = Path(lifetimes.__file__).parent / "datasets" / "cdnow_customers_summary_with_transactions.csv"
    return pd.read_csv(path)


def spend_of(rounded: pd.DataFrame) -> GammaGamma:
    repeat = rounded[rounded["x"] > 0]
    return GammaGamma().fit(repeat["x"], repeat["zbar"])


def log_likelihood(model: PurchaseModel | GammaGamma, number: float) -> float:
    assert model.top is not None
    return model.top.log_likelihood * number


# -- histories ---------------------------------------------------------------------------------------------------------


def test_cdnow_sample_counts(cdnow_sample: Workspace, sample: Histories, judged: Choice) -> None:
    assert sample.total == 2357
    assert sample.customers @ sample.x == 2457
    assert (sample.total - sample.repeat_customers, sample.repeat_customers) == (1411, 946)
    assert judged.holdout is not None
    assert {one.actual for one in judged.holdout.results} == {1882}
    x, mean = customers.spend(cdnow_sample, customers.histories(cdnow_sample, AS_OF))
    assert (len(mean), mean.mean()) == (946, pytest.approx(35.0785, abs=0.005))
    assert np.corrcoef(x, mean)[0, 1] == pytest.approx(0.113884, abs=5e-5)


def test_cdnow_sample_is_the_summary_of_the_literature(cdnow_sample: Workspace, rounded: pd.DataFrame) -> None:
    table = cdnow_sample.execute(customers.histories(cdnow_sample, AS_OF)).assign(ID=lambda t: t["customer_id"].astype(int))
    both = rounded.merge(table, on="ID", validate="1:1")
    assert len(both) == 2357
    assert (both["x"] == both["frequency"]).all()
    assert (both["t_x"] - both["recency"] / 7).abs().max() < 0.0044
    assert (both["T_x"] - both["T_y"] / 7).abs().max() < 0.0044
    assert (both["zbar"] - both["monetary_value"].fillna(0)).abs().max() < 0.0051


def test_histories_are_those_of_lifetimes(cdnow_sample: Workspace, real_data: Find) -> None:
    from lifetimes.utils import summary_data_from_transaction_data

    rows = cdnow_sample_rows(real_data("cdnow/CDNOW_sample.txt"))
    for as_of in (AS_OF, date(1998, 3, 1)):
        known = rows[rows["date"] < pd.Timestamp(as_of)]
        theirs = summary_data_from_transaction_data(
            known, "customer", "date", "dollars", observation_period_end=as_of - pd.Timedelta(days=1)
        )
        ours = cdnow_sample.execute(customers.histories(cdnow_sample, as_of)).set_index("customer_id").sort_index()
        for column in ("frequency", "recency", "T"):
            assert ours[column].tolist() == theirs[column].tolist()
        assert ours["monetary_value"].fillna(0).to_numpy() == pytest.approx(theirs["monetary_value"].to_numpy())


# -- fits --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "params", "likelihood", "within"),
    [
        ("bg_nbd", (0.242595, 4.413602, 0.792922, 2.425907), -9582.42921, 0.001),
        ("pareto_nbd", (0.553277, 10.577683, 0.606240, 11.668738), -9594.97618, 0.001),
        ("mbg_nbd", (0.524838, 6.182992, 0.891356, 1.613999), -9582.13268, 0.01),  # of the rounded summary
    ],
)
def test_cdnow_sample_fits(sample: Histories, name: str, params: tuple[float, ...], likelihood: float, within: float) -> None:
    model = fit_purchases(name, sample)
    assert list(model.params.values()) == pytest.approx(params, abs=0.01)
    assert log_likelihood(model, 2357) == pytest.approx(likelihood, abs=within)
    assert model.is_identified


@pytest.mark.parametrize(
    ("name", "errors", "within"),
    [
        ("bg_nbd", (0.012557, 0.378221, 0.185719, 0.705345), 1e-3),  # lifetimes docs/Quickstart.md:49-52
        ("pareto_nbd", (0.0476264, 0.8427222, 0.1872594, 6.2105448), 1e-3),  # CLVTools test_correctness_pnbd_nocovstaticcov.R
    ],
)
def test_cdnow_sample_standard_errors(sample: Histories, name: str, errors: tuple[float, ...], within: float) -> None:
    assert list(fit_purchases(name, sample).standard_errors.values()) == pytest.approx(errors, rel=within)


def test_cdnow_sample_spend(cdnow_sample: Workspace) -> None:
    model = fit_spend(*customers.spend(cdnow_sample, customers.histories(cdnow_sample, AS_OF)))
    assert model is not None
    assert list(model.params.values()) == pytest.approx((6.249575, 3.744224, 15.443512), abs=0.01)
    assert log_likelihood(model, 946) == pytest.approx(-4055.917695, abs=0.001)


@pytest.mark.parametrize(
    ("name", "params", "likelihood"),
    [
        ("bg_nbd", (0.2426, 4.4136, 0.7929, 2.4259), -9582.42556),
        ("pareto_nbd", (0.5533, 10.5776, 0.6062, 11.6671), -9594.97393),
        ("mbg_nbd", (0.524838, 6.182992, 0.891356, 1.613999), -9582.13268),
    ],
)
def test_the_rounded_summary_fits(rounded: pd.DataFrame, name: str, params: tuple[float, ...], likelihood: float) -> None:
    model = MODELS[name]().fit(rounded["x"], rounded["t_x"], rounded["T"])
    assert list(model.params.values()) == pytest.approx(params, abs=0.01)
    assert log_likelihood(model, 2357) == pytest.approx(likelihood, abs=1e-4)


def test_the_rounded_summary_spends(rounded: pd.DataFrame) -> None:
    model = spend_of(rounded)
    assert list(model.params.values()) == pytest.approx((6.24880, 3.74459, 15.44775), abs=1e-3)
    assert log_likelihood(model, 946) == pytest.approx(-4055.92324, abs=1e-4)
    expected = model.conditional_expected_average_profit(rounded["x"], rounded["zbar"])
    assert expected.mean() == pytest.approx(35.2529588, abs=1e-3)


@pytest.mark.parametrize("name", MODELS)
def test_lifetimes_finds_the_same(sample: Histories, name: str) -> None:
    own, theirs = fit_purchases(name, sample), fit_purchases(name, sample, "lifetimes")
    assert list(theirs.params.values()) == pytest.approx(list(own.params.values()), rel=0.01)
    assert log_likelihood(theirs, 2357) == pytest.approx(log_likelihood(own, 2357), abs=0.01)


@pytest.mark.parametrize("shift", [0, 1_827], ids=["same dates", "five years later"])
def test_names_order_and_years_do_not_matter(sample: Histories, real_data: Find, tmp_path: Path, shift: int) -> None:
    rows = cdnow_sample_rows(real_data("cdnow/CDNOW_sample.txt")).sample(frac=1, random_state=3)
    rows = rows.assign(date=(rows["date"] + pd.Timedelta(days=shift)).dt.strftime("%d.%m.%Y"))
    names = {"dollars": "Umsatz", "date": "Bestelldatum", "customer": "Kundennummer", "quantity": "Menge"}
    rows[list(names)].rename(columns=names).to_csv(tmp_path / "export.csv", index=False, sep=";")
    with imported(tmp_path / "w.duckdb", tmp_path / "export.csv") as ws:
        moved = counted(ws, customers.histories(ws, AS_OF + pd.Timedelta(days=shift)), "weeks")
    assert moved.keys.tolist() == sample.keys.tolist()
    assert fit_purchases("bg_nbd", moved).params == fit_purchases("bg_nbd", sample).params


def test_cdnow_master_fits(cdnow: Workspace) -> None:
    histories = counted(cdnow, customers.histories(cdnow, AS_OF), "weeks")
    assert (histories.total, histories.customers @ histories.x, histories.total - histories.repeat_customers) == (23570, 24337, 14119)
    for name, params, likelihood in (
        ("bg_nbd", (0.251624, 4.788943, 0.723434, 2.161088), -95368.44393),
        ("pareto_nbd", (0.597420, 11.585658, 0.522185, 8.827755), -95415.11862),
    ):
        model = fit_purchases(name, histories)
        assert list(model.params.values()) == pytest.approx(params, abs=0.01)
        assert log_likelihood(model, 23570) == pytest.approx(likelihood, abs=0.01)
    x, mean = customers.spend(cdnow, customers.histories(cdnow, AS_OF))
    spend = fit_spend(x, mean)
    assert spend is not None
    assert len(x) == 9450
    assert list(spend.params.values()) == pytest.approx((6.275360, 3.624450, 14.983683), abs=0.01)
    assert log_likelihood(spend, 9450) == pytest.approx(-40763.47626, abs=0.01)
    after = customers.purchase_days(cdnow, END)
    known = after.filter(after.is_purchase, after.day >= AS_OF).semi_join(customers.histories(cdnow, AS_OF), "customer_id")
    assert cdnow.execute(known.count()) == 19684


# -- predictions -------------------------------------------------------------------------------------------------------


def test_bg_nbd_predictions(sample: Histories) -> None:
    """lifetimes tests/test_estimation.py:537-602 (sheet of Bruce Hardie, R package BTYD)."""
    model = fit_purchases("bg_nbd", sample)
    times = np.array([0.1429, 1, 3, 31.8571, 32, 78])
    wanted = [0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.8576]
    assert model.expected_number_of_purchases_up_to_time(times) == pytest.approx(wanted, abs=5e-4)
    assert model.conditional_expected_number_of_purchases_up_to_time(39, 2, 30.43, 38.86) == pytest.approx([1.226], abs=5e-4)
    published = BgNbd(0.243, 4.414, 0.793, 2.426)
    assert published.probability_of_n_purchases_up_to_time(2, 10) == pytest.approx(1.07869e-07, rel=1e-5)
    assert published.probability_of_n_purchases_up_to_time(39, 0) == pytest.approx(0.5737864, rel=1e-6)


def test_pareto_nbd_predictions(sample: Histories) -> None:
    """lifetimes tests/test_estimation.py:347-372 (manual and walkthrough of BTYD), BTYD inst/docs/fix_pnbd.Rmd:920."""
    model = fit_purchases("pareto_nbd", sample)
    older = [0, 0.05077821, 0.09916088, 0.14542507, 0.18979930, 0.23247466, 0.27361274, 0.31335159, 0.35181024, 0.38909211]
    today = [0, 0.05100637, 0.09962625, 0.14613444, 0.19075782, 0.23368617, 0.27508010, 0.31507688, 0.35379489, 0.39133708]
    found = model.expected_number_of_purchases_up_to_time(np.arange(10.0))
    assert found == pytest.approx(older, abs=0.01)
    assert found == pytest.approx(today, abs=1e-5)
    assert model.conditional_expected_number_of_purchases_up_to_time(52, 26, 30.86, 31) == pytest.approx([25.46], abs=0.01)
    assert model.conditional_probability_alive(0, 0, 39) == pytest.approx([0.2941633], abs=2e-4)
    assert ParetoNbd(0.5533, 10.5776, 0.6062, 11.6671).conditional_probability_alive(0, 0, 39) == pytest.approx([0.294267], abs=1e-6)


def test_likelihoods_of_a_single_and_of_two_hundred_purchases() -> None:
    """Numerically stable likelihoods, Bruce Hardie's note 027 by pymc tests/clv/models/test_beta_geo.py:220-251."""
    found = BgNbd(0.25, 4.0, 0.8, 2.5).log_likelihood([0, 200], [0, 38], [40, 40])
    assert found == pytest.approx([-0.59947382, 100.7957], rel=1e-6)


def test_spend_of_the_first_ten_customers(rounded: pd.DataFrame) -> None:
    """lifetimes tests/test_estimation.py:188 (Bruce Hardie's note 025)."""
    first = rounded.iloc[:10]
    wanted = [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17]
    for params, within in (((6.249575, 3.744224, 15.443512), 0.01), ((6.25, 3.74, 15.44), 0.1)):
        assert GammaGamma(*params).conditional_expected_average_profit(first["x"], first["zbar"]) == pytest.approx(wanted, abs=within)


@pytest.mark.parametrize("name", IN_ARRAYS)
def test_twenty_five_customers(name: str) -> None:
    wanted = ARRAYS["models"][IN_ARRAYS[name]]
    model = MODELS[name](*wanted["params"].values())
    history = [np.array(ARRAYS[one], dtype=float) for one in ("x", "t_x", "T")]
    for time, expected in wanted["expected_purchases"].items():
        assert len(expected) == 25
        assert model.conditional_expected_number_of_purchases_up_to_time(float(time), *history) == pytest.approx(expected, rel=1e-6)
        new = wanted["expected_purchases_new_customer"][time]
        assert model.expected_number_of_purchases_up_to_time(float(time)) == pytest.approx(new, rel=1e-6)
    assert model.conditional_probability_alive(*history) == pytest.approx(wanted["p_alive"], rel=1e-6)


def test_weeks_20_to_25_by_pareto_nbd(cdnow_sample: Workspace, rounded: pd.DataFrame) -> None:
    """lifetimes tests/test_utils.py:613-632 (walkthrough of BTYD)."""
    model, weeks = ParetoNbd().fit(rounded["x"], rounded["t_x"], rounded["T"]), np.arange(19, 26)
    T, often = np.unique(rounded["T"], return_counts=True)
    until = [often @ model.expected_number_of_purchases_up_to_time(np.maximum(week - (T.max() - T), 0)) for week in weeks]
    assert until[1:] == pytest.approx([1309, 1385, 1460, 1533, 1604, 1674], abs=0.5)
    assert until[1:] == pytest.approx([1308.69, 1385.12, 1459.77, 1532.76, 1604.18, 1674.12], abs=0.1)
    assert np.diff(until) == pytest.approx([78.31, 76.42, 74.65, 72.98, 71.41, 69.93], abs=0.1)
    days = customers.purchase_days(cdnow_sample, AS_OF)
    rows = cdnow_sample.execute(days.filter(days.is_purchase))
    first = rows.groupby("customer_id")["day"].transform("min")
    week = (pd.to_datetime(rows["day"][rows["day"] > first]) - pd.Timestamp(1997, 1, 1)).dt.days / 7
    assert [(week < end).sum() for end in weeks[1:]] == [1359, 1414, 1484, 1517, 1573, 1672]


# -- value -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("month", "wanted", "total"),
    [
        # lifetimes docs/Quickstart.md:325-334: data in weeks, and months of 30 of them
        (30.0, [140.096211, 18.943467, 38.180574, 38.180574, 38.180574, 1003.868107, 28.109683, 38.180574, 167.418216, 38.180574], 266_621.52),
        (4.345, [36.278, 4.637, 8.344, 8.344, 8.344, 283.524, 6.881, 8.344, 43.354, 8.344], 71_509.88),
    ],
    ids=["months of 30 weeks", "months of 4.345 weeks"],
)  # fmt: skip
def test_the_unit_of_time_decides_what_twelve_months_are(rounded: pd.DataFrame, month: float, wanted: list[float], total: float) -> None:
    history = (rounded["x"], rounded["t_x"], rounded["T"])
    model = BgNbd().fit(*history)
    worth = spend_of(rounded).conditional_expected_average_profit(rounded["x"], rounded["zbar"])
    until = [model.conditional_expected_number_of_purchases_up_to_time(k * month, *history) for k in range(13)]
    value = worth * sum((until[k] - until[k - 1]) / 1.01**k for k in range(1, 13))
    assert value[:10] == pytest.approx(wanted, rel=1e-3)
    assert value.sum() == pytest.approx(total, rel=1e-3)


def test_cdnow_sample_value(cdnow_sample: Workspace, judged: Choice) -> None:
    found = totals.total(cdnow_sample, judged, TERMS)
    assert found["value"] == pytest.approx(71_550.04, rel=1e-3)
    assert found["value"] == pytest.approx(71_509.88, rel=1e-3)  # months of 4.345 weeks, not of 30
    table = cdnow_sample.execute(forecast.customers(cdnow_sample, judged, TERMS)).set_index("customer_id").sort_index()
    assert table["clv"].iloc[:3].tolist() == pytest.approx([36.296, 4.644, 8.350], abs=1e-3)
    assert table["clv"].sum() == pytest.approx(found["value"])
    assert found["low"] < found["value"] < found["high"]


def test_cdnow_sample_value_in_days(cdnow_sample: Workspace) -> None:
    choice = choose(cdnow_sample, AS_OF, Settings("bg_nbd", unit="days", until=END))
    assert totals.total(cdnow_sample, choice, TERMS)["value"] == pytest.approx(71_550.04, rel=1e-3)


def test_cdnow_sample_holdout(judged: Choice) -> None:
    tested = judged.holdout
    assert tested is not None
    assert (tested.days, tested.customers) == (39 * 7, 2357)
    errors = {one.rule: round(one.rmse, 2) for one in tested.results}
    assert {rule: errors[rule] for rule in ("bg_nbd", "same_rate", "last_period")} == {
        "bg_nbd": 1.61,
        "same_rate": 2.21,
        "last_period": 1.97,
    }
    model = tested.of("bg_nbd")
    assert model is not None
    assert model.coverage == pytest.approx(0.889, abs=5e-4)
    for name in MODELS:
        result = tested.of(name)
        assert result is not None
        assert 0.85 <= result.coverage <= 0.95


# -- Online Retail: the loss of customers cannot be told ---------------------------------------------------------------


def test_online_retail_does_not_tell_who_left(online_retail: Workspace) -> None:
    choice = choose(online_retail, online_retail.as_of, Settings("bg_nbd"))
    assert choice.rule == "nbd"
    assert not choice.has_p_alive
    assert "not identifiable" in choice.reason
    assert choice.fits["bg_nbd"].params["a"] < 0.01  # about zero
    assert set(choice.fits["bg_nbd"].standard_errors.values()) == {None}
    table = online_retail.execute(forecast.customers(online_retail, choice))
    assert len(table) == 4339
    assert table["p_alive"].isna().all()
    assert (table["expected_purchases"] > 0).all()
    told = summary(online_retail, choice)
    assert {told["parameters"][name]["standard_error"] for name in ("r", "alpha")} == {None}
    assert told["totals"]["active_customers"] is None


def test_online_retail_says_so_whatever_is_chosen(online_retail: Workspace) -> None:
    told = summary(online_retail, choose(online_retail, online_retail.as_of))
    assert "not identifiable" in json.dumps(told)
    assert "not identifiable" in told["holdout"]["models"]["bg_nbd"]["reason"]
    assert told["totals"]["low"] < told["totals"]["value"] < told["totals"]["high"]
