"""The stories that the models of purchases and spend tell, told once more the slow way: customers drawn event by event, and what they are
expected to do added up over all rates of purchase and of dropout. Nothing here is shared with the code tested.

Stories go by the names of MODELS; parameters are (r, alpha) and those of dropout: (a, b) or (s, beta).
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from crm_core.analytics.clv.customers import BITS, Histories
from crm_core.analytics.clv.units import Unit
from tests.workspaces import lines

Floats = NDArray[np.float64]
Params = tuple[float, float, float, float]
NODES = 700
FLIPS = {"bg_nbd": 0, "mbg_nbd": 1}  # coins thrown beside those of the repeat purchases


def individual(name: str, x: float, t_x: float, T: float, rate: Floats, drop: Floats, stay: Floats | float = 1.0) -> tuple[Floats, Floats]:
    """Log-likelihood of one customer whose rates are known: still there at T, and gone before. `stay` is 1 − drop where that is a
    probability."""
    with np.errstate(divide="ignore"):
        if name == "pareto_nbd":
            both = rate + drop
            there = x * np.log(rate) - both * T
            gone = x * np.log(rate) + np.log(drop) - np.log(both) - both * t_x + np.log(-np.expm1(-both * (T - t_x)))
            return there, gone
        flips = x + FLIPS[name]
        there = x * np.log(rate) - rate * T + flips * np.log(stay)
        gone = x * np.log(rate) - rate * t_x + np.log(drop) + (flips - 1) * np.log(stay)
        return there, gone if flips > 0 else np.full(np.shape(gone), -np.inf)


def integrated(name: str, params: Params, x: float, t_x: float, T: float, t: float = 1.0) -> tuple[float, float, float]:
    """Log-likelihood, P(alive) and the purchases expected in the next t, by the trapezoidal rule over the logs (or the logit) of both
    rates."""
    r, alpha, first, second = params
    u = _log_rates(r + x, alpha + t_x, alpha + T)
    rate = np.exp(u)[:, None]
    prior = _log_gamma(u, r, alpha)[:, None]
    if name == "pareto_nbd":
        v = _log_rates(first, second + t_x, second + T)
        drop, stay = np.exp(v)[None, :], 1.0
        prior = prior + _log_gamma(v, first, second)[None, :]
        per_rate = -np.expm1(-drop * t) / drop
        until = rate * per_rate
    else:
        after = second + max(x + FLIPS[name] - 1, 0.0)
        v = np.linspace(np.log(first / after) - 40 / first, np.log((first + 40) / after) + 40 / after + 3, NODES)
        drop, stay = special.expit(v)[None, :], special.expit(-v)[None, :]
        prior = prior + (first * np.log(drop) + second * np.log(stay) - special.betaln(first, second))
        until = -np.expm1(-rate * drop * t) / drop
    there, gone = individual(name, x, t_x, T, rate, drop, stay)
    cell = np.log(u[1] - u[0]) + np.log(v[1] - v[0])
    log_there, log_gone = special.logsumexp(prior + there) + cell, special.logsumexp(prior + gone) + cell
    total = np.logaddexp(log_there, log_gone)
    expected = special.logsumexp(prior + there, b=until) + cell - total
    return float(total), float(np.exp(log_there - total)), float(np.exp(expected))


def _log_rates(shape: float, least: float, most: float) -> Floats:
    return np.linspace(np.log(shape / most) - 40 / shape - 10 / np.sqrt(shape), np.log((shape + 10 * np.sqrt(shape) + 40) / least), NODES)


def _log_gamma(logs: Floats, shape: float, rate: float) -> Floats:
    """Log density of the log of a gamma-distributed number."""
    return shape * np.log(rate) - special.gammaln(shape) + shape * logs - rate * np.exp(logs)


def bought(name: str, t: float, rate: Floats, drop: Floats, rng: np.random.Generator) -> Floats:
    """How often customers with these rates, alive now, buy in the next t."""
    if name == "pareto_nbd":
        return rng.poisson(rate * np.minimum(t, rng.exponential(1 / drop))).astype(float)
    count = np.zeros(len(rate))
    at = rng.exponential(1 / rate)
    is_active = at <= t
    while is_active.any():
        count[is_active] += 1
        is_active &= rng.random(len(rate)) >= drop
        at += rng.exponential(1 / rate)
        is_active &= at <= t
    return count


def drawn_rates(name: str, params: Params, rng: np.random.Generator, size: int) -> tuple[Floats, Floats]:
    """Rates of purchase and dropout of new customers."""
    r, alpha, first, second = params
    return rng.gamma(r, 1 / alpha, size), rng.gamma(first, 1 / second, size) if name == "pareto_nbd" else rng.beta(first, second, size)


def drawn_futures(
    name: str, params: Params, history: tuple[float, float, float], t: float, rng: np.random.Generator, size: int
) -> tuple[Floats, Floats]:
    """Whether a customer with that history is alive, and purchases in the next t, `size` times: from new customers, each as often as the
    history is likely by its rates."""
    rate, drop = drawn_rates(name, params, rng, 4 * size)
    there, gone = (np.exp(one) for one in individual(name, *history, rate, drop, 1 - drop))
    chosen = rng.choice(len(rate), size, p=(there + gone) / (there + gone).sum())
    is_alive = rng.random(size) < (there / np.maximum(there + gone, 1e-300))[chosen]
    count = np.zeros(size)
    count[is_alive] = bought(name, t, rate[chosen[is_alive]], drop[chosen[is_alive]], rng)
    return is_alive, count


def drawn_spend(params: tuple[float, float, float], x: float, mean: float, count: Floats, rng: np.random.Generator) -> Floats:
    """What `count` purchases of a customer with x purchases of that mean value are worth: levels from those of new customers."""
    p, q, gamma = params
    level = rng.gamma(q, 1 / gamma, 4 * len(count))
    logs = p * x * np.log(level) - level * x * mean
    likely = np.exp(logs - logs.max())
    chosen = rng.choice(level, len(count), p=likely / likely.sum())
    return np.where(count > 0, rng.gamma(np.maximum(p * count, 1e-9)) / chosen, 0.0)


def drawn_histories(name: str, params: Params, longest: float, rng: np.random.Generator, size: int) -> tuple[Floats, Floats, Floats]:
    """Frequency, recency and T of customers who came at even pace up to `longest` ago."""
    rate, drop = drawn_rates(name, params, rng, size)
    T = longest * rng.random(size)
    x, t_x, at = np.zeros(size), np.zeros(size), np.zeros(size)
    if name == "pareto_nbd":
        ends, is_active = np.minimum(T, rng.exponential(1 / drop)), np.ones(size, dtype=bool)
    else:
        ends, is_active = T, rng.random(size) >= drop * FLIPS[name]
    while is_active.any():
        at = at + rng.exponential(1 / rate)
        is_active &= at <= ends
        x[is_active] += 1
        t_x[is_active] = at[is_active]
        if name != "pareto_nbd":
            is_active &= rng.random(size) >= drop
    return x, t_x, T


def counted_in_days(x: list[int], t_x: list[int], T: list[int], unit: Unit = "weeks", customers: list[float] | None = None) -> Histories:
    """Histories from whole days, ascending as the engine gives them."""
    keys = np.array([(one << 2 * BITS) + (two << BITS) + three for one, two, three in zip(x, t_x, T, strict=True)], dtype=np.int64)
    order = np.argsort(keys)
    often = np.ones(len(keys)) if customers is None else np.array(customers, dtype=float)
    return Histories(keys[order], often[order], unit)


#: The day from which drawn shops are looked at.
AS_OF = date(2024, 1, 1)


def shop(
    customers: int,
    seed: int,
    *,
    days: int = 500,
    params: Params = (0.8, 6.0, 0.5, 2.5),
    spend: tuple[float, float, float] = (6.25, 3.74, 15.44),
    latest: float = 0.7,
) -> pd.DataFrame:
    """Order lines of a drawn shop up to AS_OF: BG/NBD in weeks, Gamma-Gamma; customers come in the first `latest` of its days."""
    rng = np.random.default_rng(seed)
    rate, drop = drawn_rates("bg_nbd", params, rng, customers)
    level = rng.gamma(spend[1], 1 / spend[2], customers)
    rows: list[tuple[str, str, str, float]] = []
    for who in range(customers):
        at, is_first = latest * days * rng.random(), True
        while at < days:
            worth = round(rng.gamma(spend[0]) / level[who] + 0.005, 2)
            rows.append((f"c{who:05d}", f"o{len(rows)}", str(AS_OF - timedelta(days=days - int(at))), worth))
            if not is_first and rng.random() < drop[who]:
                break
            is_first = False
            at += 7 * rng.exponential(1 / rate[who])
    rows.append(("last", "last", str(AS_OF - timedelta(days=1)), 1.0))
    return lines(*rows)
