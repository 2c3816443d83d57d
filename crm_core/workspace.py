"""One workspace: the canonical tables of one accepted import, or of a company's tables where they lie, on one engine.

Which question: none by itself; it is what every analysis asks. Results worth keeping (orders, scores) stay on the engine; what was used longest
ago is dropped.
"""

from __future__ import annotations

import json
import weakref
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import Any, TypeVar, cast

import duckdb
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa

from crm_core.engines.base import Engine
from crm_core.engines.embedded import HINT_DAMAGED, Embedded
from crm_core.errors import AnalysisError, WorkspaceError
from crm_core.mapping.receipt import Receipt
from crm_core.schema import ATTRIBUTE_PREFIX, FORMAT, SPLIT_FIELDS, TABLES

T = TypeVar("T")

#: Kept results are dropped beyond these, the one used longest ago first.
KEPT_TABLES = 48
KEPT_VALUES = 256


@dataclass(frozen=True)
class Meta:
    """What the import wrote about itself. `fields` are the columns that hold at least one value, by table."""

    name: str
    imported_at: datetime
    fingerprint: str
    sources: tuple[str, ...]
    labels: dict[str, str]
    currency: str
    first_day: date | None
    last_day: date | None
    fields: dict[str, frozenset[str]]
    is_in_place: bool = False  # the tables are the company's own, elsewhere

    @staticmethod
    def from_json(text: str) -> Meta:
        data: dict[str, Any] = json.loads(text)
        if data["format"] != FORMAT:
            raise WorkspaceError(
                "The workspace is of another version",
                "It was written by an older or newer version of this program.",
                "Import the data again.",
            )
        return Meta(
            name=data["name"],
            imported_at=datetime.fromisoformat(data["imported_at"]),
            fingerprint=data["fingerprint"],
            sources=tuple(data["sources"]),
            labels=dict(data.get("labels", {})),
            currency=data.get("currency", ""),
            first_day=_day(data.get("first_day")),
            last_day=_day(data.get("last_day")),
            fields={table: frozenset(fields) for table, fields in data["fields"].items()},
            is_in_place=bool(data.get("in_place")),
        )


