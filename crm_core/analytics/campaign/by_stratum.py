"""For whom did it work?

Grain: stratum of a campaign (the segment at export). Each is compared on its own; which of them differ is said by Holm's rule over those that have enough
customers in both groups, from the same permutation test as the verdict.
"""

from __future__ import annotations

from math import isnan, nan

import numpy as np
import pandas as pd

from crm_core.analytics.campaign.compare import cap_of, gap, response_gap
from crm_core.analytics.campaign.members import Members, Results
from crm_core.analytics.campaign.permutation import Permuted
from crm_core.analytics.satisfaction.measures import TOO_FEW, UNCERTAIN, holm

BETTER, WORSE, SAME, FEW, NONE = "better", "worse", "no clear difference", f"fewer than {TOO_FEW} customers", ""
COLUMNS = (
    "stratum",
    "n_treatment",
    "n_control",
    "response_treatment",
    "response_control",
    "response_difference",
    "response_low",
    "response_high",
    "sales_treatment",
    "sales_control",
    "difference",
    "capped",
    "low",
    "high",
    "p",
    "verdict",
    "is_uncertain",
)


def table(assigned: Members, found: Results, test: Permuted | None) -> pd.DataFrame:
    """One row a stratum, the one with the most customers first. Columns as COLUMNS: sales a customer; `difference` of the money that the campaign is judged by
    (margin a customer where it is known, else sales), `capped` with `low` and `high` its 95 % interval on values capped where the campaign's are; p
    (two-sided) and verdict where there is a `test`: BETTER, WORSE or SAME by Holm's rule, FEW below ten customers in a group, NONE without a test.
    `is_uncertain` below thirty in a group. Missing where a group is empty.
    """
    treated, controls = assigned.counts()
    values = found.sales if found.margin is None else found.margin
    cap = cap_of(values)
    order = sorted(range(len(assigned.strata)), key=lambda one: (-int(treated[one] + controls[one]), assigned.strata[one]))
    rows = [_row(assigned.strata[one], found, found.stratum == one, values, (int(treated[one]), int(controls[one])), cap) for one in order]
    frame = pd.DataFrame(rows, columns=[*COLUMNS[:-3], "surplus"])
    fewest = frame[["n_treatment", "n_control"]].min(axis=1)
    frame["p"] = nan if test is None else np.where(fewest >= TOO_FEW, test.p_by_stratum[order, -1], nan)
    frame["verdict"] = NONE if test is None else _verdicts(frame)
    frame["is_uncertain"] = fewest < UNCERTAIN
    return frame[list(COLUMNS)]


def _row(name: str, found: Results, is_in: np.ndarray, values: np.ndarray, n: tuple[int, int], cap: float) -> tuple[object, ...]:
    one, other = is_in & ~found.is_control, is_in & found.is_control
    buyers = int(found.is_buyer[one].sum()), int(found.is_buyer[other].sum())
    response = [count / customers if customers else nan for count, customers in zip(buyers, n, strict=True)]
    sales = [float(found.sales[side].sum()) / customers if customers else nan for side, customers in ((one, n[0]), (other, n[1]))]
    if not all(n):
        return (name, *n, *response, nan, nan, nan, *sales, nan, nan, nan, nan, nan)
    share = response_gap(buyers[0], n[0], buyers[1], n[1])
    money = gap(values[one], n[0], values[other], n[1], cap)
    return (name, *n, *response, share.point, share.low, share.high, *sales, money.point, money.capped, money.low, money.high, money.point)


def _verdicts(frame: pd.DataFrame) -> list[str]:
    p, gaps = frame["p"].tolist(), frame["difference"].tolist()
    calls = zip(p, gaps, holm(p), strict=True)
    return [FEW if isnan(one) else SAME if not is_clear else BETTER if apart > 0 else WORSE for one, apart, is_clear in calls]
