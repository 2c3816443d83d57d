"""How satisfied customers are: the figures, their course over time, the scores, and who differs from the rest."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING

import streamlit as st

from crm_core.analytics.satisfaction import responders, responses, split, trend
from crm_core.analytics.satisfaction.measures import BANDS, LABELS, LONG_LABELS, UNCERTAIN, Difference, Measure
from crm_core.charts import satisfaction as charts
from crm_core.charts.satisfaction import written
from ui import cache, page, tables
from ui.frame import day
from ui.numbers import NOT_PROVIDED, count, count_of, share
from ui.page import NO_SIGNIFICANT_CHANGE, Tile
from ui.sections import customer, measured
from ui.state import Url

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from ui.frame import View

BYS: dict[trend.By, str] = {"month": "Month", "quarter": "Quarter"}
UNIT_OF_CHANGE: dict[Measure, str] = {"nps": " points", "csat": " points", "ces": ""}


@dataclass(frozen=True)
class Asked:
    """What the page looks at: the measure, and the step of time."""

    measure: Measure
    by: trend.By

    @property
    def options(self) -> tuple[str, ...]:
        return (f"--measure {self.measure}", f"--by {self.by}")


def choose(view: View) -> Asked:
    """The measure (where there are several) and the step of time. Raises AnalysisError without any response."""
    known = list(cache.of(view.ws, responses.measures, view.as_of))
    first = responses.choose(view.ws, view.as_of, known[0] if known else None)
    controls = st.container(horizontal=True, gap="large")
    measure = controls.segmented_control(
        "Measure", known, format_func=LONG_LABELS.__getitem__, default=first, required=True, key=Url.MEASURE, bind="query-params"
    )
    by = controls.segmented_control(
        "Step of time", BYS, format_func=BYS.__getitem__, default="month", required=True, key=Url.BY, bind="query-params"
    )
    return Asked(measure if measure in known else first, by if by in BYS else "month")


def now(view: View, measure: Measure) -> trend.Now:
    return cache.answer(view, trend.now, measure, view.start, view.end, shown=True)


def course(view: View, measure: Measure, by: trend.By) -> pd.DataFrame:
    return cache.answer(view, trend.trend, measure, view.as_of, by, shown=True)


def summary(view: View, asked: Asked) -> page.Summary:
    """What the page says first."""
    return cache.made(view, _summary, asked)


def _summary(view: View, asked: Asked) -> page.Summary:
    found = now(view, asked.measure)
    return page.Summary(answer(found, asked.measure, view.is_filtered), _caveat(view, found), tuple(_tiles(view, asked)))


def answer(found: trend.Now, measure: Measure, is_filtered: bool = False) -> str:
    """The measure with its interval and n, and whether it moved; `is_filtered` where fewer than all customers may be shown."""
    one, who = found.estimate, f"{day(found.period.start)} and {day(found.period.last_day)}"
    if not one.n:
        shown, way_out = (" of the customers shown", "a longer period or more customers") if is_filtered else ("", "a longer period")
        return f"Nobody{shown} gave a score of {LABELS[measure]} between {who}: choose {way_out}."
    scale = f", on the scale {found.scale.text} with {found.scale.highest:g} as easy" if measure == "ces" else ""
    bounds = f" (n = {one.n:,}{scale})" if isnan(one.low) else f" ({_interval(found, measure)}{scale})"
    text = f"{LABELS[measure]} is {written(one.value, measure)}{bounds}, from {count_of(one.n, 'response')} between {who}"
    if not found.before.n:
        return f"{text}; there are no responses of the period before to compare with."
    before = f"the period before ({written(found.before.value, measure)}, n = {count(found.before.n)})"
    if not found.change.has_verdict:
        return f"{text}; too few responses to compare with {before}."
    if not found.change.is_significant:
        return f"{text}: no significant change against {before}."
    return f"{text}: significantly {'better' if found.change.point > 0 else 'worse'} than in {before}."


def _interval(found: trend.Now, measure: Measure) -> str:
    return f"95 % interval {written(found.estimate.low, measure)} to {written(found.estimate.high, measure)}"


def _caveat(view: View, found: trend.Now) -> str:
    sentences = []
    if 0 < found.estimate.n < UNCERTAIN:
        sentences.append(f"Fewer than {UNCERTAIN} responses: read it as uncertain.")
    if not view.ws.has("surveys", "customer_id"):
        sentences.append("The responses name no customers, so every response counts; with a filter on customers there is nothing to show.")
    elif found.response_share is not None:
        sentences.append(
            f"{share(found.response_share)} of the {count(found.buyers)} customers who bought in the period answered; who answers may differ from who does not."
        )
    return " ".join(sentences)


def _tiles(view: View, asked: Asked) -> list[Tile]:
    """A tile a measure, then the worst band and the response share."""
    known = cache.of(view.ws, responses.measures, view.as_of)
    found = now(view, asked.measure)
    names, one = BANDS[asked.measure], found.estimate
    measures = [_measure_tile(view, measure) for measure in known]
    if not one.n:
        return measures
    shares = [
        Tile(names[0], share(one.share_top), help=_band_help(found, asked.measure, 0), more_is="good"),
        Tile(names[2], share(one.share_bottom), help=_band_help(found, asked.measure, 2), more_is="bad"),
        Tile("Mean score", NOT_PROVIDED if isnan(found.mean) else f"{found.mean:.2f}", help=f"On the scale {found.scale.text}."),
    ]
    if found.response_share is not None:
        told = f"{count(found.answered)} of the {count(found.buyers)} customers with a purchase in the period gave an answer in it."
        shares.append(Tile("Response share", share(found.response_share), help=told))
    return measures + shares


def _band_help(found: trend.Now, measure: Measure, place: int) -> str:
    top, bottom = responses.edges(measure, found.scale)
    return f"Scores from {top:g} on." if place == 0 else f"Scores up to {bottom:g}."


def _measure_tile(view: View, measure: Measure) -> Tile:
    found = now(view, measure)
    one, past = found.estimate, course(view, measure, "month")
    bounds = "" if isnan(one.low) else f" {_interval(found, measure)}, on the scale {found.scale.text}."
    line = tuple(past["value"][past["n"] >= UNCERTAIN].tail(24))
    value = written(one.value, measure) if one.n else "no answers"
    return Tile(LABELS[measure], value, _change(found.change, measure), line, f"{LONG_LABELS[measure]}.{bounds} n = {one.n:,}.")


def _change(change: Difference, measure: Measure) -> str | None:
    if not change.has_verdict:
        return None
    if not change.is_significant:
        return NO_SIGNIFICANT_CHANGE
    return f"{100 * change.point if measure == 'csat' else change.point:+.{2 if measure == 'ces' else 1}f}{UNIT_OF_CHANGE[measure]}"


def over_time(view: View, asked: Asked) -> None:
    """The course with its interval beside the scores of the period; a click on a score lists who gave it."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.header("Over time")
        page.chart(cache.made(view, _course, asked), "satisfaction_trend", f"{LABELS[asked.measure]} by {asked.by} with its 95 % interval")
        st.caption(cache.made(view, _moved, asked))
    with right:
        st.header("The scores of the period")
        key = f"satisfaction_scores_{asked.measure}"  # what is clicked in one measure chooses nothing in another
        marks = page.clickable(cache.made(view, _scores, asked), key, "Share of responses by score")
        if measured.can_list(view) and now(view, asked.measure).estimate.n:
            st.caption("Click a bar to list the customers who gave that score.")
    with st.expander("The numbers behind the charts"):
        past = measured.readable(course(view, asked.measure, asked.by), asked.measure)
        called = measured.names(asked.measure)
        tables.result_table(past, "satisfaction_trend_rows", title=f"{LABELS[asked.measure]} over time", names=called)
        given = now(view, asked.measure).scores.rename(columns={"share": "share_given"})
        tables.result_table(given, "satisfaction_scores_rows", title="Scores", names=called | {"share_given": "Share"})
    chosen = tuple(dict.fromkeys(float(score) for _, score, *_ in marks))
    if chosen:
        _customers(view, asked, chosen)


