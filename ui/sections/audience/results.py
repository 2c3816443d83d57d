"""Did it work? What came of a campaign: of the exports of the open audience, or of all audiences of this data where none is open."""

from __future__ import annotations

import shlex
from datetime import UTC, date
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from crm_core.analytics.campaign.outcome import TESTED, Outcome, outcome
from crm_core.analytics.campaign.presence import count_gone
from crm_core.analytics.campaign.weeks import weekly
from crm_core.charts import campaign as charts
from crm_core.errors import AnalysisError
from crm_core.store.saved.campaigns import campaign_of
from ui import cache, guards, page, tables
from ui.guards import escape
from ui.links import link
from ui.numbers import count, share
from ui.sections.audience import judged, judged_tables, keeping
from ui.state import Url

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from crm_core.store.saved.exports import Export
    from crm_core.workspace import Workspace
    from ui.frame import View
    from ui.sections.audience.asked import Asked

CHOICE = "audience_campaign"
#: So many campaigns, and members in them, are judged without being asked for.
MOST_JUDGED, MOST_MEMBERS = 5, 200_000
WEEKLY: tuple[charts.Figure, ...] = ("response", "sales")
EXPLANATION = (
    """**By assignment**: every customer who was assigned at export counts, whether reached or not, whether bought or not, from the first to the last day
that were fixed then. **Response** is the share with a purchase in these days; **sales** are net of returns; **margin** is the share of the sales
given at export, else sales less the costs in the data.""",
    """**Verdict**: a two-sided permutation test of the means within segments (10,000 draws, with the seed of the lot), on margin where it is known, else on
sales; the level is 5 %. That measure is fixed beforehand; the p of the others stand beside it and give no verdict. **By segment** the calls are by
Holm’s rule. The **95 % intervals** of money are by Welch on values capped at the 99th percentile of both groups together, since a few large orders
would drown all else; the difference as it is stands beside them. That of the response is by Newcombe.""",
    """**No verdict** is given before the last day (each look on the way is one more chance to be misled), without a control group, where the groups were not
drawn by lot, and below 200 controls or 30 buyers among them. **Incremental profit** = (margin a customer addressed − in the control group) ×
customers addressed − costs.""",
)
EACH_ALONE = """Differences are of the margin a customer where it is known, else of the sales. Each verdict is that of its campaign alone: at a level of
5 %, one in twenty campaigns without any effect is called clear."""
LIST = {
    "name": "Campaign",
    "exported_on": "Exported",
    "customers": "Customers",
    "control_share": "Control group",
    "last_day": "Last day",
    "verdict": "Verdict",
    "difference_value": "Difference a customer",
    "incremental_profit": "Incremental profit",
}


def tab(one: Asked) -> None:
    """Chooses a campaign, says what came of it, and lists all campaigns of this data."""
    everything = keeping.store().exports.all(one.view.entry.id)
    known = everything if one.saved is None else tuple(made for made in everything if made.audience_id == one.saved.id)
    made = _chosen(known) if known else None
    if made is None:
        _none(one, bool(everything))
    else:
        _told(one.view, made)
        with guards.guard():
            _came(one.view, made)
    if len(everything) > 1 or (everything and made is None):
        _all(one.view, everything)
    page.how_to_read(*EXPLANATION, command=command(one.view, made) if made else "")


def command(view: View, made: Export) -> str:
    """The command that gives the same numbers; none for a private upload, whose campaigns no command finds."""
    return "" if view.is_private else page.command(view, "outcome", shlex.quote(f"--campaign={made.id}"))


# -- which one --------------------------------------------------------------------------------------------------------


def _none(one: Asked, has_others: bool) -> None:
    whose = f"“{one.saved.name}” was not exported yet" if one.saved else "No audience of this data was exported yet"
    others = " Campaigns of other audiences are below." if has_others else ""
    st.info(
        f"{escape(whose)}. Save the audience, then export it in the tab “Take away”: the export fixes who is addressed, who is left out as the "
        f"control group, and the last day. What came of it stands here as later orders are loaded.{others}",
        icon=":material/output:",
    )


