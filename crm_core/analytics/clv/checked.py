"""Who fits: we, or the library lifetimes, so that anyone can check one by the other.

A model fitted by lifetimes is the same model with its parameters; its log-likelihood and standard errors are computed here at those.
"""

from __future__ import annotations

import io
import warnings
from contextlib import redirect_stdout
from typing import Any, Literal

import numpy as np

from crm_core.analytics.clv.customers import Histories
from crm_core.analytics.clv.models import MODELS, PurchaseModel
from crm_core.analytics.clv.quadrature import Floats
from crm_core.analytics.clv.spend import GammaGamma
from crm_core.errors import AnalysisError

#: The names of the Gamma-Gamma parameters there.
SPEND_NAMES = {"p": "p", "q": "q", "gamma": "v"}
#: It climbs Pareto/NBD from random starts, and every fifth leads astray: the best of so many is taken, of the same ones each time.
STARTS, SEED = 3, 1


def fit_purchases(name: str, histories: Histories, engine: Literal["own", "lifetimes"] = "own") -> PurchaseModel:
    """A model of MODELS, fitted. Raises AnalysisError where lifetimes gives up."""
    h, model = histories, MODELS[name]()
    if engine == "own":
        return model.fit(h.x, h.t_x, h.T, h.customers)
    fitter = _fitters()[name]()
    options = {"iterative_fitting": STARTS} if name == "pareto_nbd" else {}
    _run(fitter.fit, h.x, h.t_x, h.T, weights=h.customers.astype("int64"), **options)
    return model.adopt([float(fitter.params_[one]) for one in model.NAMES], h.x, h.t_x, h.T, h.customers)


def fit_spend(
    frequency: Floats, monetary_value: Floats, engine: Literal["own", "lifetimes"] = "own", customers: Floats | None = None
) -> GammaGamma | None:
    """The model of spend, fitted; None without a customer to fit it to. Raises AnalysisError where lifetimes gives up."""
    if not len(frequency):
        return None
    if engine == "own":
        return GammaGamma().fit(frequency, monetary_value, customers)
    from lifetimes import GammaGammaFitter

    fitter = GammaGammaFitter()
    _run(fitter.fit, frequency, monetary_value, weights=None if customers is None else customers.astype("int64"))
    return GammaGamma().adopt([float(fitter.params_[one]) for one in SPEND_NAMES.values()], frequency, monetary_value, customers)


def _fitters() -> dict[str, Any]:
    from lifetimes import BetaGeoFitter, ModifiedBetaGeoFitter, ParetoNBDFitter

    return {"bg_nbd": BetaGeoFitter, "mbg_nbd": ModifiedBetaGeoFitter, "pareto_nbd": ParetoNBDFitter}


def _run(fit: Any, *data: Any, **options: Any) -> None:
    from lifetimes.utils import ConvergenceError

    state = np.random.get_state()
    try:
        np.random.seed(SEED)
        with warnings.catch_warnings(), np.errstate(all="ignore"), redirect_stdout(io.StringIO()):  # it prints what it cannot fit
            warnings.simplefilter("ignore")
            fit(*data, **options)
    except (ConvergenceError, ValueError, FloatingPointError) as error:
        text = " ".join(str(error).split())
        raise AnalysisError("lifetimes cannot fit this data", f"{text[:300]}", "Use the own engine; it says why a fit fails.") from error
    finally:
        np.random.set_state(state)
