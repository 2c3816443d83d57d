"""The contract of every analysis: how it is asked, so that each engine can be asked the same.

An entry is named module.function, as in crm_core.analytics. It has one or more questions; `it` is a Look at one company on one engine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from crm_core.analytics import (
    chosen,
    cluster_features,
    clusters,
    distribution,
    explain,
    filters,
    leads,
    listing,
    migration,
    movers,
    orders,
    overview,
    pareto,
    profile,
    ranks,
    rfm,
    scores,
)
from crm_core.analytics.clv import customers as histories
from crm_core.analytics.clv import forecast, holdout, person, report, risk, summary, totals, weekly
from crm_core.analytics.filters import Filters
from crm_core.analytics.satisfaction import (
    attitude,
    driver_features,
    drivers,
    follow_up,
    money,
    responders,
    responses,
    split,
    terms,
    trend,
    watch,
)
from crm_core.analytics.satisfaction import customers as satisfied
from crm_core.analytics.satisfaction import risk as unhappy
from crm_core.analytics.service import cases, slowness, topics
from crm_core.analytics.service import report as service
from tests.contracts.answers import CENT_OF_A_CENT, EXACT
from tests.contracts.audience_value import AUDIENCE_VALUE
from tests.contracts.audiences import AUDIENCES
from tests.contracts.campaigns import CAMPAIGNS
from tests.contracts.look import AGREEMENT, ALL_FEATURES, DISCOUNTED, GROUPING, LAST_PERIOD, MODELLED, QUINTILES, SEGMENTS, TYPED, Look

Ask = Callable[[Look], Any]


@dataclass(frozen=True)
class Contract:
    """Questions by name. Amounts must be equal, but those of a forecast, which are rounded from floating point, to the last of their four places."""

    questions: dict[str, Ask]

    def last_place(self, question: str) -> Decimal:
        """By which amounts may differ."""
        return CENT_OF_A_CENT if question == "clv" else EXACT


def ask(**questions: Ask) -> Contract:
    return Contract(questions)


MEASURES = ("nps", "csat", "ces")


def of_measures(question: Callable[[Look, Any], Any], **more: Ask) -> Contract:
    """The same question of every measure."""
    return Contract({measure: (lambda it, measure=measure: question(it, measure)) for measure in MEASURES} | more)


def _choice(it: Look, settings: forecast.Settings = MODELLED) -> forecast.Choice:
    return forecast.choose(it.ws, it.as_of, settings)


def _migration(it: Look) -> migration.Migration:
    return migration.migrate(it.ws, it.earlier, it.as_of, 180)


def _holdout(it: Look) -> Any:
    return it.as_of - timedelta(days=120), it.as_of


def _fitted(it: Look) -> dict[str, holdout.Fitted]:
    model = _choice(it).model
    return {"bg_nbd": holdout.Fitted(model.LABEL, model, True, "")}


def _figures(it: Look, period: Any) -> overview.PeriodFigures:
    return overview.period_figures(it.ws, period, it.as_of, None)


SHARES = [Fraction(1, 5), Fraction(1, 2), Fraction(9, 10), Fraction(1)]


def _net_sales(it: Look) -> Any:
    return pareto.values(it.ws, it.as_of)["value"]


def _bins_asked_for(it: Look) -> list[ranks.Bin]:
    """Those that hold a place asked for; how the others are cut is nobody's promise."""
    found = ranks.bins(it.ws, _net_sales(it), SHARES)
    return [found[ranks._place(found, share)] for share in SHARES]


