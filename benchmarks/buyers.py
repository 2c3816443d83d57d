"""Customers who buy as the BG/NBD and the Gamma-Gamma model say, over two years in days: a million of them make about 2.5 million order lines.

The same on every machine for the same number, kept in benchmarks/.cache as a CSV, as Parquet for data frames, and as a workspace.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from benchmarks.measure import CACHE
from crm_core.schema import FORMAT

VERSION = 1  # a change of what is made asks for new files
DAYS = 730
FIRST = date(2023, 1, 1)
#: Of the days: r, alpha, a, b; p, q, gamma of the amounts.
PURCHASES = (0.6, 80.0, 0.8, 2.5)
SPEND = (6.25, 3.74, 15.44)


def lines(customers: int, seed: int = 1) -> pd.DataFrame:
    """One row a purchase day in order of time: customer_id, order_id, ordered_on, amount."""
    rng = np.random.default_rng(seed)
    r, alpha, a, b = PURCHASES
    age = rng.integers(1, DAYS + 1, customers).astype(float)
    rate, leaves = rng.gamma(r, 1 / alpha, customers), rng.beta(a, b, customers)
    who, days = [np.arange(customers)], [DAYS - age]
    clock, here = np.zeros(customers), np.arange(customers)
    while len(here):
        clock[here] += rng.exponential(1 / rate[here])
        day = np.ceil(clock[here])
        still = day <= age[here]
        here = here[still]
        who.append(here)
        days.append(DAYS - age[here] + day[still])
        here = here[rng.random(len(here)) > leaves[here]]
    customer = np.concatenate(who)
    p, q, gamma = SPEND
    amount = rng.gamma(p, 1 / rng.gamma(q, 1 / gamma, customers)[customer])
    frame = pd.DataFrame({"customer": customer, "day": np.concatenate(days).astype(int), "amount": amount.round(2)})
    frame = frame.sort_values(["day", "customer"], kind="stable", ignore_index=True)
    return pd.DataFrame(
        {
            "customer_id": "C" + frame["customer"].astype(str).str.zfill(7),
            "order_id": "O" + frame.index.astype(str).str.zfill(8),
            "ordered_on": pd.Timestamp(FIRST) + pd.to_timedelta(frame["day"], unit="D"),
            "amount": frame["amount"],
        }
    )


def csv(customers: int) -> Path:
    """The lines as a CSV, made once."""
    path = CACHE / f"buyers-{VERSION}-{customers}.csv"
    if not path.exists():
        CACHE.mkdir(exist_ok=True)
        unfinished = path.with_suffix(".unfinished")
        with duckdb.connect() as con:
            made = con.from_df(lines(customers))
            made.select("customer_id, order_id, ordered_on::DATE AS ordered_on, amount").write_csv(str(unfinished))
        unfinished.rename(path)
    return path


def parquet(customers: int) -> Path:
    """The lines as a data frame reads them fastest, made once."""
    path = CACHE / f"buyers-{VERSION}-{customers}.parquet"
    if not path.exists():
        CACHE.mkdir(exist_ok=True)
        unfinished = path.with_suffix(".unfinished-parquet")
        lines(customers).to_parquet(unfinished)
        unfinished.rename(path)
    return path


def workspace(customers: int) -> Path:
    """The CSV, imported as a user would, once."""
    path = CACHE / f"buyers-{VERSION}-{FORMAT}-{customers}.duckdb"
    if not path.exists():
        imported(csv(customers), path)
    return path


def imported(file: Path, target: Path) -> None:
    """The file as a workspace, every decision as suggested; what is read on the way lies beside it."""
    from crm_core.mapping.build import build
    from crm_core.mapping.suggest import suggest
    from crm_core.sources.files import stage
    from crm_core.sources.staging import Staging

    with Staging(target.parent) as staging:
        stage(staging, file)
        build(staging, suggest(staging).mapping, target, name="Buyers", imported_at=datetime(2025, 1, 1))


def as_of() -> date:
    """The day after the last one."""
    return FIRST + timedelta(days=DAYS + 1)
