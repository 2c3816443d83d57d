"""How large must the control group be to show that the campaign worked, and what can the present one show?"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, inf
from typing import TYPE_CHECKING

import streamlit as st

from crm_core.analytics.audience.words import spoken
from crm_core.analytics.campaign import sizes
from ui.guards import escape
from ui.numbers import amount, count, count_of, share
from ui.sections.audience.choices import MOST_CONTROL
from ui.state import Url

if TYPE_CHECKING:
    from crm_core.analytics.audience.value import Before
    from crm_core.analytics.campaign.expect import Expected
    from ui.sections.audience.asked import Asked

LIFT, GAIN = "audience_lift", "audience_gain"
#: The rise to look for where none is expected, and the least and largest that can be typed.
USUAL_LIFT, LEAST, MOST = 0.01, 0.01, 1e9
LIFT_HELP = "The rise of the response that must not be missed: it is found in 8 of 10 such campaigns (power 80 %), at a level of 5 %."
GAIN_HELP = "The rise of net sales a customer that must not be missed, over all customers of a group, with and without an order."
VERDICT = f"A verdict needs {sizes.LEAST_CONTROLS} controls and {sizes.LEAST_BUYERS} buyers among them"
NONE_DOES = "No control group of this audience does both: show this rise, and give a verdict. A larger audience, or a larger rise to look for, would."
SMALLEST = "The smallest, in whole percent, that shows this rise and gives a verdict"


@dataclass(frozen=True)
class Groups:
    """Who is there to be parted, how many are controls at the moment, and the response without the campaign with the words that say where it comes from."""

    left: int
    controls: int
    response: float
    source: str

    @property
    def treated(self) -> int:
        return self.left - self.controls

    @property
    def has_both(self) -> bool:
        return bool(self.controls and self.treated)


def groups(one: Asked, before: Before | None, left: int, controls: int) -> Groups:
    """The groups as they are; the response without the campaign as given, else as such customers did before."""
    given = one.terms.expectation.response_without
    if given is not None:
        return Groups(left, controls, given, "as given above")
    if before is not None:
        return Groups(left, controls, before.response, f"as such customers did {before.days} days before")
    return Groups(left, controls, 0.0, "since nothing is known of it")


def draw(one: Asked, found: Expected, before: Before | None, groups: Groups) -> None:
    """What is to be shown, what that needs, what the present group shows, and a button that sets the smallest that will do."""
    st.header("How large must the control group be?")
    if groups.left < 2:
        st.info("One customer cannot be parted.", icon=":material/person:")
        return
    lift, gain = _looked_for(one, found, groups)
    if not 0 < groups.response + lift <= 1:
        st.warning(f"More than all cannot respond: {share(groups.response)} do without the campaign.", icon=":material/warning:")
        return
    needed = sizes.share_for_lift(groups.left, groups.response, lift)
    told = [*_of_response(groups, lift, needed), *_of_money(one, groups, gain, before), _of_verdict(groups, needed.for_verdict)]
    st.markdown("\n".join(f"- {escape(each)}" for each in told))
    _suggest(one, groups, needed)


def _looked_for(one: Asked, found: Expected, groups: Groups) -> tuple[float, float]:
    """The rise of the response (a share) and of the money a customer to be shown; empty: those expected."""
    left, right = st.columns(2)
    expected = round(found.plan.response - groups.response, 6)
    lift = expected if expected > 0 else USUAL_LIFT
    typed = _rise(
        left, "Rise of the response to show, points", f"{100 * lift:.2f}{': as expected' if expected > 0 else ''}", LIFT, LIFT_HELP, 100.0
    )
    lift = lift if typed is None else typed / 100
    gain = max(lift * found.plan.order_value, LEAST)
    unit = escape(f" ({one.view.ws.currency})") if one.view.ws.currency else ""
    more = _rise(right, f"Rise of net sales a customer to show{unit}", f"{gain:,.2f}: that rise in orders", GAIN, GAIN_HELP, MOST)
    return lift, gain if more is None else more


def _rise(at: st.delta_generator.DeltaGenerator, label: str, usual: str, key: str, help: str, most: float) -> float | None:
    """What is typed; None while nothing is."""
    return at.number_input(label, LEAST, most, None, 0.1, format="%.2f", key=key, placeholder=usual, help=help, persist_state="session")


def _of_response(groups: Groups, lift: float, needed: sizes.Share) -> list[str]:
    over = f"a rise of {100 * lift:.2f} points over a response of {share(groups.response, 2)} ({groups.source})"
    asks = f"To show {over}: {_needed(needed)}"
    if not groups.has_both:
        return [asks, "At the moment there is no control group, which shows nothing."]
    least = sizes.smallest_lift(groups.response, groups.controls, groups.treated)
    shows = "shows no rise, however large" if least is None else f"shows a rise of {100 * least:.2f} points or more"
    return [asks, f"The present control group of {count(groups.controls)} ({share(groups.controls / groups.left)}) {shows}."]


def _of_money(one: Asked, groups: Groups, gain: float, before: Before | None) -> list[str]:
    currency = one.view.ws.currency
    if before is None or not before.deviation:
        return ["For money no size can be told, since nothing is known of how net sales of such customers vary."]
    span = f"{before.days} days from {spoken(before.since)}"
    varies = f"Net sales of such customers vary by {amount(before.deviation, currency)} (standard deviation, {span}, n = {count(before.customers)})."
    needed = sizes.share_for_gain(groups.left, groups.response, before.deviation, gain)
    asks = f"To show {amount(gain, currency)} more net sales a customer: {_needed(needed)} {varies}"
    if not groups.has_both:
        return [asks]
    least = sizes.smallest_gain(before.deviation, groups.controls, groups.treated)
    return [asks, f"The present control group shows {amount(least, currency)} a customer or more."]


def _needed(found: sizes.Share) -> str:
    if found.n_control is None or found.share is None:
        return found.why_none
    return f"{count_of(found.n_control, 'control')}, {share(found.share)} of the audience."


def _of_verdict(groups: Groups, for_verdict: int | None) -> str:
    if for_verdict is None:
        return f"{VERDICT}. Where nobody buys without the campaign no control group has these, so there will be no verdict."
    needs = f"{VERDICT}: {count(for_verdict)} controls at this response"
    if for_verdict >= groups.left:
        return f"{needs}, and only {count_of(groups.left, 'customer')} are there. There will be no verdict."
    if groups.controls >= for_verdict:
        return f"{needs}. The present group is large enough for one."
    return f"{needs}. The present group of {count(groups.controls)} is too small for one."


def suggested(left: int, needed: sizes.Share) -> int | None:
    """The smallest control group, in whole percent, that shows the rise and gives a verdict; None where none can be set."""
    wanted = max(needed.n_control or inf, needed.for_verdict or inf)
    percent = ceil(100 * wanted / left) if wanted < left else 100
    return percent if percent <= MOST_CONTROL else None


def _suggest(one: Asked, groups: Groups, needed: sizes.Share) -> None:
    percent = suggested(groups.left, needed)
    if percent is None:
        st.caption(NONE_DOES)
    elif percent == round(100 * one.terms.control_share):
        st.caption(f"{SMALLEST}, is the present control group of {percent} %.")
    else:
        st.button(
            f"Set the control group to {percent} %",
            key="audience_set_control",
            type="primary",
            on_click=_set,
            args=(percent,),
            help=SMALLEST,
        )


def _set(percent: int) -> None:
    st.session_state[Url.CONTROL] = percent