CUSTOMERS: dict[str, Contract] = {
    "chosen.customers": ask(
        all=lambda it: chosen.customers(it.ws, it.as_of, SEGMENTS),
        cells=lambda it: chosen.customers(it.ws, it.as_of, SEGMENTS, ((("r_score", 4), ("f_score", 2)), (("segment", "Champions"),)), it.shown),
        unknown=lambda it: chosen.customers(it.ws, it.as_of, SEGMENTS, ((("country", ""),),)) if it.ws.has("customers", "country") else None,
    ),
    "chosen.clustered": ask(
        one=lambda it: chosen.clustered(it.ws, it.as_of, SEGMENTS, GROUPING, ((("cluster", 1),),)),
        shown=lambda it: chosen.clustered(it.ws, it.as_of, SEGMENTS, GROUPING, shown=it.shown),
    ),
    "chosen.moved": ask(
        pairs=lambda it: chosen.moved(it.ws, _migration(it), SEGMENTS, (("No order before", "New customers"), ("Champions", "No order since"))),
        all=lambda it: chosen.moved(it.ws, _migration(it), SEGMENTS, (), it.shown),
    ),
    "chosen.last_rank": ask(
        everybody=lambda it: chosen.last_rank(it.ws, it.as_of, "net_sales", 7),
        shown=lambda it: chosen.last_rank(it.ws, it.as_of, "net_sales", 3, shown=it.shown),
    ),
    "chosen.by_value": ask(
        best=lambda it: chosen.by_value(it.ws, it.as_of, SEGMENTS, "net_sales", 7),
        shown=lambda it: chosen.by_value(it.ws, it.as_of, SEGMENTS, "gross_profit", 5, shown=it.shown),
        clv=lambda it: chosen.by_value(it.ws, it.as_of, SEGMENTS, "clv"),
    ),
    "cluster_features.features": ask(all=lambda it: cluster_features.features(it.ws, it.as_of, tuple(cluster_features.FEATURES))),
    "clusters.cluster": ask(
        usual=lambda it: clusters.cluster(it.ws, it.as_of),
        all=lambda it: clusters.cluster(it.ws, it.as_of, ALL_FEATURES, it.shown),
    ),
    "clusters.customers": ask(usual=lambda it: clusters.customers(it.ws, it.as_of)),
    "clusters.cross_table": ask(
        usual=lambda it: clusters.cross_table(it.ws, it.as_of),
        shown=lambda it: clusters.cross_table(it.ws, it.as_of, ALL_FEATURES, QUINTILES, it.shown),
    ),
    "distribution.basics": ask(usual=lambda it: distribution.basics(it.ws, it.spread())),
    "distribution.boundary": ask(
        usual=lambda it: distribution.boundary(it.ws, it.spread(), distribution.basics(it.ws, it.spread()).total, pareto.CLASS_B_SHARE)
    ),
    "distribution.value_of_best": ask(usual=lambda it: distribution.value_of_best(it.ws, it.spread(), 3)),
    "explain.explain": ask(
        usual=lambda it: explain.explain(it.ws, it.as_of, SEGMENTS, it.customer),
        typed=lambda it: explain.explain(it.ws, it.as_of, TYPED, it.customer),
        nobody=lambda it: explain.explain(it.ws, it.as_of, SEGMENTS, "nobody'; --"),
    ),
    "filters.shown": ask(
        both=lambda it: filters.shown(it.ws, Filters(as_of=it.as_of, splits=((it.field, ("", "Iran", "Germany")),), segments=("Champions", "At risk"))),
        nobody=lambda it: filters.shown(it.ws, Filters(as_of=it.as_of)),
    ),
    "filters.choices": ask(all=lambda it: filters.choices(it.ws, it.field), few=lambda it: filters.choices(it.ws, it.field, 2)),
    "leads.find_leads": ask(
        usual=lambda it: leads.find_leads(it.ws, it.as_of, _figures(it, it.period), _figures(it, it.period.before()), SEGMENTS, None)
    ),
    "listing.listing": ask(
        usual=lambda it: listing.listing(it.ws, it.as_of),
        shown=lambda it: listing.listing(it.ws, it.as_of, QUINTILES, it.shown, "gross_profit"),
        early=lambda it: listing.listing(it.ws, it.ws.first_day + timedelta(days=1)),
        clv=lambda it: listing.listing(it.ws, it.as_of, value="clv"),
    ),
    "listing.page": ask(
        usual=lambda it: listing.page(it.ws, listing.listing(it.ws, it.as_of)),
        second=lambda it: listing.page(it.ws, listing.listing(it.ws, it.as_of), "net_sales", True, "", 10, 10),
        by_segment=lambda it: listing.page(it.ws, listing.listing(it.ws, it.as_of), "segment", False),
        by_class=lambda it: listing.page(it.ws, listing.listing(it.ws, it.as_of), "value_class", True),
        search=lambda it: listing.page(it.ws, listing.listing(it.ws, it.as_of), text="ИВАНОВ"),
        dotted=lambda it: listing.page(it.ws, listing.listing(it.ws, it.as_of), text="iz"),
        percent=lambda it: listing.page(it.ws, listing.listing(it.ws, it.as_of), text="%"),
    ),
    "listing.count": ask(
        all=lambda it: listing.count(it.ws, listing.listing(it.ws, it.as_of)),
        greek=lambda it: listing.count(it.ws, listing.listing(it.ws, it.as_of), "ΟΔΌΣ"),
        latin=lambda it: listing.count(it.ws, listing.listing(it.ws, it.as_of), "É"),
        quote=lambda it: listing.count(it.ws, listing.listing(it.ws, it.as_of), "o'n"),
        backslash=lambda it: listing.count(it.ws, listing.listing(it.ws, it.as_of), "back\\"),
    ),
    "listing.history": ask(
        all=lambda it: listing.history(it.ws, it.as_of, it.customer), few=lambda it: listing.history(it.ws, it.as_of, it.customers[1], 2)
    ),
    "migration.migrate": ask(
        usual=_migration, shown=lambda it: migration.migrate(it.ws, it.earlier, it.as_of, 365, QUINTILES, it.shown)
    ),
    "migration.moving": ask(usual=lambda it: migration.moving(it.ws, _migration(it), "No order before", "New customers")),
    "movers.movers": ask(
        usual=lambda it: movers.movers(it.ws, it.period, it.period.before()),
        shown=lambda it: movers.movers(it.ws, it.period, it.period.before(), it.shown, 50, it.as_of),
    ),
    "orders.lines": ask(usual=lambda it: orders.lines(it.ws, it.as_of), since=lambda it: orders.lines(it.ws, it.earlier, it.start)),
    "orders.orders": ask(usual=lambda it: orders.orders(it.ws, it.as_of), since=lambda it: orders.orders(it.ws, it.as_of, it.start)),
    "orders.has_purchases": ask(usual=lambda it: orders.has_purchases(it.ws, it.as_of)),
    "orders.totals": ask(usual=lambda it: orders.totals(it.ws, it.as_of), since=lambda it: orders.totals(it.ws, it.as_of, it.start)),
    "overview.overview": ask(
        usual=lambda it: overview.overview(it.ws, it.start, it.as_of), shown=lambda it: overview.overview(it.ws, it.start, it.as_of, it.shown)
    ),
    "overview.sales": ask(usual=lambda it: overview.sales(it.ws, it.start, it.earlier, None, it.as_of)),
    "overview.moved": ask(usual=lambda it: overview.moved(it.ws, it.earlier, it.as_of, it.shown)),
    "overview.data_period": ask(usual=lambda it: overview.data_period(it.ws)),
    "overview.period_figures": ask(
        usual=lambda it: _figures(it, it.period), shown=lambda it: overview.period_figures(it.ws, it.period, it.as_of, it.shown)
    ),
    "overview.monthly": ask(
        usual=lambda it: overview.monthly(it.ws, it.period, None), shown=lambda it: overview.monthly(it.ws, it.period, it.shown, it.as_of)
    ),
    "pareto.values": ask(
        net_sales=lambda it: pareto.values(it.ws, it.as_of),
        gross_profit=lambda it: pareto.values(it.ws, it.as_of, "gross_profit"),
        clv=lambda it: pareto.values(it.ws, it.as_of, "clv"),
    ),
    "pareto.lines_with_cost": ask(usual=lambda it: pareto.lines_with_cost(it.ws, it.as_of, it.shown)),
    "pareto.summary": ask(
        net_sales=lambda it: pareto.summary(it.ws, it.as_of),
        gross_profit=lambda it: pareto.summary(it.ws, it.as_of, "gross_profit", it.shown),
        clv=lambda it: pareto.summary(it.ws, it.as_of, "clv"),
    ),
    "pareto.concentration": ask(
        usual=lambda it: pareto.concentration(it.ws, it.spread(), 20, distribution.basics(it.ws, it.spread()).total)
    ),
    "pareto.classes": ask(
        net_sales=lambda it: pareto.classes(it.ws, it.as_of), gross_profit=lambda it: pareto.classes(it.ws, it.as_of, "gross_profit")
    ),
    "pareto.customers": ask(
        net_sales=lambda it: pareto.customers(it.ws, it.as_of), gross_profit=lambda it: pareto.customers(it.ws, it.as_of, "gross_profit")
    ),
    "pareto.curve": ask(
        usual=lambda it: pareto.curve(it.ws, it.as_of), few=lambda it: pareto.curve(it.ws, it.as_of, "gross_profit", 10, it.shown)
    ),
    "pareto.without_best": ask(
        usual=lambda it: pareto.without_best(it.ws, it.as_of), shown=lambda it: pareto.without_best(it.ws, it.as_of, "net_sales", 3, it.shown)
    ),
    "pareto.over_time": ask(usual=lambda it: pareto.over_time(it.ws, it.as_of, periods=4)),
    "profile.profile": ask(usual=lambda it: profile.profile(it.ws)),
    "ranks.least_above": ask(usual=lambda it: ranks.least_above(it.ws, _net_sales(it), SHARES)),
    "ranks.bins": ask(usual=_bins_asked_for),
    "ranks.median": ask(usual=lambda it: ranks.median(it.ws, _net_sales(it))),
    "rfm.customers": ask(
        usual=lambda it: rfm.customers(it.ws, it.as_of),
        quintiles=lambda it: rfm.customers(it.ws, it.as_of, QUINTILES),
        typed=lambda it: rfm.customers(it.ws, it.as_of, TYPED),
    ),
    "rfm.segments": ask(
        usual=lambda it: rfm.segments(it.ws, it.as_of), shown=lambda it: rfm.segments(it.ws, it.as_of, QUINTILES, it.shown)
    ),
    "rfm.customers_shown": ask(usual=lambda it: rfm.customers_shown(it.ws, it.as_of, SEGMENTS, it.shown)),
    "rfm.grid": ask(usual=lambda it: rfm.grid(it.ws, it.as_of), shown=lambda it: rfm.grid(it.ws, it.as_of, TYPED, it.shown)),
    "rfm.split": ask(
        usual=lambda it: rfm.split(it.ws, it.as_of, SEGMENTS, it.field),
        shown=lambda it: rfm.split(it.ws, it.as_of, SEGMENTS, "attr_1", it.shown),
    ),
    "scores.cut_points": ask(
        usual=lambda it: scores.cut_points(it.ws, it.as_of),
        quintiles=lambda it: scores.cut_points(it.ws, it.as_of, QUINTILES),
        early=lambda it: scores.cut_points(it.ws, it.ws.first_day - timedelta(days=1)),
    ),
    "scores.find_cut_points": ask(
        usual=lambda it: scores.find_cut_points(it.ws, scores.measured(orders.totals(it.ws, it.earlier), it.earlier), SEGMENTS)
    ),
}  # fmt: skip

