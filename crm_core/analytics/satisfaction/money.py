"""Do promoters buy more afterwards, and how much money is with those who would not recommend us?

Grain: band of scores. A customer's last response that is at least the window old counts; what they bought in the days after the response is
compared. It goes together; the score need not be the cause.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import nan, sqrt

import ibis
import ibis.expr.types as ir
import pandas as pd

from crm_core.analytics import survival
from crm_core.analytics.days import months_before
from crm_core.analytics.intervals import Interval, newcombe, wilson
from crm_core.analytics.orders import lines, orders, totals
from crm_core.analytics.satisfaction.measures import BANDS, TOO_FEW, Counts, Difference, Measure, difference
from crm_core.analytics.satisfaction.responses import BOTTOM, MIDDLE, TOP, band, counting, responses, scale
from crm_core.errors import AnalysisError, CrmError
from crm_core.workspace import Workspace

WINDOWS = (30, 90, 180, 365)
ORDER = (TOP, MIDDLE, BOTTOM)
COLUMNS = (
    "band",
    "customers",
    "buyers",
    "repurchase_share",
    "share_low",
    "share_high",
    "median_days",
    "mean_value",
    "value_low",
    "value_high",
)


@dataclass(frozen=True)
class Afterwards:
    """What customers did in the `days` after their response.

    `bands`: one row a band that has customers, best first: band (its name), customers, buyers, repurchase_share, share_low, share_high (95 %,
    Wilson), median_days (to the next purchase, by Kaplan–Meier; missing where fewer than half bought again), mean_value (net sales a customer),
    value_low, value_high (95 %, t). `share_gap` and `value_gap`: best band less worst, None where one of them has fewer than ten customers.
    """

    days: int
    bands: pd.DataFrame
    share_gap: Interval | None
    value_gap: Difference | None


def afterwards(ws: Workspace, measure: Measure, as_of: date, days: int = 90, shown: ir.Table | None = None) -> Afterwards:
    """See Afterwards. Raises AnalysisError without sales, or where no response names a customer."""
    _refuse_unlinked(ws)
    on = scale(ws, measure, as_of)
    rows = counting(responses(ws, measure, as_of - timedelta(days=days), shown=shown, on=on)).filter(lambda t: t.customer_id.notnull())
    scored = rows.select("customer_id", day=rows.responded_at.date(), band=band(rows.score, measure, on))
    table = _bought_after(ws, scored, as_of, days)
    sums = ws.execute(
        table.group_by("band").aggregate(
            customers=table.count(), buyers=table.is_buyer.sum(), value=table.value.sum(), squares=(table.value * table.value).sum()
        )
    )
    waits = ws.execute(table.group_by("band", wait=table.wait).aggregate(ended=table.has_next.sum(), censored=(~table.has_next).sum()))
    found = {int(row.band): row for row in sums.itertuples()}
    names = dict(zip(ORDER, BANDS[measure], strict=True))
    rows_found = [_line(names[one], found[one], waits[waits["band"] == one]) for one in ORDER if one in found]
    return Afterwards(days, pd.DataFrame(rows_found, columns=list(COLUMNS)), _share_gap(found), _value_gap(found))


def _refuse_unlinked(ws: Workspace) -> None:
    if not ws.has("order_lines") or not ws.has("surveys", "customer_id"):
        raise AnalysisError(
            "Scores and sales are not linked",
            "No response names a customer, or an order of one, whose purchases are known.",
            "Add sales, and surveys with a customer id or order id.",
        )


def _bought_after(ws: Workspace, scored: ir.Table, as_of: date, days: int) -> ir.Table:
    """customer_id, band, value (net sales in the window), is_buyer (a purchase in it), wait (days to the next purchase, or to as_of), has_next."""
    bought = orders(ws, as_of)
    later = scored.join(bought.filter(bought.is_purchase), "customer_id").filter(lambda t: t.ordered_on > t.day)
    following = later.group_by("customer_id").aggregate(next_on=later.ordered_on.min())
    joined = scored.left_join(following, "customer_id").drop("customer_id_right")
    joined = joined.left_join(_sales_after(ws, scored, as_of, days), "customer_id").drop("customer_id_right")
    until = ibis.coalesce(joined.next_on, ibis.literal(as_of - timedelta(days=1), type="date"))
    return joined.select(
        "customer_id",
        "band",
        value=joined.value.cast("float64").fill_null(0.0),
        is_buyer=(joined.next_on <= joined.day + ibis.interval(days=days)).fill_null(False),
        wait=until.epoch_days() - joined.day.epoch_days(),
        has_next=joined.next_on.notnull(),
    )


def _sales_after(ws: Workspace, scored: ir.Table, as_of: date, days: int) -> ir.Table:
    """customer_id, value: of the lines of these days, so that a return lowers the sales of its own day and not those of its order."""
    sold = lines(ws, as_of)
    sold = scored.select("customer_id", "day").join(sold.select("customer_id", "net_amount", on=sold.line_at.date()), "customer_id")
    within = sold.filter(sold.on > sold.day, sold.on <= sold.day + ibis.interval(days=days))
    return within.group_by("customer_id").aggregate(value=within.net_amount.sum())


def _line(name: str, row: object, waits: pd.DataFrame) -> dict[str, object]:
    n, buyers = int(row.customers), int(row.buyers)  # type: ignore[attr-defined]
    share, value = wilson(buyers, n), _money(row)
    half = _half_width(value)
    (median,) = survival.quantiles(waits, (0.5,))
    return {
        "band": name,
        "customers": n,
        "buyers": buyers,
        "repurchase_share": share.point,
        "share_low": share.low,
        "share_high": share.high,
        "median_days": nan if median is None else median,
        "mean_value": value.mean,
        "value_low": value.mean - half,
        "value_high": value.mean + half,
    }


def _money(row: object) -> Counts:
    return Counts(int(row.customers), 0, 0, float(row.value), float(row.squares))  # type: ignore[attr-defined]


def _half_width(value: Counts) -> float:
    if value.n < 2:
        return nan
    from scipy import special

    return float(-special.stdtrit(value.n - 1, 0.025)) * sqrt(value.variance / value.n)


def _share_gap(found: dict[int, object]) -> Interval | None:
    if not _both(found):
        return None
    best, worst = found[TOP], found[BOTTOM]
    return newcombe(int(best.buyers), int(best.customers), int(worst.buyers), int(worst.customers))  # type: ignore[attr-defined]


def _value_gap(found: dict[int, object]) -> Difference | None:
    return difference("ces", _money(found[TOP]), _money(found[BOTTOM])) if _both(found) else None  # means by Welch


def _both(found: dict[int, object]) -> bool:
    return all(one in found and int(found[one].customers) >= TOO_FEW for one in (TOP, BOTTOM))  # type: ignore[attr-defined]


def at_stake(ws: Workspace, measure: Measure, as_of: date, shown: ir.Table | None = None) -> pd.DataFrame:
    """The money with each band, by each customer's last response. Columns: band, customers, net_sales (12 months before as_of), sales_share (of all
    customers' net sales in these months), clv (forecast of the next 12 months; missing where it is not provided).

    Raises AnalysisError as `afterwards` does.
    """
    _refuse_unlinked(ws)
    rows = counting(responses(ws, measure, as_of, shown=shown)).filter(lambda t: t.customer_id.notnull())
    scored = rows.select("customer_id", band=band(rows.score, measure, scale(ws, measure, as_of)))
    year = totals(ws, as_of, months_before(as_of, 12)).select("customer_id", "net_sales")
    table = scored.left_join(year, "customer_id").drop("customer_id_right")
    worth = _worth(ws, as_of)
    table = table.mutate(clv=ibis.null("float64")) if worth is None else table.left_join(worth, "customer_id").drop("customer_id_right")
    sums = ws.execute(
        table.group_by("band").aggregate(customers=table.count(), net_sales=table.net_sales.sum().cast("float64"), clv=table.clv.sum())
    ).set_index("band")
    everybody = year if shown is None else year.semi_join(shown, "customer_id")
    total = float(ws.execute(everybody.net_sales.sum().cast("float64").fill_null(0.0)))
    sums = sums.reindex([one for one in ORDER if one in sums.index]).reset_index()
    sums["net_sales"] = sums["net_sales"].astype(float).fillna(0.0)
    sums.insert(3, "sales_share", sums["net_sales"] / total if total > 0 else nan)
    names = dict(zip(ORDER, BANDS[measure], strict=True))
    return sums.assign(band=[names[int(one)] for one in sums["band"]], customers=sums["customers"].astype("int64"))


def _worth(ws: Workspace, as_of: date) -> ir.Table | None:
    """customer_id, clv; None where nothing can be forecast."""
    from crm_core.analytics.clv import forecast  # now: its libraries take half a second

    try:
        return forecast.customers(ws, forecast.choose(ws, as_of)).select("customer_id", "clv")
    except CrmError:
        return None
