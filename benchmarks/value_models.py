"""Value models against lifetimes 0.11.3: BG/NBD on a million customers with the counting, Pareto/NBD on 100,000, from a CSV to every customer's forecast
with its interval, and a moved slider.

Each comparison first proves that both sides come to the same: a log-likelihood that is not worse, forecasts that are equal. The peer is used as its manual
does, with what makes it faster: days as its periods and seven of them a week (`freq_multiplier`), which spares it calendar periods, and columns read
once. For information also the peer told to count equal customers once and pass them as weights, which is what we do.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import ibis.backends.duckdb  # noqa: F401 (Ibis loads it with the first connection; imports are not what is measured)
import lifetimes
import numpy as np
import pandas as pd
from lifetimes.utils import summary_data_from_transaction_data

from benchmarks import buyers
from benchmarks.measure import CACHE, Measured, Side, holds, measure
from crm_core import export
from crm_core.analytics.clv import customers, totals
from crm_core.analytics.clv import forecast as clv
from crm_core.analytics.clv.forecast import Settings, Terms
from crm_core.analytics.clv.models import BgNbd, ParetoNbd, PurchaseModel
from crm_core.workspace import Workspace

MANY, SOME = 1_000_000, 100_000
#: Ours by the peer's time, at most.
BG_NBD, PARETO_NBD, WHOLE, SLIDER = 1 / 10, 1 / 15, 1 / 5, 1 / 5
WORSE = 1e-6  # of a log-likelihood a customer
APART = 1e-3  # of a total
COUNTED = ["frequency", "recency", "T"]


# -- BG/NBD and Pareto/NBD ---------------------------------------------------------------------------------------------


def ours_counted(count: str) -> BgNbd:
    """From the lines in a workspace to the parameters."""
    with Workspace.open(buyers.workspace(int(count))) as ws:
        h = customers.counts(ws, ws.as_of, "weeks")
    return BgNbd().fit(h.x, h.t_x, h.T, h.customers)


def lifetimes_counted(count: str) -> lifetimes.BetaGeoFitter:
    """From the lines, read from Parquet in a quarter of a second, to the parameters."""
    return _fitted(lifetimes.BetaGeoFitter(), _summary(pd.read_parquet(buyers.parquet(int(count)))))


def lifetimes_weighted(count: str) -> lifetimes.BetaGeoFitter:
    """The same with equal customers counted once."""
    return _fitted(lifetimes.BetaGeoFitter(), _shared(_summary(pd.read_parquet(buyers.parquet(int(count))))))


def ours_pareto(count: str) -> Callable[[], ParetoNbd]:
    h = _shared(_summary(pd.read_parquet(buyers.parquet(int(count)))))
    return lambda: ParetoNbd().fit(h["frequency"], h["recency"], h["T"], h["customers"])


def lifetimes_pareto(count: str) -> Callable[[], lifetimes.ParetoNBDFitter]:
    summary = _summary(pd.read_parquet(buyers.parquet(int(count))))
    return lambda: _fitted(lifetimes.ParetoNBDFitter(), summary)


def _summary(lines: pd.DataFrame) -> pd.DataFrame:
    return summary_data_from_transaction_data(
        lines, "customer_id", "ordered_on", "amount", observation_period_end=buyers.as_of() - timedelta(days=1), freq="D", freq_multiplier=7
    )


def _shared(summary: pd.DataFrame) -> pd.DataFrame:
    """Equal customers once, with their number."""
    return summary.groupby(COUNTED, sort=False).size().rename("customers").reset_index()


def _fitted(fitter: Any, rows: pd.DataFrame) -> Any:
    """Fitted to customers, or to equal ones with their number."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        fitter.fit(*(rows[column] for column in COUNTED), weights=rows.get("customers"))
    return fitter


def not_worse(name: str, ours: PurchaseModel, theirs: Any, count: int) -> bool:
    """Is our log-likelihood, by the same formula and on the same customers, not worse than theirs?"""
    h = _shared(_summary(pd.read_parquet(buyers.parquet(count))))
    other = type(ours)(*(float(theirs.params_[one]) for one in ours.NAMES))
    mine, peers = (float(h["customers"] @ model.log_likelihood(*(h[one] for one in COUNTED))) / count for model in (ours, other))
    print(f"{name}: log-likelihood a customer {mine:.9f}, by lifetimes {peers:.9f}", flush=True)
    return mine >= peers - WORSE


# -- from a CSV to every forecast --------------------------------------------------------------------------------------


def ours_whole(count: str) -> float:
    """Import, fit, and every customer's forecast with its interval as a Parquet file; returns the total."""
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        target = Path(folder) / "workspace.duckdb"
        buyers.imported(buyers.csv(int(count)), target)
        with Workspace.open(target) as ws:
            choice = clv.choose(ws, ws.as_of, Settings("bg_nbd"))
            export.write_table(ws, clv.customers(ws, choice), Path(folder) / "values.parquet")
        return float(pd.read_parquet(Path(folder) / "values.parquet", columns=["clv"])["clv"].sum())