def _course(view: View, asked: Asked) -> go.Figure:
    return charts.trend(course(view, asked.measure, asked.by), asked.measure)


def _scores(view: View, asked: Asked) -> go.Figure:
    found = now(view, asked.measure)
    return charts.scores(found.scores, asked.measure, found.scale)


def _moved(view: View, asked: Asked) -> str:
    """Whether the last step of the course is a change at all."""
    found: Difference | None = cache.answer(view, trend.last_step, asked.measure, view.as_of, asked.by, shown=True)
    counts = "a customer’s last response" if view.ws.has("surveys", "customer_id") else "every response"
    counted = f"Each {asked.by} counts {counts} in it."
    if found is None:
        return "There is one point only, so nothing to compare." if len(course(view, asked.measure, asked.by)) else ""
    if not found.has_verdict:
        return f"The last {asked.by} has too few responses to say whether it moved."
    said = "no significant change" if not found.is_significant else f"{_change(found, asked.measure)}, a significant change"
    return f"From the {asked.by} before to the last one: {said}. {counted}"


def by_group(view: View, asked: Asked) -> None:
    """Who is more and who is less satisfied than the rest, and the customers of what is clicked."""
    offered = split.splits(view.ws)
    if not offered:
        st.info(
            "There is nothing to split by: the responses tell no touchpoint or other attribute, and of those who gave them no purchases or attributes"
            " are known.",
            icon=":material/extension:",
        )
        return
    by = st.selectbox(
        "Split by", offered, format_func=offered.__getitem__, key=Url.SATISFACTION_SPLIT, bind="query-params", persist_state="session"
    )
    by = by if by in offered else next(iter(offered))
    alt = f"{LABELS[asked.measure]} by {offered[by]} with 95 % intervals"
    marks = page.clickable(cache.made(view, _groups, asked, by), f"satisfaction_groups_{asked.measure}_{by}", alt)
    hint = " Click a mark to list its customers." if measured.can_list(view) else ""
    st.caption(f"Each group against all others, by Holm’s rule over the groups; pale: fewer than {UNCERTAIN} responses.{hint}")
    groups = tuple(dict.fromkeys(str(name) for name, *_ in marks))
    with st.expander("The numbers behind the chart"):
        rows, called = measured.readable(_split(view, asked, by), asked.measure), measured.names(asked.measure) | {"group": offered[by]}
        tables.result_table(rows, "satisfaction_split_rows", title=f"{LABELS[asked.measure]} by group", names=called)
    _customers(view, asked, by=by if groups else "", groups=groups)


def _customers(view: View, asked: Asked, scores: tuple[float, ...] = (), by: str = "", groups: tuple[str, ...] = ()) -> None:
    """Those of the chosen scores or groups, where responses name customers whose purchases are known."""
    if not measured.can_list(view):
        return
    st.header("The customers of the chosen marks" if scores or groups else "The customers who answered")
    args = (asked.measure, view.start, view.end, view.settings, scores, by, groups)
    picked = tables.customer_table(view, "satisfaction_customers", rows=responders.responders, args=args, title="Who answered")
    customer.panel(view, picked, "satisfaction_customer")


def _split(view: View, asked: Asked, by: str) -> pd.DataFrame:
    return cache.answer(view, split.split, asked.measure, view.start, view.end, by, view.settings, shown=True)


def _groups(view: View, asked: Asked, by: str) -> go.Figure:
    return charts.groups(_split(view, asked, by), asked.measure, split.splits(view.ws)[by])
