"""Whom to leave out: the company's contact rules with whom they take from this audience, a form that changes them, and the customers left out."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from crm_core.access import Action
from crm_core.analytics.audience import respect
from crm_core.analytics.audience.fields import values_of
from crm_core.analytics.audience.listed import listed, usual_columns
from crm_core.analytics.audience.members import members
from crm_core.analytics.audience.respect import MOST_CONTACTS, MOST_DAYS, Respected, Rules
from crm_core.errors import CrmError
from crm_core.store.saved.rules import RulesChanged, SavedRules, as_rules
from ui import cache, guards, links, sign_in, tables
from ui.guards import escape
from ui.numbers import count, count_customers
from ui.sections.audience import asked, keeping
from ui.state import Session

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from crm_core.analytics.audience.conditions import Condition
    from crm_core.analytics.audience.everybody import Basis
    from crm_core.workspace import Workspace
    from ui.sections.audience.asked import Asked

#: What one administrator wanted to save and another did in between: (hers, theirs).
ANY_CHANNEL = ""
SWITCHES = {
    "without_consent": "Who refused consent to be contacted",
    "unknown_consent": "Whose consent is not known",
    "opted_out": "Who opted out",
    "open_case": "Who has an open complaint or request",
    "dead_address": "Whose last contact bounced",
}
LIMIT = "Who was contacted often lately"
CHANNEL_HELP = "Opt-outs, dead addresses and numbers of contacts count through this channel only."


def tab(one: Asked) -> None:
    """The rules with their counts, the form, and the customers whom they leave out."""
    try:
        saved = keeping.store().contact_rules.rules()
        rules = as_rules(saved)
    except CrmError as error:
        guards.show(error)
        return
    found = cache.answer(one.view, asked.respected, one.condition, one.basis, rules)
    _counts(one, found)
    st.caption(_saved_by(saved))
    with st.expander("Change the rules", expanded=st.session_state.get(Session.RULES_CONFLICT) is not None):
        _changing(one, saved, rules)
    _customers(one, found, rules)


# -- what the rules take ----------------------------------------------------------------------------------------------


def _counts(one: Asked, found: Respected) -> None:
    st.header("The company’s contact rules")
    if one.rules is None:
        st.warning("The rules are switched off for this audience; this is what they would leave out.", icon=":material/do_not_disturb_off:")
    out = found.chosen - found.left
    verb = "would leave out" if one.rules is None else "leave out"
    who_left = f"{count(found.left)} can be contacted" if found.left else "nobody can be contacted"
    st.markdown(
        f"**Of {count_customers(found.chosen)} who meet the conditions the rules {verb} {count(out) if out else 'nobody'}; {who_left}.**"
    )
    rows = [(each.rule.sentence, *((None, None) if each.rule.missing else (each.concerned, each.left_out))) for each in found.by_rule]
    if not rows:
        st.info("No rule is switched on.", icon=":material/rule:")
        return
    frame = pd.DataFrame(rows, columns=["rule", "concerned", "left_out"]).astype({"concerned": "Int64", "left_out": "Int64"})
    tables.result_table(frame, "audience_rules", title="Contact rules", names={"concerned": "Concerned", "left_out": "Left out by it"})
    st.caption(
        "“Concerned” counts everybody whom a rule concerns; “left out by it” those whom no rule above it took before, so that these add up."
    )
    _missing(found)


def _missing(found: Respected) -> None:
    """Rules that this data cannot be asked, by what they would need."""
    needed: dict[str, list[str]] = {}
    for each in found.by_rule:
        if each.rule.missing:
            needed.setdefault(each.rule.missing, []).append(f"“{each.rule.sentence}”")
    if not needed:
        return
    told = "; ".join(f"{' and '.join(rules)} {'need' if len(rules) > 1 else 'needs'} {what}" for what, rules in needed.items())
    st.info(
        escape(f"Rules that nobody can be asked by: {told}. This data does not have it, so these rules leave out nobody."),
        icon=":material/extension:",
    )
    links.link("data", "Add it on the Data page")


def _saved_by(saved: SavedRules) -> str:
    if saved.saved_at is None:
        return "Nobody has saved contact rules yet: these are the usual ones. They hold for every audience of every data set."
    who_saved = escape(keeping.person(saved.saved_by))
    return f"Version {saved.version}, saved {saved.saved_at.astimezone(UTC):%d %b %Y %H:%M} UTC by {who_saved}. They hold for every audience of every data set."


# -- changing them ----------------------------------------------------------------------------------------------------


def _changing(one: Asked, saved: SavedRules, rules: Rules) -> None:
    conflict: tuple[Rules, SavedRules] | None = st.session_state.get(Session.RULES_CONFLICT)
    if not guards.may(one.view.user, Action.CHANGE_RULES):
        return
    if conflict is not None:
        _conflict(*conflict)
        return
    version = saved.version
    with st.form(f"audience_rules_{version}", border=False, enter_to_submit=False):  # they are everybody's: on a click only
        for name, label in SWITCHES.items():
            st.checkbox(label, getattr(rules, name), key=_key(version, name))
        st.checkbox(LIMIT, rules.most_contacts is not None, key=_key(version, "is_limited"))
        left, middle, right = st.columns(3)
        left.number_input(
            "so many times or more", 1, MOST_CONTACTS, rules.most_contacts or Rules().most_contacts or 1, key=_key(version, "most_contacts")
        )
        middle.number_input("in so many days", 1, MOST_DAYS, rules.contact_days, key=_key(version, "contact_days"))
        channels = _channels(one, rules)
        place = channels.index(rules.channel or ANY_CHANNEL)
        right.selectbox("Through the channel", channels, place, format_func=_channel, key=_key(version, "channel"), help=CHANNEL_HELP)
        st.form_submit_button("Save the rules for everybody", type="primary", on_click=_save_form, args=(version,))


def _channels(one: Asked, rules: Rules) -> list[str]:
    """All, those of the contacts, and the one that is chosen."""
    contacts = asked.known_measures(one.view).get("count_contacts")
    known = cache.answer(one.view, _values, "channel") if contacts is not None and "channel" in contacts.columns else ()
    return list(dict.fromkeys([ANY_CHANNEL, *known, *([rules.channel] if rules.channel else [])]))


def _values(ws: Workspace, name: str) -> tuple[str, ...]:
    from crm_core.analytics.audience.fields import measures

    return values_of(ws, measures(ws)["count_contacts"], name)


def _channel(value: str) -> str:
    return value or "all of them"


def _key(version: int, name: str) -> str:
    """Keys of the form hold the version that it was filled from, so that another version fills it anew."""
    return f"audience_rule_{version}_{name}"


def _save_form(version: int) -> None:
    """A callback: saves what the form says, as the version after the one that it was filled from; it runs before the page is drawn with a later one."""
    given: dict[str, Any] = {
        name: st.session_state.get(_key(version, name)) for name in (*SWITCHES, "is_limited", "most_contacts", "contact_days", "channel")
    }
    switches = {name: bool(given[name]) for name in SWITCHES}
    limit = int(given["most_contacts"] or 1) if given["is_limited"] else None
    try:
        rules = Rules(**switches, most_contacts=limit, contact_days=int(given["contact_days"] or 1), channel=given["channel"] or None)
    except CrmError as error:
        st.session_state[Session.NOTICE] = f"Not saved: {error.message}"
        return
    _save(rules, version)


def _save(rules: Rules, base_version: int) -> None:
    try:
        user = sign_in.user()  # in the role of this moment: a callback runs before anybody is asked who looks
        user.require(Action.CHANGE_RULES)
        made = keeping.store().contact_rules.save_rules(rules.as_dict(), base_version, who=user.who, now=keeping.now())
    except RulesChanged as error:
        st.session_state[Session.RULES_CONFLICT] = (rules, error.present)
        return
    except CrmError as error:
        st.session_state[Session.NOTICE] = f"Not saved: {error.title}."
        return
    st.session_state[Session.RULES_CONFLICT] = None
    st.session_state[Session.NOTICE] = f"Version {made.version} of the contact rules is saved."


def _conflict(mine: Rules, theirs: SavedRules) -> None:
    """Somebody saved the rules in between: two ways on."""
    present = as_rules(theirs)
    told = f"**{escape(keeping.person(theirs.saved_by))} saved version {theirs.version} of the rules meanwhile.** Yours are not saved yet; nothing is lost."
    st.warning(told, icon=":material/group:")
    rows = [
        (label, _told(mine, name), _told(present, name))
        for name, label in {**SWITCHES, "most_contacts": LIMIT, "channel": "Channel"}.items()
    ]
    frame = pd.DataFrame(rows, columns=["Rule", "Yours", "Theirs"])
    st.dataframe(
        frame[frame["Yours"] != frame["Theirs"]], hide_index=True, key="audience_rules_both", alt="Where both sets of rules differ"
    )
    with st.container(horizontal=True):
        st.button("Keep theirs", key="rules_theirs", type="primary", on_click=_forget)
        st.button("Save mine over them", key="rules_over", on_click=_save, args=(mine, theirs.version))


def _told(rules: Rules, name: str) -> str:
    if name == "most_contacts":
        return "no" if rules.most_contacts is None else f"{rules.most_contacts} times or more in {rules.contact_days} days"
    if name == "channel":
        return _channel(rules.channel or ANY_CHANNEL)
    return "left out" if getattr(rules, name) else "no"


def _forget() -> None:
    st.session_state[Session.RULES_CONFLICT] = None


# -- who is left out --------------------------------------------------------------------------------------------------


def _customers(one: Asked, found: Respected, rules: Rules) -> None:
    st.header("Who is left out")
    if found.left == found.chosen:
        st.info("The rules leave out nobody of this audience.", icon=":material/group:")
        return
    tables.customer_table(
        one.view,
        "audience_left_out",
        rows=left_out,
        args=(one.condition, one.basis, rules),
        columns=COLUMNS,
        title="Left out of an audience",
        audience=False,
    )


COLUMNS = ("customer_id", "rule", "name", "segment", "net_sales", "count_orders", "days_since_last_order", "open_cases")


def left_out(ws: Workspace, condition: Condition, basis: Basis, rules: Rules, shown: ir.Table | None = None) -> ir.Table:  # noqa: ARG001
    """The customers whom the rules take from the audience, with the rule that did; `shown` by the sidebar does not narrow an audience."""
    chosen = members(ws, condition, basis)
    taken = respect.left_out(ws, chosen, rules, basis)
    told = listed(ws, chosen, basis, usual_columns(ws, basis))
    return told.inner_join(taken, "customer_id").select("customer_id", "rule", *(name for name in told.columns if name != "customer_id"))