class Workspace:
    """A read-only view of the canonical tables on one engine. Safe to share between threads: one statement runs at a time.

    `table(name)` gives a canonical table as an Ibis expression, `execute` runs one, `keep` materialises one once.
    """

    def __init__(
        self, path: Path, engine: Engine, meta: Meta, tables: Mapping[str, ir.Table] | None = None, receipt: Receipt | None = None
    ) -> None:
        """`tables` and `receipt` are given where the tables lie elsewhere; else the engine's file has them."""
        self.path = path
        self.engine = engine
        self.meta = meta
        self._lock = RLock()
        self._tables: dict[str, ir.Table] = dict(tables or {})  # canonical ones never change, so that each is described once
        self._receipt = receipt
        self._kept: OrderedDict[str, tuple[ir.Table, int]] = OrderedDict()
        self._values: OrderedDict[str, Any] = OrderedDict()
        self._unused: deque[str] = deque()  # kept tables that no expression refers to any more
        self._count_kept = 0

    @classmethod
    def open(cls, path: Path | str, memory_limit: str = "2GB") -> Workspace:
        """Open a workspace file. Raises WorkspaceError if it is missing or is no workspace."""
        path = Path(path)
        if not path.is_file():
            raise WorkspaceError(
                "The workspace is missing", f"There is no file {path.name}.", "Choose another workspace, or import the data."
            )
        engine: Embedded | None = None
        try:
            engine = Embedded(path, memory_limit)
            text = engine.note("workspace")
            if text is None:
                raise WorkspaceError("The workspace is damaged", "Its description is missing.", HINT_DAMAGED)
            meta = Meta.from_json(text)
        except (duckdb.Error, ValueError, KeyError, TypeError, AttributeError) as error:
            _close(engine)
            raise WorkspaceError(
                "The workspace cannot be opened", f"{path.name} is no workspace, or it is damaged.", HINT_DAMAGED
            ) from error
        except WorkspaceError:
            _close(engine)
            raise
        if meta.is_in_place:
            with engine:
                return cls._in_place(path, engine, meta)
        return cls(path, engine, meta)

    @classmethod
    def _in_place(cls, path: Path, file: Embedded, meta: Meta) -> Workspace:
        """The workspace over the tables that the file names, as they are now."""
        from crm_core.in_place import open_tables
        from crm_core.mapping.former import from_notes
        from crm_core.mapping.in_place.model import InPlace

        notes = {key: json.loads(file.note(key) or "null") for key in ("mapping", "made", "receipt")}
        before = InPlace({}, meta.labels, meta.fields, meta.currency, meta.first_day, meta.last_day, Receipt.from_dict(notes["receipt"]))
        opened = open_tables(from_notes(notes.get), before)
        found = opened.found
        now = replace(
            meta,
            fingerprint=f"{meta.fingerprint} {opened.state}",
            currency=found.currency,
            first_day=found.first_day,
            last_day=found.last_day,
            fields=found.fields,
        )
        return cls(path, opened.engine, now, found.tables, found.receipt)

    def close(self) -> None:
        """Gives file and memory back at once; without it, that happens when the last reference is gone."""
        with self._lock:
            self._kept.clear()
            self._values.clear()
            self._tables.clear()
            self.engine.close()

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def fingerprint(self) -> str:
        """Identifies the content: same files, same mapping, same fingerprint."""
        return self.meta.fingerprint

    @property
    def name(self) -> str:
        return self.meta.name

    @property
    def imported_at(self) -> datetime:
        return self.meta.imported_at

    @property
    def sources(self) -> tuple[str, ...]:
        return self.meta.sources

    @property
    def labels(self) -> dict[str, str]:
        return self.meta.labels

    @property
    def currency(self) -> str:
        """Code or sign of the currency, "" where the data names none."""
        return self.meta.currency

    @property
    def first_day(self) -> date | None:
        return self.meta.first_day

    @property
    def last_day(self) -> date | None:
        return self.meta.last_day

    @property
    def as_of(self) -> date:
        """The default day to look from: the day after the last one with data. Raises AnalysisError where there is none."""
        if self.meta.last_day is None:
            raise AnalysisError(
                "The data has no dates", "No row of this workspace carries a date.", "Assign the column with the date of the order."
            )
        return self.meta.last_day + timedelta(days=1)

    @cached_property
    def receipt(self) -> Receipt:
        """The receipt of the import. Raises WorkspaceError if the file holds none."""
        if self._receipt is not None:
            return self._receipt
        with self._lock, self.engine.in_words():
            text = self._file.note("receipt")
        if text is None:
            raise WorkspaceError("The workspace is damaged", "Its receipt is missing.", HINT_DAMAGED)
        return Receipt.from_dict(json.loads(text))

    def has(self, table: str, field: str | None = None) -> bool:
        """Does the data feed this table, or (with `field`) does this column hold at least one value?"""
        fields = self.meta.fields.get(table, frozenset())
        return field in fields if field else bool(fields)

    def table(self, name: str) -> ir.Table:
        """A canonical table. Raises AnalysisError if the data does not feed it."""
        if not self.has(name):
            label = TABLES[name].label.lower()
            raise AnalysisError(
                f"No {label} in the data", f"This needs the table “{TABLES[name].label}”.", f"Add a file with {label} on the Data page."
            )
        if name not in self._tables:
            self._tables[name] = self._file.table(name)
        return self._tables[name]

    def split_fields(self) -> dict[str, str]:
        """Columns of customers that can split a figure, with their labels, in the order pages show them."""
        named = {field: TABLES["customers"].field(field).label for field in SPLIT_FIELDS}
        named |= {field: label for field, label in self.labels.items() if field.startswith(ATTRIBUTE_PREFIX)}
        return {field: label for field, label in named.items() if self.has("customers", field)}

    def execute(self, expr: ir.Expr) -> Any:
        """Run an expression: a table gives a pandas DataFrame, a column a Series, a value a scalar. Raises WorkspaceError where the file is damaged."""
        with self._asking():
            return self.engine.execute(expr)

    def batches(self, expr: ir.Table, rows: int = 50_000) -> Iterator[pa.RecordBatch]:
        """The rows of an expression piece by piece, for results that should not stand in memory whole."""
        with self._asking():
            reader = iter(self.engine.batches(expr, rows))
        while (piece := self._next(reader)) is not None:
            yield piece

    def _next(self, reader: Iterator[pa.RecordBatch]) -> pa.RecordBatch | None:
        with self._lock, self.engine.in_words():
            return next(reader, None)

    def write_table(self, name: str, expr: ir.Table) -> str:
        """Have the engine write the rows as a table where its administrator allows it; gives its place. Raises WorkspaceError where none is."""
        with self._lock, self.engine.in_words():
            return self.engine.write_table(name, expr)

    def write_parquet(self, name: str, expr: ir.Table) -> str:
        """The same, as Parquet."""
        with self._lock, self.engine.in_words():
            return self.engine.write_parquet(name, expr)

    def rejected(self, limit: int, offset: int = 0) -> pd.DataFrame:
        """Rows the import could not use: source, row, reason, column, value, record (the row as JSON). Rows that stay elsewhere are only counted."""
        if self.meta.is_in_place:
            return pd.DataFrame(columns=["source", "row", "reason", "column", "value", "record"])
        rejected = self._file.table("_rejected")
        return self.execute(rejected.order_by("source", "row", "column").limit(limit, offset=offset))

    def keep(self, key: str, build: Callable[[], ir.Table]) -> ir.Table:
        """The table that `build` describes, computed once per key and held in memory.

        A table that fell out of the memory is computed again when asked for. One that an expression still refers to is
        never dropped under it.
        """
        with self._asking():
            if key not in self._kept:
                self._kept[key] = self._materialise(build())
                self._shrink(self._kept, KEPT_TABLES)
            self._kept.move_to_end(key)
            return self._kept[key][0]

    def kept(self, key: str) -> ir.Table | None:
        """What `keep` holds under that key at the moment, or None: for builds that can take a shorter way."""
        with self._lock:
            return self._kept[key][0] if key in self._kept else None

    def remember(self, key: str, build: Callable[[], T]) -> T:
        """A small immutable value (cut points, totals), computed once per key."""
        with self._lock:
            if key not in self._values:
                self._values[key] = build()
                while len(self._values) > KEPT_VALUES:
                    self._values.popitem(last=False)
            self._values.move_to_end(key)
            return cast(T, self._values[key])

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """One question at a time, and what the engine raises in words. After a connection was lost the next question connects anew: what was kept
        went with it and is worked out again, values that were remembered still hold.
        """
        with self._lock:
            if self.engine.is_broken:
                self.engine.reconnect()
                self._kept.clear()
            with self.engine.in_words():
                yield

    def _materialise(self, expr: ir.Table) -> tuple[ir.Table, int]:
        self._drop_unused()
        self._count_kept += 1
        name = f"kept_{self._count_kept}"
        table, rows = self.engine.keep(name, expr)
        weakref.finalize(table.op(), self._unused.append, name)
        return table, rows

    def _shrink(self, kept: OrderedDict[str, tuple[ir.Table, int]], most: int) -> None:
        most_rows = self.engine.most_rows
        while len(kept) > 1 and (len(kept) > most or (most_rows is not None and sum(rows for _, rows in kept.values()) > most_rows)):
            kept.popitem(last=False)

    def _drop_unused(self) -> None:
        """Drop tables whose last expression is gone. A finaliser may run in any thread, so it only queues the name."""
        while self._unused:
            self.engine.drop(self._unused.popleft())

    @property
    def _file(self) -> Embedded:
        """The engine of a workspace whose tables lie in its file."""
        if not isinstance(self.engine, Embedded):
            raise WorkspaceError("Not kept here", "This data lies in the company's database.", "Look there.")
        return self.engine


def _close(engine: Engine | None) -> None:
    if engine is not None:
        engine.close()


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
