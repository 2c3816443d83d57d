"""The audiences that are kept: what each is now, which two overlap, versions of the open one, and the deleted ones to bring back."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from crm_core.access import Action
from crm_core.analytics.audience.overlap import Overlap, overlap
from crm_core.analytics.audience.terms import Terms
from crm_core.errors import CrmError
from crm_core.store.saved.audiences import Audience
from ui import cache, guards, tables
from ui.guards import escape
from ui.numbers import count, count_customers, share
from ui.sections.audience import asked, keeping
from ui.state import Session

if TYPE_CHECKING:
    from ui.frame import View
    from ui.sections.audience.asked import Asked

MOST_COUNTED = 50
NAMES = {
    "name": "Audience",
    "customers": "Customers now",
    "where": "Conditions",
    "saved_at": "Saved",
    "saved_by": "By",
    "exports": "Exports",
}


def tab(one: Asked) -> None:
    """List, overlap, versions, deleted."""
    known = keeping.store().audiences.all(one.view.entry.id)
    if not known:
        st.info("No audience is saved yet. Build one above and press “Save …”.", icon=":material/bookmark_add:")
    else:
        _list(one.view, known)
        _overlap(one, known)
    if one.saved is not None:
        _versions(one, one.saved)
    _deleted(one)


def _list(view: View, known: tuple[Audience, ...]) -> None:
    st.subheader("Saved audiences")
    exports = keeping.store().exports.all(view.entry.id)
    rows = [
        {
            "name": audience.name,
            "customers": _customers_now(view, audience) if place < MOST_COUNTED else None,
            "where": asked.text_told(view, audience.definition.where, asked.basis(view, Terms())),
            "saved_at": audience.saved_at.astimezone(UTC).replace(tzinfo=None),
            "saved_by": keeping.person(audience.saved_by),
            "exports": sum(made.audience_id == audience.id for made in exports),
        }
        for place, audience in enumerate(known)
    ]
    tables.result_table(pd.DataFrame(rows), "audience_shelf", title="Saved audiences", names=NAMES)


def _customers_now(view: View, audience: Audience) -> int | None:
    """How many meet its conditions now; None where they no longer fit the data."""
    try:
        return _found(view, audience).picture.customers
    except CrmError:
        return None


def _found(view: View, audience: Audience) -> asked.Asked:
    """The audience as it was saved, worked out for the day looked from. Raises CrmError where it does not fit the data."""
    terms = Terms.from_dict(audience.definition.terms)
    condition = asked.read(view, audience.definition.where, asked.basis(view, terms))
    return asked.Asked(view, condition, terms, None, audience)


# -- overlap ----------------------------------------------------------------------------------------------------------


def _overlap(one: Asked, known: tuple[Audience, ...]) -> None:
    """Who is in this audience and in another one."""
    others = {audience.id: audience for audience in known if one.saved is None or audience.id != one.saved.id}
    if not others:
        return
    st.subheader("Overlap with another audience")
    chosen = st.selectbox(
        "Compare what is built above with",
        list(others),
        format_func=lambda key: keeping.escape_name(others[key].name),
        key="audience_compare",
    )
    if chosen not in others:
        return
    with guards.guard():
        other = _found(one.view, others[chosen])
        found = cache.answer(one.view, overlap, one.condition, one.basis, other.condition, other.basis)
        st.markdown(f"**{escape(_overlap_told(found, others[chosen].name))}**")
        st.button(
            "Take those out of this audience",
            key="audience_without",
            icon=":material/difference:",
            on_click=_without,
            args=(one, other),
            disabled=not found.both or other.basis != one.basis,
        )


def _overlap_told(found: Overlap, name: str) -> str:
    if not found.both:
        return f"Nobody is in both: {count_customers(found.first)} here, {count(found.second)} in “{name}”."
    return (
        f"{count_customers(found.both)} are in both: {share(found.both / found.first)} of the {count(found.first)} here and {share(found.both / found.second)}"
        f" of the {count(found.second)} in “{name}”; {share(found.both / found.either)} of all who are in one of them."
    )


def _without(one: Asked, other: asked.Asked) -> None:
    from crm_core.analytics.audience import conditions as c
    from ui.sections.audience.build import change

    change(c.both(one.condition, c.turned(other.condition)))


# -- versions and deleted ---------------------------------------------------------------------------------------------


def _versions(one: Asked, saved: Audience) -> None:
    st.subheader("Versions")
    versions = keeping.store().audiences.versions(saved.id)
    for version in versions:
        text, act = st.columns([6, 1], vertical_alignment="center")
        now = " (now)" if version.version == saved.version else ""
        told = f"**{version.version}{now}** · {version.saved_at.astimezone(UTC):%d %b %Y %H:%M} UTC · {escape(keeping.person(version.saved_by))}  \n"
        text.markdown(told + escape(asked.text_told(one.view, version.definition.where, one.basis) or "everybody"))
        if not now and one.view.user.may(Action.SAVE_AUDIENCE):
            act.button(
                "Restore",
                key=f"restore_{version.version}",
                on_click=_restore,
                args=(saved, version.version),
                help="Becomes the next version; none is lost",
            )


def _restore(saved: Audience, version: int) -> None:
    """A callback."""
    with keeping.told("Not restored"):
        user = keeping.user_now()
        made = keeping.store().audiences.restore(saved.id, version, saved.version, who=user.email, now=keeping.now())
        keeping.fill(made)
        st.session_state[Session.NOTICE] = f"Version {version} is back, as version {made.version}."


def _deleted(one: Asked) -> None:
    gone = keeping.store().audiences.deleted(one.view.entry.id)
    if not gone or not one.view.user.may(Action.SAVE_AUDIENCE):
        return
    st.subheader("Deleted audiences")
    st.caption("They can be brought back for 30 days, with their versions and exports.")
    for audience in gone:
        text, act = st.columns([6, 1], vertical_alignment="center")
        by = f", deleted by {escape(keeping.person(audience.deleted_by))}"
        when = f" on {audience.deleted_at.astimezone(UTC):%d %b %Y %H:%M} UTC" if audience.deleted_at else ""
        text.markdown(f"**{escape(audience.name)}**{by}{when}")
        act.button("Bring back", key=f"undelete_{audience.id}", icon=":material/undo:", on_click=_undelete, args=(audience,))


def _undelete(audience: Audience) -> None:
    """A callback. Where its name was given to another one meanwhile it comes back under one like it."""
    with keeping.told("Not brought back"):
        keeping.user_now()
        known = {one.name.casefold() for one in keeping.store().audiences.all(audience.workspace_id)}
        name = keeping.free_name(audience, "brought back") if audience.name.casefold() in known else None
        made = keeping.store().audiences.undelete(audience.id, name=name)
        st.session_state[Session.NOTICE] = f"“{made.name}” is back."