FORECASTS: dict[str, Contract] = {
    "clv.customers.purchase_days": ask(usual=lambda it: histories.purchase_days(it.ws, it.as_of)),
    "clv.customers.histories": ask(usual=lambda it: histories.histories(it.ws, it.as_of)),
    "clv.customers.recent_histories": ask(usual=lambda it: histories.recent_histories(it.ws, it.as_of, 120)),
    "clv.customers.counted": ask(usual=lambda it: histories.counted(it.ws, histories.histories(it.ws, it.as_of), "weeks")),
    "clv.customers.counts": ask(usual=lambda it: histories.counts(it.ws, it.earlier, "weeks")),
    "clv.customers.spend": ask(usual=lambda it: histories.spend(it.ws, histories.histories(it.ws, it.as_of))),
    "clv.customers.spend_counts": ask(
        usual=lambda it: histories.spend_counts(it.ws, histories.histories(it.ws, it.as_of), 100.0),
        many=lambda it: histories.spend_counts(it.ws, histories.histories(it.ws, it.as_of), histories.MOST_SPENDERS + 1.0),
    ),
    "clv.customers.days_taken_together": ask(usual=lambda it: histories.days_taken_together(it.ws, it.as_of)),
    "clv.customers.spending": ask(usual=lambda it: histories.spending(it.ws, it.as_of)),
    "clv.forecast.choose": ask(
        usual=lambda it: forecast.choose(it.ws, it.as_of), modelled=_choice, last_period=lambda it: _choice(it, LAST_PERIOD)
    ),
    "clv.forecast.margin": ask(
        usual=lambda it: forecast.margin(it.ws, it.as_of, forecast.Terms()),
        of_the_data=lambda it: forecast.margin(it.ws, it.as_of, forecast.Terms(margin=None)),
    ),
    "clv.forecast.table": ask(
        usual=lambda it: forecast.table(it.ws, _choice(it)), last_period=lambda it: forecast.table(it.ws, _choice(it, LAST_PERIOD))
    ),
    "clv.forecast.scored": ask(
        usual=lambda it: forecast.scored(it.ws, _choice(it)), discounted=lambda it: forecast.scored(it.ws, _choice(it), DISCOUNTED)
    ),
    "clv.forecast.customers": ask(
        usual=lambda it: forecast.customers(it.ws, _choice(it)),
        last_period=lambda it: forecast.customers(it.ws, _choice(it, LAST_PERIOD), DISCOUNTED),
    ),
    "clv.holdout.rows": ask(usual=lambda it: holdout.rows(it.ws, *_holdout(it), "weeks")),
    "clv.holdout.last_period_days": ask(usual=lambda it: holdout.last_period_days(it.ws, it.as_of, 365)),
    "clv.holdout.judge": ask(usual=lambda it: holdout.judge(it.ws, *_holdout(it), _fitted(it), "weeks")),
    "clv.person.person": ask(
        usual=lambda it: person.person(it.ws, it.as_of, it.customer, MODELLED),
        nobody=lambda it: person.person(it.ws, it.as_of, "nobody", MODELLED),
    ),
    "clv.person.alive_over_time": ask(usual=lambda it: person.alive_over_time(it.ws, it.as_of, it.customer, MODELLED)),
    "clv.report.headline": ask(
        usual=lambda it: report.headline(it.ws, it.as_of), shown=lambda it: report.headline(it.ws, it.as_of, MODELLED, DISCOUNTED, it.shown)
    ),
    "clv.report.with_forecast": ask(usual=lambda it: report.with_forecast(it.ws, it.as_of, listing.listing(it.ws, it.as_of))),
    "clv.report.listed": ask(
        usual=lambda it: report.listed(it.ws, it.as_of),
        shown=lambda it: report.listed(it.ws, it.as_of, MODELLED, DISCOUNTED, QUINTILES, it.shown),
    ),
    "clv.report.distribution": ask(
        usual=lambda it: report.distribution(it.ws, it.as_of),
        shown=lambda it: report.distribution(it.ws, it.as_of, MODELLED, DISCOUNTED, it.shown),
    ),
    "clv.report.by_group": ask(
        segments=lambda it: report.by_group(it.ws, it.as_of, MODELLED),
        field=lambda it: report.by_group(it.ws, it.as_of, MODELLED, field=it.field, shown=it.shown, most=3),
    ),
    "clv.report.matrix": ask(usual=lambda it: report.matrix(it.ws, it.as_of, MODELLED)),
    "clv.report.quality": ask(usual=lambda it: report.quality(it.ws, it.as_of), modelled=lambda it: report.quality(it.ws, it.as_of, MODELLED)),
    "clv.report.cross_check": ask(usual=lambda it: report.cross_check(it.ws, it.as_of, MODELLED)),
    "clv.risk.at_risk": ask(usual=lambda it: risk.at_risk(it.ws, it.as_of, MODELLED)),
    "clv.risk.listed": ask(usual=lambda it: risk.listed(it.ws, it.as_of, MODELLED, shown=it.shown)),
    "clv.risk.summary": ask(
        usual=lambda it: risk.summary(it.ws, it.as_of, MODELLED), shown=lambda it: risk.summary(it.ws, it.as_of, MODELLED, shown=it.shown)
    ),
    "clv.summary.summary": ask(usual=lambda it: summary.summary(it.ws, _choice(it))),
    "clv.totals.total": ask(
        usual=lambda it: totals.total(it.ws, _choice(it)), shown=lambda it: totals.total(it.ws, _choice(it), DISCOUNTED, it.shown)
    ),
    "clv.totals.by": ask(
        segments=lambda it: totals.by(it.ws, _choice(it), groups=rfm.customers(it.ws, it.as_of).select("customer_id", group="segment"))
    ),
    "clv.weekly.weeks": ask(usual=lambda it: weekly.weeks(it.ws, it.as_of, MODELLED)),
    "clv.weekly.months": ask(usual=lambda it: weekly.months(it.ws, it.as_of, MODELLED)),
}  # fmt: skip

