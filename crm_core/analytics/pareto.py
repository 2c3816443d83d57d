"""On how few customers does the value rest, and who are they?

Grain: customer with a line before as_of whose value is known, sorted by value, largest first, ties in byte order of the id. Classes
rest on all customers; `shown` (one column, customer_id) chooses whose curve and counts are given. Where the total is zero or less,
shares, vital few and classes are undefined (None, NULL). Sources: definitions of the dashboard; Gini (1912).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from os.path import commonprefix
from typing import Literal

import ibis
import ibis.expr.types as ir
import pandas as pd

from crm_core.analytics.days import months_before
from crm_core.analytics.distribution import MONEY, Basics, Boundary, basics, boundary, cumulated, gini, value_of_best
from crm_core.analytics.orders import lines, totals
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace

Value = Literal["net_sales", "gross_profit", "clv"]
VALUE_LABELS: dict[Value, str] = {"net_sales": "Net sales", "gross_profit": "Gross profit", "clv": "Forecast value"}

CLASS_A_SHARE = Fraction(80, 100)
CLASS_B_SHARE = Fraction(95, 100)
#: From this peak of the whale curve on, shares are given on positive value as well.
HIGH_PEAK = 1.2

#: Characters of an id, after those with which all begin, by which customers of equal value are parted to be ranked.
PART_LENGTH = 2

NOBODY = "None of the customers looked at has a value before the day looked from."


@dataclass(frozen=True)
class Concentration:
    """Shares of value on shares of customers, of one group of customers. Classes count customers by the boundaries of that group."""

    customers: int
    total: float
    top20_share: float
    vital_few_share: float
    vital_few_customers: int


@dataclass(frozen=True)
class ParetoSummary:
    """Shares are between 0 and 1 of `customers` and `total`; None where undefined.

    The curve peaks at `peak_share` of the total after `peak_customer_share` of customers and loses `value_below_zero` (a
    negative amount, of `customers_below_zero`) after it. `positive` repeats the shares on customers with a positive value where the peak is above 120 %.
    """

    value: Value
    customers: int
    total: float
    is_defined: bool
    top20_share: float | None
    vital_few_share: float | None
    vital_few_customers: int | None
    gini: float | None
    class_a: int | None
    class_b: int | None
    class_c: int | None
    peak_share: float | None
    peak_customer_share: float | None
    value_below_zero: float
    customers_below_zero: int
    positive: Concentration | None


def values(ws: Workspace, as_of: date, value: Value = "net_sales") -> ir.Table:
    """Grain: customer whose value is known. Columns: customer_id, value. The forecast value ("clv") is that of 12 months by the usual settings.

    Raises AnalysisError for gross profit without costs, and for a forecast without any purchase.
    """
    if value == "gross_profit" and not ws.has("order_lines", "cost_amount"):
        raise AnalysisError("No gross profit", "The data has no costs.", "Assign the column with the cost or the profit on the Data page.")
    if value == "clv":
        from crm_core.analytics.clv import forecast  # now: its libraries take half a second, which others need not wait for

        worth = forecast.customers(ws, forecast.choose(ws, as_of))
        return ws.keep(f"forecast values {as_of}", lambda: worth.select("customer_id", value=worth.clv.cast(MONEY)))
    if value == "net_sales":
        table = totals(ws, as_of)
        return table.select("customer_id", value=table.net_sales.cast(MONEY))
    profits = ws.keep(f"gross profits {as_of}", lambda: _added_up(lines(ws, as_of), value))
    return profits.filter(profits["value"].notnull())


def _added_up(lines: ir.Table, value: Value, **by: ir.Value) -> ir.Table:
    """The lines' value a customer (and `by` more); gross profit is that of the lines whose cost is known, and missing where none is."""
    attributed = lines.filter(lines.customer_id.notnull())
    amount = attributed.net_amount if value == "net_sales" else attributed.net_amount - attributed.cost_amount
    return attributed.group_by("customer_id", **by).aggregate(value=amount.sum().cast(MONEY))