def _chosen(known: tuple[Export, ...]) -> Export:
    """The campaign of the address, else the one chosen before, else the latest."""
    by_id = {made.id: made for made in known}
    linked = st.query_params.get(Url.CAMPAIGN)
    former = st.session_state.get(CHOICE)
    if linked and linked not in by_id and former is None:
        st.warning(
            "The campaign of this link is not among these: it is of another audience or other data, or was deleted.",
            icon=":material/link_off:",
        )
    wanted = next((one for one in (linked, former) if one in by_id), known[0].id)
    st.session_state[CHOICE] = wanted
    st.selectbox("Campaign", list(by_id), format_func=lambda one: _label(by_id[one]), key=CHOICE, on_change=_note, persist_state="session")
    st.query_params[Url.CAMPAIGN] = wanted
    return by_id[wanted]


def _note() -> None:
    st.query_params[Url.CAMPAIGN] = st.session_state[CHOICE]


def _label(made: Export) -> str:
    exported = judged.day(made.exported_at.astimezone(UTC).date())
    return f"{keeping.escape_name(made.name)} · exported {exported} · {made.n_treatment + made.n_control:,} customers"


def _told(view: View, made: Export) -> None:
    """When, whom, and until when; no plain figures of what came."""
    everybody = made.n_treatment + made.n_control
    controls = (
        f"{count(made.n_control)} as control group ({share(made.n_control / everybody)})"
        if made.n_control and everybody
        else "no control group"
    )
    lot = f", drawn by lot, seed {made.seed}" if made.n_control and made.is_random else ", not drawn by lot" if made.n_control else ""
    told = [
        f"exported {judged.day(made.exported_at.astimezone(UTC).date())} by {keeping.person(made.exported_by)}",
        f"version {made.version}",
        f"{count(made.n_treatment)} addressed, {controls}{lot}",
        f"orders count {judged.period(made.starts_on, made.ends_on)}",
    ]
    st.caption(" · ".join(map(escape, told)))
    if view.is_filtered:
        st.caption("The filters of the sidebar do not apply here: everybody who was assigned counts.")


# -- what came of it --------------------------------------------------------------------------------------------------


def _came(view: View, made: Export) -> None:
    if min(view.as_of, view.ws.as_of) <= made.starts_on:
        _not_yet(view, made)
        return
    if not guards.has(view, "order_lines", what="Judging a campaign"):
        return
    with st.spinner("Comparing the groups …"):
        found = _found(view, made)
    beside = judged.Circumstances(made.n_erased, cache.answer(view, gone, made.id, made.n_erased))
    page.head(judged.summary(found, beside, view.ws.currency))
    _figures(view, made, found)
    _by_segment(view, found)
    _expected(view, made, found)


def _not_yet(view: View, made: Export) -> None:
    """The data ends before the campaign begins, or the day looked from is before it."""
    if view.ws.as_of > made.starts_on:
        told = f"The campaign began on {judged.day(made.starts_on)}; the sidebar looks from {judged.day(view.as_of)}. Choose a later day there."
        st.info(told, icon=":material/event:")
        return
    last = f"The data goes to {judged.day(view.ws.last_day)}" if view.ws.last_day else "The data has no days"
    st.info(
        f"{last}, the campaign begins on {judged.day(made.starts_on)}. Results come in when later orders are loaded.",
        icon=":material/hourglass_empty:",
    )
    link("data", "Load later orders on the Data page")


def _figures(view: View, made: Export, found: Outcome) -> None:
    """How far the groups are apart, and how results came in."""
    key, has_control = (made.id, made.n_erased), found.control is not None
    if has_control:
        left, right = st.columns([4, 5], gap="large")
        with left:
            st.subheader("How far the groups are apart")
            alt = "Differences of response, sales and margin a customer with their 95 % intervals"
            page.chart(cache.made(view, _differences, *key), "campaign_differences", alt)
        with right:
            _measures(view, found)
    else:
        _measures(view, found)
    st.subheader("Week by week")
    whose = "both groups" if has_control else "those addressed"
    for value, column in zip(WEEKLY, st.columns(2, gap="large"), strict=True):
        with column:
            page.chart(
                cache.made(view, _weeks, value, *key), f"campaign_weeks_{value}", f"{value.capitalize()} a customer so far by week, {whose}"
            )
    st.caption("Marks before the last day are open: they are looks on the way and give no verdict.")


def _measures(view: View, found: Outcome) -> None:
    st.subheader("The figures")
    tables.result_table(
        judged_tables.measures_written(found, view.ws.currency),
        "campaign_measures",
        title="Treatment against control",
        names=judged_tables.MEASURES,
        whole=lambda: judged_tables.measures(found),
    )


