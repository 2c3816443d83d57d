"""Which customers does a page show?

Filters choose who is shown; scores, classes and clusters always rest on all customers at as_of. The period limits sales figures, never RFM.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import ibis.expr.types as ir

from crm_core.analytics import rfm
from crm_core.analytics.days import Period, months_before
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace

#: Stands for customers whose value of an attribute is unknown.
UNKNOWN = ""


@dataclass(frozen=True)
class Filters:
    """What all pages share. `as_of` None is the workspace's own; `splits` are (column of customers, values shown), all of which must hold; the
    value UNKNOWN stands for a missing one. `segments` are names; no names means every customer."""

    as_of: date | None = None
    period_start: date | None = None
    period_end: date | None = None
    splits: tuple[tuple[str, tuple[str, ...]], ...] = ()
    segments: tuple[str, ...] = ()

    def day(self, ws: Workspace) -> date:
        """The day looked from."""
        return self.as_of or ws.as_of

    def period(self, ws: Workspace) -> Period:
        """The period of the sales figures, the end excluded; by default the twelve months before the day looked from.

        Raises AnalysisError for a period that ends before it starts.
        """
        end = self.period_end or self.day(ws)
        start = self.period_start or months_before(end, 12)
        if start >= end:
            raise AnalysisError("The period is empty", "It ends before it starts.", "Choose an earlier start or a later end.")
        return Period(start, end)


def shown(ws: Workspace, filters: Filters, settings: rfm.RfmSettings = rfm.RfmSettings()) -> ir.Table | None:
    """The customers that the filters on attributes and segments let through, as one column customer_id; None means everybody.

    Raises AnalysisError for a column that the customers do not have.
    """
    table = None
    if any(values for _, values in filters.splits):
        table = _with_attributes(ws, filters)
    if filters.segments:
        scored = rfm.customers(ws, filters.day(ws), settings)
        members = scored.filter(scored.segment.isin(filters.segments)).select("customer_id")
        table = members if table is None else members.semi_join(table, "customer_id")
    return table


def _with_attributes(ws: Workspace, filters: Filters) -> ir.Table:
    customers = ws.table("customers")
    for field, values in filters.splits:
        if field not in ws.split_fields():
            raise AnalysisError("The filter does not fit the data", "The customers have no such column.", "Remove the filter.")
        if values:
            customers = customers.filter(customers[field].fill_null(UNKNOWN).isin(values))
    return customers.select("customer_id")


def choices(ws: Workspace, field: str, most: int = 500) -> list[str]:
    """The values of a column of customers, the most frequent first, at most `most`; UNKNOWN stands for missing ones.

    Raises AnalysisError for a column that the customers do not have.
    """
    if field not in ws.split_fields():
        raise AnalysisError("The filter does not fit the data", "The customers have no such column.", "Remove the filter.")
    customers = ws.table("customers")
    counted = customers.group_by(value=customers[field].fill_null(UNKNOWN)).aggregate(customers=customers.count())
    found = ws.execute(counted.order_by(counted.customers.desc(), "value").limit(most))
    return [str(value) for value in found["value"]]
