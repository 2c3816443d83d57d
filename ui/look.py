"""What a connection has, as one session looks at it: schemas, tables, columns, keys and first rows; and what she has chosen there so far.

No Streamlit here: the widgets are in database_form.py. Each answer holds for a minute, an error too, so that a page drawn again does not wait again
for a server that is down. Databases are asked through SQLAlchemy; what only works in place (a folder of Parquet, Spark) through its engine.
"""

from __future__ import annotations

import logging
import time
import weakref
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb
import pandas as pd

from crm_core.errors import CrmError, SourceError
from crm_core.sources.databases import browse, places
from crm_core.sources.databases import session as databases
from crm_core.sources.databases.browse import ColumnInfo, TableInfo
from crm_core.sources.databases.connections import Access, Connection, Connections
from crm_core.sources.databases.selection import Join, Selection
from crm_core.sources.databases.session import Session

if TYPE_CHECKING:
    from crm_core.engines.base import Engine

T = TypeVar("T")
_LOG = logging.getLogger(__name__)

HOLDS_SECONDS = 60
MOST_ANSWERS = 200
PREVIEW_ROWS = 20
#: An engine's words about a query of the user's own that say what is wrong with it.
TELLING = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException, duckdb.ConversionException)
LONGEST_WORDS = 200


@dataclass(frozen=True)
class Preview:
    """The first rows, and the columns with their types ("" where the database does not say)."""

    columns: tuple[ColumnInfo, ...]
    rows: pd.DataFrame


@dataclass(frozen=True)
class Joined:
    """Which tables one is joined with, and which of the ways to do so were made by hand."""

    chosen: tuple[Join, ...] = ()
    by_hand: tuple[Join, ...] = ()