def _by_segment(view: View, found: Outcome) -> None:
    st.subheader("By segment at export")
    frame = judged_tables.segments(found)
    shown = frame.assign(p=[judged.p_value(one) for one in frame["p"]]).dropna(axis="columns", how="all")
    if found.control is not None:
        money = "margin" if found.measure == "margin" else "sales"
        st.caption(
            f"Differences are of the {money} a customer, with intervals on capped values; the calls over all segments are by Holm’s rule."
        )
    tables.result_table(
        shown,
        "campaign_segments",
        title="By segment",
        names=judged_tables.SEGMENTS,
        currency=view.ws.currency,
        whole=lambda: frame,
    )


def _expected(view: View, made: Export, found: Outcome) -> None:
    st.subheader("What was expected")
    frame = judged_tables.expected(found, made)
    tables.result_table(
        judged_tables.expected_written(frame, view.ws.currency),
        "campaign_expected",
        title="Expected and came",
        names=judged_tables.EXPECTED | ({"came": "Came so far"} if found.until < made.ends_on else {}),
        whole=lambda: frame,
    )


# -- all of them ------------------------------------------------------------------------------------------------------


def _all(view: View, known: tuple[Export, ...]) -> None:
    st.subheader("All campaigns of this data")
    members = sum(made.n_treatment + made.n_control for made in known)
    is_asked = len(known) <= MOST_JUDGED and members <= MOST_MEMBERS
    if not is_asked:
        is_asked = st.toggle(f"Work out the verdicts of all {len(known):,} campaigns", key="audience_verdicts")
    with st.spinner("Working out the verdicts …"):
        rows = [_row(view, made, is_asked) for made in known]
    frame = pd.DataFrame(rows, columns=list(LIST)).dropna(axis="columns", how="all")
    if is_asked:
        st.caption(EACH_ALONE)
    tables.result_table(frame, "campaign_list", title="Campaigns", names=LIST, currency=view.ws.currency)


def _row(view: View, made: Export, is_judged: bool) -> dict[str, object]:
    everybody = made.n_treatment + made.n_control
    row: dict[str, object] = {
        "name": made.name,
        "exported_on": made.exported_at.astimezone(UTC).date(),
        "customers": everybody,
        "control_share": made.n_control / everybody if everybody else None,
        "last_day": judged.last_day(made),
        "verdict": None,
    }
    return row | (_verdict(view, made) if is_judged else {})


def _verdict(view: View, made: Export) -> dict[str, object]:
    """Verdict in words, difference and profit; why not, where there is none."""
    if min(view.as_of, view.ws.as_of) <= made.starts_on:
        return {"verdict": "no results yet"}
    try:
        found = _found(view, made)
    except AnalysisError as error:
        return {"verdict": error.title.lower()}
    money = found.margin if found.measure == "margin" else found.sales
    profit = found.profit.point if found.profit else None
    said = found.verdict if found.verdict in TESTED else f"none: {found.verdict}"
    return {"verdict": said, "difference_value": money.point if money else None, "incremental_profit": profit}


# -- what is kept in the cache; members are loaded where they are asked about -------------------------------------------


def judge(ws: Workspace, export_id: str, n_erased: int, as_of: date) -> Outcome:  # noqa: ARG001  (members change when one is erased)
    """What came of that export; see outcome.outcome."""
    exports = keeping.store().exports
    return outcome(ws, exports.members(export_id), campaign_of(exports.get(export_id)), as_of)


def by_week(ws: Workspace, export_id: str, n_erased: int, as_of: date) -> pd.DataFrame:  # noqa: ARG001
    """See weeks.weekly."""
    exports = keeping.store().exports
    return weekly(ws, exports.members(export_id), campaign_of(exports.get(export_id)), as_of)


def gone(ws: Workspace, export_id: str, n_erased: int) -> int:  # noqa: ARG001
    """See presence.count_gone."""
    return count_gone(ws, keeping.store().exports.members(export_id))


def _found(view: View, made: Export) -> Outcome:
    return cache.answer(view, judge, made.id, made.n_erased, view.as_of)


def _differences(view: View, export_id: str, n_erased: int) -> go.Figure:
    found = cache.answer(view, judge, export_id, n_erased, view.as_of)
    return charts.differences(judged_tables.response_apart(found), judged_tables.money_apart(found), view.ws.currency)


def _weeks(view: View, value: charts.Figure, export_id: str, n_erased: int) -> go.Figure:
    found = cache.answer(view, judge, export_id, n_erased, view.as_of)
    frame = cache.answer(view, by_week, export_id, n_erased, view.as_of)
    return charts.weekly(frame, value, found.campaign.start, found.campaign.end, view.ws.currency)
