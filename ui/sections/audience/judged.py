"""What came of a campaign, in words and tiles: the verdict with its reason and figures, and what limits it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import isnan
from typing import TYPE_CHECKING

from crm_core.analytics.campaign.outcome import TESTED, Outcome, Verdict
from ui.numbers import NOT_PROVIDED, amount, count_customers, share, short
from ui.page import NO_CHANGE, Summary, Tile

if TYPE_CHECKING:
    from crm_core.analytics.campaign.compare import Gap
    from crm_core.analytics.campaign.outcome import Group, Profit
    from crm_core.store.saved.exports import Export

HEADINGS: dict[Verdict, str] = {
    "better": "It worked",
    "worse": "It did harm",
    "no clear difference": "No clear difference",
    "too small": "Too small to tell",
    "interim": "Interim, no verdict yet",
    "no control group": "No control group, no verdict",
    "not random": "Groups not drawn by lot, no verdict",
}


@dataclass(frozen=True)
class Circumstances:
    """What limits an outcome beside itself: members erased since, and members who are no longer in the data."""

    erased: int
    gone: int


def period(start: date, until: date) -> str:
    """2 Mar 2026 to 31 Mar 2026 (30 days), `until` excluded."""
    last = until - timedelta(days=1)
    days = (until - start).days
    return f"{day(start)} to {day(last)} ({days} {'day' if days == 1 else 'days'})"


def last_day(made: Export) -> date:
    """The last day whose orders count."""
    return made.ends_on - timedelta(days=1)


def day(one: date) -> str:
    """2 Mar 2026"""
    return f"{one.day} {one:%b %Y}"


# -- the answer -------------------------------------------------------------------------------------------------------


def summary(found: Outcome, beside: Circumstances, currency: str) -> Summary:
    """The answer, what limits it, and the tiles."""
    return Summary(answer(found, currency), caveat(found, beside, currency), tiles(found, currency))


def answer(found: Outcome, currency: str) -> str:
    """The verdict, why, and by how much."""
    return f"{_heading(found)}. {found.reason} {_money_told(found, currency)}".strip()


def _heading(found: Outcome) -> str:
    """An effect that may cost more than it brings is not said to have worked."""
    one = found.profit
    if found.verdict != "better" or one is None or one.low > 0:
        return HEADINGS[found.verdict]
    return "It had an effect, but did not earn its costs" if one.high < 0 else "It had an effect; whether it earned its costs is not clear"


def _money_told(found: Outcome, currency: str) -> str:
    gap, control = found.margin if found.measure == "margin" else found.sales, found.control
    if gap is None or control is None:
        return f"{share(found.treatment.response)} of those addressed bought, {amount(found.treatment.sales, currency)} a customer."
    treated, left = (amount(value_of(group, found.measure), currency) for group in (found.treatment, control))
    what = "margin" if found.measure == "margin" else "in sales"
    p = f", p = {p_value(_p(found))}" if found.verdict in TESTED else ""
    return (
        f"A customer addressed brought {treated} {what}, one of the control group {left}: "
        f"{signed(gap.point, currency)} (95 % on capped values: {signed(gap.low)} to {signed(gap.high)}{p})."
    )


def _profit_told(one: Profit, currency: str, is_interim: bool) -> str:
    costs = one.cost_of_contacts + one.cost_of_responses
    taken = f", {amount(costs, currency)} of costs taken off" if costs else ""
    bounds = f"95 % on capped values: {amount(one.low, currency)} to {amount(one.high, currency)}{taken}"
    return f"Incremental profit{' so far' if is_interim else ''}: {amount(one.point, currency)} ({bounds})."


def caveat(found: Outcome, beside: Circumstances, currency: str) -> str:
    """The profit, how many, from when to when, and what is to be borne in mind."""
    n = found.treatment.n + (found.control.n if found.control else 0)
    controls = found.control.n if found.control else 0
    told = [
        *([_profit_told(found.profit, currency, found.verdict == "interim")] if found.profit else []),
        f"n = {n:,}: {found.treatment.n:,} addressed, {controls:,} in the control group; {period(found.campaign.start, found.until)}.",
        "By assignment: whoever was assigned counts.",
    ]
    if found.verdict in TESTED:
        told.append(f"Two-sided permutation test within segments, {found.draws:,} draws, seed {found.campaign.seed}.")
    if beside.erased:
        told.append(
            f"{count_customers(beside.erased)} of the export {_were(beside.erased)} erased since and no longer {_count(beside.erased)}."
        )
    if beside.gone:
        no_longer = f"{_are(beside.gone)} no longer among the customers of this data and {_count(beside.gone)} as having bought nothing"
        told.append(f"{count_customers(beside.gone)} of the export {no_longer}.")
    if found.why_no_margin:
        told.append(f"Margin and profit are not provided: {found.why_no_margin} The campaign is judged by sales.")
    elif found.campaign.margin is None and found.lines_with_cost < found.lines:
        told.append(f"Costs are known for {found.lines_with_cost:,} of {found.lines:,} lines; the others add no margin.")
    return " ".join(told)


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _count(number: int) -> str:
    return "counts" if number == 1 else "count"


# -- tiles ------------------------------------------------------------------------------------------------------------


def tiles(found: Outcome, currency: str) -> tuple[Tile, ...]:
    """Response, sales and margin a customer against the control group, incremental profit, and p of the verdict."""
    profit = short(found.profit.point if found.profit else None, currency)
    return (
        _response_tile(found),
        _money_tile("Sales a customer", found, "sales", currency),
        _money_tile("Margin a customer", found, "margin", currency),
        Tile("Incremental profit", profit, help=_profit_help(found, currency), more_is="neutral"),
        Tile("p of the verdict", p_value(_p(found)) if found.verdict in TESTED else "no verdict", help=P_HELP),
    )


P_HELP = "How often lot alone parts the groups at least so far. Below 0.05 the difference is called clear."


def _response_tile(found: Outcome) -> Tile:
    value, one, control = share(found.treatment.response), found.response, found.control
    if one is None or control is None:
        return Tile("Response", value, help=NOBODY_LEFT_OUT)
    change = _against(f"{100 * one.point:+.1f}", " points", share(control.response))
    return Tile("Response", value, change, help=_interval_help(points(one.low), points(one.high), found.p_response), more_is="neutral")


NOBODY_LEFT_OUT = "Of those addressed. Without a control group there is nothing to compare it with."


def _money_tile(label: str, found: Outcome, measure: str, currency: str) -> Tile:
    gap: Gap | None = getattr(found, measure)
    value = amount(value_of(found.treatment, measure), currency)
    if gap is None or found.control is None:
        return Tile(label, value, help=found.why_no_margin if measure == "margin" and found.why_no_margin else NOBODY_LEFT_OUT)
    change = _against(f"{gap.point:+,.2f}", "", amount(value_of(found.control, measure), currency))
    told = _interval_help(f"{signed(gap.low, currency)}", f"{signed(gap.high, currency)} on capped values", _p(found, measure))
    is_clear = measure == found.measure and found.verdict in ("better", "worse")
    return Tile(label, value, change, help=told, more_is="good" if is_clear else "neutral")


def _against(difference: str, unit: str, control: str) -> str:
    """+1.9 points vs 5.2 %"""
    return f"{difference}{unit} vs {control}" if difference.strip("+-0.,") else NO_CHANGE


def _interval_help(low: str, high: str, p: float | None) -> str:
    tested = f" p = {p_value(p)}." if p is not None else ""
    return f"Of those addressed; below it, the difference to the control group. 95 %: {low} to {high}.{tested}"


def _profit_help(found: Outcome, currency: str) -> str:
    one = found.profit
    if one is None:
        return found.why_no_margin or "Needs a control group drawn by lot."
    return (
        f"Margin a customer more than in the control group, times those addressed, less the costs of contacts ({amount(one.cost_of_contacts, currency)}) and "
        f"responses ({amount(one.cost_of_responses, currency)}). On capped values {amount(one.capped, currency)}, "
        f"95 %: {amount(one.low, currency)} to {amount(one.high, currency)}."
    )


# -- words of numbers -------------------------------------------------------------------------------------------------


def signed(value: float | None, currency: str = "") -> str:
    """EUR +2.50; without decimals from 100 on."""
    if value is None or isnan(value):
        return NOT_PROVIDED
    digits = 0 if abs(value) >= 100 else 2
    return f"{currency} {value:+,.{digits}f}".strip()


def points(value: float | None, unit: str = " points") -> str:
    """+1.9 points"""
    return NOT_PROVIDED if value is None or isnan(value) else f"{100 * value:+.1f}{unit}"


def p_value(value: float | None) -> str:
    """0.031, 0.0002; "–" without a test."""
    if value is None or isnan(value):
        return "–"
    return f"{value:.4f}" if value < 0.001 else f"{value:.3f}"


def value_of(group: Group, measure: str) -> float | None:
    """Response, or sales or margin a customer (None where it is not known)."""
    value: float | None = getattr(group, measure)
    return value


def _p(found: Outcome, measure: str = "") -> float | None:
    """Of that measure, or of the one that the verdict is on."""
    return found.p_margin if (measure or found.measure) == "margin" else found.p_sales
