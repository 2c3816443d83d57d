"""Did it work?

Grain: campaign. By assignment: every customer who was assigned at export counts, whether reached or not, whether bought or not. Sales are those of the
campaign's days, from the export to a last day that was fixed with it. The verdict is that of a permutation test within strata; without controls, without lot,
before the end and in groups too small there is none, and that is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import isfinite
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from crm_core.analytics.campaign.by_stratum import table
from crm_core.analytics.campaign.compare import Gap, cap_of, gap, net_gap, response_gap
from crm_core.analytics.campaign.members import CONTROL, Members, Results, members, results
from crm_core.analytics.campaign.permutation import DRAWS, Permuted, permute
from crm_core.analytics.campaign.sizes import LEAST_BUYERS, LEAST_CONTROLS
from crm_core.analytics.intervals import Interval
from crm_core.analytics.satisfaction.measures import LEVEL
from crm_core.errors import AnalysisError, Problem
from crm_core.workspace import Workspace

Verdict = Literal["too small", "interim", "no control group", "not random", "better", "worse", "no clear difference"]
Measure = Literal["margin", "sales"]
#: Verdicts that rest on a test.
TESTED: tuple[Verdict, ...] = ("better", "worse", "no clear difference")


@dataclass(frozen=True)
class Campaign:
    """What was fixed at export. Sales count from `start` (the day of the export) to `end` (excluded). `margin` is the share of the sales that stays; None: from
    the costs in the data, where it has them. Costs are in the currency's main unit; `cost_a_response` falls due for each customer in treatment who buys.
    """

    start: date
    end: date
    is_random: bool
    seed: int
    margin: float | None = None
    cost_a_contact: float = 0.0
    cost_a_response: float = 0.0


@dataclass(frozen=True)
class Group:
    """One of the two groups: customers, those with a purchase, their share; net sales and margin a customer (None where it is not known)."""

    n: int
    buyers: int
    sales: float
    margin: float | None

    @property
    def response(self) -> float:
        return self.buyers / self.n


@dataclass(frozen=True)
class Profit:
    """Incremental: (margin a customer in treatment − in control) × customers in treatment − costs. `point` as it is; `capped` with its 95 % interval from
    capped values (see compare.Gap). `cost_of_contacts` and `cost_of_responses` are taken off already.
    """

    point: float
    capped: float
    low: float
    high: float
    cost_of_contacts: float
    cost_of_responses: float


@dataclass(frozen=True)
class Outcome:
    """What came of it, from `start` to `until` (excluded): the end, or the day until which sales are known.

    `control` and the differences (treatment less control: `response` by Newcombe, `sales` and `margin`) are None without a control group, `margin` also
    where it is not known (`why_no_margin`). `p_response`, `p_sales`, `p_margin`: two-sided, of the permutation test, None where there is no verdict.
    `measure` is what the verdict is on, and `reason` says the verdict in a sentence. `profit` is None where the margin is not known, without a control group,
    and where the groups were not drawn by lot. `strata`: see by_stratum.table. Costs are known for `lines_with_cost` of `lines` lines.
    """

    campaign: Campaign
    until: date
    treatment: Group
    control: Group | None
    response: Interval | None
    sales: Gap | None
    margin: Gap | None
    p_response: float | None
    p_sales: float | None
    p_margin: float | None
    measure: Measure
    verdict: Verdict
    reason: str
    profit: Profit | None
    strata: pd.DataFrame
    lines: int
    lines_with_cost: int
    why_no_margin: str
    draws: int = DRAWS


def outcome(ws: Workspace, snapshot: pa.Table, campaign: Campaign, as_of: date) -> Outcome:
    """See Outcome. `snapshot`: one row a customer, columns customer_id, group (treatment or control), stratum (the segment at export). Sales are
    known until `as_of`, and no longer than the data goes.

    Raises AnalysisError for a snapshot that is not complete, a campaign whose numbers cannot be, and where the data ends before it began.
    """
    assigned, until = members(snapshot), known_until(ws, campaign, as_of)
    found = results(ws, assigned, campaign.start, until, campaign.margin)
    treated, controls = assigned.counts()
    sides = _group(found, False, int(treated.sum())), _group(found, True, int(controls.sum()))
    verdict = _untested(campaign, until, sides)
    test = _test(found, treated, controls, campaign.seed) if verdict is None else None
    return _told(campaign, until, assigned, found, sides, verdict, test)


def known_until(ws: Workspace, campaign: Campaign, as_of: date) -> date:
    """The day until which (excluded) the campaign's sales are known. Raises AnalysisError as `outcome` does."""
    _check(campaign)
    until = min(campaign.end, as_of, ws.as_of)
    if until <= campaign.start:
        last = min(as_of, ws.as_of) - timedelta(days=1)
        raise AnalysisError(
            "No results yet",
            f"The campaign began on {campaign.start}, the data looked at ends on {last}.",
            "Add later orders on the Data page.",
        )
    return until


def _group(found: Results, is_control: bool, n: int) -> Group:
    is_its = found.is_control == is_control
    margin = None if found.margin is None or not n else float(found.margin[is_its].sum()) / n
    return Group(n, int(found.is_buyer[is_its].sum()), float(found.sales[is_its].sum()) / n if n else 0.0, margin)


