"""What is worth looking at, each as a computed sentence with the page that shows more.

Grain: one finding. A lead appears only where there is something to say; a difference between periods only where it is beyond
the margin of error.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

import ibis.expr.types as ir

from crm_core.analytics import pareto, rfm
from crm_core.analytics.intervals import newcombe
from crm_core.analytics.segment_words import count as count_in_words
from crm_core.analytics.segment_words import money_in_words, percent_in_words
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace

Page = Literal["segments", "key_customers", "data"]

#: Fewer customers than this get no verdict on a difference.
FEW_CUSTOMERS = 30
#: A share of sales without a customer worth a word.
WORTH_A_WORD = 0.01


@dataclass(frozen=True)
class Lead:
    """`page` is the module in pages/ that shows more."""

    page: Page
    sentence: str


class Bought(Protocol):
    """The figures of a period that leads speak of (see overview.PeriodFigures)."""

    @property
    def net_sales(self) -> float: ...
    @property
    def not_attributed(self) -> float: ...
    @property
    def customers(self) -> int: ...
    @property
    def repeat_customers(self) -> int | None: ...


def find_leads(
    ws: Workspace, as_of: date, now: Bought, earlier: Bought | None, settings: rfm.RfmSettings, shown: ir.Table | None
) -> tuple[Lead, ...]:
    """The leads of a period, seen from as_of, the most valuable kinds first."""
    try:
        customers = [*_slipping(ws, as_of, settings, shown), *_concentration(ws, as_of, shown)]
    except AnalysisError:  # nobody bought yet: the figures say so, and there is nothing to look into
        customers = []
    return (*customers, *_loyalty(now, earlier), *_not_attributed(now, ws.currency), *_rejected(ws))


def _slipping(ws: Workspace, as_of: date, settings: rfm.RfmSettings, shown: ir.Table | None) -> Iterator[Lead]:
    """Customers who used to buy often and have not for long."""
    grid = rfm.grid(ws, as_of, settings, shown)
    slipping = grid[(grid["r_score"] <= 2) & (grid["f_score"] >= 3) & (grid["customers"] > 0)]
    count, sales, everything = int(slipping["customers"].sum()), slipping["net_sales"].sum(), grid["net_sales"].sum()
    if count and sales > 0:
        names = " and ".join(name for name in settings.segments.names if name in set(slipping["segment"]))
        who = f"{count:,} frequent customers have" if count > 1 else "1 frequent customer has"
        part = f", {percent_in_words(sales / everything)} of net sales" if everything > 0 else ""
        yield Lead(
            "segments",
            f"{who} not ordered for long ({names}): they brought {money_in_words(sales, ws.currency)}{part}.",
        )


def _concentration(ws: Workspace, as_of: date, shown: ir.Table | None) -> Iterator[Lead]:
    found = pareto.summary(ws, as_of, "net_sales", shown)
    if found.top20_share is not None and found.vital_few_customers is not None and found.vital_few_share is not None:
        best = f"The best 20 % of {count_in_words(found.customers, 'customer')} bring {percent_in_words(found.top20_share)} of net sales"
        yield Lead(
            "key_customers",
            f"{best}; 80 % of them come from {count_in_words(found.vital_few_customers, 'customer')} ({percent_in_words(found.vital_few_share)}).",
        )
    if found.customers_below_zero:
        yield Lead(
            "key_customers",
            f"{count_in_words(found.customers_below_zero, 'customer')} returned more than they kept: {money_in_words(found.value_below_zero, ws.currency)}.",
        )


def _loyalty(now: Bought, earlier: Bought | None) -> Iterator[Lead]:
    """A change of the repeat share beyond the margin of error, by Newcombe's interval."""
    if earlier is None or now.repeat_customers is None or earlier.repeat_customers is None:
        return
    if min(now.customers, earlier.customers) < FEW_CUSTOMERS:
        return
    difference = newcombe(now.repeat_customers, now.customers, earlier.repeat_customers, earlier.customers)
    if difference.excludes_zero:
        verb = "rose" if difference.point > 0 else "fell"
        before, after = (
            percent_in_words(one) for one in (earlier.repeat_customers / earlier.customers, now.repeat_customers / now.customers)
        )
        yield Lead(
            "segments",
            f"The repeat share {verb} from {before} to {after}"
            f" (95 % interval of the change: {100 * difference.low:+.1f} to {100 * difference.high:+.1f} points).",
        )


def _not_attributed(now: Bought, currency: str) -> Iterator[Lead]:
    if now.net_sales > 0 and abs(now.not_attributed) / now.net_sales >= WORTH_A_WORD:
        share, amount = now.not_attributed / now.net_sales, money_in_words(now.not_attributed, currency)
        yield Lead("data", f"{percent_in_words(share)} of net sales ({amount}) carry no customer id and are in no customer figure.")


def _rejected(ws: Workspace) -> Iterator[Lead]:
    receipt = ws.receipt
    if receipt.rows_rejected:
        share = receipt.rows_rejected / receipt.rows_read
        yield Lead(
            "data",
            f"{receipt.rows_rejected:,} of {receipt.rows_read:,} rows ({percent_in_words(share)}) could not be used; the receipt says why.",
        )