def lines_with_cost(ws: Workspace, as_of: date, shown: ir.Table | None = None) -> tuple[int, int]:
    """On what gross profit rests: the customers' lines before as_of whose cost is known, and all of them."""
    sold = lines(ws, as_of).filter(lambda t: t.customer_id.notnull())
    sold = sold if shown is None else sold.semi_join(shown, "customer_id")
    counted = ws.execute(sold.aggregate(known=sold.cost_amount.count(), lines=sold.count())).iloc[0]
    return int(counted["known"]), int(counted["lines"])


def _spread(ws: Workspace, as_of: date, value: Value, shown: ir.Table | None) -> ir.Table:
    everybody = values(ws, as_of, value)
    if shown is not None:
        return cumulated(everybody.semi_join(shown, "customer_id"))
    return ws.keep(f"spread {as_of} {value}", lambda: cumulated(everybody))


def summary(ws: Workspace, as_of: date, value: Value = "net_sales", shown: ir.Table | None = None) -> ParetoSummary:
    """The figures of the curve. Raises AnalysisError where no customer has a value."""
    spread = _spread(ws, as_of, value, shown)
    sums = basics(ws, spread)
    if not sums.customers:
        raise AnalysisError("No customers", NOBODY, "Choose a later day, or fewer filters.")
    whole = concentration(ws, spread, sums.customers, sums.total) if sums.total > 0 else None
    peak = float(sums.value_positive / sums.total) if sums.total > 0 else None
    class_counts = _class_counts(ws, as_of, value, shown)
    return ParetoSummary(
        value=value,
        customers=sums.customers,
        total=float(sums.total),
        is_defined=whole is not None,
        top20_share=whole.top20_share if whole else None,
        vital_few_share=whole.vital_few_share if whole else None,
        vital_few_customers=whole.vital_few_customers if whole else None,
        gini=gini(sums),
        class_a=class_counts.get("A"),
        class_b=class_counts.get("B"),
        class_c=class_counts.get("C"),
        peak_share=peak,
        peak_customer_share=sums.customers_positive / sums.customers if peak else None,
        value_below_zero=float(sums.value_negative),
        customers_below_zero=sums.customers_negative,
        positive=_on_positive_value(ws, spread, sums) if peak is None or peak > HIGH_PEAK else None,
    )


