"""Value that is slipping away: how much, since when, and whose."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from crm_core.analytics.audience import conditions as c
from crm_core.analytics.clv import risk
from crm_core.analytics.clv.forecast import Settings
from ui import cache, tables
from ui.guards import escape
from ui.numbers import amount, count, count_customers
from ui.sections.audience import arriving

if TYPE_CHECKING:
    from ui.frame import View
    from ui.sections.forecast_terms import Asked

EXPLANATION = """Value at risk is what the silence since the last purchase has cost of the forecast: the value a customer would have if
surely active × the fall of P(alive) since then. Listed are customers whose P(alive) fell by at least ten points and is still 10 % or
more. “Doubtful since” is the day it fell below one half."""


def tab(view: View, asked: Asked) -> str | None:
    """The answer, and the customers, largest value at risk first; returns the one selected."""
    found = cache.answer(view, risk.summary, view.as_of, asked.settings, asked.terms, shown=True)
    st.markdown(f"**{escape(_answer(found, view.ws.currency))}**")
    st.caption(EXPLANATION)
    args = (view.as_of, asked.settings, asked.terms, view.settings)
    return tables.customer_table(
        view, "at_risk", rows=risk.listed, args=args, sort="risk_value", title="Value at risk", audience=_condition(asked)
    )


def _condition(asked: Asked) -> Callable[[View], c.Condition] | None:
    """The customers at risk, as an audience has them; None where they are found by another model than usual."""
    usual = Settings()
    is_usual = (asked.settings.model, asked.settings.engine) == (usual.model, usual.engine)
    return arriving.always(c.Known(c.Column("value_at_risk"))) if is_usual else None


def _answer(found: risk.AtRisk, currency: str) -> str:
    lost = ""
    if found.lost:
        are, they = ("is", "it were") if found.lost == 1 else ("are", "they were")
        lost = f" {count_customers(found.lost)} {are} lost already (P(alive) below 10 %): {amount(found.lost_value, currency)} if {they} active."
    if not found.customers:
        return f"Nobody is slipping away: no P(alive) fell by ten points and stands at 10 % or more.{lost}"
    verb = "is" if found.customers == 1 else "are"
    effect = f"puts {amount(found.value, currency)} at risk" if found.value >= 0 else f"spares a loss of {amount(-found.value, currency)}"
    return (
        f"{count_customers(found.customers)} {verb} slipping away, which {effect};"
        f" {count(found.doubtful)} of them have more likely left than not.{lost}"
    )
