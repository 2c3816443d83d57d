"""What is read from a database, as plain data that can be kept: a table, a table joined with others by keys, or a query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

#: What the newest value of a column may be: the end of what was read before.
Newest = datetime | date | int | float | str | Decimal

_KINDS: dict[str, Any] = {
    "timestamp": datetime.fromisoformat,
    "date": date.fromisoformat,
    "int": int,
    "float": float,
    "text": str,
    "decimal": Decimal,
}


@dataclass(frozen=True)
class Join:
    """`table` (of the same schema unless `schema` says another) is joined to the selection's table where `left` equals its `right`.

    Several pairs are a key of several columns. Rows without a partner stay (LEFT JOIN); where a key repeats in `table`, rows repeat.
    """

    table: str
    on: tuple[tuple[str, str], ...]
    schema: str | None = None


@dataclass(frozen=True)
class Selection:
    """`connection` is the name of one, or the URL of the user's own; either `table` or `query`.

    `columns` leaves out others; of joined tables they are called "table.column". With `newer_than` (column, value) only rows are read
    whose value is greater, and, unless `with_nulls` is false, those without one: nothing tells when they came.
    """

    connection: str
    table: str = ""
    schema: str | None = None
    query: str = ""
    columns: tuple[str, ...] | None = None
    joins: tuple[Join, ...] = ()
    newer_than: tuple[str, Newest] | None = None
    with_nulls: bool = True

    @property
    def title(self) -> str:
        """What is read, in a word or two: "public.sales", "sales", "query"."""
        return ".".join(part for part in (self.schema, self.table) if part) if self.table else "query"

    def since(self, column: str, value: Newest | None) -> Selection:
        """The same, of rows newer than `value`; without a value all of it."""
        return replace(self, newer_than=None if value is None else (column, value))

    def as_dict(self) -> dict[str, Any]:
        """JSON-able; `from_dict` brings it back."""
        newer = None
        if self.newer_than is not None:
            column, value = self.newer_than
            newer = {"column": column, "kind": _kind(value), "value": value.isoformat() if isinstance(value, date) else str(value)}
        return {
            "connection": self.connection,
            "table": self.table,
            "schema": self.schema,
            "query": self.query,
            "columns": None if self.columns is None else list(self.columns),
            "joins": [{"table": one.table, "on": [list(pair) for pair in one.on], "schema": one.schema} for one in self.joins],
            "newer_than": newer,
            "with_nulls": self.with_nulls,
        }

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Selection:
        newer = data.get("newer_than")
        return Selection(
            connection=data["connection"],
            table=data["table"],
            schema=data["schema"],
            query=data["query"],
            columns=None if data["columns"] is None else tuple(data["columns"]),
            joins=tuple(Join(one["table"], tuple((left, right) for left, right in one["on"]), one["schema"]) for one in data["joins"]),
            newer_than=(newer["column"], _KINDS[newer["kind"]](newer["value"])) if newer else None,
            with_nulls=data.get("with_nulls", True),
        )


def _kind(value: Newest) -> str:
    kinds = {datetime: "timestamp", date: "date", int: "int", float: "float", str: "text", Decimal: "decimal"}
    return kinds[type(value)]


@dataclass(frozen=True)
class Origin:
    """Where a staged table came from, for reading it again: all of it, or what is newer in `column` (its name as the user sees it).

    Rows of the last `overlap_days` before the newest are read again, since they may have arrived late. Holds no secret: the connection is named.
    """

    selection: Selection
    column: str = ""
    overlap_days: int = 0

    def as_dict(self) -> dict[str, Any]:
        return {"selection": self.selection.as_dict(), "column": self.column, "overlap_days": self.overlap_days}

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Origin:
        return Origin(Selection.from_dict(data["selection"]), data["column"], int(data["overlap_days"]))