SATISFACTION: dict[str, Contract] = {
    "satisfaction.attitude.customers": ask(
        usual=lambda it: attitude.customers(it.ws, it.as_of), shown=lambda it: attitude.customers(it.ws, it.as_of, QUINTILES, it.shown)
    ),
    "satisfaction.attitude.grid": ask(usual=lambda it: attitude.grid(it.ws, it.as_of)),
    "satisfaction.attitude.listed": ask(
        usual=lambda it: attitude.listed(it.ws, it.as_of, SEGMENTS),
        cells=lambda it: attitude.listed(it.ws, it.as_of, SEGMENTS, ((attitude.LOYAL, attitude.BUYS), (attitude.COMPETITORS, attitude.STOPS)), it.shown),
    ),
    "satisfaction.customers.main_measure": ask(usual=lambda it: satisfied.main_measure(it.ws, it.as_of)),
    "satisfaction.customers.has_any": ask(usual=lambda it: satisfied.has_any(it.ws)),
    "satisfaction.customers.satisfaction": ask(
        usual=lambda it: satisfied.satisfaction(it.ws, it.as_of), followed=lambda it: satisfied.satisfaction(it.ws, it.as_of, it.followed)
    ),
    "satisfaction.customers.with_satisfaction": ask(
        usual=lambda it: satisfied.with_satisfaction(it.ws, it.as_of, listing.listing(it.ws, it.as_of))
    ),
    "satisfaction.customers.one": ask(
        usual=lambda it: [satisfied.one(it.ws, it.as_of, one) for one in it.customers], nobody=lambda it: satisfied.one(it.ws, it.as_of, "nobody")
    ),
    "satisfaction.customers.by_segment": ask(
        usual=lambda it: satisfied.by_segment(it.ws, it.as_of),
        shown=lambda it: satisfied.by_segment(it.ws, it.as_of, QUINTILES, it.followed, it.shown),
    ),
    "satisfaction.driver_features.features": of_measures(
        lambda it, measure: driver_features.features(it.ws, measure, it.start, it.as_of),
        shown=lambda it: driver_features.features(it.ws, "nps", it.start, it.as_of, it.shown),
    ),
    "satisfaction.drivers.drivers": of_measures(
        lambda it, measure: drivers.drivers(it.ws, measure, it.start, it.as_of),
        shown=lambda it: drivers.drivers(it.ws, "nps", it.start, it.as_of, it.shown),
    ),
    "satisfaction.follow_up.table_of": ask(usual=lambda it: follow_up.table_of(it.ws, it.followed)),
    "satisfaction.follow_up.effect": of_measures(lambda it, measure: follow_up.effect(it.ws, measure, it.as_of, it.followed)),
    "satisfaction.money.afterwards": of_measures(
        lambda it, measure: money.afterwards(it.ws, measure, it.as_of),
        shown=lambda it: money.afterwards(it.ws, "nps", it.as_of, 30, it.shown),
    ),
    "satisfaction.money.at_stake": of_measures(
        lambda it, measure: money.at_stake(it.ws, measure, it.as_of), shown=lambda it: money.at_stake(it.ws, "nps", it.as_of, it.shown)
    ),
    "satisfaction.responders.responders": ask(
        usual=lambda it: responders.responders(it.ws, "nps", it.start, it.as_of, SEGMENTS),
        scores=lambda it: responders.responders(it.ws, "nps", it.start, it.as_of, SEGMENTS, (0.0, 9.0, 10.0), shown=it.shown),
        groups=lambda it: responders.responders(
            it.ws, "nps", it.start, it.as_of, SEGMENTS, by="touchpoint", groups=("Delivery", "Shop", "Магазин", "")
        ),
    ),
    "satisfaction.responses.measures": ask(usual=lambda it: responses.measures(it.ws, it.as_of)),
    "satisfaction.responses.has_attitude": ask(usual=lambda it: responses.has_attitude(it.ws, it.as_of)),
    "satisfaction.responses.all_scales": ask(usual=lambda it: responses.all_scales(it.ws, it.as_of)),
    "satisfaction.responses.choose": ask(
        one=lambda it: responses.choose(it.ws, it.as_of, "nps"), none=lambda it: responses.choose(it.ws, it.as_of, None)
    ),
    "satisfaction.responses.attributes": ask(usual=lambda it: responses.attributes(it.ws)),
    "satisfaction.responses.scale": of_measures(lambda it, measure: responses.scale(it.ws, measure, it.as_of)),
    "satisfaction.responses.responses": of_measures(
        lambda it, measure: responses.responses(it.ws, measure, it.as_of),
        shown=lambda it: responses.responses(it.ws, "nps", it.as_of, it.start, it.shown),
    ),
    "satisfaction.responses.score_counts": ask(
        all=lambda it: responses.score_counts(it.ws, responses.responses(it.ws, "csat", it.as_of)),
        months=lambda it: responses.score_counts(it.ws, responses.responses(it.ws, "nps", it.as_of), "M"),
        quarters=lambda it: responses.score_counts(it.ws, responses.responses(it.ws, "nps", it.as_of), "Q"),
    ),
    "satisfaction.risk.has_customers": ask(usual=lambda it: unhappy.has_customers(it.ws)),
    "satisfaction.risk.at_risk": ask(
        usual=lambda it: unhappy.at_risk(it.ws, it.as_of), followed=lambda it: unhappy.at_risk(it.ws, it.as_of, it.followed)
    ),
    "satisfaction.risk.refuse_nobody": ask(usual=lambda it: unhappy.refuse_nobody(it.ws)),
    "satisfaction.risk.troubling_cases": ask(
        usual=lambda it: unhappy.troubling_cases(it.ws, it.as_of),
        agreed=lambda it: unhappy.troubling_cases(it.ws, it.as_of, it.followed, AGREEMENT),
    ),
    "satisfaction.risk.low_scores": ask(
        usual=lambda it: unhappy.low_scores(it.ws, it.as_of), followed=lambda it: unhappy.low_scores(it.ws, it.as_of, it.followed)
    ),
    "satisfaction.risk.of_measures": ask(usual=lambda it: unhappy.of_measures(it.ws, it.ws.table("surveys"), it.as_of)),
    "satisfaction.risk.is_low": ask(
        usual=lambda it: it.ws.table("surveys").select("response_id", low=unhappy.is_low(it.ws, it.ws.table("surveys"), it.as_of))
    ),
    "satisfaction.split.splits": ask(usual=lambda it: split.splits(it.ws)),
    "satisfaction.split.split": of_measures(
        lambda it, measure: split.split(it.ws, measure, it.start, it.as_of, "touchpoint"),
        **{
            f"by_{by}": (lambda it, by=by: split.split(it.ws, "nps", it.start, it.as_of, by, shown=it.shown if by == "country" else None))
            for by in ("segment", "value_class", "country", "category", "order_channel", "attr_1")
        },
    ),
    "satisfaction.split.grouped": ask(
        category=lambda it: split.grouped(it.ws, responses.responses(it.ws, "nps", it.as_of), "category", it.as_of, SEGMENTS),
        channel=lambda it: split.grouped(it.ws, responses.responses(it.ws, "csat", it.as_of), "order_channel", it.as_of, SEGMENTS),
    ) ,
    "satisfaction.terms.terms": of_measures(
        lambda it, measure: terms.terms(it.ws, measure, it.as_of), shown=lambda it: terms.terms(it.ws, "nps", it.as_of, it.start, it.shown, 5)
    ),
    "satisfaction.terms.comments": ask(
        latest=lambda it: terms.comments(it.ws, "nps", it.as_of),
        holding=lambda it: terms.comments(it.ws, "nps", it.as_of, None, "late", "bottom", it.shown, 5, 2),
    ),
    "satisfaction.terms.count_comments": ask(
        all=lambda it: terms.count_comments(it.ws, "nps", it.as_of), holding=lambda it: terms.count_comments(it.ws, "nps", it.as_of, term="late")
    ),
    "satisfaction.trend.trend": of_measures(
        lambda it, measure: trend.trend(it.ws, measure, it.as_of),
        quarters=lambda it: trend.trend(it.ws, "nps", it.as_of, "quarter", it.shown),
        all=lambda it: trend.trend(it.ws, "nps", it.as_of, "all"),
    ),
    "satisfaction.trend.last_step": ask(
        months=lambda it: trend.last_step(it.ws, "nps", it.as_of), quarters=lambda it: trend.last_step(it.ws, "csat", it.as_of, "quarter", it.shown)
    ),
    "satisfaction.trend.now": of_measures(
        lambda it, measure: trend.now(it.ws, measure, it.start, it.as_of), shown=lambda it: trend.now(it.ws, "nps", it.earlier, it.as_of, it.shown)
    ),
    "satisfaction.watch.watch_list": ask(
        usual=lambda it: watch.watch_list(it.ws, it.as_of),
        followed=lambda it: watch.watch_list(it.ws, it.as_of, "clv", it.followed, AGREEMENT, it.shown),
    ),
    "satisfaction.watch.summary": ask(
        usual=lambda it: watch.summary(it.ws, it.as_of), shown=lambda it: watch.summary(it.ws, it.as_of, "clv", it.followed, it.shown)
    ),
    "satisfaction.watch.listed": ask(usual=lambda it: watch.listed(it.ws, it.as_of)),
    "satisfaction.watch.one": ask(
        usual=lambda it: [watch.one(it.ws, it.as_of, "net_sales", (), AGREEMENT, one) for one in it.customers],
    ),
    "satisfaction.watch.story": ask(
        usual=lambda it: watch.story(it.ws, it.as_of, it.customer), few=lambda it: watch.story(it.ws, it.as_of, it.customers[1], 3)
    ),
}  # fmt: skip