def concentration(ws: Workspace, spread: ir.Table, customers: int, total: Decimal) -> Concentration:
    """Top-20 share (the count rounded up) and vital few of a `cumulated` table with a total above zero."""
    vital_few = boundary(ws, spread, total, CLASS_A_SHARE).count
    best = value_of_best(ws, spread, -(-customers // 5))
    return Concentration(customers, float(total), float(best / total), vital_few / customers, vital_few)


def _on_positive_value(ws: Workspace, spread: ir.Table, sums: Basics) -> Concentration | None:
    if not sums.customers_positive:
        return None
    return concentration(ws, spread.filter(spread.value > 0), sums.customers_positive, sums.value_positive)


def _class_counts(ws: Workspace, as_of: date, value: Value, shown: ir.Table | None) -> dict[str, int]:
    """Customers shown by class A, B, C; empty where classes are undefined."""
    ends = _class_ends(ws, as_of, value)
    if ends is None:
        return {}
    table = classes(ws, as_of, value)
    if shown is not None:
        table = table.semi_join(shown, "customer_id")
    counted = ws.execute(table.group_by("value_class").aggregate(customers=table.count()))
    return {"A": 0, "B": 0, "C": 0} | {
        str(name): int(count) for name, count in zip(counted["value_class"], counted["customers"], strict=True)
    }


@dataclass(frozen=True)
class ClassEnd:
    """The last customer of a class: all above `value` belong to it, and those with exactly `value` up to `last_id`."""

    value: Decimal
    last_id: str | None  # None: all with that value


def _class_ends(ws: Workspace, as_of: date, value: Value) -> tuple[ClassEnd, ClassEnd] | None:
    """Where A and B end among all customers; None where the total is zero or less."""

    def find() -> tuple[ClassEnd, ClassEnd] | None:
        spread = _spread(ws, as_of, value, None)
        total = basics(ws, spread).total
        if total <= 0:
            return None
        ends = [_class_end(ws, as_of, value, boundary(ws, spread, total, share)) for share in (CLASS_A_SHARE, CLASS_B_SHARE)]
        return ends[0], ends[1]

    return ws.remember(f"class ends {as_of} {value}", find)


def _class_end(ws: Workspace, as_of: date, value: Value, end: Boundary) -> ClassEnd:
    if end.taken == end.tied:
        return ClassEnd(end.value, None)
    table = values(ws, as_of, value)
    tied = table.filter(table.value == ibis.literal(end.value, type=MONEY)).order_by("customer_id").limit(1, offset=end.taken - 1)
    return ClassEnd(end.value, str(ws.execute(tied)["customer_id"].iloc[0]))


def classes(ws: Workspace, as_of: date, value: Value = "net_sales") -> ir.Table:
    """Grain: customer. Columns: customer_id, value, value_class ("A" while the share before the customer is below 80 %, "B" below 95 %, else "C")."""
    ends = _class_ends(ws, as_of, value)
    return ws.keep(f"classes {as_of} {value}", lambda: _classified(values(ws, as_of, value), ends))


def _classified(values: ir.Table, ends: tuple[ClassEnd, ClassEnd] | None) -> ir.Table:
    if ends is None:
        return values.mutate(value_class=ibis.null("string"))
    in_a, in_b = (_is_within(values, end) for end in ends)
    return values.mutate(value_class=ibis.cases((in_a, "A"), (in_b, "B"), else_="C"))


def _is_within(values: ir.Table, end: ClassEnd) -> ir.BooleanValue:
    border = ibis.literal(end.value, type=MONEY)
    if end.last_id is None:
        return values.value >= border
    return (values.value > border) | ((values.value == border) & (values.customer_id <= end.last_id))


def customers(ws: Workspace, as_of: date, value: Value = "net_sales") -> ir.Table:
    """Grain: customer. Columns: customer_id, value, value_class, rank (1 = largest value, ties in byte order of the id)."""
    table, spread = classes(ws, as_of, value), _spread(ws, as_of, value, None)
    table = table.mutate(part=table.customer_id.substr(0, _shared_length(ws, table) + PART_LENGTH))
    parts = table.group_by("value", "part").aggregate(customers=table.count())
    upwards = ibis.cumulative_window(group_by="value", order_by="part")
    before = parts.select("value", "part", equals_before=parts.customers.sum().over(upwards) - parts.customers)
    joined = table.join(spread.select("value", "customers_above"), "value").join(before, ["value", "part"])
    within = ibis.row_number().over(group_by=[joined.value, joined.part], order_by=joined.customer_id)
    ranked = joined.mutate(rank=(joined.customers_above + joined.equals_before + within + 1).cast("int64"))
    return ranked.drop("customers_above", "equals_before", "part")


def _shared_length(ws: Workspace, table: ir.Table) -> int:
    """With how many characters do all ids begin alike? Those after them part a million customers of one value, so that none sorts them all."""
    ends = ws.execute(table.aggregate(first=table.customer_id.min(), last=table.customer_id.max())).iloc[0]
    return 0 if pd.isna(ends["first"]) else len(commonprefix([ends["first"], ends["last"]]))  # noqa: RUF071  (of texts, which are no paths)


def curve(ws: Workspace, as_of: date, value: Value = "net_sales", points: int = 200, shown: ir.Table | None = None) -> pd.DataFrame:
    """The Pareto curve. Columns: customer_share, value_share (both 0 to 1, the second above 1 where others lose value), from (0, 0) to (1, 1).

    At most about `points` rows, each exact. Empty where the total is zero or less.
    """
    spread = _spread(ws, as_of, value, shown)
    sums = basics(ws, spread)
    if sums.total <= 0:
        return pd.DataFrame({"customer_share": [], "value_share": []}, dtype="float64")
    ends = spread.select(
        reached=spread.customers_above + spread.customers,
        worth=spread.value_above + (spread.value * spread.customers).cast(MONEY),
        is_peak=(spread.value > 0).cast("int8"),
    )
    step = (ends.reached * points) // sums.customers
    thinned = ends.group_by(step=step, is_peak=ends.is_peak).aggregate(reached=ends.reached.max(), worth=ends.worth.argmax(ends.reached))
    sampled = ws.execute(thinned.order_by("reached").select("reached", "worth"))
    shares = pd.DataFrame(
        {"customer_share": sampled["reached"] / sums.customers, "value_share": [float(worth / sums.total) for worth in sampled["worth"]]}
    )
    return pd.concat([pd.DataFrame({"customer_share": [0.0], "value_share": [0.0]}), shares], ignore_index=True)


@dataclass(frozen=True)
class WithoutBest:
    """What is left if the best customers go. `best` has columns customer_id, value, largest first; `share` is theirs of the total.

    `customers_to_replace` is how many customers of the average value of the others would make up for them; None where
    that average is zero or less. `after` describes the others; None where nobody or no value above zero is left.
    """

    best: pd.DataFrame
    value_of_best: float
    share: float | None
    total_after: float
    customers_to_replace: int | None
    after: Concentration | None


def without_best(ws: Workspace, as_of: date, value: Value = "net_sales", count: int = 10, shown: ir.Table | None = None) -> WithoutBest:
    """What if the best `count` customers left? Raises AnalysisError where no customer has a value."""
    table = values(ws, as_of, value)
    table = table if shown is None else table.semi_join(shown, "customer_id")
    best = ws.execute(table.order_by(ibis.desc("value"), "customer_id").limit(count))
    if best.empty:
        raise AnalysisError("No customers", NOBODY, "Choose a later day, or fewer filters.")
    spread = cumulated(table.filter(table.customer_id.notin(best["customer_id"].tolist())))
    left, lost = basics(ws, spread), sum(best["value"], Decimal(0))
    average = Fraction(left.total) / left.customers if left.customers else Fraction(0)
    total = left.total + lost
    return WithoutBest(
        best=best.astype({"value": "float64"}),
        value_of_best=float(lost),
        share=float(lost / total) if total > 0 else None,
        total_after=float(left.total),
        customers_to_replace=-int(-Fraction(lost) // average) if average > 0 else None,
        after=concentration(ws, spread, left.customers, left.total) if left.total > 0 else None,
    )


def over_time(ws: Workspace, as_of: date, value: Value = "net_sales", periods: int = 12) -> pd.DataFrame:
    """How the concentration moved, each point from a look-back of the same length (with all history it would only pile up).

    Columns: as_of, customers, top20_share, vital_few_share, gini (missing where undefined), look_back_days. Raises AnalysisError for the forecast
    value, which looks ahead. Points lie a month apart and end at
    as_of; the look-back is a year, or half the data where that is shorter. Each point is what was known on its day: what was returned
    later changes nothing. Only points whose look-back the data covers are given, so there may be fewer than `periods`, or none.
    """
    if value == "clv":
        raise AnalysisError(
            "Not over time", "Each point would take a forecast of its own.", "Choose net sales to see how concentration moved."
        )
    first = ws.first_day
    if first is None or first >= as_of:
        return pd.DataFrame(columns=["as_of", "customers", "top20_share", "vital_few_share", "gini", "look_back_days"])
    look_back = min(timedelta(days=365), (as_of - first) // 2)
    days = [day for step in reversed(range(periods)) if (day := months_before(as_of, step)) - look_back >= first]
    since = days[0] - look_back if days else as_of
    sold = lines(ws, as_of, since)  # read once, however many points there are
    daily = ws.keep(f"daily {value} {since} {as_of}", lambda: _added_up(sold, value, day=sold.line_at.date()))
    return pd.DataFrame([_point(ws, daily, day, look_back) for day in days])


def _point(ws: Workspace, daily: ir.Table, day: date, look_back: timedelta) -> dict[str, object]:
    window = daily.filter(daily.day < day, daily.day >= day - look_back)
    spread = cumulated(window.group_by("customer_id").aggregate(value=window["value"].sum()))
    sums = basics(ws, spread)
    group = concentration(ws, spread, sums.customers, sums.total) if sums.total > 0 else None
    return {
        "as_of": day,
        "customers": sums.customers,
        "top20_share": group.top20_share if group else None,
        "vital_few_share": group.vital_few_share if group else None,
        "gini": gini(sums) if sums.customers else None,
        "look_back_days": look_back.days,
    }
