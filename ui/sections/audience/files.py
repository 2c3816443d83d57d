"""The files of an export: its customers as CSV or Excel, both groups or one, hashed files for ad platforms, and the one-page brief."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir
import streamlit as st

from crm_core.access import Action
from crm_core.analytics.audience import listed
from crm_core.analytics.audience.everybody import everybody
from crm_core.analytics.audience.words import spoken
from crm_core.errors import CrmError
from crm_core.store.saved.exports import Export
from ui import cache, guards, sign_in
from ui.downloads import EXCEL, slug
from ui.guards import escape
from ui.numbers import count_customers
from ui.sections.audience import asked, keeping
from ui.sections.audience.results import gone
from ui.state import Session

if TYPE_CHECKING:
    from ui.sections.audience.asked import Asked

EVERYONE, TREATED, CONTROLS = "Both groups, with a column", "Treatment only", "Control group only"
WHO = {EVERYONE: "", TREATED: listed.TREATMENT, CONTROLS: listed.CONTROL}
FORMATS = ("CSV", "Excel", "Google Customer Match", "Meta Custom Audiences")
PLATFORM_KEYS = {"Google Customer Match": "google", "Meta Custom Audiences": "meta"}
HASHED = """E-mail and phone are normalised as the platform asks and hashed by SHA-256 here; only hashes leave, of the treatment group alone: a
control group that sees the advertisement is none."""


def draw(one: Asked, made: Export) -> None:
    """The lists of an export, as they were drawn, and its brief."""
    st.subheader("Files")
    erased = f"; {made.n_erased:,} of them erased since" if made.n_erased else ""
    groups = f"{made.n_treatment:,} to address, {made.n_control:,} in the control group{erased}"
    days = f"judged from {spoken(made.starts_on)} to {spoken(made.ends_on - timedelta(days=1))}"
    st.caption(escape(f"{made.name}, version {made.version}: {groups}; {days}."))
    then = asked.on_its_day(one, made)
    if missing := cache.answer(one.view, gone, made.id, made.n_erased):
        st.warning(
            f"{count_customers(missing)} of them {'is' if missing == 1 else 'are'} no longer in the data, so not in these files.",
            icon=":material/person_off:",
        )
    left, middle = st.columns([2, 2])
    kind = left.segmented_control("Format", FORMATS, default=FORMATS[0], required=True, key="export_format") or FORMATS[0]
    if kind in PLATFORM_KEYS:
        _platform(then, made, kind, middle)
    else:
        who = middle.selectbox("Which customers", WHO, key="export_who")
        _list(then, made, kind, str(who))
    _brief(one, made)


def _list(one: Asked, made: Export, kind: str, who: str) -> None:
    require = sign_in.still(Action.EXPORT)
    name = f"{slug(made.name)}_{WHO[who] or 'all'}_{made.starts_on.isoformat()}"

    def csv() -> bytes:
        from crm_core import export as files

        require()
        return files.to_csv(one.view.ws, _rows(one, made, who), labels=_labels(one))

    def excel() -> bytes:
        from crm_core import export as files

        require()
        return files.to_excel(one.view.ws, _rows(one, made, who), made.name[:31], labels=_labels(one))

    make, ending, mime = (csv, "csv", "text/csv") if kind == "CSV" else (excel, "xlsx", EXCEL)
    st.download_button(
        f"Download {kind}", make, f"{name}.{ending}", mime, key="export_file", on_click="ignore", icon=":material/download:", type="primary"
    )


def _labels(one: Asked) -> Mapping[str, str]:
    return listed.columns(one.view.ws, one.basis) | {"group": "Group"}


def _rows(one: Asked, made: Export, who: str, columns: tuple[str, ...] | None = None) -> ir.Table:
    """The customers of the snapshot with what is known of them now, in order of the id."""
    ws, groups = one.view.ws, keeping.store().exports.members(made.id)
    wanted = made.columns if columns is None else columns
    known = listed.columns(one.view.ws, one.basis)
    table = listed.listed(ws, everybody(ws, one.basis), one.basis, [name for name in wanted if name in known])
    rows = listed.with_groups(ws, table, groups, f"{made.id} {made.n_erased}")
    if WHO[who]:
        rows = rows.filter(rows.group == WHO[who])
    return rows.order_by("customer_id")


def _platform(one: Asked, made: Export, kind: str, at: st.delta_generator.DeltaGenerator) -> None:
    """The hashed file, written on a click since it takes a while, with what became of the rows."""
    from crm_core.export.platforms import write_platform

    if not any(one.view.ws.has("customers", name) for name in ("email", "phone")):
        st.info("The data has no e-mail addresses and no phone numbers: add them on the Data page.", icon=":material/extension:")
        return
    country = at.text_input(
        "Country of phone numbers without one",
        key="export_country",
        max_chars=60,
        placeholder="Germany, or DE",
        help="Where customers have a country of their own, it counts.",
    )
    st.caption(HASHED)
    require = sign_in.still(Action.EXPORT)
    key = (one.view.ws.fingerprint, made.id, made.n_erased, kind, country or "")
    done: tuple[Any, bytes, Any] | None = st.session_state.get(Session.PLATFORM_FILE)
    if done is None or done[0] != key:
        if st.button("Prepare the file", key="export_prepare", icon=":material/lock:"):
            with st.spinner("Hashing addresses …"), guards.guard():
                require()
                target = io.BytesIO()
                written = write_platform(one.view.ws.batches(_addresses(one, made)), target, PLATFORM_KEYS[kind], country or "")
                st.session_state[Session.PLATFORM_FILE] = (key, target.getvalue(), written)
                st.rerun()
        return
    _, content, written = done
    st.markdown(escape(_written(written)))
    name = f"{slug(made.name)}_{PLATFORM_KEYS[kind]}_{made.starts_on.isoformat()}.csv"
    st.download_button(
        f"Download for {kind}",
        content,
        name,
        "text/csv",
        key="export_platform_file",
        on_click="ignore",
        icon=":material/download:",
        type="primary",
    )


def _addresses(one: Asked, made: Export) -> ir.Table:
    names = [name for name in ("email", "phone", "country") if one.view.ws.has("customers", name)]
    return _rows(one, made, TREATED, tuple(names))


def _written(written: Any) -> str:
    addresses = f"{written.count_emails:,} e-mail addresses, {written.count_phones:,} phone numbers"
    told = [f"{written.count_written:,} of {written.count_in:,} customers are in the file ({addresses})."]
    for number, what in (
        (written.count_without_address, "have no address"),
        (written.count_unusable, "have only addresses that are not valid"),
        (written.count_duplicates, "have an address that stands there already"),
        (written.count_phones_without_country, "phone numbers need a country to be read"),
    ):
        if number:
            told.append(f"{number:,} {what}.")
    return " ".join(told)


def _brief(one: Asked, made: Export) -> None:
    """The one-page brief as HTML and PDF."""
    from ui.sections.audience import briefing

    try:
        asked.as_exported(one, made)
    except CrmError:
        st.info("There is no brief: the conditions of this export no longer fit the data.", icon=":material/extension:")
        return
    with st.container(horizontal=True):
        for label, ending, mime, make in (
            ("Brief (PDF)", "pdf", "application/pdf", briefing.pdf),
            ("Brief (HTML)", "html", "text/html", briefing.html),
        ):
            st.download_button(
                label,
                _lazily(make, one, made),
                f"{slug(made.name)}_brief.{ending}",
                mime,
                key=f"export_brief_{ending}",
                on_click="ignore",
                icon=":material/description:",
            )


def _lazily(make: Callable[[Asked, Export], bytes], one: Asked, made: Export) -> Callable[[], bytes]:
    require = sign_in.still(Action.EXPORT)

    def brief() -> bytes:
        require()
        return make(one, made)

    return brief
