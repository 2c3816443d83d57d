"""What the forecast is asked (horizon, margin, discount rate) and how it is made (model, unit, engine): all of it travels in the
address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from crm_core.analytics.clv.forecast import AUTO, Settings, Terms
from ui.state import Url

if TYPE_CHECKING:
    from ui.frame import View

MODELS = {
    AUTO: "The best in the test",
    "bg_nbd": "BG/NBD",
    "mbg_nbd": "MBG/NBD",
    "pareto_nbd": "Pareto/NBD",
    "same_rate": "Same rate",
    "last_period": "Last period again",
}
UNITS = {"weeks": "Weeks", "days": "Days"}
ENGINES = {"own": "This dashboard", "lifetimes": "lifetimes (a library)"}
LONGEST_MONTHS = 36

HORIZON_HELP = "How many months ahead; nothing is fitted anew."
MARGIN_HELP = "What is left of a sale, in percent of it: 100 shows sales, 30 what you earn at a margin of 30 %. It may be negative."
DISCOUNT_HELP = "What money a year from now is worth less, in percent. 0: money now and later is the same."
MODEL_HELP = "The test fits every model on the past and compares what it says with what customers then did; see “Can we believe it?”."
UNIT_HELP = "The unit of the models’ time. It changes the parameters alpha and beta, and nothing of the forecast."
ENGINE_HELP = "Who fits the models. The library takes longer, on large data many minutes."
COSTS_HELP = "Gross profit as a share of sales over the last 12 months, from the lines whose cost is known."


@dataclass(frozen=True)
class Asked:
    """Settings and terms together."""

    settings: Settings
    terms: Terms

    @property
    def options(self) -> list[str]:
        """What the command line needs to give the same numbers."""
        terms, settings, usual = self.terms, self.settings, Settings()
        found = [f"--horizon-months {terms.months}"]
        found += [f"--holdout-months {settings.holdout_months:g}"] if terms.months != settings.holdout_months else []
        found += [] if terms.margin == 1 else [f"--margin {'costs' if terms.margin is None else f'{terms.margin:g}'}"]
        found += [f"--discount-rate {terms.discount_rate:g}"] if terms.discount_rate else []
        for option in ("model", "unit", "engine"):
            value = getattr(settings, option)
            found += [f"--{option} {value}"] if value != getattr(usual, option) else []
        return found


def choose(view: View) -> Asked:
    """Three sliders, and below them how the forecast is made. The browser is not trusted to keep within them."""
    left, middle, right = st.columns(3, gap="medium")
    months = left.slider("Horizon, months", 1, LONGEST_MONTHS, 12, key=Url.HORIZON, bind="query-params", help=HORIZON_HELP)
    has_costs = view.ws.has("order_lines", "cost_amount")
    slider = middle.container()
    from_costs = has_costs and middle.toggle("From the data’s costs", key=Url.COSTS, bind="query-params", help=COSTS_HELP)
    margin = slider.slider("Margin, %", -100, 100, 100, key=Url.MARGIN, bind="query-params", help=MARGIN_HELP, disabled=bool(from_costs))
    rate = right.slider("Discount rate, % a year", 0, 50, 0, key=Url.DISCOUNT, bind="query-params", help=DISCOUNT_HELP)
    terms = Terms(_within(months, 1, LONGEST_MONTHS), None if from_costs else _within(margin, -100, 100) / 100, _within(rate, 0, 50) / 100)
    return Asked(_settings(), terms)


def _settings() -> Settings:
    with st.expander("How the forecast is made"):
        left, middle, right = st.columns(3)
        model = left.selectbox("Model", MODELS, format_func=MODELS.__getitem__, key=Url.MODEL, bind="query-params", help=MODEL_HELP)
        unit = middle.selectbox("Unit of time", UNITS, format_func=UNITS.__getitem__, key=Url.UNIT, bind="query-params", help=UNIT_HELP)
        engine = right.selectbox(
            "Fitted by", ENGINES, format_func=ENGINES.__getitem__, key=Url.ENGINE, bind="query-params", help=ENGINE_HELP
        )
    return Settings(
        model if model in MODELS else AUTO,
        "lifetimes" if engine == "lifetimes" else "own",
        "days" if unit == "days" else "weeks",
    )


def _within(value: float, least: int, most: int) -> int:
    return min(max(int(value), least), most)
