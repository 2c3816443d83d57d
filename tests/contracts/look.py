"""What each company is asked: days, customers, groups. The same words go to every engine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import ibis.expr.types as ir

from crm_core.analytics import clusters, pareto, rfm
from crm_core.analytics.clv.forecast import Settings, Terms
from crm_core.analytics.days import Period
from crm_core.analytics.filters import Filters, shown
from crm_core.analytics.satisfaction.follow_up import FollowUp
from crm_core.analytics.service.sla import Agreement, Limit
from crm_core.workspace import Workspace

QUINTILES = rfm.RfmSettings(f_rule="quintiles")
TYPED = rfm.RfmSettings(cuts_r=(30.0, 90.0, 180.0, 365.0), cuts_f=(2.0, 3.0, 5.0, 8.0), cuts_m=(10.0, 50.5, 100.0, 1000.0001))
SEGMENTS = rfm.RfmSettings()
GROUPING = clusters.ClusterSettings()
#: All features, a number of clusters and another seed.
ALL_FEATURES = clusters.ClusterSettings(3, 5, tuple(clusters.FEATURES))
MODELLED = Settings(model="bg_nbd")
LAST_PERIOD = Settings(model="last_period")
DISCOUNTED = Terms(months=6, margin=0.4, discount_rate=0.1)
AGREEMENT = Agreement((Limit(48.0), Limit(8.0, priority="high"), Limit(4.0, value_class="A")))
#: Customers to ask about: some of whom much is known, some of whom nothing is.
CUSTOMERS = {
    "sample": ("C00370", "C00145", "C03147", "C02253", "C02769"),
    "nasty": ("ab", "a1", "o'neil", "Яблоко", "nobody we know"),
    "tiny": ("only", "none", "neither"),
}


@dataclass(frozen=True)
class Look:
    """Questions to one company. `ws` is the engine that answers; everything else is the same for all of them."""

    ws: Workspace
    as_of: date
    customers: tuple[str, ...]

    @property
    def customer(self) -> str:
        return self.customers[0]

    @property
    def start(self) -> date:
        return self.as_of - timedelta(days=365)

    @property
    def period(self) -> Period:
        return Period(self.start, self.as_of)

    @property
    def earlier(self) -> date:
        return self.as_of - timedelta(days=200)

    @cached_property
    def shown(self) -> ir.Table | None:
        """Those of some countries, or of a segment where the data names no countries."""
        field = "country" if self.ws.has("customers", "country") else ""
        if not field:
            return self.ws.table("customers").select("customer_id")
        return shown(self.ws, Filters(as_of=self.as_of, splits=(("country", ("Germany", "Italy", "Iran", "Россия", "")),)))

    @property
    def followed(self) -> tuple[FollowUp, ...]:
        return tuple(FollowUp(one, self.as_of - timedelta(days=30 + 5 * place)) for place, one in enumerate(self.customers))

    @property
    def field(self) -> str:
        return next(iter(self.ws.split_fields()), "country")

    def spread(self) -> Any:
        return pareto._spread(self.ws, self.as_of, "net_sales", None)


def look(company: str, ws: Workspace) -> Look:
    return Look(ws, ws.as_of, CUSTOMERS[company])
