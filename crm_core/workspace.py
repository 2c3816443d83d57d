"""One workspace: the canonical tables of one accepted import, read-only, on one engine.

Which question: none by itself; it is what every analysis asks. The workspace file is attached read-only to an in-memory
DuckDB, so nothing an analysis does can change it, and results worth keeping (orders, scores) live in that memory.
Memory is bounded twice: by the engine's limit, above which it spills to a temporary folder, and by dropping what was
used longest ago.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import weakref
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import Any, TypeVar, cast

import duckdb
import ibis
import ibis.backends.duckdb  # now, by one thread: two that load it at their first use can wait for each other (sqlglot has a lock of its own)
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa
import sqlglot as sg
from ibis.expr.operations import DatabaseTable

from crm_core.errors import AnalysisError, WorkspaceError
from crm_core.mapping.receipt import Receipt
from crm_core.schema import ATTRIBUTE_PREFIX, FORMAT, SPLIT_FIELDS, TABLES

T = TypeVar("T")

#: Kept results are dropped beyond these, the one used longest ago first.
KEPT_TABLES = 48
KEPT_ROWS = 30_000_000
KEPT_VALUES = 256

#: The engine folds nested queries by itself; to have Ibis fold them takes twice as long as all the rest of its translation.
ibis.options.sql.fuse_selects = False

HINT_DAMAGED = "Import the data again, or undo the last import."


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
        )


class Workspace:
    """A read-only view of one workspace file. Safe to share between threads: one statement runs at a time.

    `table(name)` gives a canonical table as an Ibis expression, `execute` runs one, `keep` materialises one once.
    """

    def __init__(self, path: Path, raw: duckdb.DuckDBPyConnection, backend: Any, meta: Meta, scratch: Path) -> None:
        self.path = path
        self.meta = meta
        self._raw = raw
        self._backend = backend
        self._let_go = weakref.finalize(self, _discard, raw, scratch)  # by close(), or when nobody refers to it any more
        self._lock = RLock()
        self._tables: dict[str, ir.Table] = {}  # canonical ones never change, so that each is described once
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
        scratch = Path(tempfile.mkdtemp(prefix="workspace-"))
        raw = duckdb.connect(":memory:")
        try:
            backend = _connect(raw, path, scratch, memory_limit)
            row = raw.execute("SELECT value FROM ws.main._meta WHERE key = 'workspace'").fetchone()
            if row is None:
                raise WorkspaceError("The workspace is damaged", "Its description is missing.", HINT_DAMAGED)
            meta = Meta.from_json(row[0])
        except (duckdb.Error, ValueError, KeyError, TypeError, AttributeError) as error:
            _discard(raw, scratch)
            raise WorkspaceError(
                "The workspace cannot be opened", f"{path.name} is no workspace, or it is damaged.", HINT_DAMAGED
            ) from error
        except WorkspaceError:
            _discard(raw, scratch)
            raise
        return cls(path, raw, backend, meta, scratch)

    def close(self) -> None:
        """Gives file and memory back at once; without it, that happens when the last reference is gone."""
        with self._lock:
            self._kept.clear()
            self._values.clear()
            self._tables.clear()
            self._let_go()

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
        with self._lock, self._in_words():
            row = self._raw.execute("SELECT value FROM ws.main._meta WHERE key = 'receipt'").fetchone()
        if row is None:
            raise WorkspaceError("The workspace is damaged", "Its receipt is missing.", HINT_DAMAGED)
        return Receipt.from_dict(json.loads(row[0]))

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
            self._tables[name] = self._backend.table(name, database=("ws", "main"))
        return self._tables[name]

    def split_fields(self) -> dict[str, str]:
        """Columns of customers that can split a figure, with their labels, in the order pages show them."""
        named = {field: TABLES["customers"].field(field).label for field in SPLIT_FIELDS}
        named |= {field: label for field, label in self.labels.items() if field.startswith(ATTRIBUTE_PREFIX)}
        return {field: label for field, label in named.items() if self.has("customers", field)}

    def execute(self, expr: ir.Expr) -> Any:
        """Run an expression: a table gives a pandas DataFrame, a column a Series, a value a scalar. Raises WorkspaceError where the file is damaged."""
        with self._lock, self._in_words():
            return self._backend.execute(expr)

    def batches(self, expr: ir.Table, rows: int = 50_000) -> Iterator[pa.RecordBatch]:
        """The rows of an expression piece by piece, for results that should not stand in memory whole."""
        with self._lock, self._in_words():
            cursor = self._raw.cursor()
            reader = cursor.execute(str(self._backend.compile(expr))).to_arrow_reader(rows)
        yield from reader

    def rejected(self, limit: int, offset: int = 0) -> pd.DataFrame:
        """Rows the import could not use: source, row, reason, column, value, record (the row as JSON)."""
        rejected = self._backend.table("_rejected", database=("ws", "main"))
        return self.execute(rejected.order_by("source", "row", "column").limit(limit, offset=offset))

    def keep(self, key: str, build: Callable[[], ir.Table]) -> ir.Table:
        """The table that `build` describes, computed once per key and held in memory.

        A table that fell out of the memory is computed again when asked for. One that an expression still refers to is
        never dropped under it.
        """
        with self._lock, self._in_words():
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
    def _in_words(self) -> Iterator[None]:
        """Turns what the engine raises on a damaged file, or for lack of memory, into words."""
        try:
            yield
        except (duckdb.OutOfMemoryException, duckdb.IOException, duckdb.FatalException, duckdb.SerializationException) as error:
            if isinstance(error, duckdb.OutOfMemoryException | duckdb.IOException) and "orrupt" not in str(error):
                raise WorkspaceError(
                    "The question is too large",
                    "It needs more memory or disk space than there is.",
                    "Try again later, or look at less data.",
                ) from error
            raise WorkspaceError("The workspace cannot be read", f"{self.path.name} is damaged.", HINT_DAMAGED) from error

    def _materialise(self, expr: ir.Table) -> tuple[ir.Table, int]:
        self._drop_unused()
        self._count_kept += 1
        name = f"kept_{self._count_kept}"
        row = self._raw.execute(self._create(name, expr)).fetchone()
        table = DatabaseTable(name=name, schema=expr.schema(), source=self._backend)
        weakref.finalize(table, self._unused.append, name)
        return table.to_expr(), int(row[0]) if row else 0

    def _create(self, name: str, expr: ir.Table) -> str:
        """One statement that makes the table with the types that Ibis knows it by. Its own `create_table` makes an empty one and inserts the rows,
        which takes a third longer.
        """
        self._backend._run_pre_execute_hooks(expr)
        columns = expr.schema().to_sqlglot_column_defs("duckdb")
        typed = [sg.cast(sg.column(one.name, quoted=True), one.kind).as_(one.name, quoted=True) for one in columns]
        rows = self._backend.compiler.to_sqlglot(expr).subquery(copy=False)
        return sg.select(*typed, copy=False).from_(rows, copy=False).ctas(name, dialect="duckdb", copy=False).sql("duckdb", copy=False)

    def _shrink(self, kept: OrderedDict[str, tuple[ir.Table, int]], most: int) -> None:
        while len(kept) > 1 and (len(kept) > most or sum(rows for _, rows in kept.values()) > KEPT_ROWS):
            kept.popitem(last=False)

    def _drop_unused(self) -> None:
        """Drop tables whose last expression is gone. A finaliser may run in any thread, so it only queues the name."""
        while self._unused:
            self._backend.drop_table(self._unused.popleft(), force=True)


def _connect(raw: duckdb.DuckDBPyConnection, path: Path, scratch: Path, memory_limit: str) -> Any:
    """The Ibis backend over the file, cut off from every other file. Ibis sets the time zone, so it comes before the lock."""
    backend = ibis.duckdb.from_connection(raw)
    quoted = str(path.resolve()).replace("'", "''")
    raw.execute(f"ATTACH '{quoted}' AS ws (READ_ONLY)")
    raw.execute("SET temp_directory = ?", [str(scratch)])
    raw.execute("SET memory_limit = ?", [memory_limit])
    raw.execute("SET preserve_insertion_order = false")
    raw.execute("SET python_enable_replacements = false")
    raw.execute("SET enable_external_access = false")
    raw.execute("SET lock_configuration = true")
    return backend


def _discard(raw: duckdb.DuckDBPyConnection, scratch: Path) -> None:
    raw.close()
    shutil.rmtree(scratch, ignore_errors=True)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
