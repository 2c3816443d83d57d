"""The form that adds a condition: what of, how compared, with which value, and how it joins the others."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, cast

import streamlit as st

from crm_core.analytics.audience import conditions as c
from crm_core.analytics.audience.fields import FieldInfo, MeasureInfo, choices, values_of
from ui import cache
from ui.sections.audience import asked

if TYPE_CHECKING:
    from crm_core.analytics.audience.everybody import Basis
    from ui.frame import View

AND, OR = "and: both hold", "or: this or the last one"
DONE = "What they did"
TEXTS = ("is one of", "is none of", "contains", "does not contain", "is known", "is unknown")
NUMBERS = ("at least", "at most", "above", "below", "between", "exactly", "is known", "is unknown")
DAYS = ("on or after", "on or before", "between", "in the last", "not in the last", "is known", "is unknown")
FLAGS = ("yes", "not yes (no or unknown)", "no", "is unknown")
WHENS = ("at any time", "in the last", "since", "between")
UNITS = ("days", "weeks", "months", "years")
ANYTHING = "anything"
SIGNS: dict[str, c.Sign] = {"at least": ">=", "at most": "<=", "above": ">", "below": "<", "exactly": "="}
MOST = 10**12
#: A mark before three last digits: between thousands, or before decimals?
EITHER = re.compile(r"[1-9]\d{0,2}[,.]\d{3}")


def form(view: View, basis: Basis, condition: c.Condition) -> None:
    """Draws the form; its button adds what it says to the condition."""
    with st.container(border=True, key="audience_form"):
        left, right = st.columns([2, 5])
        options = _options(view, basis)
        name = left.selectbox(
            "Add a condition on",
            options,
            index=None,
            format_func=lambda one: options[one],
            key="audience_field",
            placeholder="Choose, or type to search",
        )
        with right:
            added = _asked_for(view, basis, str(name)) if name else None
        with st.container(horizontal=True, vertical_alignment="bottom"):
            how = AND
            if condition != c.EVERYBODY:
                how = st.segmented_control("Join it", (AND, OR), default=AND, key="audience_join", label_visibility="collapsed") or AND
            if added is None:
                st.button("Add", key="audience_add", icon=":material/add:", disabled=True, help="Choose a value first")
            else:
                st.button(
                    "Add",
                    key="audience_add",
                    icon=":material/add:",
                    type="primary",
                    on_click=_add,
                    args=(_joined(condition, added, how),),
                )


def _add(condition: c.Condition) -> None:
    """A callback: takes the condition, and the form begins anew, so that a second click adds nothing twice."""
    from ui.sections.audience.build import change

    change(condition)
    st.session_state["audience_field"] = None
    st.session_state["audience_join"] = AND


def _joined(condition: c.Condition, added: c.Condition, how: str) -> c.Condition:
    if how == AND or condition == c.EVERYBODY:
        return c.both(condition, added)
    parts = condition.parts if isinstance(condition, c.All) else (condition,)
    last = c.either(parts[-1], added)
    return last if len(parts) == 1 else c.All((*parts[:-1], last))


def _options(view: View, basis: Basis) -> dict[str, str]:
    """What can be asked, by key: fields under their groups, then what customers did."""
    found = {f"field {one.name}": f"{one.group} · {one.label}" for one in asked.fields(view, basis).values()}
    done = {f"did {one.name}": f"{DONE} · {_did(one)}" for one in asked.known_measures(view).values()}
    bought = {"bought": f"{DONE} · Bought, or did not buy"} if "count_orders" in asked.known_measures(view) else {}
    return bought | found | done


def _did(one: MeasureInfo) -> str:
    return f"{one.label} in a period or of products" if one.table == "order_lines" else f"{one.label} in a period"


def _asked_for(view: View, basis: Basis, key: str) -> c.Condition | None:
    """The condition that the widgets say; None while a value is missing."""
    if key == "bought":
        return _bought(view, basis)
    kind, _, name = key.partition(" ")
    if kind == "did":
        return _done(view, basis, asked.known_measures(view)[name])
    field = asked.fields(view, basis)[name]
    term = c.Column(field.name)
    if field.kind == "text":
        return _text(view, basis, field, term)
    if field.kind == "flag":
        return _flag(term, key)
    return _day(view, term, key) if field.kind == "date" else _number(term, key, field.unit or _unit(view, field.kind))


def _unit(view: View, kind: str) -> str:
    return view.ws.currency if kind == "money" else ""


# -- one kind of value each -------------------------------------------------------------------------------------------


def _text(view: View, basis: Basis, field: FieldInfo, term: c.Term) -> c.Condition | None:
    how_at, value_at = st.columns([1, 3])
    how = how_at.selectbox("How", TEXTS, key=f"audience_how_{field.name}")
    if how in {"is known", "is unknown"}:
        return _known(term, how)
    if how in {"contains", "does not contain"}:
        part = value_at.text_input("Text", key=f"audience_text_{field.name}", max_chars=200)
        if not part:
            return None
        found: c.Condition = c.Has(term, "contains", part)
        return c.Not(found) if how == "does not contain" else found
    known = cache.answer(view, choices, basis, field)
    picked = value_at.multiselect(
        "Values", known, key=f"audience_values_{field.name}", accept_new_options=not field.choices, placeholder="Choose, or type"
    )
    values = tuple(dict.fromkeys(one for one in picked if one))
    if not values:
        return None
    found = c.Compare(term, "=", values[0]) if len(values) == 1 else c.OneOf(term, values)
    return c.Not(found) if how == "is none of" else found


def _flag(term: c.Term, key: str) -> c.Condition:
    how = st.selectbox("How", FLAGS, key=f"audience_how_{key}")
    if how == "is unknown":
        return c.Not(c.Known(term))
    found = c.Compare(term, "=", how != "no")
    return c.Not(found) if how.startswith("not") else found


def _number(term: c.Term, key: str, unit: str) -> c.Condition | None:
    how_at, low_at, high_at = st.columns([1, 1, 1])
    how = how_at.selectbox("How", NUMBERS, key=f"audience_how_{key}")
    if how in {"is known", "is unknown"}:
        return _known(term, how)
    label = f"Value ({unit})" if unit else "Value"
    low = _typed(low_at.text_input(label if how != "between" else f"From {unit}".strip(), key=f"audience_low_{key}", max_chars=20))
    if how != "between":
        return None if low is None else c.Compare(term, SIGNS[how], low)
    high = _typed(high_at.text_input(f"to {unit}".strip(), key=f"audience_high_{key}", max_chars=20))
    return None if low is None or high is None or high < low else c.Between(term, low, high)


def _typed(text: str | None) -> Decimal | None:
    """The number typed, with a point or a comma for decimals; None while there is none. What is no number is told, and what could be two."""
    plain = "".join((text or "").split())
    if not plain:
        return None
    if EITHER.fullmatch(plain):
        whole, point = re.sub("[,.]", "", plain), plain.replace(",", ".")
        st.caption(f":red[{plain} may mean {whole} or {point}0: please type the one you mean.]")
        return None
    plain = plain.replace(",", ".") if plain.count(",") == 1 and "." not in plain else plain
    try:
        number = Decimal(plain)
    except ArithmeticError:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) > MOST or round(number, 4) != number:
        st.caption(":red[Please type a number, such as 500 or 99.50.]")
        return None
    return number


def _day(view: View, term: c.Term, key: str) -> c.Condition | None:
    how_at, first_at, last_at = st.columns([1, 1, 1])
    how = how_at.selectbox("How", DAYS, key=f"audience_how_{key}")
    if how in {"is known", "is unknown"}:
        return _known(term, how)
    if how in {"in the last", "not in the last"}:
        number = int(first_at.number_input("Days", 1, 36_600, 30, key=f"audience_days_{key}"))
        found = c.Between(term, view.as_of - timedelta(days=number), view.as_of - timedelta(days=1))
        return c.Not(found) if how == "not in the last" else found
    first = _date(first_at, "Day" if how != "between" else "From", view.as_of - timedelta(days=90), f"audience_from_{key}")
    if how != "between":
        return c.Compare(term, ">=" if how == "on or after" else "<=", first)
    last = _date(last_at, "to", view.as_of - timedelta(days=1), f"audience_to_{key}")
    return c.Between(term, first, last) if last >= first else None


def _date(at: st.delta_generator.DeltaGenerator, label: str, default: date, key: str) -> date:
    found = at.date_input(label, default, date(1970, 1, 1), date(2100, 1, 1), format="YYYY-MM-DD", key=key)
    return found if isinstance(found, date) else default


def _known(term: c.Term, how: str) -> c.Condition:
    return c.Known(term) if how == "is known" else c.Not(c.Known(term))


# -- what customers did -----------------------------------------------------------------------------------------------


def _bought(view: View, basis: Basis) -> c.Condition | None:
    did_at, times_at = st.columns([1, 1])
    did = did_at.selectbox("How", ("bought", "did not buy"), key="audience_did_bought")
    times = 1
    if did == "bought":
        times = int(times_at.number_input("At least so many orders", 1, 10_000, 1, key="audience_times"))
    of = _narrowed(view, asked.known_measures(view)["count_orders"], "bought")
    window = _window(view, "bought")
    if of is None:
        return None
    term = _sum(asked.fields(view, basis), "count_orders", of, window)
    found = c.Compare(term, ">=", Decimal(times))
    return c.Not(found) if did == "did not buy" else found


def _done(view: View, basis: Basis, measure: MeasureInfo) -> c.Condition | None:
    of = _narrowed(view, measure, measure.name)
    window = _window(view, measure.name)
    if of is None:
        return None
    return _number(_sum(asked.fields(view, basis), measure.name, of, window), f"did {measure.name}", _unit(view, measure.kind))


def _sum(fields: dict[str, FieldInfo], name: str, of: tuple[tuple[str, tuple[str, ...]], ...], window: c.Window) -> c.Term:
    return c.Column(name) if not of and window == c.ALWAYS and name in fields else c.Sum(name, of, window)


def _narrowed(view: View, measure: MeasureInfo, key: str) -> tuple[tuple[str, tuple[str, ...]], ...] | None:
    """Of which rows; None while nothing is chosen of a column."""
    if not measure.columns:
        return ()
    what_at, which_at = st.columns([1, 3])
    what = what_at.selectbox("Of", (ANYTHING, *measure.columns), format_func=lambda one: one.replace("_", " "), key=f"audience_of_{key}")
    if what == ANYTHING:
        return ()
    known = cache.answer(view, values_of, measure, what)
    picked = which_at.multiselect(
        "Which", known, key=f"audience_which_{key}_{what}", accept_new_options=True, placeholder="Choose, or type"
    )
    values = tuple(dict.fromkeys(one for one in picked if one))
    return ((what, values),) if values else None


def _window(view: View, key: str) -> c.Window:
    when_at, first_at, last_at = st.columns([1, 1, 1])
    when = when_at.selectbox("When", WHENS, key=f"audience_when_{key}")
    if when == "at any time":
        return c.ALWAYS
    if when == "in the last":
        number = int(first_at.number_input("So many", 1, 36_600, 60, key=f"audience_number_{key}"))
        unit = last_at.selectbox("Unit", UNITS, key=f"audience_unit_{key}")
        return c.Window(last=c.Span(number, cast(c.SpanUnit, unit)))
    since = _date(first_at, "Since", view.as_of - timedelta(days=90), f"audience_since_{key}")
    if when == "since":
        return c.Window(since=since)
    until = _date(last_at, "until", view.as_of - timedelta(days=1), f"audience_until_{key}")
    return c.Window(since, max(since, until))