SERVICE: dict[str, Contract] = {
    "service.cases.cases": ask(
        usual=lambda it: cases.cases(it.ws, it.as_of), agreed=lambda it: cases.cases(it.ws, it.earlier, it.start, AGREEMENT, it.shown)
    ),
    "service.cases.knows_open": ask(usual=lambda it: cases.knows_open(it.ws)),
    "service.cases.closed_words": ask(usual=lambda it: sorted(cases.closed_words(it.ws))),
    "service.cases.status_words": ask(usual=lambda it: sorted(cases.status_words(it.ws))),
    "service.report.service": ask(
        usual=lambda it: service.service(it.ws, it.as_of), agreed=lambda it: service.service(it.ws, it.as_of, it.start, AGREEMENT, it.shown)
    ),
    "service.report.open_cases": ask(
        usual=lambda it: service.open_cases(it.ws, it.as_of), agreed=lambda it: service.open_cases(it.ws, it.earlier, AGREEMENT, it.shown)
    ),
    "service.report.by_group": ask(
        **{
            by: (lambda it, by=by: service.by_group(it.ws, it.as_of, it.start if by == "topic" else None, by, AGREEMENT))
            for by in ("priority", "value_class", "topic", "channel")
        },
        shown=lambda it: service.by_group(it.ws, it.as_of, None, "topic", shown=it.shown),
    ),
    "service.report.trend": ask(
        usual=lambda it: service.trend(it.ws, it.as_of), agreed=lambda it: service.trend(it.ws, it.as_of, AGREEMENT, it.shown)
    ),
    "service.report.ages": ask(
        usual=lambda it: service.ages(it.ws, it.as_of), agreed=lambda it: service.ages(it.ws, it.earlier, AGREEMENT, it.shown)
    ),
    "service.report.groups": ask(usual=lambda it: service.groups(it.ws)),
    "service.slowness.cost": of_measures(
        lambda it, measure: slowness.cost(it.ws, measure, it.as_of),
        agreed=lambda it: slowness.cost(it.ws, "nps", it.as_of, it.start, AGREEMENT, it.shown),
    ),
    "service.topics.rising": ask(
        usual=lambda it: topics.rising(it.ws, it.as_of), shown=lambda it: topics.rising(it.ws, it.earlier, 90, it.shown)
    ),
}  # fmt: skip

CONTRACTS: dict[str, Contract] = CUSTOMERS | FORECASTS | SATISFACTION | SERVICE
CONTRACTS |= {name: Contract(questions) for name, questions in (CAMPAIGNS | AUDIENCES).items()}
CONTRACTS |= {name: Contract(questions) for name, questions in AUDIENCE_VALUE.items()}
