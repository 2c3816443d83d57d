"""How a value is spread over customers, by exact counts per distinct value.

Everything Pareto says (shares, classes, Gini, the curve) follows from one table with a row per distinct value: how many
customers have it, and how many customers and how much value lie above it. It is built bucket by bucket, so that no step sorts all
customers in one place, and boundaries are whole-number comparisons of decimals.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd

from crm_core.workspace import Workspace

MONEY = "decimal(38, 4)"
#: Steps per eighth root of the value: some hundred buckets for amounts as shops have them, not many more for larger ones.
BUCKETS_PER_ROOT = 128


def cumulated(values: ir.Table) -> ir.Table:
    """From customer_id, value: one row a distinct value, with columns value, customers, customers_above, value_above (strictly larger)."""
    present = values.filter(values.value.notnull())
    distinct = present.group_by(value=present.value.cast(MONEY)).aggregate(customers=lambda t: t.count())
    distinct = distinct.mutate(bucket=bucket(distinct.value), worth=(distinct.value * distinct.customers).cast(MONEY))
    joined = distinct.join(_before(distinct), "bucket")
    inside = ibis.cumulative_window(group_by="bucket", order_by=ibis.desc("value"))
    return joined.select(
        "value",
        "customers",
        customers_above=joined.customers_before + _sum_before(joined.customers, inside),
        value_above=(joined.worth_before + _sum_before(joined.worth, inside)).cast(MONEY),
    )


def _before(distinct: ir.Table) -> ir.Table:
    """One row a bucket: bucket, customers_before and worth_before, the sums over the buckets above it. A running sum would bring all buckets to one
    worker; each with those above it are some ten thousand pairs."""
    buckets = distinct.group_by("bucket").aggregate(customers=distinct.customers.sum(), worth=distinct.worth.sum().cast(MONEY))
    upper = buckets.select(upper="bucket", customers_upper="customers", worth_upper="worth")
    pairs = buckets.left_join(upper, upper.upper > buckets.bucket)
    return pairs.group_by("bucket").aggregate(
        customers_before=pairs.customers_upper.sum().fill_null(0).cast("int64"),
        worth_before=pairs.worth_upper.sum().fill_null(0).cast(MONEY),
    )


def bucket(value: ir.DecimalColumn) -> ir.IntegerValue:
    """Grows with the value: square roots are correctly rounded (IEEE 754), so the order of values is the order of buckets."""
    number = value.cast("float64")
    root = (number.abs().sqrt().sqrt().sqrt() * BUCKETS_PER_ROOT).floor().cast("int64")
    return ibis.ifelse(number < 0, -root - 1, root)


def _sum_before(column: ir.NumericColumn, window: Any) -> ir.NumericValue:
    """The sum over the rows before this one, in the window's order."""
    return (column.sum().over(window) - column).cast(column.type())


@dataclass(frozen=True)
class Basics:
    """Sums over all customers with a value."""

    customers: int
    total: Decimal
    customers_positive: int
    value_positive: Decimal
    customers_negative: int
    value_negative: Decimal
    weighted_ranks: Decimal  # Σ i·v over non-negative values ascending, i from 1


def basics(ws: Workspace, spread: ir.Table) -> Basics:
    """The sums of a `cumulated` table, in one pass."""
    positive, negative = spread.value > 0, spread.value < 0
    worth = (spread.value * spread.customers).cast(MONEY)
    not_negative = spread.customers.sum(where=spread.value >= 0).fill_null(0).name("not_negative")
    ascending_last = not_negative.as_scalar() - spread.customers_above
    ranks = spread.customers * ascending_last - (spread.customers * (spread.customers - 1)) // 2
    row = ws.execute(
        spread.aggregate(
            customers=spread.customers.sum(),
            total=worth.sum(),
            customers_positive=spread.customers.sum(where=positive),
            value_positive=worth.sum(where=positive),
            customers_negative=spread.customers.sum(where=negative),
            value_negative=worth.sum(where=negative),
            weighted_ranks=(spread.value * ranks).cast(MONEY).sum(where=positive),
        )
    ).iloc[0]
    return Basics(
        customers=int(_or_zero(row["customers"])),
        total=Decimal(_or_zero(row["total"])),
        customers_positive=int(_or_zero(row["customers_positive"])),
        value_positive=Decimal(_or_zero(row["value_positive"])),
        customers_negative=int(_or_zero(row["customers_negative"])),
        value_negative=Decimal(_or_zero(row["value_negative"])),
        weighted_ranks=Decimal(_or_zero(row["weighted_ranks"])),
    )


def _or_zero(value: Any) -> Any:
    return 0 if pd.isna(value) else value


def gini(basics: Basics) -> float | None:
    """2·Σ i·v_(i) / (n·Σ v) − (n+1)/n over non-negative values; None where these sum to zero. Source: Gini (1912)."""
    n = basics.customers - basics.customers_negative
    if basics.value_positive <= 0:
        return None
    return float(2 * Fraction(basics.weighted_ranks) / (n * Fraction(basics.value_positive)) - Fraction(n + 1, n))


@dataclass(frozen=True)
class Boundary:
    """Where a class ends: all above `value` are in, and `taken` of the customers with exactly that value."""

    value: Decimal
    taken: int
    tied: int
    count: int  # customers in, all together


def boundary(ws: Workspace, spread: ir.Table, total: Decimal, share: Fraction) -> Boundary:
    """The customers before whom less than `share` of the (positive) total has been reached, largest value first."""
    reached = spread.value_above * share.denominator < ibis.literal(total * share.numerator, type=MONEY)
    row = ws.execute(spread.filter(reached).order_by("value").limit(1)).iloc[0]
    value, tied, above = Fraction(row["value"]), int(row["customers"]), int(row["customers_above"])
    missing = Fraction(total) * share - Fraction(row["value_above"])
    taken = min(tied, -int(-missing // value))
    return Boundary(Decimal(row["value"]), taken, tied, above + taken)


def value_of_best(ws: Workspace, spread: ir.Table, count: int) -> Decimal:
    """The summed value of the `count` largest (at least 1, at most all)."""
    row = ws.execute(spread.filter(spread.customers_above < count).order_by("value").limit(1)).iloc[0]
    return Decimal(row["value_above"]) + (count - int(row["customers_above"])) * Decimal(row["value"])