class Look:
    """One connection, looked at. `asked` is the SELECT that was checked last; `joined` what is chosen by (schema, table)."""

    def __init__(self, known: Connections, connection: Connection, clock: Callable[[], float] = time.monotonic) -> None:
        self.known = known
        self.connection = connection
        self.asked = ""
        self.joined: defaultdict[tuple[str | None, str], Joined] = defaultdict(Joined)
        self._clock = clock
        self._answers: dict[object, tuple[float, Any]] = {}
        self._engine: Engine | None = None
        self._let_go: Callable[[], object] | None = None

    @property
    def title(self) -> str:
        return self.connection.title

    @property
    def access(self) -> Access:
        """What may be read here."""
        return self.known.access_to(self.connection)

    @property
    def works_in_place(self) -> bool:
        from crm_core.engines.connect import works_in_place

        return works_in_place(self.connection)

    @property
    def is_importable(self) -> bool:
        """May its rows be read into the dashboard? Where it only works in place, or a driver for more is not installed, they may not."""
        if self.connection.dialect in places.IN_PLACE_ONLY:
            return False
        if not self.works_in_place:
            return True
        with suppress(SourceError):
            places.reachable(self.connection, self.known.access)
            return True
        return False

    def again(self) -> None:
        """Forgets the answers: the next look is a new one."""
        self._answers.clear()
        self.close()

    def schemas(self) -> list[str | None]:
        return self._answer("schemas", self._schemas)

    def tables(self, schema: str | None) -> list[TableInfo]:
        return self._answer(("tables", schema), lambda: self._tables(schema))

    def columns(self, table: str, schema: str | None) -> list[ColumnInfo]:
        if not self.is_importable:
            return list(self.preview(Selection(self.connection.name, table, schema)).columns)
        return self._answer(("columns", table, schema), lambda: self._asked(lambda session: browse.columns(session, table, schema)))

    def ready_joins(self, table: str, schema: str | None) -> tuple[Join, ...]:
        """To the tables that foreign keys lead to; none where an engine does not know of keys."""
        if not self.is_importable:
            return ()
        found = self._answer(("keys", table, schema), lambda: self._asked(lambda session: browse.keys(session, table, schema)))
        others = [one for one in found.foreign if (one.table, one.schema or schema) != (table, schema)]
        shown = self.connection.schemas
        return tuple(one for one in others if not shown or (one.schema or schema) in shown)

    def preview(self, selection: Selection) -> Preview:
        """The first rows. Raises SourceError for a statement that may not run, and for what is not there."""
        return self._answer(("preview", selection), lambda: self._preview(selection))

    @contextmanager
    def session(self) -> Iterator[Session]:
        """The database, open to read from. Raises SourceError."""
        with databases.open(self.connection, self.known.environment, self.known.access) as session:
            yield session

    def engine(self) -> Engine:
        """The engine to work in place with, connected once. Raises SourceError."""
        from crm_core.in_place import open_engine

        if self._engine is not None and self._engine.is_broken:
            self.close()
        if self._engine is None:
            with self.words():
                self._engine = open_engine(self.connection, self.known.environment)
            closing = weakref.finalize(self, self._engine.close)  # by close(), or with the session
            closing.atexit = False
            self._let_go = closing
        return self._engine

    def close(self) -> None:
        """Ends the engine's connection, if there is one."""
        if self._let_go is not None:
            with suppress(Exception):  # it may be gone already
                self._let_go()
        self._engine = self._let_go = None

    @contextmanager
    def words(self) -> Iterator[None]:
        """What an engine raises beside its own words becomes SourceError: nothing of a driver's text, which may hold a secret, gets out."""
        try:
            yield
        except CrmError:
            raise
        except TELLING as error:
            told = str(error).splitlines()[0].partition("Error: ")[2][:LONGEST_WORDS]
            raise SourceError("This cannot be read", f"“{self.title}” says: {told}", "Check names and spelling.") from None
        except Exception as error:
            _LOG.warning("%s did not answer: %s", self.connection.name, type(error).__name__)  # its text may hold a secret
            hint = "Look again; if it stays, tell whoever runs this dashboard."
            raise SourceError("No answer", f"“{self.title}” could not answer.", hint) from None

    def _answer(self, question: object, ask: Callable[[], T]) -> T:
        kept = self._answers.get(question)
        if kept is None or self._clock() - kept[0] > HOLDS_SECONDS:
            found: T | CrmError
            try:
                found = ask()
            except CrmError as error:
                found = error
            kept = self._answers[question] = (self._clock(), found)
            while len(self._answers) > MOST_ANSWERS:
                self._answers.pop(next(iter(self._answers)))
        if isinstance(kept[1], CrmError):
            raise kept[1].with_traceback(None)
        return kept[1]

    def _asked(self, ask: Callable[[Session], T]) -> T:
        with self.session() as session:
            return ask(session)

    def _schemas(self) -> list[str | None]:
        if self.is_importable:
            return self._asked(browse.schemas)
        if self.connection.schemas:
            return list(self.connection.schemas)
        from crm_core.engines.lake import Lake

        engine = self.engine()
        if isinstance(engine, Lake) or not hasattr(engine.backend, "list_databases"):
            return [None]
        with self.words(), engine.in_words():
            found = [one for one in engine.backend.list_databases() if one.lower() not in browse.SYSTEM]
        return sorted(found) or [None]

    def _tables(self, schema: str | None) -> list[TableInfo]:
        if self.is_importable:
            return self._asked(lambda session: browse.tables(session, schema))
        from crm_core.engines.lake import Lake

        engine = self.engine()
        with self.words(), engine.in_words():
            names = engine.tables() if isinstance(engine, Lake) else engine.backend.list_tables(database=schema)
        return [TableInfo(schema, name, "table") for name in sorted(names)]

    def _preview(self, selection: Selection) -> Preview:
        if self.is_importable:
            return self._asked(lambda session: _read(session, selection))
        from crm_core.in_place import rows_of

        engine = self.engine()
        with self.words(), engine.in_words():
            found = engine.arrow(rows_of(engine, selection, self.access).limit(PREVIEW_ROWS))
        columns = tuple(ColumnInfo(field.name, str(field.type), field.nullable) for field in found.schema)
        rows = [[_cell(value) for value in row.values()] for row in found.to_pylist()]
        return Preview(columns, pd.DataFrame(rows, columns=[one.name for one in columns], dtype=object))


def _read(session: Session, selection: Selection) -> Preview:
    from crm_core.sources.databases.tables import tabled

    rows = browse.preview(session, selection, PREVIEW_ROWS)
    columns = tuple(ColumnInfo(str(name), "", True) for name in rows.columns) if selection.query else tabled(session, selection).columns
    return Preview(columns, rows)


def _cell(value: Any) -> str | None:
    if value is None:
        return None
    text = str(value)
    return text if len(text) <= browse.LONGEST_CELL else text[: browse.LONGEST_CELL - 1] + "…"


def join_in_words(join: Join) -> str:
    """Table and pairs of columns: "customers: customer_id = id"."""
    table = ".".join(part for part in (join.schema, join.table) if part)
    return f"{table}: " + ", ".join(f"{left} = {right}" for left, right in join.on)
