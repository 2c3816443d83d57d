"""Who they are: how many meet the conditions and what they are worth, what sets them apart from all customers, and what they buy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from crm_core.analytics.audience import conditions as c
from crm_core.analytics.audience import picture
from crm_core.analytics.audience.never import Never, never
from crm_core.analytics.audience.words import spoken
from crm_core.charts import audience as charts
from ui import cache, guards, page, tables
from ui.guards import escape
from ui.numbers import amount, count, count_customers, count_of, share, short
from ui.page import Summary, Tile
from ui.sections.audience import asked

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from crm_core.analytics.audience.everybody import Basis
    from ui.frame import View
    from ui.sections.audience.asked import Asked

#: Values that a chart shows, and below how many customers shares are uncertain, or tell nothing.
MOST_SHOWN, UNCERTAIN, NO_VERDICT = 12, 30, 10
CHOSEN, LEFT_OUT = "chosen", "left out"
#: A right-to-left name between them does not turn the numbers around it.
ISOLATE, END_ISOLATE = "\u2068", "\u2069"
UNKNOWN = "unknown"
OF_AUDIENCE, OF_ALL = "of the audience", "of all customers"
GROUPS = {"category": "category", "product": "product", "product_id": "product"}

PROFILE_NAMES = {
    "field": "What",
    "value": "Value",
    "audience_share": "Share of the audience",
    "all_share": "Share of all",
    "index": "Index",
    "why": "Condition",
}
GOODS_NAMES = {
    "net_sales": "Net sales of the audience",
    "audience_share": "Share of the audience’s sales",
    "all_share": "Share of all sales",
}
EXPLANATION = (
    """**Who is in it.** Everybody whom any table names can be chosen, also who never bought. A comparison with something unknown does not hold:
    `country = 'Germany'` leaves out whose country is not known, and `not (country = 'Germany')` keeps them. What each word means: docs/audiences.md.""",
    """**What they are worth.** Net sales are those of the whole history before the day looked from, returns netted; their share is of all customers' net
    sales. The average order is the value of the purchases by their number. Left to contact are those whom the company's contact rules leave: see “Whom to
    leave out”.""",
    f"""**What sets them apart.** The share of the audience that has a value beside the share of all customers that has it, by Cohen's h (the difference of
    the arc sines of the roots of both shares), so that 1 % against 5 % weighs more than 48 % against 52 %. These are counts of everybody and no estimates;
    below {UNCERTAIN} customers they say little of the next ones, and below {NO_VERDICT} nothing is said. “{CHOSEN}” and “{LEFT_OUT}” are what the conditions
    themselves fix. What goes together need not be a cause.""",
)


# -- the answer -------------------------------------------------------------------------------------------------------


def summary(one: Asked) -> Summary:
    """How many meet the conditions, what they are worth, and how many the contact rules leave."""
    return Summary(_answer(one), _caveat(one), _tiles(one))


def _answer(one: Asked) -> str:
    found = one.picture
    if not found.customers:
        return f"Nobody of {count_customers(found.everybody)} meets the conditions on {spoken(one.view.as_of)}: {one.sentence}."
    who = f"All {count_customers(found.everybody)} are chosen, seen from {spoken(one.view.as_of)}"
    if one.condition != c.EVERYBODY:
        part = f"{count(found.customers)} of {count_customers(found.everybody)} ({share(found.customer_share)})"
        who = f"{part} {'meets' if found.customers == 1 else 'meet'} the conditions on {spoken(one.view.as_of)}: {one.sentence}"
    return f"{who}.{_worth(one)}{_left(one)}"


def _worth(one: Asked) -> str:
    if not one.view.ws.has("order_lines"):
        return ""
    found = one.picture
    if not found.buyers:
        return " None of them ever bought."
    part = "" if found.sales_share is None else f", {share(found.sales_share)} of all net sales"
    sold = amount(found.net_sales, one.view.ws.currency)
    return f" They brought {sold}{part}, with {count_of(found.count_orders, 'purchase')} since {spoken(one.view.first_day)}."


def _left(one: Asked) -> str:
    if one.rules is None:
        return " The contact rules are switched off."
    left = one.respected.left
    if left == one.picture.customers:
        return " The contact rules leave out nobody."
    return f" The contact rules leave {'nobody' if not left else count(left)} of them."


def _caveat(one: Asked) -> str:
    found, told = one.picture, [_spelt(each) for each in _never(one)]
    if not found.customers:
        return " ".join([*told, "Take a condition out, or turn it round." if not told else "Change it in the conditions."])
    if one.view.ws.has("order_lines"):
        told.append("Net sales and purchases are those of the whole history, returns netted; shares are of all customers.")
    if found.customers < NO_VERDICT:
        told.append(f"Fewer than {NO_VERDICT} customers: too few to say what sets them apart.")
    elif found.customers < UNCERTAIN:
        told.append(f"Fewer than {UNCERTAIN} customers: what sets them apart is uncertain.")
    return " ".join(told)


def _never(one: Asked) -> tuple[Never, ...]:
    """Values that the data never has; nothing of ids and names for whoever may not see customers."""
    found = cache.answer(one.view, never, asked.told(one.view, one.condition), one.basis)
    return tuple(each for each in found if each.value != asked.HIDDEN)


def _spelt(told: Never) -> str:
    near = " or ".join(f"“{each}”" for each in told.nearest)
    return f"{told.label} is never “{told.value}” in this data" + (f"; did you mean {near}?" if near else ".")


def _tiles(one: Asked) -> tuple[Tile, ...]:
    found, respected, currency = one.picture, one.respected, one.view.ws.currency
    who = Tile(
        "Customers",
        count(found.customers),
        help=f"{share(found.customer_share)} of the {count_customers(found.everybody)} of this data.",
    )
    by_rule = "; ".join(f"{count(each.left_out)}: {each.rule.sentence}" for each in respected.by_rule if each.left_out)
    why = (
        "The contact rules are switched off."
        if one.rules is None
        else f"Left out are {by_rule}."
        if by_rule
        else "The contact rules leave out nobody."
    )
    left = Tile("Left to contact", count(respected.left), help=why)
    if not one.view.ws.has("order_lines"):
        return who, left
    part = "undefined" if found.sales_share is None else share(found.sales_share)
    sales = Tile(
        "Net sales",
        short(found.net_sales, currency),
        help=f"Exactly {amount(found.net_sales, currency)}, of {count(found.buyers)} who bought.",
    )
    average = Tile(
        "Average order",
        amount(found.average_order_value, currency),
        help=f"Value of their purchases by their number, n = {found.count_orders:,}.",
    )
    return (
        who,
        sales,
        Tile("Share of sales", part, help="Of the net sales of all customers; undefined where these are zero or less."),
        average,
        left,
    )


# -- the tab ----------------------------------------------------------------------------------------------------------


def tab(one: Asked) -> None:
    """What sets them apart, their averages, and what they buy."""
    if not one.picture.customers:
        st.info("Nobody meets the conditions, so there is nothing to tell.", icon=":material/person_off:")
        return
    _apart(one)
    if one.view.ws.has("order_lines"):
        st.header("On average")
        names = {"figure": "Figure", "audience_value": "Audience", "all_value": "All customers"}
        tables.result_table(
            cache.made(one.view, _averages, one.condition, one.basis), "audience_averages", title="Averages of an audience", names=names
        )
        st.caption(
            "Net sales and orders are those of everybody, nothing bought counts 0; days since the last order are those of who ever bought."
        )
    _bought(one)


def _apart(one: Asked) -> None:
    st.header("What sets them apart")
    if one.picture.customers == one.picture.everybody:
        st.info("These are all customers: add a condition, and what sets those apart who meet it stands here.", icon=":material/groups:")
        return
    told = cache.made(one.view, _profile, one.condition, one.basis)
    if told.empty:
        st.info(
            "This data tells nothing of customers that could set them apart: neither orders nor attributes of a few values.",
            icon=":material/extension:",
        )
        return
    _doubt(one.picture.customers)
    is_small = one.picture.customers < NO_VERDICT
    if not is_small:
        page.chart(
            cache.made(one.view, _apart_chart, one.condition, one.basis),
            "audience_apart",
            "Shares of the audience and of all customers by value",
        )
    with st.expander("The numbers" if is_small else "The numbers behind the chart", expanded=is_small):
        tables.result_table(_as_told(told), "audience_profile", title="Profile of an audience", names=PROFILE_NAMES)
        st.caption("Index: 100 is as often as among all customers, 200 twice as often.")


def _doubt(customers: int) -> None:
    """Says how little a small audience tells."""
    if customers < NO_VERDICT:
        st.warning(
            f"With {count_customers(customers)} there is no verdict on what sets them apart; these are their counts.",
            icon=":material/help:",
        )
    elif customers < UNCERTAIN:
        st.warning(f"Uncertain: these are shares of {count_customers(customers)} only.", icon=":material/help:")


def _as_told(told: pd.DataFrame) -> pd.DataFrame:
    return told[["field", "value", "customers", "audience_share", "all_share", "index", "why"]].assign(index=told["index"].round(0))


def _profile(view: View, condition: c.Condition, basis: Basis) -> pd.DataFrame:
    """The profile under the names that tables and charts take, with is_named (does the condition name the value?) and why: CHOSEN or LEFT_OUT where the
    conditions themselves say so, else empty."""
    found = cache.answer(view, picture.profile, condition, basis)
    named = _named(condition, {field.name: field.label for field in asked.fields(view, basis).values()})
    rows = list(zip(found["field"], found["value"], found["customers"], strict=True))
    is_named = [value in named.get(field, ()) for field, value, _ in rows]
    why = [_why(field in named, it_is, customers) for (field, _, customers), it_is in zip(rows, is_named, strict=True)]
    told = found.assign(is_named=is_named, why=why, value=found["value"].replace("", UNKNOWN))
    return told.rename(columns={"share": "audience_share", "share_of_all": "all_share"})


def _why(is_asked: bool, is_named: bool, customers: int) -> str:
    """What a condition on the field made of a value of it."""
    return CHOSEN if is_named and customers else LEFT_OUT if is_asked and not customers else ""


def _named(condition: c.Condition, labels: Mapping[str, str]) -> dict[str, set[str]]:
    """The values that the condition names, by the label of their field; "" where it asks whether there is one."""
    found: dict[str, set[str]] = {}
    for leaf in c.leaves(condition):
        if isinstance(leaf, c.Moved) or not isinstance(leaf.term, c.Column) or leaf.term.at is not None:
            continue
        values = (
            leaf.values
            if isinstance(leaf, c.OneOf)
            else (leaf.value,)
            if isinstance(leaf, c.Compare)
            else ("",)
            if isinstance(leaf, c.Known)
            else ()
        )
        found.setdefault(labels.get(leaf.term.name, leaf.term.name), set()).update(str(one) for one in values)
    return found


def apart(view: View, condition: c.Condition, basis: Basis) -> pd.DataFrame:
    """The rows of the profile that differ, the farthest apart first: field, value, audience_share, all_share, why and more. Not those that a
    condition leaves out without naming them, since they say again what the chosen ones do."""
    told = _profile(view, condition, basis)
    return told[(told["distance"] != 0) & ~((told["why"] == LEFT_OUT) & ~told["is_named"])]


def _apart_chart(view: View, condition: c.Condition, basis: Basis) -> go.Figure:
    shown = apart(view, condition, basis).head(MOST_SHOWN)
    marks = [f" ({why})" if why else "" for why in shown["why"]]
    labels = [f"{field}: {value}{mark}" for field, value, mark in zip(shown["field"], shown["value"], marks, strict=True)]
    return charts.apart(shown.assign(label=labels), OF_AUDIENCE, OF_ALL)


def _averages(view: View, condition: c.Condition, basis: Basis) -> pd.DataFrame:
    found = cache.answer(view, picture.averages, condition, basis)
    unit = f" ({view.ws.currency})" if view.ws.currency else ""
    figures = [f"{figure}{unit}" if figure.startswith("Net sales") else figure for figure in found["figure"]]
    return pd.DataFrame({"figure": figures, "audience_value": found["audience"].astype(float), "all_value": found["all"].astype(float)})


# -- what they buy ----------------------------------------------------------------------------------------------------


def _bought(one: Asked) -> None:
    st.header("What they buy")
    ws = one.view.ws
    column = next((name for name in GROUPS if ws.has("order_lines", name)), None)
    if column is None:
        guards.has(one.view, "order_lines", "product", what="What they buy")
        return
    told = cache.made(one.view, _goods, one.condition, one.basis, column)
    if told.empty:
        st.info("The net sales of this audience are zero or less, so there are no shares of them.", icon=":material/money_off:")
        return
    st.markdown(_most(told, GROUPS[column]))
    page.chart(
        cache.made(one.view, _goods_chart, one.condition, one.basis, column), "audience_goods", f"Shares of net sales by {GROUPS[column]}"
    )
    names = GOODS_NAMES | {"value": GROUPS[column].capitalize()}
    with st.expander("The numbers behind the chart"):
        tables.result_table(told, "audience_bought", title="What an audience buys", names=names, currency=ws.currency)


def _goods(view: View, condition: c.Condition, basis: Basis, column: str) -> pd.DataFrame:
    found = cache.answer(view, picture.bought, condition, basis, column)
    told = found.rename(columns={"share": "audience_share", "share_of_all": "all_share"}).drop(columns="difference")
    return told.assign(value=told["value"].replace("", UNKNOWN))


def _goods_chart(view: View, condition: c.Condition, basis: Basis, column: str) -> go.Figure:
    shown = _goods(view, condition, basis, column).head(MOST_SHOWN)
    return charts.apart(shown.assign(label=shown["value"]), "of the audience’s net sales", "of all net sales")


def _most(told: pd.DataFrame, what: str) -> str:
    """The category (product) that the audience buys most, in words."""
    best = told.iloc[int(told["audience_share"].argmax())]
    part, of_all = share(best["audience_share"]), share(best["all_share"])
    name = f"{ISOLATE}{escape(str(best['value']))}{END_ISOLATE}"
    return f"They spend most on the {what} **{name}**: {part} of their net sales, against {of_all} of all net sales."