def _untested(campaign: Campaign, until: date, sides: tuple[Group, Group]) -> Verdict | None:
    """Why there is no test, None where there is one."""
    _, control = sides
    if not control.n:
        return "no control group"
    if not campaign.is_random:
        return "not random"
    if until < campaign.end:
        return "interim"
    return "too small" if control.n < LEAST_CONTROLS or control.buyers < LEAST_BUYERS else None


def _test(found: Results, treated: np.ndarray, controls: np.ndarray, seed: int) -> Permuted:
    """Measures in this order: response, sales, and margin where it is known."""
    measures = [found.is_buyer.astype(float), found.sales, *([] if found.margin is None else [found.margin])]
    return permute(measures, found.is_control, found.stratum, treated, controls, seed)


def _told(
    campaign: Campaign,
    until: date,
    assigned: Members,
    found: Results,
    sides: tuple[Group, Group],
    untested: Verdict | None,
    test: Permuted | None,
) -> Outcome:
    treatment, control = sides
    gaps = _gaps(found, treatment.n, control.n) if control.n else (None, None)
    measure: Measure = "sales" if found.margin is None else "margin"
    verdict = untested or _verdict(test)
    response, sales, margin = (*test.p, None)[:3] if test else (None, None, None)
    return Outcome(
        campaign=campaign,
        until=until,
        treatment=treatment,
        control=control if control.n else None,
        response=response_gap(treatment.buyers, treatment.n, control.buyers, control.n) if control.n else None,
        sales=gaps[0],
        margin=gaps[1],
        p_response=response,
        p_sales=sales,
        p_margin=margin,
        measure=measure,
        verdict=verdict,
        reason=_reason(verdict, measure, sides, campaign, until),
        profit=_profit(campaign, found, treatment, control) if gaps[1] is not None and campaign.is_random else None,
        strata=table(assigned, found, test),
        lines=found.lines,
        lines_with_cost=found.lines_with_cost,
        why_no_margin=found.why_no_margin,
    )


def _verdict(test: Permuted | None) -> Verdict:
    """Of the last measure, the margin where it is known."""
    if test is None or test.p[-1] >= LEVEL:
        return "no clear difference"
    return "better" if test.surplus[-1] > 0 else "worse"


def _gaps(found: Results, n_treated: int, n_controls: int) -> tuple[Gap, Gap | None]:
    """Of sales, and of margin where it is known."""

    def of(values: np.ndarray) -> Gap:
        return gap(values[~found.is_control], n_treated, values[found.is_control], n_controls, cap_of(values))

    return of(found.sales), None if found.margin is None else of(found.margin)


def _profit(campaign: Campaign, found: Results, treatment: Group, control: Group) -> Profit | None:
    if found.margin is None:
        return None
    is_treated = ~found.is_control
    apart = net_gap(
        found.margin[is_treated],
        found.is_buyer[is_treated],
        treatment.n,
        found.margin[found.is_control],
        control.n,
        cap=cap_of(found.margin),
        cost_a_response=campaign.cost_a_response,
    )
    contacts = treatment.n * campaign.cost_a_contact
    point, capped, low, high = (treatment.n * one - contacts for one in (apart.point, apart.capped, apart.low, apart.high))
    return Profit(point, capped, low, high, contacts, treatment.buyers * campaign.cost_a_response)


def _reason(verdict: Verdict, measure: Measure, sides: tuple[Group, Group], campaign: Campaign, until: date) -> str:
    control = sides[1]
    money = "Margin" if measure == "margin" else "Sales"
    says: dict[Verdict, str] = {
        "no control group": "Nobody was left out, so nothing shows what would have happened without the campaign.",
        "not random": f"The customers in {CONTROL} were not drawn by lot, so a difference may have been there before the campaign.",
        "interim": f"The campaign ends before {campaign.end}, results are known until {until}: a look on the way gives no verdict.",
        "too small": (
            f"{control.n:,} controls with {control.buyers:,} buyers are too few: "
            f"a verdict needs {LEAST_CONTROLS} controls and {LEAST_BUYERS} buyers among them."
        ),
        "better": f"{money} a customer was higher with the campaign, by more than lot explains.",
        "worse": f"{money} a customer was lower with the campaign, by more than lot explains.",
        "no clear difference": f"{money} a customer differed by no more than lot explains.",
    }
    return says[verdict]


def _check(campaign: Campaign) -> None:
    """Raises AnalysisError, with all problems at once."""
    margin, costs = campaign.margin, (campaign.cost_a_contact, campaign.cost_a_response)
    told = [
        (campaign.start >= campaign.end, "period", "It ends before it starts.", f"{campaign.start} to {campaign.end}"),
        (margin is not None and not 0 <= margin <= 1, "not_a_share", "The margin is no share between 0 and 1.", str(margin)),
        (any(not isfinite(one) or one < 0 for one in costs), "negative", "Costs are below zero, or no numbers.", str(costs)),
        (campaign.seed < 0, "seed", "The seed is below zero.", str(campaign.seed)),
    ]
    problems = [Problem(code, "error", text, example=example) for holds, code, text, example in told if holds]
    if problems:
        raise AnalysisError("The campaign cannot be judged", "Some of its numbers cannot be.", "Change them.", problems)
