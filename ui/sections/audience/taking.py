"""Taking an audience away: the customers as a list, treatment and control apart, files for ad platforms, and the one-page brief.

Each export is kept as a snapshot: its files are made of that, so that the groups are the same whenever they are fetched.
"""

from __future__ import annotations

import secrets
import shlex
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir
import streamlit as st

from crm_core.access import Action
from crm_core.analytics.audience import listed, respect
from crm_core.analytics.audience.conditions import Condition
from crm_core.analytics.audience.everybody import Basis
from crm_core.analytics.audience.language import to_text
from crm_core.analytics.audience.respect import Rules
from crm_core.analytics.audience.terms import Expectation
from crm_core.analytics.audience.value import count_controls
from crm_core.analytics.scores import CUT_DECIMALS
from crm_core.analytics.segment_table import SEGMENTS
from crm_core.errors import CrmError
from crm_core.store.saved.exports import Export, ExportTerms
from ui import cache, guards, page, tables
from ui.guards import escape
from ui.numbers import count, count_customers, share
from ui.sections.audience import asked, choices, expecting, files, keeping
from ui.sections.customer import panel
from ui.state import Session, Url

if TYPE_CHECKING:
    from crm_core.workspace import Workspace
    from ui.sections.audience.asked import Asked


def customers(one: Asked) -> None:
    """The list of the audience, without whom the rules leave out, and the panel of the one selected."""
    args = (one.condition, one.basis, one.rules)
    picked = tables.customer_table(one.view, "audience", rows=_listed, args=args, title="Audience", audience=False)
    panel(one.view, picked, "audience_customer")


def _listed(ws: Workspace, condition: Condition, basis: Basis, rules: Rules | None, shown: ir.Table | None = None) -> ir.Table:  # noqa: ARG001
    """The list as other pages have it; the filters of the sidebar do not narrow an audience."""
    from crm_core.analytics.listing import listing

    chosen = respect.left(ws, condition, basis, rules)
    if not ws.has("order_lines"):
        return chosen
    table = listing(ws, basis.as_of, basis.scoring)
    more = [name for name in table.columns if name not in chosen.columns]
    known = chosen.left_join(table.select("customer_id", *more), "customer_id")
    first = [name for name in ("customer_id", "name", "segment") if name in known.columns]
    rest = [name for name in known.columns if name not in {*first, "customer_id_right", "purchase_value"}]
    return known.select(*first, *rest)


def command(one: Asked) -> str:
    """The command that gives the same list, with the same groups; none for segments of the user's own before they are saved with an audience."""
    if one.saved is not None and not keeping.is_changed(one) and not one.view.is_private:
        return page.command(one.view, "audience", shlex.quote(f"--saved={one.saved.name}"))
    if one.terms.scoring.segments != SEGMENTS:
        return ""
    options = ["--where", shlex.quote(to_text(asked.told(one.view, one.condition))), *_scoring(one)]
    options += ["--respect"] * one.terms.is_respecting
    if one.terms.control_share:
        options += ["--control", f"{one.terms.control_share:g}", "--seed", str(one.terms.seed)]
    if one.terms.columns:
        options += [shlex.quote(f"--columns={','.join(one.terms.columns)}")]
    return page.command(one.view, "audience", *options)


def _scoring(one: Asked) -> list[str]:
    scoring = one.terms.scoring
    found = ["--frequency", scoring.f_rule] if scoring.f_rule != "repeat" else []
    for letter, cuts in (("r", scoring.cuts_r), ("f", scoring.cuts_f), ("m", scoring.cuts_m)):
        found += [f"--cuts-{letter}=" + ",".join(f"{cut:.{CUT_DECIMALS}f}".rstrip("0").rstrip(".") for cut in cuts)] if cuts else []
    return found


# -- the tab ----------------------------------------------------------------------------------------------------------


def tab(one: Asked) -> None:
    """Columns and campaign, then the export that keeps a snapshot, then the files of the exports made."""
    if not guards.may(one.view.user, Action.EXPORT):
        return
    left = one.respected.left
    if not left:
        st.info("Nobody is left to take away: widen the conditions, or look at “Whom to leave out”.", icon=":material/group_off:")
        return
    controls = count_controls(left, one.terms.control_share)
    st.markdown(f"**{escape(_told(left, controls, one))}**")
    _columns(one)
    made = _export_form(one)
    if made is not None:
        files.draw(one, made)


def _told(left: int, controls: int, one: Asked) -> str:
    if not controls:
        return f"{count_customers(left)} to address; without a control group nobody can tell later whether it worked."
    told = f"{count_customers(left - controls)} to address and {count(controls)} as control group ({share(controls / left)}), drawn by lot within each segment"
    return f"{told}, seed {one.terms.seed}."


def _columns(one: Asked) -> None:
    known = listed.columns(one.view.ws, one.basis)
    usual = one.terms.columns or listed.usual_columns(one.view.ws, one.basis)
    if st.session_state.get(choices.COLUMNS) is None:
        st.session_state[choices.COLUMNS] = [name for name in usual if name in known]
    st.multiselect(
        "Columns of the list",
        known,
        format_func=lambda name: known.get(name, name),
        key=choices.COLUMNS,
        persist_state="session",
        help="The id always stands first.",
    )


