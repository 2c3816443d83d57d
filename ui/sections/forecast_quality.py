"""Can we believe the forecast? How each model and rule did in the test, the parameters, seasons, and a check by another library."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from crm_core.analytics.clv import report, weekly
from crm_core.analytics.clv.holdout import Holdout, Result
from crm_core.analytics.clv.summary import NOT_IDENTIFIABLE
from crm_core.charts import value as charts
from ui import cache, page, tables
from ui.frame import day
from ui.guards import escape, guard
from ui.numbers import NOT_PROVIDED, count_customers, share
from ui.state import Session

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from ui.frame import View
    from ui.sections.forecast_terms import Asked

NAMES = {
    "label": "Model or rule",
    "rmse": "Error (RMSE)",
    "mae": "Mean absolute error",
    "bias": "Bias",
    "log_score": "Log score",
    "total_error_share": "Error of the total",
    "coverage_share": "Coverage of 90 %",
    "raw_share": "Within the interval",
    "raw_expected_share": "as it expects",
    "note": " ",
}
TEST_HELP = """Errors are in purchases a customer: the lowest RMSE wins, and models within 1 % of it are told apart by the log score: the nearer to 0 the
better, −∞ where a rule gave no chance to what then happened. The mean absolute error is only shown: it rewards predicting nothing. Bias: predicted
less actual. Coverage should lie between 85 and 95 %; “within the interval” is the plain share of customers, which is larger than 90 % for small
counts, beside what the model expects of it."""
CALIBRATION_HELP = "Customers in tenths by prediction; equal predictions are never split. On the dotted line the model is right."
TOLERANCE = 0.01


def tab(view: View, asked: Asked) -> None:
    """The test, the parameters, seasons and the cross-check, about all customers whatever the filters."""
    found: report.Quality = cache.answer(view, report.quality, view.as_of, asked.settings)
    st.markdown(f"**{escape(found.reason)}**")
    if found.is_identified is False:
        st.warning(escape(f"{found.why_not[:1].upper()}{found.why_not[1:]}."), icon=":material/help:")
    if found.holdout is not None:
        _test(found.holdout, found.rule)
    _seasons(view, asked)
    _parameters(found)
    with guard():
        _cross_check(view, asked, found)


def _test(tested: Holdout, rule: str) -> None:
    st.header("The test")
    shown = _shown_result(tested, rule)
    who = f"Fitted on {count_customers(tested.customers)} as of {day(tested.cut)}, judged by what they bought in the {tested.days} days after."
    st.caption(f"{who} {TEST_HELP}")
    tables.result_table(_results(tested), "forecast_test", title="Test of the forecast", names=NAMES)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader("Week by week")
        page.chart(charts.tested(tested), "forecast_test_weeks", "Purchases a week after the cut, actual and by each model")
    with right:
        st.subheader("Calibration")
        page.chart(
            charts.calibration(shown.groups, shown.label),
            "forecast_calibration",
            "Predicted against actual purchases of tenths of customers",
        )
        st.caption(f"{escape(shown.label)}. {CALIBRATION_HELP}")


def _results(tested: Holdout) -> pd.DataFrame:
    """One row a model or rule, the winner marked."""
    return pd.DataFrame(
        {
            "label": [one.label for one in tested.results],
            "note": [_note(tested, one.rule, one.log_score, one.is_identified) for one in tested.results],
            "rmse": [one.rmse for one in tested.results],
            "log_score": [one.log_score for one in tested.results],
            "bias": [one.bias for one in tested.results],
            "total_error_share": [one.error_of_total for one in tested.results],
            "coverage_share": [one.coverage for one in tested.results],
            "raw_share": [one.raw_coverage for one in tested.results],
            "raw_expected_share": [one.raw_expected for one in tested.results],
            "mae": [one.mae for one in tested.results],
        }
    ).replace([float("inf"), float("-inf")], float("nan"))


def _note(tested: Holdout, rule: str, log_score: float, is_identified: bool) -> str:
    notes = ["winner"] if rule == tested.winner else []
    notes += [] if is_identified else [f"{NOT_IDENTIFIABLE}: NBD used"]
    notes += ["log score −∞"] if log_score == float("-inf") else []
    return "; ".join(notes)


def _shown_result(tested: Holdout, rule: str) -> Result:
    """Of the rule that forecasts, or of the first model where it was not tested itself."""
    return tested.of(rule) or tested.results[0]


def _seasons(view: View, asked: Asked) -> None:
    months = cache.answer(view, weekly.months, view.as_of, asked.settings)
    st.header("Seasons")
    st.markdown(escape(weekly.missed_seasons(months)))
    page.chart(cache.made(view, _months, asked), "forecast_seasons", "Repeat purchases a month beside what was expected")


def _months(view: View, asked: Asked) -> go.Figure:
    return charts.seasons(cache.answer(view, weekly.months, view.as_of, asked.settings))


def _parameters(found: report.Quality) -> None:
    st.header("The parameters")
    fit = NOT_PROVIDED if found.log_likelihood is None else f"{found.log_likelihood:,.3f}"
    st.caption(
        escape(f"{found.label}; time in {found.unit}; log-likelihood of all customers: {fit}. A missing standard error is not provided.")
    )
    written = found.parameters.assign(
        estimate=found.parameters["estimate"].map(_digits),
        standard_error=found.parameters["standard_error"].map(lambda value: NOT_PROVIDED if pd.isna(value) else _digits(value)),
    )
    tables.result_table(written, "forecast_parameters", title="Parameters of the forecast")


def _digits(value: float) -> str:
    """Six significant digits."""
    return f"{value:,.6g}"


def _cross_check(view: View, asked: Asked, found: report.Quality) -> None:
    """The same model fitted by the library lifetimes, on a click: on large data it takes minutes."""
    if found.rule not in ("bg_nbd", "mbg_nbd", "pareto_nbd"):
        return
    st.header("A check by another library")
    st.caption("The library lifetimes fits the same model to the same customers. On more than 100,000 customers it takes minutes.")
    about = f"{view.ws.fingerprint} {view.as_of} {asked!r}"
    if st.button("Check against lifetimes", key="forecast_cross_check") or st.session_state.get(Session.CHECKED) == about:
        st.session_state[Session.CHECKED] = about
        with st.spinner("lifetimes is fitting …"):
            rows = cache.answer(view, report.cross_check, view.as_of, asked.settings, asked.terms)
        worst = float(rows["difference"].max())
        verdict = "agree" if worst <= TOLERANCE else "differ: look at the log-likelihood, the higher one is the better fit"
        st.markdown(f"**{escape(f'The two {verdict}; the largest difference is {share(worst, 3)}.')}**")
        written = rows.assign(
            own=rows["own"].map(_digits), lifetimes=rows["lifetimes"].map(_digits), difference=[share(one, 4) for one in rows["difference"]]
        )
        tables.result_table(written, "forecast_check_rows", title="Check against lifetimes")