def lifetimes_whole(count: str) -> float:
    """Read, summarise, fit, predict and write; without intervals, which it does not have."""
    lines = pd.read_csv(buyers.csv(int(count)), usecols=["customer_id", "ordered_on", "amount"], parse_dates=["ordered_on"])
    summary = _summary(lines)
    del lines
    purchases, spend = _fitted(lifetimes.BetaGeoFitter(), summary), _spend(summary)
    values = spend.customer_lifetime_value(purchases, *_columns(summary), time=12, discount_rate=0.0, freq="W")
    rows = summary.assign(
        p_alive=purchases.conditional_probability_alive(*_columns(summary)[:3]),
        expected_purchases=purchases.predict(12 * 4.345, *_columns(summary)[:3]),
        expected_spend=spend.conditional_expected_average_profit(summary["frequency"], summary["monetary_value"]),
        clv=values,
    )
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        rows.to_parquet(Path(folder) / "values.parquet")
    return float(values.sum())


def _spend(summary: pd.DataFrame) -> lifetimes.GammaGammaFitter:
    repeat = summary[(summary["frequency"] > 0) & (summary["monetary_value"] > 0)]
    fitter = lifetimes.GammaGammaFitter()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        fitter.fit(repeat["frequency"], repeat["monetary_value"])
    return fitter


def _columns(summary: pd.DataFrame) -> list[pd.Series]:
    return [summary[one] for one in (*COUNTED, "monetary_value")]


# -- a moved slider ----------------------------------------------------------------------------------------------------


def ours_horizon(count: str) -> Callable[[], object]:
    """The horizon moves from 12 to 9 months, after a first forecast."""
    return _moved(count, Terms(9))


def ours_rates(count: str) -> Callable[[], object]:
    """Margin and discount rate move."""
    return _moved(count, Terms(12, 0.3, 0.1))


def _moved(count: str, terms: Terms) -> Callable[[], object]:
    ws = Workspace.open(buyers.workspace(int(count)))
    choice = clv.choose(ws, ws.as_of, Settings("bg_nbd"))
    totals.total(ws, choice)
    return lambda: totals.total(ws, choice, terms)


def lifetimes_horizon(count: str) -> Callable[[], object]:
    """The same, fitted already: its own prediction of values."""
    summary = _summary(pd.read_parquet(buyers.parquet(int(count))))
    purchases, spend = _fitted(lifetimes.BetaGeoFitter(), summary), _spend(summary)
    return lambda: spend.customer_lifetime_value(purchases, *_columns(summary), time=9, discount_rate=0.0, freq="W")


def main(many: int = MANY, some: int = SOME, runs: int = 5) -> int:
    """Print the measurements and ratios; 1 if a ratio is missed or the sides differ."""
    ours, theirs = ours_whole(str(many)), lifetimes_whole(str(many))
    print(f"value of {many:,} customers: {ours:,.0f}, by lifetimes {theirs:,.0f} (its month has 4.345 weeks, ours 4.348)", flush=True)
    equal = [
        abs(ours / theirs - 1) <= APART,
        not_worse("BG/NBD", ours_counted(str(many)), lifetimes_counted(str(many)), many),
        not_worse("Pareto/NBD", ours_pareto(str(some))(), lifetimes_pareto(str(some))(), some),
    ]
    if not all(equal):
        print("The sides differ.")
        return 1
    bg = _pair("counted", many, runs, "BG/NBD with counting")
    (weighted,) = measure([Side("the same, lifetimes with weights", "benchmarks.value_models:lifetimes_weighted", (str(many),))], runs)
    print(f"{'BG/NBD, counting included, of it (information)':<48} {bg[0].seconds / weighted.seconds:8.2f}")
    pareto = _pair("pareto", some, runs, "Pareto/NBD")
    whole = _pair("whole", many, runs, "CSV to every forecast")
    horizon = _pair("horizon", many, runs, "slider: horizon")
    (rates,) = measure([Side("slider: margin and discount, ours", "benchmarks.value_models:ours_rates", (str(many),))], runs)
    ratios = [
        holds("BG/NBD, counting included, of lifetimes", bg[0].seconds / bg[1].seconds, BG_NBD),
        holds("Pareto/NBD, of lifetimes", pareto[0].seconds / pareto[1].seconds, PARETO_NBD),
        holds("CSV to every forecast, of lifetimes", whole[0].seconds / whole[1].seconds, WHOLE),
        holds("the same, peak of memory", whole[0].peak_mb / whole[1].peak_mb, 1.0),
        holds("slider: horizon, of lifetimes", horizon[0].seconds / horizon[1].seconds, SLIDER),
        holds("slider: margin and discount, of lifetimes", rates.seconds / horizon[1].seconds, SLIDER),
    ]
    return 0 if all(ratios) else 1


def _pair(name: str, count: int, runs: int, label: str) -> list[Measured]:
    return measure(
        [Side(f"{label}, {who}", f"benchmarks.value_models:{who}_{name}", (str(count),)) for who in ("ours", "lifetimes")],
        runs,
    )


if __name__ == "__main__":
    raise SystemExit(main())