def _export_form(one: Asked) -> Export | None:
    """Name and end of the campaign, and the button that fixes the groups; gives the export whose files are shown."""
    st.subheader("Fix the groups and export")
    st.caption(
        "An export keeps who was taken, in which group, by which conditions and rules, and when the campaign ends: so later orders can tell"
        " whether it worked."
    )
    if one.saved is None or keeping.is_changed(one):
        st.info("Save the audience first: the export belongs to its version.", icon=":material/save:")
    else:
        _same_lot(one)
        name_at, start_at, end_at = st.columns([2, 1, 1])
        name = name_at.text_input(
            "Name of the campaign", one.saved.name, max_chars=100, key=f"export_name_{one.saved.id}_{one.saved.version}"
        )
        start = _day(
            start_at.date_input(
                "Starts on", one.view.as_of, format="YYYY-MM-DD", key="export_start", help="Orders from this day on count."
            ),
            one.view.as_of,
        )
        usual = start + timedelta(days=one.terms.days)
        end = _day(
            end_at.date_input(
                "Ends before",
                usual,
                start + timedelta(days=1),
                start + timedelta(days=choices.MOST_DAYS),
                format="YYYY-MM-DD",
                key=f"export_end_{start}",
            ),
            usual,
        )
        if st.button("Export", key="audience_export", type="primary", icon=":material/output:"):
            with st.spinner("Drawing the groups and keeping the snapshot …"), guards.guard():
                made = export(one, name or one.saved.name, start, end)
                st.session_state[Session.EXPORTED] = made.id
                st.toast("The export is kept. Its files are below.", icon=":material/check:")
    return _exported(one)


def _same_lot(one: Asked) -> None:
    """Where the seed drew another campaign's groups: the same customers would be left out once more."""
    known = keeping.store().exports.all(one.view.entry.id)
    used = next((made for made in known if made.seed == one.terms.seed and made.n_control), None)
    if used is None or not one.terms.control_share:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(escape(f"Seed {one.terms.seed} drew the groups of “{used.name}” as well: the same customers would be left out again."))
        st.button("Draw another lot", key="audience_lot", icon=":material/casino:", on_click=_draw_anew)


def _draw_anew() -> None:
    st.session_state[Url.SEED] = secrets.randbelow(choices.MOST_SEED) + 1


def _day(chosen: object, default: date) -> date:
    return chosen if isinstance(chosen, date) else default


def _exported(one: Asked) -> Export | None:
    """The export of this audience whose files are offered: the one just made, else the latest."""
    known = keeping.store().exports.of(one.saved.id) if one.saved else ()
    if not known:
        return None
    by_id = {made.id: made for made in known}
    wanted = st.session_state.get(Session.EXPORTED)
    if len(known) > 1:
        ids = list(by_id)
        if wanted in by_id:
            st.session_state["export_choice"] = wanted
            st.session_state[Session.EXPORTED] = None
        chosen = st.selectbox("Files of the export", ids, format_func=lambda one_id: _export_label(by_id[one_id]), key="export_choice")
        return by_id.get(chosen or "", known[0])
    return known[0]


def _export_label(made: Export) -> str:
    return f"{made.name}, {made.exported_at:%Y-%m-%d %H:%M} UTC, {made.n_treatment + made.n_control:,} customers"


def export(one: Asked, name: str, start: date, end: date) -> Export:
    """Draws the groups and keeps the snapshot. Raises AccessError, or CrmError where nobody is left or the store does not answer."""
    one.view.user.require(Action.EXPORT)
    if one.saved is None:
        raise CrmError("Nothing to export", "The audience is not saved.", "Save it, then export.")
    if end <= start:
        raise CrmError("The campaign ends before it starts", f"It starts on {start} and ends before {end}.", "Choose a later end.")
    groups = listed.grouped(one.view.ws, one.table(), one.terms.control_share, one.terms.seed)
    if not groups.num_rows:
        raise CrmError("Nobody to export", "No customer meets the conditions and the rules.", "Widen the conditions.")
    terms = ExportTerms(
        exported_at=keeping.now(),
        exported_by=one.view.user.email,
        as_of=one.view.as_of,
        starts_on=start,
        ends_on=end,
        is_random=True,
        seed=one.terms.seed,
        control_share=one.terms.control_share,
        fingerprint=one.view.ws.fingerprint,
        columns=one.terms.columns or listed.usual_columns(one.view.ws, one.basis),
        rules=one.rules.as_dict() if one.rules else None,
        left_out={left_out.rule.name: left_out.left_out for left_out in one.respected.by_rule if not left_out.rule.missing},
        plan=plan(one),
        name=name,
    )
    return keeping.store().exports.keep(one.saved.id, one.saved.version, terms, groups)


def plan(one: Asked) -> dict[str, Any]:
    """What was expected, as it is kept with the export; nothing is where the user left all as it stands at first."""
    expectation = one.terms.expectation
    told = None if expectation == Expectation() else {name: getattr(expectation, name) for name in choices.EXPECTATION}
    value = expectation.order_value if expectation.order_value is not None else one.picture.average_order_value
    margin = expectation.margin if expectation.margin is not None else cache.answer(one.view, expecting.margin_of_data, one.view.as_of)
    return {"expectation": told, "order_value": value, "margin": expectation.margin, "margin_at_export": margin}
