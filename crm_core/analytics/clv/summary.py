"""The forecast in figures, for a file: which model, its parameters, how it did in the holdout, and what all customers are worth
together."""

from __future__ import annotations

import math
from typing import Any

from crm_core.analytics.clv import forecast, totals
from crm_core.analytics.clv.forecast import BROKEN, WEAK, Choice, Terms
from crm_core.analytics.clv.holdout import Holdout, Result
from crm_core.analytics.clv.models import PurchaseModel
from crm_core.analytics.clv.spend import GammaGamma
from crm_core.analytics.clv.units import DAYS_A_MONTH
from crm_core.workspace import Workspace

NOT_IDENTIFIABLE = "the loss of customers is not identifiable"


def summary(ws: Workspace, choice: Choice, terms: Terms = Terms()) -> dict[str, Any]:
    """As JSON knows it. Amounts are in the currency of the data, times in `unit`; null is "not provided"."""
    row = totals.total(ws, choice, terms)
    return {
        "model": choice.rule,
        "label": choice.label,
        "reason": choice.reason,
        "notes": list(choice.notes),
        "engine": choice.settings.engine,
        "unit": choice.settings.unit,
        "as_of": choice.as_of.isoformat(),
        "parameters": parameters(choice),
        "log_likelihood": log_likelihood(choice),
        "spend_log_likelihood": _log_likelihood_of(choice.spend_fit, choice.repeat_customers),
        "customers": int(row["customers"]),
        "convergence": convergence(choice),
        "holdout": _holdout(choice.holdout),
        "totals": {
            "horizon_months": terms.months,
            "margin": forecast.margin(ws, choice.as_of, terms),
            "discount_rate": terms.discount_rate,
            "value": _number(row["value"]),
            "low": _number(row["low"]),
            "high": _number(row["high"]),
            "purchases": _number(row["purchases"]),
            "active_customers": _number(row["active"]) if choice.has_p_alive else None,
            "later_returns_share": choice.spending.lost_share,
            "is_extrapolated": is_extrapolated(choice, terms),
        },
        "spend_and_frequency": {"spearman": choice.correlation, "verdict": verdict(choice.correlation)},
    }


def parameters(choice: Choice) -> dict[str, dict[str, float | None]]:
    """Estimate and standard error by name, those of spend only where it is modelled; errors are missing where the loss of customers is not
    identifiable."""
    found: dict[str, dict[str, float | None]] = {}
    parts: list[PurchaseModel | GammaGamma] = [choice.model, *([choice.spend_fit] if choice.spend_fit is not None else [])]
    for part in parts:
        errors = part.standard_errors if part is not choice.model or choice.rule != "nbd" else dict.fromkeys(part.NAMES)
        found |= {name: {"estimate": value, "standard_error": errors[name]} for name, value in part.params.items()}
    return found


def log_likelihood(choice: Choice) -> float | None:
    """Of all customers; missing for rules that have none."""
    return _log_likelihood_of(choice.model, choice.valuation.histories.total)


def _log_likelihood_of(model: Any, customers: float) -> float | None:
    return model.top.log_likelihood * customers if model is not None and model.top is not None else None


def convergence(choice: Choice) -> dict[str, Any]:
    """Of the model that was asked for, or of all in the holdout where a rule won."""
    wanted = next(iter(choice.fits.values()), None)
    if wanted is None or wanted.top is None:
        failed = [one for one in choice.holdout.results if not one.is_identified] if choice.holdout else []
        reason = "; ".join(f"{one.label}: {NOT_IDENTIFIABLE}, {one.reason}" for one in failed)
        return {"model": None, "is_converged": None, "is_identified": False if failed else None, "reason": reason or choice.reason}
    top = wanted.top
    reason = "" if wanted.is_identified else f"{NOT_IDENTIFIABLE}: {top.reason}" if top.is_converged else top.reason
    return {
        "model": wanted.LABEL,
        "is_converged": top.is_converged,
        "is_identified": wanted.is_identified,
        "reason": reason,
        "starts": top.starts,
        "evaluations": top.evaluations,
    }


def verdict(correlation: float | None) -> str:
    """On the assumption that spend does not depend on frequency."""
    if correlation is None:
        return "not provided"
    size = abs(correlation)
    return "assumption broken" if size >= BROKEN else "weak" if size >= WEAK else "assumption holds"


def is_extrapolated(choice: Choice, terms: Terms) -> bool:
    """Is the horizon longer than what was observed?"""
    return terms.months * DAYS_A_MONTH > choice.observed_days


def _holdout(tested: Holdout | None) -> dict[str, Any] | None:
    if tested is None:
        return None
    return {
        "cut": tested.cut.isoformat(),
        "until": tested.until.isoformat(),
        "customers": int(tested.customers),
        "winner": tested.winner,
        "actual_weekly": list(tested.actual_weekly),
        "models": {one.rule: _result(one) for one in tested.results},
    }


def _result(one: Result) -> dict[str, Any]:
    return {
        "label": one.label,
        "is_identified": one.is_identified,
        "reason": f"{NOT_IDENTIFIABLE}: {one.reason}" if one.reason else "",
        "rmse": one.rmse,
        "bias": one.bias,
        "mae": one.mae,
        "log_score": _number(one.log_score),
        "predicted": one.predicted,
        "actual": one.actual,
        "error_of_total": one.error_of_total,
        "coverage": one.coverage,
        "raw_coverage": one.raw_coverage,
        "raw_coverage_expected": one.raw_expected,
        "calibration": [{"customers": g.customers, "predicted": g.predicted, "actual": g.actual} for g in one.groups],
        "weekly": list(one.weekly),
    }


def _number(value: Any) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None
