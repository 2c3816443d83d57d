"""Who is more and who is less satisfied than the rest?

Grain: group of responses (a segment, a class, a value of an attribute, a touchpoint, a product category). A response on an order of several
categories counts in each of them. Each group is compared with all other responses, by Holm's rule over the groups shown.
"""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd

from crm_core.analytics import pareto, rfm
from crm_core.analytics.satisfaction.measures import TOO_FEW, Counts, Measure, difference, estimate, holm
from crm_core.analytics.satisfaction.responses import Scale, attributes, counting, counts, responses, scale
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace

#: Groups shown, those with the most responses; the others stand together.
MOST_GROUPS = 25
OTHERS = "(all others)"
BETTER, WORSE, SAME, FEW = "better", "worse", "no significant difference", f"fewer than {TOO_FEW} responses"
ALONE = "no others to compare with"
COLUMNS = ("group", "n", "value", "low", "high", "share_top", "share_bottom", "difference", "difference_low", "difference_high", "verdict")


def splits(ws: Workspace) -> dict[str, str]:
    """What responses can be split by in this data: key -> label."""
    found: dict[str, str] = {}
    has_customers = ws.has("surveys", "customer_id")
    if ws.has("surveys", "touchpoint"):
        found["touchpoint"] = "Touchpoint"
    found |= attributes(ws)
    if has_customers and ws.has("order_lines"):
        found |= {"segment": "Segment", "value_class": "Class"}
    if has_customers:
        found |= {field: label for field, label in ws.split_fields().items() if field not in found}
    if ws.has("surveys", "order_id") and ws.has("order_lines"):
        found |= {"category": "Product category"} if ws.has("order_lines", "category") else {}
        found |= {"order_channel": "Sales channel"} if ws.has("orders", "channel") else {}
    return found


def split(
    ws: Workspace,
    measure: Measure,
    start: date,
    end: date,
    by: str,
    settings: rfm.RfmSettings = rfm.RfmSettings(),
    shown: ir.Table | None = None,
) -> pd.DataFrame:
    """One row a group, the one with the most responses first. Columns as COLUMNS: difference is that to all other responses, with its 95 %
    interval; the group "" holds those of which it is not known.

    Raises AnalysisError where the data cannot be split that way.
    """
    if by not in splits(ws):
        raise AnalysisError("Nothing to split by", "The responses have no such column.", "Choose another one.")
    on = scale(ws, measure, end)
    rows = counting(responses(ws, measure, end, start, shown))
    everybody = counts(_by_score(ws, rows.mutate(group=ibis.literal(""))), measure, on)
    return compared(_by_score(ws, grouped(ws, rows, by, end, settings)), measure, on, everybody)


def compared(frame: pd.DataFrame, measure: Measure, on: Scale, everybody: Counts) -> pd.DataFrame:
    """See `split`. `frame` has group, score, n."""
    sizes = frame.groupby("group")["n"].sum().sort_values(ascending=False, kind="stable")
    kept = set(sizes.index[:MOST_GROUPS])
    named = frame.assign(group=[name if name in kept else OTHERS for name in frame["group"]])
    found = {str(name): counts(part, measure, on) for name, part in named.groupby("group")}
    order = [name for name in sizes.index if name in found] + [name for name in found if name == OTHERS and name not in sizes.index]
    apart = {name: difference(measure, found[name], everybody.without(found[name])) for name in order}
    judged = [name for name in order if apart[name].has_verdict and name != OTHERS]
    clear = dict(zip(judged, holm([apart[name].p for name in judged]), strict=True))
    rows = []
    for name in order:
        one, gap = estimate(measure, found[name]), apart[name]
        verdict = _verdict(name in clear, clear.get(name, False), gap.point, gap.n if one.n < everybody.n else None)
        rows.append((name, one.n, one.value, one.low, one.high, one.share_top, one.share_bottom, gap.point, gap.low, gap.high, verdict))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _verdict(is_judged: bool, is_clear: bool, gap: float, others: int | None) -> str:
    if not is_judged:
        return ALONE if others is None else FEW
    return SAME if not is_clear else BETTER if gap > 0 else WORSE


def _by_score(ws: Workspace, rows: ir.Table) -> pd.DataFrame:
    return ws.execute(rows.group_by(group=rows.group.fill_null(""), score=rows.score).aggregate(n=lambda t: t.count()))


def grouped(ws: Workspace, rows: ir.Table, by: str, as_of: date, settings: rfm.RfmSettings) -> ir.Table:
    """The responses with a column `group`: missing where it is not known; a response on an order of several categories once for each."""
    if by == "touchpoint" or by in attributes(ws):
        return rows.mutate(group=rows[by])
    if by in ("category", "order_channel"):
        return _of_order(rows, _categories(ws) if by == "category" else _channels(ws))
    if by == "segment":
        return _of_customer(rows, rfm.customers(ws, as_of, settings), "segment")
    if by == "value_class":
        return _of_customer(rows, pareto.classes(ws, as_of, "net_sales"), "value_class")
    return _of_customer(rows, ws.table("customers"), by)


def _categories(ws: Workspace) -> ir.Table:
    lines = ws.table("order_lines")
    named = lines.filter(lines.order_id.notnull(), lines.category.notnull())
    return named.select(of_customer="customer_id", of_order="order_id", group=named.category).distinct()


def _channels(ws: Workspace) -> ir.Table:
    orders = ws.table("orders")
    named = orders.filter(orders.order_id.notnull())
    return named.group_by(of_customer="customer_id", of_order="order_id").aggregate(group=named.channel.min())


def _of_order(rows: ir.Table, told: ir.Table) -> ir.Table:
    """An id that two customers share is two orders: the response is on its customer's one."""
    is_its = [rows.order_id == told.of_order, rows.customer_id.identical_to(told.of_customer)]
    return rows.left_join(told, is_its).drop("of_customer", "of_order")


def _of_customer(rows: ir.Table, customers: ir.Table, column: str) -> ir.Table:
    """Responses without a customer, or of one that is not there, are in the group of what is not known."""
    known = customers.select("customer_id", group=customers[column])
    return rows.left_join(known, "customer_id").drop("customer_id_right")
