"""The customers who may turn against us: the list, one customer's story, marking them as followed up, and whether that helped."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from math import isnan
from typing import TYPE_CHECKING

import streamlit as st

from crm_core.access import Action
from crm_core.analytics.audience import conditions as c
from crm_core.analytics.satisfaction import customers, follow_up, watch
from crm_core.charts import satisfaction as charts
from ui import cache, guards, page, tables
from ui.frame import day
from ui.guards import escape, guard
from ui.numbers import amount, count, count_customers
from ui.page import Tile
from ui.sections.audience import arriving
from ui.sections.service import agreement
from ui.state import Session, Url

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from crm_core.store.notes import Marked
    from ui.frame import View

SHOWN = (
    "customer_id",
    "name",
    "value_at_stake",
    "public_reach",
    "reason",
    "next_step",
    "risk",
    "last_score",
    "answered_on",
    "comment",
    "priority",
)
NAMES = {
    "first_score": "Score before",
    "next_score": "Score after",
    "change": "Change",
    "followed_on": "Followed up on",
    "answered_on": "Answered on",
    "note": "Note",
}
CASE_HELP = "Unsolved, or reopened in the last 12 months, after two or more contacts."
SCORE_HELP = "The last response, of the last 12 months, is among the worst and was not followed up."
STAKE_HELP = "What the list is ranked by, weighed up by public reach."
YARDSTICK = """Scores drift to the mean by themselves, so the yardstick is how scores went of customers with the same first score and no follow-up (their
next answer)."""
#: The watch list, as an audience has it.
ON_WATCH = c.Known(c.Column("risk"))
HINT = "Select a row (the box at its left) to see the customer’s story and to mark them as followed up."


def choose_value(view: View) -> watch.Value:
    """Forecast value where there are sales to forecast from, or net sales."""
    if not view.ws.has("order_lines"):
        return "net_sales"
    return page.one_of("Value at stake", watch.VALUE_LABELS, Url.STAKE, "net_sales", STAKE_HELP)


def summary(view: View, value: watch.Value) -> page.Summary:
    return cache.made(view, _summary, value)


def _summary(view: View, value: watch.Value) -> page.Summary:
    found = cache.answer(view, watch.summary, view.as_of, value, view.followed, shown=True)
    return page.Summary(_answer(view, found, value), _caveat(view), tuple(_tiles(view, found)))


def _answer(view: View, found: watch.Watched, value: watch.Value) -> str:
    """How many, with how much, and why; a reason that the data cannot tell is not said."""
    has_cases, has_scores = (view.ws.has(table, "customer_id") for table in ("cases", "surveys"))
    if not found.customers:
        none = ["no unsolved or reopened case after two contacts"] * has_cases + ["no low last score that was not followed up"] * has_scores
        return f"{'None of the customers shown' if view.is_filtered else 'Nobody'} is at risk: {', and '.join(none)}."
    worth = f", with {amount(found.value, view.ws.currency)} at stake ({watch.VALUE_LABELS[value].lower()})" if found.value > 0 else ""
    verb = "is" if found.customers == 1 else "are"
    why = [f"{count(found.open_case + found.both)} with an unsolved or reopened case after several contacts"] * has_cases
    why += [f"{count(found.low_score + found.both)} with a low last score"] * has_scores
    return f"{count_customers(found.customers)} {verb} at risk of turning against us{worth}: {', '.join(why)}."


def _caveat(view: View) -> str:
    marked = len({one.customer_id for one in view.followed})
    return f"{count_customers(marked)} {'is' if marked == 1 else 'are'} marked as followed up." if marked else ""


def _tiles(view: View, found: watch.Watched) -> list[Tile]:
    """Figures that the data can tell: without cases none has "no open case"."""
    tiles = [Tile("At risk", count(found.customers), help="Customers on the list.", more_is="bad")]
    if view.ws.has("order_lines"):
        tiles.append(Tile("Value at stake", amount(found.value, view.ws.currency), help="Zero or less counts as nothing."))
    if view.ws.has("cases", "customer_id"):
        tiles.append(Tile("Open or reopened case", count(found.open_case + found.both), help=CASE_HELP))
    if view.ws.has("surveys", "customer_id"):
        tiles.append(Tile("Low last score", count(found.low_score + found.both), help=SCORE_HELP))
    if view.ws.has("cases", "public_reach"):
        tiles.append(Tile("Said in public", count(found.public), help=f"With a public reach of {watch.PUBLIC:,} people or more."))
    return tiles


def listed(view: View, value: watch.Value) -> None:
    """The list, and the story of the customer selected."""
    args = (view.as_of, value, view.followed, agreement(view))
    columns = [name for name in SHOWN if _is_told(view, name)]
    sort = next(name for name in ("priority", "public_reach", "answered_on", "risk") if name in columns)  # without sales nothing ranks
    picked = tables.customer_table(
        view, "watch", rows=watch.listed, args=args, columns=columns, sort=sort, title="Watch list", audience=arriving.always(ON_WATCH)
    )
    if picked is None:
        if view.user.may(Action.SEE_CUSTOMERS):
            st.caption(HINT)
        return
    _panel(view, value, picked)


def _is_told(view: View, name: str) -> bool:
    """A column that no customer has is not shown."""
    needs: dict[str, tuple[str, ...]] = {
        "value_at_stake": ("order_lines",),
        "priority": ("order_lines",),
        "public_reach": ("cases", "public_reach"),
        "comment": ("surveys", "comment"),
        "last_score": ("surveys", "customer_id"),
        "answered_on": ("surveys", "customer_id"),
    }
    return name not in needs or view.ws.has(*needs[name])


def _panel(view: View, value: watch.Value, customer_id: str) -> None:
    args = (view.as_of, value, view.followed, agreement(view), customer_id)
    row = cache.answer(view, watch.one, *args)
    st.header(f"Customer {escape(customer_id)}")
    if row:
        st.markdown(f"**Why:** {escape(row['reason'])}  \n**Next:** {escape(row['next_step'])}")
        if row.get("comment"):
            page.quote(row["comment"])
    page.chart(cache.made(view, _story, customer_id), "watch_story", f"What happened with customer {customer_id}, in one line of time")
    with st.expander("The story in words"):
        tables.result_table(
            _events(view, customer_id),
            "watch_story_rows",
            title="Story of a customer",
            names={"at": "When", "kind": "What", "text": "In words"},
        )
    _mark(view, customer_id)


def _events(view: View, customer_id: str) -> pd.DataFrame:
    return cache.answer(view, watch.story, view.as_of, customer_id)


def _story(view: View, customer_id: str) -> go.Figure:
    return charts.story(_events(view, customer_id))


def _mark(view: View, customer_id: str) -> None:
    """The form that marks a customer as followed up; the list lets them go at once."""
    with st.form(f"follow_{customer_id}", border=True):
        left, right = st.columns([1, 3])
        last = view.as_of
        followed_on = left.date_input("Followed up on", last, view.first_day, last + timedelta(days=366), format="YYYY-MM-DD")
        note = right.text_input("Note", max_chars=500, placeholder="What was promised, to whom …")
        if st.form_submit_button("Mark as followed up", type="primary", icon=":material/check:"):
            with guard():
                _kept(view, [customer_id], followed_on if isinstance(followed_on, date) else last, note or "")


def _kept(view: View, customer_ids: list[str], followed_on: date, note: str) -> None:
    from crm_core.store.notes import Notes

    view.user.require(Action.FOLLOW_UP)
    Notes(view.entry.path).mark(customer_ids, followed_on, note, datetime.now(UTC))
    st.session_state[Session.NOTICE] = f"Customer {customer_ids[0]} is marked as followed up; “Followed up” shows what came of it."
    st.rerun()


def followed(view: View) -> None:
    """Who was followed up, whether their next score rose, and whether it rose more than without."""
    if not guards.may(view.user, Action.SEE_CUSTOMERS):
        return
    marks = _marks(view)
    if not marks:
        st.info(
            "Nobody is marked yet: select a customer on the list and mark them as followed up. Their next score will stand here.",
            icon=":material/checklist:",
        )
        return
    measure = cache.of(view.ws, customers.main_measure, view.as_of)
    if measure is None:
        st.markdown(
            f"**{count_customers(len({one.customer_id for one in marks}))} marked; without survey scores nothing tells whether it helped.**"
        )
        tables.result_table(_noted(marks), "followed", title="Followed up", names=NAMES)
    else:
        found = cache.answer(view, follow_up.effect, measure, view.as_of, view.followed)
        st.markdown(f"**{escape(_effect(found))}**")
        notes = {one.customer_id: one.note for one in reversed(marks)}
        table = found.table.assign(note=[notes.get(one, "") for one in found.table["customer_id"]])
        tables.result_table(table, "followed", title="Followed up", names=NAMES)
        st.caption(YARDSTICK)
    _take_back(view, marks)


def _noted(marks: tuple[Marked, ...]) -> pd.DataFrame:
    """The marks as they were noted, where there are no scores to tell more."""
    import pandas as pd

    return pd.DataFrame([(one.customer_id, one.followed_on, one.note) for one in marks], columns=["customer_id", "followed_on", "note"])


def _marks(view: View) -> tuple[Marked, ...]:
    from crm_core.store.notes import Notes

    return Notes(view.entry.path).marked() if view.followed else ()


def _effect(found: follow_up.Effect) -> str:
    total = len(found.table)
    if not found.n:
        return f"{count_customers(total)} marked; none of them has scores before and after yet."
    base = f"{count_customers(total)} marked, {count(found.n)} with scores before and after: {found.mean_change:+.2f} on average"
    if isnan(found.effect):
        return f"{base}; too few to compare with customers who got no follow-up ({found.control_change:+.2f} from the same first scores)."
    is_clear = found.low > 0 or found.high < 0
    verdict = f"significantly {'more' if found.effect > 0 else 'less'}" if is_clear else "not significantly different"
    gap = f"difference {found.effect:+.2f}, 95 %: {found.low:+.2f} to {found.high:+.2f}"
    return f"{base}, against {found.control_change:+.2f} without a follow-up from the same first scores: {verdict} ({gap})."


def _take_back(view: View, marks: tuple[Marked, ...]) -> None:
    """Stands open: a list that is opened while a fold still unfolds closes by itself."""
    names = {one.id: f"{one.customer_id}, {day(one.followed_on)}" + (f": {one.note}" if one.note else "") for one in marks}
    st.subheader("Take a mark back")
    st.caption("For a mark set by mistake: the customer is judged anew as if nobody had followed up.")
    chosen = st.multiselect(
        "Marks", list(names), format_func=names.__getitem__, key="marks_back", placeholder="Choose marks", select_all=False
    )
    if st.button("Take back", disabled=not chosen, key="marks_take_back") and chosen:
        with guard():
            from crm_core.store.notes import Notes

            view.user.require(Action.FOLLOW_UP)
            Notes(view.entry.path).unmark(chosen)
            st.session_state[Session.NOTICE] = "The marks are taken back."
            st.rerun()
