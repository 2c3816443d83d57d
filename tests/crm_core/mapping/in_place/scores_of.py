"""RFM over tables in place, by the code that workspaces use."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import ibis.expr.types as ir

from crm_core.analytics import rfm
from crm_core.workspace import Workspace
from tests.crm_core.mapping.in_place.companies import Company, Opened


class Server:
    """An engine that keeps as much as it likes."""

    most_rows = None


class Standing:
    """As much of a workspace as RFM needs; nothing is kept, so that each question is the whole one."""

    def __init__(self, opened: Opened) -> None:
        self.opened = opened
        self.engine = Server()

    def table(self, name: str) -> ir.Table:
        return self.opened.found.tables[name]

    def has(self, table: str, field: str | None = None) -> bool:
        fields = self.opened.found.fields.get(table, frozenset())
        return field in fields if field else bool(fields)

    def execute(self, expr: ir.Expr) -> Any:
        return self.opened.engine.execute(expr)

    def keep(self, key: str, build: Callable[[], ir.Table]) -> ir.Table:
        return build()

    def kept(self, key: str) -> None:
        return None

    def remember(self, key: str, build: Callable[[], Any]) -> Any:
        return build()


def scored_in_place(opened: Opened) -> list[tuple[Any, ...]]:
    assert opened.found.last_day is not None
    ws = cast(Workspace, Standing(opened))
    return _rows(ws.execute(rfm.customers(ws, opened.found.last_day + timedelta(days=1))))


def scored_of_import(company: Company) -> list[tuple[Any, ...]]:
    with Workspace.open(company.imported) as ws:
        return _rows(ws.execute(rfm.customers(ws, ws.as_of)))


def _rows(frame: Any) -> list[tuple[Any, ...]]:
    columns = ["customer_id", "days_since_last_order", "count_orders", "net_sales", "r_score", "f_score", "m_score", "segment"]
    return sorted(
        (str(row[0]), *map(int, row[1:3]), str(row[3]), *map(int, row[4:7]), str(row[7])) for row in frame[columns].itertuples(index=False)
    )
