"""What came of a campaign, as small tables and marks of a chart: the figures of both groups, by segment, and what was expected beside what came."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any

import pandas as pd

from crm_core.analytics.campaign.outcome import TESTED, Outcome
from crm_core.charts.campaign import RESPONSE, Apart
from crm_core.store.saved.campaigns import expected_of, planned
from ui.numbers import NOT_PROVIDED, amount, count, share
from ui.sections.audience.judged import p_value, points, signed, value_of

if TYPE_CHECKING:
    from crm_core.analytics.campaign.compare import Gap
    from crm_core.analytics.campaign.outcome import Group
    from crm_core.analytics.intervals import Interval
    from crm_core.store.saved.exports import Export

NAN = float("nan")
NO_TEST = "no verdict"
UNCERTAIN = ", few customers: uncertain"


def response_apart(found: Outcome) -> Apart | None:
    """The difference of response, for the chart."""
    one: Interval | None = found.response
    return Apart(RESPONSE, one.point, one.point, one.low, one.high) if one else None


def money_apart(found: Outcome) -> tuple[Apart, ...]:
    """The differences of sales and margin a customer, for the chart."""
    named = (("Sales", found.sales), ("Margin", found.margin))
    return tuple(Apart(name, gap.point, gap.capped, gap.low, gap.high) for name, gap in named if gap)


MEASURES = {
    "what": "A customer",
    "treatment": "Addressed",
    "control": "Control group",
    "difference": "Difference",
    "interval": "95 %",
    "p": "p",
}


def measures(found: Outcome) -> pd.DataFrame:
    """A row a measure: what, treatment, control, difference, capped (the difference on capped values), low, high, p. Response as shares, money in the
    currency's main unit; what is not known is missing.
    """
    named = (("Response", "response", found.p_response), ("Net sales", "sales", found.p_sales), ("Margin", "margin", found.p_margin))
    rows = [_measure(found, name, measure, p) for name, measure, p in named if value_of(found.treatment, measure) is not None]
    return pd.DataFrame(rows, columns=["what", "treatment", "control", "difference", "capped", "low", "high", "p"])


def _measure(found: Outcome, name: str, measure: str, p: float | None) -> dict[str, Any]:
    told: dict[str, Any] = {"what": name, "treatment": value_of(found.treatment, measure), "p": p}
    apart: Gap | Interval | None = getattr(found, measure)
    if apart is None or found.control is None:
        return told
    capped = NAN if measure == "response" else getattr(apart, "capped", NAN)
    return told | {
        "control": value_of(found.control, measure),
        "difference": apart.point,
        "capped": capped,
        "low": apart.low,
        "high": apart.high,
    }


def measures_written(found: Outcome, currency: str) -> pd.DataFrame:
    """The same as it is read: columns of MEASURES; without a control group only what is known of those addressed."""
    rows = [_measure_written(row, currency) for row in measures(found).to_dict("records")]
    names = list(MEASURES) if found.control else ["what", "treatment"]
    return pd.DataFrame(rows, columns=names)


def _measure_written(row: dict[Any, Any], currency: str) -> dict[str, str]:
    is_share = row["what"] == "Response"
    told = {"what": row["what"], "p": p_value(row["p"])}
    for name in ("treatment", "control"):
        told[name] = share(_known(row[name])) if is_share else amount(_known(row[name]), currency)
    told["difference"] = points(row["difference"]) if is_share else signed(row["difference"], currency)
    low, high = (points(row[name], "") if is_share else signed(row[name]) for name in ("low", "high"))
    told["interval"] = f"{low} to {high}" if _known(row["low"]) is not None else NOT_PROVIDED
    return told


EXPECTED = {"what": "Figure", "expected": "Expected", "came": "Came", "low": "95 % from", "high": "to"}


def expected(found: Outcome, made: Export) -> pd.DataFrame:
    """What was expected beside what came: columns of EXPECTED, shares from 0 to 1, amounts in the main unit; `unit` is share, count or money."""
    plan, reckoned = planned(made), expected_of(made)
    told = plan.expectation
    n, control, response = found.treatment.n, found.control, found.response
    without = told.response_without
    more = None if without is None or not plan.is_told else n * (told.response - without)
    rows = [
        ("Response with the campaign", "share", told.response if plan.is_told else None, found.treatment.response, None, None),
        ("Response without it", "share", without, control.response if control else None, None, None),
        ("Responses", "count", n * told.response if plan.is_told else None, found.treatment.buyers, None, None),
        (
            "Responses more than without",
            "count",
            more,
            *((n * one for one in (response.point, response.low, response.high)) if response else (None,) * 3),
        ),
        ("Sales a buyer", "money", plan.order_value, _a_buyer(found.treatment), None, None),
        (
            "Costs",
            "money",
            n * (told.cost_a_contact + told.response * told.cost_a_response) if plan.is_told else None,
            _costs(found),
            None,
            None,
        ),
        ("Incremental profit", "money", reckoned.order.profit if reckoned else None, *_profit_bounds(found)),
    ]
    return pd.DataFrame(rows, columns=["what", "unit", "expected", "came", "low", "high"])


def _a_buyer(group: Group) -> float | None:
    return group.sales * group.n / group.buyers if group.buyers else None


def _costs(found: Outcome) -> float:
    return found.treatment.n * found.campaign.cost_a_contact + found.treatment.buyers * found.campaign.cost_a_response


def _profit_bounds(found: Outcome) -> tuple[float | None, float | None, float | None]:
    one = found.profit
    return (one.point, one.low, one.high) if one else (None, None, None)


def expected_written(frame: pd.DataFrame, currency: str) -> pd.DataFrame:
    """The same as it is read."""
    forms = {"share": share, "count": count, "money": lambda one: amount(one, currency)}
    written = [
        [
            row.what,
            *(
                forms[str(row.unit)](_known(one)) if name in ("expected", "came") or _known(one) is not None else ""
                for name, one in _cells(row)
            ),
        ]
        for row in frame.itertuples()
    ]
    return pd.DataFrame(written, columns=list(EXPECTED))


def _cells(row: Any) -> list[tuple[str, Any]]:
    return [(name, getattr(row, name)) for name in ("expected", "came", "low", "high")]


SEGMENTS = {
    "stratum": "Segment",
    "verdict": "Verdict (Holm)",
    "difference_value": "Difference",
    "low": "95 % from",
    "high": "95 % to",
    "p": "p",
    "n_treatment": "Addressed",
    "n_control": "Control group",
    "treatment_share": "Response, addressed",
    "control_share": "Response, control",
    "difference_share": "Response, difference",
    "treatment_sales": "Sales, addressed",
    "control_sales": "Sales, control",
}
RENAMED = {
    "response_treatment": "treatment_share",
    "response_control": "control_share",
    "response_difference": "difference_share",
    "sales_treatment": "treatment_sales",
    "sales_control": "control_sales",
    "difference": "difference_value",
}


def segments(found: Outcome) -> pd.DataFrame:
    """A row a segment at export, columns as SEGMENTS; the difference is of the measure that the campaign is judged by."""
    frame = found.strata.rename(columns=RENAMED)
    said = [_segment_verdict(row, found) for row in frame.itertuples()]
    return frame.assign(stratum=[one or "no segment" for one in frame["stratum"]], verdict=said)[list(SEGMENTS)]


def _segment_verdict(row: Any, found: Outcome) -> str:
    if not row.n_control or not row.n_treatment:
        return f"{NO_TEST}: {'no controls' if row.n_treatment else 'nobody addressed'}"
    if found.verdict not in TESTED:
        return f"{NO_TEST}: {found.verdict}"
    return f"{row.verdict}{UNCERTAIN}" if row.is_uncertain and not row.verdict.startswith("fewer") else str(row.verdict)


def _known(value: Any) -> float | None:
    return None if value is None or isnan(value) else float(value)
