"""How cases are served: the figures, waiting times, open cases, the agreed time, topics, and what slowness costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from crm_core.analytics.days import Period
from crm_core.analytics.satisfaction import responses
from crm_core.analytics.satisfaction.measures import LABELS, Measure
from crm_core.analytics.service import report, slowness, topics
from crm_core.analytics.service.sla import NO_AGREEMENT, Agreement
from crm_core.charts import satisfaction as satisfaction_charts
from crm_core.charts import service as charts
from crm_core.charts.service import duration
from crm_core.errors import AnalysisError
from ui import cache, page, tables
from ui.frame import day
from ui.guards import escape
from ui.numbers import NOT_PROVIDED, count, count_of, share
from ui.page import NO_SIGNIFICANT_CHANGE, Tile
from ui.sections import measured
from ui.state import Url

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd
    import plotly.graph_objects as go

    from crm_core.analytics.intervals import Interval
    from ui.frame import View

NAMES = {
    "first_hours_median": "First response, median h",
    "first_hours_p90": "First response, 90 % in h",
    "resolution_hours_median": "Solution, median h",
    "resolution_hours_p90": "Solution, 90 % in h",
    "judged": "With agreed time",
    "within_share": "Within the agreed time",
    "within_low": "95 % from",
    "within_high": "95 % to",
    "own_limit_share": "Within the class’s own limit",
    "days_from": "Days from",
    "days_to": "Days to",
    "late": "Past the agreed time",
}
#: Days against as many before, to see which topics rise.
DAYS = (7, 30, 90)
WAITING = "By Kaplan–Meier: cases still waiting are counted as waiting."
CLASSES_HELP = """Customer class: A holds the first 80 % of net sales, B the next 15 %, C the rest. Where a class has a time limit of its own, it is held
against that as well."""
COST_HELP = f"""Of all responses before the day looked from. A response counts with the customer’s latest case solved in the {slowness.DAYS_AFTER} days
before it. Slowness and scores go together; other things may lie behind both."""


def agreement(view: View) -> Agreement:
    return view.agreement or NO_AGREEMENT


def summary(view: View) -> page.Summary:
    """What the page says first."""
    return cache.made(view, _summary)


def _found(view: View, start: date | None, end: date) -> report.Service:
    return cache.answer(view, report.service, end, start, agreement(view), shown=True)


def _summary(view: View) -> page.Summary:
    before = Period(view.start, view.end).before()
    _open(view)  # first: what it keeps serves all that looks from that day
    now, then = _found(view, view.start, view.end), _found(view, before.start, before.end)
    when = f"Cases opened between {day(view.start)} and {day(Period(view.start, view.end).last_day)}; open ones are of any age."
    tiles = _tiles(view, now, then)
    figures = [one for one in tiles if one.value != NOT_PROVIDED]
    missing = [one.label.lower() for one in tiles if one.value == NOT_PROVIDED]
    told = f" Not provided by this data: {'; '.join(missing)}." if missing and now.cases else ""
    return page.Summary(_answer(view, now, then), when + told, tuple(figures))


def _answer(view: View, now: report.Service, then: report.Service) -> str:
    if not now.cases:
        whose = " of the customers shown" if view.is_filtered else ""
        return f"No case{whose} was opened in the period: choose a longer one{' or more customers' if whose else ''}."
    parts = [f"{count_of(now.cases, 'case')} in the period"]
    if now.resolution_median is not None:
        slow = f", nine of ten within {duration(now.resolution_p90)}" if now.resolution_p90 is not None else ""
        parts.append(f"half of them solved within {duration(now.resolution_median)}{slow}")
    if now.within is not None:
        change = report.change(now, then)
        moved = "" if change is None else f" ({_moved(change)})"
        parts.append(f"{share(now.within.point)} within the agreed time{moved}")
    count_open, count_late = _open(view)
    if count_open:
        late = f", {count(count_late)} of them past the agreed time" if count_late else ""
        parts.append(f"{count(count_open)} {'is' if count_open == 1 else 'are'} open{late}")
    return "; ".join(parts) + "."


def _open(view: View) -> tuple[int | None, int | None]:
    """Of all cases before the day looked from: the open ones, and those of them past their time."""
    return cache.answer(view, report.open_cases, view.as_of, agreement(view), shown=True)


def _moved(change: Interval) -> str:
    if not change.excludes_zero:
        return "no significant change against the period before"
    return f"significantly {'more' if change.point > 0 else 'fewer'} than in the period before"


def _tiles(view: View, now: report.Service, then: report.Service) -> list[Tile]:
    count_open, count_late = _open(view)
    return [
        Tile("Cases", count(now.cases), help="Opened in the period."),
        Tile("Open now", count(count_open), help=f"Of any age. Past the agreed time: {count(count_late)}.", more_is="bad"),
        Tile(
            "First response, median", _hours(now.first_median), help=f"Nine of ten within {_hours(now.first_p90)}. {WAITING}", more_is="bad"
        ),
        Tile(
            "Solution, median",
            _hours(now.resolution_median),
            help=f"Nine of ten within {_hours(now.resolution_p90)}. {WAITING}",
            more_is="bad",
        ),
        _share_tile("Within agreed time", now.within, report.change(now, then), now.judged, "good"),
        _share_tile("Reopened", now.reopened, report.change(now, then, "reopened", "told_reopened"), now.count("told_reopened"), "bad"),
        _share_tile(
            "Escalated", now.escalated, report.change(now, then, "escalated", "told_escalated"), now.count("told_escalated"), "bad"
        ),
    ]


def _hours(hours: float | None) -> str:
    return NOT_PROVIDED if hours is None else duration(hours)


def _share_tile(label: str, value: Interval | None, change: Interval | None, n: int, more_is: str) -> Tile:
    bounds = "" if value is None else f"95 % interval {share(value.low)} to {share(value.high)}, n = {n:,}."
    told = None if change is None else NO_SIGNIFICANT_CHANGE if not change.excludes_zero else f"{100 * change.point:+.1f} points"
    return Tile(label, share(value.point if value else None), told, help=bounds, more_is="good" if more_is == "good" else "bad")


def speed(view: View) -> None:
    """First response and solution by month, and the share in time."""
    left, right = st.columns(2, gap="large")
    with left:
        st.header("First response")
        page.chart(
            cache.made(view, _waits, "first", "first answered"),
            "service_first",
            "Median and 90th percentile of the time to the first response by month",
        )
    with right:
        st.header("Solution")
        page.chart(
            cache.made(view, _waits, "resolution", "solved"),
            "service_resolution",
            "Median and 90th percentile of the time to the solution by month",
        )
    st.header("Within the agreed time")
    page.chart(cache.made(view, _within), "service_within", "Share of cases solved within the agreed time by month")
    with st.expander("The numbers behind the charts"):
        tables.result_table(_trend(view), "service_trend", title="Service by month", names=NAMES | {"group": "Month"})


def _trend(view: View) -> pd.DataFrame:
    return cache.answer(view, report.trend, view.as_of, agreement(view), shown=True)


def _waits(view: View, kind: str, verb: str) -> go.Figure:
    return charts.waits(_trend(view), kind, verb)


def _within(view: View) -> go.Figure:
    return charts.within(_trend(view))


def waiting(view: View) -> None:
    """Open cases by age."""
    page.chart(cache.made(view, _age_chart), "service_ages", "Open cases by age")
    found = _ages(view)
    if not found["cases"].sum():
        return
    tables.result_table(found, "service_ages_rows", title="Open cases by age", names=NAMES)


def _ages(view: View) -> pd.DataFrame:
    return cache.answer(view, report.ages, view.as_of, agreement(view), shown=True)


def _age_chart(view: View) -> go.Figure:
    return charts.ages(_ages(view))


def by_group(view: View) -> None:
    """Shares in time and waiting times by priority, class, topic or channel."""
    offered = report.groups(view.ws)
    if not offered:
        st.info(
            "There is nothing to split by: the cases tell no priority, topic or channel, and no purchases of their customers are known.",
            icon=":material/extension:",
        )
        return
    by = st.selectbox(
        "Split by", offered, format_func=offered.__getitem__, key=Url.SERVICE_SPLIT, bind="query-params", persist_state="session"
    )
    by = by if by in offered else next(iter(offered))
    page.chart(cache.made(view, _shares, by), "service_shares", f"Share within the agreed time by {offered[by].lower()}")
    names = NAMES | {"group": offered[by]}
    told = _by_group(view, by)
    told = told.dropna(axis="columns", how="all") if len(told) else told
    tables.result_table(told, "service_groups", title=f"Service by {offered[by].lower()}", names=names)
    if "value_class" in offered:
        st.caption(CLASSES_HELP)


def _by_group(view: View, by: str) -> pd.DataFrame:
    return cache.answer(view, report.by_group, view.end, view.start, by, agreement(view), shown=True)


def _shares(view: View, by: str) -> go.Figure:
    return charts.shares(_by_group(view, by), report.GROUPS[by])


def rising(view: View) -> None:
    """Topics that come up more than before."""
    if not view.ws.has("cases", "topic"):
        st.info("The cases have no topic.", icon=":material/extension:")
        return
    days = page.one_of("Last days against as many before", {one: str(one) for one in DAYS}, Url.TOPIC_DAYS, 30)
    found = _rising(view, days)
    risen = list(found.loc[found["verdict"] == topics.RISING, "topic"])
    is_young = topics.YOUNG in set(found["verdict"])
    said = f"Significantly more than before: {', '.join(risen[:5])}." if risen else "No topic comes up significantly more than before."
    said = f"The cases do not reach back {2 * days} days, so that nothing tells how often topics came up before." if is_young else said
    st.markdown(f"**{escape(said)}**")
    page.chart(cache.made(view, _topics, days), "service_topics", "Cases by topic, the last days beside as many before")
    with st.expander("The numbers behind the chart"):
        tables.result_table(
            found.drop(columns="p"), "service_topics_rows", title="Topics", names={"change": "More cases", "before": "Cases before"}
        )
    st.caption("Two counts by the exact conditional test, by Holm’s rule over the topics; fewer than 10 cases get no verdict.")


def _rising(view: View, days: int) -> pd.DataFrame:
    return cache.answer(view, topics.rising, view.as_of, days, shown=True)


def _topics(view: View, days: int) -> go.Figure:
    return charts.topics(_rising(view, days), days)


def cost(view: View) -> None:
    """What slow answers cost in satisfaction."""
    known = cache.of(view.ws, responses.measures, view.as_of)
    if not known:
        st.info("Without survey responses, what slowness costs cannot be told.", icon=":material/extension:")
        return
    first = "csat" if "csat" in known else next(iter(known))
    measure = page.one_of("Measure", {name: LABELS[name] for name in known}, Url.SLOW_MEASURE, first)
    try:
        found = _cost(view, measure)
    except AnalysisError as error:  # a fact about the data, and nothing that went wrong
        way_out = "Show more customers, or add surveys and cases of the same people." if view.is_filtered else error.hint
        st.info(escape(f"{error.message} {way_out}"), icon=":material/extension:")
        return
    st.markdown(f"**{escape(_cost_answer(found, measure))}**")
    left, right = st.columns(2, gap="large")
    with left:
        page.chart(cache.made(view, _cost_chart, measure, "waits"), "service_cost", f"{LABELS[measure]} by the time the solution took")
    with right:
        page.chart(
            cache.made(view, _cost_chart, measure, "agreed"),
            "service_cost_agreed",
            f"{LABELS[measure]} after cases solved in time and late",
        )
    called = measured.names(measure) | {"wait": "Solved in"}
    tables.result_table(measured.readable(found.waits, measure), "service_cost_rows", title="Satisfaction by waiting time", names=called)
    st.caption(COST_HELP)


def _cost(view: View, measure: Measure) -> slowness.Cost:
    return cache.answer(view, slowness.cost, measure, view.as_of, None, agreement(view), shown=True)


def _cost_chart(view: View, measure: Measure, which: str) -> go.Figure:
    return satisfaction_charts.groups(getattr(_cost(view, measure), which), measure, "Solved", "wait")


def _cost_answer(found: slowness.Cost, measure: Measure) -> str:
    label = LABELS[measure]
    if found.gap is None or found.lost is None:
        return f"There are too few scores after late cases to tell what slowness costs in {label}."
    gap = f"95 % interval of the difference {_signed(found.gap.low, measure)} to {_signed(found.gap.high, measure)}{_UNITS[measure]}"
    if not found.gap.is_significant:
        return f"{label} after late cases is not significantly different from that after cases solved in time ({gap})."
    direction = "lower" if found.gap.point < 0 else "higher"
    text = f"{label} is {_size(found.gap.point, measure)} {direction} after late cases than after cases solved in time ({gap})"
    could = f"; if all were solved in time, {label} after cases could be {_size(found.lost, measure)} higher" if found.lost < 0 else ""
    return f"{text}{could}."


_UNITS: dict[Measure, str] = {"nps": " points", "csat": " points", "ces": ""}


def _signed(value: float, measure: Measure) -> str:
    """+12.8, also of a share; +0.42 of a mean."""
    return f"{value:+.2f}" if measure == "ces" else f"{100 * value if measure == 'csat' else value:+.1f}"


def _size(value: float, measure: Measure) -> str:
    """12.8 points, whichever the sign."""
    return _signed(abs(value), measure).removeprefix("+") + _UNITS[measure]
