"""How large must the control group be to show a difference, and what can a smaller one still show?

Grain: campaign. Power 80 %, two-sided level 5 %; "response" is the share that buys, "lift" the response with the campaign less that without it, in absolute
terms (0.02: two points), κ ("ratio") the treated customers for each control. Sources: Fleiss, Levin & Paik (2003), Statistical Methods for
Rates and Proportions, 3rd ed., ch. 4 (shares, without correction for continuity); Cohen (1988), Statistical Power Analysis, ch. 2 (means).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, inf, isfinite, sqrt

from crm_core.analytics.intervals import Z
from crm_core.errors import AnalysisError, Problem

#: Normal quantile of the power of 80 %; with Z (5 %, two-sided) it makes the 2.80 of the definitions.
Z_POWER = 0.8416212335729143
#: Fewer controls than this, or fewer buyers among them, give no verdict.
LEAST_CONTROLS, LEAST_BUYERS = 200, 30
#: What rounding adds to a whole number is no customer.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Share:
    """The smallest control group of an audience that shows what is wanted. `n_control` and `share` (of the audience) are None where none does, and
    `why_none` says so; `for_verdict` is how many controls a verdict asks for, whatever is to be shown (see `controls_for_verdict`).
    """

    n_control: int | None
    share: float | None
    why_none: str
    for_verdict: int | None


def controls_for_lift(response: float, lift: float, ratio: float) -> int:
    """Controls that show this lift over this response without the campaign, with `ratio` treated customers for each. The lift may be
    negative, but not nil. Raises AnalysisError for what is no share, number or ratio.
    """
    _check(response=(response, _is_share), lift=(lift, _is_not_nil), ratio=(ratio, _is_positive))
    _check(**{"response with the campaign": (response + lift, _is_share)})
    return _whole(_needed(response, response + lift, ratio))


def controls_for_gain(deviation: float, gain: float, ratio: float) -> int:
    """Controls that show this gain (money a customer), where the money of customers has this standard deviation. Raises AnalysisError."""
    _check(deviation=(deviation, _is_positive), gain=(gain, _is_not_nil), ratio=(ratio, _is_positive))
    return _whole(_needed_for_gain(deviation, gain, ratio))


def controls_for_verdict(response: float) -> int | None:
    """Controls without whom there is no verdict: LEAST_CONTROLS, and so many that LEAST_BUYERS of them are expected to buy; None where none ever will."""
    _check(response=(response, _is_share))
    buying = LEAST_BUYERS / response if response else inf
    return max(LEAST_CONTROLS, _whole(buying)) if isfinite(buying) else None


def smallest_lift(response: float, n_control: int, n_treated: int) -> float | None:
    """The smallest rise of the response that these groups show; None where not even a response of everybody would. Raises AnalysisError."""
    _check(response=(response, _is_share), **_groups(n_control, n_treated))
    from scipy import optimize

    ratio, most = n_treated / n_control, 1 - response
    if most <= 0 or _needed(response, 1.0, ratio) > n_control:
        return None

    def lacking(lift: float) -> float:
        return _needed(response, response + lift, ratio) - n_control

    least = 1e-12
    return least if lacking(least) <= 0 else float(optimize.brentq(lacking, least, most, xtol=1e-13))


def smallest_gain(deviation: float, n_control: int, n_treated: int) -> float:
    """The smallest difference of the money a customer that these groups show. Raises AnalysisError."""
    _check(deviation=(deviation, _is_positive), **_groups(n_control, n_treated))
    return (Z + Z_POWER) * deviation * sqrt(1 / n_control + 1 / n_treated)


def share_for_lift(customers: int, response: float, lift: float) -> Share:
    """The smallest control group of an audience of so many customers that shows this lift; see Share. Raises AnalysisError."""
    _check(customers=(customers, _is_group), response=(response, _is_share), lift=(lift, _is_not_nil))
    _check(**{"response with the campaign": (response + lift, _is_share)})

    def lacking(n_control: float) -> float:
        return _needed(response, response + lift, (customers - n_control) / n_control) - n_control

    return _share(customers, _first(lacking, customers), controls_for_verdict(response))


def share_for_gain(customers: int, response: float, deviation: float, gain: float) -> Share:
    """The same for a difference of the money a customer; `response` (without the campaign) is for what a verdict asks. Raises AnalysisError."""
    _check(customers=(customers, _is_group), response=(response, _is_share), deviation=(deviation, _is_positive), gain=(gain, _is_not_nil))

    def lacking(n_control: float) -> float:
        return _needed_for_gain(deviation, gain, (customers - n_control) / n_control) - n_control

    return _share(customers, _first(lacking, customers), controls_for_verdict(response))


def _needed(without: float, with_it: float, ratio: float) -> float:
    """n_c of the definitions, not yet whole."""
    if without == with_it:
        return inf
    pooled = (without + ratio * with_it) / (1 + ratio)
    if_equal = sqrt(max(0.0, pooled * (1 - pooled)) * (1 + 1 / ratio))
    if_not = sqrt(without * (1 - without) + with_it * (1 - with_it) / ratio)
    root = (Z * if_equal + Z_POWER * if_not) / (with_it - without)
    return root * root


def _needed_for_gain(deviation: float, gain: float, ratio: float) -> float:
    root = (Z + Z_POWER) * deviation / gain
    return (1 + 1 / ratio) * root * root


def _first(lacking: Callable[[float], float], customers: int) -> int | None:
    """The smallest group that lacks nothing, None where each lacks something. What is lacking falls to one lowest point and rises from there."""
    from scipy import optimize

    lowest = optimize.minimize_scalar(lacking, bounds=(1, customers - 1), method="bounded", options={"xatol": 0.1}).x
    around = range(max(1, int(lowest) - 2), min(customers - 1, int(lowest) + 3) + 1)
    best = min(around, key=lacking)
    if lacking(best) > _ROUNDING:
        return None
    low, high = 0, best
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if lacking(middle) <= _ROUNDING else (middle, high)
    return high


def _share(customers: int, n_control: int | None, for_verdict: int | None) -> Share:
    if n_control is None:
        return Share(None, None, f"{customers:,} customers are too few to show this, however they are parted.", for_verdict)
    return Share(n_control, n_control / customers, "", for_verdict)


def _whole(size: float) -> int:
    if not isfinite(size):
        raise AnalysisError("No group is large enough", "What is to be shown is as good as nothing.", "Ask for a larger difference.")
    return max(1, ceil(size - _ROUNDING))


Rule = tuple[Callable[[float], bool], str]
_is_share: Rule = (lambda value: 0 <= value <= 1, "This is no share between 0 and 1.")
_is_not_nil: Rule = (lambda value: value != 0, "Nothing cannot be shown.")
_is_positive: Rule = (lambda value: value > 0, "This is not above zero.")
_is_group: Rule = (lambda value: value >= 2 and value == int(value), "These are not two customers or more.")
_is_somebody: Rule = (lambda value: value >= 1 and value == int(value), "This is nobody.")


def _groups(n_control: int, n_treated: int) -> dict[str, tuple[float, Rule]]:
    return {"controls": (n_control, _is_somebody), "treated customers": (n_treated, _is_somebody)}


def _check(**given: tuple[float, Rule]) -> None:
    problems = [
        Problem("not_possible", "error", message, "Change it.", column=name.capitalize(), example=str(value))
        for name, (value, (holds, message)) in given.items()
        if not (isfinite(value) and holds(value))
    ]
    if problems:
        raise AnalysisError("The control group cannot be reckoned", "Some of the numbers cannot be.", "Change them.", problems)
