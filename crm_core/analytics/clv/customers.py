"""How often, how recently and for how long did each customer buy, and how many customers share that history?

Grain: customer with a purchase before as_of. Everything a model of purchases knows of a customer is its history: three whole numbers,
packed into one (`history`), so that models are fitted and scored once a history, by as many rows as there are different ones, and joined
back by one key.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import ibis
import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from crm_core.analytics.clv.quadrature import Floats
from crm_core.analytics.clv.units import Unit, days_per
from crm_core.analytics.days import months_before
from crm_core.analytics.orders import form, lines
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace

#: Bits of each of the three numbers in a packed history: 2 million days.
BITS = 21
#: Different histories up to which all are told apart. Of more, days are taken together, by the first of these spans that is enough or by the last.
MOST_HISTORIES = 600_000
SPANS = (1, 7, 28)
#: Purchases up to which numbers are told apart even then; of more, those that differ by a sixteenth or less are not.
FEW_PURCHASES = 32
#: Repeat customers up to which the model of spend sees each; of more, it sees how many have a frequency and a value within a hundredth.
MOST_SPENDERS = 1_000_000


def purchase_days(ws: Workspace, as_of: date) -> ir.Table:
    """Grain: customer, day with an order. Columns: customer_id, day, value (net, all orders of the day), is_purchase."""
    return ws.keep(f"purchase days {as_of}", lambda: _by_day(form(lines(ws, as_of))))


def _by_day(orders: ir.Table) -> ir.Table:
    return orders.group_by("customer_id", day=orders.ordered_on).aggregate(
        value=orders.net_value.sum(), is_purchase=orders.is_purchase.any()
    )


def histories(ws: Workspace, as_of: date) -> ir.Table:
    """Grain: customer with a purchase. Columns: customer_id, first_on, frequency (purchase days after the first), recency (days from the
    first to the last), T (days from the first to the day before as_of), monetary_value (mean net value of the purchase days after the
    first, floating point; missing where there are none); history, basis_frequency and basis_value: what a forecast rests on, the same
    figures here.

    Raises AnalysisError without any purchase.
    """

    table, span = _by_the_day(ws, as_of), days_taken_together(ws, as_of)
    return table if span == 1 else table.mutate(history=_coarse(table, span))


def _by_the_day(ws: Workspace, as_of: date) -> ir.Table:
    """The histories with nothing taken together. Raises AnalysisError without any purchase."""

    def build() -> ir.Table:
        days = ws.kept(f"purchase days {as_of}")
        return _histories(_by_day(form(lines(ws, as_of))) if days is None else days, as_of)

    table = ws.keep(f"histories {as_of}", build)
    if not _count(ws, as_of, table):
        raise AnalysisError("No purchases", "There is no purchase before the day looked from.", "Choose a later day.")
    return table


def _count(ws: Workspace, as_of: date, table: ir.Table) -> int:
    return ws.remember(f"count histories {as_of}", lambda: int(ws.execute(table.count())))


def days_taken_together(ws: Workspace, as_of: date) -> int:
    """By how many days histories are told apart: 1, or more where there would be too many different ones to compute with."""
    table = _by_the_day(ws, as_of)
    if _count(ws, as_of, table) <= MOST_HISTORIES:
        return 1
    return ws.remember(f"span of histories {as_of}", lambda: _span(ws, table))


def _span(ws: Workspace, table: ir.Table) -> int:
    for span in SPANS[:-1]:
        key = table.history if span == 1 else _coarse(table, span)
        if int(ws.execute(key.nunique())) <= MOST_HISTORIES:
            return span
    return SPANS[-1]


def _coarse(table: ir.Table, span: int) -> ir.IntegerValue:
    """Histories with days in the middle of their span, and many purchases in the middle of theirs; no first day is moved."""
    frequency = ibis.cases(
        *((table.frequency < 2 * few, _middle(table.frequency, few // 16)) for few in (FEW_PURCHASES << n for n in range(12))),
        else_=table.frequency,
    )
    frequency = ibis.ifelse(table.frequency <= FEW_PURCHASES, table.frequency, frequency)
    return packed(frequency, _middle(table.recency, span), _middle(table["T"], span))


def _middle(number: ir.IntegerValue, span: int) -> ir.IntegerValue:
    """The middle of the span of whole numbers that this one lies in; 0 stays."""
    return ibis.ifelse(number == 0, 0, (number - number % span) + (span - 1) // 2)


def _histories(days: ir.Table, as_of: date) -> ir.Table:
    bought = days.filter(days.is_purchase)
    summed = bought.group_by("customer_id").aggregate(
        first_on=bought.day.min(),
        last_on=bought.day.max(),
        days=bought.count(),
        total=bought.value.sum(),
        first_value=bought.value.argmin(bought.day),
    )
    later = (summed.total - summed.first_value).cast("float64")
    table = summed.select(
        "customer_id",
        "first_on",
        frequency=summed.days - 1,
        recency=summed.last_on.delta(summed.first_on, unit="day"),
        T=ibis.literal(as_of - timedelta(days=1)).delta(summed.first_on, unit="day"),
        monetary_value=ibis.ifelse(summed.days > 1, later / (summed.days - 1), ibis.null("float64")),
    )
    return table.mutate(
        history=packed(table.frequency, table.recency, table["T"]), basis_frequency=table.frequency, basis_value=table.monetary_value
    )


def recent_histories(ws: Workspace, as_of: date, window_days: int) -> ir.Table:
    """The same table, but history and basis tell of the last `window_days` only, as the rule "last period again" looks at customers: of
    purchase days after the first that lie in it."""

    def build() -> ir.Table:
        everybody, days = histories(ws, as_of), purchase_days(ws, as_of)
        inside = days.filter(days.is_purchase, days.day >= as_of - timedelta(days=window_days))
        later = inside.join(everybody.select("customer_id", "first_on"), "customer_id").filter(lambda t: t.day > t.first_on)
        counted = later.group_by("customer_id").aggregate(recent=later.count(), mean=later.value.sum().cast("float64") / later.count())
        joined = everybody.left_join(counted, "customer_id").drop("customer_id_right")
        recent = joined.recent.fill_null(0)
        history = packed(recent, ibis.literal(0), ibis.literal(window_days))
        return joined.mutate(history=history, basis_frequency=recent, basis_value=joined["mean"]).drop("recent", "mean")

    return ws.keep(f"recent histories {as_of} {window_days}", build)


def packed(frequency: ir.IntegerValue, recency: ir.IntegerValue, T: ir.IntegerValue) -> ir.IntegerValue:
    """The three whole numbers as one."""
    return frequency.cast("int64") * (1 << 2 * BITS) + recency.cast("int64") * (1 << BITS) + T.cast("int64")


@dataclass(frozen=True)
class Histories:
    """Different histories, ascending, and how many customers share each; all arrays have shape (rows,). `time` says what x, t_x and T are
    in."""

    keys: NDArray[np.int64]
    customers: Floats
    unit: Unit

    @cached_property
    def x(self) -> Floats:
        return (self.keys >> (2 * BITS)).astype(float)

    @cached_property
    def t_x(self) -> Floats:
        return ((self.keys >> BITS) & ((1 << BITS) - 1)) / days_per(self.unit)

    @cached_property
    def T(self) -> Floats:
        return (self.keys & ((1 << BITS) - 1)) / days_per(self.unit)

    @cached_property
    def total(self) -> float:
        """Customers in all."""
        return float(self.customers.sum())

    @cached_property
    def repeat_customers(self) -> float:
        return float(self.customers[self.x > 0].sum())


def counted(ws: Workspace, table: ir.Table, unit: Unit) -> Histories:
    """How many customers of a table with `history` share each one."""
    rows = ws.execute(table.group_by("history").aggregate(customers=table.count()))
    keys = rows["history"].to_numpy(dtype=np.int64)
    order = np.argsort(keys)
    return Histories(keys[order], rows["customers"].to_numpy(dtype=float)[order], unit)


def counts(ws: Workspace, as_of: date, unit: Unit) -> Histories:
    """For a fit alone: how many customers share each history, without keeping the customers' own, and without their amounts, which nobody
    adds up."""
    kept = ws.kept(f"histories {as_of}")
    return counted(ws, _histories(_by_day(form(lines(ws, as_of))), as_of) if kept is None else kept, unit)


def spend(ws: Workspace, table: ir.Table) -> tuple[Floats, Floats]:
    """Frequency and monetary value of the repeat customers with a positive one, for the model of spend. Both of shape (customers,)."""
    repeat = table.filter(table.frequency > 0, table.monetary_value > 0)
    rows = ws.execute(repeat.select("frequency", "monetary_value").order_by("frequency", "monetary_value"))
    return rows["frequency"].to_numpy(dtype=float), rows["monetary_value"].to_numpy(dtype=float)


def spend_counts(ws: Workspace, table: ir.Table, repeat_customers: float) -> tuple[Floats, Floats, Floats]:
    """The same for a fit: frequency, monetary value and the number of customers. Where there are many, those of equal frequency whose values
    differ by a hundredth or less share a row, with their mean value."""
    if repeat_customers <= MOST_SPENDERS:
        frequency, value = spend(ws, table)
        return frequency, value, np.ones_like(frequency)
    repeat = table.filter(table.frequency > 0, table.monetary_value > 0)
    near = (repeat.monetary_value.ln() * 100).floor().cast("int64")
    counted = repeat.group_by("frequency", near=near).aggregate(value=repeat.monetary_value.mean(), customers=repeat.count())
    rows = ws.execute(counted.order_by("frequency", "near"))
    return tuple(rows[name].to_numpy(dtype=float) for name in ("frequency", "value", "customers"))


@dataclass(frozen=True)
class Spending:
    """What purchases were worth: mean and standard deviation over all purchase days, and what came back later.

    `lost_share`: value lost on days that are no purchase days by value of the purchase days, last 12 months, between 0 and 1.
    """

    mean: float
    deviation: float
    lost_share: float


def spending(ws: Workspace, as_of: date) -> Spending:
    """See Spending. Raises AnalysisError without any purchase."""
    histories(ws, as_of)
    days = purchase_days(ws, as_of)
    value, is_late = days.value.cast("float64"), days.day >= months_before(as_of, 12)
    sums = days.aggregate(
        mean=days.value.sum(where=days.is_purchase).cast("float64") / days.is_purchase.sum(),
        deviation=value.std(how="pop", where=days.is_purchase),
        gained=days.value.sum(where=days.is_purchase & is_late).cast("float64"),
        lost=(-days.value).sum(where=~days.is_purchase & is_late).cast("float64"),
    )
    row = ws.remember(f"spending {as_of}", lambda: ws.execute(sums).fillna(0.0).iloc[0])
    share = row["lost"] / row["gained"] if row["gained"] > 0 else 0.0
    return Spending(float(row["mean"]), float(row["deviation"]), min(max(float(share), 0.0), 1.0))
