"""Which topics come up more than before?

Grain: topic. Cases opened in the last days against the same number of days before; by the exact test of two Poisson counts (conditional binomial),
by Holm's rule over the topics. No verdict where the first cases of the data are younger than the days before.
"""

from __future__ import annotations

from datetime import date, timedelta
from math import isnan

import ibis.expr.types as ir
import pandas as pd

from crm_core.analytics.satisfaction.measures import TOO_FEW, holm
from crm_core.analytics.service.cases import cases
from crm_core.workspace import Workspace

DAYS = 30
RISING, FALLING, STEADY, FEW = "rising", "falling", "no significant change", f"fewer than {TOO_FEW} cases"
YOUNG = "no cases of all the days before"
COLUMNS = ("topic", "cases", "before", "change", "ratio", "p", "verdict")


def rising(ws: Workspace, as_of: date, days: int = DAYS, shown: ir.Table | None = None) -> pd.DataFrame:
    """One row a topic, the one that grew by most cases first. Columns as COLUMNS: cases in the last `days` days, and in as many before them."""
    edge = as_of - timedelta(days=days)
    rows = cases(ws, as_of, edge - timedelta(days=days), shown=shown)
    is_new = rows.opened_at.date() >= edge
    counted = ws.execute(rows.group_by(topic=rows.topic.fill_null("")).aggregate(cases=is_new.sum(), before=(~is_new).sum()))
    found = judged(counted)
    return found if _reaches(ws, edge - timedelta(days=days)) else found.assign(p=float("nan"), verdict=YOUNG)


def _reaches(ws: Workspace, day: date) -> bool:
    """Were there cases on that day or before it?"""
    opened = ws.table("cases").opened_at
    first = ws.remember("first case", lambda: ws.execute(opened.min()))
    return bool(pd.Timestamp(first).date() <= day)


def judged(counted: pd.DataFrame) -> pd.DataFrame:
    """See `rising`. `counted` has topic, cases, before."""
    from scipy import stats

    found = counted.astype({"cases": "int64", "before": "int64"})
    found["change"] = found["cases"] - found["before"]
    found["ratio"] = found["cases"] / found["before"].where(found["before"] > 0)
    totals = found["cases"] + found["before"]
    found["p"] = [
        float(stats.binomtest(int(k), int(n), 0.5).pvalue) if n >= TOO_FEW else float("nan")
        for k, n in zip(found["cases"], totals, strict=True)
    ]
    clear = holm(list(found["p"]))
    found["verdict"] = [
        FEW if isnan(p) else STEADY if not is_clear else RISING if change > 0 else FALLING
        for p, is_clear, change in zip(found["p"], clear, found["change"], strict=True)
    ]
    return found.sort_values(["change", "topic"], ascending=[False, True], ignore_index=True)[list(COLUMNS)]
