"""Which forecast do we believe, and what will each customer be worth?

`choose` sets the holdout up, fits the models, picks one and says why; `customers` applies it to every customer. Where no model can be
fitted or believed, a labelled rule stands in, so that there is always a forecast and it always says what it rests on.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property, partial
from typing import Literal, get_args

import ibis
import ibis.expr.types as ir
import numpy as np

from crm_core.analytics.clv import customers as base
from crm_core.analytics.clv import holdout
from crm_core.analytics.clv.checked import fit_purchases, fit_spend
from crm_core.analytics.clv.customers import Histories, Spending
from crm_core.analytics.clv.holdout import NAIVE, Fitted, Holdout
from crm_core.analytics.clv.models import MODELS, Nbd, PurchaseModel
from crm_core.analytics.clv.quadrature import Floats
from crm_core.analytics.clv.scoring import Outlook, Valuation
from crm_core.analytics.clv.spend import GammaGamma, everybody_alike, rank_correlation
from crm_core.analytics.clv.units import DAYS_A_MONTH, Unit, days_per
from crm_core.analytics.days import months_before
from crm_core.analytics.orders import lines
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace

Engine = Literal["own", "lifetimes"]
AUTO = "auto"
FEWEST_REPEAT = 100
WIDEST_ERROR = 0.20
BROKEN, WEAK = 0.3, 0.1
FALLBACK = "fallback"
#: Stands for a rate of nothing, whose logarithm is still a number.
NEVER = 1e-15
#: Outlooks of other horizons that are kept beside the one looked at.
KEPT_OUTLOOKS = 6


@dataclass(frozen=True)
class Settings:
    """How the forecast is made: a model of MODELS or "auto", who fits it, the unit of time, and the months that the holdout looks ahead
    (at most a third of the data). `until`: judge by what happened from as_of to this day, instead of holding a part before as_of out."""

    model: str = AUTO
    engine: Engine = "own"
    unit: Unit = "weeks"
    holdout_months: float = 12
    until: date | None = None


@dataclass(frozen=True)
class Terms:
    """What the forecast is asked: horizon in whole months, margin (a share of sales, may be negative; None: from the data's costs) and a
    yearly discount rate."""

    months: int = 12
    margin: float | None = 1.0
    discount_rate: float = 0.0


@dataclass(frozen=True)
class Choice:
    """What was chosen and why. `rule` is a key of MODELS, of NAIVE, "nbd" (the loss of customers is not identifiable) or "fallback";
    `fits` holds every model fitted at as_of, `reason` says in a sentence why this one, `notes` what to keep in mind. `correlation` is
    Spearman's of frequency and monetary value (None where there are fewer than three customers). `window_days` is what the rule "last
    period again" looks at."""

    as_of: date
    settings: Settings
    rule: str
    fits: dict[str, PurchaseModel]
    valuation: Valuation
    spend_fit: GammaGamma | None
    spending: Spending
    correlation: float | None
    window_days: int
    repeat_customers: int  # with a spend to model
    reason: str
    notes: tuple[str, ...]
    observed_days: int
    _test: Callable[[], Holdout | None] = field(repr=False, compare=False)
    _outlooks: OrderedDict[int, Outlook] = field(init=False, default_factory=OrderedDict, repr=False, compare=False)

    @property
    def model(self) -> PurchaseModel:
        """What forecasts purchases."""
        return self.valuation.model

    @cached_property
    def holdout(self) -> Holdout | None:
        """How the models did in the test; None where the data is too short or too small for one. Where the user chose the model it is held when
        somebody asks for it."""
        return self._test()

    @property
    def label(self) -> str:
        return {"nbd": "NBD (nobody leaves)", FALLBACK: "rate of all customers and the own one"}.get(self.rule, self.model.LABEL)

    @property
    def has_p_alive(self) -> bool:
        return self.model.HAS_DROPOUT

    @property
    def key(self) -> str:
        return f"{self.as_of} {self.settings}"

    def outlook(self, months: int) -> Outlook:
        """The valuation over so many months; a few are kept, since a horizon is moved to and fro."""
        if months not in self._outlooks:
            self._outlooks[months] = Outlook(self.valuation, months)
            while len(self._outlooks) > KEPT_OUTLOOKS:
                self._outlooks.popitem(last=False)
        return self._outlooks[months]

    def covariance(self) -> Floats:
        """Of the logs of the parameters: those of purchases, then those of spend; zero where a rule has none or does not know it."""
        parts: list[PurchaseModel | GammaGamma] = [self.model, self.spend_fit if self.spend_fit is not None else self.valuation.spend]
        blocks = [
            part.top.covariance if part.top is not None and part.top.covariance is not None else np.zeros((len(part.NAMES),) * 2)
            for part in parts
        ]
        size = len(blocks[0])
        whole = np.zeros((size + len(blocks[1]),) * 2)
        whole[:size, :size], whole[size:, size:] = blocks
        return whole


def choose(ws: Workspace, as_of: date, settings: Settings = Settings()) -> Choice:
    """The forecast to believe. Raises AnalysisError without any purchase, or for a model or an engine that there is not."""
    if settings.model not in (AUTO, *MODELS, *NAIVE):
        raise AnalysisError("There is no such model", f"“{settings.model}” is none.", f"Choose one of: {', '.join((AUTO, *MODELS))}.")
    if settings.engine not in get_args(Engine):
        raise AnalysisError("There is no such engine", f"“{settings.engine}” is none.", f"Choose one of: {', '.join(get_args(Engine))}.")
    return ws.remember(f"clv choice {as_of} {settings}", lambda: _choose(ws, as_of, settings))


def _choose(ws: Workspace, as_of: date, settings: Settings) -> Choice:
    """The rule that is wanted, where the data carries it; else the fallback, which says why."""
    simple = _fallback(ws, as_of, settings)
    rule, reason = (settings.model, "Chosen by you.") if settings.model != AUTO else _winner(simple.holdout)
    repeat = simple.valuation.histories.repeat_customers
    if rule in NAIVE:
        return _naive(ws, simple, rule, reason)
    if repeat < FEWEST_REPEAT:
        return replace(simple, reason=f"Only {repeat:,.0f} of the customers bought again; a model needs {FEWEST_REPEAT}.")
    return _modelled(simple, rule, reason)


def _fallback(ws: Workspace, as_of: date, settings: Settings) -> Choice:
    """What is known of the customers, with the rule that always works."""
    base.purchase_days(ws, as_of)  # kept before they are needed twice
    table = base.histories(ws, as_of)
    histories, spending = base.counted(ws, table, settings.unit), base.spending(ws, as_of)
    span = _span(ws, as_of, settings)
    x, value, customers = base.spend_counts(ws, table, histories.repeat_customers)
    fit = fit_spend(x, value, settings.engine, customers)
    fit = fit if fit is not None and fit.is_identified else None
    spend = fit or everybody_alike(spending.mean, spending.deviation)
    return Choice(
        as_of=as_of,
        settings=settings,
        rule=FALLBACK,
        fits={},
        valuation=Valuation(_own_and_all(histories), spend, histories, spending.mean),
        spend_fit=fit,
        spending=spending,
        correlation=rank_correlation(x, value, customers),
        window_days=holdout.last_period_days(ws, as_of, span.days if span else round(settings.holdout_months * DAYS_A_MONTH)),
        repeat_customers=int(customers.sum()),
        reason="",
        notes=(*_notes(fit), *_grain(base.days_taken_together(ws, as_of))),
        observed_days=(as_of - holdout.as_date(ws.execute(table.first_on.min()))).days,
        _test=partial(_tested, weakref.ref(ws), as_of, settings),
    )


def _grain(days: int) -> tuple[str, ...]:
    """What to say where histories are not told apart by the day."""
    if days == 1:
        return ()
    return (f"So many customers are taken together: the forecast sees the days of their purchases to within {days} days.",)


def _own_and_all(histories: Histories) -> Nbd:
    """Rate (x + ρτ) / (T + τ), ρ = Σx / ΣT, τ = median T: an NBD with r = ρτ and alpha = τ."""
    order = np.argsort(histories.T)
    reached = np.cumsum(histories.customers[order])
    middle = [histories.T[order][np.searchsorted(reached, reached[-1] / 2, side)] for side in ("left", "right")]  # two, of an even number
    tau = max(float(np.mean(middle)), 1 / days_per(histories.unit))
    total = float(histories.customers @ histories.T)
    rate = float(histories.customers @ histories.x) / total if total > 0 else 0.0
    return Nbd(max(rate * tau, NEVER), tau)


def _notes(spend: GammaGamma | None) -> tuple[str, ...]:
    if spend is None:
        return ("The spend of single customers could not be modelled: everybody's purchases are taken to be alike.",)
    if spend.params["q"] <= 1:
        return (
            "Spend varies so much that its model has no mean (q ≤ 1): customers without one that can be told get the mean of all purchases.",
        )
    return ()


def _naive(ws: Workspace, simple: Choice, rule: str, reason: str) -> Choice:
    histories = simple.valuation.histories
    if rule == "last_period":
        histories = base.counted(ws, base.recent_histories(ws, simple.as_of, simple.window_days), simple.settings.unit)
    return replace(simple, rule=rule, reason=reason, valuation=replace(simple.valuation, model=NAIVE[rule](), histories=histories))


def _modelled(simple: Choice, rule: str, reason: str) -> Choice:
    """The model, fitted; the NBD that is nested in it where the data does not tell who left; the fallback where the fit cannot be used."""
    histories = simple.valuation.histories
    model: PurchaseModel = fit_purchases(rule, histories, simple.settings.engine)
    simple = replace(simple, fits={rule: model})
    if not model.is_converged:
        return replace(simple, reason=f"The fit of {model.LABEL} did not come to an end: {model.why_not}.")
    if not model.is_identified:
        why = f"the loss of customers is not identifiable: in {model.LABEL} {model.why_not}"
        rule, reason = "nbd", f"{reason} But {why}. The forecast takes it that nobody leaves."
        model = Nbd().fit(histories.x, histories.t_x, histories.T, histories.customers)
    choice = replace(simple, rule=rule, reason=reason, valuation=replace(simple.valuation, model=model))
    error = _relative_error(choice, _months(simple.settings))
    if error > WIDEST_ERROR:
        said = f"By {model.LABEL} the standard error of the total would be {error:.0%}: the data is too little for it."
        return replace(simple, reason=said)
    return choice


def _months(settings: Settings) -> int:
    return max(1, round(settings.holdout_months))


def _relative_error(choice: Choice, months: int) -> float:
    """What the uncertainty of the parameters is to the number of purchases expected in all."""
    factors = choice.outlook(months).factors(0.0)
    worth = factors["expected_purchases"].to_numpy() * choice.valuation.histories.customers
    slopes = np.array([worth @ factors[f"slope_{name}"].to_numpy() for name in choice.model.NAMES])
    size = len(slopes)
    total = worth.sum()
    return float(np.sqrt(slopes @ choice.covariance()[:size, :size] @ slopes) / total) if total > 0 else 0.0


@dataclass(frozen=True)
class _Span:
    """What is held out."""

    cut: date
    until: date

    @property
    def days(self) -> int:
        return (self.until - self.cut).days


def _span(ws: Workspace, as_of: date, settings: Settings) -> _Span | None:
    """The days of the test; None where the data is too short for one."""
    first = ws.first_day or as_of
    span = _Span(as_of, settings.until) if settings.until else _Span(holdout.cut_day(first, as_of, settings.holdout_months), as_of)
    return span if span.days >= holdout.SHORTEST_DAYS and span.cut > first else None


def _tested(workspace: weakref.ref[Workspace], as_of: date, settings: Settings) -> Holdout | None:
    """The test, held once; a choice does not keep its workspace open."""
    ws = workspace()
    if ws is None:
        return None
    engine, months = settings.engine, settings.holdout_months
    return ws.remember(f"clv test {as_of} {engine} {settings.unit} {months} {settings.until}", lambda: _test(ws, as_of, settings))


def _test(ws: Workspace, as_of: date, settings: Settings) -> Holdout | None:
    """Every model fitted before the cut and judged after it; None where the data is too short or too small."""
    span = _span(ws, as_of, settings)
    if span is None:
        return None
    base.purchase_days(ws, span.cut)
    try:
        histories = base.counted(ws, base.histories(ws, span.cut), settings.unit)
    except AnalysisError:
        return None
    if histories.repeat_customers < FEWEST_REPEAT:
        return None
    models: dict[str, Fitted] = {}
    for name in MODELS:
        with suppress(AnalysisError):  # lifetimes gave up; what it can fit is tested all the same
            models[name] = _as_used(fit_purchases(name, histories, settings.engine), histories)
    return holdout.judge(ws, span.cut, span.until, models, settings.unit)


def _as_used(model: PurchaseModel, histories: Histories) -> Fitted:
    """A model as it would forecast: the NBD in its place where the data does not identify it."""
    if model.is_identified:
        return Fitted(model.LABEL, model, True, "")
    simple = Nbd().fit(histories.x, histories.t_x, histories.T, histories.customers)
    return Fitted(model.LABEL, simple, False, model.why_not)


def _winner(tested: Holdout | None) -> tuple[str, str]:
    """The rule that did best, and in which way."""
    winner = tested.of(tested.winner) if tested else None
    if tested is None or winner is None:
        return "bg_nbd", "There is too little data to hold a part out and test models on it."
    span = f"{tested.cut:%-d %b %Y} to {tested.until - timedelta(days=1):%-d %b %Y}"
    best_naive = min((one for one in tested.results if one.rule in NAIVE), key=lambda one: one.rmse)
    best_model = min((one for one in tested.results if one.rule not in NAIVE), key=lambda one: one.rmse, default=winner)
    if winner.rule in NAIVE:
        return winner.rule, (
            f"From {span} the simple rule “{winner.label}” came closer to what customers did (error {winner.rmse:.2f} purchases a customer) "
            f"than every model (best: {best_model.label}, {best_model.rmse:.2f}), so the forecast uses it."
        )
    close = "" if winner is best_model else f", within 1 % of {best_model.label}, and it gave what happened the highest probability"
    return winner.rule, (
        f"From {span} {winner.label} came closest to what customers did: its error was {winner.rmse:.2f} purchases a customer{close}. "
        f"The rule “{best_naive.label}” was off by {best_naive.rmse:.2f}."
    )


# -- customers ---------------------------------------------------------------------------------------------------------


def margin(ws: Workspace, as_of: date, terms: Terms) -> float:
    """The margin of the terms, or that of the data: gross profit by sales of the lines whose cost is known, last 12 months before as_of.

    Raises AnalysisError where the data has no costs.
    """
    if terms.margin is not None:
        return terms.margin
    if not ws.has("order_lines", "cost_amount"):
        raise AnalysisError(
            "No margin in the data", "The data has no costs.", "Give a margin, or assign the column with the cost on the Data page."
        )

    def build() -> float:
        sold = lines(ws, as_of, months_before(as_of, 12)).filter(lambda t: t.cost_amount.notnull() & t.customer_id.notnull())
        row = ws.execute(sold.aggregate(sales=sold.net_amount.sum().cast("float64"), cost=sold.cost_amount.sum().cast("float64"))).iloc[0]
        return float(1 - row["cost"] / row["sales"]) if row["sales"] > 0 else 0.0

    return ws.remember(f"clv margin {as_of}", build)


def table(ws: Workspace, choice: Choice) -> ir.Table:
    """The histories that the forecast rests on; see `customers.histories`."""
    if choice.rule == "last_period":
        return base.recent_histories(ws, choice.as_of, choice.window_days)
    return base.histories(ws, choice.as_of)


def scored(ws: Workspace, choice: Choice, terms: Terms = Terms()) -> ir.Table:
    """Grain: customer with a purchase. The columns of `customers`, and for sums: own (γ + x·m̄), variance (of clv), is_heavy, level
    (derivative of clv by γ), and slope_NAME, derivatives of ln clv by the logs of the parameters."""
    name = f"clv factors {choice.key} {terms.months} {terms.discount_rate!r}"
    factors = ws.keep(name, lambda: ibis.memtable(choice.outlook(terms.months).factors(terms.discount_rate)))
    joined = table(ws, choice).join(factors, "history")
    scale = margin(ws, choice.as_of, terms) * (1 - choice.spending.lost_share)
    p, q, gamma = choice.valuation.spend.params.values()
    own = gamma + joined.basis_frequency * ibis.greatest(joined.basis_value.fill_null(0.0), 0.0)
    has_mean = joined.basis_frequency * p + q - 1 > 0
    joined = joined.mutate(own=own, has_mean=has_mean, paid=ibis.ifelse(has_mean, own, gamma))  # without one, that of all purchases
    first, second = ("low", "high") if scale >= 0 else ("high", "low")
    unit = days_per(choice.settings.unit)
    return joined.select(
        "customer_id",
        "first_on",
        frequency=joined.frequency,
        recency=joined.recency / unit,
        T=joined["T"] / unit,
        monetary_value=joined.monetary_value,
        p_alive=joined.p_alive if choice.has_p_alive else ibis.null("float64"),
        expected_purchases=joined.expected_purchases,
        expected_spend=joined.spend_factor * joined.paid,
        clv=joined["value"] * joined.paid * scale,
        clv_low=joined[first] * joined.own * scale + 0.0,  # a negative margin of nothing is nothing, not −0
        clv_high=joined[second] * joined.own * scale + 0.0,
        own=joined.own,
        variance=joined.variance * joined.own * joined.own * scale * scale,
        is_heavy=joined.is_heavy,
        level=ibis.ifelse(joined.has_mean, joined["value"] * scale, 0.0),
        history=joined.history,
        **{f"slope_{one}": joined[f"slope_{one}"] for one in (*choice.model.NAMES, "p", "q")},
    )


#: Columns of a forecast, one row a customer.
COLUMNS = (
    "customer_id",
    "frequency",
    "recency",
    "T",
    "monetary_value",
    "p_alive",
    "expected_purchases",
    "expected_spend",
    "clv",
    "clv_low",
    "clv_high",
)


def customers(ws: Workspace, choice: Choice, terms: Terms = Terms()) -> ir.Table:
    """Grain: customer with a purchase before as_of. Columns: customer_id; frequency (purchase days after the first), recency, T (in the
    unit of the settings); monetary_value (missing without a repeat purchase); p_alive (missing where not provided); expected_purchases in
    the horizon; expected_spend, the value expected of one purchase; clv and its 90 % interval clv_low, clv_high, in the currency of the
    data."""
    return scored(ws, choice, terms).select(*COLUMNS)
