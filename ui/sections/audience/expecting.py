"""What to expect of the campaign: what it costs and brings, and how much discount it can bear. How large the control group must be is `control_size`'s."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from crm_core.analytics.audience.value import Before, ForecastValue, before, count_controls, forecast_value
from crm_core.analytics.audience.words import spoken
from crm_core.analytics.campaign.expect import Economics, Expected, Plan, expect
from crm_core.charts import audience as charts
from ui import cache, page, tables
from ui.guards import escape
from ui.numbers import amount, count, count_of, share, short
from ui.page import Tile
from ui.sections.audience import control_size
from ui.sections.audience.choices import EXPECTATION, SHARES

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from crm_core.workspace import Workspace
    from ui.frame import View
    from ui.sections.audience.asked import Asked

#: The largest amount that can be typed.
MOST = 1e9

RESPONSE_HELP = "The share of those addressed who will buy within the days until it is judged, set above."
WITHOUT_HELP = "The share that would have bought within these days anyway. Empty: not known; then all responses count as won, which flatters the campaign."
RESPONSE_COST_HELP = (
    "What each response costs beside the contact, such as a gift or postage; it is paid for those as well who would have bought anyway."
)
MARGIN_HELP = """What stays of an order’s value. Empty: from the costs of the data, last 12 months; without costs 100 %, which is sales and no profit."""
BASES = {"order": "On the order", "forecast value": "On the forecast value"}
COLUMNS = {
    "basis": "Reckoned",
    "response_value": "A response",
    "break_even_share": "Break-even rise",
    "needed_share": "Break-even response",
    "profit": "Profit",
    "contact_profit": "A contact",
    "room_share": "Room",
    "room_amount": "Room each",
}
COLUMNS_HELP = """A response: what it brings. Break-even rise: the incremental response that pays for the contacts. Break-even response: the response that
leaves neither profit nor loss, at the response without the campaign given above. Room: the discount that leaves no profit, as a share of the order value
and for each response."""


@dataclass(frozen=True)
class Known:
    """What the data says beside what the user expects: `margin` None where it has no costs; see the analyses for the others."""

    order_value: float | None
    margin: float | None
    forecast: ForecastValue | None
    before: Before | None


def tab(one: Asked) -> None:
    """The numbers to expect with, what follows from them, and the control group."""
    left = one.respected.left
    if not left:
        st.info("Nobody is left to address, so there is nothing to expect.", icon=":material/person_off:")
        return
    with st.spinner("Looking at what such customers did before …"):
        known = _known(one)
    _widgets(one, known)
    controls = count_controls(left, one.terms.control_share)
    plan = _plan(one, known, left - controls)
    if plan is None:
        st.info("This audience has no purchases, so an order value is needed: please give one above.", icon=":material/edit:")
        return
    found = expect(plan)
    _outcome(one, found, known)
    control_size.draw(one, found, known.before, control_size.groups(one, known.before, left, controls))


def _known(one: Asked) -> Known:
    view, about = one.view, (one.condition, one.basis, one.rules)
    return Known(
        one.picture.average_order_value,
        cache.answer(view, margin_of_data, one.view.as_of),
        cache.answer(view, forecast_value, *about),
        cache.answer(view, before, *about, one.terms.days),
    )


def margin_of_data(ws: Workspace, as_of: date) -> float | None:
    """Gross profit as a share of sales, last 12 months; None without costs."""
    from crm_core.analytics.clv import forecast

    return forecast.margin(ws, as_of, forecast.Terms(margin=None)) if ws.has("order_lines", "cost_amount") else None


# -- what the user expects --------------------------------------------------------------------------------------------


def _widgets(one: Asked, known: Known) -> None:
    st.header("What we assume")
    unit = escape(f" ({one.view.ws.currency})") if one.view.ws.currency else ""
    first, second, third = st.columns(3)
    with first:
        _number(one, "cost_a_contact", f"Cost a contact{unit}", "", "What it costs to address one customer.")
        _number(one, "cost_a_response", f"Other cost a response{unit}", "", RESPONSE_COST_HELP)
    with second:
        _number(one, "response", "Response with the campaign, %", "", f"{RESPONSE_HELP} Now {one.terms.days} days.")
        _number(one, "response_without", "Response without it, %", "not known", WITHOUT_HELP)
    with third:
        average = "" if known.order_value is None else f"{amount(known.order_value)}: their average order"
        _number(one, "order_value", f"Order value{unit}", average, "Empty: the average order of this audience.")
        told = "100: no costs in this data, so sales" if known.margin is None else f"{100 * known.margin:.1f}: from the data’s costs"
        _number(one, "margin", "Margin, %", told, MARGIN_HELP)
    _suggest(known.before)


def _number(one: Asked, name: str, label: str, placeholder: str, help: str) -> None:
    """A number of the expectation, filled with what it is at the moment; it keeps its value while the tab is closed."""
    key = EXPECTATION[name]
    if key not in st.session_state:
        value = getattr(one.terms.expectation, name)
        st.session_state[key] = round(100 * value, 6) if value is not None and name in SHARES else value
    most = 100.0 if name in SHARES else MOST
    step = 0.1 if name in SHARES else 0.01
    st.number_input(
        label, 0.0, most, None, step, format="%.2f", key=key, placeholder=placeholder or None, help=help, persist_state="session"
    )


def _suggest(found: Before | None) -> None:
    """What such customers did without this campaign, to be taken over on a click."""
    if found is None:
        st.caption(
            "What such customers do without the campaign cannot be told: the data does not reach back so far, or nobody met the conditions then."
        )
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        doubt = " Uncertain: fewer than 30." if found.customers < 30 else ""
        who = f"{count_of(found.customers, 'customer')} who met the same conditions {found.days} days before, on {spoken(found.since)}"
        what = f"{share(found.response, 2)} bought within the {found.days} days from then on, campaigns of that time included"
        st.caption(f"Of {who}, {what}.{doubt}")
        st.button(
            "Take it as response without", key="audience_take_response", on_click=_take_response, args=(round(100 * found.response, 2),)
        )


def _take_response(percent: float) -> None:
    st.session_state[EXPECTATION["response_without"]] = percent


def _plan(one: Asked, known: Known, contacts: int) -> Plan | None:
    """None where no order value is known."""
    told = one.terms.expectation
    order_value = known.order_value if told.order_value is None else told.order_value
    if order_value is None:
        return None
    margin = told.margin if told.margin is not None else 1.0 if known.margin is None else known.margin
    return Plan(
        contacts=contacts,
        order_value=order_value,
        margin=margin,
        cost_a_contact=told.cost_a_contact,
        response=told.response,
        response_without=told.response_without,
        cost_a_response=told.cost_a_response,
        forecast_value=None if known.forecast is None else known.forecast.value_a_customer * margin,
    )


# -- what follows -----------------------------------------------------------------------------------------------------


def _outcome(one: Asked, found: Expected, known: Known) -> None:
    currency = one.view.ws.currency
    st.header("What to expect")
    st.markdown(f"**{escape(_answer(found, currency))}**")
    before = known.before
    if before is not None and found.assumes_nobody and before.response >= found.plan.response:
        told = f"Such customers responded by {share(before.response, 2)} before, as many as are expected with the campaign or more: it may win nothing."
        st.warning(told, icon=":material/warning:")
    page.tiles(_tiles(found, currency))
    tables.result_table(_bases(found), "audience_expected", title="What to expect", names=COLUMNS, currency=currency)
    st.caption(COLUMNS_HELP)
    st.caption(escape(" ".join([_rests_on(one, found, known), *found.caveats])))
    page.chart(
        cache.made(one.view, _chart, found.plan), "audience_profit", "Expected profit by incremental response, and where it breaks even"
    )


def _answer(found: Expected, currency: str) -> str:
    plan, side = found.plan, found.order
    without = (
        "and nobody would have bought without it" if plan.response_without is None else f"and {share(plan.response_without, 2)} without it"
    )
    who = f"If {share(plan.response, 2)} of {count_of(plan.contacts, 'contact')} respond {without}"
    verb = "loses" if found.incremental_responses < 0 else "wins"
    responses = f"{verb} {_responses(abs(found.incremental_responses))}"
    outcome = f"{'loses' if side.profit < 0 else 'earns'} {amount(abs(side.profit), currency)} on the orders"
    return f"{who}, the campaign {responses} and {outcome}; {_even(side)}."


def _even(side: Economics) -> str:
    """Where it breaks even, at the response without the campaign that is given."""
    if side.needed_response is None or side.needed_response > 1:
        return "no response breaks even"
    return (
        f"it breaks even where {share(side.needed_response, 2)} respond"
        if side.needed_response
        else "contacts cost nothing, so any response pays"
    )


def _responses(number: float) -> str:
    return f"{number:,.1f} responses" if abs(number) < 10 and number != int(number) else count_of(round(number), "response")


def _tiles(found: Expected, currency: str) -> list[Tile]:
    side = found.order
    even = Tile(
        "Break-even rise", "never" if side.break_even is None else f"{100 * side.break_even:.2f} points", help=side.why_none or EVEN_HELP
    )
    room = "undefined" if side.room_share is None else share(side.room_share) if side.room_share > 0 else "none"
    of_a_response = "" if side.room_money is None else f" That is {amount(side.room_money, currency)} a response."
    nobody = " It assumes nobody would have bought without the campaign." if found.assumes_nobody else ""
    return [
        even,
        Tile("Responses", count(found.responses), help=f"Of {count_of(found.plan.contacts, 'contact')}: {CONTACTS}"),
        Tile("Incremental", count(found.incremental_responses), help=f"Responses that would not be without the campaign.{nobody}"),
        Tile("Expected profit", short(side.profit, currency), help=f"Exactly {amount(side.profit, currency)}, {PROFIT_HELP}{nobody}"),
        Tile("Discount room", room, help=f"{ROOM_HELP}{of_a_response}{nobody}"),
    ]


CONTACTS = "those left after the contact rules, without the control group."
PROFIT_HELP = "on the orders, all costs given above taken off."
ROOM_HELP = "The share of the price that can be given to everybody who responds until no profit is left."
EVEN_HELP = "Break-even incremental response: the cost of a contact by what an order leaves after the other cost of a response."


def _bases(found: Expected) -> pd.DataFrame:
    """One row for the order and, where it is known, one for the forecast value."""
    return pd.DataFrame([_row(one) for one in (found.order, found.forecast) if one is not None])


def _row(side: Economics) -> dict[str, object]:
    values = (
        side.value_a_response,
        side.break_even,
        side.needed_response,
        side.profit,
        side.profit_a_contact,
        side.room_share,
        side.room_money,
    )
    numbers = [float("nan") if value is None else value for value in values]
    return dict(zip(COLUMNS, (BASES[side.basis], *numbers), strict=True))


def _rests_on(one: Asked, found: Expected, known: Known) -> str:
    """Where the numbers come from that the user did not give."""
    told, plan, currency = one.terms.expectation, found.plan, one.view.ws.currency
    told_of = []
    if told.order_value is None:
        told_of.append(
            f"Order value {amount(plan.order_value, currency)}: the average of {count_of(one.picture.count_orders, 'purchase')} of this audience."
        )
    if told.margin is None:
        costs = (
            "no costs in this data, so these are sales and no profit" if known.margin is None else "from the data’s costs, last 12 months"
        )
        told_of.append(f"Margin {share(plan.margin)}: {costs}.")
    if known.forecast is not None and plan.forecast_value is not None:
        n = f"mean of {count(known.forecast.customers)} of {count_of(known.forecast.chosen, 'customer')} who have one, 12 months, margin taken"
        told_of.append(f"Forecast value {amount(plan.forecast_value, currency)} ({n}).")
    return " ".join(told_of)


def _chart(view: View, plan: Plan) -> go.Figure:
    return charts.profit(expect(plan), view.ws.currency)
