"""Are customers loyal in word and deed?

Grain: customer with an answer on how we stand against the competitor (the last one counts) and a purchase. Words: four classes of attitude;
deeds: whether the customer keeps buying, by the scores of RFM.
"""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd

from crm_core.analytics import rfm
from crm_core.analytics.listing import listing
from crm_core.analytics.satisfaction.responses import counting, responses, scale
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace

#: Class and the share of the scale's range above which it begins (from it on for the last but one): 4, 3, 2, 1 on a scale of 1 to 4.
LOYAL, FAIRLY, UNATTACHED, COMPETITORS = "Loyal", "Fairly loyal", "Unattached", "Competitor’s"
ATTITUDES = (LOYAL, FAIRLY, UNATTACHED, COMPETITORS)
_LOYAL_FROM, _FAIRLY_FROM, _UNATTACHED_FROM = 5 / 6, 1 / 2, 1 / 6
#: A score brought to another scale may come out a hair beside its place.
_ROUNDING = 1e-9
BUYS, STOPS = "keeps buying", "buys no more, or only once"
BEHAVIOURS = (BUYS, STOPS)
#: Keeps buying: bought lately and more than once.
LATELY, REPEATEDLY = 3, 2
#: (well disposed, keeps buying) -> name.
NAMES = {(True, True): "Loyal in word and deed", (False, True): "Captive", (True, False): "Drifting", (False, False): "Lost"}
MEANINGS = {
    "Loyal in word and deed": "they prefer us and keep buying: ask for referrals",
    "Captive": "they keep buying without preferring us, and leave when they can: find out what binds them",
    "Drifting": "they prefer us and buy no more: remind them",
    "Lost": "they neither prefer us nor buy",
}
COLUMNS = ("attitude", "behaviour", "loyalty", "customers", "net_sales")


def customers(ws: Workspace, as_of: date, settings: rfm.RfmSettings = rfm.RfmSettings(), shown: ir.Table | None = None) -> ir.Table:
    """Columns: customer_id, attitude, behaviour, loyalty (of NAMES), net_sales. Raises AnalysisError where the data has no such answers, or none of
    customers whose purchases are known."""
    if not ws.has("surveys", "customer_id") or not ws.has("order_lines"):
        raise AnalysisError(
            "No attitude to compare",
            "The answers on the competitor name no customer whose purchases are known.",
            "Add sales, and answers with a customer id.",
        )
    on = scale(ws, "attitude", as_of)
    rows = counting(responses(ws, "attitude", as_of, shown=shown)).filter(lambda t: t.customer_id.notnull())
    place = (rows.score - on.lowest) / (on.highest - on.lowest)
    attitude = ibis.cases(
        (place >= _LOYAL_FROM - _ROUNDING, LOYAL),
        (place > _FAIRLY_FROM + _ROUNDING, FAIRLY),
        (place >= _UNATTACHED_FROM - _ROUNDING, UNATTACHED),
        else_=COMPETITORS,
    )
    told = rows.select("customer_id", attitude=attitude)
    joined = told.inner_join(rfm.customers(ws, as_of, settings).select("customer_id", "r_score", "f_score", "net_sales"), "customer_id")
    keeps = (joined.r_score >= LATELY) & (joined.f_score >= REPEATEDLY)
    likes = joined.attitude.isin((LOYAL, FAIRLY))
    branches = (((likes if liked else ~likes) & (keeps if kept else ~keeps), name) for (liked, kept), name in NAMES.items())
    loyalty = ibis.cases(*branches)
    return joined.select("customer_id", "attitude", "net_sales", behaviour=ibis.ifelse(keeps, BUYS, STOPS), loyalty=loyalty)


def grid(ws: Workspace, as_of: date, settings: rfm.RfmSettings = rfm.RfmSettings(), shown: ir.Table | None = None) -> pd.DataFrame:
    """One row a cell, all eight. Columns as COLUMNS."""
    table = customers(ws, as_of, settings, shown)
    counted = ws.execute(
        table.group_by("attitude", "behaviour").aggregate(customers=table.count(), net_sales=table.net_sales.sum().cast("float64"))
    )
    cells = pd.DataFrame(
        [(word, deed, NAMES[word in (LOYAL, FAIRLY), deed == BUYS]) for word in ATTITUDES for deed in BEHAVIOURS], columns=list(COLUMNS[:3])
    )
    found = cells.merge(counted, on=["attitude", "behaviour"], how="left")
    return found.fillna({"customers": 0, "net_sales": 0.0}).astype({"customers": "int64"})


def listed(
    ws: Workspace,
    as_of: date,
    settings: rfm.RfmSettings,
    cells: tuple[tuple[str, str], ...] = (),
    shown: ir.Table | None = None,
) -> ir.Table:
    """The customers of these (attitude, behaviour), of all cells without any, with the columns of the list."""
    told = customers(ws, as_of, settings, shown).select("customer_id", "loyalty", "attitude", "behaviour")
    if cells:
        told = told.filter(ibis.or_(*((told.attitude == word) & (told.behaviour == deed) for word, deed in cells)))
    table = listing(ws, as_of, settings, shown).inner_join(told, "customer_id")
    first = [name for name in ("customer_id", "name", "loyalty", "attitude", "behaviour") if name in table.columns]
    return table.select(*first, *(name for name in table.columns if name not in first))
